"""Python files of the user's, read as modules; what goes wrong in them is told with file and line."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType

_numbers = itertools.count(1)
_LIBRARY = str(Path(__file__).resolve().parent)


def imported(path: Path, refusal: type[Exception] = ValueError) -> ModuleType:
    """The module of a file, under a name of its own that leaves ``sys.modules`` as it was.

    What the file prints goes to stderr. A file that is missing, no Python or that cannot be read is a
    ``ValueError`` or the ``refusal``; what its code raises is a ``refusal`` that begins with ``file:line``.
    """
    name = f"_read_{next(_numbers)}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    if spec is None or spec.loader is None:
        raise ValueError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with redirect_stdout(sys.stderr):
            spec.loader.exec_module(module)
    except SyntaxError as error:
        file = error.filename or str(path)
        raise refusal(f"{_shown(path, file)}:{error.lineno or 1}: {error.msg}") from error
    except (Exception, SystemExit) as error:
        line = _line_of(error, path)
        raise refusal(f"{path}:{line}: {_described(error)}" if line else f"{path}: {_described(error)}") from error
    finally:
        sys.modules.pop(name, None)
    return module


def _line_of(error: BaseException, path: Path) -> int:
    """The last line of the file itself that led to the error; 0 if it was never reached."""
    line, trace, file = 0, error.__traceback__, str(path.resolve())
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _described(error: BaseException) -> str:
    """The message; with the kind of the error where this library did not word it."""
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}"
    return str(error) if _is_worded_here(error) else f"{type(error).__name__}: {error}"


def _is_worded_here(error: BaseException) -> bool:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_code.co_filename.startswith(_LIBRARY) and bool(str(error))


def _shown(path: Path, file: str) -> str:
    return str(path) if Path(file) == path.resolve() else file

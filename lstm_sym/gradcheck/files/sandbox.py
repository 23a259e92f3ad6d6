"""Somebody's file in a process of its own: a time limit, a temporary folder, nothing of its output let through."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import Any

from .shapes import read_shapes
from .source import moving_names

TIMEOUT = 60.0
WORKER = "lstm_sym.gradcheck.files.worker"
KEPT = 2000
"""Bytes of the end of stderr that are looked at for a reason."""


def check_file(
    target: str, shapes: str, *, style: str = "auto", timeout: float = TIMEOUT, seed: int = 0
) -> dict[str, Any]:
    """The report, as for JSON, on ``FILE:FORWARD:BACKWARD``; a ``ValueError`` for misuse."""
    file, functions = _target(target)
    read_shapes(shapes)
    if not timeout > 0:
        raise ValueError("--timeout must be a positive number of seconds")
    request = {
        "file": str(file),
        "functions": functions,
        "shapes": shapes,
        "style": style,
        "seed": seed,
        "timeout": timeout,
    }
    answer = _run(request, timeout)
    if "misuse" in answer:
        raise ValueError(answer["misuse"])
    return answer


def _target(target: str) -> tuple[Path, list[str]]:
    file, *functions = target.rsplit(":", 2)
    if len(functions) != 2 or not all(name.replace(".", "_").isidentifier() for name in functions) or not file:
        raise ValueError(f"{target!r} is no FILE:FORWARD:BACKWARD")
    path = Path(file)
    if not path.is_file():
        raise ValueError(f"there is no file {file}")
    if path.suffix != ".py":
        raise ValueError(f"{file} is no Python file; copy the two functions to one whose name ends in .py")
    return path.resolve(), functions


def _run(request: dict[str, Any], timeout: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="gradcheck-", ignore_cleanup_errors=True) as folder:
        answer = Path(folder, f"{token_hex(8)}.json")
        work = Path(folder, "work")
        work.mkdir()
        environment = os.environ | {
            "PYTHONDONTWRITEBYTECODE": "1", "MPLBACKEND": "Agg", "TMPDIR": str(work),
            "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
        }  # fmt: skip
        child = subprocess.Popen(
            [sys.executable, "-m", WORKER, json.dumps({**request, "answer": str(answer), "folder": str(work)})],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=work,
            env=environment | _own_path(),
            start_new_session=True,
        )
        errors = Tail(child.stderr)
        try:
            status = child.wait(timeout)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            _end(child, str(work))
            errors.ended()
        found = _read(answer)
        if found is not None:
            return found
        file, (forward, _) = Path(request["file"]), request["functions"]
        names = moving_names(file, forward, read_shapes(request["shapes"]))
        if status is None:
            return undecided(f"no result within {timeout:g} s; --timeout allows more", names)
        return undecided(f"{_ending(status)}{errors.last_line()}", names)


def _read(answer: Path) -> dict[str, Any] | None:
    """What the process has answered; ``None`` if that is nothing that it answers by itself."""
    try:
        found = json.loads(answer.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.keys() & {"verdict", "misuse"} else None


class Tail:
    """The end of what a process writes to a pipe, which is read all the time, so that a flood fills no memory."""

    def __init__(self, pipe: Any) -> None:
        self.kept = b""
        self._pipe = pipe
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with self._pipe:
            while piece := self._pipe.read1(1 << 16):
                self.kept = (self.kept + piece)[-KEPT:]

    def ended(self) -> None:
        """Wait for the end; a process that has left the session may hold the pipe open."""
        self._reader.join(1.0)

    def last_line(self) -> str:
        """The last line, where there is one."""
        lines = self.kept.decode(errors="replace").strip().splitlines()
        return f": {lines[-1][:200]}" if lines else ""


def _ending(status: int) -> str:
    if status < 0:
        with suppress(ValueError):
            return f"the process of the file was ended by {signal.Signals(-status).name}"
    return f"the file ended the process itself, with status {status}"


def _own_path() -> dict[str, str]:
    """The child finds this package where we are, even when it is not installed."""
    root = str(Path(__file__).resolve().parents[2])
    return {"PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))}


def _end(child: subprocess.Popen[bytes], folder: str) -> None:
    """Nothing that the file has started outlives the check: neither its session nor what has left it."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    for process in _started_in(folder):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(process, signal.SIGKILL)


def _started_in(folder: str) -> Iterator[int]:
    """The processes that have inherited a folder for temporary files, where the system tells (as Linux does)."""
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if f"TMPDIR={folder}\0".encode() in environment.read_bytes():
                yield int(environment.parent.name)


def undecided(reason: str, names: tuple[str, ...] = ()) -> dict[str, Any]:
    """A report that says why there is no verdict."""
    return {
        "verdict": "undecided",
        "inputs": {name: {"exact": False} for name in names},
        "diagnosis": [reason],
        "error_bound": None,
        "witness": None,
        "unreached": [],
        "unchecked": {},
    }

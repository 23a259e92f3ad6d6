"""Types in the reference lead to their pages, also those that a module imports for the type checker only."""

from __future__ import annotations

import ast
import importlib
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from sphinx.application import Sphinx

import lstm_sym

LIBRARY = Path(lstm_sym.__file__).parent


def modules() -> list[ModuleType]:
    """Every module of the library, imported."""
    parts = (path.relative_to(LIBRARY.parent).with_suffix("").parts for path in sorted(LIBRARY.rglob("*.py")))
    return [importlib.import_module(".".join(part).removesuffix(".__init__")) for part in parts]


def completed(module: ModuleType) -> None:
    """Run what stands under ``if TYPE_CHECKING`` in a module, now that everything it names is imported.

    A library of an extra that is not installed is passed over.
    """
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            for statement in node.body:
                with suppress(ModuleNotFoundError):
                    exec(compile(ast.Module([statement], []), str(module.__file__), "exec"), vars(module))


def complete_all(app: Sphinx) -> None:
    for module in modules():
        if module is not lstm_sym:
            completed(module)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", complete_all)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

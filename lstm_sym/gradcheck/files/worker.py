"""The process in which somebody's file is imported and its functions are checked."""

from __future__ import annotations

import importlib.util
import inspect
import json
import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from ..check import gradcheck
from ..frames import place_of, printable, told
from ..subject import Misuse
from ..trees import leaves, mapped, named
from .guard import confine
from .sandbox import undecided
from .shapes import Spec, by_parameter, read_shapes, readings
from .source import moving_names

LONGEST = 1e6
"""The most seconds that the clock of ``signal`` is set to."""

GUARD = '`if __name__ == "__main__":`'

PATIENCE = 0.25
"""The share of the time limit in which other readings of the shapes are tried."""

GRACE = 5
"""Seconds after the time limit at which the process ends by itself."""


def main() -> None:
    """Answer the request in the arguments by writing a JSON file; threads and exit handlers of the file are left."""
    request = json.loads(sys.argv[1])
    sys.argv[:] = [request["file"]]
    process = os.getpid()
    limit(request["timeout"])
    confine(request["folder"], request["answer"])
    try:
        answer = answered(request)
    except Misuse as error:
        answer = {"misuse": str(error)}
    except BaseException as error:
        names = moving_names(Path(request["file"]), request["functions"][0], read_shapes(request["shapes"]))
        answer = undecided(f"{type(error).__name__} is raised{told(error)}", names)
    if os.getpid() == process:
        temporary = request["answer"] + ".part"
        Path(temporary).write_text(json.dumps(answer), encoding="utf-8")
        os.replace(temporary, request["answer"])
    os._exit(0)


def limit(timeout: float) -> None:
    """Leave the others half of the memory, and end by ourselves, should the process that waits for us be gone."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    resource.setrlimit(resource.RLIMIT_DATA, (memory // 2, memory // 2))
    signal.alarm(int(min(timeout, LONGEST)) + GRACE)


def answered(request: dict[str, Any]) -> dict[str, Any]:
    """The report on the functions of a file."""
    file = Path(request["file"])
    specs = read_shapes(request["shapes"])
    names = moving_names(file, request["functions"][0], specs)
    try:
        module = imported(file)
    except BaseException as error:
        return undecided(f"{file.name} cannot be imported: {import_failure(error)}", names)
    forward, backward = (found(module, name, file) for name in request["functions"])
    first: dict[str, Any] | None = None
    until = time.monotonic() + PATIENCE * request["timeout"]
    for reading in readings(specs, integers(forward)):
        given = by_parameter(reading)
        inputs = {name: mapped(lambda _, spec: made(spec), tree) for name, tree in given.items()}
        fixed = [named(name, path) for name, tree in given.items() for path, spec in leaves(tree) if has_numbers(spec)]
        try:
            report = gradcheck(forward, backward, inputs, style=request["style"], seed=request["seed"], fixed=fixed)
        except Misuse:
            if first is None:
                raise
            continue
        answer = report.as_json() | {"text": str(report)}
        if report.verdict != "undecided" or report.points or report.diagnosis[0].startswith("backward returns"):
            return answer
        first = first or answer
        if time.monotonic() > until:
            break
    assert first is not None
    return first


def has_numbers(spec: Spec) -> bool:
    """Whether a literal is made of floating-point numbers, which the check would move."""
    return spec.shape is None and np.asarray(spec.literal).dtype.kind == "f"


def imported(file: Path) -> Any:
    """The file as a module, with its folder on the path, and as a part of its package if it lies in one."""
    name, root = module_name(file)
    sys.path[:0] = dict.fromkeys([str(file.parent), str(root)])
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def module_name(file: Path) -> tuple[str, Path]:
    """The full name of a file's module, none that is taken, and the folder of the outermost package."""
    name, root = file.stem, file.parent
    while (root / "__init__.py").is_file() and root != root.parent:
        name, root = f"{root.name}.{name}", root.parent
    return (f"{name}_" if name in sys.modules else name), root


def import_failure(error: BaseException) -> str:
    """What happened on import, where, and what helps."""
    if isinstance(error, SyntaxError):
        where = f" at {Path(error.filename).name}:{error.lineno}" if error.filename else ""
        return printable(f"{type(error).__name__}{where}: {error.msg}")
    if isinstance(error, SystemExit):
        return f"it ends the process{told(error, ' with status')}; what is a program goes below {GUARD}"
    if isinstance(error, ModuleNotFoundError) and error.name:
        where = f" at {place}" if (place := place_of(error)) else ""
        return (
            f"there is no module {error.name}, which it imports{where}; install it beside lstm-sym, or copy the two "
            "functions to a file that does without"
        )
    return f"{type(error).__name__} is raised{told(error)}"


def found(module: Any, name: str, file: Path) -> Any:
    value, owner = module, None
    for part in name.split("."):
        value, owner = getattr(value, part, None), value
    if not callable(value):
        there = [key for key, other in vars(module).items() if inspect.isfunction(other) and not key.startswith("_")]
        raise Misuse(f"{file.name} has no function {name}" + (f"; it has {', '.join(there)}" if there else ""))
    bound = isinstance(owner, type) and not inspect.isfunction(inspect.getattr_static(owner, part, None))
    if isinstance(value, type) or (isinstance(owner, type) and not bound):
        kind = "a class" if isinstance(value, type) else "a method, which needs an object"
        raise Misuse(
            f"{name} is {kind}; functions are checked: let forward make the object, put the parameters into it and "
            "return (net.forward(x), net), and let backward(dout, net) return the gradients that are left in it"
        )
    return value


def integers(forward: Any) -> frozenset[str]:
    """The parameters that say that they take an integer."""
    try:
        parameters = inspect.signature(forward).parameters.values()
    except (TypeError, ValueError):
        return frozenset()
    return frozenset(p.name for p in parameters if p.annotation in (int, "int") or type(p.default) is int)


def made(spec: Spec) -> Any:
    """What is passed for a parameter: zeros of its shape, which the check replaces, or the literal itself."""
    if spec.shape is None:
        return np.array(spec.literal) if isinstance(spec.literal, list) else spec.literal
    return np.zeros(spec.shape) if spec.shape else 0.0


if __name__ == "__main__":
    main()

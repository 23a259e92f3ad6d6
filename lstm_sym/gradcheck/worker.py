"""The process in which somebody's file is imported and its functions are checked."""

from __future__ import annotations

import importlib.util
import inspect
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from .check import gradcheck
from .frames import place_of
from .sandbox import undecided
from .shapes import Spec, read_shapes, readings
from .source import moving_names
from .subject import Misuse


def main() -> None:
    """Answer the request in the arguments by writing a JSON file; threads and exit handlers of the file are left."""
    request = json.loads(sys.argv[1])
    try:
        answer = answered(request)
    except Misuse as error:
        answer = {"misuse": str(error)}
    except BaseException as error:
        names = moving_names(Path(request["file"]), request["functions"][0], read_shapes(request["shapes"]))
        where = place_of(error)
        text = " ".join(str(error).split())[:300]
        answer = undecided(
            " ".join(filter(None, (f"{type(error).__name__} is raised", where and f"at {where}", text))), names
        )
    temporary = request["answer"] + ".part"
    Path(temporary).write_text(json.dumps(answer), encoding="utf-8")
    os.replace(temporary, request["answer"])
    os._exit(0)


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
    for reading in readings(specs, integers(forward)):
        inputs = {name: made(spec) for name, spec in reading.items()}
        literals = [name for name, spec in reading.items() if spec.shape is None and has_numbers(inputs[name])]
        try:
            report = gradcheck(forward, backward, inputs, style=request["style"], seed=request["seed"], fixed=literals)
        except Misuse:
            if first is None:
                raise
            continue
        answer = report.as_json() | {"text": str(report)}
        if report.verdict != "undecided" or report.points or report.diagnosis[0].startswith("backward returns"):
            return answer
        first = first or answer
    assert first is not None
    return first


def has_numbers(value: Any) -> bool:
    """Whether a literal is made of floating-point numbers, which the check would move."""
    return np.asarray(value).dtype.kind == "f"


def imported(file: Path) -> Any:
    """The file as a module, with its folder on the path."""
    sys.path.insert(0, str(file.parent))
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise Misuse(f"{file.name} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    return module


def import_failure(error: BaseException) -> str:
    """What happened on import, where, and what helps."""
    text = " ".join(str(error).split())[:300]
    where = f" at {place}" if (place := place_of(error)) else ""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__} at {Path(error.filename or '?').name}:{error.lineno}: {error.msg}"
    if isinstance(error, SystemExit):
        status = f" with status {text}" if text else ""
        return f'it ends the process{where}{status}; what is a program goes below `if __name__ == "__main__":`'
    if isinstance(error, ModuleNotFoundError) and error.name:
        return (
            f"there is no module {error.name}, which it imports{where}; install it beside lstm-sym, or copy the two "
            "functions to a file that does without"
        )
    return f"{type(error).__name__} is raised{where}{text and ': ' + text}"


def found(module: Any, name: str, file: Path) -> Any:
    value, owner = module, None
    for part in name.split("."):
        value, owner = getattr(value, part, None), value
    if not callable(value):
        raise Misuse(f"{file.name} has no function {name}")
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

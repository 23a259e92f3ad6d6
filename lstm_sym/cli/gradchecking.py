"""The command ``gradcheck``: an exact check of the gradients in somebody's file."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from .commands import misuse_told, program, require_place, write_text


@program.command(short_help="Check somebody's hand-written gradient, exactly.")
@click.argument("target", metavar="FILE:FORWARD:BACKWARD")
@click.option(
    "--shapes",
    required=True,
    metavar="x=5x3,h0=4,s,T=5",
    help="FORWARD's parameters: arrays, scalars, integers; of a dictionary params.W=4x4, of a tuple states.0=4.",
)
@click.option(
    "--style",
    type=click.Choice(["auto", "vjp", "cache"]),
    default="auto",
    help="backward(inputs, cotangents), or backward(dout, cache) [default: by its parameters].",
)
@click.option("--timeout", type=float, default=60.0, metavar="S", help="Seconds that it may take [default: 60].")
@click.option("--seed", type=click.IntRange(min=0), default=0, metavar="N", help="The seed of the points [default: 0].")
@click.option("--json", "file", metavar="FILE", help="Write the report to FILE as JSON; - is stdout.")
def gradcheck(target: str, shapes: str, style: str, timeout: float, seed: int, file: str | None) -> int:
    """Decide whether BACKWARD is the gradient of FORWARD, with no tolerance: both run on exact numbers.

    FORWARD(*inputs) returns the outputs and BACKWARD(inputs, cotangents) the gradients of the inputs; or FORWARD
    returns (out, cache) and BACKWARD(dout, cache) the gradients.
    """
    import json

    from ..gradcheck.files.sandbox import check_file

    with misuse_told():
        if file is not None:
            require_place(file)
            if Path(file).resolve() == Path(target.rsplit(":", 2)[0]).resolve():
                raise ValueError(f"--json {file} would overwrite the file that is checked")
        with terminated_as_interrupted():
            report = check_file(target, shapes, style=style, timeout=timeout, seed=seed)
        text = report.pop("text", None) or "\n".join([report["verdict"], *report["diagnosis"]])
        written = json.dumps(report, indent=1, ensure_ascii=False).encode(errors="backslashreplace").decode()
        if file is not None:
            write_text(file, written + "\n")
    if file != "-":
        print(text)
    return 0 if report["verdict"] == "right" else 1


@contextmanager
def terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM is taken as Ctrl-C, so that what was started is ended, too."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

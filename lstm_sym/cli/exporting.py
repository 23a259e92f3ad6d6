"""The command that writes numeric functions: ``export``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .commands import misuse_told, program, write_text

if TYPE_CHECKING:
    from ..cell import Cell


@program.command(short_help="Write the numeric functions of a cell.")
@click.argument("cell", metavar="CELL", required=False)
@click.option("--to", default="numpy", metavar="BACKEND", help="What the module computes with [default: numpy].")
@click.option("--phi", metavar="NAME", help="The activation of a cell that leaves it open, such as tanh.")
@click.option("--dtype", metavar="TYPE", help="The numbers of an ONNX graph, float32 [default] or float64.")
@click.option("-o", "--output", metavar="FILE|DIR/", help="Write to FILE, or all files to DIR [default: stdout].")
@click.option("--pieces", is_flag=True, help="With passes that store the state before every k-th step alone.")
@click.option("--layers", is_flag=True, help="With passes over layers, directions and sequences of unlike length.")
@click.option("--step", is_flag=True, help="With a function of a single step, for streams.")
@click.option("--forward-only", is_flag=True, help="The forward pass alone: nothing is stored for a backward pass.")
@click.option("--wrt", metavar="NAME,…", help="The gradients of these alone: parameters, inputs, state or biases.")
@click.option("--plan", is_flag=True, help="Instead, explain what is stacked, taken out of the loop and stored.")
@click.option("--check", metavar="FILE", help="Instead, say whether FILE, written by export, is stale.")
def export(
    cell: str | None,
    to: str,
    phi: str | None,
    dtype: str | None,
    output: str | None,
    pieces: bool,
    layers: bool,
    step: bool,
    forward_only: bool,
    wrt: str | None,
    plan: bool,
    check: str | None,
) -> int:
    """Write the numeric functions of CELL, forward and backward, as a module that stands alone.

    BACKEND is numpy, c, numba, torch, jax, array-api or onnx. With a folder as output, C comes with its header and a
    Python module that builds and loads it; onnx is the forward pass as a graph, and needs -o FILE.
    With --check, CELL need be given only if it is not of the zoo; FILE tells the options that it was written with.
    """
    from ..cells.loading import cell_at
    from ..export.files import export_files
    from ..export.freshness import staleness
    from ..export.module import FORMATS, export_module
    from ..export.plan_page import plan_text
    from ..export.variant import variant_of

    names = None if wrt is None else [name.strip() for name in wrt.split(",") if name.strip()]
    options: dict[str, Any] = dict(step=step, forward_only=forward_only, wrt=names, pieces=pieces, layers=layers)
    if check is None and cell is None:
        raise click.UsageError("Missing argument 'CELL'")
    with misuse_told():
        variant = variant_of(**options)
        found = None if cell is None else cell_at(cell)
        if check is not None:
            # An ONNX graph holds its header as plain text among other bytes.
            stale = staleness(Path(check).read_text(encoding="utf-8", errors="replace"), found, variant)
            print(f"{check}: {'fresh' if stale is None else f'stale: {stale}'}")
            return 1 if stale else 0
        assert found is not None
        if dtype is not None and to != "onnx":
            raise ValueError("--dtype is for --to onnx; a module takes the type of its arguments")
        if to not in FORMATS:
            raise ValueError(f"unknown backend {to!r}; the backends are {', '.join(FORMATS)}")
        variant.require(to)
        if to == "onnx" and not plan:
            if layers:
                raise ValueError(
                    "an ONNX graph is one direction; export_onnx(cell, lengths=True, reverse=True) makes others"
                )
            _write_graph(found, phi, dtype or "float32", output)
            return 0
        if output is not None and not plan and (output.endswith("/") or Path(output).is_dir()):
            Path(output).mkdir(parents=True, exist_ok=True)
            for name, text in export_files(found, to=to, phi=phi, **options).items():
                write_text(str(Path(output, name)), text)
            return 0
        text = plan_text(found, phi=phi, **options) + "\n" if plan else export_module(found, to=to, phi=phi, **options)
        write_text(output or "-", text)
    return 0


def _write_graph(cell: Cell, phi: str | None, dtype: str, output: str | None) -> None:
    from ..atomic import write_whole
    from ..export.onnx_graph import export_onnx

    if output is None or output == "-":
        raise ValueError("an ONNX graph is no text: say where it goes, -o FILE.onnx")
    write_whole(Path(output), export_onnx(cell, phi=phi, dtype=dtype).SerializeToString())

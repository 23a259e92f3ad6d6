"""The commands that measure and draw: ``flow`` and ``draw``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .commands import cell_argument, misuse_told, program, write_text
from .terminal import table_lines

if TYPE_CHECKING:
    from ..activations import Activation
    from ..cell import Cell
    from ..flow import Flow

dark_option = click.option("--dark", is_flag=True, help="The picture on a dark ground.")


@program.command(short_help="How gradients flow through a cell: norms, bounds, the carousel.")
@cell_argument
@click.option("--lag", type=int, default=100, metavar="N", help="The largest number of steps back [default: 100].")
@click.option("--size", type=int, default=16, metavar="N", help="Every size of the cell [default: 16].")
@click.option("--seed", type=int, default=0, metavar="N", help="The seed of weights and inputs [default: 0].")
@click.option("--gain", type=float, default=1.0, metavar="G", help="Weights have variance G²/columns [default: 1].")
@click.option("--inputs", type=float, default=1.0, metavar="S", help="Standard deviation of the inputs [default: 1].")
@click.option(
    "--bias", "biases", multiple=True, metavar="NAME=VALUE", help="Every entry of a bias or peephole, as in b_f=1."
)
@click.option("--phi", metavar="NAME", help="The activation of a cell that leaves it open [default: tanh].")
@click.option("--json", "file", metavar="FILE", help="Write the numbers to FILE as JSON; - is stdout.")
@click.option("-o", "--output", metavar="FILE", help="Draw the table to FILE.")
@dark_option
def flow(
    cell: str,
    lag: int,
    size: int,
    seed: int,
    gain: float,
    inputs: float,
    biases: tuple[str, ...],
    phi: str | None,
    file: str | None,
    output: str | None,
    dark: bool,
) -> int:
    """Measure the product of the joint-state Jacobians of CELL over ever more steps.

    The cell runs along random inputs from the zero state; all numbers are logarithms to base 10, and -inf is an
    exact 0. The norm of the product is its largest singular value.
    """
    import json

    _one_thread()
    from ..cells.loading import cell_at
    from ..flow import Setting, gradient_flow

    with misuse_told():
        found = cell_at(cell)
        setting = Setting(size, seed, gain, inputs, _numbers(biases, found), _activation(phi, found))
        measured = gradient_flow(found, setting, lag)
        if output is not None:
            from ..flow.pictures import flow_picture, write_picture

            write_picture(flow_picture(measured), Path(output), dark=dark)
        if file is not None:
            write_text(file, json.dumps(measured.as_json(), indent=1) + "\n")
    if file != "-":
        for line in flow_lines(measured):
            print(line)
    return 0


@program.command(short_help="Draw the data-flow diagram of a cell.")
@cell_argument
@click.option("-o", "--output", metavar="FILE", help="Draw to FILE [default: CELL.svg].")
@dark_option
def draw(cell: str, output: str | None, dark: bool) -> int:
    """Draw what reads what in one step of CELL, from its equations."""
    from ..cells.loading import cell_at

    with misuse_told():
        found = cell_at(cell)
        from ..flow.pictures import cell_picture, write_picture

        path = Path(output or f"{found.name}.svg")
        write_picture(cell_picture(found), path, dark=dark)
    print(path)
    return 0


def _one_thread() -> None:
    """Keep NumPy's linear algebra on one thread, unless the user has set their number; before NumPy is imported.

    Each product waits for the one before. On two busy cores a thousand steps of 128 units took 155 s with two
    OpenBLAS threads, which spin while they wait for each other, and 13 s with one.
    """
    for library in ("OPENBLAS", "MKL", "OMP"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")


def flow_lines(measured: Flow) -> Iterator[str]:
    """The settings, and a row for every lag."""
    yield f"{measured.cell}: {measured.setting}"
    heads = ("lag", "norm", "log10 norm", "log10 smallest", "log10 bound", "log10 carousel")
    columns = [(_number(v) for v in getattr(measured, name)) for name in measured.COLUMNS]
    norms = (_scientific(v) for v in measured.largest)
    yield from table_lines([heads, *zip(map(str, measured.lags), norms, *columns)])


def _number(value: float) -> str:
    return f"{value:.6f}"


def _scientific(logarithm: float) -> str:
    """10**logarithm with three digits, beyond the range of a float, too."""
    if logarithm == float("-inf"):
        return "0"
    exponent = int(logarithm // 1)
    digits = f"{10 ** (logarithm - exponent):.2f}"
    return f"1.00e{exponent + 1:+03d}" if digits == "10.00" else f"{digits}e{exponent:+03d}"


def _numbers(given: Iterable[str], cell: Cell) -> dict[str, Any]:
    """``NAME=VALUE`` as numbers by name; a ``ValueError`` tells the one that is wrong."""
    columns = [p.text for p in cell.parameters if p.cols == 1]
    found: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise ValueError(f"--bias {text}: write NAME=VALUE, as in b_f=1")
        if name in found:
            raise ValueError(f"--bias {text}: {name} is given twice")
        if name not in columns:
            kind = "is a matrix" if name in [p.text for p in cell.parameters] else "is unknown"
            raise ValueError(f"--bias {text}: {name} {kind}; the columns of cell {cell.name} are {', '.join(columns)}")
        try:
            found[name] = float(value)
        except ValueError:
            raise ValueError(f"--bias {text}: {value!r} is not a number") from None
    return found


def _activation(phi: str | None, cell: Cell) -> Activation:
    """The function for the activation that the cell leaves open; naming one for a cell without is a ``ValueError``."""
    from ..activations import Activation

    is_open = any(node.row is None for equation in cell.equations for node in equation.rhs.atoms(Activation))
    if phi is not None and not is_open:
        raise ValueError(f"--phi {phi}: cell {cell.name} leaves no activation open")
    return Activation(phi or "tanh")

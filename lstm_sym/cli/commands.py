"""The command ``lstm-sym``. Results go to stdout, progress and messages to stderr.

Exit status: 0 all is well; 1 something refuted, probable, undecided or stale; 2 misuse, told in one line.
What a command needs is imported inside it, so that ``--help`` answers at once.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from .. import __version__
from .terminal import report_lines, summary_lines, table_lines

if TYPE_CHECKING:
    from ..cell import Cell
    from ..proof.report import Report

DERIVATIONS = "derivations"
DOCUMENTS = "docs"
PARTS = ("", "boundary", "inputs", "initial", "parameters")
"""What a backward pass consists of, in the words of a query."""

MISUSE = 2

derivations_option = click.option(
    "-d",
    "--derivations",
    "sources",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Files or folders of derivations [default: derivations, where there is one].",
)
jobs_option = click.option("-j", "--jobs", type=int, metavar="N", help="Processes [default: one per core].")
scheduler_option = click.option("--scheduler", metavar="ADDRESS", help="Work on the Dask cluster of that scheduler.")
cell_argument = click.argument("cell", metavar="CELL")
paths_argument = click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit with its status; no traceback reaches the user for a misuse, Ctrl-C or a closed pipe."""
    if sys.stdout is None:
        sys.exit(_told("there is no standard output to write to"))
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = program.main(arguments, prog_name="lstm-sym", standalone_mode=False)
    except click.ClickException as error:
        status = _told(error.format_message())
    except (KeyboardInterrupt, click.Abort):
        status = _told("interrupted", 128 + signal.SIGINT)
    except OSError as error:
        status = _told(f"the output cannot be written: {error.strerror or error}")
        _silence_stdout()
    sys.exit(status or 0)


def _silence_stdout() -> None:
    """Python flushes stdout once more at exit; that must not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _told(message: str, status: int = MISUSE) -> int:
    print(f"lstm-sym: {' '.join(message.split())}", file=sys.stderr)
    return status


@contextmanager
def misuse_told() -> Iterator[None]:
    """What the user's files and words can be at fault for, as one line and status 2."""
    from ..proof.derivation import DerivationError

    try:
        yield
    except (ValueError, TypeError, DerivationError) as error:
        raise click.ClickException(str(error)) from error
    except BrokenPipeError:
        raise
    except OSError as error:
        raise click.ClickException(f"{error.filename or ''}: {error.strerror or error}".lstrip(": ")) from error


class Commands(click.Group):
    """The commands, ending quietly when nobody reads their output any more, as in ``lstm-sym list | head``."""

    def invoke(self, context: click.Context) -> Any:
        try:
            status = super().invoke(context)
            sys.stdout.flush()
        except BrokenPipeError:
            _silence_stdout()
            raise click.exceptions.Exit(128 + signal.SIGPIPE) from None
        return status


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=True)
@click.version_option(__version__, prog_name="lstm-sym")
def program() -> None:
    """A cell is its equations: derive, prove, typeset and export recurrent networks."""


@program.command(short_help="Everything: verify, refresh docs/, export and check.")
@jobs_option
@scheduler_option
def build(jobs: int | None, scheduler: str | None) -> int:
    """Verify derivations/, refresh docs/, export numeric functions to build/ and check them."""
    from .build import build_all

    with misuse_told():
        stages = list(build_all(jobs, scheduler))
    failed = sum(not stage.ok for stage in stages)
    _print(table_lines(stage.row for stage in stages))
    _print(["", "The numbers are the largest relative errors, by what a module was compared with."])
    _print([f"{failed} of {len(stages)} FAILED" if failed else f"all {len(stages)} ok"])
    return 1 if failed else 0


@program.command(short_help="Prove or refute every step of derivations.")
@paths_argument
@click.option("-k", "name", metavar="NAME", help="Only derivations whose name contains NAME or whose claim it is.")
@jobs_option
@click.option("--json", "file", metavar="FILE", help="Write the report to FILE as JSON; - is stdout.")
@scheduler_option
def verify(paths: tuple[Path, ...], name: str | None, jobs: int | None, file: str | None, scheduler: str | None) -> int:
    """Prove or refute every step of the derivations in PATH [default: derivations]."""
    from .verifying import verified

    with misuse_told():
        if file is not None:
            require_place(file)
        report = verified(paths or (Path(DERIVATIONS),), name, jobs, scheduler)
        if file is not None:
            write_text(file, _json(report))
    if file != "-":
        _print(report_lines(report))
    elif not report.ok:
        print(*summary_lines(report), sep="\n", file=sys.stderr)
    return 0 if report.ok else 1


@program.command(short_help="The claims ledger: what is said, what is true of it, decided by a run.")
@paths_argument
@click.option("-k", "name", metavar="ID", help="One claim only, with the statements that it rests on.")
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", help="The language of the words.")
@jobs_option
@click.option("--json", "file", metavar="FILE", help="Write the ledger to FILE as JSON; - is stdout.")
@scheduler_option
def claims(
    paths: tuple[Path, ...], name: str | None, lang: str, jobs: int | None, file: str | None, scheduler: str | None
) -> int:
    """Settle the claims in PATH [default: derivations] by verifying the steps that they rest on.

    The status is 1 if a claim is not what it is published as.
    """
    import json

    from .terminal import claim_lines
    from .verifying import settled_claims

    with misuse_told():
        if file is not None:
            require_place(file)
        results = settled_claims(paths or (Path(DERIVATIONS),), name, jobs, scheduler)
        if file is not None:
            found = {"version": __version__, "claims": [result.as_json() for result in results]}
            write_text(file, json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    if file != "-":
        _print(claim_lines(results, lang, whole=name is not None))
    return 0 if all(result.ok for result in results) else 1


@program.command(short_help="Refresh the formulas in documents, or print one.")
@paths_argument
@click.option("--check", is_flag=True, help="Write nothing; report the blocks that are stale.")
@click.option("--notation", metavar="NAME", help="The notation of every query that names none itself.")
@click.option("-q", "--query", metavar="QUERY", help="Print one formula instead, as in 'backward LSTM delta_c'.")
@click.option(
    "-c",
    "--cells",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE.py",
    help="A file of cells of your own, which queries may then name.",
)
@derivations_option
def latex(
    paths: tuple[Path, ...],
    check: bool,
    notation: str | None,
    query: str | None,
    files: tuple[Path, ...],
    sources: tuple[Path, ...],
) -> int:
    """Refresh the formulas in the documents of PATH [default: docs], or print one.

    With -q, a query may name a cell of your own as FILE.py:NAME. A document cannot: which files are run is said
    on the command line alone, by --cells.
    """
    from ..latex import refresh
    from .weaving import answering, cells_at, documents

    with misuse_told():
        cells = cells_at(files, query)
        answer = answering(sources, notation, cells)
        if query is not None:
            if paths or check:
                raise ValueError("-q prints one formula; it takes neither PATH nor --check")
            _print([answer(query)])
            return 0
        found = documents(paths or (Path(DOCUMENTS),))
        results = [refresh(path, answer, check=True) for path in found]
        if not check:
            results = [refresh(path, answer) for path in found]
    stale = [(result.path, block) for result in results for block in result.stale]
    for path, block in stale:
        _print([f"{path}:{block.line}: {'stale' if check else 'refreshed'}: {block.query}"])
    blocks = sum(len(result.blocks) for result in results)
    said = "stale" if check else "refreshed"
    print(f"{blocks} formulas in {len(results)} documents, {len(stale)} {said}", file=sys.stderr)
    return 1 if check and stale else 0


@program.command()
@cell_argument
@click.option("--backward", is_flag=True, help="The backward pass instead.")
@click.option("--latex", "as_latex", is_flag=True, help="As LaTeX.")
def show(cell: str, backward: bool, as_latex: bool) -> int:
    """Print the equations of CELL."""
    from ..backpropagation import bptt
    from ..cells.loading import cell_at
    from ..latex import answer

    with misuse_told():
        found = cell_at(cell)
        if as_latex:
            queries = [f"backward it {part}" for part in PARTS] if backward else ["cell it"]
            _print(answer(query, cells={"it": found}) for query in queries)
        else:
            _print([*_letters_of(found), "", str(bptt(found)) if backward else str(found)])
    return 0


@program.command("list", short_help="Cells, derivations, claims, notations, backends.")
@derivations_option
def list_all(sources: tuple[Path, ...]) -> int:
    """What there is: cells, derivations, claims, notations, backends."""
    from ..cells import CELLS
    from ..export.module import FORMATS
    from ..latex import NOTATIONS
    from .weaving import derivations_at

    with misuse_told():
        derivations = derivations_at(sources)
    claims: dict[str, list[str]] = {}
    for name, derivation in derivations.items():
        if derivation.claim:
            claims.setdefault(derivation.claim, []).append(name)
    _section("cells", ((cell.name, cell.source) for cell in CELLS.values()))
    _section(
        "derivations", ((name, d.claim or "-", f"{len(d.steps)} steps", d.title) for name, d in derivations.items())
    )
    _section("claims", ((claim, ", ".join(names)) for claim, names in sorted(claims.items())))
    _section("notations", ((name, notation.description) for name, notation in NOTATIONS.items()))
    _section("backends", ((name,) for name in FORMATS))
    return 0


def _letters_of(cell: Cell) -> Iterator[str]:
    from ..nodes.derivatives import StopGradient

    yield f"{cell.name}  ({cell.source})" if cell.source else cell.name
    for kind in ("states", "inputs", "parameters"):
        yield f"  {kind}: {', '.join(letter.text for letter in getattr(cell, kind))}"
    if any(equation.has(StopGradient) for equation in cell.equations):
        yield "  truncated by design: what stop_gradient(...) reads is held fixed, so its backward pass is no gradient"
    if cell.note:
        yield f"  note: {cell.note}"


def _json(report: Report) -> str:
    import json

    return json.dumps(report.as_json(), indent=1, ensure_ascii=False) + "\n"


def write_text(file: str, text: str) -> None:
    from ..atomic import write_whole

    if file == "-":
        print(text, end="")
    else:
        write_whole(Path(file), text)


def require_place(file: str) -> None:
    """Refuse a file that cannot be written before the work is done that should go into it."""
    path = Path(file)
    if not file:
        raise ValueError("the name of the file to write is empty")
    if file != "-" and not path.resolve().parent.is_dir():
        raise ValueError(f"{file} cannot be written: No such file or directory")
    if file != "-" and path.is_dir():
        raise ValueError(f"{file} cannot be written: Is a directory")


def _section(title: str, rows: Iterable[Sequence[str]]) -> None:
    _print([title, *(f"  {line}" for line in table_lines(rows)), ""])


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)

"""A page for every module of derivations: what is given, each step with its reason and verdict, the code."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lstm_sym.cells import CELLS
from lstm_sym.latex import written_derivation
from lstm_sym.latex.derivation import Line
from lstm_sym.latex.printer import aligned
from lstm_sym.proof.derivation import Derivation, Step
from lstm_sym.proof.load import derivation_files, load_file

from .markdown import block, code, folded, formula, mark, plain, table, toctree
from .places import ROOT, Language
from .staging import Files
from .statements import shown_code, statement_at
from .verdicts import DERIVATIONS, Verdict
from .words import MARKS, Words, words_in

Steps = Mapping[str, tuple[Verdict, ...]]
"""The verdicts on the steps of derivations, by name."""


@dataclass(frozen=True, slots=True)
class Module:
    """A file of derivations: its own words, its text, what it defines."""

    path: Path
    text: str
    derivations: tuple[Derivation, ...]

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def told(self) -> tuple[str, str]:
        """The first sentence of the docstring, without its full stop, and the rest."""
        first, _, rest = (ast.get_docstring(ast.parse(self.text)) or self.name).partition("\n\n")
        return " ".join(first.split()).removesuffix("."), rest.strip()


def read_modules() -> tuple[Module, ...]:
    """The modules of the folder ``derivations``."""
    files = derivation_files(DERIVATIONS)
    modules = (Module(file, file.read_text(encoding="utf-8"), tuple(load_file(file))) for file in files)
    return tuple(module for module in modules if module.derivations)


def derivation_pages(modules: Iterable[Module], verdicts: Steps, claims: Collection[str], language: Language) -> Files:
    """The overview, a page per module, a page per source."""
    words = words_in(language)
    modules = tuple(modules)
    pages = {"derivations/index.md": overview(modules, verdicts, claims, words)}
    for module in modules:
        pages[f"derivations/{module.name}.md"] = module_page(module, verdicts, claims, words)
        title = f"---\norphan: true\n---\n\n# {plain(str(module.path.relative_to(ROOT)))}\n\n"
        pages[f"derivations/source/{module.name}.md"] = title + code(module.text)
    return {path: text.encode() for path, text in pages.items()}


def overview(modules: tuple[Module, ...], verdicts: Steps, claims: Collection[str], words: Words) -> str:
    """Every derivation by module, with what was found of it."""
    parts = [f"# {words.derivations}\n", words.derivations_intro + "\n"]
    for module in modules:
        rows = (
            (
                f"[{plain(d.title or d.name)}](#{anchor(d)})",
                _claim(d, claims),
                str(len(d.steps)),
                " ".join(_totals(verdicts[d.name], words)),
            )
            for d in module.derivations
        )
        heads = (words.derivation, words.claim, words.steps, words.verdict)
        parts += [f"## [{plain(module.told[0])}]({module.name}.md)\n", table(heads, rows)]
    parts.append(toctree((module.name for module in modules), hidden=True))
    return "\n".join(parts)


def module_page(module: Module, verdicts: Steps, claims: Collection[str], words: Words) -> str:
    """The derivations of one file."""
    title, rest = module.told
    parts = [f"# {plain(title)}\n"]
    parts += [plain(paragraph) + "\n" for paragraph in rest.split("\n\n") if paragraph]
    for derivation in module.derivations:
        parts += section(derivation, verdicts[derivation.name], claims, module, words)
    parts.append(f"{words.module}{words.colon}[`{module.path.relative_to(ROOT)}`](source/{module.name}.md)\n")
    return "\n".join(parts)


def anchor(derivation: Derivation) -> str:
    """The target of a derivation's section, in every language."""
    return f"derivation-{derivation.name}"


def section(
    derivation: Derivation, verdicts: tuple[Verdict, ...], claims: Collection[str], module: Module, words: Words
) -> Iterator[str]:
    """One derivation, read from top to bottom like a blackboard."""
    yield f"({anchor(derivation)})=\n"
    yield f"## {plain(derivation.title or derivation.name)}\n"
    claim = [f"{words.claim} {_claim(derivation, claims)}"] if derivation.claim else []
    told = [f"`{derivation.name}`", *claim, *_totals(verdicts, words)]
    yield "{.about}\n" + " · ".join(told) + "\n"
    given, lines = written_derivation(derivation)
    yield from _given(derivation, given, words)
    for line, step, verdict in zip(lines, derivation.steps, verdicts, strict=True):
        yield _step(line, step, verdict, words)
    statement = statement_at(module.text, derivation.steps[0].line) if _is_in(derivation, module) else None
    if statement is not None:
        yield shown_code(module.path, statement, words)


def _claim(derivation: Derivation, claims: Collection[str]) -> str:
    """The id of the claim that a derivation names, leading to it where the ledger has it."""
    return f"[{derivation.claim}](#claim-{derivation.claim})" if derivation.claim in claims else plain(derivation.claim)


def _is_in(derivation: Derivation, module: Module) -> bool:
    return Path(derivation.steps[0].file).resolve() == module.path.resolve()


def _given(derivation: Derivation, rows: tuple[str, ...], words: Words) -> Iterator[str]:
    cell = derivation.given.cell
    if cell is not None:
        known = CELLS.get(cell.name) is not None
        name = f"[{plain(cell.name)}](../cells/{cell.name}.md)" if known else f"`{cell.name}`"
        yield f"{words.given}{words.colon}{words.given_cell} {name}\n"
    elif rows:
        yield f"{words.given}\n"
    if rows:
        yield block("container", "given", formula(aligned(rows)))


def _step(line: Line, step: Step, verdict: Verdict, words: Words) -> str:
    """The formula, and below it the verdict with the reason and everything it rests on."""
    classes = "step begins" if line.left else "step"
    said = [f"{mark(words.mark(verdict.kind), verdict.kind)} {plain(step.reason)}"]
    if step.lemma:
        said.append(f"{words.lemma} [`{step.lemma}`](#derivation-{step.lemma})")
    if line.conditions:
        said.append(f"{words.conditions} ${line.conditions}$")
    if step.admit:
        said.append(f"{words.taken_on_trust} {plain(step.admit)}")
    parts = [
        formula(f"{line.left or '{}'} {line.sign} {line.right}"),
        f"{'; '.join(said)} {mark(plain(verdict.method), 'method')}\n",
    ]
    if verdict.witness:
        parts.append(block("container", "witness", plain(verdict.witness), fence="::::"))
    if verdict.evidence:
        checks = "\n".join(f"- {plain(what)}" for what in verdict.evidence)
        parts.append(folded(words.also_checked, checks))
    return block("container", classes, "\n".join(parts), fence=":::::")


def _totals(verdicts: tuple[Verdict, ...], words: Words) -> list[str]:
    """A mark for each kind of verdict in a derivation, with how often it occurs."""
    kinds = [verdict.kind for verdict in verdicts]
    return [mark(f"{MARKS[kind]} {kinds.count(kind)} {getattr(words, kind)}", kind) for kind in MARKS if kind in kinds]

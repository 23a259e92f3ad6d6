"""The C source and header of a cell: its program, operation by operation."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from typing import Any

from .. import __version__
from ..cell import Cell
from ..symbols import adjoint, direct
from .c_body import Array, Function
from .c_letters import CNames, c_names
from .c_lines import lines_of_group
from .c_operations import Packed
from .c_program import Program, program_of
from .c_runtime import RUNTIME
from .freshness import source_told
from .plan import carry, plan_of
from .stacking import stacking_of
from .vocabulary import Vocabulary, vocabulary_of

FLAGS = "-std=c99 -O3 -march=native -ffp-contract=fast -fno-math-errno -fno-trapping-math"
"""What a fast build needs: products and sums fused, and loops over entries vectorised. None changes what NaN does."""

NOTE = """\
/* {cell}: forward and backward over a sequence and a batch, in C99.

   Written by lstm-sym {version} from the equations of the cell {cell}.
   Source: {source}. */
"""

BUILD = """\
/* A row is one sequence of the batch; the equation that a line computes stands above it.
   Build: cc {flags} -c {name}.c
   and once more with -DSINGLE for float; -DUSE_CBLAS takes the matrix products from a CBLAS. */
"""

HEADER = """\
#ifndef {NAME}_H
#define {NAME}_H

/* All arrays are the caller's, in C order, and none may overlap another. Nothing is allocated and nothing is static, so
   calls may run beside each other. The types and functions of float are those of double with _f32 for _f64.
   Of no step or no sequence (T or B is 0) the last state is the first one, and the gradients of parameters are 0. */

#include <stddef.h>

/* T steps, B sequences, and the sizes of the equations */
typedef struct {{
    size_t {sizes};
}} {name}_sizes;

{body}
#endif
"""

DECLARED = """
/* How many numbers the cache holds, and how many the scratch of either call. */
size_t TYPED({name}_cache)(const {name}_sizes *sizes);
size_t TYPED({name}_scratch)(const {name}_sizes *sizes);

/* The outputs of every step and the last state; the cache is what backward needs. */
void TYPED({name}_forward)({forward});

/* The gradients of the parameters, the inputs and the initial state, for any of the outputs and the last state. */
void TYPED({name}_backward)({backward});
"""

ARGUMENTS = {
    "forward": ("params const", "inputs const", "state const", "outputs", "last:state"),
    "backward": (
        "params const", "inputs const", "d_outputs:outputs const", "d_last:state const",
        "d_params:params", "d_inputs:inputs", "d_state:state",
    ),
}  # fmt: skip


def prefix_of(cell: Cell) -> str:
    """What the names of a cell's functions, types and files begin with."""
    return re.sub(r"\W", "_", identifier_of(cell)).lower()


def identifier_of(cell: Cell) -> str:
    return cell.name if re.match(r"[A-Za-z]", cell.name) else f"cell_{cell.name}"


def header_of(cell: Cell) -> str:
    """The header of a cell whose activations are all known."""
    vocabulary = vocabulary_of(plan_of(cell))
    return f"{_note(cell)}\n{_header(vocabulary, c_names(vocabulary))}"


def _note(cell: Cell) -> str:
    told = source_told(cell).replace("*/", "* /").replace("\n", "\n   ")
    return NOTE.format(cell=cell.name, version=__version__, source=told)


def c_module(cell: Cell) -> str:
    """The C source of a cell whose activations are all known, with its header in it: one file that stands alone."""
    header = _header(vocabulary := vocabulary_of(plan_of(cell)), c_names(vocabulary))
    return source_of(cell).replace(f'#include "{prefix_of(cell)}.h"\n', header)


def source_of(cell: Cell) -> str:
    """The C source of a cell whose activations are all known; it includes the header."""
    plan = plan_of(cell)
    vocabulary = vocabulary_of(plan)
    words = c_names(vocabulary)
    program = program_of(stacking_of(plan), words)
    name = prefix_of(cell)
    return "\n".join(
        [
            _note(cell),
            BUILD.format(flags=FLAGS, name=name),
            f'#include "{name}.h"',
            "#include <math.h>\n#include <stdint.h>\n#include <string.h>",
            RUNTIME,
            _size(name, "cache", program.cache, (), vocabulary, words),
            _size(name, "scratch", program.forward.scratch, program.backward.scratch, vocabulary, words),
            _forward(name, program, vocabulary, words),
            _backward(name, program, vocabulary, words),
        ]
    )


# --- the header ---------------------------------------------------------------------------------


def _header(vocabulary: Vocabulary, words: CNames) -> str:
    cell, name = vocabulary.cell, prefix_of(vocabulary.cell)
    groups = {"params": cell.parameters, "inputs": cell.inputs, "state": cell.states, "outputs": cell.outputs}
    lead = {"params": (), "inputs": ("T", "B"), "state": ("B",), "outputs": ("T", "B")}
    body = []
    for group, letters in groups.items():
        axes = vocabulary.axes(letters, lead[group])
        fields = [
            f"    real *{words.names[letter]}; /* {' x '.join(shape)} */"
            for letter, shape in zip(letters, axes.values(), strict=True)
        ]
        body += ["typedef struct {", *(fields or ["    real *none;"]), f"}} TYPED({name}_{group});", ""]
    body += (
        DECLARED.format(name=name, **{which: _arguments(name, which) for which in ARGUMENTS}).strip("\n").split("\n")
    )
    texts = [
        re.sub(r"TYPED\((\w+)\)", rf"\1_{suffix}", re.sub(r"\breal\b", kind, "\n".join(body)))
        for kind, suffix in (("double", "f64"), ("float", "f32"))
    ]
    return HEADER.format(
        NAME=name.upper(),
        name=name,
        sizes=", ".join(["T", "B", *(words.names[size] for size in vocabulary.sizes)]),
        body="\n\n".join(texts) + "\n",
    )


def _arguments(name: str, function: str) -> str:
    given = [f"const {name}_sizes *sizes"]
    for argument in ARGUMENTS[function]:
        label, _, constant = argument.partition(" ")
        text, _, group = label.partition(":")
        given.append(f"{constant + ' ' if constant else ''}TYPED({name}_{group or text}) *{text}")
    cached = "" if function == "forward" else "const "
    given += [f"{cached}real *cache", "real *scratch"]
    return "\n" + textwrap.fill(", ".join(given), 110, initial_indent="    ", subsequent_indent="    ")


# --- the functions ------------------------------------------------------------------------------


def _size(
    name: str, what: str, one: tuple[Array, ...], other: tuple[Array, ...], vocabulary: Vocabulary, words: CNames
) -> str:
    def total(arrays: tuple[Array, ...]) -> str:
        return "\n        + ".join(f"rounded({array.count})" for array in arrays) or "0"

    lines = [f"    const size_t first = {total(one)};", f"    const size_t second = {total(other)};"]
    return "\n".join(
        [
            f"size_t TYPED({name}_{what})(const {name}_sizes *sizes)",
            "{",
            *_sizes(vocabulary, words, lines),
            *lines,
            "    return first < second ? second : first;",
            "}",
            "",
        ]
    )


def _sizes(vocabulary: Vocabulary, words: CNames, lines: list[str]) -> list[str]:
    used = _words(lines)
    sizes = [size for size in ["T", "B", *(words.names[size] for size in vocabulary.sizes)] if size in used]
    return (
        [f"    const size_t {', '.join(f'{size} = sizes->{size}' for size in sizes)};"]
        if sizes
        else ["    (void)sizes;"]
    )


def _words(lines: Iterable[str]) -> set[str]:
    text = re.sub(r"/\*.*?\*/", "", "\n".join(lines), flags=re.S)
    return set(re.findall(r"(?<![\w>.])[A-Za-z_]\w*", text))


def _forward(name: str, program: Program, vocabulary: Vocabulary, words: CNames) -> str:
    cell, names = vocabulary.cell, words.names
    held = {s: program.forward.places[names[s]].array for s in cell.states}
    body = []
    for s in cell.states:
        size = _bytes(vocabulary, words, s)
        body.append(f"    memcpy({held[s]}, state->{names[s]}, {size});")
    body += _body(program.forward, "for (size_t t = 0; t < T; t++)")
    for s in cell.states:
        size = _bytes(vocabulary, words, s)
        body.append(f"    memcpy(last->{names[s]}, {held[s]} + T * {_count(vocabulary, words, s)}, {size});")
    given = {words.arguments[s]: f"const real *{words.arguments[s]} = inputs->{names[s]};" for s in cell.inputs}
    given |= {words.arguments[s]: f"real *{words.arguments[s]} = outputs->{names[s]};" for s in cell.outputs}
    return _function(name, "forward", program.cache, program.forward, given, body, vocabulary, words)


def _backward(name: str, program: Program, vocabulary: Vocabulary, words: CNames) -> str:
    cell, names, arguments = vocabulary.cell, words.names, words.arguments
    body = [
        f"    memcpy({arguments[carry(s)]}, d_last->{names[s]}, {_bytes(vocabulary, words, s)});" for s in cell.states
    ]
    body += _body(program.backward, "for (size_t t = T; t-- > 0;)")
    given = {arguments[s]: f"const real *{arguments[s]} = inputs->{names[s]};" for s in cell.inputs}
    given |= {
        arguments[direct(s)]: f"const real *{arguments[direct(s)]} = d_outputs->{names[s]};" for s in cell.outputs
    }
    given |= {arguments[adjoint(s)]: f"real *{arguments[adjoint(s)]} = d_inputs->{names[s]};" for s in cell.inputs}
    given |= {arguments[carry(s)]: f"real *{arguments[carry(s)]} = d_state->{names[s]};" for s in cell.states}
    given |= {names[adjoint(p)]: f"real *{names[adjoint(p)]} = d_params->{names[p]};" for p in cell.parameters}
    return _function(name, "backward", program.cache, program.backward, given, body, vocabulary, words)


def _count(vocabulary: Vocabulary, words: CNames, s: Any) -> str:
    (axes,) = vocabulary.axes([s]).values()
    sizes = {vocabulary.names[size]: words.names[size] for size in vocabulary.sizes}
    widths = [" + ".join(sizes.get(term, term) for term in axis.split(" + ")) for axis in axes]
    return " * ".join(["B", *[f"({width})" if " " in width else width for width in widths]])


def _bytes(vocabulary: Vocabulary, words: CNames, s: Any) -> str:
    return f"{_count(vocabulary, words, s)} * sizeof(real)"


def _function(
    name: str,
    which: str,
    cache: tuple[Array, ...],
    function: Function,
    given: dict[str, str],
    body: list[str],
    vocabulary: Vocabulary,
    words: CNames,
) -> str:
    packs = [line for packed in function.packed for line in _pack(packed)]
    body = [*packs, *body]
    used = _words(body)
    constant = "" if which == "forward" else "const "
    opened = [f"    {line}" for key, line in given.items() if key in used]
    for parameter in vocabulary.cell.parameters:
        if words.names[parameter] in used:
            opened.append(f"    const real *{words.names[parameter]} = params->{words.names[parameter]};")
    for array in cache:
        if array.name in used:
            opened.append(f"    {constant}real *{array.name} = cache;")
        opened.append(f"    cache += rounded({array.count});")
    for array in function.scratch:
        opened += [f"    real *{array.name} = scratch;", f"    scratch += rounded({array.count});"]
    strides = {array.name: array.stride for array in (*cache, *function.scratch) if array.stride}
    opened += [f"    const size_t {k}_stride = {v};" for k, v in strides.items() if f"{k}_stride" in used]
    lines = [*opened, *body]
    mentioned = {argument.partition(" ")[0].partition(":")[0] for argument in ARGUMENTS[which]} | {"cache", "scratch"}
    unused = sorted(mentioned - _words(lines))
    return "\n".join(
        [
            f"void TYPED({name}_{which})({_arguments(name, which)})",
            "{",
            *_sizes(vocabulary, words, lines),
            *[f"    (void){argument};" for argument in unused],
            *lines,
            "}",
            "",
        ]
    )


def _pack(packed: Packed) -> Iterable[str]:
    for matrix, at, at_k, rows, cols, by_row, by_col in packed.parts:
        yield (
            f"    pack({packed.name}, {packed.rows}, {packed.cols}, {at}, {at_k}, {matrix}, {rows}, {cols}, "
            f"{by_row}, {by_col});"
        )


def _body(function: Function, loop: str) -> list[str]:
    lines = [line for group in function.before for line in lines_of_group(group, function, 1, in_loop=False)]
    steps = [line for group in function.loop for line in lines_of_group(group, function, 2, in_loop=True)]
    lines += [f"    {loop} {{", *steps, "    }"] if steps else []
    return lines + [line for group in function.after for line in lines_of_group(group, function, 1, in_loop=False)]

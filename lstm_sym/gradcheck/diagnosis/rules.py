"""The mistakes that are looked for, in the order in which they are tried: each a line, with its edits."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from . import (
    activations,
    axes,
    carries,
    gate_order,
    jacobians,
    layouts,
    paths,
    pooling,
    positions,
    powers,
    slips,
    slopes,
    substitutes,
)
from .activations import NOTHING, Forward
from .carries import Changes
from .edits import Change, Definition, Edit
from .places import Places, elements

MOST_ALIKE = 8
"""Alike places among which pairs and threes are tried."""


MOST = 1500
"""Edits by one rule in one function, so that none takes the turn of all others."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A class of mistakes: its name in a report, and the edits that mend it.

    ``at`` are the nodes that an edit of one place changes; without them an edit sees the function as a whole.
    """

    mistake: str
    edits: Callable[..., Any]
    at: tuple[type[ast.AST], ...] = ()

    def changes(self, places: Places, *, backwards: bool = False) -> Changes:
        """What the rule would change, one edit after another; from the end, where the backward loop mostly stands."""
        if not self.at:
            yield from self.edits(places)
            return
        nodes = list(places.of(*self.at))
        for node in reversed(nodes) if backwards else nodes:
            yield from (((_narrowed(node, new),), "") for new in self.edits(node, places))

    def alike(self, places: Places) -> Changes:
        """The same slip in several places: in all of them, in those of one form or one statement, in two."""
        found: dict[int, list[Change]] = defaultdict(list)
        for node in places.of(*self.at) if self.at else ():
            for variant, new in enumerate(self.edits(node, places)):
                found[variant].append(_narrowed(node, new))
        for changes in found.values():
            forms: dict[Any, list[Change]] = defaultdict(list)
            for change in changes:
                forms[_form(change[0])].append(change)
                forms[places.statement_of(change[0])].append(change)
            for group in [*forms.values(), changes]:
                apart = _apart(group, places)
                if len(apart) > 1:
                    yield tuple(apart), ""
        for changes in found.values():
            apart = _apart(changes, places)
            if 2 < len(apart) <= MOST_ALIKE:
                for k, one in enumerate(apart):
                    yield from (((one, other), "") for other in apart[k + 1 :])


def _narrowed(node: ast.AST, new: ast.AST | None) -> Change:
    """What differs alone, where one of several values is changed that are assigned or returned together."""
    if isinstance(node, ast.Assign | ast.Return) and type(new) is type(node):
        old, made = node.value, new.value
        pairs = [(a, b) for a, b in zip(elements(old), elements(made)) if a is not b]
        if len(pairs) == 1:
            return pairs[0]
        if isinstance(node, ast.Return) and old is not None:
            return old, made
    return node, new


def _form(node: ast.AST) -> str:
    """An expression with its names and keys left out."""
    kinds = [type(n).__name__ for n in ast.walk(node) if not isinstance(n, ast.expr_context)]
    return " ".join(kinds)


def _apart(changes: list[Change], places: Places) -> list[Change]:
    """Those of which none is part of another."""
    chosen: list[Change] = []
    ids: set[int] = set()
    for node, new in changes:
        around: Any = node
        while around is not None and id(around) not in ids:
            around = places.parents.get(id(around))
        if around is None:
            ids.add(id(node))
            chosen.append((node, new))
    return chosen


VALUES = (ast.Assign, ast.AugAssign, ast.Return)
"""Statements with values that an edit may change."""

LIKELY = (
    Rule("a transpose is missing or one too many", slips.transposed, (ast.BinOp, ast.Call)),
    Rule("a carry is missing", carries.not_carried, (ast.Assign,)),
    Rule("what should be added up is overwritten", carries.not_summed, (ast.Assign,)),
    Rule("a carry is added up", carries.summed, (ast.AugAssign,)),
    Rule("an index that occurs twice counts only once", carries.repeated, (ast.AugAssign,)),
    Rule("a carry is missing", carries.carry_added, (ast.Assign,)),
    Rule("a carry is missing", carries.carry_in_argument, (ast.Subscript, ast.Name)),
    Rule("a carry is missing", carries.carry_in_factor, (ast.BinOp,)),
    Rule("a carry is missing", carries.carry_for_nothing, (ast.Call, ast.Constant)),
    Rule("what the loss gives a step is missing", carries.unread_steps, (ast.Name,)),
    Rule("a path is cut", slips.conditions, (ast.IfExp, ast.If, ast.Break, ast.BinOp)),
    Rule("the gradient is clipped", substitutes.clipped, (ast.Call,)),
    Rule("a path is cut", substitutes.zeroed, (ast.Call,)),
    Rule("a carry does not start at 0", substitutes.started, (ast.Assign,)),
    Rule("a derivative is taken at an activated value", slopes.activated_twice, (ast.Call,)),
    Rule("a derivative is taken at an activated value", slopes.all_activated_twice, (ast.BinOp,)),
    Rule("a derivative is taken at an activated value", slopes.slope_of_activated, (ast.Call,)),
    Rule("an activation stands where its derivative belongs", slopes.slope_of_function, (ast.BinOp,)),
    Rule("a derivative is taken at a pre-activation", slopes.unactivated, (ast.BinOp,)),
    Rule("the derivative is that of another activation", slopes.other_slope, (ast.BinOp,)),
    Rule("parentheses are missing or misplaced", slips.parentheses, (ast.BinOp,)),
    Rule("an index is off", positions.index, (ast.Subscript,)),
    Rule("the loop leaves steps out", positions.bounds, (ast.Call,)),
    Rule("steps are left out", positions.cut, (ast.Subscript,)),
    Rule("a loop runs the wrong way", substitutes.turned_round),
    Rule("the order is wrong", gate_order.swapped, (ast.Tuple, ast.List)),
    Rule("two are in each other's place", gate_order.values_swapped),
    Rule("a sum stands where a mean belongs, or a mean where a sum", slips.sums, (ast.Call,)),
    Rule("an axis is wrong", axes.other_axis, (ast.Call, ast.Subscript)),
    Rule("an axis is lost, or one too many", axes.kept, (ast.Call,)),
    Rule("one entry stands for the sum over all", axes.one_of_all, (ast.Subscript,)),
    Rule("one entry stands for the sum over all", axes.outer_of_one, (ast.Call,)),
    Rule("one entry stands for the sum over all", axes.product_of_one, (ast.BinOp,)),
    Rule("a sum is missing", axes.unsummed, VALUES),
    Rule("a sum is taken over too many axes", axes.over_all, (ast.Call,)),
    Rule("a softmax has a whole matrix of derivatives", jacobians.diagonal, (ast.BinOp,)),
    Rule("a softmax has a whole matrix of derivatives", jacobians.matrix, (ast.Call,)),
    Rule("something is flipped that should not be", layouts.unflipped, (ast.Subscript, ast.Call)),
    Rule("something should be flipped", layouts.flipped, (ast.Subscript, ast.Name, ast.Attribute, ast.Call)),
    Rule("axes stand in the wrong order", layouts.permuted, (ast.Call,)),
    Rule("the entries are read in another order", layouts.reshaped, (ast.Call,)),
    Rule("the sign is wrong", slips.sign, (ast.BinOp, ast.AugAssign, ast.UnaryOp)),
    Rule("a product is in the wrong order", slips.commuted, (ast.BinOp, ast.Call)),
    Rule("a product is in the wrong order", slips.subscripts, (ast.Call,)),
    Rule("the transpose is one too many", slips.untransposed, (ast.Attribute,)),
    Rule("a gate stands where its complement belongs", gate_order.complement),
    Rule("a path is missing", carries.missing_paths),
    Rule("an index wraps around at the first step", positions.wrapped, (ast.Subscript, ast.Call)),
    Rule("a carry is missing", carries.common_carry),
    Rule("a path is missing", paths.unread_added, VALUES),
    Rule("a factor is missing", slips.unread_factor, VALUES),
    Rule("the label is not subtracted", paths.labels),
    Rule("the label is subtracted in the wrong rows", paths.misplaced_labels),
    Rule("a path is missing", paths.direct, VALUES),
    Rule("the derivative of an activation is one too many", slopes.slope_twice, (ast.BinOp,)),
)
"""Tried one by one, and then in several places at once."""

UNLIKELY = (
    Rule("the largest stands for the smallest, or the smallest for the largest", slips.opposite, (ast.Call,)),
    Rule("a maximum hands its gradient to its largest entry", pooling.handed_to_the_largest),
    Rule("the derivative of an activation is missing", slopes.slope_missing, (ast.Assign, ast.Return)),
    Rule("one stands for another", substitutes.other_name, (ast.Name, ast.Constant)),
    Rule("one stands for another", substitutes.unread_name, (ast.Name, ast.BinOp, ast.Subscript)),
    Rule("two are in each other's place", gate_order.exchanged),
    Rule("a term or a factor is too many", slips.dropped, (ast.BinOp, ast.AugAssign)),
    Rule("a factor stands where a divisor belongs, or a divisor where a factor", slips.inverted, (ast.BinOp,)),
    Rule("a factor is missing", slips.divided, VALUES),
    Rule("a power is wrong", powers.power, (ast.BinOp, ast.Name)),
    Rule("a root is missing, or one too many", powers.root, (ast.BinOp, ast.Call)),
    Rule("the sign is wrong", slips.sign, (ast.Assign, ast.Return)),
    Rule("a sum stands where a mean belongs", slips.lengths, (ast.BinOp, *VALUES)),
    Rule("a carry or a term is missing", carries.other_carry, (ast.Assign,)),
    Rule("the steps stand in the wrong order", substitutes.sequence_turned, (ast.Name, ast.Subscript)),
    Rule("one part of an array stands for another", substitutes.other_slice, (ast.Subscript,)),
    Rule("a factor is missing", slips.factor, (ast.Assign, ast.Return)),
    Rule("a softmax has a whole matrix of derivatives", jacobians.left_out, VALUES),
    Rule("a mean or a sum is not subtracted", axes.mean_kept, (ast.BinOp, ast.Assign)),
    Rule("a path is missing", carries.missing_terms),
    Rule("the derivative of an activation is missing", slopes.slope_uncalled, (ast.Name,)),
    Rule("a carry is missing", carries.unmade_carry),
    Rule("the derivative of an activation is missing", slopes.slope_of_term_missing, (ast.BinOp, ast.Name)),
    Rule("a factor is missing", slips.factor_of_term, (ast.BinOp, ast.Name, ast.Call)),
    Rule("a factor is missing", slips.divided_term, (ast.BinOp, ast.Name, ast.Call)),
    Rule("a norm's own part is not subtracted", axes.projection_kept, (ast.BinOp,)),
    Rule("a norm's own part is not subtracted", axes.projection_kept, (ast.Name,)),
    Rule("a number is wrong", powers.number, (ast.Constant,)),
    Rule("the derivative is not that of the activation", activations.slope_of_forward),
    Rule("the steps stand in the wrong order", substitutes.sequences_turned),
    Rule("a statement is missing", paths.unmade_statements),
    Rule("a term is missing", slips.subtracted, (ast.Name,)),
    Rule("a term is missing", slips.one_less, (ast.Call, ast.Name)),
    Rule("one stands for another", substitutes.any_name, (ast.Name,)),
    Rule("a path is missing", paths.beside, VALUES),
)
"""Tried when none of those mends everything."""


def candidates(
    definitions: list[Definition],
    suspects: set[int] | None = None,
    forward: Forward = NOTHING,
    *,
    rest: bool = False,
) -> Iterator[tuple[Rule, Edit | None]]:
    """Edits of these functions, the likeliest first: of the suspected statements alone, or of the ``rest``.

    It gives ``None`` for what is no Python, so that nobody waits who looks at the clock.
    """
    for definition, places, rule, found in _in_order(definitions, forward):
        wanted = (row for row in found if suspects is None or _only_in(suspects, places, row[0]) is not rest)
        for changes, words in islice(wanted, MOST):
            yield rule, definition.edit(changes, words)


def _only_in(suspects: set[int], places: Places, changes: tuple[Change, ...]) -> bool:
    return all(id(places.statement_of(node)) in suspects for node, _ in changes)


def _in_order(definitions: list[Definition], forward: Forward) -> Iterator[tuple[Definition, Places, Rule, Changes]]:
    told = forward.slopes, forward.names, forward.divisors
    known = [(definition, Places(definition.node, *told)) for definition in definitions]
    for rule in LIKELY:
        yield from ((definition, places, rule, rule.changes(places)) for definition, places in known)
    for rule in LIKELY:
        yield from ((definition, places, rule, rule.alike(places)) for definition, places in known)
    for rule in UNLIKELY:
        yield from ((definition, places, rule, rule.changes(places, backwards=True)) for definition, places in known)

"""Larger operations of random programs: layers, losses, and what python decides, entry by entry or for all."""

from __future__ import annotations

from .tapes import Tape, Unfit


def branching(t: Tape) -> None:
    """Statements that depend on the numbers."""
    x, v = t.a(lambda x: x.ndim > 0), t.fresh()
    bound = t.pick(("0", "1", "-0.5", "2"))
    asked = t.pick((
        f"{x}.sum() > {bound}", f"np.max({x}) > {bound}", f"np.any({x} > {bound})", f"np.all({x} < {bound})",
        f"{x}.mean() <= {bound}", f"np.sum({x} ** 2) > 4", f"{x}.flat[0] > {bound} and {x}.flat[-1] < 3",
        f"not {x}.min() > {bound}", f"np.argmax({x}) == 0", f"np.sum({x} > 0) > 1", f"abs({x}.flat[0]) < 1",
    ))  # fmt: skip
    first, second = t.pick((
        ((f"2 * {x}", "2 * DV"), (f"{x} ** 2", f"2 * {x} * DV")),
        ((f"np.tanh({x})", f"DV * (1 - {v} ** 2)"), (f"{x}", "DV")),
        ((f"{x} * 1.0", "DV.copy()"), (f"-{x}", "-DV")),
        ((f"{x} / 3", "DV / 3"), (f"np.zeros_like({x})", f"np.zeros_like({x})")),
    ))  # fmt: skip
    flag = f"w{v[1:]}"
    style = t.pick(("statement", "again", "expression", "early"))
    if style == "statement":
        lines = [f"{flag} = {asked}", f"if {flag}:\n    {v} = {first[0]}\nelse:\n    {v} = {second[0]}"]
        back = [f"if {flag}:\n    w = {first[1]}\nelse:\n    w = {second[1]}", (x, "w")]
    elif style == "again":
        lines = [f"if {asked}:\n    {v} = {first[0]}\nelse:\n    {v} = {second[0]}"]
        back = [f"w = {second[1]}", f"if {asked}:\n    w = {first[1]}", (x, "w")]
    elif style == "expression":
        lines = [f"{v} = ({first[0]}) if {asked} else ({second[0]})"]
        back = [(x, f"(({first[1]}) if {asked} else ({second[1]}))")]
    else:
        lines = [f"{v} = {second[0]}", f"if {asked}:\n    {v} = {first[0]}"]
        back = [f"w = {first[1]} if {asked} else {second[1]}", (x, "w")]
    t.add(lines, back, [x])


def by_rows(t: Tape) -> None:
    """Python loops in which every row or entry goes its own way."""
    x, v = t.a(lambda x: x.ndim > 0), t.fresh()
    zeros = f"w = np.zeros_like({x})"
    each = f"for i in range(len({x})):\n    "
    entries = f"for i in np.ndindex({x}.shape):\n    "
    t.add(*t.pick((
        ([f"{v} = np.zeros_like({x})", f"{each}if {x}[i].sum() > 0:\n        {v}[i] = {x}[i]"],
         [zeros, f"{each}if {x}[i].sum() > 0:\n        w[i] = DV[i]", (x, "w")]),
        ([f"{v} = np.empty_like({x})", f"{entries}{v}[i] = max({x}[i], 0.1 * {x}[i])"],
         [zeros, f"{entries}w[i] = DV[i] if {x}[i] > 0 else 0.1 * DV[i]", (x, "w")]),
        ([f"{v} = np.zeros({x}.shape)", f"{entries}{v}[i] = {x}[i] ** 2 if {x}[i] > 0 else -{x}[i]"],
         [zeros, f"{entries}if {x}[i] > 0:\n        w[i] = 2 * {x}[i] * DV[i]\n    else:\n        w[i] = -DV[i]",
          (x, "w")]),
        ([f"{v} = np.zeros_like({x})",
          f"{each}if i % 2:\n        continue\n    {v}[i] += np.abs({x}[i])"],
         [zeros, f"{each}if i % 2:\n        continue\n    w[i] += np.sign({x}[i]) * DV[i]", (x, "w")]),
        ([f"h = np.zeros_like({x}[0])", f"for row in {x}:\n    h = np.maximum(h, row)", f"{v} = h"],
         [zeros, f"for i in reversed(range(len({x}))):\n    h = np.zeros_like({x}[0])\n    for row in {x}[:i]:\n"
          f"        h = np.maximum(h, row)\n    m = {x}[i] > h\n"
          "    w[i] = np.where(m, DV, 0)\n    DV = np.where(m, 0, DV)", (x, "w")]),
        (f"{v} = np.array([row.sum() * np.tanh(row) for row in {x}])",
         ["w = [(g * np.tanh(row)).sum() + g * row.sum() * (1 - np.tanh(row) ** 2)" + f" for g, row in zip(DV, {x})]",
          (x, "np.array(w)")]),
    )), [x])  # fmt: skip


def attention(t: Tape) -> None:
    """Weights of a softmax over other rows, past ones only or all."""
    x, v = t.a(lambda x: x.ndim == 2 and len(x) > 1), t.fresh()
    y = t.a(lambda y: y.shape == t.value(x).shape)
    n, k = t.value(x).shape
    w, past = f"w{v[1:]}", f"np.tril(np.ones(({n}, {n})))"
    masked = t.pick((
        [f"{w} = softmax({x} @ {y}.T / np.sqrt({k}), 1)"],
        [f"{w} = np.where({past} > 0, {x} @ {y}.T / np.sqrt({k}), -1e9)", f"{w} = softmax({w}, 1)"],
        [f"{w} = {x} @ {y}.T / np.sqrt({k})", f"{w}[np.triu_indices({n}, 1)] = -np.inf", f"{w} = softmax({w}, -1)"],
        [f"{w} = np.exp({x} @ {y}.T / np.sqrt({k})) * {past}", f"{w} = {w} / {w}.sum(1)[:, None]"],
        [f"{w} = softmax(np.einsum('ij,kj->ik', {x}, {y}) / {k} ** 0.5, -1)"],
    ))  # fmt: skip
    t.add(
        [*masked, f"{v} = {w} @ {y}"],
        [f"g = DV @ {y}.T", f"s = {w} * (g - (g * {w}).sum(axis=1, keepdims=True)) / np.sqrt({k})",
         (x, f"s @ {y}"), (y, f"s.T @ {x} + {w}.T @ DV")],
        [x, y],
    )  # fmt: skip


def loss(t: Tape) -> None:
    x, v = t.a(lambda x: x.ndim > 0), t.fresh()
    y = t.a(lambda y: y.shape == t.value(x).shape)
    if x == y:
        raise Unfit
    t.add(*t.pick((
        (f"{v} = np.mean(({x} - {y}) ** 2)",
         [(x, f"2 * ({x} - {y}) * DV / {x}.size"), (y, f"-2 * ({x} - {y}) * DV / {x}.size")]),
        (f"{v} = np.sum(np.maximum({x}, 0) - {x} * sigmoid({y}) + np.log1p(np.exp(-np.abs({x}))))",
         [(x, f"DV * (sigmoid({x}) - sigmoid({y}))"), (y, f"-DV * {x} * sigmoid({y}) * (1 - sigmoid({y}))")]),
        (f"{v} = np.abs({x} - {y}).sum()", [f"w = np.sign({x} - {y})", (x, "DV * w"), (y, "-DV * w")]),
        (f"{v} = np.maximum(0, 1 - {x} * {y}).mean()",
         [f"w = -1.0 * (1 - {x} * {y} > 0) / {x}.size * DV", (x, f"w * {y}"), (y, f"w * {x}")]),
        (f"{v} = ({x} * {y}).sum() / np.sqrt(np.sum({x} ** 2) * np.sum({y} ** 2))",
         [f"a, b = np.sum({x} ** 2), np.sum({y} ** 2)", "c = 1 / np.sqrt(a * b)",
          (x, f"DV * ({y} * c - {v} * {x} / a)"), (y, f"DV * ({x} * c - {v} * {y} / b)")]),
        (f"{v} = np.sum(softmax({x}, -1) * {y})",
         [f"w = softmax({x}, -1)", (x, f"DV * w * ({y} - np.sum(w * {y}, axis=-1, keepdims=True))"), (y, "DV * w")]),
        ([f"w{v[1:]} = np.abs({x} - {y})", f"{v} = np.where(w{v[1:]} < 1, 0.5 * w{v[1:]} ** 2, w{v[1:]} - 0.5).sum()"],
         [f"w = DV * np.clip({x} - {y}, -1, 1)", (x, "w"), (y, "-w")]),
    )), [x, y])  # fmt: skip


def layered(t: Tape) -> None:
    """Convolution, pooling, clipping by a norm, running products and maxima."""
    x, v = t.a(lambda x: x.ndim > 0 and len(x) > 1), t.fresh()
    n, w = len(t.value(x)), f"w{v[1:]}"
    zeros = f"w = np.zeros_like({x})"
    windows = f"np.lib.stride_tricks.sliding_window_view({x}, 2, axis=0)"
    picks = [
        (f"{v} = np.stack([{x}[i] - 2 * {x}[i + 1] for i in range({n - 1})])",
         [zeros, f"for i in range({n - 1}):\n    w[i] += DV[i]\n    w[i + 1] -= 2 * DV[i]", (x, "w")]),
        (f"{v} = {windows}.sum(axis=-1)", [zeros, "w[:-1] += DV", "w[1:] += DV", (x, "w")]),
        (f"{v} = {windows}.max(axis=-1)",
         [zeros, f"m = {x}[:-1] > {x}[1:]", "w[:-1] += DV * m", "w[1:] += DV * ~m", (x, "w")]),
        (f"{v} = np.cumprod({x}, axis=0)",
         [zeros, f"for i in range({n}):\n    for j in range(i + 1):\n        w[j] += DV[i] * {v}[i] / {x}[j]",
          (x, "w")]),
        ([f"{w} = np.sqrt(np.sum({x} ** 2))", f"{v} = {x} * np.minimum(1, 2 / {w})"],
         [f"w = DV * 2 / {w} - 2 * {x} * np.sum(DV * {x}) / {w} ** 3", (x, f"np.where({w} < 2, DV, w)")]),
        ([f"{w} = np.linalg.norm({x})", f"{v} = {x} / {w} if {w} > 1 else 1 * {x}"],
         [f"w = DV\nif {w} > 1:\n    w = (DV - {v} * np.sum(DV * {v})) / {w}", (x, "w")]),
        (f"{v} = np.linalg.norm({x}, axis=0)", [(x, f"DV * {x} / {v}")]),
        (f"{v} = {x}.std(axis=0)", [(x, f"DV * ({x} - {x}.mean(axis=0)) / (len({x}) * {v})")]),
        (f"{v} = np.ptp({x}, axis=0)", [(x, f"DV * (1.0 * ({x} == {x}.max(axis=0)) - ({x} == {x}.min(axis=0)))")]),
        (f"{v} = np.average({x}, axis=0, weights=np.arange(1, {n + 1}))",
         [(x, f"np.multiply.outer(np.arange(1, {n + 1}), DV) / {n * (n + 1) / 2}")]),
        (f"{v} = np.median({x}, axis=0)" if n % 2 else f"{v} = np.sort({x}, axis=0)[0]",
         [(x, f"DV * ({x} == {v})")]),
        (f"{v} = np.partition({x}, 1, axis=0)[:1]", [(x, f"DV * ({x} == {x}.min(axis=0))")]),
        (f"{v} = np.clip({x}, {x}.mean(), None)",
         [f"m = {x} > {x}.mean()", (x, f"DV * m + np.sum(DV * ~m) / {x}.size")]),
        (f"{v} = sum(np.maximum(p, q) for p, q in zip({x}[:-1], {x}[1:]))",
         [zeros, f"for i in range({n - 1}):\n    m = {x}[i] > {x}[i + 1]\n    w[i] += DV * m\n"
                 "    w[i + 1] += DV * (1 - m)", (x, "w")]),
    ]  # fmt: skip
    if t.value(x).ndim == 2:
        m = t.value(x).shape[1]
        picks += [
            (f"{v} = np.tril({x})", [(x, "np.tril(DV)")]),
            (f"{v} = np.triu({x}, 1)", [(x, f"DV * (np.arange({n})[:, None] < np.arange({m}))")]),
            (f"{v} = np.einsum('ij->j', {x})", [(x, f"np.tile(DV, ({n}, 1))")]),
            (f"{v} = np.einsum('...i,...i->...', {x}, {x})", [(x, f"2 * DV[..., None] * {x}")]),
            (f"{v} = np.kron({x}, np.ones((2, 1)))", [(x, "DV[::2] + DV[1::2]")]),
            (f"{v} = np.diag({x} @ {x}.T)", [(x, f"2 * np.diag(DV) @ {x}")]),
            (f"{v} = np.trace({x} @ {x}.T)", [(x, f"2 * DV * {x}")]),
            (f"{v} = np.hstack([{x}, np.ones(({n}, 1))])", [(x, "DV[:, :-1]")]),
            (f"{v} = np.column_stack([{x}, {x}[:, 0] ** 2])",
             [f"w = DV[:, :{m}].copy()", f"w[:, 0] += 2 * {x}[:, 0] * DV[:, -1]", (x, "w")]),
            (f"{v} = np.vstack([{x}[1:], {x}[:1]])", [(x, "np.concatenate([DV[-1:], DV[:-1]])")]),
            (f"{v} = np.einsum('ij,ik,il->jkl', {x}, {x}, {x}[:, :1])",
             [zeros, f"w += np.einsum('jkl,ik,il->ij', DV, {x}, {x}[:, :1])",
              f"w += np.einsum('jkl,ij,il->ik', DV, {x}, {x}[:, :1])",
              f"w[:, :1] += np.einsum('jkl,ij,ik->il', DV, {x}, {x})", (x, "w")]),
        ]  # fmt: skip
    t.add(*t.pick(picks), [x])


def embedded(t: Tape) -> None:
    """Rows of a table by their numbers, and segments of rows."""
    x, v = t.a(lambda x: x.ndim == 2), t.fresh()
    n, m = t.value(x).shape
    k, w = t.number(n), f"w{v[1:]}"
    zeros = f"w = np.zeros_like({x})"
    t.add(*t.pick((
        (f"{v} = {x}[{k}].sum(axis=0)", [zeros, f"np.add.at(w, {k}, DV)", (x, "w")]),
        ([f"{v} = np.zeros_like({x})", f"for i, j in enumerate({k}):\n    {v}[j] += {x}[i % {n}] * (i + 1)"],
         [zeros, f"for i, j in enumerate({k}):\n    w[i % {n}] += DV[j] * (i + 1)", (x, "w")]),
        ([f"{w} = np.eye({n})[{k}]", f"{v} = {w} @ {x}"], [(x, f"{w}.T @ DV")]),
        ([f"{v} = np.zeros(({n}, {m}))", f"np.add.at({v}, {k}, {x}[{k}] ** 2)"],
         [zeros, f"for j in {k}:\n    w[j] += 2 * {x}[j] * DV[j]", (x, "w")]),
        (f"{v} = {x}[np.arange({n})[:, None], np.argsort({x}, axis=1)]",
         [f"w = np.empty_like({x})", f"w[np.arange({n})[:, None], np.argsort({x}, axis=1)] = DV", (x, "w")]),
        (f"{v} = {x}[np.argsort({x}[:, 0])]", [f"i = np.argsort({x}[:, 0])", zeros, "w[i] = DV", (x, "w")]),
        (f"{v} = {x}[np.arange({n}), np.argmax(np.abs({x}), axis=1)]",
         [zeros, f"w[np.arange({n}), np.argmax(np.abs({x}), axis=1)] = DV", (x, "w")]),
    )), [x])  # fmt: skip


COMPOSITIONS = (branching, branching, by_rows, by_rows, attention, loss, layered, layered, layered, embedded)

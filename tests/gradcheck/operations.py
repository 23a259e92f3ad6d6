"""The operations of random programs: the lines of each, and the lines of its gradients.

``DV`` is the gradient of what an operation makes. Each is written in one of several ways that are common.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .formulas import BINARY, UNARY
from .tapes import Tape, Unfit


def unary(t: Tape) -> None:
    x, v = t.a(), t.fresh()
    line = t.pick(list(UNARY))
    if ("log({x})" in line or "sqrt({x})" in line) and not np.all(t.value(x) > 0):
        raise Unfit
    t.add(f"{v} = {line.format(x=x)}", [(x, t.pick(UNARY[line]).format(x=x, v=v))], [x])


def in_place(t: Tape) -> None:
    """Arithmetic on a copy."""
    x, v = t.a(lambda x: x.ndim > 0), t.fresh()
    lines, back = t.pick((
        ([f"{v} = {x}.copy()", f"{v} *= 2"], ["DV = DV * 2"]),
        ([f"{v} = {x} * 1.0", f"{v}[0] = 0"], ["DV = DV.copy()", "DV[0] = 0"]),
        ([f"{v} = np.zeros_like({x})", f"{v}[1:] = {x}[:-1]"],
         [f"w = np.zeros_like({x})", "w[:-1] = DV[1:]", "DV = w"]),
        ([f"{v} = np.array({x})", f"{v}[-1] += {v}[0]"], ["DV = np.array(DV)", "DV[0] += DV[-1]"]),
        ([f"{v} = np.copy({x})", f"{v}[{v} < 0] = 0"], ["DV = np.copy(DV)", f"DV[{x} < 0] = 0"]),
        ([f"{v} = np.copy({x})", f"{v}[{v} < 0] *= 0.1"], ["DV = np.copy(DV)", f"DV[{x} < 0] *= 0.1"]),
        ([f"{v} = 2 * {x}", f"np.tanh({v}, out={v})"], [f"DV = 2 * DV * (1 - {v} ** 2)"]),
        ([f"{v} = {x}.copy()", f"{v}[..., 0] -= {x}[..., -1]"],
         ["w = DV.copy()", "w[..., -1] -= DV[..., 0]", "DV = w"]),
    ))  # fmt: skip
    t.add(lines, [*back, (x, "DV")], [x])


def binary(t: Tape) -> None:
    x, v = t.a(), t.fresh()
    y = t.a(lambda y: _broadcast(y, t.value(x)))
    line = t.pick(list(BINARY))
    first, second = (text.format(x=x, y=y, v=v) for text in BINARY[line])
    if "/ {y}" in line and np.any(np.abs(t.value(y)) < 0.1):
        raise Unfit
    if x == y and (">" in first or "<" in first or "hypot" in first):
        raise Unfit
    t.add(f"{v} = {line.format(x=x, y=y)}", [(x, "GX"), (y, "GY")], [x, y])
    step = t.steps[-1]
    t.steps[-1] = type(step)(v, step.forward, ((x, t.summed(first, x, v)), (y, t.summed(second, y, v))))


def _broadcast(x: Any, y: Any) -> bool:
    try:
        np.broadcast(x, y)
    except ValueError:
        return False
    return True


def product(t: Tape) -> None:
    x, v = t.a(lambda x: x.ndim > 0), t.fresh()
    a = t.value(x)
    y = t.a(lambda y: y.ndim > 0 and y.shape[max(y.ndim - 2, 0)] == a.shape[-1])
    b = t.value(y)
    line, back = f"{v} = {t.pick((f'{x} @ {y}', f'np.matmul({x}, {y})', f'{x}.dot({y})'))}", None
    einsum = t.chance(0.3)
    dims = a.ndim, b.ndim
    if dims == (1, 1):
        back = [(x, f"DV * {y}"), (y, f"DV * {x}")]
    elif dims == (2, 1):
        line = f"{v} = np.einsum('ij,j->i', {x}, {y})" if einsum else line
        back = [(x, t.pick((f"np.outer(DV, {y})", f"DV[:, None] * {y}", f"np.einsum('i,j->ij', DV, {y})"))),
                (y, t.pick((f"{x}.T @ DV", f"DV @ {x}", f"np.einsum('ij,i->j', {x}, DV)")))]  # fmt: skip
    elif dims == (1, 2):
        line = f"{v} = np.einsum('i,ij->j', {x}, {y})" if einsum else line
        back = [
            (x, t.pick((f"DV @ {y}.T", f"{y} @ DV"))),
            (y, t.pick((f"np.outer({x}, DV)", f"{x}[:, None] * DV[None]"))),
        ]
    elif dims == (2, 2):
        line = f"{v} = np.einsum('ij,jk->ik', {x}, {y})" if einsum else line
        back = [(x, t.pick((f"DV @ {y}.T", f"np.dot(DV, {y}.T)", f"np.einsum('ik,jk->ij', DV, {y})"))),
                (y, t.pick((f"{x}.T @ DV", f"np.einsum('ij,ik->jk', {x}, DV)", f"(DV.T @ {x}).T")))]  # fmt: skip
    elif dims == (3, 2):
        line = t.pick((f"{v} = {x} @ {y}", f"{v} = np.einsum('tij,jk->tik', {x}, {y})"))
        back = [(x, t.pick((f"DV @ {y}.T", f"np.einsum('tik,jk->tij', DV, {y})"))),
                (y, t.pick((f"np.einsum('tij,tik->jk', {x}, DV)", f"np.tensordot({x}, DV, axes=([0, 1], [0, 1]))",
                            f"sum({x}[s].T @ DV[s] for s in range(len({x})))",
                            f"{x}.reshape(-1, {a.shape[2]}).T @ DV.reshape(-1, {b.shape[1]})")))]  # fmt: skip
    elif dims == (3, 3) and a.shape[0] == b.shape[0]:
        line = t.pick((f"{v} = {x} @ {y}", f"{v} = np.einsum('bij,bjk->bik', {x}, {y})"))
        back = [(x, t.pick((f"DV @ {y}.transpose(0, 2, 1)", f"np.einsum('bik,bjk->bij', DV, {y})"))),
                (y, t.pick((f"{x}.swapaxes(1, 2) @ DV", f"np.stack([p.T @ q for p, q in zip({x}, DV)])")))]  # fmt: skip
    if back is None:
        raise Unfit
    t.add(line, back, [x, y])


def einsum(t: Tape) -> None:
    """Other contractions of an array with itself or with another of its shape."""
    x, v = t.a(lambda x: x.ndim == 2), t.fresh()
    y = t.a(lambda y: y.shape == t.value(x).shape)
    t.add(*t.pick((
        (f"{v} = np.einsum('ij,ij->i', {x}, {y})", [(x, f"DV[:, None] * {y}"), (y, f"np.einsum('i,ij->ij', DV, {x})")]),
        (f"{v} = np.einsum('ij,ij->', {x}, {y})", [(x, f"DV * {y}"), (y, f"DV * {x}")]),
        (f"{v} = np.einsum('ij,kj->ik', {x}, {y})", [(x, f"np.einsum('ik,kj->ij', DV, {y})"), (y, f"DV.T @ {x}")]),
        (f"{v} = np.einsum('ij,ik->jk', {x}, {y})", [(x, f"{y} @ DV.T"), (y, f"np.einsum('ij,jk->ik', {x}, DV)")]),
        (f"{v} = {x} @ {y}.T", [(x, f"DV @ {y}"), (y, f"DV.T @ {x}")]),
        (f"{v} = np.outer({x}, {y}[0])",
         [(x, f"(DV @ {y}[0]).reshape({x}.shape)"), f"w = np.zeros_like({y})", f"w[0] = {x}.ravel() @ DV", (y, "w")]),
    )), [x, y])  # fmt: skip


def reduction(t: Tape) -> None:
    x, v = t.a(lambda x: x.ndim > 0), t.fresh()
    axis = t.axis(x)
    kept = t.chance()
    arguments = [f"axis={axis}", *["keepdims=True"] * kept]
    wide = "DV" if kept else f"np.expand_dims(DV, {axis})"
    full = "{0}" if kept else f"np.expand_dims({{0}}, {axis})"
    top = full.format(v)
    count = t.value(x).shape[axis]
    if t.chance(0.25):
        lines, back = t.pick((
            (f"{v} = {t.called('sum', x)}", f"DV * np.ones_like({x})"),
            (f"{v} = {t.called('mean', x)}", f"np.full({x}.shape, DV / {x}.size)"),
            (f"{v} = np.sum({x} ** 2) / 2", f"DV * {x}"),
            (f"{v} = np.mean({x} ** 2)", f"2 * DV * {x} / {x}.size"),
            (f"{v} = np.log(np.sum(np.exp({x})))", f"DV * np.exp({x} - {v})"),
            (f"{v} = {t.called('max', x)}", f"DV * ({x} == {v})"),
            (f"{v} = np.sqrt(np.sum({x} ** 2))", f"DV * {x} / {v}"),
        ))  # fmt: skip
        t.add(lines, [(x, back)], [x])
        return
    t.add(*t.pick((
        (f"{v} = {t.called('sum', x, *arguments)}", [(x, f"np.broadcast_to({wide}, {x}.shape)")]),
        (f"{v} = {t.called('sum', x, *arguments)}", [(x, f"np.repeat({wide}, {count}, axis={axis})")]),
        (f"{v} = {t.called('mean', x, *arguments)}", [(x, f"{wide} * np.ones_like({x}) / {x}.shape[{axis}]")]),
        (f"{v} = {t.called('mean', x, *arguments)}", [(x, f"np.zeros_like({x}) + {wide} / {count}")]),
        (f"{v} = {t.called('max', x, *arguments)}", [(x, f"{wide} * ({x} == {top})")]),
        (f"{v} = {t.called('max', x, *arguments)}",
         [f"w = np.zeros_like({x})", f"i = np.expand_dims(np.argmax({x}, axis={axis}), {axis})",
          f"np.put_along_axis(w, i, {wide}, axis={axis})", (x, "w")]),
        (f"{v} = {t.called('min', x, *arguments)}", [(x, f"np.where({x} == {top}, {wide}, 0)")]),
        (f"{v} = {t.called('prod', x, *arguments)}", [(x, f"{wide} * {top} / {x}")]),
        (f"{v} = {t.called('var', x, *arguments)}",
         [(x, f"2 / {count} * {wide} * ({x} - {x}.mean(axis={axis}, keepdims=True))")]),
        (f"{v} = np.log(np.sum(np.exp({x}), {', '.join(arguments)}))", [(x, f"{wide} * np.exp({x} - {top})")]),
        ([f"w{v[1:]} = {x}.max(axis={axis}, keepdims=True)",
          f"{v} = np.log(np.exp({x} - w{v[1:]}).sum(axis={axis}, keepdims=True)) + w{v[1:]}"],
         [(x, f"DV * np.exp({x} - {v})")]),
        (f"{v} = np.sum({x} ** 2, {', '.join(arguments)})", [(x, f"2 * {x} * {wide}")]),
    )), [x])  # fmt: skip


def normalised(t: Tape) -> None:
    """Softmax, its logarithm, and what has mean 0 and variance 1."""
    x, v = t.a(lambda x: x.ndim > 0), t.fresh()
    axis, w = t.axis(x), f"w{v[1:]}"
    if t.value(x).shape[axis] < 2:
        raise Unfit
    along = f"axis={axis}, keepdims=True"
    t.add(*t.pick((
        (f"{v} = softmax({x}, {axis})", [(x, f"{v} * (DV - np.sum(DV * {v}, {along}))")]),
        ([f"{v} = np.exp({x})", f"{v} = {v} / {v}.sum({along})"],
         [f"w = DV * {v}", (x, f"w - {v} * w.sum({along})")]),
        (f"{v} = {x} - np.log(np.sum(np.exp({x}), {along}))", [(x, f"DV - np.exp({v}) * np.sum(DV, {along})")]),
        ([f"{w} = np.sqrt({x}.var({along}) + 1e-5)", f"{v} = ({x} - {x}.mean({along})) / {w}"],
         [(x, f"(DV - DV.mean({along}) - {v} * (DV * {v}).mean({along})) / {w}")]),
        ([f"{w} = np.sqrt(np.mean({x} ** 2, {along}) + 0.1)", f"{v} = {x} / {w}"],
         [(x, f"(DV - {v} * np.mean(DV * {v}, {along})) / {w}")]),
        (f"{v} = {x} - {x}.mean({along})", [(x, f"DV - DV.mean({along})")]),
        (f"{v} = {x} / np.sum({x} ** 2, {along})",
         [f"w = np.sum({x} ** 2, {along})", (x, f"DV / w - 2 * {x} * np.sum(DV * {x}, {along}) / w ** 2")]),
    )), [x])  # fmt: skip


def moved(t: Tape) -> None:
    x, v = t.a(lambda x: x.ndim > 0), t.fresh()
    axis, ndim = t.axis(x), t.value(x).ndim
    order = [int(k) for k in t.random.permutation(ndim)]
    back = [int(k) for k in np.argsort(order)]
    pads = [(int(t.random.integers(3)), int(t.random.integers(3))) for _ in range(ndim)]
    inner = ", ".join(f"{a}:{a + n}" for (a, _), n in zip(pads, t.value(x).shape))
    count, times = t.value(x).shape[axis], int(t.random.integers(2, 4))
    shift = int(t.random.integers(1, 3))
    shape = t.value(x).shape
    apart = ", ".join(map(str, (*shape[: axis % ndim], count, times, *shape[axis % ndim + 1 :])))
    t.add(*t.pick((
        (f"{v} = {x}.reshape(-1)", [(x, f"DV.reshape({x}.shape)")]),
        (f"{v} = {x}.reshape({t.value(x).shape[-1]}, -1)", [(x, f"np.reshape(DV, {x}.shape)")]),
        (f"{v} = {x}[None]", [(x, "DV[0]")]),
        (f"{v} = {x}.ravel()[:, None]", [(x, f"DV.reshape({x}.shape)")]),
        (f"{v} = {x}.T", [(x, "DV.T")]),
        (f"{v} = {x}.transpose({str(order)[1:-1]})", [(x, f"DV.transpose({str(back)[1:-1]})")]),
        (f"{v} = np.moveaxis({x}, {axis}, 0)", [(x, f"np.moveaxis(DV, 0, {axis})")]),
        (f"{v} = np.swapaxes({x}, 0, {axis})", [(x, f"np.swapaxes(DV, 0, {axis})")]),
        (f"{v} = np.pad({x}, {pads})", [(x, f"DV[{inner}]")]),
        (f"{v} = np.flip({x}, axis={axis})", [(x, f"np.flip(DV, axis={axis})")]),
        (f"{v} = {x}[::-1]", [(x, "DV[::-1]")]),
        (f"{v} = np.roll({x}, {shift}, axis={axis})", [(x, f"np.roll(DV, -{shift}, axis={axis})")]),
        (f"{v} = np.repeat({x}, {times}, axis={axis})",
         [(x, f"DV.reshape({apart}).sum(axis={axis % ndim + 1})")]),
        (f"{v} = np.tile({x}, ({times}, *[1] * {ndim}))", [(x, "DV.sum(axis=0)")]),
        (f"{v} = np.broadcast_to({x}, (2, *{x}.shape))", [(x, "DV.sum(axis=0)")]),
        (f"{v} = np.cumsum({x}, axis={axis})",
         [(x, f"np.flip(np.cumsum(np.flip(DV, axis={axis}), axis={axis}), axis={axis})")]),
        (f"{v} = np.diff({x}, axis=0, prepend=0)", ["w = DV.copy()", "w[:-1] -= DV[1:]", (x, "w")]),
    )), [x])  # fmt: skip


def chosen(t: Tape) -> None:
    """Slices and entries by their numbers."""
    x, v = t.a(lambda x: x.ndim > 0), t.fresh()
    count, axis = len(t.value(x)), t.axis(x)
    numbers = [int(k) for k in t.random.integers(0, count, int(t.random.integers(1, 5)))]
    k, w = int(t.random.integers(count)), f"w{v[1:]}"
    zeros = f"w = np.zeros_like({x})"
    n = t.number(count) if t.chance(0.3) else str(numbers)
    picks = [
        (f"{v} = {x}[{k}]", [zeros, f"w[{k}] += DV", (x, "w")]),
        (f"{v} = {x}[1:]", [zeros, "w[1:] = DV", (x, "w")]),
        (f"{v} = {x}[..., ::2]", [zeros, "w[..., ::2] = DV", (x, "w")]),
        (f"{v} = {x}[:-1] + {x}[1:]", [zeros, "w[:-1] += DV", "w[1:] += DV", (x, "w")]),
        (f"{v} = {x}[{n}]", [zeros, f"np.add.at(w, {n}, DV)", (x, "w")]),
        (f"{v} = np.take({x}, {n}, axis=0)", [zeros, f"for i, j in enumerate({n}):\n    w[j] += DV[i]", (x, "w")]),
        (f"{v} = {x}[{n}]", [f"w = np.eye({count})[{n}]", (x, "np.tensordot(w, DV, axes=([0], [0]))")]),
        (f"{v} = np.sort({x}, axis={axis})",
         [f"i = np.argsort({x}, axis={axis})", zeros, f"np.put_along_axis(w, i, DV, axis={axis})", (x, "w")]),
        ([f"{w} = np.argsort({x}, axis={axis})", f"{v} = np.take_along_axis({x}, {w}, axis={axis})"],
         [f"i = np.argsort({w}, axis={axis})", (x, f"np.take_along_axis(DV, i, axis={axis})")]),
        (f"{v} = {x}[np.argmax({x}.reshape(len({x}), -1)[:, 0])]",
         [zeros, f"w[np.argmax({x}.reshape(len({x}), -1)[:, 0])] = DV", (x, "w")]),
    ]  # fmt: skip
    if t.value(x).ndim == 2:
        n = t.number(t.value(x).shape[1])
        t.space[n] = t.random.integers(0, t.value(x).shape[1], count)
        picks += [
            (f"{v} = {x}[np.arange(len({n})), {n}]", [zeros, f"w[np.arange(len({n})), {n}] = DV", (x, "w")]),
            (f"{v} = -np.log(softmax({x}, 1)[np.arange({count}), {n}])",
             [f"w = softmax({x}, 1)", f"w[np.arange({count}), {n}] -= 1", (x, "w * DV[:, None]")]),
        ]  # fmt: skip
    t.add(*t.pick(picks), [x])


def joined(t: Tape) -> None:
    x, v = t.a(lambda x: x.ndim > 0), t.fresh()
    y = t.a(lambda y: y.shape == t.value(x).shape)
    if x == y:
        raise Unfit
    axis = t.axis(x)
    count = t.value(x).shape[axis]
    take = f"np.take(DV, {{}}, axis={axis})"
    cut = f"np.split(DV, 2, axis={axis})"
    t.add(*t.pick((
        (f"{v} = np.concatenate([{x}, {y}], axis={axis})", [f"w, u = {cut}", (x, "w"), (y, "u")]),
        (f"{v} = np.concatenate(({x}, {y}), axis={axis})", [f"w = {cut}", (x, "w[0]"), (y, "w[1]")]),
        (f"{v} = np.concatenate([{x}, {y}])", [(x, f"DV[:len({x})]"), (y, f"DV[len({x}):]")]),
        (f"{v} = np.stack([{x}, {y}], axis={axis})", [(x, take.format(0)), (y, take.format(1))]),
        (f"{v} = np.array([{x}, {y}])", [(x, "DV[0]"), (y, "DV[1]")]),
        (f"{v} = np.stack([p * q for p, q in zip({x}, {y})])", [(x, f"DV * {y}"), (y, f"DV * {x}")]),
        ([f"w{v[1:]} = np.concatenate([{x}, {y}], axis={axis})",
          f"{v} = np.split(w{v[1:]}, [{count - 1}], axis={axis})[1]"],
         [f"w = np.concatenate([np.zeros(np.shape({x})), np.zeros(np.shape({y}))], axis={axis})",
          f"np.moveaxis(w, {axis}, 0)[{count - 1}:] = np.moveaxis(DV, {axis}, 0)",
          (x, f"np.take(w, np.arange({count}), axis={axis})"),
          (y, f"np.take(w, np.arange({count}, {2 * count}), axis={axis})")]),
    )), [x, y])  # fmt: skip


def scanned(t: Tape) -> None:
    """A loop over the first axis with a carry."""
    x, v = t.a(lambda x: x.ndim > 0), t.fresh()
    zeros = [f"w = np.zeros_like({x})", "c = 0"]
    back = f"for t in reversed(range(len({x}))):\n    "
    t.add(*t.pick((
        ([f"{v} = np.zeros_like({x})", "c = 0", f"for t in range(len({x})):\n    c = 0.5 * c + {x}[t]\n    {v}[t] = c"],
         [*zeros, f"{back}c = DV[t] + 0.5 * c\n    w[t] = c", (x, "w")]),
        ([f"{v} = np.zeros_like({x})", "c = 0",
          f"for t in range(len({x})):\n    c = np.tanh(c + {x}[t])\n    {v}[t] = c"],
         [*zeros, f"{back}c = (DV[t] + c) * (1 - {v}[t] ** 2)\n    w[t] = c", (x, "w")]),
        ([f"c = np.zeros_like({x}[0])", "h = []",
          f"for t in range(len({x})):\n    c = sigmoid({x}[t]) * c + {x}[t]\n    h.append(c)",
          f"{v} = np.stack(h)"],
         [*zeros, f"{back}c = DV[t] + c\n    s = sigmoid({x}[t])\n    p = {v}[t - 1] if t > 0 else 0\n"
                  "    w[t] = c + c * p * s * (1 - s)\n    c = c * s", (x, "w")]),
        ([f"{v} = {x}.copy()", f"for t in range(1, len({x})):\n    {v}[t] += {v}[t - 1] * {x}[t]"],
         ["c = DV.copy()", f"w = np.zeros_like({x})",
          f"for t in range(len({x}) - 1, 0, -1):\n    w[t] += c[t] * (1 + {v}[t - 1])\n    c[t - 1] += c[t] * {x}[t]",
          "w[0] += c[0]", (x, "w")]),
        ([f"{v} = np.maximum.accumulate({x}, axis=0)"],
         [f"w = np.zeros_like({x})", f"c = {x}[0] * 0", f"{back}c = c + DV[t]\n    m = {x}[t] == {v}[t]\n"
          "    w[t] = np.where(m, c, 0)\n    c = np.where(m, 0, c)", (x, "w")]),
        (f"{v} = sum({x}[t] * (t + 1) for t in range(len({x})))",
         [(x, f"np.stack([DV * (t + 1) for t in range(len({x}))])")]),
    )), [x])  # fmt: skip


def recurrent(t: Tape) -> None:
    """A recurrent layer, with the last state or all of them."""
    x, v = t.a(lambda x: x.ndim == 2), t.fresh()
    m = t.value(x).shape[1]
    u = t.a(lambda u: u.shape == (m, m))
    b = t.a(lambda b: b.shape in ((m,), (1, m), ()))
    slope = t.pick((f"(1 - {v}[t] ** 2)", f"(1 - {v}[t] * {v}[t])"))
    outer = t.pick(
        (f"np.outer({v}[t - 1], a)", f"{v}[t - 1][:, None] * a[None, :]", f"np.einsum('i,j->ij', {v}[t - 1], a)")
    )
    bias = f"{b}.reshape(-1)" if t.value(b).ndim else b
    whole = {(m,): "b", (1, m): "b[None]", (): "b.sum()"}[t.value(b).shape]
    t.add(
        [f"{v} = np.zeros({x}.shape)", f"h = np.zeros({m})",
         f"for t in range(len({x})):\n    h = np.tanh({x}[t] + h @ {u} + {bias})\n    {v}[t] = h"],
        [f"w, q, b, h = np.zeros_like({x}), np.zeros_like({u}), np.zeros({m}), np.zeros({m})".replace(" b,", " e,", 1),
         f"for t in reversed(range(len({x}))):\n    a = (DV[t] + h) * {slope}\n    w[t] = a\n    e += a\n"
         f"    if t > 0:\n        q += {outer}\n    h = {u} @ a", (x, "w"), (u, "q"), (b, whole.replace("b", "e"))],
        [x, u, b],
    )  # fmt: skip


OPERATIONS = (
    *(unary,) * 5, *(binary,) * 4, *(product,) * 3, einsum, *(reduction,) * 3, *(normalised,) * 2, *(moved,) * 2,
    *(chosen,) * 2, joined, in_place, scanned, *(recurrent,) * 2,
)  # fmt: skip

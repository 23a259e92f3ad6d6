"""Random programs of array operations, run in NumPy and on exact arrays side by side.

A statement is a line of Python; after each one the variables of both runs are compared: values, types, shapes,
layout in memory, and which of them share memory.
"""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np

from lstm_sym.gradcheck.array import Array, Scalar, instead_of
from lstm_sym.gradcheck.field import Field
from lstm_sym.gradcheck.frames import Unsupported
from lstm_sym.gradcheck.modular import Singular, Unlucky
from lstm_sym.gradcheck.stand_in import StandIn

REFUSED = (Unsupported, Singular, Unlucky, NotImplementedError)
"""How exact numbers decline what they do not follow."""

MISUSE = (TypeError, ValueError, IndexError)
"""Errors that are not told from each other."""

NAMES = "abcdefgh"
MOST_ENTRIES = 400

VIEWS = (
    "{x}.T", "{x}.mT", "{x}.transpose()", "{x}.transpose({perm})", "np.transpose({x})", "np.transpose({x}, {perm})",
    "{x}.reshape(-1)", "{x}.reshape({same})", "{x}.reshape({same}, order='F')", "np.reshape({x}, {same})",
    "{x}.ravel()", "{x}.ravel({order})", "np.ravel({x})", "{x}.squeeze()", "np.squeeze({x})", "{x}.swapaxes(0, -1)",
    "np.swapaxes({x}, {ax}, {ax})", "np.moveaxis({x}, {ax}, {ax})", "np.rollaxis({x}, {ax})",
    "np.expand_dims({x}, {ax})", "np.broadcast_to({x}, (2, *{x}.shape))", "np.atleast_1d({x})", "np.atleast_2d({x})",
    "np.atleast_3d({x})", "np.flip({x})", "np.flip({x}, {ax})", "np.fliplr({x})", "np.flipud({x})", "np.rot90({x})",
    "np.diagonal({x})", "{x}.diagonal()", "{x}.diagonal(1)", "np.split({x}, 2, axis={ax})[0]",
    "np.array_split({x}, 2, axis={ax})[1]", "np.hsplit({x}, 2)[0]", "np.vsplit({x}, 2)[0]", "np.real({x})",
    "{x}.real", "{x}.conj()", "{x}.conjugate()", "{x}.view()", "np.asarray({x})", "np.asanyarray({x})",
    "np.asarray({x}, order={order})", "np.ascontiguousarray({x})", "np.asfortranarray({x})",
    "np.require({x})", "np.array({x}, copy=False)", "np.array({x}, copy=None, order={order})", "{x}.flat",
    "np.broadcast_arrays({x}, {y})[0]", "np.broadcast_arrays({x}, {y})[1]", "np.diag({x})", "np.diag({x}, 1)",
    "np.nan_to_num({x}, copy=False)", "{x}.astype(float, copy=False)", "{x}.astype(float, order={order}, copy=False)",
    "np.lib.stride_tricks.sliding_window_view({x}, 2, axis={ax})", "np.unstack({x})[0]", "np.matrix_transpose({x})",
    "np.permute_dims({x}, {perm})", "{x}[()]", "{x}[...]", "{x}[None]", "{x}[..., None]", "np.einsum('...->...', {x})",
    "np.einsum('ij->ji', {x})", "np.einsum('ij', {x})", "np.einsum('ii->i', {x})", "np.einsum('ijk->kij', {x})",
    "np.einsum('ji', {x})", "np.einsum('i', {x})", "np.vsplit({x}, [1])[1]", "np.dsplit({x}, [1])[0]",
    "np.lib.stride_tricks.as_strided({x}, {x}.shape, {x}.strides)",
    "np.lib.stride_tricks.as_strided({x}, {x}.shape[::-1], {x}.strides[::-1])",
)  # fmt: skip

INDEXED = ("{x}[{index}]",) * 12 + ("np.take({x}, {indices}, axis={ax})", "{x}.take({indices})", "{x}[{x} > 0]",
    "np.take({x}, [[0, 1]], axis={ax})", "{x}[{mask}]", "{x}[np.argsort({x}, axis=None)[:2] * 0]",
    "np.take_along_axis({x}, np.argsort({x}, axis={ax}), {ax})", "{x}[np.nonzero({x} > 0)]", "{x}.item(0)",
    "np.compress([True, False, True], {x}, axis={ax})", "np.extract({x} > 0, {x})", "{x}.flat[1:3]", "{x}.flat[0]",
    "{x}.flat[[0, 1]]", "np.choose([0, 1, 0], [{x}, {y}])", "{x}[np.ix_([1, 0], [0, 1])]", "{x}[np.array([1, 0])[:, None]]",
    "{x}.T[{index}]", "{x}[..., [1, 0]]", "{x}[[1, 0]]", "{x}[[[1, 0], [0, 1]]]", "{x}[:, [0, 1]]", "{x}[[0, 1], :, [1, 0]]",
    "{x}[:, None, [0, 1]]", "{x}[[0, 1], ..., 0]",
)  # fmt: skip

COPIES = (
    "{x}.copy()", "{x}.copy({order})", "np.copy({x})", "np.copy({x}, order={order})", "np.array({x})", "+{x}",
    "np.array({x}, order={order})", "{x}.astype(float)", "{x}.astype(np.float64, order={order})", "copy.copy({x})",
    "copy.deepcopy({x})", "{x}.flatten()", "{x}.flatten({order})", "np.array([{x}, {x}])", "np.array([{x}.T, {x}.T])",
    "np.array({x}, ndmin=3)", "np.nan_to_num({x})", "np.array([{x}, {x}], order='F')", "np.array([[1.0, 2], [3, 4.5]])",
    "np.array(list({x}))", "np.array(tuple({x}))", "np.asarray([{x}, {x}])", "np.array({x}.tolist())",
    "np.array([[{x}.sum(), 1.0], [2, {x}.max()]])", "np.concatenate(list({x}))", "np.ascontiguousarray({x}.T)",
)  # fmt: skip

MOVES = (
    "np.concatenate([{x}, {x}], axis={ax})", "np.concatenate([{x}, {y}])", "np.concatenate([{x}, {y}], axis=None)",
    "np.stack([{x}, {x}])", "np.stack([{x}, {y}], axis={ax})", "np.hstack([{x}, {x}])", "np.vstack([{x}, {x}])",
    "np.dstack([{x}, {x}])", "np.column_stack([{x}, {x}])", "np.block([[{x}, {x}], [{x}, {x}]])", "np.block({x})",
    "np.where({x} > 0, {x}, {y})", "np.where({mask}, {x}, 0)", "np.where({x} > 0, {x}, -1.5)",
    "np.where({m}, {x}, {y})", "np.select([{x} > 0], [{x}], 0)",
    "np.repeat({x}, 2)", "np.repeat({x}, 2, axis={ax})", "{x}.repeat(2, axis={ax})", "np.tile({x}, 2)",
    "np.tile({x}, (2, 1))", "np.tile({x}, 1)", "np.roll({x}, 1)", "np.roll({x}, 1, axis={ax})", "np.pad({x}, 1)",
    "np.pad({x}, 1, mode='edge')", "np.pad({x}, 1, constant_values=2)", "np.tril({x})", "np.triu({x}, 1)",
    "np.diagflat({x})", "np.delete({x}, 0, axis={ax})", "np.delete({x}, 0)", "np.insert({x}, 1, 2.5, axis={ax})",
    "np.append({x}, {y})", "np.append({x}, {x}, axis={ax})", "np.resize({x}, {shape})", "np.sort({x}, axis={ax})",
    "np.sort({x})", "np.sort({x}, axis=None)", "np.concatenate([{x}, {n}], axis={ax})", "np.full({shape}, {x})",
    "np.kron({x}, {x})", "np.meshgrid({x}, {x})[0]", "np.meshgrid({x}, {y}, indexing='ij')[1]", "np.trim_zeros({x})",
    "np.broadcast_to({x}, {shape})", "np.concatenate([{x}[:1], {x}[1:]])", "np.r_[{x}, {x}]", "np.c_[{x}, {x}]",
)  # fmt: skip

MADE = (
    "np.zeros({shape})", "np.zeros({shape}, order='F')", "np.zeros({shape}, float, 'F')", "np.ones({shape}, order='F')",
    "np.full({shape}, 2.5, order='F')", "np.full({shape}, 2)", "np.zeros_like({x})", "np.ones_like({x}, order={order})",
    "np.full_like({x}, 3.0)", "np.full_like({x}, 3, order={order})", "np.zeros_like({x}, shape={shape})",
    "np.empty_like({x}) * 0", "np.zeros_like({x}, dtype=int)", "np.zeros_like({x}, dtype=bool)", "np.zeros({shape}, int)",
    "np.zeros_like({n})", "np.zeros_like({n}, dtype=float)", "np.ones_like({m}, dtype=float)", "np.eye(3)", "np.eye(2, 3)",
    "np.identity(3)", "np.arange(6.0).reshape(2, 3)", "np.arange(6)", "np.linspace(0, 1, 5)", "np.asfortranarray([[1.0, 2], [3, 4]])",
    "np.tri(3)", "np.outer({x}, {y})", "np.ones((2, 3)).T", "np.full({shape}, {x}.sum())", "np.zeros(len({x}))",
    "np.zeros({x}.shape)", "np.zeros({x}.T.shape)", "np.zeros_like({x}.T)", "np.ones(3) * 2", "np.zeros(())", "np.float64(2.5)",
    "np.zeros((2, 0))", "np.array(3.5)", "np.arange(3)", "np.array([True, False, True])", "np.linspace(1, 2, 6).reshape(3, 2).T",
    "np.indices((2, 3))[1]", "np.tril(np.ones((3, 3)))", "np.vander(np.arange(1.0, 4))",
)  # fmt: skip

COMPUTED = (
    "{x} + {y}", "{x} - {y}", "{x} * {y}", "{y} - {x}", "{x} / 2", "2 - {x}", "{x} * {n}", "{x} * {m}", "{m} * {x}", "{n} - {x}",
    "-{x}", "abs({x})", "{x} ** 2", "{x}[..., None] + {y}", "np.add({x}, {y})", "np.add({x}, {y}, order={order})",
    "np.multiply({x}, {y})", "np.square({x})", "np.negative({x})", "np.positive({x})", "np.absolute({x})", "np.sign({x})",
    "np.maximum({x}, 0)", "np.maximum({x}, {y})", "np.minimum({x}, {y})", "np.clip({x}, -1, 1)", "np.clip({x}, 0, None)", "{x}.clip(-1, 1)",
    "{x}.clip(min=0)", "np.clip({x}, {y}, 9)", "np.exp({x} * 0)", "np.heaviside({x}, 0.5)", "np.fmax({x}, {y})", "np.conj({x})",
    "np.add.outer({x}, {y})", "np.multiply.outer({y}, {x})", "np.floor({k})", "{k} // 2", "{k} % 2", "np.fmod({k}, 2)", "np.rint({k})",
    "{x} + [1.0]", "[[1.0], [2]] * {x}", "{x} + 1", "{x} * True", "1.0 * {x}", "np.subtract(1, {x})", "{x} + np.float64(1)",
    "np.float64(2) * {x}", "np.int64(2) * {x}", "{x}.dot({y})", "np.square({x}.T)", "{n} + {n}", "{n} * 2.5", "{m} & {m}", "~{m}", "{n} ** 2",
    "{n} / 2", "-{n}", "{n} @ {n}", "{n}.T", "{m}.astype(float)", "{n}.astype(float)", "{x}.astype(bool)", "{m} * 1.5", "np.where({m}, 1.0, 0.0)",
    "np.sqrt({n} * {n})", "np.exp({n} * 0)", "{m}.T * {x}", "np.maximum({n}, 0)", "np.maximum({n}, 0.5)", "{n} - {m}", "{m}.sum()", "{n}.sum(0)",
    "{n}.mean()", "{m}.mean(0)", "{m}.sum(axis=-1)", "{n}.max()", "{m}.any(0)", "np.sum({n})", "np.mean({m})", "{n}.astype(np.float64).T",
    "{n}.cumsum()", "({x} > 0).astype(float)", "({x} > 0) * 1.0", "({x} > 0) * {x}", "np.float64({x}.sum())", "float({k}.sum())",
    "{x} * {x}", "{x} + {x}.T", "{x}.T * 2 + 1", "np.power({x}, 2)", "np.hypot({n}, 0.0)", "{x} @ {n}",
)  # fmt: skip

PRODUCTS = (
    "{x} @ {y}", "{x} @ {x}.T", "{x}.T @ {x}", "np.dot({x}, {y})", "np.dot({x}, {x}.T)", "np.dot({x}, 2.0)", "np.matmul({x}, {y})",
    "np.matmul({x}, {x}.mT)", "np.matmul({x}.mT, {x})", "np.outer({x}, {y})", "np.inner({x}, {x})", "np.inner({x}, {y})", "np.vdot({x}, {x})",
    "np.tensordot({x}, {x}, axes=({ax}, {ax}))", "np.tensordot({x}, {y}, axes=1)", "np.tensordot({x}, {y}, axes=0)", "np.trace({x})",
    "np.tensordot({x}, {x}, axes=([0], [0]))", "np.einsum('ij,jk->ik', {x}, {y})", "np.einsum('ij,kj->ki', {x}, {x})",
    "np.einsum('ij,ij->ij', {x}, {x})", "np.einsum('ij,ik->jk', {x}, {x})", "np.einsum('ij,ik->kj', {x}, {y})", "np.einsum('i,j->ji', {x}, {y})",
    "np.einsum('ijk,ijk->ki', {x}, {x})", "np.einsum('ijk,il->ljk', {x}, {y})", "np.einsum('ijk->kj', {x})", "np.einsum('ij->j', {x})",
    "np.einsum('ij->', {x})", "np.einsum('ii', {x})", "np.einsum('...i,...i', {x}, {x})", "np.einsum('...i,...i->...', {x}, {y})",
    "np.einsum('ijk,ijl->klj', {x}, {x})", "np.einsum('tbi,tbj->ij', {x}, {x})", "np.einsum('i,ij,j->', {y}, {x}, {y})",
    "np.einsum('ij,jk,kl->il', {x}, {y}, {z})", "np.einsum('ij,kj->ki', {x}, {x}, optimize=True)", "np.einsum('ijk,ijl->klj', {x}, {x}, optimize=True)",
    "np.einsum('bij,bjk->bik', {x}, {x}.mT)", "np.einsum('bij,bjk->ikb', {x}, {x}.mT)", "np.einsum('ijk,j->ik', {x}, {y})", "np.einsum('ij,jk', {x}, {y})",
    "np.linalg.multi_dot([{x}, {x}.T, {x}])", "{x}.dot({x}.T)", "{x}.T.dot({y})", "np.convolve({x}, {y})", "np.correlate({x}, {y}, 'same')",
    "np.einsum('ij,i->ij', {x}, {y})", "np.einsum('ij,i->ji', {x}, {y})", "np.matmul({x}.transpose(), {y})", "np.matvec({x}, {y})", "np.vecdot({x}, {x})",
    "np.cross({x}, {y})", "np.linalg.norm({x} * 0 + 1)",
)  # fmt: skip

REDUCED = (
    *(f"np.{name}({{x}}, axis={{axes}})" for name in ("sum", "mean", "max", "min", "prod", "var", "amax", "nansum", "nanmean")),
    *(f"{{x}}.{name}({{axes}}, keepdims=True)" for name in ("sum", "mean", "max", "min", "prod")), "{x}.sum()", "{x}.mean()", "{x}.max()",
    "{x}.var(0, ddof=0)", "np.cumsum({x}, axis={ax})", "{x}.cumsum()", "np.cumprod({x}, axis={ax})", "np.add.reduce({x})",
    "np.add.reduce({x}, axis={axes})", "np.maximum.reduce({x}, axis={ax})", "np.add.accumulate({x}, axis={ax})", "np.average({x}, axis={ax})",
    "np.average({x}, axis={ax}, weights=np.ones({x}.shape))", "{x}.trace()", "np.ptp({x}, axis={ax})", "np.diff({x}, axis={ax})",
    "np.linalg.norm({x} * 0 + 2, axis={ax})", "np.median({x})", "np.sum({x}, keepdims=True)", "np.sum(list({x}), axis=0)", "sum({x})", "sum(list({x}), 0)",
    "np.sum([{x}, {y}], axis=0)", "np.max({x}, axis={ax}, keepdims=True, initial=0)", "np.add.reduceat({x}, [0, 1])", "max({x}.ravel())",
    "np.sum(({x}, {x}), axis=0)", "np.mean([{x}, {x}], axis=0)", "np.std({n} * 0 + {n})", "{x}.sum(axis=(0, -1))", "{x}.std(0) * 0",
)  # fmt: skip

DISCRETE = (
    "{x} > 0", "{x} >= {y}", "{x} == {y}", "{x} != 0", "np.less({x}, {y})", "np.isnan({x})", "np.isfinite({x})", "np.argmax({x}, axis={ax})", "{x}.argmin()",
    "np.argmax({x}, axis={ax}, keepdims=True)", "np.argsort({x}, axis={ax})", "np.argsort({x})", "np.nonzero({x} > 0)[0]", "np.argwhere({x} > 0)", "np.any({x} > 0, axis={ax})", "np.all({x})",
    "np.any({x}, axis={ax})", "np.count_nonzero({x} > 0)", "np.count_nonzero({x}, axis={ax})", "np.flatnonzero({x})", "np.where({x} > 0)[0]", "np.logical_not({x})", "np.logical_and({x} > 0, {y} > 1)",
    "np.logical_and({x}, {y})", "{x}.shape", "{x}.ndim", "{x}.size", "len({x})", "np.shape({x})", "np.ndim({x})", "np.size({x})", "{x}.nbytes", "{x}.strides", "({x} > 0).T", "np.reshape({x}.T > 0, -1)",
    "np.array_equal({x}, {y})", "np.allclose({x}, {y})", "np.isclose({x}, {y})", "np.may_share_memory({x}, {y})", "np.shares_memory({x}, {y})", "{x}.flags.c_contiguous", "{x}.flags['F_CONTIGUOUS']",
    "{x}.flags.writeable", "{x}.flags.owndata and None", "isinstance({x}, np.ndarray)", "isinstance({x}, float)", "np.isscalar({x})", "np.iscomplexobj({x})", "{x}.dtype.kind",
    "np.isinf({x})", "np.signbit({x})", "np.unravel_index({x}.argmax(), {x}.shape)[0]", "np.argpartition({x}, 0)", "np.searchsorted(np.arange(3.0), {x})", "{x}.any()", "{x}.all(0)", "bool({x}.sum() > 0)",
    "({x} > 0).sum()", "({x} > 0).mean(0)", "({x} > 0).sum(0)", "np.zeros({x}.shape, bool)", "np.iterable({x})", "np.result_type({x})", "{x}.argsort(axis={ax})", "np.digitize({x}, [0.0, 1])", "np.unique({x} > 0)",
)  # fmt: skip

WRITTEN = (
    *("{w}[{index}] = {s}",) * 5, *("{w}[{index}] += 1.5",) * 3, *("{w}[{index}] *= 2",) * 2, "{w}[...] = {y}", "{w}[:] = 0", "{w}[...] += {y}", "{w} += {y}", "{w} -= 1", "{w} *= {y}", "{w} /= 2", "{w} **= 2", "{w} *= {m}", "{w} += {n}",
    "{w}.reshape(-1)[:] = {s}", "{w}.reshape(-1)[1:3] = 7", "{w}.reshape(-1)[0] += 2", "{w}.ravel()[0] = 5", "{w}.ravel()[:] = {s}", "{w}.T[...] = 3", "{w}.T[0] = {s}", "{w}.flat[1:3] = 2.5", "{w}.flat[0] = -1",
    "{w}.flat[...] = {s}", "{w}.flat[:] = [1, 2, 3]", "{w}.flat = {s}", "{w}.flat = [1.0, 2]", "{w}[{mask}] = 0", "{w}[{w} > 0] = 1.25", "{w}[{w} < 0] *= -1", "{w}[[0, 0]] = {s}", "{w}[[0, 0]] += 1", "np.add.at({w}, [0, 0], 1.0)", "np.add.at({w}, {indices}, 2)",
    "{w}.fill(2.5)", "{w}.sort()", "{w}.sort(axis={ax})", "np.copyto({w}, {y})", "np.copyto({w}, 0, where={w} > 0)", "np.add({x}, {y}, out={w})", "np.multiply({w}, 2, out={w})", "np.negative({x}, {w})", "np.clip({x}, 0, 1, out={w})", "np.sum({x}, axis={ax}, out={w})", "np.matmul({x}, {y}, out={w})",
    "np.dot({x}, {y}, out={w})", "np.einsum('ij->ji', {x}, out={w})", "np.einsum('ij,ij->ij', {x}, {x}, out={w})", "np.greater({x}, 0, out={m})", "np.fill_diagonal({w}, 0)", "np.putmask({w}, {w} > 0, 0)", "np.put({w}, [0, 1], [2, 3])", "np.place({w}, {w} > 0, [1, 2])", "{w}.put([0], 3.5)", "np.put_along_axis({w}, np.argmax({w}, axis=0, keepdims=True), 0, axis=0)",
    "{w}.flags.writeable = False", "{w}.setflags(write=False)", "{w}.setflags(write=True)", "{w}.flags.writeable = True", "{w}.diagonal()[:] = 0", "np.broadcast_to({w}, (2, *{w}.shape))[...] = 0", "np.diagonal({w})[...] = 1", "np.diag({w})[:] = 1", "{w}[0][0] = 3", "{w}[..., 0] = {s}", "{w}[()] = 2", "{w}[1:] += {w}[:-1]",
    "{w}[::-1] = {w}", "{w}[:] = {w}.T", "{w} += {w}.T", "{w}[...] = [[1.0], [2]]", "{w}[0] = [1.0, 2, 3]", "np.take({x}, [0, 1], axis=0, out={w})", "np.concatenate([{x}, {x}], out={w})", "np.exp({w} * 0, out={w})", "np.einsum('ii->i', {w})[:] = 0", "np.einsum('ij->ji', {w})[0] = 1", "np.real({w})[...] = 0", "{w}.conj()[...] = 1",
    "{n} += 1", "{n}[{n} > 0] = 0", "{n}[...] = 2.5", "{m}[...] = False", "{m} |= True", "{n}[0] = {k}[0]", "{n} += {x}", "{m}[0] = {x}[0]", "{n}.reshape(-1)[0] = 9", "np.less({x}, {y}, {m})", "np.maximum({w}, 0, out={w})", "np.cumsum({x}, axis={ax}, out={w})", "np.mean({x}, axis={ax}, out={w})", "{w}.resize({w}.shape)", "{w}.shape = -1", "{w}[{n}] = 0", "np.subtract.at({w}, ({indices}, 0), 1)",
    "{w}[np.arange(len({w})), 0] -= 1", "np.lib.stride_tricks.sliding_window_view({w}, 2, axis=0)[...] = 0", "{w}.clip(0, 1, out={w})", "{w}.sum(0, out={w}[0])", "{w}.itemset(0, 1)", "{w}.partition(0)", "{w}[{index}][...] = 4", "{w}.T.reshape(-1)[:2] = 8", "{w}.swapaxes(0, -1).ravel()[0] = 6", "np.array({w}, copy=False)[...] = 1", "{w}.reshape({same})[...] = 2", "np.copyto({n}, {n} * 2)", "{w} @= {w}", "{w} //= 2", "{w} %= 2",
)  # fmt: skip

FAMILIES = (
    (VIEWS, 5), (INDEXED, 3), (COPIES, 2), (MOVES, 3), (MADE, 2), (COMPUTED, 4), (PRODUCTS, 2), (REDUCED, 2), (DISCRETE, 2), (WRITTEN, 6),
)  # fmt: skip


class Program:
    """One random program, and the variables of its two runs."""

    def __init__(self, seed: int, varies: bool | None = None) -> None:
        self.random = np.random.default_rng((seed, 99))
        self.domain = Field(seed)
        self.varies = bool(self.random.integers(2)) if varies is None else varies
        import copy

        stand_in = StandIn(self.domain)
        self.real: dict[str, Any] = {"np": np, "copy": copy}
        self.exact: dict[str, Any] = {"np": stand_in.numpy, "copy": copy, "float": stand_in.numpy.float64}
        self.text: list[str] = []
        self.stand_in = stand_in
        for name in NAMES[:3]:
            self._given(name)

    # --- the text -------------------------------------------------------------------------------------

    def pick(self, items: Any) -> Any:
        return items[int(self.random.integers(len(items)))]

    def _given(self, name: str) -> None:
        """A variable at the start, in some layout."""
        shape = self._shape()
        values = self.random.normal(size=shape) if self.varies else self.random.integers(-6, 7, shape) / 2
        kind = self.random.integers(5)
        if kind == 1:
            values = np.asfortranarray(values)
        elif kind == 2 and len(shape) > 1:
            values = np.ascontiguousarray(values.T).T
        elif kind == 3 and shape:
            values = np.repeat(values, 2, axis=-1)[..., ::2]
        elif kind == 4 and shape:
            values = np.ascontiguousarray(values[::-1])[::-1]
        values = np.asarray(values)
        numbers = self.domain.letters(name, values) if self.varies else self.domain.constant(values)
        self.real[name], self.exact[name] = values, instead_of(values, numbers)
        self.text.append(f"# {name}: {shape}, strides {values.strides}")

    def _shape(self) -> tuple[int, ...]:
        ndim = self.pick((0, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4))
        return tuple(self.pick((1, 2, 2, 3, 3, 4)) for _ in range(ndim))

    def statement(self) -> str:
        """The next line."""
        weights = np.array([weight for _, weight in FAMILIES], float)
        family = FAMILIES[int(self.random.choice(len(FAMILIES), p=weights / weights.sum()))][0]
        template = self.pick(family)
        if ("{n}" in template and not self._of("i")) or ("{m}" in template and not self._of("b")):
            chosen = self.pick(self._of("f"))
            return (
                f"{self.pick(NAMES)} = {chosen} > 0"
                if "{m}" in template
                else f"{self.pick(NAMES)} = np.arange(6).reshape(2, 3)"
            )
        text = self.filled(template)
        if family is WRITTEN:
            return text
        return f"{self.pick(NAMES)} = {text}"

    def _of(self, *kinds: str) -> list[str]:
        return [
            name
            for name in NAMES
            if isinstance(self.real.get(name), np.ndarray) and self.real[name].dtype.kind in kinds
        ]

    def filled(self, template: str) -> str:
        """A template with names, indices and axes in its places."""
        floats = self._of("f") or ["a"]
        chosen = {"x": self.pick(floats), "z": self.pick(floats)}
        chosen["w"] = self.pick(floats)
        x = self.real.get(chosen["w" if "{w}" in template else "x"])
        x = x if isinstance(x, np.ndarray) else np.zeros(())
        alike = [name for name in floats if _broadcast(self.real[name], x)] if "@" not in template else floats
        chosen["y"] = self.pick(alike or floats)
        if "{w}" in template and "{x}" in template:
            chosen["x"] = self.pick([name for name in floats if self.real[name].size <= MOST_ENTRIES])
        chosen["k"] = self.pick(floats)
        chosen["n"] = self.pick(self._of("i") or ["?"])
        chosen["m"] = self.pick(self._of("b") or ["?"])
        base = chosen["w"] if "{w}" in template else chosen["x"]
        made = {
            "ax": lambda: str(int(self.random.integers(-x.ndim, max(x.ndim, 1)))) if x.ndim and self.random.random() < 0.97 else "1",
            "axes": lambda: self.pick(["None", "0", "-1", "1", "(0, 1)", "(1, 2)", "(0, -1)", "()", "2"]),
            "perm": lambda: str(tuple(map(int, self.random.permutation(x.ndim)))),
            "order": lambda: self.pick(["'C'", "'F'", "'K'", "'A'"]),
            "same": lambda: str(self._same(x)),
            "shape": lambda: str(self._shape()),
            "index": lambda: self._index(x),
            "indices": lambda: self.pick(["[0, 0]", "[1, 0]", "np.array([[0, 1], [1, 0]])", "0", "[-1]"]),
            "mask": lambda: f"({base} > 0)",
            "s": lambda: self.pick([chosen["y"], "1.5", "-2", f"{base}[0]", f"{chosen['y']}[{self._index(x)}]", "[1.0, 2.0]"]),
        }  # fmt: skip
        return re.sub(r"\{(\w+)\}", lambda m: chosen[m[1]] if m[1] in chosen else made[m[1]](), template)

    def _same(self, x: Any) -> tuple[int, ...]:
        """Another shape of the same size."""
        size, found = x.size, []
        for prime in (2, 2, 2, 3, 3, 5):
            if size % prime == 0 and size:
                size //= prime
                found.append(prime)
        found = [size, *found] if size != 1 else found
        while len(found) > 1 and (len(found) > 4 or self.random.random() < 0.4):
            k = int(self.random.integers(len(found) - 1))
            found[k : k + 2] = [found[k] * found[k + 1]]
        if self.random.random() < 0.2:
            found.insert(int(self.random.integers(len(found) + 1)), 1)
        self.random.shuffle(found)
        return tuple(found)

    def _index(self, x: Any) -> str:
        parts = []
        for size in x.shape[: int(self.random.integers(0, x.ndim + 1))]:
            kind = self.random.integers(9)
            lowest = max(size, 1)
            parts.append(
                str(int(self.random.integers(-lowest, lowest))) if kind < 2
                else self.pick([":", "1:", ":-1", "::2", "::-1", "1:3", ":1"]) if kind < 6
                else "None" if kind == 6
                else str(list(map(int, self.random.integers(0, lowest, int(self.random.integers(1, 4)))))) if kind == 7
                else "..." if "..." not in parts else ":"
            )  # fmt: skip
        return ", ".join(parts) or self.pick(["...", ":", "()", "None"])

    # --- the runs ---------------------------------------------------------------------------------------

    def step(self, text: str = "", otherwise: str = "") -> bool:
        """Run one more line in both worlds and compare; whether the program goes on.

        With ``otherwise`` the exact run does something else.
        """
        text = text or self.statement()
        self.text.append(text)
        wanted = found = None
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                exec(text, self.real)
            except ZeroDivisionError:
                return False
            except Exception as error:
                wanted = error
            try:
                exec(otherwise or text, self.exact)
            except REFUSED:
                return False
            except Exception as error:
                found = error
        if "with a sequence" in str(wanted):
            return False
        assert (wanted is None) == (found is None), f"{wanted!r} in NumPy, {found!r} here"
        alike = any(isinstance(wanted, kinds) and isinstance(found, kinds) for kinds in ((*MISUSE,), type(wanted)))
        assert wanted is None or alike, f"{wanted!r}, here {found!r}"
        for name in NAMES:
            if name in self.real:
                if not known(self.real[name]):
                    return False
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    same(name, self.real[name], self.exact[name])
        self._share()
        for name in NAMES:
            if isinstance(self.real.get(name), np.ndarray) and self.real[name].size > MOST_ENTRIES:
                del self.real[name], self.exact[name]
        return bool(self._of("f"))

    def _share(self) -> None:
        arrays = [name for name in NAMES if isinstance(self.real.get(name), np.ndarray)]
        for k, first in enumerate(arrays):
            for second in arrays[:k]:
                wanted = np.shares_memory(self.real[first], self.real[second])
                assert shared(self.exact[first], self.exact[second]) == wanted, (
                    f"{first} and {second} share {'memory' if wanted else 'no memory'} in NumPy, not so here"
                )


def _broadcast(x: Any, y: Any) -> bool:
    try:
        return np.broadcast_shapes(x.shape, y.shape) == y.shape
    except ValueError:
        return False


def known(x: Any) -> bool:
    """Whether a value is finite and of a type that is compared."""
    if isinstance(x, tuple | list):
        return all(map(known, x))
    if isinstance(x, np.ndarray) and x.dtype.kind not in "biuf":
        return False
    if isinstance(x, np.ndarray | float):
        return bool(np.isfinite(x).all() and (np.abs(x) < 1e9).all())
    return True


def shared(x: Any, y: Any) -> bool:
    """Whether two values of the exact run hold an entry together."""
    if isinstance(x, Array) and isinstance(y, Array):
        return x.store is y.store and bool(np.isin(x.at, y.at).any())
    if isinstance(x, Array) or isinstance(y, Array):
        return False
    return bool(np.shares_memory(np.asarray(x), np.asarray(y)))


def same(name: str, wanted: Any, found: Any) -> None:
    """Fail unless the value of the exact run is that of NumPy's."""
    if isinstance(wanted, tuple | list):
        assert type(found) is type(wanted) and len(found) == len(wanted), f"{name}: {found!r} for {wanted!r}"
        for pair in zip(wanted, found):
            same(name, *pair)
        return
    if isinstance(wanted, np.ndarray):
        _same_array(name, wanted, found)
    elif isinstance(wanted, float):
        assert isinstance(found, Scalar | float), f"{name}: a {type(found).__name__} for the number {wanted}"
        assert np.allclose(wanted, found.shadow if isinstance(found, Scalar) else found), (
            f"{name}: {found} for {wanted}"
        )
    elif isinstance(wanted, bool | int | np.generic):
        assert not isinstance(found, Array | np.ndarray), f"{name}: an array for {wanted!r}"
        assert np.asarray(found).dtype.kind == np.asarray(wanted).dtype.kind and found == wanted, (
            f"{name}: {found!r}, {wanted!r}"
        )
    elif isinstance(wanted, str):
        assert found == wanted, f"{name}: {found!r} for {wanted!r}"


def _same_array(name: str, wanted: Any, found: Any) -> None:
    if wanted.dtype.kind == "f":
        assert isinstance(found, Array) and not isinstance(found, Scalar), (
            f"{name}: a {type(found).__name__} for an array"
        )
        values, at = found.shadow, found.at
    else:
        assert isinstance(found, np.ndarray), f"{name}: a {type(found).__name__} for an array of {wanted.dtype}"
        assert wanted.dtype == found.dtype, f"{name}: {found.dtype} for {wanted.dtype}"
        values = at = found
    assert values.shape == wanted.shape, f"{name}: the shape {values.shape} for {wanted.shape}"
    assert np.allclose(values, wanted), f"{name}: {values} for {wanted}"
    if wanted.size:
        assert laid(at) == laid(wanted), f"{name}: the layout {laid(at)} for {laid(wanted)}"
        assert at.flags.writeable == wanted.flags.writeable, f"{name}: writeable is {at.flags.writeable}"


def laid(x: Any) -> tuple[Any, ...]:
    """Strides in entries, where they mean something, and contiguity."""
    strides = tuple(stride // x.itemsize for stride, size in zip(x.strides, x.shape) if size > 1)
    return strides, x.flags.c_contiguous, x.flags.f_contiguous


def run(seed: int, lines: int = 14) -> str:
    """The complaint about a random program, with its text; empty if there is none."""
    program = Program(seed)
    try:
        for _ in range(lines):
            if not program.step():
                break
    except AssertionError as error:
        return f"seed {seed}:\n" + "\n".join(program.text) + f"\n-> {error}"
    return ""

"""Lines of Python that random programs are made of.

In a line stand {x}, {y}, {z} for arrays of floating-point numbers, where {y} broadcasts to {x}, {w} for one that is
written to, {k} for any, {n} and {m} for arrays of integers and of truth values, {s} for what can be written to {index};
{ax}, {axes}, {perm}, {order}, {same}, {shape}, {index}, {indices}, {mask} for what they say.
"""

VIEWS = (
    "{x}.T", "{x}.mT", "{x}.transpose()", "{x}.transpose({perm})", "np.transpose({x})", "np.transpose({x}, {perm})",
    "{x}.reshape(-1)", "{x}.reshape({same})", "{x}.reshape({same}, order='F')", "np.reshape({x}, {same})",
    "{x}.ravel()", "{x}.ravel({order})", "np.ravel({x})", "{x}.squeeze()", "np.squeeze({x})", "{x}.swapaxes(0, -1)",
    "np.swapaxes({x}, {ax}, {ax})", "np.moveaxis({x}, {ax}, {ax})", "np.rollaxis({x}, {ax})",
    "np.expand_dims({x}, {ax})", "np.broadcast_to({x}, (2, *{x}.shape))", "np.atleast_1d({x})", "np.atleast_2d({x})",
    "np.atleast_3d({x})", "np.flip({x})", "np.flip({x}, {ax})", "np.fliplr({x})", "np.flipud({x})", "np.rot90({x})",
    "np.diagonal({x})", "{x}.diagonal()", "{x}.diagonal(1)", "np.split({x}, 2, axis={ax})[0]",
    "np.array_split({x}, 2, axis={ax})[1]", "np.hsplit({x}, 2)[0]", "np.vsplit({x}, 2)[0]", "np.real({x})", "{x}.real",
    "{x}.conj()", "{x}.conjugate()", "{x}.view()", "np.asarray({x})", "np.asanyarray({x})",
    "np.asarray({x}, order={order})", "np.ascontiguousarray({x})", "np.asfortranarray({x})", "np.require({x})",
    "np.array({x}, copy=False)", "np.array({x}, copy=None, order={order})", "{x}.flat",
    "np.broadcast_arrays({x}, {y})[0]", "np.broadcast_arrays({x}, {y})[1]", "np.diag({x})", "np.diag({x}, 1)",
    "np.nan_to_num({x}, copy=False)", "{x}.astype(float, copy=False)", "{x}.astype(float, order={order}, copy=False)",
    "np.lib.stride_tricks.sliding_window_view({x}, 2, axis={ax})", "np.unstack({x})[0]", "np.matrix_transpose({x})",
    "np.permute_dims({x}, {perm})", "{x}[()]", "{x}[...]", "{x}[None]", "{x}[..., None]", "np.einsum('...->...', {x})",
    "np.einsum('ij->ji', {x})", "np.einsum('ij', {x})", "np.einsum('ii->i', {x})", "np.einsum('ijk->kij', {x})",
    "np.einsum('ji', {x})", "np.einsum('i', {x})", "np.vsplit({x}, [1])[1]", "np.dsplit({x}, [1])[0]",
    "np.lib.stride_tricks.as_strided({x}, {x}.shape, {x}.strides)",
    "np.lib.stride_tricks.as_strided({x}, {x}.shape[::-1], {x}.strides[::-1])",
)  # fmt: skip

INDEXED = ("{x}[{index}]",) * 12 + (
    "np.take({x}, {indices}, axis={ax})", "{x}.take({indices})", "{x}[{x} > 0]", "np.take({x}, [[0, 1]], axis={ax})",
    "{x}[{mask}]", "{x}[np.argsort({x}, axis=None)[:2] * 0]",
    "np.take_along_axis({x}, np.argsort({x}, axis={ax}), {ax})", "{x}[np.nonzero({x} > 0)]", "{x}.item(0)",
    "np.compress([True, False, True], {x}, axis={ax})", "np.extract({x} > 0, {x})", "{x}.flat[1:3]", "{x}.flat[0]",
    "{x}.flat[[0, 1]]", "np.choose([0, 1, 0], [{x}, {y}])", "{x}[np.ix_([1, 0], [0, 1])]",
    "{x}[np.array([1, 0])[:, None]]", "{x}.T[{index}]", "{x}[..., [1, 0]]", "{x}[[1, 0]]", "{x}[[[1, 0], [0, 1]]]",
    "{x}[:, [0, 1]]", "{x}[[0, 1], :, [1, 0]]", "{x}[:, None, [0, 1]]", "{x}[[0, 1], ..., 0]",
)  # fmt: skip

COPIES = (
    "{x}.copy()", "{x}.copy({order})", "np.copy({x})", "np.copy({x}, order={order})", "np.array({x})", "+{x}",
    "np.array({x}, order={order})", "{x}.astype(float)", "{x}.astype(np.float64, order={order})", "copy.copy({x})",
    "copy.deepcopy({x})", "{x}.flatten()", "{x}.flatten({order})", "np.array([{x}, {x}])", "np.array([{x}.T, {x}.T])",
    "np.array({x}, ndmin=3)", "np.nan_to_num({x})", "np.array([{x}, {x}], order='F')",
    "np.array([[1.0, 2], [3, 4.5]])", "np.array(list({x}))", "np.array(tuple({x}))", "np.asarray([{x}, {x}])",
    "np.array({x}.tolist())", "np.array([[{x}.sum(), 1.0], [2, {x}.max()]])", "np.concatenate(list({x}))",
    "np.ascontiguousarray({x}.T)",
)  # fmt: skip

MOVES = (
    "np.concatenate([{x}, {x}], axis={ax})", "np.concatenate([{x}, {y}])", "np.concatenate([{x}, {y}], axis=None)",
    "np.stack([{x}, {x}])", "np.stack([{x}, {y}], axis={ax})", "np.hstack([{x}, {x}])", "np.vstack([{x}, {x}])",
    "np.dstack([{x}, {x}])", "np.column_stack([{x}, {x}])", "np.block([[{x}, {x}], [{x}, {x}]])", "np.block({x})",
    "np.where({x} > 0, {x}, {y})", "np.where({mask}, {x}, 0)", "np.where({x} > 0, {x}, -1.5)",
    "np.where({m}, {x}, {y})", "np.select([{x} > 0], [{x}], 0)", "np.repeat({x}, 2)", "np.repeat({x}, 2, axis={ax})",
    "{x}.repeat(2, axis={ax})", "np.tile({x}, 2)", "np.tile({x}, (2, 1))", "np.tile({x}, 1)", "np.roll({x}, 1)",
    "np.roll({x}, 1, axis={ax})", "np.pad({x}, 1)", "np.pad({x}, 1, mode='edge')", "np.pad({x}, 1, constant_values=2)",
    "np.tril({x})", "np.triu({x}, 1)", "np.diagflat({x})", "np.delete({x}, 0, axis={ax})", "np.delete({x}, 0)",
    "np.insert({x}, 1, 2.5, axis={ax})", "np.append({x}, {y})", "np.append({x}, {x}, axis={ax})",
    "np.resize({x}, {shape})", "np.sort({x}, axis={ax})", "np.sort({x})", "np.sort({x}, axis=None)",
    "np.concatenate([{x}, {n}], axis={ax})", "np.full({shape}, {x})", "np.kron({x}, {x})", "np.meshgrid({x}, {x})[0]",
    "np.meshgrid({x}, {y}, indexing='ij')[1]", "np.trim_zeros({x})", "np.broadcast_to({x}, {shape})",
    "np.concatenate([{x}[:1], {x}[1:]])", "np.r_[{x}, {x}]", "np.c_[{x}, {x}]",
)  # fmt: skip

MADE = (
    "np.zeros({shape})", "np.zeros({shape}, order='F')", "np.zeros({shape}, float, 'F')",
    "np.ones({shape}, order='F')", "np.full({shape}, 2.5, order='F')", "np.full({shape}, 2)", "np.zeros_like({x})",
    "np.ones_like({x}, order={order})", "np.full_like({x}, 3.0)", "np.full_like({x}, 3, order={order})",
    "np.zeros_like({x}, shape={shape})", "np.empty_like({x}) * 0", "np.zeros_like({x}, dtype=int)",
    "np.zeros_like({x}, dtype=bool)", "np.zeros({shape}, int)", "np.zeros_like({n})",
    "np.zeros_like({n}, dtype=float)", "np.ones_like({m}, dtype=float)", "np.eye(3)", "np.eye(2, 3)", "np.identity(3)",
    "np.arange(6.0).reshape(2, 3)", "np.arange(6)", "np.linspace(0, 1, 5)", "np.asfortranarray([[1.0, 2], [3, 4]])",
    "np.tri(3)", "np.outer({x}, {y})", "np.ones((2, 3)).T", "np.full({shape}, {x}.sum())", "np.zeros(len({x}))",
    "np.zeros({x}.shape)", "np.zeros({x}.T.shape)", "np.zeros_like({x}.T)", "np.ones(3) * 2", "np.zeros(())",
    "np.float64(2.5)", "np.array(3.5)", "np.arange(3)", "np.array([True, False, True])",
    "np.linspace(1, 2, 6).reshape(3, 2).T", "np.indices((2, 3))[1]", "np.tril(np.ones((3, 3)))",
    "np.vander(np.arange(1.0, 4))",
)  # fmt: skip

COMPUTED = (
    "{x} + {y}", "{x} - {y}", "{x} * {y}", "{y} - {x}", "{x} / 2", "2 - {x}", "{x} * {n}", "{x} * {m}", "{m} * {x}",
    "{n} - {x}", "-{x}", "abs({x})", "{x} ** 2", "{x}[..., None] + {y}", "np.add({x}, {y})",
    "np.add({x}, {y}, order={order})", "np.multiply({x}, {y})", "np.square({x})", "np.negative({x})",
    "np.positive({x})", "np.absolute({x})", "np.sign({x})", "np.maximum({x}, 0)", "np.maximum({x}, {y})",
    "np.minimum({x}, {y})", "np.clip({x}, -1, 1)", "np.clip({x}, 0, None)", "{x}.clip(-1, 1)", "{x}.clip(min=0)",
    "np.clip({x}, {y}, 9)", "np.exp({x} * 0)", "np.heaviside({x}, 0.5)", "np.fmax({x}, {y})", "np.conj({x})",
    "np.add.outer({x}, {y})", "np.multiply.outer({y}, {x})", "np.floor({k})", "{k} // 2", "{k} % 2", "np.fmod({k}, 2)",
    "np.rint({k})", "{x} + [1.0]", "[[1.0], [2]] * {x}", "{x} + 1", "{x} * True", "1.0 * {x}", "np.subtract(1, {x})",
    "{x} + np.float64(1)", "np.float64(2) * {x}", "np.int64(2) * {x}", "{x}.dot({y})", "np.square({x}.T)", "{n} + {n}",
    "{n} * 2.5", "{m} & {m}", "~{m}", "{n} ** 2", "{n} / 2", "-{n}", "{n} @ {n}", "{n}.T", "{m}.astype(float)",
    "{n}.astype(float)", "{x}.astype(bool)", "{m} * 1.5", "np.where({m}, 1.0, 0.0)", "np.sqrt({n} * {n})",
    "np.exp({n} * 0)", "{m}.T * {x}", "np.maximum({n}, 0)", "np.maximum({n}, 0.5)", "{n} - {m}", "{m}.sum()",
    "{n}.sum(0)", "{n}.mean()", "{m}.mean(0)", "{m}.sum(axis=-1)", "{n}.max()", "{m}.any(0)", "np.sum({n})",
    "np.mean({m})", "{n}.astype(np.float64).T", "{n}.cumsum()", "({x} > 0).astype(float)", "({x} > 0) * 1.0",
    "({x} > 0) * {x}", "np.float64({x}.sum())", "float({k}.sum())", "{x} * {x}", "{x} + {x}.T", "{x}.T * 2 + 1",
    "np.power({x}, 2)", "np.hypot({n}, 0.0)", "{x} @ {n}",
)  # fmt: skip

PRODUCTS = (
    "{x} @ {y}", "{x} @ {x}.T", "{x}.T @ {x}", "np.dot({x}, {y})", "np.dot({x}, {x}.T)", "np.dot({x}, 2.0)",
    "np.matmul({x}, {y})", "np.matmul({x}, {x}.mT)", "np.matmul({x}.mT, {x})", "np.outer({x}, {y})",
    "np.inner({x}, {x})", "np.inner({x}, {y})", "np.vdot({x}, {x})", "np.tensordot({x}, {x}, axes=({ax}, {ax}))",
    "np.tensordot({x}, {y}, axes=1)", "np.tensordot({x}, {y}, axes=0)", "np.trace({x})",
    "np.tensordot({x}, {x}, axes=([0], [0]))", "np.einsum('ij,jk->ik', {x}, {y})", "np.einsum('ij,kj->ki', {x}, {x})",
    "np.einsum('ij,ij->ij', {x}, {x})", "np.einsum('ij,ik->jk', {x}, {x})", "np.einsum('ij,ik->kj', {x}, {y})",
    "np.einsum('i,j->ji', {x}, {y})", "np.einsum('ijk,ijk->ki', {x}, {x})", "np.einsum('ijk,il->ljk', {x}, {y})",
    "np.einsum('ijk->kj', {x})", "np.einsum('ij->j', {x})", "np.einsum('ij->', {x})", "np.einsum('ii', {x})",
    "np.einsum('...i,...i', {x}, {x})", "np.einsum('...i,...i->...', {x}, {y})", "np.einsum('ijk,ijl->klj', {x}, {x})",
    "np.einsum('tbi,tbj->ij', {x}, {x})", "np.einsum('i,ij,j->', {y}, {x}, {y})",
    "np.einsum('ij,jk,kl->il', {x}, {y}, {z})", "np.einsum('ij,kj->ki', {x}, {x}, optimize=True)",
    "np.einsum('ijk,ijl->klj', {x}, {x}, optimize=True)", "np.einsum('bij,bjk->bik', {x}, {x}.mT)",
    "np.einsum('bij,bjk->ikb', {x}, {x}.mT)", "np.einsum('ijk,j->ik', {x}, {y})", "np.einsum('ij,jk', {x}, {y})",
    "np.linalg.multi_dot([{x}, {x}.T, {x}])", "{x}.dot({x}.T)", "{x}.T.dot({y})", "np.convolve({x}, {y})",
    "np.correlate({x}, {y}, 'same')", "np.einsum('ij,i->ij', {x}, {y})", "np.einsum('ij,i->ji', {x}, {y})",
    "np.matmul({x}.transpose(), {y})", "np.matvec({x}, {y})", "np.vecdot({x}, {x})", "np.cross({x}, {y})",
    "np.linalg.norm({x} * 0 + 1)",
)  # fmt: skip

REDUCED = (
    *(f"np.{name}({{x}}, axis={{axes}})" for name in ("sum", "mean", "max", "min", "prod", "var", "amax", "nansum")),
    *(f"{{x}}.{name}({{axes}}, keepdims=True)" for name in ("sum", "mean", "max", "min", "prod")), "{x}.sum()",
    "{x}.mean()", "{x}.max()", "{x}.var(0, ddof=0)", "np.cumsum({x}, axis={ax})", "{x}.cumsum()",
    "np.cumprod({x}, axis={ax})", "np.add.reduce({x})", "np.add.reduce({x}, axis={axes})",
    "np.maximum.reduce({x}, axis={ax})", "np.add.accumulate({x}, axis={ax})", "np.average({x}, axis={ax})",
    "np.average({x}, axis={ax}, weights=np.ones({x}.shape))", "{x}.trace()", "np.ptp({x}, axis={ax})",
    "np.diff({x}, axis={ax})", "np.linalg.norm({x} * 0 + 2, axis={ax})", "np.median({x})",
    "np.sum({x}, keepdims=True)", "np.sum(list({x}), axis=0)", "sum({x})", "sum(list({x}), 0)",
    "np.sum([{x}, {y}], axis=0)", "np.max({x}, axis={ax}, keepdims=True, initial=0)", "np.add.reduceat({x}, [0, 1])",
    "max({x}.ravel())", "np.sum(({x}, {x}), axis=0)", "np.mean([{x}, {x}], axis=0)", "np.std({n} * 0 + {n})",
    "{x}.sum(axis=(0, -1))", "{x}.std(0) * 0",
)  # fmt: skip

DISCRETE = (
    "{x} > 0", "{x} >= {y}", "{x} == {y}", "{x} != 0", "np.less({x}, {y})", "np.isnan({x})", "np.isfinite({x})",
    "np.argmax({x}, axis={ax})", "{x}.argmin()", "np.argmax({x}, axis={ax}, keepdims=True)",
    "np.argsort({x}, axis={ax})", "np.argsort({x})", "np.nonzero({x} > 0)[0]", "np.argwhere({x} > 0)",
    "np.any({x} > 0, axis={ax})", "np.all({x})", "np.any({x})", "np.count_nonzero({x} > 0)",
    "np.count_nonzero({x}, axis={ax})", "np.flatnonzero({x})", "np.where({x} > 0)[0]", "np.logical_not({x})",
    "np.logical_and({x} > 0, {y} > 1)", "np.logical_and({x}, {y})", "{x}.shape", "{x}.ndim", "{x}.size", "len({x})",
    "np.shape({x})", "np.ndim({x})", "np.size({x})", "{x}.nbytes", "({x} > 0).T",
    "np.reshape({x}.T > 0, -1)", "np.array_equal({x}, {y})", "np.allclose({x}, {y})", "np.isclose({x}, {y})",
    "np.may_share_memory({x}, {y})", "np.shares_memory({x}, {y})", "{x}.flags.c_contiguous",
    "{x}.flags['F_CONTIGUOUS']", "{x}.flags.writeable", "{x}.flags.owndata and None", "isinstance({x}, np.ndarray)",
    "isinstance({x}, float)", "np.isscalar({x})", "np.iscomplexobj({x})", "{x}.dtype.kind", "np.isinf({x})",
    "np.signbit({x})", "np.unravel_index({x}.argmax(), {x}.shape)[0]", "np.argpartition({x}, 0)",
    "np.searchsorted(np.arange(3.0), {x})", "{x}.any()", "{x}.all(0)", "bool({x}.sum() > 0)", "({x} > 0).sum()",
    "({x} > 0).mean(0)", "({x} > 0).sum(0)", "np.zeros({x}.shape, bool)", "np.iterable({x})", "np.result_type({x})",
    "{x}.argsort(axis={ax})", "np.digitize({x}, [0.0, 1])", "np.unique({x} > 0)",
)  # fmt: skip

WRITTEN = (
    *("{w}[{index}] = {s}",) * 5, *("{w}[{index}] += 1.5",) * 3, *("{w}[{index}] *= 2",) * 2, "{w}[...] = {y}",
    "{w}[:] = 0", "{w}[...] += {y}", "{w} += {y}", "{w} -= 1", "{w} *= {y}", "{w} /= 2", "{w} **= 2", "{w} *= {m}",
    "{w} += {n}", "{w}.reshape(-1)[:] = {s}", "{w}.reshape(-1)[1:3] = 7", "{w}.reshape(-1)[0] += 2",
    "{w}.ravel()[0] = 5", "{w}.ravel()[:] = {s}", "{w}.T[...] = 3", "{w}.T[0] = {s}", "{w}.flat[1:3] = 2.5",
    "{w}.flat[0] = -1", "{w}.flat[...] = {s}", "{w}.flat[:] = [1, 2, 3]", "{w}.flat = {s}", "{w}.flat = [1.0, 2]",
    "{w}[{mask}] = 0", "{w}[{w} > 0] = 1.25", "{w}[{w} < 0] *= -1", "{w}[[0, 0]] = {s}", "{w}[[0, 0]] += 1",
    "np.add.at({w}, [0, 0], 1.0)", "np.add.at({w}, {indices}, 2)", "{w}.fill(2.5)", "{w}.sort()",
    "{w}.sort(axis={ax})", "np.copyto({w}, {y})", "np.copyto({w}, 0, where={w} > 0)", "np.add({x}, {y}, out={w})",
    "np.multiply({w}, 2, out={w})", "np.negative({x}, {w})", "np.clip({x}, 0, 1, out={w})",
    "np.sum({x}, axis={ax}, out={w})", "np.matmul({w}, {w}, out={w})", "np.dot({x}, {y}, out={w})",
    "np.einsum('ij->ji', {x}, out={w})", "np.einsum('ij,ij->ij', {x}, {x}, out={w})", "np.greater({x}, 0, out={m})",
    "np.fill_diagonal({w}, 0)", "np.putmask({w}, {w} > 0, 0)", "np.put({w}, [0, 1], [2, 3])",
    "np.place({w}, {w} > 0, [1, 2])", "{w}.put([0], 3.5)",
    "np.put_along_axis({w}, np.argmax({w}, axis=0, keepdims=True), 0, axis=0)", "{w}.flags.writeable = False",
    "{w}.setflags(write=False)", "{w}.setflags(write=True)", "{w}.flags.writeable = True", "{w}.diagonal()[:] = 0",
    "np.broadcast_to({w}, (2, *{w}.shape))[...] = 0", "np.diagonal({w})[...] = 1", "np.diag({w})[:] = 1",
    "{w}[0][0] = 3", "{w}[..., 0] = {s}", "{w}[()] = 2", "{w}[1:] += {w}[:-1]", "{w}[::-1] = {w}", "{w}[:] = {w}.T",
    "{w} += {w}.T", "{w}[...] = [[1.0], [2]]", "{w}[0] = [1.0, 2, 3]", "np.take({x}, [0, 1], axis=0, out={w})",
    "np.concatenate([{x}, {x}], out={w})", "np.exp({w} * 0, out={w})", "np.einsum('ii->i', {w})[:] = 0",
    "np.einsum('ij->ji', {w})[0] = 1", "np.real({w})[...] = 0", "{w}.conj()[...] = 1", "{n} += 1", "{n}[{n} > 0] = 0",
    "{n}[...] = 2.5", "{m}[...] = False", "{m} |= True", "{n}[0] = {k}[0]", "{n} += {x}", "{m}[0] = {x}[0]",
    "{n}.reshape(-1)[0] = 9", "np.less({x}, {y}, {m})", "np.maximum({w}, 0, out={w})",
    "np.cumsum({w}, axis={ax}, out={w})", "np.mean({x}, axis={ax}, out={w})", "{w}.resize({w}.shape)",
    "{w}.shape = -1", "{w}[{n}] = 0", "np.subtract.at({w}, ({indices}, 0), 1)", "{w}[np.arange(len({w})), 0] -= 1",
    "np.lib.stride_tricks.sliding_window_view({w}, 2, axis=0)[...] = 0", "{w}.clip(0, 1, out={w})",
    "{w}.sum(0, out={w}[0])", "{w}.itemset(0, 1)", "{w}.partition(0)", "{w}[{index}][...] = 4",
    "{w}.T.reshape(-1)[:2] = 8", "{w}.swapaxes(0, -1).ravel()[0] = 6", "np.array({w}, copy=False)[...] = 1",
    "{w}.reshape({same})[...] = 2", "np.copyto({n}, {n} * 2)", "{w} @= {w}", "{w} //= 2", "{w} %= 2",
)  # fmt: skip

FAMILIES = (
    (VIEWS, 5), (INDEXED, 3), (COPIES, 2), (MOVES, 3), (MADE, 2), (COMPUTED, 4), (PRODUCTS, 2), (REDUCED, 2),
    (DISCRETE, 2), (WRITTEN, 6),
)  # fmt: skip
"""How often each of them is drawn."""

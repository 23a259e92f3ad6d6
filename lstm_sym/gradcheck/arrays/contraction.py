"""Products that sum over an index: matrix products, dot, tensordot, einsum."""

from __future__ import annotations

from functools import partial
from string import ascii_lowercase, ascii_uppercase
from typing import Any

import numpy as np

from ..exact import numbers as n
from ..exact.numbers import Domain, Numbers
from .array import Array, array_of, numbers_of, of_kind, placed, result_of
from .layout import as_floats, asked, in_c_order, modelled
from .ufuncs import delivered


def matmul(domain: Domain, a: Any, b: Any) -> Array:
    """``a @ b`` by NumPy's rules for vectors, matrices and stacks of them."""
    x, y = numbers_of(a, domain), numbers_of(b, domain)
    if not x.shape or not y.shape:
        raise ValueError("matmul: Input operand does not have enough dimensions")
    left, right = len(x.shape) == 1, len(y.shape) == 1
    x = x.reshape((1, *x.shape)) if left else x
    y = y.reshape((*y.shape, 1)) if right else y
    if x.shape[-1] != y.shape[-2]:
        raise ValueError(
            f"matmul: Input operand 1 has a mismatch in its core dimension 0, with sizes "
            f"{y.shape[-2]} and {x.shape[-1]}"
        )
    result = n.matmul(x, y)
    if right:
        result = result.reshape(result.shape[:-1])
    if left:
        result = result.reshape(result.shape[:-1] if right else (*result.shape[:-2], result.shape[-1]))
    return result_of(result, None if len(result.shape) < 3 else asked(np.matmul, a, b))


def dot(domain: Domain, a: Any, b: Any, out: Any = None) -> Any:
    """``np.dot``: matrix products up to two dimensions, products by a scalar, sums over the last axis beyond."""
    x, y = (u if isinstance(u, Array) else result_of(numbers_of(u, domain)) for u in (a, b))
    flat = max(x.ndim, y.ndim) <= 2
    if out is not None and not out.flags.c_contiguous and (flat or (x.ndim and y.ndim)):
        raise ValueError("output array is not acceptable (must be a C-Array)")
    if not x.ndim or not y.ndim:
        product: Array = x * y
        return delivered(result_of(product.read(), None if flat else product.at), out)
    if flat:
        return delivered(matmul(domain, x, y), out)
    return delivered(tensordot(domain, x, y, ((x.ndim - 1,), (max(y.ndim - 2, 0),))), out)


def tensordot(domain: Domain, a: Any, b: Any, axes: Any = 2) -> Any:
    x, y = (u if isinstance(u, Array) else result_of(numbers_of(u, domain)) for u in (a, b))
    if isinstance(axes, int):
        first, second = tuple(range(x.ndim - axes, x.ndim)), tuple(range(axes))
        if axes > min(x.ndim, y.ndim):
            raise ValueError("shape-mismatch for sum")
    else:
        first, second = (tuple(k) if isinstance(k, list | tuple) else (k,) for k in axes)
    if any(not -u.ndim <= k < u.ndim for u, given in ((x, first), (y, second)) for k in given):
        raise IndexError("tuple index out of range")
    pairs = {(i % x.ndim, j % y.ndim) for i, j in zip(first, second, strict=True)}
    if not len(first) == len({i for i, _ in pairs}) == len({j for _, j in pairs}):
        raise ValueError("tensordot: an axis is given twice")
    if any(x.shape[i] != y.shape[j] for i, j in pairs):
        raise ValueError("shape-mismatch for sum")
    letters = [chr(ord("a") + k) for k in range(x.ndim + y.ndim)]
    left, right = letters[: x.ndim], letters[x.ndim :]
    for i, j in pairs:
        right[j] = left[i]
    summed = {left[i] for i, _ in pairs}
    kept = [k for k in (*left, *right) if k not in summed]
    result = einsum(domain, f"{''.join(left)},{''.join(right)}->{''.join(kept)}", x, y)
    return result if in_c_order(result.at) and result.ndim else array_of(result.read())


def einsum(domain: Domain, subscripts: Any, *operands: Any, out: Any = None, **options: Any) -> Any:
    """Einstein's summation over named indices, two operands at a time; of one where nothing is summed, a view."""
    if not isinstance(subscripts, str):
        subscripts, operands = _named((subscripts, *operands))
    arrays = [u if isinstance(u, Array) else result_of(numbers_of(u, domain)) for u in operands]
    inputs, output = _parsed(subscripts, arrays)
    if out is not None and out.ndim != len(output):
        raise ValueError("out parameter does not have the correct number of dimensions")
    if len(arrays) == 1:
        like = np.einsum(subscripts, as_floats(arrays[0].at), **options)
        if np.may_share_memory(like, arrays[0].at):
            return delivered(placed(arrays[0], like.view(np.int64)), out, core=0)
    elif options.get("optimize"):  # what is multiplied first depends on the sizes
        with np.errstate(all="ignore"):
            like = np.einsum(subscripts, *[as_floats(u.at) for u in arrays], **options)
    else:
        like = modelled(partial(np.einsum, subscripts), [u.at for u in arrays], options)
    current = [_diagonal(array, labels) for array, labels in zip(arrays, inputs, strict=True)]
    while len(current) > 1:
        (x, left), (y, right), *rest = current
        needed = set(output).union(*[labels for _, labels in rest])
        current = [_contracted(x, left, y, right, needed), *rest]
    ((x, labels),) = current
    for label in [label for label in labels if label not in output]:
        x = n.total(x, labels.index(label))
        labels = labels.replace(label, "")
    order = [labels.index(label) for label in output]
    return delivered(of_kind(x.each(lambda part: part.transpose(0, *[k + 1 for k in order])), like), out, core=0)


def _named(given: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """Subscripts as a string where they are given as a list of axes after each operand, and at the end."""

    def letters(axes: Any) -> str:
        return "".join("..." if k is Ellipsis else (ascii_uppercase + ascii_lowercase)[k] for k in axes)

    operands, axes = given[0 : len(given) // 2 * 2 : 2], given[1::2]
    text = ",".join(map(letters, axes))
    return text if len(given) % 2 == 0 else f"{text}->{letters(given[-1])}", operands


def _parsed(subscripts: str, arrays: list[Array]) -> tuple[list[str], str]:
    text = subscripts.replace(" ", "")
    left, arrow, output = text.partition("->")
    inputs = left.split(",")
    if len(inputs) != len(arrays):
        raise ValueError("einstein sum subscripts string has another number of operands than are given")
    free, most = [label for label in "ZYXWVUTSRQPONMLKJ" if label not in text], 0
    for k, (labels, array) in enumerate(zip(inputs, arrays)):
        if "..." in labels:
            count = array.ndim - len(labels) + 3
            most = max(most, count)
            inputs[k] = labels.replace("...", "".join(free[:count][::-1]))
        if len(inputs[k]) != array.ndim:
            raise ValueError(f"einstein sum: the subscripts {labels!r} do not fit an array of shape {array.shape}")
    broadcast = "".join(free[:most][::-1])
    if arrow and most and "..." not in output:
        raise ValueError(f"einstein sum: the output {output!r} lacks the ... of the operands")
    if not arrow:
        every = "".join(inputs)
        output = "..." + "".join(sorted(u for u in set(every) if every.count(u) == 1 and u not in broadcast))
    return inputs, output.replace("...", broadcast)


def _diagonal(array: Array, labels: str) -> tuple[Numbers, str]:
    """An operand with each of its indices once."""
    distinct = "".join(dict.fromkeys(labels))
    if distinct == labels:
        return array.read(), labels
    at = np.einsum(f"{labels}->{distinct}", array.at)
    return Array(array.store, at).read(), distinct


def _contracted(x: Numbers, left: str, y: Numbers, right: str, needed: set[str]) -> tuple[Numbers, str]:
    """The product of two operands, summed over what nobody needs any more, as one stack of matrix products."""
    for own, others, which in ((left, right, 0), (right, left, 1)):
        for label in own:
            if label not in others and label not in needed:
                if which == 0:
                    x, left = n.total(x, left.index(label)), left.replace(label, "")
                else:
                    y, right = n.total(y, right.index(label)), right.replace(label, "")
    x, y = _matched(x, left, y, right)
    shared = [label for label in left if label in right and label in needed]
    summed = [label for label in left if label in right and label not in needed]
    only_left = [label for label in left if label not in right]
    only_right = [label for label in right if label not in left]
    a = _grouped(x, left, shared, only_left, summed)
    b = _grouped(y, right, shared, summed, only_right)
    product = n.matmul(a, b)
    sizes = dict(zip(left, x.shape)) | dict(zip(right, y.shape))
    labels = "".join((*shared, *only_left, *only_right))
    return product.reshape(tuple(sizes[label] for label in labels)), labels


def _matched(x: Numbers, left: str, y: Numbers, right: str) -> tuple[Numbers, Numbers]:
    """The operands with one length for each index they share; a length of 1 is stretched, as NumPy does."""
    sizes: dict[str, int] = {}
    for label, size in (*zip(left, x.shape), *zip(right, y.shape)):
        known = sizes.setdefault(label, size)
        if 1 not in (known, size) and known != size:
            raise ValueError(f"einstein sum: the index {label} has the lengths {known} and {size}")
        sizes[label] = size if known == 1 else known
    return _stretched(x, left, sizes), _stretched(y, right, sizes)


def _stretched(x: Numbers, labels: str, sizes: dict[str, int]) -> Numbers:
    shape = tuple(sizes[label] for label in labels)
    return x if shape == x.shape else x.each(lambda part: np.broadcast_to(part, (len(part), *shape)))


def _grouped(x: Numbers, labels: str, *groups: list[str]) -> Numbers:
    """Three axes, one for each group of indices."""
    order = [labels.index(label) + 1 for group in groups for label in group]
    sizes = dict(zip(labels, x.shape))
    shape = tuple(int(np.prod([sizes[label] for label in group])) for group in groups)
    return x.each(lambda part: part.transpose(0, *order)).reshape(shape)

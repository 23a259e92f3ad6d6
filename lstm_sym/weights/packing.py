r"""How each library packs the letters of a cell into its arrays: one table, and the linear map that it is.

An array of a library is a column of blocks, each of them a letter. A letter that stands in several places is
the sum of them: PyTorch and ONNX give a gate two biases. So reading is a linear map :math:`p = A w` from the
library's arrays to the cell's parameters; gradients go back by :math:`A^\top`, which gives every place of a letter
the letter's gradient; parameters go back by a right inverse of :math:`A`, which gives the first place the letter
and the others 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]
Packing = Mapping[str, tuple[str, ...]]


def _packing(**blocks: str) -> Packing:
    return {name: tuple(letters.split()) for name, letters in blocks.items()}


PACKINGS: dict[tuple[str, str], Packing] = {
    # torch.nn.RNN, LSTM and GRU, "Variables": W_ii|W_if|W_ig|W_io and W_ir|W_iz|W_in, a bias beside either matrix.
    ("PyTorch", "RNN"): _packing(weight_ih="U", weight_hh="W", bias_ih="b", bias_hh="b"),
    ("PyTorch", "LSTM"): _packing(
        weight_ih="U_i U_f U_z U_o",
        weight_hh="W_i W_f W_z W_o",
        bias_ih="b_i b_f b_z b_o",
        bias_hh="b_i b_f b_z b_o",
        weight_hr="W_r",
    ),
    ("PyTorch", "GRU"): _packing(
        weight_ih="U_r U_z U_n",
        weight_hh="W_r W_z W_n",
        bias_ih="b_r b_z b_n",
        bias_hh="b_r b_z b_q",
    ),
    # ONNX operators RNN, GRU and LSTM, "Inputs": W[i], W[zrh], W[iofc]; B is Wb and Rb, one after the other; P[iof].
    ("ONNX", "RNN"): _packing(W="U", R="W", B="b b"),
    ("ONNX", "GRU"): _packing(W="U_z U_r U_n", R="W_z W_r W_n", B="b_z b_r b_n b_z b_r b_q"),
    ("ONNX", "GRU_reset_before"): _packing(W="U_z U_r U_n", R="W_z W_r W_n", B="b_z b_r b_n b_z b_r b_n"),
    ("ONNX", "LSTM"): _packing(
        W="U_i U_o U_f U_z",
        R="W_i W_o W_f W_z",
        B="b_i b_o b_f b_z b_i b_o b_f b_z",
        P="p_i p_o p_f",
    ),
    # Keras 3, SimpleRNNCell, LSTMCell and GRUCell: matrices act on rows from the right, so they are read transposed.
    ("Keras", "SimpleRNN"): _packing(kernel="U", recurrent_kernel="W", bias="b"),
    ("Keras", "LSTM"): _packing(kernel="U_i U_f U_z U_o", recurrent_kernel="W_i W_f W_z W_o", bias="b_i b_f b_z b_o"),
    ("Keras", "GRU"): _packing(kernel="U_z U_r U_n", recurrent_kernel="W_z W_r W_n", bias="b_z b_r b_n b_z b_r b_q"),
    ("Keras", "GRU_reset_before"): _packing(kernel="U_z U_r U_n", recurrent_kernel="W_z W_r W_n", bias="b_z b_r b_n"),
}
"""For each library and cell, the letters that each array stacks, from its first row to its last."""


def unpacked(packing: Packing, arrays: Arrays, module: ModuleType) -> Any:
    """The ``Params`` of a module from a library's arrays; a letter of which there is no array is 0.

    Raises ``ValueError`` with the name of an array whose shape does not fit the others.
    """
    given: dict[str, list[tuple[str, Array]]] = {}
    first = next(iter(arrays))
    for name, array in arrays.items():
        letters = packing[name]
        if array.dtype != arrays[first].dtype:
            raise ValueError(f"{name} is {array.dtype}, {first} is {arrays[first].dtype}; give all arrays one dtype")
        if array.ndim == 0:
            raise ValueError(f"{name} is a single number; wanted {len(letters)} blocks of rows")
        if len(array) % len(letters):
            raise ValueError(
                f"{name} has shape {array.shape}; its {len(array)} rows are not {len(letters)} equal blocks"
            )
        for letter, block in zip(letters, np.split(array, len(letters)), strict=True):
            given.setdefault(letter, []).append((name, block))
    sizes: dict[str, int] = {}
    for letter in module.Params._fields:
        axes = module.SHAPES[f"params.{letter}"]
        for name, block in given.get(letter, ()):
            wanted = tuple(sizes.setdefault(axis, length) for axis, length in zip(axes, block.shape, strict=False))
            if block.shape != wanted or len(axes) != block.ndim:
                raise ValueError(
                    f"{name} has shape {arrays[name].shape}, which makes the block {letter} of shape {block.shape}; "
                    f"wanted ({', '.join(axes)}){f' = {wanted}' if len(axes) == block.ndim else ''}"
                )
    return module.Params(**{
        letter: np.sum([block for _, block in given[letter]], axis=0)
        if letter in given
        else np.zeros([sizes[axis] for axis in module.SHAPES[f"params.{letter}"]], arrays[first].dtype)
        for letter in module.Params._fields
    })  # fmt: skip


def packed(packing: Packing, params: Any, names: Iterable[str]) -> dict[str, Array]:
    """The arrays of those names from which ``unpacked`` makes ``params``: the first place of a letter has all of it.

    What the cell does not read is 0. Raises ``ValueError`` for a letter that is not 0 and has no place.
    """
    names = tuple(names)
    homeless = set(params._fields).difference(*(packing[name] for name in names))
    for letter in params._fields:
        if letter in homeless and np.any(getattr(params, letter)):
            raise ValueError(f"{letter} is not 0, and the arrays {', '.join(names)} have no place for it")
    seen: set[str] = set()
    arrays = {}
    for name in names:
        blocks = []
        for letter in packing[name]:
            blocks.append(None if letter in seen else getattr(params, letter, None))
            seen.add(letter)
        arrays[name] = _stacked(blocks, _shape(packing[name], params), params)
    return arrays


def packed_gradient(packing: Packing, d_params: Any, names: Iterable[str]) -> dict[str, Array]:
    """The gradients of the arrays of those names: every place of a letter has the letter's gradient."""
    return {
        name: _stacked(
            [getattr(d_params, letter, None) for letter in packing[name]], _shape(packing[name], d_params), d_params
        )
        for name in names
    }


def _shape(letters: Iterable[str], params: Any) -> tuple[int, ...]:
    """The shape of a block, which is that of any letter of the array that the cell has."""
    shape: tuple[int, ...] = next(getattr(params, letter).shape for letter in letters if letter in params._fields)
    return shape


def _stacked(blocks: Iterable[Array | None], shape: tuple[int, ...], params: Any) -> Array:
    return np.concatenate([np.zeros(shape, params[0].dtype) if block is None else block for block in blocks])

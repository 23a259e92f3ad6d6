r"""How each library packs the letters of a cell into its arrays: one table.

An array of a library is a column of blocks, each of them a letter.
"""

from __future__ import annotations

from collections.abc import Mapping

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

"""What a reader should know of a cell beside its equations, in either language."""

from __future__ import annotations

from lstm_sym.cell import Cell

from .places import Language

CHINESE = {
    "The gradient is the full one. The published algorithm truncates it by design: that is LSTM_truncated.": (
        "这里的梯度是完整的。论文发表的算法有意将其截断，即 LSTM_truncated。"
    ),
    "The gradient is the full one. The algorithm of 1997 truncates it by design: that is LSTM_1997_truncated.": (
        "这里的梯度是完整的。1997 年的算法有意将其截断，即 LSTM_1997_truncated。"
    ),
    (
        "The gradient is the full one. The published algorithm truncates it, the peephole paths included: that is "
        "peephole_LSTM_truncated."
    ): "这里的梯度是完整的。论文发表的算法将其截断，窥孔的路径也在内，即 peephole_LSTM_truncated。",
    "z keeps the old state, as in PyTorch, Keras and ONNX; in Chung et al. 2014 z and 1 - z are exchanged.": (
        "z 保留旧状态，与 PyTorch、Keras 和 ONNX 一致；Chung 等人 2014 年的写法中 z 与 1 - z 对调。"
    ),
    "The form that minGRU, minLSTM, SRU and QRNN share, with the factor a and the summand b as its inputs.": (
        "minGRU、minLSTM、SRU 与 QRNN 共有的形式，以系数 a 和加项 b 为输入。"
    ),
    "Here z lets the candidate in, the complement of the GRU's z.": "这里的 z 放入候选值，与 GRU 的 z 互补。",
    "The input has as many entries as the state, since the highway 1 - r passes it on.": (
        "输入与状态的分量一样多，因为高速通路 1 - r 把输入直接传下去。"
    ),
    "The window of the convolution is a state, s, which keeps the input for one step.": (
        "卷积的窗口写成状态 s，它把输入保留一步。"
    ),
    (
        "l is the logarithm of the sigmoid of a_f. The output does not depend on the stabiliser m: that is proved, "
        "so what the backward pass carries through m adds up to 0."
    ): "l 是 a_f 的 sigmoid 的对数。输出与稳定量 m 无关，这一点已证明，所以反向传播中经 m 传递的各项相加为 0。",
    (
        "The paper has N = M, and f = exp(a_f) as its other choice. There is no stabiliser here, so that exp(a_i) "
        "overflows where a_i is large. No gate reads h, so that all of them are known from the inputs."
    ): (
        "论文取 N = M，并以 f = exp(a_f) 为另一种选择。这里没有稳定量，所以 a_i 大时 exp(a_i) 会溢出。"
        "没有门读取 h，所以各门仅由输入即可算出。"
    ),
    (
        "Each gate is normalised on its own, state and input together; the paper normalises the stack of all gates, "
        "and state and input apart. Implementations add a small number to the variance, so that it is never 0."
    ): (
        "每个门单独归一化，状态与输入合在一起；论文则对全部门的堆叠归一化，状态与输入分开。"
        "实现中会给方差加一个很小的数，使它不为 0。"
    ),
}
"""The notes of the cells of the library in Chinese, by their English text."""


def note_of(cell: Cell, language: Language) -> str:
    """The note, in English where it is not translated; empty if the cell has none."""
    return CHINESE.get(cell.note, cell.note) if language.folder == "zh" else cell.note

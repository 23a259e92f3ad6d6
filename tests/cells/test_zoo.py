"""Every cell of the zoo: what is inferred from its equations."""

import pickle

import pytest

from lstm_sym.activations import relu
from lstm_sym.backpropagation import bptt
from lstm_sym.cells import CELLS, LSTM, PEEPHOLE_LSTM, cell_named, elman

GATES = "W_f U_f b_f W_i U_i b_i W_z U_z b_z W_o U_o b_o"
PEEPHOLES = "W_f U_f p_f b_f W_i U_i p_i b_i W_z U_z b_z W_o U_o p_o b_o"
RECURRENT_GATES = (
    "W_f U_f p_f b_f R_if R_ff R_of W_i U_i p_i b_i R_ii R_fi R_oi W_z U_z b_z W_o U_o p_o b_o R_io R_fo R_oo"
)
NORMALISED = "W_f U_f g_f b_f W_i U_i g_i b_i W_z U_z g_z b_z W_o U_o g_o b_o g_c b_c"
RESET = "W_r U_r b_r W_z U_z b_z"
NO_FORGET = "W_i U_i b_i W_z U_z b_z W_o U_o b_o"

TABLE = {
    # states, inputs, outputs, parameters, pre-activations
    "RNN": ("h", "x", "h", "W U b", "a"),
    "RNN_tanh": ("h", "x", "h", "W U b", "a"),
    "RNN_output": ("h", "x", "y", "W U b V b_y", "a"),
    "RNN_loss": ("h", "x target", "ell", "W U b V b_y", "a"),
    "linear_RNN": ("h", "x", "h", "W U b", ""),
    "LSTM": ("h c", "x", "h", GATES, "a_f a_i a_z a_o"),
    "LSTM_block": ("h c", "x", "h", "B_f b_f B_i b_i B_z b_z B_o b_o", "a_f a_i a_z a_o"),
    "LSTM_1997": ("h c", "x", "h", NO_FORGET, "a_i a_z a_o"),
    "peephole_LSTM": ("h c", "x", "h", PEEPHOLES, "a_f a_i a_z a_o"),
    "LSTM_projection": ("h c", "x", "h", f"{GATES} W_r", "a_f a_i a_z a_o"),
    "GRU": ("h", "x", "h", f"{RESET} W_n b_q U_n b_n", "a_r a_z a_n"),
    "GRU_reset_before": ("h", "x", "h", f"{RESET} W_n U_n b_n", "a_r a_z a_n"),
    "NIG": ("h c", "x", "h", "W_f U_f p_f b_f W_z U_z b_z W_o U_o p_o b_o", "a_f a_z a_o"),
    "NFG": ("h c", "x", "h", "W_i U_i p_i b_i W_z U_z b_z W_o U_o p_o b_o", "a_i a_z a_o"),
    "NOG": ("h c", "x", "h", "W_f U_f p_f b_f W_i U_i p_i b_i W_z U_z b_z", "a_f a_i a_z"),
    "NIAF": ("h c", "x", "h", PEEPHOLES, "a_f a_i a_o"),
    "NOAF": ("h c", "x", "h", PEEPHOLES, "a_f a_i a_z a_o"),
    "NP": ("h c", "x", "h", GATES, "a_f a_i a_z a_o"),
    "CIFG": ("h c", "x", "h", "W_i U_i p_i b_i W_z U_z b_z W_o U_o p_o b_o", "a_i a_z a_o"),
    "FGR": ("h o c i f", "x", "h", RECURRENT_GATES, "a_f a_i a_z a_o"),
    "MGU": ("h", "x", "h", "W_f U_f b_f W_n U_n b_n", "a_f a_n"),
    "IndRNN": ("h", "x", "h", "w U b", "a"),
    "diagonal_linear": ("h", "a b", "h", "", ""),
    "minGRU": ("h", "x", "h", "U_z b_z U_n b_n", "a_z"),
    "minLSTM": ("h", "x", "h", "U_f b_f U_i b_i U_n b_n", "a_f a_i"),
    "SRU": ("c", "x", "h", "U_z U_f b_f U_r b_r", "a_f a_r"),
    "QRNN": ("c s", "x", "h", "U_z V_z b_z U_f V_f b_f U_o V_o b_o", "a_z a_f a_o"),
    "sLSTM": ("h n c m", "x", "h", "W_z U_z b_z W_i U_i b_i W_f U_f b_f W_o U_o b_o", "a_z a_i a_f a_o"),
    "mLSTM": ("n C", "x", "h", "W_q b_q W_k b_k W_v b_v w_i b_i w_f b_f W_o b_o", "a_i a_f a_o"),
    "layer_norm_LSTM": ("h c", "x", "h", NORMALISED, "a_f a_i a_z a_o a_c"),
    "LSTM_truncated": ("h c", "x", "h", GATES, "a_f a_i a_z a_o"),
    "LSTM_1997_truncated": ("h c", "x", "h", NO_FORGET, "a_i a_z a_o"),
    "peephole_LSTM_truncated": ("h c", "x", "h", PEEPHOLES, "a_f a_i a_z a_o"),
}


@pytest.mark.parametrize("name", TABLE)
def test_what_is_inferred(name) -> None:
    cell = CELLS[name]
    inferred = (cell.states, cell.inputs, cell.outputs, cell.parameters, cell.preactivations)
    assert tuple(" ".join(map(str, letters)) for letters in inferred) == TABLE[name]


def test_every_cell_is_in_the_table() -> None:
    assert CELLS.keys() == TABLE.keys()


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_has_a_source_a_text_and_survives_pickling(name) -> None:
    cell = CELLS[name]
    assert cell.name == name and cell.source
    assert len(str(cell).splitlines()) == len(cell.equations)
    assert pickle.loads(pickle.dumps(cell)).equations == cell.equations


@pytest.mark.parametrize("name", CELLS)
def test_every_cell_has_a_whole_backward_pass(name) -> None:
    cell = CELLS[name]
    backward = bptt(cell)
    assert len(backward.parameter_gradients) == len(cell.parameters)
    assert len(backward.initial_state_gradients) == len(cell.states)
    assert len(backward.input_gradients) == len(cell.inputs)
    for equation in backward.equations:
        assert equation.lhs.shape == equation.rhs.shape


@pytest.mark.parametrize("name, state", [("minGRU", "h"), ("minLSTM", "h"), ("SRU", "c"), ("QRNN", "c")])
def test_in_a_diagonal_linear_recurrence_nothing_else_reads_the_state(name, state) -> None:
    """So its factor and its summand are functions of the inputs, and a scan computes all steps."""
    cell = CELLS[name]
    (sequence,) = [sequence for sequence in cell.states if sequence.text == state]
    assert [user for user, lag in cell.consumers(sequence) if lag] == [sequence]


def test_a_variant_does_not_inherit_what_is_said_of_the_cell_that_it_changes() -> None:
    """Greff et al. train with the full gradient; that the algorithm of 2000 truncates it is no note on theirs."""
    assert PEEPHOLE_LSTM.note and not any(CELLS[name].note for name in ("NIG", "NFG", "NOG", "NP", "CIFG", "FGR"))


def test_elman_takes_any_activation() -> None:
    assert "relu(a[t])" in str(elman(relu, "RNN_relu"))


@pytest.mark.parametrize("spelled", ["LSTM", "lstm", "Lstm"])
def test_names_in_any_case(spelled) -> None:
    assert cell_named(spelled) is LSTM


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown cell 'LTSM'; the cells are RNN, RNN_tanh, .*, LSTM"):
        cell_named("LTSM")

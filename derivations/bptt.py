"""Backpropagation through time, proved for every length: the derived recursion is the gradient of the unrolled loss."""

from lstm_sym.cells import CELLS, LINEAR_RNN, LSTM, LSTM_1997, LSTM_BLOCK, PEEPHOLE_LSTM, RNN, RNN_LOSS, SLSTM, xlstm
from lstm_sym.nodes import Nonnegative
from lstm_sym.proof import bptt_theorem

rnn = bptt_theorem(RNN)
rnn_loss = bptt_theorem(RNN_LOSS)
linear_rnn = bptt_theorem(LINEAR_RNN, lengths=(1, 2, 3, 10))
lstm = bptt_theorem(LSTM)
lstm_block = bptt_theorem(LSTM_BLOCK, lengths=(1, 2, 3, 10))
lstm_1997 = bptt_theorem(LSTM_1997, lengths=(1, 2, 3, 10))
peephole_lstm = bptt_theorem(PEEPHOLE_LSTM, lengths=(1, 2, 3, 10))

VARIANTS = "LSTM_projection NIG NFG NOG NIAF NOAF NP CIFG FGR layer_norm_LSTM"
OTHERS = "GRU GRU_reset_before MGU IndRNN diagonal_linear minGRU minLSTM SRU QRNN mLSTM"
slstm = bptt_theorem(SLSTM, lengths=(1, 2, 3, 10), assumes=(Nonnegative(xlstm.n[0]),))
zoo = tuple(bptt_theorem(CELLS[name], lengths=(1, 2, 3, 10)) for name in f"{VARIANTS} {OTHERS}".split())

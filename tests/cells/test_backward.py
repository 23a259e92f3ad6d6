"""The backward facts of every cell, line for line: what differs from the LSTM, as its paper would print it."""

import pytest

from lstm_sym.backpropagation import bptt
from lstm_sym.cells import CELLS

CARRY_H = """
        delta_h[t] = e_h[t] + W_f.T*delta_a_f[t + 1] + W_i.T*delta_a_i[t + 1] + W_z.T*delta_a_z[t + 1]\
 + W_o.T*delta_a_o[t + 1]
        delta_x[t] = U_o.T*delta_a_o[t] + U_z.T*delta_a_z[t] + U_i.T*delta_a_i[t] + U_f.T*delta_a_f[t]
"""
GATES = """
        delta_a_o[t] = hadamard(delta_h[t], tanh(c[t]), o[t], 1 - o[t])
        delta_a_f[t] = hadamard(delta_c[t], c[t - 1], f[t], 1 - f[t])
        delta_a_i[t] = hadamard(delta_c[t], z[t], i[t], 1 - i[t])
        delta_a_z[t] = hadamard(delta_c[t], i[t], 1 - hadamard_power(z[t], 2))
"""
WEIGHTS = "\n".join(
    f"""
        Total(L, W_{g}) = TimeSum(delta_a_{g}[t]*h[t - 1].T, (t, 1, T))
        Total(L, U_{g}) = TimeSum(delta_a_{g}[t]*x[t].T, (t, 1, T))
        Total(L, b_{g}) = TimeSum(delta_a_{g}[t], (t, 1, T))
"""
    for g in "zifo"
)

FACTS = {
    "RNN": """
        delta_h[t] = e_h[t] + W.T*delta_a[t + 1]
        delta_a[t] = hadamard(delta_h[t], phi'(a[t]))
        delta_x[t] = U.T*delta_a[t]
        Total(L, W) = TimeSum(delta_a[t]*h[t - 1].T, (t, 1, T))
        Total(L, U) = TimeSum(delta_a[t]*x[t].T, (t, 1, T))
        Total(L, b) = TimeSum(delta_a[t], (t, 1, T))
    """,
    "RNN_tanh": """
        delta_a[t] = hadamard(delta_h[t], 1 - hadamard_power(h[t], 2))
    """,
    "RNN_output": """
        delta_h[t] = V.T*delta_y[t] + W.T*delta_a[t + 1]
        Total(L, V) = TimeSum(delta_y[t]*h[t].T, (t, 1, T))
        Total(L, b_y) = TimeSum(delta_y[t], (t, 1, T))
    """,
    "RNN_loss": """
        delta_h[t] = V.T*r[t] + W.T*delta_a[t + 1]
        Total(L, V) = TimeSum(r[t]*h[t].T, (t, 1, T))
        delta_target[t] = -r[t]
    """,
    "linear_RNN": """
        delta_h[t] = e_h[t] + W.T*delta_h[t + 1]
        Total(L, W) = TimeSum(delta_h[t]*h[t - 1].T, (t, 1, T))
    """,
    "LSTM": f"""
        {CARRY_H}
        {GATES}
        delta_c[t] = hadamard(delta_h[t], o[t], 1 - hadamard_power(tanh(c[t]), 2)) + hadamard(delta_c[t + 1], f[t + 1])
        {WEIGHTS}
    """,
    "peephole_LSTM": f"""
        {CARRY_H}
        {GATES}
        delta_c[t] = hadamard(delta_h[t], o[t], 1 - hadamard_power(tanh(c[t]), 2)) + hadamard(delta_a_o[t], p_o)\
 + hadamard(delta_a_f[t + 1], p_f) + hadamard(delta_a_i[t + 1], p_i) + hadamard(delta_c[t + 1], f[t + 1])
        {WEIGHTS}
        Total(L, p_i) = TimeSum(hadamard(delta_a_i[t], c[t - 1]), (t, 1, T))
        Total(L, p_f) = TimeSum(hadamard(delta_a_f[t], c[t - 1]), (t, 1, T))
        Total(L, p_o) = TimeSum(hadamard(delta_a_o[t], c[t]), (t, 1, T))
    """,
    "LSTM_1997": """
        delta_h[t] = e_h[t] + W_i.T*delta_a_i[t + 1] + W_z.T*delta_a_z[t + 1] + W_o.T*delta_a_o[t + 1]
        delta_c[t] = hadamard(delta_h[t], o[t], 1 - hadamard_power(tanh(c[t]), 2)) + delta_c[t + 1]
        delta_c[0] = delta_c[1]
    """,
    "LSTM_1997_truncated": """
        delta_h[t] = e_h[t]
        delta_c[t] = hadamard(delta_h[t], o[t], 1 - hadamard_power(tanh(c[t]), 2)) + delta_c[t + 1]
    """,
    "LSTM_truncated": """
        delta_h[t] = e_h[t]
        delta_c[t] = hadamard(delta_h[t], o[t], 1 - hadamard_power(tanh(c[t]), 2)) + hadamard(delta_c[t + 1], f[t + 1])
    """,
    "peephole_LSTM_truncated": """
        delta_h[t] = e_h[t]
        delta_c[t] = hadamard(delta_h[t], o[t], 1 - hadamard_power(tanh(c[t]), 2)) + hadamard(delta_c[t + 1], f[t + 1])
    """,
    "LSTM_block": f"""
        {GATES}
        Total(L, B_f) = TimeSum(delta_a_f[t]*[h[t - 1]; x[t]].T, (t, 1, T))
    """,
    "NIG": """
        delta_h[t] = e_h[t] + W_f.T*delta_a_f[t + 1] + W_z.T*delta_a_z[t + 1] + W_o.T*delta_a_o[t + 1]
        delta_a_z[t] = hadamard(delta_c[t], 1 - hadamard_power(z[t], 2))
    """,
    "NFG": """
        delta_c[t] = hadamard(delta_h[t], o[t], 1 - hadamard_power(tanh(c[t]), 2)) + hadamard(delta_a_o[t], p_o)\
 + hadamard(delta_a_i[t + 1], p_i) + delta_c[t + 1]
    """,
    "NOG": """
        delta_c[t] = hadamard(delta_h[t], 1 - hadamard_power(h[t], 2)) + hadamard(delta_a_f[t + 1], p_f)\
 + hadamard(delta_a_i[t + 1], p_i) + hadamard(delta_c[t + 1], f[t + 1])
    """,
    "NIAF": """
        delta_z[t] = hadamard(delta_c[t], i[t])
        delta_x[t] = U_o.T*delta_a_o[t] + U_z.T*delta_z[t] + U_i.T*delta_a_i[t] + U_f.T*delta_a_f[t]
    """,
    "NOAF": """
        delta_a_o[t] = hadamard(delta_h[t], c[t], o[t], 1 - o[t])
        delta_c[t] = hadamard(delta_h[t], o[t]) + hadamard(delta_a_o[t], p_o) + hadamard(delta_a_f[t + 1], p_f)\
 + hadamard(delta_a_i[t + 1], p_i) + hadamard(delta_c[t + 1], f[t + 1])
    """,
    "NP": """
        delta_c[t] = hadamard(delta_h[t], o[t], 1 - hadamard_power(tanh(c[t]), 2)) + hadamard(delta_c[t + 1], f[t + 1])
    """,
    "CIFG": """
        delta_a_i[t] = hadamard(delta_c[t], z[t] - c[t - 1], i[t], 1 - i[t])
    """,
    "FGR": """
        delta_o[t] = hadamard(delta_h[t], tanh(c[t])) + R_of.T*delta_a_f[t + 1] + R_oi.T*delta_a_i[t + 1]\
 + R_oo.T*delta_a_o[t + 1]
        delta_i[t] = hadamard(delta_c[t], z[t]) + R_if.T*delta_a_f[t + 1] + R_ii.T*delta_a_i[t + 1]\
 + R_io.T*delta_a_o[t + 1]
        delta_f[t] = hadamard(delta_c[t], c[t - 1]) + R_ff.T*delta_a_f[t + 1] + R_fi.T*delta_a_i[t + 1]\
 + R_fo.T*delta_a_o[t + 1]
        Total(L, R_fi) = TimeSum(delta_a_i[t]*f[t - 1].T, (t, 1, T))
    """,
    "LSTM_projection": """
        delta_m[t] = W_r.T*delta_h[t]
        delta_a_o[t] = hadamard(delta_m[t], tanh(c[t]), o[t], 1 - o[t])
        Total(L, W_r) = TimeSum(delta_h[t]*m[t].T, (t, 1, T))
    """,
    "GRU": """
        delta_h[t] = e_h[t] + W_r.T*delta_a_r[t + 1] + W_z.T*delta_a_z[t + 1] + W_n.T*delta_q[t + 1]\
 + hadamard(delta_h[t + 1], z[t + 1])
        delta_a_n[t] = hadamard(delta_h[t], 1 - z[t], 1 - hadamard_power(n[t], 2))
        delta_q[t] = hadamard(delta_a_n[t], r[t])
        delta_a_z[t] = hadamard(delta_h[t], h[t - 1] - n[t], z[t], 1 - z[t])
        delta_a_r[t] = hadamard(delta_a_n[t], q[t], r[t], 1 - r[t])
        Total(L, W_n) = TimeSum(delta_q[t]*h[t - 1].T, (t, 1, T))
        Total(L, b_q) = TimeSum(delta_q[t], (t, 1, T))
        Total(L, b_n) = TimeSum(delta_a_n[t], (t, 1, T))
    """,
    "GRU_reset_before": """
        delta_h[t] = e_h[t] + W_r.T*delta_a_r[t + 1] + W_z.T*delta_a_z[t + 1]\
 + hadamard(W_n.T*delta_a_n[t + 1], r[t + 1]) + hadamard(delta_h[t + 1], z[t + 1])
        delta_a_r[t] = hadamard(W_n.T*delta_a_n[t], h[t - 1], r[t], 1 - r[t])
        Total(L, W_n) = TimeSum(delta_a_n[t]*hadamard(r[t], h[t - 1]).T, (t, 1, T))
    """,
    "MGU": """
        Total(L, W_n) = TimeSum(delta_a_n[t]*hadamard(f[t], h[t - 1]).T, (t, 1, T))
        delta_a_f[t] = hadamard(hadamard(delta_h[t], n[t] - h[t - 1]) + hadamard(W_n.T*delta_a_n[t], h[t - 1]),\
 f[t], 1 - f[t])
        delta_h[t] = e_h[t] + W_f.T*delta_a_f[t + 1] + hadamard(W_n.T*delta_a_n[t + 1], f[t + 1])\
 + hadamard(delta_h[t + 1], 1 - f[t + 1])
    """,
    "IndRNN": """
        delta_h[t] = e_h[t] + hadamard(delta_a[t + 1], w)
        delta_a[t] = hadamard(delta_h[t], phi'(a[t]))
        Total(L, w) = TimeSum(hadamard(delta_a[t], h[t - 1]), (t, 1, T))
    """,
    "diagonal_linear": """
        delta_h[t] = e_h[t] + hadamard(delta_h[t + 1], a[t + 1])
        delta_a[t] = hadamard(delta_h[t], h[t - 1])
        delta_b[t] = delta_h[t]
    """,
    "minGRU": """
        delta_h[t] = e_h[t] + hadamard(delta_h[t + 1], 1 - z[t + 1])
        delta_a_z[t] = hadamard(delta_h[t], n[t] - h[t - 1], z[t], 1 - z[t])
    """,
    "minLSTM": """
        delta_h[t] = e_h[t] + hadamard(delta_h[t + 1], f'[t + 1])
        delta_f'[t] = hadamard(delta_h[t], h[t - 1])
        delta_i'[t] = hadamard(delta_h[t], n[t])
        delta_a_f[t] = hadamard(hadamard(delta_f'[t], hadamard_power(s[t], -1)) + delta_s[t], f[t], 1 - f[t])
    """,
    "SRU": """
        delta_c[t] = hadamard(delta_h[t], r[t], 1 - hadamard_power(tanh(c[t]), 2)) + hadamard(delta_c[t + 1], f[t + 1])
        delta_a_f[t] = hadamard(delta_c[t], c[t - 1] - z[t], f[t], 1 - f[t])
        delta_a_r[t] = hadamard(delta_h[t], tanh(c[t]) - x[t], r[t], 1 - r[t])
    """,
    "QRNN": """
        delta_c[t] = hadamard(delta_h[t], o[t]) + hadamard(delta_c[t + 1], f[t + 1])
        delta_a_f[t] = hadamard(delta_c[t], c[t - 1] - z[t], f[t], 1 - f[t])
        Total(L, V_z) = TimeSum(delta_a_z[t]*s[t - 1].T, (t, 1, T))
        delta_s[0] = V_z.T*delta_a_z[1] + V_f.T*delta_a_f[1] + V_o.T*delta_a_o[1]
    """,
    "sLSTM": """
        delta_n[t] = -hadamard(delta_h[t], o[t], c[t], hadamard_power(n[t], -2)) + hadamard(delta_n[t + 1], f[t + 1])
        delta_c[t] = hadamard(delta_h[t], o[t], hadamard_power(n[t], -1)) + hadamard(delta_c[t + 1], f[t + 1])
        delta_m[t] = -hadamard(delta_f[t], f[t]) - hadamard(delta_i[t], i[t])\
 + hadamard(delta_m[t + 1], step(l[t + 1] + m[t] - a_i[t + 1])) + hadamard(delta_f[t + 1], f[t + 1])
        delta_a_f[t] = hadamard(delta_l[t], sigma(-a_f[t]))
    """,
    "mLSTM": """
        delta_C[t] = scaled(g[t], delta_u[t]*q[t].T) + scaled(f[t + 1], delta_C[t + 1])
        delta_n[t] = q[t]*delta_s[t] + scaled(f[t + 1], delta_n[t + 1])
        delta_s[t] = hadamard(delta_r[t], step(absolute(s[t]) - 1), -1 + 2*step(s[t]))
        delta_r[t] = -hadamard(delta_g[t], hadamard_power(r[t], -2))
        delta_q[t] = scaled(g[t], C[t].T*delta_u[t]) + n[t]*delta_s[t]
        delta_k[t] = scaled(i[t], delta_n[t]) + scaled(i[t], delta_C[t].T*v[t])
        delta_v[t] = scaled(i[t], delta_C[t]*k[t])
        delta_a_i[t] = hadamard(k[t].T*delta_n[t] + v[t].T*delta_C[t]*k[t], i[t])
        delta_a_f[t] = hadamard(n[t - 1].T*delta_n[t] + 1*hadamard(C[t - 1], delta_C[t])*1, f[t], 1 - f[t])
        Total(L, W_k) = TimeSum(1/sqrt(M)*delta_k[t]*x[t].T, (t, 1, T))
    """,
    "layer_norm_LSTM": """
        delta_u_f[t] = scaled(hadamard_power(deviation(u_f[t]), -1), hadamard(delta_a_f[t], g_f)\
 - 1/n*1*1*hadamard(delta_a_f[t], g_f) - 1/n*normalised(u_f[t])*normalised(u_f[t]).T*hadamard(delta_a_f[t], g_f))
    """,
}  # fmt: skip


@pytest.mark.parametrize("name", FACTS)
def test_the_lines_that_differ(name) -> None:
    derived = {f"{equation.lhs} = {equation.rhs}" for equation in bptt(CELLS[name]).equations}
    for line in filter(None, map(str.strip, FACTS[name].splitlines())):
        assert line in derived


def test_every_cell_has_its_facts() -> None:
    assert FACTS.keys() == CELLS.keys()

"""The flow through cells: against 50-digit arithmetic, against plain products, at lags where those fail."""

import numpy as np
import pytest
from mpmath import mp, mpf
from sympy import Eq

from lstm_sym import Cell, Parameter, Sequence, hadamard, sigma, sizes, t, tanh
from lstm_sym.cells import CELLS, cell_named
from lstm_sym.cells.lstm import c, h
from lstm_sym.flow import Setting, carousel_jacobian, gradient_flow, run, sensitivity_map, step_jacobian
from lstm_sym.flow.measure import round_lags

LSTM, RNN = cell_named("LSTM"), cell_named("RNN")


def precise_lstm_jacobians(trajectory):
    """The Jacobians of the LSTM in 50 digits, its formulas written by hand; its own trajectory, too."""
    n = trajectory.setting.size
    p = {key.text: mp.matrix(value.tolist()) for key, value in trajectory.parameters.items()}
    x = next(v for s, v in trajectory.sequences.items() if s.text == "x")
    h, c = mp.zeros(n, 1), mp.zeros(n, 1)

    def each(function, v):
        return mp.matrix([function(entry) for entry in v])

    def scaled(v, matrix):
        return mp.matrix([[v[r] * matrix[r, k] for k in range(matrix.cols)] for r in range(matrix.rows)])

    for step in range(1, trajectory.steps + 1):
        a = {g: p[f"W_{g}"] * h + p[f"U_{g}"] * mp.matrix(x[step].tolist()) + p[f"b_{g}"] for g in "fizo"}
        f, i, o = (each(lambda v: 1 / (1 + mp.exp(-v)), a[g]) for g in "fio")
        z = each(mp.tanh, a["z"])
        old, c = c, mp.matrix([f[r] * c[r] + i[r] * z[r] for r in range(n)])
        tanh_c = each(mp.tanh, c)
        h = mp.matrix([o[r] * tanh_c[r] for r in range(n)])
        to_c = (
            scaled([old[r] * f[r] * (1 - f[r]) for r in range(n)], p["W_f"])
            + scaled([z[r] * i[r] * (1 - i[r]) for r in range(n)], p["W_i"])
            + scaled([i[r] * (1 - z[r] ** 2) for r in range(n)], p["W_z"])
        )
        beta = [o[r] * (1 - tanh_c[r] ** 2) for r in range(n)]
        to_h = scaled([tanh_c[r] * o[r] * (1 - o[r]) for r in range(n)], p["W_o"]) + scaled(beta, to_c)
        J = mp.zeros(2 * n, 2 * n)
        for r in range(n):
            for k in range(n):
                J[r, k], J[n + r, k] = to_h[r, k], to_c[r, k]
            J[r, n + r], J[n + r, n + r] = beta[r] * f[r], f[r]
        yield J


@pytest.mark.parametrize("bias", [0.0, 3.0])
def test_singular_values_agree_with_fifty_digits_to_1e_12(bias):
    lag = 300
    with mp.workdps(50):
        setting = Setting(size=2, seed=4, gain=1.5, fixed={"b_f": bias, "b_i": [0.3, -0.2]})
        flow = gradient_flow(LSTM, setting, lag)
        factors = list(precise_lstm_jacobians(run(LSTM, setting, lag)))
        product = mp.eye(4)
        for back, factor in enumerate(reversed(factors), start=1):
            product = product * factor
            if back not in flow.lags:
                continue
            # Digits enough for the smallest singular value, which is hundreds of powers of ten below the largest.
            with mp.workdps(50 + 6 * back):
                values = mp.svd_r(product, compute_uv=False) if back <= 20 else [mp.sqrt(_largest(product))]
            place = list(flow.lags).index(back)
            assert abs(mpf(10) ** mpf(flow.largest[place]) / values[0] - 1) < 1e-12
            if back <= 10:
                assert abs(mpf(10) ** mpf(flow.smallest[place]) / values[3] - 1) < 1e-11, "its condition costs a digit"


def _largest(product):
    return max(mp.eigsy(product.T * product, eigvals_only=True))


@pytest.mark.parametrize("name", CELLS)
def test_the_jacobian_is_the_slope_of_the_cell(name):
    trajectory = run(CELLS[name], Setting(size=3, seed=2), 4)
    if "truncated" in name:
        pytest.skip("a truncated derivative is no slope")
    J = step_jacobian(trajectory)
    states, step = trajectory.cell.states, 1e-6
    at_3 = J.at(3, 3)[0]
    columns = iter(at_3.T)
    for state in states:
        rows, cols = trajectory.sequences[state].shape[1:]
        for col, row in np.ndindex(cols, rows):
            ends = []
            for sign in (1, -1):
                ends.append(_stepped(trajectory, state, (row, col), sign * step))
            slope = (ends[0] - ends[1]) / (2 * step)
            np.testing.assert_allclose(next(columns), slope, rtol=1e-7, atol=1e-8)
    assert next(columns, None) is None


def _stepped(trajectory, state, entry, move):
    """The joint state after step 3, a matrix column by column, when one entry of the state after step 2 moves."""
    from lstm_sym.flow.trajectory import _fill

    sequences = {s: values[2:4].copy() for s, values in trajectory.sequences.items()}
    sequences[state][0, *entry] += move
    _fill(trajectory.cell, 1, trajectory.parameters, sequences)
    return np.concatenate([sequences[s][1].ravel(order="F") for s in trajectory.cell.states])


@pytest.mark.parametrize(
    "name",
    [
        "RNN",
        "RNN_loss",
        "LSTM",
        "LSTM_truncated",
        "LSTM_projection",
        "GRU",
        "QRNN",
        "sLSTM",
        "mLSTM",
        "layer_norm_LSTM",
    ],
)
def test_short_products_are_plain_products(name):
    setting = Setting(size=3, seed=1)
    flow = gradient_flow(CELLS[name], setting, 8, lags=range(1, 9))
    trajectory = run(CELLS[name], setting, 8)
    for jacobian, found in [(step_jacobian, flow.largest), (carousel_jacobian, flow.carousel)]:
        product = np.eye(jacobian(trajectory).size)
        for k in range(8):
            product = product @ jacobian(trajectory).at(8 - k, 8 - k)[0]
            np.testing.assert_allclose(10.0 ** found[k], np.linalg.norm(product, 2), rtol=1e-12)
    assert (flow.largest <= flow.bound + 1e-12).all()
    assert (flow.smallest <= flow.largest + 1e-12).all()


@pytest.mark.parametrize(
    "name, setting, grows",
    [
        ("LSTM", Setting(size=4), False),
        ("LSTM", Setting(size=16, gain=4), False),
        ("RNN", Setting(size=32, gain=2, inputs=0.1), True),
        ("linear_RNN", Setting(size=8, gain=2, inputs=0), True),
    ],
)
def test_ten_thousand_steps_neither_overflow_nor_underflow(name, setting, grows):
    flow = gradient_flow(cell_named(name), setting, 10_000)
    assert np.isfinite([flow.largest, flow.smallest, flow.bound]).all() and not np.isnan(flow.carousel).any()
    assert (flow.largest[-1] > 308) if grows else (flow.largest[-1] < -308)
    assert flow.bound[-1] >= flow.largest[-1] >= flow.smallest[-1]


def test_the_bound_of_an_elman_network_is_the_product_of_its_step_norms():
    flow = gradient_flow(RNN, Setting(size=5, seed=3), 30, lags=range(1, 31))
    trajectory = run(RNN, Setting(size=5, seed=3), 30)
    W = next(v for p, v in trajectory.parameters.items() if p.text == "W")
    h = next(v for s, v in trajectory.sequences.items() if s.text == "h")
    norms = [np.linalg.norm((1 - h[k] ** 2) * W, 2) for k in range(30, 0, -1)]
    np.testing.assert_allclose(flow.bound, np.cumsum(np.log10(norms)), rtol=1e-12)
    assert (flow.carousel == -np.inf).all()


def test_a_linear_network_decays_at_its_spectral_radius():
    flow = gradient_flow(cell_named("linear_RNN"), Setting(size=2, fixed={"W": [[0.9, 50], [0, 0.9]]}), 5000)
    k = flow.lags
    exact = k * np.log10(0.9) + np.log10(50 * k / 0.9)
    np.testing.assert_allclose(flow.largest[k > 100], exact[k > 100], atol=1e-4)
    np.testing.assert_allclose(flow.smallest + flow.largest, 2 * k * np.log10(0.9), rtol=1e-9, atol=1e-9)


def test_the_carousel_of_the_lstm_is_the_product_of_its_forget_gates():
    trajectory = run(LSTM, Setting(size=3, fixed={"b_f": 2}), 40)
    f = next(v for s, v in trajectory.sequences.items() if s.text == "f")[1:, :, 0]
    J = carousel_jacobian(trajectory)
    product = np.eye(6)
    for factor in J.backwards():
        product = product @ factor
    np.testing.assert_allclose(product[J.block(c), J.block(c)], np.diag(f.prod(axis=0)), rtol=1e-12)
    assert not product[:, J.block(h)].any()


def test_a_cell_without_forget_gate_keeps_its_carousel_for_ever():
    assert (gradient_flow(cell_named("LSTM_1997"), Setting(size=3), 500).carousel >= -1e-12).all()


def test_the_map_of_sensitivities_holds_the_blocks_of_the_products():
    trajectory = run(LSTM, Setting(size=2, seed=5), 6)
    logs = sensitivity_map(trajectory, h)
    J = step_jacobian(trajectory)
    product = J.at(5, 5)[0] @ J.at(4, 4)[0] @ J.at(3, 3)[0]
    np.testing.assert_allclose(10 ** logs[5, 2], np.linalg.norm(product[:2, :2], 2), rtol=1e-12)
    np.testing.assert_allclose(np.diag(logs), 0, atol=1e-15)
    assert np.isnan(logs[2, 5]) and logs.shape == (7, 7)


def gru():
    """A cell that is not of the library: reset after, as in PyTorch."""
    n, d = sizes("n d")
    h, x = Sequence("h", n), Sequence("x", d)
    a_r, a_u, a_g, r, u, g = (Sequence(name, n) for name in ("a_r", "a_u", "a_g", "r", "u", "g"))
    W_r, W_u, W_g = (Parameter(f"W_{gate}", n, d) for gate in "rug")
    U_r, U_u, U_g = (Parameter(f"U_{gate}", n, n) for gate in "rug")
    return Cell(
        "GRU",
        Eq(a_r[t], W_r * x[t] + U_r * h[t - 1]),
        Eq(r[t], sigma(a_r[t])),
        Eq(a_u[t], W_u * x[t] + U_u * h[t - 1] + Parameter("b_u", n)),
        Eq(u[t], sigma(a_u[t])),
        Eq(a_g[t], W_g * x[t] + hadamard(r[t], U_g * h[t - 1])),
        Eq(g[t], tanh(a_g[t])),
        Eq(h[t], hadamard(1 - u[t], g[t]) + hadamard(u[t], h[t - 1])),
    )


def test_a_cell_of_ones_own_has_a_flow_a_bound_and_a_carousel():
    flow = gradient_flow(gru(), Setting(size=4, fixed={"b_u": 3.0}), 200)
    assert (flow.largest <= flow.bound + 1e-12).all()
    assert np.isfinite([flow.largest, flow.smallest, flow.carousel]).all()
    trajectory = run(gru(), Setting(size=4, fixed={"b_u": 3.0}), 200)
    u = next(v for s, v in trajectory.sequences.items() if s.text == "u")[1:, :, 0]
    assert flow.carousel[-1] == pytest.approx(np.log10(u).sum(axis=0).max(), rel=1e-12)


def test_equal_settings_give_equal_numbers_and_other_seeds_others():
    one, same, other = (gradient_flow(LSTM, Setting(size=3, seed=s), 20).largest for s in (7, 7, 8))
    assert (one == same).all() and (one != other).all()


def test_json_has_no_infinities():
    report = gradient_flow(RNN, Setting(size=3, fixed={"b": 0.5}), 3).as_json()
    assert report["carousel"] == [None] * 3 and report["lags"] == [1, 2, 3]
    assert (report["cell"], report["fixed"], report["phi"]) == ("RNN", {"b": 0.5}, "tanh")


@pytest.mark.parametrize("lag, lags", [(1, [1]), (10, [1, 2, 5, 10]), (70, [1, 2, 5, 10, 20, 50, 70])])
def test_round_lags(lag, lags):
    assert round_lags(lag) == lags


def test_a_trajectory_that_overflows_is_told():
    with pytest.raises(ValueError, match=r"cell linear_RNN: its own values overflow at step \d+; take smaller weights"):
        gradient_flow(cell_named("linear_RNN"), Setting(size=8, gain=9), 2000)


@pytest.mark.parametrize(
    "setting, lag, match",
    [
        (dict(), 0, "the lag is at least 1, got 0"),
        (dict(), -3, "the lag is at least 1, got -3"),
        (dict(size=0), 5, "the size is at least 1, got 0"),
        (dict(seed=-1), 5, "the seed is not negative, got -1"),
        (dict(gain=float("nan")), 5, "gain is a finite number and not negative, got nan"),
        (dict(fixed={"b_q": 1}), 5, "cell LSTM has no parameter 'b_q'; its parameters are W_f, U_f, b_f, "),
        (dict(fixed={"b_f": float("inf")}), 5, "b_f is set to inf, which is not finite"),
        (dict(size=2, fixed={"b_f": [1, 2, 3]}), 5, r"b_f has shape \(2, 1\), got one of shape \(3,\)"),
    ],
)
def test_misuse_is_told(setting, lag, match):
    with pytest.raises(ValueError, match=match):
        gradient_flow(LSTM, Setting(**setting), lag)

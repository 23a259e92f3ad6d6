"""The hand-written passes against finite differences of themselves, in float64 and at large arguments."""

from __future__ import annotations

import numpy as np
import pytest

from lstm_sym import reference as ref

T, B, N, D, M = 5, 3, 4, 2, 3
STEP = 1e-30  # of the complex step, whose error is of the order of its square: nothing is subtracted


def drawn(seed: int, names: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {name: rng.normal(0, 0.7, shape) for name, shape in names.items()}


def lstm_shapes(gates: str, peepholes: str = "") -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for gate in gates:
        shapes |= {f"W_{gate}": (N, N), f"U_{gate}": (N, D), f"b_{gate}": (N,)}
    return shapes | {f"p_{gate}": (N,) for gate in peepholes}


DATA = {"x": (T, B, D), "h0": (B, N), "c0": (B, N)}
RNN_SHAPES = {"W": (N, N), "U": (N, D), "b": (N,), "V": (M, N), "b_y": (M,)}
LSTMS = {
    "lstm": lstm_shapes("zifo"),
    "peephole": lstm_shapes("zifo", "ifo"),
    "1997": lstm_shapes("zio"),
}


def complex_step(loss, values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """d loss / d v from Im loss(v + i s)/s, entry by entry (Squire & Trapp 1998)."""
    grads = {}
    for name, value in values.items():
        grads[name] = np.empty_like(value)
        for index in np.ndindex(value.shape):
            moved = {key: v.astype(complex) for key, v in values.items()}
            moved[name][index] += 1j * STEP
            grads[name][index] = loss(moved).imag / STEP
    return grads


def assert_same(grads, wanted):
    assert grads.keys() == wanted.keys()
    for name in wanted:
        assert grads[name].shape == wanted[name].shape, name
        np.testing.assert_allclose(grads[name], wanted[name], rtol=1e-11, atol=1e-13, err_msg=name)


@pytest.mark.parametrize("kind", LSTMS)
def test_lstm_gradients(kind):
    values = drawn(1, LSTMS[kind] | DATA)
    e = drawn(2, {"h": (T, B, N), "h_last": (B, N), "c_last": (B, N)})

    def loss(v):
        trace = ref.lstm_forward({k: v[k] for k in LSTMS[kind]}, v["x"], v["h0"], v["c0"])
        return (e["h"] * trace.h).sum() + (e["h_last"] * trace.h[-1]).sum() + (e["c_last"] * trace.c[-1]).sum()

    params = {k: values[k] for k in LSTMS[kind]}
    data = values["x"], values["h0"], values["c0"]
    grads = ref.lstm_backward(params, *data, ref.lstm_forward(params, *data), e["h"], e["h_last"], e["c_last"])
    assert_same(grads, complex_step(loss, values))


def test_rnn_gradients():
    hidden = {k: RNN_SHAPES[k] for k in ("W", "U", "b")}
    values = drawn(3, hidden | {"x": DATA["x"], "h0": DATA["h0"]})
    e = drawn(4, {"h": (T, B, N), "h_last": (B, N)})

    def loss(v):
        h = ref.rnn_forward(v, v["x"], v["h0"])
        return (e["h"] * h).sum() + (e["h_last"] * h[-1]).sum()

    h = ref.rnn_forward(values, values["x"], values["h0"])
    grads = ref.rnn_backward(values, values["x"], values["h0"], h, e["h"], e["h_last"])
    assert_same(grads, complex_step(loss, values))


def test_rnn_with_output_and_loss_gradients():
    values = drawn(5, RNN_SHAPES | {"x": DATA["x"], "h0": DATA["h0"], "target": (T, B, M)})
    e = drawn(6, {"ell": (T, B, 1)})

    def loss(v):
        y = ref.output_forward(v, ref.rnn_forward(v, v["x"], v["h0"]))
        return (e["ell"] * ref.squared_error(y, v["target"])).sum()

    h = ref.rnn_forward(values, values["x"], values["h0"])
    d_y, d_target = ref.squared_error_backward(ref.output_forward(values, h), values["target"], e["ell"])
    outer, d_h = ref.output_backward(values, h, d_y)
    grads = ref.rnn_backward(values, values["x"], values["h0"], h, d_h, np.zeros((B, N)))
    assert_same({**grads, **outer, "target": d_target}, complex_step(loss, values))


def test_peepholes_of_zero_are_none():
    values = drawn(7, LSTMS["lstm"] | DATA)
    params = {k: values[k] for k in LSTMS["lstm"]}
    data = values["x"], values["h0"], values["c0"]
    zero = {f"p_{gate}": np.zeros(N) for gate in "ifo"}
    plain, peepholes = ref.lstm_forward(params, *data), ref.lstm_forward({**params, **zero}, *data)
    np.testing.assert_array_equal(plain.h, peepholes.h)
    np.testing.assert_array_equal(plain.c, peepholes.c)


def test_one_step_by_hand():
    """At zero weights: z = 0, all gates 1/2, so c halves and h = tanh(c)/2."""
    params = {name: np.zeros(shape) for name, shape in LSTMS["lstm"].items()}
    trace = ref.lstm_forward(params, np.ones((1, 1, D)), np.zeros((1, N)), np.full((1, N), 2.0))
    np.testing.assert_allclose(trace.c, np.ones((1, 1, N)), rtol=1e-15)
    np.testing.assert_allclose(trace.h, np.full((1, 1, N), 0.5 * np.tanh(1.0)), rtol=1e-15)


@pytest.mark.parametrize("size", [1000.0, -1000.0])
@pytest.mark.parametrize("kind", LSTMS)
def test_saturated_gates_warn_of_nothing(kind, size):
    params = drawn(8, LSTMS[kind]) | {f"b_{gate}": np.full(N, size) for gate in "zifo" if f"b_{gate}" in LSTMS[kind]}
    data = drawn(9, DATA)
    ones = np.ones((B, N))
    with np.errstate(all="raise", under="ignore"):
        trace = ref.lstm_forward(params, *data.values())
        grads = ref.lstm_backward(params, *data.values(), trace, np.ones((T, B, N)), ones, ones)
    assert all(np.isfinite(grad).all() for grad in grads.values())


@pytest.mark.parametrize("a, value", [(0.0, 0.5), (1000.0, 1.0), (-1000.0, 0.0), (np.log(3.0), 0.75)])
def test_sigmoid(a, value):
    assert ref.sigmoid(np.array(a)) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    "function, tex",
    [
        (ref.sigmoid, r"0.5 \tanh"),
        (ref.rnn_step, r"a = W h + U x + b"),
        (ref.lstm_step, r"= f c + i z"),
        (ref.peephole_lstm_step, r"= f c + i z"),
        (ref.lstm_1997_step, r"= c + i z"),
    ],
)
def test_the_steps_go_through_latexify(function, tex):
    latexify = pytest.importorskip("latexify")
    assert tex in latexify.get_latex(function)

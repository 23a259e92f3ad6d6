"""Which inputs have gradients that are checked, and how backward may be called."""

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck


def dropout(x, keep):
    mask = np.random.rand(*x.shape) < keep
    return x * mask / keep, (mask, keep)


def dropout_backward(dout, cache):
    mask, keep = cache
    return dout * mask / keep


def dropout_unscaled(dout, cache):
    return dout * cache[0]


def normed(x, settings):
    return x / np.sqrt(np.sum(x * x) + settings["eps"])


def normed_backward(inputs, d, power=3):
    x, settings = inputs
    norm = np.sqrt(np.sum(x * x) + settings["eps"])
    return d / norm - x * np.sum(d * x) / norm**power


X = np.zeros((4, 3))
SETTINGS = [
    (dropout, dropout_backward, [X, 0.8], "right"),
    (dropout, dropout_unscaled, [X, 0.8], "wrong"),
    (normed, normed_backward, [X, {"eps": 1e-5, "mode": "train"}], "right"),
    (normed, lambda i, d: normed_backward(i, d, 2), [X, {"eps": 1e-5, "mode": "train"}], "wrong"),
    (lambda W, lr, b: lr * W + b, lambda i, d: (i[1] * d, d), [X, 0.1, X], "right"),
    (lambda W, lr, b: lr * W + b, lambda i, d: {"dW": i[1] * d, "db": d}, [X, 0.1, X], "right"),
    (lambda W, lr, b: lr * W + b, lambda i, d: {"dW": d, "db": d}, [X, 0.1, X], "wrong"),
]


@pytest.mark.parametrize("forward, backward, inputs, verdict", SETTINGS)
@pytest.mark.parametrize("fixed", [False, True])
def test_numbers_among_arrays_are_settings_where_backward_gives_them_nothing(forward, backward, inputs, verdict, fixed):
    names = ["settings" if forward is normed else "keep" if forward is dropout else "lr"] if fixed else []
    report = gradcheck(forward, backward, inputs, fixed=names)
    assert report.verdict == verdict, str(report)
    (why,) = report.unchecked.values()
    assert why == ("it is fixed" if fixed else "backward gives no gradient for it")
    assert f"not checked: {why}" in str(report) and report.as_json()["unchecked"] == report.unchecked
    assert report.inputs.keys().isdisjoint(report.unchecked)


def test_a_number_with_a_gradient_is_checked():
    report = gradcheck(lambda x, s: s * x, lambda i, d: (i[1] * d, 2 * np.sum(d * i[0])), [X, 0.5])
    assert report.inputs == {"x": True, "s": False} and not report.unchecked


def cross_entropy(z, y):
    p = 1 / (1 + np.exp(-z))
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def cross_entropy_backward(inputs, d):
    z, y = inputs
    return d * (1 / (1 + np.exp(-z)) - y) / len(y)


Y = np.array([0.0, 1.0, 1.0, 0.0])
TARGETS = [
    (lambda i, d: (cross_entropy_backward(i, d), None), ()),
    (lambda i, d: {"dz": cross_entropy_backward(i, d)}, ()),
    (cross_entropy_backward, ("y",)),
    (lambda i, d: (cross_entropy_backward(i, d), 7 * d), ("y",)),
]


@pytest.mark.parametrize("backward, fixed", TARGETS)
def test_targets_that_need_no_gradient(backward, fixed):
    report = gradcheck(cross_entropy, backward, [np.zeros(4), Y], fixed=fixed)
    assert report.verdict == "right" and set(report.unchecked) == {"y"}, str(report)
    half = gradcheck(
        cross_entropy, lambda i, d: (0.5 * cross_entropy_backward(i, d), None), [np.zeros(4), Y], fixed=fixed
    )
    assert half.verdict == "wrong" and half.witness.name == "z"


def test_fixed_numbers_are_passed_on_as_they_are():
    def forward(x, eps, y):
        assert isinstance(eps, float) and f"{eps!r}" == "1e-05"
        return x * eps + (y > 0)

    assert gradcheck(
        forward, lambda i, d: 1e-5 * d, [np.zeros(3), 1e-5, np.array([1.0, 0.0, 0.0])], fixed=["eps", "y"]
    ).ok


def test_what_the_output_does_not_depend_on_needs_no_gradient():
    report = gradcheck(lambda x, y: 2 * x, lambda i, d: (2 * d, None), [X, X])
    assert report.verdict == "right" and report.inputs == {"x": True, "y": True} and not report.unchecked


FEW = "what needs no gradient is named in fixed=..."


def layers(x, params):
    for k in (1, 2):
        x = np.tanh(x @ params[f"W{k}"] + params[f"b{k}"])
    return x


def layers_backward(inputs, d, factor=1):
    x, params = inputs
    a, grads = [x], {}
    for k in (1, 2):
        a.append(np.tanh(a[-1] @ params[f"W{k}"] + params[f"b{k}"]))
    for k in (2, 1):
        dz = d * (1 - a[k] ** 2)
        grads |= {f"dW{k}": factor * a[k - 1].T @ dz, f"db{k}": dz.sum(axis=0)}
        d = dz @ params[f"W{k}"].T
    return d, grads


def plainly_named(inputs, d):
    return {"params": {key[1:]: value for key, value in layers_backward(inputs, d)[1].items()}}


LAYERS = [np.zeros((2, 3)), {"W1": np.zeros((3, 4)), "b1": np.zeros(4), "W2": np.zeros((4, 2)), "b2": np.zeros(2)}]
NOT_FOR_X = {"x": "backward gives no gradient for it"}
KEYED = [
    (lambda i, d: layers_backward(i, d), {}),
    (lambda i, d: layers_backward(i, d)[1] | {"dx": layers_backward(i, d)[0]}, {}),
    (lambda i, d: layers_backward(i, d)[1], NOT_FOR_X),
    (plainly_named, NOT_FOR_X),
]


@pytest.mark.parametrize("backward, unchecked", KEYED)
def test_gradients_of_a_dictionary_of_parameters_under_their_names(backward, unchecked):
    report = gradcheck(layers, backward, LAYERS)
    assert (report.verdict, report.unchecked) == ("right", unchecked), str(report)


def test_a_wrong_one_of_them_is_named():
    report = gradcheck(layers, lambda i, d: layers_backward(i, d, 2)[1], LAYERS, diagnose=False)
    assert [name for name, exact in report.inputs.items() if not exact] == ["params['W1']", "params['W2']"]


UNDECIDED = [
    (lambda i, d: (None, None), "backward gives no gradient for any input"),
    (lambda i, d: None, f"returns a single NoneType for the inputs x, y; {FEW}"),
    (lambda i, d: {"Vx": d}, "returns gradients under Vx; none is found for x, y"),
    (lambda i, d: {"dx": d, "dz": d}, "returns gradients under dx, dz; none is found for y"),
    (lambda i, d: (d, d, d), f"returns 3 gradients for the inputs x, y; {FEW}"),
    (lambda dout: dout, "(dout) does not take what it is called with; it is called as backward(inputs, cotangents)"),
    (lambda dout, x, y: dout, "(dout, x, y) does not take what it is called with"),
    (lambda dout, x: dout.T * x, "(x, y); if it takes (dout, cache), let forward return (out, cache)"),
]


@pytest.mark.parametrize("backward, message", UNDECIDED)
def test_what_backward_gives_or_takes_is_told(backward, message):
    report = gradcheck(lambda x, y: x * y, backward, [X, X])
    assert report.verdict == "undecided" and message in str(report), str(report)
    assert "NOT exact" not in str(report) and "x  not decided" in str(report)
    assert " at ?" not in str(report)


def test_a_cache_form_with_too_few_parameters_is_told():
    report = gradcheck(lambda x: (x * x, x), lambda dout: dout, [X], style="cache")
    assert "(dout) does not take what it is called with; it is called as backward(dout, cache)" in str(report)


def test_misuse_of_fixed():
    with pytest.raises(ValueError, match="fixed: there is no input eps; the inputs are x"):
        gradcheck(lambda x: x, lambda i, d: d, [X], fixed=["eps"])
    with pytest.raises(ValueError, match="no input that is not fixed is of floating-point numbers"):
        gradcheck(lambda x: x, lambda i, d: d, [X], fixed=["x"])


def overwriting(dout, cache):
    dout *= 2 * cache
    return dout


def test_the_argument_that_is_overwritten_is_named():
    report = gradcheck(lambda x: (x * x, x), overwriting, [X])
    line = overwriting.__code__.co_firstlineno + 1
    assert report.verdict == "wrong" and report.diagnosis == (
        "all gradients are exact, but backward overwrites the upstream gradient, its argument dout "
        f"(test_subject.py:{line})",
    )


@pytest.mark.parametrize("given, verdict", [({"W", "b"}, "right"), ({"W"}, "wrong"), ({"b"}, "wrong")])
def test_a_gradient_that_is_forgotten_beside_others_is_wrong(given, verdict):
    def forward(params, x):
        return np.tanh(x @ params["W"] + params["b"])

    def backward(inputs, d):
        params, x = inputs
        da = d * (1 - forward(params, x) ** 2)
        found = {"W": x.T @ da, "b": da.sum(axis=0)}
        return {name: found[name] for name in given}, None

    report = gradcheck(forward, backward, [{"W": np.zeros((3, 2)), "b": np.zeros(2)}, np.zeros((4, 3))])
    assert report.verdict == verdict and set(report.unchecked) == {"x"}
    for name in {"W", "b"} - given:
        assert f"and none for params['{name}'], on which the outputs depend" in " ".join(report.diagnosis)

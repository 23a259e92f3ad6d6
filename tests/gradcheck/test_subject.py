"""Which inputs have gradients that are checked, and how backward may be called."""

from collections import defaultdict, namedtuple
from dataclasses import dataclass, field
from unittest.mock import Mock

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck, same_function
from lstm_sym.gradcheck.trees import mapped


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


@dataclass
class Params:
    W: np.ndarray
    b: np.ndarray
    name: str = "layer"


@dataclass(frozen=True, slots=True)
class Frozen:
    W: np.ndarray
    b: np.ndarray
    sizes: list[int] = field(default_factory=lambda: [3, 2])


def affine(x, p):
    return x @ p.W + p.b


def affine_gradients(inputs, d, sign=1):
    x, p = inputs
    return d @ p.W.T, x.T @ d, sign * d.sum(0)


WEIGHTS = {"W": np.zeros((3, 2)), "b": np.zeros(2)}


@pytest.mark.parametrize("kind", [Params, Frozen])
@pytest.mark.parametrize("given", [lambda kind: kind, lambda kind: dict, lambda kind: lambda W, b: {"W": W, "b": b}])
@pytest.mark.parametrize("sign, wrong", [(1, []), (-1, ["p['b']"])])
def test_a_dataclass_of_arrays_has_gradients(kind, given, sign, wrong):
    def backward(inputs, d):
        dx, dW, db = affine_gradients(inputs, d, sign)
        return dx, given(kind)(W=dW, b=db)

    report = gradcheck(affine, backward, [X, kind(**WEIGHTS)])
    assert list(report.inputs) == ["x", "p['W']", "p['b']"]
    assert [name for name, good in report.inputs.items() if not good] == wrong


@dataclass
class Settings:
    gain: float = 0.5
    power: int = 2


class Model:
    def __init__(self):
        self.gain, self.power = 0.5, 2
        self.table = np.ones(3)


@pytest.mark.parametrize("settings, fixed", [(Settings(), []), (Model(), ["settings"])])
def test_numbers_inside_an_object_are_settings(settings, fixed):
    def forward(x, settings):
        return settings.gain * x**settings.power

    def backward(inputs, d):
        x, s = inputs
        return d * s.gain * s.power * x ** (s.power - 1)

    report = gradcheck(forward, backward, [X, settings], fixed=fixed)
    assert report.verdict == "right" and report.unchecked["settings.gain"] == "it is an attribute of an object"


def stacked(layers, x):
    for k in sorted(layers):
        x = np.tanh(x @ layers[k]["W"])
    return x


def stacked_gradients(inputs, d, order=-1):
    layers, x = inputs
    keys, states = sorted(layers), [x]
    for k in keys:
        states.append(np.tanh(states[-1] @ layers[k]["W"]))
    found = {}
    for k, before, after in list(zip(keys, states, states[1:]))[::-1]:
        d = d * (1 - after * after)
        found[k] = {"W": before.T @ d}
        d = d @ layers[k]["W"].T
    return dict(zip(keys, [found[k] for k in keys][::order])), d


@pytest.mark.parametrize("order, verdict", [(1, "right"), (-1, "wrong")])
def test_layers_by_number(order, verdict):
    layers = {1: {"W": np.zeros((3, 3))}, 2: {"W": np.zeros((3, 3))}}
    report = gradcheck(stacked, lambda i, d: stacked_gradients(i, d, order), [layers, X])
    assert report.verdict == verdict
    assert list(report.inputs) == ["layers[1]['W']", "layers[2]['W']", "x"]


def test_a_dictionary_with_a_default_stays_one():
    def forward(p, x):
        return x * p["w"] + len(p["nothing"])

    inputs = [defaultdict(list, w=np.zeros(3)), X]
    report = gradcheck(forward, lambda i, d: ({"w": (d * i[1]).sum(0)}, d * i[0]["w"]), inputs)
    assert report.verdict == "right" and list(report.inputs) == ["p['w']", "x"]


DEFAULTS = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([2.0, 0.5])


def with_defaults(x, W=DEFAULTS[0], *, gain=DEFAULTS[1]):
    return np.tanh(W.dot(x)) * gain


@pytest.mark.parametrize("power, verdict", [(2, "right"), (1, "wrong")])
def test_arrays_that_are_default_values(power, verdict):
    W, gain = DEFAULTS

    def backward(inputs, d, W=W):
        return W.T.dot(d * (1 - np.tanh(W.dot(inputs[0])) ** power) * gain)

    assert gradcheck(with_defaults, backward, [np.zeros(2)]).verdict == verdict
    assert with_defaults.__defaults__[0] is W and with_defaults.__kwdefaults__["gain"] is gain


@np.vectorize
def leaky(entry):
    return entry if entry > 0 else 0.1 * entry


@pytest.mark.parametrize("slope, verdict", [(0.1, "right"), (0.2, "wrong")])
def test_a_vectorized_function_of_the_module(slope, verdict):
    report = gradcheck(lambda x: leaky(x), lambda i, d: d * np.where(i[0] > 0, 1, slope), [X])
    assert report.verdict == verdict


@pytest.mark.parametrize("otypes, verdict", [(None, "undecided"), ([float], "right")])
def test_a_vectorized_function_takes_the_type_of_its_first_value(otypes, verdict):
    slope = np.vectorize(lambda entry: 1 if entry > 0 else 0.1, otypes=otypes)
    report = gradcheck(lambda x: np.where(x > 0, x, 0.1 * x), lambda i, d: d * slope(i[0]), [X])
    assert report.verdict == verdict and ("otypes=[float]" in str(report)) is (verdict == "undecided"), str(report)


class Network:
    def __init__(self, W):
        self.W = W

    def forward(self, x):
        self.x, self.y = x, np.tanh(x @ self.W)
        return self.y

    def backward(self, g, power=2):
        a = g * (1 - self.y**power)
        return a @ self.W.T, self.x.T @ a


def network(x, W):
    net = Network(W)
    return net.forward(x), net


def pulled(x, W):
    net = Network(W)
    return net.forward(x), net.backward


BACKWARDS = [
    (network, lambda g, net: net.backward(g), "right"),
    (network, lambda upstream, model: model.backward(upstream), "right"),
    (network, lambda err, net: net.backward(err, 1), "wrong"),
    (pulled, lambda y_bar, pullback: pullback(y_bar), "right"),
    (lambda x, W: (np.tanh(x @ W), (x, W)), lambda g, kept: Network(kept[1]).backward(g), "undecided"),
    (lambda x, W: (x @ W, (x, W)), lambda g, kept: (g @ kept[1].T, kept[0].T @ g), "right"),
    (lambda x, W: (x @ W, (x, W)), lambda g, kept: (g @ kept[1].T, -kept[0].T @ g), "wrong"),
]


@pytest.mark.parametrize("forward, backward, verdict", BACKWARDS)
def test_what_has_no_cotangent_is_handed_to_backward(forward, backward, verdict):
    assert gradcheck(forward, backward, [X, np.zeros((3, 2))]).verdict == verdict


@pytest.mark.parametrize("whole, verdict", [(1.0, "right"), (2.0, "undecided")])
def test_what_the_code_asserts_is_asserted(whole, verdict):
    def forward(x):
        p = np.exp(x) / np.exp(x).sum()
        np.testing.assert_allclose(p.sum(), whole)
        np.testing.assert_array_equal(p, p)
        return p

    def backward(inputs, d):
        p = np.exp(inputs[0]) / np.exp(inputs[0]).sum()
        return p * (d - p @ d)

    assert gradcheck(forward, backward, [np.zeros(3)]).verdict == verdict


def product(x, dx):
    return x * dx**2


def scaled(x, dx, s):
    return s * product(x, dx)


def power(p):
    return p[0] * p["0"] ** 2


class Slotted:
    __slots__ = ("W",)

    def __init__(self):
        self.W = X


Pair = namedtuple("Pair", "W b")
DOUBLE = defaultdict(list, W=X, dW=X)
NAMED = [
    (product, lambda i, d: {"x": i[1] ** 2 * d, "dx": 2 * i[0] * i[1] * d}, [X, X]),
    (product, lambda i, d: {"dx": i[1] ** 2 * d, "ddx": 2 * i[0] * i[1] * d}, [X, X]),
    (scaled, lambda i, d: {"x": i[2] * i[1] ** 2 * d, "dx": i[2] * 2 * i[0] * i[1] * d}, [X, X, 0.5]),
    (power, lambda i, d: {0: i[0]["0"] ** 2 * d, "0": 2 * i[0][0] * i[0]["0"] * d}, [{0: X, "0": X}]),
    (lambda p: p["W"] * p["dW"], lambda i, d: {"W": i[0]["dW"] * d, "dW": i[0]["W"] * d}, [DOUBLE]),
    (lambda p: p.W * p.b, lambda i, d: Pair(i[0].b * d, i[0].W * d), [Pair(X, X)]),
    (lambda p: p[0] * p[1][0], lambda i, d: [i[0][1][0] * d, (i[0][0] * d,)], [[X, [X]]]),
    (lambda p: 2 * p[0], lambda i, d: [2 * d], [[X]]),
    (lambda p: 2 * p[0], lambda i, d: [[2 * d]], [[X]]),
]


@pytest.mark.parametrize("forward, backward, inputs", NAMED)
def test_gradients_are_those_of_the_inputs_that_they_are_named_after(forward, backward, inputs):
    report = gradcheck(forward, backward, inputs)
    assert report.ok, str(report)
    wrong = gradcheck(forward, lambda i, d: mapped(lambda _, value: 3 * value, backward(i, d)), inputs, diagnose=False)
    assert wrong.verdict == "wrong" and {wrong.inputs[name] for name in report.inputs} == {False}


class Foreign:
    def __array__(self, *args, **options):
        return X


UNSEEN = [
    (Foreign(), "y is a Foreign and would not be checked; pass np.asarray"),
    (Slotted(), "y is a Slotted, whose W would not be checked"),
    ({"b": [np.array([1, np.nan])]}, r"y\['b'\]\[0\] is not a number, or has an entry that is none"),
    (float("nan"), "y is not a number"),
]


@pytest.mark.parametrize("value, message", UNSEEN, ids=lambda value: type(value).__name__)
def test_what_would_not_be_checked_is_misuse(value, message):
    with pytest.raises(ValueError, match=message):
        gradcheck(lambda x, y: 2 * x, lambda i, d: (2 * d, None), [X, value])


NOTHING_MOVES = [
    (lambda x: (v for v in x), "but generator"),
    (lambda x: None, "but NoneType"),
    (lambda x: (np.arange(3), 3), "but integers, int"),
    (lambda x: (), "but nothing"),
]


@pytest.mark.parametrize("forward, message", NOTHING_MOVES)
def test_what_forward_returns_is_told_where_nothing_of_it_moves(forward, message):
    report = gradcheck(forward, lambda i, d: d, [X])
    assert report.diagnosis == (f"forward returns no floating-point numbers, {message}",)


def test_lists_of_numbers_are_gradients():
    x = np.zeros(3)
    assert gradcheck(lambda x: 2 * x, lambda i, d: {"x": [2 * v for v in d]}, [x]).ok
    assert gradcheck(lambda x: 2 * x, lambda i, d: {"x": [3 * v for v in d]}, [x]).verdict == "wrong"
    assert gradcheck(lambda x: 2 * x, lambda i, d: ((d,),), [x]).verdict == "undecided"


@pytest.mark.parametrize("forward, backward", [(None, np.tanh), (np.tanh, None), (np.tanh, "tanh")])
def test_what_cannot_be_called_is_misuse(forward, backward):
    with pytest.raises(ValueError, match="a function is needed, not"):
        gradcheck(forward, backward, [X])
    with pytest.raises(ValueError, match="a function is needed, not"):
        same_function(forward, backward, [X])


def held_by_itself():
    own = [np.zeros(3)]
    own.append(own)
    return own


class Unspeakable:
    def __repr__(self):
        raise RuntimeError


OPTIONS = [
    ({"seed": "a"}, "seed must be a whole number, not 'a'"),
    ({"seed": None}, "seed must be a whole number, not None"),
    ({"seed": True}, "seed must be a whole number, not True"),
    ({"fixed": None}, "fixed must be the names of inputs, not None"),
    ({"fixed": 3}, "fixed must be the names of inputs, not 3"),
    ({"fixed": [["x"]]}, r"fixed must be the names of inputs, not \[\['x'\]\]"),
    ({"fixed": {"x": False}}, "fixed must be the names of inputs, not {'x': False}"),
    ({"fixed": np.array("x")}, r"fixed must be the names of inputs, not array\('x'"),
    ({"seed": np.zeros(400)}, "seed must be a whole number, not array.{70,80}…$"),
    ({"seed": Unspeakable()}, "seed must be a whole number, not a Unspeakable"),
    ({"diagnose": "no"}, "diagnose must be True or False, not 'no'"),
    ({"style": 3}, "unknown style 3"),
    ({"style": np.zeros(2)}, r"unknown style array\(\[0., 0.\]\)"),
]


@pytest.mark.parametrize("options, message", OPTIONS)
def test_options_of_the_wrong_kind(options, message):
    with pytest.raises(ValueError, match=message):
        gradcheck(np.tanh, lambda i, d: d * (1 - np.tanh(i[0]) ** 2), [np.zeros(3)], **options)


@pytest.mark.parametrize("outputs", [3, [3]])
def test_names_of_outputs_of_the_wrong_kind(outputs):
    with pytest.raises(ValueError, match="outputs must be the names of outputs, not"):
        same_function(np.tanh, np.tanh, [np.zeros(3)], outputs=outputs)


def deeply_nested():
    found = np.zeros(3)
    for _ in range(5000):
        found = [found]
    return found


@pytest.mark.parametrize("made", [held_by_itself, deeply_nested])
def test_a_container_without_an_end(made):
    with pytest.raises(ValueError, match="a container among the inputs holds itself, or is nested too deeply"):
        gradcheck(lambda x: x[0], lambda i, d: d, [made()])
    returned = "returns a container that holds itself, or is nested too deeply"
    assert returned in str(gradcheck(lambda x: made(), lambda i, d: d, [X]))
    assert returned in str(gradcheck(np.tanh, lambda i, d: made(), [X]))
    assert returned in str(same_function(lambda x: made(), np.tanh, [X]))
    seen = made()
    assert gradcheck(lambda x: x * bool(seen), lambda i, d: d, [X]).ok


class Scaled(np.ndarray):
    def sum(self):
        return 7 * np.asarray(self).sum()


ARITHMETIC = [np.ones((2, 2)).view(np.matrix), np.ma.masked_array([1.0, 2.0], [0, 1]), np.ones(2).view(Scaled)]


@pytest.mark.parametrize("x", ARITHMETIC)
@pytest.mark.parametrize("fixed", [(), "x"])
def test_arrays_with_an_arithmetic_of_their_own_are_misuse(x, fixed):
    with pytest.raises(ValueError, match=rf"x is a {type(x).__name__}, whose own arithmetic .* pass np.asarray\(x\)"):
        gradcheck(lambda x, y: x.sum() * y, lambda i, d: (d, d), [x, 1.0], fixed=fixed)


@pytest.mark.parametrize("weights", [*ARITHMETIC, np.ma.masked_array([1, 2], [0, 1])])
def test_what_code_sees_of_arrays_with_an_arithmetic_of_their_own_is_not_followed(weights):
    plain = np.asarray(weights)
    report = gradcheck(lambda x: (weights * x).sum(), lambda i, d: d * plain, [np.zeros(weights.shape)])
    assert report.verdict == "undecided" and "forward returns other values than on exact numbers" in str(report)


@pytest.mark.parametrize(
    "value, kind",
    [
        (np.arange(3), "an int64 array"),
        (3, "an int"),
        ([1j], "a complex"),
        (None, "a NoneType"),
        (np.array(["a"]), "a <U1 array"),
    ],
)
def test_inputs_without_floating_point_numbers_are_told(value, kind):
    with pytest.raises(ValueError, match=f"no input is of floating-point numbers, .*: x is {kind}$"):
        gradcheck(lambda x: x, lambda i, d: d, [value])
    with pytest.raises(ValueError, match=f"no input is of floating-point numbers, .*: x is {kind}$"):
        same_function(lambda x: x, lambda x: x, [value])


@pytest.mark.parametrize("function", [np.vectorize(lambda x: x * x), X.dot, np.float64, np.array])
def test_the_way_out_for_what_is_no_function_of_the_user(function):
    report = gradcheck(function, lambda i, d: 2 * d * i[0], [X])
    assert report.verdict == "undecided" and "; give a function of your own that calls " in str(report)


def test_what_backward_returns_may_be_anything():
    report = gradcheck(np.tanh, Mock(), [X])
    assert report.verdict == "undecided" and "backward returns a Mock where a gradient should be" in str(report)
    assert gradcheck(Mock(), lambda i, d: d, [X]).verdict == "undecided"


def test_what_a_gradient_of_none_stands_for():
    report = gradcheck(lambda x, y: x**2, lambda i, d: (2 * i[0] * d, None), [np.zeros(3), np.zeros(2)])
    assert report.ok and report.diagnosis == (
        "the gradient of y is None, and stands for 0: the outputs do not depend on it",
    )


def test_an_input_that_some_points_do_not_reach_is_not_said_to_have_no_effect():
    def forward(x, y):
        return np.maximum(x.sum(), 0) * y

    report = gradcheck(forward, lambda inputs, d: (None, np.maximum(inputs[0].sum(), 0) * d), [X, np.ones(3)])
    assert report.ok and "x" in report.unchecked and report.diagnosis == ()


@pytest.mark.parametrize("backward", [lambda d, x: d * (1 - np.tanh(x) ** 2), lambda dout, z: dout / np.cosh(z) ** 2])
def test_an_array_alone_is_a_cache_where_backward_takes_it_after_the_upstream_gradient(backward):
    assert gradcheck(lambda x: (np.tanh(x), x), backward, [X]).ok
    assert gradcheck(lambda x: (np.tanh(x), np.tanh(x)), backward, [X]).verdict == "wrong"


def test_two_outputs_have_two_upstream_gradients():
    def backward(data, d):
        return d[0] * np.cos(data[0]) - d[1] * np.sin(data[0])

    assert gradcheck(lambda x: (np.sin(x), np.cos(x)), backward, [X]).ok


def test_one_array_for_two_inputs():
    both = np.zeros(3)
    report = gradcheck(np.multiply, lambda i, d: (i[1] * d, i[0] * d), [both, both])
    assert report.ok and "are one array; their gradients are checked as those of inputs of their own" in str(report)
    assert gradcheck(np.multiply, lambda i, d: (2 * i[0] * d, 0 * d), [both, both]).verdict == "wrong"


def test_a_gradient_with_an_axis_too_many_is_told_by_its_shape():
    report = gradcheck(np.sin, lambda i, d: (d * np.cos(i[0]))[None], [np.zeros(3)])
    assert report.verdict != "right" and "the gradient of x has the shape (1, 3), x has (3,)" in str(report)


class Weights:
    __slots__ = ("w",)


class Named(Weights):
    __slots__ = "name"


def test_arrays_in_slots_of_a_base_class_would_not_be_checked():
    held = Named()
    held.w, held.name = np.ones(3), "layer"
    with pytest.raises(ValueError, match="a Named, whose w would not be checked"):
        gradcheck(lambda x, net: x * net.w, lambda i, d: (d * i[1].w, None), [np.zeros(3), held])

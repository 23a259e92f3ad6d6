"""What a report says: the diagnosis, mutation, nondeterminism, kinks, refusals; and the same function twice."""

import os
import re

import numpy as np
import pytest

from lstm_sym.gradcheck import GradientError, GradientReport, assert_gradients, gradcheck, gradient_of, same_function

from .corpus import batched, columns, layers


def rnn(x, h0, W, U):
    hs = [h0]
    for xt in x:
        hs.append(np.tanh(W @ hs[-1] + U @ xt))
    return np.array(hs[1:])


def rnn_backward(inputs, e):
    x, h0, W, U = inputs
    hs = [h0, *rnn(x, h0, W, U)]
    dW, dU, dx, carry = np.zeros_like(W), np.zeros_like(U), np.zeros_like(x), np.zeros_like(h0)
    for t in reversed(range(len(x))):
        d = (e[t] + carry) * (1 - hs[t + 1] ** 2)
        dW += np.outer(d, hs[t])
        dU += np.outer(d, x[t])
        dx[t] = U.T @ d
        carry = W @ d
    return dx, carry, dW, dU


RNN = {"x": np.zeros((4, 3)), "h0": np.zeros(5), "W": np.zeros((5, 5)), "U": np.zeros((5, 3))}


def test_a_missing_transpose_is_named_and_the_step_where_it_departs():
    report = gradcheck(rnn, rnn_backward, RNN)
    assert report.inputs == dict.fromkeys(["x", "h0", "W", "U"], False)
    assert any("exact if `W @ d` is replaced by `W.T @ d`" in sentence for sentence in report.diagnosis)
    assert any("from step 2 backwards they depart" in sentence for sentence in report.diagnosis)


def test_a_witness_can_be_replayed_in_floating_point():
    witness = gradcheck(rnn, rnn_backward, RNN, diagnose=False).witness
    values = [np.array(v) for v in witness.inputs.values()]
    bar = np.array(witness.cotangents)
    place = list(RNN).index(witness.name)
    given = rnn_backward(values, bar)[place][witness.index]
    step = np.zeros_like(values[place])
    step[witness.index] = 1e-6
    moved = [[v + sign * step if k == place else v for k, v in enumerate(values)] for sign in (1, -1)]
    central = (np.sum(bar * rnn(*moved[0])) - np.sum(bar * rnn(*moved[1]))) / 2e-6
    assert given == pytest.approx(float(witness.given), rel=1e-9)
    assert central == pytest.approx(float(witness.true), rel=1e-6)
    assert abs(given - central) > 1e-3 * abs(central)


def test_only_the_wrong_input_is_named():
    def backward(inputs, d):
        x = inputs[0]
        return layers.leaky_backward(inputs, d)[0], np.sum(d * x)

    assert gradcheck(layers.leaky, backward, [np.zeros((4, 3)), 0.5]).inputs == {"x": True, "slope": False}


def test_a_factor_is_named():
    def backward(inputs, d):
        return (2 * layers.gelu_backward(inputs, d)[0],)

    report = gradcheck(layers.gelu, backward, [np.zeros((4, 3))])
    assert "backward gives 2 times the gradient of x" in report.diagnosis


def test_an_overwritten_upstream_gradient_is_named():
    def backward(inputs, d):
        d *= 1 - np.tanh(inputs[0]) ** 2
        return (d,)

    report = gradcheck(np_tanh, backward, [np.zeros((4, 3))])
    assert (report.verdict, report.inputs) == ("wrong", {"x": True})
    said = (
        r"all gradients are exact, but backward overwrites the upstream gradient, its argument d \(test_check.py:\d+\)"
    )
    assert len(report.diagnosis) == 1 and re.fullmatch(said, report.diagnosis[0])


def test_an_overwritten_input_is_named():
    def forward(x):
        x += 1
        return x * x

    report = gradcheck(forward, lambda inputs, d: (2 * (inputs[0] + 1) * d,), [np.zeros(4)])
    assert report.verdict == "wrong" and "forward overwrites its input x (test_check.py:" in str(report)


def np_tanh(x):
    return np.tanh(x)


def test_nondeterminism_is_named():
    report = gradcheck(lambda x: x * (1 + int.from_bytes(os.urandom(4))), lambda inputs, d: (d,), [np.zeros(3)])
    assert report.verdict != "right" and "run again on the same inputs" in str(report)


def test_memory_that_is_read_before_it_is_written_is_noticed():
    def backward(inputs, d):
        dx = np.empty_like(inputs[0])
        dx += 2 * inputs[0] * d
        return (dx,)

    assert gradcheck(lambda x: x**2, backward, [np.zeros(3)]).verdict != "right"


def test_a_kink_is_told():
    report = gradcheck(lambda x: np.maximum(x - x, 0) + x, lambda inputs, d: (d,), [np.zeros(3)])
    assert "at this kink the derivative is a convention" in str(report)


REFUSED = [
    (lambda x: np.floor(x) * x, "np.floor of a number that depends on the inputs"),
    (lambda x: np.asarray([1.0, 2.0, 3.0]) * np.array(x.tolist()) + np.linalg.svd(x), "np.svd is not followed"),
    (lambda x: x * complex(0, 1), "raises TypeError"),
    (lambda x: x.astype(int) * x, "takes numbers that depend on the inputs out of the check"),
]


@pytest.mark.parametrize("forward, message", REFUSED)
def test_what_cannot_be_followed_is_refused(forward, message):
    report = gradcheck(forward, lambda inputs, d: (d,), [np.zeros(3)])
    assert report.verdict == "undecided" and message in str(report)


class Own(BaseException):
    pass


def recursive(x):
    return recursive(x) + 1


@pytest.mark.parametrize("error", [SystemExit(0), Own("base"), MemoryError(), GeneratorExit(), OSError("moved")])
def test_whatever_is_raised_ends_in_one_line(error):
    def raises(x):
        raise error

    report = gradcheck(raises, lambda inputs, d: (d,), [np.zeros(3)])
    assert report.verdict == "undecided" and len(report.diagnosis) == 1
    assert report.diagnosis[0].startswith(f"raises raises {type(error).__name__} at test_check.py:")


def test_endless_recursion_is_told():
    report = gradcheck(recursive, lambda inputs, d: (d,), [np.zeros(3)])
    (said,) = report.diagnosis
    assert said.startswith("test_check.py:") and said.endswith("the recursion is too deep")


def test_a_rounded_constant_is_no_mistake():
    root = 3**0.5
    report = gradcheck(lambda x: x / root, lambda inputs, d: (d * (1 / root),), [np.zeros(3)])
    assert report.verdict != "wrong"


def test_assert_gradients_raises_with_the_report():
    assert_gradients(batched.step_forward, batched.step_backward, [np.zeros(s) for s in batched.CASES[0][2].values()])
    with pytest.raises(GradientError, match="NOT exact"):
        assert_gradients(rnn, rnn_backward, RNN, diagnose=False)


def test_misuse():
    with pytest.raises(ValueError, match="no parameter y"):
        gradcheck(np_tanh, np_tanh, {"y": np.zeros(3)})
    with pytest.raises(ValueError, match="no input is of floating-point numbers"):
        gradcheck(np_tanh, np_tanh, [3])
    with pytest.raises(ValueError, match="unknown style"):
        gradcheck(np_tanh, np_tanh, [np.zeros(3)], style="odd")


def test_the_decorator_lets_right_gradients_pass_and_raises_for_others():
    @gradient_of(np_tanh, [np.zeros((2, 3))])
    def right(inputs, d):
        return d * (1 - np.tanh(inputs[0]) ** 2)

    assert right.__name__ == "right"
    with pytest.raises(GradientError, match="NOT exact"):

        @gradient_of(np_tanh, [np.zeros((2, 3))])
        def wrong(inputs, d):
            return d * (1 - inputs[0] ** 2)


def test_the_same_function_written_twice_and_another_one():
    def shifted(x):
        e = np.exp(x - x.max())
        return e / e.sum()

    x = [np.zeros(5)]
    assert same_function(lambda x: np.exp(x) / np.exp(x).sum(), shifted, x).verdict == "equal"
    assert same_function(layers.by_hand_tanh, np_tanh, x).verdict == "equal"
    assert same_function(lambda x: 1 / (1 + np.exp(-x)), lambda x: 0.5 * np.tanh(0.5 * x) + 0.5, x).verdict == "equal"
    assert same_function(lambda x: np.log(np.exp(x).sum()), lambda x: x[0] + np.log(np.exp(x - x[0]).sum()), x).ok
    other = same_function(np_tanh, lambda x: np.tanh(x) + 1e-20 * x, x)
    assert other.verdict == "different" and other.witness


def test_stacked_and_split_gates_are_the_same_lstm():
    def split(x, h0, c0, W, b):
        h, c, out = h0, c0, []
        for xt in x:
            u = np.concatenate([h, xt])
            f, i, o = (0.5 + 0.5 * np.tanh(0.5 * (W[k : k + 3] @ u + b[k : k + 3])) for k in (0, 3, 6))
            c = f * c + i * np.tanh(W[9:] @ u + b[9:])
            h = o * np.tanh(c)
            out.append(h)
        return np.array(out), c

    inputs = [np.zeros(shape) for shape in columns.CASES[2][2].values()]
    assert same_function(columns.lstm_columns, split, inputs).verdict == "equal"


def test_an_array_to_write_into_may_be_given_by_position():
    def forward(x, y):
        out = np.empty_like(x)
        np.multiply(x, y, out)
        np.tanh(out, out)
        return out

    def backward(inputs, d):
        x, y = inputs
        d = d * (1 - np.tanh(x * y) ** 2)
        return d * y, d * x

    assert gradcheck(forward, backward, [np.zeros(3), np.zeros(3)]).ok


SHARED = {"W": np.zeros((3, 2))}


def test_parameters_that_the_code_also_sees_by_itself_are_checked():
    def forward(x, p):
        return np.tanh(x @ SHARED["W"] * 0 + x @ p["W"]), (x, p)

    def backward(d, cache, sign=-1):
        x, p = cache
        a = d * (1 - np.tanh(x @ p["W"]) ** 2)
        return a @ p["W"].T, {"W": sign * x.T @ a}

    report = gradcheck(forward, backward, [np.zeros((4, 3)), SHARED])
    assert report.verdict == "wrong" and report.inputs == {"x": True, "p['W']": False}
    assert not same_function(lambda x, p: x @ p["W"], lambda x, p: -5 * (x @ p["W"]), [np.zeros((4, 3)), SHARED]).ok
    assert type(SHARED["W"]) is np.ndarray and not SHARED["W"].any()


def test_arrays_inside_an_object_are_refused_not_passed_over():
    class Model:
        def __init__(self):
            self.W = np.zeros((3, 2))

    with pytest.raises(ValueError, match="model is a Model, whose W would not be checked"):
        gradcheck(lambda x, model: x @ model.W, lambda inputs, d: d @ inputs[1].W.T, [np.zeros((4, 3)), Model()])


@pytest.mark.parametrize(
    "f, df",
    [
        (lambda x: np.clip(0.2 * x + 0.5, 0, 1), lambda i, d: d * 0.2 * (i[0] > -2.5)),
        (lambda x: np.minimum(np.maximum(x, 0), 6), lambda i, d: d * (i[0] > 0)),
        (lambda x: np.minimum(x, 3), lambda i, d: d),
    ],
    ids=["hard sigmoid", "relu6", "cap"],
)
def test_branches_far_from_0_are_taken(f, df):
    assert gradcheck(f, df, [np.zeros((20, 3))]).verdict != "right"


def test_functions_that_differ_on_one_branch_are_not_the_same():
    assert not same_function(lambda x: np.maximum(x, 0), lambda x: x, [np.zeros(1)]).ok
    assert same_function(lambda x: np.maximum(x, 0), lambda x: np.where(x > 0, x, 0), [np.zeros(1)]).ok


def test_a_dictionary_of_settings_may_be_written_into():
    def forward(x, settings):
        settings["running_mean"] = x.mean(axis=0)
        return x - x.mean(axis=0), x

    def backward(d, x):
        return d - d.mean(axis=0)

    x = np.zeros((4, 3))
    assert gradcheck(forward, backward, [x, {"mode": "train"}], style="cache").ok


def test_a_dictionary_of_arrays_may_not_be_written_into():
    def forward(y, p):
        p["V"] = p["W"]
        return y * p["W"], (y, p["W"])

    def backward(d, cache):
        y, W = cache
        return d * W, {"W": d * y}

    report = gradcheck(forward, backward, [np.zeros(3), {"W": np.zeros(3)}])
    assert report.verdict == "wrong" and "forward overwrites its input" in str(report)


@pytest.mark.parametrize("backward", [lambda dout, x: dout * (1 - np.tanh(x) ** 2), lambda x, dout: dout * x])
def test_a_backward_of_another_signature_is_told_how_it_is_called(backward):
    report = gradcheck(np_tanh, backward, [np.zeros((2, 3))], style="vjp")
    assert report.verdict == "undecided" and "is called as backward(inputs, cotangents)" in str(report)


@pytest.mark.parametrize("style", ["vjp", "auto"])
def test_a_style_that_is_said_finds_what_the_one_that_is_guessed_does(style):
    def backward(inputs, d):
        (x,) = inputs
        return d * np.maximum(x, 0)

    wrong = gradcheck(lambda x: np.maximum(x, 0) ** 2, backward, [np.zeros((2, 3))], style=style)
    assert wrong.verdict == "wrong" and wrong.witness is not None, str(wrong)
    assert "2" in " ".join(wrong.diagnosis)
    right = gradcheck(lambda x: np.maximum(x, 0) ** 2, lambda i, d: 2 * backward(i, d), [np.zeros((2, 3))], style=style)
    assert right.verdict == "right", str(right)


@pytest.mark.parametrize("bound, told", [(1e-30, "has probability below 1e-30"), (1.0, "too large for a bound")])
def test_a_bound_is_told_where_there_is_one(bound, told):
    assert told in str(GradientReport("right", {"x": True}, error_bound=bound, points=2)).splitlines()[0]

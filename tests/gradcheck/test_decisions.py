"""Decisions that are no comparison of one number with a constant: each is driven the other way, or named."""

import math
from itertools import pairwise

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck, same_function

X, ONE = [np.zeros((4, 3))], [0.0]
TWO = [0.0, 0.0]


def twice(inputs, d):
    """Right wherever forward is 2x."""
    return 2 * d


def otherwise(condition):
    """x where the condition holds of all of it, else 2x; with its gradient."""

    def forward(x):
        return x if condition(x) else 2 * x

    def backward(inputs, d):
        return d if condition(inputs[0]) else 2 * d

    return forward, backward


def entrywise(condition):
    """3x at the entries at which the condition holds, else 2x; with its gradient."""

    def forward(x):
        return 2 * x + x * condition(x)

    def backward(inputs, d):
        return d * (2 + condition(inputs[0]))

    return forward, backward


COUNTS = [
    lambda x: (x > 0).sum() >= 11,
    lambda x: (x > 0).sum() == 0,
    lambda x: np.count_nonzero(x > 0) == 0,
    lambda x: np.any(x > 30),
    lambda x: (x > 0).all(),
    lambda x: not (~(x > 0)).any(),
    lambda x: (x > 0).mean() > 0.95,
    lambda x: np.where(x > 0, 1.0, 0.0).sum() > 11.5,
    lambda x: np.where(x > 0, 1, 0).sum() > 11,
    lambda x: np.sign(x).sum() == 12,
    lambda x: float((x > 0).sum()) > 11,
    lambda x: int((x > 0).sum()) == 12,
    lambda x: int(np.where(x > 0, 1.0, 0.0).sum()) == 12,
    lambda x: np.flatnonzero(x > 0).size == 0,
    lambda x: len(np.where(x > 0)[0]) == 0,
    lambda x: x[x > 0].shape[0] == 0,
    lambda x: len(x[x > 0]) == 0,
    lambda x: (x > 30)[0, 0],
    lambda x: np.argmax(x) == 3,
    lambda x: x.argmax() > 10,
    lambda x: np.prod(x > 0) == 1,
    lambda x: np.mean([v > 0 for v in x.ravel()]) == 0,
    lambda x: all((x.ravel() > 0).tolist()),
    lambda x: math.sqrt((x > 0).sum()) > 3.4,
    lambda x: max((x > 0).sum(), 11) > 11,
    lambda x: np.array_equal(x > 0, x > -30),
    lambda x: np.argmax(x[:, 0] + np.arange(4)[::-1]) == 3,
    lambda x: all(v > 0 for v in x.ravel()),
    lambda x: not any(v > 0 for v in x.ravel()),
    lambda x: sum(v > 0 for v in x.ravel()) == 0,
    lambda x: np.maximum(x, 0).sum() == 0,
    lambda x: not np.maximum(x, 0).any(),
]


@pytest.mark.parametrize("condition", COUNTS)
def test_what_is_decided_by_counts_of_comparisons(condition):
    forward, backward = otherwise(condition)
    assert gradcheck(forward, backward, X).verdict == "right"
    report = gradcheck(forward, twice, X, diagnose=False)
    assert report.verdict == "wrong" and report.witness, str(report)


WINDOWS = [
    lambda x: (x > 1) & (x < 1.01),
    lambda x: ~((x < 1) | (x > 1.01)),
    lambda x: np.logical_and(x > 1, x < 1.01),
    lambda x: (x > 1) * (x < 1.01),
    lambda x: (x > 1).astype(float) * (x < 1.01),
    lambda x: np.where(x > 1, np.where(x < 1.01, 1.0, 0.0), 0.0),
    lambda x: np.logical_and(x > 1, x < 1.01, out=np.zeros(x.shape, bool)),
    lambda x: np.isclose(x, 3.0),
]


@pytest.mark.parametrize("condition", WINDOWS)
def test_what_several_comparisons_decide_together(condition):
    forward, backward = entrywise(condition)
    assert gradcheck(forward, backward, X).verdict == "right"
    report = gradcheck(forward, twice, X, diagnose=False)
    assert report.verdict == "wrong" and report.witness, str(report)


@pytest.mark.parametrize("condition", [lambda x: x > 1 and x < 1.01, lambda x: np.allclose(x, 3)])
def test_what_several_comparisons_of_one_number_decide(condition):
    forward, backward = otherwise(condition)
    assert gradcheck(forward, backward, ONE).verdict == "right"
    assert gradcheck(forward, twice, ONE, diagnose=False).verdict == "wrong"


ROOTS = [
    lambda x: np.sqrt((x - 10) ** 2),
    lambda x: ((x - 10) ** 2) ** 0.5,
    lambda x: np.hypot(x - 10, 0),
    lambda x: np.linalg.norm((x - 10).reshape(-1, 1), axis=1).reshape(x.shape),
    lambda x: 2 * np.stack([x, 10 + 0 * x]).std(0),
]


@pytest.mark.parametrize("root", ROOTS)
def test_the_sign_behind_the_root_of_a_square(root):
    assert gradcheck(root, lambda i, d: d * np.sign(i[0] - 10), X).verdict == "right"
    assert gradcheck(root, lambda i, d: -d, X, diagnose=False).verdict == "wrong"
    bounded = gradcheck(lambda x: root(np.tanh(x)), lambda i, d: -d * (1 - np.tanh(i[0]) ** 2), X)
    assert bounded.verdict == "right" and "negative number" in bounded.unreached[0]


def test_the_root_of_a_square_that_is_not_seen_to_be_one_is_not_right():
    report = gradcheck(lambda x: np.sqrt(x * x - 20 * x + 100), lambda i, d: -d, X, diagnose=False)
    assert report.verdict != "right"


def wins(first):
    return lambda inputs, d: (d * first(*inputs), d * (1 - first(*inputs)))


EXTREMES = [
    (lambda x, y: np.max(np.array([x, y + 10])), lambda x, y: x > y + 10, 0),
    (lambda x, y: np.min(np.array([x, y + 10])), lambda x, y: x <= y + 10, 1),
    (lambda x, y: np.sort(np.stack([x, y + 10]))[0], lambda x, y: x <= y + 10, 1),
    (lambda x, y: np.stack([x, y + 10])[np.argmin(np.stack([x, y + 10]))], lambda x, y: x <= y + 10, 1),
    (lambda x, y: max(x, y + 10), lambda x, y: x > y + 10, 0),
    (lambda x, y: sorted([x, y + 10])[0], lambda x, y: x <= y + 10, 1),
]


@pytest.mark.parametrize("forward, first, at_first", EXTREMES)
def test_which_entry_is_the_largest(forward, first, at_first):
    assert gradcheck(forward, wins(first), TWO).verdict == "right"
    assert gradcheck(forward, wins(lambda x, y: at_first), TWO, diagnose=False).verdict == "wrong"

    def slopes(inputs, d):
        return tuple(d * won * (1 - np.tanh(u) ** 2) for won, u in zip((at_first, 1 - at_first), inputs))

    bounded = gradcheck(lambda x, y: forward(np.tanh(x), np.tanh(y)), slopes, TWO)
    assert bounded.verdict == "right" and "entry" in bounded.unreached[0], str(bounded)


CONSTANTS = [
    (lambda x: np.max(np.array([x, 10.0])), "always found a constant the largest"),
    (lambda x: np.stack([x, 10.0]).max(), "always found a constant the largest"),
    (lambda x: -np.min(np.array([-x, -10.0])), "always found a constant the smallest"),
    (lambda x: np.sort(np.stack([x, 10.0]))[1], "always put a constant last"),
    (lambda x: max(x, 10.0), "always found a constant the largest"),
    (lambda x: np.array([x]).max(initial=10.0), "always took its second argument"),
]


@pytest.mark.parametrize("forward, told", CONSTANTS)
def test_constants_among_the_entries(forward, told):
    assert gradcheck(forward, lambda i, d: d * (i[0] > 10), ONE).verdict == "right"
    assert gradcheck(forward, lambda i, d: 0 * d, ONE, diagnose=False).verdict == "wrong"
    bounded = gradcheck(lambda x: forward(np.tanh(x)), lambda i, d: 0 * d, ONE)
    assert bounded.verdict == "right" and bounded.unreached[0].endswith(told), str(bounded)


def test_entries_that_are_far_from_a_limit_that_others_have_reached():
    shifts = np.array([0.0, 0.0, 20.0])

    def forward(x):
        return np.maximum(x - shifts, 0)

    assert gradcheck(forward, lambda i, d: d * (i[0] > shifts), X).verdict == "right"
    wrong = gradcheck(forward, lambda i, d: d * (i[0] - shifts > 0) * np.array([1, 1, 0]), X, diagnose=False)
    assert wrong.verdict == "wrong"


LIMITS = [
    lambda x: np.digitize(x, [90.0]) == 1,
    lambda x: np.digitize(x, np.array([90.0, 5.0, 3.0])) == 0,
    lambda x: np.searchsorted(np.array([-1.0, 0.0, 90.0]), x) == 3,
    lambda x: np.searchsorted(np.arange(-90.0, 91.0), x, side="right") > 180,
    lambda x: np.interp(x, [0.0, 90.0, 91.0], [0.0, 0.0, 1.0]) > 0,
    lambda x: np.histogram(x, bins=[90.0, 1e9])[0].sum() > 0,
    lambda x: np.histogram(x, bins=4, range=(90.0, 1e9))[0].any(),
    lambda x: np.partition(np.append(x, 90.0), -1)[-1] != 90,
    lambda x: np.argpartition(np.append(x, 90.0), -1)[-1] != x.size,
    lambda x: np.lexsort((np.append(x, 90.0), np.zeros(x.size + 1)))[-1] != x.size,
]
"""Conditions on numbers beyond 90, by functions of NumPy's that compare."""


@pytest.mark.parametrize("condition", LIMITS)
def test_limits_among_which_numbers_are_looked_up(condition):
    forward, backward = entrywise(lambda x: 1.0 * condition(x))
    assert gradcheck(forward, backward, X).verdict == "right"
    report = gradcheck(forward, twice, X, diagnose=False)
    assert report.verdict == "wrong" and report.witness, str(report)


@pytest.mark.parametrize("numbers, limits", [([0.5, 1, 3, 3.5], [1.0, 2, 3]), ([2.5, 1, 3], [3.0, 2, 1])])
@pytest.mark.parametrize("right", [False, True])
def test_bins_are_those_of_numpy(numbers, limits, right):
    def forward(x):
        return np.digitize(np.array(numbers), limits, right) * x

    def found(x):
        return np.digitize(0 * x + np.array(numbers), limits, right) * x

    assert same_function(found, forward, [np.zeros(len(numbers))]).verdict == "equal"


def test_a_histogram_is_that_of_numpy():
    numbers = np.array([-1.0, 0, 0.5, 1, 2, 2, 3])
    for bins, limits in [(4, (-1, 2)), ([0.0, 1, 2], None)]:
        counts, edges = np.histogram(numbers, bins, limits)
        found = same_function(
            lambda x, bins=bins, limits=limits: np.concatenate(np.histogram(0 * x + numbers, bins, limits)) + x.sum(),
            lambda x, counts=counts, edges=edges: np.concatenate([counts, edges]) + x.sum(),
            [np.zeros(7)],
        )
        assert found.verdict == "equal", str(found)


PATTERN = np.arange(24) % 3 != 1

TOGETHER = [
    lambda m: np.array_equal(m, PATTERN),
    lambda m: np.allclose(m, PATTERN),
    lambda m: np.packbits(m).tobytes() == np.packbits(PATTERN).tobytes(),
    lambda m: m.tobytes() == PATTERN.tobytes(),
    lambda m: m.tolist() == PATTERN.tolist(),
    lambda m: tuple(m) in {tuple(PATTERN.tolist())},
    lambda m: tuple(m) in [tuple(PATTERN.tolist())],
    lambda m: {tuple(PATTERN.tolist()): True}.get(tuple(m.tolist()), False),
    lambda m: (m == PATTERN).tolist().count(False) == 0,
    lambda m: m.astype(int).dot(2 ** np.arange(24)) == PATTERN @ 2 ** np.arange(24),
    lambda m: np.bitwise_and.reduce(m == PATTERN),
    lambda m: len(np.setxor1d(np.flatnonzero(m), np.flatnonzero(PATTERN))) == 0,
    lambda m: 1 - np.isin(False, m == PATTERN),
    lambda m: ([0] * 24 + [1])[int((m == PATTERN).sum())],
    lambda m: np.array([0] * 24 + [1])[(m == PATTERN).sum()],
    lambda m: np.take([0] * 24 + [1], (m == PATTERN).sum()),
    lambda m: len(range(23, (m == PATTERN).sum())),
    lambda m: (m == PATTERN).sum() // 24,
    lambda m: divmod((m == PATTERN).sum(), 24)[0],
    lambda m: np.clip((m == PATTERN).sum(), 23, 24) - 23,
    lambda m: 1 - np.sign((m ^ PATTERN).sum()),
    lambda m: 2.0 ** ((m == PATTERN).sum() - 24) > 0.9,
    lambda m: math.floor((m == PATTERN).mean()),
    lambda m: np.floor((m == PATTERN).mean()),
    lambda m: int((m == PATTERN).mean()),
    lambda m: round(float((m == PATTERN).mean()) - 0.49),
    lambda m: np.round((m == PATTERN).mean() - 0.49),
]
"""What is true of one pattern of 24 truth values, which no random point has."""


@pytest.mark.parametrize("condition", TOGETHER)
def test_what_truth_values_decide_together_is_listed(condition):
    forward, backward = entrywise(lambda x: 1.0 * condition(x > 0))
    for function in (backward, twice):
        report = gradcheck(forward, function, [np.zeros(24)], diagnose=False)
        assert report.verdict == "right" and "test_decisions.py" in report.unreached[0], str(report)


@pytest.mark.parametrize(
    "index",
    [
        lambda x: np.argmax(x),
        lambda x: np.unravel_index(np.argmax(x), (3, 1)),
        lambda x: np.argmax(x) // 1,
        lambda x: np.flatnonzero(x == x.max())[0],
        lambda x: [0, 1, 2][np.argmax(x)],
        lambda x: list(range(3))[np.argmax(x)],
        lambda x: np.argsort(x)[-1],
        lambda x: (x > 0).astype(int),
    ],
)
def test_places_are_no_counts(index):
    weights = np.array([1.0, 2, 3])

    def forward(x):
        return weights.reshape(3, 1)[index(x)] * x if isinstance(index(x), tuple) else weights[index(x)] * x

    report = same_function(forward, lambda x: forward(x) + 0, [np.zeros(3)])
    assert (report.verdict, report.unreached) == ("equal", ()), str(report)


def positives(x):
    count = 0
    for value in x:
        if value > 0:
            count += 1
    return count


ARRANGEMENTS = [
    lambda x: positives(x) == 12,
    lambda x: positives(x) == 0,
    lambda x: [bool(value > 0) for value in x] == [True] * 12,
    lambda x: x[:6].min() > 0 and x[6:].min() > 0,
    lambda x: sum(1 for a, b in pairwise(x) if b > a) == 11,
    lambda x: np.array_equal(np.argsort(x), np.arange(12)[::-1]),
    lambda x: np.abs(x - x[0]).max() < 0.1 * abs(x[0]),
    lambda x: np.ptp(x) < 1e-4 * abs(x[0]),
    lambda x: "".join("+" if value > 0 else "-" for value in x) == 12 * "-",
    lambda x: len(list(filter(lambda value: value > 0, x))) == 0,
    lambda x: list(x) == sorted(x),
]
"""What Python counts, and what is true of numbers in order or close together."""


@pytest.mark.parametrize("condition", ARRANGEMENTS)
def test_numbers_of_one_sign_in_order_and_close_together_are_tried(condition):
    forward, backward = otherwise(condition)
    assert gradcheck(forward, backward, [np.zeros(12)]).verdict == "right"
    report = gradcheck(forward, twice, [np.zeros(12)], diagnose=False)
    assert report.verdict == "wrong" and "whose numbers are arranged" in report.diagnosis[0], str(report)
    assert same_function(forward, lambda x: 2 * x, [np.zeros(12)]).verdict == "different"


@pytest.mark.parametrize("slack", [lambda x: x >= x.max() - 0.01, lambda x: np.isclose(x, x.max())])
def test_a_maximum_with_slack_is_wrong_where_numbers_are_close(slack):
    assert gradcheck(lambda x: x.max(), lambda inputs, d: d * (inputs[0] == inputs[0].max()), X).verdict == "right"
    report = gradcheck(lambda x: x.max(), lambda inputs, d: d * slack(inputs[0]), X, diagnose=False)
    assert report.verdict == "wrong" and report.witness, str(report)


@pytest.mark.parametrize("seed", range(0, 400, 100))
def test_every_one_of_a_few_entries_is_the_largest_at_some_point(seed):
    def forward(x):
        return x * [2.0, 2, 2, 3][int(np.argmax(x))]

    report = gradcheck(forward, twice, [np.zeros(4)], seed=seed, diagnose=False)
    assert report.verdict == "wrong" and report.witness, str(report)


UNREACHED = [
    (lambda x: (x > 1) & (np.tanh(x) < 0), "`(x > 1) & (np.tanh(x) < 0)` was always False"),
    (lambda x: (np.tanh(x) > 0).sum() > 12, "`(np.tanh(x) > 0).sum() > 12` was always False"),
    (lambda x: (x > 0).sum().__int__() > 12, ".__int__()` takes a number out: what it decides is not seen"),
    (lambda x: np.isclose(np.tanh(x), 3), "`np.isclose(np.tanh(x), 3)` was always False"),
    (lambda x: x > np.array([0.0, 1, 1e300]), "`x > np.array([0.0, 1, 1e300])` was always False for the limit 1e+300"),
    (lambda x: np.argmax(np.stack([x, 2 + x, 1 + x]), axis=0) == 3, "always found entry 1 the largest"),
]


@pytest.mark.parametrize("condition, told", UNREACHED)
def test_decisions_that_cannot_be_driven_are_named(condition, told):
    report = gradcheck(*entrywise(condition), [np.zeros(3)])
    assert report.verdict == "right" and any(text.endswith(told) for text in report.unreached), str(report)


def test_one_fact_is_told_once():
    forward, _ = otherwise(lambda x: np.any(np.tanh(x) > 3))
    assert len(gradcheck(forward, twice, X).unreached) == 1


@pytest.mark.parametrize(
    "forward",
    [
        lambda x: x - x.max(axis=-1, keepdims=True),
        lambda x: np.sort(x, axis=-1),
        lambda x: np.maximum(x, 0).max(axis=-1),
        lambda x: np.where(np.tril(np.ones((5, 5))), x[:, :5], -np.inf).max(axis=-1),
    ],
    ids=["a stable softmax", "a sort", "behind relu", "behind a mask"],
)
def test_entries_that_are_alike_make_no_noise(forward):
    assert same_function(forward, lambda x: forward(x) + 0, [np.zeros((5, 10))]).unreached == ()


def order(x):
    return np.max(x)


def test_given_values_are_left_behind_for_some_points():
    given = [np.array([1.0, 5.0, 3.0])]
    wrong = gradcheck(order, lambda i, d: d * np.array([0, 1, 0]), given, diagnose=False)
    assert wrong.verdict == "wrong" and "not near the given values" in wrong.diagnosis[0]
    assert gradcheck(order, lambda i, d: d * (i[0] == order(i[0])), given).verdict == "right"
    assert same_function(np.abs, lambda x: np.where(x > 0, x, 2 * x), given).verdict == "different"
    assert same_function(np.abs, lambda x: np.where(x > 0, x, -x), given).verdict == "equal"


def test_one_array_is_much_larger_than_another():
    def slope(x, y):
        return 2.0 if np.linalg.norm(x) > 30 * np.linalg.norm(y) else 1.0

    def forward(x, y):
        return x.sum() * slope(x, y) * y

    def backward(inputs, d, slope=slope):
        x, y = inputs
        return np.full(x.shape, slope(x, y) * d @ y), slope(x, y) * x.sum() * d

    inputs = [np.zeros(3), np.zeros(2)]
    report = gradcheck(forward, backward, inputs)
    assert (report.verdict, report.unreached) == ("right", ()), str(report)
    wrong = gradcheck(forward, lambda inputs, d: backward(inputs, d, lambda x, y: 1.0), inputs, diagnose=False)
    assert wrong.verdict == "wrong" and wrong.witness, str(wrong)


def test_limits_beyond_the_given_signs_are_reached():
    def backward(inputs, d):
        return d * ((inputs[0] > -10) & (inputs[0] < 10))

    report = gradcheck(lambda x: np.clip(x, -10, 10), backward, [np.ones(4)])
    assert (report.verdict, report.unreached) == ("right", ()), str(report)
    assert gradcheck(lambda x: np.clip(x, -10, 10), lambda i, d: d * (i[0] < 10), [np.ones(4)]).verdict == "wrong"


def test_a_norm_of_what_relu_leaves_tells_no_sign():
    def forward(x):
        return np.sqrt((np.maximum(x, 0) ** 2).sum())

    def backward(inputs, d):
        (x,) = inputs
        return d * np.maximum(x, 0) / forward(x)

    report = gradcheck(forward, backward, [np.ones(3)])
    assert (report.verdict, report.unreached) == ("right", ()), str(report)


def test_what_is_undefined_far_from_the_given_values_is_no_mistake():
    def forward(x):
        return np.log(x) * np.where(x > 1, 2, 1)

    def backward(inputs, d):
        (x,) = inputs
        return d / np.abs(x) * np.where(x > 1, 2, 1)

    assert gradcheck(forward, backward, [np.array([1.0, 2.0, 0.5])]).verdict == "right"


def test_the_report_says_what_is_covered():
    def forward(x, s):
        return np.maximum(x, 0) * s

    report = gradcheck(forward, lambda i, d: (d * (i[0] > 0) * i[1], None), [np.zeros(3), np.ones(3)])
    assert str(report).startswith("right for x; s is not checked: exact at ")
    assert "random points, on every way through the comparisons that was taken; an accident" in str(report)
    plain = gradcheck(np.tanh, lambda i, d: d * (1 - np.tanh(i[0]) ** 2), [np.zeros(3)])
    assert str(plain).startswith("right: exact at 2 random points, an accident has probability below ")


def test_integers_that_depend_on_the_inputs_serve_as_integers():
    def forward(x):
        k, n = np.argmax(x[0]), (x[0] > 0).sum()
        total = x[k] * 0 + x[0]
        for j in range(n):
            total = total + np.ones((n, 3))[j] * x[int(k), j % 3]
        names = {k: 1.0}
        assert isinstance(int(n), int) and [0] * n == [0] * int(n) and n in list(range(13))
        n += 1
        m = n
        m -= 1
        return total * names[k] + [x[1], x[2]][m % 2] / n + np.zeros(n).sum() + x[m % 4, ::2].sum()

    def plain(x):
        values = x.shadow[0]
        k, n = int(values.argmax()), int((values > 0).sum())
        return x[0] + n * 0 + sum(x[k, j % 3] for j in range(n)) + x[1 + n % 2] / (n + 1) + x[n % 4, ::2].sum()

    report = same_function(forward, plain, [np.zeros((4, 3))])
    assert report.verdict == "equal", str(report)


def masked_mean(x):
    mask = x > 0
    return (x * mask).sum() / max(int(mask.sum()), 1)


def test_a_guard_of_a_count_is_no_noise():
    def backward(inputs, d):
        mask = inputs[0] > 0
        return d * mask / np.maximum(mask.sum(), 1)

    report = gradcheck(masked_mean, backward, [np.zeros(6)])
    assert (report.verdict, report.unreached) == ("right", ()), str(report)


def test_pooling_by_the_places_of_the_largest():
    def pooled(x):
        return np.array([[x[i : i + 2, j : j + 2].max() for j in (0, 2)] for i in (0, 2)])

    def backward(inputs, d):
        (x,) = inputs
        dx = np.zeros_like(x)
        for i in (0, 2):
            for j in (0, 2):
                window = x[i : i + 2, j : j + 2]
                row, column = np.unravel_index(np.argmax(window), window.shape)
                dx[i + row, j + column] += d[i // 2, j // 2]
        return dx

    report = gradcheck(pooled, backward, [np.zeros((4, 4))])
    assert (report.verdict, report.unreached) == ("right", ()), str(report)


def test_a_quotient_that_is_mended_where_it_is_0_over_0_is_no_mistake():
    def forward(x):
        near = np.isclose(x, 1)
        return np.where(near, 1.0, np.log(np.abs(x)) / np.where(near, 1.0, x - 1))

    def backward(inputs, d):
        (x,) = inputs
        near = np.isclose(x, 1)
        u = np.where(near, 1.0, x - 1)
        return d * np.where(near, -0.5, 1 / (x * u) - np.log(np.abs(x)) / u**2)

    report = gradcheck(forward, backward, ONE)
    assert report.verdict == "right" and "`np.isclose(x, 1)` was always False" in str(report), str(report)


def test_a_product_that_is_left_out_where_it_is_no_number():
    def forward(x):
        h = np.maximum(x, 0)
        return np.where(x > 0, h * (1 / h) * x, 0)

    assert gradcheck(forward, lambda i, d: d * (i[0] > 0), [np.zeros(3)]).verdict == "right"


EQUAL_ON_AN_OPEN_SET = [
    lambda x: np.maximum(x, 0) == 0,
    lambda x: x + np.abs(x) == 0,
    lambda x: np.sqrt(x * x) == x,
    lambda x: np.copysign(x, 1.0) == x,
    lambda x: np.clip(x, -40, 40) == x,
    lambda x: x * (x > 0) == 0,
]


@pytest.mark.parametrize("condition", EQUAL_ON_AN_OPEN_SET)
def test_numbers_that_are_equal_at_more_than_single_points(condition):
    forward, backward = entrywise(condition)
    report = gradcheck(forward, backward, X)
    assert (report.verdict, report.unreached) == ("right", ()), str(report)
    assert gradcheck(forward, twice, X, diagnose=False).verdict == "wrong"

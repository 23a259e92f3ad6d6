"""Right code with one place changed by machine: whatever changes the gradient is caught, nothing else is."""

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck
from lstm_sym.gradcheck.edits import edits_of

from .corpus import batched, columns, gates

SUBJECTS = [
    (batched.step_forward, batched.step_backward, batched.CASES[0][2], 1),
    (gates.einsum_rnn, gates.einsum_rnn_backward, gates.CASES[2][2], 1),
    (columns.lstm_columns, columns.lstm_columns_backward, columns.CASES[2][2], 11),
    (gates.gru, gates.gru_backward, gates.CASES[0][2], 11),
]
"""The last number: every so manieth mutant is tried, which meets every kind of edit."""


def floats(forward, backward, values, seed):
    """What backward gives in floating point; ``None`` if it raises."""
    random = np.random.default_rng(seed)
    try:
        with np.errstate(all="ignore"):
            outputs = forward(*[v.copy() for v in values])
            cached = isinstance(outputs, tuple) and isinstance(outputs[1], tuple)
            out, cache = outputs if cached else (outputs, None)
            bars = [random.normal(size=o.shape) for o in (out if isinstance(out, tuple) else (out,))]
            bar = tuple(bars) if isinstance(out, tuple) else bars[0]
            before = [b.copy() for b in bars]
            given = backward(bar, cache) if cached else backward(tuple(v.copy() for v in values), bar)
            changed = any((a != b).any() for a, b in zip(before, bars))
    except Exception:
        return None
    return changed, [np.asarray(g, float) for g in given]


@pytest.mark.parametrize("forward, backward, shapes, every", SUBJECTS, ids=lambda value: getattr(value, "__name__", ""))
def test_no_mutant_survives_that_changes_the_gradient(forward, backward, shapes, every):
    random = np.random.default_rng(0)
    values = [random.normal(size=shape) for shape in shapes.values()]
    inputs = {name: np.zeros(shape) for name, shape in shapes.items()}
    _, right = floats(forward, backward, values, 1)
    caught = 0
    for edit in list(edits_of(backward))[::every]:
        found = floats(forward, edit.function, values, 1)
        if found is None:
            continue
        changed, given = found
        same = all(a.shape == b.shape and np.allclose(a, b, rtol=1e-9, atol=1e-12) for a, b in zip(given, right))
        verdict = gradcheck(forward, edit.function, inputs, diagnose=False).verdict
        wanted = "right" if same and not changed and len(given) == len(right) else "wrong"
        assert verdict == wanted, f"{edit.before} -> {edit.after} in line {edit.line}: {verdict}"
        caught += verdict == "wrong"
    assert caught > 5

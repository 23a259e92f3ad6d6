"""Numbers that are written as text, and what is read from it."""

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck


@pytest.mark.parametrize(
    "read",
    [lambda x: float(str(x)), lambda x: float(f"{x:.3f}"), lambda x: float(format(x)), lambda x: float(str(x[()]))],
)
def test_a_number_that_is_read_from_its_text_is_refused(read):
    for slope in (1, 2):
        report = gradcheck(lambda x: x * read(x), lambda i, d, k=slope: k * d * i[0], [0.0], diagnose=False)
        assert report.verdict == "undecided" and "reads a number that depends on the inputs from its text" in str(
            report
        )


@pytest.mark.parametrize("slope, verdict", [(3, "right"), (2, "wrong")])
def test_text_that_nobody_reads_does_no_harm(slope, verdict):
    def forward(x):
        said = f"{x.sum():.3f} of {x} and {np.array([1.5])[0]}".split()
        return x * float(said[-1]) * float(f"{2 * np.ones(1)[0]:.1f}")

    assert gradcheck(forward, lambda i, d: slope * d, [np.zeros(3)], diagnose=False).verdict == verdict

"""Right code is never reported wrong."""

import pytest

from lstm_sym.gradcheck import gradcheck

from .corpus.cases import RIGHT


@pytest.mark.parametrize("forward, backward, inputs", RIGHT, ids=lambda value: getattr(value, "__name__", ""))
def test_a_right_backward_pass_is_right(forward, backward, inputs):
    report = gradcheck(forward, backward, inputs)
    assert report.verdict == "right", str(report)
    assert all(report.inputs.values())
    assert report.error_bound < 1e-12

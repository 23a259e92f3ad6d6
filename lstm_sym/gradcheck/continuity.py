"""Whether the outputs at a point are near those at numbers that are near it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .comparison import FieldBench
from .subject import Subject, exact_leaves

LITTLE = 0.001
"""A power of 2."""

JUMP = 0.01
"""What an output changes by there, of its size, if it is no continuous function."""


def continuous(subject: Subject, seed: int) -> bool:
    """Whether the outputs at a point are about those at numbers a little larger, as where a quotient 0/0 is mended."""
    magnitude = replace(subject.magnitude, exponent=subject.magnitude.exponent + LITTLE)
    there, near = (_outputs(replace(subject, magnitude=own), seed) for own in (subject.magnitude, magnitude))
    return all(np.allclose(y, z, rtol=0, atol=JUMP * np.abs(z).max(initial=0.0)) for y, z in zip(there, near))


def _outputs(subject: Subject, seed: int) -> list[Any]:
    bench = FieldBench(subject, seed)
    with bench.rebinding() as rebinding:
        _, outputs, _ = bench.forward(rebinding)
    return [y.shadow for _, y in exact_leaves(outputs, bench.domain)]

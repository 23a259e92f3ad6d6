r"""Masks: steps of a sequence that a layer skips, as Keras' recurrent layers do.

A step that is masked keeps every state. Its output is that of the step computed before it, 0 if there is none; or
always 0. (So do Keras' backends PyTorch and TensorFlow. Its backend JAX, where it does not unroll, gives the initial
state, not 0, before the first step that is computed.) Hence a layer runs on the steps that count, moved to the front
of their sequence, and its outputs are spread over all steps. Both moves are linear; gradients go back by their
adjoints.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Mask:
    """The steps that count, truth values of shape (T, B)."""

    counts: Array

    @property
    def lengths(self) -> Array:
        """The number of steps of each sequence that count."""
        found: Array = self.counts.sum(axis=0)
        return found

    @property
    def order(self) -> Array:
        """For each sequence the steps that count in their order, and then the others."""
        return np.argsort(~self.counts, axis=0, kind="stable")[:, :, None]

    def gathered(self, x: Array) -> Array:
        """The steps that count at the front of each sequence."""
        return np.take_along_axis(x, self.order, axis=0)

    def scattered(self, d_x: Array) -> Array:
        """The adjoint of ``gathered``, a permutation; nothing is computed on masked steps, so their gradient is 0."""
        found = np.zeros_like(d_x)
        np.put_along_axis(found, self.order, d_x, axis=0)
        return found

    def source(self, *, reverse: bool, zero: bool) -> Array:
        """At every step, which of the steps that count gives the output; -1 where none does."""
        before = np.cumsum(self.counts, axis=0) - self.counts
        source = np.where(before < self.lengths, before, -1) if reverse else before + self.counts - 1
        return np.where(self.counts, source, -1) if zero else source

    def spread(self, outputs: Array, source: Array) -> Array:
        """The outputs at all steps from those at the steps that count."""
        found = np.take_along_axis(outputs, np.maximum(source, 0)[:, :, None], axis=0)
        return np.where(source[:, :, None] >= 0, found, 0)

    def collected(self, d_outputs: Array, source: Array) -> Array:
        """The adjoint of ``spread``: a step gets the gradient of every step that repeats it."""
        found = np.zeros_like(d_outputs)
        step, sequence = np.nonzero(source >= 0)
        np.add.at(found, (source[step, sequence], sequence), d_outputs[step, sequence])
        return found


def mask_of(mask: Any, steps: int, batch: int) -> Mask:
    """The mask from truth values of shape (B, T), as Keras takes it."""
    array = np.asarray(mask)
    if array.shape != (batch, steps) or array.dtype.kind not in "bui":
        raise ValueError(
            f"mask has shape {array.shape} and type {array.dtype}; wanted truth values of shape "
            f"(B, T) = {(batch, steps)}"
        )
    return Mask(array.T.astype(bool))

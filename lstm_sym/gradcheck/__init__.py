"""An exact check of other people's gradients: their NumPy code, unmodified, runs on exact numbers."""

from .check import assert_gradients, checked_gradients, gradcheck
from .equality import EqualityReport, same_function
from .implementation import ImplementationReport, implements
from .report import GradientError, GradientReport

__all__ = [
    "EqualityReport",
    "GradientError",
    "GradientReport",
    "ImplementationReport",
    "assert_gradients",
    "checked_gradients",
    "gradcheck",
    "implements",
    "same_function",
]

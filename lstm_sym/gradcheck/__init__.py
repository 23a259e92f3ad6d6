"""An exact check of other people's gradients: their NumPy code, unmodified, runs on exact numbers."""

from .check import assert_gradients, gradcheck, gradient_of
from .equality import EqualityReport, same_function
from .report import GradientError, GradientReport

__all__ = [
    "EqualityReport",
    "GradientError",
    "GradientReport",
    "assert_gradients",
    "gradcheck",
    "gradient_of",
    "same_function",
]

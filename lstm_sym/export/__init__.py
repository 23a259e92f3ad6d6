"""Numeric code derived from equations."""

from .functions import lambdify

__all__ = ["lambdify"]

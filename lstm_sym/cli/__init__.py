"""The command ``lstm-sym``."""

from . import flowing as flowing
from .commands import main

__all__ = ["main"]

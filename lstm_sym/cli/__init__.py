"""The command ``lstm-sym``."""

from .commands import main

__all__ = ["main"]

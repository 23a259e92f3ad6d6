"""The command ``lstm-sym``."""

from . import exporting as exporting
from . import flowing as flowing
from . import gradchecking as gradchecking
from .commands import main

__all__ = ["main"]

"""Numeric code derived from equations: functions of expressions, modules of cells, and their check."""

from .check import CheckReport, check_cell, check_source
from .functions import lambdify
from .module import BACKENDS, export_module
from .numpy_code import to_numpy
from .rows import to_rows

__all__ = [
    "BACKENDS",
    "CheckReport",
    "check_cell",
    "check_source",
    "export_module",
    "lambdify",
    "to_numpy",
    "to_rows",
]

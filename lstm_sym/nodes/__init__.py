"""The matrix nodes that SymPy lacks or reorders; all subclass SymPy's ``MatrixExpr``."""

from .algebra import Eye, MatrixPower, MatrixProduct, MatrixSum, Ones, Trace, Transposed, Zero, inner
from .binders import OrderedProduct, TimeSum
from .block import Block, beside, concat
from .derivatives import Partial, StopGradient, Total
from .elementwise import (
    Diag,
    Hadamard,
    HadamardPower,
    Maximum,
    Scaled,
    diag,
    hadamard,
    hadamard_power,
    maximum,
    scaled,
)
from .normalisation import Deviation, Normalised, deviation, normalised
from .operand import Operand

__all__ = [
    "Block",
    "Deviation",
    "Diag",
    "Eye",
    "Hadamard",
    "HadamardPower",
    "MatrixPower",
    "MatrixProduct",
    "MatrixSum",
    "Maximum",
    "Normalised",
    "Ones",
    "Operand",
    "OrderedProduct",
    "Partial",
    "Scaled",
    "StopGradient",
    "TimeSum",
    "Total",
    "Trace",
    "Transposed",
    "Zero",
    "beside",
    "concat",
    "deviation",
    "diag",
    "hadamard",
    "hadamard_power",
    "inner",
    "maximum",
    "normalised",
    "scaled",
]

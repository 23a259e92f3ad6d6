"""The matrix nodes that SymPy lacks or reorders; all subclass SymPy's ``MatrixExpr``."""

from .algebra import Eye, MatrixPower, MatrixProduct, MatrixSum, Ones, Trace, Transposed, Zero, inner
from .binders import OrderedProduct, TimeSum
from .block import Block, beside, concat
from .derivatives import Partial, StopGradient, Total
from .elementwise import Diag, Hadamard, HadamardPower, diag, hadamard, hadamard_power
from .operand import Operand
from .order import Nonnegative, Positive
from .scalars import Determinant, MaxAbs, Norm, SpectralRadius, entries

__all__ = [
    "Block",
    "Determinant",
    "Diag",
    "Eye",
    "Hadamard",
    "HadamardPower",
    "MatrixPower",
    "MatrixProduct",
    "MatrixSum",
    "MaxAbs",
    "Nonnegative",
    "Norm",
    "Ones",
    "Operand",
    "OrderedProduct",
    "Partial",
    "Positive",
    "SpectralRadius",
    "StopGradient",
    "TimeSum",
    "Total",
    "Trace",
    "Transposed",
    "Zero",
    "beside",
    "concat",
    "diag",
    "entries",
    "hadamard",
    "hadamard_power",
    "inner",
]

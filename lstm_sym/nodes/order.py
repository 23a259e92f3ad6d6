r"""What may be assumed of a matrix entry by entry: :math:`A \ge 0` and :math:`A > 0`."""

from __future__ import annotations

from typing import Any

from sympy import Basic, sympify
from sympy.logic.boolalg import Boolean


class Nonnegative(Boolean):
    r"""Every entry of ``A`` is at least 0, :math:`A \ge 0`; for a scalar, that it is."""

    sign = ">="

    def __new__(cls, expr: Any) -> Nonnegative:
        return Basic.__new__(cls, sympify(expr, strict=True))

    def _sympystr(self, printer: Any) -> str:
        return f"{printer._print(self.args[0])} {self.sign} 0"


class Positive(Nonnegative):
    r"""Every entry of ``A`` is above 0, :math:`A > 0`."""

    sign = ">"

"""The certificate of a proof. It has no constructor: a copy with other sides cannot be made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import Expr


@dataclass(frozen=True, slots=True)
class ByNormalForm:
    """That the normal form showed an equality, how, what it rests on, and why other divisions owe nothing."""

    how: str
    assumes: tuple[str, ...]
    discharged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, init=False)
class Proved:
    """That a statement was proved, and how; only the kernel makes one, by ``sealed``."""

    left: Expr
    relation: str
    right: Expr
    how: str

    def __init__(self, *_: Any, **__: Any) -> None:
        raise TypeError("only the proof kernel makes a Proved")

    def __reduce__(self) -> tuple[Any, ...]:
        return sealed, (self.left, self.relation, self.right, self.how)


def sealed(left: Expr, relation: str, right: Expr, how: str) -> Proved:
    """A proof, for the kernel to give and for unpickling to restore."""
    proof = object.__new__(Proved)
    for name, value in (("left", left), ("relation", relation), ("right", right), ("how", how)):
        object.__setattr__(proof, name, value)
    return proof

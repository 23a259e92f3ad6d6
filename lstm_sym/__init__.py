"""A cell is its equations: its backward pass, the proof of it, its LaTeX and its fast code are derived from them.

The names below are imported when they are first asked for.
"""

import sys
from typing import TYPE_CHECKING

from .lazy import LazyPackage

if TYPE_CHECKING:
    from .activations import sigma, tanh
    from .backpropagation import bptt
    from .cell import Cell
    from .export import export_module, lambdify
    from .nodes import hadamard
    from .proof.derivation import Derivation, DerivationError
    from .proof.given import Given
    from .proof.verification import verify
    from .symbols import Parameter, Sequence, adjoint, sizes, t
    from .unrolling import unroll

__version__ = "0.1.0"

__all__ = [
    "Cell",
    "Derivation",
    "DerivationError",
    "Given",
    "Parameter",
    "Sequence",
    "adjoint",
    "bptt",
    "export_module",
    "hadamard",
    "lambdify",
    "sigma",
    "sizes",
    "t",
    "tanh",
    "unroll",
    "verify",
]

__homes__ = {
    "Cell": "cell",
    "Derivation": "proof.derivation",
    "DerivationError": "proof.derivation",
    "Given": "proof.given",
    "Parameter": "symbols",
    "Sequence": "symbols",
    "adjoint": "symbols",
    "bptt": "backpropagation",
    "export_module": "export",
    "hadamard": "nodes",
    "lambdify": "export",
    "sigma": "activations",
    "sizes": "symbols",
    "t": "symbols",
    "tanh": "activations",
    "unroll": "unrolling",
    "verify": "proof.verification",
}

sys.modules[__name__].__class__ = LazyPackage

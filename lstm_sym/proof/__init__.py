"""Proofs: derivations as values, two independent engines, four verdicts."""

from . import scalars_of  # noqa: F401  registers the rules of norms and determinants with both engines
from .claim import Cite, Claim, Words
from .derivation import Derivation, DerivationError, Step
from .given import Given
from .judge import verify_step
from .proved import Proved
from .report import Evidence, Outcome, Report, StepResult
from .theorem import bptt_theorem

__all__ = [
    "Cite",
    "Claim",
    "Derivation",
    "DerivationError",
    "Evidence",
    "Given",
    "Outcome",
    "Proved",
    "Report",
    "Step",
    "StepResult",
    "Words",
    "bptt_theorem",
    "verify_step",
]

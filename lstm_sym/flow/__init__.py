"""How gradients flow through a cell: Jacobians along a trajectory, their products over a lag, and what bounds them."""

from .jacobians import StepJacobian, carousel_jacobian, step_jacobian
from .measure import Flow, gradient_flow, sensitivity_map, singular_values
from .trajectory import Setting, Trajectory, run
from .weight_gradient import Contributions, contributions

__all__ = [
    "Contributions",
    "Flow",
    "Setting",
    "StepJacobian",
    "Trajectory",
    "carousel_jacobian",
    "contributions",
    "gradient_flow",
    "run",
    "sensitivity_map",
    "singular_values",
    "step_jacobian",
]

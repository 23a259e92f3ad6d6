"""The checks of gradients that others use, on NumPy code: central differences, PyTorch's gradcheck, JAX's check_grads.

Each takes a ``Program`` and values for its inputs and says whether the backward pass passes. An error of the code under
test, or of the library about it, counts as not passing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lstm_sym.gradcheck.inputs import moves, named_inputs
from lstm_sym.gradcheck.subject import Subject
from lstm_sym.gradcheck.trees import leaves, mapped

STEP, RTOL, ATOL = 1e-6, 1e-3, 1e-5
Values = list[Any]


@dataclass(frozen=True)
class Program:
    """A forward and a backward pass as functions of flat lists: floating-point inputs, outputs, gradients.

    Random numbers that the code draws are the same in each call. The gradients of the inputs are found in what
    backward returns in the same way as the exact check does it.
    """

    forward: Callable[..., Any]
    backward: Callable[..., Any]
    inputs: Any

    @property
    def named(self) -> dict[str, Any]:
        return named_inputs(self.forward, self.inputs)

    def filled(self, values: Values) -> dict[str, Any]:
        """The inputs with these values where floating-point numbers stand."""
        rest = iter(values)

        def fill(_: Any, leaf: Any) -> Any:
            if not moves(leaf):
                return leaf
            value = next(rest)
            return value if isinstance(leaf, np.ndarray) else float(value)

        return {name: mapped(fill, tree) for name, tree in self.named.items()}

    def run(self, values: Values) -> tuple[Subject, Any, Any]:
        np.random.seed(0)
        space = self.forward.__globals__
        if "generator" in space:
            space["generator"] = np.random.default_rng(0)
        inputs = self.filled(values)
        given = self.forward(*inputs.values())
        subject = Subject(self.forward, self.backward, inputs).styled(given)
        return subject, *subject.split(given)

    def outputs(self, values: Values) -> Values:
        return [np.asarray(v) for _, v in leaves(self.run(values)[1]) if moves(v)]

    def gradients(self, values: Values, bars: Values) -> Values:
        subject, out, cache = self.run(values)
        rest = iter(bars)
        bar = mapped(lambda _, leaf: next(rest) if moves(leaf) else leaf, out)
        several = isinstance(bar, tuple) and len(bar) > 1 and self.backward.__code__.co_argcount == len(bar) + 1
        if subject.style == "cache":
            given = self.backward(*(bar if several else (bar,)), cache)
        else:
            given = self.backward(tuple(subject.inputs.values()), bar)
        return [np.asarray(g) for g in subject.gradients(given)]


def by_differences(program: Program, values: Values) -> bool:
    """Central differences in NumPy of a random combination of the outputs, entry by entry."""
    random = np.random.default_rng(1)
    bars = [random.normal(size=v.shape) for v in program.outputs(values)]
    try:
        given = program.gradients(values, [b.copy() for b in bars])
    except Exception:
        return False
    for place, value in enumerate(values):
        if given[place].shape != np.shape(value):
            return False
        for index in np.ndindex(np.shape(value)):
            ends = []
            for sign in (1, -1):
                moved = [np.array(v) for v in values]
                moved[place][index] += sign * STEP
                ends.append(sum(np.sum(b * o) for b, o in zip(bars, program.outputs(moved), strict=True)))
            wanted = (ends[0] - ends[1]) / (2 * STEP)
            if not abs(given[place][index] - wanted) <= ATOL + RTOL * abs(wanted):
                return False
    return True


def by_torch(program: Program, values: Values) -> bool:
    """``torch.autograd.gradcheck`` as it comes: eps 1e-6, atol 1e-5, rtol 1e-3, the whole Jacobian, in double."""
    import torch

    class Wrapped(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *tensors: Any) -> Any:
            ctx.save_for_backward(*tensors)
            return tuple(torch.tensor(o) for o in program.outputs([t.detach().numpy() for t in tensors]))

        @staticmethod
        def backward(ctx: Any, *bars: Any) -> Any:
            tensors = [t.detach().numpy() for t in ctx.saved_tensors]
            return tuple(torch.tensor(g) for g in program.gradients(tensors, [b.numpy() for b in bars]))

    tensors = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in values]
    try:
        return bool(torch.autograd.gradcheck(Wrapped.apply, tensors))
    except Exception:
        return False


def by_jax(program: Program, values: Values, double: bool = False) -> bool:
    """``jax.test_util.check_grads(order=1, modes=["rev"])``, all else as it comes: one random direction.

    In single precision as JAX comes: eps 1e-4, tolerance 2e-3; with double precision switched on, 1e-5.
    """
    import jax
    from jax.test_util import check_grads

    dtype = np.float64 if double else np.float32
    shapes = [jax.ShapeDtypeStruct(v.shape, dtype) for v in program.outputs(values)]

    def own(arrays: Any) -> Values:
        return [np.array(a) for a in arrays]

    def forward(*arrays: Any) -> Any:
        return [o.astype(dtype) for o in program.outputs(own(arrays))]

    def backward(arrays: Any, bars: Any) -> Any:
        return [g.astype(dtype) for g in program.gradients(own(arrays), own(bars))]

    @jax.custom_vjp
    def wrapped(*arrays: Any) -> Any:
        return jax.pure_callback(forward, shapes, *arrays)

    def pullback(arrays: Any, bars: Any) -> Any:
        wanted = [jax.ShapeDtypeStruct(a.shape, dtype) for a in arrays]
        return tuple(jax.pure_callback(backward, wanted, arrays, bars))

    wrapped.defvjp(lambda *arrays: (wrapped(*arrays), arrays), pullback)
    with jax.enable_x64(double):
        try:
            check_grads(wrapped, tuple(np.asarray(v, dtype) for v in values), order=1, modes=["rev"])
        except Exception:
            return False
    return True


def by_jax_in_double(program: Program, values: Values) -> bool:
    """The same with ``jax_enable_x64``."""
    return by_jax(program, values, double=True)

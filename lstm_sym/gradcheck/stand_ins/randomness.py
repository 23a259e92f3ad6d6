"""Random numbers that somebody's code draws: the same in every run of one stream, others in other streams."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

SEED = 20010814


@contextmanager
def frozen(generators: Iterable[tuple[Any, Any]], stream: int = 0) -> Iterator[None]:
    """Python's and NumPy's random numbers, and those of some generators, from the start of a stream.

    What draws them anew in backward does not have those of forward, unless it seeds its generator itself.
    A generator comes with the state that it has at the start of the stream 0.
    """
    states = np.random.get_state(), random.getstate()
    np.random.seed(SEED + stream)
    random.seed(SEED + stream)
    for generator, state in generators:
        set_state(generator, copy.deepcopy(state) if not stream else state_of(_reseeded(generator, stream)))
    try:
        yield
    finally:
        np.random.set_state(states[0])
        random.setstate(states[1])


def unseeded(stream: int) -> np.random.Generator:
    """What gives seeds to the generators that the code makes without one."""
    return np.random.default_rng(SEED + stream)


@contextmanager
def frozen_everywhere(generators: Iterable[tuple[Any, Any]], stream: int = 0) -> Iterator[None]:
    """The same, and for generators that are made without a seed, where no stand-in for NumPy sees to it."""
    plain, seeds = np.random.default_rng, unseeded(stream)

    def made(seed: Any = None) -> np.random.Generator:
        return plain(seeds.integers(1 << 62) if seed is None else seed)

    setattr(np.random, "default_rng", made)  # noqa: B010
    try:
        with frozen(generators, stream):
            yield
    finally:
        setattr(np.random, "default_rng", plain)  # noqa: B010


def _reseeded(generator: Any, stream: int) -> Any:
    """A generator of the same kind that gives other numbers."""
    if hasattr(generator, "bit_generator"):
        return np.random.Generator(type(generator.bit_generator)(SEED + stream))
    return np.random.RandomState(SEED + stream)


def is_generator(value: Any) -> bool:
    return isinstance(value, np.random.Generator | np.random.RandomState)


def state_of(generator: Any) -> Any:
    """The state of a generator of random numbers."""
    return generator.bit_generator.state if hasattr(generator, "bit_generator") else generator.get_state()


def set_state(generator: Any, state: Any) -> None:
    """Give a generator a state that it has had."""
    if hasattr(generator, "bit_generator"):
        generator.bit_generator.state = state
    else:
        generator.set_state(state)

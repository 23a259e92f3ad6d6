"""Every case of the corpus, with inputs of its shapes."""

import numpy as np

from . import articles, batched, columns, gates, idioms, layers, norms, scalars, sequences

MODULES = (columns, batched, gates, layers, norms, scalars, idioms, sequences)


def value(spec):
    """Zeros where a shape stands; integers as they are."""
    if isinstance(spec, dict):
        return {name: value(item) for name, item in spec.items()}
    if isinstance(spec, tuple):
        return np.zeros(spec) if spec else 0.0
    return np.array(spec) if isinstance(spec, list) else spec


RIGHT = [
    (getattr(module, forward), getattr(module, backward), value(shapes))
    for module in (*MODULES, articles)
    for forward, backward, shapes in module.CASES
]

"""Every way to take one gate for another: the mutants of the table of packings."""

import itertools

import pytest

from lstm_sym.weights.packing import PACKINGS


def swaps(library, *cells):
    """The cell, the array and its letters with two unlike ones exchanged, as parameters of a test."""
    return [
        pytest.param(cell, name, swapped, id=f"{cell} {name}={' '.join(swapped)}")
        for cell in cells
        for name, letters in PACKINGS[library, cell].items()
        for i, j in itertools.combinations(range(len(letters)), 2)
        if letters[i] != letters[j]
        for swapped in [tuple(letters[{i: j, j: i}.get(k, k)] for k in range(len(letters)))]
    ]

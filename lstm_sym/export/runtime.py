"""Functions that the modules of several libraries call, in the words that they share."""

from __future__ import annotations

from .text import CHECKED

NUMPY_TEST = 'not isinstance(array, np.ndarray) or array.dtype.kind not in "fc"'

PARTS = '''
def parts(values: Array, *sizes: int, axis: int = -1) -> Any:
    """Pieces of these lengths along an axis."""
    return {split}
'''


def checked_for(test: str) -> str:
    """The check of the arguments with another test of what an array is."""
    if NUMPY_TEST not in CHECKED:
        raise AssertionError("the NumPy module tests its arrays in other words than runtime.NUMPY_TEST")
    return CHECKED.replace(NUMPY_TEST, test)

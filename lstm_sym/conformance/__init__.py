"""Whether somebody's code is a cell: an exact comparison of the code with the equations."""

from .implementation import implements

__all__ = ["implements"]

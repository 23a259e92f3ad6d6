"""Nested tuples, lists and dictionaries of arrays: their leaves by path, and the same nest of something else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

Path = tuple[Any, ...]


def leaves(tree: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every leaf with the keys and positions that lead to it."""
    if isinstance(tree, dict):
        for key, branch in tree.items():
            yield from leaves(branch, (*path, key))
    elif isinstance(tree, tuple) and hasattr(tree, "_fields"):
        for key, branch in zip(tree._fields, tree):
            yield from leaves(branch, (*path, key))
    elif isinstance(tree, list | tuple):
        for key, branch in enumerate(tree):
            yield from leaves(branch, (*path, key))
    else:
        yield path, tree


def mapped(function: Callable[[Path, Any], Any], tree: Any, path: Path = ()) -> Any:
    """The same nest with ``function(path, leaf)`` in the place of each leaf."""
    if isinstance(tree, dict):
        made = {key: mapped(function, branch, (*path, key)) for key, branch in tree.items()}
        return made if type(tree) is dict else type(tree)(made)
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(mapped(function, branch, (*path, key)) for key, branch in zip(tree._fields, tree)))
    if isinstance(tree, list | tuple):
        return type(tree)([mapped(function, branch, (*path, key)) for key, branch in enumerate(tree)])
    return function(path, tree)


def at(tree: Any, path: Path) -> Any:
    """The leaf or branch at a path; a ``KeyError`` where there is none."""
    for key in path:
        try:
            tree = getattr(tree, key) if hasattr(tree, "_fields") and isinstance(key, str) else tree[key]
        except (IndexError, TypeError, AttributeError) as error:
            raise KeyError(key) from error
    return tree


def named(name: str, path: Path) -> str:
    """A leaf as Python writes it: ``params['W'][0]``."""
    return name + "".join(f"[{key!r}]" for key in path)

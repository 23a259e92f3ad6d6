"""Nests of tuples, lists, dictionaries and dataclasses: their leaves by path, and the same nest of something else."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

Path = tuple[Any, ...]


def leaves(tree: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every leaf with the keys and positions that lead to it."""
    inside = _inside(tree)
    if inside is None:
        yield path, tree
    else:
        for key, branch in inside.items():
            yield from leaves(branch, (*path, key))


def endless(tree: Any) -> bool:
    """Whether a nest holds itself, or is nested too deeply to be walked through."""
    try:
        for _ in leaves(tree):
            pass
    except RecursionError:
        return True
    return False


def mapped(function: Callable[[Path, Any], Any], tree: Any, path: Path = ()) -> Any:
    """The same nest with ``function(path, leaf)`` in the place of each leaf."""
    inside = _inside(tree)
    if inside is None:
        return function(path, tree)
    made = {key: mapped(function, branch, (*path, key)) for key, branch in inside.items()}
    if isinstance(tree, list | tuple):
        return type(tree)(*made.values()) if hasattr(tree, "_fields") else type(tree)(made.values())
    new = copy.copy(tree)
    if isinstance(tree, dict):
        new.update(made)
    else:
        for name, value in made.items():
            object.__setattr__(new, name, value)
    return new


def _inside(tree: Any) -> dict[Any, Any] | None:
    """What is in a nest by its keys, names or positions; ``None`` for a leaf."""
    if isinstance(tree, dict):
        return tree
    if isinstance(tree, list | tuple):
        return dict(zip(getattr(tree, "_fields", range(len(tree))), tree))
    if is_dataclass(tree) and not isinstance(tree, type):
        inside = {field.name: getattr(tree, field.name) for field in fields(tree)}
        return inside if any(_is_array(leaf) for _, leaf in leaves(inside)) else None
    return None


def _is_array(leaf: Any) -> bool:
    return hasattr(leaf, "dtype") and hasattr(leaf, "shape") and not isinstance(leaf, type)


def at(tree: Any, path: Path) -> Any:
    """The leaf or branch at a path; a ``KeyError`` where there is none."""
    for key in path:
        inside = _inside(tree)
        if inside is None:
            raise KeyError(key)
        by_name = isinstance(key, str) and (hasattr(tree, "_fields") or is_dataclass(tree))
        try:
            tree = getattr(tree, key) if by_name else tree[key]
        except (IndexError, TypeError, AttributeError) as error:
            raise KeyError(key) from error
    return tree


def alike(first: Any, second: Any) -> bool:
    """Whether two nests of tuples and lists have the same form; what else there is counts as a leaf."""
    if not isinstance(first, list | tuple) or not isinstance(second, list | tuple):
        return not isinstance(first, list | tuple) and not isinstance(second, list | tuple)
    return len(first) == len(second) and all(map(alike, first, second))


def named(name: str, path: Path) -> str:
    """A leaf as Python writes it: ``params['W'][0]``."""
    return name + "".join(f"[{key!r}]" for key in path)

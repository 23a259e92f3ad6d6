"""A folder made to hold exactly the files of a mapping, each written only if it differs.

What has not changed keeps its time, so that Sphinx does not read it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

Files = dict[str, bytes]
"""Contents by path within a folder, written with slashes."""


def mirror(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Write the files that are new or differ and delete all others; whether any was deleted."""
    folder.mkdir(parents=True, exist_ok=True)
    deleted = False
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.relative_to(folder).as_posix() not in files:
            path.unlink()
            deleted = True
    for name, content in files.items():
        path = folder / name
        if not path.exists() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return deleted


def below(folder: Path, pattern: str = "*") -> Files:
    """The files of a folder that exists, and of the folders in it."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob(pattern)) if p.is_file()}


def joined(*parts: Mapping[str, bytes]) -> Files:
    """All files together; one path from two of them is a ``ValueError``."""
    files: Files = {}
    for part in parts:
        twice = files.keys() & part.keys()
        if twice:
            raise ValueError(f"two pages would be written to {', '.join(sorted(twice))}")
        files |= part
    return files

"""A digest of files and installed packages, so that what rests on them is made again exactly if they change."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lstm_sym.atomic import write_whole

from .places import ROOT


def fingerprint(sources: Iterable[Path], packages: Iterable[str]) -> str:
    """The digest of the library, of further Python files or folders of them, and of packages' versions."""
    digest = sha256()
    for package in packages:
        digest.update(f"{package} {version(package)}\n".encode())
    for source in (ROOT / "lstm_sym", *sources):
        for file in sorted(source.rglob("*.py")) if source.is_dir() else (source,):
            digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


def kept(path: Path, key: str) -> Any:
    """What was kept in a file under that key, or ``None``."""
    if not path.exists():
        return None
    found = json.loads(path.read_text(encoding="utf-8"))
    return found["content"] if found.get("key") == key else None


def keep(path: Path, key: str, content: Any) -> None:
    """Keep what JSON can hold under a key."""
    write_whole(path, json.dumps({"key": key, "content": content}, ensure_ascii=False, indent=1))

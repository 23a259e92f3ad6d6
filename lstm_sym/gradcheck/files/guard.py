"""What the code under test is kept from by accident, though not by force: writing elsewhere, and the network."""

from __future__ import annotations

import os
import sys
from typing import Any

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

CHANGES = {
    **dict.fromkeys(("os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.chmod", "os.chown", "os.utime"), (0,)),
    **dict.fromkeys(("os.link", "os.symlink"), (1,)),
    "os.rename": (0, 1),
    "shutil.rmtree": (0,),
}
"""Audit events of what changes a file, with the places of the paths among their arguments."""

NETWORK = ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo")


def confine(folder: str, *files: str) -> None:
    """From now on, this process writes in a folder, to ``files`` and to devices alone, and reaches no other machine.

    What is refused is a ``PermissionError``. Processes that it starts are not kept from anything.
    """
    allowed = tuple(os.path.join(os.path.realpath(place), "") for place in (folder, "/dev", "/proc"))
    exempt = {os.path.realpath(file) + end for file in files for end in ("", ".part")}

    def require_inside(path: Any) -> None:
        if isinstance(path, int):
            return
        place = os.path.realpath(os.fsdecode(path))
        if not f"{place}{os.sep}".startswith(allowed) and place not in exempt:
            raise PermissionError(f"code under test may write to its temporary folder only, not to {place}")

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if flags & WRITING:
                require_inside(path)
        elif event in CHANGES:
            for place in CHANGES[event]:
                require_inside(arguments[place])
        elif event in NETWORK and not isinstance(arguments[-1], str | bytes):
            raise PermissionError("code under test may not use the network")

    sys.addaudithook(hook)

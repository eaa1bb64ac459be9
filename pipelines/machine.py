"""What the machine has, as far as it concerns this process: memory, within what a container or a service may take."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

GIB = 2**30
# Where the system does not say.
ASSUMED = 8 * GIB


def size(count: int | float) -> str:
    """Bytes as a person reads them."""
    return f"{count / GIB:,.1f} GiB" if count >= GIB else f"{count / 2**20:,.0f} MiB"


def physical_memory() -> int:
    """Bytes of memory that the machine has."""
    with suppress(ValueError, OSError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return ASSUMED


def group_limit(process: Path = Path("/proc/self"), groups: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Bytes that this process's control group, or one around it, may take; None where nothing limits it."""
    found = []
    with suppress(OSError):
        for line in (process / "cgroup").read_text(encoding="utf-8").splitlines():
            number, controllers, path = line.split(":", 2)
            if number == "0":
                root, name = groups, "memory.max"
            elif "memory" in controllers.split(","):
                root, name = groups / "memory", "memory.limit_in_bytes"
            else:
                continue
            # In a container the path may be the host's: then the group itself stands at the root.
            parts = [part for part in path.split("/") if part]
            for depth in range(len(parts) + 1):
                with suppress(OSError, ValueError):  # not there, or "max"
                    found.append(int(root.joinpath(*parts[:depth], name).read_text(encoding="ascii")))
    # The first version says "no limit" by a number larger than any memory.
    return min((limit for limit in found if limit < 2**60), default=None)


def memory() -> int:
    """Bytes of memory that this process may count on."""
    return min(physical_memory(), group_limit() or physical_memory())

"""还活着的进程。"""

from __future__ import annotations

import time
from pathlib import Path

_MOST_SECONDS = 20


def alive_in(session: int) -> list[int]:
    """这个会话里还活着的进程；等它们几秒。"""
    until = time.monotonic() + _MOST_SECONDS
    while (found := alive(session)) and time.monotonic() < until:
        time.sleep(0.05)
    return found


def alive(session: int) -> list[int]:
    """这个会话里这时还活着的进程。"""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, own = (place / "stat").read_text().rpartition(")")[2].split()[:4]
        except (OSError, ValueError):
            continue
        if int(own) == session and state not in "ZX":
            found.append(int(place.name))
    return found

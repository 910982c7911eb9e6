"""一行字在屏幕上占多宽、太长时在哪里断：汉字占两格，数字和英文不从中间断，标点不在行首。"""

from __future__ import annotations

import unicodedata

_NOT_FIRST = frozenset("、，。；：！？）》〉】」』”’…％)]}>")
"""不放在行首的。"""
_NOT_LAST = frozenset("（《〈【「『“‘([{<")
"""不放在行尾的。"""
_WIDE = frozenset("WF")
_AMBIGUOUS = frozenset("WFA")
"""中文 Windows 的老窗口里，“”、—、× 这样的字也占两格。"""


def cell_width(text: str, *, ambiguous: bool = False) -> int:
    """占几格。ambiguous：两可的字按两格算。"""
    if text.isascii():
        return len(text)
    wide = _AMBIGUOUS if ambiguous else _WIDE
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in wide else 1 for c in text)


def longest_piece(text: str) -> int:
    """断不开的最长一段占几格。"""
    widths, start = [0], 0
    for place in range(1, len(text) + 1):
        if place == len(text) or _may_break(text, place):
            widths.append(cell_width(text[start:place].strip(" ")))
            start = place
    return max(widths)


def folded(text: str, width: int, *, hang: int = 0, ambiguous: bool = False) -> list[str]:
    """断成各不超过 width 格的几行；第二行起前面空 hang 格。断不开的一段比一行还长，就在行尾硬断。"""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        rest, room, lead = paragraph, width, ""
        while cell_width(rest, ambiguous=ambiguous) > room:
            place = _place(rest, room, ambiguous)
            lines.append(lead + rest[:place].rstrip(" "))
            rest, room, lead = rest[place:].lstrip(" "), max(width - hang, 2), " " * hang
        lines.append(lead + rest)
    return lines


def _place(text: str, room: int, ambiguous: bool) -> int:
    """在第几个字前面断，前面的不超过 room 格。"""
    used, best = 0, 0
    for place, letter in enumerate(text):
        used += cell_width(letter, ambiguous=ambiguous)
        if used > room and letter != " ":
            return best or max(place, 1)
        if _may_break(text, place + 1) and text[: place + 1].strip(" "):
            best = place + 1
    return len(text)


def _may_break(text: str, place: int) -> bool:
    """能不能在这个字前面断。"""
    if not 0 < place < len(text):
        return False
    before, after = text[place - 1], text[place]
    if after == " " or after in _NOT_FIRST or before in _NOT_LAST:
        return False
    return before == " " or not (before.isascii() and after.isascii())

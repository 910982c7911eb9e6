"""按种子变化一段字节：翻转、删、插、重复、拼接、换词。同样的种子总得同样的结果。"""

from __future__ import annotations

import random
from collections.abc import Sequence

_NUMBERS = (b"0", b"-1", b"1", b"255", b"65535", b"2147483648", b"4294967295", b"9" * 20, b"1e400", b"NaN", b"0.1")
_SPECIAL = (
    b"\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xef\xbb\xbf", b"\n", b"\t", b'"', b"'", b"<", b">", b"&",
    b"]]>",
    b"{{", b"}}", b"{%", b"%}", b"[[", b"]", b"=", b"#", "万元".encode(), "合计".encode(), "≥".encode(), "％".encode(),
    "\u202e".encode(), "\u200b".encode(), "一".encode(), "〇".encode(), b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06",
)  # fmt: skip
_LONGEST = 20_000


def mutated(data: bytes, others: Sequence[bytes], dice: random.Random) -> bytes:
    """变化一到八处。others 是可以拼进来的别的种子。"""
    made = bytearray(data)
    for _ in range(dice.choice((1, 1, 1, 2, 2, 3, 5, 8))):
        _CHANGES[dice.randrange(len(_CHANGES))](made, others, dice)
    return bytes(made[:_LONGEST])


def _flip(made: bytearray, others: Sequence[bytes], dice: random.Random) -> None:
    if made:
        made[dice.randrange(len(made))] ^= 1 << dice.randrange(8)


def _overwrite(made: bytearray, others: Sequence[bytes], dice: random.Random) -> None:
    if made:
        made[dice.randrange(len(made))] = dice.randrange(256)


def _word(made: bytearray, others: Sequence[bytes], dice: random.Random) -> None:
    at = dice.randrange(len(made) + 1)
    word = dice.choice(_NUMBERS if dice.random() < 0.5 else _SPECIAL)
    made[at : at + dice.choice((0, 0, len(word)))] = word


def _delete(made: bytearray, others: Sequence[bytes], dice: random.Random) -> None:
    start = dice.randrange(len(made) + 1)
    del made[start : start + dice.choice((1, 2, 4, 16, 64))]


def _repeat(made: bytearray, others: Sequence[bytes], dice: random.Random) -> None:
    start = dice.randrange(len(made) + 1)
    piece = bytes(made[start : start + dice.choice((1, 3, 8, 40))])
    made[start:start] = piece * dice.choice((1, 2, 9, 60))


def _splice(made: bytearray, others: Sequence[bytes], dice: random.Random) -> None:
    other = dice.choice(others) if others else b""
    start, size = dice.randrange(len(other) + 1), dice.choice((4, 20, 200))
    at = dice.randrange(len(made) + 1)
    made[at : at + dice.choice((0, size))] = other[start : start + size]


def _swap(made: bytearray, others: Sequence[bytes], dice: random.Random) -> None:
    lines = bytes(made).split(b"\n")
    one, two = dice.randrange(len(lines)), dice.randrange(len(lines))
    lines[one], lines[two] = lines[two], lines[one]
    made[:] = b"\n".join(lines)


_CHANGES = (_flip, _overwrite, _word, _delete, _repeat, _splice, _swap)

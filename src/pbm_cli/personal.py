"""个人信息：身份证号码（校验码对）、手机号码、银行卡号（校验位对）；认出来，遮住中间的数字。

二十一位的项目编码、金额、座机、统一社会信用代码都不是：前后连着数字、字母的不算，校验码不对的不算。
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pbm_cli.cells import Cell, Sheet, address
from pbm_cli.text import visible

KINDS: Mapping[str, str] = {"identity": "身份证号码", "mobile": "手机号码", "card": "银行卡号"}
SHORTEST = 11
"""最短的（手机号码）有几位。"""
CODE_KEYS = frozenset({"project_code", "unit_code", "sha256", "ruleset_digest"})
"""文档里这些键是编码和摘要，不遮。"""

_SHOWN = 8
_LAST = 4
_LONG = re.compile(r"\d(?:[ -]?\d){10}")
_SOME = re.compile("[0-9０-９](?:[ -]?[0-9０-９]){10}")
_DIGITS = bytes(ord("0") if chr(code).isdigit() else code for code in range(128)).ljust(256, b"?")
"""各个数字都换成 0，一眼看得出有没有十一个连着。"""
_RUN = re.compile(r"(?<![\dA-Za-z.])(?:\+?(?:00)?86[ -]?)?(\d(?:[ -]?\d){9,18}[ -]?[\dXxＸｘ])(?![\dA-Za-z]|\.\d)")
_CUT = re.compile(r"\d{7,}(?=…)")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_CARD = re.compile(r"62\d{14,17}|(?:9558|9559)\d{15}|(?:436742|456351|601382)\d{10,13}")
_PROVINCES = re.compile("1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


def kind_of(digits: str) -> str | None:
    """一串数字（末位可以是 X）是哪一种个人信息；都不是为 None。"""
    if _MOBILE.fullmatch(digits):
        return "mobile"
    if len(digits) == len(_WEIGHTS) + 1 and _is_identity(digits.upper()):
        return "identity"
    return "card" if _CARD.fullmatch(digits) and _luhn(digits) else None


def _is_identity(number: str) -> bool:
    if not _PROVINCES.match(number) or not number[:-1].isdigit():
        return False
    year, month, day = int(number[6:10]), int(number[10:12]), int(number[12:14])
    if not 1900 <= year < 2100 or not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(year, month)[1]:
        return False
    return _CHECKS[sum(w * int(n) for w, n in zip(_WEIGHTS, number, strict=False)) % len(_CHECKS)] == number[-1]


def _luhn(number: str) -> bool:
    doubled = (sum(divmod(int(n) * (1 + place % 2), 10)) for place, n in enumerate(reversed(number)))
    return sum(doubled) % 10 == 0


def found_in(text: str) -> Iterator[tuple[str, int, int]]:
    """一段文字里的个人信息：（种类，从哪里，到哪里）。"""
    for match in _RUN.finditer(text):
        digits = "".join(c for c in match[1] if c not in " -")
        kind = kind_of(unicodedata.normalize("NFKC", digits))
        if kind is not None:
            yield kind, match.start(1), match.end(1)


def masked(text: str) -> str:
    """遮住中间的数字：110***********1234、138****5678；被省略号截断的长数字全遮。"""
    if len(text) < SHORTEST or not (_LONG.search(text) or "…" in text):
        return text
    pieces, end = [], 0
    for kind, start, stop in found_in(text):
        pieces += [text[end:start], _stars(text[start:stop], _LAST if kind == "card" else _LAST - 1)]
        end = stop
    return _CUT.sub(lambda match: "*" * len(match[0]), "".join([*pieces, text[end:]]))


def _stars(number: str, first: int) -> str:
    places = [index for index, letter in enumerate(number) if letter not in " -"]
    hidden = set(places[first:-_LAST])
    return "".join("*" if index in hidden else letter for index, letter in enumerate(number))


def published(value: Any, key: str = "") -> Any:
    """一份文档（或其中一部分），里面的个人信息都遮住；编码和摘要不动。"""
    if isinstance(value, str):
        return value if key in CODE_KEYS else masked(value)
    if isinstance(value, Mapping):
        return {masked(name): published(inside, name) for name, inside in value.items()}
    if isinstance(value, (list, tuple)):
        return [published(inside, key) for inside in value]
    return value


def cells_of(sheet: Sheet, exempt: Collection[int] = (), contacts: Collection[int] = ()) -> dict[str, list[str]]:
    """一张表里各种个人信息在哪些单元格。

    exempt 是编码、金额、日期的列，那里只看写了汉字的；contacts 是电话等列，数也看。先挑长的文字，二十万行也看得快。
    """
    found: dict[str, list[tuple[int, int]]] = {}
    for column in range(max(map(len, sheet.rows), default=0)):
        wanted = _suspects(sheet, column, column in exempt)
        if column in contacts:
            wanted |= {cell for cell in sheet.column(column) if isinstance(cell, int | float)}
        for row, cell in enumerate(sheet.column(column) if wanted else ()):
            if cell in wanted:
                text = f"{cell:.0f}" if isinstance(cell, int | float) else visible(str(cell))
                for kind in {kind for kind, _, _ in found_in(text)}:
                    found.setdefault(kind, []).append((row, column))
    return {kind: [address(*place) for place in sorted(found[kind])] for kind in KINDS if kind in found}


def _suspects(sheet: Sheet, column: int, exempt: bool) -> set[Cell]:
    """一列里值得细看的文字：先把各不相同的连成一段看一遍，真有长数字才一个个看。"""
    texts = [text for text in sheet.texts(column) if len(text) >= SHORTEST]
    if exempt:
        texts = [text for text in texts if not text.isascii()]
    if not texts or not _may_be_long(visible(",".join(texts))):
        return set()
    return {text for text in texts if _SOME.search(visible(text))}


def _may_be_long(text: str) -> bool:
    """有没有可能有长数字：全角的数都当有，别的只看去掉空格、短横以后。比正则表达式快十倍。"""
    digits = text.encode("ascii", "replace").translate(_DIGITS, b" -")
    return b"0" * SHORTEST in digits or any(digit in text for digit in "０１２３４５６７８９")


def hint(kind: str, cells: list[str]) -> str:
    """一张表里有一种个人信息时说的话；不写号码本身。"""
    shown = "、".join(cells[:_SHOWN]) + ("等" if len(cells) > _SHOWN else "")
    return (
        f"{shown} {len(cells)} 个单元格里有{KINDS[kind]}，是个人信息；不需要的请从表里删去，"
        "要公开的结果请加 --publish 遮住中间的数字"
    )

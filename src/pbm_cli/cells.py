"""单元格：阅读器交来的值，以及 Excel 地址。

一个单元格的值是 None（空）、str、int、float、bool、date、datetime、time、timedelta，
或下面三种特殊的值之一。
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple


class Percentage(float):
    """按百分比格式显示的数：值为 0.98，表上显示 98%。"""

    __slots__ = ()


class ErrorCell(str):
    """错误值，例如 #DIV/0!、#REF!。"""

    __slots__ = ()


class UnvaluedCell(str):
    """有公式而没有计算结果的单元格；内容是公式文字（可能为空）。"""

    __slots__ = ()


Cell = None | str | int | float | bool | dt.date | dt.datetime | dt.time | dt.timedelta


class Merge(NamedTuple):
    """合并区域，行列从 0 数，四边都含在内。"""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(slots=True)
class Sheet:
    """一张工作表：rows[0][0] 就是 A1；各行可以不一样长。"""

    name: str
    rows: list[list[Cell]]
    merges: list[Merge] = field(default_factory=list)
    hidden: bool = False
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()


@dataclass(slots=True)
class Workbook:
    """一个读好的工作簿。

    file 是给人看的名字（相对输入文件夹的路径，用“/”分隔）；format 是按内容认出的格式；
    remarks 是要告诉用户的话（含宏、外部链接、1904 日期等），每条一句。
    """

    file: str
    sha256: str
    format: str
    sheets: list[Sheet]
    remarks: list[str] = field(default_factory=list)


def column_cells(rows: Sequence[Sequence[Cell]], column: int) -> list[Cell]:
    """各行在第 column 列（从 0 数）的单元格；短的行缺的是空。"""
    try:
        return list(map(itemgetter(column), rows))
    except IndexError:  # 有的行短；先按都够长来取，快三倍
        return [row[column] if column < len(row) else None for row in rows]


@lru_cache(maxsize=1024)
def column_letters(column: int) -> str:
    """第 column 列（从 0 数）的字母：0 → A，26 → AA。"""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def address(row: int, column: int) -> str:
    """行列都从 0 数的单元格地址：(1, 2) → C2。"""
    return f"{column_letters(column)}{row + 1}"

"""单元格：阅读器交来的值，以及 Excel 地址。

一个单元格的值是 None（空）、str、int、float、bool、date、datetime、time、timedelta，
或下面三种特殊的值之一。
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import zip_longest
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


_SPARSE = 4
Cell = None | str | int | float | bool | dt.date | dt.datetime | dt.time | dt.timedelta


class Merge(NamedTuple):
    """合并区域，行列从 0 数，四边都含在内。"""

    top: int
    left: int
    bottom: int
    right: int


_Batch = tuple[list[list[Cell]], list[Sequence[Cell]] | None]
"""一批行，和它们转好的各列。"""


@dataclass(slots=True)
class Sheet:
    """一张工作表：rows[0][0] 就是 A1；各行可以不一样长。"""

    name: str
    rows: list[list[Cell]]
    merges: list[Merge] = field(default_factory=list)
    hidden: bool = False
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    _batches: list[_Batch] = field(default_factory=list, repr=False, compare=False)
    _columns: dict[int, Sequence[Cell]] = field(default_factory=dict, repr=False, compare=False)
    _texts: dict[int, set[str]] = field(default_factory=dict, repr=False, compare=False)

    def extend(self, rows: list[list[Cell]], columns: list[Sequence[Cell]] | None = None) -> None:
        """接上一批行；columns 是这一批转好的各列。要过 column、texts 以后不能再接。"""
        self.rows += rows
        self._take(rows, columns)

    def column(self, column: int) -> Sequence[Cell]:
        """第 column 列（从 0 数）各行的单元格；短的行缺的是空。要过的列就记着：要过以后不要再改 rows。"""
        self._prepare()
        if column not in self._columns:
            cells: list[Cell] = []
            for rows, columns in self._batches:
                if columns is None:
                    cells += [row[column] if column < len(row) else None for row in rows]
                elif column < len(columns):
                    cells += columns[column]
                    columns[column] = ()  # 不留两份
                else:
                    cells += [None] * len(rows)
            self._columns[column] = cells
        return self._columns[column]

    def texts(self, column: int) -> Set[str]:
        """第 column 列各不相同的文字；错误值、没有结果的公式不算。"""
        self._prepare()
        return self._texts.get(column, frozenset())

    def _prepare(self) -> None:
        if not self._batches:
            self._take(self.rows, None)

    def _take(self, rows: list[list[Cell]], columns: list[Sequence[Cell]] | None) -> None:
        """记下一批行和它的各列，收起各列的文字：接一批收一批，等读文件的子进程时就做了。"""
        if columns is None and not _sparse(rows):
            columns = list(zip_longest(*rows))
        self._batches.append((rows, columns))
        single = ((place, (cell,)) for row in rows for place, cell in enumerate(row))
        for place, cells in single if columns is None else enumerate(columns):
            self._texts.setdefault(place, set()).update([cell for cell in cells if cell.__class__ is str])


def _sparse(rows: list[list[Cell]]) -> bool:
    """个别行很宽，全转出来多半是空。"""
    widths = list(map(len, rows))
    return len(widths) * max(widths, default=0) > _SPARSE * sum(widths)


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

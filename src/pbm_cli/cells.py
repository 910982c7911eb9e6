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
from typing import Any, NamedTuple


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


Turned = tuple[Sequence[Cell], Sequence[Cell]]
"""一批行转成的一列：单元格，和其中可能是文字的（重复的可以只列一次）。"""


@dataclass(slots=True)
class Sheet:
    """一张工作表：rows[0][0] 就是 A1；各行可以不一样长。"""

    name: str
    rows: list[list[Cell]]
    merges: list[Merge] = field(default_factory=list)
    hidden: bool = False
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    parsed: dict[Any, list[Any]] | None = field(default=None, repr=False, compare=False)
    """怎么认 → 前若干行这样认出来的值；没有边收边认的为 None。"""
    _taken: int = field(default=0, repr=False, compare=False)
    _columns: dict[int, list[Cell]] = field(default_factory=dict, repr=False, compare=False)
    _texts: dict[int, set[str]] = field(default_factory=dict, repr=False, compare=False)

    def extend(self, rows: list[list[Cell]], columns: Sequence[Turned] | None = None) -> None:
        """接上一批行；columns 是这一批转好的各列。"""
        self.rows += rows
        self._take(rows, columns)

    def column(self, column: int) -> Sequence[Cell]:
        """第 column 列（从 0 数）各行的单元格；短的行缺的是空。要过以后只能用 extend 接，不能改 rows。"""
        self._prepare()
        return self._reaching(column, self._taken)

    def texts(self, column: int) -> Set[str]:
        """第 column 列各不相同的文字；错误值、没有结果的公式不算。"""
        self._prepare()
        return self._texts.get(column, frozenset())

    def _prepare(self) -> None:
        if not self._taken:
            self._take(self.rows, None)

    def _take(self, rows: list[list[Cell]], columns: Sequence[Turned] | None) -> None:
        """接上一批的各列，收起各列的文字：接一批收一批，等读文件的子进程时就做了。"""
        if columns is None and not _sparse(rows):
            columns = [(cells, cells) for cells in zip_longest(*rows)]
        for row, cells in enumerate(rows, self._taken) if columns is None else ():
            for place, cell in enumerate(cells):
                self._put(place, row, ((cell,), (cell,)))
        for place, column in enumerate(columns or ()):
            self._put(place, self._taken, column)
        self._taken += len(rows)

    def _put(self, column: int, start: int, part: Turned) -> None:
        cells, telling = part
        self._reaching(column, start).extend(cells)
        self._texts.setdefault(column, set()).update([cell for cell in telling if cell.__class__ is str])

    def _reaching(self, column: int, rows: int) -> list[Cell]:
        """一列，至少到第 rows 行之前；没有到的补空。"""
        cells = self._columns.setdefault(column, [])
        if len(cells) < rows:
            cells += [None] * (rows - len(cells))
        return cells


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

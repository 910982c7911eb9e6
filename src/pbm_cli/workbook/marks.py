"""calamine 丢掉的东西：错误值、没算过的公式、百分比格式、合并、隐藏行列。扫描部件得来，再盖回行里。"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pbm_cli.cells import Percentage

Special = dict[str, str] | str | float
_ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')


def is_percent_format(code: str) -> bool:
    """数字格式里有没有起作用的百分号（引号、转义里的不算）。"""
    return "%" in _LITERAL.sub("", code)


def is_date_format(code: str) -> bool:
    """数字格式是不是日期、时间：有年月日时分秒的字母，没有数字的占位。"""
    plain = _LITERAL.sub("", _ELAPSED.sub("h", code.partition(";")[0])).lower()
    return any(letter in plain for letter in "ymdhs") and not any(sign in plain for sign in "#?")


class Marks:
    """一张表上按位置（从 0 数）记下的东西。

    special：要盖掉原值的单元格，{"e": 错误值}、{"f": 公式}，或 calamine 读错了的真值；percent：每行里按百分比显示的列；
    valued：部件里确有值（用来发现“悄悄读成空表”）；hidden：这张表是隐藏的。
    """

    __slots__ = ("hidden", "hidden_columns", "hidden_rows", "merges", "percent", "special", "valued")

    def __init__(self) -> None:
        self.special: dict[int, dict[int, Special]] = {}
        self.percent: dict[int, list[int]] = {}
        self.hidden_rows: set[int] = set()
        self.hidden_columns: set[int] = set()
        self.merges: list[tuple[int, int, int, int]] = []
        self.valued = False
        self.hidden = False

    def error(self, row: int, column: int, text: str) -> None:
        """记一个错误值。"""
        self.special.setdefault(row, {})[column] = {"e": text}

    def unvalued(self, row: int, column: int, formula: str) -> None:
        """记一个没有计算结果的公式。"""
        self.special.setdefault(row, {})[column] = {"f": formula}

    def replaced(self, row: int, column: int, value: str | float) -> None:
        """记一个 calamine 读错了的值的真值。"""
        self.special.setdefault(row, {})[column] = value

    def percentage(self, row: int, column: int) -> None:
        """记一个按百分比显示的数。"""
        self.percent.setdefault(row, []).append(column)

    def merge(self, top: int, left: int, bottom: int, right: int) -> None:
        """记一块合并区域；只有一格的不算。"""
        if bottom > top or right > left:
            self.merges.append((top, left, bottom, right))

    def applied(self, rows: Iterator[list[object]]) -> Iterator[list[object]]:
        """把记下的东西盖回各行；行尾与表尾的空白不算在内。"""
        special, percent = self.special, self.percent
        pending = max(special, default=-1)
        index = -1
        for index, row in enumerate(rows):
            if index in percent:
                self._show_percent(row, percent[index])
            if index in special:
                _lay(row, special[index])
            while row and (row[-1] is None or row[-1] == ""):
                row.pop()
            yield row
        for late in range(index + 1, pending + 1):
            row = []
            if late in special:
                _lay(row, special[late])
            yield row

    @staticmethod
    def _show_percent(row: list[object], columns: list[int]) -> None:
        for column in columns:
            if column < len(row):
                value = row[column]
                if isinstance(value, (int, float)) and not isinstance(value, bool):
                    row[column] = Percentage(value)


def _lay(row: list[object], cells: dict[int, Special]) -> None:
    for column, special in cells.items():
        if column >= len(row):
            row.extend([None] * (column + 1 - len(row)))
        row[column] = special


class RawSheet:
    """一张读着的表：rows 只能走一遍；marks 在 rows 走完之后才齐全。"""

    __slots__ = ("marks", "name", "rows")

    def __init__(self, name: str, rows: Iterator[list[object]], marks: Marks) -> None:
        self.name = name
        self.rows = rows
        self.marks = marks

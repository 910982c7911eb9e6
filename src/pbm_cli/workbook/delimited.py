"""CSV、TSV：分隔符按前若干行猜；单元格都是文字，="0012" 还原为 0012。"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterator

from pbm_cli.cells import address
from pbm_cli.workbook.limits import Limits
from pbm_cli.workbook.marks import Marks, RawSheet
from pbm_cli.workbook.refusals import refuse

_DELIMITERS = ",\t;|"
_GUARD = re.compile(r'="([^"]*)"\Z')
_DECLARED = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
_SAMPLE = 200
_END = "\x00"


class DelimitedBook:
    """一个 CSV：一张表，名字是文件名去掉扩展名。"""

    def __init__(self, text: str, stem: str, limits: Limits) -> None:
        csv.field_size_limit(max(len(text) + 1, 131_072))
        declared = _DECLARED.match(text)
        self._text = text[declared.end() :] if declared else text
        self._stem = stem
        self._limits = limits
        self._delimiter = declared[1] if declared else _delimiter(self._text)
        lost = text.count("\ufffd")
        self.remarks = [f"文字里有 {lost} 个替代符（U+FFFD）：这些字在导出前就已丢失"] if lost else []

    def sheets(self) -> Iterator[RawSheet]:
        """唯一的一张表。"""
        yield RawSheet(self._stem, self._rows(), Marks())

    def _rows(self) -> Iterator[list[object]]:
        newline = "" if self._text.endswith(("\n", "\r")) or not self._text else "\n"
        reader = csv.reader(io.StringIO(self._text + newline + _END, newline=""), delimiter=self._delimiter)
        line = 1
        for index, row in enumerate(reader):  # pragma: no branch  # 末尾补的一行总会让它先返回
            if len(row) == 1 and row[0] == _END:
                return
            if any(_END in cell for cell in row[-1:]):
                raise refuse(
                    f"第 {line} 行起有一个双引号没有闭合，后面的内容会被吞掉", "请在这一行补上或删去双引号后再试"
                )
            cells = [_cell(value) for value in row]
            while cells and cells[-1] is None:
                cells.pop()
            if len(cells) > self._limits.columns:
                where = address(index, len(cells) - 1)
                raise refuse(f"{where} 有内容，列数超过 {self._limits.columns} 列", "请检查分隔符和双引号是否写错")
            yield cells
            line = reader.line_num + 1


def _cell(value: str) -> object:
    if value.startswith("="):
        guarded = _GUARD.match(value)
        if guarded:
            value = guarded[1]
    return value or None


def _delimiter(text: str) -> str:
    """各行列数最一致的分隔符；都不像时说不是表格。"""
    best, score = "", (0, 0)
    for delimiter in _DELIMITERS:
        lines = itertools.islice(csv.reader(io.StringIO(text[: 1024 * 1024], newline=""), delimiter=delimiter), _SAMPLE)
        counts = Counter(len(row) for row in lines if any(row))
        width, times = max(counts.items(), key=lambda item: (item[0] > 1, item[1], item[0]), default=(1, 0))
        alike = sum(number for wide, number in counts.items() if abs(wide - width) * 4 <= width)
        if width > 1 and alike * (2 if width == 2 else 3) >= sum(counts.values()) and (times, width) > score:
            best, score = delimiter, (times, width)
    if not best:
        raise refuse("内容是一段文字，看不出是表格（没有一致的分隔符）", "请确认没有选错文件；表格请另存为 xlsx 或 CSV")
    return best

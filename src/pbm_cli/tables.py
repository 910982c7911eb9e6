"""在一张工作表里找表：表头在哪几行、有几层，数据从哪行到哪行，金额用什么单位，数据截止哪天。

一张工作表可以有几张表叠放；表头可以有几层（合并单元格向右、向下填）；中间可以重复出现表头。
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from pbm_cli.cells import Cell, Merge, Sheet
from pbm_cli.fields import unit_in_heading, unit_in_line
from pbm_cli.layouts import Layout, Match, heading_keys, match, nearest
from pbm_cli.models import Kind, field_kind
from pbm_cli.text import one_line, squeeze

_MAX_DEPTH = 4
_TITLE_ROWS = 12
_LONGEST_HEADING = 60
_COLUMN_NUMBER = re.compile(r"^(栏次|行次|序号|甲|乙|丙|丁|[A-Za-z]|\(?\d{1,2}\)?(=[\d()+\-*/÷×%]+)?|[-—/])$")
_YEAR = re.compile(r"(20\d\d)(?:年|\b)")
_FULL_DATE = re.compile(r"截[至止]:?(20\d\d)[年\-/.](\d{1,2})[月\-/.](\d{1,2})")
_MONTHS = re.compile(r"(?:(20\d\d)年)?(?:1[-—~～至到]|截[至止](?:(20\d\d)年)?)(\d{1,2})月")


@dataclass(slots=True)
class Table:
    """一张认出来的表。行列都从 0 数；rows 是数据区（含合计、页脚，由读入分辨）。

    units：金额字段 → 每单位多少分（None = 没写）；signs：字段 → 表头规定的正负号；headings：列 → 表头原文。
    """

    layout: Layout
    columns: dict[str, int]
    headings: dict[int, str]
    heading_rows: tuple[int, int]
    rows: range
    match: Match
    units: dict[str, int | None]
    signs: dict[str, int]
    title: str
    conflicting_units: tuple[int, ...]
    year: int | None
    cutoff: dt.date | None
    repeated: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Found:
    """一张工作表里找到的表；一张都没有时 closest 是最接近的版式。"""

    tables: list[Table]
    closest: Match | None


@dataclass(frozen=True, slots=True)
class _Block:
    """一个表头块：first..last 行，每列各层文字，按 best 这个版式最像。"""

    first: int
    last: int
    levels: list[list[str]]
    best: Match


class Finder:
    """用一组版式在工作表里找表。known 是所有版式认得的表头，用来很快地跳过数据行。"""

    def __init__(self, layouts: Sequence[Layout]) -> None:
        self.layouts = layouts
        self._heading_cache: dict[str, bool] = {}

    def find(self, sheet: Sheet, year: int | None = None) -> Found:
        """找出 sheet 里所有的表。"""
        grid = _Grid(sheet)
        tables: list[Table] = []
        tries: list[Match] = []
        row, floor = 0, 0
        while row < len(sheet.rows):
            if not self._may_be_heading(sheet.rows[row]):
                row += 1
                continue
            block, attempts = self._best_block(grid, row, floor)
            tries.extend(attempts)
            if block is None:
                row += 1
                continue
            last = grid.skip_column_numbers(block.last)
            if tables and _same(tables[-1].match, block.best):
                tables[-1].repeated.update(range(block.first, last + 1))
            else:
                if tables:
                    tables[-1].rows = range(tables[-1].rows.start, block.first)
                tables.append(_table(grid, block, last, floor, year))
            row = floor = last + 1
        return Found(tables, None if tables else nearest(tries))

    def _is_heading(self, value: str) -> bool:
        known = self._heading_cache.get(value)
        if known is None:
            keys = heading_keys(value)
            known = any(layout.field_of(key) for layout in self.layouts for key in keys)
            if len(self._heading_cache) < 50_000:
                self._heading_cache[value] = known
        return known

    def _may_be_heading(self, row: list[Cell]) -> bool:
        hits = 0
        for value in row:
            if isinstance(value, str):
                if value and value[0] in "0123456789-−(（￥¥" and value.strip("0123456789.,-−()（）￥¥ ") == "":
                    return False
                if len(value) <= _LONGEST_HEADING and self._is_heading(value):
                    hits += 1
            elif isinstance(value, (int, float)) and not isinstance(value, bool):
                return False
        return hits >= 2

    def _best_block(self, grid: _Grid, row: int, floor: int) -> tuple[_Block | None, list[Match]]:
        attempts: list[Match] = []
        good: list[_Block] = []
        least = grid.depth_by_merges(row)
        starts = [row, row - 1] if row - 1 >= floor and grid.is_group_row(row - 1) else [row]
        for depth in range(least, _MAX_DEPTH + 1):
            last = row + depth - 1
            if last >= len(grid.rows) or (depth > least and grid.has_number(last)):
                break
            for first in starts:
                levels, anchors = grid.levels(first, last)
                for layout in self.layouts:
                    attempt = match(layout, levels, anchors)
                    attempts.append(attempt)
                    if not layout.missing([*attempt.columns, *attempt.ambiguous]):
                        good.append(_Block(first, last, levels, attempt))
        best = max(good, key=lambda b: (*b.best.rank, -b.last, b.first), default=None)
        return best, attempts


class _Grid:
    """带合并区的工作表。"""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.rows = sheet.rows
        self._starts: dict[int, list[Merge]] = {}
        for merge in sheet.merges:
            if merge.bottom - merge.top <= _TITLE_ROWS:
                for row in range(merge.top, merge.bottom + 1):
                    self._starts.setdefault(row, []).append(merge)

    def merge_at(self, row: int, column: int) -> Merge | None:
        for merge in self._starts.get(row, ()):
            if merge.left <= column <= merge.right:
                return merge
        return None

    def text(self, row: int, column: int) -> str:
        merge = self.merge_at(row, column)
        if merge is not None:
            row, column = merge.top, merge.left
        values = self.rows[row] if row < len(self.rows) else []
        value = values[column] if column < len(values) else None
        return one_line(value) if isinstance(value, str) else ""

    def depth_by_merges(self, row: int) -> int:
        bottoms = [m.bottom for m in self._starts.get(row, ()) if m.top == row and self.text(row, m.left)]
        return min(max(bottoms, default=row) - row + 1, _MAX_DEPTH)

    def has_number(self, row: int) -> bool:
        return any(isinstance(v, (int, float)) and not isinstance(v, bool) for v in self.rows[row])

    def is_group_row(self, row: int) -> bool:
        """上面一行是不是分组表头：至少两段文字，没有数，而且有横向合并或者右边留空。"""
        texts = [v for v in self.rows[row] if isinstance(v, str) and v.strip()]
        if len(texts) < 2 or self.has_number(row) or any(unit_in_line(t) for t in texts):
            return False
        wide = any(m.right > m.left and m.top == row for m in self._starts.get(row, ()))
        return wide or not self.sheet.merges

    def levels(self, first: int, last: int) -> tuple[list[list[str]], list[int]]:
        """各列自上而下的表头文字（空的略去，同一合并区只算一次），以及最末一层所在合并区的首列。"""
        width = max((len(self.rows[r]) for r in range(first, last + 1)), default=0)
        levels: list[list[str]] = []
        anchors: list[int] = []
        for column in range(width):
            texts: list[str] = []
            anchor = column
            seen: Merge | None = None
            for row in range(first, last + 1):
                merge = self.merge_at(row, column)
                text = self.text(row, column)
                if not text and row < last and not self.sheet.merges and self.text(last, column):
                    text = self._left_neighbour(row, column)
                if text and (merge is None or merge != seen):
                    texts.append(text)
                    anchor = merge.left if merge is not None and merge.bottom >= last else column
                seen = merge or seen
            levels.append(texts)
            anchors.append(anchor)
        return levels, anchors

    def _left_neighbour(self, row: int, column: int) -> str:
        while column > 0:
            column -= 1
            if text := self.text(row, column):
                return text if self.text(row + 1, column) else ""
        return ""

    def skip_column_numbers(self, last: int) -> int:
        """表头下面的“1 2 3 …”“栏次 1 2=3+4”一行也算表头。"""
        row = last + 1
        if row >= len(self.rows):
            return last
        cells = [squeeze(str(v)).removesuffix(".0") for v in self.rows[row] if v is not None and str(v).strip()]
        numbers = [c for c in cells if c[:1].isdigit()]
        counted = [int(re.match(r"\d+", n)[0]) for n in numbers]  # type: ignore[index]
        in_order = len(counted) >= 3 and all(b - a == 1 for a, b in pairwise(counted))
        return row if in_order and all(_COLUMN_NUMBER.match(c) for c in cells) else last

    def title_lines(self, first: int, floor: int) -> list[str]:
        """表头上面的标题、编制单位、单位各行；碰到有数的行为止。"""
        lines: list[str] = []
        for row in range(first - 1, max(floor, first - _TITLE_ROWS) - 1, -1):
            if self.has_number(row) and not any(isinstance(v, str) for v in self.rows[row]):
                break
            texts = [one_line(v) for v in self.rows[row] if isinstance(v, str) and v.strip()]
            if texts:
                lines.append(" ".join(texts))
        return lines[::-1]


def _same(one: Match, other: Match) -> bool:
    return one.layout is other.layout and one.columns == other.columns


def _table(grid: _Grid, block: _Block, last: int, floor: int, year: int | None) -> Table:
    model, columns = block.best.layout.model, block.best.columns
    lines = grid.title_lines(block.first, floor)
    stated = tuple(dict.fromkeys(u for line in lines for u in _units_in(line)))
    headings = {c: "›".join(dict.fromkeys(levels)) for c, levels in enumerate(block.levels) if levels}
    units: dict[str, int | None] = {}
    signs: dict[str, int] = {}
    for name, column in columns.items():
        levels = block.levels[column]
        if field_kind(model, name) == Kind.MONEY:
            own = next((u for level in reversed(levels) if (u := unit_in_heading(level))), None)
            units[name] = own or (stated[0] if stated else unit_in_line(grid.sheet.name))
        if sign := block.best.layout.signs.get(name, {}).get(heading_keys(levels[-1])[0]):
            signs[name] = sign
    title_text = squeeze(" ".join([grid.sheet.name, *lines]))
    found_year = int(m[1]) if (m := _YEAR.search(title_text)) else year
    cutoff = find_cutoff([title_text, *(squeeze(h) for h in headings.values())], found_year)
    return Table(
        layout=block.best.layout,
        columns=columns,
        headings=headings,
        heading_rows=(block.first, last),
        rows=range(last + 1, len(grid.rows)),
        match=block.best,
        units=units,
        signs=signs,
        title=lines[0] if lines else "",
        conflicting_units=stated if len(stated) > 1 else (),
        year=found_year,
        cutoff=cutoff,
    )


def _units_in(line: str) -> Iterator[int]:
    unit = unit_in_line(line)
    if unit is not None:
        yield unit


def find_cutoff(texts: Sequence[str], year: int | None) -> dt.date | None:
    """从标题和表头里读数据截止日：截至2023年7月31日、2023年1-7月、1-7月执行数（配合年度）；读不出为 None。"""
    for text in texts:
        if (m := _FULL_DATE.search(text)) and (day := _date(int(m[1]), int(m[2]), int(m[3]))):
            return day
    for text in texts:
        if m := _MONTHS.search(text):
            in_year = int(m[1] or m[2] or 0) or year
            month = int(m[3])
            if in_year and 1 <= month <= 12:
                return dt.date(in_year, month, calendar.monthrange(in_year, month)[1])
    return None


def _date(year: int, month: int, day: int) -> dt.date | None:
    if 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]:
        return dt.date(year, month, day)
    return None

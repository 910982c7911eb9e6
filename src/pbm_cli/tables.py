"""在一张工作表里找表：表头在哪几行、有几层，数据从哪行到哪行，金额用什么单位，数据截止哪天。

一张工作表可以有几张表叠放或并排；表头可以有几层（合并单元格向右、向下填）；中间可以重复出现表头。
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pbm_cli.cells import Cell, Percentage, Sheet
from pbm_cli.fields import unit_in_heading, unit_in_line
from pbm_cli.headings import MAX_DEPTH, Grid, find_cutoff, find_year, place_of, stated_unit, wrong_dates
from pbm_cli.layouts import Layout, Match, heading_keys, match, nearest
from pbm_cli.models import Kind, field_kind
from pbm_cli.text import squeeze

_LONGEST_HEADING = 60
_NUMBERS = frozenset({int, float, Percentage})
_NUMBERISH = "0123456789.,-−()（）￥¥ "


@dataclass(slots=True)
class Table:
    """一张认出来的表。行列都从 0 数；rows 是数据区（含合计、页脚，由读入分辨）。

    units：金额字段 → 每单位多少分（None = 没写）；signs：字段 → 表头规定的正负号；headings：列 → 表头原文；
    wrong_dates：写成截止日、日历上没有的日期，和它的单元格；line_unit：标题行里写的金额单位；holder：标题行里写的单位名称；repeated、titles：数据区里重复的表头行、标题行；
    span：并排的几张表里，这一张占的列（None = 整张工作表）。
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
    wrong_dates: tuple[tuple[str, str | None], ...] = ()
    line_unit: int | None = None
    holder: str | None = None
    span: range | None = None
    repeated: set[int] = field(default_factory=set)
    titles: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Found:
    """一张工作表里找到的表；一张都没有时 closest 是最接近的版式。"""

    tables: list[Table]
    closest: Match | None


@dataclass(frozen=True, slots=True)
class _Block:
    """一个表头块：first..last 行，每列各层文字，按 best 这个版式最像；span 是并排时占的列。"""

    first: int
    last: int
    levels: list[list[str]]
    anchors: list[int]
    best: Match
    span: range | None = None

    @property
    def rank(self) -> tuple[int, ...]:
        """越大越好：像、表头行数少、起头靠下。"""
        return (*self.best.rank, -self.last, self.first)


class Finder:
    """用一组版式在工作表里找表。"""

    def __init__(self, layouts: Sequence[Layout]) -> None:
        self.layouts = layouts
        self._heading_cache: dict[str, bool] = {}

    def find(self, sheet: Sheet, year: int | None = None) -> Found:
        """找出 sheet 里所有的表。"""
        grid = Grid(sheet)
        tables, tries = self._scan(grid, year, self.layouts, titled=False)
        if not tables:
            top = squeeze("".join([sheet.name, *(grid.line(row) for row in range(min(len(sheet.rows), MAX_DEPTH)))]))
            named = [layout for layout in self.layouts if any(word in top for word in layout.title_words)]
            if named:
                tables, _ = self._scan(grid, year, named, titled=True)
        for table in tables:
            if None in table.units.values():
                _unit_below(grid, table)
        return Found(tables, None if tables else nearest(tries))

    def _scan(
        self, grid: Grid, year: int | None, layouts: Sequence[Layout], *, titled: bool
    ) -> tuple[list[Table], list[Match]]:
        tables: list[Table] = []
        band: list[Table] = []
        tries: list[Match] = []
        row, floor = 0, 0
        while row < len(grid.rows):
            block = None
            if self._may_be_heading(grid.rows[row], 1 if titled else 2):
                block, attempts = _best_block(grid, row, floor, layouts, titled=titled)
                tries.extend(attempts)
            if block is None:
                row += 1
                continue
            last = _last_heading_row(grid, block)
            titles = grid.title_rows(block.first, floor)
            for table in band:
                table.titles.update(titles)
            fresh = [
                _table(grid, part, last, [grid.line(r) for r in titles], band[0] if band else None, year)
                for part in _side_by_side(block)
            ]
            if len(band) == len(fresh) == 1 and _continues(fresh[0], band[0]):
                band[0].repeated.update(range(block.first, last + 1))
            else:
                for table in band:
                    table.rows = range(table.rows.start, block.first)
                band = fresh
                tables.extend(fresh)
            row = floor = last + 1
        return tables, tries

    def _is_heading(self, value: str) -> bool:
        known = self._heading_cache.get(value)
        if known is None:
            keys = heading_keys(value)
            known = any(layout.field_of(key) for layout in self.layouts for key in keys)
            if len(self._heading_cache) < 50_000:
                self._heading_cache[value] = known
        return known

    def _may_be_heading(self, row: list[Cell], least: int) -> bool:
        if not _NUMBERS.isdisjoint(map(type, row)):
            return False
        texts = []
        for value in row:
            if isinstance(value, str):
                if value and value[0] in _NUMBERISH and value[-1] in _NUMBERISH and not value.strip(_NUMBERISH):
                    if value.strip("-−()（） "):
                        return False
                elif 0 < len(value) <= _LONGEST_HEADING:
                    texts.append(value)
        hits = 0
        for text in texts:
            hits += self._is_heading(text)
            if hits >= least:
                return True
        return False


def _best_block(
    grid: Grid, row: int, floor: int, layouts: Sequence[Layout], *, titled: bool
) -> tuple[_Block | None, list[Match]]:
    attempts: list[Match] = []
    good: list[_Block] = []
    least = grid.depth_by_merges(row)
    starts = [row, row - 1] if row - 1 >= floor and grid.is_group_row(row - 1) else [row]
    for depth in range(least, MAX_DEPTH + 1):
        last = row + depth - 1
        if last >= len(grid.rows) or (depth > least and grid.has_number(last)):
            break
        for first in starts:
            levels, anchors = grid.levels(first, last)
            for layout in layouts:
                attempt = match(layout, levels, anchors)
                attempts.append(attempt)
                if not layout.missing([*attempt.columns, *attempt.ambiguous], titled=titled):
                    good.append(_Block(first, last, levels, anchors, attempt))
    return max(good, key=lambda b: b.rank, default=None), attempts


def _side_by_side(block: _Block) -> list[_Block]:
    """两列以上都能当同一个必需的字段时，看是不是几张一样的表并排；不是就原样交回。"""
    needed = {f for group in block.best.layout.needs for choice in group for f in choice.split("+")}
    if not needed & block.best.ambiguous.keys():
        return [block]
    keys = [heading_keys(levels[-1])[0] if levels else "" for levels in block.levels]
    head = next(key for key in keys if key)
    starts = [c for c, key in enumerate(keys) if key == head and block.anchors[c] == c]
    parts: list[_Block] = []
    for start, stop in zip(starts, [*starts[1:], len(keys)], strict=True):
        levels = [texts if start <= c < stop else [] for c, texts in enumerate(block.levels)]
        best = match(block.best.layout, levels, block.anchors)
        if best.layout.missing(best.columns):
            return [block]
        parts.append(replace(block, levels=levels, best=best, span=range(start, stop)))
    return parts if len(parts) > 1 else [block]


def _last_heading_row(grid: Grid, block: _Block) -> int:
    """表头最后一行，连同下面的单位行（写进各列表头）和栏次行。"""
    last = block.last
    for column, text in grid.unit_row(last + 1).items():
        if column < len(block.levels) and block.levels[column]:
            block.levels[column][-1] += text
        last = block.last + 1
    return grid.skip_column_numbers(last)


def _continues(new: Table, old: Table) -> bool:
    """重复的表头：同一版式、同样的列（可以少几列），没有另写单位或单位名称。"""
    if new.layout is not old.layout or not new.columns.items() <= old.columns.items() or new.match.ambiguous:
        return False
    if new.holder not in (None, old.holder) or new.conflicting_units:
        return False
    return all(unit == old.units[name] for name, unit in new.units.items())


def _table(grid: Grid, block: _Block, last: int, lines: Sequence[str], before: Table | None, year: int | None) -> Table:
    """做一张表；before 是同一张工作表里的前一张，没有写单位、年度时随它。"""
    model, columns = block.best.layout.model, block.best.columns
    stated = tuple(dict.fromkeys(u for line in lines if (u := unit_in_line(line)) is not None))
    name = grid.sheet.name
    line_unit = stated[0] if stated else before.line_unit if before else None
    line_unit = line_unit or unit_in_line(name) or unit_in_heading(name)
    units: dict[str, int | None] = {}
    signs: dict[str, int] = {}
    for field_name, column in columns.items():
        levels = block.levels[column]
        if field_kind(model, field_name) == Kind.MONEY:
            units[field_name] = next((u for level in reversed(levels) if (u := unit_in_heading(level))), line_unit)
        if sign := block.best.layout.signs.get(field_name, {}).get(heading_keys(levels[-1])[0]):
            signs[field_name] = sign
    headings = {c: "›".join(dict.fromkeys(levels)) for c, levels in enumerate(block.levels) if levels}
    texts = [squeeze(line) for line in (*lines, name)]
    found_year = find_year(texts) or (before.year if before else None) or year
    texts += [squeeze(heading) for heading in headings.values()]
    wrong = wrong_dates(texts, found_year)
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
        cutoff=find_cutoff(texts, found_year),
        wrong_dates=tuple((words, place_of(grid.rows[: last + 1], words)) for words in wrong),
        line_unit=line_unit,
        holder=stated_unit(lines),
        span=block.span,
    )


def _unit_below(grid: Grid, table: Table) -> None:
    """上面没有写单位时，看表里、表下面单独一行写的“单位：万元”；只有一种才用。"""
    found: set[int] = set()
    for row in table.rows:
        texts = [v for v in grid.rows[row] if v is not None]
        if len(texts) <= 2 and all(isinstance(v, str) for v in texts):
            found.update(u for v in texts if (u := unit_in_line(str(v))) is not None)
    if len(found) == 1:
        unit = found.pop()
        table.units = {name: own or unit for name, own in table.units.items()}

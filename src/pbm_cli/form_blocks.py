"""表单里的两块：项目资金、绩效指标。各在哪几行，哪一列是什么，资金用什么单位。"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from pbm_cli.fields import blank, unit_in_heading, unit_in_line
from pbm_cli.form_grid import FormGrid, Heads, Place, split_inline
from pbm_cli.form_layouts import FormLayout, Words, fund_key
from pbm_cli.layouts import heading_keys
from pbm_cli.text import one_line, squeeze

_LONGEST_HEAD = 40
_LEVELS = frozenset({"level1", "level2", "level3"})
_AMOUNTS = frozenset({"initial_budget", "adjusted_budget", "expenditure"})


@dataclass(frozen=True, slots=True)
class FundRow:
    """资金块的一行：total、part、sub 或 unknown；cells 是字段 → 单元格。"""

    role: str
    label: str
    row: int
    cells: dict[str, Place]


@dataclass(slots=True)
class Funds:
    """资金块：各行，表头（标签式的没有），金额单位（每单位多少分，没写为 None），写了几种单位。"""

    rows: list[FundRow]
    heads: Heads | None
    units: tuple[int, ...] = ()
    own_units: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Block:
    """一个指标块：表头和下面的各行（含总分行、页脚，由读入分辨）。"""

    heads: Heads
    rows: range


class FundSearch:
    """找资金块：有列名的（年初预算数、全年执行数……），或标签式的（年度资金总额 | 90）。"""

    def __init__(self, grid: FormGrid, layout: FormLayout, labels: Collection[str]) -> None:
        self.grid, self.layout, self.labels = grid, layout, labels

    def by_columns(self, rows: range) -> Funds | None:
        """有列名的资金块（年初预算数、全年预算数、全年执行数……）。"""
        for row in rows:
            if hits(self.grid.texts(row), self.layout.funds) < 2:
                continue
            heads = self.grid.heads(row, self.layout.funds, rows.start)
            if heads is None or not _AMOUNTS & heads.columns.keys():
                continue
            left = min(heads.columns.values())
            lines = list(self._rows(heads, left, range(heads.last + 1, rows.stop)))
            if not any(line.role in ("total", "part") for line in lines):
                lone = [line for line in lines if line.role == "unknown"]
                lines = [FundRow("total", "", lone[0].row, lone[0].cells)] if len(lone) == 1 else lines
            return Funds(lines, heads)
        return None

    def _rows(self, heads: Heads, left: int, rows: range) -> Iterator[FundRow]:
        for row in rows:
            texts = self.grid.texts(row)
            labels = [(c, text) for i, (c, text) in enumerate(texts) if i == 0 or c < left or _role(self.layout, text)]
            if (
                any(_anchor_field(self.layout, text) for _, text in labels)
                or hits(self.grid.texts(row), self.layout.indicators) > 1
            ):
                return
            cells = {name: (row, column) for name, column in heads.columns.items()}
            filled = any(not blank(self.grid.own(row, column)) for column in heads.columns.values())
            named = next(((role, text) for _, text in labels if (role := _role(self.layout, text))), None)
            if named is not None:
                yield FundRow(named[0], one_line(named[1]), row, cells)
            elif filled:
                label = one_line(labels[-1][1]) if labels else ""
                task = heads.columns.get("task")
                label = label or (self.grid.text(row, task) if task is not None else "")
                yield FundRow("part" if self.layout.any_row else "unknown", label, row, cells)

    def by_labels(self, rows: range, heads: Sequence[Heads]) -> Funds | None:
        """没有列名的资金块：年度资金总额 | 90；或标签一行、数在下面一行。"""
        stop = next((head.first for head in heads), rows.stop)
        found: list[tuple[int, FundRow, int]] = []
        for row in range(rows.start, stop):
            for column, text in self.grid.labelled(row, self.labels):
                if (line := self._pair(row, column, text)) is not None:
                    found.append(line)
        totals = sorted((strength, line.row, column, line) for strength, line, column in found if line.role == "total")
        if not totals:
            return None
        filled = [entry for entry in totals if not blank(self.grid.cell(*entry[3].cells["budget"]))]
        _, _, at, total = (filled or totals)[0]
        span = self.grid.span(total.row, at)
        others = [(line, column) for _, line, column in found if line.role != "total" and line.row >= total.row]
        under = [line for line, column in others if span.left <= column <= span.right and line.row > total.row]
        beside = [line for line, column in others if line.row == total.row and column > span.right]
        return Funds([total, *(under or beside)], None)

    def _pair(self, row: int, column: int, text: str) -> tuple[int, FundRow, int] | None:
        key = next((k for key in heading_keys(text) if (k := fund_key(key)) in self.layout.fund_rows), None)
        if key is None and (inline := split_inline(text, self.layout.fund_rows)):
            role, strength = self.layout.fund_rows[inline[0]]
            return strength, FundRow(role, inline[0], row, {"budget": (row, column)}), column
        if key is None:
            return None
        role, strength = self.layout.fund_rows[key]
        value = self.grid.right_of(row, column, self.labels) or self.grid.below(row, column, self.labels)
        if value is None or (isinstance(value[0], str) and not any(ch.isdigit() for ch in value[0])):
            return None
        return strength, FundRow(role, one_line(text), row, {"budget": value[1]}), column


def hits(cells: Sequence[tuple[int, str]], words: Words) -> int:
    """一行的短文字（列, 文字）里有几个像这一块的表头。"""
    if len(cells) < 2:
        return 0
    found: set[str] = set()
    for _, text in cells:
        if len(text) <= _LONGEST_HEAD:
            for key in heading_keys(text):
                if hit := words.field_of(key):
                    found.add(hit[0])
    return len(found)


def indicator_heads(grid: FormGrid, layout: FormLayout, part: range) -> list[Heads]:
    found: list[Heads] = []
    row = part.start
    while row < part.stop:
        if hits(grid.texts(row), layout.indicators) > 1:
            heads = grid.heads(row, layout.indicators, found[-1].last + 1 if found else part.start)
            names = {*heads.columns, *heads.twins} if heads else set()
            if heads and "level3" in names and len(names & {*_LEVELS, "target", "actual"}) > 1:
                if not _AMOUNTS & names:
                    found.append(heads)
                row = heads.last
        row += 1
    return found


def near_text(grid: FormGrid, head: Heads) -> str:
    """指标块左边和上面一格的文字（长期绩效指标、年度绩效指标）。"""
    left = min([*head.columns.values(), *(column for found in head.twins.values() for column in found)])
    texts = [grid.text(row, column) for row in (head.first, head.last + 1) for column in range(left)]
    above = [text for _, text in grid.texts(head.first - 1)] if head.first else []
    return squeeze("".join([*texts, *(above if len(above) == 1 else [])]))


def one_side(grid: FormGrid, head: Heads, layout: FormLayout) -> Heads | None:
    """左右两组指标（长期、年度）并排时取年度的那一组；看不出哪组是年度的为 None。"""
    starts = head.twins["level3"]
    over = head.first - 1
    above = [
        squeeze(
            " ".join([*head.texts.get(column, ())[:-1], grid.text(over, column) or grid.group_at_left(over, column)])
        )
        for column in starts
    ]
    good = [place for place, text in enumerate(above) if any(word in text for word in layout.choose)]
    if len(good) != 1:
        return None
    columns = dict(head.columns)
    for name, twins in head.twins.items():
        if len(twins) == len(starts):
            columns[name] = twins[good[0]]
    return Heads(head.first, head.last, columns, {}, head.texts)


def _role(layout: FormLayout, text: str) -> str | None:
    hit = next((layout.fund_rows[k] for key in heading_keys(text) if (k := fund_key(key)) in layout.fund_rows), None)
    return hit[0] if hit else None


def _anchor_field(layout: FormLayout, text: str) -> str | None:
    hit = next((layout.anchors[key] for key in heading_keys(text) if key in layout.anchors), None)
    return hit[0] if hit and _role(layout, text) is None else None


def find_units(grid: FormGrid, funds: Funds, titles: Sequence[str]) -> None:
    """资金块用什么单位：各列自己写的；块里写的（项目资金（万元））；再到标题行写的。"""
    heads = funds.heads
    rows = {line.row for line in funds.rows} | (set(range(heads.first, heads.last + 1)) if heads else set())
    columns = {column: name for name, column in heads.columns.items()} if heads else {}
    inside: list[int] = []
    for row in sorted(rows):
        for column in range(grid.width):
            text = grid.text(row, column)
            if not text or text[0].isdigit() or len(text) > _LONGEST_HEAD:
                continue
            unit = unit_in_heading(text)
            if unit is None:
                continue
            if heads and row <= heads.last and (name := columns.get(column)) and grid.span(row, column).left == column:
                funds.own_units[name] = unit
            else:
                inside.append(unit)
    stated = inside or [unit for line in titles if (unit := unit_in_line(line))]
    own = set(funds.own_units.values())
    funds.units = tuple(dict.fromkeys(stated)) or (tuple(own) if len(own) == 1 else ())

"""在一张工作表里找表单：谁的表（项目名称、部门名称）在哪里，资金块、指标块在哪里，是哪一种表单；差一点的说差什么。

只看标签和块的表头，不看工作表叫什么。一张工作表可以叠放几张表单，每个“项目名称”起一张。
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pbm_cli.cells import Cell, Sheet, address
from pbm_cli.fields import blank
from pbm_cli.form_blocks import Block, Funds, FundSearch, find_units, hits, indicator_heads, near_text, one_side
from pbm_cli.form_grid import FormGrid, Heads, Place, is_label, split_inline
from pbm_cli.form_layouts import FormLayout
from pbm_cli.headings import find_cutoff, place_of, wrong_dates
from pbm_cli.layouts import heading_keys
from pbm_cli.models import Execution, Indicator
from pbm_cli.text import one_line, squeeze

_NAME_ROWS = 40
_BLOCK_ROWS = 80
_TITLE_ROWS = 8
_LONGEST_HEAD = 40
_NAMES = ("project_name", "department_name")
_OTHER_TITLES = {
    "weight": "分值", "self_score": "得分", "forecast_expenditure": "全年预计执行数", "forecast_rate": "全年预计执行率",
    "forecast_balance": "预计结余", "adjustment": "预算调整数", "task": "任务名称",
    "work": "主要内容", "share": "其中项",
}  # fmt: skip
_YEAR = re.compile(r"(20\d\d)(?:年|\b)")


@dataclass(frozen=True, slots=True)
class Anchor:
    """一个标签：它在哪里，值是什么、在哪里（没有填的值为 None）。strength 越小越强。"""

    strength: int
    label: Place
    value: Cell
    place: Place
    lines: tuple[tuple[Cell, Place], ...] = ()


@dataclass(slots=True)
class FormMatch:
    """认出（或差一点认出）的一张表单。行列从 0 数；grid 留着整张表，读完就放下。"""

    layout: FormLayout
    grid: FormGrid | None
    rows: range
    anchors: dict[str, Anchor]
    funds: Funds | None
    blocks: list[Block]
    skipped: list[Heads]
    unclear: list[Heads]
    title: str = ""
    year: int | None = None
    cutoff: dt.date | None = None
    wrong_dates: tuple[tuple[str, str | None], ...] = ()

    @property
    def have(self) -> list[str]:
        """认出了哪些标签和块。"""
        parts = list(self.anchors)
        parts += ["funds"] if self.funds else []
        return parts + (["indicators"] if self.blocks or self.unclear or self.skipped else [])

    @property
    def rank(self) -> tuple[int, int]:
        """越大越像：认出的标签、列多。"""
        columns = sum(len(block.heads.columns) for block in self.blocks[:1])
        if self.funds:
            columns += len(self.funds.heads.columns) if self.funds.heads else 1
        return len(self.anchors) + columns, -sum(anchor.strength for anchor in self.anchors.values())

    def lines(self) -> Iterator[tuple[str, str, str]]:
        """给人看的对应：（单元格，表上的文字，字段）。"""
        for name, anchor in sorted(self.anchors.items(), key=lambda pair: pair[1].label):
            yield address(*anchor.place), "" if anchor.value is None else one_line(str(anchor.value)), self._title(name)
        for head in [*_fund_heads(self), *(block.heads for block in self.blocks)]:
            named = {column: name for name, column in head.columns.items()}
            for column, levels in sorted(head.texts.items()):
                if column < min(named, default=0):  # 块左边的“项目资金”“绩效指标”
                    continue
                said = "›".join(one_line(level) for level in levels)
                meaning = self._title(named[column]) if column in named else "没有使用"
                yield address(head.last, column), said, meaning

    def _title(self, name: str) -> str:
        base, _, word = name.partition(":")
        fields = Indicator.model_fields | Execution.model_fields
        title = (
            self.layout.titles.get(base) or (fields[base].title if base in fields else None) or _OTHER_TITLES.get(base)
        )
        return f"{title or base}（{word}）" if word else title or base

    def head_keys(self) -> Iterator[str]:
        """两块的表头里每一层文字的归一写法。"""
        heads = [block.heads for block in self.blocks] + ([self.funds.heads] if self.funds and self.funds.heads else [])
        for head in heads:
            for levels in head.texts.values():
                for level in levels:
                    yield heading_keys(level)[0]


class FormFinder:
    """用一组表单版式在工作表里找表单。"""

    def __init__(self, layouts: Sequence[FormLayout]) -> None:
        self.layouts = layouts
        self._labels: set[str] = set()
        self._names: set[str] = set()
        for layout in layouts:
            self._labels |= {
                *layout.anchors,
                *layout.other,
                *layout.fund_rows,
                *layout.funds.keys,
                *layout.indicators.keys,
            }
            self._labels |= {f"其中:{word}" for word in layout.fund_rows}
            self._names |= {key for key, (name, _) in layout.anchors.items() if name in _NAMES}

    def find(self, sheet: Sheet, year: int | None = None) -> list[FormMatch]:
        """一张工作表里认出的各张表单，自上而下；不是表单为空。"""
        top = self._first_name(sheet)
        if top is None:
            return []
        grid = FormGrid(sheet)
        if not any(self._may_be_block(grid, row) for row in range(top + 1, min(top + _BLOCK_ROWS, len(sheet.rows)))):
            return []
        found: list[FormMatch] = []
        for part in self._parts(grid, top):
            names = {layout.name_field for layout in self.layouts if self._has_name(grid, layout, part)}
            attempts = [self._attempt(grid, lay, part, year) for lay in self.layouts if lay.name_field in names]
            good = [attempt for attempt in attempts if _fits(attempt)]
            if good:
                found.append(max(good, key=lambda match: match.rank))
        return found

    def nearest(self, sheet: Sheet) -> FormMatch | None:
        """没有认出时最接近的表单：至少有一块和另一样东西。"""
        if len(sheet.rows) > 10 * _BLOCK_ROWS:
            return None
        grid = FormGrid(sheet)
        attempts = [self._attempt(grid, layout, range(len(sheet.rows)), None) for layout in self.layouts]
        close = [m for m in attempts if len(m.have) > 1 and {"funds", "indicators"} & set(m.have)]
        close = [m for m in close if m.layout.missing(m.have) and not m.layout.without & m.anchors.keys()]
        return min(close, key=lambda m: (len(m.layout.missing(m.have)), not _proved(m), -m.rank[0]), default=None)

    def _first_name(self, sheet: Sheet) -> int | None:
        """前几十行里第一个“项目名称”（或“部门名称”）在哪一行。"""
        for row, values in enumerate(sheet.rows[:_NAME_ROWS]):
            if self._names_someone(values):
                return row
        return None

    def _names_someone(self, values: Sequence[Cell]) -> bool:
        """这一行有没有“项目名称”标签；列表的表头行（右边紧挨着别的表头，或有几列像指标、资金）不算。"""
        for column, value in enumerate(values):
            if not isinstance(value, str) or len(value) > 4 * _LONGEST_HEAD or not is_label(value, self._names):
                continue
            beside = values[column + 1] if column + 1 < len(values) else None
            if isinstance(beside, str) and is_label(beside, self._labels):
                continue
            texts = [(at, text) for at, text in enumerate(values) if isinstance(text, str) and text.strip()]
            return not any(hits(texts, words) > 1 for lay in self.layouts for words in (lay.indicators, lay.funds))
        return False

    def _has_name(self, grid: FormGrid, layout: FormLayout, part: range) -> bool:
        own = {key for key, (name, _) in layout.anchors.items() if name == layout.name_field}
        return any(is_label(text, own) for row in part for _, text in grid.labelled(row, self._labels))

    def _may_be_block(self, grid: FormGrid, row: int) -> bool:
        return any(hits(grid.texts(row), words) > 1 for lay in self.layouts for words in (lay.indicators, lay.funds))

    def _parts(self, grid: FormGrid, top: int) -> list[range]:
        """一张工作表分成几张表单：每个“项目名称”起一张；两个之间没有指标块、资金块的算一张。"""
        starts: list[int] = []
        seen_block = True
        for row in range(top, len(grid.rows)):
            if seen_block and self._names_someone(grid.rows[row]):
                starts.append(row)
                seen_block = False
            elif not seen_block and self._may_be_block(grid, row):
                seen_block = True
        starts = starts or [top]
        tops = [0, *(_title_top(grid, row, before) for before, row in pairwise(starts))]
        return [range(one, two) for one, two in zip(tops, [*tops[1:], len(grid.rows)], strict=True)]

    def _attempt(self, grid: FormGrid, layout: FormLayout, part: range, year: int | None) -> FormMatch:
        heads = indicator_heads(grid, layout, part)
        stop = heads[0].first if heads else part.stop
        match = FormMatch(layout, grid, part, self._anchors(grid, layout, part, heads), None, [], [], [])
        own = match.anchors.get(layout.name_field)
        start = own.label[0] if own else part.start
        search = FundSearch(grid, layout, self._labels)
        match.funds = search.by_columns(range(start, stop)) or search.by_labels(range(start, part.stop), heads)
        _sort_blocks(grid, match, heads, part.stop)
        lines = [one_line(text) for row in range(part.start, start) for _, text in grid.texts(row)]
        match.title = lines[0] if lines else ""
        if match.funds:
            find_units(grid, match.funds, lines)
        said = squeeze(" ".join(lines))
        match.year = int(found[1]) if (found := _YEAR.search(said)) else year
        headings = [squeeze(text) for head in [*heads, *_fund_heads(match)] for h in head.texts.values() for text in h]
        match.cutoff = find_cutoff([said, *headings], match.year)
        wrong = wrong_dates([said, *headings], match.year)
        match.wrong_dates = tuple((words, place_of(grid.rows[: part.stop], words)) for words in wrong)
        return match

    def _anchors(self, grid: FormGrid, layout: FormLayout, part: range, heads: Sequence[Heads]) -> dict[str, Anchor]:
        found: dict[str, Anchor] = {}
        inside = [range(head.first, head.last + 1) for head in heads]
        for row in part:
            if any(row in rows for rows in inside):
                continue
            for column, text in grid.labelled(row, self._labels):
                anchor = self._anchor(grid, layout, row, column, text)
                if anchor is None:
                    continue
                name, seen = anchor[0], found.get(anchor[0])
                better = seen is None or (blank(seen.value), seen.strength) > (
                    blank(anchor[1].value),
                    anchor[1].strength,
                )
                if better:
                    found[name] = anchor[1]
        return found

    def _anchor(
        self, grid: FormGrid, layout: FormLayout, row: int, column: int, text: str
    ) -> tuple[str, Anchor] | None:
        if inline := split_inline(text, layout.anchors):
            name, strength = layout.anchors[inline[0]]
            return name, Anchor(strength, (row, column), inline[1], (row, column))
        hit = next((layout.anchors[key] for key in heading_keys(text) if key in layout.anchors), None)
        if hit is None:
            return None
        name, strength = hit
        value = grid.right_of(row, column, self._labels)
        if (value is None or value[0] is None) and name in layout.below:
            under = grid.below(row, column, self._labels)
            value = under if under and (value is None or under[0] is not None) else value
        if value is None:
            return None
        lines = tuple(self._lines(grid, row, column, value[1])) if name in layout.below else ()
        return name, Anchor(strength, (row, column), value[0], value[1], lines)

    def _lines(self, grid: FormGrid, row: int, column: int, place: Place) -> Iterator[tuple[Cell, Place]]:
        """标签占几行（或下面几行标签列空着）时，右边每一行的值：目标 1、目标 2……。"""
        label = grid.span(row, column)
        at = place[0]
        while at < len(grid.rows):
            left = [grid.cell(at, c) for c in range(place[1]) if grid.span(at, c) != label]
            value = grid.cell(at, place[1])
            if at > max(label.bottom, place[0]) and (place[0] > label.bottom or not all(map(blank, left))):
                return
            if (isinstance(value, str) and is_label(value, self._labels)) or (blank(value) and at > label.bottom):
                return
            if not blank(value):
                yield value, (at, place[1])
            at = grid.span(at, place[1]).bottom + 1


def near_miss(match: FormMatch) -> str:
    """差一点认出的表单，差什么。"""
    layout = match.layout
    have = "、".join(layout.part_title(part) for part in dict.fromkeys(match.have))
    missing = "；".join(" 或 ".join(layout.part_title(part) for part in g) for g in layout.missing(match.have))
    return f"没有认出是哪种表，没有使用。最接近表单“{layout.title}”：已认出 {have}；还缺 {missing}"


def _fits(match: FormMatch) -> bool:
    layout = match.layout
    if layout.missing(match.have) or layout.without & match.anchors.keys():
        return False
    return _proved(match)


def _proved(match: FormMatch) -> bool:
    keys = list(match.head_keys())
    if any(pattern.search(key) for pattern in match.layout.against for key in keys):
        return False
    proof = match.layout.proof
    return not proof or any(pattern.search(key) for pattern in proof for key in keys)


def _sort_blocks(grid: FormGrid, match: FormMatch, heads: Sequence[Heads], stop: int) -> None:
    """指标块：用的、按版式跳过的（长期指标）、左右两组分不清的。"""
    firsts = [head.first for head in heads[1:]] + ([stop] if heads else [])
    for head, end in zip(heads, firsts, strict=True):
        near = near_text(grid, head)
        chosen = one_side(grid, head, match.layout) if head.twins.get("level3") else head
        if chosen is None:
            match.unclear.append(head)
        elif any(word in near for word in match.layout.skip) and not any(word in near for word in match.layout.choose):
            match.skipped.append(head)
        else:
            match.blocks.append(Block(chosen, range(head.last + 1, end)))


def _fund_heads(match: FormMatch) -> list[Heads]:
    return [match.funds.heads] if match.funds and match.funds.heads else []


def _title_top(grid: FormGrid, row: int, before: int) -> int:
    """叠放时下一张表单从哪一行起：“项目名称”上面紧挨着的几行标题也算它的。"""
    top = row
    while top - 1 > before and row - top < _TITLE_ROWS:
        texts = grid.texts(top - 1)
        if len(texts) > 2 or any(type(value) in (int, float) for value in grid.rows[top - 1]):
            break
        if texts and not re.search("表|年度|单位[:：]|编号|附件", squeeze("".join(text for _, text in texts))):
            break
        top -= 1
    return top

"""表单上的格子：合并区只有一个值，标签的值在右边（或下面），块的表头可以有几层。"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pbm_cli.cells import Cell, Merge, Sheet
from pbm_cli.fields import blank
from pbm_cli.form_layouts import Words
from pbm_cli.layouts import heading_keys
from pbm_cli.text import one_line, visible

Place = tuple[int, int]
LONGEST_LABEL = 60
_GENERIC = frozenset({"小计", "合计", "总额", "金额", "总计"})


@dataclass(frozen=True, slots=True)
class Heads:
    """一块的表头：first..last 行，字段 → 列（同强的几列都在 twins 里），texts 是列 → 表头文字。"""

    first: int
    last: int
    columns: dict[str, int]
    twins: dict[str, list[int]]
    texts: dict[int, tuple[str, ...]]

    @property
    def rank(self) -> tuple[int, int]:
        """越大越像：认出的字段多，行数少。"""
        return len(self.columns) + len(self.twins), self.first - self.last


class FormGrid:
    """一张工作表，按合并区看。"""

    def __init__(self, sheet: Sheet) -> None:
        self.rows = sheet.rows
        self.width = max((len(row) for row in sheet.rows), default=0)
        self._homes: dict[Place, Merge] = {}
        self._texts: dict[int, list[tuple[int, str]]] = {}
        self._labelled: dict[int, list[tuple[int, str]]] = {}
        self._shown: dict[Place, str] = {}
        self._columns: dict[tuple[int, int], list[tuple[int, tuple[str, ...]]]] = {}
        for merge in sheet.merges:
            if (merge.bottom - merge.top + 1) * (merge.right - merge.left + 1) <= 20_000:
                for row in range(merge.top, merge.bottom + 1):
                    for column in range(merge.left, merge.right + 1):
                        self._homes[row, column] = merge

    def span(self, row: int, column: int) -> Merge:
        """一格所在的合并区；没有合并就是它自己。"""
        return self._homes.get((row, column)) or Merge(row, column, row, column)

    def cell(self, row: int, column: int) -> Cell:
        """一格的值；在合并区里就是合并区的值。"""
        merge = self._homes.get((row, column))
        if merge is not None:
            row, column = merge.top, merge.left
        values = self.rows[row] if row < len(self.rows) else []
        return values[column] if column < len(values) else None

    def own(self, row: int, column: int) -> Cell:
        """一格自己的值；合并区里只有左上角有。"""
        values = self.rows[row] if row < len(self.rows) else []
        return values[column] if column < len(values) else None

    def text(self, row: int, column: int) -> str:
        """一格的文字，一行；不是文字为空串。"""
        merge = self._homes.get((row, column))
        if merge is not None:
            row, column = merge.top, merge.left
        shown = self._shown.get((row, column))
        if shown is None:
            value = self.own(row, column)
            shown = one_line(value) if isinstance(value, str) and len(value) <= LONGEST_LABEL * 4 else ""
            self._shown[row, column] = shown
        return shown

    def labelled(self, row: int, labels: Collection[str]) -> list[tuple[int, str]]:
        """这一行里是标签的格子（列, 文字）；labels 对一张工作表总是同一份。"""
        found = self._labelled.get(row)
        if found is None:
            found = self._labelled[row] = [(c, text) for c, text in self.texts(row) if is_label(text, labels)]
        return found

    def texts(self, row: int) -> list[tuple[int, str]]:
        """这一行自己写的短文字（列, 文字），从左到右。"""
        found = self._texts.get(row)
        if found is None:
            values = self.rows[row] if row < len(self.rows) else []
            found = [
                (column, value)
                for column, value in enumerate(values)
                if isinstance(value, str) and len(value) <= LONGEST_LABEL * 4 and visible(value).strip()
            ]
            self._texts[row] = found
        return found

    def empty(self, row: int) -> bool:
        """整行都空。"""
        return all(value is None or (isinstance(value, str) and not visible(value).strip()) for value in self.rows[row])

    def right_of(self, row: int, column: int, labels: Collection[str]) -> tuple[Cell, Place] | None:
        """标签右边的值和它的位置；先碰到别的标签为 None；一直空着时值是 None，位置是紧靠右边的一格。"""
        merge = self.span(row, column)
        first: Place | None = None
        at = merge.right + 1
        while at < self.width:
            here = self.span(row, at)
            value = self.cell(row, at)
            if isinstance(value, str) and is_label(value, labels):
                return (None, first) if first else None
            first = first or (here.top, here.left)
            if not blank(value):
                return value, (here.top, here.left)
            at = here.right + 1
        return (None, first) if first else None

    def below(self, row: int, column: int, labels: Collection[str]) -> tuple[Cell, Place] | None:
        """标签下面一格的值和位置；下面是标签、或没有了，为 None。"""
        down = self.span(row, column).bottom + 1
        if down >= len(self.rows):
            return None
        here, value = self.span(down, column), self.cell(down, column)
        if here.left < self.span(row, column).left or (isinstance(value, str) and is_label(value, labels)):
            return None
        return (None if blank(value) else value), (here.top, here.left)

    def heads(self, row: int, words: Words, floor: int) -> Heads | None:
        """以 row 行为主的表头（可以连上面一行、下面两行），取认出最多的；一个也认不出为 None。"""
        best: Heads | None = None
        for first in (row, row - 1):
            if first < floor:
                continue
            for last in range(row, min(row + 3, len(self.rows))):
                if last > row and any(type(value) in (int, float) for value in self.rows[last]):
                    break
                attempt = self._match(first, last, words)
                if (attempt.columns or attempt.twins) and (best is None or attempt.rank > best.rank):
                    best = attempt
        return best

    def _match(self, first: int, last: int, words: Words) -> Heads:
        hits: dict[str, list[tuple[int, int]]] = {}
        texts: dict[int, tuple[str, ...]] = {}
        for column, levels in self._headings(first, last):
            texts[column] = levels
            if hit := field_of_heading(words, levels):
                hits.setdefault(hit[0], []).append((hit[1], column))
        columns: dict[str, int] = {}
        twins: dict[str, list[int]] = {}
        for field, found in hits.items():
            strongest = min(found)[0]
            same = [column for strength, column in sorted(found) if strength == strongest]
            if len(same) == 1:
                columns[field] = same[0]
            else:
                twins[field] = same
        return Heads(first, last, columns, twins, texts)

    def _headings(self, first: int, last: int) -> list[tuple[int, tuple[str, ...]]]:
        """first..last 行当作表头时各列自上而下的文字；同一合并区只算首列。"""
        found = self._columns.get((first, last))
        if found is None:
            every = ((column, *self._levels(first, last, column)) for column in range(self.width))
            found = [(column, tuple(levels)) for column, levels, start in every if levels and start == column]
            self._columns[first, last] = found
        return found

    def _levels(self, first: int, last: int, column: int) -> tuple[list[str], int]:
        texts: list[str] = []
        seen: Merge | None = None
        start = column
        for row in range(first, last + 1):
            merge = self.span(row, column)
            text = self.text(row, column)
            if not text and row < last and self.text(last, column) and merge.bottom == row:
                text = self.group_at_left(row, column)
            if text and merge != seen:
                texts.append(text)
                start = merge.left if merge.bottom >= last else column
            seen = merge
        return texts, start

    def group_at_left(self, row: int, column: int) -> str:
        """没有合并的分组表头：左边最近的一段文字（中间的列下面也要有表头）。"""
        while column > 0:
            column -= 1
            if text := self.text(row, column):
                return text if self.text(row + 1, column) else ""
        return ""


def is_label(value: str, labels: Collection[str]) -> bool:
    """一格文字是不是标签（“项目名称”，或标签和值写在一格的“项目名称：××”）。"""
    if len(value) > LONGEST_LABEL * 4:
        return False
    return any(key in labels for key in heading_keys(value)) or split_inline(value, labels) is not None


def split_inline(value: str, labels: Collection[str]) -> tuple[str, str] | None:
    """标签和值写在一格：“项目名称：村级运转” → (项目名称, 村级运转)；不是为 None。"""
    line = one_line(value)
    for mark in (":", "：", "﹕"):
        head, found, rest = line.partition(mark)
        if found and rest.strip() and len(head) <= LONGEST_LABEL:
            for key in heading_keys(head):
                if key in labels:
                    return key, rest.strip()
    return None


def field_of_heading(words: Words, levels: Sequence[str]) -> tuple[str, int] | None:
    """一列的表头（自上而下）是哪个字段。"""
    leaf, parents = heading_keys(levels[-1]), [heading_keys(level)[0] for level in levels[:-1]]
    if leaf[0] in _GENERIC:
        for parent in reversed(parents):
            if found := words.field_of(parent):
                return found
    for key in leaf:
        if found := words.field_of(key):
            return found
    for parent in reversed(parents):
        for key in (parent + leaf[0], leaf[0] + parent):
            if found := words.field_of(key):
                return found
    return None

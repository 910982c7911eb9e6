"""一行是什么：数据、合计、页脚、分组标题、示例，还是空行。宁可把一行当数据报错，也不把数据当成别的丢掉。"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from pbm_cli import fields
from pbm_cli.cells import Cell, Merge, Sheet
from pbm_cli.fields import unit_in_line
from pbm_cli.fill import is_sample
from pbm_cli.headings import FOOTER
from pbm_cli.models import Kind, field_kind
from pbm_cli.tables import Table
from pbm_cli.text import squeeze

RowKind = Literal["blank", "heading", "total", "footer", "label", "sample", "data"]
NOT_SUMS = frozenset({"其中", "平均", "平均值", "平均数", "平均分", "平均得分", "均值"})
"""这样的行也不是数据，但不是加总，不核对。"""

_HINT = re.compile("[计总汇均和中]")
_TOTAL = re.compile(
    r"^(?P<name>.*?)(?P<word>合计|小计|总计|共计|累计|总分|总和|汇总|求和|平均得分|平均分|平均值|平均数|平均|均值)"
    r"(?:数|额|金额|行)?(?:\(.*\))?:?(?:共?\d+[个项条家笔](?:项目|单位|指标)?)?$"
)
_SCOPES = re.compile(
    r"^(?:以上|本页|本表|本月|本年|本县|本级|全县|全市|全区|全部|各项|项目|单位|总|\d+[个项](?:项目)?|[-—:*])*$"
)
_OF_WHICH = re.compile(r"^其中[:、]?")
_LONGEST_LABEL = 40
_PAGE = re.compile(r"^(第\d+页|[-—]\d+[-—]|共\d+页|\d+/\d+$)")
_SECTION = re.compile(r"^([一二三四五六七八九十]+、|\([一二三四五六七八九十]+\))")
_ASIDE = re.compile(r"^(续|接上|转下|附[件表]|表[\d一二三四五六七八九十]|[※*]|注\d*[:、.])")
_ISSUER = re.compile("(局|政府|办公室|委员会|中心|处|所)$")
_SENTENCE = 12
_LABEL_SPAN = 3
_TITLES = ("project_name", "subject", "township", "budget_unit", "name", "title")
"""一行说的是谁：第一个有的字段。"""
_HOLDERS = frozenset({"budget_unit", "department", "unit_code", "township"})
_PARTS = frozenset({"fund", "category", "level1", "level2", "level3", "monitored_by", "level", "subject_kind"})
_SERIAL = frozenset({"序号", "编号", "行号", "行次", "No", "NO", "no"})

_Role = Literal["title", "code", "holder", "part", "left", "middle", "right"]


class Total(NamedTuple):
    """合计行的名目（“农业农村局小计”里的“农业农村局”；单写“合计”为空串）和用词（其中行是“其中”）。"""

    label: str
    word: str


class _Openings(dict[str, bool]):
    """领头一格的文字 → 是不是有字而不像页脚、页码；同样的文字只看一次。"""

    def __missing__(self, cell: str) -> bool:
        text = squeeze(cell)
        plain = bool(cell.strip()) and not (FOOTER.match(text) or _PAGE.match(text) or FOOTER.match(text + ":"))
        self[cell] = plain
        return plain


def _may_total(cell: str) -> bool:
    """有 _HINT 里的字的一格，像不像合计行的名目；是不是还要看它在哪一列、这一行有什么。"""
    text = squeeze(cell)
    return len(text) <= _LONGEST_LABEL and bool(_OF_WHICH.match(text) or _TOTAL.match(text))


def _any_number(*cells: Cell) -> bool:
    """这一行的几个金额里有没有数。"""
    for cell in cells:  # noqa: SIM110  每行都要问，生成器慢一倍
        if cell.__class__ is float or cell.__class__ is int:
            return True
    return False


class RowReader:
    """按一张表的列，判断各行是什么。"""

    def __init__(self, sheet: Sheet, table: Table) -> None:
        self._sheet = sheet
        self.rows = sheet.rows
        self.table = table
        model = table.layout.model
        kinds = {name: field_kind(model, name) for name in table.columns}
        amounts = (Kind.MONEY, Kind.NUMBER, Kind.COUNT)
        self._amounts = [c for n, c in table.columns.items() if kinds[n] in amounts and n != "balance"]
        self._core = [c for n, c in table.columns.items() if kinds[n] != Kind.RATE and n != "balance"]
        self._code = table.columns.get("project_code", -1)
        self._detail = table.columns.get("level3", -1)
        named = next((n for n in _TITLES if n in table.columns), "")
        self._title = table.columns.get(named, -1)
        self._sections = named in ("township", "budget_unit")
        self._roles = self._role_of_columns(kinds, named)
        serials = [c for c, text in table.headings.items() if squeeze(text) in _SERIAL and c not in self._core]
        self._serial = serials[0] if serials else -1
        self._holders = [table.columns[n] for n in (*_HOLDERS, "fund", "category") if n in table.columns]
        self._known: set[str] | None = None
        self._wide: dict[int, list[Merge]] = {}
        self._continued: set[int] = set()
        for merge in sheet.merges:
            if merge.top == merge.bottom and merge.right - merge.left + 1 >= _LABEL_SPAN:
                self._wide.setdefault(merge.top, []).append(merge)
            if merge.left <= self._title <= merge.right and merge.top >= table.rows.start:
                self._continued.update(range(merge.top + 1, merge.bottom + 1))

    def _role_of_columns(self, kinds: dict[str, str], named: str) -> dict[int, _Role]:
        """各列的角色；别的已认出的列（金额、日期、说明等）里不会有合计的字样，不在内。"""
        columns = self.table.columns
        roles: dict[int, _Role] = {}
        first = min(self._amounts, default=10**6)
        mapped = set(columns.values())
        for column in range(max([*self.table.headings, *mapped], default=-1) + 1):
            if column not in mapped:
                roles[column] = "left" if column < self._title else "middle" if column < first else "right"
        for name, column in columns.items():
            if name == named:
                roles[column] = "title"
            elif name in _PARTS:
                roles[column] = "part"
            elif kinds[name] == Kind.CODE or name in _HOLDERS:
                roles[column] = "holder" if name in _HOLDERS else "code"
        return roles

    def plain_rows(self) -> list[bool]:
        """数据区各行是不是一眼就是数据；不是的由 kind 细看。一列一列地看，比一行一行快几倍。

        名称是字或数开头的文字（不是示例），有金额，领头的一格是数或不像页脚的文字，又没有一格带合计的字样：
        kind 对这样的行只会说“数据”。
        """
        table = self.table
        if self._title < 0 or not self._amounts:
            return [False] * len(table.rows)
        before = (c for c in range(self._title) if any(cell is not None for cell in self._cells(c)))
        lead = next(before, self._title)
        lead_in, opening = self._cells(lead), _Openings()
        figures = map(_any_number, *(self._cells(column) for column in self._amounts))
        plain = [
            figure
            and title.__class__ is str
            and fields.wordy(title)
            and "示例" not in title
            and (first.__class__ in (int, float) or (first.__class__ is str and opening[first]))
            for title, first, figure in zip(self._cells(self._title), lead_in, figures, strict=True)
        ]
        for column in self._roles:
            cells = self._cells(column)
            texts = self._sheet.texts(column)
            if hinted := {cell for cell in texts if not cell.isascii() and _HINT.search(cell) and _may_total(cell)}:
                plain = [known and cell not in hinted for known, cell in zip(plain, cells, strict=True)]
        for index in table.repeated & set(table.rows) if table.repeated else ():
            plain[index - table.rows.start] = False
        return plain

    def _cells(self, column: int) -> Sequence[Cell]:
        """数据区各行在这一列的单元格。"""
        return self._sheet.column(column)[self.table.rows.start : self.table.rows.stop]

    def kind(self, index: int) -> RowKind:
        """第 index 行（从 0 数）是什么。"""
        if index in self.table.repeated:
            return "heading"
        row = self.rows[index]
        filled = [
            c for c, value in enumerate(row) if value is not None and (value.__class__ is not str or value.strip())
        ]
        if not filled:
            return "blank"
        title = row[self._title] if 0 <= self._title < len(row) else None
        if isinstance(title, str) and "示例" in title and is_sample(title):
            return "sample"
        if self.total(index) is not None:
            return "total"
        titled = not fields.blank(title)
        if not titled and index not in self._continued and not any(self._has(row, c) for c in self._core):
            return "footer" if self._is_footer(row, filled) else "label"
        if self._is_footer(row, filled) and not (titled and self._looks_real(row, filled)):
            return "footer"
        if not isinstance(row[filled[0]], str) or self._has_amount(row):
            return "data"
        return "label" if self._is_label(index, row, filled) else "data"

    def total(self, index: int) -> Total | None:
        """第 index 行是合计时的名目和用词；不是合计行为 None。"""
        row = self.rows[index]
        roles = self._roles
        for column, value in enumerate(row):
            if value.__class__ is not str or column not in roles or not (_HINT.search(value) and _may_total(value)):
                continue
            text = squeeze(str(value))
            role = roles[column]
            if _OF_WHICH.match(text):
                if self._is_part(index, column, role):
                    return Total(text, "其中")
                continue
            found = _TOTAL.match(text)
            if found is None:
                continue
            name = "" if _SCOPES.match(found["name"]) else found["name"]
            if self._is_named_total(index, column, role, name) if name else self._is_bare_total(row, role):
                return Total(name, found["word"])
        return None

    def _is_bare_total(self, row: Sequence[Cell], role: _Role) -> bool:
        return role != "right" or not (self._has(row, self._title) or self._has(row, self._code))

    def _is_named_total(self, index: int, column: int, role: _Role, name: str) -> bool:
        row = self.rows[index]
        if role in ("holder", "code"):
            return True
        if role == "part":
            return column != self._detail and not (self._has(row, self._title) or self._has(row, self._code))
        if role != "title":
            return role == "left" and not self._has(row, self._title)
        if self._has(row, self._code) or self._has(row, self._detail):
            return False  # 名称以“合计”结尾的真项目
        if name in self._known_names():
            return True
        if self._serial >= 0:
            serial = row[self._serial] if self._serial < len(row) else None
            return not str(serial if serial is not None else "").strip().removesuffix(".0").isdigit()
        return self._code >= 0 or self._sections or self._adds_up(index)

    def _is_part(self, index: int, column: int, role: _Role) -> bool:
        """“其中：……”是不是上面一行里的一部分（不另计）；上面写的是这一项的合计时，各“其中”才是明细。"""
        row = self.rows[index]
        if role in ("middle", "right") or (role == "title" and self._has(row, self._code)):
            return False
        if role != "part":
            return True
        for above in range(index - 1, self.table.rows.start - 1, -1):
            values = self.rows[above]
            value = values[column] if column < len(values) else None
            text = squeeze(value) if isinstance(value, str) else ""
            if not _OF_WHICH.match(text):
                return _TOTAL.match(text) is None
        return True

    def _known_names(self) -> set[str]:
        """各单位、部门、资金、类别列里出现过的名称。"""
        if self._known is None:
            cells = {row[c] for i in self.table.rows for c in self._holders if c < len(row := self.rows[i])}
            self._known = {squeeze(fields.split_code_name(cell)[1]) for cell in cells if isinstance(cell, str)}
        return self._known

    def _adds_up(self, index: int) -> bool:
        """这一行各金额是不是恰好等于紧挨着的几行（至少两行）之和。"""
        claims = {c: n for c in self._amounts if isinstance(n := self._number(index, c), int) and n}
        if not claims:
            return False
        for step in (-1, 1):
            sums = dict.fromkeys(claims, 0)
            near, count = index + step, 0
            while near in self.table.rows and self._has(self.rows[near], self._title):
                sums = {c: total + (self._number(near, c) or 0) for c, total in sums.items()}
                count += 1
                if count > 1 and sums == claims:
                    return True
                near += step
        return False

    def _number(self, index: int, column: int) -> int | None:
        row = self.rows[index]
        value = fields.money(row[column], fields.MONEY_UNITS["亿元"]) if column < len(row) else None
        return value if isinstance(value, int) else None

    def _signed_below(self, index: int) -> bool:
        """下一行有字的行只有一个日期：这一行是落款。"""
        for below in range(index + 1, self.table.rows.stop):
            cells = [v for v in self.rows[below] if not fields.blank(v)]
            if cells:
                return len(cells) == 1 and isinstance(fields.day(cells[0]), dt.date)
        return False

    def _looks_real(self, row: Sequence[Cell], filled: list[int]) -> bool:
        """开头像页脚，可是名称另在一列、不像页脚，又有数：是数据。"""
        title = squeeze(str(row[self._title]))
        return filled[0] != self._title and not FOOTER.match(title) and self._has_amount(row)

    def _has(self, row: Sequence[Cell], column: int) -> bool:
        return 0 <= column < len(row) and not fields.blank(row[column])

    def _has_amount(self, row: Sequence[Cell]) -> bool:
        for column in self._amounts:
            value = row[column] if column < len(row) else None
            if isinstance(value, (int, float)) or (
                isinstance(value, str) and "年" not in value and any(ch.isdigit() for ch in value)
            ):
                return True
        return False

    def _is_footer(self, row: Sequence[Cell], filled: list[int]) -> bool:
        first = row[filled[0]]
        if not isinstance(first, str) or (self._has(row, self._code) and filled[0] != self._code):
            return False
        text = squeeze(first)
        bare = not self._has(row, self._title) or not self._has_amount(row)
        return bool(FOOTER.match(text) or _PAGE.match(text) or (FOOTER.match(text + ":") and bare))

    def _is_label(self, index: int, row: Sequence[Cell], filled: list[int]) -> bool:
        column = filled[0]
        text = squeeze(str(row[column]))
        if any(merge.left <= column <= merge.right for merge in self._wide.get(index, ())):
            return len(filled) == 1
        if unit_in_line("".join(squeeze(str(row[c])) for c in filled)) and len(filled) <= _LABEL_SPAN:
            return True
        if text.startswith(("编制单位", "填报单位", "填表单位", "报送单位")) and ":" in text:
            return True
        if index in self.table.titles and len(filled) < _LABEL_SPAN:
            return True
        if len(filled) > 1 or index in self._continued:
            return False
        if column == self._title:
            aside = _SECTION.match(text) or _ASIDE.match(text) or isinstance(fields.day(text), dt.date)
            sentence = len(text) >= _SENTENCE and text.endswith(("。", ";"))
            return bool(aside) or sentence or (bool(_ISSUER.search(text)) and self._signed_below(index))
        if column == self._code:
            return sum(ch.isdigit() for ch in text) < _LABEL_SPAN
        return True

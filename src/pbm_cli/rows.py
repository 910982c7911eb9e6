"""一行是什么：数据、合计、页脚、分组标题，还是空行。"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from pbm_cli.cells import Cell, Merge, Sheet
from pbm_cli.fields import unit_in_line
from pbm_cli.models import Kind, field_kind
from pbm_cli.tables import Table
from pbm_cli.text import squeeze

RowKind = Literal["blank", "heading", "total", "footer", "label", "data"]

_TOTAL = re.compile(
    r"^(?P<name>.*?)(?:本页|本表|全县|全部)?(?P<word>合计|小计|总计|共计|总分)(?:\(.*\))?:?(?:\d+个项目)?$"
)
_OF_WHICH = re.compile(r"^其中[:、]")
_FOOTER = re.compile(
    r"^(填表人|填报人|制表人?|编制人|经办人|复核人?|审核人?|审批人?|负责人|单位负责人|部门负责人|财务负责人|项目负责人|"
    r"分管领导|分管负责人|联系人|联系电话|电话|填报日期|填表日期|填报时间|打印日期|打印时间|制表日期|导出时间|日期|签字|盖章|"
    r"备注|注\d*|说明|填表说明|填报说明|数据来源|单位\(?盖章\)?)(\([^()]*\))?:"
)
_PAGE = re.compile(r"^(第\d+页|[-—]\d+[-—]|共\d+页)")
_SECTION = re.compile(r"^([一二三四五六七八九十]+、|\([一二三四五六七八九十]+\))")
_LABEL_SPAN = 3


class RowReader:
    """按一张表的列，判断各行是什么。"""

    def __init__(self, sheet: Sheet, table: Table) -> None:
        self.rows = sheet.rows
        self.table = table
        model = table.layout.model
        kinds = {column: field_kind(model, name) for name, column in table.columns.items()}
        self._amounts = [c for c, kind in kinds.items() if kind in (Kind.MONEY, Kind.NUMBER, Kind.COUNT)]
        self._names = {c for c, kind in kinds.items() if kind in (Kind.NAMED, Kind.CODE, Kind.CHOICE)}
        self._names |= {table.columns[f] for f in ("level1", "level2", "name", "title") if f in table.columns}
        self._mapped = set(kinds)
        self._code = table.columns.get("project_code", -1)
        self._name = table.columns.get("project_name", -1)
        self._wide: dict[int, list[Merge]] = {}
        for merge in sheet.merges:
            if merge.top == merge.bottom and merge.right - merge.left + 1 >= _LABEL_SPAN:
                self._wide.setdefault(merge.top, []).append(merge)

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
        if self.total_label(row) is not None:
            return "total"
        first = row[filled[0]]
        if not isinstance(first, str) or self._has_amount(row):
            return "data"
        text = squeeze(first)
        if _FOOTER.match(text) or _PAGE.match(text):
            return "footer"
        return "label" if self._is_label(index, row, filled, text) else "data"

    def total_label(self, row: Sequence[Cell]) -> str | None:
        """合计行的名目（“农业农村局小计”里的“农业农村局”；单写“合计”为空串）；不是合计行为 None。"""
        for column, value in enumerate(row):
            if value.__class__ is not str or ("计" not in value and "中" not in value and "总" not in value):
                continue
            if column in self._mapped and column not in self._names:
                continue
            text = squeeze(str(value))
            if _OF_WHICH.match(text):
                return text
            found = _TOTAL.match(text)
            if found is None or len(text) > 40:
                continue
            if found["name"] and column == self._name and self._has_code(row):
                continue  # 名称以“合计”结尾的真项目
            return found["name"]
        return None

    def total_word(self, row: Sequence[Cell]) -> str:
        """合计行用的词：合计、小计、总计、共计。"""
        for value in row:
            if isinstance(value, str) and (found := _TOTAL.match(squeeze(value))):
                return found["word"]
        return "其中"

    def _has_code(self, row: Sequence[Cell]) -> bool:
        return 0 <= self._code < len(row) and row[self._code] not in (None, "")

    def _has_amount(self, row: Sequence[Cell]) -> bool:
        for column in self._amounts:
            value = row[column] if column < len(row) else None
            if isinstance(value, (int, float)) or (isinstance(value, str) and any(ch.isdigit() for ch in value)):
                return True
        return False

    def _is_label(self, index: int, row: Sequence[Cell], filled: list[int], text: str) -> bool:
        if any(merge.left <= filled[0] <= merge.right for merge in self._wide.get(index, ())):
            return len(filled) == 1
        line = "".join(squeeze(str(row[c])) for c in filled)
        if unit_in_line(line) and len(filled) <= 2:
            return True
        if text.startswith(("编制单位", "填报单位", "填表单位", "报送单位")) and ":" in text:
            return True
        if len(filled) > 1:
            return False
        return filled[0] not in self._mapped or (bool(_SECTION.match(text)) and filled[0] != self._name)

"""表单的指标块 → 一条条指标：填满合并的级次，去掉样张的占位行，拆开写在一格里的名称和指标值。"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pbm_cli import fields
from pbm_cli.cells import Cell
from pbm_cli.fields import Problem
from pbm_cli.form_blocks import Block
from pbm_cli.form_funds import Remark
from pbm_cli.form_grid import FormGrid, Place
from pbm_cli.form_layouts import FormLayout
from pbm_cli.layouts import heading_keys
from pbm_cli.models import Indicator, field_title
from pbm_cli.targets import Target, parse_actual, parse_target
from pbm_cli.text import one_line, squeeze

_LEVELS = ("level1", "level2", "level3")
_POINTS = re.compile(r"\(?\d+(?:\.\d+)?分\)?$|\(\d+(?:\.\d+)?%?\)$")
_NUMBERED = re.compile(r"^指标\s*[0-9０-９一二三四五六七八九十]{0,3}\s*[:：.．、)）]?\s*")
_PLACEHOLDER = re.compile(r"^[×xX*＊…._\-—/\\○〇□ 　]*$")
_IN_NAME = re.compile(
    r"^(?P<name>.*?[\u4e00-\u9fff\w)）])\s*[(（]?\s*(?P<value>[≥≤≧≦=＝﹦═<>＜＞]{1,2}\s*[0-9０-９].*?)[)）]?$"
)
_KINDS = re.compile(r"^[【\[](?P<level1>[^-—【】\[\]]{2,12})[-—](?P<level2>[^【】\[\]]{2,20})[】\]]\s*")
_TICK = "√✓✔☑■●"
_BOX = re.compile(rf"[{_TICK}□☐○◯]")
_HAN_GAP = re.compile(r"(?<=[\u4e00-\u9fff]) +(?=[\u4e00-\u9fff])")
_LONGEST_LEVEL = 30


@dataclass(slots=True)
class IndicatorRow:
    """一条指标：在哪一行，各字段的值和单元格。"""

    row: int
    values: dict[str, Any]
    cells: dict[str, Place]
    remarks: list[Remark] = field(default_factory=list)


@dataclass(slots=True)
class IndicatorRows:
    """一个指标块读出来的：指标、总分行写的分值与得分、合计行数、丢掉的占位行。"""

    rows: list[IndicatorRow] = field(default_factory=list)
    weight: Decimal | None = None
    score: Decimal | None = None
    score_place: Place | None = None
    totals: int = 0
    placeholders: list[int] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)


class BlockReader:
    """按一个指标块的列读各行。"""

    def __init__(self, grid: FormGrid, layout: FormLayout, block: Block) -> None:
        self.grid, self.layout, self.heads, self.range = grid, layout, block.heads, block.rows
        self.columns = {name: column for name, column in block.heads.columns.items() if ":" not in name}
        self.extra: dict[str, list[tuple[str, int]]] = {}
        for name, column in block.heads.columns.items():
            base, mark, word = name.partition(":")
            if mark:
                self.extra.setdefault(base, []).append((word, column))
        self.ticks = {base for base, mark, _ in (n.partition(":") for n in block.heads.columns) if mark} - {"reason"}
        self.out = IndicatorRows()
        self._carried: dict[str, tuple[str, Place]] = {}

    def read(self) -> IndicatorRows:
        """读完这一块；到总分行、页脚或别的标签为止。"""
        for name in (*_LEVELS[:2], "target"):
            if name not in self.columns:
                text = f"指标块里没有“{field_title(Indicator, name)}”列"
                self.out.remarks.append(Remark("D05", "warning", text, (self.heads.first, 0)))
        for row in self.range:
            what = self._kind(row)
            if what == "end":
                break
            if what == "total":
                self._total(row)
            elif what == "subtotal":
                self.out.totals += 1
            elif what == "data":
                self._data(row)
        return self.out

    def _kind(self, row: int) -> str:
        if self.grid.empty(row):
            return "blank"
        texts = self.grid.texts(row)
        first = next((value for value in self.grid.rows[row] if not fields.blank(value)), None)
        if isinstance(first, str):
            keys = heading_keys(first) if len(first) <= 40 else ()
            if any(key in self.layout.totals for key in keys):
                return "total"
            if any(key in self.layout.subtotals for key in keys) or any(k.endswith("小计") for k in keys):
                return "subtotal"
            if self._ends(first, keys):
                return "end"
        if any(key in self.layout.totals for _, text in texts[:2] if len(text) < 12 for key in heading_keys(text)):
            return "total"
        return "heading" if self._repeated(row) else "data"

    def _ends(self, first: str, keys: Sequence[str]) -> bool:
        head = squeeze(first[:40]).partition(":")
        return any(key in self.layout.end or key in self.layout.anchors for key in keys) or (
            bool(head[1]) and any(key in self.layout.end for key in heading_keys(head[0]))
        )

    def _repeated(self, row: int) -> bool:
        texts = self.heads.texts
        same = sum(
            squeeze(text) == squeeze(texts[column][-1]) for column, text in self.grid.texts(row) if column in texts
        )
        return same > 2

    def _total(self, row: int) -> None:
        """总分行：可以不止一行（合计、总分），以最后写了得分的为准。"""
        self.out.totals += 1
        for name in ("weight", "self_score"):
            column = self.columns.get(name)
            value = fields.number(self.grid.own(row, column)) if column is not None else None
            if isinstance(value, Decimal):
                if name == "weight":
                    self.out.weight = value
                else:
                    self.out.score, self.out.score_place = value, (row, column or 0)
            elif isinstance(value, Problem):
                text = f"总分行的{field_title(Indicator, name)}：{value.message}"
                self.out.remarks.append(Remark("D03", "warning", text, (row, column or 0)))
        if self.out.score_place is None and "self_score" in self.columns:
            self.out.score_place = (row, self.columns["self_score"])

    def _data(self, row: int) -> None:
        cells = {name: (row, column) for name, column in self.columns.items()}
        values: dict[str, Any] = {}
        for name in _LEVELS:
            self._level(row, name, values, cells)
        found = IndicatorRow(row, values, cells)
        raw = {n: self._value(found, n) for n in ("target", "operator", "measure", "actual", "forecast")}
        self._name(values, raw, cells)
        if not values.get("level3") and all(fields.blank(value) for value in raw.values()):
            if self._footer(row):
                return
            self.out.placeholders.append(row + 1)
            return
        self._targets(found, raw)
        for name, read in (("weight", fields.number), ("self_score", fields.number), ("reason", fields.text)):
            values[name] = self._parsed(found, name, read(self._value(found, name)))
        self._extra(found)
        for name in (*_LEVELS, "target"):
            if values.get(name) is None and name in self.columns:
                found.remarks.append(Remark("D05", "warning", f"{field_title(Indicator, name)}是空的", cells[name]))
        self.out.rows.append(found)

    def _value(self, found: IndicatorRow, name: str) -> Cell:
        column = self.columns.get(name)
        return None if column is None else self.grid.own(found.row, column)

    def _footer(self, row: int) -> bool:
        """只有一段长文字的行是说明，不是占位的指标行。"""
        texts = [text for _, text in self.grid.texts(row)]
        return len(texts) == 1 and len(texts[0]) > _LONGEST_LEVEL

    def _level(self, row: int, name: str, values: dict[str, Any], cells: dict[str, Place]) -> None:
        column = self.columns.get(name)
        if column is None:
            return
        merge = self.grid.span(row, column)
        cell = self.grid.cell(row, column) if name != "level3" or merge.right == column else self.grid.own(row, column)
        text = fields.text(cell)
        if isinstance(text, str):
            place = (merge.top, merge.left)
            words = _POINTS.sub("", squeeze(text)) if name != "level3" else _HAN_GAP.sub("", one_line(text))
            if name != "level3":
                if name == "level1" and self._carried.get("level1", ("", place))[0] != words:
                    self._carried.pop("level2", None)
                self._carried[name] = (words, place)
            values[name], cells[name] = words or None, place
        elif name in self._carried:
            values[name], cells[name] = self._carried[name]

    def _name(self, values: dict[str, Any], raw: dict[str, Cell], cells: dict[str, Place]) -> None:
        """三级指标名称：去掉“指标1：”；样张的占位算空；指标值写在名称里的拆出来。"""
        name = values.get("level3")
        if not name:
            return
        if kinds := _KINDS.match(name):
            for level in _LEVELS[:2]:
                values.setdefault(level, kinds[level])
                cells.setdefault(level, cells["level3"])
            name = name[kinds.end() :]
        bare = _NUMBERED.sub("", name, count=1)
        if _PLACEHOLDER.match(bare):
            values["level3"] = None if fields.blank(raw["target"]) else name
            return
        if fields.blank(raw["target"]) and (found := _IN_NAME.match(bare)) and _measured(found["value"]):
            bare, raw["target"] = found["name"], found["value"]
            cells["target"] = cells["level3"]
        values["level3"] = bare

    def _targets(self, found: IndicatorRow, raw: dict[str, Cell]) -> None:
        for name, cell in raw.items():
            bad = fields.text(cell)
            if isinstance(bad, Problem) and not bad.usable:
                found.remarks.append(self._complaint(found, name, bad))
                raw[name] = None
        target = parse_target(raw["target"], raw["operator"], raw["measure"])
        found.values["target"] = target
        for name in ("operator", "measure"):
            text = fields.text(raw[name])
            found.values[name] = text if isinstance(text, str) else None
        said = [("target", remark) for remark in (target.remarks if target else ())]
        for name in ("actual", "forecast"):
            actual = parse_actual(raw[name], target or Target("", "qualitative", None))
            found.values[name] = actual
            said.extend((name, remark) for remark in (actual.remarks if actual else ()))
        for name, remark in said:
            text = f"{field_title(Indicator, name)}：{remark}"
            found.remarks.append(Remark("D04", "hint", text, found.cells.get(name)))

    def _parsed(self, found: IndicatorRow, name: str, value: Any) -> Any:
        if not isinstance(value, Problem):
            return value
        found.remarks.append(self._complaint(found, name, value))
        return value.value if value.usable else None

    def _complaint(self, found: IndicatorRow, name: str, problem: Problem) -> Remark:
        tail = "" if problem.usable else "；这一格按空白处理"
        hint = f"。{problem.hint}" if problem.hint else ""
        text = f"{field_title(Indicator, name)}：{problem.message}{tail}{hint}"
        level = problem.level if problem.usable else "warning"
        return Remark("D04" if problem.usable else "D03", level, text, found.cells.get(name))

    def _extra(self, found: IndicatorRow) -> None:
        """几列合成一个字段：偏差原因五列、完成目标可能性三列。"""
        for name, columns in self.extra.items():
            if name in self.ticks:
                self._ticked(found, name, columns)
                continue
            parts = [found.values[name]] if found.values.get(name) else []
            for word, column in columns:
                text = fields.text(self.grid.own(found.row, column))
                if isinstance(text, Problem):
                    said = f"{field_title(Indicator, name)}（{word}）：{text.message}；这一格按空白处理"
                    found.remarks.append(Remark("D03", "warning", said, (found.row, column)))
                elif text is not None:
                    parts.append(_said(word, text))
                    found.cells.setdefault(name, (found.row, column))
            found.values[name] = "；".join(parts) or None
            found.cells.setdefault(name, (found.row, columns[0][1]))
        if isinstance(written := self._value(found, "possibility"), str):
            found.values["possibility"] = _boxed(written)

    def _ticked(self, found: IndicatorRow, name: str, columns: Sequence[tuple[str, int]]) -> None:
        chosen: list[tuple[str, int]] = []
        for word, column in columns:
            cell = self.grid.own(found.row, column)
            said = fields.yes_no(cell)
            if said is True or (isinstance(cell, str) and squeeze(cell) == word):
                chosen.append((word, column))
            elif isinstance(said, Problem):
                text = f"{field_title(Indicator, name)}（{word}）：{said.message}；这一格按空白处理"
                found.remarks.append(Remark("D03", "warning", text, (found.row, column)))
        found.cells[name] = (found.row, chosen[0][1] if chosen else columns[0][1])
        if len(chosen) == 1:
            found.values[name] = chosen[0][0]
        elif chosen:
            words = "、".join(word for word, _ in chosen)
            text = f"{field_title(Indicator, name)}勾了不止一项（{words}），这一项没有使用"
            found.remarks.append(Remark("D03", "warning", text, found.cells[name]))


def _said(word: str, text: str) -> str:
    """一类偏差原因：只打勾的写类名，写了话的连类名一起写；“原因说明”列只写话。"""
    if fields.yes_no(text) is True:
        return word
    return one_line(text) if word.startswith(("原因", "其他原因", "偏差")) else f"{word}：{one_line(text)}"


def _measured(value: str) -> bool:
    target = parse_target(value)
    return target is not None and target.value is not None


def _boxed(text: str) -> str | None:
    """“确定能√ 有可能□”里打了勾的那一项；没有框的是原文。"""
    line = one_line(text)
    if not _BOX.search(line):
        return None if fields.blank(text) else line
    words: list[str] = re.findall(r"[\u4e00-\u9fff]+", line)
    ahead = _BOX.match(line) is not None
    for word in words:
        mark = re.search(rf"([{_TICK}])\s*{word}" if ahead else rf"{word}\s*([{_TICK}])", line)
        if mark:
            return word
    return None

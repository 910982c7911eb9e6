"""单元格 → 记录和发现。每一行要么用了，要么说明为什么没用；一行都不会不声不响地丢掉。"""

from __future__ import annotations

import datetime as dt
import gc
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Any

from pbm_cli import personal
from pbm_cli.acceptance import clipped, heading_findings, refusal
from pbm_cli.cells import Sheet, Workbook, column_letters
from pbm_cli.fields import blank
from pbm_cli.fill import is_own_page, is_sample
from pbm_cli.foresight import foresee
from pbm_cli.form_layouts import FormLayout, load_form_layouts
from pbm_cli.form_records import FormReader
from pbm_cli.forms import FormFinder, FormMatch, near_miss
from pbm_cli.identity import conflicting_rows, repeated_rows, sheet_holders
from pbm_cli.layouts import Layout, Match
from pbm_cli.models import Finding, FindingLevel, Kind, Origin, Record, Where, field_kind, field_title
from pbm_cli.records import TableRows
from pbm_cli.rows import NOT_SUMS, RowReader
from pbm_cli.tables import Finder, Table
from pbm_cli.text import squeeze
from pbm_cli.totals import TotalRow, check_totals

_SHOWN = 8
_NOT_PERSONAL = frozenset({Kind.MONEY, Kind.RATE, Kind.NUMBER, Kind.COUNT, Kind.DATE, Kind.CODE})
_CODES = re.compile("编码|代码|编号|文号")
_CONTACTS = re.compile("电话|手机|联系方式|身份证|卡号|账号|帐号")


@dataclass(slots=True)
class SheetReport:
    """一张工作表（或其中一张表）读成了什么。rows_read = rows_used + rows_rejected + rows_total。"""

    name: str
    kind: str | None
    table: Table | None = None
    form: FormMatch | None = None
    closest: Match | None = None
    closest_form: FormMatch | None = None
    usable: bool = False
    rows_used: int = 0
    rows_rejected: int = 0
    rows_total: int = 0
    rows_sample: int = 0
    """填报模板的示例行，不是数据，不算在读到的行里。"""

    @property
    def rows_read(self) -> int:
        """读到的行数（数据行与合计行）。"""
        return self.rows_used + self.rows_rejected + self.rows_total


@dataclass(slots=True)
class FileReport:
    """一个输入文件读成了什么；error 是整个文件不能用的原因。"""

    file: str
    sha256: str
    sheets: list[SheetReport] = field(default_factory=list)
    error: str | None = None


@dataclass(slots=True)
class Loaded:
    """读入的全部结果。records 按种类，保持文件、工作表、行的次序。"""

    files: list[FileReport] = field(default_factory=list)
    records: dict[str, list[Record]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def rows_read(self) -> int:
        """到现在一共读了几行。"""
        return sum(sheet.rows_read for report in self.files for sheet in report.sheets)

    def of(self, kind: str, *forms: str) -> list[Any]:
        """某一种记录：默认只要列表里的；forms 列出还要哪几种表单里的。"""
        records = self.records.get(kind, [])
        if not self._forms():  # 多半只有列表
            return [*records]
        return [r for r in records if not r.origin.form or r.origin.form in forms]

    def indicators(self, stage: str, *forms: str) -> list[Any]:
        """某个环节用的指标：表单按种类；列表按有没有完成值、得分归到目标、监控、评价，没有专门的就都用。"""
        found = self.of("indicator", *forms)
        own = [r for r in found if r.origin.form or stage_of_indicators(r.origin) == stage]
        return own or found

    @property
    def years(self) -> list[int]:
        """各表标题里写的年度，不重复，按出现次序。"""
        stated: list[Table | FormMatch] = [*self._tables(), *self._forms()]
        return list(dict.fromkeys(t.year for t in stated if t.year))

    @property
    def cutoffs(self) -> list[dt.date]:
        """执行表、指标表、监控表单里写的数据截止日。"""
        stated: list[Table | FormMatch] = [*self._tables("execution", "indicator"), *self._forms("monitoring_form")]
        return list(dict.fromkeys(t.cutoff for t in stated if t.cutoff))

    def _tables(self, *kinds: str) -> list[Table]:
        return [s.table for f in self.files for s in f.sheets if s.table and (not kinds or s.kind in kinds)]

    def _forms(self, *kinds: str) -> list[FormMatch]:
        return [s.form for f in self.files for s in f.sheets if s.form and (not kinds or s.kind in kinds)]


class Loader:
    """把一个个工作簿读成记录。default_unit：没写单位的表用的单位（每单位多少分）。"""

    def __init__(
        self,
        layouts: Sequence[Layout],
        default_unit: int | None = None,
        year: int | None = None,
        forms: Sequence[FormLayout] | None = None,
    ) -> None:
        self._finder = Finder(layouts)
        self._form_finder = FormFinder(load_form_layouts(layouts) if forms is None else forms)
        self._default_unit = default_unit
        self._year = year
        self.loaded = Loaded()
        self._records: list[Record] = []
        self._reports: list[SheetReport | None] = []  # 各条记录算在哪张表的行数里；表单的从属记录不单算一行，没有

    def arrived(self, sheet: Sheet) -> None:
        """一张大表还在送来：认已经到的各列，add 时就不必再认。"""
        foresee(sheet, self._finder, self._year)

    def add(self, book: Workbook) -> None:
        """读入一个工作簿。"""
        report = FileReport(book.file, book.sha256)
        self.loaded.files.append(report)
        for remark in book.remarks:
            self._say("D16", "hint", book.file, remark, Where(book.file))
        with _no_collecting():
            for sheet in book.sheets:
                found = self._sheet(book.file, sheet)
                report.sheets.extend(found)
                self._personal(sheet, found, Where(book.file, sheet.name))
                for form in (form for one in found for form in (one.form, one.closest_form) if form):
                    form.grid = None

    def fail(self, file: str, reason: str) -> None:
        """记下一个不能用的文件。"""
        self.loaded.files.append(FileReport(file, "", error=reason))
        self._say("D17", "error", file, reason, Where(file))

    def finish(self) -> Loaded:
        """去掉各方面都一样的行，核对同一键的行；之后不再读入。"""
        with _no_collecting():
            return self._finish()

    def _finish(self) -> Loaded:
        self._state_units()
        repeated = repeated_rows(self._records)
        for index, finding in repeated.items():
            report = self._reports[index]
            if report is None:
                continue
            report.rows_used -= 1
            report.rows_rejected += 1
            self.loaded.findings.append(finding)
        first = [record for index, record in enumerate(self._records) if index not in repeated]
        for kind, same in groupby(first, attrgetter("kind")):
            self.loaded.records.setdefault(kind, []).extend(same)
        self.loaded.findings.extend(conflicting_rows(self.loaded.records))
        return self.loaded

    def _state_units(self) -> None:
        """没有单位列的表，标题行（或各表的表名）写明了单位的，各行按它算，并说明。"""
        known = (unit for record in self._records if (unit := getattr(record, "budget_unit", None)))
        holders = sheet_holders([(r.file, s.name, s.table) for r in self.loaded.files for s in r.sheets], known)
        for file, sheet, table, unit, words in holders:
            text = f"表上没有单位列，按{words}，各行的预算单位算作“{unit}”"
            self._say(
                "D20", "hint", table.layout.model.sheet_title, text, Where(file, sheet, f"A{table.heading_rows[0] + 1}")
            )
        units = {id(table): unit for _, _, table, unit, _ in holders}
        for index, report in enumerate(self._reports if units else ()):
            unit = units.get(id(report.table)) if report is not None and report.table is not None else None
            if unit is not None:
                self._records[index] = self._records[index].model_copy(update={"budget_unit": unit})

    def _say(self, code: str, level: FindingLevel, subject: str, message: str, where: Where | None) -> None:
        self.loaded.findings.append(Finding(code, level, subject, message, where))

    def _sheet(self, file: str, sheet: Sheet) -> list[SheetReport]:
        if is_own_page(sheet):
            return []
        if not any(value is not None for row in sheet.rows for value in row):
            return [SheetReport(sheet.name, None)]
        where = Where(file, sheet.name)
        self._hidden(sheet, where)
        if forms := self._form_finder.find(sheet, self._year):
            return [self._form(file, sheet, form) for form in forms]
        found = self._finder.find(sheet, self._year)
        if not found.tables and (near := self._form_finder.nearest(sheet)):
            self._say("D12", "warning", sheet.name, near_miss(near), where)
            return [SheetReport(sheet.name, None, closest_form=near)]
        if not found.tables:
            self._unrecognised(sheet, found.closest, where)
            return [SheetReport(sheet.name, None, closest=found.closest)]
        return [self._table(file, sheet, table) for table in found.tables]

    def _form(self, file: str, sheet: Sheet, form: FormMatch) -> SheetReport:
        if unfilled := _unfilled_form(sheet, form):
            return SheetReport(sheet.name, form.layout.kind, form=form, usable=True, rows_sample=unfilled == "sample")
        read = FormReader(file, sheet, form, self._default_unit).read()
        report = SheetReport(sheet.name, form.layout.kind, form=form, usable=read.usable)
        report.rows_used, report.rows_rejected, report.rows_total = read.rows_used, read.rows_rejected, read.rows_total
        for record, counted in read.records:
            self._records.append(record)
            self._reports.append(report if counted else None)
        self.loaded.findings.extend(read.findings)
        return report

    def _personal(self, sheet: Sheet, reports: Sequence[SheetReport], where: Where) -> None:
        """个人信息：每张表每一种说一次。"""
        tables = [report.table for report in reports if report.table]
        exempt = {c for t in tables for n, c in t.columns.items() if field_kind(t.layout.model, n) in _NOT_PERSONAL}
        heads = [(column, squeeze(text)) for table in tables for column, text in table.headings.items()]
        exempt |= {column for column, text in heads if _CODES.search(text)}
        contacts = {column for column, text in heads if _CONTACTS.search(text)}
        for kind, cells in personal.cells_of(sheet, exempt - contacts, contacts).items() if reports else ():
            said = personal.hint(kind, cells)
            self._say("D29", "hint", sheet.name, said, Where(where.file, where.sheet, cells[0]))

    def _hidden(self, sheet: Sheet, where: Where) -> None:
        parts = ["这张工作表是隐藏的"] if sheet.hidden else []
        if sheet.hidden_rows:
            rows = sorted(sheet.hidden_rows)
            parts.append(f"有 {len(rows)} 个隐藏行（第 {_some(r + 1 for r in rows)} 行）")
        if sheet.hidden_columns:
            columns = sorted(sheet.hidden_columns)
            parts.append(f"有 {len(columns)} 个隐藏列（{'、'.join(column_letters(c) for c in columns[:_SHOWN])} 列）")
        if parts:
            self._say("D15", "hint", sheet.name, "，".join(parts) + "；隐藏的内容同样读入、同样计算", where)

    def _unrecognised(self, sheet: Sheet, closest: Match | None, where: Where) -> None:
        if closest is None:
            self._say("D12", "hint", sheet.name, "没有认出表头，这张工作表没有使用", where)
            return
        layout = closest.layout
        missing = "；".join(layout.titles(group, closest.columns) for group in layout.missing(closest.columns))
        have = "、".join(field_title(closest.layout.model, f) for f in closest.columns)
        level: FindingLevel = "warning" if len(closest.columns) > 1 else "hint"
        self._say(
            "D12", level, sheet.name,
            f"没有认出是哪种表，没有使用。最接近“{closest.layout.model.sheet_title}”：已认出 {have}；还缺 {missing}",
            where,
        )  # fmt: skip

    def _table(self, file: str, sheet: Sheet, table: Table) -> SheetReport:
        report = SheetReport(sheet.name, table.layout.kind, table)
        origin = Origin(file, sheet.name, table.heading_rows[1] + 1, table.columns)
        sheet = clipped(sheet, table.span)
        reader = RowReader(sheet, table)
        refused = refusal(sheet, table, origin, self._default_unit)
        usable = report.usable = refused is None
        self.loaded.findings.extend([refused] if refused else [])
        self.loaded.findings.extend(heading_findings(table, origin))
        rows = TableRows(sheet, table, origin)
        data: list[int] = []
        labels: list[int] = []
        totals: list[TotalRow] = []
        for index, plain in zip(table.rows, reader.plain_rows(), strict=True):
            what = "data" if plain else reader.kind(index)
            if what == "data":
                data.append(index)
            elif what == "total":
                report.rows_total += 1
                found = reader.total(index)
                if found is not None and found.word not in NOT_SUMS:
                    totals.append(TotalRow(index, found.word, found.label, sheet.rows[index]))
            elif what == "sample":
                report.rows_sample += 1
            elif what == "label":
                labels.append(index + 1)
        if labels:
            text = f"第 {_some(labels)} 行是标题、分组文字或只有序号，不作数据"
            self._say("D19", "hint", sheet.name, text, Where(file, sheet.name, f"A{labels[0]}"))
        records = [record for record in rows.read(data) if record is not None] if usable else []
        report.rows_used, report.rows_rejected = len(records), len(data) - len(records)
        self._records += records
        self._reports += [report] * len(records)
        self.loaded.findings.extend(rows.findings)
        if usable:
            self.loaded.findings.extend(check_totals(table, origin, rows.details, totals))
        return report


def stage_of_indicators(origin: Origin) -> str:
    """一张指标列表是哪个环节的：有得分的是评价，只有完成值的是监控，都没有的是目标。"""
    if "self_score" in origin.columns:
        return "evaluate"
    return "monitor" if "actual" in origin.columns else "goals"


@contextmanager
def _no_collecting() -> Iterator[None]:
    """一下子造出许多记录时，先不找循环垃圾：里面没有，找也是白找。"""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _unfilled_form(sheet: Sheet, form: FormMatch) -> str:
    """填报模板里的表单还不是数据：sample 是填写示例，blank 是一格也没有填；填了的为空串。"""
    name = form.anchors[form.layout.name_field].value
    if isinstance(name, str) and is_sample(name):
        return "sample"
    if any(not blank(anchor.value) for anchor in form.anchors.values()):
        return ""
    values = [v for block in form.blocks for i in block.rows for row in sheet.rows[i : i + 1] for v in row]
    written = any(not blank(v) and squeeze(str(v)) not in form.layout.totals for v in values)
    numbers = any(isinstance(v, (int, float)) for i in form.rows for row in sheet.rows[i : i + 1] for v in row)
    return "" if numbers or written else "blank"


def _some(items: Iterable[object]) -> str:
    """前几个用顿号连起来，还有的写“等”。"""
    words = [str(item) for item in items]
    return "、".join(words[:_SHOWN]) + ("等" if len(words) > _SHOWN else "")

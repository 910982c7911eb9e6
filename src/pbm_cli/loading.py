"""单元格 → 记录和发现。每一行要么用了，要么说明为什么没用；一行都不会不声不响地丢掉。"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pbm_cli import fields
from pbm_cli.cells import Sheet, Workbook, column_letters
from pbm_cli.fields import Problem
from pbm_cli.identity import conflicting_rows, repeated_rows
from pbm_cli.layouts import Layout, Match
from pbm_cli.models import Finding, FindingLevel, Origin, Record, Where, field_title
from pbm_cli.records import TableRows
from pbm_cli.rows import RowReader
from pbm_cli.tables import Finder, Table
from pbm_cli.text import one_line
from pbm_cli.totals import TotalRow, check_totals

_SHOWN = 8


@dataclass(slots=True)
class SheetReport:
    """一张工作表（或其中一张表）读成了什么。rows_read = rows_used + rows_rejected + rows_total。"""

    name: str
    kind: str | None
    table: Table | None = None
    closest: Match | None = None
    usable: bool = False
    rows_used: int = 0
    rows_rejected: int = 0
    rows_total: int = 0

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

    def of(self, kind: str, *forms: str) -> list[Any]:
        """某一种记录：默认只要列表里的；forms 列出还要哪几种表单里的。"""
        return [r for r in self.records.get(kind, []) if not r.origin.form or r.origin.form in forms]

    def indicators(self, stage: str, *forms: str) -> list[Any]:
        """某个环节用的指标：表单按种类；列表按有没有完成值、得分归到目标、监控、评价，没有专门的就都用。"""
        found = self.of("indicator", *forms)
        own = [r for r in found if r.origin.form or stage_of_indicators(r.origin) == stage]
        return own or found

    @property
    def years(self) -> list[int]:
        """各表标题里写的年度，不重复，按出现次序。"""
        return list(dict.fromkeys(t.year for t in self._tables() if t.year))

    @property
    def cutoffs(self) -> list[dt.date]:
        """执行表、指标表里写的数据截止日。"""
        return list(dict.fromkeys(t.cutoff for t in self._tables("execution", "indicator") if t.cutoff))

    def _tables(self, *kinds: str) -> list[Table]:
        return [s.table for f in self.files for s in f.sheets if s.table and (not kinds or s.kind in kinds)]


class Loader:
    """把一个个工作簿读成记录。default_unit：没写单位的表用的单位（每单位多少分）。"""

    def __init__(self, layouts: Sequence[Layout], default_unit: int | None = None, year: int | None = None) -> None:
        self._finder = Finder(layouts)
        self._default_unit = default_unit
        self._year = year
        self.loaded = Loaded()
        self._sources: list[tuple[Record, SheetReport]] = []

    def add(self, book: Workbook) -> None:
        """读入一个工作簿。"""
        report = FileReport(book.file, book.sha256)
        self.loaded.files.append(report)
        for remark in book.remarks:
            self._say("D16", "hint", book.file, remark, Where(book.file))
        for sheet in book.sheets:
            report.sheets.extend(self._sheet(book.file, sheet))

    def fail(self, file: str, reason: str) -> None:
        """记下一个不能用的文件。"""
        self.loaded.files.append(FileReport(file, "", error=reason))
        self._say("D17", "error", file, reason, Where(file))

    def finish(self) -> Loaded:
        """去掉各方面都一样的行，核对同一键的行；之后不再读入。"""
        repeated = repeated_rows([record for record, _ in self._sources])
        for index, finding in repeated.items():
            report = self._sources[index][1]
            report.rows_used -= 1
            report.rows_rejected += 1
            self.loaded.findings.append(finding)
        for index, (record, _) in enumerate(self._sources):
            if index not in repeated:
                self.loaded.records.setdefault(record.kind, []).append(record)
        self.loaded.findings.extend(conflicting_rows(self.loaded.records))
        return self.loaded

    def _say(self, code: str, level: FindingLevel, subject: str, message: str, where: Where | None) -> None:
        self.loaded.findings.append(Finding(code, level, subject, message, where))

    def _sheet(self, file: str, sheet: Sheet) -> list[SheetReport]:
        if not any(value is not None for row in sheet.rows for value in row):
            return [SheetReport(sheet.name, None)]
        found = self._finder.find(sheet, self._year)
        where = Where(file, sheet.name)
        self._hidden(sheet, where)
        if not found.tables:
            self._unrecognised(sheet, found.closest, where)
            return [SheetReport(sheet.name, None, closest=found.closest)]
        return [self._table(file, sheet, table) for table in found.tables]

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
        missing = "；".join(closest.layout.titles(group) for group in closest.layout.missing(closest.columns))
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
        reader = RowReader(sheet, table)
        usable = report.usable = self._usable(sheet, table, origin)
        self._columns(table, origin)
        rows = TableRows(sheet, table, origin)
        labels: list[int] = []
        totals: list[TotalRow] = []
        for index in table.rows:
            what = reader.kind(index)
            if what == "total":
                report.rows_total += 1
                cells = sheet.rows[index]
                totals.append(TotalRow(index, reader.total_word(cells), reader.total_label(cells) or "", cells))
            elif what == "data" and usable:
                self._keep(rows.add(index), report)
            elif what == "data":
                report.rows_rejected += 1
            elif what == "label":
                labels.append(index + 1)
        if labels:
            shown = _some(labels)
            self._say(
                "D19",
                "hint",
                sheet.name,
                f"第 {shown} 行是标题或分组文字，不作数据",
                Where(file, sheet.name, f"A{labels[0]}"),
            )
        self.loaded.findings.extend(rows.findings)
        if usable:
            self.loaded.findings.extend(check_totals(table, origin, rows.amounts, totals, rows.places))
        return report

    def _usable(self, sheet: Sheet, table: Table, origin: Origin) -> bool:
        """单位与列都清楚才用；不清楚时说明，整张表不用。"""
        where = Where(origin.file, origin.sheet, f"A{table.heading_rows[0] + 1}")
        title = table.layout.model.sheet_title
        if table.conflicting_units and any(u == table.conflicting_units[0] for u in table.units.values()):
            self._say(
                "D11",
                "error",
                title,
                "表头上方写了两种金额单位，不能判断用哪一种；这张表没有使用。请只保留一处“单位：”",
                where,
            )
            return False
        required = {f for group in table.layout.needs for choice in group for f in choice.split("+")}
        if wrong := required & table.match.ambiguous.keys():
            name = field_title(table.layout.model, min(wrong))
            columns = "、".join(column_letters(c) for c in table.match.ambiguous[min(wrong)])
            self._say(
                "D14",
                "error",
                title,
                f"{columns} 列都像“{name}”，不能判断用哪一列；这张表没有使用。请改掉一个表头",
                where,
            )
            return False
        unstated = [name for name, unit in table.units.items() if unit is None]
        if self._default_unit is not None:
            table.units.update(dict.fromkeys(unstated, self._default_unit))
            return True
        unstated = [n for n in unstated if not self._units_in_cells(sheet, table, n)]
        if unstated:
            names = "、".join(field_title(table.layout.model, n) for n in unstated)
            self._say(
                "D11", "error", title,
                f"没有写金额单位（{names}），不能判断是元还是万元；这张表没有使用。"
                "请加 --unit 元|万元|亿元，或在表头上方写“单位：万元”", where,
            )  # fmt: skip
            return False
        return True

    def _units_in_cells(self, sheet: Sheet, table: Table, name: str) -> bool:
        column = table.columns[name]
        values = [row[column] for i in table.rows if column < len(row := sheet.rows[i])]
        stated = [v for v in values if not fields.blank(v)]
        return bool(stated) and not any(isinstance(fields.money(v, None), Problem) for v in stated)

    def _columns(self, table: Table, origin: Origin) -> None:
        where = Where(origin.file, origin.sheet, f"A{table.heading_rows[0] + 1}")
        title, model = table.layout.model.sheet_title, table.layout.model
        names = [
            f"{column_letters(c)}“{one_line(table.headings[c])}”" for c in table.match.unknown if c in table.headings
        ]
        names = [n for n in names if not n.endswith(("“序号”", "“备注”", "“行号”"))]
        if names:
            self._say("D13", "hint", title, f"有 {len(names)} 个不认识的表头，没有使用：{'、'.join(names)}", where)
        spare = [
            f"{column_letters(c)}“{one_line(table.headings[c])}”（已有更明确的“{field_title(model, f)}”）"
            for c, f in table.match.spare
        ]
        if spare:
            self._say("D13", "hint", title, f"这些列没有使用：{'、'.join(spare)}", where)
        for name, columns in table.match.ambiguous.items():
            letters = "、".join(column_letters(c) for c in columns)
            self._say(
                "D14",
                "warning",
                title,
                f"{letters} 列都像“{field_title(model, name)}”，这一项没有使用；请改掉一个表头",
                where,
            )

    def _keep(self, record: Record | None, report: SheetReport) -> None:
        if record is None:
            report.rows_rejected += 1
            return
        report.rows_used += 1
        self._sources.append((record, report))


def stage_of_indicators(origin: Origin) -> str:
    """一张指标列表是哪个环节的：有得分的是评价，只有完成值的是监控，都没有的是目标。"""
    if "self_score" in origin.columns:
        return "evaluate"
    return "monitor" if "actual" in origin.columns else "goals"


def _some(items: Iterable[object]) -> str:
    """前几个用顿号连起来，还有的写“等”。"""
    words = [str(item) for item in items]
    return "、".join(words[:_SHOWN]) + ("等" if len(words) > _SHOWN else "")

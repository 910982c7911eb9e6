"""Excel 工作底稿：汇总、明细、指标、问题清单、依据、来源。"""

from __future__ import annotations

from typing import Any

from pbm_cli.form_kinds import FORM_TITLES
from pbm_cli.models import RECORD_TYPES
from pbm_cli.outputs.columns import (
    COMMANDS,
    EVIDENCE_WORDS,
    FINDING_COLUMNS,
    PARAMETER_COLUMNS,
    Column,
    Document,
    Row,
    title,
)
from pbm_cli.outputs.provenance import ROLES, compact, provenance
from pbm_cli.outputs.review_sheet import write_review
from pbm_cli.outputs.summary import apart, stages, tables
from pbm_cli.outputs.xlsx_book import Book, grid, put, titled
from pbm_cli.outputs.xlsx_details import details, write_details, write_totals
from pbm_cli.outputs.xlsx_formulas import TOP, Detail
from pbm_cli.outputs.xlsx_summary import write_summary
from pbm_cli.outputs.xlsx_trial import write_trial

_INPUT_COLUMNS = (
    Column("file", "文件"), Column("sha256", "SHA-256", "code"), Column("sheet", "工作表"), Column("kind", "识别为"),
    Column("rows_read", "读到的行", "count"), Column("rows_used", "采用的行", "count"),
    Column("rows_rejected", "不能用的行", "count"), Column("rows_total", "合计行", "count"),
)  # fmt: skip
MAX_SHEET_NAME = 31
_SEVERITY = ("error", "warning", "red", "yellow", "hint")
_RUN_LINES = (
    ("pbm", "pbm 版本"), ("command", "命令"), ("county", "区县"), ("issuer", "编制单位"), ("year", "年度"),
    ("ruleset", "规则集"), ("ruleset_digest", "规则集摘要"), ("on", "截止日"),
)  # fmt: skip


def render(document: Document) -> bytes:
    """文档 → xlsx 字节。同样的文档写出同样的字节。"""
    name = title(document)
    book = Book(name, compact(provenance(document)))
    found = details(document)
    write_summary(book, document, f"{name} 汇总", note(document), found)
    _long_tables(book, document, name)
    write_trial(book, document, name)
    write_details(book, document, name, found)
    findings: list[Row] = sorted(document.get("findings") or [], key=_severity)
    sheet = titled(book, "问题清单", f"{name} 问题清单", f"共 {len(findings)} 条；单元格地址指原工作簿")
    grid(book, sheet, 2, FINDING_COLUMNS, findings)
    _basis(book, document, name)
    _sources(book, document, name)
    if document.get("command") == "goals":
        write_review(book, document, name)
    return book.bytes()


def note(document: Document) -> str:
    """标题下的一行：编制单位、截止日、规则集、金额单位。"""
    parts = [("编制单位", "issuer"), ("截止日", "on"), ("规则集", "ruleset")]
    found = [f"{word}：{document[key]}" for word, key in parts if document.get(key)]
    return "　".join([*found, "金额单位：万元", f"pbm {document.get('pbm') or ''}"])


def _severity(finding: Row) -> int:
    level = finding.get("level")
    return _SEVERITY.index(level) if level in _SEVERITY else len(_SEVERITY)


def _long_tables(book: Book, document: Document, name: str) -> None:
    """汇总里太宽、太长的小表，各一张工作表。"""
    found = stages(document)
    for stage, word, summary in found:
        for table in filter(apart, tables(stage, summary)):
            label = f"{word}-{table.title}" if len(found) > 1 else table.title
            page = label[:MAX_SHEET_NAME]
            sheet = titled(book, page, f"{name} {label}", f"共 {len(table.rows)} 行；金额单位：万元")
            detail = Detail(page, stage, table.columns, table.rows, len(table.columns))
            grid(book, sheet, TOP, table.columns, table.rows, ratios=detail.ratios(), printed=detail.printed)
            if table.key == "by_unit":
                write_totals(book, sheet, detail, summary)


def _basis(book: Book, document: Document, name: str) -> None:
    rows: list[Row] = []
    for item in document.get("parameters") or []:
        evidence = item.get("evidence")
        rows.append({**item, "evidence": EVIDENCE_WORDS.get(str(evidence), evidence)})
    sheet = titled(book, "依据", f"{name} 依据", f"本次用到的 {len(rows)} 个参数及其依据")
    grid(book, sheet, 2, PARAMETER_COLUMNS, rows)


def _sources(book: Book, document: Document, name: str) -> None:
    sheet = titled(book, "来源", f"{name} 来源", "这些结果由下列文件、规则集和版本算出；同样的输入得到同样的结果")
    row = 2
    for key, word in _RUN_LINES:
        sheet.write_string(row, 0, word, book.format(bold=True))
        value: Any = document.get(key)
        put(sheet, (row, 1), COMMANDS.get(str(value), value) if key == "command" else value, "code", book.format())
        row += 1
    grid(book, sheet, row + 1, _INPUT_COLUMNS, _input_rows(document))
    sheet.freeze_panes(0, 0)
    sheet.set_column(1, 1, 68)


def _input_rows(document: Document) -> list[Row]:
    rows: list[Row] = []
    for item in document.get("inputs") or []:
        about = {"file": item.get("file"), "sha256": item.get("sha256")}
        sheets = item.get("sheets") or [{}]
        rows.extend(
            {**about, **sheet, "sheet": sheet.get("name"), "kind": _kind(sheet.get("kind"))} for sheet in sheets
        )
    rows += [{**item, "kind": ROLES.get(item["role"])} for item in document.get("settings") or []]
    return rows


def _kind(kind: str | None) -> str:
    if not kind:
        return "未认出，没有使用"
    model = RECORD_TYPES.get(kind)
    return model.sheet_title if model else FORM_TITLES.get(kind, kind)

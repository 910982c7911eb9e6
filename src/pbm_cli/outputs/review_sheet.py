"""审核意见：系统格式的审核意见表，以及可以直接发给各单位的一单位一张表。"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pbm_cli.outputs.columns import Column, Document, Row
from pbm_cli.outputs.xlsx_book import Book, grid, sheet_name, titled

_SYSTEM = (
    Column("unit_code", "单位编码", "code"), Column("budget_unit", "单位名称"),
    Column("project_code", "项目编码", "code"), Column("project_name", "项目名称"), Column("opinion", "修改意见"),
)  # fmt: skip
_UNIT = (
    Column("number", "序号", "count"), Column("project_code", "项目编码", "code"), Column("project_name", "项目名称"),
    Column("text", "修改意见"), Column("source", "来源"), Column("state", "状态"), Column("place", "在哪里"),
    Column("basis", "依据"),
)  # fmt: skip
_MOST_SHEETS = 200
_NO_UNIT = "未填单位"
_RESERVED = ("history", "审核意见表")


def write_review(book: Book, document: Document, name: str) -> None:
    """审核意见表一张（一个项目一行，几条意见编号），再按单位各一张（一条意见一行）；没有意见也写表头。"""
    rows = [row for row in document.get("rows") or [] if row.get("opinions")]
    said = [{**row, "opinion": _numbered([str(item["text"]) for item in row["opinions"]])} for row in rows]
    total = sum(len(row["opinions"]) for row in rows)
    sheet = titled(book, "审核意见表", f"{name} 审核意见表", f"{len(rows)} 个项目，{total} 条意见（含自动初审）")
    grid(book, sheet, 2, _SYSTEM, said)
    units: dict[str, list[Row]] = {}
    for row in rows:
        units.setdefault(str(row.get("budget_unit") or _NO_UNIT), []).append(row)
    taken = {*_RESERVED, *(str(page.get_name()).lower() for page in book.workbook.worksheets())}
    for unit, projects in list(units.items())[:_MOST_SHEETS]:
        _unit_sheet(book, document, unit, projects, sheet_name(unit, taken, _NO_UNIT))
    if len(units) > _MOST_SHEETS:
        left = len(units) - _MOST_SHEETS
        sheet.write_string(1, 0, f"{len(rows)} 个项目，{total} 条意见；另有 {left} 个单位没有单列，见本表")


def _unit_sheet(book: Book, document: Document, unit: str, projects: Sequence[Row], page: str) -> None:
    items: list[Row] = []
    for row in projects:
        for opinion in row["opinions"]:
            about = {key: row.get(key) for key in ("project_code", "project_name")}
            items.append({**about, **opinion, "number": len(items) + 1, "place": _place(opinion.get("where"))})
    year = f"{document['year']}年" if document.get("year") else ""
    note = f"共 {len(projects)} 个项目、{len(items)} 条意见，请逐条修改后重新报送；来源为自动初审的由程序提出，供核对"
    grid(book, titled(book, page, f"{unit} {year}绩效目标审核意见", note), 2, _UNIT, items)


def _numbered(texts: Sequence[str]) -> str:
    """几条意见写在一格：一条不编号，几条编 1. 2. 3.，一行一条。"""
    return texts[0] if len(texts) == 1 else "\n".join(f"{number}. {text}" for number, text in enumerate(texts, 1))


def _place(where: Mapping[str, str | None] | None) -> str:
    if not where:
        return ""
    sheet = f"›{where['sheet']}" if where.get("sheet") else ""
    return f"{where['file']}{sheet}" + (f"!{where['cell']}" if where.get("cell") else "")

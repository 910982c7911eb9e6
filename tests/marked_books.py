"""标注副本的测试共用的：会计的表、运行、看批注、改部件。"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from conftest import RunPbm

RED, YELLOW = "FFFFC7CE", "FFFFEB9C"
PAGE = "执行 '1' & <表>"
HEAD = ["项目编码", "项目名称", "预算单位", "调整后预算数", "累计支出", "执行率", "备注"]


def accountant(path: Path) -> Path:
    """会计自己的表：格式、下拉、合并、条件格式、批注、图、冻结、隐藏、打印都有，坏单元格三个。"""
    book = openpyxl.Workbook()
    page = book.active
    assert isinstance(page, Worksheet)
    page.title = PAGE
    page.merge_cells("A1:G1")
    page["A1"] = "2023年项目支出预算执行表"
    page["A1"].font = Font(size=16, bold=True, name="黑体")
    page["A2"] = "单位：万元"
    for row in (
        HEAD,
        ["0001", "农村公路", "交通局", 100, "123O0", "=E4/D4", "=SUM(1,2)"],
        ["0002", "水库加固", "水务局", 200, 150, 0.75, "@提示"],
        ["0003", None, "水务局", 50, 10, 0.2, None],
        ["合计", None, None, 999, None, None, None],
    ):
        page.append(row)
    thin = Side(style="thin", color="FF00AA00")
    for row in page.iter_rows(min_row=3, max_row=7):
        for cell in row:
            cell.border = Border(thin, thin, thin, thin)
            cell.alignment = Alignment(wrap_text=True)
    for number in range(4, 8):
        page[f"D{number}"].number_format = page[f"E{number}"].number_format = "#,##0.00;[Red]-#,##0.00"
        page[f"F{number}"].number_format = "0.0%"
    page["C5"].fill = PatternFill("solid", fgColor="FF00B0F0")
    page["D7"].comment = Comment("会计原来的批注", "会计")
    page["A4"].comment = Comment("编码没有问题", "会计")
    rule = DataValidation(type="list", formula1='"交通局,水务局"', showErrorMessage=True)
    rule.add("C4:C100")
    page.add_data_validation(rule)
    low = CellIsRule(operator="lessThan", formula=["0.6"], fill=PatternFill("solid", bgColor="FFFF00"))
    page.conditional_formatting.add("F4:F6", low)
    page.freeze_panes = "C4"
    page.auto_filter.ref = "A3:G6"
    page.column_dimensions["B"].width = 31.5
    page.row_dimensions[5].height = 33
    page.print_title_rows = "3:3"
    page.page_setup.orientation = "landscape"
    chart = BarChart()
    chart.add_data(Reference(page, min_col=4, min_row=3, max_row=6), titles_from_data=True)
    page.add_chart(chart, "I3")
    other = book.create_sheet("另一张")
    other["A1"] = "与本表无关"
    other.sheet_state = "hidden"
    book.create_sheet("下拉")["A1"] = "交通局"
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def marked(run_pbm: RunPbm, source: Path, folder: Path, code: int = 1) -> dict[str, Any]:
    result = run_pbm("check", source, "--marked", folder, "--json")
    assert result.code == code, result.err
    document: dict[str, Any] = json.loads(result.out)
    return {**document, "err": result.err}


def note(cell: Any) -> str:
    return str(cell.comment.text) if cell.comment else ""


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def rebuilt(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """改几个部件，重新打包。"""
    found = parts(path)
    change(found)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in found.items():
            packed.writestr(name, data)
    return path


def replace(found: dict[str, bytes], name: str, old: str, new: str) -> None:
    text = found[name].decode()
    assert old in text, (name, old, text[:400])
    found[name] = text.replace(old, new, 1).encode()

"""Excel 工作底稿：图是原生的、不压着表；公式重算后与写的值、与 JSON 都一样；打印一页宽，字看得清。"""

from __future__ import annotations

import io
import json
import re
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from lxml import etree

from output_reading import COMMANDS, ran
from pbm_cli import outputs
from pbm_cli.outputs.xlsx_rows import agrees, lines_of, measure, shifted

DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
TITLES = {
    "assess": ["评减额按评估结论", "评减额最大的单位"],
    "goals": ["绩效目标审核等级", "五同步落实情况"],
    "monitor": ["项目总灯", "预算最多的单位：执行率与序时进度"],
    "evaluate": ["评价等级分布", "各评价层次的等级"],
}
TITLES["report"] = [title for command in ("assess", "goals", "monitor", "evaluate") for title in TITLES[command]]
SHEETS = ["汇总", "明细", "问题清单", "依据", "来源"]


def book(data: bytes, *, values: bool = False) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(data), data_only=values)


def parts(data: bytes, pattern: str) -> list[Any]:
    """包里名字合乎 pattern 的部件，按号码的次序。"""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [name for name in archive.namelist() if re.fullmatch(pattern, name)]
        return [etree.fromstring(archive.read(name)) for name in sorted(names, key=lambda n: (len(n), n))]


def charts(data: bytes) -> list[Any]:
    return parts(data, r"xl/charts/chart\d+\.xml")


def boxes(data: bytes) -> list[tuple[int, int, int, int]]:
    """各图所占的格：(左列, 上行, 右列, 下行)，从 0 数。"""
    found = []
    for drawing in parts(data, r"xl/drawings/drawing\d+\.xml"):
        for anchor in drawing.iter(f"{DRAWING}twoCellAnchor"):
            start, end = anchor.find(f"{DRAWING}from"), anchor.find(f"{DRAWING}to")
            left, top, right, bottom = (
                int(spot.find(DRAWING + side).text) for spot in (start, end) for side in ("col", "row")
            )
            found.append((left, top, right, bottom))
    return found


def overlap(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


# ---- 图 ----


@pytest.mark.parametrize("command", COMMANDS)
def test_charts_have_chinese_titles_and_axes_with_units(command: str) -> None:
    drawn = charts(ran(command).files[".xlsx"])
    titles = ["".join(node.text for node in chart.find(f".//{CHART}title").iter() if node.text) for chart in drawn]
    assert titles == TITLES[command]
    for chart in drawn:
        axes = [
            "".join(node.text for node in axis.iter() if node.text and node.tag.endswith("}t"))
            for name in ("catAx", "valAx")
            for axis in chart.iter(CHART + name)
        ]
        assert len(axes) == 2
        assert re.search(r"（(个|万元|%)）", axes[1]), axes


@pytest.mark.parametrize("command", COMMANDS)
def test_charts_cover_no_cell_and_no_other_chart(command: str) -> None:
    data = ran(command).files[".xlsx"]
    found = boxes(data)
    sheet = book(data)["汇总"]
    filled = [(c.column - 1, c.row - 1) for row in sheet.iter_rows() for c in row if c.value is not None]
    assert len(found) == len(TITLES[command])
    assert not [(box, cell) for box in found for cell in filled if overlap(box, (*cell, *cell))]
    assert not [(a, b) for n, a in enumerate(found) for b in found[n + 1 :] if overlap(a, b)]
    assert max(box[2] for box in found) <= 7, "图不超出打印的 8 列"


@pytest.mark.parametrize("command", COMMANDS)
def test_charts_read_the_cells_they_show(command: str) -> None:
    data = ran(command).files[".xlsx"]
    sheet = book(data, values=True)["汇总"]
    for chart in charts(data):
        for reference in (*chart.iter(f"{CHART}numRef"), *chart.iter(f"{CHART}strRef")):
            name, area = reference.find(f"{CHART}f").text.rsplit("!", 1)
            assert name == "汇总"
            found = sheet[area.replace("$", "")]
            cells = [cell for row in found for cell in row] if isinstance(found, tuple) else [found]
            cached = [point.find(f"{CHART}v").text for point in reference.iter(f"{CHART}pt")]
            assert [str(cell.value) for cell in cells if cell.value is not None] or cached == []
            numbers = [float(text) if re.fullmatch(r"-?[\d.]+(E-?\d+)?", text) else text for text in cached]
            assert numbers == [cell.value for cell in cells]


def test_lights_are_coloured_by_light_and_named_by_word() -> None:
    chart = charts(ran("monitor").files[".xlsx"])[0]
    words = [node.text for node in chart.find(f".//{CHART}cat").iter(f"{CHART}v")]
    colours = [point.find(".//{*}srgbClr").get("val") for point in chart.iter(f"{CHART}dPt")]
    lights = ran("monitor").document["summary"]["lights"]
    assert words == ["红灯", "黄灯", "绿灯", "蓝灯", "无灯"]
    assert colours == ["C00000", "FFC000", "548235", "2E75B6", "A6A6A6"]
    assert [int(node.text) for node in chart.find(f".//{CHART}val").iter(f"{CHART}v")] == list(lights.values())


def test_no_chart_without_data() -> None:
    empty = {"lights": dict.fromkeys(("red", "yellow", "green", "blue", "none"), 0), "projects": 0, "by_unit": []}
    assert charts(outputs.render(".xlsx", {"command": "monitor", "summary": empty, "rows": [], "findings": []})) == []
    assert charts(outputs.render(".xlsx", {"command": "check", "summary": {"files": 1}, "rows": []})) == []


# ---- 公式 ----


def formulas(data: bytes) -> Iterator[tuple[str, str, str, Any, str]]:
    """（工作表，单元格，公式，写下的值，数字格式）。"""
    written, known = book(data), book(data, values=True)
    for sheet in written:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    value = known[sheet.title][cell.coordinate].value
                    yield sheet.title, cell.coordinate, str(cell.value), value, cell.number_format


def shown(value: Any, form: str) -> str:
    """按数字格式显示的样子。"""
    places = 4 if "%" in form else 2 if ".00" in form else 0
    return f"{Decimal(repr(value)):.{places}f}"


def recalculated(tool: Callable[[str], str], data: bytes, folder: Path) -> openpyxl.Workbook:
    """LibreOffice 打开、全部重算、另存的工作簿（去掉写下的值，它只能自己算）。"""
    source, made = folder / "a.xlsx", folder / "out" / "a.xlsx"
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, re.sub(rb"</f><v>[^<]*</v>", b"</f>", old.read(name)))
    profile = f"-env:UserInstallation={(folder / 'office').as_uri()}"
    command = [
        tool("soffice"),
        profile,
        "--headless",
        "--convert-to",
        "xlsx",
        "--outdir",
        str(made.parent),
        str(source),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    return openpyxl.load_workbook(made, data_only=True)


@pytest.mark.parametrize("command", ["assess", "report"])
def test_formulas_recalculated_by_libreoffice_agree(
    command: str, needs_tool: Callable[[str], str], tmp_path: Path
) -> None:
    data = ran(command).files[".xlsx"]
    again = recalculated(needs_tool, data, tmp_path)
    found = list(formulas(data))
    wrong = [
        (sheet, cell, formula, value, again[sheet][cell].value)
        for sheet, cell, formula, value, form in found
        if not isinstance(again[sheet][cell].value, int | float)
        or shown(again[sheet][cell].value, form) != shown(value, form)
    ]
    assert wrong == []
    assert len(found) > (1800 if command == "report" else 25)


@pytest.mark.parametrize("command", COMMANDS)
def test_formulas_stand_beside_the_value_they_agree_with(command: str) -> None:
    """汇总页每个公式的值，就是它左边“数值”（隔着单位）或“数量”的值。"""
    sheet = book(ran(command).files[".xlsx"], values=True)["汇总"]
    pairs = []
    for name, cell, formula, value, _ in formulas(ran(command).files[".xlsx"]):
        if name != "汇总":
            continue
        above = [sheet.cell(row, sheet[cell].column) for row in range(sheet[cell].row, 0, -1)]
        head = next(spot.value for spot in above if spot.fill.fgColor.rgb == "FF1F4E78")
        if head == "公式":
            left = sheet[cell].offset(column=-1)
            beside = left if isinstance(left.value, int | float) else sheet[cell].offset(column=-2)
            pairs.append((formula, beside.value, value))
    assert pairs
    assert [pair for pair in pairs if pair[1] != pair[2]] == []


def test_rates_without_a_denominator_and_wrong_rates_have_no_formula() -> None:
    row = {"project_code": "1", "project_name": "甲", "budget_unit": "局", "expenditure_yuan": "50.00"}
    rows = [
        {**row, "budget_yuan": "0.00", "execution_pct": None},
        {**row, "budget_yuan": "100.00", "execution_pct": "50.00"},
        {**row, "budget_yuan": "100.00", "execution_pct": "49.99"},
        {**row, "budget_yuan": None, "execution_pct": "50.00"},
    ]
    summary = {"projects": 4, "budget_yuan": "200.00", "expenditure_yuan": "1.00", "execution_pct": "50.00"}
    data = outputs.render(".xlsx", {"command": "monitor", "rows": rows, "findings": [], "summary": summary})
    found = [(sheet, cell, formula) for sheet, cell, formula, _, _ in formulas(data)]
    assert [item for item in found if item[0] == "明细" and item[1] != "D2"] == [
        ("明细", "G5", '=IF(D5=0,"",ROUND(E5/D5,4))')
    ]
    assert {formula for sheet, _, formula in found if sheet == "汇总"} == {
        "=COUNTA('明细'!$B$4:$B$7)", "=ROUND(SUM('明细'!$D$4:$D$7),6)",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("percent", "top", "bottom", "same"),
    [
        ("11.49", "5461800.00", "47550500.00", True),
        ("11.48", "5461800.00", "47550500.00", False),
        ("12.35", "1234.50", "10000.00", True),
        ("-0.50", "-1.00", "200.00", True),
        ("0.00", "0.00", "0.00", False),
        ("100.00", "1", "1", False),
        ("100.00", None, "1.00", False),
        ("=1+1", "=1.00", "1.00", False),
    ],
)
def test_a_ratio_agrees_exactly_or_not_at_all(percent: str, top: str | None, bottom: str, same: bool) -> None:
    assert agrees(percent, top, bottom) is same


# ---- 打印与样子 ----


@pytest.mark.parametrize("command", COMMANDS)
def test_every_sheet_prints_on_landscape_a4_with_head_and_page_number(command: str) -> None:
    made = book(ran(command).files[".xlsx"])
    for sheet in made:
        setup = sheet.page_setup
        assert (setup.orientation, str(setup.paperSize)) == ("landscape", "9")
        assert sheet.print_title_rows
        assert sheet.title in sheet.oddHeader.right.text
        assert re.search(r"&P.*&N", sheet.oddFooter.center.text)
        if sheet.title != "汇总":
            assert (sheet.sheet_properties.pageSetUpPr.fitToPage, setup.fitToHeight) == (True, 0)
            assert sheet.auto_filter.ref
            assert printed_width(sheet) <= 215, f"{sheet.title} 一页宽要缩得太小"
    wanted = set(SHEETS) if command != "report" else set(SHEETS) - {"明细"}
    assert wanted <= set(made.sheetnames)


def widths(sheet: Any) -> dict[int, float]:
    """各列的宽度（字符）。"""
    return {
        index: item.width for item in sheet.column_dimensions.values() for index in range(item.min, item.max + 1)
    }  # fmt: skip


def last_printed(sheet: Any) -> int:
    """打印到第几列。"""
    last = re.search(r"\$([A-Z]+)\$\d+$", sheet.print_area or "")
    return int(openpyxl.utils.column_index_from_string(last[1]) if last else sheet.max_column)


def printed_width(sheet: Any) -> float:
    """打印的各列宽度之和（字符）；A4 横向原大约放 130。"""
    return sum(width for index, width in widths(sheet).items() if index <= last_printed(sheet))


@pytest.mark.parametrize("command", COMMANDS)
def test_text_on_paper_is_not_cut(command: str) -> None:
    """打印的文字格：要么列够宽，要么折行而且行够高；数的列够宽，不会成为 ####。"""
    wrong = []
    for sheet in book(ran(command).files[".xlsx"], values=True):
        if sheet.title == "汇总":
            continue
        wide = widths(sheet)
        for row in sheet.iter_rows(min_row=4, max_col=last_printed(sheet)):
            height = sheet.row_dimensions[row[0].row].height or 15
            for cell in row:
                width = wide[cell.column]
                if isinstance(cell.value, int | float):
                    figure = f"{cell.value:,.2f}" if "0.00" in cell.number_format else f"{cell.value:,}"
                    wrong += [cell.coordinate] if len(figure) > width else []
                elif isinstance(cell.value, str) and sheet.title != "来源":
                    room = (height // 15) * (width - 1) if cell.alignment.wrap_text else width
                    wrong += [f"{sheet.title}!{cell.coordinate}"] if measure(cell.value) > room * 1.02 else []
    assert wrong == []


def test_detail_prints_what_matters_and_keeps_the_rest_to_the_right() -> None:
    sheet = book(ran("monitor").files[".xlsx"])["明细"]
    heads = [cell.value for cell in sheet[3]]
    assert heads[:3] == ["项目编码", "项目名称", "预算单位"]
    assert heads[11] == "执行率（公式）"
    assert set(heads[12:]) >= {"主管部门", "出处"}
    assert sheet.print_area.endswith("$K$1798")
    assert sheet["A2"].value == "共 1795 行；金额单位：万元；打印前 11 列"
    assert (sheet["D2"].value, sheet["C2"].value) == ("=ROUND(SUBTOTAL(109,D4:D1798),6)", "筛选后合计")


# ---- 文字仍是文字 ----


@pytest.mark.parametrize(
    "text", ["<r><t>甲</t></r>", "<r>甲</r>", " 甲 ", "_x000D_甲", "甲&乙<丙>", "甲\n乙", "a" * 40_000]
)
def test_any_text_comes_back_as_it_was(text: str) -> None:
    row = {"project_code": text, "project_name": text, "budget_unit": text, "action": text, "light": "red"}
    made = book(outputs.render(".xlsx", {"command": "monitor", "county": "甲", "rows": [row], "findings": []}))["明细"]
    values = [cell.value for cell in made[4] if isinstance(cell.value, str) and cell.value != "红灯"]
    assert [value.rstrip(" ") if text.startswith("<r>") else value for value in values] == [text[:32_767]] * 4


@pytest.mark.parametrize(
    ("text", "places", "value"),
    [
        ("47550500.00", 4, "4755.05"), ("0.01", 4, "0.000001"), ("-12600000.00", 4, "-1260"), ("0.00", 4, "0"),
        ("11.49", 2, "0.1149"), ("100.00", 2, "1"), ("1795", 0, "1795"), ("1e5", 0, None), ("", 2, None),
        ("１２", 0, None), ("-", 0, None), ("1234567890123456", 0, None), ("999999999999999", 0, "999999999999999"),
    ],
)  # fmt: skip
def test_numbers_are_shifted_exactly(text: str, places: int, value: str | None) -> None:
    assert shifted(text, places) == value


def test_long_text_needs_more_lines() -> None:
    assert [lines_of(text, 12) for text in ("甲" * 5, "甲" * 6, "甲\n乙", "")] == [1, 2, 2, 1]
    assert (measure("甲a"), measure("甲\n乙乙")) == (3, 4)


def test_the_same_document_gives_the_same_bytes() -> None:
    document = json.loads(json.dumps(ran("assess").document))
    assert outputs.render(".xlsx", document) == outputs.render(".xlsx", document)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_long_sheet_in_several_pieces_is_the_same_sheet(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    document = json.loads(json.dumps(ran(command).document))
    whole = outputs.render(".xlsx", document)
    monkeypatch.setattr("pbm_cli.outputs.xlsx_book._BLOCK", 2)
    pieces = outputs.render(".xlsx", document)
    assert values_of(pieces) == values_of(whole)
    assert looks_of(pieces) == looks_of(whole)


def looks_of(data: bytes) -> list[tuple[Any, ...]]:
    """各表的样子：列宽、行高、合并的格、筛选、冻结，各格的数字格式、底色、字、对齐、边框。"""
    return [
        (
            sheet.title, {name: column.width for name, column in sheet.column_dimensions.items()},
            {number: row.height for number, row in sheet.row_dimensions.items()},
            sorted(map(str, sheet.merged_cells.ranges)), sheet.auto_filter.ref, sheet.freeze_panes, sheet.dimensions,
            [
                (cell.number_format, cell.fill.fgColor.rgb, cell.font.b, cell.font.color and cell.font.color.rgb,
                 cell.alignment.wrap_text, cell.alignment.horizontal, cell.border.left.style)
                for row in sheet.iter_rows() for cell in row
            ],
        )
        for sheet in openpyxl.load_workbook(io.BytesIO(data)).worksheets
    ]  # fmt: skip


def values_of(data: bytes) -> list[list[tuple[Any, ...]]]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    return [[tuple(cell.value for cell in row) for row in sheet] for sheet in book]

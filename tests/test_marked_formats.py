"""标注副本：扩展里的下拉、宏、外部链接、别的格式、没有样式的工作簿；不该带的不带，文字还是文字。"""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pytest

from conftest import RunPbm, WriteSheet
from marked_books import PAGE, RED, YELLOW, accountant, marked, parts, rebuilt, replace


def test_drop_downs_in_the_extension_part_survive(tmp_path: Path, run_pbm: RunPbm) -> None:
    """Excel 2010 以后，引用别的工作表的下拉写在扩展里，许多库会丢掉它。"""
    extension = (
        '<extLst><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}" '
        'xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"><x14:dataValidations count="1" '
        'xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main"><x14:dataValidation type="list">'
        "<x14:formula1><xm:f>下拉!$A$1:$A$2</xm:f></x14:formula1><xm:sqref>C4:C9</xm:sqref></x14:dataValidation>"
        "</x14:dataValidations></ext></extLst></worksheet>"
    )
    source = accountant(tmp_path / "执行.xlsx")
    rebuilt(source, lambda found: replace(found, "xl/worksheets/sheet1.xml", "</worksheet>", extension))
    marked(run_pbm, source, tmp_path / "out")
    text = parts(tmp_path / "out" / "执行.xlsx")["xl/worksheets/sheet1.xml"].decode()
    assert "<xm:f>下拉!$A$1:$A$2</xm:f>" in text
    assert text.index("legacyDrawing") < text.index("extLst")


def with_macros(found: dict[str, bytes]) -> None:
    found["xl/vbaProject.bin"] = b"\xd0\xcf\x11\xe0 not really"
    replace(
        found, "[Content_Types].xml", "</Types>",
        '<Override PartName="/xl/vbaProject.bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>',
    )  # fmt: skip
    replace(found, "[Content_Types].xml", "spreadsheetml.sheet.main+xml", "spreadsheetml.sheet.macroEnabled.main+xml")
    replace(
        found, "[Content_Types].xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.macro",
        "application/vnd.ms-excel.sheet.macro",
    )  # fmt: skip
    replace(
        found, "xl/_rels/workbook.xml.rels", "</Relationships>",
        '<Relationship Id="rIdV" Type="http://schemas.microsoft.com/office/2006/relationships/vbaProject" '
        'Target="vbaProject.bin"/></Relationships>',
    )  # fmt: skip


def test_macros_stay_behind_and_it_is_said(tmp_path: Path, run_pbm: RunPbm) -> None:
    source = rebuilt(accountant(tmp_path / "执行.xlsm"), with_macros)
    document = marked(run_pbm, source, tmp_path / "out")
    assert document["marked"] == [str(tmp_path / "out" / "执行.xlsx")]
    assert "宏" in document["err"]
    found = parts(tmp_path / "out" / "执行.xlsx")
    assert not [name for name in found if "vba" in name.lower()]
    assert b"macroEnabled" not in found["[Content_Types].xml"]
    assert b"vba" not in found["xl/_rels/workbook.xml.rels"].lower()
    assert "副本没有带：宏" in found["xl/worksheets/pbmList1.xml"].decode()
    assert openpyxl.load_workbook(tmp_path / "out" / "执行.xlsx")[PAGE]["E5"].value == 150


def with_links(found: dict[str, bytes]) -> None:
    found["xl/externalLinks/externalLink1.xml"] = (
        b'<externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'
    )
    replace(
        found, "[Content_Types].xml", "</Types>",
        '<Override PartName="/xl/externalLinks/externalLink1.xml" ContentType="application/vnd.openxmlformats-'
        'officedocument.spreadsheetml.externalLink+xml"/></Types>',
    )  # fmt: skip
    replace(
        found, "xl/_rels/workbook.xml.rels", "</Relationships>",
        '<Relationship Id="rIdX" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
        'externalLink" Target="externalLinks/externalLink1.xml"/></Relationships>',
    )  # fmt: skip
    replace(
        found, "xl/workbook.xml", "</sheets>",
        '</sheets><externalReferences><externalReference xmlns:r="http://schemas.openxmlformats.org/officeDocument/'
        '2006/relationships" r:id="rIdX"/></externalReferences>',
    )  # fmt: skip
    replace(found, "xl/worksheets/sheet1.xml", "<f>E4/D4</f><v></v>", "<f>[1]Sheet1!$A$1*2</f><v>0.4</v>")


def test_links_to_other_workbooks_become_their_values(tmp_path: Path, run_pbm: RunPbm) -> None:
    def change(found: dict[str, bytes]) -> None:
        text = found["xl/worksheets/sheet1.xml"].decode().replace("<v />", "<v></v>").replace("<v/>", "<v></v>")
        found["xl/worksheets/sheet1.xml"] = text.encode()
        with_links(found)

    source = rebuilt(accountant(tmp_path / "执行.xlsx"), change)
    document = marked(run_pbm, source, tmp_path / "out")
    assert "链接" in document["err"]
    found = parts(tmp_path / "out" / "执行.xlsx")
    assert not [name for name in found if "external" in name.lower()]
    assert b"externalReference" not in found["xl/workbook.xml"]
    page = openpyxl.load_workbook(tmp_path / "out" / "执行.xlsx")[PAGE]
    assert page["F4"].value == 0.4
    assert page["G4"].value == "=SUM(1,2)"


@pytest.mark.parametrize(
    ("formula", "dropped"),
    [
        ("[1]Sheet1!A1", True),
        ("'[2]表 一'!A1+1", True),
        ("'D:\\账\\[3]表'!A1", True),
        ("SUM([1]!名称)", True),
        ("cmd|'/C calc'!A0", True),
        ("表1[2023]+Sheet2!A1", False),
        ("SUM(A1:A3)", False),
        ("'另 一张'!A1", False),
        ("表1[[#This Row],[2023]]*Sheet2!B1", False),
    ],
)
def test_only_formulas_that_leave_the_workbook_are_dropped(formula: str, dropped: bool) -> None:
    from pbm_cli.outputs.marked_clean import leaves_workbook

    assert leaves_workbook(formula) is dropped


INJECTIONS = ["=1+1", "+1", "-x", "@SUM(1)", "\t=2", "＝3", "=cmd|' /C calc'!A0", "_x0041_"]


def test_a_csv_becomes_a_workbook_of_values_and_text_stays_text(tmp_path: Path, run_pbm: RunPbm) -> None:
    lines = ["单位：万元", "项目名称,预算单位,调整后预算数,累计支出"]
    lines += [f'"{text}",乙局,100,{"x" if i == 0 else 5}' for i, text in enumerate(INJECTIONS)]
    (tmp_path / "表.csv").write_bytes("\n".join(lines).encode("utf-8-sig"))
    document = marked(run_pbm, tmp_path / "表.csv", tmp_path / "out")
    assert "只有值" in document["err"]
    assert document["marked"] == [str(tmp_path / "out" / "表.xlsx")]
    book = openpyxl.load_workbook(tmp_path / "out" / "表.xlsx")
    page = book.worksheets[0]
    cells = [page.cell(3 + number, 1) for number in range(len(INJECTIONS))]
    assert [cell.data_type for cell in cells] == ["s"] * len(cells)
    assert [str(cell.value).strip() for cell in cells] == [text.strip() for text in INJECTIONS]
    assert page["D3"].fill.fgColor.rgb == RED
    for sheet_page in book.worksheets:
        for row in sheet_page.iter_rows():
            assert [cell.coordinate for cell in row if cell.data_type == "f"] == []


def test_an_old_xls_keeps_values_merges_and_dates(tmp_path: Path, run_pbm: RunPbm) -> None:
    import datetime as dt

    import xlwt

    book = xlwt.Workbook()
    page = book.add_sheet("登记")
    page.write_merge(0, 0, 0, 2, "监控报告登记表")
    for column, word in enumerate(("预算单位", "报送日期", "公开日期")):
        page.write(1, column, word)
    style = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    page.write(2, 0, "甲局")
    page.write(2, 1, dt.date(2023, 8, 15), style)
    page.write(2, 2, "不知道")
    book.save(str(tmp_path / "登记.xls"))
    marked(run_pbm, tmp_path / "登记.xls", tmp_path / "out", code=0)
    copy = openpyxl.load_workbook(tmp_path / "out" / "登记.xlsx")["登记"]
    assert str(copy["B3"].value)[:10] == "2023-08-15"
    assert copy["C3"].fill.fgColor.rgb == YELLOW
    assert [str(merge) for merge in copy.merged_cells.ranges] == ["A1:C1"]


def test_two_inputs_that_would_share_a_name_both_get_a_copy(tmp_path: Path, run_pbm: RunPbm) -> None:
    text = "单位：万元\n项目名称,调整后预算数,累计支出\n甲,100,x\n"
    (tmp_path / "in").mkdir()
    for name in ("表.csv", "表.tsv"):
        (tmp_path / "in" / name).write_text(text.replace(",", "\t") if name.endswith("tsv") else text, "utf-8")
    document = marked(run_pbm, tmp_path / "in", tmp_path / "out")
    assert len(set(document["marked"])) == 2
    assert all(Path(path).is_file() for path in document["marked"])


def test_one_unusable_file_does_not_stop_the_others(tmp_path: Path, run_pbm: RunPbm) -> None:
    accountant(tmp_path / "in" / "执行.xlsx")
    (tmp_path / "in" / "坏.xlsx").write_bytes(b"PK\x03\x04 nothing")
    document = marked(run_pbm, tmp_path / "in", tmp_path / "out")
    assert document["marked"] == [str(tmp_path / "out" / "执行.xlsx")]


def test_an_empty_style_part_and_a_bare_sheet_are_enough(tmp_path: Path, run_pbm: RunPbm, sheet: WriteSheet) -> None:
    """没有样式、没有 docProps 的工作簿也要能标。

    单位：万元
    | 项目名称 | 调整后预算数 | 累计支出 |
    | 甲 | 100 | x |
    """

    def strip(found: dict[str, bytes]) -> None:
        for name in ("xl/styles.xml", "docProps/core.xml", "docProps/app.xml", "xl/theme/theme1.xml"):
            del found[name]
        for name in ("[Content_Types].xml", "_rels/.rels", "xl/_rels/workbook.xml.rels"):
            found[name] = re.sub(
                rb"<(?:Override|Relationship) [^>]*(?:styles|core|app|theme1?)\.xml[^>]*/>", b"", found[name]
            )

    source = rebuilt(sheet(), strip)
    marked(run_pbm, source, tmp_path / "out")
    page = openpyxl.load_workbook(tmp_path / "out" / "表.xlsx").worksheets[0]
    assert page["C3"].fill.fgColor.rgb == RED

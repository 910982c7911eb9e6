"""阅读室：xlsx、xls 以外的格式（xlsb、ods、CSV、网页、XML 表格）读成同样的单元格。"""

from __future__ import annotations

import datetime as dt
import io
import struct
import zipfile

import pytest

from conftest import ReadBytes
from pbm_cli.cells import ErrorCell, Merge, Percentage, UnvaluedCell
from pbm_cli.errors import InputError

LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def record(kind: int, body: bytes = b"") -> bytes:
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    return head + bytes([len(body)]) + body


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def xlsb(*cells: bytes) -> bytes:
    """最小的 xlsb：样式 1 是百分比；cells 是各记录。"""
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    link = f'<Relationship Id="r1" Type="{LINKS}/worksheet" Target="worksheets/s1.bin"/>'
    links = f'<Relationships xmlns="{package}">{link}</Relationships>'
    styles = record(278) + record(615, b"\1\0\0\0") + record(44, b"\xa4\0" + wide("0.0%")) + record(616)
    styles += record(617, b"\2\0\0\0") + record(47, bytes(16))
    styles += record(47, b"\0\0\xa4\0" + bytes(12)) + record(618) + record(279)
    sheet = record(129) + record(148, bytes(16)) + record(145) + b"".join(cells) + record(146)
    sheet += record(176, struct.pack("<4I", 4, 5, 0, 2)) + record(130)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        bundle = record(156, struct.pack("<2I", 0, 1) + wide("r1") + wide("表"))
        packed.writestr(
            "xl/workbook.bin", record(131) + record(143) + bundle + record(144) + record(157, bytes(26)) + record(132)
        )
        packed.writestr("xl/_rels/workbook.bin.rels", links)
        packed.writestr("xl/styles.bin", styles)
        packed.writestr("xl/worksheets/s1.bin", sheet)
    return target.getvalue()


def xlsb_row(number: int, flags: int = 0) -> bytes:
    return record(0, struct.pack("<IIHBBBI", number, 0, 0, 0, flags, 0, 0))


def xlsb_cell(kind: int, column: int, style: int, value: bytes) -> bytes:
    return record(kind, struct.pack("<II", column, style) + value)


def test_xlsb_keeps_errors_percentages_merges_and_hidden_rows(read_bytes: ReadBytes) -> None:
    cells = [
        xlsb_row(1),
        xlsb_cell(5, 0, 1, struct.pack("<d", 0.98)),
        xlsb_cell(3, 1, 0, b"\x07"),
        xlsb_cell(6, 2, 0, wide("项目")),
        xlsb_row(2, 0x10),
        xlsb_cell(5, 0, 0, struct.pack("<d", 5)),
    ]
    book = read_bytes("二进制.xlsb", xlsb(*cells))
    sheet = book.sheets[0]
    assert (book.format, sheet.name) == ("xlsb", "表")
    assert sheet.rows == [[], [0.98, "#DIV/0!", "项目"], [5]]
    assert [type(cell) for cell in sheet.rows[1][:2]] == [Percentage, ErrorCell]
    assert (sheet.merges, sheet.hidden_rows) == ([Merge(4, 0, 5, 2)], frozenset({2}))


def test_xlsb_far_cell_is_refused_before_the_value_reader_asks_for_memory(read_bytes: ReadBytes) -> None:
    with pytest.raises(InputError, match="XFD1048576"):
        read_bytes("远.xlsb", xlsb(xlsb_row(1_048_575), xlsb_cell(5, 16_383, 0, bytes(8))))


ODS = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x" xmlns:style="s" xmlns:c="c">
<office:automatic-styles><style:style style:name="ta2"><style:table-properties table:display="false"/></style:style>
</office:automatic-styles><office:body><office:spreadsheet><table:table table:name="表">
<table:table-column table:number-columns-repeated="2"/><table:table-column table:visibility="collapse"/>
<table:table-row table:number-rows-repeated="2">
<table:table-cell table:number-columns-repeated="16384"/></table:table-row>
<table:table-row table:visibility="collapse"><table:table-cell office:value-type="percentage" office:value="0.98"/>
<table:table-cell table:formula="of:=1/0" office:value-type="string" c:value-type="error">
<text:p>#DIV/0!</text:p></table:table-cell>
<table:table-cell table:number-columns-repeated="2" office:value-type="float" office:value="5">
<text:p>5</text:p></table:table-cell>
<table:table-cell office:value-type="date" office:date-value="2023-12-31"/>
<table:table-cell table:number-columns-spanned="2" table:number-rows-spanned="2" office:value-type="string">
<text:p>甲<text:s text:c="2"/>乙</text:p><text:p>丙</text:p></table:table-cell><table:covered-table-cell/>
<table:table-cell table:formula="of:=[.A1]"/><table:table-cell table:number-columns-repeated="16375"/>
</table:table-row>
<table:table-row table:number-rows-repeated="1048571">
<table:table-cell table:number-columns-repeated="16384"/></table:table-row>
</table:table><table:table table:name="隐" table:style-name="ta2"/></office:spreadsheet></office:body>
</office:document-content>"""


def ods(content: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr("META-INF/manifest.xml", "<manifest/>")
        packed.writestr("content.xml", content)
    return target.getvalue()


def test_ods_reads_types_errors_merges_and_repeats(read_bytes: ReadBytes) -> None:
    book = read_bytes("表.ods", ods(ODS))
    sheet = book.sheets[0]
    row = [0.98, "#DIV/0!", 5, 5, dt.date(2023, 12, 31), "甲  乙\n丙", None, "[.A1]"]
    assert sheet.rows == [[], [], row]
    assert [type(cell) for cell in (sheet.rows[2][0], sheet.rows[2][1], sheet.rows[2][7])] == [
        Percentage, ErrorCell, UnvaluedCell,
    ]  # fmt: skip
    assert sheet.merges == [Merge(2, 5, 3, 6)]
    assert (sheet.hidden_rows, sheet.hidden_columns) == (frozenset({2}), frozenset({2}))
    assert [other.hidden for other in book.sheets] == [False, True]


CSV = '项目编码,项目名称,备注\r\n="0012",道路，养护,"一\n二"\r\n,"说""好""",\r\n'
CSV_ROWS = [["项目编码", "项目名称", "备注"], ["0012", "道路，养护", "一\n二"], [None, '说"好"']]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gbk", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_text_tables_in_every_encoding(read_bytes: ReadBytes, encoding: str, delimiter: str) -> None:
    book = read_bytes("台账.csv", CSV.replace(",", delimiter).encode(encoding))
    assert (book.format, book.sheets[0].name) == ("csv", "台账")
    assert book.sheets[0].rows == CSV_ROWS


def test_one_big_field_is_read_whole(read_bytes: ReadBytes) -> None:
    long = "绩" * 300_000
    assert read_bytes("长.csv", f"名称,说明\n甲,{long}\n乙,短\n".encode()).sheets[0].rows[1] == ["甲", long]


HTML = """<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><meta http-equiv=Content-Type
content="text/html; charset=gb2312"><style>td {mso-number-format:"\\@"}</style></head><body><table>
<tr><td colspan=2>预算&nbsp;执行</td><td rowspan="2">备<br>注</td></tr><tr style='display:none'><td>001</td><td>
 甲 <b>乙</b> <table><tr><td>内1</td></tr><tr><td>内2</td></tr></table></td></tr></table></body></html>"""


def test_html_saved_as_xls(read_bytes: ReadBytes) -> None:
    book = read_bytes("导出.xls", HTML.encode("gb18030"))
    first, inner = book.sheets
    assert (book.format, first.name, inner.name) == ("html", "表1", "表2")
    assert first.rows == [["预算\xa0执行", None, "备\n注"], ["001", "甲 乙"]]
    assert first.merges == [Merge(0, 0, 0, 1), Merge(0, 2, 1, 2)]
    assert first.hidden_rows == {1}
    assert inner.rows == [["内1"], ["内2"]]


XML = """<?xml version="1.0" encoding="gb2312"?><?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<Styles><Style ss:ID="p"><NumberFormat ss:Format="0.00%"/></Style></Styles>
<Worksheet ss:Name="执行"><Table><Column ss:Index="2" ss:Hidden="1"/>
<Row ss:Index="3" ss:Hidden="1"><Cell ss:Index="2" ss:StyleID="p"><Data ss:Type="Number">0.98</Data></Cell>
<Cell ss:MergeAcross="1" ss:MergeDown="1"><Data ss:Type="String">合并</Data></Cell>
<Cell><Data ss:Type="DateTime">2023-12-31T00:00:00.000</Data></Cell><Cell><Data ss:Type="Boolean">1</Data></Cell>
<Cell ss:Formula="=1/0"><Data ss:Type="Error">#DIV/0!</Data></Cell><Cell ss:Formula="=RC[-1]"/></Row></Table>
<WorksheetOptions xmlns="urn:schemas-microsoft-com:office:excel"><Visible>SheetHidden</Visible></WorksheetOptions>
</Worksheet></Workbook>"""


def test_spreadsheetml_2003(read_bytes: ReadBytes) -> None:
    book = read_bytes("导出.xls", XML.encode("gb18030"))
    sheet = book.sheets[0]
    row = [None, 0.98, "合并", None, dt.date(2023, 12, 31), True, "#DIV/0!", "RC[-1]"]
    assert (book.format, sheet.rows) == ("xml", [[], [], row])
    assert [type(sheet.rows[2][column]) for column in (1, 6, 7)] == [Percentage, ErrorCell, UnvaluedCell]
    assert sheet.merges == [Merge(2, 2, 3, 3)]
    assert (sheet.hidden_rows, sheet.hidden_columns, sheet.hidden) == (frozenset({2}), frozenset({1}), True)

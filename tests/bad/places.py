"""位置：说谎的 dimension，过远、越界、写错的单元格，重复的行列，很大的合并与隐藏。"""

from __future__ import annotations

import io
import struct

import xlwt

from bad.packages import ROWS, SHEET, Entry, book, packed, sheet

ODS = "urn:oasis:names:tc:opendocument:xmlns:"
XMLSS = "urn:schemas-microsoft-com:office:spreadsheet"
TABLE = (("项目名称", "申报金额（万元）", "审定金额（万元）"), ("甲渠", 100, 80), ("乙路", 50, 50))


def dimension(reference: str) -> bytes:
    """dimension 写成这样。"""
    return book({SHEET: sheet(before=f'<dimension ref="{reference}"/>')})


def cells(more: str, before: str = "", after: str = "") -> bytes:
    """三行之后再有这些行。"""
    return book({SHEET: sheet(ROWS + more, before=before, after=after)})


def swapped(old: str, new: str) -> bytes:
    """换掉行里的一段写法（各处都换）。"""
    assert old in ROWS
    return book({SHEET: sheet(ROWS.replace(old, new))})


def backwards() -> bytes:
    """行从下往上写。"""
    rows = [part + "</row>" for part in ROWS.split("</row>")[:-1]]
    return book({SHEET: sheet("".join(reversed(rows)))})


def unaddressed() -> bytes:
    """行和单元格都不写位置。"""
    text = ROWS
    for row in "123":
        text = text.replace(f' r="{row}"', "")
        for column in "ABC":
            text = text.replace(f' r="{column}{row}"', "")
    return book({SHEET: sheet(text)})


def empty_cells(rows: int, columns: int) -> bytes:
    """下面还有许多只有格式的空单元格。"""
    letters = [chr(65 + n) for n in range(columns)]
    more = (f'<row r="{n}">' + "".join(f'<c r="{c}{n}"/>' for c in letters) + "</row>" for n in range(4, rows + 4))
    return book({SHEET: sheet(ROWS + "".join(more))})


def ods(table: str, before: str = "") -> bytes:
    """一个 ods：三行之后再有 table。"""
    rows = "".join("<t:table-row>" + "".join(ods_cell(value) for value in row) + "</t:table-row>" for row in TABLE)
    content = (
        f'<o:document-content xmlns:o="{ODS}office:1.0" xmlns:t="{ODS}table:1.0" xmlns:x="{ODS}text:1.0"><o:body>'
        f'<o:spreadsheet>{before}<t:table t:name="评估">{rows}{table}</t:table></o:spreadsheet>'
        "</o:body></o:document-content>"
    )
    kind = b"application/vnd.oasis.opendocument.spreadsheet"
    return packed([Entry("mimetype", kind, method=0), Entry("content.xml", content.encode())])


def ods_cell(value: object, more: str = "") -> str:
    """ods 的一格。"""
    if isinstance(value, str):
        return f'<t:table-cell o:value-type="string"{more}><x:p>{value}</x:p></t:table-cell>'
    return f'<t:table-cell o:value-type="float" o:value="{value}"{more}><x:p>{value}</x:p></t:table-cell>'


def ods_repeated(rows: str = "1", columns: str = "1", filled: bool = True) -> bytes:
    """最后一行重复许多次。"""
    cell = ods_cell(7 if filled else "", f' t:number-columns-repeated="{columns}"')
    return ods(f'<t:table-row t:number-rows-repeated="{rows}">{cell}</t:table-row>')


def xmlss(more: str = "", table: str = "", encoding: str = "utf-8") -> bytes:
    """XML 表格 2003：三行之后再有 more。"""
    rows = "".join(
        "<Row>"
        + "".join(f'<Cell><Data s:Type="{"String" if isinstance(v, str) else "Number"}">{v}</Data></Cell>' for v in row)
        + "</Row>"
        for row in TABLE
    )
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?><Workbook xmlns="{XMLSS}" xmlns:s="{XMLSS}">'
        f'<Worksheet s:Name="评估"><Table{table}>{rows}{more}</Table></Worksheet></Workbook>'
    )
    return text.encode(encoding)


def xls_far(row: int, column: int) -> bytes:
    """xls：一格在很远的地方。"""
    old = xlwt.Workbook()
    page = old.add_sheet("评估", cell_overwrite_ok=True)
    for number, values in enumerate(TABLE):
        for place, value in enumerate(values):
            page.write(number, place, value)
    page.write(row, column, 50)
    target = io.BytesIO()
    old.save(target)
    return target.getvalue()


def xls_dimension(last_row: int, last_column: int) -> bytes:
    """xls：DIMENSION 记录说谎。"""
    data = bytearray(xls_far(2, 2))
    at = data.index(b"\x00\x02\x0e\x00")
    struct.pack_into("<IIHH", data, at + 4, 0, last_row, 0, last_column)
    return bytes(data)


def html(more: str = "", cell: str = "") -> bytes:
    """存成 xls 的网页；cell 是第一格的属性。"""
    rows = "".join("<tr>" + "".join(f"<td>{value}</td>" for value in row) + "</tr>" for row in TABLE)
    return f"<html><meta charset=utf-8><table>{rows.replace('<td>', f'<td {cell}>', 1)}{more}</table></html>".encode()


def wide_text(columns: int, delimiter: str = ",") -> bytes:
    """CSV：有一行很宽。"""
    lines = [delimiter.join(str(value) for value in row) for row in TABLE]
    return "\n".join([*lines, delimiter * columns + "1"]).encode()

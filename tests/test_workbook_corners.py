# ruff: noqa: E501  一行行的样子，断开了反而看不清
"""阅读各格式的边角：在本进程里打开内存里的字节，少见的写法、写坏的记录各读出什么、说什么。"""

from __future__ import annotations

import datetime as dt
import gc
import io
import json
import os
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import python_calamine as calamine

from bad.packages import book as xlsx
from bad.packages import sheet as sheet_part
from bad.places import html, ods, xmlss
from pbm_cli.errors import InputError
from pbm_cli.workbook import Limits, Reader, readers, search, values
from pbm_cli.workbook import child as reading
from pbm_cli.workbook.archive import Archive
from pbm_cli.workbook.batches import decode_rows, encode_rows, encode_special
from pbm_cli.workbook.biff import Biff
from pbm_cli.workbook.charset import decode
from pbm_cli.workbook.formats import recognise
from pbm_cli.workbook.html_tables import HtmlBook
from pbm_cli.workbook.limits import MIB
from pbm_cli.workbook.marks import Marks
from pbm_cli.workbook.ole import Compound
from pbm_cli.workbook.protocol import BrokenFrameError, encode_json, read_frame, write_frame
from pbm_cli.workbook.reader import _DiedError, size_of
from pbm_cli.workbook.sheet_xml import SheetScan
from pbm_cli.workbook.streams import ChunkStream
from pbm_cli.workbook.xml_parts import discard, parse
from test_workbook_formats import record as flat
from test_workbook_formats import xlsb, xlsb_cell, xlsb_row

LIMITS = Limits()


def opened(data: bytes, limits: Limits = LIMITS) -> tuple[list[list[object]], Marks]:
    """第一张表的行和记号；别的表也走完。"""
    _, book = recognise(data, "表", limits)
    walked = [(list(sheet.rows), sheet.marks) for sheet in book.sheets()]
    return walked[0]


def rows(data: bytes) -> list[list[object]]:
    return opened(data)[0][3:]


# ---- xls ----


def biff(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def old_stream(*cells: bytes, sheet: bytes = b"", globals_: bytes = b"") -> bytes:
    """BIFF8 的一个流：样式 1 是百分比。"""
    head = biff(0x809, struct.pack("<HH", 0x600, 5)) + globals_ + biff(0xE0, bytes(20))
    head += biff(0xE0, struct.pack("<HH", 0, 9) + bytes(16))
    listed = len(head) + 4 + 8 + 4
    head += biff(0x85, struct.pack("<IHH", listed, 0, 0)) + biff(0x0A)
    return head + (sheet or biff(0x809, struct.pack("<HH", 0x600, 0x10)) + b"".join(cells) + biff(0x0A))


def formula(result: bytes, *, style: int = 0, waits: bool = False) -> bytes:
    return biff(0x06, struct.pack("<HHH", 2, 1, style) + result + struct.pack("<H", 2 * waits) + bytes(6))


def test_old_records_that_the_value_reader_loses() -> None:
    number = struct.pack("<d", 0.5)
    marks = Biff(old_stream(
        biff(0x203, struct.pack("<HHH", 0, 0, 1) + number), biff(0x203, struct.pack("<HHH", 0, 1, 0) + number),
        biff(0xBD, struct.pack("<HH", 1, 2) + struct.pack("<HI", 1, 0) + struct.pack("<HI", 0, 0) + b"\3\0"),
        biff(0x205, struct.pack("<HHHBB", 3, 0, 0, 0x07, 1)), biff(0x205, struct.pack("<HHHBB", 3, 1, 0, 1, 0)),
        biff(0x208, struct.pack("<H", 5) + bytes(10) + b"\x20\0\0\0"), biff(0x208, struct.pack("<H", 6) + bytes(14)),
        biff(0x7D, struct.pack("<HHHHH", 1, 300, 0, 0, 1)), biff(0x200, struct.pack("<IIHHH", 0, 9, 0, 9, 0)),
    )).marks[0]  # fmt: skip
    assert marks.percent == {0: [0], 1: [2]}
    assert marks.special == {3: {0: {"e": "#DIV/0!"}}}
    assert (marks.hidden_rows, marks.hidden_columns) == ({5}, set(range(1, 256)))


@pytest.mark.parametrize(
    ("cell", "special", "percent"),
    [
        (formula(bytes(8), waits=True), {"f": ""}, False), (formula(bytes(8)), None, False),
        (formula(struct.pack("<d", 0.5), style=1), None, True), (formula(struct.pack("<d", 0.5)), None, False),
        (formula(b"\2\0\x07\0\0\0\xff\xff"), {"e": "#DIV/0!"}, False), (formula(b"\2\0\x99\0\0\0\xff\xff"), {"e": "#VALUE!"}, False),
        (formula(b"\3\0\0\0\0\0\xff\xff"), {"f": ""}, False), (formula(b"\0\0\0\0\0\0\xff\xff"), None, False),
    ],
)  # fmt: skip
def test_old_formulas_without_a_result(cell: bytes, special: object, percent: bool) -> None:
    marks = Biff(old_stream(cell)).marks[0]
    assert marks.special.get(2, {}).get(1) == special
    assert bool(marks.percent) is percent


def test_an_old_formula_that_was_recalculated_and_is_blank_is_blank() -> None:
    marks = Biff(old_stream(formula(b"\3\0\0\0\0\0\xff\xff"), globals_=biff(0x1C1))).marks[0]
    assert marks.special == {}


def test_remarks_of_an_old_book() -> None:
    narrow, broad = b"\0" + b"0%", b"\1" + "0%".encode("utf-16-le")
    globals_ = biff(0x22, b"\1\0") + biff(0xD3) + biff(0x1AE, bytes(8)) + biff(0x1AE, bytes(4))
    globals_ += biff(0x41E, struct.pack("<HH", 164, 2) + narrow) + biff(0x41E, struct.pack("<HH", 9, 1) + b"\0x")
    globals_ += biff(0x41E, struct.pack("<HH", 165, 2) + broad)
    found = Biff(old_stream(biff(0x203, struct.pack("<HHH", 0, 0, 1) + bytes(8)), globals_=globals_))
    assert [remark[:11] for remark in found.remarks] == [
        "工作簿使用 1904 ",
        "工作簿含有宏，pbm ",
        "工作簿引用了别的文件（",
    ]
    assert found.marks[0].percent == {}


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        (old_stream(sheet=b"\x09"), "位置在文件外面"), (old_stream(sheet=biff(0x0A) + bytes(8)), "位置写坏了"),
        (old_stream(sheet=biff(0x809, struct.pack("<HH", 0x600, 5)) + biff(0x0A)), "位置写坏了"),
        (old_stream(biff(0xFD, bytes(10))), "没有的共享文字"), (old_stream(biff(0xFD, bytes(4))), "没有的共享文字"),
        (old_stream(biff(0x200, struct.pack("<IIHHH", 0, 65_537, 0, 1, 0))), "大小写坏了"),
        (old_stream(biff(0x200, struct.pack("<IIHHH", 0, 1, 0, 257, 0))), "大小写坏了"),
        (old_stream(globals_=biff(0x2F)), "密码"), (old_stream(sheet=biff(0x809, struct.pack("<HH", 0x600, 0x10))), "断了"),
    ],
)  # fmt: skip
def test_old_records_written_wrong_are_refused(stream: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        Biff(stream)


def compound_head(**fields: int) -> bytearray:
    data = bytearray(1024)
    struct.pack_into("<HH", data, 30, fields.get("shift", 9), fields.get("mini", 6))
    struct.pack_into("<I", data, 48, 0xFFFFFFFE)
    struct.pack_into("<I", data, 56, 4096)
    struct.pack_into("<II", data, 68, fields.get("more", 0xFFFFFFFE), fields.get("count", 0))
    struct.pack_into("<109I", data, 76, *[0xFFFFFFFF] * 109)
    return data


def test_compound_files_written_wrong_are_refused() -> None:
    for data, said in (
        (bytes(10), "文件头"),
        (bytes(compound_head(shift=7)), "扇区大小"),
        (bytes(compound_head(more=1, count=1)), "扇区表被截断"),
    ):
        with pytest.raises(InputError, match=said):
            Compound(data)
    found = Compound(bytes(compound_head(more=0, count=1)))
    found.streams["甲"] = (2, 0, 10)
    with pytest.raises(InputError, match="缺少根目录"):
        found.read("甲")


# ---- xlsb ----


def test_xlsb_columns_blanks_and_odd_records() -> None:
    cells = [
        xlsb_row(0), xlsb_cell(5, 0, 0, struct.pack("<d", 1)), flat(60, struct.pack("<II", 1, 2) + bytes(8) + b"\1\0"),
        flat(60, bytes(18)), flat(60, b""), flat(0, b""), flat(176, b""), xlsb_cell(1, 3, 0, b""),
    ]  # fmt: skip
    found, marks = opened(xlsb(*cells))
    assert found[0] == [1]
    assert marks.hidden_columns == {1, 2}


@pytest.mark.parametrize(
    ("cells", "said"), [((xlsb_row(0), flat(5, b"\0")), "第 1 行有单元格不完整"), ((b"\x85",), "不完整|截断|缺|写坏|对不上")]
)  # fmt: skip
def test_xlsb_cut_records_are_refused(cells: tuple[bytes, ...], said: str) -> None:
    with pytest.raises(InputError, match=said):
        opened(xlsb(*cells))


@pytest.mark.parametrize("data", [b"\x85", b"\x85\x01", b"\x05\x80", b"\x05", b"\x05\x02\x01", b"\x05\xff\xff\xff\xff"])
def test_xlsb_records_that_never_end(data: bytes) -> None:
    from pbm_cli.workbook.xlsb import _records

    with pytest.raises(InputError, match="不完整"):
        list(_records(iter([data])))


def test_xlsb_text_of_nothing_and_cut_text() -> None:
    from pbm_cli.workbook.xlsb import _wide_text

    assert _wide_text(b"\xff\xff\xff\xff", 0) == ("", 4)
    with pytest.raises(InputError, match="文字不完整"):
        _wide_text(b"\1\0", 0)


# ---- ods、XML 表格、网页 ----


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('o:value-type="boolean" o:boolean-value="true"', True), ('o:value-type="boolean" o:boolean-value="0"', False),
        ('o:value-type="time" o:time-value="PT1H30M05.5S"', dt.timedelta(hours=1, minutes=30, seconds=5.5)),
        ('o:value-type="time" o:time-value="-P2DT3H"', -dt.timedelta(days=2, hours=3)),
        ('o:value-type="time" o:time-value="半天"', "半天"), ('o:value-type="date" o:date-value="昨天"', "昨天"),
        ('o:value-type="date" o:date-value="2023-01-05T08:30:00"', dt.datetime(2023, 1, 5, 8, 30)),
        ('o:value-type="date" o:date-value="2023-01-05"', dt.date(2023, 1, 5)), ('o:value-type="别的"', "字"),
        ('o:value-type="string" o:string-value="值"', "字"), ("", "字"), ('o:value-type="currency" o:value="5"', 5.0),
        ('t:formula="of:=A1"', "字"), ('o:value-type="percentage" o:value="0.5"', {"p": 0.5}),
    ],
)  # fmt: skip
def test_kinds_of_cells_in_ods(cell: str, value: object) -> None:
    assert rows(ods(f"<t:table-row><t:table-cell {cell}><x:p>字</x:p></t:table-cell></t:table-row>")) == [[value]]


def test_text_inside_an_ods_cell_keeps_tabs_and_breaks_but_not_notes() -> None:
    inside = "甲<x:tab/>乙<x:line-break/>丙<x:s/><x:span>丁</x:span><o:annotation><x:p>注</x:p></o:annotation>戊"
    row = f"<t:table-row><t:shapes/><t:table-cell><x:p>{inside}</x:p><o:annotation/></t:table-cell></t:table-row>"
    assert rows(ods(row)) == [["甲\t乙\n丙 丁戊"]]
    with pytest.raises(InputError, match="写坏了"):
        opened(ods('<t:table-row><t:table-cell o:value-type="float" o:value="五"/></t:table-row>'))


def test_ods_hidden_rows_blank_ends_and_macros() -> None:
    row = '<t:table-row t:visibility="filter"><t:table-cell/></t:table-row><t:other/>'
    found, marks = opened(ods(row))
    assert (len(found), marks.hidden_rows) == (3, {3})
    assert recognise(ods("", before="<t:style/><t:other/>"), "表", LIMITS)[1].remarks == []


CELLS = (
    ('<Cell><Data s:Type="Boolean">1</Data></Cell>', True), ('<Cell><Data s:Type="Boolean">0</Data></Cell>', False),
    ('<Cell><Data s:Type="DateTime">2023-12-31T00:00:00.000</Data></Cell>', dt.date(2023, 12, 31)),
    ('<Cell><Data s:Type="DateTime">2023-12-31T08:30:00.000</Data></Cell>', dt.datetime(2023, 12, 31, 8, 30)),
    ('<Cell><Data s:Type="DateTime">1899-12-31T08:30:00.000</Data></Cell>', dt.time(8, 30)),
    ('<Cell><Data s:Type="DateTime">昨天</Data></Cell>', "昨天"), ('<Cell><Data s:Type="Error">#REF!</Data></Cell>', {"e": "#REF!"}),
    ('<Cell s:Formula="=A1"><Data s:Type="Number"></Data></Cell>', {"f": "A1"}),
)  # fmt: skip


@pytest.mark.parametrize(("cell", "value"), CELLS)
def test_kinds_of_cells_in_an_xml_book(cell: str, value: object) -> None:
    assert rows(xmlss(f"<Row><Comment/>{cell}</Row>")) == [[value]]


def test_an_xml_book_with_styles_hidden_parts_and_nothing_else() -> None:
    styles = (
        '<Styles><Style s:ID="p"><Alignment/><NumberFormat s:Format="Percent"/></Style>'
        '<Style s:ID="q" s:Parent="p"/><Style s:ID="r" s:Parent="p"><NumberFormat s:Format="0"/></Style></Styles>'
    )
    more = (
        '<Column s:Index="2" s:Hidden="1" s:Span="1"/><Row s:Hidden="1" s:StyleID="q">'
        '<Cell><Data s:Type="Number">0.5</Data></Cell><Cell s:StyleID="r"><Data s:Type="Number">2</Data></Cell></Row><Row/>'
    )
    text = xmlss(more).decode().replace("<Worksheet", f"{styles}<Worksheet", 1)
    text = text.replace("</Table>", "</Table><WorksheetOptions><Visible>SheetHidden</Visible></WorksheetOptions>")
    found, marks = opened(text.encode())
    assert found[3:] == [[{"p": 0.5}, 2.0]]
    assert (marks.hidden, marks.hidden_rows, marks.hidden_columns) == (True, {3}, {1, 2})
    with pytest.raises(InputError, match="写坏了"):
        opened(xmlss('<Row><Cell><Data s:Type="Number">五</Data></Cell></Row>'))
    with pytest.raises(InputError, match="DOCTYPE"):
        opened(xmlss().replace(b"<Workbook", b"<!DOCTYPE x><Workbook", 1))


def test_web_pages_in_parts_nested_and_hidden() -> None:
    more = (
        '<thead><tr hidden><th>甲</th><td rowspan="0">乙<table><tr><td>里</td></tr></table><p>丙</p></td></tr></thead>'
        '<tfoot><td>散</td><tr style="display: none"><script>1</script><td colspan="x">丁</td></tr></tfoot><caption>题</caption>'
    )
    book = HtmlBook(html(more), "表", LIMITS)
    sheet = next(iter(book.sheets()))
    found = list(sheet.rows)
    assert found[3:] == [["甲", "乙\n丙"], ["丁"]]
    assert sheet.marks.hidden_rows == {3, 4}
    for data, said in (
        (b"<html><frameset><frame src=x></frameset></html>", "分成几个文件"),
        (b"<html><p>1</p></html>", "没有两行以上的表格"),
        (b"<!-- -->", "网页"),
        (b"<table>" + b"<tr><td>1" * 3 + b"<div>" * 400 + b"</table>", "嵌套得太深|网页"),
    ):
        with pytest.raises(InputError, match=said):
            HtmlBook(data, "表", LIMITS)
    two = "<table><tr><td>1<tr><td>2</table>"
    with pytest.raises(InputError, match="超过 1 个"):
        HtmlBook((two * 2).encode(), "表", Limits(sheets=1))
    names = [sheet.name for sheet in HtmlBook((two * 2).encode(), "表", LIMITS).sheets()]
    assert names == ["表1", "表2"]


# ---- xlsx ----


def scan(part: str, **terms: Any) -> SheetScan:
    found = SheetScan(frozenset({1}), Limits(**terms), recalculates=False)
    found.run(iter([part.encode()]))
    return found


def test_sheet_parts_in_odd_shapes() -> None:
    assert scan("<worksheet/>").cells == 0
    assert scan("<worksheet><sheetData/></worksheet>").cells == 0
    with pytest.raises(InputError, match="不是工作表"):
        scan("<别的/>")
    plain = scan("<worksheet><sheetData><row><c><v>1</v></c><c r='ZZZZ9'><v>2</v></c></row></sheetData></worksheet>")
    assert plain.cells == 2
    hidden = scan(
        '<worksheet><sheetData><row hidden="1"><c><v>1</v></c></row><row r="3" hidden="true"/></sheetData></worksheet>'
    )
    assert hidden.marks.hidden_rows == {0, 2}
    said = '<worksheet><sheetData><!-- <c r=\'A9\'/> --><row r="1"><c r="A1" t="e"><v>#新&lt;!</v></c></row></sheetData></worksheet>'
    assert scan(said).strange_errors == {"#新<!"}
    with pytest.raises(InputError, match="单元格超过"):
        scan("<worksheet><sheetData><row><c/><c/></row></sheetData></worksheet>", cells=1)
    with pytest.raises(InputError, match="列数超过 30 列"):
        scan("<worksheet><sheetData><row r='1'><c r='AF1'><v>1</v></c></row></sheetData></worksheet>", columns=30)


def test_rows_that_are_cut_by_the_blocks_are_put_together() -> None:
    rows_ = "".join(f'<row r="{n}"><c r="A{n}" s="1"><v>0.5</v></c></row>' for n in range(1, 9))
    text = f"<worksheet><sheetData>{rows_}</sheetData><x/></worksheet>".encode()
    for size in (1, 7, 40, 200):
        found = SheetScan(frozenset({1}), LIMITS, recalculates=False)
        found.run(text[at : at + size] for at in range(0, len(text), size))
        assert found.marks.percent == {row: [0] for row in range(8)}
    open_ended = SheetScan(frozenset({1}), LIMITS, recalculates=False)
    open_ended.run(iter([text[:200]]))
    assert open_ended.marks.percent[0] == [0]


def test_a_row_or_a_head_that_never_ends_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pbm_cli.workbook.sheet_xml._ROW_BYTES", 100)
    with pytest.raises(InputError, match="没有数据区"):
        scan("<worksheet>" + " " * 200)
    found = SheetScan(frozenset(), LIMITS, recalculates=False)
    with pytest.raises(InputError, match="有一行过长"):
        found.run(iter([b"<worksheet><sheetData>", b'<row r="1">' + b" " * 50, b" " * 100, b" " * 100]))


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (Limits(part_bytes=10), "解压后超过"), (Limits(unpacked_bytes=1000), "解压后总共超过|超过"), (Limits(entries=2), "部件"),
        (Limits(shared_string_bytes=10), "共享文字超过"), (Limits(sheets=0), "张工作表，超过 0 张"),
    ],
)  # fmt: skip
def test_packages_over_a_limit_are_refused(limits: Limits, said: str) -> None:
    with pytest.raises(InputError, match=said):
        opened(xlsx(), limits)


def test_a_part_larger_than_asked_for_is_refused() -> None:
    archive = Archive(xlsx(), LIMITS)
    name = next(name for name in archive.names() if name.endswith("sheet1.xml"))
    assert archive.read(name)
    with pytest.raises(InputError, match="超过"):
        archive.read(name, at_most=10)


# ---- 编码、流、记号、值 ----


def test_an_encoding_the_file_declares_is_believed() -> None:
    assert decode("項目".encode("cp950"), "Big5") == "項目"
    assert decode("项目".encode("gb18030"), "GB2312") == "项目"
    with pytest.raises(InputError, match="第 2 行有损坏的 UTF-8"):
        decode("甲\n".encode() + b"\xff\xfe\xfd", "utf-8")


def test_lines_of_two_encodings_are_refused_by_the_line() -> None:
    mixed = "项目名称甲乙丙\r\n".encode("gb18030") + "预算执行情况".encode() + "\n乙".encode("gb18030")
    with pytest.raises(InputError, match="第 2 行是 UTF-8"):
        decode(mixed * 1 + "丙丁戊己".encode("gb18030") * 40)


def test_a_stream_of_blocks_is_read_in_any_size() -> None:
    stream = ChunkStream(iter([b"", b"abc", b"de"]))
    assert [stream.read(2), stream.read(), stream.read(9), stream.read(), stream.read(1)] == [
        b"ab",
        b"c",
        b"de",
        b"",
        b"",
    ]


def test_marks_are_laid_beyond_the_rows_and_only_on_numbers() -> None:
    marks = Marks()
    marks.percentage(0, 0)
    marks.percentage(0, 1)
    marks.percentage(0, 9)
    marks.percentage(0, 2)
    marks.error(2, 1, "#REF!")
    found = list(marks.applied(iter([[0.5, "甲", True]])))
    assert found == [[0.5, "甲", True], [], [None, {"e": "#REF!"}]]
    assert [type(cell).__name__ for cell in found[0]] == ["Percentage", "str", "bool"]


def test_a_root_has_nothing_before_it_to_throw_away() -> None:
    root = parse(b"<a><b/><c/></a>", "x")
    discard(root[1])
    assert [child.tag for child in root] == ["c"]
    discard(root)
    assert len(root) == 0


def test_a_value_that_cannot_cross_is_a_mistake_of_the_program() -> None:
    assert encode_special(dt.timedelta(hours=1)) == {"td": 3600.0}
    with pytest.raises(TypeError, match="object cannot be a cell"):
        encode_special(object())


def test_failures_of_the_value_reader_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"阅读器说|结构不合规范"):
        values.Values(io.BytesIO(b"PK\3\4nothing"))
    assert "密码" in values._failure(calamine.PasswordError("x"), "表").message
    assert "结构不合规范" in values._failure(ValueError("Cannot detect file format"), "").message

    def broken() -> Any:
        yield ["甲"]
        raise ValueError("断了")

    sheet = SimpleNamespace(start=(0, 1), iter_rows=broken)
    with pytest.raises(InputError, match="工作表“表”读不出来，阅读器说：断了"):
        list(values._rows(sheet, "表"))  # type: ignore[arg-type]
    empty = SimpleNamespace(start=None, merged_cell_ranges=None, iter_rows=lambda: iter(()))
    stand_in: Any = object.__new__(values.Values)
    stand_in._loaded, stand_in._book = {}, SimpleNamespace(get_sheet_by_index=lambda index: empty)
    marks = Marks()
    assert list(values.Values.sheet(stand_in, 0, marks, "表").rows) == []
    marks.valued = True
    with pytest.raises(InputError, match="一个单元格也读不出来"):
        values.Values.sheet(stand_in, 0, marks, "表")


# ---- 找文件、几个阅读器 ----


def test_a_folder_or_a_csv_that_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: object, **terms: Any) -> Any:
        terms["onerror"](PermissionError(13, "不许", str(path)))

    with monkeypatch.context() as patch:
        patch.setattr(os, "walk", refused)
        with pytest.raises(InputError, match="没有权限打开这个文件夹"):
            search.find_workbooks([tmp_path])
    (tmp_path / "甲.csv").mkdir()
    assert not search.written_by_pbm(tmp_path / "甲.csv")
    own = tmp_path / "乙.csv"
    own.write_text("\ufeff单位,出处\n", encoding="utf-8")
    assert search.written_by_pbm(own)

    def denied(path: Path, mode: str) -> Any:
        raise PermissionError(13, "不许", str(path))

    monkeypatch.setattr(Path, "open", denied)
    assert not search.written_by_pbm(own)


def test_cores_where_nobody_tells_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert readers.cores() == 1
    assert size_of(tmp_path / "没有") == 0


def test_a_reader_that_cannot_start_is_said(tmp_path: Path) -> None:
    path = tmp_path / "甲.csv"
    path.write_text("甲,乙\n1,2\n", encoding="utf-8")
    with Reader(_command=(str(tmp_path / "没有这个程序"),)) as reader:
        reader.begin([path])
        with pytest.raises(InputError, match="读取程序启动不了"):
            reader.read(path, "甲.csv")


# ---- 子进程这边 ----


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, list[Any]]]:
    """在本进程里运行子进程的 main：交代几句，收回它的话。"""

    def run(*said: object, **limits: Any) -> tuple[int, list[Any]]:
        source, target = io.BytesIO(), io.BytesIO()
        for one in said:
            write_frame(source, one if isinstance(one, bytes) else encode_json(one))  # type: ignore[arg-type]
        source.seek(0)
        monkeypatch.setattr(reading, "limit_memory", lambda size: None)
        monkeypatch.setattr(gc, "set_threshold", lambda count: None)
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=source))
        monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=target))
        code = reading.main()
        target.seek(0)
        frames = []
        while (payload := read_frame(target)) is not None:
            frames.append(payload if payload[:1] in (b"R", b"J") else json.loads(payload))
        return code, frames

    return run


def request(path: Path) -> dict[str, object]:
    return {"path": str(path), "stem": path.stem}


def test_the_child_answers_each_file_and_ends_with_its_parent(answer: Any, tmp_path: Path) -> None:
    path = tmp_path / "甲.csv"
    path.write_text("甲,乙\n1,2\n", encoding="utf-8")
    assert answer() == (0, [])
    code, frames = answer({}, request(path), request(tmp_path / "没有.csv"), request(tmp_path))
    assert code == 0
    assert [one["kind"] for one in frames if isinstance(one, dict)] == [
        "ready", "sheet", "end", "done", "refused", "refused",
    ]  # fmt: skip
    assert "不见了" in frames[-2]["message"]
    assert "文件夹" in frames[-1]["message"]
    wrongs: tuple[tuple[object, ...], ...] = ((b"[1]",), ({}, b"[1]"))
    for wrong in wrongs:
        with pytest.raises(BrokenFrameError, match="expected"):
            answer(*wrong)


class PanicException(BaseException):
    """与 pyo3 的同名。"""


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (RecursionError(), 0, "嵌套得太深"), (MemoryError(), 1, "内存超过"), (PanicException(), 1, "文件已损坏"),
        (PermissionError(13, "不许"), 0, "没有权限"), (OSError(5, "坏道"), 0, "读取失败（坏道）"), (OSError(), 0, "读取失败"),
    ],
)  # fmt: skip
def test_what_the_child_says_of_each_failure(
    answer: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: BaseException, code: int, said: str
) -> None:
    path = tmp_path / "甲.csv"
    path.write_text("甲,乙\n1,2\n", encoding="utf-8")

    def fail(*given: object, **more: object) -> Any:
        raise error

    monkeypatch.setattr(*((os, "stat", fail) if isinstance(error, OSError) else (reading, "recognise", fail)))
    found, frames = answer({}, request(path))
    monkeypatch.undo()
    assert found == code
    assert said in frames[-1]["message"]


def test_a_mistake_of_the_program_ends_the_child(answer: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "甲.csv"
    path.write_text("甲,乙\n1,2\n", encoding="utf-8")

    def fail(*given: object, **more: object) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(reading, "recognise", fail)
    with pytest.raises(ZeroDivisionError):
        answer({}, request(path))


def test_a_file_that_changes_while_it_is_read(answer: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "甲.csv"
    path.write_text("甲,乙\n1,2\n", encoding="utf-8")
    real = os.fstat

    def later(number: int) -> Any:
        found = real(number)
        return SimpleNamespace(st_mtime_ns=found.st_mtime_ns + 1, st_size=found.st_size)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", later)
        _, frames = answer({}, request(path))
    assert "正在被改动" in frames[-1]["message"]


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"file_bytes": 3}, "超过"), ({"columns": 1}, "列数超过 1 列"), ({"cells": 3}, "单元格超过"), ({"sheets": 0}, "工作表超过 0 张"),
    ],
)  # fmt: skip
def test_limits_the_child_keeps(answer: Any, tmp_path: Path, limits: dict[str, int], said: str) -> None:
    path = tmp_path / "甲.csv"
    path.write_text("甲,乙\n1,2\n", encoding="utf-8")
    _, frames = answer(limits, request(path))
    assert said in frames[-1]["message"]


def test_rows_too_wide_and_books_without_sheets(monkeypatch: pytest.MonkeyPatch) -> None:
    from pbm_cli.workbook.marks import RawSheet

    target = io.BytesIO()
    with pytest.raises(InputError, match="的 B1 有内容，列数超过 1 列"):
        reading._send_rows(RawSheet("表", iter([[1, 2]]), Marks()), 0, Limits(columns=1), target)
    monkeypatch.setattr(reading, "_FRAME_BYTES", 60)
    reading._send([["甲" * 5], ["乙" * 5], ["丙" * 5]], target)
    with pytest.raises(InputError, match="有一行的文字超过"):
        reading._send([["甲" * 100]], target)
    monkeypatch.setattr(reading, "_content", lambda path, limits: b"x")
    monkeypatch.setattr(
        reading, "recognise", lambda *given, **more: ("xlsx", SimpleNamespace(sheets=lambda: iter(()), remarks=[]))
    )
    with pytest.raises(InputError, match="里面没有工作表"):
        reading._read("甲", "甲", LIMITS, target)


def test_memory_is_given_back_only_after_large_files(monkeypatch: pytest.MonkeyPatch) -> None:
    trimmed: list[int] = []
    library = SimpleNamespace(malloc_trim=trimmed.append)
    monkeypatch.setattr("ctypes.CDLL", lambda name: library)
    monkeypatch.setattr(sys, "platform", "linux")
    for held, times in ((10, 0), (500 * MIB, 1)):
        monkeypatch.setattr(reading, "_resident_bytes", lambda held=held: held)
        reading._give_back()
        assert len(trimmed) == times
    library = SimpleNamespace()
    reading._give_back()
    monkeypatch.undo()
    monkeypatch.setattr("builtins.open", lambda *given: io.BytesIO(b""))
    assert reading._resident_bytes() == 0


def test_frames_too_large_or_cut_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pbm_cli.workbook.protocol.FRAME_BYTES", 3)
    with pytest.raises(BrokenFrameError, match="frame of 4 bytes"):
        write_frame(io.BytesIO(), b"abcd")
    for data, said in (
        (b"\0\0", "truncated length"),
        (b"\0\0\0\4abcd", "frame of 4"),
        (b"\0\0\0\2a", "truncated frame"),
    ):
        with pytest.raises(BrokenFrameError, match=said):
            read_frame(io.BytesIO(data))


def test_a_sheet_that_is_not_there_is_refused() -> None:
    assert sheet_part()
    with pytest.raises(InputError):
        opened(xlsx({"xl/worksheets/sheet1.xml": None}))


# ---- 还有几处很少走到的 ----


def rezipped(data: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return target.getvalue()


def test_a_chart_inside_an_old_sheet_is_passed_over() -> None:
    chart = (
        biff(0x809, struct.pack("<HH", 0x600, 0x20)) + biff(0x203, struct.pack("<HHH", 7, 7, 1) + bytes(8)) + biff(0x0A)
    )
    marks = Biff(old_stream(chart, biff(0x203, struct.pack("<HHH", 0, 0, 1) + bytes(8)))).marks[0]
    assert marks.percent == {0: [0]}


def test_small_streams_of_a_compound_file_are_put_together() -> None:
    data = bytearray(512 * 5)
    data[:512] = compound_head()[:512]
    struct.pack_into("<I", data, 48, 1)
    struct.pack_into("<I", data, 60, 2)
    struct.pack_into("<I", data, 76, 0)
    struct.pack_into("<128I", data, 512, 0xFFFFFFFD, 0xFFFFFFFE, 0xFFFFFFFE, 0xFFFFFFFE, *[0xFFFFFFFF] * 124)
    for at, (name, kind, first, size) in enumerate((("Root Entry", 5, 3, 128), ("Book", 2, 1, 100))):
        raw = name.encode("utf-16-le")
        item = (
            raw.ljust(64, b"\0")
            + struct.pack("<HBB", len(raw) + 2, kind, 1)
            + bytes(48)
            + struct.pack("<IQ", first, size)
        )
        data[1024 + 128 * at : 1152 + 128 * at] = item
    struct.pack_into("<128I", data, 1536, 0xFFFFFFFE, 0, *[0xFFFFFFFF] * 126)
    data[2048:2112], data[2112:2176] = b"b" * 64, b"a" * 64
    found = Compound(bytes(data))
    assert found.read("book") == b"a" * 64 + b"b" * 36
    assert found.places("book", (0, 70)) == [2048 + 64, 2048 + 6]


def test_packages_cut_or_listed_wrong_are_refused() -> None:
    data = xlsx()
    with pytest.raises(InputError):
        opened(data[: len(data) // 2])
    whole = bytearray(data)
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        first = packed.infolist()[0]
    directory = whole.rfind(b"PK\1\2" + bytes(whole[whole.find(b"PK\1\2") + 4 : whole.find(b"PK\1\2") + 46]))
    assert directory > 0
    struct.pack_into("<I", whole, directory + 20, len(data) * 2)
    with pytest.raises(InputError, match=r"截断|重叠|损坏"):
        Archive(bytes(whole), LIMITS)
    assert first.filename


def test_a_part_whose_compression_breaks_off_is_refused() -> None:
    from pbm_cli.workbook.archive import _blocks

    whole = zlib.compress(b"x" * 5000)[2:-4]
    assert b"".join(_blocks(memoryview(whole), zipfile.ZIP_DEFLATED, "甲")) == b"x" * 5000
    with pytest.raises(InputError, match="被截断"):
        list(_blocks(memoryview(whole[: len(whole) // 2]), zipfile.ZIP_DEFLATED, "甲"))


def test_text_with_a_null_character_goes_the_slow_way() -> None:
    sent: list[list[object]] = [[f"甲{number}\0乙"] for number in range(99)]
    assert decode_rows(encode_rows(sent))[0] == sent
    assert decode_rows(encode_rows([["甲", ""], ["", "乙"]]))[0] == [["甲"], [None, "乙"]]


def test_bytes_that_only_look_like_another_encoding_are_let_be() -> None:
    looks = "预算执行".encode() + b"\xb2\xe2"
    with pytest.raises(InputError):
        decode("正文".encode("gb18030") * 60 + b"\n" + looks + b"\n" + "预算执行".encode() + b"\n")


def test_a_formula_in_a_csv_is_text_and_a_guard_is_not() -> None:
    assert opened('甲,乙\n=A1+1,="0012"\n丙,丁\n'.encode())[0][1] == ["=A1+1", "0012"]


@pytest.mark.parametrize(("error", "said"), [("ParserError", "网页是空的"), ("XMLSyntaxError", "网页写坏了")])
def test_a_web_page_the_parser_gives_up(monkeypatch: pytest.MonkeyPatch, error: str, said: str) -> None:
    from lxml import etree

    raised = etree.ParserError("x") if error == "ParserError" else etree.XMLSyntaxError("x", 1, 1, 1)

    def fail(*given: object, **more: object) -> Any:
        raise raised

    monkeypatch.setattr(etree, "fromstring", fail)
    with pytest.raises(InputError, match=said):
        HtmlBook(html(), "表", LIMITS)


def test_cells_that_reach_down_push_the_next_row_aside() -> None:
    page = b"<table><tr><td rowspan=2>1<td>2<tr><td>3<tr><td>4<td>5</table>"
    assert opened(page)[0] == [["1", "2"], [None, "3"], ["4", "5"]]


def test_ods_macros_styles_and_computed_numbers() -> None:
    styles = '<t:style><t:table-properties t:display="true"/></t:style>'
    cell = '<t:table-row><t:table-cell t:formula="of:=1+1" o:value-type="float" o:value="2"/></t:table-row>'
    data = ods(cell, before=styles)
    assert opened(data)[0][3:] == [[2.0]]
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
        new.writestr("Basic/Standard/Module1.xml", "<x/>")
    assert recognise(target.getvalue(), "表", LIMITS)[1].remarks == ["工作簿含有宏，pbm 不运行宏"]


def test_an_xml_book_whose_columns_are_shown() -> None:
    assert opened(xmlss('<Column s:Index="2"/>'))[1].hidden_columns == set()


def test_xlsb_listing_dates_and_lost_sheets(monkeypatch: pytest.MonkeyPatch) -> None:
    good = xlsb(xlsb_row(0), xlsb_cell(5, 0, 0, struct.pack("<d", 1)))
    dated = rezipped(
        good, lambda name, held: held.replace(flat(157, bytes(26)), flat(153, b"\1" + bytes(11)) + flat(157, bytes(26)))
    )
    assert "1904" in recognise(dated, "表", LIMITS)[1].remarks[0]
    with pytest.raises(InputError, match="超过 0 张"):
        opened(good, Limits(sheets=0))
    chart = rezipped(good, lambda name, held: held.replace(b'/worksheet"', b'/chartsheet"'))
    assert opened(chart)[1].valued is False
    for data in (good, xlsx()):
        with monkeypatch.context() as patch:
            patch.setattr(values.Values, "names", lambda self: [])
            with pytest.raises(InputError, match="名单对不上"):
                opened(data)


def test_xlsx_formats_of_its_own_show_percent() -> None:
    from pbm_cli.workbook.xlsx import _percent_styles

    styles = (
        b'<styleSheet><numFmts><numFmt numFmtId="164" formatCode="0.0%"/><numFmt numFmtId="x" formatCode="0%"/>'
        b'<numFmt numFmtId="165" formatCode="0"/></numFmts><cellXfs><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="y"/></cellXfs></styleSheet>'
    )

    class Parts:
        def __contains__(self, name: str) -> bool:
            return True

        def read(self, name: str) -> bytes:
            return styles

    assert _percent_styles(Parts(), {}) == {0}  # type: ignore[arg-type]


def test_sheet_parts_shown_columns_far_letters_and_rows_in_disguise() -> None:
    shown = scan(
        '<worksheet><cols><col min="1" max="2"/><col min="3" max="3" hidden="1"/></cols><sheetData/></worksheet>'
    )
    assert shown.marks.hidden_columns == {2}
    mixed = scan(
        '<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row><row spans="1"><c r="A2"><v>1</v></c></row></sheetData></worksheet>'
    )
    assert mixed.cells == 2
    nowhere = SheetScan(frozenset(), LIMITS, recalculates=False)
    nowhere._judge(-1, 0, {}, b"")
    assert nowhere.marks.special == {}
    far = scan(
        '<worksheet><sheetData><row r="1"><c r="A1"><f>r="ZZ"</f><v>1</v></c><c r="AA1"><v>1</v></c></row></sheetData></worksheet>',
        columns=703,
    )
    assert far.cells == 2
    disguised = scan('<worksheet><sheetData><row r="1"><c r="A1B2"><v>1</v></c></row></sheetData></worksheet>')
    assert disguised.cells == 1
    with pytest.raises(InputError, match="BA1 有内容，列数超过 51 列"):
        scan('<worksheet><sheetData><row r="1"><c r="BA1"><v>1</v></c></row></sheetData></worksheet>', columns=51)


def test_a_reader_gives_up_a_child_in_the_middle_and_one_that_never_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, other = tmp_path / "甲.csv", tmp_path / "乙.csv"
    for one in (path, other):
        one.write_text("甲,乙\n1,2\n", encoding="utf-8")
    with Reader() as reader:
        reader.ahead(path)
        reader.ahead(other)
        assert reader._child is not None
        assert reader._child.asked == path
        with monkeypatch.context() as patch:
            patch.setattr(
                "pbm_cli.workbook.reader._Assembly.take", lambda *given: (_ for _ in ()).throw(KeyboardInterrupt)
            )
            with pytest.raises(KeyboardInterrupt):
                reader.read(path, "甲.csv")
        assert reader._child is None
        assert reader.read(other, "乙.csv").sheets[0].rows[1] == ["1", "2"]
    with (
        Reader(_command=(sys.executable, "-c", "raise SystemExit(3)")) as reader,
        pytest.raises(InputError, match="没有启动起来"),
    ):
        reader.read(path, "甲.csv")


def test_a_pipe_that_closed_is_a_child_that_died(tmp_path: Path) -> None:
    path = tmp_path / "甲.csv"
    path.write_text("甲,乙\n1,2\n", encoding="utf-8")
    with Reader() as reader:
        reader.read(path, "甲.csv")
        child = reader._child
        assert child is not None
        assert child.process.stdin is not None
        child.process.kill()
        child.process.wait()
        with pytest.raises(_DiedError):
            child.ask({"path": "x" * 10_000_000, "stem": ""})

"""别的阅读器收集的文件里见过的写法：早期的 xls、嵌着的文件、代码页、长的公式结果、宏模块、LibreOffice 的宏与错误值。"""

from __future__ import annotations

import datetime as dt
import io
import os
import struct
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import xlwt

from bad.oddbooks import FIRST, sheets
from bad.oldbooks import early, ods_changed, records, xls
from bad.packages import ROWS, SHEET, Entry, book, packed, sheet
from conftest import ReadBytes, RunPbm
from pbm_cli.cells import ErrorCell, Percentage, UnvaluedCell, Workbook
from pbm_cli.errors import InputError

FREE, LAST, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
TABLE = [["项目名称", "申报金额（万元）", "审定金额（万元）"], ["甲渠", 100, 80], ["乙路", 50, 50]]
CALC = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"
AMOUNT = '<t:table-cell o:value-type="float" o:value="100"><x:p>100</x:p>'
MODULE = '<!DOCTYPE script:module PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "module.dtd">'
Read = Callable[[bytes], Workbook]


@pytest.fixture
def read(read_bytes: ReadBytes) -> Read:
    return partial(read_bytes, "收.xls")


def biff(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def early_page(*cells: bytes, version: int = 5, what: int = 0x10) -> bytes:
    """没有外壳的一张表：样式 1 是百分比，2 是日期，3 是时间。"""
    head = biff(0x809 if version == 5 else 0x409, struct.pack("<HHI", version << 8, what, 0))
    for number, code in enumerate((b"General", b"0.0%", b"yyyy/m/d", b"h:mm")):
        head += biff(0x41E, struct.pack("<HB", number, len(code)) + code)
        head += biff(0xE0, struct.pack("<HH", 0, number)) if version == 5 else biff(0x443, bytes([0, number, 0, 0]))
    return head + b"".join(cells) + biff(0x0A)


def number(row: int, column: int, style: int, value: float) -> bytes:
    return biff(0x203, struct.pack("<HHHd", row, column, style, value))


@pytest.mark.parametrize("version", [4, 5])
def test_the_values_of_an_early_book(read: Read, version: int) -> None:
    formula = 0x06 if version == 5 else 0x406
    tail = struct.pack("<HI", 0, 0)
    page = early_page(
        number(0, 0, 0, 1.5), number(0, 1, 1, 0.25), number(0, 2, 2, 45291), number(0, 3, 2, 45291.5),
        number(0, 4, 3, 0.5), number(0, 5, 2, 1e12), biff(0x27E, struct.pack("<HHHI", 1, 0, 0, (7 << 2) | 2)),
        biff(0x205, struct.pack("<HHHBB", 1, 1, 0, 1, 0)), biff(0x205, struct.pack("<HHHBB", 1, 2, 0, 0x2A, 1)),
        biff(formula, struct.pack("<HHHd", 1, 3, 1, 0.5) + tail),
        biff(formula, struct.pack("<HHH", 1, 4, 0) + b"\0\0\0\0\0\0\xff\xff" + tail),
        biff(0x207, struct.pack("<H", 4) + "文字".encode("gbk")),
        biff(formula, struct.pack("<HHH", 1, 5, 0) + bytes(8) + struct.pack("<HI", 2, 0)),
        biff(formula, struct.pack("<HHH", 1, 6, 0) + b"\2\0\x07\0\0\0\xff\xff" + tail),
        biff(formula, struct.pack("<HHH", 1, 7, 0) + b"\1\0\1\0\0\0\xff\xff" + tail),
        biff(0xBD, struct.pack("<HHHIHIH", 3, 1, 0, (3 << 2) | 2, 1, (100 << 2) | 3, 2)),
        biff(0x208, struct.pack("<HHHHHHHH", 3, 0, 9, 0, 0, 0, 0x20, 0)),
        biff(0x7D, struct.pack("<HHHHH", 1, 1, 0, 0, 1)),
        version=version,
    )  # fmt: skip
    (sheet,) = read(page).sheets
    moment = dt.datetime(2023, 12, 31, 12)
    assert sheet.name == "收"
    assert sheet.rows[0] == [1.5, Percentage(0.25), dt.date(2023, 12, 31), moment, dt.time(12), 1e12]
    assert isinstance(sheet.rows[0][1], Percentage)
    assert sheet.rows[1] == [7, True, "#N/A", Percentage(0.5), "文字", "", "#DIV/0!", True]
    assert [type(cell) for cell in sheet.rows[1]][5:7] == [UnvaluedCell, ErrorCell]
    assert sheet.rows[2:] == [[], [None, 3, Percentage(1)]]
    assert (set(sheet.hidden_rows), set(sheet.hidden_columns)) == ({3}, {1})


@pytest.mark.parametrize("version", [2, 3, 4, 5])
def test_an_early_book_without_a_code_page_is_gbk(read: Read, version: int) -> None:
    assert read(early(version)).sheets[0].rows == TABLE


def test_an_early_book_of_an_office_before_1997_is_read_out_of_its_shell(read: Read) -> None:
    assert read(early(5, wrapped=True)).sheets[0].rows == TABLE


def test_an_exporter_that_writes_no_version_is_read(read: Read) -> None:
    """老系统照着网上的几行程序写的：版本写 0，类型未必写对。"""
    text = "甲渠".encode("gbk")
    label = biff(0x204, struct.pack("<HHHH", 1, 0, 0, len(text)) + text)
    stream = struct.pack("<6H", 0x809, 8, 0, 0x1000, 0, 0) + label + number(1, 1, 0, 8) + biff(0x0A)
    assert read(stream).sheets[0].rows == [[], ["甲渠", 8]]


def test_the_sheets_of_an_early_workbook_are_listed_and_macro_sheets_are_named(read: Read) -> None:
    pages = [early_page(number(0, 0, 0, 7)), early_page(number(0, 0, 0, 8), what=0x40)]
    names = [text.encode("gbk") for text in ("评估", "宏")]
    size = sum(4 + 7 + len(name) for name in names)
    start = 4 + 8 + size + (4 + 2) * 2 + 4
    head = biff(0x809, struct.pack("<HHI", 0x500, 5, 0)) + biff(0x42, struct.pack("<H", 936)) + biff(0x22, b"\1\0")
    for page, name, state in zip(pages, names, (1, 0), strict=True):
        head += biff(0x85, struct.pack("<IBBB", start, state, 0, len(name)) + name)
        start += len(page)
    book = read(head + biff(0x0A) + b"".join(pages))
    assert [(sheet.name, sheet.hidden, sheet.rows) for sheet in book.sheets] == [("评估", True, [[7]])]
    assert "1904" in book.remarks[0]
    assert "“宏”不是数据表" in book.remarks[1]


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        (early_page(biff(0x203, bytes(9))), "单元格写坏了"), (early_page(biff(0x204, bytes(7))), "单元格写坏了"),
        (early_page(number(0, 256, 0, 1)), "单元格写坏了"), (early_page()[:-6], "没有结束就断了"),
        (early_page(biff(0x204, struct.pack("<HHHH", 0, 0, 0, 9))), "单元格写坏了"), (early_page(biff(0x2F)), "密码"),
        (early_page(biff(0x85, struct.pack("<IBBB", 3, 0, 0, 1) + b"a")), "位置写坏了"),
    ],
)  # fmt: skip
def test_early_books_written_wrong_are_refused(read: Read, stream: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(stream)


def stream_of(data: bytes) -> bytes:
    """xlwt 写的 Workbook 流（从 512 起连着放）。"""
    place, _, length = records(data)[-1]
    return data[512 : place + 4 + length]


def embedding(*inner: str) -> bytes:
    """嵌着别的文件的 xls：目录里嵌着的排在前面，内容是一段废话；外面的是真的工作簿。"""
    stream = stream_of(xls()).ljust(4096, b"\0")
    names = [("Root Entry", 5, LAST, 0), *((name, 2, 3, 4096) for name in inner), ("MBD01", 1, 0, 0)]
    names.append(("Workbook", 2, 11, len(stream)))
    outer, deep = len(names) - 1, len(names) - 2
    down = {0: outer, deep: 1}
    beside = {outer: deep, **{index: index + 1 for index in range(1, len(inner))}}
    directory = b""
    for index, (name, kind, first, size) in enumerate(names):
        raw = name.encode("utf-16-le")
        directory += raw.ljust(64, b"\0") + struct.pack("<HBB", len(raw) + 2, kind, 1)
        directory += struct.pack("<III", FREE, beside.get(index, FREE), down.get(index, FREE)) + bytes(36)
        directory += struct.pack("<IQ", first, size)
    count = -(-len(stream) // 512)
    links = [FAT, 2, LAST, *range(4, 11), LAST, *range(12, 11 + count), LAST]
    head = bytearray(512)
    head[:8] = bytes.fromhex("d0cf11e0a1b11ae1")
    struct.pack_into("<HHHHH", head, 24, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<IIIIIIII", head, 44, 1, 1, 0, 4096, LAST, 0, LAST, 0)
    struct.pack_into("<109I", head, 76, 0, *[FREE] * 108)
    fat = struct.pack("<128I", *links, *[FREE] * (128 - len(links)))
    return bytes(head) + fat + directory.ljust(1024, b"\0") + b"\1" * 4096 + stream.ljust(count * 512, b"\0")


@pytest.mark.parametrize("inner", [("WordDocument",), ("Workbook",), ("Workbook", "WordDocument", "Book")])
def test_a_book_is_not_taken_for_what_is_embedded_in_it(read: Read, inner: tuple[str, ...]) -> None:
    assert read(embedding(*inner)).sheets[0].rows == TABLE


def written(text: object, style: str = "General") -> bytes:
    book = xlwt.Workbook()
    book.add_sheet("评估").write(0, 0, text, xlwt.easyxf(num_format_str=style))
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


@pytest.mark.parametrize("code", [1252, 936, 367])
def test_the_code_page_of_a_new_book_does_not_matter(read: Read, code: int) -> None:
    """jxl 之类写 BIFF8 时也写 1252；文字其实都是 Unicode。"""
    book = xlwt.Workbook()
    book.add_sheet("评估").write(0, 0, "P-001")
    book.get_sheet(0).write(0, 1, "甲渠")
    target = io.BytesIO()
    book.save(target)
    data = bytearray(target.getvalue())
    at = next(place for place, kind, _ in records(data) if kind == 0x42)
    struct.pack_into("<H", data, at + 4, code)
    assert read(bytes(data)).sheets[0].rows == [["P-001", "甲渠"]]


@pytest.mark.parametrize(("value", "code"), [(-1.25, "0.00000"), (45291.5, "0.00000"), (0.25, "0.0%")])
def test_a_built_in_date_format_that_the_file_redefines_is_not_a_date(read: Read, value: float, code: str) -> None:
    data = bytearray(written(value, code))
    changed = 0
    for place, kind, length in records(data):
        at = {0x41E: 4, 0xE0: 6}.get(kind, 0)
        if at and length > 4 and data[place + at : place + at + 2] == b"\xa5\0":  # xlwt 给自己的格式编的号
            struct.pack_into("<H", data, place + at, 50)
            changed += 1
    assert changed == 2
    (cell,) = read(bytes(data)).sheets[0].rows[0]
    assert (cell, isinstance(cell, Percentage)) == (value, "%" in code)


def replaced_cell(data: bytes, new: bytes) -> bytes:
    """xlwt 写的流，头一个数换成别的记录。"""
    place, length = next((place, length) for place, kind, length in records(data) if kind in (0x27E, 0x203))
    stream = stream_of(data)
    return stream[: place - 512] + new + stream[place - 512 + 4 + length :]


def shelled(head: bytes, whole: bytes) -> bytes:
    """放进 OLE 外壳的 Workbook 流；head 是别的 xls 的文件头。"""
    whole = whole.ljust(4096, b"\0")
    size = -(-len(whole) // 512)
    made = bytearray(head) + whole.ljust(size * 512, b"\0")
    names = b""
    for name, kind, first, length, child in (("Root Entry", 5, LAST, 0, 1), ("Workbook", 2, 0, len(whole), FREE)):
        raw = name.encode("utf-16-le")
        names += raw.ljust(64, b"\0") + struct.pack("<HBBIII", len(raw) + 2, kind, 1, FREE, FREE, child) + bytes(36)
        names += struct.pack("<IQ", first, length)
    links = [*range(1, size), LAST, LAST, FAT]
    made += names.ljust(512, b"\0") + struct.pack("<128I", *links, *[FREE] * (128 - len(links)))
    struct.pack_into("<IIIIIIII", made, 44, 1, size, 0, 4096, LAST, 0, LAST, 0)
    struct.pack_into("<109I", made, 76, size + 1, *[FREE] * 108)
    return bytes(made)


@pytest.mark.parametrize("kind", [0x206, 0x406])
def test_formulas_under_an_early_record_number_are_read(read: Read, kind: int) -> None:
    """苹果 Numbers 写的 xls；只认 6 的阅读器会不声不响丢掉这些格。"""
    data = written(45291.5, "0%")
    place = next(place for place, found, _ in records(data) if found in (0x27E, 0x203))
    formula = biff(kind, data[place + 4 : place + 10] + struct.pack("<dHIH", 0.5, 0, 0, 0))
    (cell,) = read(shelled(data[:512], replaced_cell(data, formula))).sheets[0].rows[0]
    assert cell == Percentage(0.5)
    assert isinstance(cell, Percentage)


def test_a_long_result_of_a_formula_is_read_whole(read: Read) -> None:
    """一条记录放不下的文字接在 CONTINUE 里，每段各有宽窄。"""
    data = written(0)
    narrow, wide = b"a" * 8_000, "字" * 300
    formula = biff(0x06, struct.pack("<HHH", 0, 0, 0) + b"\0\0\0\0\0\0\xff\xff" + struct.pack("<HIH", 0, 0, 0))
    text = biff(0x207, struct.pack("<HB", 8_300, 0) + narrow) + biff(0x3C, b"\1" + wide.encode("utf-16-le"))
    whole = replaced_cell(data, formula + text)
    assert read(shelled(data[:512], whole)).sheets[0].rows == [["a" * 8_000 + "字" * 300]]


def test_a_sheet_list_that_disagrees_with_the_records_is_refused(read: Read) -> None:
    data = bytearray(xls())
    struct.pack_into("<H", data, 512, 0x1234)
    with pytest.raises(InputError, match="名单对不上"):
        read(bytes(data))


def test_modules_from_an_old_office_are_named_and_the_rest_is_read(read: Read) -> None:
    found = read(sheets([FIRST, '<sheet name="模块1" sheetId="2" state="veryHidden" r:id=""/>']))
    assert [page.name for page in found.sheets] == ["评估"]
    assert "“模块1”不是数据表" in found.remarks[0]


@pytest.mark.parametrize("regular", ['r="4"', ""])
def test_the_own_reference_of_a_cell_outweighs_its_row(read: Read, regular: str) -> None:
    """与各家阅读器一致：单元格写在第 4 行的标记里，自己却说是 A7、B7，就在第 7 行；错误值也在那里。"""
    rows = f'<row {regular}><c r="A7"><v>5</v></c><c r="B7" t="e"><v>#N/A</v></c></row>'
    found = read(book({SHEET: sheet(ROWS + rows)})).sheets[0].rows
    assert found[3:] == [[], [], [], [5, ErrorCell("#N/A")]]


def test_an_empty_part_of_no_bytes_is_not_a_broken_package(read: Read) -> None:
    data = sheets([FIRST])
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(target, "w") as packed_again:
        for info in source.infolist():
            packed_again.writestr(info.filename, source.read(info), zipfile.ZIP_DEFLATED)
        packed_again.writestr("docProps/thumbnail.wmf", b"")
    whole = bytearray(target.getvalue())
    for mark, method in ((b"PK\1\2", 10), (b"PK\3\4", 8)):
        struct.pack_into("<H", whole, whole.rfind(mark) + method, zipfile.ZIP_DEFLATED)
    assert len(read(bytes(whole)).sheets) == 1


def office(name: str, content: str) -> bytes:
    """ods，多一个部件。"""
    with zipfile.ZipFile(io.BytesIO(ods_changed("100", "100"))) as source:
        parts = [Entry(part, source.read(part), method=0) for part in source.namelist()]
    return packed([*parts, Entry(name, content.encode())])


def test_macros_and_menus_of_libreoffice_begin_with_a_doctype(read: Read) -> None:
    book = read(office("Basic/Standard/Module1.xml", f"<?xml version='1.0'?>\n{MODULE}\n<script:module/>"))
    assert book.sheets[0].rows[1][0] == "甲渠"
    assert any("宏" in remark for remark in book.remarks)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("Basic/Standard/Module1.xml", '<!DOCTYPE a [<!ENTITY x "y">]><a/>'),
        ("Basic/a.xml", MODULE + "<!ENTITY x 'y'>"),
        ("Basic/a.xml", MODULE + MODULE),
        ("settings.xml", MODULE + "<a/>"),
        ("Basic/b.xml", '<!DOCTYPE a SYSTEM "a.dtd"><a/>'),
    ],
)
def test_any_other_declaration_is_still_refused(read: Read, name: str, content: str) -> None:
    with pytest.raises(InputError, match="DOCTYPE"):
        read(office(name, content))


@pytest.mark.parametrize("formula", [' t:formula="of:=1/0"', ""])
@pytest.mark.parametrize("said", ["#N/D", "Err :504", "#VALORE!"])
def test_errors_of_an_ods_in_other_languages_are_errors(read: Read, formula: str, said: str) -> None:
    marked = f'<t:table-cell{formula} o:value-type="string" xmlns:c="{CALC}" c:value-type="error"><x:p>{said}</x:p>'
    cell = read(ods_changed(AMOUNT, marked)).sheets[0].rows[1][1]
    assert isinstance(cell, ErrorCell)
    assert cell == said


@pytest.mark.parametrize("command", [["check", "{}", "--json"], ["diff", "{}", "{}", "--json"], ["layouts", "{}"]])
def test_rights_are_found_out_by_reading_and_said_in_chinese(
    run_pbm: RunPbm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    """命令行的库先问系统能不能读，用英文拒绝；网络盘上它还会问错。"""
    path = tmp_path / "收.xls"
    path.write_bytes(early(5))
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    result = run_pbm(*(part.format(path) for part in command))
    assert result.code == 0
    assert "readable" not in result.out + result.err

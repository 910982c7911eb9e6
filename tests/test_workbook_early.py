"""早期的 xls（BIFF2—BIFF5）的边角：在本进程里打开内存里的字节。记录号与布局见 OpenOffice 的 Excel 格式说明。"""

from __future__ import annotations

import dataclasses
import struct

import pytest

from pbm_cli.cells import Percentage
from pbm_cli.errors import InputError
from pbm_cli.workbook import Limits
from pbm_cli.workbook.formats import Book, recognise
from test_workbook_collected import biff, early_page, number

LIMITS = Limits()
END = biff(0x0A)
Rows = list[list[object]]


def opened(stream: bytes, limits: Limits = LIMITS) -> tuple[list[tuple[str, Rows]], Book]:
    """各张表的名字和行；还有工作簿，看它说了什么。"""
    _, book = recognise(stream, "收", limits)
    return [(sheet.name, list(sheet.rows)) for sheet in book.sheets()], book


def rows(stream: bytes) -> Rows:
    """第一张表的行。"""
    return opened(stream)[0][0][1]


def listed(*pages: tuple[str, bytes], more: bytes = b"") -> bytes:
    """写着名单（BOUNDSHEET）的 BIFF5 工作簿。"""
    names = [name.encode("gbk") for name, _ in pages]
    start = 12 + len(more) + sum(11 + len(name) for name in names) + len(END)
    head = biff(0x809, struct.pack("<HHI", 0x500, 5, 0)) + more
    for name, (_, page) in zip(names, pages, strict=True):
        head += biff(0x85, struct.pack("<IBBB", start, 0, 0, len(name)) + name)
        start += len(page)
    return head + END + b"".join(page for _, page in pages)


def label(row: int, column: int, text: bytes) -> bytes:
    return biff(0x204, struct.pack("<HHHH", row, column, 0, len(text)) + text)


def oldest(*cells: bytes) -> bytes:
    """BIFF2 的一张表：格式 1 是百分比。"""
    formats = b"".join(biff(0x1E, bytes([len(code)]) + code) for code in (b"General", b"0.0%"))
    return biff(0x09, struct.pack("<HH", 2, 0x10)) + formats + b"".join(cells) + END


def oldest_number(column: int, attributes: tuple[int, int, int], value: float) -> bytes:
    return biff(0x03, struct.pack("<HH3Bd", 0, column, *attributes, value))


def test_the_sheets_of_an_early_book_are_counted() -> None:
    page = early_page(number(0, 0, 0, 7))
    two = listed(("一", page), ("二", page))
    assert [name for name, _ in opened(two, dataclasses.replace(LIMITS, sheets=2))[0]] == ["一", "二"]
    with pytest.raises(InputError, match="有 2 张工作表，超过 1 张"):
        opened(two, dataclasses.replace(LIMITS, sheets=1))


def test_a_module_of_an_early_book_is_passed_over_in_silence() -> None:
    """宏代码（0x06）谁也不当它是表；宏表（0x40）在窗口里看得见，才要说。"""
    found, book = opened(listed(("表", early_page(number(0, 0, 0, 7))), ("码", early_page(number(0, 0, 0, 8), what=6))))
    assert (found, book.remarks) == ([("表", [[7]])], [])


def test_a_workspace_of_1992_holds_its_sheets_inside() -> None:
    """BIFF4 的工作区：每张表前面一条 SHEETHDR，写着名字；没有写完的不算。"""
    inner = [biff(0x409, struct.pack("<HHH", 4, 0x10, 0)) + number(0, 0, 0, value) + END for value in (7, 8)]
    stream = biff(0x409, struct.pack("<HHH", 4, 0x100, 0)) + biff(0x8F, b"\0\0\0\0")
    for name, page in zip(("甲", "乙"), inner, strict=True):
        written = name.encode("gbk")
        stream += biff(0x8F, struct.pack("<IB", len(page), len(written)) + written) + page
    assert opened(stream + END)[0] == [("甲", [[7]]), ("乙", [[8]])]


def test_formats_of_the_oldest_book_show_percent() -> None:
    """BIFF2 的样式可以没有：格子里直接写格式号，或写样式号；样式号到了 63，真的号写在前面一条 IXFE 里。"""
    styles = biff(0x43, bytes([0, 0, 0, 0])) + biff(0x43, bytes([0, 0, 1, 0]))
    plain, by_format = oldest_number(0, (0, 0, 0), 0.5), oldest_number(1, (0, 1, 0), 0.5)
    by_style, by_record = oldest_number(0, (1, 0, 0), 0.5), oldest_number(1, (0x3F, 0, 0), 0.5)
    assert rows(oldest(plain, by_format)) == [[0.5, Percentage(0.5)]]
    assert rows(oldest(styles, by_style, biff(0x44, b"\1\0"), by_record)) == [[Percentage(0.5)] * 2]
    found = rows(oldest(styles, biff(0x44, b"\0\0"), by_record))[0][1]
    assert type(found) is float


def test_whole_numbers_of_the_oldest_book() -> None:
    integer = biff(0x02, struct.pack("<HH3BH", 1, 0, 0, 0, 0, 65535))
    assert rows(oldest(integer)) == [[], [65535]]


@pytest.mark.parametrize(
    ("page", "raw", "text"),
    [
        (None, "评估".encode("gbk"), "评估"),
        (None, b"Caf\xe9", "Café"),
        (1252, b"Caf\xe9", "Café"),
        (936, "评估".encode("gbk"), "评估"),
        (59999, "评估".encode("gbk"), "评估"),
        (367, "评估".encode("gbk"), "评估"),
        (0x8001, b"Caf\xe9", "Café"),
    ],
)
def test_text_in_no_known_code_page_is_chinese_and_no_chinese_is_western(
    page: int | None, raw: bytes, text: str
) -> None:
    declared = b"" if page is None else biff(0x42, struct.pack("<H", page))
    assert rows(early_page(declared, label(0, 0, raw))) == [[text]]


def test_the_first_code_page_is_the_one() -> None:
    pages = b"".join(biff(0x42, struct.pack("<H", page)) for page in (936, 1252))
    assert rows(early_page(pages, label(0, 0, "评估".encode("gbk")))) == [["评估"]]


def test_a_chart_inside_an_early_sheet_is_passed_over() -> None:
    chart = biff(0x809, struct.pack("<HHI", 0x500, 0x20, 0)) + number(5, 0, 0, 99) + END
    assert rows(early_page(number(0, 0, 0, 7), chart, number(0, 1, 0, 8))) == [[7, 8]]


def test_formulas_and_labels_with_empty_text_are_blank() -> None:
    """结果种类 3 是空文字；紧接着的文字记录不归它。"""
    blank = biff(0x06, struct.pack("<HHH", 0, 1, 0) + b"\3\0\0\0\0\0\xff\xff" + bytes(6))
    stray = biff(0x207, struct.pack("<H", 1) + b"x")
    assert rows(early_page(number(0, 0, 0, 7), blank, stray, label(0, 2, b""))) == [[7]]


def test_an_early_book_without_an_end_is_refused() -> None:
    with pytest.raises(InputError, match="没有结束就断了"):
        opened(early_page(number(0, 0, 0, 7))[: -len(END)])

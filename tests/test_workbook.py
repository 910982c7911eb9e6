"""阅读室：各种格式读成同样的单元格；子进程死、挂、乱说话都只丢一个文件。"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
import xlwt
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from conftest import ReadBytes
from pbm_cli.cells import ErrorCell, Merge, Percentage, UnvaluedCell, Workbook
from pbm_cli.errors import InputError
from pbm_cli.workbook import Limits, Reader, find_workbooks, written_by_pbm

MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = b"http://purl.oclc.org/ooxml/spreadsheetml/main"
LINKS = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT_LINKS = b"http://purl.oclc.org/ooxml/officeDocument/relationships"


def xlsx(fill: Callable[[openpyxl.Workbook], None]) -> bytes:
    book = openpyxl.Workbook()
    fill(book)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def rewritten(data: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return target.getvalue()


def in_sheet(old: bytes, new: bytes) -> Callable[[str, bytes], bytes]:
    return lambda name, data: data.replace(old, new) if "worksheets/" in name else data


def fill(book: openpyxl.Workbook) -> None:
    """B2 起的一小块：文字、数、百分比、没算过的公式、错误值、日期；合并、隐藏、空表、隐藏表。"""
    sheet = book.active
    sheet.title = "执行"
    sheet["B2"], sheet["C2"], sheet["D2"], sheet["E2"] = "项目", 1, 0.98, "=C2+1"
    sheet["D2"].number_format = "0.00%"
    sheet["F2"], sheet["G2"], sheet["H2"] = "#DIV/0!", dt.date(2023, 12, 31), True
    sheet["A5"] = "合并"
    sheet.merge_cells("A5:C6")
    sheet.row_dimensions[9].hidden = True
    sheet["A9"] = "藏行"
    sheet.column_dimensions["H"].hidden = True
    book.create_sheet("空")
    book.create_sheet("隐").sheet_state = "veryHidden"


EXPECTED = [None, "项目", 1, 0.98, "C2+1", "#DIV/0!", dt.date(2023, 12, 31), True]


def assert_filled(book: Workbook) -> None:
    sheet = book.sheets[0]
    assert (sheet.name, sheet.rows[0], sheet.rows[1]) == ("执行", [], EXPECTED)
    assert [type(cell) for cell in sheet.rows[1][3:6]] == [Percentage, UnvaluedCell, ErrorCell]
    assert sheet.rows[4] == ["合并"]
    assert len(sheet.rows) == 9
    assert sheet.merges == [Merge(4, 0, 5, 2)]
    assert (sheet.hidden_rows, sheet.hidden_columns, sheet.hidden) == (frozenset({8}), frozenset({7}), False)
    assert [(other.name, other.rows, other.hidden) for other in book.sheets[1:]] == [
        ("空", [], False),
        ("隐", [], True),
    ]


def test_xlsx_keeps_what_the_value_reader_loses(read_bytes: ReadBytes) -> None:
    data = xlsx(fill)
    book = read_bytes("执行.xlsx", data)
    assert_filled(book)
    assert (book.file, book.format, book.remarks) == ("执行.xlsx", "xlsx", [])
    assert book.sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda name, data: data.replace(b'="', b"='").replace(b'"', b"'"), id="single quotes"),
        pytest.param(in_sheet(b"<c r=", b"<c\n r ="), id="blanks in tags"),
        pytest.param(
            in_sheet(b"<sheetData>", b"<sheetData><!-- <row r='1'><c r='A1'><v>1</v></c></row> -->"), id="note"
        ),
        pytest.param(
            lambda name, data: data.replace(MAIN, STRICT).replace(LINKS, STRICT_LINKS),
            id="Strict OOXML",
        ),
        pytest.param(
            lambda name, data: (
                data.replace(b"<", b"<x:")
                .replace(b"<x:/", b"</x:")
                .replace(b"<x:?", b"<?")
                .replace(b"xmlns=", b"xmlns:x=")
                if "worksheets/" in name
                else data
            ),
            id="prefix",
        ),
    ],
)
def test_xlsx_written_in_unusual_ways(read_bytes: ReadBytes, change: Callable[[str, bytes], bytes]) -> None:
    assert_filled(read_bytes("怪.xlsx", rewritten(xlsx(fill), change)))


def test_cells_without_addresses_are_counted(read_bytes: ReadBytes) -> None:
    rows = b'<row><c><v>1</v></c><c t="e"><v>#REF!</v></c></row><row hidden="1"><c/><c><f>A1</f></c></row>'
    data = rewritten(xlsx(lambda book: None), in_sheet(b"<sheetData/>", b"<sheetData>" + rows + b"</sheetData>"))
    data = rewritten(data, in_sheet(b"<sheetData></sheetData>", b"<sheetData>" + rows + b"</sheetData>"))
    sheet = read_bytes("无址.xlsx", data).sheets[0]
    assert sheet.rows == [[1, ErrorCell("#REF!")], [None, UnvaluedCell("A1")]]
    assert sheet.hidden_rows == {1}


def test_new_error_values_do_not_spoil_the_sheet(read_bytes: ReadBytes) -> None:
    def put(book: openpyxl.Workbook) -> None:
        book.active["A1"], book.active["B1"] = "#REF!", "好"

    sheet = read_bytes("溢出.xlsx", rewritten(xlsx(put), in_sheet(b"#REF!", b"#SPILL!"))).sheets[0]
    assert sheet.rows == [["#SPILL!", "好"]]
    assert type(sheet.rows[0][0]) is ErrorCell


def test_zero_that_excel_never_calculated_is_not_a_value(read_bytes: ReadBytes) -> None:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        sheet = book.add_worksheet("表")
        sheet.write_formula("A1", "=B1-B2")
        sheet.write_formula("B1", "=1&2", None, "12")
        sheet.write_formula("C1", "=1+4", None, 5)
        book.add_chartsheet("图")
    book_read = read_bytes("算.xlsx", target.getvalue())
    assert [sheet.name for sheet in book_read.sheets] == ["表"]
    assert book_read.sheets[0].rows == [["B1-B2", "12", 5]]
    assert type(book_read.sheets[0].rows[0][0]) is UnvaluedCell


def test_formula_with_an_empty_text_result_is_blank(read_bytes: ReadBytes) -> None:
    rows = b'<sheetData><row r="1"><c r="A1" t="str"><f>IF(1,"")</f><v></v></c><c r="B1"><v>0</v></c></row></sheetData>'
    plain = rewritten(xlsx(lambda book: None), in_sheet(b"<sheetData></sheetData>", rows))
    assert read_bytes("空文.xlsx", rewritten(plain, in_sheet(b"<sheetData/>", rows))).sheets[0].rows == [[None, 0]]


def test_remarks_say_what_is_not_run_or_followed(read_bytes: ReadBytes) -> None:
    def old_mac(book: openpyxl.Workbook) -> None:
        book.epoch = CALENDAR_MAC_1904
        book.active["A1"] = dt.date(2028, 1, 1)

    data = io.BytesIO(xlsx(old_mac))
    with zipfile.ZipFile(data, "a") as packed:
        packed.writestr("xl/vbaProject.bin", b"x")
        packed.writestr("xl/externalLinks/externalLink1.xml", b"<externalLink><ddeLink/></externalLink>")
        packed.writestr("xl/embeddings/oleObject1.bin", b"x")
    book = read_bytes("宏.xlsm", data.getvalue())
    assert book.format == "xlsm"
    assert [word for word in ("1904", "宏", "外部链接", "DDE", "嵌") if any(word in line for line in book.remarks)] == [
        "1904", "宏", "外部链接", "DDE", "嵌",
    ]  # fmt: skip
    assert book.sheets[0].rows == [[dt.date(2028, 1, 1)]]


def test_xls_keeps_errors_percentages_and_uncalculated_formulas(read_bytes: ReadBytes) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("表")
    sheet.write(1, 0, 0.98, xlwt.easyxf(num_format_str="0.00%"))
    sheet.write(1, 1, 5, xlwt.easyxf(num_format_str='0"%"'))
    sheet.write(1, 2, xlwt.Formula("1/0"))
    sheet.row(1).set_cell_error(3, "#DIV/0!")
    sheet.write(1, 4, dt.date(2023, 12, 31), xlwt.easyxf(num_format_str="yyyy-mm-dd"))
    sheet.write_merge(3, 4, 0, 2, "合并")
    sheet.row(5).hidden = True
    sheet.write(5, 0, "藏")
    sheet.col(3).hidden = True
    book.add_sheet("隐").visibility = 1
    target = io.BytesIO()
    book.save(target)
    found = read_bytes("旧.et", target.getvalue())
    first = found.sheets[0]
    assert found.format == "xls"
    assert first.rows[1] == [0.98, 5, "", "#DIV/0!", dt.date(2023, 12, 31)]
    assert [type(cell) for cell in first.rows[1][:4]] == [Percentage, int, UnvaluedCell, ErrorCell]
    assert first.merges == [Merge(3, 0, 4, 2)]
    assert (first.hidden_rows, first.hidden_columns) == (frozenset({5}), frozenset({3}))
    assert [sheet.hidden for sheet in found.sheets] == [False, True]


def test_fifty_files_with_one_child(tmp_path: Path) -> None:
    path = tmp_path / "小.csv"
    path.write_text("甲,乙\n1,2\n", encoding="utf-8")
    with Reader() as reader:
        seen = set()
        for _ in range(50):
            reader.read(path, "小.csv")
            assert reader._child is not None
            seen.add(reader._child.process.pid)
    assert len(seen) == 1
    assert reader._child is None


def test_a_child_that_died_between_files_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "小.csv"
    path.write_text("甲,乙\n1,2\n", encoding="utf-8")
    with Reader() as reader:
        reader.read(path, "小.csv")
        assert reader._child is not None
        reader._child.process.kill()
        assert reader.read(path, "小.csv").sheets[0].rows == [["甲", "乙"], ["1", "2"]]


READY = (
    "import sys,time,json;w=sys.stdout.buffer;"
    "f=lambda b:(w.write(len(b).to_bytes(4,'big')+b),w.flush());f(b'{\"kind\":\"ready\"}');sys.stdin.buffer.read(9);"
)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("import time; time.sleep(60)", "0.5 秒"),
        (READY + "time.sleep(60)", "0.5 秒"),
        (READY + "import os; os.abort()", "异常退出"),
        ("raise SystemExit(3)", "没有启动"),
        (READY + "f(b'nonsense');time.sleep(60)", "送回的内容不对"),
        (READY + "f(b'[[1]]');time.sleep(60)", "送回的内容不对"),
        (READY + "f(b'J[[1]]');time.sleep(60)", "送回的内容不对"),
        (READY + 'f(b\'{"kind":"done"}\');time.sleep(60)', "送回的内容不对"),
        (READY + 'f(b\'{"kind":"sheet","name":"x"}\');f(b\'J[[{"x":1}]]\');time.sleep(60)', "送回的内容不对"),
        (READY + "w.write(b'\\xff'*100);w.flush();time.sleep(60)", "送回的内容不对"),
        (READY + "f(b'{\"kind\":\"sheet\",\"name\":\"x\"}')\nwhile 1: f(b'J['+b'[1],'*99+b'[1]]')", "秒|内容不对"),
    ],
)
def test_a_bad_child_costs_one_file(tmp_path: Path, program: str, words: str) -> None:
    path = tmp_path / "甲.csv"
    path.write_text("甲,乙\n1,2\n", encoding="utf-8")
    limits = Limits(seconds=0.5, memory_bytes=1024 * 1024, unpacked_bytes=1)
    with Reader(limits, _command=(sys.executable, "-c", program)) as reader:
        with pytest.raises(InputError, match=words) as caught:
            reader.read(path, "甲.csv")
        assert (caught.value.where, reader._child) == ("甲.csv", None)
        assert caught.value.hint


def test_memory_ceiling_holds(tmp_path: Path) -> None:
    path = tmp_path / "大.csv"
    path.write_text("甲,乙\n" + "1,2\n" * 3_000_000, encoding="utf-8")
    small = tmp_path / "小.csv"
    small.write_text("甲,乙\n1,2\n", encoding="utf-8")
    with Reader(Limits(memory_bytes=64 * 1024 * 1024)) as reader:
        with pytest.raises(InputError, match="内存"):
            reader.read(path, "大.csv")
        assert reader.read(small, "小.csv").sheets[0].rows[1] == ["1", "2"]


def test_light_imports() -> None:
    heavy = "pydantic pandas openpyxl typer rich jinja2 lxml python_calamine"
    program = (
        "import sys, pbm_cli.workbook.reader, pbm_cli.workbook.search, pbm_cli.workbook.child;"
        f"print([name for name in '{heavy}'.split() if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_search_skips_locks_and_own_outputs(tmp_path: Path) -> None:
    def author(name: str) -> bytes:
        return xlsx(lambda book: setattr(book.properties, "creator", name))

    files = {
        "乙/2.xlsx": author("某局"), "乙/1.CSV": b"x", "甲.xls": b"x",
        "~$甲.xls": b"x", ".~甲.xlsx": b"x", "._甲.xls": b"x",
        "结果.xlsx": author("pbm"), "模板.xlsx": author("pbm template"), "说明.txt": b"x", ".git/a.csv": b"x",
    }  # fmt: skip
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    found = find_workbooks([tmp_path, tmp_path / "说明.txt", tmp_path / "甲.xls"])
    assert [shown for _, shown in found] == ["乙/1.CSV", "乙/2.xlsx", "模板.xlsx", "甲.xls", "说明.txt"]
    assert [written_by_pbm(tmp_path / name) for name in ("结果.xlsx", "模板.xlsx", "甲.xls")] == [True, False, False]
    with pytest.raises(InputError, match="找不到"):
        find_workbooks([tmp_path / "没有.xlsx"])

"""大的 xlsx 一边扫描一边读：与先后做的读出同样的东西；一边说不能读时，说的还是那一句；线程停不下来就换子进程。"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bad.packages import ROWS, SHEET, book, sheet
from pbm_cli.errors import InputError
from pbm_cli.workbook import Limits, Reader, ahead, child, formats, xlsx
from pbm_cli.workbook.limits import AHEAD_BYTES
from pbm_cli.workbook.values import Values

FAR = '<row r="4"><c r="XFD4"><v>1</v></c></row>'
Row = list[object]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """各次先读是从哪个线程打开的；多小的文件都先读。"""
    names: list[str] = []

    class Seen(Values):
        def load_first(self) -> None:
            names.append(threading.current_thread().name)
            super().load_first()

    monkeypatch.setattr(ahead, "Values", Seen)
    monkeypatch.setattr(xlsx, "AHEAD_BYTES", 0)
    yield names
    join_all()


def join_all() -> None:
    """等各线程读完。"""
    for thread in threading.enumerate():
        if thread.name == ahead._NAME:
            thread.join()


@contextmanager
def stuck(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """线程一直读不完，到离开为止。"""
    free = threading.Event()

    class Slow(Values):
        def __init__(self, stream: io.BytesIO) -> None:
            free.wait(60)
            super().__init__(stream)

    monkeypatch.setattr(ahead, "Values", Slow)
    try:
        yield
    finally:
        free.set()
        join_all()


def read(data: bytes) -> list[tuple[str, list[Row]]]:
    _, found = formats.recognise(data, "表", Limits())
    return [(page.name, [list(row) for row in page.rows]) for page in found.sheets()]


def test_a_book_read_while_it_is_scanned_gives_the_same(opened: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    data = book()
    found = read(data)
    assert opened == ["pbm-ahead"]
    monkeypatch.setattr(xlsx, "AHEAD_BYTES", len(data) + 1)
    assert found == read(data) == [
        ("评估", [["项目名称", "申报金额（万元）", "审定金额（万元）"], ["甲渠", 100, 80], ["乙路", 50, 50]])
    ]  # fmt: skip
    assert len(opened) == 1, "差一个字节就不值得"
    monkeypatch.setattr(xlsx, "AHEAD_BYTES", len(data))
    assert read(data) == found
    assert len(opened) == 2


def test_the_scan_still_refuses(opened: list[str]) -> None:
    with pytest.raises(InputError, match="XFD4"):
        read(book({SHEET: sheet(ROWS + FAR)}))


def test_what_the_value_reader_could_not_open_is_said(opened: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """calamine 的惊慌不是 Exception；它也要到了要值的时候、在原来的线程里抛出。"""

    class Panic(BaseException):
        pass

    def fail(self: Values) -> None:
        raise Panic("calamine")

    monkeypatch.setattr(Values, "load_first", fail)
    with pytest.raises(Panic, match="calamine"):
        read(book())


def test_a_book_that_had_to_be_mended_is_opened_again(opened: list[str]) -> None:
    """#SPILL! 会让 calamine 读不出整张表：先读的那一本不能用。"""
    strange = '<row r="4"><c r="A4" t="e"><v>#SPILL!</v></c><c r="B4"><v>7</v></c></row>'
    ((_, rows),) = read(book({SHEET: sheet(ROWS + strange)}))
    assert rows[3] == [{"e": "#SPILL!"}, 7]


def test_a_thread_that_goes_on_reading_is_known(opened: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert not child._left_behind()
    with stuck(monkeypatch):
        with pytest.raises(InputError, match="XFD4"):
            read(book({SHEET: sheet(ROWS + FAR)}))
        assert child._left_behind()
    assert not child._left_behind()


def test_a_large_refused_book_does_not_spoil_the_next(tmp_path: Path) -> None:
    """真的大文件：扫描先说不能读，子进程不等线程；下一个文件照样读。"""
    rows = "".join(
        f'<row r="{n}"><c r="A{n}"><v>{n}{n % 7}.{n * 7919 % 99991}</v></c></row>' for n in range(1, 150_000)
    )
    large = book({SHEET: sheet(rows + FAR.replace('"4"', '"150000"').replace("XFD4", "XFD150000"))})
    assert len(large) > AHEAD_BYTES
    (tmp_path / "大.xlsx").write_bytes(large)
    (tmp_path / "小.xlsx").write_bytes(book())
    with Reader() as reader:
        for _ in range(2):
            with pytest.raises(InputError, match="XFD150000"):
                reader.read(tmp_path / "大.xlsx", "大.xlsx")
            assert len(reader.read(tmp_path / "小.xlsx", "小.xlsx").sheets[0].rows) == 3


def test_a_cell_so_far_that_reading_ahead_dies_is_still_named(tmp_path: Path) -> None:
    """calamine 为最远的一格要的内存足以让子进程死掉，扫描还没有说完：另起一个，扫描完了再说。"""
    cells = '<c r="{1}{0}" t="inlineStr"><is><t>{2}</t></is></c>'
    rows = "".join(
        f'<row r="{n}">{"".join(cells.format(n, c, n * 7919 ** ord(c) % 99_999_991) for c in "ABCDEF")}</row>'
        for n in range(1, 30_000)
    )
    large = book({SHEET: sheet(rows + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')})
    assert len(large) > AHEAD_BYTES
    path = tmp_path / "远.xlsx"
    path.write_bytes(large)
    with Reader() as reader, pytest.raises(InputError, match="XFD1048576 有内容，列数超过"):
        reader.read(path, "远.xlsx")

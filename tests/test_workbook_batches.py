"""一批行在父子进程之间来回不变；写坏的帧认得出，不会撑大内存。扫描工作表的快路与慢路记下同样的东西。"""

from __future__ import annotations

import datetime as dt
import math
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pbm_cli.cells import ErrorCell, Percentage, UnvaluedCell
from pbm_cli.workbook import Reader
from pbm_cli.workbook.batches import MOST_CELLS, MOST_ROWS, decode_rows, encode_rows
from pbm_cli.workbook.limits import Limits
from pbm_cli.workbook.protocol import BrokenFrameError
from pbm_cli.workbook.sheet_xml import SheetScan

DAY = dt.date(2023, 12, 31)
CELLS = st.one_of(
    st.none(),
    st.floats(),
    st.integers(-(2**60), 2**60),
    st.booleans(),
    st.sampled_from(["", "甲", "0", "\0", 'a,"",b', "\ud800", "😀", "1" * 300]),
    st.builds(Percentage, st.floats(allow_nan=False)),
    st.sampled_from([DAY, dt.datetime(2023, 12, 31), dt.time(5, 6, 7), dt.timedelta(days=2, seconds=1)]),
    st.sampled_from([{"e": "#REF!"}, {"f": "A1"}, {"f": ""}]),
)


def received(value: object) -> object:
    """送出的一格该收到什么。"""
    if isinstance(value, dict):
        ((key, text),) = value.items()
        return {"e": ErrorCell, "f": UnvaluedCell}[key](text)
    if isinstance(value, float) and not math.isfinite(value):
        return ErrorCell("#NUM!")
    return None if value == "" else value


def shown(rows: Sequence[Sequence[object]]) -> list[list[tuple[str, str]]]:
    """连同种类一起比：1、1.0、True 与 -0.0 都不相同。"""
    return [[(type(value).__name__, repr(value)) for value in row] for row in rows]


def expected(rows: list[list[object]]) -> list[list[object]]:
    found = [[received(value) for value in row] for row in rows]
    for row in found:
        while row and row[-1] is None:
            row.pop()
    return found


@given(st.lists(st.lists(CELLS, max_size=5), max_size=6), st.integers(1, 60))
@example([[-0.0, 0.0, 1.0, True, 1]], 51)
@example([["\0"], ["甲"]], 40)
@example([[Percentage(0.5), 0.5], [0.25, Percentage(1)]], 40)
@example([[1e308, "约百万"], [1e308, None], [1e308, {"e": "#N/A"}]], 30)
def test_rows_come_back_as_they_were_sent(rows: list[list[object]], times: int) -> None:
    many = [list(row) for _ in range(times) for row in rows]
    assert shown(decode_rows(encode_rows(many))[0]) == shown(expected(many))


@pytest.mark.parametrize("column", ["日期", "单位", "金额", "百分数", "编码", "空"])
def test_each_kind_of_column_survives_dirt(column: str) -> None:
    clean: dict[str, list[object]] = {
        "日期": [DAY + dt.timedelta(days=number % 40) for number in range(300)],
        "单位": [f"单位{number % 7}" for number in range(300)],
        "金额": [number / 7 for number in range(300)],
        "百分数": [Percentage(number / 300) for number in range(300)],
        "编码": [f"51{number:018d}" for number in range(300)],
        "空": [None] * 300,
    }
    dirt: list[object] = ["约百万", None, "", 0.5, {"e": "#REF!"}, DAY, True, math.nan, Percentage(0.1), 7]
    for bad in dirt:
        rows = [[value] for value in clean[column]]
        rows[17], rows[299] = [bad], [bad]
        assert shown(decode_rows(encode_rows(rows))[0]) == shown(expected(rows))


def test_a_row_of_nothing_is_kept_as_an_empty_row() -> None:
    assert decode_rows(encode_rows([[] for _ in range(80)]))[0] == [[]] * 80


@pytest.mark.parametrize(
    "rows",
    [
        [[1.5, "甲", DAY, Percentage(0.5), f"码{number}", None if number % 3 else "x"] for number in range(60)],
        [[1.5, "甲"], [DAY]],
    ],
    ids=["columns", "few rows"],
)
def test_a_frame_cut_anywhere_is_seen(rows: list[list[object]]) -> None:
    payload = encode_rows(rows)
    for end in range(1, len(payload)):
        with pytest.raises(BrokenFrameError):
            decode_rows(payload[:end])
    with pytest.raises(BrokenFrameError):
        decode_rows(payload + b"x")


def frame(rows: int, *columns: tuple[bytes, bytes]) -> bytes:
    body = b"".join(struct.pack("<cI", kind, len(content)) + content for kind, content in columns)
    return b"R" + struct.pack("<HI", rows, len(columns)) + body


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(frame(MOST_ROWS, *([(b"z", b"")] * (MOST_CELLS // MOST_ROWS + 1))), id="too large"),
        pytest.param(frame(MOST_ROWS + 1, (b"z", b"")), id="too many rows"),
        pytest.param(b"R" + struct.pack("<HI", 1, 2**32 - 1), id="too wide"),
        pytest.param(frame(2, (b"j", b"[1]")), id="too few cells"),
        pytest.param(frame(2, (b"j", b'{"e":"x"}')), id="not a list"),
        pytest.param(frame(1, (b"x", b"")), id="unknown column"),
        pytest.param(frame(1, (b"n", b"1234567")), id="half a number"),
        pytest.param(frame(1, (b"w", struct.pack("<I", 3) + b"[1]" + b"\1\0")), id="no such value"),
        pytest.param(frame(1, (b"n", b"\0" * 8 + struct.pack("<I", 1) + b"\5\0[1]")), id="no such row"),
        pytest.param(frame(1, (b"t", b"\xff\xfe")), id="not UTF-8"),
        pytest.param(b'J[[{"q":1}]]', id="unknown special"),
        pytest.param(b"J[1]", id="no rows"),
    ],
)
def test_frames_nobody_would_send_are_refused(payload: bytes) -> None:
    with pytest.raises(BrokenFrameError):
        decode_rows(payload)


@pytest.mark.skipif(sys.platform != "linux", reason="看 /proc")
def test_the_child_gives_memory_back_after_a_large_file(tmp_path: Path) -> None:
    large, small = tmp_path / "大.csv", tmp_path / "小.csv"
    large.write_text("甲,乙\n" + "123456,乙\n" * 1_500_000, encoding="utf-8")
    small.write_text("甲,乙\n1,2\n", encoding="utf-8")
    with Reader() as reader:
        reader.read(large, "大.csv")
        reader.read(small, "小.csv")
        assert reader._child is not None
        status = Path(f"/proc/{reader._child.process.pid}/status").read_text(encoding="ascii")
    sizes = {line.split()[0]: int(line.split()[1]) for line in status.splitlines() if line.startswith("Vm")}
    assert sizes["VmHWM:"] > 2 * sizes["VmRSS:"]


# 扫描：快路与慢路

CELLS_XML = (
    '<c r="A{n}" s="1"><v>0.5</v></c>',
    '<c r="B{n}" s="1"/>',
    '<c r="C{n}" s="1" t="n"><v>0</v></c>',
    '<c r="D{n}" s="1" t="s"><v>3</v></c>',
    '<c r="E{n}" s="1"><f>A1</f><v>0</v></c>',
    '<c r="F{n}" s="1"><f>A1</f><v>0.25</v></c>',
    '<c r="G{n}" s="1"><v> </v></c>',
    '<c r="H{n}" s="11"><v>5</v></c>',
    '<c r="I{n}"><f t="shared" si="0"/><v>7</v></c>',
    '<c r="J{n}"><f>B1&amp;C1</f></c>',
    '<c r="K{n}" t="str"><f>B1</f><v></v></c>',
    '<c r="L{n}" t="e"><f>1/0</f><v>#DIV/0!</v></c>',
    '<c r="M{n}"><f>B1</f><v>0.00</v></c>',
    '<c r="N{n}" t="s" s="1"><v>4</v></c>',
    '<c r="O{n}" t="b"><f>A1</f><v>0</v></c>',
    '<c r="P{n}" t="e"><v>#SPILL!</v></c>',
    '<c r="Q{n}" s="1" t="inlineStr"><is><t> s="1" t="e" &lt;f </t></is></c>',
)


def scanned(rows: str, *, recalculates: bool = False) -> tuple[Any, ...]:
    scan = SheetScan(frozenset({1}), Limits(), recalculates=recalculates)
    scan.run(iter([f"<worksheet><sheetData>{rows}</sheetData><rowBreaks/></worksheet>".encode()]))
    percent = {row: sorted(columns) for row, columns in scan.marks.percent.items()}
    return scan.marks.special, percent, scan.marks.hidden_rows, scan.marks.valued, scan.cells, scan.strange_errors


def sheet_rows(count: int) -> str:
    rows = []
    for number in range(1, count + 1):
        cells = "".join(cell.format(n=number) for place, cell in enumerate(CELLS_XML) if (number + place) % 5)
        rows.append(f'<row r="{number}"{" hidden=" + chr(34) + "1" + chr(34) if number % 4 == 0 else ""}>{cells}</row>')
    return "".join(rows)


@pytest.mark.parametrize("recalculates", [False, True])
@pytest.mark.parametrize("count", [1, 7, 300])
def test_the_quick_scan_sees_what_the_slow_one_sees(count: int, recalculates: bool) -> None:
    rows = sheet_rows(count)
    slow = rows.replace("<c r=", "<c\n r=")
    assert scanned(rows, recalculates=recalculates) == scanned(slow, recalculates=recalculates)
    if count == 7:
        special, percent, hidden, *_ = scanned(rows, recalculates=recalculates)
        assert hidden == {3}
        assert special[1][11] == {"e": "#DIV/0!"}
        assert special[1][9] == {"f": "B1&C1"}
        assert (special[2].get(4) == {"f": "A1"}) is recalculates
        assert percent[2] == ([0, 5] if recalculates else [0, 4, 5])


@pytest.mark.parametrize("blank", ["\n", "\t", "\r", " "])
def test_blanks_around_the_equals_sign_hide_nothing(blank: str) -> None:
    for sign in (f"={blank}", f"{blank}="):
        special, *_ = scanned(f'<row r="1"><c r="A1" t{sign}"e"><v>#REF!</v></c></row>')
        assert special == {0: {0: {"e": "#REF!"}}}


@pytest.mark.parametrize(
    ("row", "special"),
    [
        ('<row r="1"><c r1="Z9" t="e"><v>#REF!</v></c></row>', {0: {0: {"e": "#REF!"}}}),
        ('<row r="2"><c1 r="Z9"/><c t="e"><v>#REF!</v></c></row>', {1: {0: {"e": "#REF!"}}}),
        ('<row r5="9"><c t="e"><v>#REF!</v></c></row>', {0: {0: {"e": "#REF!"}}}),
    ],
)
def test_digits_in_names_do_not_make_a_cell_regular(row: str, special: object) -> None:
    """行样去掉了数字：r1=、<c1 不能被当成 r=、<c。"""
    assert scanned(row)[0] == special


def test_a_prefix_with_digits_is_scanned_too() -> None:
    scan = SheetScan(frozenset(), Limits(), recalculates=False)
    part = '<x1:worksheet><x1:sheetData><x1:row r="1"><x1:c r="A1" t="e"><x1:v>#REF!</x1:v></x1:c></x1:row>'
    scan.run(iter([f"{part}</x1:sheetData></x1:worksheet>".encode()]))
    assert (scan.marks.special, scan.cells) == ({0: {0: {"e": "#REF!"}}}, 1)

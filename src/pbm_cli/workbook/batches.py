"""一批行 ↔ 字节，按列送：同一列多半是同一种东西，一列一起写比一格一格地写快得多，也不走样。

只有几行的，按列反而慢：J，然后是 JSON，逐行。
其余是 R，行数（2 字节），列数（4 字节），然后逐列：一个字母、4 字节长度、内容。各列补齐到同样的行数，
行尾的空由收的一方去掉。

- z 全是空；
- n、p 数与百分数：每格 8 字节的双精度数，非数（NaN）是空；后面可以跟着个别别的值：个数、各自的行号、值（JSON）；
- t 文字：用 NUL 隔开，空文字是空；
- w 重复多的：各不相同的值（JSON），然后每格 2 字节的序号；
- j 其余：JSON 数组。

JSON 里特殊的单元格写成只有一个键的对象，见 encode_special / decode_special。
"""

from __future__ import annotations

import datetime as dt
import json
import math
import struct
from array import array
from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import cast

from pbm_cli.cells import Cell, ErrorCell, Percentage, Turned, UnvaluedCell
from pbm_cli.workbook.protocol import BrokenFrameError

MARKS = (b"R", b"J")
MOST_ROWS = 2_000
MOST_CELLS = 50_000
"""一批最多多少格（行数乘最宽的一行）；只有一行时不限。"""
_FEW_ROWS = 50
_MOST_WIDE = 65_536
_SHAPE = struct.Struct("<HI")
_COLUMN = struct.Struct("<cI")
_LENGTH = struct.Struct("<I")
_NOTHING = type(None)
_NAN = math.nan
_REPEATABLE = {str, dt.date, dt.datetime, dt.time, dt.timedelta, bool}
"""不同种类的值不会相等，可以放进同一个集合的（数与真假值会）。"""

Column = Sequence[object]


def encode_rows(rows: Sequence[Sequence[object]]) -> bytes:
    """一批行 → 字节；空文字与 None 都是空，无穷大与非数当作 #NUM!（它们不能参加计算）。"""
    if len(rows) <= _FEW_ROWS:
        return b"J" + _text([[_plain(value) for value in row] for row in rows])
    columns = list(zip_longest(*rows))
    pieces = [b"R", _SHAPE.pack(len(rows), len(columns))]
    for column in columns:
        kind, body = _encoded(column)
        pieces += (_COLUMN.pack(kind, len(body)), body)
    return b"".join(pieces)


def _encoded(column: Column) -> tuple[bytes, bytes]:
    kinds = set(map(type, column))
    if len(kinds) > 1 and str in kinds:
        column = [None if value == "" else value for value in column]
        kinds = set(map(type, column))
    kinds.discard(_NOTHING)
    if not kinds:
        return b"z", b""
    for kind, letter in ((float, b"n"), (Percentage, b"p")):
        if kind in kinds and (body := _numbers(column, kind)):
            return letter, body
    if kinds <= _REPEATABLE:
        distinct = set(column)
        if len(distinct) * 2 <= len(column):
            return b"w", _repeated(column, distinct)
        if kinds == {str} and (body := _texts(column)):
            return b"t", body
    return b"j", _json([None if value == "" else value for value in column])


def _numbers(column: Column, kind: type) -> bytes:
    """多半是数的一列；不够一半、或有无穷大与非数时为空。"""
    own = cast("list[float]", [value for value in column if type(value) is kind])
    if len(own) * 2 < len(column) or not math.isfinite(sum(own)):
        return b""
    if len(own) == len(column):
        return array("d", own).tobytes()
    filled = array("d", cast("list[float]", [value if type(value) is kind else _NAN for value in column])).tobytes()
    places = [row for row, value in enumerate(column) if type(value) is not kind and value is not None]
    if not places:
        return filled
    rest = _json([column[row] for row in places])
    return filled + _LENGTH.pack(len(places)) + array("H", places).tobytes() + rest


def _texts(column: Column) -> bytes:
    text = "\0".join(cast("list[str]", [value or "" for value in column]))
    if text.count("\0") != len(column) - 1 or not text:
        return b""
    return text.encode("utf-8", "surrogatepass")


def _repeated(column: Column, distinct: set[object]) -> bytes:
    values = list(distinct)
    places = {value: place for place, value in enumerate(values)}
    shown = _json([None if value == "" else value for value in values])
    return _LENGTH.pack(len(shown)) + shown + array("H", map(places.__getitem__, column)).tobytes()


def _json(values: list[object]) -> bytes:
    if any(type(value) is Percentage for value in values):
        values = [_plain(value) for value in values]
    return _text(values)


def _text(values: list[object] | list[list[object]]) -> bytes:
    try:
        text = _ENCODER.encode(values)
    except ValueError:
        text = _ENCODER.encode([[*map(_finite, row)] if isinstance(row, list) else _finite(row) for row in values])
    return text.encode("utf-8", "surrogatepass")


def _plain(value: object) -> object:
    """空文字是空；Percentage 也是 float，JSON 会把它写成普通的数，先换成对象。"""
    if type(value) is Percentage:
        return {"p": float(value)}
    return None if value == "" else value


def _finite(value: object) -> object:
    number = value.get("p", 0.0) if isinstance(value, dict) else value
    return {"e": "#NUM!"} if isinstance(number, float) and not math.isfinite(number) else value


def encode_special(value: object) -> dict[str, str | float]:
    """JSON 不认识的值：日期、时间。"""
    if isinstance(value, dt.datetime):
        return {"dt": value.isoformat()}
    if isinstance(value, dt.date):
        return {"d": value.isoformat()}
    if isinstance(value, dt.time):
        return {"t": value.isoformat()}
    if isinstance(value, dt.timedelta):
        return {"td": value.total_seconds()}
    raise TypeError(f"{type(value).__name__} cannot be a cell")


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=encode_special, allow_nan=False)


def decode_rows(payload: bytes) -> tuple[list[list[Cell]], list[Turned] | None]:
    """encode_rows 的逆：各行，和各列（逐行送来的为 None）；写得不对时抛出 BrokenFrameError。"""
    try:
        if payload.startswith(b"J"):
            return _trimmed(_whole_rows(payload[1:])), None
        rows, width = _SHAPE.unpack_from(payload, 1)
        if width > _MOST_WIDE or rows > MOST_ROWS or (rows > 1 and rows * width > MOST_CELLS):
            raise BrokenFrameError(f"{rows} rows of {width} cells")
        columns = _columns(payload, rows, width)
        cells = (cells for cells, _ in columns)
        return _trimmed(list(map(list, zip(*cells, strict=True))) or [[] for _ in range(rows)]), columns
    except (struct.error, ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError) as error:
        raise BrokenFrameError(str(error)) from error


def _whole_rows(body: bytes) -> list[list[Cell]]:
    rows = cast("list[list[Cell]]", _json_values(body))
    if type(rows) is not list or not all(type(row) is list for row in rows):
        raise BrokenFrameError("rows expected")
    return rows


def _columns(payload: bytes, rows: int, width: int) -> list[Turned]:
    columns: list[Turned] = []
    at = 1 + _SHAPE.size
    for _ in range(width):
        kind, length = _COLUMN.unpack_from(payload, at)
        at += _COLUMN.size
        column = _DECODERS[kind](payload[at : at + length], rows)
        if type(column[0]) is not list or len(column[0]) != rows:
            raise BrokenFrameError("column of another length")
        columns.append(column)
        at += length
    if at != len(payload):
        raise BrokenFrameError("more than the columns")
    return columns


def _trimmed(rows: list[list[Cell]]) -> list[list[Cell]]:
    for row in rows:
        while row and row[-1] is None:
            row.pop()
    return rows


def _empty_column(body: bytes, rows: int) -> Turned:
    return [None] * rows, ()


def _number_column(body: bytes, rows: int) -> Turned:
    numbers = array("d", body[: rows * 8]).tolist()
    return _patched(cast("list[Cell]", numbers), body[rows * 8 :], numbers)


def _percent_column(body: bytes, rows: int) -> Turned:
    numbers = array("d", body[: rows * 8]).tolist()
    return _patched(list(map(Percentage, numbers)), body[rows * 8 :], numbers)


def _patched(cells: list[Cell], others: bytes, numbers: list[float]) -> Turned:
    """非数的格子是空；others 里的是别的值。"""
    values: list[Cell] = []
    if not math.isfinite(sum(numbers)):
        cells = [None if math.isnan(number) else cell for cell, number in zip(cells, numbers, strict=True)]
    if others:
        (count,) = _LENGTH.unpack_from(others)
        end = _LENGTH.size + 2 * count
        values = _json_values(others[end:])
        for row, value in zip(array("H", others[_LENGTH.size : end]), values, strict=True):
            cells[row] = value
    return cells, values


def _text_column(body: bytes, rows: int) -> Turned:
    cells: list[Cell] = [text or None for text in body.decode("utf-8", "surrogatepass").split("\0")]
    return cells, cells


def _repeated_column(body: bytes, rows: int) -> Turned:
    (length,) = _LENGTH.unpack_from(body)
    start = _LENGTH.size
    values = _json_values(body[start : start + length])
    return list(map(values.__getitem__, array("H", body[start + length :]))), values


def _json_column(body: bytes, rows: int) -> Turned:
    cells = _json_values(body)
    return cells, cells


def _json_values(body: bytes) -> list[Cell]:
    return cast("list[Cell]", _DECODER.decode(body.decode("utf-8", "surrogatepass")))


def decode_special(value: dict[str, object]) -> Cell:
    """encode_special 的逆，以及特殊的单元格；不认识的写法抛出 KeyError。"""
    ((key, content),) = value.items()
    if key == "td":
        return dt.timedelta(seconds=float(cast("float", content)))
    if key == "p":
        return Percentage(cast("float", content))
    return _SPECIAL[key](str(content))


_SPECIAL: dict[str, Callable[[str], Cell]] = {
    "e": ErrorCell,
    "f": UnvaluedCell,
    "d": dt.date.fromisoformat,
    "dt": dt.datetime.fromisoformat,
    "t": dt.time.fromisoformat,
}
_DECODER = json.JSONDecoder(object_hook=decode_special)
_DECODERS: dict[bytes, Callable[[bytes, int], Turned]] = {
    b"z": _empty_column,
    b"n": _number_column,
    b"p": _percent_column,
    b"t": _text_column,
    b"w": _repeated_column,
    b"j": _json_column,
}

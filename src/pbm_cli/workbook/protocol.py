"""父子进程之间的话：每帧 4 字节长度（大端）加一段 UTF-8 的 JSON。

父 → 子：对象（第一帧是上限，其后每帧一个文件）。
子 → 父：数组是一批行；对象是其余的话（sheet 开始一张表、end 结束一张表、done 读完、refused 读不了）。
特殊的单元格写成只有一个键的对象，见 encode_special / decode_special。
"""

from __future__ import annotations

import datetime as dt
import json
import struct
from collections.abc import Callable
from typing import IO

FRAME_BYTES = 64 * 1024 * 1024
_LENGTH = struct.Struct(">I")


class BrokenFrameError(Exception):
    """对方说的不是约定的话（帧过长、被截断、不是 JSON）。"""


def write_frame(stream: IO[bytes], payload: bytes) -> None:
    """写一帧并立即送出。"""
    if len(payload) > FRAME_BYTES:
        raise BrokenFrameError(f"frame of {len(payload)} bytes")
    stream.write(_LENGTH.pack(len(payload)))
    stream.write(payload)
    stream.flush()


def read_frame(stream: IO[bytes]) -> bytes | None:
    """读一帧；对方已经关闭时为 None。"""
    head = stream.read(_LENGTH.size)
    if not head:
        return None
    if len(head) < _LENGTH.size:
        raise BrokenFrameError("truncated length")
    (length,) = _LENGTH.unpack(head)
    if length > FRAME_BYTES:
        raise BrokenFrameError(f"frame of {length} bytes")
    payload = stream.read(length)
    if len(payload) < length:
        raise BrokenFrameError("truncated frame")
    return payload


def encode_special(value: object) -> dict[str, str | float]:
    """json.dumps 不认识的值：日期、时间。"""
    if isinstance(value, dt.datetime):
        return {"dt": value.isoformat()}
    if isinstance(value, dt.date):
        return {"d": value.isoformat()}
    if isinstance(value, dt.time):
        return {"t": value.isoformat()}
    if isinstance(value, dt.timedelta):
        return {"td": value.total_seconds()}
    raise TypeError(f"{type(value).__name__} cannot be a cell")


def encode_rows(rows: list[list[object]]) -> bytes:
    """一批行 → JSON；无穷大与非数当作 #NUM!，因为它们不能参加计算。"""
    try:
        text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"), default=encode_special, allow_nan=False)
    except ValueError:
        finite = [[_finite(value) for value in row] for row in rows]
        text = json.dumps(finite, ensure_ascii=False, separators=(",", ":"), default=encode_special, allow_nan=False)
    return text.encode("utf-8", "surrogatepass")


def _finite(value: object) -> object:
    if isinstance(value, dict):
        number = value.get("p", 0.0)
        return value if not isinstance(number, float) or number - number == 0 else {"e": "#NUM!"}
    if isinstance(value, float) and value - value != 0:
        return {"e": "#NUM!"}
    return value


def decode_json(payload: bytes, hook: Callable[[dict[str, object]], object] | None = None) -> object:
    """JSON → 值；不是 JSON 时抛出 BrokenFrameError。"""
    try:
        value: object = json.loads(payload, object_hook=hook)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise BrokenFrameError(str(error)) from error
    return value


def encode_json(value: dict[str, object]) -> bytes:
    """一帧控制的话；文件名里的怪字节也能来回不变。"""
    return json.dumps(value).encode("ascii")

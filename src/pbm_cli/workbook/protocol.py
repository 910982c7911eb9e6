"""父子进程之间的话：每帧 4 字节长度（大端）加内容，除一批批的行外都是 JSON 对象。

父 → 子：第一帧是上限，其后每帧一个文件。
子 → 父：以 R 或 J 开头的是一批行（见 batches）；其余是 sheet 开始一张表、end 结束一张表、done 读完、refused 读不了。
"""

from __future__ import annotations

import json
import struct
from typing import IO

FRAME_BYTES = 64 * 1024 * 1024
_LENGTH = struct.Struct(">I")


class BrokenFrameError(Exception):
    """对方说的不是约定的话（帧过长、被截断、不是 JSON）。"""


def write_frame(stream: IO[bytes], payload: bytes, *, more: bool = False) -> None:
    """写一帧并立即送出；more 表示紧接着还有，小的可以攒在一起送。"""
    if len(payload) > FRAME_BYTES:
        raise BrokenFrameError(f"frame of {len(payload)} bytes")
    stream.write(_LENGTH.pack(len(payload)))
    stream.write(payload)
    if not more:
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


def decode_json(payload: bytes) -> object:
    """JSON → 值；不是 JSON 时抛出 BrokenFrameError。"""
    try:
        value: object = json.loads(payload)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise BrokenFrameError(str(error)) from error
    return value


def encode_json(value: dict[str, object]) -> bytes:
    """一帧控制的话；文件名里的怪字节也能来回不变。"""
    return json.dumps(value).encode("ascii")

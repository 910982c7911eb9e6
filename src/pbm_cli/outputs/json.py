"""JSON 文档：UTF-8，键按给出的次序；外面几层一个键一行，一行结果、一条发现各占一行。"""

from __future__ import annotations

import json
from collections.abc import Iterator

from pydantic_core import PydanticSerializationError, to_json

from pbm_cli.outputs.columns import Document

_TOGETHER = 500
"""几行结果、几条发现拼成一段。"""
_SPREAD = 3
"""键各占一行的层数：文档、summary、report 的各环节；再往里写在一行。"""


def text(document: Document) -> str:
    """文档的 JSON 文字，末尾有换行。"""
    return render(document).decode("utf-8")


def render(document: Document) -> bytes:
    """文档的 UTF-8 字节；孤立的代理字符写成 JSON 转义。"""
    return b"".join(pieces(document))


def pieces(document: Document) -> Iterator[bytes]:
    """同样的字节，一段一段地给：几十万行时不必在内存里拼成一整篇。"""
    yield from _spread(document, 0)
    yield b"\n"


def _spread(value: object, depth: int) -> Iterator[bytes]:
    """一个值的各段：浅处的对象一个键一行，成列的对象一个一行，其余写在一行。"""
    margin = b"\n" + b"  " * (depth + 1)
    if isinstance(value, dict) and value and depth < _SPREAD:
        before = b"{"
        for key, inside in value.items():
            yield b"%b%b%b: " % (before, margin, _line(str(key)))
            yield from _spread(inside, depth + 1)
            before = b","
        yield margin[:-2] + b"}"
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        before = b"["
        for start in range(0, len(value), _TOGETHER):
            lines = map(_line, value[start : start + _TOGETHER])
            yield before + margin + (b"," + margin).join(lines)
            before = b","
        yield margin[:-2] + b"]"
    else:
        yield _line(value)


def _line(value: object) -> bytes:
    """一个值写在一行。"""
    try:
        return to_json(value, inf_nan_mode="null")
    except PydanticSerializationError:  # 有孤立的代理字符，UTF-8 写不出
        written = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return written.encode("utf-8", errors="backslashreplace")

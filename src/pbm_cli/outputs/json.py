"""JSON 文档：UTF-8，键按给出的次序；外面几层一个键一行，一行结果、一条发现各占一行。"""

from __future__ import annotations

import json
from collections.abc import Iterator

from pbm_cli.outputs.columns import Document

_SPREAD = 3
"""键各占一行的层数：文档、summary、report 的各环节；再往里写在一行。"""
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def text(document: Document) -> str:
    """文档的 JSON 文字，末尾有换行。"""
    return "".join(pieces(document))


def pieces(document: Document) -> Iterator[str]:
    """同一份文字，一段一段地给：几十万行时不必在内存里拼成一整篇。"""
    yield from _spread(document, 0)
    yield "\n"


def render(document: Document) -> bytes:
    """文档的 UTF-8 字节；孤立的代理字符写成 JSON 转义。"""
    return text(document).encode("utf-8", errors="backslashreplace")


def _spread(value: object, depth: int) -> Iterator[str]:
    """一个值的各段文字：浅处的对象一个键一行，成列的对象一个一行，其余写在一行。"""
    margin = "\n" + "  " * (depth + 1)
    if isinstance(value, dict) and value and depth < _SPREAD:
        before = "{"
        for key, inside in value.items():
            yield f"{before}{margin}{_ENCODER.encode(str(key))}: "
            yield from _spread(inside, depth + 1)
            before = ","
        yield f"{margin[:-2]}}}"
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        before = "["
        for item in value:
            yield f"{before}{margin}{_ENCODER.encode(item)}"
            before = ","
        yield f"{margin[:-2]}]"
    else:
        yield _ENCODER.encode(value)

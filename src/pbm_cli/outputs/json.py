"""JSON 文档：UTF-8，键按给出的次序。"""

from __future__ import annotations

import json

from pbm_cli.outputs.columns import Document


def text(document: Document) -> str:
    """文档的 JSON 文字，末尾有换行。"""
    return json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def render(document: Document) -> bytes:
    """文档的 UTF-8 字节；孤立的代理字符写成 JSON 转义。"""
    return text(document).encode("utf-8", errors="backslashreplace")

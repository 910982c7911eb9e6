"""OOXML 压缩包：固定的次序与时间，同样的内容得到同样的字节。"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping

_FIRST = ("[Content_Types].xml", "_rels/.rels")
_MOMENT = (1980, 1, 1, 0, 0, 0)
_UNIX = 3


def repack(data: bytes, changes: Mapping[str, Callable[[bytes], bytes]] | None = None) -> bytes:
    """重写压缩包：[Content_Types].xml 在前，其余按名，时间固定。changes 把部件的字节换成另一份。"""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist(), key=lambda name: (name not in _FIRST, name)):
            entry = zipfile.ZipInfo(name, _MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = _UNIX
            entry.external_attr = 0o600 << 16
            change = (changes or {}).get(name)
            target.writestr(entry, change(source.read(name)) if change else source.read(name))
    return stream.getvalue()

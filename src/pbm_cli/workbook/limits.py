"""阅读上限：文件、压缩包、单元格、时间、内存。"""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """一个文件最多读多少；超过的拒绝读入，不截断。

    *_bytes 是字节数；ratio 是大于 1 MiB 的部件的解压倍数；columns 是有数据的最右一列；seconds 是每个文件的秒数。
    """

    file_bytes: int = 100 * MIB
    unpacked_bytes: int = 640 * MIB
    part_bytes: int = 512 * MIB
    entries: int = 2_000
    ratio: int = 100
    shared_string_bytes: int = 128 * MIB
    shared_strings: int = 5_000_000
    cells: int = 20_000_000
    columns: int = 512
    sheets: int = 200
    seconds: float = 120.0
    memory_bytes: int = 1536 * MIB


def mebibytes(count: int) -> str:
    """字节数的显示：104857600 → "100 MB"。"""
    return f"{count / MIB:.0f} MB" if count >= MIB else f"{count / 1024:.0f} KB"

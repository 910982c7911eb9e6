"""阅读与模板的上限：默认值、pbm.toml 里的名字、能设到多大、为什么有这一条。"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

MIB = 1024 * 1024
GIB = 1024 * MIB
AHEAD_BYTES = MIB
"""这么大的 xlsx 才一边扫描一边读：两件事各用一个核。"""


@dataclass(frozen=True, slots=True)
class Limits:
    """一个文件最多读多少；超过的拒绝读入，不截断。

    *_bytes 是字节数；ratio 是大于 1 MiB 的部件的解压倍数；columns 是有数据的最右一列；*seconds 是秒数。
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
    template_bytes: int = 10 * MIB
    template_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Setting:
    """pbm.toml [limits] 的一个键；unit 是显示的单位，大小（字节）的为空。least、most 是能设的范围。"""

    key: str
    field: str
    title: str
    unit: str
    least: int
    most: int
    reason: str

    @property
    def example(self) -> str:
        """写法的例子。"""
        value = getattr(Limits(), self.field)
        return f'{self.key} = "{mebibytes(value)}"' if not self.unit else f"{self.key} = {value:.0f}"


SETTINGS = (
    Setting("file", "file_bytes", "一个文件的大小", "", MIB // 16, 2 * GIB, "十万行二十列的表约 10 MB"),
    Setting("unpacked", "unpacked_bytes", "解压以后的大小", "", MIB, 8 * GIB, "正常的表解压成 10—16 倍"),
    Setting("part", "part_bytes", "压缩包里一个部件的大小", "", MIB, 4 * GIB, "一张很大的表约 200 MB"),
    Setting("parts", "entries", "压缩包里的部件", "个", 20, 60_000, "正常的工作簿几十个"),
    Setting("ratio", "ratio", "压缩倍数", "倍", 20, 1_000, "压缩炸弹在一千倍以上"),
    Setting("shared_text", "shared_string_bytes", "共用文字的大小", "", MIB, 2 * GIB, "几百 KB 的文件能展开成几 GB"),
    Setting("shared_texts", "shared_strings", "共用文字", "条", 1_000, 50_000_000, "同上"),
    Setting("cells", "cells", "单元格", "个", 1_000, 200_000_000, "每一百万个约用 100 MB 内存"),
    Setting("columns", "columns", "有数据的最右一列", "列", 30, 16_384, "最远的一格有内容，阅读器会要几百 GB 内存"),
    Setting("sheets", "sheets", "工作表", "张", 1, 10_000, "正常的工作簿几十张"),
    Setting("seconds", "seconds", "读一个文件的时间", "秒", 1, 3_600, "二十万行的表约 10 秒"),
    Setting("memory", "memory_bytes", "读一个文件用的内存", "", 256 * MIB, 16 * GIB, "办公电脑常只有 4 GB"),
    Setting("template", "template_bytes", "一个模板、一节文字的大小", "", MIB // 16, 100 * MIB, "报告的一节几十 KB"),
    Setting("template_seconds", "template_seconds", "运行一个模板的时间", "秒", 1, 600, "正常的不到一秒"),
)
_BY_KEY = {setting.key: setting for setting in SETTINGS}
_SIZE = re.compile(r"\s*(\d{1,9}(?:\.\d{1,3})?)\s*(B|字节|K|KB|KiB|M|MB|MiB|兆|G|GB|GiB)\s*\Z", re.IGNORECASE)
_COUNT = re.compile(r"\s*(\d{1,9}(?:\.\d{1,4})?)\s*(千|万|百万|亿|)\s*(个|倍|条|列|张|秒|s|)\s*\Z", re.IGNORECASE)
_SIZES = {"b": 1, "字": 1, "k": 1024, "m": MIB, "兆": MIB, "g": GIB}
_COUNTS = {"": 1, "千": 1_000, "万": 10_000, "百万": 1_000_000, "亿": 100_000_000}


class LimitError(ValueError):
    """一个上限写得不对；key 是哪一个，hint 怎么写。"""

    def __init__(self, key: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.key = key
        self.hint = hint


def limits_from(given: Mapping[str, object]) -> Limits:
    """pbm.toml 的 [limits] → 上限；没写的用默认值。不认识的键、写错的值、超出范围的抛出 LimitError。"""
    chosen: dict[str, int | float] = {}
    for key, value in given.items():
        setting = _BY_KEY.get(key)
        if setting is None:
            raise LimitError(key, f"不认识的键“{key}”", f"[limits] 可用：{'、'.join(_BY_KEY)}")
        number = _number(setting, value)
        if not setting.least <= number <= setting.most:
            span = f"{shown(setting, setting.least)} 到 {shown(setting, setting.most)}"
            raise LimitError(key, f"“{key}”应当在 {span} 之间", f"例如 {setting.example}")
        chosen[setting.field] = float(number) if setting.unit == "秒" else int(number)
    return replace(Limits(), **chosen)  # type: ignore[arg-type]  # 每个键的种类由 SETTINGS 定


def shown(setting: Setting, value: float) -> str:
    """一个上限的显示：100 MB、2,000 个。"""
    return f"{value:,.0f} {setting.unit}" if setting.unit else mebibytes(int(value))


def mebibytes(count: int) -> str:
    """字节数的显示：104857600 → "100 MB"。"""
    return f"{count / MIB:.0f} MB" if count >= MIB else f"{count / 1024:.0f} KB"


def _number(setting: Setting, value: object) -> float:
    """一个值：整数，或带单位的文字（"100 MB"、"2000 万"）。"""
    if type(value) is int:
        return value
    pattern, factors = (_COUNT, _COUNTS) if setting.unit else (_SIZE, _SIZES)
    found = pattern.match(value) if isinstance(value, str) else None
    if not found:
        kind = "整数" if setting.unit else "带单位的文字"
        raise LimitError(setting.key, f"“{setting.key}”应当是{kind}", f"例如 {setting.example}")
    unit = found[2] if setting.unit else found[2][:1].lower()
    return float(found[1]) * factors[unit]

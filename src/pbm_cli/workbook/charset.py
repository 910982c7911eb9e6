"""字节 → 文字：BOM、UTF-16、UTF-8、GB18030，都是严格的；猜不准就不读。"""

from __future__ import annotations

import codecs
import re

from pbm_cli.workbook.refusals import refuse

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x19\x1b-\x1f\x7f]")
_USUAL = re.compile(
    "[\t\r\n -~\u00a0-\u00ff\u2000-\u206f\u2100-\u22ff\u2460-\u24ff"
    "\u3000-\u30ff\u3200-\u33ff\u4e00-\u9fff\uff00-\uffef]"
)
_CHINESE = {"gb2312", "gbk", "gb18030", "x-gbk", "cp936", "ms936", "hz", "csgb2312", "gb_2312-80", "chinese"}
_HINT = "请用 Excel 或 WPS 打开它，另存为“CSV UTF-8（逗号分隔）”或 xlsx 后再试"
_SAMPLE = 64 * 1024
_MOST_BROKEN = 20  # 坏字不到二十分之一，就是坏了的 UTF-8，而不是 GBK


def decode(data: bytes, declared: str | None = None) -> str:
    """文字；declared 是文件自己声明的编码（网页、XML）。二进制或坏字节时拒绝。"""
    for mark, name in _BOMS:
        if data.startswith(mark):
            return _clean(_strict(data[len(mark) :], name))
    if b"\0" in data[:_SAMPLE]:
        return _clean(_utf16_without_mark(data))
    name = (declared or "").strip().lower()
    if name in _CHINESE:
        return _clean(_strict(data, "gb18030"))
    if name == "big5":
        return _clean(_strict(data, "cp950"))
    try:
        return _clean(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        loose = data.decode("utf-8", "replace")
        broken, good = loose.count("\ufffd"), len(_WIDE.findall(loose))
        if good > broken * _MOST_BROKEN or name in ("utf-8", "utf8"):
            line = data.count(b"\n", 0, error.start) + 1
            raise refuse(f"第 {line} 行有损坏的 UTF-8 字节，读出来会是乱码", _HINT) from error
    _refuse_mixed(data)
    return _clean(_strict(data, "gb18030"))


def _refuse_mixed(data: bytes) -> None:
    """有的行是 UTF-8、有的行不是：两份文件接在一起的，按 GBK 读会有一半是乱码。"""
    for found in _FOUR_WIDE.finditer(data):
        start = data.rfind(b"\n", 0, found.start()) + 1
        end = data.find(b"\n", found.end())
        try:
            data[start : end if end >= 0 else len(data)].decode("utf-8")
        except UnicodeDecodeError:
            continue
        line = data.count(b"\n", 0, start) + 1
        raise refuse(f"第 {line} 行是 UTF-8 编码，别的行不是，读出来会有乱码", _HINT)


_FOUR_WIDE = re.compile(rb"(?:[\xe3-\xe9][\x80-\xbf]{2}){4}")
_WIDE = re.compile("[\u3000-\u9fff\uff00-\uffef]")


def _strict(data: bytes, name: str) -> str:
    try:
        return data.decode(name)
    except UnicodeDecodeError as error:
        raise refuse("文字编码认不出（不是 UTF-8、UTF-16 或 GBK/GB18030），或者不是文字文件", _HINT) from error


def _utf16_without_mark(data: bytes) -> str:
    for name in ("utf-16-le", "utf-16-be"):
        try:
            text = data[: len(data) // 2 * 2].decode(name)
        except UnicodeDecodeError:
            continue
        sample = text[:4096]
        if "\0" not in text and len(_USUAL.findall(sample)) * 10 >= len(sample) * 9:
            return text
    raise refuse("不是文字文件，也不是认得的工作簿格式", "请确认文件没有选错、扩展名没有改错")


def _clean(text: str) -> str:
    text = text.removeprefix("\ufeff").rstrip("\x1a")
    found = _CONTROL.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        raise refuse(f"第 {line} 行有控制符（编码 {ord(found[0])}），不是正常的文字文件", _HINT)
    return text

"""xlsx 里 calamine 会不声不响读错的写法：值里的 CDATA、注释、字符引用，不是数的共享文字号，值写在公式前面。

都是合法或近乎合法的 XML，却没有办公软件会这样写；读错不如不读。平常的块只试几次 in。
"""

from __future__ import annotations

import re

from pbm_cli.errors import InputError
from pbm_cli.workbook.refusals import RESAVE, refuse

_VALUE = rb"<(?:[\w.-]+:)?v(?:\s[^>]*)?>[^<]*"
_SPLIT = re.compile(_VALUE + rb"<!")
_REFERRED = re.compile(rb"<(?:[\w.-]+:)?c(?=[\s>])(?![^>]*\st=[\"'](?:str|e)[\"'])[^>]*>\s*(?:" + _VALUE + rb")&")
_SHARED = re.compile(rb"t=\"s\"><v>(?:[0-9]{0,9}[^0-9<]|[0-9]{10})")
_REFERENCE = re.compile(rb"""\sr=["']([A-Za-z]{1,3}[0-9]{1,7})["']""")
_MISPLACED = (b"</v><f", b't="inlineStr"><v')


def refuse_odd(chunk: bytes, shown: bytes) -> None:
    """一段工作表里有这样的单元格时拒绝，说出第一个在哪里；shown 是去掉数字和汉字的行样，里面没有的记号原文里也没有。"""
    if b"<!" in shown and (found := _SPLIT.search(chunk)):
        raise _odd(chunk, found.end(), "值里夹着注释或 CDATA")
    if b"&" in shown and (found := _REFERRED.search(chunk)):
        raise _odd(chunk, found.end(), "数里夹着字符引用")
    if b't="s"><v>' in shown and (found := _SHARED.search(chunk)):
        raise _odd(chunk, found.end(), "共享文字的号不是数")
    for mark in _MISPLACED:
        if mark in shown and (at := chunk.find(mark)) >= 0:
            raise _odd(chunk, at, "值放错了位置")


def _odd(chunk: bytes, end: int, what: str) -> InputError:
    places = _REFERENCE.findall(chunk, max(chunk.rfind(b"<row", 0, end), 0), end)
    where = "单元格 " + places[-1].decode("ascii") if places else "有的单元格"
    return refuse(f"{where} 的写法少见（{what}），会被读错，未读取", RESAVE)

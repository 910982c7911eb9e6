"""XML 部件：DOCTYPE 与实体、写坏的标记、少见的编码、很深很大的结构。"""

from __future__ import annotations

import hashlib

from bad.packages import BOOK, BOOK_RELS, MAIN, ROWS, SHEET, STRINGS, STYLES, TEXTS, TYPES, book, good, sheet, strings

MIB = 1024 * 1024
BOMB = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "项目"}">' for n in range(9))
PARTS = {
    "sheet": SHEET, "book": BOOK, "links": BOOK_RELS, "strings": STRINGS, "styles": STYLES, "types": TYPES,
    "root": "_rels/.rels", "core": "docProps/core.xml", "drawing": "xl/drawings/vmlDrawing1.vml",
}  # fmt: skip


def text_of(part: str) -> str:
    """好的部件的文字；没有的是一个空元素。"""
    content = good().get(PARTS[part], "<a/>")
    assert isinstance(content, str)
    return content


def varied(size: int) -> str:
    """size 个不重复的字节：压缩倍数不引人注意。"""
    return hashlib.shake_128(b"pbm").hexdigest(size // 2)


def declared(part: str, declaration: str = "<!DOCTYPE a>", encoding: str = "utf-8", after: int = 0) -> bytes:
    """部件前面有声明；after：声明之前先有多少字节的注释（跨过读取的块）。"""
    note = f"<!--{varied(after)}-->" if after else ""
    return book({PARTS[part]: (note + declaration + text_of(part)).encode(encoding)})


def expanding(part: str) -> bytes:
    """实体层层展开成几亿字。"""
    return declared(part, f"<!DOCTYPE a [{BOMB}]>")


def coded(part: str, encoding: str, name: str = "") -> bytes:
    """部件用别的编码；name 是声明里写的编码名。"""
    head = f'<?xml version="1.0" encoding="{name}"?>' if name else ""
    return book({PARTS[part]: (head + text_of(part)).encode(encoding)})


def replaced(part: str, old: str, new: str, count: int = 1) -> bytes:
    """部件里换掉一段。"""
    text = text_of(part)
    assert old in text
    return book({PARTS[part]: text.replace(old, new, count)})


def broken(part: str, keep: int) -> bytes:
    """部件只有前面百分之几。"""
    text = text_of(part)
    return book({PARTS[part]: text[: len(text) * keep // 100]})


def nothing(part: str, content: str = "") -> bytes:
    """部件是空的，或只有这些字。"""
    return book({PARTS[part]: content})


def bytes_in(part: str, hexadecimal: str) -> bytes:
    """部件的文字里有坏字节。"""
    return book({PARTS[part]: text_of(part).encode().replace("甲渠".encode(), bytes.fromhex(hexadecimal))})


def deep(part: str, levels: int) -> bytes:
    """嵌套几万层。"""
    return book({PARTS[part]: f'<a xmlns="{MAIN}">' + "<b>" * levels + "</b>" * levels + "</a>"})


def deep_rich_text(levels: int) -> bytes:
    """共享文字里嵌套很深的元素。"""
    nested = "<r>" * levels + "</r>" * levels
    return book({STRINGS: strings(TEXTS[:3]).replace("</sst>", f"<si>{nested}</si></sst>")})


def many_attributes(count: int) -> bytes:
    """一个元素有几万个属性。"""
    attributes = " ".join(f'a{n}="{n}"' for n in range(count))
    return book({SHEET: sheet(ROWS.replace('<row r="1"', f'<row r="1" {attributes}'))})


def long_value(size: int) -> bytes:
    """一个单元格里有几十兆字。"""
    body = "".join(chr(0x4E00 + n * 7 % 20000) for n in range(size))
    return book({STRINGS: strings((*TEXTS[:3], body, TEXTS[4]))})


def valued(cell: str) -> bytes:
    """甲渠的申报金额换成这样写的单元格。"""
    return book({SHEET: sheet(ROWS.replace('<c r="B2"><v>100</v></c>', cell))})

"""文字文件的编码与写法：GBK、UTF-16、坏字节、控制符、分隔符、引号。"""

from __future__ import annotations

from bad.places import TABLE, html, xmlss


def table(delimiter: str = ",", newline: str = "\n") -> str:
    """三行的表。"""
    return newline.join(delimiter.join(str(value) for value in row) for row in TABLE) + newline


def coded(encoding: str, mark: str = "", delimiter: str = ",", newline: str = "\n", head: str = "") -> bytes:
    """用这种编码写的表；mark 是开头的字节。"""
    return bytes.fromhex(mark) + (head + table(delimiter, newline)).encode(encoding)


def spoilt(hexadecimal: str, encoding: str = "utf-8", times: int = 1, rows: int = 30) -> bytes:
    """许多行之后有坏字节。"""
    many = table() + "".join(f"丙项目{n},1,1\n" for n in range(rows))
    return many.encode(encoding) + bytes.fromhex(hexadecimal) * times + b",1,1\n"


def odd(drop: int, encoding: str) -> bytes:
    """少了几个字节。"""
    return table().encode(encoding)[:-drop]


def replaced(old: str, new: str, encoding: str = "utf-8") -> bytes:
    """换掉一段。"""
    assert old in table()
    return table().replace(old, new).encode(encoding)


def mixed() -> bytes:
    """前一半 UTF-8，后一半 GBK。"""
    return table().encode() * 5 + table().encode("gbk") * 5


def traditional() -> bytes:
    """繁体的 Big5。"""
    return "專案名稱,申報金額,審定金額\n甲渠,100,80\n乙路,50,50\n".encode("big5")


def page(encoding: str, declared: str) -> bytes:
    """网页：实际的编码与声明的编码。"""
    return html().decode().replace("charset=utf-8", f"charset={declared}").encode(encoding)


def spreadsheet(encoding: str, declared: str) -> bytes:
    """XML 表格：实际的编码与声明的编码。"""
    return xmlss(encoding=declared).decode(declared).encode(encoding)


def long_field(size: int) -> bytes:
    """一格很长，里面有换行和引号。"""
    return table().replace("甲渠", '"' + "甲\n渠" * size + '"').encode()

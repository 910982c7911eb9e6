"""BIFF2—BIFF5 的 xls：Excel 5.0/95 以及更早的，和老系统照着写、没有文件外壳的。calamine 只读得了一部分，这里自己读。

记录号与布局见 [MS-XLS] 与 OpenOffice 的 Excel 格式说明。文字是系统代码页的：没有写的当作 GBK。
"""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Callable, Iterator

from pbm_cli.cells import Percentage
from pbm_cli.workbook.biff import ERRORS, rk_number
from pbm_cli.workbook.limits import Limits
from pbm_cli.workbook.marks import Marks, RawSheet, is_date_format, is_percent_format
from pbm_cli.workbook.refusals import damaged, refuse
from pbm_cli.workbook.values import locked, not_data

_BOFS = {0x09: 2, 0x209: 3, 0x409: 4, 0x809: 5}
_MODULE, _CHART, _MACRO, _WORKSPACE = 0x06, 0x20, 0x40, 0x100
_EOF, _FILEPASS, _CODEPAGE, _DATEMODE, _BOUNDSHEET, _HEADER = 0x0A, 0x2F, 0x42, 0x22, 0x85, 0x8F
_FORMATS, _STYLES = (0x1E, 0x41E), (0x43, 0x243, 0x443, 0xE0)
_INTEGER, _NUMBERS, _LABELS, _BOOLERR = 0x02, (0x03, 0x203), (0x04, 0x204, 0xD6), (0x05, 0x205)
_FORMULAS, _STRINGS, _RKS, _MULRK = (0x06, 0x206, 0x406), (0x07, 0x207), (0x7E, 0x27E), 0xBD
_ROW, _COLINFO, _IXFE = 0x208, 0x7D, 0x44
_CELLS = frozenset((_INTEGER, *_NUMBERS, *_LABELS, *_BOOLERR, *_FORMULAS, *_RKS, _MULRK))
_BUILTIN = {9: "0%", 10: "0.00%", **dict.fromkeys((*range(14, 18), 22, *range(27, 37), *range(50, 59)), "y/m/d"),
            **dict.fromkeys((18, 19, 20, 21, 45, 46, 47), "h:mm:ss")}  # fmt: skip
_CHINESE, _PAGES = "gb18030", {0x8000: "mac-roman", 0x8001: "cp1252", 10000: "mac-roman", 367: "ascii", 936: "gb18030"}
_MOST_COLUMNS, _SECONDS = 256, 86_400


class EarlyBook:
    """一个早期的 xls：remarks 是要说的话；sheets() 逐张交出。"""

    def __init__(self, stream: bytes, stem: str, limits: Limits) -> None:
        self._stream = stream
        self._limits = limits
        self._stem = stem
        self._kind = 0
        self._records = list(_records(stream))
        self._encoding = ""
        self._formats: dict[int, str] = {}
        self._styles: list[int] = []
        self._epoch = dt.datetime(1899, 12, 30)
        self._listed: list[tuple[int, str, bool]] = []
        self.remarks: list[str] = []
        self._version = _BOFS[self._records[0][1]]
        self._common()

    def sheets(self) -> Iterator[RawSheet]:
        """次序与工作簿里相同；不是数据表的只说不读。"""
        starts = {place: index for index, (place, _, _) in enumerate(self._records)}
        pages = self._listed or [(self._records[0][0], self._stem, False)]
        if len(pages) > self._limits.sheets:
            raise refuse(f"有 {len(pages)} 张工作表，超过 {self._limits.sheets} 张", "请拆成几个文件")
        for place, name, hidden in pages:
            if place not in starts or self._records[starts[place]][1] not in _BOFS:
                raise damaged("工作表的位置写坏了")
            what = _what(self._records[starts[place]][2])
            if what in (_CHART, _MACRO):
                self.remarks.append(not_data(name))
            elif what != _MODULE:  # 老系统写的未必是 0x10
                page = _Page(self._version, self._value, self._text)
                page.marks.hidden = hidden
                page.read(self._records, starts[place])
                yield RawSheet(name, page.rows(), page.marks)

    def _common(self) -> None:
        """与各表都有关的记录；只有一张表的文件里，它们就在表里。"""
        whole = _what(self._records[0][2])
        for index, (_, kind, body) in enumerate(self._records):
            if kind == _FILEPASS:
                raise locked()
            if kind == _CODEPAGE and len(body) >= 2 and not self._encoding:
                page = struct.unpack_from("<H", body)[0]
                self._encoding = _PAGES.get(page, f"cp{page}")
            elif kind in _FORMATS and len(body) >= 3:
                self._take_format(kind, body)
            elif kind in _STYLES and len(body) >= 4:
                self._take_style(kind, body)
            elif kind == _DATEMODE and body[:2] == b"\1\0" and self._epoch.year < 1904:
                self._epoch = dt.datetime(1904, 1, 1)
                self.remarks.append("工作簿使用 1904 日期系统，日期已按此换算")
            elif kind == _BOUNDSHEET and len(body) >= 7:
                name = self._text(body[7 : 7 + body[6]])
                self._listed.append((struct.unpack_from("<I", body)[0], name, bool(body[4] & 3)))
            elif kind == _HEADER and whole == _WORKSPACE and len(body) >= 5 and index + 1 < len(self._records):
                self._listed.append((self._records[index + 1][0], self._text(body[5 : 5 + body[4]]), False))

    def _take_format(self, kind: int, body: bytes) -> None:
        if self._version <= 3:
            number, code = len(self._formats), body[1 : 1 + body[0]]
        elif self._version == 4:
            number, code = len(self._formats), body[3 : 3 + body[2]]
        else:
            number, code = struct.unpack_from("<H", body)[0], body[3 : 3 + body[2]]
        self._formats[number] = code.decode(_CHINESE, "replace")

    def _take_style(self, kind: int, body: bytes) -> None:
        if kind == _STYLES[0]:
            self._styles.append(body[2] & 0x3F)
        elif kind == _STYLES[3]:
            self._styles.append(struct.unpack_from("<H", body, 2)[0])
        else:
            self._styles.append(body[1])

    def _text(self, raw: bytes) -> str:
        try:
            return raw.decode(self._encoding or _CHINESE)
        except (UnicodeDecodeError, LookupError):
            return raw.decode(_CHINESE if self._encoding else "cp1252", "replace")

    def _value(self, number: float, style: int) -> object:
        """按格式显示：百分比、日期、时间，或就是数。"""
        index = self._styles[style] if style < len(self._styles) else (style if self._version == 2 else 0)
        code = self._formats.get(index, _BUILTIN.get(index, "") if self._version == 5 else "")
        if is_percent_format(code):
            return Percentage(number)
        if not is_date_format(code):
            return number
        try:
            moment = self._epoch + dt.timedelta(seconds=round(number * _SECONDS, 3))
        except (OverflowError, ValueError):
            return number
        if 0 <= number < 1:
            return moment.time()
        return moment.date() if moment.time() == dt.time() else moment


class _Page:
    """一张表：按位置记下各格，再逐行交出。"""

    def __init__(self, version: int, value: Callable[[float, int], object], text: Callable[[bytes], str]) -> None:
        self._version = version
        self._head = 7 if version == 2 else 6
        self._value = value
        self._text = text
        self._cells: dict[int, dict[int, object]] = {}
        self._style = 0
        self._waiting: tuple[int, int] | None = None
        self.marks = Marks()

    def read(self, records: list[tuple[int, int, bytes]], start: int) -> None:
        """从自己的 BOF 走到自己的 EOF；嵌在里面的图表不看。"""
        depth = 0
        for _, kind, body in records[start:]:  # pragma: no branch  # _records 只交出有头有尾的，总会走到 EOF
            depth += (kind in _BOFS) - (kind == _EOF)
            if depth <= 0:
                return
            if depth > 1:
                continue
            if kind in _CELLS:
                self._take(kind, body)
            elif kind in _STRINGS and self._waiting:
                self._put(*self._waiting, self._string(body, 0))
                self._waiting = None
            elif kind == _IXFE and len(body) >= 2:
                (self._style,) = struct.unpack_from("<H", body)
            elif kind == _ROW and len(body) >= 14 and body[12] & 0x20:
                self.marks.hidden_rows.add(struct.unpack_from("<H", body)[0])
            elif kind == _COLINFO and len(body) >= 10 and body[8] & 1:
                first, last = struct.unpack_from("<HH", body)
                self.marks.hidden_columns.update(range(first, min(last + 1, _MOST_COLUMNS)))

    def rows(self) -> Iterator[list[object]]:
        """逐行交出；没有内容的行是空的。"""
        for index in range(max(self._cells, default=-1) + 1):
            cells = self._cells.get(index, {})
            yield [cells.get(column) for column in range(max(cells, default=-1) + 1)]

    def _take(self, kind: int, body: bytes) -> None:
        head = self._head
        row, column = struct.unpack_from("<HH", body) if len(body) > head else (0, _MOST_COLUMNS)
        if column >= _MOST_COLUMNS:
            raise damaged("单元格写坏了")
        style = self._style_of(body)
        needed = 8 if kind in _NUMBERS or kind in _FORMULAS else 2
        if len(body) < head + needed and kind not in _LABELS and kind != _MULRK:
            raise damaged("单元格写坏了")
        if kind == _INTEGER:
            self._put(row, column, self._value(struct.unpack_from("<H", body, head)[0], style))
        elif kind in _NUMBERS:
            self._put(row, column, self._value(struct.unpack_from("<d", body, head)[0], style))
        elif kind in _LABELS:
            self._put(row, column, self._string(body, head))
        elif kind in _BOOLERR:
            code, wrong = body[head], body[head + 1]
            self._put(row, column, {"e": ERRORS.get(code, "#VALUE!")} if wrong else bool(code))
        elif kind in _RKS:
            self._put(row, column, self._value(rk_number(body[6:10].ljust(4, b"\0")), style))
        elif kind == _MULRK:
            for number, at in enumerate(range(4, len(body) - 7, 6)):
                own, packed = struct.unpack_from("<H", body, at)[0], body[at + 2 : at + 6]
                self._put(row, column + number, self._value(rk_number(packed), own))
        else:
            self._formula(row, column, body, style)

    def _formula(self, row: int, column: int, body: bytes, style: int) -> None:
        result = body[self._head : self._head + 8]
        waits = len(body) > self._head + 8 and bool(body[self._head + 8] & 2)
        self._waiting = None
        if result[6:] != b"\xff\xff":
            lacking = waits and result == bytes(8)
            self._put(row, column, {"f": ""} if lacking else self._value(struct.unpack("<d", result)[0], style))
        elif result[0] == 0:
            self._put(row, column, {"f": ""})
            self._waiting = (row, column)
        elif result[0] == 1:
            self._put(row, column, bool(result[2]))
        elif result[0] == 2:
            self._put(row, column, {"e": ERRORS.get(result[2], "#VALUE!")})

    def _style_of(self, body: bytes) -> int:
        if self._version > 2:
            return int(struct.unpack_from("<H", body, 4)[0])
        own = body[4] & 0x3F
        return self._style if own == 0x3F else own or body[5] & 0x3F

    def _string(self, body: bytes, at: int) -> str:
        """文字：BIFF2 的长度一个字节，以后两个。"""
        wide = self._version > 2
        if len(body) < at + 1 + wide:
            raise damaged("单元格写坏了")
        count = struct.unpack_from("<H", body, at)[0] if wide else body[at]
        start = at + 1 + wide
        if len(body) < start + count:
            raise damaged("单元格写坏了")
        return self._text(body[start : start + count])

    def _put(self, row: int, column: int, value: object) -> None:
        if value is not None and value != "":
            self._cells.setdefault(row, {})[column] = value


def _what(body: bytes) -> int:
    """BOF 里写的：全书、数据表、图表、宏表。"""
    return int(struct.unpack_from("<H", body, 2)[0]) if len(body) >= 4 else 0


def _records(stream: bytes) -> Iterator[tuple[int, int, bytes]]:
    """位置、记录号、内容；到最外层的 EOF 之后为止。"""
    place = depth = 0
    ended = False
    while place + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, place)
        if ended and kind not in _BOFS:
            return
        if place + 4 + length > len(stream):
            raise damaged("记录没有结束就断了")
        depth += (kind in _BOFS) - (kind == _EOF)
        ended = depth <= 0
        yield place, kind, stream[place + 4 : place + 4 + length]
        place += 4 + length
    if not ended:
        raise damaged("记录没有结束就断了")

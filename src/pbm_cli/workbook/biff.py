"""xls 的 Workbook 流（BIFF8）：找出 calamine 丢掉、读错的——错误值、没算过的公式、百分比、隐藏行列、很长的公式结果。

记录号与布局见 [MS-XLS]。记录断了、位置不对的拒绝：值由 calamine 取，它会不声不响少读。更早的 BIFF 见 early.py。
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from pbm_cli.cells import Percentage
from pbm_cli.workbook.marks import Marks, is_date_format, is_percent_format
from pbm_cli.workbook.refusals import damaged
from pbm_cli.workbook.values import locked

_BOF, _EOF, _FILEPASS, _BOUNDSHEET, _FORMAT, _XF, _DATEMODE, _RECALC = 0x809, 0x0A, 0x2F, 0x85, 0x41E, 0xE0, 0x22, 0x1C1
_FORMULA, _NUMBER, _RK, _MULRK, _BOOLERR, _ROW, _COLINFO = 0x06, 0x203, 0x27E, 0xBD, 0x205, 0x208, 0x7D
_CODEPAGE, _LABEL, _STRING, _CONTINUE = 0x42, 0x204, 0x207, 0x3C
_SUPBOOK, _OBJECT_PROJECT, _DIMENSIONS = 0x1AE, 0xD3, 0x200
_MOST_ROWS, _MOST_COLUMNS = 65_536, 256
_SST, _LABELSST, _GLOBALS = 0xFC, 0xFD, 0x05
_VALUES = frozenset((_NUMBER, _RK, _MULRK, _LABELSST, _LABEL))
ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"}
_EARLY_FORMULAS, _FORMULA_HEAD = (0x206, 0x406), struct.pack("<H", 0x06)
_UNICODE = struct.pack("<H", 1200)
_LOCAL_DATES = frozenset((*range(27, 37), *range(50, 59)))
"""各国 Excel 自带的日期格式；文件可以另作他用，calamine 仍当作日期。"""


class Biff:
    """一个 Workbook 流：marks 按工作表次序，remarks 是要说的话。

    corrected：calamine 会读错的写法应当怎么写，流里的位置 → 字节。别的代码页（BIFF8 的文字与它无关，calamine 却照它
    解码）；早期的公式记录号（苹果 Numbers 这样写，calamine 当作没有）。
    """

    def __init__(self, stream: bytes) -> None:
        self._stream = stream
        self._recalculated = False
        self._strings = 0
        self._at = 0
        self._formats: dict[int, str] = {9: "0%", 10: "0.00%"}
        self._styles: list[int] = []
        self.corrected: dict[int, bytes] = {}
        self.remarks: list[str] = []
        offsets = self._globals()
        self.remarks = list(dict.fromkeys(self.remarks))
        percent = {number for number, code in self._formats.items() if is_percent_format(code)}
        mistaken = {number for number, code in self._formats.items() if number in _LOCAL_DATES}
        mistaken = {number for number in mistaken if not is_date_format(self._formats[number])}
        self._percent = frozenset(index for index, number in enumerate(self._styles) if number in percent)
        self._mistaken = frozenset(index for index, number in enumerate(self._styles) if number in mistaken)
        self.marks = [self._sheet(offset) for offset in offsets]

    def _records(self, position: int) -> Iterator[tuple[int, bytes]]:
        stream = self._stream
        depth = 0
        while position + 4 <= len(stream):
            kind, length = struct.unpack_from("<HH", stream, position)
            if kind == _BOF:
                depth += 1
            elif kind == _EOF:
                depth -= 1
                if depth <= 0:
                    return
            if depth == 1:
                self._at = position + 4
                yield kind, stream[position + 4 : position + 4 + length]
            position += 4 + length
        raise damaged("记录没有结束就断了")

    def _globals(self) -> list[int]:
        offsets: list[int] = []
        for kind, body in self._records(0):
            if kind == _FILEPASS:
                raise locked()
            if kind == _SST and len(body) >= 8:
                (self._strings,) = struct.unpack_from("<I", body, 4)
            elif kind == _BOUNDSHEET and len(body) >= 6:
                offsets.append(struct.unpack_from("<I", body)[0])
            elif kind == _FORMAT and len(body) >= 5:
                code = body[5:].decode("utf-16-le" if body[4] & 1 else "latin-1", "replace")
                self._formats[struct.unpack_from("<H", body)[0]] = code
            elif kind == _XF and len(body) >= 4:
                self._styles.append(struct.unpack_from("<H", body, 2)[0])
            elif kind == _CODEPAGE and len(body) >= 2 and body[:2] != _UNICODE:
                self.corrected[self._at] = _UNICODE
            elif kind == _RECALC:
                self._recalculated = True
            else:
                self._remark(kind, body)
        return offsets

    def _remark(self, kind: int, body: bytes) -> None:
        if kind == _DATEMODE and body[:2] == b"\1\0":
            self.remarks.append("工作簿使用 1904 日期系统，日期已按此换算")
        elif kind == _OBJECT_PROJECT:
            self.remarks.append("工作簿含有宏，pbm 不运行宏")
        elif kind == _SUPBOOK and len(body) > 4:
            self.remarks.append("工作簿引用了别的文件（外部链接），pbm 不去读取，用的是保存时的结果")

    def _sheet(self, offset: int) -> Marks:
        self._require_sheet(offset)
        marks = Marks()
        place = (0, 0)
        long = _LongText(b"")
        for found, body in self._records(offset):
            kind = found
            if found in _EARLY_FORMULAS:
                kind = _FORMULA
                self.corrected[self._at - 4] = _FORMULA_HEAD
            if kind == _LABELSST and self._lost(body):
                raise damaged("单元格指着没有的共享文字")
            marks.valued = marks.valued or kind in _VALUES
            if kind == _NUMBER and len(body) >= 14:
                self._number(marks, body, struct.unpack_from("<d", body, 6)[0])
            elif kind == _RK and len(body) >= 10:
                self._number(marks, body, rk_number(body[6:10]))
            elif kind == _MULRK and len(body) >= 6:
                self._many(marks, body)
            elif kind == _FORMULA and len(body) >= 16:
                self._formula(marks, body)
                place = struct.unpack_from("<HH", body)
            elif kind == _STRING:
                long = _LongText(body)
            elif kind == _CONTINUE and long.missing > 0:
                long.add(body)
                marks.replaced(*place, long.text)
            else:
                _mark(marks, kind, body)
        return marks

    def _require_sheet(self, offset: int) -> None:
        """名单里写的位置上确是一张表；不是时 calamine 会读成空表。"""
        head = self._stream[offset : offset + 8]
        if len(head) < 8:
            raise damaged("工作表的位置在文件外面")
        kind, _, _, what = struct.unpack("<HHHH", head)
        if kind != _BOF or what == _GLOBALS:
            raise damaged("工作表的位置写坏了")

    def _lost(self, body: bytes) -> bool:
        return len(body) < 10 or struct.unpack_from("<I", body, 6)[0] >= self._strings

    def _many(self, marks: Marks, body: bytes) -> None:
        row, first = struct.unpack_from("<HH", body)
        for index in range((len(body) - 6) // 6):
            piece = body[4 + 6 * index : 10 + 6 * index]
            self._number(marks, struct.pack("<HH", row, first + index) + piece, rk_number(piece[2:]))

    def _number(self, marks: Marks, head: bytes, value: float) -> None:
        row, column, style = struct.unpack_from("<HHH", head)
        if style in self._mistaken:
            marks.replaced(row, column, Percentage(value) if style in self._percent else value)
        elif style in self._percent:
            marks.percentage(row, column)

    def _formula(self, marks: Marks, body: bytes) -> None:
        """公式：结果是错误值的、从没算过的（写着打开时再算，或程序写出而 Excel 没碰过）。"""
        row, column = struct.unpack_from("<HH", body)
        result, waits = body[6:14], bool(body[14] & 2)
        if result[6:8] != b"\xff\xff":
            if waits and result == bytes(8):
                marks.unvalued(row, column, "")
            else:
                self._number(marks, body, struct.unpack("<d", result)[0])
        elif result[0] == 2:
            marks.error(row, column, ERRORS.get(result[2], "#VALUE!"))
        elif result[0] == 3 and (waits or not self._recalculated):
            marks.unvalued(row, column, "")


class _LongText:
    """公式的文字结果；一条记录放不下的接在后面的 CONTINUE 里，calamine 只读头一条。"""

    def __init__(self, body: bytes) -> None:
        self.missing = struct.unpack_from("<H", body)[0] if len(body) >= 3 else 0
        self.text = ""
        if self.missing:
            self.add(body[2:])

    def add(self, piece: bytes) -> None:
        """接上一段；每段各有自己的宽窄。"""
        wide = piece[:1] and piece[0] & 1
        more = piece[1:].decode("utf-16-le" if wide else "latin-1", "replace")[: self.missing]
        self.text += more
        self.missing -= len(more.encode("utf-16-le")) // 2 if wide else len(more)


def rk_number(raw: bytes) -> float:
    """四个字节的 RK 数。"""
    (packed,) = struct.unpack("<i", raw)
    value = packed >> 2 if packed & 2 else struct.unpack("<d", struct.pack("<iI", 0, packed & 0xFFFFFFFC))[0]
    return float(value / 100 if packed & 1 else value)


def _mark(marks: Marks, kind: int, body: bytes) -> None:
    """错误值、隐藏行列、大小。"""
    if kind == _BOOLERR and len(body) >= 8 and body[7]:
        row, column = struct.unpack_from("<HH", body)
        marks.error(row, column, ERRORS.get(body[6], "#VALUE!"))
    elif kind == _ROW and len(body) >= 16 and body[12] & 0x20:
        marks.hidden_rows.add(struct.unpack_from("<H", body)[0])
    elif kind == _DIMENSIONS and len(body) >= 12:
        _believable(body)
    elif kind == _COLINFO and len(body) >= 10 and body[8] & 1:
        first, last = struct.unpack_from("<HH", body)
        marks.hidden_columns.update(range(first, min(last, 255) + 1))


def _believable(body: bytes) -> None:
    """DIMENSIONS 写的大小；calamine 照它要内存，写坏了会让进程中止。"""
    _, rows, _, columns = struct.unpack_from("<IIHH", body)
    if rows > _MOST_ROWS or columns > _MOST_COLUMNS:
        raise damaged("工作表的大小写坏了")

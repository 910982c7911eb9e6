"""xls 的 Workbook 流（BIFF8、BIFF5）：找出 calamine 丢掉的错误值、没算过的公式、百分比格式、隐藏行列。

记录号与布局见 [MS-XLS]。记录断了、位置不对的拒绝：值由 calamine 取，它会不声不响少读。
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from pbm_cli.workbook.marks import Marks, is_percent_format
from pbm_cli.workbook.refusals import damaged
from pbm_cli.workbook.values import locked

_BOF, _EOF, _FILEPASS, _BOUNDSHEET, _FORMAT, _XF, _DATEMODE, _RECALC = 0x809, 0x0A, 0x2F, 0x85, 0x41E, 0xE0, 0x22, 0x1C1
_FORMULA, _NUMBER, _RK, _MULRK, _BOOLERR, _ROW, _COLINFO = 0x06, 0x203, 0x27E, 0xBD, 0x205, 0x208, 0x7D
_SUPBOOK, _OBJECT_PROJECT, _DIMENSIONS = 0x1AE, 0xD3, 0x200
_MOST_ROWS, _MOST_COLUMNS = 65_536, 256
_SST, _LABELSST, _GLOBALS = 0xFC, 0xFD, 0x05
_VALUES = frozenset((_NUMBER, _RK, _MULRK, _LABELSST))
ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"}
_BIFF8 = 0x0600


class Biff:
    """一个 Workbook 流：marks 按工作表次序，remarks 是要说的话。"""

    def __init__(self, stream: bytes) -> None:
        self._stream = stream
        self._percent: frozenset[int] = frozenset()
        self._recalculated = False
        self._wide = True
        self._strings = 0
        self.remarks: list[str] = []
        offsets = self._globals()
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
                yield kind, stream[position + 4 : position + 4 + length]
            position += 4 + length
        raise damaged("记录没有结束就断了")

    def _globals(self) -> list[int]:
        offsets: list[int] = []
        formats: set[int] = {9, 10}
        styles: list[int] = []
        for kind, body in self._records(0):
            if kind == _FILEPASS:
                raise locked()
            if kind == _BOF and len(body) >= 2:
                self._wide = struct.unpack_from("<H", body)[0] >= _BIFF8
            elif kind == _SST and len(body) >= 8:
                (self._strings,) = struct.unpack_from("<I", body, 4)
            elif kind == _BOUNDSHEET and len(body) >= 6:
                offsets.append(struct.unpack_from("<I", body)[0])
            elif kind == _FORMAT and len(body) >= 5:
                number = struct.unpack_from("<H", body)[0]
                formats.discard(number)
                if is_percent_format(self._format_code(body)):
                    formats.add(number)
            elif kind == _XF and len(body) >= 4:
                styles.append(struct.unpack_from("<H", body, 2)[0])
            elif kind == _DATEMODE and body[:2] == b"\1\0":
                self.remarks.append("工作簿使用 1904 日期系统，日期已按此换算")
            elif kind == _RECALC:
                self._recalculated = True
            elif kind == _OBJECT_PROJECT:
                self.remarks.append("工作簿含有宏，pbm 不运行宏")
            elif kind == _SUPBOOK and len(body) > 4:
                self.remarks.append("工作簿引用了别的文件（外部链接），pbm 不去读取，用的是保存时的结果")
        self._percent = frozenset(index for index, number in enumerate(styles) if number in formats)
        self.remarks = list(dict.fromkeys(self.remarks))
        return offsets

    def _format_code(self, body: bytes) -> str:
        if not self._wide:
            return body[3:].decode("gb18030", "replace")
        return body[5:].decode("utf-16-le" if body[4] & 1 else "latin-1", "replace")

    def _sheet(self, offset: int) -> Marks:
        self._require_sheet(offset)
        marks = Marks()
        for kind, body in self._records(offset):
            if kind == _LABELSST and self._lost(body):
                raise damaged("单元格指着没有的共享文字")
            marks.valued = marks.valued or kind in _VALUES
            if kind in (_NUMBER, _RK) and len(body) >= 6:
                row, column, style = struct.unpack_from("<HHH", body)
                if style in self._percent:
                    marks.percentage(row, column)
            elif kind == _MULRK and len(body) >= 6:
                self._many(marks, body)
            elif kind == _FORMULA and len(body) >= 16:
                self._formula(marks, body)
            elif kind == _BOOLERR and len(body) >= 8 and body[7]:
                row, column = struct.unpack_from("<HH", body)
                marks.error(row, column, ERRORS.get(body[6], "#VALUE!"))
            elif kind == _ROW and len(body) >= 16 and body[12] & 0x20:
                marks.hidden_rows.add(struct.unpack_from("<H", body)[0])
            elif kind == _DIMENSIONS and self._wide and len(body) >= 12:
                _believable(body)
            elif kind == _COLINFO and len(body) >= 10 and body[8] & 1:
                first, last = struct.unpack_from("<HH", body)
                marks.hidden_columns.update(range(first, min(last, 255) + 1))
        return marks

    def _require_sheet(self, offset: int) -> None:
        """名单里写的位置上确是一张表；不是时 calamine 会读成空表。"""
        head = self._stream[offset : offset + 8]
        if len(head) < 8:
            raise damaged("工作表的位置在文件外面")
        kind, _, _, what = struct.unpack("<HHHH", head)
        if kind != _BOF or (self._wide and what == _GLOBALS):
            raise damaged("工作表的位置写坏了")

    def _lost(self, body: bytes) -> bool:
        return len(body) < 10 or struct.unpack_from("<I", body, 6)[0] >= self._strings

    def _many(self, marks: Marks, body: bytes) -> None:
        row, first = struct.unpack_from("<HH", body)
        for index in range((len(body) - 6) // 6):
            if struct.unpack_from("<H", body, 4 + 6 * index)[0] in self._percent:
                marks.percentage(row, first + index)

    def _formula(self, marks: Marks, body: bytes) -> None:
        """公式：结果是错误值的、从没算过的（写着打开时再算，或程序写出而 Excel 没碰过）。"""
        row, column, style = struct.unpack_from("<HHH", body)
        result, waits = body[6:14], bool(body[14] & 2)
        if result[6:8] != b"\xff\xff":
            if waits and result == bytes(8):
                marks.unvalued(row, column, "")
            elif style in self._percent:
                marks.percentage(row, column)
        elif result[0] == 2:
            marks.error(row, column, ERRORS.get(result[2], "#VALUE!"))
        elif result[0] == 3 and (waits or not self._recalculated):
            marks.unvalued(row, column, "")


def _believable(body: bytes) -> None:
    """DIMENSIONS 写的大小；calamine 照它要内存，写坏了会让进程中止。"""
    _, rows, _, columns = struct.unpack_from("<IIHH", body)
    if rows > _MOST_ROWS or columns > _MOST_COLUMNS:
        raise damaged("工作表的大小写坏了")

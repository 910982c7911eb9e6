"""xlsb：值由 calamine 取；错误值、百分比、合并、隐藏、过远的单元格由记录流（[MS-XLSB]）得来。"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

from pbm_cli.cells import address
from pbm_cli.workbook.archive import Archive
from pbm_cli.workbook.biff import ERRORS
from pbm_cli.workbook.limits import Limits
from pbm_cli.workbook.marks import Marks, RawSheet, is_percent_format
from pbm_cli.workbook.refusals import damaged, refuse
from pbm_cli.workbook.values import Values
from pbm_cli.workbook.xlsx import package_remarks, relationships

_PATH = "xl/workbook.bin"
_ROW, _BLANK, _RK, _ERROR, _REAL, _FORMULA_NUMBER, _FORMULA_ERROR = 0, 1, 2, 3, 5, 9, 11
_FORMAT, _XF, _COLUMN, _BEGIN_XFS, _END_XFS, _BUNDLE, _PROPERTIES, _MERGE = 44, 47, 60, 617, 618, 156, 153, 176
_BUILTIN_PERCENT = (9, 10)
_END_DATA = 146
_LEAST = 9


class XlsbBook:
    """一个 xlsb：remarks 是要说的话；sheets() 逐张交出。"""

    def __init__(self, data: bytes, archive: Archive, limits: Limits) -> None:
        self._data = data
        self._archive = archive
        self._limits = limits
        self._sheets: list[tuple[str, str]] = []
        self.remarks = package_remarks(archive)
        for kind, body in _records(archive.chunks(_PATH)):
            if kind == _BUNDLE:
                link, at = _wide_text(body, 8)
                self._sheets.append((_wide_text(body, at)[0], link))
            elif kind == _PROPERTIES and body[:1] and body[0] & 1:
                self.remarks.append("工作簿使用 1904 日期系统，日期已按此换算")

    def sheets(self) -> Iterator[RawSheet]:
        """全部扫描完、都没有问题，才打开 calamine。"""
        if len(self._sheets) > self._limits.sheets:
            raise refuse(f"有 {len(self._sheets)} 张工作表，超过 {self._limits.sheets} 张", "请拆成几个文件")
        targets = relationships(self._archive, _PATH)
        percent = _percent_styles(self._archive)
        scanned: dict[int, Marks] = {}
        for index, (name, link) in enumerate(self._sheets):
            kind, path = targets.get(link, ("", ""))
            if kind == "worksheet":
                if path not in self._archive:
                    raise damaged(f"缺少工作表“{name}”的内容")
                scanned[index] = _scan(self._archive.chunks(path), percent, self._limits)
        self._archive.check_rest()
        with Values(io.BytesIO(self._data)) as values:
            if len(values.names()) != len(self._sheets):
                raise damaged("工作表的名单对不上")
            self.remarks += values.others()
            for index, name, hidden in values.worksheets():
                marks = scanned.get(index, Marks())
                marks.hidden = hidden
                yield values.sheet(index, marks, name)


def _records(blocks: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    """记录号与内容；末尾不完整的当作损坏。"""
    data = b""
    for block in blocks:
        data += block
        at = 0
        while (head := _head(data, at)) is not None and head[2] + head[1] <= len(data):
            kind, length, start = head
            yield kind, data[start : start + length]
            at = start + length
        data = data[at:]
    if data:
        raise damaged("xlsb 的记录不完整")


def _head(data: bytes, at: int) -> tuple[int, int, int] | None:
    """at 处的记录号、长度、内容起点；还不完整时为 None。"""
    if at + 2 > len(data):
        return None
    kind = data[at]
    at += 1
    if kind & 0x80:
        kind = (kind & 0x7F) | (data[at] & 0x7F) << 7
        at += 1
    length = 0
    for shift in (0, 7, 14, 21):
        if at >= len(data):
            return None
        byte = data[at]
        at += 1
        length |= (byte & 0x7F) << shift
        if not byte & 0x80:
            break
    return kind, length, at


def _wide_text(body: bytes, at: int) -> tuple[str, int]:
    """XLWideString：文字与它之后的位置。"""
    if at + 4 > len(body):
        raise damaged("xlsb 的文字不完整")
    (count,) = struct.unpack_from("<I", body, at)
    if count == 0xFFFFFFFF:
        return "", at + 4
    end = at + 4 + 2 * count
    return body[at + 4 : end].decode("utf-16-le", "replace"), end


def _percent_styles(archive: Archive) -> frozenset[int]:
    if "xl/styles.bin" not in archive:
        return frozenset()
    formats = set(_BUILTIN_PERCENT)
    styles: list[int] = []
    inside = False
    for kind, body in _records(archive.chunks("xl/styles.bin")):
        if kind == _FORMAT and is_percent_format(_wide_text(body, 2)[0]):
            formats.add(struct.unpack_from("<H", body)[0])
        elif kind in (_BEGIN_XFS, _END_XFS):
            inside = kind == _BEGIN_XFS
        elif kind == _XF and inside and len(body) >= 4:
            styles.append(struct.unpack_from("<H", body, 2)[0])
    return frozenset(index for index, number in enumerate(styles) if number in formats)


def _scan(blocks: Iterator[bytes], percent: frozenset[int], limits: Limits) -> Marks:
    marks = Marks()
    row = width = 0
    ended = False
    for kind, body in _records(blocks):
        if kind == _ROW and len(body) >= 12:
            (row,) = struct.unpack_from("<I", body)
            if body[11] & 0x10:
                marks.hidden_rows.add(row)
        elif _BLANK < kind <= _FORMULA_ERROR and len(body) < _LEAST:
            raise damaged(f"xlsb 第 {row + 1} 行有单元格不完整")
        elif kind == _END_DATA:
            ended = True
        elif _BLANK < kind <= _FORMULA_ERROR:
            column = struct.unpack_from("<I", body)[0]
            width = max(width, column + 1)
            if column >= limits.columns or (row + 1) * width > limits.cells:
                raise refuse(
                    f"单元格 {address(row, column)} 有内容，离表头太远（最多 {limits.columns} 列），已用区域过大",
                    "请删去表格右边和下方多余的内容后另存，再试",
                )
            marks.valued = True
            if kind in (_ERROR, _FORMULA_ERROR):
                marks.error(row, column, ERRORS.get(body[8], "#VALUE!"))
            elif kind in (_RK, _REAL, _FORMULA_NUMBER) and int.from_bytes(body[4:7], "little") in percent:
                marks.percentage(row, column)
        elif kind == _COLUMN and len(body) >= 18 and body[16] & 1:
            first, last = struct.unpack_from("<II", body)
            marks.hidden_columns.update(range(first, min(last + 1, limits.columns)))
        elif kind == _MERGE and len(body) >= 16:
            top, bottom, left, right = struct.unpack_from("<IIII", body)
            marks.merge(top, left, bottom, right)
    if not ended:
        raise damaged("xlsb 的工作表被截断")
    return marks

"""xls、et：值由 calamine 取，其余由记录流补上。"""

from __future__ import annotations

import io
from collections.abc import Iterator

from pbm_cli.workbook.biff import Biff
from pbm_cli.workbook.limits import Limits
from pbm_cli.workbook.marks import RawSheet
from pbm_cli.workbook.ole import Compound
from pbm_cli.workbook.refusals import damaged, refuse
from pbm_cli.workbook.values import Values


class XlsBook:
    """一个 xls：remarks 是要说的话；sheets() 逐张交出。"""

    def __init__(self, data: bytes, stream: str, compound: Compound, limits: Limits) -> None:
        self._limits = limits
        biff = Biff(compound.read(stream))
        self._marks = biff.marks
        self.remarks = biff.remarks
        self._data = _plain(data, stream, compound, biff.corrected)

    def sheets(self) -> Iterator[RawSheet]:
        """次序与工作簿里相同。"""
        with Values(io.BytesIO(self._data)) as values:
            count = len(values.names())
            if count > self._limits.sheets:
                raise refuse(f"有 {count} 张工作表，超过 {self._limits.sheets} 张", "请拆成几个文件")
            if count != len(self._marks):
                raise damaged("工作表的名单对不上")
            self.remarks += values.others()
            for index, name, hidden in values.worksheets():
                marks = self._marks[index]
                marks.hidden = hidden
                yield values.sheet(index, marks, name)


def _plain(data: bytes, stream: str, compound: Compound, corrected: dict[int, bytes]) -> bytes:
    """calamine 会读错的换掉：记录流里的几处，和嵌着别的工作簿的（它按名字找到哪个算哪个）。"""
    nested = compound.nested("workbook") + compound.nested("book")
    if not corrected and not nested:
        return data
    changed = bytearray(data)
    for at in nested:
        changed[at] = ord("_")
    written = {offset + index: value for offset, new in corrected.items() for index, value in enumerate(new)}
    for at, value in zip(compound.places(stream, written), written.values(), strict=True):
        changed[at] = value
    return bytes(changed)

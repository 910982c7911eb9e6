"""xls、et：值由 calamine 取，其余由记录流补上。"""

from __future__ import annotations

import io
from collections.abc import Iterator

from pbm_cli.workbook.biff import Biff
from pbm_cli.workbook.limits import Limits
from pbm_cli.workbook.marks import Marks, RawSheet
from pbm_cli.workbook.ole import Compound
from pbm_cli.workbook.refusals import refuse
from pbm_cli.workbook.values import Values


class XlsBook:
    """一个 xls：remarks 是要说的话；sheets() 逐张交出。"""

    def __init__(self, data: bytes, compound: Compound, limits: Limits) -> None:
        self._data = data
        self._limits = limits
        stream = "workbook" if "workbook" in compound.streams else "book"
        biff = Biff(compound.read(stream))
        self._marks = biff.marks
        self.remarks = biff.remarks

    def sheets(self) -> Iterator[RawSheet]:
        """次序与工作簿里相同。"""
        with Values(io.BytesIO(self._data)) as values:
            count = len(values.names())
            if count > self._limits.sheets:
                raise refuse(f"有 {count} 张工作表，超过 {self._limits.sheets} 张", "请拆成几个文件")
            matched = count == len(self._marks)
            for index, name, hidden in values.worksheets():
                marks = self._marks[index] if matched else Marks()
                marks.hidden = hidden
                yield values.sheet(index, marks, name)

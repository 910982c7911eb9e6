"""xlsb：值由 calamine 取。"""

from __future__ import annotations

import io
from collections.abc import Iterator

from pbm_cli.workbook.archive import Archive
from pbm_cli.workbook.limits import Limits
from pbm_cli.workbook.marks import Marks, RawSheet
from pbm_cli.workbook.refusals import refuse
from pbm_cli.workbook.values import Values
from pbm_cli.workbook.xlsx import package_remarks


class XlsbBook:
    """一个 xlsb：remarks 是要说的话；sheets() 逐张交出。"""

    def __init__(self, data: bytes, archive: Archive, limits: Limits) -> None:
        self._data = data
        self._archive = archive
        self._limits = limits
        self.remarks = package_remarks(archive)

    def sheets(self) -> Iterator[RawSheet]:
        """次序与工作簿里相同。"""
        self._archive.check_rest()
        with Values(io.BytesIO(self._data)) as values:
            count = len(values.names())
            if count > self._limits.sheets:
                raise refuse(f"有 {count} 张工作表，超过 {self._limits.sheets} 张", "请拆成几个文件")
            for index, name, hidden in values.worksheets():
                marks = Marks()
                marks.hidden = hidden
                yield values.sheet(index, marks, name)

"""python-calamine：只取值。它的异常都变成给用户看的话。"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TypeVar

import python_calamine as calamine

from pbm_cli.errors import InputError
from pbm_cli.workbook.marks import Marks, RawSheet
from pbm_cli.workbook.refusals import RESAVE, damaged, refuse

_Result = TypeVar("_Result")


def locked() -> InputError:
    """打开需要密码。"""
    return refuse("文件加了打开密码，读不了", "请在 Excel 或 WPS 里去掉密码（文件→信息→保护工作簿）后再试")


class Values:
    """calamine 打开的一个工作簿。"""

    def __init__(self, stream: io.BytesIO) -> None:
        self._book = _guarded(lambda: calamine.CalamineWorkbook.from_filelike(stream), "")

    def __enter__(self) -> Values:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._book.close()

    def names(self) -> list[str]:
        """全部工作表名，按工作簿里的次序（含图表页）。"""
        return self._book.sheet_names

    def worksheets(self) -> list[tuple[int, str, bool]]:
        """数据表的序号、名字、是否隐藏（图表页、宏表不算）。"""
        visible, data = calamine.SheetVisibleEnum.Visible, calamine.SheetTypeEnum.WorkSheet
        listed = enumerate(self._book.sheets_metadata)
        return [(index, sheet.name, sheet.visible != visible) for index, sheet in listed if sheet.typ == data]

    def sheet(self, index: int, marks: Marks, name: str) -> RawSheet:
        """一张表；部件里明明有值而 calamine 一个也没读到时拒绝。"""
        sheet = _guarded(lambda: self._book.get_sheet_by_index(index), name)
        if sheet.start is None and marks.valued:
            raise refuse(f"工作表“{name}”里有内容，却一个单元格也读不出来（文件的写法不受支持）", RESAVE)
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
            marks.merge(top, left, bottom, right)
        return RawSheet(name, marks.applied(_rows(sheet, name)), marks)


def _rows(sheet: calamine.CalamineSheet, name: str) -> Iterator[list[object]]:
    left = sheet.start[1] if sheet.start else 0
    pad: list[object] = [None] * left
    walker = _guarded(sheet.iter_rows, name)
    while True:
        row = _guarded(lambda: next(walker, None), name)
        if row is None:
            return
        cells: list[object] = [None if value == "" else value for value in row]
        yield pad + cells if left else cells


def _guarded(call: Callable[[], _Result], sheet: str) -> _Result:
    where = f"工作表“{sheet}”读不出来，" if sheet else ""
    try:
        return call()
    except calamine.PasswordError as error:
        raise locked() from error
    except (calamine.CalamineError, calamine.XmlError, calamine.ZipError, OSError, ValueError) as error:
        raise damaged(f"{where}阅读器说：{str(error)[:120]}") from error

"""python-calamine：只取值。它的异常都变成给用户看的话。"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TypeVar, cast

import python_calamine as calamine

from pbm_cli.errors import InputError
from pbm_cli.workbook.marks import Marks, RawSheet
from pbm_cli.workbook.refusals import RESAVE, damaged, refuse

_Result = TypeVar("_Result")
_FAILURES = (
    calamine.PasswordError,
    calamine.CalamineError,
    calamine.XmlError,
    calamine.ZipError,
    OSError,
    ValueError,
)


def locked() -> InputError:
    """打开需要密码。"""
    return refuse("文件加了打开密码，读不了", "请在 Excel 或 WPS 里去掉密码（文件→信息→保护工作簿）后再试")


def not_data(name: str) -> str:
    """一张不是数据表的表：说出来，不读。"""
    return f"“{name}”不是数据表（图表页、对话框或宏表），没有读"


class Values:
    """calamine 打开的一个工作簿。"""

    def __init__(self, stream: io.BytesIO) -> None:
        self._book = _guarded(lambda: calamine.CalamineWorkbook.from_filelike(stream), "")
        self._loaded: dict[int, calamine.CalamineSheet] = {}

    def __enter__(self) -> Values:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._book.close()

    def names(self) -> list[str]:
        """全部工作表名，按工作簿里的次序（含图表页）。"""
        return self._book.sheet_names

    def others(self) -> list[str]:
        """不是数据表的（图表页、对话框、宏表）：各一句话。"""
        data = calamine.SheetTypeEnum.WorkSheet
        return [not_data(sheet.name) for sheet in self._book.sheets_metadata if sheet.typ != data]

    def worksheets(self) -> list[tuple[int, str, bool]]:
        """数据表的序号、名字、是否隐藏（图表页、宏表不算）。"""
        visible, data = calamine.SheetVisibleEnum.Visible, calamine.SheetTypeEnum.WorkSheet
        listed = enumerate(self._book.sheets_metadata)
        return [(index, sheet.name, sheet.visible != visible) for index, sheet in listed if sheet.typ == data]

    def load_first(self) -> None:
        """先把第一张数据表读进来。"""
        for index, name, _ in self.worksheets()[:1]:
            self._loaded[index] = self._load(index, name)

    def _load(self, index: int, name: str) -> calamine.CalamineSheet:
        return self._loaded.pop(index, None) or _guarded(lambda: self._book.get_sheet_by_index(index), name)

    def sheet(self, index: int, marks: Marks, name: str) -> RawSheet:
        """一张表；部件里明明有值而 calamine 一个也没读到时拒绝。"""
        sheet = self._load(index, name)
        if sheet.start is None and marks.valued:
            raise refuse(f"工作表“{name}”里有内容，却一个单元格也读不出来（文件的写法不受支持）", RESAVE)
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
            marks.merge(top, left, bottom, right)
        return RawSheet(name, marks.applied(_rows(sheet, name)), marks)


def _rows(sheet: calamine.CalamineSheet, name: str) -> Iterator[list[object]]:
    """逐行交出。calamine 把空格写成空文字，这里照旧：一格一格地换，与读它差不多一样慢。"""
    pad: list[object] = [None] * (sheet.start[1] if sheet.start else 0)
    try:
        for row in sheet.iter_rows():
            yield [*pad, *row] if pad else cast("list[object]", row)
    except _FAILURES as error:
        raise _failure(error, name) from error


def _guarded(call: Callable[[], _Result], sheet: str) -> _Result:
    try:
        return call()
    except _FAILURES as error:
        raise _failure(error, sheet) from error


def _failure(error: Exception, sheet: str) -> InputError:
    if isinstance(error, calamine.PasswordError):
        return locked()
    where = f"工作表“{sheet}”读不出来，" if sheet else ""
    said = "结构不合规范" if "detect file format" in str(error) else f"阅读器说：{str(error)[:120]}"
    return damaged(f"{where}{said}")

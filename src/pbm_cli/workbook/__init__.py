"""阅读室：全程序只有这里打开工作簿。每个文件在子进程里读，有时限、有内存上限。

名字用到时才装入：读文件的子进程也属于这个包，不必为父进程的东西等待。
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pbm_cli.workbook.limits import Limits
    from pbm_cli.workbook.reader import Reader
    from pbm_cli.workbook.readers import cores, reader_for
    from pbm_cli.workbook.search import find_workbooks, written_by_pbm

__all__ = ["Limits", "Reader", "cores", "find_workbooks", "reader_for", "written_by_pbm"]

_HOMES = {
    "Limits": "limits", "Reader": "reader", "cores": "readers", "reader_for": "readers", "find_workbooks": "search",
    "written_by_pbm": "search",
}  # fmt: skip


def __getattr__(name: str) -> object:
    """第一次用到时装入。"""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

"""阅读室：全程序只有这里打开工作簿。每个文件在子进程里读，有时限、有内存上限。"""

from pbm_cli.workbook.limits import Limits
from pbm_cli.workbook.reader import Reader
from pbm_cli.workbook.search import find_workbooks, written_by_pbm

__all__ = ["Limits", "Reader", "find_workbooks", "written_by_pbm"]

"""大文件：扫描部件的同时，另一个线程先让 calamine 把第一张表读进来。两件事各用一个核。

扫描说不能读时，那个线程停不下来：子进程回完话就退出，由父进程另起一个。
"""

from __future__ import annotations

import io
import threading

from pbm_cli.workbook.values import Values

_NAME = "pbm-ahead"


class Ahead:
    """正在打开的一个工作簿。"""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._values: Values | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._open, name=_NAME, daemon=True)
        self._thread.start()

    def _open(self) -> None:
        try:
            values = Values(io.BytesIO(self._data))
            values.load_first()
            self._values = values
        except BaseException as error:  # noqa: BLE001  原样交给 values()：calamine 的 PanicException 不是 Exception
            self._error = error

    def values(self) -> Values:
        """打开好的工作簿；打开时出的错在这里抛出。"""
        self._thread.join()
        if self._values is None:
            raise self._error or RuntimeError("nothing was opened")
        return self._values


def working() -> bool:
    """有没有线程还在打开工作簿。"""
    return any(one.name == _NAME for one in threading.enumerate())

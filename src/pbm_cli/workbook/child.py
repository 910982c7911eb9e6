"""读文件的子进程：一次一个文件，读完把行一批批送回；崩溃、失控都只是它自己的事。

运行方式：python -P -X utf8 -m pbm_cli.workbook.child，标准输入输出是 protocol 的帧。
"""

from __future__ import annotations

import gc
import hashlib
import os
import stat
import sys
from itertools import islice
from typing import IO

from pbm_cli.cells import address
from pbm_cli.errors import InputError
from pbm_cli.workbook.batches import MOST_CELLS, MOST_ROWS, encode_rows
from pbm_cli.workbook.ceiling import limit_memory
from pbm_cli.workbook.formats import recognise
from pbm_cli.workbook.limits import Limits, mebibytes
from pbm_cli.workbook.marks import RawSheet
from pbm_cli.workbook.protocol import (
    BrokenFrameError,
    decode_json,
    encode_json,
    read_frame,
    write_frame,
)
from pbm_cli.workbook.refusals import refuse

_COLLECT_AFTER = 100_000
"""造出多少对象才找一次循环垃圾：一行行的值里没有。"""
_FRAME_BYTES = 32 * 1024 * 1024
_KEPT_BYTES = 64 * 1024 * 1024
"""读完一个文件，占着比这多的内存才还。"""


def main() -> int:
    """一帧上限，然后一帧一个文件，直到父进程关闭。"""
    gc.set_threshold(_COLLECT_AFTER)
    source, target = sys.stdin.buffer, sys.stdout.buffer
    first = read_frame(source)
    if first is None:
        return 0
    given = decode_json(first)
    if not isinstance(given, dict):
        raise BrokenFrameError("limits expected")
    limits = Limits(**given)
    limit_memory(limits.memory_bytes)
    write_frame(target, encode_json({"kind": "ready"}))
    while (payload := read_frame(source)) is not None:
        request = decode_json(payload)
        if not isinstance(request, dict):
            raise BrokenFrameError("request expected")
        if not _answer(
            str(request["path"]), str(request["stem"]), limits, target, careful=bool(request.get("careful"))
        ):
            return 1
        if _left_behind():
            os._exit(1)  # 等那个线程，不知要等多久；话已经回完
        _give_back()
    return 0


def _left_behind() -> bool:
    """文件已经说了不能读，先读的线程还在读它。"""
    ahead = sys.modules.get("pbm_cli.workbook.ahead")
    return ahead is not None and ahead.working()


def _give_back() -> None:
    """读过大文件，把空出来的内存还给系统：下一步轮到父进程用了。只有 glibc 要人提醒。"""
    if sys.platform != "linux" or _resident_bytes() < _KEPT_BYTES:
        return
    import ctypes  # noqa: PLC0415  # 只有大文件才用得着

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _resident_bytes() -> int:
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123  # 子进程不装入 pathlib
            return int(file.read().split()[1]) * 4096
    except (OSError, ValueError, IndexError):
        return 0


def _answer(path: str, stem: str, limits: Limits, target: IO[bytes], *, careful: bool = False) -> bool:
    """读一个文件并回话；之后这个进程还能不能接着用。"""
    try:
        _read(path, stem, limits, target, careful=careful)
    except InputError as error:
        _refused(target, error.message, error.hint)
    except RecursionError:
        _refused(target, "内容嵌套得太深，读不了", "请用 Excel 或 WPS 打开它，另存为 xlsx 后再试")
    except MemoryError:
        _refused(
            target, f"读它要用的内存超过 {mebibytes(limits.memory_bytes)}", "请拆成几个文件，或删去多余的行列后再试"
        )
        return False
    except BaseException as error:
        # pyo3 的 PanicException 继承 BaseException，又不公开名字；别的异常是 pbm 的错，照常退出，由父进程发现。
        if type(error).__name__ != "PanicException":
            raise
        _refused(target, "文件已损坏，阅读器处理不了", "请用 Excel 或 WPS 打开它，另存为 xlsx 后再试")
        return False
    return True


def _refused(target: IO[bytes], message: str, hint: str) -> None:
    write_frame(target, encode_json({"kind": "refused", "message": message, "hint": hint}))


def _read(path: str, stem: str, limits: Limits, target: IO[bytes], *, careful: bool = False) -> None:
    data = _content(path, limits)
    kind, book = recognise(data, stem, limits, careful=careful)
    cells = 0
    number = -1
    for number, sheet in enumerate(book.sheets()):
        if number >= limits.sheets:
            raise refuse(f"工作表超过 {limits.sheets} 张", "请拆成几个文件")
        marks = sheet.marks
        start: dict[str, object] = {"kind": "sheet", "name": sheet.name, "merges": sorted(marks.merges)}
        write_frame(target, encode_json(start), more=True)
        cells = _send_rows(sheet, cells, limits, target)
        end: dict[str, object] = {
            "kind": "end",
            "hidden": marks.hidden,
            "merges": sorted(marks.merges),
            "hidden_rows": sorted(marks.hidden_rows),
            "hidden_columns": sorted(marks.hidden_columns),
        }
        write_frame(target, encode_json(end), more=True)
    if number < 0:
        raise refuse("里面没有工作表（只有图表页之类，或名单是空的）", "请确认没有选错文件")
    digest = hashlib.sha256(data).hexdigest()
    done: dict[str, object] = {"kind": "done", "sha256": digest, "format": kind, "remarks": book.remarks}
    write_frame(target, encode_json(done))


def _send_rows(sheet: RawSheet, cells: int, limits: Limits, target: IO[bytes]) -> int:
    rows, index, widest = iter(sheet.rows), 0, MOST_CELLS
    while batch := list(islice(rows, max(min(MOST_CELLS // widest, MOST_ROWS), 1))):
        widths = list(map(len, batch))
        widest = max(widths) or 1
        if widest > limits.columns:
            row = next(place for place, width in enumerate(widths) if width > limits.columns)
            where = f"工作表“{sheet.name}”的 {address(index + row, widths[row] - 1)}"
            raise refuse(f"{where} 有内容，列数超过 {limits.columns} 列", "请删去表格右边多余的内容后另存，再试")
        cells += sum(widths)
        if cells > limits.cells:
            raise refuse(f"单元格超过 {limits.cells // 10_000} 万个", "请拆成几个文件")
        _send(batch, target)
        index += len(batch)
    return cells


def _send(batch: list[list[object]], target: IO[bytes]) -> None:
    """送一批；比先前的行宽得多、或文字太长的，分成两半再送。"""
    large = len(batch) > 1 and len(batch) * max(map(len, batch)) > MOST_CELLS
    payload = b"" if large else encode_rows(batch)
    if payload and len(payload) <= _FRAME_BYTES:
        write_frame(target, payload, more=True)
    elif len(batch) > 1:
        middle = len(batch) // 2
        _send(batch[:middle], target)
        _send(batch[middle:], target)
    else:
        raise refuse(f"有一行的文字超过 {mebibytes(_FRAME_BYTES)}", "请检查是否有没闭合的引号，或把文字移到附件里")


def _content(path: str, limits: Limits) -> bytes:
    """整个文件；读的同时确认它没有被改动。"""
    try:
        before = os.stat(path)  # noqa: PTH116  # 子进程不装入 pathlib
        if stat.S_ISDIR(before.st_mode):
            raise refuse("这是文件夹，不是工作簿", "请给出其中的文件，或把文件夹交给接受文件夹的命令")
        if not stat.S_ISREG(before.st_mode):
            raise refuse("这不是普通文件（设备或管道）", "请先存成文件")
        if before.st_size > limits.file_bytes:
            size, most = mebibytes(before.st_size), mebibytes(limits.file_bytes)
            raise refuse(f"文件有 {size}，超过 {most}", "请拆成几个文件，或删去图片和多余的行列后再试")
        with open(path, "rb") as file:  # noqa: PTH123
            data = file.read(before.st_size + 1)
            after = os.fstat(file.fileno())
    except FileNotFoundError as error:
        raise refuse("文件不见了（被移走、改名或删除）", "请确认路径后再试") from error
    except PermissionError as error:
        raise refuse("没有权限读取这个文件", "请检查文件权限；它若正在 Excel 或 WPS 里打开，请先关闭") from error
    except OSError as error:
        raise refuse(
            f"读取失败（{error.strerror or error}）", "请检查磁盘或网络位置，或把文件复制到本机再试"
        ) from error
    if len(data) != before.st_size or (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
        raise refuse("读取时文件正在被改动", "请等保存完成、关闭打开它的程序后再试")
    return data


if __name__ == "__main__":
    sys.exit(main())

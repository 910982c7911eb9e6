"""父进程这边：把文件交给子进程读，看住时间，收回工作簿。"""

from __future__ import annotations

import contextlib
import dataclasses
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, cast

from pbm_cli.cells import Merge, Sheet, Workbook
from pbm_cli.errors import InputError
from pbm_cli.workbook.batches import MARKS, decode_rows
from pbm_cli.workbook.limits import AHEAD_BYTES, Limits, mebibytes
from pbm_cli.workbook.protocol import BrokenFrameError, decode_json, encode_json, read_frame, write_frame

Arrived = Callable[[Sheet], None]
_COMMAND = (sys.executable, "-P", "-X", "utf8", "-m", "pbm_cli.workbook.child")
_DEFAULTS = Limits()
_FAR_ROWS = 1_000
_WAITING_FRAMES = 4
_PIPE_BYTES = 1024 * 1024
_RESAVE = "请用 Excel 或 WPS 打开它，另存为 xlsx 后再试"


class _DiedError(Exception):
    """子进程没有读完就退出了。"""


class _SlowError(Exception):
    """子进程到时限还没有读完。"""


class _Child:
    """一个活着的子进程；一个线程专门收帧，主线程才能按时限等待（Windows 也一样）。"""

    def __init__(self, command: Sequence[str], limits: Limits) -> None:
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        assert self.process.stdout is not None  # noqa: S101  # Popen 用了 PIPE
        _widen(self.process.stdout)
        self.ready = False
        self.served = 0
        self.early = False  # 先请它读过：死在我们来收以前，不知道是不是文件的错
        self.idle = True
        self.ended = False
        self.asked: Path | None = None
        self._frames: queue.Queue[bytes | BrokenFrameError | None] = queue.Queue(_WAITING_FRAMES)
        self._thread = threading.Thread(target=self._receive, name="pbm-reader", daemon=True)
        self._thread.start()
        self.ask(dataclasses.asdict(limits))

    def ask(self, request: dict[str, object]) -> None:
        """交代一件事；子进程已经不在时抛出 _DiedError。"""
        assert self.process.stdin is not None  # noqa: S101  # Popen 用了 PIPE
        try:
            write_frame(self.process.stdin, encode_json(request))
        except OSError as error:
            raise _DiedError from error

    @property
    def waiting(self) -> bool:
        """下一帧还没有到。"""
        return self._frames.empty()

    def frame(self, deadline: float) -> bytes:
        """下一帧。"""
        try:
            received = self._frames.get(timeout=max(deadline - time.monotonic(), 0.0))
        except queue.Empty as error:
            raise _SlowError from error
        if received is None:
            raise _DiedError
        if isinstance(received, BrokenFrameError):
            raise received
        return received

    def stop(self) -> None:
        """结束子进程并收拾干净；它在做什么都不管。"""
        self.process.kill()
        while self._thread.is_alive():
            with contextlib.suppress(queue.Empty):
                self._frames.get(timeout=0.01)
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:  # pragma: no branch  # Popen 用了 PIPE，只是类型上可以为空
                with contextlib.suppress(OSError):
                    stream.close()

    def _receive(self) -> None:
        stream = self.process.stdout
        assert stream is not None  # noqa: S101
        try:
            while (payload := read_frame(stream)) is not None:
                self._frames.put(payload)
        except BrokenFrameError as error:
            self._frames.put(error)
        self.ended = True
        self._frames.put(None)


def _widen(pipe: IO[bytes]) -> None:
    """一次能送一整帧：主线程正忙时，收帧的线程醒一次要等几毫秒。只有 Linux 能改，改不了就慢一点。"""
    if sys.platform == "linux":
        import fcntl  # noqa: PLC0415

        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


class _Assembly:
    """把帧拼成工作簿；不合约定的话抛出 BrokenFrameError。"""

    def __init__(self, shown: str) -> None:
        self._shown = shown
        self._sheets: list[Sheet] = []
        self._bytes = 0
        self.ready = False

    @property
    def sheet(self) -> Sheet | None:
        """正在送来的一张表。"""
        return self._sheets[-1] if self._sheets else None

    def take(self, payload: bytes, most: int) -> Workbook | None:
        """收下一帧；读完时交出工作簿，子进程说读不了时抛出 InputError。"""
        self._bytes += len(payload)
        if self._bytes > most:
            raise BrokenFrameError("too much")
        if payload.startswith(MARKS):
            if not self._sheets:
                raise BrokenFrameError("rows without a sheet")
            self._sheets[-1].extend(*decode_rows(payload))
            return None
        message = decode_json(payload)
        if not isinstance(message, dict):
            raise BrokenFrameError("message expected")
        try:
            return self._take_message(message)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise BrokenFrameError(str(error)) from error

    def _take_message(self, message: dict[str, object]) -> Workbook | None:
        kind = message["kind"]
        if kind == "ready":
            self.ready = True
        elif kind == "sheet":
            merges = _inside(cast("list[list[int]]", message.get("merges", [])), 0)  # 已经知道的，end 里的才齐全
            self._sheets.append(Sheet(str(message["name"]), [], merges))
        elif kind == "end":
            sheet = self._sheets[-1]
            sheet.hidden = bool(message["hidden"])
            sheet.merges = _inside(cast("list[list[int]]", message["merges"]), len(sheet.rows))
            sheet.hidden_rows = frozenset(cast("list[int]", message["hidden_rows"]))
            sheet.hidden_columns = frozenset(cast("list[int]", message["hidden_columns"]))
        elif kind == "refused":
            raise InputError(self._shown, str(message["message"]), str(message["hint"]))
        elif kind == "done":
            remarks = [str(remark) for remark in cast("list[object]", message["remarks"])]
            return Workbook(self._shown, str(message["sha256"]), str(message["format"]), self._sheets, remarks)
        else:
            raise BrokenFrameError(f"unknown kind {kind!r}")
        return None


def _inside(merges: list[list[int]], rows: int) -> list[Merge]:
    """合并区域；离最后一行很远的部分不要：写坏的文件里，它能伸到一百万行以外。"""
    most = rows + _FAR_ROWS
    return [Merge(top, left, min(bottom, most), right) for top, left, bottom, right in merges if top < most]


def size_of(path: Path) -> int:
    """文件有多少字节；看不到的是 0。"""
    try:
        return path.stat().st_size
    except OSError:
        return 0


class Reader:
    """读工作簿。用 with；一个子进程接着读许多文件，死了、过时、乱说话就换一个。"""

    def __init__(self, limits: Limits = _DEFAULTS, *, _command: Sequence[str] = _COMMAND) -> None:
        self._limits = limits
        self._command = _command
        self._child: _Child | None = None

    def __enter__(self) -> Reader:
        return self

    width = 1
    """读一个文件时先请读后面的几个。"""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """结束子进程；之后还可以再读（会另起一个）。"""
        child, self._child = self._child, None
        if child is not None:
            child.stop()

    def limit(self, limits: Limits) -> None:
        """之后按这些上限读；与现在的不同时，换一个子进程。"""
        if limits != self._limits:
            self.close()
            self._limits = limits

    def begin(self, paths: Sequence[Path]) -> None:
        """启动子进程；头一个是文件的，先请它读。"""
        with contextlib.suppress(InputError, _DiedError):
            self._living_child("")
            if paths and paths[0].is_file():
                self.ahead(paths[0])

    def ahead(self, path: Path) -> None:
        """先请子进程读这个文件，同时做别的事；随后 read 它时接着收。启动不了、已经不在的，由 read 来说。"""
        with contextlib.suppress(InputError, _DiedError):
            child = self._living_child(path.name)
            if child.asked is None and child.idle:
                child.ask({"path": str(path), "stem": path.stem})
                child.asked, child.early = path, True

    def read(self, path: Path, shown: str, arrived: Arrived | None = None) -> Workbook:
        """读一个工作簿；shown 是给人看的名字；arrived 趁下一批行还没有到时做一点事，给它的是还没有到齐的表。

        读不了时抛出 errors.InputError（说明原因和怎么办），不影响接着读下一个文件。
        """
        try:
            try:
                return self._read_once(path, shown, arrived)
            except _DiedError:
                child = self._child
                if child is None or not (child.served or child.early or size_of(path) >= AHEAD_BYTES):
                    raise
                # 子进程可能在空闲时死去，被前面的文件拖累，或没有扫描完就先读、死在里面：换一个新的，老老实实再读一次
                self.close()
                return self._read_once(path, shown, arrived, careful=True)
        except _DiedError as error:
            raise self._death(shown) from error
        except _SlowError as error:
            self.close()
            message = f"读了 {self._limits.seconds:g} 秒还没有读完，已停止"
            raise InputError(shown, message, "文件可能损坏或过大；请另存为 xlsx、删去多余的行列后再试") from error
        except BrokenFrameError as error:
            self.close()
            raise InputError(shown, "读取程序送回的内容不对，文件可能已损坏", _RESAVE) from error
        except BaseException:
            if self._child is not None and not self._child.idle:
                self.close()
            raise

    def _read_once(self, path: Path, shown: str, arrived: Arrived | None, *, careful: bool = False) -> Workbook:
        deadline = time.monotonic() + self._limits.seconds
        child = self._living_child(shown)
        if child.asked not in (None, path):
            self.close()
            child = self._living_child(shown)
        child.idle = False
        if child.asked is None:
            child.ask({"path": str(path), "stem": path.stem, "careful": careful})
        child.asked = None
        assembly = _Assembly(shown)
        most = self._limits.memory_bytes + self._limits.unpacked_bytes
        try:
            while (workbook := assembly.take(child.frame(deadline), most)) is None:
                child.ready = child.ready or assembly.ready
                if arrived is not None and assembly.sheet is not None and child.waiting:
                    arrived(assembly.sheet)
        except InputError:
            child.idle = True
            child.served += 1
            raise
        child.idle = True
        child.served += 1
        return workbook

    def _living_child(self, shown: str) -> _Child:
        if self._child is not None and self._child.ended:
            self.close()
        if self._child is None:
            try:
                self._child = _Child(self._command, self._limits)
            except OSError as error:
                raise InputError(shown, "读取程序启动不了", "请重新安装 pbm 后再试") from error
        return self._child

    def _death(self, shown: str) -> InputError:
        ready = self._child is not None and self._child.ready
        self.close()
        if not ready:
            return InputError(shown, "读取程序没有启动起来", "请重新安装 pbm 后再试")
        most = mebibytes(self._limits.memory_bytes)
        return InputError(shown, f"读取程序在读它时异常退出（文件可能已损坏，或要用的内存超过 {most}）", _RESAVE)

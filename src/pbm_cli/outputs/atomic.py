"""把一个文件完整地写好再换上：要么是旧的，要么是新的，不会是一半。"""

from __future__ import annotations

import atexit
import errno
import os
import platform
import secrets
import stat
import sys
import time
import unicodedata
import zlib
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pbm_cli.errors import OutputError
from pbm_cli.outputs.lock import locked

ATTEMPTS = 3
PAUSE_SECONDS = 0.2
BESIDE = 9
_REASONS = {
    errno.EACCES: ("没有写入的权限", "请换一个文件夹，或请管理员开放权限"),
    errno.EPERM: ("没有写入的权限", "请换一个文件夹，或请管理员开放权限"),
    errno.EROFS: ("这个磁盘是只读的", "请换一个文件夹"),
    errno.ENOSPC: ("磁盘已满", "请清出空间后再试，或换一个磁盘"),
    errno.EDQUOT: ("磁盘配额已满", "请清出空间后再试，或换一个磁盘"),
    errno.ENAMETOOLONG: ("文件名太长", "请换一个短一些的名字"),
    errno.ENOTDIR: ("上级不是文件夹，而是文件", "请换一个文件夹"),
    errno.EEXIST: ("上级不是文件夹，而是文件", "请换一个文件夹"),
    errno.EIO: ("磁盘读写出错", "请检查磁盘，或换一个磁盘"),
    errno.EFBIG: ("文件大小受到限制，写不下", "请放宽限制（ulimit -f），或换一个磁盘"),
    errno.EMFILE: ("同时打开的文件太多", "请关闭别的程序后再试"),
    errno.ENFILE: ("同时打开的文件太多", "请关闭别的程序后再试"),
    errno.ELOOP: ("链接绕成了圈", "请换一个名字，或删去那个链接"),
}
_PENDING: set[Path] = set()
"""正在写的临时文件；Ctrl-C 落在收拾的半路上时，退出前再收拾一次。"""


def write(path: Path, data: bytes, inputs: Collection[Path] | Inputs = ()) -> Path:
    """写出 data，交回实际写成的路径。

    目标正被 WPS 或 Excel 打开时稍等再试，仍不行就写成旁边的“名称_1”。写不成抛出 OutputError，原来的文件不变，
    也不留下临时文件。目标就是某个输入文件时拒绝。写的时候锁着文件夹（lock）。
    """
    try:
        refuse_inputs(path, inputs)
        target = Path(os.path.realpath(path)) if path.is_symlink() else path
        if target.is_dir():
            raise OutputError(str(path), "这是一个文件夹，不能当作文件写", "请写上文件名")
        if target.exists() and not target.is_file():
            raise OutputError(str(path), "这不是普通文件（设备或管道），不能写在它上面", "请用 -o 换一个名字")
        _make_folder(target.parent)
        with locked(target.parent):
            _sweep(target.parent)
            written = _put(target, data, path)
    except OSError as error:
        raise _explained(path, error) from error
    return path if written == target else written


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """先锁上再看里面有什么、要不要写；文件夹没有就建。建不了、锁不上抛出 OutputError。"""
    _make_folder(folder)
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(folder))
        except OSError as error:
            raise _explained(folder, error) from error
        _sweep(folder)
        yield


def _put(target: Path, data: bytes, shown: Path) -> Path:
    temporary = target.parent / f"{_own_prefix()}{secrets.token_hex(6)}.tmp"
    _PENDING.add(temporary)
    try:
        _write_through(temporary, data, target)
        written = _replace(temporary, target, shown)
    finally:
        _remove(temporary)
        _PENDING.discard(temporary)
    _sync_folder(written.parent)
    return written


@dataclass(frozen=True, slots=True)
class Inputs:
    """输入文件的路径和文件号：写几千个结果时，不必每次再问一遍。"""

    names: frozenset[str]
    files: frozenset[tuple[int, int]]


def known(paths: Collection[Path]) -> Inputs:
    """记下这些输入文件。"""
    numbers = (_file_number(path) for path in paths)
    return Inputs(frozenset(map(_folded, paths)), frozenset(number for number in numbers if number is not None))


def refuse_inputs(path: Path, inputs: Collection[Path] | Inputs) -> None:
    """path 就是某个输入文件（同一路径、链接、大小写不同）时抛出 OutputError。"""
    given = inputs if isinstance(inputs, Inputs) else known(inputs)
    if _folded(path) in given.names or _file_number(path) in given.files:
        raise OutputError(str(path), "结果不能写在输入文件上", "输入文件从不改动，请用 -o 换一个名字")


def _folded(path: Path) -> str:
    return unicodedata.normalize("NFC", os.path.normcase(os.path.realpath(path))).casefold()


def _file_number(path: Path) -> tuple[int, int] | None:
    """哪个盘上的第几个文件；还没有、看不到为 None。"""
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_dev, seen.st_ino


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason, hint = _REASONS.get(error.errno or 0, (error.strerror or "原因不明", "请换一个文件夹"))
        raise OutputError(str(folder), f"建不了文件夹：{reason}", hint) from error


def _own_prefix() -> str:
    return f".pbm-{zlib.crc32(platform.node().encode()):08x}-{os.getpid()}-"


def _sweep(folder: Path) -> None:
    """清掉这台机器上已经结束的 pbm 留下的临时文件。"""
    mine = _own_prefix().rsplit("-", 2)[0]
    for leftover in folder.glob(f"{mine}-*.tmp"):
        owner = leftover.name.removeprefix(f"{mine}-").partition("-")[0]
        if owner.isdigit() and (leftover not in _PENDING if int(owner) == os.getpid() else not _alive(int(owner))):
            _remove(leftover)  # 进程号会重用：与自己同号而不是正在写的，也是从前留下的


def _alive(process: int) -> bool:
    if sys.platform == "win32":
        return False  # 还在写的临时文件在 Windows 上删不掉，不必先问
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _write_through(temporary: Path, data: bytes, target: Path) -> None:
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    if target.exists():
        temporary.chmod(stat.S_IMODE(target.stat().st_mode))


def _replace(temporary: Path, target: Path, shown: Path) -> Path:
    for attempt in range(ATTEMPTS):
        try:
            os.replace(temporary, target)  # noqa: PTH105  测试在这里设故障
            return target
        except PermissionError:
            if attempt + 1 < ATTEMPTS:
                time.sleep(PAUSE_SECONDS)
    for number in range(1, BESIDE + 1):
        beside = target.with_name(f"{target.stem}_{number}{target.suffix}")
        if beside.exists():
            continue
        try:
            os.replace(temporary, beside)  # noqa: PTH105
            return beside
        except PermissionError:
            continue
    raise OutputError(str(shown), "文件正被其他程序打开，旁边也写不下", "请关闭打开它的 WPS 或 Excel 再试")


def _remove(temporary: Path) -> None:
    try:
        temporary.unlink(missing_ok=True)
    except OSError:
        return  # 留给下一次运行清理


def _remove_pending() -> None:
    while _PENDING:
        _remove(_PENDING.pop())


atexit.register(_remove_pending)


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return  # 文件本身已经落盘；有的文件系统不许打开文件夹
    try:
        os.fsync(descriptor)
    except OSError:
        return
    finally:
        os.close(descriptor)


def _explained(path: Path, error: OSError) -> OutputError:
    reason, hint = _REASONS.get(error.errno or 0, (error.strerror or str(error) or "原因不明", "请换一个位置再试"))
    return OutputError(str(path), f"写不出去：{reason}", f"{hint}；原来的文件没有变")

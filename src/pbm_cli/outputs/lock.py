"""一个输出文件夹一把锁：同时只有一次运行往里写，后来的等一等，等不到就说清楚。

锁是操作系统的（flock、msvcrt.locking），持锁的进程无论怎样结束，锁都跟着放开，所以没有过期的锁要猜；
锁文件 .pbm.lock 用完删去，被强行结束的运行留下的由下一次运行接着用、删去。文件系统不支持锁时（个别网络盘）照写不误。
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pbm_cli.errors import OutputError

NAME = ".pbm.lock"
WAIT_SECONDS = 30.0
_PAUSE_SECONDS = 0.05
_BEFORE_SAYING = 0.2
_GOING_SECONDS = 0.5
"""Windows 上正在删去的文件打不开，过这么久还打不开就是真的没有权限。"""
_UNSUPPORTED = {
    getattr(errno, name) for name in ("ENOLCK", "ENOSYS", "EOPNOTSUPP", "ENOTSUP", "EINVAL") if hasattr(errno, name)
}
_FIRST_OWN, _MOST_OPEN = 3, 256
"""自己打开的文件的描述符从 3 起；不会有这么多。"""
_HELD: dict[Path, int] = {}
"""这个进程锁着的文件夹 → 锁文件的描述符。"""
_UNLOCKED = -1
"""这个文件夹所在的文件系统不支持锁。"""
_WANTED: set[Path] = set()
"""正要锁、还没有记进 _HELD 的文件夹：Ctrl-C 正好落在这一瞬时，锁文件可能已经建了。"""
_OPEN_SESSIONS: list[Callable[[str], None]] = []


def nothing(_: str) -> None:
    """不说话。"""


@contextmanager
def session(say: Callable[[str], None] = nothing) -> Iterator[None]:
    """一次运行写结果的全程：其间锁上的文件夹到最后才一起放开，两次运行的结果不会混在一起。say 用来说在等谁。"""
    _OPEN_SESSIONS.append(say)
    try:
        yield
    finally:
        _OPEN_SESSIONS.pop()
        if not _OPEN_SESSIONS:
            release_all()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """锁着一个已经有的文件夹；这个进程已经锁着的直接用。等不到抛出 OutputError，锁文件建不了抛出 OSError。"""
    place = Path(os.path.realpath(folder))
    if place in _HELD:
        yield
        return
    _acquire(place, folder)
    try:
        yield
    finally:
        if not _OPEN_SESSIONS:
            _release(place)


def release_all() -> None:
    """放开全部的锁。"""
    for place in list(_HELD):
        _release(place)


@atexit.register
def _at_exit() -> None:
    """Ctrl-C 落在哪一行都放得开；别人正锁着的不动。"""
    for place in _WANTED - _HELD.keys():
        with contextlib.suppress(OSError, OutputError):
            if (place / NAME).exists():
                _forget(place / NAME)
                _taken(place, 0.0)
    release_all()


def _forget(path: Path) -> None:
    """关掉打开了、还没有记下的描述符：锁可能已经在它手里，不关自己也锁不上。"""
    there = path.stat()
    for descriptor in set(range(_FIRST_OWN, _MOST_OPEN)) - set(_HELD.values()):
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(descriptor), there):
                os.close(descriptor)


def _acquire(place: Path, folder: Path) -> None:
    begun, said = time.monotonic(), False
    _WANTED.add(place)
    while not _taken(place, begun):
        waited = time.monotonic() - begun
        if waited >= WAIT_SECONDS:
            message = f"另一个 pbm 正在往这个文件夹里写，等了 {WAIT_SECONDS:g} 秒还没有写完"
            raise OutputError(str(folder), message, "请等它写完再运行，或用 -o 写到别的文件夹")
        if waited >= _BEFORE_SAYING and not said and _OPEN_SESSIONS:
            _OPEN_SESSIONS[-1](f"另一个 pbm 正在往 {folder} 里写，等它写完…")
            said = True
        time.sleep(_PAUSE_SECONDS)
    _WANTED.discard(place)


def _taken(place: Path, begun: float) -> bool:
    """试一次；别人锁着为否。"""
    path = place / NAME
    try:
        descriptor = _opened(path)
    except PermissionError:
        if sys.platform == "win32" and time.monotonic() - begun < _GOING_SECONDS:
            return False
        raise
    try:
        mine = _lock(descriptor) and _still_there(descriptor, path)
    except OSError as error:
        os.close(descriptor)
        if error.errno not in _UNSUPPORTED:
            raise
        _discard(path)
        _HELD[place] = _UNLOCKED
        return True
    if not mine:
        os.close(descriptor)
        return False
    _HELD[place] = descriptor
    return True


def _opened(path: Path) -> int:
    flags = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | flags, 0o666)
    except PermissionError:
        if sys.platform == "win32" or not path.exists():
            raise
        descriptor = os.open(path, os.O_RDONLY | flags)  # 别的用户被强行结束的运行留下的：只读也锁得上
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EISDIR, errno.ENXIO):
            raise _not_a_lock(path) from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _not_a_lock(path)
    return descriptor


def _not_a_lock(path: Path) -> OutputError:
    return OutputError(str(path), "不是 pbm 的锁文件", "请删去它，或换一个文件夹")


def _lock(descriptor: int) -> bool:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True
    import fcntl  # noqa: PLC0415

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _still_there(descriptor: int, path: Path) -> bool:
    """锁上的还是那个文件：刚才持锁的可能已经把它删了，另一个又建了新的。"""
    try:
        now = path.stat(follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(descriptor), now)


def _release(place: Path) -> None:
    descriptor = _HELD.get(place, _UNLOCKED)
    if descriptor == _UNLOCKED:
        _HELD.pop(place, None)
    elif sys.platform == "win32":
        _HELD.pop(place, None)
        os.close(descriptor)  # 开着的文件在 Windows 上删不掉
        _discard(place / NAME)
    else:
        _discard(place / NAME)  # 先删后放：等着的一个看得出锁的文件已经不在
        _HELD.pop(place, None)
        os.close(descriptor)


def _discard(path: Path) -> None:
    with contextlib.suppress(OSError):  # 删不掉的由下一次运行接着用
        path.unlink(missing_ok=True)

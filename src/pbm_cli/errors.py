"""不能继续时说什么：出错的地方、原因、怎么办；以及退出码。

数据里的毛病不是异常，是“发现”（models.Finding）。只有整个文件、规则集、模板或配置用不了时才抛出 PbmError。
"""

from __future__ import annotations

import errno
import os
import sys
from enum import IntEnum


class Exit(IntEnum):
    """退出码。"""

    DONE = 0
    FOUND = 1
    UNUSABLE = 2
    BUG = 70
    INTERRUPTED = 130


class PbmError(Exception):
    """整个输入、规则集、模板或配置不能用。

    where 是文件名（或“文件›键”），message 说是什么，hint 说怎么办。都是给用户看的中文。
    """

    def __init__(self, where: str, message: str, hint: str = "") -> None:
        super().__init__(where, message, hint)
        self.where = where
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        line = f"{self.where}：{self.message}" if self.where else self.message
        return f"{line}。{self.hint}" if self.hint else line


class InputError(PbmError):
    """一个输入文件不能用；其余文件照常处理。"""


class ConfigError(PbmError):
    """规则集、版式、模板或 pbm.toml 不能用。"""


class OutputError(PbmError):
    """结果写不出去；原来的文件保持不变。"""


class UsageError(PbmError):
    """命令用法不对，或缺少必须的信息（例如监控截止日）。"""


_DISK = {
    errno.ENOSPC: "磁盘已满", errno.EDQUOT: "磁盘配额已满", errno.EIO: "磁盘读写出错", errno.EROFS: "磁盘是只读的",
    errno.EFBIG: "文件大小受到限制，写不下",
}  # fmt: skip
_NOT_THERE = {
    errno.EACCES: ("没有权限", "请换一个位置，或请管理员开放权限"),
    errno.EPERM: ("没有权限", "请换一个位置，或请管理员开放权限"),
    errno.ENAMETOOLONG: ("文件名太长", "请换一个短一些的名字"),
    errno.ELOOP: ("链接绕成了圈", "请删去那个链接，或换一个名字"),
}
_NO_MEMORY = ("failed to map segment", "cannot allocate memory", "can't start new thread", "can't allocate")


def of_the_machine(error: BaseException) -> PbmError | None:
    """机器的毛病（内存不够、磁盘满了、打开的文件太多、当前文件夹没有了）说成人话；是程序的毛病为 None。"""
    number = error.errno if isinstance(error, OSError) else None
    said = str(error).lower()
    if isinstance(error, MemoryError) or number == errno.ENOMEM or any(words in said for words in _NO_MEMORY):
        return PbmError("", "内存不够，没有做完", "请关闭别的程序后再试，或换一台内存大些的电脑")
    if number in _DISK and isinstance(error, OSError):
        return PbmError(str(error.filename or ""), _DISK[number], "请清出空间、检查磁盘后再试")
    if number in (errno.EMFILE, errno.ENFILE):
        return PbmError("", "同时打开的文件太多", "请关闭别的程序后再试")
    if isinstance(error, UnicodeEncodeError) and (encoding := sys.getfilesystemencoding()) != "utf-8":
        return PbmError("", f"这里的文件名编码是 {encoding}，写不了中文的文件名", "请先设 PYTHONUTF8=1，再运行")
    if number in _NOT_THERE and isinstance(error, OSError):
        return PbmError(str(error.filename or ""), *_NOT_THERE[number])
    if isinstance(error, FileNotFoundError) and not _somewhere():
        return PbmError("", "当前文件夹已经被删去或移走", "请先进到一个还在的文件夹，再运行")
    return None


def interrupted(error: BaseException | None) -> bool:
    """是不是 Ctrl-C 引起的：它落在装入模块的半路上时，Python 把它包在别的错误里。"""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, KeyboardInterrupt):
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False


def why(error: OSError) -> str:
    """读不出来的原因，用中文说；少见的照系统的话说。"""
    known = {errno.ENOENT: "找不到了", errno.EISDIR: "是文件夹", **_DISK}
    known.update((number, words[0]) for number, words in _NOT_THERE.items())
    return known.get(error.errno or 0) or error.strerror or str(error)


def _somewhere() -> bool:
    """当前文件夹还在不在。"""
    try:
        os.getcwd()  # noqa: PTH109  只问在不在
    except FileNotFoundError:
        return False
    return True

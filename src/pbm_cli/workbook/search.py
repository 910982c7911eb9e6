"""在给出的文件与文件夹里找工作簿。"""

from __future__ import annotations

import os
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from pbm_cli.errors import InputError

_SUFFIXES = frozenset((".xlsx", ".xlsm", ".xlsb", ".xls", ".et", ".ods", ".csv", ".tsv"))
_LOCKS = ("~$", ".~", "._")
_CREATOR = re.compile(rb"<(?:\w+:)?creator(?:\s[^>]*)?>\s*pbm\s*</")
_CORE_BYTES = 64 * 1024
_OWN_COLUMN = "出处"


def find_workbooks(paths: Sequence[Path]) -> list[tuple[Path, str]]:
    """（路径，给人看的名字）：文件照给的次序，文件夹里的按名字排；同一个文件只要一次。

    文件夹里跳过锁文件（~$…、.~…）、隐藏文件夹与 pbm 自己写的文件；直接点名的文件总要试。
    给人看的名字是相对给出的文件夹的路径（用“/”），或文件名。路径不存在时抛出 InputError。
    """
    found: dict[str, tuple[Path, str]] = {}
    for path in paths:
        if path.is_dir():
            pairs = sorted(_below(path), key=lambda pair: pair[1])
        elif path.exists():
            pairs = [(path, path.name)]
        else:
            raise InputError(str(path), "找不到这个文件或文件夹", "请检查路径是否写对")
        for file, shown in pairs:
            found.setdefault(os.path.normcase(os.path.realpath(file)), (file, shown))
    return list(found.values())


def _below(folder: Path) -> Iterator[tuple[Path, str]]:
    def stop(error: OSError) -> None:
        raise InputError(str(error.filename or folder), "没有权限打开这个文件夹", "请检查文件夹的权限") from error

    for place, folders, files in os.walk(folder, onerror=stop):
        folders[:] = [name for name in folders if not name.startswith(".") and name != "__MACOSX"]
        for name in files:
            file = Path(place, name)
            if name.startswith(_LOCKS) or file.suffix.lower() not in _SUFFIXES or written_by_pbm(file):
                continue
            yield file, file.relative_to(folder).as_posix()


def written_by_pbm(path: Path) -> bool:
    """pbm 写出的结果：xlsx 的作者恰是 pbm（给人填写的模板写的是 pbm template，不算），CSV 带 BOM 且表头有“出处”。

    打不开、不是这两种时为否：那是读的时候该说的事。
    """
    if not path.is_file():  # 打开一个没有人写的管道会一直等下去
        return False
    if path.suffix.lower() == ".csv":
        return _own_csv(path)
    if path.suffix.lower() not in (".xlsx", ".xlsm"):
        return False
    try:
        with zipfile.ZipFile(path) as packed, packed.open("docProps/core.xml") as core:
            return bool(_CREATOR.search(core.read(_CORE_BYTES)))
    except (OSError, KeyError, ValueError, EOFError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error):
        return False


def _own_csv(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            head = stream.readline(_CORE_BYTES)
    except OSError:
        return False
    titles = head.decode("utf-8-sig", "replace").strip().split(",")
    return head.startswith(b"\xef\xbb\xbf") and _OWN_COLUMN in titles

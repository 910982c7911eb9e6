"""每一次写、落盘、换名、建文件夹、为写而打开依次失败，直到一次也不再失败：旧的还在，话说清楚，下一次收拾干净。"""

from __future__ import annotations

import builtins
import errno
import io
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from commands import COMMANDS, FAULTS, Command, assert_old_or_whole, by_name, files, left_by_pbm, prepared, put_back

from conftest import Result, RunPbm
from pbm_cli import outputs, scaffold
from pbm_cli import run as pbm_run
from pbm_cli.cells import Workbook
from pbm_cli.workbook.reader import Reader

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="目标正打开着的情形在 test_outputs 里")
_PLAIN = ("fsync", "replace", "mkdir", "chmod", "unlink", "rename", "ftruncate")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_MOST_CALLS = 400


class Faults:
    """数着写的系统调用；数到 first 时失败，lasting 时以后都失败。"""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)
        self.calls, self.first, self.code, self.lasting = 0, 0, errno.EIO, False

    def begin(self, first: int, code: int, lasting: bool = False) -> None:
        """重新数起；first 为 0 时都不失败。"""
        self.calls, self.first, self.code, self.lasting = 0, first, code, lasting

    @property
    def reached(self) -> bool:
        """数到了没有。"""
        return 0 < self.first <= self.calls

    def count(self, place: object = None) -> None:
        """一次调用；place 是路径时，只数结果文件夹里的。"""
        if isinstance(place, str | os.PathLike) and not str(Path.cwd() / place).startswith(self.folder):
            return
        self.calls += 1
        if self.calls == self.first or (self.lasting and self.reached):
            raise OSError(self.code, os.strerror(self.code))

    def around(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """先数，再真的做。"""

        def called(place: object, *rest: Any, **named: Any) -> Any:
            self.count(place)
            return real(place, *rest, **named)

        return called


class Stream:
    """os.fdopen 给的流：写和冲洗也数。"""

    def __init__(self, faults: Faults, stream: Any) -> None:
        self._faults, self._stream = faults, stream

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def write(self, data: bytes) -> int:
        self._faults.count()
        self._stream.write(data[: len(data) // 2])  # 断在一半上
        self._faults.count()
        self._stream.write(data[len(data) // 2 :])
        return len(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@pytest.fixture
def faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Faults:
    import fcntl

    made = Faults(tmp_path / "出")
    for name in _PLAIN:
        monkeypatch.setattr(os, name, made.around(getattr(os, name)))
    monkeypatch.setattr(fcntl, "flock", made.around(fcntl.flock))
    real_open, real_fdopen, real_file = os.open, os.fdopen, io.open

    def opened(path: Any, flags: int, *rest: Any, **named: Any) -> int:
        if flags & _WRITING:
            made.count(path)
        return real_open(path, flags, *rest, **named)

    def file(path: Any, mode: str = "r", *rest: Any, **named: Any) -> Any:
        if not isinstance(path, int) and set(mode) & set("wax+"):
            made.count(path)
        return real_file(path, mode, *rest, **named)

    monkeypatch.setattr(os, "open", opened)
    monkeypatch.setattr(os, "fdopen", lambda *given, **named: Stream(made, real_fdopen(*given, **named)))
    monkeypatch.setattr(io, "open", file)
    monkeypatch.setattr(builtins, "open", file)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    return made


@pytest.fixture
def go(run_pbm: RunPbm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Command], Result]:
    """在 tmp_path 里运行；同样的输入只真的读一次，同样的结果只真的排一次。"""
    real = Reader.read

    def read(reader: Reader, path: Path, shown: str, *rest: Any) -> Workbook:
        key = (str(path), path.stat().st_mtime_ns)
        if key not in memory:
            memory[key] = real(reader, path, shown, *rest)
        found = memory[key]
        return Workbook(found.file, found.sha256, found.format, [_copy(sheet) for sheet in found.sheets], found.remarks)

    memory: dict[tuple[str, int], Workbook] = {}
    monkeypatch.setattr(Reader, "read", read)
    monkeypatch.setattr(Reader, "begin", lambda *_: None)
    monkeypatch.setattr(Reader, "ahead", lambda *_: None)
    contents, rendered = cache(scaffold._contents), dict[str, bytes]()

    def render(suffix: str, document: Any, *rest: Any, **named: Any) -> bytes:
        key = f"{suffix} {document['command']} {document['inputs']}"
        if key not in rendered:
            rendered[key] = outputs.render(suffix, document, *rest, **named)
        return rendered[key]

    monkeypatch.setattr(scaffold, "_contents", contents)
    monkeypatch.setattr(pbm_run, "render", render)
    monkeypatch.chdir(tmp_path)
    return lambda command: run_pbm(*command.arguments)


def _copy(sheet: Any) -> Any:
    return replace(sheet, rows=[list(row) for row in sheet.rows])


def check(result: Result, call: int) -> None:
    assert result.code in (0, 1, 2), f"第 {call} 次调用失败：{result.err}"
    assert "Traceback" not in result.err
    if result.code == 2:
        assert "错误：" in result.err
        assert "怎么办：" in result.err


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_call_fails_in_turn(
    tmp_path: Path, command: Command, faults: Faults, go: Callable[[Command], Result]
) -> None:
    out = tmp_path / "出"
    old, new = prepared(command, tmp_path, lambda given: go(given).code)
    ended = {0: 0, 1: 0, 2: 0}
    for call in range(1, _MOST_CALLS):
        put_back(out, old, new)
        faults.begin(call, FAULTS[call % len(FAULTS)])
        result = go(command)
        if not faults.reached:
            break
        faults.begin(0, 0)
        check(result, call)
        ended[result.code] += 1
        fresh = assert_old_or_whole(out, old, new)
        assert result.code == 2 or fresh >= len(new), f"第 {call} 次调用失败，却说写好了"
        for beside in set(files(out)) - set(new):
            (out / beside).unlink() if "_1." in beside else None
    else:
        pytest.fail("总有新的调用")
    assert ended[2] >= len(new), "该失败的没有失败"
    assert left_by_pbm(out) == []
    assert files(out) == new


@pytest.mark.parametrize("code", FAULTS, ids=lambda code: errno.errorcode[code])
@pytest.mark.parametrize("name", ["template", "diff"])
def test_every_call_from_one_on_fails(
    tmp_path: Path, name: str, code: int, faults: Faults, go: Callable[[Command], Result]
) -> None:
    """满了的盘、拔了的盘：失败以后都失败，收拾也收拾不了；好了以后的下一次运行来收拾。"""
    command, out = by_name[name], tmp_path / "出"
    old, new = prepared(command, tmp_path, lambda given: go(given).code)
    for call in range(1, _MOST_CALLS):
        put_back(out, old, new)
        faults.begin(call, code, lasting=True)
        result = go(command)
        reached = faults.reached
        faults.begin(0, 0)
        check(result, call)
        assert_old_or_whole(out, old, new)
        if not reached:
            break
    assert result.code in (0, 1)
    assert left_by_pbm(out) == []
    assert files(out) == new

"""各测试共用的夹具：在进程内运行 pbm、把文档字符串里的表写成真的工作簿、要用外部程序。"""

from __future__ import annotations

import contextlib
import gc
import inspect
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest
import xlsxwriter

if TYPE_CHECKING:
    from pbm_cli.cells import Workbook
    from pbm_cli.workbook import Reader

NUMBER = re.compile(r"[-+]?\d+(\.\d+)?\Z")
RULE_LINE = re.compile(r"\|(\s*:?-{2,}:?\s*\|)+\Z")
BAR = re.compile(r"(?<!\\)\|")


def let_readers_finish() -> None:
    """测量覆盖率时，空闲的读文件子进程让它自己退出，来得及交出量到的数；平时是直接结束的。"""
    from pbm_cli.workbook import reader

    kill = reader._Child.stop

    def stop(child: reader._Child) -> None:
        if child.idle and child.asked is None and child.process.stdin is not None:
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                child.process.stdin.close()
                child.process.wait(timeout=5)
        kill(child)

    reader._Child.stop = stop  # type: ignore[method-assign, assignment]


if "COVERAGE_PROCESS_CONFIG" in os.environ:
    let_readers_finish()


@dataclass(frozen=True)
class Result:
    """一次运行：退出码、标准输出、标准错误。"""

    code: int
    out: str
    err: str


class RunPbm(Protocol):
    """运行 pbm，参数同命令行。"""

    def __call__(self, *args: str | Path) -> Result: ...


class ReadBytes(Protocol):
    """把字节写成一个文件再读。"""

    def __call__(self, name: str, data: bytes) -> Workbook: ...


class WriteSheet(Protocol):
    """把一张表写成 xlsx，返回路径。"""

    def __call__(self, text: str | None = None, *, file: str = "表.xlsx", name: str = "Sheet1") -> Path: ...


@pytest.fixture(scope="module", autouse=True)
def _collected() -> Iterator[None]:
    """pbm 很少找循环垃圾（一次运行就结束）；几千个测试在一个进程里，每个文件之后找一次。"""
    yield
    gc.collect()


@pytest.fixture
def run_pbm(monkeypatch: pytest.MonkeyPatch) -> RunPbm:
    """在本进程内运行 pbm；标准输出、标准错误是 UTF-8 的管道，不是终端，宽 120 列。"""

    def run(*args: str | Path) -> Result:
        from pbm_cli.cli import main

        out, err = io.BytesIO(), io.BytesIO()
        with monkeypatch.context() as patch:
            patch.setenv("COLUMNS", "120")
            patch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True))
            patch.setattr(sys, "stderr", io.TextIOWrapper(err, encoding="utf-8", newline="", write_through=True))
            code = main([str(arg) for arg in args])
            sys.stdout.flush()
            sys.stderr.flush()
            return Result(code, out.getvalue().decode("utf-8"), err.getvalue().decode("utf-8"))

    return run


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    """一个子进程，读一个模块里的各个文件。"""
    from pbm_cli.workbook import Reader

    with Reader() as shared:
        yield shared


@pytest.fixture
def read_bytes(reader: Reader, tmp_path: Path) -> ReadBytes:
    """把字节写成一个文件再读。"""

    def read(name: str, data: bytes) -> Workbook:
        path = tmp_path / name
        path.write_bytes(data)
        return reader.read(path, name)

    return read


@pytest.fixture
def needs_tool() -> Callable[[str], str]:
    """要用的外部程序在哪里；没有它时，用户的机器上跳过，CI 上失败。"""

    def find(tool: str) -> str:
        path = shutil.which(tool)
        if path is None:
            if os.environ.get("CI", "").lower() not in ("", "0", "false"):
                pytest.fail(f"CI 上应当装有 {tool}，见 .ci/run")
            pytest.skip(f"这台机器没有 {tool}")
        return path

    return find


@pytest.fixture
def sheet(request: pytest.FixtureRequest, tmp_path: Path) -> WriteSheet:
    """把写成文字的表写成真的 xlsx；不给文字时，用测试的文档字符串里第一个空行以后的部分。

    没有竖线的行是标题或单位行，写在 A 列；有竖线的行是表行（|---| 分隔行不算）。数成为数，写在 '…' 里的成为文字，
    空格子就是空；格子里的竖线写成 \\|，换行写成 \\n。空行是空行。
    """

    def write(text: str | None = None, *, file: str = "表.xlsx", name: str = "Sheet1") -> Path:
        source = docstring_sheet(request.node) if text is None else inspect.cleandoc(text)
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        with xlsxwriter.Workbook(str(path)) as book:
            page = book.add_worksheet(name)
            for row, cells in enumerate(sheet_rows(source)):
                for column, value in enumerate(cells):
                    if isinstance(value, str):
                        page.write_string(row, column, value)
                    elif value is not None:
                        page.write_number(row, column, value)
        return path

    return write


def docstring_sheet(node: object) -> str:
    """测试的文档字符串里第一个空行以后的部分；没有空行就是全部。"""
    text = inspect.getdoc(getattr(node, "function", None))
    if not text:
        raise ValueError("这个测试没有文档字符串，不知道写什么表")
    _, blank, rest = text.partition("\n\n")
    return rest if blank else text


def sheet_rows(text: str) -> list[list[str | float | None]]:
    """文字的表 → 各行的格子。"""
    lines = [line.strip() for line in text.strip("\n").splitlines()]
    return [sheet_row(line) for line in lines if not RULE_LINE.match(line)]


def sheet_row(line: str) -> list[str | float | None]:
    """一行 → 格子；没有竖线的行只有一个格子。"""
    if not line.startswith("|"):
        return [line or None]
    return [sheet_cell(cell.strip()) for cell in BAR.split(line.removesuffix("|"))[1:]]


def sheet_cell(text: str) -> str | float | None:
    """一个格子：空、文字或数（数同 Excel，是双精度的）。"""
    if not text:
        return None
    if NUMBER.match(text):
        return float(text)
    if len(text) > 1 and text[0] == text[-1] == "'":
        text = text[1:-1]
    return text.replace("\\|", "|").replace("\\n", "\n")

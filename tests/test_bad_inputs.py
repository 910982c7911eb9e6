"""坏输入清单（tests/bad/*.toml）逐个运行公开的命令：话说清楚、退出码对、别的文件照常处理、什么也不留下。"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from conftest import Result, RunPbm

FOLDER = Path(__file__).with_name("bad")
GOOD = "好.xlsx"
DEFAULTS: dict[str, Any] = {
    "command": ["check", "{input}", "--json"],
    "exit": None,
    "file": "坏.xlsx",
    "seconds": 20,
    "megabytes": 0,
    "beside": "half",
    "names": True,
    "rows": -1,
    "words": [],
    "with": {},
}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
POLL = 0.02
SLOWER = 3 if "COVERAGE_RUN" in os.environ else 1
"""量覆盖率时慢两倍多。"""


@dataclass(frozen=True)
class Case:
    """清单里的一行。"""

    family: str
    id: str
    make: str
    arguments: dict[str, Any]
    command: list[str]
    exit: int
    file: str
    words: list[str]
    seconds: float
    megabytes: int
    beside: bool
    names: bool
    rows: int


def case_of(family: str, defaults: dict[str, Any], given: dict[str, Any], number: int) -> Case:
    """一族的默认值盖上这一行写的；写错的键当场报错。"""
    unknown = given.keys() - DEFAULTS.keys() - {"id", "make"}
    assert not unknown, f"{family}/{given.get('id')}：不认识的键 {sorted(unknown)}"
    held = {**DEFAULTS, **defaults, **given}
    code = held["exit"] if held["exit"] is not None and not ("rows" in given and "exit" not in given) else None
    if code is None:
        code = 0 if held["rows"] >= 0 else 2
    beside = number % 2 == 1 if held["beside"] == "half" else bool(held["beside"])
    return Case(
        family, held["id"], held["make"], held["with"], held["command"], code, held["file"], held["words"],
        held["seconds"], held["megabytes"], beside, held["names"], held["rows"],
    )  # fmt: skip


@cache
def families() -> dict[str, tuple[int, list[Case]]]:
    """全部清单：家族 → （至少多少个，各个）。"""
    found: dict[str, tuple[int, list[Case]]] = {}
    for path in sorted(FOLDER.glob("*.toml")):
        for family, table in tomllib.loads(path.read_text(encoding="utf-8")).items():
            defaults = {key: value for key, value in table.items() if key not in ("minimum", "cases")}
            unknown = defaults.keys() - DEFAULTS.keys()
            assert not unknown, f"{path.name}›{family}：不认识的键 {sorted(unknown)}"
            assert family not in found, f"两张清单都有 {family}"
            cases = [case_of(family, defaults, given, number) for number, given in enumerate(table.get("cases", []))]
            found[family] = (table.get("minimum", 0), cases)
    return found


def all_cases() -> list[Any]:
    return [pytest.param(case, id=f"{name}-{case.id}") for name, (_, cases) in families().items() for case in cases]


def prepared(case: Case, folder: Path) -> Path | None:
    """造出坏文件；交回它的路径。"""
    module, _, name = case.make.partition(".")
    make = getattr(importlib.import_module(f"bad.{module}"), name)
    if next(iter(inspect.signature(make).parameters), "") == "folder":
        made = make(folder, **case.arguments)
        assert made is None or isinstance(made, Path)
        return made
    data = make(**case.arguments)
    assert isinstance(data, bytes), f"{case.make} 应当交回 bytes"
    path = folder / case.file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def good_book(path: Path) -> None:
    """旁边的好文件：一张事前评估表，两个项目。"""
    rows = (("项目名称", "申报金额（万元）", "审定金额（万元）"), ("甲渠", 100, 80), ("乙路", 50, 50))
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet("评估")
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)


def fingerprints(folder: Path) -> dict[str, str]:
    """文件夹里每个文件的名字与内容。"""
    found = {}
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(place, name)
            regular = path.is_file() and not path.is_symlink()
            found[os.fsdecode(os.fsencode(path))] = hashlib.sha256(path.read_bytes()).hexdigest() if regular else ""
    return found


def watched(command: list[str], home: Path) -> tuple[Result, int]:
    """另起进程运行；交回结果和进程树内存峰值（字节；不是 Linux 时为 0）。"""
    environment = {**os.environ, "TMPDIR": str(home), "PYTHONIOENCODING": "utf-8", "COLUMNS": "120"}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen([sys.executable, "-m", "pbm_cli", *command], stdout=out, stderr=err, env=environment)
        peaks: dict[int, int] = {}
        while process.poll() is None:
            for pid in tree_of(process.pid):
                peaks[pid] = max(peaks.get(pid, 0), peak_memory(pid))
            time.sleep(POLL)
        for stream in (out, err):
            stream.seek(0)
        texts = [stream.read().decode("utf-8", "replace") for stream in (out, err)]
    return Result(process.returncode, *texts), sum(peaks.values())


def tree_of(pid: int) -> list[int]:
    """进程和它的子孙。"""
    found = [pid]
    for parent in found:
        try:
            for thread in Path(f"/proc/{parent}/task").iterdir():
                found += [int(child) for child in (thread / "children").read_text("ascii").split()]
        except OSError:
            continue
    return found


def peak_memory(pid: int) -> int:
    """一个进程用过的最多物理内存，字节。"""
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii", "replace")
    except OSError:
        return 0
    peak = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(peak[1]) * 1024 if peak else 0


def json_document(case: Case, result: Result) -> dict[str, Any] | None:
    """--json 时标准输出必须是一份 JSON。"""
    if "--json" not in case.command:
        return None
    made = json.loads(result.out)
    assert isinstance(made, dict)
    return made


def rows_read(made: dict[str, Any], file: str) -> int:
    """一个输入读到的行数。"""
    return sum(
        sheet["rows_read"] for entry in made.get("inputs", []) if entry["file"] == file for sheet in entry["sheets"]
    )


def check_said(case: Case, result: Result, bad: Path | None) -> None:
    """话：中文、说出文件、有该有的字、GBK 印得出、没有程序的内情。"""
    said = result.out + result.err
    assert "Traceback" not in said
    assert CHINESE.search(said) or not said
    result.err.encode("gbk")
    for word in case.words:
        found = word.removeprefix("!") in said
        assert found is not word.startswith("!"), f"{word!r}：{said[-1500:]}"
    if bad is not None and case.names and case.rows < 0:
        assert bad.name in said, said[-1500:]


@pytest.mark.parametrize("case", all_cases())
def test_bad_input(case: Case, run_pbm: RunPbm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, home, out = (tmp_path / name for name in ("输入", "临时", "结果"))
    for place in (folder, home, out):
        place.mkdir()
    bad = prepared(case, folder)
    if case.beside:
        good_book(folder / GOOD)
    places = {"folder": folder, "file": bad, "out": out, "input": folder if case.beside or bad is None else bad}
    command = [re.sub(r"\{(\w+)\}", lambda hit: str(places[hit[1]]), part) for part in case.command]
    before = fingerprints(folder)
    monkeypatch.setenv("TMPDIR", str(home))
    monkeypatch.setattr(tempfile, "tempdir", str(home))
    started = time.monotonic()
    if case.megabytes:
        result, peak = watched(command, home)
        assert peak <= case.megabytes * 1024 * 1024
    else:
        result = run_pbm(*command)
    took = time.monotonic() - started
    expected = 1 if case.beside and case.exit == 2 and "{input}" in case.command else case.exit
    assert result.code == expected, (result.out + result.err)[-1500:]
    check_said(case, result, bad)
    made = json_document(case, result)
    if case.beside and made is not None and "{input}" in case.command:
        assert rows_read(made, GOOD) == 2, "旁边的好文件没有处理"
    if case.rows >= 0:
        assert made is not None
        assert bad is not None
        assert rows_read(made, bad.name) == case.rows, result.out[-1500:]
    assert took <= case.seconds * SLOWER
    assert fingerprints(folder) == before
    assert list(home.iterdir()) == []


def test_the_manifest_is_as_large_as_it_says() -> None:
    short = {name: len(cases) for name, (least, cases) in families().items() if len(cases) < least}
    assert short == {}


def test_every_case_has_its_own_name() -> None:
    names = Counter((name, case.id) for name, (_, cases) in families().items() for case in cases)
    assert [name for name, times in names.items() if times > 1] == []

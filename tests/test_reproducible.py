"""同样的输入、规则、版本 → 同样的字节：换时钟、文件夹、散列种子、地区、时区、输入的次序，真的另起进程来比。"""

from __future__ import annotations

import datetime as dt
import io
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from conftest import RunPbm
from counties import PLAIN, county

FORMS = ("xlsx", "docx", "html", "md", "json", "csv", "parquet")
COMMANDS: dict[str, tuple[str, ...]] = {
    "report": ("report", "年"),
    "monitor": ("monitor", "年", "--notices", "出/通知"),
    "evaluate": ("evaluate", "年"),
    "check": ("check", "年", "--marked", "出/标注"),
    "rollup": ("rollup", "市", "--workers", "1"),
    "diff": ("diff", "年/执行.csv", "年/乡镇/执行.csv"),
    "init": ("init", "出/泸县2023"),
}
_DIFF = ("xlsx", "md", "json", "csv")
_LATER = 1_900_000_000


def forms(name: str) -> tuple[str, ...]:
    if name == "init":
        return ()
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        return tuple(form for form in FORMS if form != "parquet")
    return _DIFF if name == "diff" else FORMS


def arguments(name: str) -> list[str]:
    return [*COMMANDS[name], *(part for form in forms(name) for part in ("-o", f"出/结果.{form}"))]


def place(folder: Path, backwards: bool = False) -> Path:
    """输入；backwards 时倒着建文件，文件系统给出的次序就不同。"""
    projects = [*PLAIN, ("0003", "场镇整治", "某镇", 1_000_000, 100_000)]
    towns = "项目编码,项目名称,预算单位,调整后预算数（元）,累计支出（元）\n0009,坏数,某镇,100,x\n0010,水渠,某镇,100,40"

    def town() -> None:
        (folder / "年" / "乡镇").mkdir(parents=True, exist_ok=True)
        (folder / "年" / "乡镇" / "执行.csv").write_text(towns, encoding="utf-8")

    steps = [
        lambda: county(folder / "年", "泸县", projects, scores=("88", "61")),
        lambda: county(folder / "市" / "甲县", "甲县", projects),
        lambda: county(folder / "市" / "乙县", "乙县", PLAIN),
        town,
    ]
    for step in reversed(steps) if backwards else steps:
        step()
    return folder


def made(folder: Path) -> dict[str, bytes]:
    there = (path for path in (folder / "出").rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in there}


def run(name: str, folder: Path, **environment: str) -> dict[str, bytes]:
    """另起一个进程运行，交回写出的全部文件。"""
    result = subprocess.run(
        [sys.executable, "-m", "pbm_cli", *arguments(name)], cwd=folder, env={**os.environ, **environment},
        capture_output=True, check=False,
    )  # fmt: skip
    assert result.returncode in (0, 1), result.stderr.decode("utf-8", "replace")
    return made(folder)


def assert_same(one: dict[str, bytes], other: dict[str, bytes]) -> None:
    assert one.keys() == other.keys()
    assert [name for name, data in one.items() if other[name] != data] == []
    assert one


@pytest.mark.parametrize("name", COMMANDS)
def test_bytes_do_not_depend_on_where_or_who(tmp_path: Path, name: str) -> None:
    one = place(tmp_path / "甲")
    other = place(tmp_path / "很深" / "另一个 文件夹", backwards=True)
    for path in other.rglob("*"):
        os.utime(path, (_LATER, _LATER))
    first = run(name, one, PYTHONHASHSEED="1", TZ="Asia/Shanghai", LC_ALL="C.UTF-8", COLUMNS="80")
    second = run(name, other, PYTHONHASHSEED="2", TZ="America/New_York", LC_ALL="C", COLUMNS="200", PYTHONUTF8="1")
    assert_same(first, second)


@pytest.mark.parametrize("name", COMMANDS)
def test_bytes_do_not_depend_on_the_clock(
    run_pbm: RunPbm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """时钟拨到 2030 年再运行一次：结果里也没有今天。"""
    place(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert run_pbm(*arguments(name)).code in (0, 1)
    first = made(tmp_path)
    shutil.rmtree(tmp_path / "出")
    turn_the_clock(monkeypatch)
    assert run_pbm(*arguments(name)).code in (0, 1)
    assert_same(first, made(tmp_path))
    no_today(first)


def turn_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """time 的时钟拨到 2030 年；datetime 的拨不动，用 no_today 看。"""
    local, universal = time.localtime, time.gmtime
    monkeypatch.setattr(time, "time", lambda: float(_LATER))
    monkeypatch.setattr(time, "localtime", lambda seconds=_LATER: local(seconds))
    monkeypatch.setattr(time, "gmtime", lambda seconds=_LATER: universal(seconds))


def no_today(files: dict[str, bytes]) -> None:
    """结果（包括压缩包里的各部件）里没有写着今天的日期、今年以后的压缩时间。"""
    today = {f"{day:{form}}".encode() for day in days() for form in ("%Y-%m-%d", "%Y年%-m月%-d日", "%Y%m%d")}
    for name, data in files.items():
        parts = {"": data}
        if data.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(data)) as packed:
                parts = {info.filename: packed.read(info) for info in packed.infolist()}
                assert {info.date_time[0] for info in packed.infolist()} == {1980}, name
        found = [(name, part, day) for part, text in parts.items() for day in today if day in text]
        assert found == []


def days() -> set[dt.date]:
    """各个时区的今天。"""
    now = dt.datetime.now(dt.UTC)
    return {(now + dt.timedelta(hours=hours)).date() for hours in (-12, 0, 14)}


@pytest.mark.parametrize("name", ["monitor", "check"])
def test_files_may_be_given_in_any_order(run_pbm: RunPbm, tmp_path: Path, name: str) -> None:
    """一个文件夹里的文件怎样排都一样：建的先后不同，次序由名字定。"""
    one, other = place(tmp_path / "甲"), place(tmp_path / "乙", backwards=True)
    found = []
    for folder in (one, other):
        out = folder / "结果.json"
        assert run_pbm(name, folder / "年", "-o", out).code in (0, 1)
        found.append(out.read_bytes())
    assert found[0] == found[1]

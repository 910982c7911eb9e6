"""几次运行同时往一个文件夹写；输入在读的时候没有了、变了。"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from commands import by_name, files, inputs, left_by_pbm, prepared, run

from conftest import RunPbm, WriteSheet
from pbm_cli.cells import Workbook
from pbm_cli.outputs import marked_files
from pbm_cli.workbook.reader import Reader

TABLE = "单位：元\n| 项目编码 | 项目名称 | 预算单位 | 调整后预算数 | 累计支出 |\n| 'P1' | 甲 | 某局 | 100 | {} |"
RUNS = 8


@pytest.mark.parametrize("name", ["monitor", "init"])
def test_eight_runs_into_one_folder(tmp_path: Path, name: str) -> None:
    """八次一起运行：每次要么写好、要么说清楚；最后是完整的一份，没有临时文件和锁。"""
    command = by_name[name]
    _, new = prepared(command, tmp_path, lambda given: run(given, tmp_path).returncode)
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "pbm_cli", *command.arguments], cwd=tmp_path, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, encoding="utf-8",
        )
        for _ in range(RUNS)
    ]  # fmt: skip
    ended = [(process.communicate()[1], process.returncode) for process in running]
    assert all("Traceback" not in said for said, _ in ended)
    if name == "init":
        assert sorted(code for _, code in ended) == [0] + [2] * (RUNS - 1)
        assert all("没有覆盖" in said for said, code in ended if code)
    else:
        assert {code for _, code in ended} == {1}, [said for said, code in ended if code != 1]
    assert files(tmp_path / "出") == new
    assert left_by_pbm(tmp_path / "出") == []


def test_two_different_runs_do_not_mix(tmp_path: Path) -> None:
    """两种输入同时写一套结果：最后的一套全是一次运行的。"""
    command = by_name["report"]
    old, new = prepared(command, tmp_path / "甲", lambda given: run(given, tmp_path / "甲").returncode)
    inputs(tmp_path / "乙", False)
    (tmp_path / "乙" / "出").symlink_to(tmp_path / "甲" / "出")
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "pbm_cli", *command.arguments], cwd=tmp_path / place, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for place in ("甲", "乙")
    ]  # fmt: skip
    assert [process.wait() for process in running] == [1, 1]
    assert files(tmp_path / "甲" / "出") in (old, new)


@pytest.mark.parametrize("what", ["removed", "folder", "truncated"])
def test_an_input_gone_while_reading(
    run_pbm: RunPbm, sheet: WriteSheet, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """找到以后、读之前没有了的、成了文件夹的、剩一半的：说清楚，别的照常。"""
    first, second = sheet(TABLE.format(90), file="年/甲.xlsx"), sheet(TABLE.format(80), file="年/乙.xlsx")
    real = Reader.read

    def read(reader: Reader, path: Path, shown: str, *rest: Any) -> Workbook:
        if path == first:
            data = first.read_bytes()
            first.unlink()
            if what == "folder":
                first.mkdir()
            elif what == "truncated":
                first.write_bytes(data[: len(data) // 2])
        return real(reader, path, shown, *rest)

    monkeypatch.setattr(Reader, "read", read)
    monkeypatch.setattr(Reader, "ahead", lambda *_: None)
    result = run_pbm("monitor", first.parent, "--on", "2023-12-31", "--json")
    assert result.code == 1, result.err
    assert '"projects": 1' in result.out
    assert first.name in result.err or "甲.xlsx" in result.out
    assert "Traceback" not in result.err
    assert second.exists()


def test_an_input_changed_after_reading(
    run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """读过以后又变了：标注不会写在另一份内容上；结果里的摘要是读到的那一份的，verify 看得出来。"""
    source, out = sheet(TABLE.format("x"), file="年/表.xlsx"), tmp_path / "结果.json"
    real = marked_files.write_marked

    def changed(*given: object, **named: object) -> marked_files.Marked:
        sheet(TABLE.format(1), file="年/表.xlsx")
        return real(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(marked_files, "write_marked", changed)
    result = run_pbm("check", source.parent, "--marked", tmp_path / "副本", "-o", out)
    assert result.code == 1
    assert "检查之后文件又变了" in result.err
    assert not (tmp_path / "副本" / "表.xlsx").exists()
    verified = run_pbm("verify", out, "--inputs", source.parent)
    assert (verified.code, "已改动" in verified.out) == (1, True)

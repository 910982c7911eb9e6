"""pbm doctor：逐项说看到了什么、怎么办；有“不行”的退出码是 1。"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from conftest import RunPbm
from pbm_cli import checkup
from pbm_cli.checkup import DONE, NOTE, WRONG, check_up


def states(folder: Path) -> dict[str, str]:
    return {check.subject: check.state for check in check_up(folder)}


def test_a_machine_that_runs_the_tests_is_fine(tmp_path: Path) -> None:
    seen = states(tmp_path)
    assert {seen[name] for name in ("pbm", "Python", "系统", "要用的库", "写入", "读工作簿")} == {DONE}
    assert list(tmp_path.iterdir()) == []


def test_required_libraries_are_named_as_they_are_declared() -> None:
    names = checkup._required()
    assert {"typer", "jinja2", "python-docx", "importlib-metadata"} <= set(names)
    assert not {"pytest", "pandas"} & set(names)


def test_a_missing_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = checkup._version
    monkeypatch.setattr(checkup, "_version", lambda name: None if name == "jinja2" else real(name))
    found = next(check for check in check_up(tmp_path) if check.subject == "要用的库")
    assert (found.state, found.seen) == (WRONG, "缺 jinja2")


def test_a_folder_that_is_not_there_is_wrong(tmp_path: Path) -> None:
    assert states(tmp_path / "没有")["写入"] == WRONG


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="管理员什么都写得了")
def test_a_read_only_folder_is_wrong(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    assert states(tmp_path)["写入"] == WRONG


def test_a_full_disk_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    assert states(tmp_path)["磁盘"] == NOTE


@pytest.mark.parametrize(("encoding", "state"), [("gbk", DONE), ("utf-8", DONE), ("ascii", WRONG), ("cp437", WRONG)])
def test_the_console_must_show_chinese(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, state: str
) -> None:
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(encoding=encoding))
    assert states(tmp_path)["控制台"] == state


@pytest.mark.parametrize(("installed", "state"), [({"黑体"}, DONE), ({"SimHei"}, NOTE), (set(), NOTE)])
def test_a_font_or_what_stands_in_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: set[str], state: str
) -> None:
    monkeypatch.setattr(checkup, "_known_fonts", lambda: installed.__contains__)
    found = next(check for check in check_up(tmp_path) if check.subject == "字体 黑体")
    assert found.state == state
    assert ("SimHei" in found.seen) == (state != DONE)


def test_the_command_says_what_to_do_and_exits_one_when_something_is_wrong(run_pbm: RunPbm, tmp_path: Path) -> None:
    fine = run_pbm("doctor", tmp_path, "--json")
    made = json.loads(fine.out)
    assert fine.code == 0, fine.out
    assert sum(made["summary"].values()) == len(made["rows"])
    assert made["summary"]["wrong"] == 0
    wrong = run_pbm("doctor", tmp_path / "没有")
    assert wrong.code == 1
    assert "请给一个已有的文件夹" in wrong.out
    assert "再运行 pbm doctor" in wrong.err

"""备好环境的东西：仓库里不写某台机器的路径，锁定文件齐全，conftest 里的夹具说到做到。"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conftest import WriteSheet

ROOT = Path(__file__).resolve().parents[1]
GENERATED = {".git", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", "__pycache__", "out",
             "build", "dist"}  # fmt: skip


# 一、仓库里的文字


def repository_texts() -> Iterator[tuple[str, str]]:
    """仓库里每个文字文件：（路径，内容）。"""
    for folder, folders, files in os.walk(ROOT):
        folders[:] = sorted(name for name in folders if name not in GENERATED and not name.endswith(".egg-info"))
        for name in sorted(files):
            path = Path(folder, name)
            content = path.read_bytes()
            if b"\0" not in content[:4096]:
                yield path.relative_to(ROOT).as_posix(), content.decode("utf-8", errors="replace")


def machine_words() -> re.Pattern[str]:
    """一台机器的绝对路径，和不进仓库的资料夹；拼出来，免得这里先中。"""
    folders = "|".join(("home", "root", "work", "farm", "Users"))
    return re.compile(rf"(?<![\w.\-*])/(?:{folders})/|[A-Za-z]:\\+Users\\|\bshared" + "/")


def test_the_repository_names_no_machine() -> None:
    words = machine_words()
    found = [f"{name}: {hit.group()}" for name, text in repository_texts() for hit in words.finditer(text)]
    assert found == []


def test_the_machine_check_sees_what_it_should() -> None:
    words = machine_words()
    assert all(
        words.search(text) for text in ("/" + "home/x", "见 /" + "root/x", "shared" + "/a.md", "C:\\" + "Users\\x")
    )
    assert not any(words.search(text) for text in ("xl/sharedStrings.xml", "a/home/b", "workbook/", "../home"))


# 二、锁定文件


def pinned(lock: str) -> dict[str, str]:
    """锁定文件里的包 → 它的整段（含散列值）。"""
    text = (ROOT / lock).read_text(encoding="utf-8")
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    found: dict[str, str] = {}
    for entry in entries:
        name = re.split(r"[=\s;\[]", entry, maxsplit=1)[0].lower()
        found[name] = found.get(name, "") + entry
    return found


def needed(requirement: str) -> str:
    return re.split(r"[<>=~!;\[\s]", requirement, maxsplit=1)[0].lower()


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-test.txt"])
def test_the_locks_pin_every_dependency_with_hashes(lock: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    if "test" in lock:
        wanted += project["project"]["optional-dependencies"]["test"]
    entries = pinned(lock)
    assert {needed(requirement) for requirement in wanted} - entries.keys() == set()
    loose = [name for name, entry in entries.items() if "==" not in entry or "--hash=sha256:" not in entry]
    assert loose == []
    assert "sys_platform == 'win32'" in entries["colorama"]
    assert "://" not in (ROOT / lock).read_text(encoding="utf-8")


def test_both_locks_agree() -> None:
    run, test = pinned("requirements.txt"), pinned("requirements-test.txt")
    version = re.compile(r"==([^\s;\\]+)")
    different = [name for name in run if version.findall(run[name]) != version.findall(test.get(name, ""))]
    assert different == []


# 三、夹具自己


def test_the_docstring_becomes_a_sheet(sheet: WriteSheet) -> None:
    """文档字符串里的表写成真的工作簿。

    执行情况表
    单位：万元
    | 项目名称 | 编码   | 预算   | 支出 |
    |----------|--------|-------:|------|
    | 甲       | '0012' | 100.50 |      |
    | 甲\\|乙  | 3      | 86%    | -2   |
    """
    from openpyxl import load_workbook

    rows = [list(row) for row in load_workbook(sheet(name="执行")).worksheets[0].iter_rows(values_only=True)]
    assert rows == [
        ["执行情况表", None, None, None],
        ["单位：万元", None, None, None],
        ["项目名称", "编码", "预算", "支出"],
        ["甲", "0012", 100.5, None],
        ["甲|乙", 3, "86%", -2],
    ]


def test_an_absent_tool_fails_only_in_ci(monkeypatch: pytest.MonkeyPatch, needs_tool: Callable[[str], str]) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no-such-tool"):
        needs_tool("no-such-tool")
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="no-such-tool"):
        needs_tool("no-such-tool")

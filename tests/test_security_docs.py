"""docs/security.md 说的都是真的：点名的测试都在，上限表与程序一样，清单的家族都写到了。"""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

from pbm_cli.workbook.limits import SETTINGS, Limits, shown

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "security.md"
NODE = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+)(?:\[([^\]]+)\])?)?`")
FEWEST_THREATS = 20
START, END = "<!-- 上限 -->", "<!-- 上限完 -->"


def named() -> list[tuple[str, str, str]]:
    found = {(match[1], match[2] or "", match[3] or "") for match in NODE.finditer(PAGE.read_text(encoding="utf-8"))}
    return sorted(found)


@cache
def functions(path: Path) -> set[str]:
    module = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in module.body if isinstance(node, ast.FunctionDef)}


@cache
def families() -> set[str]:
    files = (ROOT / "tests" / "bad").glob("*.toml")
    return {family for path in files for family in tomllib.loads(path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize(("file", "function", "case"), named())
def test_every_named_test_exists(file: str, function: str, case: str) -> None:
    assert (ROOT / file).is_file()
    assert not function or function in functions(ROOT / file)
    assert not case or case.removesuffix("-*") in families()


def test_every_family_of_bad_inputs_is_named() -> None:
    said = {case.removesuffix("-*") for _, _, case in named()}
    assert families() - said - {"headings", "keys"} == set(), "清单里有页面没有写到的家族（表头、编码两族不是安全的事）"


def test_every_threat_names_its_tests() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("| 会遇到 |")[2].partition("\n\n")[0]
    threats = [line for line in table.splitlines() if line.startswith("| ")]
    assert len(threats) >= FEWEST_THREATS
    assert [line for line in threats if not NODE.search(line)] == []


def test_every_quoted_message_is_said_by_the_program() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("| 会遇到 |")[2].partition("\n\n")[0]
    source = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "src").rglob("*.py")))
    missing = []
    for line in table.splitlines()[2:]:
        for quoted in re.findall("“([^”]+)”", line.split(" | ")[2]):
            pieces = [piece for piece in re.split(r"[0-9A-Za-z#/!“”、 ]+", quoted) if len(piece) > 1]
            missing += [quoted for piece in pieces if piece not in source]
    assert missing == []


def limits_table() -> str:
    """上限的表，照程序里的写。"""
    lines = ["| 上限 | 默认 | pbm.toml 里的名字 | 能设的范围 | 为什么 |", "|---|---|---|---|---|"]
    for setting in SETTINGS:
        span = f"{shown(setting, setting.least)} 到 {shown(setting, setting.most)}"
        default = shown(setting, getattr(Limits(), setting.field))
        lines.append(f"| {setting.title} | {default} | `{setting.key}` | {span} | {setting.reason} |")
    return "\n".join(lines)


def test_the_limits_table_is_the_program_s() -> None:
    written = PAGE.read_text(encoding="utf-8").partition(START)[2].partition(END)[0].strip()
    assert written == limits_table(), "上限变了：把断言里右边的表贴进 docs/security.md"


def test_the_front_page_leads_here() -> None:
    assert "docs/security.md" in (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert "In English" in (ROOT / "SECURITY.md").read_text(encoding="utf-8")

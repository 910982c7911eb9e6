"""房子的规矩（不是法的规矩）：导入只有一个方向、尺寸、规则里没有数、参数都有用、开头要轻。"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "pbm_cli"
CHAIN = (
    {"errors", "cells", "text", "personal", "fields", "figures", "lines"}
    | {"targets", "quantities", "columns", "sampling"},
    {"models", "form_kinds"},
    {"workbook", "parameters", "resources", "config", "sandbox"},
    {"layouts", "headings", "tables", "rules", "fill", "form_layouts", "form_grid", "form_blocks", "forms"},
    {"loading", "acceptance", "foresight", "records", "rows", "totals", "identity"}
    | {"form_funds", "form_rows", "form_records", "facts"},
    {"annexes", "report", "outputs", "pipeline", "scaffold", "comparison", "derivation", "verification", "checkup"}
    | {"parallel", "counties", "rollup_report"},
    {"console", "screens", "screen_forms", "screen_answers", "screen_monitor", "screen_rollup", "screen_tables"},
    {"run", "inquiry", "help", "completion", "arguments", "rollup"},
    {"cli", "__main__"},
)
"""从左到右；一个房间只能导入自己这一组和左边各组。"""
FILE_LINES = 400
FUNCTION_LINES = 40
PLAIN_NUMBERS = {0, 1, -1, 2, 12, 100}
"""规则里可以写的数：零、一、下标、一年的月数、百分。别的数都是法，要放进参数。"""
NUMBER_TEXT = re.compile(r"\s*[-+]?\d+(\.\d+)?(/\d+)?\s*%?\s*\Z")
REFUSED_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers"}
STAGE_LETTERS = {"assess": "E", "goals": "T", "monitor": "M", "evaluate": "V", "rollup": "R"}
HEAVY = {"pandas", "numpy", "openpyxl", "jinja2", "docx", "xlsxwriter", "lxml", "python_calamine"}
"""--help 不该等的库。pydantic 不在内：typer 自己解析子命令的选项时就要用它。"""
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def sources(folder: Path = PACKAGE) -> list[Path]:
    return sorted(folder.rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def label(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def place(path: Path, node: ast.AST) -> str:
    return f"{label(path)}:{getattr(node, 'lineno', 0)}"


# 一、导入只有一个方向


def room(path: Path, package: Path = PACKAGE) -> str:
    """文件属于哪个房间：包下第一层的名字；包自己的 __init__ 是空名。"""
    name = path.relative_to(package).parts[0].removesuffix(".py")
    return "" if name == "__init__" else name


def imported_rooms(path: Path, module: ast.Module, package: Path = PACKAGE) -> Iterator[tuple[int, str]]:
    """文件里每一处对本包房间的导入：（行号，房间）。相对导入先化成绝对的。"""
    parents = [package.name, *path.relative_to(package).parts[:-1]]
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(parents[: len(parents) - node.level + 1]) + "." if node.level else ""
            stem = (base + (node.module or "")).rstrip(".")
            names = [f"{stem}.{alias.name}" for alias in node.names] if stem == package.name else [stem]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == package.name and len(parts) > 1:
                yield node.lineno, parts[1]


def floor(name: str) -> int | None:
    return next((number for number, rooms in enumerate(CHAIN) if name in rooms), None)


def wrong_imports(path: Path, module: ast.Module, package: Path = PACKAGE) -> list[str]:
    """文件里不该有的导入。"""
    here = floor(room(path, package))
    wrong = []
    for line, name in imported_rooms(path, module, package):
        there = floor(name)
        if there is None:
            if not name.startswith("__"):
                wrong.append(f"第 {line} 行导入 {name}，它不在链上")
        elif here is None or there > here:
            wrong.append(f"第 {line} 行导入右边的 {name}")
    return wrong


def test_every_room_has_its_place_in_the_chain() -> None:
    strangers = {room(path) for path in sources()} - {""} - set().union(*CHAIN)
    assert not strangers, f"这些房间不在导入链上，请在 CHAIN 里给它们位置：{sorted(strangers)}"


@pytest.mark.parametrize("path", sources(), ids=label)
def test_imports_go_only_leftwards(path: Path) -> None:
    assert wrong_imports(path, tree(path)) == []


@pytest.mark.parametrize(
    ("file", "code", "wrong"),
    [
        ("fields.py", "from pbm_cli.errors import PbmError", False),
        ("fields.py", "from pbm_cli.models import Record", True),
        ("fields.py", "from pbm_cli import models", True),
        ("fields.py", "def f():\n    import pbm_cli.console", True),
        ("fields.py", "from . import console", True),
        ("outputs/xlsx.py", "from ..console import say", True),
        ("outputs/xlsx.py", "from . import columns", False),
        ("outputs/xlsx.py", "from .columns import TITLES", False),
        ("outputs/xlsx.py", "from pbm_cli import __version__", False),
        ("rules/monitor.py", "from pbm_cli.facts import Facts", True),
        ("rules/monitor.py", "from pbm_cli.parameters import Bands", False),
        ("cli.py", "import pbm_cli.nowhere", True),
    ],
)
def test_the_import_check_sees_what_it_should(file: str, code: str, wrong: bool) -> None:
    assert bool(wrong_imports(PACKAGE / file, ast.parse(code))) is wrong


# 二、尺寸、名字、打印、异常


@pytest.mark.parametrize("path", sources(), ids=label)
def test_files_and_functions_stay_small(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= FILE_LINES, f"{label(path)} 有 {lines} 行"
    long = {
        f"{place(path, node)} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: size for name, size in long.items() if size > FUNCTION_LINES} == {}


def test_no_module_has_an_empty_name() -> None:
    refused = [label(path) for path in PACKAGE.rglob("*") if path.stem in REFUSED_NAMES]
    assert refused == []


@pytest.mark.parametrize("path", sources(), ids=label)
def test_only_the_console_prints(path: Path) -> None:
    prints = [
        place(path, node)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert room(path) == "console" or prints == []


def caught(node: ast.AST) -> set[str]:
    """一处 except 或 suppress(…) 里写的异常名；光秃秃的 except 是 “*”。"""
    if isinstance(node, ast.ExceptHandler):
        if node.type is None:
            return {"*"}
        named = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "suppress":
        named = node.args
    else:
        return set()
    return {getattr(name, "attr", getattr(name, "id", "")) for name in named}


@pytest.mark.parametrize("path", sources(), ids=label)
def test_no_error_is_swallowed_wholesale(path: Path) -> None:
    # 阅读器的崩溃是 BaseException（PanicException），只有读文件的子进程可以接住它。
    # cli.main 把程序的毛病变成退出码 70，也只有那一处。
    refused = {"*", "Exception"} if room(path) == "workbook" else {"*", "Exception", "BaseException"}
    refused -= {"Exception"} if room(path) == "cli" else set()
    found = [place(path, node) for node in ast.walk(tree(path)) if caught(node) & refused]
    assert found == []


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("try: f()\nexcept: pass", {"*"}),
        ("try: f()\nexcept Exception: pass", {"Exception"}),
        ("try: f()\nexcept (OSError, Exception): pass", {"OSError", "Exception"}),
        ("with contextlib.suppress(Exception): f()", {"Exception"}),
        ("try: f()\nexcept zipfile.BadZipFile: pass", {"BadZipFile"}),
        ("f(Exception)", set()),
    ],
)
def test_the_exception_check_sees_what_it_should(code: str, names: set[str]) -> None:
    assert set().union(*(caught(node) for node in ast.walk(ast.parse(code)))) == names


# 三、规则与参数


def numbers_of_the_law(module: ast.Module) -> list[str]:
    """源文件里写死的数，写成文字的（Decimal("0.6")）也算。"""
    found = []
    for node in ast.walk(module):
        if not isinstance(node, ast.Constant) or isinstance(node.value, bool):
            continue
        is_number = isinstance(node.value, int | float | complex) and node.value not in PLAIN_NUMBERS
        is_number_text = isinstance(node.value, str) and NUMBER_TEXT.match(node.value) is not None
        if is_number or is_number_text:
            found.append(f"第 {node.lineno} 行 {node.value!r}")
    return found


@pytest.mark.parametrize("path", sources(PACKAGE / "rules"), ids=label)
def test_rules_hold_no_number_of_the_law(path: Path) -> None:
    assert numbers_of_the_law(tree(path)) == []


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("x = 60", 1),
        ("x = -5", 1),
        ("x = 0.6", 1),
        ("x = Decimal('0.6')", 1),
        ("x = Fraction('3/5')", 1),
        ("x = '80%'", 1),
        ("x = rate * 100 / 12 - 1 + items[2]", 0),
        ("x = True", 0),
        ("@rule('M01')\ndef f(): '执行率低于 60% 为红灯。'", 0),
    ],
)
def test_the_number_check_sees_what_it_should(code: str, count: int) -> None:
    assert len(numbers_of_the_law(ast.parse(code))) == count


def declared_rules() -> list[tuple[str, Path, ast.FunctionDef]]:
    """rules/ 里每个 @rule("…") 函数：（规则号，文件，函数）。"""
    found = []
    for path in sources(PACKAGE / "rules"):
        for node in ast.walk(tree(path)):
            for mark in node.decorator_list if isinstance(node, ast.FunctionDef) else []:
                if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "rule" and mark.args:
                    assert isinstance(node, ast.FunctionDef)
                    found.append((ast.literal_eval(mark.args[0]), path, node))
    return found


def test_rule_codes_are_unique_and_start_with_their_stage() -> None:
    rules = declared_rules()
    assert rules, "rules/ 里没有 @rule(…)"
    codes = [code for code, _, _ in rules]
    assert sorted(codes) == sorted(set(codes))
    wrong = [
        f"{place(path, node)} {code}"
        for code, path, node in rules
        if not re.fullmatch(STAGE_LETTERS.get(path.stem.partition("_")[0], "?") + r"\d{2}", code)
    ]
    assert wrong == []


def test_every_rule_says_in_chinese_what_it_means() -> None:
    silent = [f"{place(path, node)} {code}" for code, path, node in declared_rules()
              if not CHINESE.search(ast.get_docstring(node) or "")]  # fmt: skip
    assert silent == []


def test_the_register_holds_every_declared_rule() -> None:
    from pbm_cli.rules import RULES

    assert sorted(RULES) == sorted(code for code, _, _ in declared_rules())


def test_every_parameter_is_used_by_some_rule() -> None:
    from pbm_cli.parameters import list_rulesets, load_ruleset
    from pbm_cli.rules import RULES

    used = {name for rule in RULES.values() for name in rule.parameters}
    names = {info.name: set(load_ruleset(info.name).names()) for info in list_rulesets()}
    assert {"national", "sichuan-2025", "hefei-2x2"} <= names.keys()
    assert {ruleset: sorted(unused) for ruleset, held in names.items() if (unused := held - used)} == {}


# 四、开头要轻


def imported_by(code: str) -> set[str]:
    """一个新的 Python 运行 code 时导入了哪些顶层包。"""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code],
        capture_output=True, text=True, encoding="utf-8", check=False,
        env={**os.environ, "PYTHONUTF8": "1"},
    )  # fmt: skip
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    assert done.returncode == 0, "\n".join(line for line in done.stderr.splitlines() if line not in lines)
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


@pytest.mark.parametrize("arguments", [["--help"], ["monitor", "--help"]], ids=" ".join)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    found = imported_by(f"import sys; from pbm_cli.cli import main; sys.exit(main({arguments!r}))")
    assert "pbm_cli" in found
    assert found & HEAVY == set()


def test_the_reading_room_stays_light() -> None:
    found = imported_by("import pbm_cli.workbook, sys")
    assert "pbm_cli" in found
    assert found & (HEAVY | {"typer", "rich"}) == set()


def test_the_weight_check_sees_what_it_should() -> None:
    assert "xlsxwriter" in imported_by("import xlsxwriter")

"""变异测试：把规则和读格子的代码逐处改错，看测试看不看得出来。用法：python make.py mutate [mutmut 的参数…]。

用 mutmut，配置在 pyproject.toml 的 [tool.mutmut]。mutmut 不改带装饰器的函数，而规则都有 @rule，所以先抄一份到
build/mutation，在抄件里把 @rule("M01", "monitor") 移到函数后面：f = rule("M01", "monitor")(f)，意思不变。
@cache 去掉（变异后还会交回先前记住的值），cast(类型, 值) 写成值（类型只给 mypy 看，改了也没有差别）。
mutmut 靠 fork，只在 Linux、macOS 上能用。
"""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLACE = ROOT / "build" / "mutation"
COPIED = ("src", "tests", "templates", "examples", "pyproject.toml")
MUTATED = ("rules", "fields.py", "figures.py")
KEPT = {"property", "staticmethod", "classmethod", "overload"}
LEAST = 85.0
"""杀死的变异至少占百分之多少。"""


def decorated(module: ast.Module) -> Iterator[ast.FunctionDef]:
    """模块里带装饰器的函数（不算类里的），自下而上。"""
    for node in reversed(module.body):
        if isinstance(node, ast.FunctionDef) and node.decorator_list:
            yield node


def undecorated(source: str) -> str:
    """把模块里的装饰器移到函数后面，去掉 @cache。"""
    lines = source.splitlines()
    for node in decorated(ast.parse(source)):
        marks = [ast.unparse(mark) for mark in node.decorator_list]
        if KEPT & set(marks):
            continue
        after = [f"{node.name} = {mark}({node.name})" for mark in reversed(marks) if mark != "cache"]
        end, first = node.end_lineno or node.lineno, node.decorator_list[0].lineno
        lines[first - 1 : end] = [*lines[node.lineno - 1 : end], *after]
    return "\n".join(lines) + "\n"


def without_casts(source: str) -> str:
    """cast(类型, 值) → (值)。"""
    raw = source.encode("utf-8")
    starts = [0]
    for line in raw.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    calls = [
        node for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "cast"
    ]  # fmt: skip
    for node in sorted(calls, key=lambda call: (call.lineno, call.col_offset), reverse=True):
        value, begin = node.args[1], starts[node.lineno - 1] + node.col_offset
        end = starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
        inner = raw[
            starts[value.lineno - 1] + value.col_offset : starts[(value.end_lineno or 0) - 1]
            + (value.end_col_offset or 0)
        ]
        raw = raw[:begin] + b"(" + inner + b")" + raw[end:]
    return raw.decode("utf-8")


def prepare() -> None:
    """在 build/mutation 里备好抄件；上次的结果（mutants/）留着，没有变的函数不再重做。"""
    (PLACE / "mutants" / "src").mkdir(parents=True, exist_ok=True)  # 起动时就要有，Python 才会到里面找
    for name in COPIED:
        target = PLACE / name
        if (ROOT / name).is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / name, target)
    package = PLACE / "src" / "pbm_cli"
    for name in MUTATED:
        for path in [package / name] if name.endswith(".py") else sorted((package / name).glob("*.py")):
            path.write_text(undecorated(without_casts(path.read_text(encoding="utf-8"))), encoding="utf-8")


def mutmut(*arguments: str) -> int:
    """在抄件里运行 mutmut。"""
    return subprocess.run(
        [sys.executable, "-m", "mutmut", *arguments],
        cwd=PLACE, check=False, env={**os.environ, "PYTHONPATH": str(PLACE / "mutants" / "src")},
    ).returncode  # fmt: skip


def score() -> tuple[int, int]:
    """（杀死的，做了的）变异数；超时、出错也算杀死，没有测试碰到的算没有杀死；只做了一部分时，没有做的不算。"""
    mutmut("export-cicd-stats")
    found = json.loads((PLACE / "mutants" / "mutmut-cicd-stats.json").read_text(encoding="utf-8"))
    alive = found["survived"] + found["no_tests"] + found.get("suspicious", 0)
    killed = found["killed"] + found["timeout"] + found.get("segfault", 0)
    return int(killed), int(killed + alive)


def main(arguments: list[str]) -> int:
    """做变异测试；分数不够为 1，没有 mutmut 为 2。"""
    if importlib.util.find_spec("mutmut") is None or os.name == "nt":
        sys.stderr.write("变异测试要在 Linux 或 macOS 上，并要有 mutmut：.venv/bin/python -m pip install mutmut\n")
        return 2
    if arguments[:1] in (["results"], ["show"], ["browse"]):
        return mutmut(*arguments)
    prepare()
    code = mutmut("run", *arguments)
    if code:
        return code
    killed, total = score()
    share = 100 * killed / total if total else 0.0
    sys.stdout.write(f"变异 {total} 处，杀死 {killed} 处，{share:.1f}%，不得低于 {LEAST}%\n")
    return int(share < LEAST)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

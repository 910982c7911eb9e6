"""运行全部测试，大部分同时量分支覆盖率，再看各房间够不够。用法：python make.py test --coverage [pytest 的参数…]。

给了参数时，照参数运行的都量。量什么、不算什么，写在 pyproject.toml 的 [tool.coverage]；下面是各房间的限。
差在哪里用 coverage report -m 看。
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLACE = ROOT / "build" / "coverage"
WHOLE = 95
"""整个包至少百分之几。"""
FULL: Mapping[str, tuple[str, ...]] = {
    "rules": ("rules/",),
    "fields": ("fields.py", "figures.py"),
    "layouts": ("layouts.py", "headings.py", "form_layouts.py"),
    "workbook": ("workbook/",),
}
"""一行、一个分支也不能少的房间，和它们的文件。"""
APART = (
    "tests/faults",  # 按时间杀进程，慢一点就杀不准
    "tests/test_parallel.py",
    "tests/test_lock.py::test_a_lock_costs_next_to_nothing",  # 以下三个计时
    "tests/test_parameters.py::test_loading_is_quick",
    "tests/test_personal_data.py::test_looking_costs_little",
    "tests/test_benchmarks.py",  # 以下很慢，走到的地方几乎都有别的测试走到
    "tests/test_docs.py",
    "tests/test_example.py",
    "tests/test_example_goals.py",
    "tests/test_example_previous.py",
    "tests/test_golden.py",
    "tests/test_outputs_agree.py",
    "tests/test_parquet.py",
    "tests/test_properties.py",
    "tests/test_report.py",
    "tests/test_reproducible.py",
    "tests/test_second_applied.py",
    "tests/test_second_forms.py",
    "tests/test_second_way.py",
    "tests/test_terminal.py",
    "tests/test_xlsx_paper.py",
)
"""不带 coverage 另跑一次的测试：文件夹、文件或一个测试。"""
ON_ALL_CORES = ("-n", "auto")
Summary = Mapping[str, int]


def share(parts: Iterable[Summary]) -> tuple[int, int]:
    """（走到的，全部的）：行和分支加在一起，与 coverage 算法相同。"""
    taken, whole = 0, 0
    for part in parts:
        taken += part["covered_lines"] + part["covered_branches"]
        whole += part["num_statements"] + part["num_branches"]
    return taken, whole


def lines(files: Mapping[str, Summary]) -> Iterable[tuple[bool, str]]:
    """各房间一句话：（够不够，写给人看的）；files 的键是包里的相对路径。"""
    taken, whole = share(files.values())
    yield bool(whole) and taken * 100 >= WHOLE * whole, f"整个包 {taken}/{whole}，至少 {WHOLE}%"
    for room, names in FULL.items():
        own = {name: part for name, part in files.items() if name.startswith(names)}
        taken, whole = share(own.values())
        lacking = sorted(name for name, part in own.items() if len({*share([part])}) > 1)
        said = f"：{'、'.join(lacking)}" if lacking else ""
        yield bool(whole) and taken == whole, f"{room} {taken}/{whole}，要全部走到{said}"


def coverage(*arguments: str) -> int:
    """运行一次 coverage，数据放在 build/coverage 里。"""
    return python("-m", "coverage", *arguments, COVERAGE_FILE=str(PLACE / "data"))


def python(*arguments: str, **variables: str) -> int:
    """在仓库里运行一次 Python，交回退出码。"""
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env={**os.environ, **variables}, check=False
    ).returncode


def judged(report: Path) -> int:
    """按报告说话；有不够的为 1。"""
    inside = (str(ROOT / "src" / "pbm_cli") + os.sep, os.path.join("src", "pbm_cli") + os.sep)  # noqa: PTH118
    files = {
        name.removeprefix(inside[0]).removeprefix(inside[1]).replace(os.sep, "/"): found["summary"]
        for name, found in json.loads(report.read_text(encoding="utf-8"))["files"].items()
    }
    told = list(lines(files))
    for enough, line in told:
        sys.stdout.write(f"{'够' if enough else '不够'}  {line}\n")
    return int(not all(enough for enough, _ in told))


def main(arguments: list[str]) -> int:
    """测试不过，交回 pytest 的退出码；过了而覆盖不够为 1。没有参数时 APART 里的也运行，不量。"""
    PLACE.mkdir(parents=True, exist_ok=True)
    for old in PLACE.glob("data*"):
        old.unlink()
    tested = coverage("run", "-m", "pytest", *(arguments or [*ON_ALL_CORES, *(f"--deselect={path}" for path in APART)]))
    if not arguments:
        tested = python("-m", "pytest", *ON_ALL_CORES, *APART) or tested
    coverage("combine", "--quiet")
    report = PLACE / "report.json"
    counted = coverage("json", "--quiet", "-o", str(report))
    return tested or counted or judged(report)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""量测试的两个程序：覆盖率的限少一行也说得出来；变异测试用的抄件意思不变。"""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

import coverage_limits
import mutation

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "pbm_cli"


def part(taken: int, whole: int, branches: tuple[int, int] = (0, 0)) -> dict[str, int]:
    return {
        "covered_lines": taken, "num_statements": whole, "covered_branches": branches[0], "num_branches": branches[1],
    }  # fmt: skip


def full() -> dict[str, dict[str, int]]:
    names = ("rules/goals.py", "fields.py", "layouts.py", "workbook/xls.py", "cli.py")
    return {name: part(100, 100, (20, 20)) for name in names}


def test_everything_taken_is_enough() -> None:
    assert [enough for enough, _ in coverage_limits.lines(full())] == [True] * 5


@pytest.mark.parametrize(
    ("name", "held", "wrong"),
    [
        ("rules/goals.py", part(100, 100, (19, 20)), "rules 119/120，要全部走到：rules/goals.py"),
        ("workbook/xls.py", part(99, 100, (20, 20)), "workbook 119/120，要全部走到：workbook/xls.py"),
        ("cli.py", part(70, 100, (19, 20)), "整个包 569/600，至少 95%"),
    ],
)
def test_one_branch_too_few_is_named(name: str, held: dict[str, int], wrong: str) -> None:
    assert [said for enough, said in coverage_limits.lines(full() | {name: held}) if not enough] == [wrong]


def test_a_room_that_was_not_measured_is_not_enough() -> None:
    files = full()
    del files["layouts.py"]
    assert [said for enough, said in coverage_limits.lines(files) if not enough] == ["layouts 0/0，要全部走到"]


def test_a_report_is_read_by_the_paths_inside_the_package(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report.json"
    for prefix in ("src/pbm_cli/", f"{PACKAGE}/"):
        report.write_text(
            json.dumps({"files": {f"{prefix}{name}": {"summary": held} for name, held in full().items()}}),
            encoding="utf-8",
        )
        assert coverage_limits.judged(report) == 0
        assert "不够" not in capsys.readouterr().out


@pytest.mark.parametrize("place", coverage_limits.APART)
def test_what_is_run_apart_is_there(place: str) -> None:
    path, _, name = place.partition("::")
    assert (coverage_limits.ROOT / path).exists()
    assert not name or f"\ndef {name}(" in (coverage_limits.ROOT / path).read_text(encoding="utf-8")


def test_everything_is_run_once_with_or_without_measuring(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """不给参数：量的那次去掉 APART，不量的那次正是 APART；两次里有一次不过就不过。"""
    runs: list[list[str]] = []

    def python(*arguments: str, **variables: str) -> int:
        runs.append([part for part in arguments if part not in ("-m", *coverage_limits.ON_ALL_CORES)])
        return 3 if runs[-1][0] == "pytest" else 0

    monkeypatch.setattr(coverage_limits, "python", python)
    monkeypatch.setattr(coverage_limits, "PLACE", tmp_path / "量")
    monkeypatch.setattr(coverage_limits, "judged", lambda report: 0)
    assert coverage_limits.main([]) == 3
    measured, apart = runs[:2]
    assert measured == ["coverage", "run", "pytest", *(f"--deselect={place}" for place in coverage_limits.APART)]
    assert apart == ["pytest", *coverage_limits.APART]
    runs.clear()
    assert coverage_limits.main(["tests/test_fields.py"]) == 0
    assert runs[0] == ["coverage", "run", "pytest", "tests/test_fields.py"]
    assert "pytest" not in [run[0] for run in runs]


def test_decorators_go_behind_the_function_and_casts_away() -> None:
    source = (
        "from x import cast, cache, rule\n\n\n@cache\ndef kept(a):\n    return a\n\n\n"
        '@rule("M01", "甲")\n@other\ndef told(a):\n    return cast("灯", a + 1), cast(int, a)\n\n\nclass A:\n'
        "    @property\n    def b(self):\n        return 1\n"
    )
    found = mutation.undecorated(mutation.without_casts(source))
    tree = ast.parse(found)
    assert not any(node.decorator_list for node in tree.body if isinstance(node, ast.FunctionDef))
    assert "told = other(told)\ntold = rule('M01', '甲')(told)\n" in found
    assert "kept = " not in found
    assert "return (a + 1), (a)" in found
    assert "@property" in found


@pytest.mark.parametrize("name", [*sorted(path.name for path in (PACKAGE / "rules").glob("*.py")), "../fields.py"])
def test_the_copies_of_the_rules_still_compile(name: str) -> None:
    path = PACKAGE / "rules" / name
    source = path.read_text(encoding="utf-8")
    found = mutation.undecorated(mutation.without_casts(source))
    compile(found, str(path), "exec")
    assert source.count("@rule(") == found.count(" = rule(")

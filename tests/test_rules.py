"""规则：tests/cases/<环节>/*.toml 里每个案例一句话；以及规则与参数互相对得上。"""

from __future__ import annotations

import ast
import datetime as dt
import inspect
import tomllib
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import get_type_hints

import pytest

from pbm_cli import rules
from pbm_cli.fields import Rate
from pbm_cli.parameters import RuleSet, list_rulesets, load_ruleset
from pbm_cli.rules import RULES, assess, evaluate, goals, monitor, rollup
from pbm_cli.targets import Actual, Target
from pbm_cli.text import score_text

CASES = Path(__file__).parent / "cases"
STAGES = {"assess": assess, "goals": goals, "monitor": monitor, "evaluate": evaluate, "rollup": rollup}
Case = Mapping[str, object]


def cases() -> list[object]:
    found: list[object] = []
    for path in sorted(CASES.glob("*/*.toml")):
        for case in tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)["case"]:
            found.append(pytest.param(path.parent.name, case, id=f"{case['rule']}-{case['says']}"))
    return found


@cache
def ruleset(name: str) -> RuleSet:
    return load_ruleset(name)


def target(text: str) -> Target:
    sign, _, rest = text.partition(" ")
    if sign in (">=", "<=", "=", ">", "<"):
        number, _, measure = rest.partition(" ")
        return Target(text, sign, Decimal(number), measure)  # type: ignore[arg-type]
    return Target(text, "qualitative", None)


def actual(value: object) -> Actual:
    return Actual(value, None) if isinstance(value, str) else Actual(str(value), Decimal(str(value)))


def rate(text: str) -> Rate:
    number = Decimal(text.removesuffix("%"))
    places = max(-int(number.as_tuple().exponent), 0)
    return Rate(number, "percent" if text.endswith("%") else "bare", places)


def read(hint: object, value: object) -> object:
    """案例里的写法 → 规则要的值：“万元”结尾的是金额，其余按规则参数的类型。"""
    hinted = str(hint)
    if "Target" in hinted and isinstance(value, str):
        return target(value)
    if isinstance(value, str) and "int" in hinted and value.endswith("万元"):
        return int(Decimal(value.removesuffix("万元")) * 1_000_000)
    if "Actual" in hinted:
        return actual(value)
    if "Rate" in hinted and isinstance(value, str):
        return rate(value)
    if "Fraction" in hinted and isinstance(value, str):
        return Fraction(value)
    if "Fraction" in hinted and isinstance(value, list):
        return [Fraction(str(item)) for item in value]
    if "Decimal" in hinted and isinstance(value, list):
        return [Decimal(item) for item in value]
    if "Decimal" in hinted and isinstance(value, dict):
        return {key: Decimal(item) for key, item in value.items()}
    return Decimal(value) if "Decimal" in hinted and isinstance(value, int) else value


def positional(function: Callable[..., object], given: Mapping[str, object]) -> list[object]:
    """按位置的数据；案例没有写的是 None。"""
    hints = get_type_hints(function)
    items = inspect.signature(function).parameters.values()
    names = [item.name for item in items if item.kind is not item.KEYWORD_ONLY]
    assert set(given) <= set(names), f"案例里多出 {set(given) - set(names)}"
    return [read(hints[name], given[name]) if name in given else None for name in names]


def check(result: object, want: Mapping[str, object]) -> None:
    if want.get("none"):
        assert result is None
        return
    assert result is not None
    if "equals" in want:
        expected = want["equals"]
        assert result == (Fraction(expected) if isinstance(expected, Decimal) else expected)
    if "shown" in want:
        assert isinstance(result, Fraction)
        assert score_text(result) == want["shown"]
    for key in ("light", "action", "days", "said"):
        if key in want:
            assert getattr(result, key) == want[key]
    for key in ("completion", "progress", "distance", "weight"):
        if key in want:
            assert getattr(result, key) == Fraction(str(want[key]))
    sentence = result if isinstance(result, str) else getattr(result, "sentence", "")
    sentence = sentence or "；".join(getattr(result, "sentences", ()))
    said = want.get("says", [])
    assert isinstance(said, list)
    assert [part for part in said if part not in sentence] == [], sentence
    sentence.encode("gbk")


@pytest.mark.parametrize(("stage", "case"), cases())
def test_case(stage: str, case: Case) -> None:
    on = case.get("on", dt.date(2025, 12, 31))
    given, want, trial = case["given"], case["want"], case.get("with", {})
    assert isinstance(given, dict)
    assert isinstance(want, dict)
    assert isinstance(trial, dict)
    assert isinstance(on, dt.date)
    on = given.get("on", on)
    bound = ruleset(str(case.get("ruleset", "national"))).at(on).with_values(trial)
    own = {rule.function.__name__: rule.function for rule in RULES.values() if rule.stage == stage}
    function = own.get(str(case["rule"])) or getattr(STAGES[stage], str(case["rule"]))
    check(bound.bind(function)(*positional(function, given)), want)


def test_every_rule_has_a_case() -> None:
    tried = {str(case["rule"]) for _, case in (param.values for param in cases())}  # type: ignore[attr-defined]
    assert {rule.function.__name__ for rule in RULES.values()} - tried == set()


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (dt.date(2023, 7, 31), Fraction(7, 12)),
        (dt.date(2023, 12, 31), Fraction(1)),
        (dt.date(2024, 2, 29), Fraction(2, 12)),
        (dt.date(2023, 2, 14), Fraction(1, 12) + Fraction(14, 28 * 12)),
        (dt.date(2023, 1, 1), Fraction(1, 31 * 12)),
    ],
)
def test_time_progress_is_month_by_month_and_linear_within(on: dt.date, expected: Fraction) -> None:
    assert monitor.time_progress(on) == expected


def test_total_score_needs_every_dimension() -> None:
    weights = {"立项必要性": Decimal(20), "投入经济性": Decimal(20)}
    assert assess.total_score({"立项必要性": Decimal(18), "投入经济性": Decimal("17.5")}, weights) == Decimal("35.5")
    assert assess.total_score({"立项必要性": Decimal(18), "投入经济性": None}, weights) is None
    assert assess.total_score({}, {}) is None


# ---- 规则与参数 ----


def test_rules_hold_no_number_of_the_law() -> None:
    found = []
    for path in sorted(Path(rules.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            number = isinstance(node, ast.Constant) and type(node.value) in (int, float, complex)
            if number and node.value not in (0, 1, 2, 12, 100):  # type: ignore[attr-defined]
                found.append(f"{path.name}:{node.lineno}")  # type: ignore[attr-defined]
    assert found == []


def test_every_parameter_is_used_and_every_use_is_known() -> None:
    used = {name for rule in RULES.values() for name in rule.parameters}
    for info in list_rulesets():
        assert set(ruleset(info.name).names()) == used, info.name


def dates(name: str) -> list[dt.date]:
    found = {dated.effective for item in ruleset(name).names() for dated in ruleset(name).parameter(item).values}
    return sorted(found | {day - dt.timedelta(days=1) for day in found})


SAMPLE: Mapping[str, object] = {
    "is_new": True, "amount": 10**8, "on": dt.date(2025, 8, 31), "light": "red", "lights": ["red"], "overall": "red",
    "execution": "red", "goal": "yellow", "gap": Fraction(1, 2), "reasons": ["政策变化"], "actions": [], "rows": ["A1"],
    "impossible": False, "red": 2, "reduced": 1, "adjusted": 1, "unit": "某局", "reported": [], "title": "年度总体目标",
    "weights": [Decimal(40)], "dims": {"立项必要性": Decimal(10)}, "text": "优", "possibility": "完全不可能",
    "others": [Decimal(70)], "parts": [Decimal(70)], "scores": [Decimal(70)], "shares": {"产出": Decimal(90)},
    "goals_adjusted": False, "conclusion": "不予支持", "grade": "优", "department_grade": "优", "finance_grade": "中",
    "values": [Fraction(1, 2)] * 5, "folders": ["甲县", "甲县新"], "elsewhere": {"2022年度": ["甲县"]}, "by_date": {},
    "by_rules": {}, "expenditure": 10**7, "due": dt.date(2025, 9, 30),
}  # fmt: skip


def sample(name: str, hint: object) -> object:
    hinted = str(hint)
    if name in SAMPLE:
        return SAMPLE[name]
    for kind, value in (
        ("Target", target(">= 12")),
        ("Actual", actual(10)),
        ("Rate", rate("5%")),
        ("Decimal", Decimal(70)),
        ("Fraction", Fraction(1, 2)),
    ):
        if kind in hinted:
            return value
    return 10**8 if "int" in hinted else "有"


@pytest.mark.parametrize("name", [info.name for info in list_rulesets()])
def test_every_rule_runs_on_every_date_the_law_changes_and_the_day_before(name: str) -> None:
    assert dates(name)
    for day in dates(name):
        bound = ruleset(name).at(day)
        for rule in RULES.values():
            hints = get_type_hints(rule.function)
            items = inspect.signature(rule.function).parameters.values()
            data = [sample(item.name, hints[item.name]) for item in items if item.kind is not item.KEYWORD_ONLY]
            bound.bind(rule.function)(*data)
        assert bound.used


@pytest.mark.parametrize(
    ("code", "stage", "doc"),
    [
        ("M01", "monitor", "重复。"),
        ("E77", "monitor", "字母不对。"),
        ("M77", "monitor", ""),
        ("M7x", "monitor", "不是数。"),
    ],
)
def test_a_bad_registration_is_refused(code: str, stage: rules.Stage, doc: str) -> None:
    def judged() -> None: ...

    judged.__doc__ = doc
    before = dict(RULES)
    with pytest.raises(ValueError, match=code):
        rules.rule(code, stage)(judged)
    assert before == RULES

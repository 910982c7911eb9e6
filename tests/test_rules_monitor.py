"""监控的规则，每条线的下面、线上、上面，每句话从头到尾：变异测试里活下来的改动，由这里看出来。"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

import pytest

from pbm_cli.models import Light
from pbm_cli.rules import monitor
from pbm_cli.targets import Actual, Operator, Target

JUNE = dt.date(2023, 6, 30)
"""序时进度正好一半。"""
EXECUTION = {"green": Decimal(80), "yellow": Decimal(60), "red": Decimal(0)}
POSITIVE = {"blue": Decimal(120), "green": Decimal(80), "yellow": Decimal(60), "red": Decimal(0)}
NODES = {"6": Decimal(40)}
UNRULED = "2023-06-30 没有执行灯的规定，不判执行灯"


def execution(
    budget: int | None, spent: int, on: dt.date = JUNE, *, method: str | None = "进度比",
    bands: Mapping[str, Decimal] | None = EXECUTION, nodes: Mapping[str, Decimal] | None = None,
) -> tuple[Light, str]:  # fmt: skip
    found = monitor.execution_light(
        budget, spent, on, execution_method=method, execution_bands=bands, execution_nodes=nodes
    )
    return found.light, found.sentence


# ---- M01 执行灯 ----


@pytest.mark.parametrize(("budget", "light"), [(None, "none"), (-1, "none"), (0, "none"), (1, "red"), (2, "red")])
def test_a_budget_of_a_single_fen_is_a_budget(budget: int | None, light: Light) -> None:
    assert execution(budget, 0)[0] == light


@pytest.mark.parametrize(
    ("spent", "light"), [(29_999, "red"), (30_000, "yellow"), (39_999, "yellow"), (40_000, "green"), (200_000, "green")]
)
def test_the_lines_of_the_ratio(spent: int, light: Light) -> None:
    assert execution(100_000, spent)[0] == light


@pytest.mark.parametrize(
    ("method", "nodes"),
    [(None, None), (None, NODES), ("别的办法", NODES), ("分月节点", None), ("分月节点", {}), ("进度比", NODES)],
)
def test_without_a_method_and_its_lines_no_light_is_given(
    method: str | None, nodes: Mapping[str, Decimal] | None
) -> None:
    assert execution(100_000, 50_000, method=method, bands=None, nodes=nodes) == ("none", UNRULED)


@pytest.mark.parametrize(
    ("spent", "light", "said"),
    [
        (50_000, "green", "执行率 50.00%，达到支出进度（序时进度 50.00%），绿灯"),
        (49_999, "red", "执行率 49.999%，没有达到支出进度（序时进度 50.00%），红灯"),
        (50_001, "green", "执行率 50.001%，达到支出进度（序时进度 50.00%），绿灯"),
    ],
)
def test_reaching_the_time(spent: int, light: Light, said: str) -> None:
    assert execution(100_000, spent, method="达到序时") == (light, said)


def test_the_time_is_written_on_its_side_of_the_rate() -> None:
    july = dt.date(2023, 7, 31)  # 7/12 = 58.333…%
    assert execution(1_000_000, 583_333, july, method="达到序时") == (
        "red", "执行率 58.33%，没有达到支出进度（序时进度 58.33333%），红灯",
    )  # fmt: skip
    assert execution(10_000, 5_833, july, method="达到序时") == (
        "red", "执行率 58.33%，没有达到支出进度（序时进度 58.333%），红灯",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("on", "spent", "light"),
    [
        (dt.date(2023, 6, 29), 0, "none"), (JUNE, 39_999, "red"), (JUNE, 40_000, "green"),
        (dt.date(2023, 7, 30), 39_999, "red"), (dt.date(2023, 12, 31), 40_000, "green"),
    ],
)  # fmt: skip
def test_a_node_counts_when_its_month_is_over(on: dt.date, spent: int, light: Light) -> None:
    found = execution(100_000, spent, on, method="分月节点", nodes=NODES)
    assert found[0] == light
    assert ("沿用上一档" in found[1]) is (on > JUNE)


# ---- M02 指标灯 ----


def valued(value: str, measure: str = "个", operator: Operator = ">=", *remarks: str) -> Target:
    return Target(f"{value}{measure}", operator, Decimal(value), measure, remarks=remarks)


def done(value: str) -> Actual:
    return Actual(value, Decimal(value))


def indicator(
    target: Target | None, actual: Actual | None, bands: Mapping[str, Decimal] | None = POSITIVE
) -> monitor.IndicatorJudgement:
    return monitor.indicator_light(
        target, actual, JUNE, positive_bands=bands, qualitative_bands=None, qualitative_words=None
    )


def unlit(sentence: str) -> monitor.IndicatorJudgement:
    return monitor.IndicatorJudgement("none", None, None, sentence)


def test_what_is_missing_is_said() -> None:
    assert indicator(None, done("5")) == unlit("没有指标值")
    assert indicator(None, None) == unlit("没有指标值")
    assert indicator(valued("5"), None) == unlit("没有完成值")
    assert indicator(valued("5"), Actual("优", None)) == unlit("完成值“优”与指标值“5个”不能比，不判")


def test_without_lines_the_shares_are_still_given() -> None:
    found = indicator(valued("8"), done("2"), None)
    assert found == ("none", Fraction(1, 4), Fraction(1, 2), "2023-06-30 没有正向指标灯的规定，不判")


@pytest.mark.parametrize(
    ("target", "progress"), [("1", Fraction(1)), ("0.5", Fraction(2)), ("2", Fraction(1, 2)), ("0", None), ("-1", None)]
)
def test_a_target_above_zero_has_a_progress(target: str, progress: Fraction | None) -> None:
    assert indicator(valued(target), done("0.5")).progress == progress


@pytest.mark.parametrize(
    ("actual", "light", "shown"),
    [
        ("2.9999", "red", "59.998%，低于 60%"), ("3", "yellow", "60.00%，达到 60%，不到 80%"),
        ("3.9999", "yellow", "79.998%，达到 60%，不到 80%"), ("4", "green", "80.00%，达到 80%，不到 120%"),
        ("5.9999", "green", "119.998%，达到 80%，不到 120%"), ("6", "blue", "120.00%，达到 120%"),
        ("2.99999", "red", "59.9998%，低于 60%"),
    ],
)  # fmt: skip
def test_the_progress_is_shown_on_its_side_of_the_line(actual: str, light: Light, shown: str) -> None:
    found = indicator(valued("10"), done(actual))
    assert found.light == light
    assert f" = {shown}，" in found.sentence


def test_more_than_asked_of_an_equal_is_green() -> None:
    found = indicator(valued("10", operator="="), done("6"))
    assert found.light == "green"
    assert found.sentence.endswith("要求“等于”的不判蓝灯，绿灯")


# ---- M04 总灯 ----

TABLE = {"是是": "green", "是否": "yellow", "否是": "red", "否否": "red"}


def overall(
    spent: Light, goal: Light, gap: Fraction | None = None, *, method: str | None = "二维表",
    table: Mapping[str, str] | None = TABLE, limit: Decimal | None = None,
) -> tuple[Light, str]:  # fmt: skip
    found = monitor.overall_light(spent, goal, gap, overall_method=method, overall_table=table, gap_limit=limit)
    return found.light, found.sentence


@pytest.mark.parametrize(
    ("spent", "goal", "light", "said"),
    [
        ("green", "green", "green", "达到支出进度，达到绩效目标，绿灯"),
        ("blue", "blue", "green", "达到支出进度，达到绩效目标，绿灯"),
        ("green", "red", "yellow", "达到支出进度，没有达到绩效目标，黄灯"),
        ("yellow", "blue", "red", "没有达到支出进度，达到绩效目标，红灯"),
        ("green", "none", "green", "没有目标灯，只按支出进度（执行绿灯），绿灯"),
        ("red", "none", "red", "没有目标灯，只按支出进度（执行红灯），红灯"),
        ("none", "green", "green", "没有执行灯，只按绩效目标（达到），绿灯"),
        ("none", "red", "yellow", "没有执行灯，只按绩效目标（没有达到），黄灯"),
        ("none", "none", "none", "执行灯和目标灯都没有，无灯"),
    ],
)  # fmt: skip
def test_the_table_of_two_by_two(spent: Light, goal: Light, light: Light, said: str) -> None:
    assert overall(spent, goal) == (light, said)


def test_a_table_with_a_gap_gives_no_light() -> None:
    assert overall("green", "green", table={"否否": "red"}) == ("none", "达到支出进度，达到绩效目标，无灯")
    assert overall("green", "green", method=None) == ("none", "没有总灯的规定，无灯")
    assert overall("green", "green", table=None) == ("none", "没有总灯的规定，无灯")


@pytest.mark.parametrize(
    ("gap", "light", "shown"),
    [
        (Fraction(10, 100), "green", None), (Fraction(-10, 100), "green", None),
        (Fraction(100_001, 1_000_000), "yellow", "10.0001"), (Fraction(-11, 100), "yellow", "11.00"),
    ],
)  # fmt: skip
def test_a_gap_over_the_limit_is_yellow_at_least(gap: Fraction, light: Light, shown: str | None) -> None:
    found = overall("green", "green", gap, limit=Decimal(10))
    assert found[0] == light
    assert (shown is None) or f"相差 {shown} 个百分点，超过 10 个百分点" in found[1]
    assert ("个百分点" in found[1]) is (shown is not None)
    assert overall("red", "green", gap, limit=Decimal(10))[0] == "red"


# ---- M05 处置 ----

TREATMENTS = {
    "客观原因": "调减",
    "两项偏离": "暂停",
    "没有支出": "收回",
    "红灯": "限期整改",
    "黄灯": "督促",
    "正常": "继续执行",
}


def treated(
    light: Light, reasons: Sequence[str] = (), *, table: Mapping[str, str] = TREATMENTS, days: Decimal | None = None,
    choices: Sequence[str] | None = None, overdue: str | None = None,
) -> monitor.Treatment | None:  # fmt: skip
    return monitor.treatment(
        light, light, "none", reasons, 100_000, 10, False, JUNE, treatments=table, objective_causes=["政策变化"],
        reclaim_month=None, response_days=days, response_choices=choices, response_overdue=overdue,
    )  # fmt: skip


def test_an_objective_cause_counts_only_where_something_is_slow() -> None:
    slow = treated("yellow", ["因政策变化"])
    assert slow == ("调减", "因“因政策变化”等客观因素，执行缓慢或预计不能实现绩效目标，建议调减", None)
    assert treated("green", ["因政策变化"]) == ("继续执行", "总灯为绿灯，建议继续执行", None)
    assert treated("red", table={"黄灯": "督促"}) is None


@pytest.mark.parametrize(
    ("choices", "overdue", "said"),
    [
        (None, None, "总灯为黄灯；单位应在 10 个工作日内答复，建议督促"),
        (["继续", "取消"], None, "总灯为黄灯；单位应在 10 个工作日内在继续、取消中选定一项，建议督促"),
        (
            ["继续", "取消"],
            "自动暂停",
            "总灯为黄灯；单位应在 10 个工作日内在继续、取消中选定一项，逾期自动暂停，建议督促",
        ),
    ],
)
def test_the_answer_is_due_within_the_days(choices: Sequence[str] | None, overdue: str | None, said: str) -> None:
    assert treated("yellow", days=Decimal(10), choices=choices, overdue=overdue) == ("督促", said, 10)
    assert treated("green", days=Decimal(10), choices=choices) == ("继续执行", "总灯为绿灯，建议继续执行", None)


# ---- 检查 ----


@pytest.mark.parametrize(
    ("light", "said"),
    [
        ("red", "红灯，没有填偏差原因"),
        ("yellow", "黄灯，没有填偏差原因"),
        ("green", None),
        ("blue", None),
        ("none", None),
    ],
)
def test_red_and_yellow_want_a_reason(light: Light, said: str | None) -> None:
    assert monitor.unexplained_light(light, ["  ", ""]) == said
    assert monitor.unexplained_light(light, ["因雨"]) is None


@pytest.mark.parametrize("operator", [">=", ">", "="])
def test_a_forecast_is_not_below_what_is_done(operator: Operator) -> None:
    target = valued("10", operator=operator)
    assert monitor.forecast_below_actual(target, done("5"), done("4")) == "全年预计完成 4 小于当前完成值 5"
    assert monitor.forecast_below_actual(target, done("5"), done("5")) is None


def test_a_forecast_is_compared_only_with_a_number() -> None:
    target, words = valued("10"), Actual("大部分", None)
    for first, second in ((None, done("4")), (done("5"), None), (words, done("4")), (done("5"), words), (None, None)):
        assert monitor.forecast_below_actual(target, first, second) is None
    assert monitor.forecast_below_actual(None, done("5"), done("4")) is None
    assert monitor.forecast_below_actual(valued("10", operator="<="), done("5"), done("4")) is None


@pytest.mark.parametrize(
    ("after", "amount", "fits"),
    [(101, 1, True), (101, 0, False), (99, 1, True), (99, -1, True), (100, 0, True), (101, -1, False), (102, 1, False)],
)
def test_an_adjustment_is_exact_without_a_tolerance(after: int, amount: int, fits: bool) -> None:
    assert (monitor.adjustment_arithmetic(100, after, amount, amount_tolerance=None) is None) is fits

# ruff: noqa: E501  一行行的样子，断开了反而看不清
"""评分、自评重算、结果应用、事前评估的规则，每条线的下面、线上、上面：变异测试里活下来的改动，由这里看出来。"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import pytest

from pbm_cli import rules
from pbm_cli.fields import Rate
from pbm_cli.rules import assess, evaluate, evaluate_self, evaluate_use
from pbm_cli.targets import Actual, Operator, Target

HALF = Decimal("0.5")


def valued(value: str, operator: Operator = ">=", measure: str = "个") -> Target:
    return Target(f"{value}{measure}", operator, Decimal(value), measure)


def done(value: str) -> Actual:
    return Actual(value, Decimal(value))


# ---- 表上的比率 ----


@pytest.mark.parametrize(
    ("stated", "places", "part", "whole", "fits"),
    [
        ("0.505", 3, 1, 2, True), ("0.5051", 4, 1, 2, False), ("0.505", 3, -1, -2, True), ("-0.505", 3, 1, -2, True),
        ("0.1", 1, 1, 10, True), ("0.9", 1, 86, 100, False), ("0.86", 2, 8649, 10_000, True),
        ("0.86", 2, 865, 1000, True), ("0.86", 2, 8651, 10_000, False), ("0.860", 3, 8649, 10_000, True),
        ("1", 0, 1, 1, True), ("1.00", 2, 1, 1, True), ("1", 0, 98, 100, False), ("0.50", 2, 505, 1000, True),
    ],
)  # fmt: skip
def test_a_bare_ratio_fits_within_the_tolerance(stated: str, places: int, part: int, whole: int, fits: bool) -> None:
    assert rules.stated_rate_fits(Rate(Decimal(stated), "bare", places), part, whole, HALF) is fits


@pytest.mark.parametrize(("part", "whole", "fits"), [(1, 1, True), (-1, -1, True), (1, -1, False), (-1, 1, False)])
def test_the_sign_of_the_whole_moves_to_the_part(part: int, whole: int, fits: bool) -> None:
    assert rules.stated_rate_fits(Rate(Decimal(100), "percent", 0), part, whole, HALF) is fits
    assert rules.stated_rate_fits(Rate(Decimal(-100), "percent", 0), part, whole, HALF) is not fits


@pytest.mark.parametrize(
    ("stated", "fits"), [("0.335", True), ("0.3334", True), ("0.3384", False), ("0.34", False), ("0.33", True)]
)
def test_a_bare_ratio_with_a_narrow_tolerance(stated: str, fits: bool) -> None:
    rate = Rate(Decimal(stated), "bare", len(stated) - 2)
    narrow = Decimal("0.2") if stated in ("0.335", "0.3384") else Decimal("0.01")
    assert rules.stated_rate_fits(rate, 1, 3, narrow) is fits


# ---- 事前评估 ----


def bounds(score: str | None, dims: Mapping[str, str | None]) -> str | None:
    given = {name: None if value is None else Decimal(value) for name, value in dims.items()}
    return assess.score_bounds(
        None if score is None else Decimal(score), given, full_score=Decimal(100),
        dimension_weights={"必要性": Decimal(20)}, score_tolerance=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("score", "dims", "said"),
    [
        ("-0.1", {}, "评估得分 -0.1 是负数"), ("0", {}, None), ("0.5", {}, None), ("100", {}, None),
        ("100.1", {}, "评估得分 100.1 超过满分 100"), (None, {"必要性": "-1"}, "必要性得分 -1，是负数"),
        (None, {"其他": "-1"}, "其他得分 -1，是负数"), (None, {"必要性": "0"}, None), (None, {"必要性": "0.5"}, None),
        (None, {"必要性": "20"}, None), (None, {"必要性": "20.5"}, "必要性得分 20.5，超过该维满分 20"),
        (None, {"其他": "99"}, None), ("20", {"必要性": "20"}, None), ("19.5", {"必要性": "20"}, "各维得分之和为 20，评估得分写 19.5"),
        ("25", {"必要性": "20", "其他": "5"}, None), ("20", {"必要性": "20", "其他": None}, None),
    ],
)  # fmt: skip
def test_the_bounds_of_a_score(score: str | None, dims: Mapping[str, str | None], said: str | None) -> None:
    assert bounds(score, dims) == said


@pytest.mark.parametrize(
    ("amount", "previous", "said"),
    [
        (120, 100, "延续项目比上年增长 20.00%，达到必须评估的增幅 20%"), (119, 100, None), (5, 0, None), (2, 1, "100.00%"),
        (1, -1, None), (120_001, 100_000, "延续项目比上年增长 20.001%"),
    ],
)  # fmt: skip
def test_growth_that_must_be_assessed(amount: int, previous: int, said: str | None) -> None:
    found = assess.mandatory_assessment(
        False, amount, previous, mandatory_new_amount=None, mandatory_growth_pct=Decimal(20), mandatory_increase=None
    )
    assert (found is None) is (said is None)
    assert said is None or said in (found or "")
    unset = assess.mandatory_assessment(
        False, amount, previous, mandatory_new_amount=None, mandatory_growth_pct=None, mandatory_increase=None
    )
    assert unset is None


@pytest.mark.parametrize(("cut", "said"), [(None, False), (-1, False), (0, False), (1, True), (2, True)])
def test_support_with_a_cut(cut: int | None, said: bool) -> None:
    words = {"予以支持": ["支持"]}
    assert (assess.supported_with_cut("支持", cut, conclusion_words=words) is not None) is said
    assert assess.supported_with_cut(None, cut, conclusion_words=words) is None
    assert assess.supported_with_cut("不予支持", cut, conclusion_words=words) is None


# ---- 计分 ----


@pytest.mark.parametrize(
    ("operator", "goal", "actual", "score"),
    [
        ("<", "10", "15", "5"), ("<=", "10", "15", "5"), ("<", "10", "10", "10"), ("=", "0", "0", "10"),
        ("=", "0", "1", "0"), ("=", "0", "-1", "10"), ("=", "-1", "-1", "10"), ("=", "-1", "0", "0"),
        ("=", "0.5", "0.6", "10"), ("=", "0.5", "0.25", "5"), (">=", "0.5", "0.25", "5"), (">=", "1", "0.5", "5"),
    ],
)  # fmt: skip
def test_the_score_of_a_number(operator: Operator, goal: str, actual: str, score: str) -> None:
    found = evaluate.quantitative_score(valued(goal, operator), done(actual), Decimal(10), reverse_method="linear2x")
    assert found == Fraction(score)


@pytest.mark.parametrize(("budget", "score"), [(0, None), (-1, None), (1, Fraction(10)), (2, Fraction(5))])
def test_the_execution_of_a_single_fen(budget: int, score: Fraction | None) -> None:
    assert evaluate.execution_score(budget, 1, Decimal(10), execution_cap_pct=Decimal(100)) == score


def over(target: Target, actual: Actual | None, limit: Decimal | None = Decimal(130)) -> str | None:
    return evaluate.over_achieved(target, actual, over_achievement_pct=limit)


@pytest.mark.parametrize("operator", [">=", ">", "="])
def test_far_more_than_asked(operator: Operator) -> None:
    assert over(valued("10", operator), done("13")) is None
    found = over(valued("10", operator), done("13.00001"))
    assert found == "完成值为指标值的 130.0001%，超过 130%，请说明原因，核对目标是否偏低"
    assert over(valued("0.5", operator), done("1")) is not None
    assert over(valued("1", operator), done("2")) is not None


def test_what_cannot_be_more_than_asked() -> None:
    words = Target("提高", "qualitative", None)
    assert over(valued("10", "<="), done("20")) is None
    assert over(valued("0"), done("20")) is None
    assert over(valued("10"), None) is None
    assert over(words, done("20")) is None
    assert over(words, Actual("已提高", None)) is None
    assert over(valued("10"), Actual("已提高", None)) is None
    assert over(valued("10"), done("20"), None) is None


# ---- 自评 ----


def execution_gap(score: str | None, own: str | None, budget: int | None = 100, spent: int = 50) -> str | None:
    return evaluate_self.execution_gap(
        None if score is None else Fraction(score), None if own is None else Decimal(own), budget, spent,
        self_tolerance=Decimal("0.1"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("score", "own", "budget", "said"),
    [
        (None, "5", None, "没有预算数，没有执行率，却自评 5 分，请核对预算数"), (None, "5", 0, "预算为 0，没有执行率，却自评 5 分，请核对预算数"),
        (None, "0", None, None), (None, None, None, None), ("5", "5.1", 100, None), ("5", "4.9", 100, None),
        ("5", "5.2", 100, "执行率 50.00%，应得 5 分，自评 5.2 分，多 0.2 分"), ("5", "4.5", 100, "执行率 50.00%，应得 5 分，自评 4.5 分，少 0.5 分"),
        ("5", "8", 0, "执行率 ，应得 5 分，自评 8 分，多 3 分"),
    ],
)  # fmt: skip
def test_the_score_of_the_execution(score: str | None, own: str | None, budget: int | None, said: str | None) -> None:
    assert execution_gap(score, own, budget) == said


@pytest.mark.parametrize(
    ("score", "own", "said"),
    [
        ("90", "90.1", None), ("90", "89.9", None), ("90", "90.5", "自评总分 90.5，重算 90，自评高 0.5 分"),
        ("90", "89.5", "自评总分 89.5，重算 90，自评低 0.5 分"), (None, "90", None), ("90", None, None), (None, None, None),
    ],
)  # fmt: skip
def test_the_total_against_the_recomputed(score: str | None, own: str | None, said: str | None) -> None:
    given, stated = None if score is None else Fraction(score), None if own is None else Decimal(own)
    assert evaluate_self.total_gap(given, stated, self_tolerance=Decimal("0.1")) == said


PLANS = {
    "三类": [Decimal(value) for value in (10, 0, 50, 30, 10)], "四类": [Decimal(value) for value in (10, 20, 40, 20, 10)]
}  # fmt: skip


@pytest.mark.parametrize(
    ("shares", "fits"),
    [
        ({"预算执行": 10, "产出": 50, "效益": 30, "满意度": 10}, True), ({"产出": 50, "效益": 30, "满意度": 10}, True),
        ({"预算执行": 20, "产出": 50, "效益": 30, "满意度": 10}, False), ({"成本": 20, "产出": 40, "效益": 20, "满意度": 10}, True),
        ({"产出": 60, "效益": 30}, False), ({"成本": 10, "产出": 50, "效益": 30, "满意度": 10}, False),
        ({"预算执行": 10, "产出": 50, "效益": 20, "满意度": 20}, False),
    ],
)  # fmt: skip
def test_the_parts_of_a_hundred(shares: Mapping[str, int], fits: bool) -> None:
    given = {name: Decimal(value) for name, value in shares.items()}
    assert (evaluate_self.weights_by_part(given, self_weights=PLANS) is None) is fits


def test_the_plans_are_named_where_none_fits() -> None:
    assert evaluate_self.weights_by_part({"产出": Decimal(90)}, self_weights=PLANS) == (
        "分值为 产出90，与通行的几种都不同：三类（预算执行10、产出50、效益30、满意度10）；"
        "四类（预算执行10、成本20、产出40、效益20、满意度10）。本县另有规定的不必改"
    )
    short = {"两类": [Decimal(10), Decimal(0), Decimal(90)]}
    found = evaluate_self.weights_by_part({"产出": Decimal(80)}, self_weights=short)
    assert found == "分值为 产出80，与通行的几种都不同：两类（预算执行10、产出90）。本县另有规定的不必改"


DIRECTIONS = {"例外": ["控制率"], "反向": ["受害率"], "可能反向": ["死亡"], "正向": ["满意度"]}


@pytest.mark.parametrize(
    ("name", "operator", "actual", "wrong"),
    [
        ("森林受害率", ">", "5", True), ("森林受害率", ">=", None, True), ("森林受害率", "<=", "5", False),
        ("死亡人数", ">", "9", True), ("死亡人数", ">", "10", False), ("死亡人数", ">=", None, False),
        ("群众满意度", "<", "5", True), ("群众满意度", "<=", "5", True), ("群众满意度", ">", "5", False),
        ("工程数", "<", "5", False), ("受害控制率", ">", "5", False),
    ],
)  # fmt: skip
def test_a_direction_against_the_name(name: str, operator: Operator, actual: str | None, wrong: bool) -> None:
    given = None if actual is None else done(actual)
    found = evaluate_self.direction_reversed(name, valued("10", operator), given, direction_words=DIRECTIONS)
    assert (found is not None) is wrong


def test_no_direction_without_a_number() -> None:
    words = Target("提高", "qualitative", None)
    for target in (None, words):
        assert evaluate_self.direction_reversed("森林受害率", target, None, direction_words=DIRECTIONS) is None
        assert evaluate_self.direction_reversed("工程数", target, None, direction_words=DIRECTIONS) is None


def scored(target: Target, actual: Actual, weight: str | None, method: str | None = "ratio") -> evaluate_self.Scored:
    return evaluate_self.indicator_score(
        target, actual, None if weight is None else Decimal(weight), Decimal(3), reverse_method=method,
        qualitative_bands=None, qualitative_words=None,
    )  # fmt: skip


def test_an_indicator_is_scored_by_its_weight() -> None:
    unweighted = (Fraction(3), False, "没有写分值，不能重算")
    for weight in (None, "0", "-1"):
        assert scored(valued("10"), done("5"), weight) == unweighted
    assert scored(valued("10"), done("5"), "0.5") == (Fraction(1, 4), True, "完成值 5，指标值 ≥10个")
    assert scored(valued("10"), done("0"), "8") == (Fraction(0), True, "完成值 0，指标值 ≥10个")
    assert scored(valued("10", "<="), done("20"), "8") == (Fraction(4), True, "完成值 20，指标值 ≤10个")
    assert scored(valued("10", "<="), done("20"), "8", None) == (
        Fraction(3), False, "没有计分方法，不判，得分暂按自评 3 分",
    )  # fmt: skip


BANDS = {"达成": Decimal(80), "部分达成": Decimal(60), "未达成": Decimal(0)}


@pytest.mark.parametrize(
    ("own", "weight", "said"),
    [
        ("8", "10", None), ("10", "10", None), ("10.5", "10", "“达标”属于达成，应得 8 到 10 分，自评 10.5 分"),
        ("7.9", "10", "“达标”属于达成，应得 8 到 10 分，自评 7.9 分"), (None, "10", None), ("8", None, None), (None, None, None),
    ],
)  # fmt: skip
def test_a_qualitative_score_within_its_band(own: str | None, weight: str | None, said: str | None) -> None:
    target, words = Target("提高", "qualitative", None), {"达成": ["达标"]}

    def judged(actual: Actual | None, bands: Mapping[str, Decimal] | None = BANDS) -> str | None:
        return evaluate.qualitative_band(
            target, actual, None if weight is None else Decimal(weight), None if own is None else Decimal(own),
            qualitative_bands=bands, qualitative_words=words,
        )  # fmt: skip

    assert judged(Actual("达标", None)) == said
    assert judged(None) is None
    assert judged(Actual("达标", None), None) is None


def inflated(indicator: str, execution: str, spent: int, weights: tuple[str, str] = ("90", "10")) -> tuple[str, str]:
    found = evaluate.inflated_score(
        Decimal(indicator), Decimal(weights[0]), Decimal(execution), Decimal(weights[1]), 1_000_000, spent,
        inflation_limit_pct=Decimal(5), unspent_limit_pct=Decimal(20),
    )  # fmt: skip
    return (found.light, found.sentence) if found else ("", "")


def test_a_score_far_above_the_execution() -> None:
    assert inflated("90", "9.5", 1_000_000) == ("", "")
    assert inflated("90", "9.49999", 1_000_000) == (
        "red", "指标得分率 100.00%，执行得分率 95.00%，虚高 5.0001%，超过 5%",
    )  # fmt: skip
    assert inflated("90", "10", 800_000) == ("", "")
    assert inflated("90", "10", 799_999) == ("yellow", "预算有 20.0001% 没有支出，超过 20%")
    assert inflated("0", "10", 0) == ("", "")
    assert inflated("90", "10", 0, ("0", "10")) == ("", "")
    assert inflated("90", "10", 0, ("90", "0")) == ("", "")


# ---- 结果应用 ----


def used(grade: str | None, light: str | None, conclusion: str | None = None) -> evaluate_use.Proposal | None:
    return evaluate_use.use_proposal(
        grade, light, conclusion, result_use={"优": "保障", "差": "取消"},
        light_use={"red": "压减", "white": "另议"}, conclusion_use={"不予支持": "不安排"}, use_order=["保障", "压减", "取消"],
    )  # fmt: skip


def test_the_strictest_proposal_is_taken() -> None:
    assert used("优", "red") == ("压减", ("评价等级为“优”：保障", "监控为红灯：压减"))
    assert used("差", "red") == ("取消", ("评价等级为“差”：取消", "监控为红灯：压减"))
    assert used("优", "white") == ("保障", ("评价等级为“优”：保障", "监控为white：另议"))
    assert used(None, "white", "不予支持") == ("另议", ("监控为white：另议", "事前评估结论为“不予支持”：不安排"))
    assert used("中", "green") is None


@pytest.mark.parametrize(
    ("said", "change", "against"),
    [
        ("减", -1, False), ("减", 0, False), ("减", 1, True), ("增", 1, False), ("增", 0, False), ("增", -1, True),
        (None, -1, False), ("平", -1, False),
    ],
)  # fmt: skip
def test_a_budget_against_the_proposal(said: str | None, change: int, against: bool) -> None:
    directions = {"减": "减", "增": "增"}

    def judged(budget: int | None, following: int | None) -> str | None:
        return evaluate_use.applied_against(said, budget, following, use_directions=directions)

    assert (judged(100, 100 + change) is not None) is against
    assert judged(None, 100) is None
    assert judged(100, None) is None


# ---- 先决定什么 ----

FLOORS = {"优": Decimal(90), "良": Decimal(80), "中": Decimal(60), "差": Decimal(0)}


@pytest.mark.parametrize(
    ("score", "amount", "stake"),
    [
        ("80", 100, None), ("79.2", 100, (Fraction(1, 100), Fraction(1))), ("0", 100, (Fraction(1), Fraction(100))),
        ("-8", 100, (Fraction(1), Fraction(100))), ("40", None, (Fraction(1, 2), Fraction(0))), (None, 100, None),
    ],
)  # fmt: skip
def test_how_far_a_score_is_from_the_line(
    score: str | None, amount: int | None, stake: tuple[Fraction, Fraction] | None
) -> None:
    given = None if score is None else Decimal(score)
    assert evaluate_use.score_stake(given, amount, decision_grade="良", grade_floors=FLOORS) == stake
    assert evaluate_use.score_stake(given, amount, decision_grade=None, grade_floors=FLOORS) is None
    assert evaluate_use.score_stake(given, amount, decision_grade="良", grade_floors=None) is None


LIT = {"green": Decimal(80), "yellow": Decimal(60), "red": Decimal(0)}


@pytest.mark.parametrize(
    ("ratio", "completion", "budget", "spent", "stake"),
    [
        ("3/5", None, 100, 40, None), ("597/1000", None, 1000, 400, (Fraction(1, 200), Fraction(3))),
        ("3/10", None, 100, 40, (Fraction(1, 2), Fraction(30))), ("-1", None, 100, -20, (Fraction(1), Fraction(120))),
        ("3/10", None, 100, 100, (Fraction(1, 2), Fraction(0))), ("3/10", None, None, 0, (Fraction(1, 2), Fraction(0))),
        (None, "1", 100, 0, None), (None, "3/4", 100, 0, (Fraction(1, 4), Fraction(25))),
        (None, "-1", 100, 0, (Fraction(1), Fraction(100))), (None, "3/4", None, 0, (Fraction(1, 4), Fraction(0))),
        ("3/10", "1/4", 100, 40, (Fraction(3, 4), Fraction(75))), ("3/10", "1/4", 100, -60, (Fraction(1, 2), Fraction(80))),
        (None, None, 100, 0, None),
    ],
)  # fmt: skip
def test_how_far_a_project_is_from_the_line(
    ratio: str | None, completion: str | None, budget: int | None, spent: int, stake: tuple[Fraction, Fraction] | None
) -> None:
    one, two = (None if text is None else Fraction(text) for text in (ratio, completion))
    assert evaluate_use.light_stake(one, two, budget, spent, execution_bands=LIT) == stake


@pytest.mark.parametrize(
    ("score", "distance"),
    [(None, "1"), ("70", "0"), ("75", "0"), ("35", "1/2"), ("0", "1"), ("-70", "1"), ("63", "1/10")],
)
def test_how_far_an_assessment_is_from_the_line(score: str | None, distance: str) -> None:
    floors = {"予以支持": Decimal(90), "调整后支持": Decimal(70), "不予支持": Decimal(0)}
    given = None if score is None else Decimal(score)
    found = evaluate_use.conclusion_stake("不予支持", given, 100, conclusion_floors=floors)
    assert found == (Fraction(distance), Fraction(distance) * 100)
    assert evaluate_use.conclusion_stake("调整后支持", given, 100, conclusion_floors=floors) is None
    assert evaluate_use.conclusion_stake("不予支持", given, 100, conclusion_floors=None) is None

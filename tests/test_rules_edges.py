# ruff: noqa: E501  一行行的样子，断开了反而看不清
"""规则的边角：案例的写法里说不出来的情形（指标值的备注、没有定线、恰好在线上）。"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Literal

import pytest

from pbm_cli import rules
from pbm_cli.fields import Rate
from pbm_cli.rules import (
    RULES,
    assess,
    evaluate,
    evaluate_self,
    evaluate_use,
    goals,
    goals_wording,
    in_force,
    monitor,
    monitor_notice,
)
from pbm_cli.rules.rollup import median, outlier
from pbm_cli.targets import Actual, Target, parse_actual, parse_target

BANDS = {"绿": Decimal(80), "黄": Decimal(60), "红": Decimal(0)}
REACHED = {"达成": Decimal(80), "部分达成": Decimal(60), "未达成": Decimal(0)}
SAID = {"达成": ["达标", "=已完成"], "未达成": ["没有完成"]}


def read(value: str, operator: str | None = None, measure: str | None = None) -> Target:
    found = parse_target(value, operator, measure)
    assert found is not None
    return found


def done(value: str, target: Target) -> Actual:
    found = parse_actual(value, target)
    assert found is not None
    return found


# ---- 各环节共用 ----


@pytest.mark.parametrize(
    ("value", "band"), [("80", "绿"), ("79.999", "黄"), ("60", "黄"), ("59.999", "红"), ("0", "红"), ("-5", "红")]
)
def test_a_value_below_every_line_falls_into_the_lowest_band(value: str, band: str) -> None:
    assert rules.band_of(Decimal(value), BANDS) == band


def test_a_share_says_as_many_places_as_it_needs_and_at_most_eleven() -> None:
    line = Decimal(60)
    assert rules.share(Fraction(3, 5), line) == "60.00%"
    assert rules.share(Fraction(3, 5) - Fraction(1, 10**6), line) == "59.9999%"
    assert rules.share(Fraction(3, 5) + Fraction(1, 10**6), line) == "60.0001%"
    assert rules.share(Fraction(3, 5) - Fraction(1, 10**30), line) == "60.00000000000%"
    assert rules.share(Fraction(-1, 8)) == "-12.50%"
    assert rules.share(Fraction(5, 10000)) == "0.05%"


@pytest.mark.parametrize(("label", "line"), [("绿", "达到 80%"), ("黄", "达到 60%，不到 80%"), ("红", "低于 60%")])
def test_every_band_says_its_line(label: str, line: str) -> None:
    assert rules.line_of(label, BANDS) == line
    assert rules.line_of("绿", {"绿": Decimal(80)}) == "达到 80%"


@pytest.mark.parametrize(
    ("said", "bands", "words", "label"),
    [
        ("85%", REACHED, SAID, "达成"), ("70%", REACHED, SAID, "部分达成"), ("85%", None, SAID, None),
        ("持续改善", REACHED, SAID, "达成"), ("已完成", REACHED, SAID, "达成"), ("已完成一半", REACHED, SAID, None),
        ("基本达标。", REACHED, SAID, "达成"), ("没有完成", REACHED, SAID, "未达成"), ("没有完成", REACHED, None, None),
        ("", REACHED, SAID, None),
    ],
)  # fmt: skip
def test_a_qualitative_result_reaches_a_band(
    said: str, bands: dict[str, Decimal] | None, words: dict[str, list[str]] | None, label: str | None
) -> None:
    target = read("持续改善")
    actual = Actual(said, Decimal(said[:-1])) if said.endswith("%") else Actual(said, None)
    assert rules.attainment(target, actual, bands, words) == label


def test_why_two_numbers_cannot_be_compared() -> None:
    target = read("≥95%")
    assert rules.incomparable(target, done("96%", target)) is None
    assert rules.incomparable(target, Actual("优", None)) == "完成值“优”与指标值“≥95%”不能比，不判"
    assert rules.incomparable(target, Actual("优", None, ("甲", "乙"))) == "甲；乙，不判"
    words = replace(read("提高"), remarks=("丙",))
    assert rules.incomparable(words, Actual("优", None, ("甲",))) == "甲；丙，不判"
    assert rules.incomparable(words, Actual("5", Decimal(5), ("甲",))) == "丙，不判"


@pytest.mark.parametrize(
    ("stated", "form", "places", "part", "whole", "fits"),
    [
        ("50", "percent", 0, 1, 2, True), ("50.5", "percent", 1, 1, 2, True), ("50.51", "percent", 2, 1, 2, False), ("49.5", "percent", 1, 1, 2, True),
        ("49.49", "percent", 2, 1, 2, False), ("33", "percent", 0, 1, 3, True), ("34", "percent", 0, 1, 3, False), ("0.5", "percent", 1, 1, 2, False),
        ("0.5", "bare", 1, 1, 2, True), ("0.51", "bare", 2, 1, 2, False), ("0.6", "bare", 1, 1, 2, False), ("0.505", "bare", 3, 1, 2, True),
        ("0.5051", "bare", 4, 1, 2, False), ("0.9", "bare", 1, 86, 100, False), ("0.86", "bare", 2, 8649, 10000, True), ("1", "bare", 0, 99, 100, False),
        ("50", "bare", 0, 1, 2, True), ("51", "bare", 0, 1, 2, False), ("-50", "percent", 0, 1, -2, True), ("50", "percent", 0, -1, -2, True),
        ("50", "percent", 0, -1, 2, False), ("0.33", "bare", 2, 1, 3, True), ("0.34", "bare", 2, 1, 3, False),
    ],
)  # fmt: skip
def test_a_stated_rate_fits_within_the_tolerance_or_half_its_last_place(
    stated: str, form: Literal["percent", "bare"], places: int, part: int, whole: int, fits: bool
) -> None:
    assert rules.stated_rate_fits(Rate(Decimal(stated), form, places), part, whole, Decimal("0.5")) is fits


@pytest.mark.parametrize(
    ("places", "stated", "fits"), [(0, "50.5", True), (0, "50.6", False), (1, "50.05", True), (1, "50.06", False)]
)
def test_half_the_last_place_is_wider_than_a_narrow_tolerance(places: int, stated: str, fits: bool) -> None:
    assert rules.stated_rate_fits(Rate(Decimal(stated), "percent", places), 1, 2, Decimal("0.01")) is fits


def test_small_differences_are_said_in_yuan() -> None:
    assert rules.small_money(999_999) == "9999.99 元"
    assert rules.small_money(-999_999) == "-9999.99 元"
    assert rules.small_money(1_000_000) == "1.00 万元"
    assert rules.small_money(-1_000_000) == "-1.00 万元"


# ---- 事前评估 ----


def test_scores_outside_their_bounds() -> None:
    def said(score: str | None, **dims: str) -> str | None:
        held = {name: Decimal(value) for name, value in dims.items()}
        return assess.score_bounds(
            None if score is None else Decimal(score), held,
            full_score=Decimal(100), dimension_weights={"必要性": Decimal(20)}, score_tolerance=Decimal(0),
        )  # fmt: skip

    assert said("-1") == "评估得分 -1 是负数"
    assert said("100.5") == "评估得分 100.5 超过满分 100"
    assert said("100") is None
    assert said(None, 必要性="21") is not None


def test_without_last_year_there_is_no_growth() -> None:
    terms = {"mandatory_new_amount": 10**8, "mandatory_growth_pct": Decimal(20), "mandatory_increase": 10**8}
    assert assess.mandatory_assessment(False, 10**9, None, **terms) is None  # type: ignore[arg-type]
    assert assess.mandatory_assessment(False, 10**9, 10**8, **terms) is not None  # type: ignore[arg-type]


# ---- 绩效评价 ----


@pytest.mark.parametrize(
    ("operator", "goal", "result", "method", "score"),
    [
        ("=", "-2", "-2", "ratio", Fraction(10)), ("=", "-2", "-1", "ratio", Fraction(0)),
        ("=", "-2", "-3", "ratio", Fraction(0)), ("=", "0", "0", "ratio", Fraction(10)),
        ("=", "0", "1", "ratio", Fraction(0)), (">", "0", "0", "ratio", Fraction(0)), (">=", "0", "0", None, Fraction(10)),
        (">=", "-1", "-2", None, Fraction(0)), ("<=", "2", "4", "ratio", Fraction(5)), ("<=", "2", "3", "linear2x", Fraction(5)),
        ("<=", "2", "4", "linear2x", Fraction(0)), ("<=", "2", "5", "linear2x", Fraction(0)), ("<=", "2", "4", None, None),
        ("<", "2", "2", "ratio", Fraction(10)), (">=", "4", "3", None, Fraction(15, 2)), (">=", "4", "-3", None, Fraction(0)),
        ("=", "4", "3", None, Fraction(15, 2)), ("=", "4", "5", None, Fraction(10)),
        ("qualitative", "4", "4", None, None),
    ],
)  # fmt: skip
def test_the_score_of_a_measured_target(
    operator: str, goal: str, result: str, method: str | None, score: Fraction | None
) -> None:
    target = Target(f"{operator}{goal}", operator, Decimal(goal))  # type: ignore[arg-type]
    found = evaluate.quantitative_score(target, Actual(result, Decimal(result)), Decimal(10), reverse_method=method)
    assert found == score


def test_a_recheck_without_a_score_is_not_compared() -> None:
    terms = {"recheck_levels": {"应退回": Decimal(10)}, "recheck_points": Decimal(10)}
    for own, checked in ((None, Decimal(80)), (Decimal(80), None), (Decimal(80), Decimal(0))):
        assert evaluate.recheck_deviation(own, checked, **terms) is None  # type: ignore[arg-type]
    assert evaluate.recheck_deviation(Decimal(95), Decimal(80), **terms) is not None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value", "result", "operator"),
    [
        ("森林受害率", "5%", "4%", "<="), ("森林受害率", "5%", "6%", "<="), ("成本控制", "5万元", "4万元", "<="),
        ("成本控制", "5万元", "6万元", "="), ("培训人次", "5人", "4人", "="), ("森林受害率", "=5%", "4%", "="),
        ("森林受害率", "≥5%", "4%", ">="),
    ],
)  # fmt: skip
def test_an_unsigned_target_is_read_by_its_name(name: str, value: str, result: str, operator: str) -> None:
    target = read(value)
    found = evaluate_self.scored_target(
        name, target, done(result, target), direction_words={"反向": ["受害率"], "可能反向": ["成本"], "例外": ["例外"]}
    )
    assert found is not None
    assert found.operator == operator


def scored(target: Target | None, actual: Actual | None, own: str | None, weight: str = "10") -> evaluate_self.Scored:
    return evaluate_self.indicator_score(
        target, actual, Decimal(weight), None if own is None else Decimal(own),
        reverse_method=None, qualitative_bands=REACHED, qualitative_words=SAID,
    )  # fmt: skip


def test_the_score_of_an_indicator_says_what_it_rests_on() -> None:
    worded, counted = read("持续改善"), read("≤2人")
    good = Actual("达标", None)
    assert scored(worded, good, None) == (None, False, "“达标”属于达成，机器不定具体的分")
    unseen = scored(worded, Actual("尚可", None), "8")
    assert unseen == (Fraction(8), False, "“尚可”看不出达成到哪一档，得分暂按自评 8 分")
    assert scored(worded, good, "9") == (Fraction(9), True, "“达标”属于达成，8 到 10 分都可以，用自评 9 分")
    assert scored(worded, good, "7.5")[:2] == (Fraction(8), True)
    assert scored(worded, good, "7.5").sentence.endswith("自评 7.5 分在外面，取 8 分")
    assert scored(worded, good, "11")[:2] == (Fraction(10), True)
    failed = scored(worded, Actual("没有完成", None), "6")
    assert failed == (
        Fraction("5.99"), True, "“没有完成”属于未达成，0 到 5.99 分都可以，自评 6 分在外面，取 5.99 分"
    )  # fmt: skip
    assert scored(None, good, "8") == (Fraction(8), False, "没有指标值，不能重算，得分暂按自评 8 分")
    assert scored(worded, None, None) == (None, False, "没有完成值，不能重算")
    for weight in ("0", "-1"):
        assert scored(worded, good, "8", weight) == (Fraction(8), False, "没有写分值，不能重算")
    assert scored(counted, done("3人", counted), "8") == (
        Fraction(8), False, "没有计分方法，不判，得分暂按自评 8 分"
    )  # fmt: skip
    assert scored(counted, done("2人", counted), "8") == (Fraction(10), True, "完成值 2，指标值 ≤2人")


def test_without_a_computed_score_there_is_no_gap() -> None:
    def gap(score: Fraction | None, own: str) -> str | None:
        return evaluate_self.score_gap(score, Decimal(own), Decimal(10), None, "依据", self_tolerance=Decimal(0))

    assert gap(None, "8") is None
    assert gap(None, "11") == "自评 11 分，超过分值 10"
    assert gap(Fraction(8), "8") is None
    assert gap(Fraction(7), "8") is not None


def test_a_rating_without_a_grade_says_the_score_alone() -> None:
    assert evaluate_use.rating(Decimal("90.50"), "优") == "评价得分 90.5，等级“优”"
    assert evaluate_use.rating(Decimal(90), None) == "评价得分 90"


# ---- 用到的参数、规则的名称 ----


def test_lines_that_no_method_chose_are_not_in_force() -> None:
    values = {"execution_method": "分月节点", "overall_method": "取最差"}
    asked: list[str] = []

    def value(name: str) -> object:
        asked.append(name)
        return values[name]

    assert in_force(RULES["M01"].parameters, value) == ("execution_method", "execution_nodes")
    assert in_force(RULES["M04"].parameters, value) == ("overall_method", "gap_limit")
    assert in_force(["execution_bands"], value) == ()
    asked.clear()
    assert in_force(["positive_bands", "amount_tolerance"], value) == ("positive_bands", "amount_tolerance")
    assert asked == []


def test_every_rule_has_a_name_without_brackets() -> None:
    for rule in RULES.values():
        assert rule.title
        assert not set("（）。；：") & set(rule.title), rule.title
    assert RULES["T09"].title == "成本指标不得高于预算金额，方向应为“≤”"
    assert RULES["T10"].title == "三级指标放错了类别"


# ---- 目标审核 ----


def readable(kind: str, name: str, target: Target) -> str | None:
    return goals.readable_target(
        kind, name, target, percent_range={"下限": Decimal(0), "上限": Decimal(100)}, change_words=["增长"],
        reverse_words=["受害率"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "name", "value", "said"),
    [
        ("产出", "培训人数", "50人", "建议写成“≥50人”"), ("成本", "单位成本", "50元", "建议写成“≤50元”"),
        ("产出", "森林受害率", "5%", "建议写成“≤5%”"), ("产出", "事故", "0起", "建议写成“=0起”"), ("产出", "培训人数", "≥50", "没有写度量单位"),
        ("产出", "合格率", "≥0.9%", "是不是把 90% 写成了小数"), ("产出", "合格率", "≥120%", "百分数应在 0% 到 100% 之间"),
        ("产出", "增长率", "≥120%", None), ("产出", "合格率", "≤0.9%", None), ("产出", "合格率", "≥100%", None),
        ("产出", "合格率", "≥0%", None), ("产出", "合格率", "≥1%", None),
    ],
)  # fmt: skip
def test_a_target_that_can_be_read(kind: str, name: str, value: str, said: str | None) -> None:
    found = readable(kind, name, read(value))
    if said is None:
        assert found is None
    else:
        assert found is not None
        assert found.startswith(f"指标“{name}”的指标值“")
        assert found.endswith(said)


def test_a_target_without_a_number_says_only_its_remarks() -> None:
    bounds = {"percent_range": None, "change_words": None, "reverse_words": None}
    assert goals.readable_target("产出", "培训", None, **bounds) is None
    assert goals.readable_target("产出", "培训", read("提高"), **bounds) is None
    said = goals.readable_target("产出", "培训", replace(read("提高"), remarks=("写了两个数",)), **bounds)
    assert said == "指标“培训”的指标值“提高”：写了两个数"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("≥79.9%", "低于 80%，偏低"), ("≥80%", None), ("≥99.9%", None), ("≥100%", "达到 100%，很难做到"), ("≥100.1%", None),
        ("≤50%", None), ("<50%", None), ("≥50人", None), ("≥79分", "低于 80%，偏低"), ("高", "没有量化"), ("明显提高", None),
    ],
)  # fmt: skip
def test_a_satisfaction_target_within_reason(value: str, said: str | None) -> None:
    found = goals.satisfaction_bounds(
        "满意度", "群众满意度", read(value), satisfaction_range={"下限": Decimal(80), "上限": Decimal(100)},
        suggested_rate_pct=Decimal(95), vague_words=["明显"],
    )  # fmt: skip
    assert (found is None) is (said is None)
    assert said is None or said in (found or "")


def test_a_number_speaks_of_an_indicator_only_with_words_of_both() -> None:
    mention = goals_wording.Mention("培训乡村医生", Decimal(50), "人")
    assert goals_wording.speaks_of(mention, "培训乡村医生人数", Decimal(3))
    assert not goals_wording.speaks_of(mention, "新建公路里程", Decimal(3))
    assert not goals_wording.speaks_of(mention, "", Decimal(0))
    assert not goals_wording.speaks_of(replace(mention, clause=""), "培训乡村医生人数", Decimal(0))


# ---- 监控、汇总 ----


def test_counts_that_can_stand_together() -> None:
    assert monitor.counts_at_odds(2, 2, 2) is None
    assert monitor.counts_at_odds(1, 2, 2) is None
    assert monitor.counts_at_odds(3, 2, 2) is not None
    assert monitor.counts_at_odds(0, 3, 2) is not None


def test_an_adjustment_adds_up_or_says_so() -> None:
    def said(before: int | None, after: int | None, amount: int | None) -> str | None:
        return monitor.adjustment_arithmetic(before, after, amount, amount_tolerance=100)

    assert [said(None, 1, 1), said(1, None, 1), said(1, 1, None)] == [None] * 3
    assert [said(10**6, 3 * 10**6, 2 * 10**6), said(3 * 10**6, 10**6, 2 * 10**6)] == [None] * 2
    assert [said(10**6, 3 * 10**6, 2 * 10**6 + 100), said(3 * 10**6, 10**6, 2 * 10**6 - 100)] == [None] * 2
    assert (
        said(10**6, 3 * 10**6, -2 * 10**6) == "调整前 1.00 万元、调整后 3.00 万元，应调整 2.00 万元，表上写 -2.00 万元"
    )
    assert said(10**6, 3 * 10**6, 2 * 10**6 + 101) is not None


def test_the_deadline_of_a_notice_goes_by_what_is_given() -> None:
    on = dt.date(2025, 7, 31)
    plain = monitor_notice.feedback_deadline(on, response_days=None, notice_days=None)
    assert plain is None
    worked = monitor_notice.feedback_deadline(on, response_days=Decimal(5), notice_days=Decimal(30))
    assert worked == (None, 5, "本通知印发之日起 5 个工作日内", "response_days")
    counted = monitor_notice.feedback_deadline(on, response_days=None, notice_days=Decimal(30))
    assert counted == (dt.date(2025, 8, 30), None, "2025年8月30日前", "notice_days")
    given = monitor_notice.feedback_deadline(on, dt.date(2025, 9, 1), response_days=Decimal(5), notice_days=None)
    assert given == (dt.date(2025, 9, 1), None, "2025年9月1日前", None)


def test_the_median_of_nothing_is_nothing() -> None:
    assert median([]) is None
    assert median([Fraction(3), Fraction(1), Fraction(2)]) == 2
    assert median([Fraction(4), Fraction(1), Fraction(2), Fraction(3)]) == Fraction(5, 2)
    found = outlier(
        "red_pct", "红灯项目占比", Fraction(1), [], rollup_outlier_points={"red_pct": Decimal(5)},
        rollup_outlier_counties=Decimal(0),
    )  # fmt: skip
    assert found is None

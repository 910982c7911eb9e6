"""目标审核的规则，每条线的下面、线上、上面，每句话从头到尾：变异测试里活下来的改动，由这里看出来。"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import pytest

from pbm_cli.rules import goals, goals_score, goals_text, goals_wording, phrase_of
from pbm_cli.targets import Operator, Target

FULL = {"时效": "2023年12月底前完成", "数量": "培训人数≥200人", "满意度": "群众满意度≥90%"}


def valued(text: str, value: str, measure: str, operator: Operator = ">=", *remarks: str) -> Target:
    """一个有数的指标值。"""
    return Target(text, operator, Decimal(value), measure, remarks=remarks)


def worded(text: str, *remarks: str) -> Target:
    """一个只有文字的指标值。"""
    return Target(text, "qualitative", None, remarks=remarks)


# ---- T15 时效 ----


def timely(
    name: str, target: Target | None, kind: str | None = "时效", *, deadlines: Sequence[str] = (),
    examples: Mapping[str, str] | None = FULL,
) -> str | None:  # fmt: skip
    return goals.timely(
        kind, name, target, deadline_words=deadlines, rate_endings=["率"], vague_words=["较高", "及时"],
        kind_examples=examples,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("完成时间", None),
        ("完成情况", worded("见附件", "一格里有两个条件")),
        ("完成时间", worded("2023年12月底前")),
        ("2023年12月底前完成", worded("完成")),
        ("建设工期", valued("≤30天", "30", "天", "<=")),
        ("建设工期", valued("≤30个工作日", "30", "个工作日", "<=")),
        ("工程进展", valued("100", "100", "", "=")),
        ("工程进展", valued("≥95%", "95", "%")),
        ("工程进展", valued("≥995‰", "995", "‰")),
        ("支付及时率", valued("≥95分", "95", "分")),
        ("支付及时率较高", valued("≥95分", "95", "分")),
    ],
)
def test_a_time_a_rate_or_a_deadline_is_timely(name: str, target: Target | None) -> None:
    assert timely(name, target) is None


def test_what_is_no_time_is_said_with_an_example() -> None:
    said = "时效指标“工程进展”的指标值“≥95件”不是时间；请写成完成的日期、时限或及时率，例如“2023年12月底前完成”"
    assert timely("工程进展", valued("≥95件", "95", "件")) == said
    assert timely("工程进展", valued("≥95件", "95", "件", ">=", "一格里有两个条件")) == said
    assert timely("工程进展", valued("≥95件", "95", "件"), "质量") is None
    assert timely("工程进展", valued("≥95件", "95", "件"), deadlines=["进展"]) is None
    assert timely("工程进展", worded("很快")) == said.replace("≥95件", "很快")


@pytest.mark.parametrize("examples", [None, {}, {"数量": "培训人数≥200人"}])
def test_a_rule_set_without_an_example_gives_none(examples: Mapping[str, str] | None) -> None:
    found = timely("工程进展", worded("很快"), examples=examples)
    assert found is not None
    assert found.endswith("例如“”")


# ---- T10 放错类别 ----


def misplaced(
    level1: str | None, level2: str | None, name: str, target: Target | None = None, *,
    satisfaction: Sequence[str] | None = ("满意度",), attitude: Sequence[str] | None = ("认可",),
    examples: Mapping[str, str] | None = FULL,
) -> str | None:  # fmt: skip
    return goals.misplaced(
        level1, level2, name, target, None,
        kind_words={"数量": ["数量"], "质量": ["质量"], "成本": ["成本"], "社会效益": ["社会效益"], "满意度": ["满意"]},
        level1_words={"产出": ["产出"], "成本": ["成本"], "效益": ["效益"], "满意度": ["满意"]},
        kind_groups={"产出": ["数量", "质量"], "效益": ["社会效益"], "成本": ["成本"], "满意度": ["满意度"]},
        satisfaction_words=satisfaction, attitude_words=attitude, staff_letters=None, kind_examples=examples,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("level1", "level2", "name"),
    [
        ("产出指标", "成本指标", "工程造价"),
        ("效益指标", "服务对象满意度指标", "群众满意度"),
        ("产出指标", "数量指标", "培训人数"),
        (None, "数量指标", "培训人数"),
        ("产出指标", None, "培训人数"),
        ("满意度指标", "满意度指标", "群众认可程度"),
    ],
)
def test_an_indicator_in_its_place(level1: str | None, level2: str | None, name: str) -> None:
    assert misplaced(level1, level2, name) is None


def test_an_indicator_out_of_its_place_is_told_where_to_go() -> None:
    assert misplaced("效益指标", "数量指标", "培训人数") == (
        "指标“培训人数”：数量属于产出指标，一级指标却写成“效益指标”，请改正"
    )
    assert misplaced("产出指标", "满意度指标", "群众满意度") is not None
    assert misplaced("满意度指标", "社会效益指标", "增收") is not None
    assert misplaced("产出指标", "质量指标", "群众满意度") == (
        "指标“群众满意度”说的是满意度，却放在质量指标里；请移到满意度指标，质量指标另设"
    )
    assert misplaced("满意度指标", "满意度指标", "培训人数") == (
        "满意度指标“培训人数”说的不是满意程度，请移到相应类别；满意度指标例如“群众满意度≥90%”"
    )


def test_either_list_of_words_speaks_of_satisfaction() -> None:
    place = ("满意度指标", "满意度指标")
    assert misplaced(*place, "群众满意度", attitude=None) is None
    assert misplaced(*place, "群众认可程度", satisfaction=None) is None
    assert misplaced(*place, "群众认可程度", attitude=None) is not None
    assert misplaced(*place, "群众满意度", satisfaction=None, attitude=None) is not None


@pytest.mark.parametrize("examples", [None, {}])
def test_a_misplaced_indicator_without_an_example(examples: Mapping[str, str] | None) -> None:
    satisfied = misplaced("满意度指标", "满意度指标", "培训人数", examples=examples)
    assert satisfied is not None
    assert satisfied.endswith("例如“”")
    counted = misplaced("产出指标", "数量指标", "合格率", valued("≥95%", "95", "%"), examples=examples)
    assert counted == "数量指标“合格率”是比率，请移到质量或时效指标；数量指标写绝对数，例如“”"


@pytest.mark.parametrize(
    ("target", "wrong"),
    [
        (None, False),
        (valued("≥95人", "95", "人"), False),
        (worded("达标"), False),
        (Target("达标%", "qualitative", None, "%"), False),
        (valued("≥95%", "95", "%"), True),
        (valued("≥9‰", "9", "‰"), True),
    ],
)
def test_only_a_rate_with_a_number_is_no_quantity(target: Target | None, wrong: bool) -> None:
    assert (misplaced("产出指标", "数量指标", "合格情况", target) is not None) is wrong


KIND_WORDS = {"成本": ["成本"], "满意度": ["满意"], "数量": ["数量"]}
LEVEL1_WORDS = {"产出": ["产出"], "成本": ["成本"], "满意度": ["满意"]}


@pytest.mark.parametrize(
    ("level1", "level2", "kinds"),
    [
        ("满意度指标", None, ("满意度", "满意度")), ("满意度指标", "", ("满意度", "满意度")),
        ("产出指标", None, ("产出", None)), ("满意度指标", "其他", ("满意度", None)),
        ("产出指标", "其他", ("产出", None)),
        ("满意度指标", "数量指标", ("满意度", "数量")), (None, None, (None, None)), (None, "数量指标", (None, "数量")),
    ],
)  # fmt: skip
def test_the_second_level_follows_the_first_only_where_it_is_blank(
    level1: str | None, level2: str | None, kinds: tuple[str | None, str | None]
) -> None:
    assert goals.kind_of(level1, level2, kind_words=KIND_WORDS, level1_words=LEVEL1_WORDS) == kinds


def test_blank_levels_are_no_text_to_search_in() -> None:
    found = goals.kind_of(None, None, kind_words={"数量": ["X"]}, level1_words={"产出": ["X"]})
    assert found == (None, None)


# ---- T11 雷同 ----

PLACES = {"同项目指标": Decimal(90), "同单位目标": Decimal(80), "整套指标": Decimal(90)}


def near(
    text: str, other: str, where: str = "同单位目标", shortest: Decimal | None = Decimal(10),
    lines: Mapping[str, Decimal] | None = PLACES,
) -> str | None:  # fmt: skip
    return goals_text.near_duplicate(text, other, where, "项目乙", similarity_pct=lines, shortest_goal=shortest)


def test_a_goal_as_long_as_the_shortest_is_compared() -> None:
    ten = "甲乙丙丁戊己庚辛壬癸"
    assert near(ten[:9], ten[:9]) is None
    assert near(ten, ten) == "年度目标与项目乙重复，请按本项目的内容重写"
    assert near("甲", "甲", shortest=None) == "年度目标与项目乙重复，请按本项目的内容重写"
    assert near("甲", "甲", "同项目指标") == "指标“甲”与项目乙重复，请合并或改名"
    assert near(ten, ten, "不知道的范围") is None
    assert near(ten, ten, lines=None) is None


def test_a_whole_set_of_indicators_is_called_so() -> None:
    assert near("培训人数；合格率", "培训人数；合格率", "整套指标") == "整套指标与项目乙重复，请按本项目的内容重写"


def test_alike_is_said_with_the_share_and_whose_words_are_missing() -> None:
    one, two = "新建村级公路及配套设施", "改建村级公路及配套设施"  # 十一个字里十个相同：20 ÷ 22
    said = "雷同（相似 90.91%），请写出{}自己的内容"
    assert near(one, two) == "年度目标与项目乙" + said.format("本项目")
    assert near(one, two, "同项目指标") == f"指标“{one}”与项目乙" + said.format("这条指标")


@pytest.mark.parametrize(
    ("line", "shown"),
    [("83.34", None), ("83.333334", None), ("83.333", "83.3333%"), ("83.33", "83.333%"), ("83", "83.33%")],
)
def test_alike_begins_at_the_line_and_is_shown_on_its_side(line: str, shown: str | None) -> None:
    one, two = "新建村级公路", "改建村级公路"  # 六个字里五个相同：10 ÷ 12
    found = near(one, two, "同项目指标", lines={"同项目指标": Decimal(line)})
    assert (found is None) is (shown is None)
    assert shown is None or f"（相似 {shown}）" in (found or "")


def test_figures_that_differ_are_not_alike() -> None:
    assert near("新建村级公路5公里及配套设施", "新建村级公路6公里及配套设施") is None
    assert near("新建甲村的公路及配套设施", "新建乙村的公路及配套设施") is None


# ---- T12、T13 文字里的数与年份 ----


def against(goal: str, budget: int | None, name: str | None = None, target: Target | None = None) -> str | None:
    return goals_text.text_against_figures(
        goal, budget, name, target, [], budget_words=["预算", "资金"], part_words=["其中"], money_tolerance=None,
        same_words_least=Decimal(3),
    )  # fmt: skip


def test_a_budget_in_words_is_equal_to_the_fen() -> None:
    assert against("安排预算90万元", 90_000_000) is None
    assert against("安排预算90万元", 90_000_001) is not None
    assert against("安排预算90万元，追加预算10万元", 100_000_000) is None
    assert against("安排预算90万元", 90_000_000, "工程造价") is None
    assert against("安排预算90万元", 1, None, valued("≥5公里", "5", "公里")) is not None


def test_a_target_without_a_measure_is_not_looked_for_in_the_words() -> None:
    assert against("培训乡村医生50", None, "培训乡村医生", valued("≥60", "60", "")) is None
    assert against("培训乡村医生50人", None, "培训乡村医生", worded("完成")) is None
    assert against("培训乡村医生50人", None, "培训乡村医生", valued("≥60人", "60", "人")) == (
        "年度目标写“培训乡村医生50人”，指标“培训乡村医生”写“≥60人”，两处不一致，请核对后改成同一个数"
    )


def years(text: str, year: int | None = 2023) -> str | None:
    return goals_text.other_years(
        text, year, this_year_words=["本年"], multi_year_words=["总投资"], year_endings=["底"]
    )


@pytest.mark.parametrize(
    "text",
    [
        "2023年至2025年新建，本年完成三成",
        "2021年至2023年新建2023年完工",
        "2022年立项的项目继续实施",
        "2023年新建公路5公里",
    ],
)
def test_this_year_may_stand_with_other_years(text: str) -> None:
    assert years(text) is None


def test_years_that_are_not_this_year_are_said() -> None:
    assert years("2021年至2025年新建公路5公里") == (
        "写的是多年的口径（2021—2025 年），没有写当年的任务；请写明本年度完成多少、用多少资金"
    )
    assert years("2025年至2025年新建公路5公里") is None
    assert years("2022年底前完成") == "写的是 2022 年，这是 2023 年度的目标；请改成 2023 年应完成的内容和时限"
    assert years("2024年新建公路") == "写的是 2024 年，这是 2023 年度的目标；请改成 2023 年应完成的内容和时限"
    assert years("2024年新建公路", None) is None


# ---- T06、T08、T09、T16 ----


def readable(kind: str, name: str, target: Target) -> str | None:
    return goals.readable_target(
        kind, name, target, percent_range={"下限": Decimal(0), "上限": Decimal(100)}, change_words=[], reverse_words=[]
    )


def test_what_others_say_of_a_target_is_not_said_twice() -> None:
    for note in ("百分数写成了小数", "没有写运算符，按“＝”看", "还写了期限“12月”"):
        assert readable("产出", "培训人数", valued("50人", "50", "人", ">=", note)) is None
    noted = valued("50人", "50", "人", ">=", "写法要看“=”")
    assert readable("产出", "培训人数", noted) == "指标“培训人数”的指标值“50人”：写法要看“=”"


def test_the_advice_keeps_what_was_written_where_it_begins_with_a_figure() -> None:
    missing = "没有写运算符，按“=”读"
    assert readable("产出", "培训人数", valued("50人（含）", "50", "人", "=", missing)) == (
        "指标“培训人数”的指标值“50人（含）”：没有写指标性质，建议写成“≥50人(含)”"
    )
    assert readable("产出", "培训人数", valued("5人", "5", "人", "=", missing)) == (
        "指标“培训人数”的指标值“5人”：没有写指标性质，建议写成“≥5人”"
    )
    assert readable("产出", "培训人数", valued("约50人", "50", "人", "=", missing)) == (
        "指标“培训人数”的指标值“约50人”：没有写指标性质，建议写成“≥50人”"
    )
    assert readable("产出", "培训人数", valued("50", "50", "", "=", missing)) == (
        "指标“培训人数”的指标值“50”：没有写指标性质，建议写成“≥50”；没有写度量单位"
    )


def spent_as_output(name: str, target: Target | None, budget: int | None = 90_000_000) -> str | None:
    return goals.money_as_output(
        "数量", name, target, budget, money_output_words=["贷款"], input_words=["资金"], money_tolerance=None
    )


def test_money_is_no_output() -> None:
    same = "数量指标“工程资金”写的是金额“90万元”，就是预算金额，钱是投入，不是产出；"
    assert (spent_as_output("工程资金", valued("90万元", "90", "万元", "=")) or "").startswith(same)
    assert (spent_as_output("工程资金", valued("90", "90", "", "=")) or "").startswith(same.replace("90万元", "90"))
    assert spent_as_output("工程资金", valued("90个", "90", "个", "=")) is None
    assert spent_as_output("工程资金", valued("91", "91", "", "=")) is None
    assert spent_as_output("工程数", valued("90", "90", "", "=")) is None
    assert spent_as_output("工程资金", None) is None
    assert spent_as_output("工程资金", worded("足额")) is None
    near_by = spent_as_output("工程资金", valued("90万元", "90", "万元", "="), 90_000_001)
    assert near_by is not None
    assert "就是预算金额" not in near_by


def cost(target: Target | None, kind: str = "成本", budget: int | None = 90_000_000) -> str | None:
    return goals.cost_above_budget(kind, "工程造价", target, budget, saving_words=["节约"], money_tolerance=None)


def test_a_cost_is_at_most_the_budget() -> None:
    head = "成本指标“工程造价”的指标值“{}”：{}"
    high = "高于预算 90 万元，成本应不超过预算，建议改为“≤90 万元”"
    assert cost(valued("≤90万元", "90", "万元", "<=")) is None
    assert cost(valued("≤900001元", "900000.01", "元", "<=")) == head.format("≤900001元", high)
    assert cost(valued("＞91万元", "91", "万元", ">")) == head.format("＞91万元", f"{high}；成本指标应写“≤91万元”")
    assert cost(valued("＞80万元", "80", "万元", ">")) == head.format("＞80万元", "成本指标应写“≤80万元”")
    assert cost(None) is None
    assert cost(worded("不超过预算")) is None
    assert cost(valued("＞91万元", "91", "万元", ">"), "数量") is None


def satisfied(
    name: str, target: Target | None, kind: str | None = "满意度", *, rate: Decimal | None = Decimal(95),
    bounds: Mapping[str, Decimal] | None = {"下限": Decimal(80), "上限": Decimal(100)},
) -> str | None:  # fmt: skip
    return goals.satisfaction_bounds(
        kind, name, target, satisfaction_range=bounds, vague_words=["较高"], suggested_rate_pct=rate
    )


def test_satisfaction_is_judged_only_where_it_can_be() -> None:
    low = valued("≥79%", "79", "%")
    assert satisfied("群众满意度", None) is None
    assert satisfied("群众满意度", low, "质量") is None
    assert satisfied("群众满意度", low, bounds=None) is None
    assert satisfied("群众满意度", worded("高", "一格里有两个条件")) is None
    assert satisfied("群众满意度", valued("≥80%", "80", "%")) is None
    noted = valued("≥79%", "79", "%", ">=", "一格里有两个条件")
    said = "满意度指标“群众满意度”的指标值“≥79%”低于 80%，偏低；请按上年实际核定，例如“群众满意度≥95%”"
    assert satisfied("群众满意度", low) == satisfied("群众满意度", noted) == said
    assert satisfied("群众满意度较高", low) == said.replace("指标“群众满意度”", "指标“群众满意度较高”")
    assert (satisfied("群众满意度", low, rate=None) or "").endswith("请按上年实际核定，写明百分数")


# ---- 名称的主干、说的是不是同一件事 ----


@pytest.mark.parametrize(
    ("name", "words", "stem"),
    [
        ("（1）群众满意度（抽样）", [], "群众满意度"), ("1.群众满意度明显提高", ["提高", "明显"], "群众满意度"),
        ("明显提高群众满意度", ["提高", "明显"], "群众满意度"), ("进一步提高收入", ["进一步提高", "进一步"], "收入"),
        ("提高", ["提高"], "提高"), ("收入大幅提高", ["提高", "大幅提高", "大幅"], "收入"),
    ],
)  # fmt: skip
def test_the_stem_of_a_name(name: str, words: Sequence[str], stem: str) -> None:
    assert goals_wording.core(name, words) == stem


@pytest.mark.parametrize(
    ("clause", "name", "length", "same"),
    [
        ("培训乡村医生", "乡村医生", 4, True), ("培训乡村医生", "乡村医生", 5, False),
        ("培训乡村医生", "基层乡村医生培养", 4, True), ("培训乡村医生", "基层乡村医生培养班", 4, False),
    ],
)  # fmt: skip
def test_the_same_words_are_at_least_so_many_and_half_the_name(clause: str, name: str, length: int, same: bool) -> None:
    mention = goals_wording.Mention(clause, Decimal(50), "人")
    assert goals_wording.speaks_of(mention, name, Decimal(length)) is same


# ---- 审核打分 ----


def test_a_dimension_loses_only_for_its_own_rules() -> None:
    def points(codes: Sequence[str], full: str = "30", deductions: Mapping[str, Decimal] | None = None) -> object:
        return goals_score.review_points(
            codes, review_full_points={"相关性": Decimal(full), "完整性": Decimal(20)},
            review_dimensions={"相关性": ["T10"]}, review_deductions=deductions,
        )  # fmt: skip

    assert points(["T10", "T99"]) == {"相关性": Decimal(30), "完整性": Decimal(20)}
    assert points(["T10", "T10"], deductions={"T10": Decimal("2.5")}) == {"相关性": Decimal(25), "完整性": Decimal(20)}


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["甲"], "（“甲”）"), (["甲", "乙"], "（“甲”、“乙”）"), (["甲", "乙", "丙"], "（“甲”、“乙”等）"), ([], None),
    ],
)  # fmt: skip
def test_projects_added_without_a_goal_are_named(names: Sequence[str], said: str | None) -> None:
    found = goals_score.added_without_goal([*names, "丁"], ["丁"])
    whole = f"有 {len(names)} 个执行中追加的项目没有编报绩效目标{said}，请补报"
    assert found == (None if said is None else whole)


@pytest.mark.parametrize("examples", [None, {}, {"质量": "合格率≥95%"}])
def test_advice_without_an_example_says_what_is_missing(examples: Mapping[str, str] | None) -> None:
    found = goals.measurable_output(
        "数量", "培训情况", worded("较好"), measured_kinds=["数量"], vague_words=[], rate_endings=["率"],
        reverse_words=[], suggested_rate_pct=Decimal(95), kind_examples=examples,
    )  # fmt: skip
    assert found == ("数量指标“培训情况”的指标值“较好”不是数，产出指标必须量化；请改为可衡量的指标，写明数和度量单位")


@pytest.mark.parametrize("said", ["已完成", "已完成。", "已完成；", "已完成;", "已完成.", " 已 完成 。"])
def test_a_phrase_is_the_same_with_a_stop_at_its_end(said: str) -> None:
    assert phrase_of(said, {"达成": ["=已完成"]}) == "达成"
    assert phrase_of("X已完成X", {"达成": ["=已完成"]}) is None

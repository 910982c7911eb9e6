"""认表：每一种表的规范表头、只有必填的、打乱的、换了说法的，都认成它自己，每一列归到该归的字段。"""

from __future__ import annotations

import random
from itertools import product

import pytest

from pbm_cli.models import RECORD_TYPES, business_fields, field_title
from reading import WAN, fields_of, of, read, report

NEEDED = {
    "assessment": [["项目名称", "申报金额", "审定金额"], ["项目名称", "申报金额", "评减额"]],
    "goal": [["项目名称", "预算金额", "年度总体目标"]],
    "indicator": [["项目名称", "一级指标", "二级指标", "三级指标", "指标值"]],
    "execution": [["项目名称", "调整后预算数", "累计支出"]],
    "adjustment": [["项目名称", "调整金额"], ["项目名称", "调整前预算", "调整后预算"]],
    "unit_report": [["预算单位", "报送日期"], ["预算单位", "公开日期"]],
    "review": [["项目名称", "修改意见"], ["项目名称", "审核结论"]],
    "evaluation": [["评价对象", "对象类型", "评价层次", "评价得分"]],
    "township": [["乡镇", "三级指标", "分值", "得分"]],
    "training": [["培训名称", "人次"]],
    "document": [["文件名称", "文号"], ["文件名称", "印发日期"]],
}
CONTRACT = {
    "assessment": "项目编码 项目名称 主管部门 项目单位 资金性质 申报金额 审定金额 评减额 评减率 "
    "立项必要性 投入经济性 绩效目标合理性 实施方案可行性 筹资合规性 评估得分 评估结论 评估机构 是否新增 上年预算",
    "goal": "项目编码 项目名称 主管部门 预算单位 资金性质 预算金额 年度总体目标 编报阶段 "
    "同步编制 同步上会 同步批复 同步下达 同步公开",
    "indicator": "项目编码 项目名称 预算单位 一级指标 二级指标 三级指标 指标性质 指标值 度量单位 权重 完成值 "
    "全年预计完成 完成目标可能性 偏差原因 得分",
    "execution": "项目编码 项目名称 主管部门 预算单位 资金性质 项目类别 年初预算数 调整后预算数 累计支出 "
    "执行率 偏差原因",
    "adjustment": "项目编码 项目名称 预算单位 监控方式 调整前预算 调整后预算 调整金额 处置措施 "
    "原因 是否同步调整绩效目标",
    "unit_report": "预算单位 主管部门 报送日期 公开日期",
    "review": "单位编码 单位名称 项目编码 项目名称 修改意见 审核结论",
    "evaluation": "项目编码 评价对象 对象类型 评价层次 主管部门 预算单位 四本预算 涉及金额 评价得分 "
    "评价等级 评价机构 本年预算 下年预算安排 是否整改",
    "township": "乡镇 一级指标 二级指标 三级指标 分值 得分",
    "training": "培训名称 培训时间 期数 人次",
    "document": "文件名称 文号 印发日期",
}


def assert_understood(kind: str, headings: list[str]) -> None:
    loaded = read([WAN, headings, ["甲", *["1"] * (len(headings) - 1)]])
    assert report(loaded).kind == kind
    model = RECORD_TYPES[kind]
    titles = {field_title(model, name): heading for name, heading in fields_of(loaded, headings).items()}
    assert titles == {heading: heading for heading in headings}


@pytest.mark.parametrize(("kind", "headings"), [(k, h) for k, sets in NEEDED.items() for h in sets])
def test_the_required_columns_alone_are_enough(kind: str, headings: list[str]) -> None:
    assert_understood(kind, headings)


@pytest.mark.parametrize("kind", CONTRACT)
def test_all_columns_in_any_order(kind: str) -> None:
    headings = CONTRACT[kind].split()
    assert_understood(kind, headings)
    for seed in range(5):
        random.Random(seed).shuffle(headings)  # noqa: S311
        assert_understood(kind, headings)


@pytest.mark.parametrize("kind", RECORD_TYPES)
def test_every_heading_may_carry_spaces_numbers_and_brackets(kind: str) -> None:
    model = RECORD_TYPES[kind]
    plain = [field_title(model, name) for name in business_fields(model)]
    dressed = [f"（{n}）{h[:2]} {h[2:]}\n".replace("（1）", "1．") for n, h in enumerate(plain, start=1)]
    loaded = read([WAN, dressed, ["甲", *["1"] * (len(plain) - 1)]])
    assert report(loaded).kind == kind
    found = fields_of(loaded, plain)
    assert {field_title(model, name): heading for name, heading in found.items()} == {h: h for h in plain}


YEAR_START = ["年初预算数", "年初预算", "年初批复数", "年初预算(万元)", "年度预算数", "批复预算"]
ADJUSTED = [
    "全年预算数",
    "调整后预算数",
    "调整后的预算",
    "调整预算数",
    "变动后预算数",
    "预算指标",
    "全年预算",
    "预算数",
]
EXECUTED = ["全年执行数", "预算执行数", "累计支出", "执行数", "支出数", "累计支付", "实际支付金额", "1-7月执行数"]
RATES = ["执行率", "预算执行率", "预算执行率%", "预算执行进度", "支出进度", "资金使用率"]


@pytest.mark.parametrize(("first", "adjusted", "spent"), list(product(YEAR_START, ADJUSTED, EXECUTED))[::7])
def test_synonyms_of_execution(first: str, adjusted: str, spent: str) -> None:
    headings = ["项目名称", first, adjusted, spent]
    loaded = read([WAN, headings, ["甲", 1, 2, 3]])
    assert report(loaded).kind == "execution"
    assert fields_of(loaded, headings) == {
        "project_name": "项目名称",
        "initial_budget": first,
        "adjusted_budget": adjusted,
        "expenditure": spent,
    }


@pytest.mark.parametrize("rate", RATES)
def test_synonyms_of_the_execution_rate(rate: str) -> None:
    headings = ["项目名称", "预算数", "支出数", rate]
    assert fields_of(read([WAN, headings, ["甲", 1, 2, 3]]), headings)["execution_rate"] == rate


@pytest.mark.parametrize(
    "month",
    [
        "1-7月",
        "1—7月",
        "1～7月",
        "1至7月",
        "1–7月",
        "1月-7月",
        "截至7月底",
        "截止2023年7月底",
        "7月末",
        "2023年1-7月",
        "上半年",
    ],
)
def test_months_in_the_heading(month: str) -> None:
    headings = ["项目名称", "预算数", f"{month}执行数", f"{month}执行率"]
    found = fields_of(read([WAN, headings, ["甲", 1, 2, 3]]), headings)
    assert (found["expenditure"], found["execution_rate"]) == (f"{month}执行数", f"{month}执行率")


SUBMITTED = ["申报金额", "送审金额", "申请金额", "申请资金总额", "报审金额", "送审预算", "评估金额", "涉及金额"]
APPROVED = ["审定金额", "核定金额", "审核金额", "评审金额", "审定预算", "建议安排金额", "批准金额"]
REDUCED = ["评减额", "审减额", "核减额", "核减金额", "压减额", "净核减", "净核减额"]


@pytest.mark.parametrize(("submitted", "approved", "reduced"), list(product(SUBMITTED, APPROVED, REDUCED))[::11])
def test_synonyms_of_assessment(submitted: str, approved: str, reduced: str) -> None:
    headings = ["项目名称", submitted, approved, reduced]
    loaded = read([WAN, headings, ["甲", 3, 2, 1]])
    assert report(loaded).kind == "assessment"
    assert list(fields_of(loaded, headings).values()) == headings
    assert list(fields_of(loaded, headings)) == ["project_name", "submitted", "approved", "reduction"]


@pytest.mark.parametrize(
    ("target", "actual", "operator", "measure", "weight", "score"),
    list(
        product(
            ["年度指标值", "指标值", "目标值", "计划值", "计划水平", "年度目标值"],
            ["实际完成值", "完成值", "当前完成值", "实际水平", "完成情况"],
            ["指标性质", "计算符号", "运算符"],
            ["度量单位", "计量单位", "单位"],
            ["权重", "分值", "标准分"],
            ["得分", "自评得分", "实际得分"],
        )
    )[::37],
)
def test_synonyms_of_indicators(target: str, actual: str, operator: str, measure: str, weight: str, score: str) -> None:
    headings = ["项目名称", "一级指标", "二级指标", "三级指标", operator, target, measure, actual, weight, score]
    loaded = read([headings, ["甲", "产出", "数量", "户数", "≥", 5, "户", 5, 10, 10]])
    assert report(loaded).kind == "indicator"
    assert fields_of(loaded, headings) == dict(
        zip(
            [
                "project_name",
                "level1",
                "level2",
                "level3",
                "operator",
                "target",
                "measure",
                "actual",
                "weight",
                "self_score",
            ],
            headings,
            strict=True,
        )
    )


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("使用部门｜预算指标｜预算项目｜项目预算数｜项目执行数｜项目执行率｜项目序时进度｜差值", "execution"),
        (
            "指标文号｜指标摘要｜单位｜项目｜资金性质｜功能科目｜经济科目｜指标金额｜已申请支付｜指标余额｜累计支付",
            "execution",
        ),
        (
            "序号｜主管部门｜单位名称｜项目编码｜项目名称｜项目类别｜年初预算数｜调整预算数｜1-7月执行数｜执行率｜序时进度｜预算灯｜"
            "目标灯｜综合灯｜偏差原因｜处置措施｜调减金额",
            "execution",
        ),
        ("单位编码｜单位名称｜项目编码｜项目名称｜修改意见", "review"),
        ("单位编码｜单位名称｜修改意见", "review"),
        (
            "状态｜项目编码｜项目名称｜预算单位｜业务处室｜全年预算数｜调整后预算数｜全年执行数｜"
            "预算执行率｜得分｜自评结论",
            "evaluation",
        ),
        (
            "序号｜主管部门｜项目单位｜项目编码｜项目名称｜资金性质｜申报金额｜"
            "评估得分｜评估结论｜审定金额｜评减额｜评减率｜备注",
            "assessment",
        ),
    ],
)
def test_lists_seen_in_the_field(line: str, kind: str) -> None:
    headings = line.split("｜")
    assert report(read([WAN, headings, ["甲"] * len(headings)])).kind == kind


def test_an_evaluation_list_without_a_level_is_not_taken_for_self_evaluation() -> None:
    loaded = read([["评价对象", "评价得分", "评价等级"], ["甲", 90, "优"]])
    assert report(loaded).kind is None
    assert "评价层次" in of(loaded, "D12")[0].message


def test_the_title_can_say_what_one_column_cannot() -> None:
    assert report(read([["绩效管理制度文件清单"], ["序号", "文件名称"], [1, "管理办法"]])).kind == "document"
    assert report(read([["单位整体支出监控报告登记表"], ["序号", "单位名称"], [1, "甲局"]])).kind == "unit_report"
    assert report(read([["单位名单"], ["序号", "单位名称"], [1, "甲局"]])).kind is None


def test_unknown_headings_are_listed_and_serial_numbers_are_not() -> None:
    loaded = read([WAN, ["序 号", "项目名称", "预算数", "支出数", "贡献度", "备 注"], [1, "甲", 2, 1, "x", "y"]])
    (finding,) = of(loaded, "D13")
    assert "E“贡献度”" in finding.message
    assert "备" not in finding.message
    assert "序" not in finding.message


def test_an_unrecognised_sheet_names_the_nearest_kind_and_what_it_lacks() -> None:
    loaded = read([WAN, ["项目名称", "调整后预算数"], ["甲", 1]])
    (finding,) = of(loaded, "D12")
    assert "项目支出预算执行表" in finding.message
    assert "还缺 累计支出" in finding.message


def test_two_equal_columns_are_not_guessed() -> None:
    loaded = read([WAN, ["项目名称", "调整后预算数", "调整后预算数", "累计支出"], ["甲", 1, 2, 1]])
    (finding,) = of(loaded, "D14")
    assert finding.level == "error"
    assert "B、C 列" in finding.message
    assert report(loaded).rows_used == 0

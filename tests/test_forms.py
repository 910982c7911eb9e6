"""一个项目一张的表单：各地的版式都给出与列表同样的记录，每个值记着自己的单元格。"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

import pytest

import form_goals as goals
import form_sheets as made
from form_reading import WAN, Rows, cell, indicators, kinds, only, read, said, targets

# 一、各地的版式

EVERY: dict[str, tuple[Callable[[], Rows], Sequence[str], str, int]] = {
    "财政部式自评表": (made.self_evaluation, (), "self_evaluation_form", 5),
    "四川 0013zp": (made.sichuan_0013zp, made.SICHUAN_MERGES, "self_evaluation_form", 2),
    "四川 0013zp 没有合并": (made.sichuan_0013zp, (), "self_evaluation_form", 2),
    "云南三列": (made.yunnan, made.YUNNAN_MERGES, "self_evaluation_form", 3),
    "云南三列反着写": (lambda: made.yunnan(reverse=True), (), "self_evaluation_form", 3),
    "安徽列序": (made.anhui, (), "self_evaluation_form", 2),
    "执行监控表": (made.monitoring, made.MONITORING_MERGES, "monitoring_form", 4),
    "执行监控表没有合并": (lambda: made.monitoring(adjusted=True), (), "monitoring_form", 4),
    "安徽监控": (made.anhui_monitoring, (), "monitoring_form", 2),
    "财政部式申报表": (goals.goal, (), "goal_form", 4),
    "2016 年式": (goals.goal_2016, (), "goal_form", 2),
    "上海抬头": (goals.goal_shanghai, (), "goal_form", 3),
    "大庆列名": (goals.goal_daqing, ("A7:B7",), "goal_form", 2),
    "左右两组": (goals.goal_two_sides, (), "goal_form", 2),
    "部门整体自评": (goals.department, (), "department_form", 3),
    "部门整体目标": (lambda: goals.department(evaluated=False), (), "department_form", 3),
    "部门整体系统导出": (goals.department_system, (), "department_form", 2),
}


@pytest.mark.parametrize("name", EVERY)
def test_each_variant_is_recognised_and_every_row_is_accounted_for(name: str) -> None:
    rows, merges, kind, count = EVERY[name]
    loaded = read(rows(), merges)
    assert kinds(loaded) == [kind]
    assert len(indicators(loaded)) == count
    (sheet,) = loaded.files[0].sheets
    assert (sheet.rows_used, sheet.rows_rejected) == (count + 1, 0)
    assert sheet.rows_read == sheet.rows_used + sheet.rows_rejected + sheet.rows_total
    assert not [f for f in loaded.findings if f.level == "error"]


@pytest.mark.parametrize("name", EVERY)
def test_each_indicator_points_at_the_cells_it_was_read_from(name: str) -> None:
    rows, merges, _, _ = EVERY[name]
    sheet = rows()
    for item in indicators(read(sheet, merges)):
        for field in ("level3", "weight", "self_score"):
            value = getattr(item, field)
            if value is None:
                continue
            row, column = (item.origin.cells or {})[field]
            written = sheet[row][column]
            assert str(value) in str(written).replace("：", "") or Decimal(str(written)) == value


def test_the_ministry_form_yields_the_same_records_as_the_lists() -> None:
    loaded = read(made.self_evaluation())
    evaluation, execution = only(loaded, "evaluation"), only(loaded, "execution")
    assert (evaluation.subject, evaluation.project_code) == ("村级组织运转经费", "219001R21")
    assert (evaluation.subject_kind, evaluation.level, evaluation.score) == ("项目", "单位自评", 97)
    assert (evaluation.department, evaluation.budget_unit) == ("河湾镇人民政府", "河湾镇人民政府")
    assert (execution.initial_budget, execution.adjusted_budget, execution.expenditure) == (
        43_200_000,
        43_200_000,
        37_240_000,
    )
    goal, score = only(loaded, "goal"), only(loaded, "execution_score")
    assert goal.annual_goal == "保障 8 个村正常运转，年内按月足额拨付。"
    assert (score.weight, score.self_score, score.stated_rate.number) == (10, 9, 86)
    assert (score.budget, score.expenditure) == (43_200_000, 37_240_000)
    assert [cell(execution, f) for f in ("project_name", "department", "budget_unit", "expenditure")] == [
        "B4", "B5", "G5", "F7",
    ]  # fmt: skip
    assert (cell(evaluation, "score"), cell(score, "self_score"), cell(goal, "annual_goal")) == ("H22", "I7", "B12")
    assert {r.origin.form for records in loaded.records.values() for r in records} == {"self_evaluation_form"}
    assert loaded.years == [2022]


def test_points_line_breaks_and_merged_levels_are_understood() -> None:
    levels = [(i.level1, i.level2, i.level3) for i in indicators(read(made.self_evaluation()))]
    assert levels == [
        ("产出指标", "数量指标", "补助村数量"),
        ("产出指标", "质量指标", "拨付准确率"),
        ("产出指标", "时效指标", "按月拨付及时率"),
        ("效益指标", "社会效益指标", "村务正常运转"),
        ("满意度指标", "服务对象满意度指标", "村民满意度"),
    ]


def test_placeholder_rows_are_dropped_and_counted() -> None:
    (hint,) = said(read(made.self_evaluation()), "D26")
    assert "3 个没有填写的样张行（第 15、16、19 行）" in hint


def test_the_sichuan_form_reads_ten_and_ninety() -> None:
    loaded = read(made.sichuan_0013zp(), made.SICHUAN_MERGES)
    evaluation = only(loaded, "evaluation")
    assert (evaluation.project_code, evaluation.subject) == ("51000021R000000019951", "工资性支出")
    assert (evaluation.score, cell(evaluation, "score")) == (100, "J17")
    assert only(loaded, "execution_score").weight == 10
    assert [i.weight for i in indicators(loaded)] == [60, 30]
    assert set(targets(loaded).values()) == {("=", "100", "%")}
    assert only(loaded, "goal").annual_goal == "按时足额发放在职人员工资，保障机构正常运转。"
    assert said(loaded, "D10") == []


@pytest.mark.parametrize("reverse", [False, True])
def test_three_columns_in_either_order_read_alike(reverse: bool) -> None:
    merges = () if reverse else made.YUNNAN_MERGES
    loaded = read(made.yunnan(reverse=reverse), merges)
    assert targets(loaded) == {
        "监测点数": (">=", "20", "个"),
        "监测覆盖率": ("=", "100", "%"),
        "群众满意度": (">=", "90", "%"),
    }
    assert only(loaded, "execution").project_name == "地质灾害监测"


def test_the_monitoring_form_reads_progress_reasons_and_ticks() -> None:
    loaded = read(made.monitoring(), made.MONITORING_MERGES)
    execution = only(loaded, "execution")
    assert (execution.adjusted_budget, execution.expenditure) == (50 * WAN, 21 * WAN)
    assert any("用年初预算数" in text for text in said(loaded, "D04"))
    items = indicators(loaded)
    assert [i.possibility for i in items] == ["确定能", "有可能", "确定能", "完全不可能"]
    assert items[1].reason == "经费保障；人员保障：人手不足；雨季停工两个月"
    assert (items[0].actual.value, items[0].forecast.value) == (70, 120)
    assert [cell(items[1], f) for f in ("actual", "forecast", "possibility", "reason")] == ["E13", "F13", "N13", "G13"]
    assert items[3].actual is None
    assert loaded.cutoffs == [date(2023, 7, 31)]


@pytest.mark.parametrize(
    ("months", "last"), [("1-6月", date(2023, 6, 30)), ("1—8月", date(2023, 8, 31)), ("1至10月", date(2023, 10, 31))]
)
def test_the_months_of_the_headings_may_vary(months: str, last: date) -> None:
    loaded = read(made.monitoring(months, adjusted=True))
    assert only(loaded, "execution").expenditure == 21 * WAN
    assert only(loaded, "execution").adjusted_budget == 52_500_000
    assert loaded.cutoffs == [last]


def test_two_ticks_are_not_guessed() -> None:
    rows = made.monitoring()
    rows[11] += ["√"]
    loaded = read(rows, made.MONITORING_MERGES)
    assert indicators(loaded)[0].possibility is None
    assert any("勾了不止一项" in text for text in said(loaded, "D03"))


def test_boxes_in_one_cell_are_read() -> None:
    rows = made.anhui_monitoring()
    assert [i.possibility for i in indicators(read(rows))] == ["有可能", "确定能"]


def test_the_goal_form_reads_goals_on_several_lines_and_targets_inside_names() -> None:
    loaded = read(goals.goal())
    goal = only(loaded, "goal")
    assert goal.budget == 90 * WAN
    assert goal.annual_goal == "目标1：管护高标准农田 2.5 万亩；\n目标2：灌溉设施完好率达到 95%。"
    assert (goal.project_name, goal.department, goal.budget_unit) == ("高标准农田管护", "农业农村局", "农田建设中心")
    assert targets(loaded) == {
        "管护面积": (">=", "25000.0", "亩"),
        "管护总成本": ("<=", "90", "万元"),
        "水土流失面积": ("<=", "10", "亩"),
        "农户满意度": (">=", "90", "%"),
    }
    assert (cell(goal, "budget"), cell(goal, "annual_goal")) == ("C5", "B8")


def test_only_the_goals_of_the_year_are_used() -> None:
    loaded = read(goals.goal_2016())
    goal = only(loaded, "goal")
    assert (goal.budget, goal.annual_goal) == (30_000_000, "清淤河道 12 公里，汛前完工。")
    assert list(targets(loaded)) == ["清淤里程", "受益人口"]
    assert any("长期" in text for text in said(loaded, "D26"))


def test_side_by_side_groups_give_the_one_of_the_year() -> None:
    loaded = read(goals.goal_two_sides())
    assert targets(loaded) == {"建成里程": (">=", "10", "公里"), "受益人口": (">=", "2000", "人")}
    assert only(loaded, "goal").annual_goal == "当年建成 10 公里。"


def test_side_by_side_groups_without_a_year_are_not_guessed() -> None:
    rows = goals.goal_two_sides()
    rows[7] = [None]
    loaded = read(rows)
    assert "indicator" not in loaded.records
    assert any("分不清" in text for text in said(loaded, "D14"))


def test_the_annual_request_is_not_the_whole_of_the_project() -> None:
    goal = only(read(goals.goal_shanghai()), "goal")
    assert (goal.budget, goal.annual_goal) == (200_000_000, "完成 10 处微更新并通过验收。")


def test_the_department_form_speaks_of_the_department() -> None:
    loaded = read(goals.department())
    evaluation = only(loaded, "evaluation")
    assert (evaluation.subject, evaluation.subject_kind) == ("青河县卫生健康局", "部门整体")
    assert (evaluation.score, evaluation.amount) == (98, 500 * WAN)
    assert only(loaded, "goal").budget == 500 * WAN
    system = read(goals.department_system())
    score = only(system, "execution_score")
    assert (score.weight, score.self_score, score.budget, score.expenditure) == (10, 9, 500 * WAN, 450 * WAN)

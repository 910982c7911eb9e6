"""绩效目标自动审核：干净的五十个一句话不说，埋下的毛病一处一条，意见表可以直接发。"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from clean_goals import YEAR, Line, Project, clean_projects
from conftest import RunPbm, WriteSheet
from pbm_cli.facts.goals_pairs import candidate_pairs
from pbm_cli.outputs.xlsx_book import sheet_name

GOAL_HEADS = ["项目编码", "项目名称", "主管部门", "预算单位", "预算金额", "年度总体目标"]
LINE_HEADS = "项目编码 项目名称 预算单位 一级指标 二级指标 三级指标 指标性质 指标值 度量单位 权重".split()  # noqa: SIM905
Write = Callable[[Sequence[Project]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """一组项目写成一个工作簿：目标一张，指标一张。"""

    def make(projects: Sequence[Project]) -> Path:
        path = tmp_path / "目标.xlsx"
        with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False}) as book:
            goals, lines = book.add_worksheet("目标"), book.add_worksheet("指标")
            goals.write_string(0, 0, f"{YEAR}年项目支出绩效目标表")
            goals.write_string(1, 0, "单位：万元")
            goals.write_row(2, 0, GOAL_HEADS)
            lines.write_row(0, 0, LINE_HEADS)
            row = 1
            for place, p in enumerate(projects, start=3):
                goals.write_row(place, 0, [p.code, p.name, p.unit, p.unit, float(p.budget), p.goal])
                for line in p.lines:
                    for column, value in enumerate((p.code, p.name, p.unit, *line)):
                        lines.write(row, column, value if column == len(LINE_HEADS) - 1 else str(value))
                    row += 1
        return path

    return make


def goals(run_pbm: RunPbm, *args: str | Path) -> dict[str, Any]:
    result = run_pbm("goals", *args, "--json")
    assert result.code == 0, result.err
    document: dict[str, Any] = json.loads(result.out)
    return document


def said(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(f["code"], f["where"]["cell"]) for f in document["findings"]]


def test_fifty_well_written_goals_get_no_comment(run_pbm: RunPbm, write: Write) -> None:
    document = goals(run_pbm, write(clean_projects()))
    assert document["findings"] == []
    summary = document["summary"]
    assert (summary["projects"], summary["automatic_comments"], summary["projects_with_comments"]) == (50, 0, 0)
    assert summary["by_grade"] == {"优": 50, "良": 0, "中": 0, "差": 0}
    assert {row["score"] for row in document["rows"]} == {"100.00"}


# ---- 埋下的毛病：一处一条，别处不响 ----

Fault = tuple[str, str, Callable[[Project], Project]]


def line(place: int, **changes: Any) -> Callable[[Project], Project]:
    """改一条指标的几个字段。"""

    def change(project: Project) -> Project:
        lines = list(project.lines)
        lines[place] = lines[place]._replace(**changes)
        return project._replace(lines=tuple(lines))

    return change


def without(place: int, heir: int) -> Callable[[Project], Project]:
    """去掉一条指标，权重给另一条。"""

    def change(project: Project) -> Project:
        lines = list(project.lines)
        lines[heir] = lines[heir]._replace(weight=lines[heir].weight + lines[place].weight)
        del lines[place]
        return project._replace(lines=tuple(lines))

    return change


def goal(text: str) -> Callable[[Project], Project]:
    return lambda project: project._replace(goal=text)


def repeated(project: Project) -> Project:
    twin = project.lines[0]._replace(weight=0)
    lines = (project.lines[0]._replace(weight=10), twin._replace(weight=5), *project.lines[1:])
    return project._replace(lines=lines)


def always_full(project: Project) -> Project:
    rates = ("任务完成率", "资料归档率", "问题整改率")
    full = [Line("产出指标", "质量指标", name, "=", "100", "%", 5) for name in rates]
    lines = (project.lines[0], *full, *project.lines[2:])
    return project._replace(lines=lines, goal=f"本年完成{project.name}全部 6 项工作，按方案实施并通过验收")


# 第一个项目是农村公路养护（预算 186 万元，七条指标在指标表第 2 到 8 行，目标在目标表第 4 行）。
FAULTS: tuple[Fault, ...] = (
    ("T01", "F4", goal("")),
    ("T01", "H2", line(0, operator="", target="", measure="")),
    ("T02", "E2", without(6, 5)),
    ("T02", "E2", without(2, 1)),
    ("T03", "H3", line(1, operator="定性", target="合格", measure="")),
    ("T04", "H7", line(5, level3="提高群众出行便利程度", operator="定性", target="显著提高", measure="")),
    ("T05", "J2", line(0, weight=10)),
    ("T05", "J5", line(3, weight=0)),
    ("T06", "I2", line(0, measure="")),
    ("T06", "G6", line(4, operator="")),
    ("T06", "H3", line(1, target="195")),
    ("T06", "H2", line(0, target="≥128公里，≥3座", operator="")),
    ("T07", "H3", always_full),
    ("T08", "H2", line(0, level3="养护资金投入额", operator="=", target="186", measure="万元")),
    ("T09", "H5", line(3, target="186.02")),
    ("T09", "H5", line(3, target="1860000", measure="万元")),
    ("T09", "H5", line(3, operator="≥")),
    ("T10", "F7", line(5, level3="沿线群众满意率", operator="≥", target="90", measure="%")),
    ("T10", "F2", line(0, level3="路面完好率", target="95", measure="%")),
    ("T11", "F3", repeated),
    ("T12", "F4", goal("2023年养护农村公路里程182公里，10月5日前全部完成，验收合格")),
    ("T12", "F4", goal("当年预算安排286万元用于农村公路养护，10月5日前全部完成")),
    ("T13", "F4", goal("项目总投资4000万元，建成后由乡镇管护，沿线群众出行更方便")),
    ("T13", "F4", goal("2022年计划养护农村公路，完成后组织验收并移交乡镇管护")),
    ("T13", "H4", line(2, target="2024年10月底前")),
    ("T14", "F4", goal("完成年度各项任务")),
    ("T14", "F4", goal("完成××任务，达到××效果，服务对象满意度较高")),
    ("T15", "H4", line(2, target="及时完成")),
    ("T16", "H8", line(6, target="79.9")),
    ("T16", "H8", line(6, target="100", operator="=")),
)  # fmt: skip


@pytest.mark.parametrize(("code", "cell", "change"), FAULTS, ids=[f"{c}-{n}" for n, (c, _, _) in enumerate(FAULTS)])
def test_a_planted_fault_is_found_once_and_nothing_else(
    run_pbm: RunPbm, write: Write, code: str, cell: str, change: Callable[[Project], Project]
) -> None:
    first, *rest = clean_projects()[:6]
    document = goals(run_pbm, write([change(first), *rest]))
    found = [(f["code"], f["where"]["cell"]) for f in document["findings"] if f["code"].startswith("T")]
    assert [item for item in found if item[0] != "T18"] == [(code, cell)]
    row = document["rows"][0]
    assert row["automatic_comments"] == 1 == document["summary"]["automatic_comments"]
    assert float(row["score"]) < 100
    assert row["grade_source"] == "自动初审"
    assert all(other["score"] == "100.00" for other in document["rows"][1:])


def test_a_comment_says_what_where_why_and_how(run_pbm: RunPbm, write: Write) -> None:
    first = line(6, level3="提高沿线群众满意度", operator="定性", target="提高", measure="")(clean_projects()[0])
    document = goals(run_pbm, write([first]))
    (comment,) = document["rows"][0]["comments"]
    assert comment == "指标“提高沿线群众满意度”写成“提高”，“提高”不能衡量；建议改为“沿线群众满意度≥90%”"
    finding = next(f for f in document["findings"] if f["code"] == "T04")
    assert finding["where"] == {"file": "目标.xlsx", "sheet": "指标", "cell": "H8"}
    assert finding["basis"].startswith("依据：")
    assert finding["message"] == comment


def test_a_project_without_indicators_is_said_once_and_graded_low(run_pbm: RunPbm, write: Write) -> None:
    first, second = clean_projects()[:2]
    document = goals(run_pbm, write([first._replace(lines=()), second]))
    assert said(document) == [("T01", "B4")]
    assert (document["rows"][0]["grade"], document["rows"][1]["grade"]) == ("差", "优")
    assert document["rows"][0]["treatment"] == "不得进入下一步预算安排流程"


def test_without_any_indicator_list_there_is_one_finding_and_no_score(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    """只有目标表：指标规则不判，不评分，整套表只说一句。

    单位：万元
    | 项目编码 | 项目名称 | 预算单位 | 预算金额 | 年度总体目标 |
    | 'A1' | 河道清淤 | 水务局 | 88 | 2023年清淤河道 30 公里，断面验收合格 |
    | 'A2' | 管网改造 | 水务局 | 66 | 2023年改造管网 12 公里，水质检测合格 |
    """
    document = goals(run_pbm, sheet())
    assert [(f["code"], f["level"]) for f in document["findings"]] == [("T17", "hint")]
    assert [(row["score"], row["grade"]) for row in document["rows"]] == [(None, None)] * 2


def test_monitoring_indicators_of_a_whole_year_are_counted_not_judged(
    run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path
) -> None:
    sheet(
        "单位：万元\n| 项目编码 | 项目名称 | 预算金额 | 年度总体目标 |\n"
        "| 'A1' | 清淤 | 88 | 2023年清淤河道 30 公里，验收合格 |"
    )
    sheet(
        "| 项目编码 | 项目名称 | 三级指标 | 指标值 | 完成值 |\n| 'A1' | 清淤 | 服务水平 | 提高 | 3 |", file="指标.xlsx"
    )
    both = goals(run_pbm, tmp_path)
    assert "T17" not in [f["code"] for f in both["findings"]]
    assert both["rows"][0]["automatic_comments"] == len(both["rows"][0]["comments"]) >= 1
    sheet("单位：万元\n| 项目编码 | 项目名称 | 调整后预算数 | 累计支出 |\n| 'A1' | 清淤 | 88 | 8 |", file="执行.xlsx")
    year = goals(run_pbm, tmp_path)
    assert [f["code"] for f in year["findings"] if f["code"][0] == "T"] == ["T17"]
    assert (year["summary"]["indicators"], year["rows"][0]["score"]) == (1, None)


def test_near_duplicate_goals_across_projects(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    """同单位只差一个字的是雷同；不同单位只差标点的是重复；数不同的不算。

    单位：万元
    | 项目编码 | 项目名称 | 预算单位 | 预算金额 | 年度总体目标 |
    | 'A1' | 甲项目 | 水务局 | 88 | 全面完成河道清淤和护岸整治任务，工程验收合格，沿线群众出行方便 |
    | 'A2' | 乙项目 | 水务局 | 88 | 全面完成河道清淤和护岸整修任务，工程验收合格，沿线群众出行方便 |
    | 'A3' | 丙项目 | 林业局 | 88 | 全面完成河道清淤和护岸整治任务；工程验收合格；沿线群众出行方便。 |
    | 'A4' | 丁项目 | 林业局 | 88 | 本年栽植苗木 3000 株，苗木成活率达到 90% 以上，新增绿地 20 亩 |
    | 'A5' | 戊项目 | 林业局 | 88 | 本年栽植苗木 4000 株，苗木成活率达到 90% 以上，新增绿地 30 亩 |
    """
    document = goals(run_pbm, sheet())
    found = {f["where"]["cell"]: f["message"] for f in document["findings"] if f["code"] == "T11"}
    assert set(found) == {"E4", "E5"}
    assert "本单位项目“甲项目”的年度目标雷同" in found["E4"]
    assert "水务局项目“甲项目”的年度目标重复" in found["E5"]


def test_twenty_thousand_goals_are_compared_in_seconds() -> None:
    subjects = [
        f"{a}{b}{c}" for a in "河路桥林田校院厂村镇" for b in "甲乙丙丁戊己庚辛壬癸" for c in "东西南北中上下左右前"
    ]
    texts = [
        f"本年在{s}实施{kind}工程，按批复方案组织{s}施工，{n}处点位经{kind}专项验收合格，{s}群众受益"
        for n, kind in enumerate(("清淤", "硬化", "绿化", "改造", "修缮", "检测", "培训", "购置", "养护", "监测",
                                  "巡查", "补助", "普查", "抽检", "宣传", "储备", "安装", "扩建", "整治", "运维"))
        for s in subjects
    ]  # fmt: skip
    texts[19_999] = texts[5].replace("受益", "满意")
    begun = time.process_time()
    pairs = candidate_pairs(texts)
    assert time.process_time() - begun < 8
    assert len(texts) == 20_000
    assert (19_999, 5) in pairs
    assert len(pairs) < len(texts) * 30


def test_added_projects_without_goals(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    sheet("单位：万元\n| 项目编码 | 项目名称 | 预算金额 | 年度总体目标 | 编报阶段 |\n"
          "| 'A1' | 清淤 | 88 | 2023年清淤河道 30 公里，验收合格 | 追加 |")  # fmt: skip
    sheet("单位：万元\n| 项目编码 | 项目名称 | 调整前预算 | 调整后预算 |\n"
          "| 'A1' | 清淤 | 0 | 88 |\n| 'A9' | 抢险 | 0 | 20 |", file="台账.xlsx")  # fmt: skip
    (finding,) = [f for f in goals(run_pbm, tmp_path)["findings"] if f["code"] == "T19"]
    assert "有 1 个执行中追加的项目没有编报绩效目标（“抢险”）" in finding["message"]


# ---- 人工审核意见 ----

REVIEWS = """
    | 单位编码 | 单位名称 | 项目编码 | 项目名称 | 修改意见 | 审核结论 |
    | '219001' | 交通局 | '51052123T000000000001' | 农村公路养护 | 1.细化里程 2.补充单价 | 修改完善后通过 |
    | '219002' | 城管局 | '51052123T000000000002' | 县城公厕改造 | 补充点位清单 | 已修改 |
    | '219003' | 教体局 | '51052123T000000000003' | 义务教育营养改善 | 无 | 良 |
    | '219003' | 教体局 | '51052123T000000000004' | 校舍维修 | 预算依据不足 | 不通过 |
"""


def test_human_reviews_are_merged_and_their_conclusion_wins(
    run_pbm: RunPbm, write: Write, sheet: WriteSheet, tmp_path: Path
) -> None:
    write(clean_projects()[:5])
    sheet(REVIEWS, file="意见.xlsx")
    document = goals(run_pbm, tmp_path)
    summary, rows = document["summary"], document["rows"]
    assert (summary["comments"], summary["open_comments"], summary["automatic_comments"]) == (4, 3, 0)
    assert summary["projects_with_comments"] == 3
    assert summary["by_grade"] == {"优": 2, "良": 1, "中": 0, "差": 0, "修改后通过": 1, "不通过": 1}
    sources = [(row["grade"], row["grade_source"]) for row in rows]
    assert sources == [
        ("修改后通过", "人工审核"), ("优", "自动初审"), ("良", "人工审核"), ("不通过", "人工审核"), ("优", "自动初审"),
    ]  # fmt: skip
    assert rows[2]["treatment"] == "完善后进入下一步预算安排流程"
    assert rows[0]["comments"] == ["1.细化里程 2.补充单价"]


def test_the_opinion_sheets_are_ready_to_send(run_pbm: RunPbm, write: Write, sheet: WriteSheet, tmp_path: Path) -> None:
    first, second, third = clean_projects()[:3]
    write([line(6, target="50")(first), line(0, measure="")(second), third])
    sheet(REVIEWS, file="意见.xlsx")
    out = tmp_path / "审核意见.xlsx"
    result = run_pbm("goals", tmp_path, "-o", out)
    assert result.code == 0, result.err
    book = openpyxl.load_workbook(out)
    page = book["审核意见表"]
    rows = [[cell.value for cell in row] for row in page.iter_rows(min_row=3)]
    assert rows[0] == ["单位编码", "单位名称", "项目编码", "项目名称", "修改意见"]
    assert rows[1][:4] == ["219001", "交通局", "51052123T000000000001", "农村公路养护"]
    assert str(rows[1][4]).startswith("1. 1.细化里程 2.补充单价\n2. 满意度指标“沿线群众满意度”")
    assert [row[1] for row in rows[1:]] == ["交通局", "城管局"]
    assert {"交通局", "城管局"} <= set(book.sheetnames)
    assert "教体局" not in book.sheetnames
    unit = [[cell.value for cell in row] for row in book["交通局"].iter_rows(min_row=4)]
    assert [row[0] for row in unit] == [1, 2]
    assert unit[1][6] == "目标.xlsx›指标!H8"


def test_sheet_names_are_safe_and_unique() -> None:
    taken = {"汇总"}
    assert sheet_name("泸县[测试]局/所", taken) == "泸县测试局所"
    assert sheet_name("汇总", taken) == "汇总(2)"
    long = "长" * 40
    names = {sheet_name(long, taken) for _ in range(12)}
    assert len(names) == 12
    assert max(map(len, names)) == 31
    assert sheet_name("'", taken, "未填单位") == "未填单位"

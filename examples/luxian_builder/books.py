"""执行表以外的工作簿：制度培训、事前评估、目标、审核意见、指标完成情况、登记表、处置台账、评价。"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from typing import Final

from luxian_builder import names
from luxian_builder.county import Project, Unit
from luxian_builder.grid import Grid, Percent, Value, figure, xlsx
from luxian_builder.indicators import Line
from luxian_builder.ledgers import (
    Evaluated,
    action_of,
    build_comments,
    build_reports,
    build_townships,
    grade,
    next_budget,
    wan,
)

Indicators = Mapping[tuple[str, str], Sequence[Line]]

MECHANISM: Final = "制度建设与培训.xlsx"
ASSESSMENT: Final = "事前绩效评估结果.xlsx"
REVIEW: Final = "绩效目标/绩效目标审核意见.xlsx"
INDICATORS: Final = "绩效监控/指标完成情况（县级单位，一单位一表）.xlsx"
TOWN_INDICATORS: Final = "绩效监控/指标完成情况（镇街）.xlsx"
REPORTS: Final = "绩效监控/单位整体支出监控报告登记表.xlsx"
ADJUSTMENTS: Final = "绩效监控/监控处置台账.xlsx"
EVALUATIONS: Final = "绩效评价/绩效评价结果.xlsx"
TOWNSHIPS: Final = "绩效评价/镇级财政运行综合绩效评价.xlsx"

_ASSESSMENT_HEADS: Final = (
    "序号 主管部门 项目单位 项目编码 项目名称 资金性质 是否新增 送审金额 立项必要性 "
    "投入经济性 绩效目标合理性 实施方案可行性 筹资合规性 评估得分 评估结论 审定金额 评减额 评减率"
)
_INDICATOR_HEADS: Final = (
    "序号 预算单位 项目编码 项目名称 一级指标 二级指标 三级指标 计算符号 "
    "目标值 计量单位 权重 当前完成值 全年预计完成 完成目标可能性 偏差原因分析"
)
_TOWN_INDICATOR_HEADS: Final = (
    "项目实施单位 项目代码 项目名称 一级指标 二级指标 三级指标 "
    "年度指标值 分值 实际完成值 全年预计完成 完成目标可能性 偏差原因分析及改进措施"
)
_ADJUSTMENT_HEADS: Final = (
    "序号 预算单位 项目编码 项目名称 监控方式 调整前预算 调整后预算 调整金额 处置措施 原因 是否同步调整绩效目标"
)
_EVALUATION_HEADS: Final = (
    "序号 项目编码 评价对象 对象类型 评价层次 主管部门 预算单位 四本预算 "
    "涉及金额（万元） 评价得分 评价等级 评价机构 本年预算（万元） 下年预算安排（万元） 是否整改"
)
_SIGNER: Final = "填表人：　　　　　　审核人：　　　　　　"


def mechanism() -> bytes:
    """制度文件清单（文号、日期总结里没有，空着）与培训台账。"""
    documents = Grid("制度文件", widths=(6, 44, 20, 14))
    documents.title("预算绩效管理制度文件清单", 4)
    documents.head("序号", "文件名称", "文号", "印发日期")
    for number, title in enumerate(names.DOCUMENTS, start=1):
        documents.add(number, f"《{title}》", None, None)
    training = Grid("培训", widths=(6, 52, 14, 8, 8))
    training.title("2023年培训台账", 5)
    training.head("序号", "培训名称", "培训时间", "期数", "人次")
    attended = (118, 109, 107)
    for number, (month, people) in enumerate(zip((3, 6, 10), attended, strict=True), start=1):
        name = f"全县行政事业单位财会人员业务能力提升专题培训班（第{'一二三'[number - 1]}期）"
        training.add(number, name, f"2023年{month}月", 1, people)
    training.add(None, "合计", None, len(attended), sum(attended))
    return xlsx([documents, training])


def _conclusion(score: Decimal) -> str:
    return "予以支持" if score >= 90 else "调整完善后支持" if score >= 70 else "不予支持"


def _percent(part: int, whole: int) -> Percent:
    return Percent((Decimal(part) * 100 / whole).quantize(Decimal("0.01"), ROUND_HALF_UP))


def assessment(projects: Sequence[Project]) -> bytes:
    """12 个项目：申报 4755.05 万元、审定 4208.87 万元、评减 546.18 万元。"""
    codes = {(p.unit.name, p.name): p.code for p in projects}
    heads = _ASSESSMENT_HEADS.split()
    grid = Grid("评估结果", widths=(6, 22, 22, 24, 40, 16, 8, 12, *[10] * 6, 16, 12, 12, 10))
    grid.title("2023年事前绩效评估结果汇总表", len(heads))
    grid.add("编制单位：泸县财政局", *[None] * (len(heads) - 2), "单位：万元")
    grid.head(*heads)
    for number, (name, owner, fund, sent, approved, dimensions, new) in enumerate(names.ASSESSED, start=1):
        scores = [Decimal(text) for text in dimensions.split()]
        total = sum(scores, Decimal(0))
        grid.add(
            number, owner, owner, codes.get((owner, name)), name, fund, "是" if new else "否", wan(sent), *scores,
            total, _conclusion(total), wan(approved), wan(sent - approved), _percent(sent - approved, sent),
        )  # fmt: skip
    sent, approved = sum(row[3] for row in names.ASSESSED), sum(row[4] for row in names.ASSESSED)
    grid.add(None, "合计", *[None] * 5, wan(sent), *[None] * 7, wan(approved), wan(sent - approved),
             _percent(sent - approved, sent))  # fmt: skip
    grid.add(_SIGNER)
    return xlsx([grid])


def review(rows: Sequence[tuple[Project, str, str]]) -> bytes:
    """312 条修改意见，一行一条，系统导出的列。"""
    grid = Grid("审核意见", widths=(12, 26, 24, 36, 64, 16))
    grid.head("单位编码", "单位名称", "项目编码", "项目名称", "修改意见", "审核结论")
    for project, comment, conclusion in rows:
        grid.add(project.unit.code, project.unit.name, project.code, project.name, comment, conclusion)
    return xlsx([grid])


def indicators(units: Sequence[Unit], projects: Sequence[Project], lines: Indicators) -> bytes:
    """县级单位一单位一表；预算单位写成“代码-名称”，运算符、指标值、单位各一列。"""
    heads = _INDICATOR_HEADS.split()
    grids = []
    for unit in units:
        grid = Grid(unit.name, widths=(6, 32, 24, 34, 12, 16, 32, 10, 16, 10, 8, 16, 16, 14, 22))
        grid.title("2023年度绩效指标完成情况表", len(heads))
        grid.add(f"填报单位：{unit.name}")
        grid.head(*heads)
        number = 0
        for project in projects:
            if project.unit is not unit:
                continue
            for line in lines[unit.name, project.code]:
                number += 1
                percent, plain = f"{line.actual}%", figure(line.actual)
                small = line.measure == "%" and Decimal(line.actual) <= 1
                done = percent if small else plain
                shown = percent if line.measure == "%" and number % 7 == 0 else done
                grid.add(
                    number, f"{unit.code}-{unit.name}", project.code, project.name, line.level1, line.level2,
                    line.level3, line.operator, figure(line.target), line.measure or None, line.weight,
                    shown, done, line.possibility, line.reason or None,
                )  # fmt: skip
        grid.add(_SIGNER)
        grids.append(grid)
    return xlsx(grids)


def town_indicators(projects: Sequence[Project], lines: Indicators) -> bytes:
    """镇街一张长表：指标值三项合在一格，项目的几行合并，中间重复表头。"""
    heads = _TOWN_INDICATOR_HEADS.split()
    grid = Grid("镇街指标", widths=(26, 24, 34, 12, 16, 32, 18, 8, 26, 26, 14, 26))
    grid.title("2023年镇（街道）项目绩效指标完成情况", len(heads))
    grid.head(*heads)
    for number, (_, members) in enumerate(groupby(projects, key=lambda project: project.unit.code)):
        if number in (7, 14):
            grid.head(*heads)
        for project in members:
            first = len(grid.rows)
            for line in lines[project.unit.name, project.code]:
                qualitative = line.operator == "定性"
                target = line.target if qualitative else f"{line.operator}{line.target}{line.measure}"
                actual = line.actual if qualitative else f"{line.actual}{line.measure}"
                lead = (project.unit.name, project.code, project.name) if len(grid.rows) == first else (None,) * 3
                grid.add(*lead, line.level1, line.level2, line.level3, target, line.weight, actual, actual,
                         line.possibility, line.reason or "—")  # fmt: skip
            for column in range(3):
                grid.merge(first, column, len(grid.rows) - 1, column)
    return xlsx([grid])


def _written_date(day: dt.date, style: int) -> Value:
    """日期的几种写法，真实的登记表就是这样混着的。"""
    chinese, dotted = f"{day.year}年{day.month}月{day.day}日", f"{day.year}.{day.month}.{day.day}"
    return (day, chinese, dotted, day.isoformat(), day)[style % 5]


def unit_reports(rows: Sequence[tuple[Unit, dt.date, dt.date]]) -> bytes:
    """84 个单位的报送日期与公开日期。"""
    grid = Grid("登记表", widths=(6, 32, 32, 18, 18))
    grid.title("2023年单位整体支出监控报告报送及公开登记表", 5)
    grid.head("序号", "单位名称", "主管部门", "报送日期", "公开日期")
    for number, (unit, sent, published) in enumerate(rows, start=1):
        dates = _written_date(sent, number), _written_date(published, number + 1)
        grid.add(number, unit.name, unit.department, *dates)
    grid.add(_SIGNER)
    return xlsx([grid])


def adjustments(projects: Sequence[Project]) -> bytes:
    """28 个项目；调整金额＝调整后－调整前，调减为负，绝对值合计 12602.75 万元。"""
    rows = [p for p in projects if p.adjusted_by]
    heads = _ADJUSTMENT_HEADS.split()
    grid = Grid("处置台账", widths=(6, 28, 24, 36, 18, 14, 14, 14, 24, 24, 12))
    grid.title("2023年绩效运行监控处置台账", len(heads))
    grid.add("编制单位：泸县财政局", *[None] * (len(heads) - 2), "单位：万元")
    grid.head(*heads)
    for number, project in enumerate(rows, start=1):
        after = project.budget + project.adjusted_by
        by = "财政重点监控" if abs(project.adjusted_by) >= 5_000_000 else "单位自行监控"
        grid.add(number, project.unit.name, project.code, project.name, by, wan(project.budget), wan(after),
                 wan(project.adjusted_by), action_of(project), project.reason or "工作任务增加", "是")  # fmt: skip
    before, change = sum(p.budget for p in rows), sum(p.adjusted_by for p in rows)
    grid.add(None, "合计", None, None, None, wan(before), wan(before + change), wan(change))
    return xlsx([grid])


def _evaluation_row(number: int, row: Evaluated) -> list[Value]:
    following = next_budget(row)
    amount = None if row.amount is None else wan(row.amount)
    return [
        number, row.project.code if row.project else None, row.subject, row.kind, row.level, row.department, row.unit,
        row.fund, amount, row.score, grade(row.score), row.evaluator, amount,
        None if following is None else wan(following), "/" if row.score >= 90 else "是",
    ]  # fmt: skip


def evaluations(rows: Sequence[Evaluated], townships: Mapping[str, list[Decimal]]) -> bytes:
    """评价结果，另一张表是 20 个镇街的财政运行综合绩效评价结果。"""
    heads = _EVALUATION_HEADS.split()
    grid = Grid("评价结果", widths=(6, 24, 36, 12, 16, 26, 26, 18, 14, 10, 10, 28, 14, 14, 10))
    grid.title("2023年绩效评价结果汇总表", len(heads))
    grid.head(*heads)
    for number, row in enumerate(rows, start=1):
        grid.add(*_evaluation_row(number, row))
    towns = Grid("镇街财政运行", widths=(6, 20, 16, 16, 10, 10, 20))
    towns.title("2023年镇（街道）财政运行综合绩效评价结果", 7)
    towns.head("序号", "评价对象", "对象类型", "评价层次", "评价得分", "评价等级", "评价机构")
    for number, (town, scores) in enumerate(townships.items(), start=1):
        total = sum(scores, Decimal(0))
        towns.add(number, town, "镇街财政运行", "财政抽评", total, grade(total), names.ISSUER)
    return xlsx([grid, towns])


def townships(scores: Mapping[str, list[Decimal]]) -> bytes:
    """20 个镇街 × 8 条指标，乡镇一格合并八行，每个镇街一行小计。"""
    grid = Grid("评分表", widths=(6, 16, 14, 16, 30, 8, 8))
    grid.title("2023年镇级财政运行综合绩效评价表", 7)
    grid.head("序号", "乡镇", "一级指标", "二级指标", "三级指标", "分值", "得分")
    number = 0
    for town, row in scores.items():
        first = len(grid.rows)
        for (level1, level2, level3, weight), score in zip(names.TOWN_INDICATORS, row, strict=True):
            number += 1
            grid.add(number, town if len(grid.rows) == first else None, level1, level2, level3, weight, score)
        grid.merge(first, 1, len(grid.rows) - 1, 1)
        grid.add(None, "小计", None, None, None, 100, sum(row, Decimal(0)))
    return xlsx([grid])


def build_books(
    units: Sequence[Unit],
    projects: list[Project],
    lines: Indicators,
    goals: list[Project],
    evaluated: Sequence[Evaluated],
) -> dict[str, bytes]:
    """相对路径 → 字节；goals 是编报目标的项目，evaluated 是评价结果。"""
    scores = build_townships()
    county = [unit for unit in units if unit.group != "镇街"]
    return {
        MECHANISM: mechanism(),
        ASSESSMENT: assessment(projects),
        REVIEW: review(build_comments(goals)),
        INDICATORS: indicators(county, projects, lines),
        TOWN_INDICATORS: town_indicators([p for p in projects if p.unit.group == "镇街"], lines),
        REPORTS: unit_reports(build_reports(list(units))),
        ADJUSTMENTS: adjustments(projects),
        EVALUATIONS: evaluations(evaluated, scores),
        TOWNSHIPS: townships(scores),
    }

"""执行与指标之外的台账：目标、审核意见、处置、评价、镇街、单位报告。"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Final

from luxian_builder import names
from luxian_builder.county import SEED, TEN_THOUSAND, Project, Unit

GOALS_AT_START: Final = 505
GOALS_ADDED: Final = 48
COMMENTS: Final = 312
FINANCE: Final = "财政重点评价"

PAUSE: Final = "暂停实施并停止拨付"
CUT: Final = "调减预算并调整目标"
RAISE: Final = "调增"


@dataclass(frozen=True, slots=True)
class Evaluated:
    """一条评价结果；金额为元，None 为不适用。"""

    project: Project | None
    subject: str
    kind: str
    level: str
    department: str
    unit: str
    fund: str
    amount: int | None
    score: Decimal
    evaluator: str


def grade(score: Decimal) -> str:
    """90/80/60。"""
    return "优" if score >= 90 else "良" if score >= 80 else "中" if score >= 60 else "差"


def next_budget(row: Evaluated) -> int | None:
    """下年预算（元）：优增 5%，良持平，中减 10%，差减 25%。"""
    if row.amount is None:
        return None
    percent = {"优": 105, "良": 100, "中": 90, "差": 75}[grade(row.score)]
    return row.amount if percent == 100 else row.amount * percent // 100 // 100 * 100


def build_goals(projects: list[Project]) -> tuple[list[Project], list[Project]]:
    """（年初编报, 执行中追加）：505 + 48 = 553 个。"""
    rng = Random(SEED + 2)
    wanted = [p for p in projects if p.role == "red" or p.fixed_budget]
    wanted = [p for p in wanted if len(p.lines) == 1]
    spare = [
        p for p in projects
        if p.category != "人员类" and not p.added and len(p.lines) == 1 and p not in wanted
    ]  # fmt: skip
    start = wanted + rng.sample(spare, GOALS_AT_START - len(wanted))
    added = rng.sample([p for p in projects if p.added], GOALS_ADDED)
    order = {id(p): number for number, p in enumerate(projects)}
    return sorted(start, key=lambda p: order[id(p)]), sorted(added, key=lambda p: order[id(p)])


def build_comments(goals: list[Project]) -> list[tuple[Project, str, str]]:
    """312 条修改意见：一行一条，同一项目的意见各不相同。"""
    rng = Random(SEED + 3)
    order = {id(p): number for number, p in enumerate(goals)}
    counts: dict[int, int] = {}
    while sum(counts.values()) < COMMENTS:
        place = order[id(rng.choice(goals))]
        if counts.get(place, 0) < 3:
            counts[place] = counts.get(place, 0) + 1
    rows: list[tuple[Project, str, str]] = []
    for place in sorted(counts):
        conclusion = "修改完善后通过" if counts[place] < 3 else "退回重报"
        rows += [(goals[place], text, conclusion) for text in rng.sample(names.COMMENTS, counts[place])]
    return rows


def build_reports(units: list[Unit]) -> list[tuple[Unit, dt.date, dt.date]]:
    """84 个单位都在 8 月报送、随后公开。"""
    rng = Random(SEED + 4)
    rows = []
    for unit in units:
        sent = dt.date(2023, 8, rng.randint(7, 31))
        rows.append((unit, sent, sent + dt.timedelta(days=rng.randint(3, 20))))
    return rows


def action_of(project: Project) -> str:
    """处置措施：余额全部减去的是暂停，其余调减；正数是调增。"""
    if project.adjusted_by > 0:
        return RAISE
    return PAUSE if project.budget + project.adjusted_by == project.spent else CUT


def _score(rng: Random, low: int, high: int) -> Decimal:
    return Decimal(rng.randint(low * 100, high * 100)) / 100


def _finance(rng: Random, projects: list[Project]) -> list[Evaluated]:
    """财政重点评价：5 个部门整体、15 个政策（项目），四本预算都有。"""
    rows = []
    for name, low, high in (("泸县农业农村局", 84, 88), ("泸县水务局", 81, 86), ("泸县民政局", 90, 94),
                            ("泸县司法局", 86, 89), ("泸县应急管理局", 70, 78)):  # fmt: skip
        total = sum(p.budget for p in projects if p.unit.name == name)
        rows.append(Evaluated(None, f"{name}部门整体支出", "部门整体", FINANCE, name, name, names.GENERAL, total,
                              _score(rng, low, high), names.EVALUATOR))  # fmt: skip
    pool = [p for p in projects if p.category == "特定目标类" and p.role == "green" and len(p.lines) == 1 and p.budget]
    picked: list[Project] = []
    for fund, count in ((names.STATE_CAPITAL, 1), (names.SOCIAL_INSURANCE, 2), (names.GOVERNMENT_FUND, 3),
                        (names.GENERAL, 6)):  # fmt: skip
        picked += rng.sample([p for p in pool if p.lines[0].fund == fund], count)
    bands = ((91, 96), (82, 89), (90, 94), (81, 88), (80, 80), (84, 89), (66, 79), (85, 89), (92, 95), (60, 72),
             (83, 88), (52, 59))  # fmt: skip
    for project, (low, high) in zip(picked, bands, strict=True):
        rows.append(_of_project(project, FINANCE, _score(rng, low, high), names.EVALUATOR))
    for subject, owner, amount, score in (
        ("城乡居民医疗救助政策", "泸县医疗保障局", 1_860_0000, "90.00"),
        ("农村义务教育学生营养改善计划政策", names.EDUCATION, 2_430_0000, "88.65"),
        ("创业担保贷款贴息政策", "泸县人力资源和社会保障局", 318_5000, "76.40"),
    ):
        rows.append(Evaluated(None, subject, "政策", FINANCE, owner, owner, names.GENERAL, amount, Decimal(score),
                              names.EVALUATOR))  # fmt: skip
    return rows


def _of_project(project: Project, level: str, score: Decimal, evaluator: str) -> Evaluated:
    return Evaluated(project, project.name, "项目", level, project.unit.department, project.unit.name,
                     project.lines[0].fund, project.budget, score, evaluator)  # fmt: skip


def _levels(rng: Random, projects: list[Project], used: set[int]) -> list[Evaluated]:
    """单位自评 40 个（其中 10 个财政抽评，分差在 4 分以内）、部门评价 12 个。"""
    pool = [p for p in projects if p.category == "特定目标类" and p.role == "green" and len(p.lines) == 1]
    pool = [p for p in pool if id(p) not in used and p.spent * 100 >= p.budget * 88]
    picked = rng.sample(pool, 52)
    scores = [_score(rng, 82, 98) for _ in range(40)]
    rows = [_of_project(p, "单位自评", score, p.unit.name) for p, score in zip(picked, scores, strict=False)]
    for project, score in zip(picked[:10], scores, strict=False):
        rows.append(_of_project(project, "财政抽评", score - _score(rng, 0, 4), names.ISSUER))
    rows += [_of_project(p, "部门评价", _score(rng, 78, 95), p.unit.department) for p in picked[40:]]
    return rows


def _special(rng: Random) -> list[Evaluated]:
    """国有资本、国有资产、政府债券、政府采购。"""
    housing, finance = "泸县住房和城乡建设局", "泸县财政局"
    rows = []
    for subject, kind, owner, fund, amount in (
        ("国有企业资本金注入", "国有资本", finance, names.STATE_CAPITAL, 1_500_0000),
        ("国有企业改革成本支出", "国有资本", finance, names.STATE_CAPITAL, 260_0000),
        ("行政事业性国有资产综合管理", "国有资产", finance, names.GENERAL, None),
        ("公共租赁住房资产运营", "国有资产", housing, names.GENERAL, None),
        ("城乡供水一体化专项债券项目", "政府债券", "泸县水务局", names.GOVERNMENT_FUND, 8_000_0000),
        ("县城停车场专项债券项目", "政府债券", housing, names.GOVERNMENT_FUND, 5_000_0000),
        ("环卫保洁服务采购", "政府采购", "泸县综合行政执法局", names.GENERAL, 2_180_0000),
        ("物业管理服务采购", "政府采购", "泸县行政审批局", names.GENERAL, 96_5000),
    ):
        rows.append(Evaluated(None, subject, kind, "财政抽评", owner, owner, fund, amount, _score(rng, 76, 94),
                              names.ISSUER))  # fmt: skip
    return rows


def build_evaluations(projects: list[Project], ahead: set[int]) -> list[Evaluated]:
    """财政重点评价 20、单位自评 40、财政抽评 18、部门评价 12；ahead 是超额完成很多的项目（id），不抽来自评。"""
    rng = Random(SEED + 5)
    rows = _finance(rng, projects)
    used = ahead | {id(row.project) for row in rows if row.project is not None}
    return rows + _levels(rng, projects, used) + _special(rng)


def build_townships() -> dict[str, list[Decimal]]:
    """20 个镇街各 8 条指标的得分（半分一档）。"""
    rng = Random(SEED + 6)
    scores: dict[str, list[Decimal]] = {}
    for town in names.TOWNS:
        level = rng.randint(72, 95)
        row = []
        for *_, weight in names.TOWN_INDICATORS:
            halves = min(2 * weight, 2 * weight * (level + rng.randint(-8, 8)) // 100)
            row.append(Decimal(halves) / 2)
        scores[town] = row
    return scores


def wan(yuan: int) -> Decimal:
    """元 → 万元，精确。"""
    return Decimal(yuan) / TEN_THOUSAND

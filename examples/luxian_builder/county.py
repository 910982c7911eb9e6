"""合成一个县年：84 个单位、1795 个项目，预算与支出都是整数元。"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Final, Literal

from luxian_builder import names

Group = Literal["行政", "镇街", "学校", "医院"]
Role = Literal["red", "yellow", "green", "none", "over"]

SEED: Final = 20231231
PROJECTS: Final = 1795
ADDED: Final = 60
TEN_THOUSAND: Final = 10_000
HUNDRED: Final = 100

RED_QUOTA: Final[dict[str, int]] = {
    "泸县自然资源和规划局": 9, "泸县农业农村局": 8, "泸县住房和城乡建设局": 5, "泸县交通运输局": 4, "泸县水务局": 4,
    "泸县乡村振兴局": 2, "泸县教育和体育局": 2, "泸县经济商务科技和信息化局": 2, "泸县综合行政执法局": 2,
    "泸州市泸县生态环境局": 1, "泸县民政局": 1, "泸县公安局": 1, "泸县应急管理局": 1,
    "泸县福集镇人民政府": 1, "泸县嘉明镇人民政府": 1, "泸县云锦镇人民政府": 1, "泸县玄滩镇人民政府": 1,
    "泸县百和镇人民政府": 1, "泸县海潮镇人民政府": 1, "四川省泸县第二中学": 1, "泸县职业技术学校": 1,
    "泸县人民医院": 1, "泸县疾病预防控制中心": 1,
}  # fmt: skip
YELLOW: Final = 38
ZERO_BUDGET: Final = 6
RED_ADJUSTED: Final = 26
RED_WITHOUT_REASON: Final = 3
CUT_TOTAL: Final = 125_000_000
"""26 个红灯项目的调减合计（元）；另有两项调增 1027500 元，绝对值合计 12602.75 万元。"""
ADDITIONS: Final = (600_000, 427_500)


@dataclass(frozen=True, slots=True)
class Unit:
    """一个预算单位。"""

    code: str
    name: str
    department: str
    group: Group
    topics: tuple[str, ...]


@dataclass(slots=True)
class FundLine:
    """一个项目的一种资金；金额为元。"""

    fund: str
    initial: int
    budget: int
    spent: int


@dataclass(slots=True)
class Project:
    """一个项目；lines 多于一行时一种资金一行。cut 是监控调整的金额（元，带符号）。"""

    unit: Unit
    code: str
    name: str
    category: str
    topic: str
    role: Role = "green"
    lines: list[FundLine] = field(default_factory=list)
    reason: str = ""
    added: bool = False
    adjusted_by: int = 0
    fixed_budget: int = 0

    @property
    def budget(self) -> int:
        return sum(line.budget for line in self.lines)

    @property
    def spent(self) -> int:
        return sum(line.spent for line in self.lines)

    @property
    def initial(self) -> int:
        return sum(line.initial for line in self.lines)


def build_units() -> list[Unit]:
    """84 个预算单位：44 个行政单位、20 个镇街、12 所学校、8 家医疗机构。"""
    units: list[Unit] = []
    for number, (name, topics) in enumerate(names.BUREAUS.items()):
        units.append(Unit(f"{101 + number}001", name, name, "行政", tuple(topics.split())))
    codes = {unit.name: unit.code[:3] for unit in units}
    for number, town in enumerate(names.TOWNS):
        title = f"泸县{town}办事处" if town.endswith("街道") else f"泸县{town}人民政府"
        units.append(Unit(f"{201 + number}001", title, title, "镇街", tuple(names.TOWN_TOPICS.split())))
    for number, school in enumerate(names.SCHOOLS):
        code = f"{codes[names.EDUCATION]}{101 + number}"
        units.append(Unit(code, school, names.EDUCATION, "学校", tuple(names.SCHOOL_TOPICS.split())))
    for number, hospital in enumerate(names.HOSPITALS):
        code = f"{codes[names.HEALTH]}{101 + number}"
        units.append(Unit(code, hospital, names.HEALTH, "医院", tuple(names.HOSPITAL_TOPICS.split())))
    return units


def _counts(rng: Random, units: list[Unit]) -> list[int]:
    """每个单位多少个项目，合计 1795。"""
    counts = [rng.randint(15, 22) + len(unit.topics) - 4 for unit in units]
    while (gap := PROJECTS - sum(counts)) != 0:
        place = rng.randrange(len(counts))
        step = 1 if gap > 0 else -1
        if 12 <= counts[place] + step <= 30:
            counts[place] += step
    return counts


def _serials(rng: Random) -> Iterator[str]:
    serial = 104_000
    while True:
        serial += rng.randint(1, 37)
        yield f"{serial:012d}"


def _named_projects(rng: Random, unit: Unit, count: int, serials: Iterator[str]) -> list[Project]:
    """一个单位的项目：人员类（各单位共用省统一建的编码）、运转类、特定目标类。"""
    made = [
        Project(unit, f"51052123R{11 + number:012d}", name, "人员类", name) for number, name in enumerate(names.STAFF)
    ]
    for name in rng.sample(names.RUNNING, rng.randint(4, 6)):
        made.append(Project(unit, f"51052123Y{next(serials)}", name, "运转类", name))
    for name, owner, _, _, approved, _, _ in names.ASSESSED:
        if owner == unit.name and approved:
            made.append(
                Project(unit, f"51052123T{next(serials)}", name, "特定目标类", name.removeprefix("泸县"),
                        fixed_budget=approved)
            )  # fmt: skip
    pairs = [(topic, suffix) for topic in unit.topics for suffix in names.SUFFIXES]
    for topic, suffix in rng.sample(pairs, count - len(made)):
        made.append(Project(unit, f"51052123T{next(serials)}", topic + suffix, "特定目标类", topic))
    return made


def _assign_roles(rng: Random, projects: list[Project]) -> None:
    free = [project for project in projects if project.category == "特定目标类" and not project.fixed_budget]
    for owner, quota in RED_QUOTA.items():
        for project in rng.sample([p for p in free if p.unit.name == owner], quota):
            project.role = "red"
    roles: tuple[tuple[Role, int], ...] = (("yellow", YELLOW), ("none", ZERO_BUDGET), ("over", 2))
    for role, count in roles:
        for project in rng.sample([p for p in free if p.role == "green"], count):
            project.role = role
    for project in rng.sample([p for p in free if p.role == "green"], ADDED):
        project.added = True
    needing = [p for p in projects if p.role in ("red", "yellow")]
    for project in needing:
        project.reason = rng.choice(names.REASONS)


def _usual_budget(rng: Random, project: Project) -> int:
    """元；人员类大、运转类小，都是整百元（0.01 万元），少数精确到元（万元四位小数）。"""
    low, high = {"人员类": (200, 2400), "运转类": (3, 60), "特定目标类": (8, 420)}[project.category]
    budget = rng.randint(low * HUNDRED, high * HUNDRED) * HUNDRED
    return budget + rng.randint(1, 99) if rng.random() < 0.08 else budget


def _spend(rng: Random, project: Project, budget: int) -> int:
    """按角色给出支出（元），不落在别的灯里。"""
    low, high = {"red": (6, 57), "yellow": (61, 79), "over": (101, 103)}.get(project.role, (0, 0))
    if not high:
        low = {"人员类": 97, "运转类": 86}.get(project.category, 82)
        high = 100
    share = rng.randint(low * HUNDRED, high * HUNDRED)
    spent = budget * share // TEN_THOUSAND
    return spent if budget % HUNDRED else spent // HUNDRED * HUNDRED


def _funds(project: Project) -> str:
    """大多数是一般公共预算；另三本预算与单位资金各有少量。"""
    owner = project.unit
    if project.fixed_budget:
        return next(row[2] for row in names.ASSESSED if row[0] == project.name)
    land = owner.name in ("泸县自然资源和规划局", "泸县住房和城乡建设局")
    if land and project.name.endswith(("提升工程", "配套资金")):
        return names.GOVERNMENT_FUND
    if owner.name == "泸县财政局" and project.topic == "国有资产清查":
        return names.STATE_CAPITAL
    if owner.name in ("泸县医疗保障局", "泸县人力资源和社会保障局") and project.topic in ("城乡居民医保", "社保经办"):
        return names.SOCIAL_INSURANCE
    if owner.group == "医院" and project.topic == "医疗设备购置":
        return "单位资金"
    return names.GENERAL


def _usual_money(rng: Random, projects: list[Project]) -> None:
    for project in projects:
        fund = _funds(project)
        if project.fixed_budget:
            spent = _spend(rng, project, project.fixed_budget)
            project.lines = [FundLine(fund, project.fixed_budget, project.fixed_budget, spent)]
            continue
        budget = _usual_budget(rng, project)
        if project.role == "none":
            project.lines = [FundLine(fund, budget, 0, 0)]
            continue
        initial = 0 if project.added else budget
        if not project.added and project.category != "人员类" and rng.random() < 0.25:
            initial = budget * rng.choice((80, 90, 110, 125)) // HUNDRED
        project.lines = [FundLine(fund, initial, budget, _spend(rng, project, budget))]


def _adjusted_money(rng: Random, reds: list[Project]) -> None:
    """26 个调减的红灯项目：先定调减额（合计 12500 万元），再定预算与支出，使结余够减。"""
    weights = [rng.randint(20, 130) for _ in reds]
    shares = [CUT_TOTAL * weight // sum(weights) // TEN_THOUSAND * TEN_THOUSAND for weight in weights]
    cuts = [share + rng.randint(0, 99) * HUNDRED for share in shares]
    cuts[-1] += CUT_TOTAL - sum(cuts)
    for number, (project, cut) in enumerate(zip(reds, cuts, strict=True)):
        share = rng.randint(48, 82)
        budget = -(-cut * HUNDRED // share // TEN_THOUSAND) * TEN_THOUSAND
        paused = number % 6 == 0
        left = cut if paused else cut + (budget - cut) // rng.randint(3, 9)
        spent = 0 if number in (3, 9) else min(budget - left, budget * 57 // HUNDRED // HUNDRED * HUNDRED)
        if paused:
            spent = budget - cut
        project.lines = [FundLine(project.lines[0].fund, budget, budget, spent)]
        project.adjusted_by = -cut


def _edges(reds: list[Project], yellows: list[Project], greens: list[Project]) -> None:
    """压线的项目：59.99%、59.995%、60.00%、79.99%、80.00%。"""
    for project, spent in zip((*reds[:2], *yellows[:2], greens[0]),
                              (1_199_800, 1_199_900, 1_200_000, 1_599_800, 1_600_000), strict=True):  # fmt: skip
        project.lines = [FundLine(names.GENERAL, 2_000_000, 2_000_000, spent)]


def _two_funds(red: Project, greens: list[Project]) -> None:
    """一个项目两种资金：灯按两行合计判定。红的那个有一行是 90%，绿的第一个有一行只有 40%。"""
    red.lines = [
        FundLine(names.GENERAL, 1_000_000, 1_000_000, 900_000),
        FundLine(names.GOVERNMENT_FUND, 5_000_000, 5_000_000, 1_000_000),
    ]
    greens[0].lines = [
        FundLine(names.GENERAL, 4_500_000, 4_500_000, 4_230_000),
        FundLine(names.GOVERNMENT_FUND, 500_000, 500_000, 200_000),
    ]
    for number, project in enumerate(greens[1:], start=1):
        project.lines = [
            FundLine(names.GENERAL, 800_000 + 50_000 * number, 860_000 + 50_000 * number, 820_000 + 50_000 * number),
            FundLine(names.GOVERNMENT_FUND, 1_200_000, 1_200_000, 1_080_000 - 10_000 * number),
        ]


def build_projects(units: list[Unit]) -> list[Project]:
    """1795 个项目：52 红、38 黄、6 个预算为 0，其余为绿。"""
    rng = Random(SEED)
    serials = _serials(rng)
    projects: list[Project] = []
    for unit, count in zip(units, _counts(rng, units), strict=True):
        projects += _named_projects(rng, unit, count, serials)
    _assign_roles(rng, projects)
    _usual_money(rng, projects)
    reds = [p for p in projects if p.role == "red"]
    bureau_reds = [p for p in reds if p.unit.group == "行政"]
    adjusted = sorted(rng.sample(bureau_reds, RED_ADJUSTED), key=lambda p: (p.unit.code, p.code))
    _adjusted_money(rng, adjusted)
    others = [p for p in reds if not p.adjusted_by]
    plain = [
        p for p in projects
        if p.role == "green" and p.category == "特定目标类" and not p.added and not p.fixed_budget
    ]  # fmt: skip
    marked = rng.sample(plain, 9)
    _edges(others[:2], [p for p in projects if p.role == "yellow"], marked)
    two_fund_red = next(p for p in others[2:] if p.unit.group == "行政")
    _two_funds(two_fund_red, marked[1:7])
    for project, amount in zip(marked[7:], ADDITIONS, strict=True):
        project.adjusted_by = amount
    silent = [p for p in others[2:] if p is not two_fund_red]
    for project in rng.sample(silent, RED_WITHOUT_REASON):
        project.reason = ""
    return projects

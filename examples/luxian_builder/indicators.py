"""每个项目的绩效指标与完成值：红灯以外的项目目标灯都是绿或蓝。"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random
from typing import Final

from luxian_builder.county import SEED, TEN_THOUSAND, Project

FULL: Final = 60
"""六条指标齐全的项目数；另有 THREE 个三条，其余两条。"""
THREE: Final = 160
BLUE: Final = 30

MET: Final = "达成预期指标"
PARTLY: Final = "部分达成预期指标并具有一定效果"
MISSED: Final = "未达成预期指标且效果较差"

CERTAIN: Final = "确定能"
MAYBE: Final = "有可能"
NEVER: Final = "完全不可能"


@dataclass(frozen=True, slots=True)
class Line:
    """一条指标；forecast 与 actual 相同（截止日是年底）。"""

    level1: str
    level2: str
    level3: str
    operator: str
    target: str
    measure: str
    weight: int
    actual: str
    possibility: str = CERTAIN
    reason: str = ""


def _amount(rng: Random, project: Project) -> tuple[str, str, str, str]:
    """数量指标：三级指标、指标值、度量单位、正常的完成值（完成率 82%–115%）。"""
    title, measure, low, high = rng.choice((
        ("任务完成数量", "个", 10, 60), ("实施面积", "亩", 200, 3000), ("服务对象人数", "人次", 120, 5000),
        ("开展工作次数", "次", 10, 48), ("办结事项数", "件", 10, 40), ("受益农户数", "户", 60, 900),
    ))  # fmt: skip
    target = rng.randint(low, high)
    share = rng.choice((100, 100, 100, 102, 105, 110, 115, 96, 92, 88))
    done = -(-target * max(share, 82) // 100)
    if project.unit.name == "泸县水务局" and project.topic in ("农村供水", "灌区节水"):
        return f"{project.topic}供水量", "6", "万立方米", "6.3"
    return f"{project.topic}{title}", str(target), measure, str(done)


def _rate(rng: Random) -> tuple[str, str, str]:
    """率类：指标值、度量单位、完成值。"""
    target = rng.choice((90, 92, 95, 98))
    return str(target), "%", str(rng.randint(target, 100))


def _staff(project: Project) -> list[Line]:
    cover = Line("产出指标", "质量指标", "发放（缴纳）覆盖率", "=", "100", "%", 60, "100")
    if project.name.startswith("工资"):
        return [cover, Line("效益指标", "社会效益指标", "足额保障率（参保率）", "=", "100", "%", 30, "100")]
    left = (Decimal(project.budget - project.spent) * 100 / project.budget).quantize(Decimal("0.1"))
    return [cover, Line("效益指标", "经济效益指标", "结余率", "≤", "5", "%", 30, str(left))]


def _running(rng: Random, project: Project) -> list[Line]:
    target, measure, done = _rate(rng)
    days = rng.choice((15, 20, 30))
    first = rng.choice((
        Line("产出指标", "质量指标", f"{project.topic}验收合格率", "≥", target, measure, 60, done),
        Line("产出指标", "时效指标", f"{project.topic}办理时限", "≤", str(days), "天", 60,
             str(days - rng.randint(0, 6))),
        Line("产出指标", "数量指标", f"{project.topic}调整次数", "≤", "10", "次", 60, str(rng.randint(0, 8))),
    ))  # fmt: skip
    second = rng.choice((
        Line("效益指标", "社会效益指标", "保障单位正常运转", "定性", "有效保障", "", 30, MET),
        Line("效益指标", "社会效益指标", "安全责任事故", "=", "0", "起", 30, "0"),
        Line("效益指标", "社会效益指标", "工作任务按期办结率", "≥", target, measure, 30, done),
    ))  # fmt: skip
    return [first, second]


def _benefit(rng: Random, project: Project) -> Line:
    target, measure, done = _rate(rng)
    people = rng.randint(8, 90) * 100
    return rng.choice((
        Line("效益指标", "社会效益指标", f"{project.topic}惠及群众人数", "≥", str(people), "人",
             30, str(people + rng.randint(0, 12) * 10)),
        Line("效益指标", "社会效益指标", f"{project.topic}政策知晓率", "≥", target, measure, 30, done),
        Line("效益指标", "生态效益指标", f"改善{project.topic}相关环境", "定性", "明显改善", "", 30, MET),
        Line("效益指标", "可持续影响指标", f"{project.topic}长效管护机制", "定性", "基本建立", "", 30, MET),
    ))  # fmt: skip


def _satisfied(rng: Random, weight: int = 10) -> Line:
    return Line("满意度指标", "服务对象满意度指标", "服务对象满意度", rng.choice("≥≥＞"), "90", "%",
                weight, str(rng.randint(91, 99)))  # fmt: skip


def _special(rng: Random, project: Project) -> list[Line]:
    title, target, measure, done = _amount(rng, project)
    operator = "≥" if measure == "万立方米" else rng.choice("≥≥＝")
    return [
        Line("产出指标", "数量指标", title, operator, target, measure, 60, done),
        _benefit(rng, project),
    ]


def _wan(yuan: int) -> str:
    """整数元写成万元，去掉末尾的零。"""
    text = f"{Decimal(yuan) / TEN_THOUSAND:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _full(rng: Random, project: Project) -> list[Line]:
    """成本 20、产出 40、效益 20、满意度 10，合计 90。"""
    title, target, measure, done = _amount(rng, project)
    rate, percent, reached = _rate(rng)
    return [
        Line("产出指标", "数量指标", title, "≥", target, measure, 15, done),
        Line("产出指标", "质量指标", f"{project.topic}验收合格率", "≥", rate, percent, 15, reached),
        Line("产出指标", "时效指标", f"{project.topic}完成时间", "定性", "2023年12月底前", "", 10, MET),
        Line("成本指标", "经济成本指标", f"{project.topic}总成本", "≤", _wan(project.budget), "万元", 20,
             _wan(project.spent)),
        replace(_benefit(rng, project), weight=20),
        _satisfied(rng),
    ]  # fmt: skip


def _blue(rng: Random, project: Project) -> list[Line]:
    """两条都超过目标 20% 以上。"""
    first, second = rng.randint(10, 80), rng.randint(2, 40) * 100
    return [
        Line("产出指标", "数量指标", f"{project.topic}任务完成数量", "≥", str(first), "个", 60,
             str(first * 13 // 10 + 1)),
        Line("效益指标", "社会效益指标", f"{project.topic}惠及群众人数", "≥", str(second), "人", 30,
             str(second * 5 // 4)),
    ]  # fmt: skip


def _weak(rng: Random, project: Project, number: int) -> list[Line]:
    """红灯项目：约四成目标也差、两成偏低，其余目标基本完成。"""
    target = rng.randint(50, 90)
    measure = rng.choice(("个", "项", "处", "件"))
    case = number % 5
    share = (15 + 5 * (number % 8), 62 + number % 15, 96)[0 if case < 2 else 1 if case == 2 else 2]
    done = -(-target * share // 100) if case >= 2 else target * share // 100
    second = _benefit(rng, project)
    if second.operator == "定性" and case < 3:
        second = replace(second, actual=MISSED if case == 0 else PARTLY)
    impossible = bool(project.adjusted_by) and case < 2
    mark = NEVER if impossible else CERTAIN if case > 2 else MAYBE
    return [
        Line("产出指标", "数量指标", f"{project.topic}任务完成数量", "≥", str(target), measure, 60, str(done),
             mark, project.reason if case < 3 else ""),
        replace(second, possibility=MAYBE if second.actual in (MISSED, PARTLY) else CERTAIN,
                reason=project.reason if second.actual in (MISSED, PARTLY) else ""),
    ]  # fmt: skip


def build_indicators(projects: list[Project]) -> dict[tuple[str, str], list[Line]]:
    """（单位, 项目编码）→ 指标。"""
    rng = Random(SEED + 1)
    plain = [p for p in projects if p.category == "特定目标类" and p.role == "green" and p.budget]
    chosen = rng.sample(plain, FULL + THREE + BLUE)
    shape = {
        (p.unit.name, p.code): "full" if n < FULL else "three" if n < FULL + THREE else "blue"
        for n, p in enumerate(chosen)
    }
    made: dict[tuple[str, str], list[Line]] = {}
    reds = 0
    for project in projects:
        key = project.unit.name, project.code
        kind = shape.get(key, project.role if project.role == "red" else project.category)
        if kind == "red":
            made[key] = _weak(rng, project, reds)
            reds += 1
        elif kind == "three":
            first, second = _special(rng, project)
            made[key] = [replace(first, weight=50), second, _satisfied(rng)]
        elif kind == "人员类":
            made[key] = _staff(project)
        else:
            maker = {"full": _full, "blue": _blue, "运转类": _running}.get(kind, _special)
            made[key] = maker(rng, project)
    return made


def far_ahead(projects: list[Project], lines: dict[tuple[str, str], list[Line]]) -> set[int]:
    """有一条正向指标完成 130% 以上的项目（id）。"""
    return {
        id(project)
        for project in projects
        for line in lines[project.unit.name, project.code]
        if line.operator in "≥＞＝=" and line.target != "0" and Decimal(line.actual) * 10 > Decimal(line.target) * 13
    }

"""每个项目的绩效指标与年度目标：目标表、自评表共用一份，与监控里的指标不矛盾。"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Final, Literal

from luxian_builder import wording
from luxian_builder.county import SEED, TEN_THOUSAND, Project
from luxian_builder.indicators import Line
from luxian_builder.wording import Wording

Style = Literal["cost", "plain"]
"""cost：成本 20、产出 40、效益 20、满意度 10；plain：产出 50（含成本）、效益 30、满意度 10；都合计 90。"""

DAYS: Final = ("10月31日", "11月15日", "11月30日", "12月10日", "12月20日")


@dataclass(slots=True)
class Item:
    """一条绩效指标；monitored 是监控表里同一条指标的完成值。"""

    level1: str
    level2: str
    level3: str
    operator: str
    target: str
    measure: str
    weight: Decimal
    monitored: str = ""


@dataclass(slots=True)
class Plan:
    """一个项目的目标：指标与年度总体目标的文字。"""

    project: Project
    items: list[Item]
    text: str = ""
    parts: dict[str, Item] = field(default_factory=dict)


def seeded(project: Project, purpose: str) -> Random:
    """只与项目有关的随机数，与次序无关。"""
    return Random(f"{SEED}/{purpose}/{project.unit.code}/{project.code}")


def goal_money(project: Project) -> int:
    """编报目标时的预算（元）：追加的按追加数。"""
    return project.initial or project.budget


def wan_text(yuan: int) -> str:
    """整数元写成万元的文字，去掉末尾的零。"""
    text = f"{Decimal(yuan) / TEN_THOUSAND:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _round(rng: Random, low: int, high: int) -> int:
    """大的数取整，小的数照旧。"""
    value = rng.randint(low, high)
    step = 100 if value >= 2000 else 10 if value >= 200 else 5 if value >= 60 else 1
    return value // step * step


def _item(level1: str, level2: str, title: str, operator: str, target: object, measure: str) -> Item:
    return Item(level1, level2, title, operator, str(target), measure, Decimal(0))


def _output(rng: Random, project: Project, words: Wording, monitored: Sequence[Line]) -> list[Item]:
    """两条数量指标：监控表里已有的照用。"""
    made = [
        Item("产出指标", "数量指标", line.level3, "=" if line.operator == "＝" else line.operator, line.target,
             line.measure, Decimal(0), line.actual)
        for line in monitored if line.level2 == "数量指标" and line.operator in "≥=＝≤"
    ]  # fmt: skip
    for title, measure, low, high in rng.sample(words.quantities, 2):
        if len(made) < 2:
            made.append(_item("产出指标", "数量指标", f"{project.topic}{title}", "≥", _round(rng, low, high), measure))
    return made


def _timely(rng: Random, project: Project, words: Wording, monitored: Sequence[Line]) -> Item:
    own = [line for line in monitored if line.level2 == "时效指标" and line.operator == "≤"]
    if own:
        return Item("产出指标", "时效指标", own[0].level3, "≤", own[0].target, own[0].measure, Decimal(0),
                    own[0].actual)  # fmt: skip
    if rng.random() < 0.4:
        title = f"{project.topic}任务完成时间"
        return _item("产出指标", "时效指标", title, "定性", f"2023年{rng.choice(DAYS)}前", "")
    return _item("产出指标", "时效指标", f"{project.topic}{words.timely}", "≥", rng.choice((92, 95, 96, 98)), "%")


def _cost(rng: Random, project: Project, words: Wording, level1: str) -> Item:
    level2 = "经济成本指标" if level1 == "成本指标" else "成本指标"
    if rng.random() < 0.6:
        money = wan_text(goal_money(project))
        return _item(level1, level2, f"{project.topic}项目总成本", "≤", money, "万元")
    title, measure, low, high = words.unit_cost
    return _item(level1, level2, f"{project.topic}{title}", "≤", _round(rng, low, high), measure)


def _benefits(rng: Random, project: Project, words: Wording, monitored: Sequence[Line]) -> list[Item]:
    """一至两条效益指标：监控表里定量的照用。"""
    made = [
        Item("效益指标", line.level2, line.level3, line.operator, line.target, line.measure, Decimal(0), line.actual)
        for line in monitored
        if line.level1 == "效益指标" and line.operator in "≥=" and line.target != "0"
    ]
    taken = {item.level2 for item in made}
    for level2, title, measure, low, high in rng.sample(words.benefits, 2):
        if level2 not in taken and len(made) < 2:
            taken.add(level2)
            made.append(_item("效益指标", level2, f"{project.topic}{title}", "≥", _round(rng, low, high), measure))
    return made


def _share(items: Sequence[Item], total: int) -> None:
    """一组指标平分 total 分；除不尽的，前面的多 1 分。"""
    base, extra = divmod(total, len(items))
    for number, item in enumerate(items):
        item.weight = Decimal(base + (number < extra))


def weigh(plan: Plan, style: Style) -> None:
    """按版式定权重。"""
    parts = {name: [i for i in plan.items if i.level1 == f"{name}指标"] for name in ("产出", "成本", "效益", "满意度")}
    totals = {
        "cost": {"产出": 40, "成本": 20, "效益": 20, "满意度": 10},
        "plain": {"产出": 50, "效益": 30, "满意度": 10},
    }[style]
    for name, total in totals.items():
        _share(parts[name], total)


def build_plan(project: Project, monitored: Sequence[Line], style: Style) -> Plan:
    """一个项目的指标：数量两条、质量、时效、成本、效益一至两条、满意度。"""
    rng = seeded(project, "plan")
    words = wording.wording_of(project.topic)
    quantities = _output(rng, project, words, monitored)
    quality = _item(
        "产出指标", "质量指标", f"{project.topic}{rng.choice(words.qualities)}", "≥", rng.choice((92, 95, 96, 98)), "%"
    )
    timely = _timely(rng, project, words, monitored)
    cost = _cost(rng, project, words, "产出指标" if style == "plain" else "成本指标")
    benefits = _benefits(rng, project, words, monitored)
    satisfied = _item("满意度指标", "服务对象满意度指标", words.satisfied, "≥", rng.choice((85, 88, 90, 92, 95)), "%")
    for line in monitored:
        if line.level1 == "满意度指标":
            satisfied = Item(
                "满意度指标", "服务对象满意度指标", line.level3, "≥", line.target, "%", Decimal(0), line.actual
            )
    plan = Plan(project, [*quantities, quality, timely, cost, *benefits, satisfied])
    counted = [item for item in quantities if item.operator != "≤"]
    plan.parts = {"lead": counted[0], "second": counted[-1], "quality": quality, "timely": timely,
                  "benefit": benefits[0], "satisfied": satisfied}  # fmt: skip
    weigh(plan, style)
    plan.text = goal_text(rng, plan)
    return plan


def _phrase(rng: Random, forms: Sequence[str], item: Item, project: Project) -> str:
    form = rng.choice(forms)
    repeated = forms is not wording.LEADS or "{topic}" in form or "{name}" in form
    title = item.level3.removeprefix(project.topic) if repeated else item.level3
    return form.format(
        title=title,
        amount=f"{item.target}{item.measure}",
        topic=project.topic,
        name=project.name,
        unit=project.unit.name,
    )


def goal_text(rng: Random, plan: Plan) -> str:
    """年度总体目标：三到五个分句，数字与指标一致。"""
    parts, project = plan.parts, plan.project
    lead = _phrase(rng, wording.LEADS, parts["lead"], project)
    middle = [_phrase(rng, wording.QUALITIES, parts["quality"], project)] if "quality" in parts else []
    if "timely" in parts and parts["timely"].operator == "定性":
        day = parts["timely"].target.removeprefix("2023年").removesuffix("前")
        middle.append(rng.choice(wording.TIMES).format(day=day))
    if parts["second"] is not parts["lead"] and rng.random() < 0.7:
        middle.append(_phrase(rng, wording.SECONDS, parts["second"], project))
    rng.shuffle(middle)
    tail = [_phrase(rng, wording.BENEFITS, parts["benefit"], project)]
    if "satisfied" in parts and rng.random() < 0.6:
        tail.append(_phrase(rng, wording.SATISFIED, parts["satisfied"], project))
    return f"{lead}，{'，'.join(middle)}；{'，'.join(tail)}。"

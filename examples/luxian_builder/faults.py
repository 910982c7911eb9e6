"""绩效目标里有意埋下的毛病：一处一个项目，写明规则号；其余目标都是干净的。"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Final, Literal

from luxian_builder.county import SEED
from luxian_builder.plans import Item, Plan, goal_money, goal_text, seeded, wan_text

Place = Literal["goal", "project", "first", "level3", "operator", "target", "measure", "weight"]
"""goal：目标表的年度总体目标格；project：目标表的项目名称格；first：指标表这个项目的第一行；其余是那条指标的那一列。"""


@dataclass(frozen=True, slots=True)
class Fault:
    """一处毛病：规则号、所在的项目与指标、哪一列、是什么。"""

    code: str
    plan: Plan
    what: str
    place: Place
    item: Item | None = None


Maker = Callable[[Plan], Fault]


def _of(plan: Plan, level2: str) -> Item:
    return next(item for item in plan.items if item.level2 == level2)


def _without(plan: Plan, part: str, heir: str) -> None:
    """去掉一条指标，权重并给另一条；年度目标的文字也不再提它。"""
    gone = plan.parts.pop(part)
    plan.items.remove(gone)
    plan.parts[heir].weight += gone.weight
    plan.text = goal_text(seeded(plan.project, "without"), plan)


def _set(item: Item, *, target: str, operator: str = "", title: str = "", measure: str | None = None) -> Item:
    item.target, item.operator = target, operator or item.operator
    item.level3 = title or item.level3
    item.measure = item.measure if measure is None else measure
    return item


def _no_indicators(plan: Plan) -> Fault:
    plan.items.clear()
    return Fault("T01", plan, "一条绩效指标也没有", "project")


def _no_satisfaction(plan: Plan) -> Fault:
    _without(plan, "satisfied", "benefit")
    return Fault("T02", plan, "没有满意度指标", "first")


def _no_timeliness(plan: Plan) -> Fault:
    _without(plan, "timely", "quality")
    return Fault("T02", plan, "没有时效指标", "first")


def _no_quality(plan: Plan) -> Fault:
    _without(plan, "quality", "lead")
    return Fault("T02", plan, "没有质量指标", "first")


def _vague_output(plan: Plan) -> Fault:
    item = _set(plan.parts["second"], operator="定性", target="按计划推进", measure="")
    plan.text = plan.text.replace(item.level3.removeprefix(plan.project.topic), "其他工作")
    return Fault("T03", plan, "数量指标写成定性的“按计划推进”", "target", item)


def _unmeasured_quality(plan: Plan) -> Fault:
    _without(plan, "quality", "lead")
    item = Item("产出指标", "质量指标", "成果质量", "定性", "符合要求", "", Decimal(10))
    plan.parts["lead"].weight -= 10
    plan.items.insert(2, item)
    return Fault("T03", plan, "质量指标写成定性的“符合要求”", "target", item)


def _vague_service(plan: Plan) -> Fault:
    item = plan.items[-2]
    _set(item, operator="定性", target="提高服务水平", title="服务水平", measure="")
    return Fault("T04", plan, "效益指标写成“提高服务水平”", "target", item)


def _vague_lasting(plan: Plan) -> Fault:
    item = plan.items[-2]
    _set(item, operator="定性", target="显著改善", title=f"{plan.project.topic}工作环境", measure="")
    return Fault("T04", plan, "效益指标写成“显著改善”", "target", item)


def _weights_85(plan: Plan) -> Fault:
    plan.items[-2].weight -= 5
    return Fault("T05", plan, "权重合计 85", "weight", plan.items[0])


def _zero_weight(plan: Plan) -> Fault:
    lost, heir = plan.items[1], plan.items[0]
    heir.weight += lost.weight
    lost.weight = Decimal(0)
    return Fault("T05", plan, "有一条指标的权重是 0", "weight", lost)


def _percent_120(plan: Plan) -> Fault:
    item = _of(plan, "质量指标")
    plan.parts.pop("quality")
    plan.text = goal_text(seeded(plan.project, "percent"), plan)
    return Fault("T06", plan, "质量指标写成 ≥120%", "target", _set(item, target="120"))


def _no_measure(plan: Plan) -> Fault:
    item = plan.parts.pop("second")
    plan.parts["second"] = plan.parts["lead"]
    plan.text = goal_text(seeded(plan.project, "measure"), plan)
    return Fault("T06", plan, "数量指标没有度量单位", "measure", _set(item, target=item.target, measure=""))


def _always_full(plan: Plan) -> Fault:
    names = iter(("计划任务完成率", "资料归档率", "问题办结率", "成果合格率", "按时完成率", "政策覆盖率", "制度执行率"))
    plan.parts.pop("satisfied")
    for item in plan.items[:-1]:
        if item.level2 not in ("数量指标", "经济成本指标", "成本指标"):
            _set(item, operator="=", target="100", title=f"{plan.project.topic}{next(names)}", measure="%")
    lead, second = plan.items[0], plan.items[1]
    first = f"{lead.level3}{lead.target}{lead.measure}"
    plan.text = f"年内{first}，{second.level3}{second.target}{second.measure}，其余各项指标按指标表考核。"
    item = _of(plan, "质量指标")
    return Fault("T07", plan, "率类指标的指标值全是 =100%", "target", item)


def _money_as_output(plan: Plan) -> Fault:
    item = plan.parts.pop("second")
    plan.parts["second"] = plan.parts["lead"]
    plan.text = goal_text(seeded(plan.project, "money"), plan)
    title = "项目资金投入额"
    _set(item, operator="=", target=wan_text(goal_money(plan.project)), title=title, measure="万元")
    return Fault("T08", plan, "把预算金额当作数量指标", "target", item)


def _cost_above(plan: Plan) -> Fault:
    item = next(item for item in plan.items if "成本" in item.level2)
    more = goal_money(plan.project) * 3 // 2 // 100 * 100
    _set(item, operator="≤", target=wan_text(more), title=f"{plan.project.topic}项目总成本", measure="万元")
    return Fault("T09", plan, "成本指标是预算的 1.5 倍", "target", item)


def _misplaced_satisfaction(plan: Plan) -> Fault:
    item = plan.items[-2]
    _set(item, operator="≥", target="90", title=f"{plan.project.topic}受益群众满意度", measure="%")
    item.level2 = "社会效益指标"
    plan.parts["benefit"] = item
    plan.text = goal_text(seeded(plan.project, "misplaced"), plan)
    return Fault("T10", plan, "满意度放在社会效益指标里", "level3", item)


def _misplaced_rate(plan: Plan) -> Fault:
    item = plan.parts.pop("second")
    plan.parts["second"] = plan.parts["lead"]
    plan.text = goal_text(seeded(plan.project, "rate"), plan)
    _set(item, operator="≥", target="95", title=f"{plan.project.topic}任务抽查合格率", measure="%")
    return Fault("T10", plan, "合格率放在数量指标里", "level3", item)


def _repeated(plan: Plan) -> Fault:
    item, first = plan.parts.pop("second"), plan.parts["lead"]
    plan.parts["second"] = first
    plan.text = goal_text(seeded(plan.project, "repeated"), plan)
    _set(item, operator=first.operator, target=first.target, title=first.level3, measure=first.measure)
    first.weight, item.weight = first.weight + 2, item.weight - 2
    return Fault("T11", plan, "同一条数量指标写了两遍", "level3", item)


def _people(plan: Plan) -> Fault:
    item = _set(plan.parts["lead"], operator="≥", target="30", title="补助人数", measure="人")
    plan.text = f"年内发放{plan.project.topic}补助300人，资料逐户核实，补助名单在所在村（社区）公示后发放。"
    return Fault("T12", plan, "目标文字写补助 300 人，指标是 30 人", "goal", item)


def _other_budget(plan: Plan) -> Fault:
    stated = wan_text(goal_money(plan.project) * 2 // 10_000 * 10_000)
    plan.text = f"当年预算安排{stated}万元，用于{plan.project.topic}年度任务，按指标表组织实施和验收。"
    return Fault("T12", plan, "目标文字里的预算是预算金额的两倍", "goal")


def _many_years(plan: Plan) -> Fault:
    total = wan_text(goal_money(plan.project) * 4 // 10_000 * 10_000)
    plan.text = f"{plan.project.topic}总投资{total}万元，2022年至2025年分四年实施，全部建成后移交所在单位管护。"
    return Fault("T13", plan, "年度目标写的是四年总投资", "goal")


def _short(text: str) -> Maker:
    def make(plan: Plan) -> Fault:
        plan.text = text
        return Fault("T14", plan, f"年度目标只有“{text}”", "goal")

    return make


def _no_deadline(plan: Plan) -> Fault:
    item = plan.parts.pop("timely")
    plan.text = goal_text(seeded(plan.project, "deadline"), plan)
    _set(item, operator="定性", target="按进度实施", title=f"{plan.project.topic}实施进度", measure="")
    return Fault("T15", plan, "时效指标没有时限，只写“按进度实施”", "target", item)


def _satisfaction(value: str) -> Maker:
    def make(plan: Plan) -> Fault:
        item = plan.parts.pop("satisfied")
        plan.text = goal_text(seeded(plan.project, "satisfied"), plan)
        return Fault("T16", plan, f"满意度的指标值是 {value}%", "target", _set(item, target=value))

    return make


MAKERS: Final[tuple[Maker, ...]] = (
    _no_indicators, _no_satisfaction, _no_timeliness, _no_quality, _vague_output, _unmeasured_quality, _vague_service,
    _vague_lasting, _weights_85, _zero_weight, _percent_120, _no_measure, _always_full, _money_as_output, _cost_above,
    _misplaced_satisfaction, _misplaced_rate, _repeated, _people, _other_budget, _many_years,
    _short("完成年度各项任务。"), _short("保障工作开展"), _no_deadline, _satisfaction("50"), _satisfaction("100"),
)  # fmt: skip


def plant(plans: Sequence[Plan], apart: set[int]) -> list[Fault]:
    """给二十多个项目各埋一处毛病；apart 是不动的项目（另有自评表）。"""
    rng = Random(SEED + 20)
    pool = [
        plan for plan in plans
        if plan.project.category == "特定目标类" and plan.project.role == "green" and not plan.project.fixed_budget
        and id(plan.project) not in apart and len(plan.items) == 8 and plan.parts["lead"] is not plan.parts["second"]
    ]  # fmt: skip
    chosen = rng.sample(pool, len(MAKERS))
    faults = [make(plan) for make, plan in zip(MAKERS, chosen, strict=True)]
    return [*faults, _copied(plans, {id(plan) for plan in chosen} | apart)]


def _copied(plans: Sequence[Plan], used: set[int]) -> Fault:
    """同一单位两个项目的年度目标几乎一样。"""
    free = [plan for plan in plans if id(plan) not in used and id(plan.project) not in used]
    for first, second in pairwise(free):
        same = first.project.unit is second.project.unit and first.project.topic == second.project.topic
        if same:
            first.text = f"围绕{first.project.topic}年度工作安排，按季度组织实施；年底前全部完成，通过主管部门验收。"
            second.text = first.text.replace("；", "，")
            return Fault("T11", second, f"年度目标与本单位“{first.project.name}”几乎相同", "goal")
    raise ValueError("找不到同一单位、同一主题的两个项目")

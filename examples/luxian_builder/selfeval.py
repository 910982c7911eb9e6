"""单位自评：完成值、得分、原因。除有意埋下的以外，自评分与按规则重算的一致。"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Final, Literal

from luxian_builder.county import Project, Unit
from luxian_builder.indicators import MET, PARTLY
from luxian_builder.plans import Item, Style, seeded

Form = Literal["四川", "财政部", "云南"]

INFLATION: Final = Decimal("0.95")
"""执行得分率至少是指标得分率的这么多，不算虚高。"""
WHY_LATE: Final = {
    "数量指标": ("部分点位设计变更，剩余工程量转入下年", "供货合同第二批次在次年一季度交付",
                 "两个村的选址重新论证，开工推迟两个月"),
    "质量指标": ("抽检有不合格点位，已责成施工单位返工待复检", "部分资料归集不全，补正后再次审核"),
    "时效指标": ("雨季停工四十余天，剩余任务顺延", "一家中标单位中途退出，重新采购用时三个月"),
    "满意度指标": ("回访中部分群众反映实施期间出行不便", "个别服务点开放时间与群众需求不合，已调整"),
    "": ("四季度才投入使用，使用时间不足三个月", "覆盖的两个片区次年才开通"),
}  # fmt: skip
WHY_UNSPENT: Final = (
    "质保金按合同约定留待次年支付", "结算审核尚未办结，尾款未付",
    "采购结余资金按规定收回", "上级资金四季度到位，按进度支付",
)  # fmt: skip
PROBLEMS: Final = (
    "年初目标与实际工作量测算不够准，第四季度支付较集中",
    "项目前期准备时间偏紧，个别指标靠后完成", "部分佐证资料归集不及时",
)  # fmt: skip
MEASURES: Final = (
    "编制下年目标时按近三年实际数测算，分季度安排支付",
    "提前一个季度完成采购准备，按月调度进度", "建立指标佐证资料清单，按季归档",
)  # fmt: skip


@dataclass(slots=True)
class Scored:
    """一条指标的完成值、自评分与未完成原因。"""

    item: Item
    actual: str
    score: Decimal
    reason: str = ""


@dataclass(slots=True)
class SelfEvaluation:
    """一张自评表；金额为元。project 为 None 的是部门整体。"""

    unit: Unit
    project: Project | None
    form: Form
    style: Style
    initial: int
    budget: int
    spent: int
    text: str
    rows: list[Scored]
    execution_score: Decimal
    stated_total: Decimal | None = None
    zero_total: bool = False
    grade: str = ""
    execution_reason: str = ""
    planned: bool = False
    marks: list[tuple[str, str, str, int]] = field(default_factory=list)
    """埋下的毛病：（规则号, 哪一格, 是什么, 第几条指标）。"""

    @property
    def own(self) -> Project:
        """项目自评表的项目；部门整体的没有。"""
        if self.project is None:
            raise ValueError("部门整体自评表没有项目")
        return self.project

    @property
    def total(self) -> Decimal:
        """各项自评分之和。"""
        return self.execution_score + sum((row.score for row in self.rows), Decimal(0))

    @property
    def stated(self) -> Decimal:
        """表上写的总分。"""
        return self.total if self.stated_total is None else self.stated_total


def half_up(value: Decimal) -> Decimal:
    """两位小数，四舍五入。"""
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def due_score(item: Item, actual: str) -> Decimal:
    """按规则应得的分：正向按比例，反向超出多少扣多少，定性按档。"""
    if item.operator == "定性":
        return item.weight if actual == MET else half_up(item.weight * Decimal("0.7"))
    goal, done = Decimal(item.target), Decimal(actual)
    if item.operator == "≤":
        over = max(done - goal, Decimal(0)) / goal
        return half_up(max(1 - over, Decimal(0)) * item.weight)
    return half_up(min(done / goal, Decimal(1)) * item.weight) if goal else item.weight


def _met(rng: Random, item: Item, spent: int) -> str:
    """达到目标的完成值；监控表里有的照用。"""
    if item.monitored:
        return item.monitored.rstrip("%")
    if item.operator == "定性":
        return MET
    if item.measure == "万元":
        text = f"{Decimal(spent) / 10_000:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    target = int(item.target)
    if item.operator == "≤":
        return str(target * rng.randint(90, 100) // 100)
    if item.measure == "%":
        return str(rng.randint(target, min(100, target + 4)))
    return str(target * rng.choice((100, 100, 102, 105, 108, 112)) // 100)


def _why(item: Item) -> Sequence[str]:
    level = "满意度指标" if item.level1 == "满意度指标" else item.level2
    return WHY_LATE.get(level, WHY_LATE[""])


def _lowered(item: Item, wanted: Decimal, cap: Decimal) -> str:
    """比指标值低一些的完成值，少得不超过 wanted 分，也不低过 cap。"""
    target = Decimal(item.target)
    cut = min(cap, wanted / item.weight)
    done = int(target * (1 - cut))
    return str(done if done < target else int(target) - 1)


def _score(rng: Random, rows: Sequence[Scored], spent: int, budget: int) -> None:
    """有的指标没有完成：使指标得分率不比执行得分率高出限值。"""
    for row in rows:
        row.score = due_score(row.item, row.actual)
    rate = Decimal(spent) / budget
    whole = sum((row.item.weight for row in rows), Decimal(0))
    top = min(Decimal(1), rate / INFLATION - Decimal("0.008"))
    wanted = whole * (top - Decimal(rng.randint(0, 20)) / 1000)
    able = [row for row in rows if row.item.operator == "≥" and not row.item.monitored and int(row.item.target) >= 20]
    rng.shuffle(able)
    for rates, counts in (("0.07", "0.30"), ("0.16", "0.45"), ("0.22", "0.60")):
        for row in able:
            gap = sum((one.score for one in rows), Decimal(0)) - wanted
            if gap > Decimal("0.3"):
                cap = Decimal(rates if row.item.measure == "%" else counts)
                row.actual = _lowered(row.item, gap + row.item.weight - row.score, cap)
                row.score = due_score(row.item, row.actual)
    for row in rows:
        if row.item.operator == "定性" and sum((one.score for one in rows), Decimal(0)) > whole * top:
            row.actual, row.score = PARTLY, due_score(row.item, PARTLY)
    for row in rows:
        if row.score < row.item.weight:
            row.reason = rng.choice(_why(row.item))


def evaluate(
    unit: Unit, project: Project | None, form: Form, money: tuple[int, int, int], text: str, items: Sequence[Item],
    style: Style, purpose: str = "self",
) -> SelfEvaluation:  # fmt: skip
    """按项目（或部门）的指标做一张自评表；money 是（年初, 调整后, 支出）。"""
    initial, budget, spent = money
    rng = seeded(project, purpose) if project else Random(f"{purpose}/{unit.code}")
    rows = [Scored(replace(item), _met(rng, item, spent), Decimal(0)) for item in items]
    _score(rng, rows, spent, budget)
    share = Decimal(spent) / budget
    made = SelfEvaluation(unit, project, form, style, initial, budget, spent, text, rows, half_up(share * 10))
    if share < 1:
        made.execution_reason = rng.choice(WHY_UNSPENT)
    return made


Contradiction = Callable[[SelfEvaluation], None]


def _quantity(form: SelfEvaluation) -> int:
    """一条没有在监控表里出现、指标值较大的正向指标。"""
    places = [
        n for n, row in enumerate(form.rows)
        if row.item.operator == "≥" and not row.item.monitored and row.item.measure != "%"
        and int(row.item.target) >= 20
    ]  # fmt: skip
    return places[0]


def full_for_unmet(form: SelfEvaluation) -> None:
    """没有完成却给满分。"""
    place = _quantity(form)
    row = form.rows[place]
    row.actual, row.score, row.reason = str(int(row.item.target) * 7 // 10), row.item.weight, ""
    form.marks.append(("V15", "score", "完成七成却给满分", place))


def lost_for_met(form: SelfEvaluation) -> None:
    """完成了却少给分，没有写原因。"""
    place = _quantity(form)
    row = form.rows[place]
    row.actual, row.score, row.reason = row.item.target, row.item.weight - 1, ""
    form.marks.append(("V15", "score", "完成了却少给 1 分，没有写原因", place))


def wrong_total(form: SelfEvaluation) -> None:
    """总分比各项之和多 2 分。"""
    form.stated_total = form.total + 2
    form.marks.append(("V17", "total", "总分比各项得分之和多 2 分", -1))


def low_target(form: SelfEvaluation) -> None:
    """完成值是指标值的 405%。"""
    place = _quantity(form)
    row = form.rows[place]
    target = int(row.item.target) // 20 * 20
    row.item.target, row.actual = str(target), str(target * 405 // 100)
    row.score, row.reason = row.item.weight, ""
    form.marks.append(("V10", "actual", "完成值是指标值的 405%，目标定得过低", place))


def reversed_direction(form: SelfEvaluation) -> None:
    """越低越好的指标写成 ≥，完成值为 0 却给满分。"""
    place = _quantity(form)
    row = form.rows[place]
    row.item.level3, row.item.target, row.item.measure = "安全责任事故发生率", "0.9", "%"
    row.actual, row.score, row.reason = "0", row.item.weight, ""
    form.marks.append(("V16", "operator", "事故发生率写成 ≥0.9%，方向写反了", place))


def rounded_execution(form: SelfEvaluation) -> None:
    """执行得分没有按执行率算。"""
    form.execution_score = Decimal(10)
    form.marks.append(("V18", "execution", "执行率不到 100%，执行得分却是满分", -1))


def zero_total(form: SelfEvaluation) -> None:
    """年度资金总额写成 0，分项不是 0。"""
    form.zero_total = True
    for column in ("money0", "money1", "money2"):
        form.marks.append(("D10", column, "年度资金总额写成 0，分项合计不是 0", -1))


def wrong_grade(form: SelfEvaluation) -> None:
    """自评等级与自评分不符。"""
    form.grade = "良" if form.stated >= 90 else "优"
    form.marks.append(("V02", "grade", f"自评 {form.stated} 分，自评等级写成“{form.grade}”", -1))


def partly_full(form: SelfEvaluation) -> None:
    """定性指标部分达成却给满分。"""
    place = next(n for n, row in enumerate(form.rows) if row.item.operator == "定性")
    row = form.rows[place]
    row.actual, row.score, row.reason = PARTLY, row.item.weight, ""
    form.marks.append(("V07", "score", "定性指标部分达成却给满分", place))


CONTRADICTIONS: Final[tuple[Contradiction, ...]] = (
    full_for_unmet, lost_for_met, wrong_total, low_target, reversed_direction, rounded_execution, zero_total,
    partly_full, wrong_grade,
)  # fmt: skip


def inflated(form: SelfEvaluation) -> bool:
    """指标得分率比执行得分率高出限值（自评虚高）。"""
    whole = sum((row.item.weight for row in form.rows), Decimal(0))
    share = sum((row.score for row in form.rows), Decimal(0)) / whole
    return form.execution_score / 10 < share * INFLATION


def _copied(form: SelfEvaluation) -> SelfEvaluation:
    return replace(form, rows=[replace(row, item=replace(row.item)) for row in form.rows], marks=[])


def contradict(forms: list[SelfEvaluation]) -> None:
    """各埋一处矛盾，就地换掉那张表；埋在哪张只看次序，不使那张表变成虚高。"""
    free = [place for first in range(7) for place in range(first, len(forms), 7)]
    for plant in CONTRADICTIONS:
        for place in free:
            trial = _copied(forms[place])
            if not _fits(plant, trial):
                continue
            plant(trial)
            if not inflated(trial):
                forms[place] = trial
                free.remove(place)
                break
        else:
            raise ValueError(f"没有可以埋“{plant.__doc__}”的自评表")


def _fits(plant: Contradiction, form: SelfEvaluation) -> bool:
    qualitative = any(row.item.operator == "定性" for row in form.rows)
    if plant is partly_full:
        return qualitative
    if plant in (zero_total, wrong_grade):
        return form.form == "财政部"
    if plant is rounded_execution:
        return form.budget * 9 // 10 < form.spent < form.budget * 97 // 100
    if plant is wrong_total:
        return form.total <= 97
    if plant in (low_target, reversed_direction) and form.planned:
        return False
    able = [r for r in form.rows if r.item.operator == "≥" and not r.item.monitored and r.item.measure != "%"]
    return any(int(row.item.target) >= 20 for row in able) and form.form == "四川"

"""试算：换几个参数值，同样的数据再判一次，看哪些项目的灯会变。试算的取值不是规定，正式结果不受影响。"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from pbm_cli.facts import Judge, Row, StageFacts
from pbm_cli.facts.document import parameter_row
from pbm_cli.facts.monitor import LIGHTS, monitor_facts
from pbm_cli.facts.notices import LINES_OF_METHOD
from pbm_cli.facts.settings import trial_values
from pbm_cli.loading import Loaded
from pbm_cli.parameters import Bound
from pbm_cli.rules.monitor import WORST_FIRST
from pbm_cli.text import plain

SAID = "下面的取值不是规定，正式结果仍按现行规则，不受影响"
_COUNTS = ("lights", "execution_lights", "goal_lights")


def what_if(loaded: Loaded, bound: Bound, on: dt.date, settings: Sequence[str], real: StageFacts) -> Row:
    """按 settings（“参数名=值”）换值再判一次，与 real（现行规则的结果）并排。"""
    bound = bound.ruleset.at(bound.date)  # 另取一份，不记进正式结果用过的参数
    values = trial_values(bound, settings)
    trial = bound.with_values(values)
    made = monitor_facts(loaded, Judge(trial), on)
    pairs = list(zip(real.rows, made.rows, strict=True))
    changed = sorted((_change(a, b) for a, b in pairs if a["light"] != b["light"]), key=_severity)
    counts = {
        f"{name}_{when}": stage.summary[name] for name in _COUNTS for when, stage in (("before", real), ("after", made))
    }
    return {
        "said": SAID,
        "notes": _notes(bound, trial, values),
        "parameters": [_parameter(bound, trial, name) for name in values],
        "projects": len(pairs),
        **counts,
        "changed": changed,
        "changed_projects": len(changed),
        "budget_yuan": _sum(changed, "budget_yuan"),
        "unspent_yuan": _sum(changed, "unspent_yuan"),
        "moves": _moves(changed),
        "actions_changed": sum(a["action"] != b["action"] for a, b in pairs),
    }


def _change(before: Row, after: Row) -> Row:
    budget, spent = Decimal(before["budget_yuan"] or 0), Decimal(before["expenditure_yuan"] or 0)
    keys = ("project_code", "project_name", "budget_unit", "budget_yuan", "expenditure_yuan", "execution_pct")
    return {
        **{key: before[key] for key in keys},
        "unspent_yuan": f"{max(budget - spent, Decimal(0)):.2f}",
        "from": before["light"],
        "to": after["light"],
        "action_from": before["action"],
        "action_to": after["action"],
    }


def _severity(row: Row) -> tuple[int, Decimal]:
    """变得最差的在前，同样的钱多的在前。"""
    order = (*WORST_FIRST, "none")
    return order.index(row["to"]), -Decimal(row["budget_yuan"] or 0)


def _sum(rows: Sequence[Row], key: str) -> str:
    return f"{sum((Decimal(row[key] or 0) for row in rows), Decimal(0)):.2f}"


def _moves(changed: Sequence[Row]) -> list[Row]:
    """从什么灯到什么灯，各几个项目、多少钱。"""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in changed:
        groups.setdefault((row["from"], row["to"]), []).append(row)
    return [
        {"from": old, "to": new, "projects": len(rows), "budget_yuan": _sum(rows, "budget_yuan")}
        for old in LIGHTS
        for new in LIGHTS
        if (rows := groups.get((old, new)))
    ]


def _parameter(bound: Bound, trial: Bound, name: str) -> Row:
    """一个参数：现行的值、施行日期和依据，试算的值。"""
    parameter = bound.ruleset.parameter(name)
    now: Mapping[str, Any] = parameter_row(bound, name) or {"basis": "现行规则没有规定"}
    return {
        "name": name,
        "label": parameter.label,
        "unit": "" if parameter.form == "money" else parameter.unit,
        "value": now.get("value"),
        "effective": now.get("effective"),
        "basis": now["basis"],
        "evidence": now.get("evidence"),
        "trial": trial.text(name),
    }


def _notes(bound: Bound, trial: Bound, values: Mapping[str, object]) -> list[str]:
    """容易误会的地方：换了的线现在的算法不看；百分数写成了小数。"""
    found = []
    method, overall = trial.value("execution_method"), trial.value("overall_method")
    for name in values:
        wanted = next((word for word, names in LINES_OF_METHOD.items() if name in names), method)
        if wanted != method:
            found.append(f"执行灯的算法是“{method}”，不看 {name}；要看它，请再加 --what-if execution_method={wanted}")
        if name == "overall_table" and overall != "二维表":
            found.append(f"总灯的算法是“{overall}”，不看 {name}；要看它，请再加 --what-if overall_method=二维表")
        small = [item for item in _numbers(trial.value(name)) if 0 < item < 1]
        if small and bound.ruleset.parameter(name).unit == "%":
            one, hundred = plain(small[0]), plain(small[0] * 100)
            found.append(f"{name} 的单位是 %：写 {one} 就是 {one}%，要 {hundred}% 请写 {hundred}")
    return found


def _numbers(value: object) -> list[Decimal]:
    items = value.values() if isinstance(value, Mapping) else [value]
    return [item for item in items if isinstance(item, Decimal)]

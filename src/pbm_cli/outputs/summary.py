"""summary → 一个个带中文名的数和小表。Excel 的汇总页、Markdown 和终端共用。"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pbm_cli.models import LIGHT_WORDS
from pbm_cli.outputs.columns import COMMANDS, STAGES, Column, Document, Form, Row, column, label
from pbm_cli.rules import RULES


@dataclass(frozen=True, slots=True)
class Figure:
    """汇总里的一个数：键、名称、值（JSON 里的原值）、类型、单位。"""

    key: str
    title: str
    value: Any
    form: Form
    unit: str


@dataclass(frozen=True, slots=True)
class Table:
    """汇总里的一张小表。"""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


# 键 → (小表的名称, 第一列的名称, 计数的单位)
_GROUPS: Mapping[str, tuple[str, str, str]] = {
    "by_conclusion": ("按评估结论", "评估结论", "个"),
    "by_grade": ("按等级", "等级", "个"),
    "by_rule": ("自动意见按规则", "规则", "条"),
    "synchronised": ("五同步", "步骤", "个"),
    "lights": ("总灯", "灯", "个"),
    "execution_lights": ("执行灯", "灯", "个"),
    "goal_lights": ("目标灯", "灯", "个"),
    "by_action": ("按处置措施", "处置措施", "个"),
    "by_monitored_by": ("按监控方式", "监控方式", "个"),
    "by_reason": ("按偏差原因", "偏差原因", "个"),
    "by_proposal": ("建议的处置", "处置建议", "个"),
    "grade_shares": ("各等级占比（最大余额法，合计 100.00）", "等级", "%"),
    "rectification_states": ("整改状态", "状态", "项"),
    "by_level": ("按评价层次", "评价层次", "个"),
    "by_subject_kind": ("按对象类型", "对象类型", "个"),
    "by_fund": ("按四本预算", "资金", "个"),
}
_TABLES: Mapping[str, str] = {
    "by_unit": "按单位",
    "by_fund": "按资金性质",
    "lights_changed": "灯有变化的项目",
    "document_titles": "制度文件",
    "adjustments": "监控处置台账",
    "townships": "镇街财政运行",
    "township_weakest": "得分率最低的指标",
    "coverage_kinds": "对象类型的覆盖",
    "coverage_funds": "四本预算的覆盖",
    "compared": "与上年比较",
    "plan": "抽评计划",
    "rectification": "整改台账",
    "decisions": "先决定什么",
    "counties": "各区县",
    "totals": "合计比较",
    "outliers": "离群的区县",
    "groups": "年度、截止日和规则",
}
_APART = frozenset({"total", "counties", "rankings", "other_years"})
"""区域汇总里另有地方写的：合计分环节写，各区县在分县表里，名次在叙述和分县表里。"""
_LISTS: Mapping[str, str] = {"lights_changed": "changes", "adjustments": "adjustment"}
"""清单 → 用哪一种行的列名。"""
_WIDE = frozenset({"adjustments", "plan", "rectification", "decisions"})
_LONG = 30
_BROAD = 7
_SUMMARY_COLUMNS: Mapping[tuple[str, str], Column] = {
    ("goals", "comments"): Column("comments", "人工修改意见", "count", "条"),
    ("goals", "indicators"): Column("indicators", "指标", "count", "条"),
    ("evaluate", "rectified"): Column("rectified", "已整改的对象", "count", "项"),
}


def stages(document: Document) -> list[tuple[str, str, Mapping[str, Any]]]:
    """(阶段, 中文名, 汇总)；report 与 rollup 有几个阶段，其余命令只有一个；没有的阶段不列。"""
    command = str(document.get("command") or "")
    summary = document.get("summary")
    if not isinstance(summary, Mapping):
        return []
    nested = summary.get("total") if command == "rollup" else summary if command == "report" else None
    if isinstance(nested, Mapping):
        found = [(stage, STAGES[stage], nested[stage]) for stage in STAGES if isinstance(nested.get(stage), Mapping)]
        if command == "rollup":
            own = {key: item for key, item in summary.items() if key not in _APART}
            found = [(stage, word, _but_units(total)) for stage, word, total in found]
            found.insert(0, (command, COMMANDS[command], own))
        if isinstance(decisions := nested.get("decisions"), list) and decisions:
            found.append(("evaluate", "综合", {"decisions": decisions}))
        return found
    return [(command, COMMANDS.get(command, command), summary)]


def _but_units(total: Mapping[str, Any]) -> dict[str, Any]:
    """区域汇总不列各区县的每个单位：几万行，JSON 里有，也在各区县自己的底稿里。"""
    return {key: value for key, value in total.items() if key != "by_unit"}


def figures(stage: str, summary: Mapping[str, Any]) -> list[Figure]:
    """汇总里的单个数，按给出的次序。"""
    found = []
    for key, value in summary.items():
        if key == "lights_changed" and isinstance(value, list):
            value = len(value)  # noqa: PLW2901  清单另有小表，这里只说几个
        if isinstance(value, Mapping | list):
            continue
        known = _SUMMARY_COLUMNS.get((stage, key)) or column(stage, key)
        unit = "万元" if known.form == "money" else known.unit
        found.append(Figure(key, known.title, value, known.form, unit))
    return found


def tables(stage: str, summary: Mapping[str, Any]) -> list[Table]:
    """汇总里的分组与清单，按给出的次序；空的不列。"""
    return [table for key, value in summary.items() if (table := _table(stage, key, value)) and table.rows]


def apart(table: Table) -> bool:
    """太宽、太长的小表：Excel 里单独一张工作表，不放在汇总页。"""
    return table.key in _WIDE or len(table.rows) > _LONG or len(table.columns) > _BROAD


def _table(stage: str, key: str, value: Any) -> Table | None:
    if isinstance(value, list) and all(isinstance(item, Mapping) for item in value):
        rows = tuple({name: inner for name, inner in _flat(item).items() if name != "origin"} for item in value)
        return Table(key, _TABLES.get(key, label(key)), _row_columns(_LISTS.get(key, stage), rows), rows)
    if not isinstance(value, Mapping):
        return None
    if any(isinstance(item, Mapping) for item in value.values()):
        rows = tuple(
            {"name": label(str(name)), **_flat(item)} for name, item in value.items() if isinstance(item, Mapping)
        )
        return Table(key, _TABLES.get(key, label(key)), _row_columns(stage, rows), rows)
    title, head, unit = _GROUPS.get(key, (label(key), "名称", ""))
    lights = key.endswith("lights") or (bool(value) and all(name in LIGHT_WORDS for name in value))
    number = Column("count", "占比", "percent", unit) if unit == "%" else Column("count", "数量", "count", unit)
    heads = (Column("key", head, "light" if lights else "text"), number)
    names = (name if lights else _rule_name(name) if key == "by_rule" else label(str(name)) for name in value)
    return Table(
        key, title, heads, tuple({"key": name, "count": n} for name, n in zip(names, value.values(), strict=True))
    )


def _rule_name(code: str) -> str:
    return f"{code} {RULES[code].title}" if code in RULES else code


def _row_columns(stage: str, rows: Sequence[Row]) -> tuple[Column, ...]:
    keys: dict[str, None] = {}
    for row in rows:
        keys.update(dict.fromkeys(row))
    return tuple(_SUMMARY_COLUMNS.get((stage, key)) or column(stage, key) for key in keys)


def _flat(item: Mapping[str, Any]) -> dict[str, Any]:
    return dict(_pairs(item))


def _pairs(item: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in item.items():
        if isinstance(value, Mapping) and key != "origin":
            yield from (
                (f"{key}.{name}", inner) for name, inner in value.items() if not isinstance(inner, Mapping | list)
            )
        elif not (isinstance(value, list) and any(isinstance(part, Mapping) for part in value)):
            yield key, STAGES.get(value, value) if key == "stage" and isinstance(value, str) else value

"""单张表单的种类：中文名，给出哪些记录；以及只从表单来的一种记录。"""

from __future__ import annotations

from collections.abc import Mapping

from pbm_cli.models import (
    RECORD_TYPES,
    Code,
    Evaluation,
    Execution,
    Goal,
    Indicator,
    Money,
    Named,
    Number,
    RateValue,
    Record,
    column,
)


class ExecutionScore(Record):
    """自评表单里预算执行那一行：分值、得分、表上的执行率，以及重算要用的预算数、执行数。只从表单来，没有列表。"""

    kind = "execution_score"
    sheet_title = "预算执行得分"

    project_code: Code | None = column("项目编码")
    project_name: Named = column("项目名称", "unusable")
    budget_unit: Named | None = column("预算单位")
    weight: Number | None = column("分值")
    self_score: Number | None = column("得分")
    stated_rate: RateValue | None = column("执行率")
    budget: Money | None = column("全年预算数")
    expenditure: Money | None = column("全年执行数")


FORM_TYPES: Mapping[str, tuple[type[Record], ...]] = {
    "goal_form": (Goal, Indicator),
    "monitoring_form": (Execution, Indicator),
    "self_evaluation_form": (Evaluation, Execution, ExecutionScore, Goal, Indicator),
    "department_form": (Evaluation, ExecutionScore, Goal, Indicator),
}
"""单张表单的种类 → 它给出的记录，主要的在前。"""

FORM_TITLES: Mapping[str, str] = {
    "goal_form": "项目支出绩效目标申报表",
    "monitoring_form": "项目支出绩效目标执行监控表",
    "self_evaluation_form": "项目支出绩效自评表",
    "department_form": "部门整体支出绩效目标（自评）表",
}


def kind_title(kind: str) -> str:
    """一种表（列表或表单）的中文名。"""
    return FORM_TITLES[kind] if kind in FORM_TITLES else RECORD_TYPES[kind].sheet_title

"""事实 → JSON 文档（合同第 4 节的键）。Excel、CSV、终端表格都从这份文档来。"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pbm_cli import __version__
from pbm_cli.facts import Facts, Row
from pbm_cli.loading import FileReport
from pbm_cli.models import Finding
from pbm_cli.parameters import Bound
from pbm_cli.rules import in_force

STAGES = ("assess", "goals", "monitor", "evaluate", "mechanism")


def document(facts: Facts, *, detailed: bool = True) -> dict[str, Any]:
    """一次运行的文档；report 的 summary 按环节分，rows 各带 stage。detailed 为 False 时 rows 是空的。"""
    single = facts.stages.get(facts.command)
    if single is not None:
        summary: Any = single.summary
        if facts.command == "evaluate":
            summary = {**summary, "decisions": facts.decisions}
        rows: Iterable[Row] = single.rows
    else:
        summary = {name: facts.stages[name].summary for name in STAGES if name in facts.stages}
        summary["decisions"] = facts.decisions
        staged = ((name, row) for name, stage in facts.stages.items() for row in stage.rows)
        rows = ({"stage": name, **row} for name, row in staged)
    trial = {} if facts.what_if is None else {"what_if": facts.what_if}
    return {
        "pbm": __version__,
        "command": facts.command,
        "county": facts.county,
        "issuer": facts.issuer,
        "year": facts.year,
        "ruleset": facts.ruleset,
        "ruleset_title": facts.ruleset_title,
        "ruleset_digest": facts.ruleset_digest,
        "on": facts.on.isoformat() if facts.on else None,
        "inputs": [input_row(f) for f in facts.files],
        "summary": summary,
        "rows": list(rows) if detailed else [],
        "findings": [finding_row(f) for f in facts.findings],
        "parameters": facts.parameters,
        **trial,
    }


def input_row(report: FileReport) -> Row:
    """一个输入文件。"""
    sheets = [
        {
            "name": sheet.name,
            "kind": sheet.kind,
            "rows_read": sheet.rows_read,
            "rows_used": sheet.rows_used,
            "rows_rejected": sheet.rows_rejected,
            "rows_total": sheet.rows_total,
        }
        for sheet in report.sheets
    ]
    return {"file": report.file, "sha256": report.sha256 or None, "error": report.error, "sheets": sheets}


def finding_row(finding: Finding) -> Row:
    """一条发现。"""
    where = finding.where
    return {
        "code": finding.code,
        "level": finding.level,
        "subject": finding.subject,
        "message": finding.message,
        "where": {"file": where.file, "sheet": where.sheet, "cell": where.cell} if where else None,
        "basis": finding.basis,
    }


def parameter_rows(bound: Bound) -> list[Row]:
    """用到的参数，各带施行日期和依据；算法没有选中的线不列。"""
    names = in_force(bound.used, bound.value)
    return [row for name in names if (row := parameter_row(bound, name)) is not None]


def parameter_row(bound: Bound, name: str) -> Row | None:
    """一个参数这一天的值、施行日期和依据；没有规定的为 None。"""
    dated = bound.dated(name)
    parameter = bound.ruleset.parameter(name)
    if dated is None:
        return None
    return {
        "name": name,
        "label": parameter.label,
        "value": bound.text(name),
        "unit": "" if parameter.form == "money" else parameter.unit,
        "effective": dated.effective.isoformat(),
        "basis": dated.basis.text(dated.effective),
        "evidence": dated.evidence,
    }


def early_parameters(bound: Bound) -> list[Finding]:
    """施行日期晚于数据、只因点名用了这个规则集才适用的参数：合成一条提示。"""
    found = []
    for name in bound.used:
        parameter, dated = bound.ruleset.parameter(name), bound.dated(name)
        if parameter.chosen and dated is not None and dated.effective > bound.date:
            found.append(f"{parameter.label}（{dated.effective.isoformat()} 起）")
    if not found:
        return []
    day, names = bound.date.isoformat(), "、".join(found)
    said = f"数据截止日 {day} 早于这些参数的施行日期：{names}；因选用了这个规则集，仍按它判定"
    return [Finding("D28", "hint", bound.ruleset.name, said)]

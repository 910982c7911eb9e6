"""网页：一个文件，不联网，双击就能看。先说结论，再说先决定什么，然后是图和可以搜索、筛选、排序、导出的明细。"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from pbm_cli.annexes import place, wan_table
from pbm_cli.models import LIGHT_WORDS
from pbm_cli.outputs.charts import charts
from pbm_cli.outputs.columns import COMMANDS, Document, Row, columns, rows_by_stage, take, title
from pbm_cli.resources import templates_folder
from pbm_cli.text import half_up

_FOLDER = "page"
_FIRST = 10
_HIDDEN = frozenset({"indicators", "origin"})
_FILTERED = frozenset(
    {"budget_unit", "light", "grade", "level", "subject_kind", "conclusion", "execution_light", "goal_light"}
)


def render(document: Document) -> bytes:
    """一个完整的 HTML 文件的 UTF-8 字节。"""
    folder = templates_folder() / _FOLDER
    style = (folder / "page.css").read_text(encoding="utf-8")
    script = (folder / "page.js").read_text(encoding="utf-8")
    stages = _stages(document)
    rows = dict(rows_by_stage(document))
    environment = Environment(
        loader=FileSystemLoader(str(folder)), undefined=StrictUndefined, autoescape=select_autoescape(default=True)
    )
    drawn = [{**chart._asdict(), "svg": Markup(chart.svg)} for chart in charts(stages, rows)]  # noqa: S704 - built by lxml
    page = environment.get_template("page.html.j2").render(
        title=title(document),
        version=document["pbm"],
        on=document.get("on"),
        issuer=document.get("issuer"),
        ruleset=document.get("ruleset"),
        ruleset_digest=document.get("ruleset_digest"),
        cards=_cards(stages)[:5],
        decisions=_decisions(stages, rows.get("monitor", [])),
        charts=drawn,
        parameters=document.get("parameters") or [],
        inputs=document.get("inputs") or [],
        style=Markup(style),  # noqa: S704 - our own file, named by its hash in the CSP
        script=Markup(script),  # noqa: S704 - likewise
        style_hash=_hash(style),
        script_hash=_hash(script),
        data=Markup(_inert(_data(document, rows))),  # noqa: S704 - _inert leaves no "<"
    )
    return page.encode("utf-8", errors="replace")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _inert(value: object) -> str:
    """放进 script 标签也不会提前结束的 JSON。"""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for mark, code in (
        ("<", "\\u003c"),
        (">", "\\u003e"),
        ("&", "\\u0026"),
        ("\u2028", "\\u2028"),
        ("\u2029", "\\u2029"),
    ):
        text = text.replace(mark, code)
    return text


def _stages(document: Document) -> dict[str, Row]:
    summary = document.get("summary") or {}
    return dict(summary) if document["command"] == "report" else {document["command"]: summary}


def _cards(stages: Mapping[str, Row]) -> list[dict[str, str]]:
    """最要紧的几个数。"""
    found: list[dict[str, str]] = []

    def card(what: str, figure: object, unit: str, more: str = "") -> None:
        found.append({"what": what, "figure": str(figure), "unit": unit, "more": more})

    monitor, assess, goals, evaluate = (stages.get(n) or {} for n in ("monitor", "assess", "goals", "evaluate"))
    if monitor.get("projects"):
        changed = monitor.get("lights_changed")
        more = f"黄灯 {monitor['lights']['yellow']} 个，监控项目 {monitor['projects']} 个"
        card(
            "红灯项目",
            monitor["lights"]["red"],
            "个",
            more + (f"；比上次变灯 {len(changed)} 个" if changed is not None else ""),
        )
    if monitor.get("execution_pct") is not None:
        card("预算执行率", monitor["execution_pct"], "%", f"序时进度 {monitor['time_progress_pct']}%")
    if assess.get("projects"):
        card(
            "事前评减",
            wan_table(assess["reduction_yuan"]),
            "万元",
            f"{assess['projects']} 个项目，评减率 {assess['reduction_pct'] or '—'}%",
        )
    if monitor.get("adjusted_projects"):
        card("监控调整", wan_table(monitor["adjusted_yuan"]), "万元", f"{monitor['adjusted_projects']} 个项目")
    if evaluate.get("subjects"):
        card(
            "评价平均得分",
            evaluate["average_score"] or "—",
            "分",
            f"{evaluate['subjects']} 个对象，优 {evaluate['by_grade'].get('优', 0)} 个",
        )
    if goals.get("projects"):
        card(
            "审核绩效目标",
            goals["projects"],
            "个",
            f"人工意见 {goals['comments']} 条，自动意见 {goals['automatic_comments']} 条",
        )
    return found


def _decisions(stages: Mapping[str, Row], rows: Sequence[Row]) -> list[dict[str, str]]:
    """红灯、黄灯里最该先决定的：没有用上的预算多的在前（涉及金额 × 离序时进度多远）。"""
    lit = [row for row in rows if row.get("light") in ("red", "yellow") and row.get("budget_yuan")]
    lit.sort(key=lambda row: (-_urgency(row), row["project_name"]))
    return [
        {
            "light": row["light"],
            "word": LIGHT_WORDS[row["light"]],
            "name": row["project_name"],
            "unit": row["budget_unit"] or "",
            "reason": f"执行率 {row['execution_pct'] or '—'}%，{_two_lights(row)}",
            "amount": wan_table(row["budget_yuan"]),
            "action": row["action"] or "",
        }
        for row in lit[:_FIRST]
    ]


def _two_lights(row: Row) -> str:
    return f"执行{LIGHT_WORDS[row['execution_light']]}，目标{LIGHT_WORDS[row['goal_light']]}"


def _urgency(row: Row) -> Decimal:
    distance = max(Decimal(100) - Decimal(row["progress_ratio_pct"] or 100), Decimal(0))
    return Decimal(row["budget_yuan"]) * distance


def _data(document: Document, rows: Mapping[str, Sequence[Row]]) -> dict[str, Any]:
    """明细各表。依据的文字很长又重复，单独列一份，行里只记序号。"""
    bases: dict[str, int] = {}
    lights = {f["subject"]: f for f in document["findings"] if f["level"] in ("red", "yellow")}
    order = sorted(rows, key=lambda stage: stage != "monitor")  # 有灯的表放在最前
    tables = [_table(stage, rows[stage], lights, bases) for stage in order]
    tables.append(_findings(document["findings"]))
    return {"tables": [t for t in tables if t["rows"]], "bases": list(bases)}


def _table(stage: str, rows: Sequence[Row], lights: Mapping[str, Row], bases: dict[str, int]) -> dict[str, Any]:
    heads = [c for c in columns(stage, rows) if c.form not in _HIDDEN and c.form != "list"]
    lines = []
    for row in rows:
        finding = (
            lights.get(row.get("project_name", ""))
            if stage == "monitor" and row["light"] in ("red", "yellow")
            else None
        )
        basis = bases.setdefault(finding["basis"], len(bases)) if finding and finding["basis"] else None
        why = [str(text) for text in row.get("reasons") or row.get("comments") or []]
        lines.append(
            {"cells": [_value(row, c.key, c.form) for c in heads], "why": why, "basis": basis, "cell": _origin(row)}
        )
    shown = [{"key": c.key, "title": c.title, "form": c.form, "filter": c.key in _FILTERED} for c in heads]
    return {"title": f"{COMMANDS.get(stage, stage)}", "columns": shown, "rows": lines}


def _value(row: Row, key: str, form: str) -> Any:
    value = take(row, key)
    if form == "money" and value is not None:
        return f"{half_up(Decimal(value) / 10000, 2):.2f}"
    if isinstance(value, bool):
        return "是" if value else "否"
    return "；".join(map(str, value)) if isinstance(value, list) else value


def _origin(row: Row) -> str:
    origin = row.get("origin")
    return f"{origin['file']}›{origin['sheet']} 第 {origin['row']} 行" if origin else ""


def _findings(findings: Sequence[Row]) -> dict[str, Any]:
    words = {"error": "错误", "warning": "警告", "hint": "提示", "red": "红灯", "yellow": "黄灯"}
    heads = [
        ("level", "级别"),
        ("code", "代码"),
        ("subject", "对象"),
        ("message", "说明"),
        ("place", "单元格"),
        ("basis", "依据"),
    ]
    lines = [
        {
            "cells": [words[f["level"]], f["code"], f["subject"], f["message"], place(f["where"]), f["basis"]],
            "why": [],
            "basis": None,
            "cell": "",
        }
        for f in findings
        if f["level"] in ("error", "warning", "hint")
    ]
    shown = [{"key": key, "title": word, "form": "text", "filter": key in ("level", "code")} for key, word in heads]
    return {"title": "问题清单", "columns": shown, "rows": lines}

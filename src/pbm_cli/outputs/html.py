"""网页：一个文件，不联网，双击就能看。先说结论，再说先决定什么，然后是图和可以搜索、筛选、排序、导出的明细。"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from markupsafe import Markup

from pbm_cli import sandbox
from pbm_cli.annexes import wan_table
from pbm_cli.errors import ConfigError
from pbm_cli.models import LIGHT_WORDS
from pbm_cli.outputs.charts import charts
from pbm_cli.outputs.columns import STAGES, Document, Row, clean, rows_by_stage, title
from pbm_cli.outputs.page_rows import page_rows
from pbm_cli.outputs.prose import Block, Grid, Heading, Paragraph, Signature, parse, plain
from pbm_cli.outputs.provenance import as_json, provenance
from pbm_cli.resources import templates_folder

_FOLDER = "page"
_PAGE, _STYLE, _SCRIPT = "page.html.j2", "page.css", "page.js"
_FIRST = 10
_CARDS = 5
_INERT = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def render(document: Document, narrative: str | None = None, overlay: Path | None = None) -> bytes:
    """一个完整的 HTML 文件的 UTF-8 字节。

    narrative 是叙述（Markdown）；overlay 是本县的文件夹，其中 templates/page/ 的同名文件代替自带的。
    本县的模板有毛病时抛出 ConfigError，说明是哪个文件。
    """
    folders = _folders(overlay)
    style, script = _own(folders, _STYLE, "</style"), _own(folders, _SCRIPT, "</script")
    stages = _stages(document)
    rows = dict(rows_by_stage(document))
    data = page_rows(document, rows)
    drawn = [{**chart._asdict(), "svg": Markup(chart.svg)} for chart in charts(stages, rows)]  # noqa: S704 - built by lxml
    keys = ("on", "issuer", "ruleset", "ruleset_title", "ruleset_digest", "county", "year", "command")
    context = {
        **{key: document.get(key) for key in keys},
        "title": title(document),
        "version": document["pbm"],
        "cards": _cards(stages)[:_CARDS],
        "decisions": _linked(_decisions(document, rows), rows, data["tables"]),
        "charts": drawn,
        "prose": _prose(narrative) if narrative and document["command"] in ("report", "rollup") else [],
        "parameters": document.get("parameters") or [],
        "inputs": document.get("inputs") or [],
        "style": Markup(style),  # noqa: S704 - our own file, named by its hash in the CSP
        "script": Markup(script),  # noqa: S704 - likewise
        "style_hash": _hash(style),
        "script_hash": _hash(script),
        "provenance": Markup(_inert(as_json(provenance(document)))),  # noqa: S704 - _inert leaves no "<"
        "data": Markup(_inert(json.dumps(data, ensure_ascii=False, separators=(",", ":")))),  # noqa: S704 - likewise
    }
    return _fill(folders, context).encode("utf-8", errors="replace")


def _folders(overlay: Path | None) -> list[Path]:
    """模板所在：本县的在前，自带的在后。"""
    own = [overlay / "templates" / _FOLDER] if overlay is not None else []
    return [*(folder for folder in own if folder.is_dir()), templates_folder() / _FOLDER]


def _own(folders: Sequence[Path], name: str, refused: str) -> str:
    """样式或脚本的文字；不能提前结束它所在的标签。"""
    folder = next((folder for folder in folders if (folder / name).is_file()), folders[-1])
    path, text = folder / name, sandbox.own_text(folder / name, folder)
    if refused in text.lower():
        raise ConfigError(str(path), f"里面有“{refused}”，会截断网页", "请去掉，或删去让 pbm 用自带的")
    return text


def _fill(folders: Sequence[Path], context: Mapping[str, Any]) -> str:
    made = sandbox.environment(folders, _shown, autoescape=True)
    data = sum(len(value) for value in context.values() if isinstance(value, str))
    return sandbox.render(made, _PAGE, context, more=data)


def _shown(value: Any) -> Any:
    return clean(value) if type(value) is str else "" if value is None else value


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _inert(text: str) -> str:
    """放进 script 标签也不会提前结束的 JSON。"""
    for mark, code in _INERT.items():
        text = text.replace(mark, code)
    return text


def _stages(document: Document) -> dict[str, Row]:
    summary = document.get("summary") or {}
    if document["command"] == "rollup":
        return {**summary["total"], "monitor": _by_county(document)}
    return dict(summary) if document["command"] == "report" else {document["command"]: summary}


def _by_county(document: Document) -> Row:
    """区域汇总的图按区县画。"""
    counted = [row for row in document["rows"] if row["counted"]]
    return {
        **(document["summary"]["total"].get("monitor") or {}),
        "by_unit": [
            {"county": row["county"], "budget_unit": row["county"], "execution_pct": row["execution_pct"]}
            for row in counted
        ],
    }


# ---- 最要紧的几个数 ----


def _cards(stages: Mapping[str, Row]) -> list[dict[str, str]]:
    """最要紧的几个数，有几个环节就有几个。"""
    monitor, assess, goals, evaluate = (stages.get(n) or {} for n in ("monitor", "assess", "goals", "evaluate"))
    found = [*_monitor_cards(monitor), *_assess_cards(assess)]
    if monitor.get("adjusted_projects"):
        found.append(
            _card("监控调整", wan_table(monitor["adjusted_yuan"]), "万元", f"{monitor['adjusted_projects']} 个项目")
        )
    return [*found, *_evaluate_cards(evaluate), *_goals_cards(goals)]


def _card(what: str, figure: object, unit: str, more: str) -> dict[str, str]:
    return {"what": what, "figure": str(figure), "unit": unit, "more": more}


def _monitor_cards(summary: Row) -> Iterable[dict[str, str]]:
    if summary.get("projects") and summary.get("lights"):
        more = f"黄灯 {summary['lights']['yellow']} 个，监控项目 {summary['projects']} 个"
        changed = summary.get("lights_changed")
        if changed is not None:
            redder = sum(1 for item in changed if item["new"] == "red")
            more += f"；比上次变灯 {len(changed)} 个，新变红灯 {redder} 个"
        yield _card("红灯项目", summary["lights"]["red"], "个", more)
    if summary.get("execution_pct") is not None:
        time = summary.get("time_progress_pct")  # 各区县的截止日不同时没有
        more = "各区县的截止日不同，没有共同的序时进度" if time is None else f"序时进度 {time}%"
        yield _card("预算执行率", summary["execution_pct"], "%", more)


def _assess_cards(summary: Row) -> Iterable[dict[str, str]]:
    if summary.get("projects") and summary.get("reduction_yuan") is not None:
        more = f"{summary['projects']} 个项目，评减率 {summary.get('reduction_pct') or '—'}%"
        yield _card("事前评减", wan_table(summary["reduction_yuan"]), "万元", more)


def _evaluate_cards(summary: Row) -> Iterable[dict[str, str]]:
    if summary.get("subjects"):
        more = f"{summary['subjects']} 个对象，优 {(summary.get('by_grade') or {}).get('优', 0)} 个"
        before = next((i["old"] for i in summary.get("compared") or [] if i["name"] == "平均得分"), None)
        more += f"；上次 {before} 分" if before is not None else ""
        yield _card("评价平均得分", summary.get("average_score") or "—", "分", more)


def _goals_cards(summary: Row) -> Iterable[dict[str, str]]:
    if summary.get("projects"):
        more = f"人工意见 {summary.get('comments') or 0} 条，自动意见 {summary.get('automatic_comments') or 0} 条"
        yield _card("审核绩效目标", summary["projects"], "个", more)


# ---- 先决定什么 ----


def _decisions(document: Document, rows: Mapping[str, Sequence[Row]]) -> list[dict[str, Any]]:
    """先决定什么：汇总里排好的；没有排的（只做监控时）按红灯黄灯没有用上的钱排。"""
    summary = document.get("summary") or {}
    ready = (summary["total"] if document["command"] == "rollup" else summary).get("decisions")
    if ready is None:
        return _lit_rows(rows.get("monitor", []))
    return [
        {
            "stage": item["stage"], "light": "red" if item["stage"] == "monitor" else "none",
            "word": LIGHT_WORDS["red"] if item["stage"] == "monitor" else STAGES.get(item["stage"], item["stage"]),
            "name": item["subject"], "unit": " ".join(filter(None, (item.get("county"), item["budget_unit"]))),
            "reason": item["reason"].removeprefix(f"{LIGHT_WORDS['red']}："),
            "amount": wan_table(item["amount_yuan"]), "action": item["proposal"], "origin": item["origin"],
        }
        for item in ready
    ]  # fmt: skip


def _lit_rows(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """红灯、黄灯里最该先决定的：涉及金额 × 离序时进度多远，大的在前。"""
    lit = [row for row in rows if row.get("light") in ("red", "yellow") and row.get("budget_yuan")]
    lit.sort(key=lambda row: (-_urgency(row), row["project_name"], row.get("budget_unit") or ""))
    return [
        {
            "stage": "monitor", "light": row["light"], "word": LIGHT_WORDS[row["light"]],
            "name": row["project_name"], "unit": row.get("budget_unit"),
            "reason": f"执行率 {row.get('execution_pct') or '—'}%，执行{LIGHT_WORDS[row['execution_light']]}，"
            f"目标{LIGHT_WORDS[row['goal_light']]}",
            "amount": wan_table(row["budget_yuan"]), "action": row.get("action"), "origin": row.get("origin"),
        }
        for row in lit[:_FIRST]
    ]  # fmt: skip


def _urgency(row: Row) -> Decimal:
    distance = max(Decimal(100) - Decimal(row.get("progress_ratio_pct") or 100), Decimal(0))
    return Decimal(row["budget_yuan"]) * distance


def _linked(
    decisions: Sequence[dict[str, Any]], rows: Mapping[str, Sequence[Row]], tables: Sequence[Row]
) -> list[dict[str, Any]]:
    """给每条决定标上它在明细里的位置（第几张表、第几行），点开就是说明；找不到的不标。"""
    wanted = {_identity(item["stage"], item["name"], item["origin"]) for item in decisions}
    places: dict[object, tuple[int, int]] = {}
    for number, table in enumerate(tables):
        for index, row in enumerate(rows.get(table["stage"], ())):
            key = _identity(table["stage"], row.get("subject") or row.get("project_name"), row.get("origin"))
            if key in wanted:
                places.setdefault(key, (number, index))
    return [{**item, "at": places.get(_identity(item["stage"], item["name"], item["origin"]))} for item in decisions]


def _identity(stage: str, name: object, origin: Row | None) -> tuple[object, ...]:
    where = origin or {}
    return (stage, name, where.get("file"), where.get("sheet"), where.get("row"))


# ---- 总结的文字 ----


def _prose(narrative: str) -> list[dict[str, Any]]:
    """叙述的正文，到附件为止（附件的表在明细里）；文件标题已经在页首，不再写。"""
    found: list[dict[str, Any]] = []
    for block in parse(narrative):
        if isinstance(block, Heading) and block.level == 1:
            if found:
                break
            continue
        found.append(_part(block))
    return found


def _part(block: Block) -> dict[str, Any]:
    if isinstance(block, Heading):
        return {"kind": "heading", "level": min(block.level + 1, 6), "text": plain(block.spans)}
    if isinstance(block, Paragraph):
        return {"kind": "paragraph", "spans": block.spans}
    if isinstance(block, Signature):
        return {"kind": "signature", "lines": [plain(line) for line in block.lines]}
    return _grid(block)


def _grid(block: Grid) -> dict[str, Any]:
    cells = [[plain(cell) for cell in row] for row in block.rows]
    right = [align == "right" for align in block.aligns]
    return {"kind": "table", "head": cells[:1], "rows": cells[1:], "right": right}

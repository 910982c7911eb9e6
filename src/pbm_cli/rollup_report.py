"""区域汇总的叙述：templates/rollup/ 的各节，与年度总结同一种写法；本省可以用 --overlay 改写其中任何一节。"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pbm_cli.annexes import setting_rows, wan_table
from pbm_cli.report import sections

FOLDER = "rollup"
_STAGES = ("assess", "goals", "monitor", "evaluate", "mechanism")
_SAME = (
    "county", "issuer", "year", "on", "ruleset", "ruleset_title", "ruleset_digest", "inputs", "findings", "parameters",
)  # fmt: skip
Row = Mapping[str, Any]
Cells = list[Sequence[object]]


def narrative(document: Row, overlay: Path | None = None) -> str:
    """区域汇总的文档 → Markdown。模板有毛病时抛出 ConfigError。"""
    return sections(FOLDER, overlay)(context(document))


def context(document: Row) -> dict[str, Any]:
    """模板里可以用的名字。"""
    summary = document["summary"]
    counted = [row for row in document["rows"] if row["counted"]]
    left_out = [item for item in summary["counties"] if item["error"]]
    return {
        **{key: document[key] for key in _SAME},
        "version": document["pbm"],
        "region": document["county"] or "全区域",
        **{stage: summary["total"].get(stage) for stage in _STAGES},
        "decisions": summary["total"]["decisions"],
        "found": summary["counties_found"],
        "counted": counted,
        "failed": left_out,
        "remarks": [item["message"] for item in document["findings"] if item["county"] is None],
        "rankings": [item for item in summary["rankings"] if len(item["counties"]) > 1],
        **{key: summary[key] for key in ("outliers", "groups")},
        "other_years": summary.get("other_years", []),
        "money_rows": _money_rows(counted),
        "light_rows": _light_rows(counted),
        "failed_rows": [(item["folder"], item["county"], item["error"]) for item in left_out],
        "outlier_rows": [
            (row["county"], row["figure"], row["value_pct"], row["median_pct"], row["points"])
            for row in summary["outliers"]
        ],
        "decision_rows": _decision_rows(summary["total"]["decisions"]),
        "source_rows": _source_rows(document),
    }


def _money_rows(rows: Iterable[Row]) -> Cells:
    """分县：资金。"""
    return [
        (
            number, row["county"], row["assess_projects"], wan_table(row["submitted_yuan"]),
            wan_table(row["reduction_yuan"]), row["reduction_pct"], row["monitor_projects"],
            wan_table(row["budget_yuan"]), wan_table(row["expenditure_yuan"]), row["execution_pct"],
            wan_table(row["adjusted_yuan"]),
        )
        for number, row in enumerate(rows, 1)
    ]  # fmt: skip


def _light_rows(rows: Iterable[Row]) -> Cells:
    """分县：红黄灯、监控报告、目标审核、评价。"""
    return [
        (
            number, row["county"], row["red"], row["yellow"], row["red_pct"], row["coverage_pct"],
            row["goal_projects"], row["review_comments"], row["subjects"], row["average_score"],
        )
        for number, row in enumerate(rows, 1)
    ]  # fmt: skip


def _decision_rows(rows: Iterable[Row]) -> Cells:
    return [
        (row["rank"], row["county"], row["subject"], row["budget_unit"], wan_table(row["amount_yuan"]), row["reason"],
         row["proposal"])
        for row in rows
    ]  # fmt: skip


def _source_rows(document: Row) -> Cells:
    inputs = [
        (given["file"], sum(sheet["rows_used"] for sheet in given["sheets"]), given["sha256"] or given["error"])
        for given in document["inputs"]
    ]
    return [*inputs, *((name, role, digest) for name, role, _, digest in setting_rows(document["settings"]))]

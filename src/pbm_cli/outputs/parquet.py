"""Parquet：逐行的结果，列和类型固定，给 DuckDB、Spark、Power BI 接着用。列的说明在 docs/data.md。

金额是元的 decimal128(20,2)，百分数和得分是 decimal128(18,2)，指标值、完成值照 JSON 是文字；来历写在文件的元数据里。
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pbm_cli.errors import OutputError
from pbm_cli.outputs.columns import Document, Row, clean
from pbm_cli.outputs.provenance import as_json, provenance

KEY = b"pbm"
"""元数据里来历（JSON）的键。"""
_PROJECT = "project_code:text project_name:text budget_unit:text department:text fund:text"
_ORIGIN = "origin:origin"
SCHEMAS: Mapping[str, str] = {
    "assess": f"{_PROJECT} submitted_yuan:money approved_yuan:money reduction_yuan:money reduction_pct:pct score:score "
    f"conclusion:text {_ORIGIN}",
    "goals": "project_code:text project_name:text budget_unit:text unit_code:text indicator_count:count grade:text "
    "grade_source:text treatment:text score:score comments:list review_comments:count open_comments:count "
    f"automatic_comments:count steps_missing:list {_ORIGIN}",
    "monitor": "project_code:text project_name:text budget_unit:text department:text budget_yuan:money "
    "expenditure_yuan:money execution_pct:pct progress_ratio_pct:pct execution_light:text goal_light:text light:text "
    "action:text action_reason:text response_days:count reasons:list light_reasons:list "
    "stated_reasons:list goal_completion_pct:pct previous_light:text "
    f"indicators:indicators {_ORIGIN}",
    "evaluate": "project_code:text subject:text subject_kind:text level:text department:text budget_unit:text "
    "fund:text amount_yuan:money score:score recomputed_score:score self_gap:score full_score:score "
    "final_score:score grade:text final_grade:text proposal:text proposal_reasons:list proposal_basis:text "
    "budget_yuan:money next_budget_yuan:money proposed_budget_yuan:money rectified:flag standing:flag "
    "deviation_score:score deviation_pct:pct recompute_note:text inflated:text indicators:indicators "
    f"{_ORIGIN}",
    "check": "file:text sheet:text kind:text rows_read:count rows_used:count rows_rejected:count rows_total:count",
    "rollup": "county:text year:count on:text ruleset:text counted:flag assess_projects:count submitted_yuan:money "
    "approved_yuan:money reduction_yuan:money reduction_pct:pct goal_projects:count review_comments:count "
    "automatic_comments:count monitor_projects:count budget_yuan:money expenditure_yuan:money execution_pct:pct "
    "red:count yellow:count green:count blue:count none:count red_pct:pct units_due:count units_reported:count "
    "coverage_pct:pct adjusted_projects:count adjusted_yuan:money subjects:count average_score:score "
    "reduction_rank:count execution_rank:count red_rank:count coverage_rank:count average_score_rank:count "
    "rows_used:count rows_rejected:count errors:count warnings:count folder:text error:text",
}
"""命令 → 各列“名称:类型”，按次序；行里别的键不写。"""
_RENAMED: Mapping[tuple[str, str], str] = {("goals", "indicator_count"): "indicators"}
"""列 → JSON 里的键：目标审核的 indicators 是个数，别处是清单，所以换一个列名。"""
_STAGES = ("assess", "goals", "monitor", "evaluate")
_FALLBACK = "stage:text"
_INDICATOR: Mapping[str, pa.DataType] = {
    **dict.fromkeys(("level1", "level2", "level3", "operator", "target", "measure", "actual"), pa.string()),
    "completion_pct": pa.decimal128(18, 2), "progress_pct": pa.decimal128(18, 2), "light": pa.string(),
    **dict.fromkeys(("weight", "self_score", "score"), pa.decimal128(24, 6)), "sentence": pa.string(),
}  # fmt: skip
TYPES: Mapping[str, pa.DataType] = {
    "text": pa.string(), "count": pa.int64(), "flag": pa.bool_(), "money": pa.decimal128(20, 2),
    "pct": pa.decimal128(18, 2), "score": pa.decimal128(18, 2), "list": pa.list_(pa.string()),
    "origin": pa.struct({"file": pa.string(), "sheet": pa.string(), "row": pa.int64()}),
    "indicators": pa.list_(pa.struct(dict(_INDICATOR))),
}  # fmt: skip


def render(document: Document) -> bytes:
    """文档的逐行结果 → Parquet 字节；同样的文档、同样版本的 pyarrow 写出同样的字节。"""
    command = str(document.get("command"))
    heads = columns(command)
    rows: Sequence[Row] = document.get("rows") or []
    fields = [pa.field(name, TYPES[form]) for name, form in heads.items()]
    source = as_json(provenance(document)).encode("utf-8", errors="backslashreplace")
    schema = pa.schema(fields, metadata={KEY: source})
    arrays = [_array(command, rows, name, form) for name, form in heads.items()]
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), stream)
    return stream.getvalue()


def columns(command: str) -> dict[str, str]:
    """一个命令的各列：名称 → 类型。report 是 stage 加各环节的列，同名的只有一列。"""
    if command in SCHEMAS:
        return _parsed(SCHEMAS[command])
    if command != "report":
        raise OutputError("-o", f"{command} 的结果不能写成 .parquet", "请写成 .json 或 .csv")
    found = _parsed(_FALLBACK)
    for stage in _STAGES:
        found |= _parsed(SCHEMAS[stage])
    return {**{name: form for name, form in found.items() if form != "origin"}, "origin": "origin"}


def _parsed(text: str) -> dict[str, str]:
    pairs = (part.split(":") for part in text.split())
    return {name: form for name, form in pairs}  # noqa: C416  mypy 看得出是两项


def _array(command: str, rows: Iterable[Row], name: str, form: str) -> pa.Array:
    """一列；放不进这个类型的数（位数太多）是 OutputError，绝不四舍五入。"""
    values = [_value(row, str(row.get("stage", command)), name, form) for row in rows]
    try:
        return pa.array(values, TYPES[form])
    except (pa.ArrowInvalid, OverflowError) as error:
        raise OutputError(
            "-o", f"“{name}”有一个数位数太多，写不进 .parquet（{error}）", "请写成 .json 或 .csv"
        ) from error


def _value(row: Row, stage: str, name: str, form: str) -> Any:
    key = _RENAMED.get((stage, name), name)
    value = row.get(key)
    if value is None:
        return None
    if form == "indicators":
        return [_indicator(item) for item in value] if isinstance(value, list) else None
    if form == "origin":
        return {**value, "file": clean(value["file"]), "sheet": clean(value["sheet"] or "")}
    if form == "list":
        return [clean(str(item)) for item in value]
    if form in ("money", "pct", "score"):
        return Decimal(value)
    return clean(value) if isinstance(value, str) else value


def _indicator(item: Row) -> dict[str, Any]:
    """指标：三个分数、两个百分数是数，其余是文字；没有的为空。"""
    made: dict[str, Any] = {}
    for name, kind in _INDICATOR.items():
        value = item.get(name)
        made[name] = value if value is None else Decimal(value) if pa.types.is_decimal(kind) else clean(str(value))
    return made

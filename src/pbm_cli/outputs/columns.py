"""JSON 的键 → 中文名、类型与单位。CSV、Excel、Markdown 和终端表格共用这一份。"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Literal

from pbm_cli.models import LIGHT_WORDS, RECORD_TYPES, business_fields, field_title
from pbm_cli.outputs.vocabulary import TABLE
from pbm_cli.text import FEN_PER_WAN, FEN_PER_YUAN, half_up, visible

Form = Literal[
    "text", "code", "money", "percent", "score", "number", "count", "light", "level", "list", "indicators", "origin",
]  # fmt: skip
"""money 是“元”的两位小数文字；percent 是不带 % 的百分数文字；其余见 contract 的类型约定。"""

Document = dict[str, Any]
Row = Mapping[str, Any]

NUMERIC: frozenset[Form] = frozenset({"money", "percent", "score", "number", "count"})

STAGES: Mapping[str, str] = {
    "assess": "事前评估", "goals": "目标审核", "monitor": "运行监控", "evaluate": "绩效评价", "mechanism": "机制建设",
}  # fmt: skip
COMMANDS: Mapping[str, str] = {
    **STAGES, "report": "预算绩效管理总结", "check": "数据检查", "diff": "数据比较", "rollup": "区域汇总",
    "explain": "出处说明",
}  # fmt: skip
LEVEL_WORDS: Mapping[str, str] = {
    "error": "错误", "warning": "警告", "hint": "提示", "red": "红灯", "yellow": "黄灯",
}  # fmt: skip
EVIDENCE_WORDS: Mapping[str, str] = {
    "original": "原文", "secondary": "二手转述，未核对原文", "practice": "通行做法", "tool-default": "工具默认",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """一列：键（可用“.”深入一层）、中文名、类型、单位（金额的单位由写出的形式决定）。"""

    key: str
    title: str
    form: Form = "text"
    unit: str = ""


def _words(table: str) -> dict[str, Column]:
    rows = (line.split() for line in table.strip().splitlines())
    return {key: Column(key, title, form, unit[0] if unit else "") for key, title, form, *unit in rows}  # type: ignore[arg-type]


VOCABULARY: Mapping[str, Column] = _words(TABLE)

_OVERRIDES: Mapping[tuple[str, str], Column] = {
    ("assess", "budget_unit"): Column("budget_unit", "项目单位"),
    ("assess", "score"): Column("score", "评估得分", "score", "分"),
    ("goals", "score"): Column("score", "审核得分", "score", "分"),
    ("goals", "grade"): Column("grade", "审核等级"),
    ("goals", "points"): Column("points", "分项得分"),
    ("goals", "comments"): Column("comments", "审核意见", "list"),
    ("monitor", "indicators"): Column("indicators", "指标", "indicators"),
    ("evaluate", "indicators"): Column("indicators", "指标", "indicators"),
    ("evaluate", "score"): Column("score", "评价得分", "score", "分"),
    ("evaluate", "grade"): Column("grade", "评价等级"),
    ("evaluate", "budget_unit"): Column("budget_unit", "被评价单位"),
    ("evaluate", "rectified"): Column("rectified", "是否整改"),
    ("", "light"): Column("light", "指标灯", "light"),
    ("evaluate", "budget_yuan"): Column("budget_yuan", "本年预算", "money"),
    ("monitor", "budget_yuan"): Column("budget_yuan", "调整后预算", "money"),
    ("changes", "old"): Column("old", "上次的灯", "light"),
    ("changes", "new"): Column("new", "这次的灯", "light"),
    ("adjustment", "goals_adjusted"): Column("goals_adjusted", "是否同步调整目标"),
    ("diff", "subject"): Column("subject", "项目或对象"),
    ("diff", "old"): Column("old", "旧", "money"),
    ("diff", "new"): Column("new", "新", "money"),
    ("diff", "change"): Column("change", "变化", "money"),
    ("rollup", "error"): Column("error", "没有计入的原因"),
    ("rollup", "budget_yuan"): Column("budget_yuan", "调整后预算", "money"),
}

ROW_KEYS: Mapping[str, tuple[str, ...]] = {
    "assess": (
        "project_code", "project_name", "budget_unit", "submitted_yuan", "approved_yuan", "reduction_yuan",
        "reduction_pct", "score", "conclusion", "origin",
    ),
    "goals": ("project_code", "project_name", "budget_unit", "indicators", "grade", "score", "comments", "origin"),
    "monitor": (
        "project_code", "project_name", "budget_unit", "department", "budget_yuan", "expenditure_yuan",
        "execution_pct", "progress_ratio_pct", "execution_light", "goal_light", "light", "action",
        "light_reasons", "stated_reasons", "indicators", "origin",
    ),
    "evaluate": (
        "subject", "subject_kind", "level", "department", "budget_unit", "score", "recomputed_score", "final_score",
        "grade", "proposal", "indicators", "origin",
    ),
    "diff": (
        "change_word", "project_code", "subject", "budget_unit", "sheet_title", "field_title", "was", "now",
        "old_place", "new_place",
    ),
}  # fmt: skip

INDICATOR_KEYS = (
    "level1", "level2", "level3", "operator", "target", "measure", "actual", "completion_pct", "light",
    "weight", "self_score", "score",
)  # fmt: skip

FINDING_COLUMNS = (
    Column("code", "代码", "code"), Column("level", "级别", "level"), Column("subject", "对象"),
    Column("message", "说明"), Column("where.file", "文件"), Column("where.sheet", "工作表"),
    Column("where.cell", "单元格", "code"), Column("basis", "依据"),
)  # fmt: skip

PARAMETER_COLUMNS = (
    Column("name", "参数", "code"), Column("label", "名称"), Column("value", "取值"), Column("unit", "单位"),
    Column("effective", "施行日期", "code"), Column("basis", "依据"), Column("evidence", "证据等级"),
)  # fmt: skip


def column(stage: str, key: str) -> Column:
    """某阶段某个键的一列；不认识的键按后缀定类型，名称就是键。"""
    found = _OVERRIDES.get((stage, key)) or VOCABULARY.get(key)
    if found:
        return found
    head, _, tail = key.rpartition(".")
    if head and tail in LIGHT_WORDS:
        kind = VOCABULARY.get(head)
        title = LIGHT_WORDS[tail] if head == "lights" else f"{kind.title if kind else head}{LIGHT_WORDS[tail]}"
        return Column(key, title, "count", "个")
    title = _field_titles().get(key.removesuffix("_yuan").removesuffix("_pct"), key)
    if key.endswith("_yuan"):
        return Column(key, title, "money")
    return Column(key, title, "percent", "%") if key.endswith("_pct") else Column(key, title)


@cache
def _field_titles() -> Mapping[str, str]:
    """记录各字段的中文名；几种表都有的，取先列的那种。"""
    titles: dict[str, str] = {}
    for model in RECORD_TYPES.values():
        for name in business_fields(model):
            titles.setdefault(name, field_title(model, name))
    return titles


_NO_COLUMN = frozenset({"stage", "reasons"})
"""不成一列的键：环节分在各张表里；reasons 已分成判灯依据（light_reasons）和偏差原因（stated_reasons）两列。"""


def columns(stage: str, rows: Iterable[Row]) -> list[Column]:
    """明细的列：先是合同规定的，再是这些行里多出来的、认识的键（未知阶段则全部），最后是出处。"""
    known = ROW_KEYS.get(stage, ())
    extra: dict[str, None] = {}
    for row in rows:
        for key in row:
            if key not in known and key not in _NO_COLUMN:
                extra[key] = None
    more = [key for key in extra if key in VOCABULARY or not known]
    keys = [key for key in (*known, *more) if key != "origin"] + (["origin"] if "origin" in (*known, *more) else [])
    return [column(stage, key) for key in keys]


def filled(heads: Sequence[Column], rows: Sequence[Row]) -> list[Column]:
    """去掉一行也没有填的列；给人看的表用。"""
    return [item for item in heads if any(take(row, item.key) not in (None, "", []) for row in rows)] or list(heads)


def indicator_columns(rows: Iterable[Row]) -> list[Column]:
    """指标的列：只列这些指标里出现的。"""
    present = {key for row in rows for key in row}
    return [column("", key) for key in INDICATOR_KEYS if key in present]


def rows_by_stage(document: Document) -> list[tuple[str, list[Row]]]:
    """(阶段, 行)；report 按阶段分开，其余命令只有一组。没有行的阶段不列。"""
    rows: Sequence[Row] = document.get("rows") or []
    groups: dict[str, list[Row]] = {stage: [] for stage in STAGES}
    for row in rows:
        groups.setdefault(str(row.get("stage") or document.get("command") or ""), []).append(row)
    return [(stage, found) for stage, found in groups.items() if found]


def take(row: Row, key: str) -> Any:
    """按键取值；键里的“.”深入一层；没有为 None。"""
    if key in row:
        return row[key]
    head, _, tail = key.partition(".")
    inner = row.get(head)
    return inner.get(tail) if tail and isinstance(inner, Mapping) else None


_UNFIT = re.compile("[\ud800-\udfff\ufffe\uffff]")


def clean(value: str) -> str:
    """能放进任何文件的文字：去掉控制符与看不见的字符，孤立的代理字符换成“\ufffd”。"""
    if value.isprintable():  # 全是看得见的字，绝大多数如此
        return value
    return _UNFIT.sub("\ufffd", visible(value))


def decimal(value: Any) -> Decimal | None:
    """数或数的文字 → Decimal；不是数为 None。"""
    if value is None or isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def wan_value(value: Any) -> Decimal | None:
    """“元”的文字 → 万元，精确；不是数为 None。"""
    number = decimal(value)
    return None if number is None else number * FEN_PER_YUAN / FEN_PER_WAN


def words(value: Any, form: Form) -> str:
    """非数值类型的文字：灯与级别用词，清单用“；”连接。"""
    if value is None:
        return ""
    if form == "light":
        return LIGHT_WORDS.get(str(value), clean(str(value)))
    if form == "level":
        return LEVEL_WORDS.get(str(value), clean(str(value)))
    if form == "origin" and isinstance(value, Mapping):
        return clean(f"{value.get('file') or ''}›{value.get('sheet') or ''} 第{value.get('row') or ''}行")
    if form == "indicators" and isinstance(value, list):
        return "；".join(_indicator(item) for item in value)
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "；".join(clean(str(item)) for item in value)
    if isinstance(value, Mapping):
        return "；".join(f"{label(str(key))} {words(item, 'text')}" for key, item in value.items())
    return clean(str(value))


def _indicator(item: Row) -> str:
    name = "/".join(words(item[key], "text") for key in ("level1", "level2", "level3") if item.get(key))
    operator = "" if item.get("operator") == "qualitative" else words(item.get("operator"), "text")
    parts = [f"{name}：{operator}{words(item.get('target'), 'text')}{words(item.get('measure'), 'text')}"]
    if item.get("actual") is not None:
        parts.append(f"实际 {words(item['actual'], 'text')}")
    for key in ("completion_pct", "score"):
        if item.get(key) is not None:
            parts.append(show(item[key], column("", key).form))
    if item.get("light"):
        parts.append(words(item["light"], "light"))
    return "，".join(parts)


def display_width(value: str) -> int:
    """最长一行的显示宽度：汉字等宽字符算 2，其余算 1。"""
    return max(sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in line) for line in value.split("\n"))


def title(document: Document) -> str:
    """标题：泸县2023年运行监控。"""
    year = document.get("year")
    command = str(document.get("command") or "")
    return f"{document.get('county') or ''}{f'{year}年' if year else ''}{COMMANDS.get(command, command)}"


def label(key: str) -> str:
    """分组的键（灯、步骤等英文标识）的中文；本来就是中文的原样。"""
    found = VOCABULARY.get(key)
    return found.title if found else clean(key)


def show(value: Any, form: Form) -> str:
    """给人看的写法：金额是万元带千分位，比率带 %，没有值为空。"""
    number = decimal(value) if form in NUMERIC else None
    if number is None:
        return words(value, form)
    if form == "money":
        return f"{half_up(number * FEN_PER_YUAN / FEN_PER_WAN, 2):,.2f}"
    if form == "percent":
        return f"{half_up(number, 2):.2f}%"
    if form == "score":
        return f"{half_up(number, 2):.2f}"
    return f"{number:,f}" if form == "count" else f"{number:f}"

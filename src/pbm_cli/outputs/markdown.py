"""Markdown：report 的叙述原样写出；其余命令写一份简要的汇总、明细与问题。"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pbm_cli.outputs.columns import (
    COMMANDS,
    FINDING_COLUMNS,
    LEVEL_WORDS,
    NUMERIC,
    Column,
    Document,
    Row,
    clean,
    columns,
    filled,
    rows_by_stage,
    show,
    take,
    title,
)
from pbm_cli.outputs.provenance import ROLES
from pbm_cli.outputs.summary import figures, stages, tables

MOST_ROWS = 50
MOST_GROUP_ROWS = 20
_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~&])")
_LEADING = re.compile(r"^(\s*)([-+=]|\d+[.)])", re.MULTILINE)
# 附件只列看得下的列；其余在 Excel 与 CSV 里
_LEFT_OUT = frozenset({"origin", "indicators", "department", "progress_ratio_pct", "light_reasons", "stated_reasons"})
_NUMERALS = "一二三四五六七八九十"


def escape(value: str) -> str:
    """数据里的文字放进 Markdown 时不起标记作用；换行变空格。"""
    flat = " ".join(clean(value).split())
    return _LEADING.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", flat)) if not _NUMBER.fullmatch(flat) else flat


_NUMBER = re.compile(r"-?[\d,]+(\.\d+)?%?")


def table(heads: Sequence[Column], rows: Sequence[Row]) -> str:
    """一张 Markdown 表；数靠右。"""
    lines = [
        "| " + " | ".join(escape(_heading(item)) for item in heads) + " |",
        "|" + "|".join(" ---: " if item.form in NUMERIC else " --- " for item in heads) + "|",
    ]
    for row in rows:
        cells = (escape(show(take(row, item.key), item.form)) for item in heads)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def render(document: Document, narrative: str | None = None) -> bytes:
    """UTF-8 字节，末尾一个换行。"""
    return (narrative if narrative is not None else text(document)).rstrip("\n").encode("utf-8", "replace") + b"\n"


def text(document: Document) -> str:
    """没有叙述的命令的 Markdown：汇总、问题、数据来源，明细作附件。"""
    sections = [_summary(document), _findings(document), _sources(document)]
    kept = [section for section in sections if section]
    parts = [f"# {escape(title(document))}", _note(document)]
    for numeral, (head, body) in zip(_NUMERALS, kept, strict=False):
        parts += [f"## {numeral}、{head}", body]
    parts += _annexes(document)
    return "\n\n".join(part for part in parts if part) + "\n"


def _heading(item: Column) -> str:
    return f"{item.title}（万元）" if item.form == "money" else item.title


def _note(document: Document) -> str:
    words = (("截止日", "on"), ("规则集", "ruleset"), ("编制单位", "issuer"))
    found = [f"{word}：{escape(str(document[key]))}" for word, key in words if document.get(key)]
    return "；".join([*found, "金额单位：万元"]) + "。"


def _summary(document: Document) -> tuple[str, str] | None:
    parts = []
    found = stages(document)
    for stage, word, summary in found:
        if len(found) > 1:
            parts.append(f"### {word}")
        heads = (Column("title", "项目"), Column("value", "数值", "number"), Column("unit", "单位"))
        lines = [
            {
                "title": item.title,
                "value": show(item.value, item.form),
                "unit": "" if item.form == "percent" else item.unit,
            }
            for item in figures(stage, summary)
        ]
        if lines:
            parts.append(table(heads, lines))
        for group in tables(stage, summary):
            shown = group.rows[:MOST_GROUP_ROWS]
            more = _more(len(group.rows), len(shown))
            parts += [f"**{group.title}**{more}", table(group.columns, shown)]
    return ("汇总", "\n\n".join(parts)) if parts else None


def _findings(document: Document) -> tuple[str, str] | None:
    findings: list[Row] = document.get("findings") or []
    if not findings:
        return None
    counts = {word: sum(1 for item in findings if item.get("level") == level) for level, word in LEVEL_WORDS.items()}
    line = "，".join(f"{word} {count} 条" for word, count in counts.items() if count)
    shown = findings[:MOST_ROWS]
    lines = [{**item, "place": _place(item)} for item in shown]
    heads = (*FINDING_COLUMNS[:4], Column("place", "所在"), FINDING_COLUMNS[-1])
    return "问题", f"共 {len(findings)} 条：{line}。{_more(len(findings), len(shown))}\n\n{table(heads, lines)}"


def _place(item: Row) -> str:
    where = item.get("where")
    if not where:
        return ""
    place = "›".join(str(where[key]) for key in ("file", "sheet") if where.get(key))
    return f"{place}!{where['cell']}" if where.get("cell") else place


def _sources(document: Document) -> tuple[str, str] | None:
    digest = document.get("ruleset_digest")
    about = (
        f"pbm {document.get('pbm') or ''}，规则集 {document.get('ruleset') or ''}{f'（{digest}）' if digest else ''}。"
    )
    heads = [Column("file", "输入文件"), Column("sha256", "SHA-256", "code")]
    inputs: list[Row] = document.get("inputs") or []
    if settings := document.get("settings"):
        heads.append(Column("role", "种类"))
        inputs = [*inputs, *({**item, "role": ROLES[item["role"]]} for item in settings)]
    return "数据来源", f"{escape(about)}\n\n{table(heads, inputs)}" if inputs else escape(about)


def _annexes(document: Document) -> Iterator[str]:
    for number, (stage, rows) in enumerate(rows_by_stage(document), start=1):
        heads = filled([item for item in columns(stage, rows) if item.key not in _LEFT_OUT], rows)
        shown = rows[:MOST_ROWS]
        yield f"# 附件{number} {COMMANDS.get(stage, stage)}明细"
        more = _more(len(rows), len(shown))
        if more:
            yield more
        yield table(heads, shown)


def _more(total: int, shown: int) -> str:
    return f"（共 {total} 行，列出前 {shown} 行，其余见 Excel 或 CSV）" if total > shown else ""

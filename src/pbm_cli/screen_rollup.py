"""终端上看到的区域汇总：合计、分县、名次、离群、不能用的区县。"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pbm_cli.annexes import wan_table
from pbm_cli.console import put, render, say
from pbm_cli.outputs.columns import LEVEL_WORDS
from pbm_cli.outputs.columns import show as shown_value
from pbm_cli.outputs.summary import figures, stages
from pbm_cli.screen_tables import blank_table

_MOST = 15
_ENDS = 3


def show(document: Mapping[str, Any], written: Sequence[Path], code: int) -> None:
    """一次区域汇总的结果。"""
    summary = document["summary"]
    year = f"{document['year']}年" if document["year"] else ""
    about = [f"截止日 {document['on']}"] if document["on"] else []
    about += [f"规则集 {document['ruleset']}", "金额单位：万元"]
    put(f"{document['county'] or '本区域'}{year}区域汇总（{'；'.join(about)}）")
    failed = summary["counties_failed"]
    found, counted = summary["counties_found"], summary["counties_counted"]
    other = found - counted - failed
    apart = f"，别的年度 {other} 个（没有计入）" if other else ""
    put(f"区县 {found} 个，计入合计 {counted} 个{apart}，不能用 {failed} 个")
    for stage, word, total in stages(dict(document)):
        if stage != "rollup" and word != "综合":
            _figures(word, stage, total)
    _counties(document["rows"])
    _rankings(summary["rankings"])
    for item in summary["outliers"]:
        put(f"离群：{item['county']} {item['figure']} {item['value_pct']}%，中位数 {item['median_pct']}%")
    for item in summary["counties"]:
        if item["error"]:
            say(f"没有计入合计：{item['county']}（{item['folder']}）：{item['error']}")
    _findings(document["findings"])
    for path in written:
        say(f"已写出 {path}")
    say(_next_step(written, code))


def _figures(word: str, stage: str, summary: Mapping[str, Any]) -> None:
    cells = [(f.title, shown_value(f.value, f.form)) for f in figures(stage, summary) if f.value is not None]
    table = blank_table(("", "left"), ("", "right"), ("", "left"), ("", "right"), title=word)
    table.show_header = False
    for left, right in zip(cells[::2], [*cells[1::2], ("", "")], strict=False):
        table.add_row(*left, *right)
    if cells:
        render(table)


def _counties(rows: Sequence[Mapping[str, Any]]) -> None:
    """分县：计入合计的，前面几个。"""
    heads = ("区县", "项目", "预算", "执行率%", "红灯", "评减", "覆盖率%", "平均分", "错误")
    table = blank_table((heads[0], "left"), *((head, "right") for head in heads[1:]))
    counted = [row for row in rows if row["counted"]]
    for row in counted[:_MOST]:
        table.add_row(
            row["county"], _text(row["monitor_projects"]), wan_table(row["budget_yuan"]), _text(row["execution_pct"]),
            _text(row["red"]), wan_table(row["reduction_yuan"]), _text(row["coverage_pct"]),
            _text(row["average_score"]), _text(row["errors"]),
        )  # fmt: skip
    render(table)
    if len(counted) > _MOST:
        put(f"（共 {len(counted)} 个区县，列出 {_MOST} 个；其余用 -o 结果.xlsx 看）")


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _rankings(rankings: Sequence[Mapping[str, Any]]) -> None:
    """每个数的前三名和后三名。"""
    for item in rankings:
        counties = item["counties"]
        if len(counties) < 2:
            continue
        first = "、".join(_place(row) for row in counties[:_ENDS])
        last = "、".join(_place(row) for row in counties[max(_ENDS, len(counties) - _ENDS) :])
        put(f"{item['title']}（{item['method']}）：前 {first}" + (f"；后 {last}" if last else ""))


def _place(row: Mapping[str, Any]) -> str:
    return f"{row['county']} {row['value']}"


def _findings(findings: Sequence[Mapping[str, Any]]) -> None:
    """先说区域的，再数各区县的。"""
    for item in findings:
        if item["county"] is None:
            say(f"{LEVEL_WORDS[item['level']]} {item['code']}：{item['message']}")
    own = [item["level"] for item in findings if item["county"] is not None]
    parts = [f"{word} {own.count(level)} 条" for level, word in LEVEL_WORDS.items() if own.count(level)]
    if parts:
        say(f"各区县的发现：{'，'.join(parts)}，见 -o 结果.xlsx 的“问题清单”。")


def _next_step(written: Sequence[Path], code: int) -> str:
    if code:
        return "下一步：对点名的区县运行 pbm report 文件夹，按单元格地址改正后再汇总。"
    return (
        "下一步：打开写出的文件核对。" if written else "下一步：加 -o 全省总结.docx 写出总结，-o 结果.xlsx 写出底稿。"
    )

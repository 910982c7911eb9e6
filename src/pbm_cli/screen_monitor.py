"""终端上看到的双监控：与上次比灯的变化，试算。"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pbm_cli.annexes import wan_table
from pbm_cli.console import put, render
from pbm_cli.models import LIGHT_WORDS
from pbm_cli.screen_tables import blank_table

_MOST = 10


def show_changes(document: Mapping[str, Any]) -> None:
    """监控（或总结里的监控）与上次比：几个项目的灯变了，是哪些。"""
    summary = document["summary"]
    stage = summary.get("monitor") or {} if document["command"] == "report" else summary
    changed = stage.get("lights_changed")
    if document["command"] not in ("monitor", "report") or changed is None:
        return
    put(changes_line(stage))
    if changed:
        table = blank_table(("灯有变化的项目", "left"), ("单位", "left"), ("上次", "whole"), ("这次", "whole"))
        for row in changed[:_MOST]:
            lights = (LIGHT_WORDS.get(row[key], row[key]) for key in ("old", "new"))
            table.add_row(row["project_name"], row["budget_unit"] or "", *lights)
        render(table)
        _more(len(changed), "灯有变化的项目", "")


def changes_line(summary: Mapping[str, Any]) -> str:
    """与上次比的一句话。"""
    changed = summary["lights_changed"]
    said = f"{len(changed)} 个项目的灯变了" if changed else "各项目的灯没有变"
    if redder := sum(row["new"] == "red" for row in changed):
        said += f"（新变红灯 {redder} 个）"
    for key, word in (("appeared", "新出现"), ("vanished", "不再出现")):
        said += f"，{word} {summary[key]} 个" if summary.get(key) else ""
    return f"与上次相比：{said}。"


def show_trial(document: Mapping[str, Any]) -> None:
    """试算：参数、前后的灯、哪些项目会变；没有试算时不显示。"""
    trial = document.get("what_if")
    if not trial:
        return
    put(f"\n试算：{trial['said']}。")
    for item in trial["parameters"]:
        unit = f"（单位：{item['unit']}）" if item["unit"] else ""
        put(f"  {item['label']}（{item['name']}）：现行 {item['value'] or '没有规定'}；试算 {item['trial']}{unit}")
        put(f"    现行的依据：{item['basis']}")
    for note in trial["notes"]:
        put(f"  注意：{note}。")
    counts = blank_table(("总灯", "whole"), ("现行", "right"), ("试算", "right"), ("增减", "right"))
    for name, word in LIGHT_WORDS.items():
        before, after = trial["lights_before"][name], trial["lights_after"][name]
        counts.add_row(word, str(before), str(after), f"{after - before:+d}" if after != before else "0")
    render(counts)
    if not trial["changed"]:
        put("没有项目的灯会变。")
        return
    put(f"{trial['changed_projects']} 个项目的灯会变，涉及调整后预算 {wan_table(trial['budget_yuan'])} 万元：")
    rows = blank_table(
        ("项目", "left"),
        ("单位", "left"),
        ("预算", "right"),
        ("执行率%", "right"),
        ("现行", "whole"),
        ("试算", "whole"),
    )
    for row in trial["changed"][:_MOST]:
        rows.add_row(
            row["project_name"], row["budget_unit"] or "", wan_table(row["budget_yuan"]), row["execution_pct"] or "",
            LIGHT_WORDS[row["from"]], LIGHT_WORDS[row["to"]],
        )  # fmt: skip
    render(rows)
    _more(len(trial["changed"]), "会变灯的项目", "的“试算”")


def _more(total: int, what: str, sheet: str) -> None:
    if total > _MOST:
        put(f"（共 {total} 个{what}，列出 {_MOST} 个；其余用 -o 结果.xlsx {sheet}看）")

"""终端上看到的查问结果：比较、追溯、核对、上限。"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from pbm_cli.annexes import place
from pbm_cli.checkup import WRONG, Check
from pbm_cli.config import Config
from pbm_cli.console import put, render, say
from pbm_cli.facts.difference import CHANGE_WORDS, flat_rows
from pbm_cli.models import LIGHT_WORDS
from pbm_cli.outputs.columns import STAGES
from pbm_cli.outputs.columns import column as column_of
from pbm_cli.outputs.columns import show as shown_value
from pbm_cli.screen_tables import blank_table
from pbm_cli.text import FEN_PER_YUAN
from pbm_cli.workbook.limits import SETTINGS
from pbm_cli.workbook.limits import shown as shown_limit

_MOST = 10
_MOST_FINDINGS = 12
_LONGEST = 60
_STATES = {"input": "输入文件", "setting": "设定文件", "ruleset": "规则集", "version": "版本"}


# ---- 比较 ----


def difference(made: Mapping[str, Any], written: Sequence[Path]) -> None:
    """两次导出的比较：先说改了什么，再说灯、新出现、不再出现，最后是合计怎样变过来的。"""
    summary = made["summary"]
    lights = summary["lights_changed"]
    said = [f"{CHANGE_WORDS[key]} {summary[key]} 行" for key in ("changed", "appeared", "vanished")]
    said.append(f"灯变化 {lights} 个项目" if lights is not None else "灯没有比较")
    put(f"数据比较：{'，'.join(said)}（规则集 {made['ruleset']}）")
    flat = flat_rows(made["rows"])
    _changed([row for row in flat if row["change_word"] == CHANGE_WORDS["changed"]], "改动")
    _changed([row for row in flat if row["change_word"] == CHANGE_WORDS["light_changed"]], "灯变化")
    for key in ("appeared", "vanished"):
        _one_sided([row for row in flat if row["change_word"] == CHANGE_WORDS[key]], CHANGE_WORDS[key])
    _bridge(summary["totals"])
    words = {"error": "错误", "warning": "警告"}
    for item in made["findings"][:_MOST_FINDINGS]:
        where = f"{place(item['where'])}　" if item["where"] else ""
        word = words.get(item["level"], "提示")
        say(f"{word} {item['code']} {where}{item['subject']}：{item['message']}")
    for path in written:
        say(f"已写出 {path}")
    step = "打开写出的文件核对。" if written else "加 -o 比较.xlsx 写出全部改动；加 --exit-code 让有不同时退出码为 1。"
    say(f"下一步：{step}")


def _changed(rows: Sequence[Mapping[str, Any]], word: str) -> None:
    if not rows:
        return
    shown = blank_table(
        (word, "left"), ("单位", "left"), ("改动的栏（金额：元）", "left"), ("旧", "right"), ("新", "right")
    )
    for row in rows[:_MOST]:
        shown.add_row(row["subject"], row["budget_unit"] or "", row["field_title"], *_was_now(row))
    render(shown)
    _more(len(rows), f"处{word}")


def _was_now(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["was"] or "（空）", row["now"] or "（空）"


def _one_sided(rows: Sequence[Mapping[str, Any]], word: str) -> None:
    if not rows:
        return
    shown = blank_table((word, "left"), ("单位", "left"), ("编码", "left"), ("表", "left"))
    for row in rows[:_MOST]:
        shown.add_row(row["subject"], row["budget_unit"] or "", row["project_code"] or "", row["sheet_title"])
    render(shown)
    _more(len(rows), f"行{word}")


def _bridge(totals: Mapping[str, Mapping[str, str]]) -> None:
    """合计：旧 + 新出现 − 不再出现 + 改动 = 新。没有变的不列。"""
    moved = [item for item in totals.values() if _moved(item)]
    still = len(totals) - len(moved)
    if moved:
        heads = ("旧", "+ 新出现", "- 不再出现", "+ 改动", "= 新")
        shown = blank_table(("合计", "left"), *((head, "right") for head in heads))
        for drawn in shown.columns[1:]:
            drawn.no_wrap = True
        keys = ("old", "appeared_yuan", "vanished_yuan", "changed_yuan", "new")
        for item in moved:
            exact = all(Decimal(item[key]) % FEN_PER_YUAN == 0 for key in keys)
            unit = "万元" if exact else "元"
            shown.add_row(f"{item['name']}（{unit}）", *(_amount(item[key], exact) for key in keys))
        render(shown)
    if still:
        put(f"（另有 {still} 个合计没有变）")


def _moved(item: Mapping[str, str]) -> bool:
    return any(Decimal(item[key]) != 0 for key in ("appeared_yuan", "vanished_yuan", "changed_yuan"))


def _amount(yuan: str, exact: bool) -> str:
    return shown_value(yuan, "money") if exact else f"{Decimal(yuan):,}".removesuffix(".00")


def _more(total: int, what: str, most: int = _MOST) -> None:
    if total > most:
        put(f"（共 {total} {what}，列出 {most}；其余用 -o 比较.xlsx 看）")


# ---- 追溯 ----


def explanation(made: Mapping[str, Any]) -> None:
    """一个数或一个项目的由来：值、算式、推导、来源单元格、参数和依据。"""
    put(f"{made['subject']}：{_value(made)}")
    put(f"算式：{made['formula']}")
    for row in made["rows"]:
        codes = f"（{'、'.join(row['rules'])}）" if row["rules"] else ""
        put(f"  {STAGES[row['stage']]}·{row['step']}{codes}：{row['sentence']}")
    cells = made["cells"]
    if cells:
        shown = blank_table(("来源单元格", "left"), ("原文", "left"))
        for item in cells[:_MOST]:
            shown.add_row(place(item), item["text"] if item["text"] is not None else "（空）")
        render(shown)
        if len(cells) > _MOST:
            put(f"（共 {len(cells)} 个单元格，列出 {_MOST} 个；全部用 --json 看）")
    for item in made["parameters"]:
        value = item["value"] if len(item["value"]) <= _LONGEST else f"太长，用 pbm params {item['name']} 看"
        put(f"参数 {item['label']}（{item['name']}）：{value}")
        put(f"  {item['basis']}")
    say("下一步：打开工作簿核对这些单元格；每条规则的意思用 pbm rules 代码 看。")


def _value(made: Mapping[str, Any]) -> str:
    value = made["value"]
    stage, _, key = str(made["subject"]).partition(".")
    if not made["rows"] and stage in STAGES and "." not in key:
        known = column_of(stage, key)
        unit = "万元" if known.form == "money" else "" if known.form == "percent" else known.unit
        return f"{known.title} {shown_value(value, known.form)}{f' {unit}' if unit else ''}"
    return LIGHT_WORDS.get(str(value), "——" if value is None else str(value))


# ---- 核对、上限 ----


def verification(made: Mapping[str, Any]) -> None:
    """一个结果的来历还对不对得上。"""
    put(f"核对 {made['output']}（规则集 {made['ruleset']}{'，截止日 ' + made['on'] if made['on'] else ''}）")
    shown = blank_table(("结论", "whole"), ("哪一项", "whole"), ("名称", "left"), ("写着", "left"), ("现在", "left"))
    for row in made["rows"]:
        versions = row["what"] == "version"
        values = (_short(row[key], versions) for key in ("recorded", "found"))
        shown.add_row(row["state"], _STATES[row["what"]], row["name"], *values)
    render(shown)
    summary = made["summary"]
    if summary["agree"] == len(made["rows"]):
        say("都一致：用同样的输入、规则集和版本，会得到同样的结果。")
        say("下一步：这个结果可以放心用；要追一个数的由来，用 pbm explain。")
        return
    put(f"一致 {summary['agree']} 项，已改动 {summary['changed']} 项，找不到 {summary['missing']} 项。")
    if any(row["what"] == "ruleset" and row["state"] == "找不到" for row in made["rows"]):
        say("规则集不是随程序发布的：用 --ruleset 文件夹 指明它在哪里。")
    say("下一步：找不到的用 --inputs 文件夹 指明输入在哪里；已改动的请重新运行 pbm 得到新的结果。")


def _short(value: str | None, whole: bool) -> str:
    return "" if value is None else value if whole else value[:_MOST]


def limits(config: Config) -> None:
    """现行的上限；超过的文件不读，不截断。"""
    heads = ("上限", "最多", "在哪里设的", "pbm.toml 里的名字", "为什么")
    sides = ("left", "whole", "left", "whole", "left")
    table = blank_table(*zip(heads, sides, strict=True))
    for setting in SETTINGS:
        line = config.limit_lines.get(setting.key)
        place = f"pbm.toml 第 {line} 行" if line else "默认"
        value = shown_limit(setting, getattr(config.limits, setting.field))
        table.add_row(setting.title, value, place, setting.key, setting.reason)
    render(table)
    put(f"超过上限的文件不读，也不截断；别的文件照常处理。在 pbm.toml 里写 [limits]，例如 {SETTINGS[0].example}。")
    say("下一步：用不着改；真要改，写进县年度文件夹的 pbm.toml，再运行 pbm limits 文件夹 看生效没有。")


def checkup(checks: Sequence[Check]) -> None:
    """体检的结果：先是逐项，再说要做什么。"""
    shown = blank_table(("结论", "whole"), ("检查", "left"), ("看到", "left"))
    for check in checks:
        shown.add_row(check.state, check.subject, check.seen)
    render(shown)
    together: dict[tuple[str, str], list[str]] = {}
    for check in checks:
        if check.advice:
            together.setdefault((check.state, check.advice), []).append(check.subject)
    for (state, advice), subjects in together.items():
        put(f"{state}　{'、'.join(subjects)}：{advice}。")
    wrong = sum(check.state == WRONG for check in checks)
    step = "先解决上面“不行”的各项，再运行 pbm doctor。" if wrong else "pbm demo 泸县2023示例，看一遍整个年度。"
    say(f"下一步：{step}")

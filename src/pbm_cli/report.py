"""事实 + templates/ → 叙述（Markdown）。Word、网页都从这一份文字来。

每个 NN_名称.md.j2 是一节，编号就是次序；渲染出来是空的就没有这一节。“## 标题”自动加“一、”，“### 标题”自动加“（一）”，
“# 附件 标题”自动加附件号。模板里输出的文字一律按数据处理（不起 Markdown 标记作用），table() 和 lines() 的结果除外。
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from pbm_cli.annexes import FILTERS
from pbm_cli.models import LIGHT_WORDS
from pbm_cli.resources import templates_folder
from pbm_cli.sandbox import Sandbox, environment, render
from pbm_cli.text import one_line, visible

_FOLDER = "report"
_SUFFIX = ".md.j2"
_NUMERALS = ("零", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十")
_MARKS = re.compile(r"([\\`*_\[\]<>|~#&])")
_LIST_START = re.compile(r"^(\d+)([.)])(?=\s|$)|^([-+=])", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n{3,}")


class Markdown(str):
    """已经是 Markdown 的文字，不再转义。"""

    __slots__ = ()


def narrative(document: Mapping[str, Any], overlay: Path | None = None) -> str:
    """把 JSON 文档写成 Markdown。模板有毛病时抛出 ConfigError，说明是哪个模板、第几行。"""
    return sections(_FOLDER, overlay)(_context(document))


def sections(folder: str, overlay: Path | None = None) -> Callable[[Mapping[str, Any]], str]:
    """templates/ 下一个文件夹的各节：交给它名字和值，得到编好号的 Markdown。模板只读一次，可以写很多份。"""
    folders = [templates_folder() / folder]
    if overlay is not None and (overlay / "templates" / folder).is_dir():
        folders.insert(0, overlay / "templates" / folder)
    names = sorted({path.name for place in folders for path in place.glob(f"*{_SUFFIX}")})
    made = _environment(folders)

    def tell(context: Mapping[str, Any]) -> str:
        found = [text for name in names if (text := render(made, name, context).strip())]
        return _numbered("\n\n".join(found)) + "\n"

    return tell


def _environment(folders: Sequence[Path]) -> Sandbox:
    made = environment(folders, _shown, autoescape=False)
    made.filters.update(FILTERS, light=light, chinese_date=chinese_date, listed=listed, tight=tight)
    made.tests["negative"] = lambda yuan: str(yuan).startswith("-")
    made.globals.update(table=table, money_sum=money_sum)
    return made


def _context(document: Mapping[str, Any]) -> dict[str, Any]:
    command = document["command"]
    summary = document["summary"]
    stages = dict.fromkeys(("assess", "goals", "monitor", "evaluate", "mechanism"))
    stages.update(summary if command == "report" else {command: summary})
    rows: dict[str, list[Any]] = {name: [] for name in stages}
    for row in document["rows"]:
        rows.setdefault(row.get("stage", command), []).append(row)
    keys = (
        "command",
        "county",
        "issuer",
        "year",
        "on",
        "ruleset",
        "ruleset_title",
        "ruleset_digest",
        "inputs",
        "findings",
    )
    return {
        **{key: document[key] for key in keys},
        "version": document["pbm"],
        "parameters": document["parameters"],
        "what_if": document.get("what_if"),
        "settings": document.get("settings") or [],
        "rows": rows,
        **stages,
    }


def _shown(value: object) -> str:
    if isinstance(value, Markdown):
        return value
    if value is None:
        return "——"
    shown = _MARKS.sub(r"\\\1", visible(str(value)))  # 文件名里也会有终端控制、双向控制符
    return _LIST_START.sub(lambda m: f"{m[1]}\\{m[2]}" if m[1] else f"\\{m[3]}", shown)


def _cell(value: object) -> str:
    return "" if value is None else _MARKS.sub(r"\\\1", one_line(str(value)))


def table(heads: Sequence[str], rows: Iterable[Sequence[object]], right: Sequence[int] = ()) -> Markdown:
    """一张 Markdown 表。right 是靠右的列（从 0 数）。"""
    lines = ["| " + " | ".join(_cell(head) for head in heads) + " |"]
    lines.append("|" + "|".join(" ---: " if c in right else " --- " for c in range(len(heads))) + "|")
    lines.extend("| " + " | ".join(_cell(value) for value in row) + " |" for row in rows)
    return Markdown("\n" + "\n".join(lines) + "\n")


def money_sum(rows: Iterable[Mapping[str, Any]], key: str) -> str:
    """若干行某个金额（元）之和。"""
    return f"{sum((Decimal(row[key]) for row in rows if row.get(key) is not None), Decimal(0)):.2f}"


def light(value: str) -> str:
    """red → 红灯。"""
    return LIGHT_WORDS[value]


_LOOSE = re.compile(r"(?<=[\u4e00-\u9fff“”（）]) (?=[\d（“−-])|(?<=[\d%”）]) (?=[\u4e00-\u9fff（“])")


def tight(value: str) -> str:
    """发现里的一句话放进公文：去掉数字与汉字之间的空格和末尾的句号。"""
    return _LOOSE.sub("", value).rstrip("。；")


def chinese_date(value: str) -> str:
    """2023-12-31 → 2023年12月31日；9-01 这样的零去掉。"""
    year, month, day = value.split("-")
    return f"{int(year)}年{int(month)}月{int(day)}日"


def listed(values: Iterable[object], most: int = 3) -> str:
    """前几个用顿号连起来，还有的写“等”。"""
    items = [str(value) for value in values if value]
    return "、".join(items[:most]) + ("等" if len(items) > most else "")


def _numbered(text: str) -> str:
    """给标题编号；正文一行就是一段，段与段之间空一行。"""
    lines: list[str] = []
    section = sub = annex = 0
    for line in text.split("\n"):
        if lines and lines[-1] and line and not (line[0] in "|>-" and lines[-1][0] == line[0]):
            lines.append("")
        if line.startswith("## "):
            section, sub = section + 1, 0
            lines.append(f"## {_numeral(section)}、{line[3:]}")
        elif line.startswith("### "):
            sub += 1
            lines.append(f"### （{_numeral(sub)}）{line[4:]}")
        elif line.startswith("# 附件 "):
            annex += 1
            lines.append(f"# 附件{annex} {line[5:]}")
        else:
            lines.append(line)
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def _numeral(number: int) -> str:
    tens, ones = divmod(number, 10)
    if tens == 0:
        return _NUMERALS[ones]
    return ("" if tens == 1 else _NUMERALS[tens]) + "十" + (_NUMERALS[ones] if ones else "")

"""终端上看到的：每个命令一屏，说清结论，最后说下一步做什么。"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from pbm_cli.annexes import place, wan_table
from pbm_cli.cells import column_letters
from pbm_cli.console import put, render, say
from pbm_cli.form_kinds import kind_title
from pbm_cli.forms import near_miss
from pbm_cli.layouts import Layout
from pbm_cli.loading import Loaded, SheetReport
from pbm_cli.models import LIGHT_WORDS, business_fields, field_title
from pbm_cli.outputs.columns import COMMANDS
from pbm_cli.outputs.columns import show as shown_value
from pbm_cli.outputs.summary import figures, stages
from pbm_cli.parameters import Head, Parameter, RuleSet, value_text
from pbm_cli.rules import Rule
from pbm_cli.screen_forms import recognised_form
from pbm_cli.screen_monitor import show_changes, show_trial
from pbm_cli.screen_tables import blank_table
from pbm_cli.totals import UNIT_WORDS

_MOST_ROWS, _MOST_FINDINGS, _MOST_FILES = 10, 12, 15
_LONGEST_VALUE = 30
_LEVELS = {"error": "错误", "warning": "警告", "hint": "提示", "red": "红灯", "yellow": "黄灯"}
DATA_CODES = {
    "D01": "必需的单元格不能用，这一行没有使用",
    "D02": "必需的单元格是空的，这一行没有使用",
    "D03": "单元格不能用，这一格按空白处理",
    "D04": "单元格可用，但有话要说",
    "D05": "应填的文字是空的",
    "D06": "与前面的某一行各列完全相同，没有使用",
    "D07": "同一项目、同一资金有几行而数字不同，都已计入",
    "D08": "同一项目编码有两个名称",
    "D09": "同一项目编码在几个单位出现",
    "D10": "合计、小计与明细加总不符",
    "D11": "没有写金额单位，或写了两种，这张表没有使用",
    "D12": "没有认出是哪种表",
    "D13": "不认识或没有用到的表头",
    "D14": "几列都像同一个字段",
    "D15": "有隐藏的工作表、行或列（同样计算）",
    "D16": "工作簿里有要知道的东西（宏、外部链接等）",
    "D17": "整个文件不能用",
    "D18": "对应到几个项目，不能判断是哪一个",
    "D19": "标题、分组文字或只有序号的行，不作数据",
    "D20": "没有单位列，按标题行或表名算作一个单位",
    "D21": "表上的差额与重算的不符",
    "D22": "在执行表里没有对应的项目或单位",
    "D23": "看不出是调增还是调减",
    "D24": "得分超过分值",
    "D25": "表单缺一块（项目资金、绩效指标、得分），其余照常使用",
    "D26": "表单里没有填写的样张行、长期指标，没有使用",
    "D27": "两次导出里只有一边有的，没有比较",
    "D28": "数据早于参数的施行日期，因点名用这个规则集，仍按它判定",
    "D29": "有个人信息（身份证、手机、银行卡号码）：不需要的请删去，公开时加 --publish 遮住",
    "D30": "写的数据截止日在日历上没有这一天，没有采用",
}


def show(document: dict[str, Any], written: Sequence[Path], code: int) -> None:
    """一次运行的结果。"""
    command = document["command"]
    year = f"{document['year']}年" if document["year"] else ""
    head = f"{document['county'] or ''}{year}{COMMANDS[command]}"
    about = [f"截止日 {document['on']}"] if document["on"] else []
    put(f"{head}（{'，'.join([*about, '规则集 ' + document['ruleset']])}；金额单位：万元）")
    for _, word, summary in stages(document):
        _figures(word if command == "report" else None, command, summary)
    show_changes(document)
    _ROWS.get(command, lambda _: None)(document)
    show_trial(document)
    _findings(command, document["findings"])
    for path in written:
        say(f"已写出 {path}")
    say(_next_step(command, document, written, code))


def _figures(word: str | None, stage: str, summary: Mapping[str, Any]) -> None:
    cells = [
        (f.title, shown_value(f.value, f.form), "" if f.form == "percent" else f.unit)
        for f in figures(stage, summary)
        if f.value is not None
    ]
    if not cells:
        return
    table = blank_table(
        ("", "left"), ("", "right"), ("", "left"), ("", "left"), ("", "right"), ("", "left"), title=word
    )
    table.show_header = False
    for left, right in zip(cells[::2], [*cells[1::2], ("", "", "")], strict=False):
        table.add_row(*left, *right)
    render(table)
    if lights := summary.get("lights"):
        put("总灯：" + "，".join(f"{LIGHT_WORDS[name]} {count}" for name, count in lights.items()))


def _monitor_rows(document: Mapping[str, Any]) -> None:
    rows = [row for row in document["rows"] if row.get("light") in ("red", "yellow")]
    rows.sort(key=lambda row: (row["light"] != "red", -Decimal(row["budget_yuan"] or 0)))
    if not rows:
        return
    table = blank_table(
        ("灯", "whole"), ("项目", "left"), ("单位", "left"), ("预算", "right"), ("执行率%", "right"), ("建议", "left")
    )
    for row in rows[:_MOST_ROWS]:
        table.add_row(
            LIGHT_WORDS[row["light"]], row["project_name"], row["budget_unit"] or "", wan_table(row["budget_yuan"]),
            row["execution_pct"] or "", row["action"] or "",
        )  # fmt: skip
    render(table)
    _more(len(rows), "红灯、黄灯项目")


def _assess_rows(document: Mapping[str, Any]) -> None:
    rows = document["rows"]
    table = blank_table(
        ("项目", "left"), ("申报", "right"), ("审定", "right"), ("评减", "right"), ("评减率%", "right"),
        ("结论", "left"),
    )  # fmt: skip
    for row in rows[: _MOST_ROWS + 5]:
        table.add_row(
            row["project_name"], wan_table(row["submitted_yuan"]), wan_table(row["approved_yuan"]),
            wan_table(row["reduction_yuan"]), row["reduction_pct"] or "", row["conclusion"] or "",
        )  # fmt: skip
    if rows:
        render(table)
        _more(len(rows), "项目", _MOST_ROWS + 5)


def _goals_rows(document: Mapping[str, Any]) -> None:
    rows = [row for row in document["rows"] if row["comments"] or row["review_comments"]]
    table = blank_table(
        ("项目", "left"), ("单位", "left"), ("指标", "right"), ("人工意见", "right"), ("自动意见", "right")
    )
    for row in rows[:_MOST_ROWS]:
        table.add_row(
            row["project_name"],
            row["budget_unit"] or "",
            str(row["indicators"]),
            str(row["review_comments"]),
            str(row["automatic_comments"]),
        )
    if rows:
        render(table)
        _more(len(rows), "有意见的项目")


def _plan_rows(summary: Mapping[str, Any]) -> None:
    rows = summary["plan"]
    table = blank_table(("抽评计划", "left"), ("类型", "left"), ("单位", "left"), ("规则", "left"), ("理由", "left"))
    for row in rows[:_MOST_ROWS]:
        table.add_row(
            row["subject"], row["subject_kind"] or "", row["budget_unit"] or "", row["rule"], row["reason"]
        )  # fmt: skip
    render(table)
    _more(len(rows), "抽评计划的对象")
    for note in summary["plan_notes"]:
        put(f"{note}。")


def _evaluate_rows(document: Mapping[str, Any]) -> None:
    rows = document["rows"]
    if document["summary"].get("plan") is not None:
        _plan_rows(document["summary"])
        return
    table = blank_table(
        ("评价对象", "left"), ("类型", "left"), ("层次", "left"), ("得分", "right"), ("等级", "left"), ("建议", "left")
    )
    for row in rows[:_MOST_ROWS]:
        table.add_row(
            row["subject"],
            row["subject_kind"] or "",
            row["level"] or "",
            row["final_score"],
            row["grade"] or "",
            row["proposal"] or "",
        )
    if rows:
        render(table)
        _more(len(rows), "评价结果")


def _check_rows(document: Mapping[str, Any]) -> None:
    """一个文件里认成同一种的表合成一行。"""
    table = blank_table(
        ("文件", "left"), ("工作表", "left"), ("认成", "left"), ("读", "right"), ("用", "right"), ("不用", "right"),
        ("合计行", "right"),
    )  # fmt: skip
    together: dict[tuple[str, str | None], list[Mapping[str, Any]]] = {}
    for row in document["rows"]:
        together.setdefault((row["file"], row["kind"]), []).append(row)
    last = ""
    for (file, kind), rows in list(together.items())[:_MOST_FILES]:
        name = rows[0]["sheet"] if len(rows) == 1 else f"{rows[0]['sheet']} 等 {len(rows)} 张"
        counts = (sum(row[k] for row in rows) for k in ("rows_read", "rows_used", "rows_rejected", "rows_total"))
        table.add_row(file if file != last else "", name, kind_title(kind) if kind else "没有认出", *map(str, counts))
        last = file
    if together:
        render(table)
        _more(len(together), "文件、表种", _MOST_FILES)


_ROWS = {
    "monitor": _monitor_rows,
    "assess": _assess_rows,
    "goals": _goals_rows,
    "evaluate": _evaluate_rows,
    "check": _check_rows,
}


def _more(total: int, what: str, shown: int = _MOST_ROWS) -> None:
    if total > shown:
        put(f"（共 {total} 个{what}，列出 {shown} 个；其余用 -o 结果.xlsx 看）")


def _findings(command: str, findings: Sequence[Mapping[str, Any]]) -> None:
    """错误和警告逐条说（到标准错误）；提示在 pbm check 里也逐条说，别处只说条数。"""
    levels = ("error", "warning", "hint") if command == "check" else ("error", "warning")
    listed = sorted((f for f in findings if f["level"] in levels), key=lambda f: levels.index(f["level"]))
    for item in listed[:_MOST_FINDINGS]:
        where = f"{place(item['where'])}　" if item["where"] else ""
        say(f"{_LEVELS[item['level']]} {item['code']} {where}{item['subject']}：{item['message']}")
    left = len(listed) - _MOST_FINDINGS
    hints = 0 if "hint" in levels else sum(f["level"] == "hint" for f in findings)
    parts = [f"还有 {left} 条{'' if command == 'check' else '错误和警告'}"] if left > 0 else []
    parts += [f"另有 {hints} 条提示"] if hints else []
    if parts:
        say(f"{'，'.join(parts)}，见 -o 结果.xlsx 的“问题清单”{'' if command == 'check' else '，或 pbm check'}。")


def _next_step(command: str, document: Mapping[str, Any], written: Sequence[Path], code: int) -> str:
    if document.get("marked"):
        return "下一步：打开标注副本，照批注改原表，改好再运行；每条规则的意思用 pbm rules 代码 看。"
    if code:
        return "下一步：按上面的单元格地址改正后再运行；每条规则的意思用 pbm rules 代码 看。"
    if document.get("notices"):
        return "下一步：从通知的目录开始逐份核对，处置定了再发；一盏灯凭什么，用 pbm explain 看。"
    if written:
        return "下一步：打开写出的文件核对；每条规则的意思用 pbm rules 代码 看。"
    file = {"report": "年度总结.docx", "check": "问题清单.xlsx"}.get(command, "结果.xlsx")
    return f"下一步：加 -o {file} 写出文件；每条规则的意思用 pbm rules 代码 看。"


def layouts(known: Sequence[Layout]) -> None:
    """认得的表和表头。"""
    for layout in known:
        put(f"\n{layout.model.sheet_title}（{layout.kind}，{layout.name}.toml）")
        put("  必需：" + "；".join(layout.titles(group) for group in layout.needs))
        words: dict[str, list[str]] = {}
        for key, (field, _) in layout.keys.items():
            words.setdefault(field, []).append(key)
        for field in business_fields(layout.model):
            title = field_title(layout.model, field)
            others = [w for w in words.get(field, []) if w != title]
            put(f"  {title}：{'、'.join(others) or '（只认这个名字）'}")


def recognised(loaded: Loaded) -> None:
    """每张表怎么认的，逐列。"""
    for report in loaded.files:
        put(f"\n{report.file}")
        if report.error:
            put(f"  不能用：{report.error}")
        for sheet in report.sheets:
            _recognised_sheet(sheet)
    say("下一步：认错或没有认出的，改表头或写本县的版式；都对了，运行 pbm check 查数据。")


def _recognised_sheet(sheet: SheetReport) -> None:
    table = sheet.table
    if sheet.form is not None:
        recognised_form(sheet, sheet.form)
        return
    if table is None:
        put(f"  工作表“{sheet.name}”：没有认出")
        if sheet.closest_form is not None:
            put(f"    {near_miss(sheet.closest_form)}")
        if sheet.closest is not None:
            layout = sheet.closest.layout
            missing = "；".join(layout.titles(group) for group in layout.missing(sheet.closest.columns))
            put(f"    最接近“{layout.model.sheet_title}”，还缺：{missing}")
        return
    model = table.layout.model
    first, last = table.heading_rows
    rows = f"表头第 {first + 1} 行" if first == last else f"表头第 {first + 1}—{last + 1} 行"
    cutoff = f"，数据截至 {table.cutoff}" if table.cutoff else ""
    put(f"  工作表“{sheet.name}”：{model.sheet_title}（{table.layout.name}.toml），{rows}{cutoff}")
    put(f"    读 {sheet.rows_read} 行：用 {sheet.rows_used}，不用 {sheet.rows_rejected}，合计行 {sheet.rows_total}")
    fields = {column: name for name, column in table.columns.items()}
    spare = dict(table.match.spare)
    for column, heading in sorted(table.headings.items()):
        if name := fields.get(column):
            unit = table.units.get(name)
            word = f"（{UNIT_WORDS.get(unit, '')}）" if unit else "（没写单位）" if name in table.units else ""
            meaning = f"{field_title(model, name)}{word}"
        elif column in spare:
            meaning = f"没有使用：已有更明确的“{field_title(model, spare[column])}”"
        else:
            meaning = "不认识，没有使用"
        put(f"    {column_letters(column)}  {heading}  →  {meaning}")


def rules(known: Mapping[str, Rule]) -> None:
    """全部规则。"""
    table = blank_table(("规则", "whole"), ("环节", "whole"), ("意思", "left"))
    for code, entry in sorted(known.items()):
        table.add_row(code, COMMANDS[entry.stage], entry.meaning)
    render(table)
    table = blank_table(("代码", "whole"), ("数据问题", "left"))
    for code, meaning in DATA_CODES.items():
        table.add_row(code, meaning)
    render(table)
    say("下一步：pbm rules M01 看一条规则用到的参数和依据。")


def rule(entry: Rule, ruleset: RuleSet, on: dt.date) -> None:
    """一条规则：意思、参数、依据。"""
    put(f"{entry.code}（{COMMANDS[entry.stage]}）{entry.meaning}")
    details = (entry.function.__doc__ or "").strip().splitlines()[1:]
    for line in details:
        if line.strip():
            put(f"  {line.strip()}")
    bound = ruleset.at(on)
    if not entry.parameters:
        put("  没有参数。")
    for name in entry.parameters:
        parameter = ruleset.parameter(name)
        put(f"  {parameter.label}（{name}）：{bound.text(name)}{_unit(parameter) if bound.dated(name) else ''}")
        if text := bound.basis_text(name):
            put(f"    {text}")
    if entry.parameters:
        say(f"下一步：pbm params {entry.parameters[0]} 看各个时期的取值；要换成本县的，写进 --overlay 文件夹。")
    else:
        say("下一步：pbm rules 看全部规则。")


def _unit(parameter: Parameter) -> str:
    """取值后面要不要再写单位：金额自带万元，档次、表格不写。"""
    return parameter.unit if parameter.form == "number" else ""


def data_code(code: str) -> bool:
    """一个数据问题号；不是的话返回假。"""
    if code not in DATA_CODES:
        return False
    put(f"{code}（数据问题）{DATA_CODES[code]}")
    say("下一步：pbm check 文件 看有哪些单元格；加 --marked 文件夹 在副本上标出来。")
    return True


def parameters(ruleset: RuleSet, name: str | None) -> None:
    """全部参数，或一个参数的各个时期。"""
    if name is None:
        table = blank_table(("参数", "left"), ("现值", "left"), ("施行", "whole"), ("证据", "whole"))
        bound = ruleset.at(dt.date.max)
        for key in ruleset.names():
            dated = bound.dated(key)
            parameter = ruleset.parameter(key)
            table.add_row(
                f"{key}\n{parameter.label}",
                _shortened(bound.text(key)),
                str(dated.effective) if dated else "",
                dated.evidence if dated else "",
            )
        put(f"规则集 {ruleset.name}（{ruleset.title}）")
        render(table)
        say("下一步：pbm params 参数名 看各个时期的取值和依据。")
        return
    parameter = ruleset.parameter(name)
    put(f"{parameter.label}（{name}），单位：{parameter.unit or '无'}")
    if parameter.note:
        put(f"  {parameter.note}")
    if not parameter.values:
        put("  没有规定；县里可以用 --overlay 写自己的。")
    for dated in parameter.values:
        text = "停止执行" if dated.value is None else value_text(parameter.shape, dated.value)
        put(f"  {dated.effective} 起：{text}")
        put(f"    {dated.basis.text(dated.effective)}")
    say("下一步：要换成本县的，写进一个文件夹，用 --overlay 盖上去。")


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}……"


def rulesets(known: Iterable[Head]) -> None:
    """几套规则。"""
    table = blank_table(("规则集", "whole"), ("名称", "left"), ("建立在", "whole"), ("说明", "left"))
    for head in known:
        table.add_row(head.name, head.title, head.builds_on or "", head.description)
    render(table)
    say("下一步：用 --ruleset 名字 换一套规则；pbm rules --ruleset 名字 看它的规则。")

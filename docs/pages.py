"""参考页：从代码和数据里取出命令、规则、参数、版式、词汇，写成 Markdown。手不改这些页，改代码以后重新生成。"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import typer

from glossary import PHRASES
from pbm_cli.annexes import FILTERS
from pbm_cli.cli import app
from pbm_cli.errors import Exit
from pbm_cli.layouts import Layout, load_layouts
from pbm_cli.models import RECORD_TYPES, business_fields, field_kind, field_need, field_title
from pbm_cli.outputs.columns import COMMANDS, STAGES, VOCABULARY
from pbm_cli.parameters import Parameter, RuleSet, list_rulesets, load_ruleset, value_text
from pbm_cli.parameters.forms import FORM_WORDS
from pbm_cli.report import _environment, chinese_date, light, listed
from pbm_cli.resources import layouts_folder, templates_folder
from pbm_cli.rules import RULES, Rule
from pbm_cli.screens import DATA_CODES
from replay import Sandbox

NOTE = "<!-- 由 python make.py docs 从代码生成；不要手改。 -->"
EXIT_WORDS: Mapping[Exit, str] = {
    Exit.DONE: "做完了，没有发现到 `--fail-on` 那一级的问题",
    Exit.FOUND: "做完了，但发现了到 `--fail-on` 那一级的问题（默认：有行不能用，或数据自相矛盾）；结果照样写出",
    Exit.UNUSABLE: "没有做：用法不对，或者输入、规则集、模板、配置完全不能用；屏幕上说了原因和怎么办",
    Exit.BUG: "pbm 自己出了毛病；请加 `--debug` 再运行一次，把显示的内容发给维护者",
    Exit.INTERRUPTED: "运行中按了 Ctrl+C，或被 kill、关了终端",
}
EVIDENCE = (
    ("`original`", "原文", "读过文件原文"),
    ("`secondary`", "二手转述未核对原文", "只见过转述或通行文本，用前请对照原文"),
    ("`practice`", "通行做法", "没有成文规定，取自常见软件和各地做法"),
    ("`tool-default`", "工具默认", "没有出处，是 pbm 为了能运行而设的，请县里自己定"),
)
LEVELS = {"error": "错误", "warning": "警告", "hint": "提示", "red": "红灯", "yellow": "黄灯"}
NEEDS = {"unusable": "必填：空着这一行不能用", "finding": "应填：空着会报", "optional": ""}
KINDS = {
    "money": "金额", "rate": "比率", "number": "数", "count": "整数", "date": "日期", "code": "编码", "text": "文字",
    "named": "名称", "yes": "是否", "choice": "选项", "target": "指标值", "actual": "完成值",
}  # fmt: skip


def pages() -> dict[str, str]:
    """文件名（在 docs/ 下）→ 全文。"""
    made = {
        "commands.md": _commands(),
        "rules.md": _rules(),
        "parameters.md": _parameters(),
        "layouts.md": _layouts(),
        "glossary.md": _glossary(),
    }
    return {name: f"{NOTE}\n\n{text.strip()}\n" for name, text in made.items()}


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """一张表；格子里的竖线转义，换行成空格。"""
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for row in rows:
        cells = (" ".join(str(value).split()).replace("|", "\\|") for value in row)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _help(*words: str) -> str:
    """一个命令的帮助，与屏幕上的一样。"""
    _, said = Sandbox(Path()).run(" ".join(["pbm", *words, "--help"]))
    return "\n".join(line.rstrip() for line in said.strip().splitlines())


def _names() -> dict[str, str]:
    """命令 → 一句话。"""
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    return {name: (command.help or "").partition("\n")[0] for name, command in commands.items()}


def _commands() -> str:
    parts = [
        "# 命令\n\n屏幕上用 `pbm --help`、`pbm 命令 --help` 看到的也是这些。\n",
        f"```text\n{_help()}\n```\n",
        "## 退出码\n\n给计划任务和脚本用；人看屏幕上的话就够了。\n",
        exit_codes(),
    ]
    parts += [f"## pbm {name}\n\n```text\n{_help(name)}\n```\n" for name in _names()]
    return "\n".join(parts)


def exit_codes() -> str:
    """退出码与意思。"""
    return table(("退出码", "意思"), ((int(code), EXIT_WORDS[code]) for code in Exit))


def evidence_levels() -> str:
    """证据等级与意思。"""
    return table(("标记", "屏幕上的说法", "意思"), EVIDENCE)


def _rules() -> str:
    national = load_ruleset("national")
    parts = [
        "# 规则\n",
        "规则号是环节字母加两位数：E 事前评估，T 目标审核，M 运行监控，V 绩效评价，R 区域汇总；D 是数据本身的问题。",
        "规则号不会挪作他用。屏幕上用 `pbm rules M01` 看一条规则连同当时有效的参数；",
        "下面的取值是全国通用规则集最新的，别的规则集和各个时期的见 [参数](parameters.md)。\n",
    ]
    for stage, word in {**STAGES, "rollup": COMMANDS["rollup"]}.items():
        entries = [entry for _, entry in sorted(RULES.items()) if entry.stage == stage]
        if entries:
            parts += [f"## {word}\n", *(_rule(entry, national) for entry in entries)]
    parts += ["## 数据问题\n", "这些不是政策规则，是表格本身的毛病；每一条都带文件、工作表和单元格。\n"]
    return "\n".join([*parts, table(("代码", "意思"), sorted(DATA_CODES.items()))])


def _rule(entry: Rule, ruleset: RuleSet) -> str:
    bound = ruleset.at(dt.date.max)
    level = f"发现的级别：{LEVELS[entry.level]}。" if entry.level else ""
    details = " ".join(line.strip() for line in (entry.function.__doc__ or "").splitlines()[1:]).strip()
    text = f"### {entry.code}\n\n{entry.meaning}{level}\n"
    if details:
        text += f"\n{details}\n"
    rows = []
    for name in entry.parameters:
        parameter = ruleset.parameter(name)
        basis = bound.basis_text(name).removeprefix("依据：")
        rows.append((f"[`{name}`](parameters.md#{name})", parameter.label, _short(bound.text(name)), basis))
    return text + (f"\n{table(('参数', '名称', '取值', '依据'), rows)}" if rows else "")


def _short(text: str, most: int = 80) -> str:
    return text if len(text) <= most else f"{text[:most]}……"


def _parameters() -> str:
    heads = list_rulesets()
    sets = {head.name: load_ruleset(head.name) for head in heads}
    base = sets["national"]
    parts = [
        "# 参数\n",
        "规则里没有数，数都在这里：每个值有施行日期、依据和证据等级。“截止日”那一天有效的值参加计算。",
        "改成本县的见 [改阈值](guide/thresholds.md)。\n",
        "## 规则集\n",
        table(
            ("规则集", "名称", "建立在", "说明"),
            ((f"`{head.name}`", head.title, head.builds_on or "", head.description) for head in heads),
        ),
        "## 证据等级\n\n没有人读过原文的数，一定会这样注明；所有输出里的依据都带着它。\n",
        evidence_levels(),
    ]
    for stage, word in {**STAGES, "rollup": COMMANDS["rollup"]}.items():
        names = [name for name in base.names() if base.parameter(name).stage == stage]
        if names:
            parts += [f"## {word}\n", *(_parameter(name, sets) for name in names)]
    return "\n".join(parts)


def _parameter(name: str, sets: Mapping[str, RuleSet]) -> str:
    first = sets["national"].parameter(name)
    unit = f"，单位：{first.unit}" if first.unit else ""
    text = f"### {name}\n\n{first.label}。写法：{FORM_WORDS[first.form]}{unit}。"
    if first.shape.choices:
        text += f"只能是：{'、'.join(first.shape.choices)}。"
    if first.note:
        text += first.note
    rows: list[tuple[str, ...]] = []
    for ruleset in sets.values():
        rows += _dated(ruleset, first)
    shown = table(("规则集", "施行日期", "取值", "依据"), rows) if rows else "没有规定；县里可以写自己的。\n"
    return f"{text}\n\n{shown}"


def _dated(ruleset: RuleSet, first: Parameter) -> list[tuple[str, ...]]:
    """一个规则集里这个参数的各个值；与全国通用相同的不重复。"""
    parameter = ruleset.parameter(first.name)
    fresh = [d for d in parameter.values if ruleset.name == "national" or d not in first.values]
    return [
        (
            ruleset.name,
            dated.effective.isoformat(),
            "停止执行" if dated.value is None else value_text(parameter.shape, dated.value),
            dated.basis.text(dated.effective),
        )
        for dated in fresh
    ]


def _layouts() -> str:
    parts = [
        "# 版式\n",
        "pbm 按表头认表，不看文件名和工作表名。下面是每种表的字段、是否必填，以及除中文名外也认得的表头；",
        "表头里的空白、全角半角、编号、单位括号（万元、元、%）都不影响。用 `pbm layouts 文件` 看自己的表认成了什么。",
        "加一个本县的叫法，见 [本县的版式](overlay.md)。\n",
    ]
    parts += [_layout(layout) for layout in load_layouts()]
    forms = sorted((layouts_folder() / "forms").glob("*.toml"))
    if forms:
        parts += [
            "## 一个项目一张的表单\n",
            "表单按格子里的字认：标签在左，值在右边或下面；资金块、指标块从各自的表头开始。加一种写法只改一个文件。\n",
            *(_form(path) for path in forms),
        ]
    return "\n".join(parts)


def _form(path: Path) -> str:
    """一种表单：各块里的标识和认得的字。"""
    text = path.read_text(encoding="utf-8")
    about = next((line.lstrip("# ").strip() for line in text.splitlines() if line.startswith("#")), "")
    titles = {name: field_title(model, name) for model in RECORD_TYPES.values() for name in business_fields(model)}
    rows: list[tuple[str, ...]] = []
    blocks = [(key, value) for key, value in tomllib.loads(text).items() if isinstance(value, dict)]
    while blocks:
        block, content = blocks.pop(0)
        nested = [(f"{block}.{key}", value) for key, value in content.items() if isinstance(value, dict)]
        blocks = nested + blocks
        for key, words in content.items():
            if isinstance(words, list) and all(isinstance(word, str) for word in words):
                shown = "、".join(f"`{word}`" if block.endswith("patterns") else word for word in words)
                rows.append((f"`{block}`", f"`{key}`", titles.get(key, ""), shown))
    return f"### {about or path.stem}（`{path.name}`）\n\n{table(('块', '键', '字段', '认得'), rows)}"


def _layout(layout: Layout) -> str:
    needs = "；".join(layout.titles(group) for group in layout.needs)
    model = layout.model
    words: dict[str, list[str]] = {}
    for key, (name, _) in layout.keys.items():
        words.setdefault(name, []).append(key)
    rows = []
    for name in business_fields(model):
        title = field_title(model, name)
        others = "、".join(word for word in words.get(name, []) if word != title)
        kind = KINDS.get(field_kind(model, name), field_kind(model, name))
        rows.append((title, f"`{name}`", kind, NEEDS[field_need(model, name)], others))
    head = f"## {model.sheet_title}（`{layout.name}.toml`）\n\n种类 `{layout.kind}`。至少要有：{needs}。\n\n"
    return head + table(("表头", "字段", "值", "必填", "也认得"), rows)


def _glossary() -> str:
    parts = [
        "# 词汇\n",
        "中文是正名，出现在表头、屏幕和报告里；英文标识出现在 JSON、版式和模板里。\n",
        "## 业务用语\n",
        table(("中文", "English", "说明"), PHRASES),
        "## 表的种类与字段\n",
    ]
    for kind, model in RECORD_TYPES.items():
        rows = (
            (field_title(model, name), f"`{name}`", KINDS.get(field_kind(model, name), ""))
            for name in business_fields(model)
        )
        parts += [f"### {model.sheet_title}（`{kind}`）\n", table(("中文", "标识", "值"), rows)]
    rows = ((item.title, f"`{key}`", item.unit) for key, item in VOCABULARY.items())
    return "\n".join([*parts, "## JSON 的键\n", table(("中文", "键", "单位"), rows)])


# ---- 嵌在手写文档里的表 ----

_NAMES: Mapping[str, str] = {
    "command": "命令：`report`、`assess`、`goals`、`monitor`、`evaluate`",
    "county": "县名，来自 pbm.toml；没有写为 `none`",
    "issuer": "落款单位",
    "year": "年度",
    "on": "截止日，文字 `2023-12-31`；写成中文用 `on | chinese_date`",
    "ruleset": "规则集的名字",
    "ruleset_title": "规则集的中文名",
    "ruleset_digest": "规则集全部有效内容的 SHA-256",
    "inputs": "输入文件：file、sha256、sheets",
    "findings": "问题清单：code、level、subject、message、where、basis",
    "version": "pbm 的版本",
    "settings": "设定文件（pbm.toml、本县规则、Word 版式）：file、sha256、role",
    "parameters": "用到的参数：name、label、value、unit、effective、basis、evidence",
    "rows": "各环节的明细：`rows.monitor`、`rows.assess` 等，没有为空列表",
    "assess": "事前评估的汇总；没有这个环节的数据为 `none`",
    "goals": "目标审核的汇总，同上",
    "monitor": "运行监控的汇总，同上",
    "evaluate": "绩效评价的汇总，同上",
    "mechanism": "机制建设的汇总，同上",
}


def template_names() -> str:
    """模板里能用的名字。"""
    from pbm_cli.report import _context  # noqa: PLC0415

    class Any(dict[str, object]):
        def __missing__(self, key: str) -> object:
            return []

    names = _context(Any(command="report", summary={}))
    return table(("名字", "是什么"), ((f"`{name}`", _NAMES.get(name, "见 JSON")) for name in names))


def template_filters() -> str:
    """模板里 pbm 自己的过滤器和函数。"""
    own: list[tuple[str, object]] = [*FILTERS.items(), *((one.__name__, one) for one in (light, chinese_date, listed))]
    rows = [(f"`… | {name}`", _said(function)) for name, function in own]
    added = _environment([]).globals
    rows += [(f"`{name}(…)`", _said(added[name])) for name in ("table", "money_sum") if name in added]
    return table(("写法", "意思"), rows)


def _said(function: object) -> str:
    return (getattr(function, "__doc__", None) or "").strip().partition("\n")[0]


def template_sections() -> str:
    """自带的各节。"""
    rows = []
    for path in sorted((templates_folder() / "report").glob("*.md.j2")):
        lines = path.read_text(encoding="utf-8").splitlines()
        heading = next((line.lstrip("# ") for line in lines if line.startswith("#") and "{" not in line), "")
        rows.append((f"`{path.name}`", heading))
    return table(("文件", "标题"), rows)


def commands_table() -> str:
    """全部命令，一行一个。"""
    return table(("命令", "做什么"), ((f"`pbm {name}`", said) for name, said in _names().items()))


TABLES: Mapping[str, Callable[[], str]] = {
    "退出码": exit_codes,
    "证据等级": evidence_levels,
    "模板名字": template_names,
    "模板过滤器": template_filters,
    "模板各节": template_sections,
    "命令": commands_table,
    "环节": lambda: table(("英文", "中文"), ((f"`{key}`", word) for key, word in COMMANDS.items())),
}

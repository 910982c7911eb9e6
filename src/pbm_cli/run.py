"""命令做的事：运行、写出、显示、退出码。cli 只管解析。"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pbm_cli import console, screens
from pbm_cli.errors import Exit, OutputError, UsageError
from pbm_cli.facts import Facts
from pbm_cli.facts.document import document, finding_row
from pbm_cli.fields import day
from pbm_cli.outputs import check_suffix, render
from pbm_cli.outputs.atomic import write
from pbm_cli.outputs.json import text as json_text
from pbm_cli.pipeline import FAIL_LEVELS, Options, UnusableError, check_facts, exit_code, input_paths, read, run_stage
from pbm_cli.resources import example_folder

_NARRATED = (".docx", ".md")
DEMO_OUTPUTS = ("年度总结.docx", "年度总结.xlsx", "年度总结.md", "年度总结.json")


@dataclass(frozen=True, slots=True)
class Request:
    """一个环节命令要的：输入、输出、怎样显示、什么算失败。"""

    command: str
    paths: list[Path]
    out: list[Path]
    json: bool
    fail_on: str
    quiet: bool


def run_and_show(request: Request, **options: Any) -> int:
    """运行一个环节，写出 -o 的文件，在终端显示（或打印 JSON），返回退出码。"""
    chosen = _options(request.fail_on, **options)
    for path in request.out:
        check_suffix(path.suffix)
    console.quiet(request.quiet or request.json)
    try:
        facts = _facts(request, chosen)
    except UnusableError as error:
        if request.json:
            console.emit(json_text(_findings_only(request.command, error)))
        console.show_error(error)
        return Exit.UNUSABLE
    made = document(facts)
    written = _write_all(request, facts, made, chosen)
    code = exit_code(facts, request.fail_on)
    if request.json:
        console.emit(json_text(made))
    else:
        screens.show(made, written, code)
    return code


def _options(fail_on: str, **given: Any) -> Options:
    """命令行上的文字 → 选项；写错的说明怎么写。"""
    if fail_on not in FAIL_LEVELS:
        raise UsageError("--fail-on", f"“{fail_on}”不认识", f"可用：{'、'.join(FAIL_LEVELS)}")
    values = {key: value for key, value in given.items() if value is not None}
    if "on" in values:
        values["on"] = parse_date(values["on"])
    return Options(**values)


def parse_date(text: str) -> dt.date:
    """2023-12-31 这样的日期（也认 2023/12/31、2023.12.31、2023年12月31日）。"""
    value = day(text)
    if isinstance(value, dt.date):
        return value
    raise UsageError("--on", f"“{text}”不是日期", "请写成 2023-12-31")


def _facts(request: Request, options: Options) -> Facts:
    with console.progress() as step:
        if request.command == "check":
            return check_facts(request.paths, options, step)
        return run_stage(request.command, request.paths, options, step)


def _findings_only(command: str, error: UnusableError) -> dict[str, Any]:
    findings = [finding_row(f) for f in error.findings]
    if not any(f["level"] == "error" for f in findings):
        message = f"{error.message}。{error.hint}" if error.hint else error.message
        findings.append(
            {"code": "D17", "level": "error", "subject": error.where, "message": message, "where": None, "basis": None}
        )
    from pbm_cli import __version__  # noqa: PLC0415

    return {"pbm": __version__, "command": command, "findings": findings}


def _write_all(request: Request, facts: Facts, made: dict[str, Any], options: Options) -> list[Path]:
    if not request.out:
        return []
    narrative = None
    if any(path.suffix.lower() in _NARRATED for path in request.out) and request.command != "check":
        from pbm_cli.report import narrative as tell  # noqa: PLC0415

        narrative = tell(made, facts.overlay)
    style = _style(facts)
    inputs = input_paths(request.paths)
    written = []
    for path in request.out:
        data = render(path.suffix, made, narrative, style=style)
        actual = write(path, data, inputs)
        if actual != path:
            console.say(f"提示：{path} 正在别的程序里打开，已写成 {actual}。")
        written.append(actual)
    return written


def _style(facts: Facts) -> Path | None:
    """县里的 Word 版式；没有时用自带的。"""
    if facts.overlay is not None and (own := facts.overlay / "templates" / "style.toml").is_file():
        return own
    return None


def run_demo(folder: Path, quiet: bool) -> int:
    """复制示例，运行整个年度，写出四种形式。已有而内容不同的文件不覆盖。"""
    source = example_folder()
    for path in sorted(source.rglob("*")):
        target = folder / path.relative_to(source)
        if path.is_dir() or path.name.startswith("."):
            continue
        if target.exists() and target.read_bytes() != path.read_bytes():
            raise OutputError(
                str(target), "已有同名文件，内容与示例不同，没有覆盖", "请换一个文件夹：pbm demo 新文件夹"
            )
        if not target.exists():
            write(target, path.read_bytes())
    outputs = [folder / name for name in DEMO_OUTPUTS]
    code = run_and_show(Request("report", [folder], outputs, json=False, fail_on="error", quiet=quiet))
    console.say(f"示例在 {folder}：改动任何一格再运行 pbm report {folder}，数字、文字和灯会跟着变。")
    return code


def show_layouts(paths: list[Path], overlay: Path | None, unit: str | None) -> int:
    """没有文件时列出版式；有文件时逐张表、逐列说明认成了什么。"""
    from pbm_cli.layouts import load_layouts  # noqa: PLC0415

    if not paths:
        screens.layouts(load_layouts(overlay))
        return Exit.DONE
    run = read(paths, Options(unit=unit, overlay=overlay))
    screens.recognised(run.loaded)
    return Exit.DONE


def show_rules(code: str | None, ruleset: str | None, on: str | None, overlay: Path | None) -> int:
    """全部规则，或一条规则连同它的参数。"""
    from pbm_cli.parameters import load_ruleset  # noqa: PLC0415
    from pbm_cli.rules import RULES  # noqa: PLC0415

    chosen = load_ruleset(ruleset or "national", overlay)
    if code is None:
        screens.rules(RULES)
        return Exit.DONE
    found = RULES.get(code.upper())
    if found is not None:
        screens.rule(found, chosen, parse_date(on) if on else dt.date.max)
    elif not screens.data_code(code.upper()):
        raise UsageError(code, "没有这条规则", "用 pbm rules 看全部规则")
    return Exit.DONE


def show_params(name: str | None, ruleset: str | None, overlay: Path | None) -> int:
    """全部参数，或一个参数的各个时期。"""
    from pbm_cli.parameters import load_ruleset  # noqa: PLC0415

    chosen = load_ruleset(ruleset or "national", overlay)
    screens.parameters(chosen, name)
    return Exit.DONE


def show_rulesets() -> int:
    """随程序发布的规则集。"""
    from pbm_cli.parameters import list_rulesets  # noqa: PLC0415

    screens.rulesets(list_rulesets())
    return Exit.DONE

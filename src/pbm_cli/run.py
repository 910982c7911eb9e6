"""命令做的事：运行、写出、显示、退出码。cli 只管解析。"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pbm_cli import console
from pbm_cli.config import config_for
from pbm_cli.errors import Exit, OutputError, UsageError
from pbm_cli.facts import Facts
from pbm_cli.facts.document import document, finding_row
from pbm_cli.fields import day
from pbm_cli.outputs import check_suffix, render
from pbm_cli.outputs.atomic import claimed, write
from pbm_cli.outputs.json import pieces as json_pieces
from pbm_cli.outputs.lock import session
from pbm_cli.outputs.provenance import provenance, settings_used
from pbm_cli.personal import published
from pbm_cli.pipeline import FAIL_LEVELS, Options, UnusableError, check_facts, exit_code, input_paths, read, run_stage
from pbm_cli.resources import example_folder
from pbm_cli.workbook import Reader

_MOST_NAMED = 20
NARRATED = (".docx", ".html", ".md")
DEMO_OUTPUTS = ("年度总结.docx", "年度总结.xlsx", "年度总结.html", "年度总结.md", "年度总结.json")


_LAST: list[object] = []
"""最后一次的结果，留到进程结束：几十万行一个个拆掉要零点几秒，而进程就要结束了。"""


@dataclass(frozen=True, slots=True)
class Request:
    """一个环节命令要的：输入、输出、怎样显示、什么算失败。"""

    command: str
    paths: list[Path]
    out: list[Path]
    json: bool
    fail_on: str
    quiet: bool
    marked: Path | None = None
    reader: Reader | None = None


def run_and_show(request: Request, **options: Any) -> int:
    """运行一个环节，写出 -o 的文件，在终端显示（或打印 JSON），返回退出码。publish 时遮住个人信息。"""
    publish = bool(options.pop("publish", False))
    chosen = _options(request.fail_on, **options)
    for path in request.out:
        check_suffix(path.suffix)
    if chosen.style is not None:
        from pbm_cli.outputs.style import check_style  # noqa: PLC0415

        check_style(chosen.style)
    console.quiet(request.quiet or request.json)
    try:
        facts = _facts(request, chosen)
    except UnusableError as error:
        if request.json:
            said = findings_only(request.command, error)
            console.emit(json_pieces(published(said) if publish else said))
        console.show_error(error)
        return Exit.UNUSABLE
    made = document(facts)
    folders = [("", path) for path in request.paths if len(request.paths) == 1]
    made["settings"] = settings_used(folders, facts.overlay, facts.style)
    if publish:
        made, facts.notices = published(made), published(facts.notices)
    _say_samples(facts)
    with session(console.say), _fence(request, chosen):
        _write_marked(request, facts, made)
        _write_notices(request, facts, made, chosen)
        written = _write_all(request, facts, made, chosen)
    code = exit_code(facts, request.fail_on)
    if request.json:
        console.emit(json_pieces(made))
    else:
        from pbm_cli import screens  # noqa: PLC0415

        screens.show(made, written, code)
    _LAST[:] = (facts, made)
    return code


def _fence(request: Request, options: Options) -> AbstractContextManager[None]:
    """写结果时，模板按 pbm.toml 里的上限运行；什么也不写时不必装入模板。"""
    if not request.out and options.notices is None:
        return nullcontext()
    from pbm_cli.sandbox import under  # noqa: PLC0415

    return under(config_for(request.paths).limits)


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
            return check_facts(request.paths, options, step, request.reader)
        return run_stage(request.command, request.paths, options, step, request.reader)


def findings_only(command: str, error: UnusableError) -> dict[str, Any]:
    """一个输入也不能用时的 JSON 文档：只有 findings。"""
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
    if any(path.suffix.lower() in NARRATED for path in request.out) and request.command != "check":
        from pbm_cli.report import narrative as tell  # noqa: PLC0415

        narrative = tell(made, facts.overlay)
    return write_forms(request.out, made, narrative, input_paths(request.paths), facts.style, facts.overlay)


def write_forms(
    out: Sequence[Path], made: dict[str, Any], narrative: str | None, inputs: Sequence[Path],
    style: Path | None, overlay: Path | None,
) -> list[Path]:  # fmt: skip
    """写出 -o 的各种形式，交回实际写成的路径；inputs 和 Word 版式文件都不会被写到。"""

    def rendered(path: Path) -> bytes:
        return render(path.suffix, made, narrative, style=style, overlay=overlay)

    return write_each(out, rendered, [*inputs, *_style_files(style)])


def write_each(out: Sequence[Path], rendered: Callable[[Path], bytes], inputs: Sequence[Path]) -> list[Path]:
    """逐个写出，交回实际写成的路径；正在别的程序里打开、写到了旁边的说一声。"""
    written = []
    for path in out:
        actual = write(path, rendered(path), inputs)
        if actual != path:
            console.say(f"提示：{path} 正在别的程序里打开，已写成 {actual}。")
        written.append(actual)
    return written


def _style_files(style: Path | None) -> list[Path]:
    """本县的 Word 版式文件：结果也不能写在它们上面。"""
    return [] if style is None else sorted(style.glob("style.*")) if style.is_dir() else [style]


def run_demo(folder: Path, quiet: bool) -> int:
    """复制示例，运行整个年度，写出五种形式。已有而内容不同的文件不覆盖。"""
    with session(console.say), claimed(folder):
        _copy_example(folder)
        outputs = [folder / name for name in DEMO_OUTPUTS]
        code = run_and_show(Request("report", [folder], outputs, json=False, fail_on="error", quiet=quiet))
    console.say(f"示例在 {folder}：改动任何一格再运行下面这条命令，数字、文字和灯会跟着变。")
    console.say(f"下一步：pbm report {folder} -o 年度总结.docx")
    return code


def _copy_example(folder: Path) -> None:
    source = example_folder()
    for path in sorted(source.rglob("*")):
        target = folder / path.relative_to(source)
        if path.is_dir() or path.name.startswith(".") or "expected" in path.relative_to(source).parts:
            continue
        if target.exists() and target.read_bytes() != path.read_bytes():
            raise OutputError(
                str(target), "已有同名文件，内容与示例不同，没有覆盖", "请换一个文件夹：pbm demo 新文件夹"
            )
        if not target.exists():
            write(target, path.read_bytes())


def show_layouts(paths: list[Path], overlay: Path | None, unit: str | None) -> int:
    """没有文件时列出版式；有文件时逐张表、逐列说明认成了什么。"""
    from pbm_cli import screen_forms, screens  # noqa: PLC0415
    from pbm_cli.form_layouts import load_form_layouts  # noqa: PLC0415
    from pbm_cli.layouts import load_layouts  # noqa: PLC0415

    if not paths:
        known = load_layouts(overlay)
        screens.layouts(known)
        screen_forms.forms(load_form_layouts(known, overlay))
        console.say("下一步：pbm layouts 文件 看一张表逐列认成了什么。")
        return Exit.DONE
    run = read(paths, Options(unit=unit, overlay=overlay))
    screens.recognised(run.loaded)
    return Exit.FOUND if any(report.error for report in run.loaded.files) else Exit.DONE


def show_rules(code: str | None, ruleset: str | None, on: str | None, overlay: Path | None) -> int:
    """全部规则，或一条规则连同它的参数。"""
    from pbm_cli import screens  # noqa: PLC0415
    from pbm_cli.parameters import load_ruleset  # noqa: PLC0415
    from pbm_cli.rules import RULES  # noqa: PLC0415

    chosen = load_ruleset(ruleset or "national", overlay)
    date = parse_date(on) if on else dt.date.max
    if code is None:
        screens.rules(RULES)
        return Exit.DONE
    found = RULES.get(code.upper())
    if found is not None:
        screens.rule(found, chosen, date)
    elif not screens.data_code(code.upper()):
        raise UsageError(code, "没有这条规则", "用 pbm rules 看全部规则")
    return Exit.DONE


def show_params(name: str | None, ruleset: str | None, overlay: Path | None) -> int:
    """全部参数，或一个参数的各个时期。"""
    from pbm_cli import screens  # noqa: PLC0415
    from pbm_cli.parameters import load_ruleset  # noqa: PLC0415

    chosen = load_ruleset(ruleset or "national", overlay)
    screens.parameters(chosen, name)
    return Exit.DONE


def show_rulesets() -> int:
    """随程序发布的规则集。"""
    from pbm_cli import screens  # noqa: PLC0415
    from pbm_cli.parameters import list_rulesets  # noqa: PLC0415

    screens.rulesets(list_rulesets())
    return Exit.DONE


def write_template(kind: str, out: Path) -> int:
    """写出一种表的填报模板；已有的文件不覆盖（里面可能已经填了数）。"""
    from pbm_cli.outputs.template import template  # noqa: PLC0415

    if out.suffix.lower() != ".xlsx":
        raise UsageError("-o", f"模板只能写成 .xlsx，不能写成“{out.suffix or out.name}”", f"例如 -o {kind}.xlsx")
    data = template(kind)
    with session(console.say), claimed(out.parent):
        if out.exists():
            raise OutputError(str(out), "已有同名文件，可能已经填了数，没有覆盖", "请用 -o 换一个名字")
        written = write(out, data)
    console.say(f"已写出 {written}")
    console.say(f"下一步：照第一页的说明填好，再运行 pbm check {out}")
    return Exit.DONE


def run_init(folder: Path, county: str | None, year: int | None) -> int:
    """新建县年度文件夹。"""
    from pbm_cli.scaffold import create  # noqa: PLC0415

    with session(console.say):
        made = create(folder, county, year)
    console.say(f"已在 {folder} 写出 {len(made.files)} 个文件：pbm.toml、README.txt 和每种表一个空的工作簿。")
    missing = [word for word, value in (("县名", made.county), ("年度、截止日", made.year)) if value is None]
    if missing:
        console.say(f"请先在 {folder / 'pbm.toml'} 里填上{'、'.join(missing)}。")
    console.say(f"下一步：填表，或把系统导出的表放进来，再运行 pbm check {folder}")
    return Exit.DONE


def _write_marked(request: Request, facts: Facts, made: dict[str, Any]) -> None:
    """pbm check --marked：每个有发现的工作簿一个标注副本。"""
    if request.marked is None:
        return
    from pbm_cli.outputs.marked_files import write_marked  # noqa: PLC0415

    done = write_marked(request.marked, request.paths, facts.files, facts.findings, provenance(made))
    made["marked"] = [str(path) for path in done.written]
    for sentence in done.said:
        console.say(f"提示：{sentence}")
    for path in done.written[:_MOST_NAMED]:
        console.say(f"已标注 {path}")
    if len(done.written) > _MOST_NAMED:
        console.say(f"（还有 {len(done.written) - _MOST_NAMED} 个，都在 {request.marked}）")
    console.say(f"标注副本 {len(done.written)} 个，在 {request.marked}；{done.clean} 个文件没有问题，没有写副本。")


def _write_notices(request: Request, facts: Facts, made: dict[str, Any], options: Options) -> None:
    """pbm monitor --notices：每个有红灯、黄灯项目的单位一份通知。"""
    folder = options.notices
    if folder is None or facts.notices is None:
        return
    from pbm_cli.outputs.notices import write_notices  # noqa: PLC0415

    inputs = input_paths(request.paths)
    done = write_notices(folder, made, facts.notices, inputs, style=facts.style, overlay=facts.overlay)
    made["notices"] = done.rows
    if not done.rows:
        console.say("没有红灯、黄灯项目，没有写通知。")
        return
    red, yellow = (sum(row[key] for row in done.rows) for key in ("red", "yellow"))
    counts = f"红灯项目 {red} 个，黄灯项目 {yellow} 个"
    console.say(f"通知 {len(done.rows)} 份（{counts}），在 {folder}；目录是 {done.index}。")
    for sentence in done.remarks(facts.issuer):
        console.say(f"提示：{sentence}")


def _say_samples(facts: Facts) -> None:
    """填报模板的示例行不是数据，说一声。"""
    names = [r.file for r in facts.files if any(sheet.rows_sample for sheet in r.sheets)]
    if names:
        shown = "、".join(names[:3]) + ("等" if len(names) > 3 else "")
        console.say(f"提示：{shown} {len(names)} 个文件里有填报模板的示例行（名称以“（示例）”开头），不作数据。")
    sheets = [sheet for report in facts.files for sheet in report.sheets if sheet.kind]
    if sheets and not any(sheet.rows_read for sheet in sheets):
        console.say("提示：认出的表里一行数据也没有，下面的数都是 0；请先填表，或把系统导出的表放进来。")

"""命令行：解析、调用、打印、退出码。每个命令只有几行；重的模块在命令里才导入。"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from pbm_cli import __version__
from pbm_cli.arguments import (
    Cluster,
    Code,
    Debug,
    DiffOut,
    FailOn,
    Folder,
    Json,
    Kind,
    Notices,
    OldOn,
    On,
    Out,
    Overlay,
    Parameter,
    Paths,
    Plan,
    Previous,
    Publish,
    Quiet,
    Region,
    Ruleset,
    Seed,
    Style,
    Unit,
    WhatIf,
    Workers,
)
from pbm_cli.errors import Exit, PbmError, interrupted, of_the_machine
from pbm_cli.help import ChineseCommand, ChineseGroup, chinese_usage

app = typer.Typer(
    cls=ChineseGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="预算绩效管理：事前评估、目标审核、双监控、绩效评价、年度总结。\n\n输入是系统导出的工作簿或放工作簿的文件夹；输入文件从不改动。",
)


def _stage(
    command: str, paths: Sequence[Path], out: list[Path] | None, json: bool, fail_on: str, quiet: bool,
    marked: Path | None = None, workers: int | None = None, **options: Any,
) -> int:  # fmt: skip
    from pbm_cli.config import config_for
    from pbm_cli.workbook import reader_for

    with reader_for(config_for(paths).limits, workers) as reader:
        reader.begin(paths)  # 子进程先动起来，与下面的装入同时进行
        from pbm_cli.run import Request, run_and_show

        request = Request(command, list(paths), out or [], json, fail_on, quiet, marked, reader)
        return run_and_show(request, **options)


@app.command(cls=ChineseCommand)
def assess(
    paths: Paths, out: Out = None, json: Json = False, on: On = None, ruleset: Ruleset = None, unit: Unit = None,
    overlay: Overlay = None, style: Style = None, fail_on: FailOn = "error", quiet: Quiet = False, debug: Debug = False,
    publish: Publish = False, workers: Workers = None,
) -> int:  # fmt: skip
    """事前绩效评估：评减额、评减率、得分、结论。"""
    base: dict[str, Any] = {"on": on, "ruleset": ruleset, "unit": unit, "overlay": overlay, "style": style}
    return _stage("assess", paths, out, json, fail_on, quiet, publish=publish, workers=workers, **base)


@app.command(cls=ChineseCommand)
def goals(
    paths: Paths, out: Out = None, json: Json = False, on: On = None, ruleset: Ruleset = None, unit: Unit = None,
    overlay: Overlay = None, style: Style = None, fail_on: FailOn = "error", quiet: Quiet = False, debug: Debug = False,
    publish: Publish = False, workers: Workers = None,
) -> int:  # fmt: skip
    """绩效目标审核：项目、指标、修改意见。"""
    base: dict[str, Any] = {"on": on, "ruleset": ruleset, "unit": unit, "overlay": overlay, "style": style}
    return _stage("goals", paths, out, json, fail_on, quiet, publish=publish, workers=workers, **base)


@app.command(cls=ChineseCommand)
def monitor(
    paths: Paths, out: Out = None, json: Json = False, on: On = None, ruleset: Ruleset = None, unit: Unit = None,
    overlay: Overlay = None, style: Style = None, fail_on: FailOn = "error", quiet: Quiet = False, debug: Debug = False,
    previous: Previous = None, notices: Notices = None, what_if: WhatIf = None, publish: Publish = False,
    workers: Workers = None,
) -> int:  # fmt: skip
    """双监控：执行灯、目标灯、总灯、处置建议；--notices 写通知，--what-if 试算。"""
    more: dict[str, Any] = {"previous": previous, "notices": notices, "what_if": what_if}
    base: dict[str, Any] = {"on": on, "ruleset": ruleset, "unit": unit, "overlay": overlay, "style": style}
    return _stage("monitor", paths, out, json, fail_on, quiet, publish=publish, workers=workers, **base, **more)


@app.command(cls=ChineseCommand)
def evaluate(
    paths: Paths, out: Out = None, json: Json = False, on: On = None, ruleset: Ruleset = None, unit: Unit = None,
    overlay: Overlay = None, style: Style = None, fail_on: FailOn = "error", quiet: Quiet = False, debug: Debug = False,
    previous: Previous = None, plan: Plan = False, seed: Seed = None, publish: Publish = False, workers: Workers = None,
) -> int:  # fmt: skip
    """绩效评价：自评重算、等级、层次、四本预算、镇街、结果应用；--plan 排财政抽评计划。"""
    more: dict[str, Any] = {"previous": previous, "plan": plan, "seed": seed}
    base: dict[str, Any] = {"on": on, "ruleset": ruleset, "unit": unit, "overlay": overlay, "style": style}
    return _stage("evaluate", paths, out, json, fail_on, quiet, publish=publish, workers=workers, **base, **more)


@app.command(cls=ChineseCommand)
def report(
    folder: Folder, out: Out = None, json: Json = False, on: On = None, ruleset: Ruleset = None, unit: Unit = None,
    overlay: Overlay = None, style: Style = None, fail_on: FailOn = "error", quiet: Quiet = False, debug: Debug = False,
    previous: Previous = None, publish: Publish = False, workers: Workers = None,
) -> int:  # fmt: skip
    """年度总结：一个县一年的各环节合在一起。"""
    base: dict[str, Any] = {"on": on, "ruleset": ruleset, "unit": unit, "overlay": overlay, "style": style}
    more: dict[str, Any] = {"previous": previous, "publish": publish}
    return _stage("report", [folder], out, json, fail_on, quiet, workers=workers, **base, **more)


@app.command(cls=ChineseCommand)
def rollup(
    folder: Region, out: Out = None, json: Json = False, on: On = None, ruleset: Ruleset = None, unit: Unit = None,
    overlay: Overlay = None, style: Style = None, fail_on: FailOn = "error", publish: Publish = False,
    workers: Workers = None, cluster: Cluster = None, quiet: Quiet = False, debug: Debug = False,
) -> int:  # fmt: skip
    """区域汇总：许多区县的文件夹 → 全区域的合计、分县、名次、离群、年度总结。"""
    from pbm_cli.rollup import RollupRequest, run_rollup

    request = RollupRequest(folder, out or [], json, fail_on, quiet, workers, cluster)
    return run_rollup(request, on=on, ruleset=ruleset, unit=unit, overlay=overlay, style=style, publish=publish)


@app.command(cls=ChineseCommand)
def check(
    paths: Paths, out: Out = None, json: Json = False, on: On = None, ruleset: Ruleset = None, unit: Unit = None,
    overlay: Overlay = None, fail_on: FailOn = "error", quiet: Quiet = False, debug: Debug = False,
    publish: Publish = False, workers: Workers = None,
    marked: Annotated[
        Path | None,
        typer.Option("--marked", metavar="DIR", help="把有问题的工作簿标注后写进这个文件夹", show_default=False),
    ] = None,
) -> int:  # fmt: skip
    """只查数据：每张表认成什么，每个坏单元格。"""
    base: dict[str, Any] = {"on": on, "ruleset": ruleset, "unit": unit, "overlay": overlay, "publish": publish}
    return _stage("check", paths, out, json, fail_on, quiet, marked, workers, **base)


@app.command(cls=ChineseCommand)
def explain(
    folder: Folder,
    subject: Annotated[
        str,
        typer.Argument(metavar="SUBJECT", help="项目编码、名称，或数的名字如 assess.reduction_pct", show_default=False),
    ],
    json: Json = False, on: On = None, ruleset: Ruleset = None, unit: Unit = None, overlay: Overlay = None,
    quiet: Quiet = False, debug: Debug = False,
) -> int:  # fmt: skip
    """追溯：一个数、一盏灯从哪些单元格、哪个算式、哪条规则和依据来。"""
    from pbm_cli.inquiry import run_explain

    more: dict[str, Any] = {"on": on, "ruleset": ruleset, "unit": unit, "overlay": overlay}
    return run_explain(folder, subject, json=json, quiet=quiet, **more)


@app.command(cls=ChineseCommand)
def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="旧的工作簿或文件夹", show_default=False, readable=False)],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="新的工作簿或文件夹", show_default=False, readable=False)],
    out: DiffOut = None, json: Json = False, on: On = None, old_on: OldOn = None, ruleset: Ruleset = None,
    unit: Unit = None, overlay: Overlay = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="有不同时退出码为 1")] = False,
    quiet: Quiet = False, debug: Debug = False,
) -> int:  # fmt: skip
    """比较两次导出：新出现、不再出现、改了什么、哪些灯变了。"""
    from pbm_cli.inquiry import run_diff

    more: dict[str, Any] = {"ruleset": ruleset, "unit": unit, "overlay": overlay}
    return run_diff((old, new), (old_on, on), out or [], json=json, exit_code=exit_code, quiet=quiet, **more)


@app.command(cls=ChineseCommand)
def verify(
    output: Annotated[
        Path, typer.Argument(metavar="OUTPUT", help="pbm 写出的结果", show_default=False, readable=False)
    ],
    inputs: Annotated[
        list[Path] | None,
        typer.Option("--inputs", metavar="FOLDER", help="输入在哪里（可重复）；默认在结果旁边找", show_default=False),
    ] = None,
    overlay: Overlay = None, ruleset: Ruleset = None, json: Json = False, debug: Debug = False,
) -> int:  # fmt: skip
    """核对：结果写着的输入、规则集、版本，现在还是不是那样。"""
    from pbm_cli.inquiry import run_verify

    return run_verify(output, inputs or [], overlay, ruleset, json=json)


@app.command(cls=ChineseCommand)
def limits(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[FOLDER]", help="看这个文件夹的 pbm.toml 设了什么", show_default=False)
    ] = None,
    debug: Debug = False,
) -> int:
    """上限：一个文件最多读多大、多少单元格、多长时间；在 pbm.toml 的 [limits] 里设。"""
    from pbm_cli.inquiry import show_limits

    return show_limits(folder)


@app.command(cls=ChineseCommand)
def doctor(
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="打算写结果的文件夹")] = Path(),
    json: Json = False, debug: Debug = False,
) -> int:  # fmt: skip
    """体检：这台电脑的控制台、字体、读写、库，能不能好好运行。"""
    from pbm_cli.inquiry import run_doctor

    return run_doctor(folder, json=json)


@app.command(cls=ChineseCommand)
def layouts(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH...]", help="看这些表怎么认的", readable=False)
    ] = None,
    overlay: Overlay = None, unit: Unit = None, debug: Debug = False,
) -> int:  # fmt: skip
    """版式：认得哪些表头；给出文件则逐列说明。"""
    from pbm_cli.run import show_layouts

    return show_layouts(paths or [], overlay, unit)


@app.command(cls=ChineseCommand)
def rules(
    code: Code = None,
    ruleset: Ruleset = None, on: On = None, overlay: Overlay = None, debug: Debug = False,
) -> int:  # fmt: skip
    """规则：逐条说明，用到的参数和依据。"""
    from pbm_cli.run import show_rules

    return show_rules(code, ruleset, on, overlay)


@app.command(cls=ChineseCommand)
def params(
    name: Parameter = None,
    ruleset: Ruleset = None, overlay: Overlay = None, debug: Debug = False,
) -> int:  # fmt: skip
    """参数：取值、施行日期、文号、证据等级。"""
    from pbm_cli.run import show_params

    return show_params(name, ruleset, overlay)


@app.command(cls=ChineseCommand)
def rulesets(debug: Debug = False) -> int:
    """规则集：随程序发布的几套规则。"""
    from pbm_cli.run import show_rulesets

    return show_rulesets()


@app.command(cls=ChineseCommand)
def demo(
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="复制到哪里")] = Path("泸县2023示例"),
    quiet: Quiet = False, debug: Debug = False,
) -> int:  # fmt: skip
    """把泸县 2023 示例复制出来，跑完整个年度。"""
    from pbm_cli.run import run_demo

    return run_demo(folder, quiet)


@app.command(cls=ChineseCommand)
def template(
    kind: Kind,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="写到哪里（.xlsx）", show_default=False)],
    debug: Debug = False,
) -> int:
    """填报模板：一种表的空工作簿，有说明、下拉、示例行。"""
    from pbm_cli.run import write_template

    return write_template(kind, out)


@app.command(cls=ChineseCommand)
def init(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="建在哪里，如 泸县2023", show_default=False)],
    county: Annotated[
        str | None, typer.Option("--county", metavar="NAME", help="县名；默认从文件夹名看", show_default=False)
    ] = None,
    year: Annotated[
        int | None, typer.Option("--year", metavar="YEAR", help="年度；默认从文件夹名看", show_default=False)
    ] = None,
    debug: Debug = False,
) -> int:
    """新建县年度文件夹：pbm.toml、每种表一个空工作簿、说明。"""
    from pbm_cli.run import run_init

    return run_init(folder, county, year)


_COLLECT_AFTER = 5_000_000
"""造出多少对象才找一次循环垃圾：一次运行造出的多半留到最后，常找是白找。"""


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pbm {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="显示版本")] = False,
) -> None:
    """县级财政预算绩效管理工具。"""


def main(argv: Sequence[str] | None = None) -> int:
    """命令行入口；返回退出码（errors.Exit）。"""
    arguments = list(sys.argv[1:] if argv is None else argv)
    gc.set_threshold(_COLLECT_AFTER)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # 别人的插件与这里无关，找它们也要时间
    from pbm_cli import console  # 内存不够、Ctrl-C 时再装入就晚了

    console.open_streams()
    run = partial(app, args=arguments, prog_name="pbm", standalone_mode=False)
    fault: PbmError | None
    try:
        if arguments == ["--install-completion"]:
            from pbm_cli import completion

            return completion.install(run, console.say)
        code = int(run() or 0)
        if code == Exit.INTERRUPTED:  # typer 自己收下了 Ctrl-C，只交回退出码
            raise KeyboardInterrupt
        return code
    except PbmError as error:
        fault = error
    except (KeyboardInterrupt, typer.Abort):
        console.say("已中断。")
        return Exit.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the one place where a bug becomes exit code 70
        if interrupted(error):
            console.say("已中断。")
            return Exit.INTERRUPTED
        if said := chinese_usage(error):
            return console.show_usage(said, as_json="--json" in arguments)
        fault = of_the_machine(error)
        if fault is None:
            return console.show_bug(error, debug="--debug" in arguments)
    return console.show_error(fault, as_json="--json" in arguments)


if __name__ == "__main__":
    sys.exit(main())

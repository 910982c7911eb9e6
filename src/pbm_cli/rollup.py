"""区域汇总：找出各区县，分给几个进程（或集群）去算，合起来，写出，显示。"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pbm_cli import __version__, console
from pbm_cli.config import NAME, load_config
from pbm_cli.counties import CountyJob, close_readers, county_task, find_counties, unusable
from pbm_cli.errors import Exit, PbmError, UsageError
from pbm_cli.facts import Judge, Row
from pbm_cli.facts.rollup import Region, rollup_document
from pbm_cli.outputs import check_suffix
from pbm_cli.outputs.json import pieces
from pbm_cli.outputs.lock import session
from pbm_cli.outputs.provenance import settings_used
from pbm_cli.parallel import carried_out
from pbm_cli.parameters import list_rulesets, load_ruleset
from pbm_cli.personal import published
from pbm_cli.pipeline import DEFAULT_RULESET, FAIL_LEVELS, Options, own_style
from pbm_cli.run import NARRATED, parse_date, write_forms
from pbm_cli.text import named
from pbm_cli.workbook import cores


@dataclass(frozen=True, slots=True)
class RollupRequest:
    """一次区域汇总要的：文件夹、输出、怎样显示、什么算失败、用几个进程或哪个集群。"""

    folder: Path
    out: Sequence[Path]
    json: bool
    fail_on: str
    quiet: bool
    workers: int | None
    cluster: str | None


def run_rollup(request: RollupRequest, **options: Any) -> int:
    """汇总一个文件夹里的各区县；一个也不能用时退出码是 2。publish 时遮住个人信息。"""
    publish = bool(options.pop("publish", False))
    chosen = _options(request, **options)
    for path in request.out:
        check_suffix(path.suffix)
    if chosen.style is not None:
        from pbm_cli.outputs.style import check_style  # noqa: PLC0415

        check_style(chosen.style)
    console.quiet(request.quiet or request.json)
    jobs = find_counties(request.folder, chosen)
    results = _results(jobs, request)
    made = _document(request.folder, results, chosen)
    inputs = _inputs(request.folder, made)  # 遮住以前的名字：遮了就认不出输入文件
    if publish:
        made = published(made)
    if not made["summary"]["counties_counted"]:
        return _nothing(made, request.json)
    with session(console.say):
        written = _write_all(request, made, inputs, chosen)
    code = _exit_code(made, request.fail_on)
    if request.json:
        console.emit(pieces(made))
    else:
        from pbm_cli import screen_rollup  # noqa: PLC0415

        screen_rollup.show(made, written, code)
    return code


def _options(request: RollupRequest, **given: Any) -> Options:
    """命令行上的选项；路径都写成绝对的，别的进程、别的机器也找得到。"""
    if request.fail_on not in FAIL_LEVELS:
        raise UsageError("--fail-on", f"“{request.fail_on}”不认识", f"可用：{'、'.join(FAIL_LEVELS)}")
    if request.workers is not None and request.workers < 1:
        raise UsageError("--workers", f"“{request.workers}”不行", "请写 1 或更大的整数")
    if request.workers is not None and request.cluster is not None:
        raise UsageError("--workers", "用 --cluster 时，进程数由集群定", "请去掉其中一个")
    chosen = Options(**{key: value for key, value in given.items() if value is not None})
    if isinstance(chosen.on, str):
        chosen = replace(chosen, on=parse_date(chosen.on))
    if chosen.overlay is not None:
        chosen = replace(chosen, overlay=chosen.overlay.resolve())
    own = {head.name for head in list_rulesets()}
    if chosen.ruleset and chosen.ruleset not in own and Path(chosen.ruleset).is_dir():
        chosen = replace(chosen, ruleset=str(Path(chosen.ruleset).resolve()))
    return chosen


def _results(jobs: Sequence[CountyJob], request: RollupRequest) -> list[Row]:
    """各区县的结果，按文件夹的次序；没有算成的写上原因。"""
    found: dict[int, Row] = {}
    workers = request.workers or min(cores(), len(jobs))
    with console.progress() as step:
        step(f"{len(jobs)} 个区县")
        flow = carried_out(county_task, jobs, workers=workers, cluster=request.cluster, leave=close_readers)
        for index, result, error in flow:
            found[index] = result if error is None else unusable(jobs[index], error)
            step(f"{len(found)}/{len(jobs)} {found[index]['county']}")
    return [found[index] for index in range(len(jobs))]


def _document(folder: Path, results: Sequence[Row], options: Options) -> Row:
    """合成的文档；区域的名称取汇总文件夹自己的 pbm.toml。"""
    config = load_config(folder)
    ruleset = load_ruleset(options.ruleset or DEFAULT_RULESET, options.overlay)
    dates = [dt.date.fromisoformat(item["on"]) for item in results if item["on"]]
    judge = Judge(ruleset.at(max(dates, default=dt.date.max)))
    made = rollup_document(Region(config.county, config.issuer), results, judge)
    places = [("", folder), *((f"{item['folder']}/", folder / named(item["folder"])) for item in results)]
    return {**made, "settings": settings_used(places, options.overlay, _style(folder, options))}


def _nothing(made: Row, as_json: bool) -> int:
    """一个区县也不能用。"""
    failed = [item for item in made["summary"]["counties"] if item["error"]]
    if as_json:
        console.emit(pieces({"pbm": __version__, "command": "rollup", "findings": made["findings"]}))
    for item in failed:
        console.say(f"错误：{item['county']}（{item['folder']}）：{item['error']}")
    return console.show_error(PbmError("", f"{len(failed)} 个区县一个也不能用", "请对其中一个运行 pbm report 看看"))


def _inputs(folder: Path, made: Row) -> list[Path]:
    """各区县的输入和 pbm.toml：结果不能写在它们上面。"""
    inputs = [folder / named(given["file"]) for given in made["inputs"]]
    return inputs + [folder / named(item["folder"]) / NAME for item in made["summary"]["counties"]]


def _write_all(request: RollupRequest, made: Row, inputs: Sequence[Path], options: Options) -> list[Path]:
    narrative = None
    if any(path.suffix.lower() in NARRATED for path in request.out):
        from pbm_cli.rollup_report import narrative as tell  # noqa: PLC0415

        narrative = tell(made, options.overlay)
    return write_forms(request.out, made, narrative, inputs, _style(request.folder, options), options.overlay)


def _style(folder: Path, options: Options) -> Path | None:
    """Word 版式：--style，其次汇总文件夹自己的 pbm.toml，再次覆盖文件夹里的。"""
    return options.style or load_config(folder).style or own_style(options.overlay)


def _exit_code(made: Row, fail_on: str) -> Exit:
    """发现里有到 fail_on 这一级的，或者有文件、区县不能用，就是 1。"""
    levels = FAIL_LEVELS[fail_on]
    bad = any(given["error"] for given in made["inputs"]) or made["summary"]["counties_failed"]
    found = (fail_on != "never" and bad) or any(item["level"] in levels for item in made["findings"])
    return Exit.FOUND if found else Exit.DONE

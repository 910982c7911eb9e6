"""一次运行：读 → 装 → 判 → 汇。写在 outputs，印在 console。"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pbm_cli.config import NAME, UNITS, Config, config_for
from pbm_cli.errors import Exit, InputError, PbmError, UsageError
from pbm_cli.facts import Facts, Judge, Row, StageFacts
from pbm_cli.facts.assess import assess_facts
from pbm_cli.facts.beside import Beside, Earlier, earlier_result
from pbm_cli.facts.changes import light_changes, previous_rows
from pbm_cli.facts.document import early_parameters, parameter_rows
from pbm_cli.facts.evaluate import evaluate_facts
from pbm_cli.facts.goals import goals_facts
from pbm_cli.facts.mechanism import mechanism_facts
from pbm_cli.facts.monitor import monitor_facts
from pbm_cli.facts.use import decisions
from pbm_cli.form_layouts import load_form_layouts
from pbm_cli.layouts import load_layouts
from pbm_cli.loading import FileReport, Loaded, Loader, SheetReport
from pbm_cli.models import RECORD_TYPES, Finding
from pbm_cli.parameters import RuleSet, load_ruleset
from pbm_cli.text import storable
from pbm_cli.workbook import Reader, find_workbooks

FAIL_LEVELS: dict[str, tuple[str, ...]] = {
    "never": (),
    "error": ("error",),
    "red": ("error", "red"),
    "yellow": ("error", "red", "yellow"),
}
STAGE_KINDS: dict[str, tuple[str, ...]] = {
    "assess": ("assessment",),
    "goals": ("goal", "indicator", "review", "goal_form"),
    "monitor": ("execution", "indicator", "adjustment", "unit_report", "monitoring_form"),
    "evaluate": ("evaluation", "township", "self_evaluation_form", "department_form"),
    "mechanism": ("training", "document"),
}
# 查漏评时还要看的清单
_ALSO_READ: dict[str, tuple[str, ...]] = {"assess": ("goal", "execution")}
DEFAULT_RULESET = "national"
_NO_DATE = dt.date.max

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """命令行上的共同选项；没有给的为 None。"""

    on: dt.date | None = None
    ruleset: str | None = None
    unit: str | None = None
    overlay: Path | None = None
    style: Path | None = None
    previous: Path | None = None
    plan: bool = False
    seed: int | None = None
    notices: Path | None = None
    what_if: Sequence[str] = ()


class UnusableError(PbmError):
    """输入一点也不能用；findings 说每个文件为什么。"""

    def __init__(self, where: str, message: str, hint: str, findings: Sequence[Finding]) -> None:
        super().__init__(where, message, hint)
        self.findings = list(findings)


@dataclass(slots=True)
class Run:
    """读好的输入和设定。"""

    config: Config
    options: Options
    loaded: Loaded
    sources: list[Path] = field(default_factory=list)

    @property
    def overlay(self) -> Path | None:
        """县里的覆盖文件夹。"""
        return self.options.overlay or self.config.overlay

    @property
    def style(self) -> Path | None:
        """Word 版式：--style，其次 pbm.toml，再次覆盖文件夹里的；都没有为 None。"""
        return self.options.style or self.config.style or own_style(self.overlay)

    @property
    def year(self) -> int | None:
        """数据的年度：pbm.toml，其次表上写的；几张表写的不同时取第一张。"""
        return self.config.year or next(iter(self.loaded.years), None)


def read(
    paths: Sequence[Path], options: Options, progress: Progress | None = None, reader: Reader | None = None
) -> Run:
    """读入全部文件。一个文件不能用不影响其余；一个都不能用时抛出 UnusableError。reader 是已经启动的，读完就关。"""
    config = config_for(paths)
    unit = options.unit or config.unit
    if unit is not None and unit not in UNITS:
        raise UsageError("--unit", f"单位“{unit}”不认识", f"可用：{'、'.join(UNITS)}")
    overlay = options.overlay or config.overlay
    layouts = load_layouts(overlay)
    forms = load_form_layouts(layouts, overlay)
    loader = Loader(layouts, UNITS[unit] if unit else None, config.year, forms)
    there = [path for path in paths if path.exists()]
    found = [(path, storable(shown)) for path, shown in find_workbooks(there)]
    for path in paths:
        if path not in there:
            loader.fail(storable(str(path)), "找不到这个文件或文件夹。请检查路径是否写对")
    if there and not found:
        raise UsageError(
            "、".join(str(p) for p in there), "没有找到工作簿", "请给出 xlsx、xls、et、ods、csv 文件或它们所在的文件夹"
        )
    with reader or Reader(config.limits) as opened:
        opened.limit(config.limits)
        for place, (path, shown) in enumerate(found, start=1):
            if progress is not None:
                progress(f"{shown}（第 {place}/{len(found)} 个，已读 {loader.loaded.rows_read:,} 行）")
            try:
                books = [opened.read(path, shown, loader.arrived)]
                for after, _ in found[place : place + opened.width]:
                    opened.ahead(after)
                loader.add(books.pop())  # 读成记录以后，单元格不再占着内存
            except InputError as error:
                loader.fail(shown, f"{error.message}。{error.hint}" if error.hint else error.message)
    loaded = loader.finish()
    if all(report.error for report in loaded.files):
        first = loaded.files[0]
        raise UnusableError(first.file, first.error or "", "", loaded.findings)
    return Run(config, options, loaded, [path for path, _ in found])


def run_stage(
    command: str,
    paths: Sequence[Path],
    options: Options,
    progress: Progress | None = None,
    reader: Reader | None = None,
) -> Facts:
    """运行一个环节（assess、goals、monitor、evaluate）或 report。"""
    return judged(command, read(paths, options, progress, reader), progress)


def judged(command: str, run: Run, progress: Progress | None = None) -> Facts:
    """读好的输入，判、汇。"""
    options = run.options
    stages = list(STAGE_KINDS) if command == "report" else [command]
    kinds = {kind for stage in stages for kind in _kinds(run.loaded, stage)}
    _require_usable(run.loaded, kinds, command)
    if command != "report":
        _keep_only(run.loaded, kinds | set(_ALSO_READ.get(command, ())))
    on = _cutoff(run, command)
    ruleset = ruleset_of(run)
    bound = ruleset.at(on or _NO_DATE)
    judge = Judge(bound)
    earlier = _earlier(command, options, progress)
    facts: dict[str, StageFacts] = {}
    for stage in stages:
        if _has(run.loaded, stage, command):
            facts[stage] = _stage_facts(stage, run, judge, on, facts, earlier)
    if "monitor" in earlier.rows and "monitor" in facts:
        facts["monitor"].summary.update(light_changes(earlier.of("monitor"), facts["monitor"].rows))
    notices, trial = _on_request(facts.get("monitor"), run, judge, on)
    findings = [*run.loaded.findings, *(f for stage in facts.values() for f in stage.findings)]
    return Facts(
        command=command,
        county=run.config.county,
        issuer=run.config.issuer,
        year=run.year or (on.year if on else None),
        ruleset=ruleset.name,
        ruleset_title=ruleset.title,
        ruleset_digest=ruleset.digest,
        on=on,
        files=run.loaded.files,
        stages=facts,
        findings=findings + early_parameters(bound),
        decisions=decisions(facts, judge, on or _NO_DATE) if command in ("report", "evaluate") else [],
        notices=notices,
        parameters=parameter_rows(bound),
        overlay=run.overlay,
        style=run.style,
        what_if=trial,
    )


def _on_request(
    monitor: StageFacts | None, run: Run, judge: Judge, on: dt.date | None
) -> tuple[list[Row] | None, Row | None]:
    """--notices 的通知和 --what-if 的试算；没有要的为 None。"""
    folder, settings = run.options.notices, run.options.what_if
    if monitor is None or on is None or not (folder or settings):
        return None, None
    from pbm_cli.facts.notices import notice_facts  # noqa: PLC0415
    from pbm_cli.facts.what_if import what_if  # noqa: PLC0415

    trial = what_if(run.loaded, judge.bound, on, settings, monitor) if settings else None
    return notice_facts(monitor.rows, judge, on, run.config.notice_due) if folder else None, trial


def own_style(overlay: Path | None) -> Path | None:
    """覆盖文件夹里放 Word 版式（style.toml、style.docx）的地方；一个也没有为 None。"""
    folder = overlay / "templates" if overlay is not None else None
    there = folder is not None and any((folder / name).is_file() for name in ("style.toml", "style.docx"))
    return folder if there else None


def ruleset_of(run: Run) -> RuleSet:
    """这次用的规则集：--ruleset，其次 pbm.toml，再次 national；盖上本县的覆盖。"""
    return load_ruleset(run.options.ruleset or run.config.ruleset or DEFAULT_RULESET, run.overlay)


def _has(loaded: Loaded, stage: str, command: str) -> bool:
    """这个环节要不要算：单独的命令总要；report 里没有相应的表就不算。"""
    if command != "report":
        return True
    kinds = set(_kinds(loaded, stage))
    if stage == "goals":  # 指标表在监控里也用，单有它不算做了目标审核
        kinds.discard("indicator")
    return any(sheet.kind in kinds for report in loaded.files for sheet in report.sheets)


def _kinds(loaded: Loaded, stage: str) -> tuple[str, ...]:
    """一个环节用的表。绩效评价也用带得分的指标表；什么评价表都没有时，用手头的指标表。"""
    kinds = STAGE_KINDS[stage]
    if stage != "evaluate":
        return kinds
    sheets = [sheet for report in loaded.files for sheet in report.sheets]
    lists = [set(sheet.table.columns) for sheet in sheets if sheet.kind == "indicator" and sheet.table]
    alone = not any(sheet.kind in kinds for sheet in sheets)
    own = any("self_score" in have or (alone and {"actual", "weight"} <= have) for have in lists)
    return (*kinds, "indicator") if own else kinds


def _beside(run: Run, judge: Judge, on: dt.date | None, facts: Mapping[str, StageFacts], earlier: Earlier) -> Beside:
    """绩效评价旁边要看的。单独运行 evaluate 时，同一批文件里有事前评估、执行表（并且知道截止日）的也看。"""
    loaded, stated = run.loaded, run.options.on or run.config.on
    assess = facts["assess"].rows if "assess" in facts else []
    monitor = facts["monitor"].rows if "monitor" in facts else []
    if not facts and loaded.of("assessment"):
        assess = assess_facts(loaded, judge).rows
    if not facts and stated is not None and loaded.of("execution"):
        monitor = monitor_facts(loaded, judge, stated).rows
    year = run.year or (on.year if on else None)
    return Beside(monitor, assess, earlier, year, on, run.options.plan, run.options.seed)


def _stage_facts(
    stage: str, run: Run, judge: Judge, given: dt.date | None, facts: Mapping[str, StageFacts], earlier: Earlier
) -> StageFacts:
    loaded, on = run.loaded, given or _NO_DATE
    if stage == "assess":
        return assess_facts(loaded, judge)
    if stage == "goals":
        return goals_facts(loaded, judge)
    if stage == "monitor":
        return monitor_facts(loaded, judge, on)
    if stage == "evaluate":
        return evaluate_facts(loaded, judge, _beside(run, judge, given, facts, earlier))
    return mechanism_facts(loaded)


def _require_usable(loaded: Loaded, kinds: Iterable[str], command: str) -> None:
    wanted = set(kinds)
    reports = [sheet for report in loaded.files for sheet in report.sheets if sheet.kind in wanted]
    if any(sheet.usable for sheet in reports):
        return
    if reports:
        reason = next((f for f in loaded.findings if f.code in ("D11", "D14") and f.level == "error"), None)
        where = str(reason.where) if reason else loaded.files[0].file
        raise UnusableError(where, reason.message if reason else "表头认出来了，但不能用", "", loaded.findings)
    titles = "、".join(model.sheet_title for kind, model in RECORD_TYPES.items() if kind in wanted)
    nearest = next((f.message for f in loaded.findings if f.code == "D12"), "")
    hint = (
        f"{nearest}。用 pbm layouts 文件 可以看每张表被认成了什么"
        if nearest
        else "用 pbm layouts 文件 可以看每张表被认成了什么"
    )
    names = "、".join(report.file for report in loaded.files[:3])
    raise UnusableError(names, f"没有找到 pbm {command} 能用的表（{titles}）", hint, loaded.findings)


def _keep_only(loaded: Loaded, kinds: set[str]) -> None:
    """只留与本环节有关的发现：别的表的毛病用 pbm check 或 report 看。"""
    others = {(r.file, s.name) for r in loaded.files for s in r.sheets if s.kind and s.kind not in kinds}
    ours = {(r.file, s.name) for r in loaded.files for s in r.sheets if s.kind in kinds}
    apart = others - ours
    loaded.findings = [f for f in loaded.findings if f.where is None or (f.where.file, f.where.sheet) not in apart]


def _cutoff(run: Run, command: str) -> dt.date | None:
    """数据截止日：--on，其次 pbm.toml，再次表上写的；monitor 和 report 一定要有，其余只用来选当时有效的参数。"""
    given = run.options.on or run.config.on
    if given is not None:
        return given
    stated = run.loaded.cutoffs
    if command in ("monitor", "report"):
        if len(stated) == 1:
            return stated[0]
        if stated:
            days = "、".join(day.isoformat() for day in stated)
            raise UsageError("监控截止日", f"几张表写的截止日不同（{days}）", "请用 --on 2023-12-31 这样的写法指定")
        wrong = next((f"{f.where}：{f.message}" for f in run.loaded.findings if f.code == "D30"), "")
        said = wrong.partition("；")[0] or "表上没有写数据截止到哪一天"
        raise UsageError("监控截止日", said, f"请加 --on 2023-12-31，或在 {NAME} 的 [run] 里写 on")
    return dt.date(run.year, 12, 31) if run.year else None


def _earlier(command: str, options: Options, progress: Progress | None) -> Earlier:
    """上一次的结果（JSON）或上一次的文件夹：监控和绩效评价的行。"""
    previous = options.previous
    if previous is None:
        return Earlier()
    wanted = [stage for stage in ("monitor", "evaluate") if command in (stage, "report")]
    if not previous.is_dir():
        only = wanted == ["monitor"]
        return Earlier(None, {"monitor": previous_rows(previous)}) if only else earlier_result(previous)
    found: dict[str, StageFacts] = {}
    year, wrong = None, None
    for stage in wanted:
        try:
            made = run_stage(stage, [previous], Options(None, options.ruleset, options.unit, options.overlay), progress)
        except UnusableError as error:
            wrong = error
        except PbmError as error:
            raise UsageError(f"--previous {previous}", f"{error.where}：{error.message}", error.hint) from error
        else:
            found[stage], year = made.stages[stage], made.year
    if wrong is not None and not found:
        raise UsageError(f"--previous {previous}", f"{wrong.where}：{wrong.message}", wrong.hint) from wrong
    return Earlier(year, {s: f.rows for s, f in found.items()}, {s: f.summary for s, f in found.items()})


def input_paths(paths: Sequence[Path]) -> list[Path]:
    """一次运行会读的文件（包括 pbm.toml）：结果不能写在它们上面。"""
    settings = [path / NAME for path in paths if path.is_dir()]
    there = [path for path in paths if path.exists()]
    return [path for path, _ in find_workbooks(there)] + [path for path in settings if path.exists()]


def exit_code(facts: Facts, fail_on: str) -> Exit:
    """发现里有到 fail_on 这一级的，或者有文件不能用，就是 1。"""
    levels = FAIL_LEVELS[fail_on]
    bad_file = fail_on != "never" and any(report.error for report in facts.files)
    return Exit.FOUND if bad_file or any(f.level in levels for f in facts.findings) else Exit.DONE


def check_facts(
    paths: Sequence[Path], options: Options, progress: Progress | None = None, reader: Reader | None = None
) -> Facts:
    """只看数据质量：每张表被认成什么、每个坏单元格。"""
    run = read(paths, options, progress, reader)
    findings = run.loaded.findings
    sheets = [sheet for report in run.loaded.files for sheet in report.sheets]
    summary = {
        "files": len(run.loaded.files),
        "sheets": len(sheets),
        **{
            name: sum(getattr(s, name) for s in sheets)
            for name in ("rows_read", "rows_used", "rows_rejected", "rows_total")
        },
        "errors": sum(f.level == "error" for f in findings),
        "warnings": sum(f.level == "warning" for f in findings),
        "hints": sum(f.level == "hint" for f in findings),
    }
    rows = [_sheet_row(report, sheet) for report in run.loaded.files for sheet in report.sheets]
    ruleset = ruleset_of(run)
    return Facts(
        command="check",
        county=run.config.county,
        issuer=run.config.issuer,
        year=run.year,
        ruleset=ruleset.name,
        ruleset_title=ruleset.title,
        ruleset_digest=ruleset.digest,
        on=run.options.on or run.config.on,
        files=run.loaded.files,
        stages={"check": StageFacts(summary, rows, [])},
        findings=findings,
        parameters=[],
        overlay=run.overlay,
    )


def _sheet_row(report: FileReport, sheet: SheetReport) -> dict[str, object]:
    return {
        "file": report.file,
        "sheet": sheet.name,
        "kind": sheet.kind,
        "rows_read": sheet.rows_read,
        "rows_used": sheet.rows_used,
        "rows_rejected": sheet.rows_rejected,
        "rows_total": sheet.rows_total,
    }

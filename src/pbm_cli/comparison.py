"""比较两次导出：各读各的，按键比，知道截止日的再比灯。"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from pbm_cli.facts import Facts, Judge, Row, StageFacts
from pbm_cli.facts.difference import add_light_changes, difference_facts, flat_rows
from pbm_cli.facts.document import document, parameter_rows
from pbm_cli.facts.monitor import monitor_facts
from pbm_cli.models import Finding
from pbm_cli.pipeline import Options, Progress, Run, read, ruleset_of

SIDES = ("旧", "新")


def compare(
    old: Path, new: Path, options: Options, old_on: dt.date | None, progress: Progress | None = None
) -> dict[str, Any]:
    """两边比较的 JSON 文档。

    options.on 是新的一边的截止日，old_on 是旧的一边的；规则集按新的一边，两边同用一套。
    """
    was = read([old], replace(options, on=old_on), progress)
    now = read([new], options, progress)
    stage = difference_facts(was.loaded, now.loaded)
    ruleset = ruleset_of(now)
    parameters = _lights(stage, was, now)
    findings = [*_said(was, SIDES[0]), *_said(now, SIDES[1]), *stage.findings]
    facts = Facts(
        command="diff",
        county=now.config.county or was.config.county,
        issuer=now.config.issuer,
        year=now.year,
        ruleset=ruleset.name,
        ruleset_title=ruleset.title,
        ruleset_digest=ruleset.digest,
        on=known_date(now),
        files=[*was.loaded.files, *now.loaded.files],
        stages={"diff": stage},
        findings=findings,
        parameters=parameters,
        overlay=now.overlay,
    )
    made = document(facts)
    for place, item in enumerate(made["inputs"]):
        item["side"] = "old" if place < len(was.loaded.files) else "new"
    return made


def tabular(made: dict[str, Any]) -> dict[str, Any]:
    """写成表格（xlsx、csv、md）的文档：一个改动的字段一行。"""
    return {**made, "rows": flat_rows(made["rows"])}


def differs(summary: Row) -> bool:
    """两边有没有不同。"""
    return any(summary[name] for name in ("appeared", "vanished", "changed", "lights_changed"))


def known_date(run: Run) -> dt.date | None:
    """一边的数据截止日：命令行给的，其次 pbm.toml，再次各表上写的同一天；不知道为 None。"""
    stated = run.loaded.cutoffs
    return run.options.on or run.config.on or (stated[0] if len(stated) == 1 else None)


def _lights(stage: StageFacts, was: Run, now: Run) -> list[Row]:
    """两边都有执行表或指标进度、都知道截止日的，比灯；不知道的说一句。返回用到的参数。"""
    if not all(_watched(run) for run in (was, now)):
        return []
    dates = [known_date(run) for run in (was, now)]
    if None in dates:
        missing = [
            f"{side}的一边没有写截止日（用 {option} 2023-12-31 指定）"
            for side, option, date in zip(SIDES, ("--old-on", "--on"), dates, strict=True)
            if date is None
        ]
        stage.findings.append(Finding("D27", "hint", "灯", f"{'，'.join(missing)}，没有比较灯"))
        return []
    ruleset = ruleset_of(now)
    rows, bound = [], None
    for run, date in zip((was, now), dates, strict=True):
        assert date is not None  # noqa: S101 - checked above
        bound = ruleset.at(date)
        rows.append(monitor_facts(run.loaded, Judge(bound), date).rows)
    add_light_changes(stage, *rows)
    if was.config.ruleset and was.config.ruleset != ruleset.name:
        text = f"旧的一边的 pbm.toml 用规则集 {was.config.ruleset}，这里两边都按 {ruleset.name} 判灯"
        stage.findings.append(Finding("D27", "hint", "灯", text))
    return parameter_rows(bound) if bound else []


def _watched(run: Run) -> bool:
    """有没有能判灯的数据：执行表、监控表单，或有完成值的指标表。"""
    indicators = run.loaded.indicators("monitor", "monitoring_form")
    return bool(run.loaded.of("execution", "monitoring_form")) or any(item.actual for item in indicators)


def _said(run: Run, side: str) -> Iterable[Finding]:
    """一边读入时的错误和警告，写明是哪一边。"""
    for item in run.loaded.findings:
        if item.level in ("error", "warning"):
            yield item._replace(message=f"{side}的一边：{item.message}")

"""绩效评价的数从哪里来。"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pbm_cli.facts import Row
from pbm_cli.facts.evaluate_subjects import KEY_LEVEL
from pbm_cli.facts.sources import Sources, Trace, cells, place_of, plus
from pbm_cli.facts.traces import figure
from pbm_cli.models import Record, Where
from pbm_cli.text import plain, score_text


def score_cells(sources: Sources, rows: Sequence[Row], *names: str) -> list[Where]:
    """评价各行的得分（或别的几栏）；只有指标得分的是各条指标的得分。"""
    found: list[Where] = []
    for row in rows:
        record = sources.record(row, "evaluation")
        if record is not None:
            found += cells([record], *(names or ("score",))) or [place_of(record)]
        else:
            found += cells(indicator_records(sources, row), "self_score")
    return found


def indicator_records(sources: Sources, row: Row) -> list[Record]:
    """一个对象的各条指标（带得分的）。"""
    own = sources.record(row, "indicator")
    same = [r for r in sources.loaded.records.get("indicator", []) if _same_subject(r, row)]
    return same or ([own] if own is not None else [])


def _same_subject(record: Record, row: Row) -> bool:
    origin = row["origin"]
    return (record.origin.file, record.origin.sheet) == (origin["file"], origin["sheet"]) and (
        getattr(record, "project_code", None) == row["project_code"]
        and getattr(record, "project_name", None) == row["subject"]
    )


def _standing(sources: Sources) -> list[Row]:
    return [row for row in sources.rows("evaluate") if row["standing"]]


@figure("evaluate.average_score")
def _average(sources: Sources, _: str) -> Trace:
    rows = [row for row in _standing(sources) if row["score"] is not None]
    scores = []
    for row in rows:
        record = sources.record(row, "evaluation")
        scores.append(record.score if record is not None else Decimal(row["score"]))
    total = sum(scores, Decimal(0))
    value = sources.summary("evaluate")["average_score"]
    text = f"各对象最高一层的评价得分相加 ÷ 个数 = {plain(total)} ÷ {len(scores)} = {value}（四舍五入到两位小数）"
    return Trace(text, score_cells(sources, rows))


@figure("evaluate.subjects")
def _subjects(sources: Sources, _: str) -> Trace:
    total = sources.summary("evaluate")["subjects"]
    text = f"评价结果共 {len(sources.rows('evaluate'))} 行，同一对象的几层评价合成一个，共 {total} 个对象"
    return Trace(text, score_cells(sources, sources.rows("evaluate"), "subject"))


@figure("evaluate.by_grade.*")
def _by_grade(sources: Sources, name: str) -> Trace:
    rows = [row for row in _standing(sources) if row["grade"] == name]
    text = f"各对象取最高一层的评价得分定等级，“{name}”的 {len(rows)} 个"
    return Trace(text, score_cells(sources, rows), ("V01",))


@figure("evaluate.by_level.*")
def _by_level(sources: Sources, name: str) -> Trace:
    rows = [row for row in sources.rows("evaluate") if row["level"] == name]
    text = f"评价层次为“{name}”的评价 {len(rows)} 次（一个对象可以有几层）"
    return Trace(text, score_cells(sources, rows, "level"))


@figure("evaluate.by_subject_kind.*")
def _by_kind(sources: Sources, name: str) -> Trace:
    rows = [row for row in _standing(sources) if row["subject_kind"] == name]
    return Trace(f"对象类型为“{name}”的对象 {len(rows)} 个", score_cells(sources, rows, "subject_kind"))


@figure("evaluate.by_fund.*")
def _by_fund(sources: Sources, name: str) -> Trace:
    rows = [row for row in _standing(sources) if row["fund"] == name]
    return Trace(f"资金属于“{name}”的对象 {len(rows)} 个", score_cells(sources, rows, "fund"))


@figure("evaluate.by_proposal.*")
def _by_proposal(sources: Sources, name: str) -> Trace:
    rows = [row for row in _standing(sources) if row["proposal"] == name]
    text = f"综合评价等级、监控灯、事前评估结论取最严，建议“{name}”的对象 {len(rows)} 个"
    return Trace(text, score_cells(sources, rows), ("V01", "V03", "V26"))


@figure("evaluate.key_departments", "evaluate.key_projects")
def _key(sources: Sources, name: str) -> Trace:
    departments = name.endswith("departments")
    kinds = ("部门整体",) if departments else ("项目", "政策")
    keyed = {row["subject_no"] for row in sources.rows("evaluate") if row["level"] == KEY_LEVEL}
    rows = [row for row in _standing(sources) if row["subject_no"] in keyed and row["subject_kind"] in kinds]
    text = f"做了财政重点评价、对象类型为{'、'.join(kinds)}的对象 {len(rows)} 个"
    return Trace(text, score_cells(sources, rows, "subject_kind", "level"))


@figure("evaluate.deviations")
def _deviations(sources: Sources, _: str) -> Trace:
    found = [item for item in sources.facts.stages["evaluate"].findings if item.code == "V09"]
    text = f"低一层的评价与最高一层相差过大的 {len(found)} 次"
    return Trace("：".join([text, "；".join(f.message for f in found)]) if found else text,
                 [item.where for item in found if item.where], ("V09",))  # fmt: skip


@figure("evaluate.rectified")
def _rectified(sources: Sources, _: str) -> Trace:
    rows = [row for row in sources.rows("evaluate") if row["rectified"] is True]
    return Trace(f"“是否整改”填“是”的 {len(rows)} 行", score_cells(sources, rows, "rectified"))


@figure("evaluate.rechecked", "evaluate.self_gaps")
def _rechecked(sources: Sources, name: str) -> Trace:
    gaps = name.endswith("self_gaps")
    rows = [r for r in sources.rows("evaluate") if (r["self_gap"] if gaps else r["recomputed_score"] is not None)]
    text = "自评总分与逐条指标重算的不同的" if gaps else "按指标逐条重算了自评分的"
    places = [where for row in rows for where in cells(indicator_records(sources, row), "target", "actual", "weight")]
    return Trace(f"{text} {len(rows)} 个", score_cells(sources, rows) + places, ("V05", "V06", "V07", "V14", "V22"))


@figure("evaluate.townships.*")
def _township(sources: Sources, name: str) -> Trace:
    records = [r for r in sources.loaded.of("township") if r.township == name]
    total = sum((r.score for r in records), Decimal(0))
    formula = plus([plain(r.score) for r in records], score_text(total) or "", "分")
    return Trace(f"{name}各条指标得分相加：{formula}", cells(records, "score"), ("V01",))

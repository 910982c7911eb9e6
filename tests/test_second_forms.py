"""评价的表单和汇总算两遍：openpyxl 读出来的五十二张自评表另写一遍计分；四本预算、覆盖、占比用 pandas、SQL 各加一遍。"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

import pandas as pd
import pytest

import second_way as other
from second_way import in_sql, name_of, tight, yuan

FOLDER = other.YEAR / "绩效评价"
REVERSED = ("事故发生率",)
"""名称越低越好，指标值却写成“≥”的：没有重算，听自评的。"""
BANDS = (("未达成", Fraction(0), Fraction(60)), ("部分达成", Fraction(60), Fraction(80)), ("达成", Fraction(80), None))


@dataclass
class Line:
    """自评表里的一条指标。"""

    name: str
    sign: str
    target: Fraction | None
    actual: str
    weight: Fraction
    own: Fraction

    @property
    def due(self) -> Fraction:
        """应得的分：到了指标值满分，不到按比例；反向超多少扣多少；说文字的，自评分在区间里就是它。"""
        number = re.match(r"-?\d+(\.\d+)?", self.actual)
        if any(word in self.name for word in REVERSED) and self.sign == "≥":
            return self.own
        if self.target is None or number is None:
            low, high = next((low, high) for word, low, high in BANDS[::-1] if self._said(word))
            top = self.weight if high is None else self.weight * high / 100 - Fraction(1, 100)
            return min(max(self.own, self.weight * low / 100), top)
        done = Fraction(number[0])
        if self.sign in ("≤", "<"):
            return self.weight if done <= self.target else max(2 - done / self.target, Fraction(0)) * self.weight
        return min(done / self.target, Fraction(1)) * self.weight

    def _said(self, word: str) -> bool:
        return self.actual.startswith(word)


@dataclass
class SelfForm:
    """一张自评表：谁的、预算和执行（分）、执行的分值、自评总分、各条指标。"""

    code: str | None
    name: str
    unit: str
    budget: int
    spent: int
    weight: Fraction
    total: Fraction
    lines: list[Line] = field(default_factory=list)

    @property
    def score(self) -> Fraction:
        """重算的总分：执行率 × 分值（封顶），加各条应得的分。"""
        rate = min(Fraction(self.spent, self.budget), Fraction(1))
        return rate * self.weight + sum((line.due for line in self.lines), Fraction(0))


@cache
def self_forms() -> list[SelfForm]:
    """各张自评表。"""
    paths = [FOLDER / "项目自评表.xlsx", FOLDER / "部门整体自评表.xlsx", *sorted((FOLDER / "自评表").iterdir())]
    return [self_form(cells) for path in paths for cells in other.sheets(path)]


def self_form(cells: Sequence[Sequence[Any]]) -> SelfForm:
    """一张工作表 → 一张自评表。"""
    named = after(cells, "项目名称", "部门名称")
    code = re.match(r"[0-9A-Z]{21}", named)
    unit = after(cells, "实施单位", "部门名称")
    place, heads = found_row(cells, "全年预算数", "调整后预算数")
    columns = [at(heads, "全年预算数", "调整后预算数"), at(heads, "全年执行数", "预算执行数")]
    weight = at(heads, "分值", "权重")
    total = next(row for row in cells[place:] if re.match(r"总额|年度资金总额|金额合计", first(row)))
    parts = rows_below(cells, place, total)
    money = [other.fen(total[column], 1_000_000) or sum_of(parts, column) for column in columns]
    made = SelfForm(
        code[0] if code else None, named[22:] if code else named, name_of(unit), money[0], money[1],
        Fraction(str(total[weight])), Fraction(0),
    )  # fmt: skip
    read_lines(cells, made)
    return made


def read_lines(cells: Sequence[Sequence[Any]], made: SelfForm) -> None:
    """指标各行和总分。"""
    place, heads = found_row(cells, "三级指标")
    name, weight, score = at(heads, "三级指标"), at(heads, "分值", "权重"), at(heads, "得分")
    target, actual = at(heads, "年度指标值", "指标值"), at(heads, "实际完成值", "完成值")
    for row in cells[place + 1 :]:
        if first(row) in ("合计", "总分"):
            made.total = Fraction(str(row[score]))
            return
        said = tight(row[at(heads, "指标性质")] if "指标性质" in heads else "") + tight(row[target])
        found = re.fullmatch(r"([≥≤=<>﹦]?)(\d+(?:\.\d+)?)[^\d]*", said)
        made.lines.append(
            Line(
                tight(row[name]), found[1] if found else "", Fraction(found[2]) if found else None, tight(row[actual]),
                Fraction(str(row[weight])), Fraction(str(row[score])),
            )
        )  # fmt: skip


def rows_below(cells: Sequence[Sequence[Any]], place: int, total: Sequence[Any]) -> list[Sequence[Any]]:
    """总额下面的几行分项；年度任务的分项在总额上面，用不着。"""
    rows = list(cells[place:])
    return rows[rows.index(total) + 1 : rows.index(total) + 5]


def sum_of(rows: Sequence[Sequence[Any]], column: int) -> int:
    return sum(other.fen(row[column], 1_000_000) or 0 for row in rows)


def first(row: Sequence[Any]) -> str:
    return next((tight(cell) for cell in row if cell is not None and tight(cell) not in ("项目资金",)), "")


def after(cells: Sequence[Sequence[Any]], *words: str) -> str:
    """某个标签右边的第一格。"""
    for word in words:
        for row in cells:
            texts = [tight(cell) for cell in row]
            place = next((n for n, text in enumerate(texts) if text.startswith(word)), None)
            if place is not None:
                return next(text for text in texts[place + 1 :] if text)
    raise AssertionError(words)


def found_row(cells: Sequence[Sequence[Any]], *words: str) -> tuple[int, list[str]]:
    """表头所在的行和各列的字。"""
    for place, row in enumerate(cells):
        texts = [tight(cell) for cell in row]
        if any(word in texts for word in words):
            return place, texts
    raise AssertionError(words)


def at(heads: Sequence[str], *words: str) -> int:
    return next(heads.index(word) for word in words if word in heads)


@cache
def document(command: str) -> Mapping[str, Any]:
    """在整个年度文件夹上运行一个命令。"""
    arguments = [sys.executable, "-m", "pbm_cli", command, str(other.YEAR), "--json"]
    done = subprocess.run(arguments, capture_output=True, check=False)
    assert done.returncode in (0, 1), done.stderr.decode("utf-8", "replace")
    made: Mapping[str, Any] = json.loads(done.stdout)
    return made


def cents(value: Fraction) -> str:
    """两位，四舍五入。"""
    return f"{Decimal(int(value * 100 + Fraction(1, 2))) / 100:.2f}"


# ---- 自评表 ----


def stated(form: SelfForm) -> Fraction:
    """自评总分：评价结果表里有这个项目的单位自评，以结果表为准。"""
    frame = other.evaluation()
    listed = frame[(frame["level"] == "单位自评") & (frame["code"] == form.code)]["points"]
    return Fraction(int(listed.iloc[0]), 10_000) if len(listed) else form.total


def test_every_self_evaluation_scored_again() -> None:
    rows = [row for row in document("evaluate")["rows"] if row["level"] == "单位自评"]
    found = {(row["project_code"], row["subject"]): row for row in rows}
    forms = self_forms()
    assert len(forms) == len(rows) == 52
    for form in forms:
        row = found[form.code, form.name]
        said = (row["score"], row["recomputed_score"], [item["weight"] for item in row["indicators"]])
        assert said == (cents(stated(form)), cents(form.score), [f"{line.weight}" for line in form.lines]), form.name


def test_the_gaps_between_self_and_recomputed() -> None:
    apart = [form for form in self_forms() if abs(stated(form) - form.score) > Fraction(1, 10)]
    summary = document("evaluate")["summary"]
    assert (summary["rechecked"], summary["self_gaps"]) == (len(self_forms()), len(apart))
    assert [form.name for form in self_forms() if stated(form) != form.total] == ["便民服务中心专项资金"]


# ---- 对象、四本预算、覆盖 ----


@cache
def subjects() -> pd.DataFrame:
    """评价对象：结果表里的和只有自评表的；同一部门的整体支出是一个对象。一行一次评价。"""
    frame = other.evaluation().copy()
    frame["key"] = [
        f"部门整体·{name_of(unit)}" if kind == "部门整体" else key
        for kind, unit, key in zip(frame["kind"], frame["unit"], frame["key"], strict=True)
    ]
    kept = ["key", "kind", "level", "fund", "money_amount", "points", "rank"]
    listed = {code for code in frame["code"] if isinstance(code, str)}
    rows = [
        (f"部门整体·{form.unit}", "部门整体", "单位自评", None, form.budget, int(form.total * 10_000), 0)
        for form in self_forms() if form.code is None
    ]  # fmt: skip
    assert listed >= {form.code for form in self_forms() if form.code}
    return pd.concat([frame[kept], pd.DataFrame(rows, columns=kept, dtype=object)], ignore_index=True)


def grade(points: int) -> str:
    return "优" if points >= 900_000 else "良" if points >= 800_000 else "中" if points >= 600_000 else "差"


def shares(counts: Mapping[str, int]) -> dict[str, str]:
    """占比：万分之几，先取整，剩下的给零头最大的，凑足一万。"""
    whole = sum(counts.values())
    units = {name: count * 10_000 // whole for name, count in counts.items()}
    left = sorted(counts, key=lambda name: (-(counts[name] * 10_000 % whole), list(counts).index(name)))
    for name in left[: 10_000 - sum(units.values())]:
        units[name] += 1
    return {name: f"{Decimal(value) / 100:.2f}" for name, value in units.items()}


def by_pandas() -> dict[str, Any]:
    frame = subjects()
    top = frame.sort_values("rank", kind="stable").drop_duplicates("key", keep="last")
    counted = {g: sum(grade(points) == g for points in top["points"]) for g in "优良中差"}
    amounts = first_of(frame, "money_amount")
    funds = first_of(frame, "fund")
    kinds = dict(zip(top["key"], top["kind"], strict=True))
    return {
        "subjects": len(top),
        "by_grade": counted,
        "grade_shares": shares(counted),
        "by_level": frame["level"].value_counts().to_dict(),
        "by_subject_kind": top["kind"].value_counts().to_dict(),
        "by_fund": top["fund"].value_counts().to_dict(),
        "average_score": cents(Fraction(sum(map(int, top["points"])), len(top) * 10_000)),
        "coverage_kinds": covered({key: kinds[key] for key in kinds}, amounts),
        "coverage_funds": covered({key: funds.get(key) or "未填资金" for key in kinds}, amounts),
    }


def first_of(frame: pd.DataFrame, column: str) -> dict[str, Any]:
    """各对象这一列的值：层次最高的一次写了的。"""
    found: dict[str, Any] = {}
    for key, value, _ in sorted(
        zip(frame["key"], frame[column], frame["rank"], strict=True), key=lambda item: -item[2]
    ):  # fmt: skip
        if value is not None and not pd.isna(value):
            found.setdefault(key, value)
    return found


def covered(names: Mapping[str, str], amounts: Mapping[str, Any]) -> dict[str, tuple[int, str]]:
    counts = Counter(names.values())
    return {
        name: (count, yuan(sum(int(amounts.get(key) or 0) for key, own in names.items() if own == name)))
        for name, count in counts.items()
    }


def by_sql() -> dict[str, Any]:
    query = in_sql(subjects())
    top = "(SELECT *, MAX(rank) FROM t GROUP BY key)"
    grades = """CASE WHEN points >= 900000 THEN '优' WHEN points >= 800000 THEN '良'
                WHEN points >= 600000 THEN '中' ELSE '差' END"""
    best = """(SELECT key, (SELECT kind FROM t a WHERE a.key = t.key ORDER BY rank DESC LIMIT 1) kind,
              (SELECT fund FROM t a WHERE a.key = t.key AND fund IS NOT NULL ORDER BY rank DESC LIMIT 1) fund,
              (SELECT money_amount FROM t a WHERE a.key = t.key AND money_amount IS NOT NULL ORDER BY rank DESC LIMIT 1)
              amount FROM t GROUP BY key)"""
    counted = dict.fromkeys("优良中差", 0) | dict(query(f"SELECT {grades}, COUNT(*) FROM {top} GROUP BY 1"))  # noqa: S608
    count, points = query(f"SELECT COUNT(*), SUM(points) FROM {top}")[0]  # noqa: S608

    def cover(column: str, blank: str) -> dict[str, tuple[int, str]]:
        said = f"SELECT COALESCE({column}, '{blank}'), COUNT(*), COALESCE(SUM(amount), 0) FROM {best} GROUP BY 1"  # noqa: S608
        return {name: (number, yuan(total)) for name, number, total in query(said)}

    return {
        "subjects": count,
        "by_grade": counted,
        "grade_shares": shares(counted),
        "by_level": dict(query("SELECT level, COUNT(*) FROM t GROUP BY 1")),
        "by_subject_kind": dict(query(f"SELECT kind, COUNT(*) FROM {top} GROUP BY 1")),  # noqa: S608
        "by_fund": dict(query(f"SELECT fund, COUNT(*) FROM {top} WHERE fund IS NOT NULL GROUP BY 1")),  # noqa: S608
        "average_score": cents(Fraction(points, count * 10_000)),
        "coverage_kinds": cover("kind", "未填类型"),
        "coverage_funds": cover("fund", "未填资金"),
    }


def shaped(found: Mapping[str, Any], like: Mapping[str, Any]) -> dict[str, Any]:
    """汇总里要比的几项：覆盖的清单变成名字 → （个数，金额），一个也没有的不比。"""
    made = {key: found[key] for key in like}
    for key, head in (("coverage_kinds", "subject_kind"), ("coverage_funds", "fund")):
        made[key] = {row[head]: (row["subjects"], row["amount_yuan"]) for row in found[key] if row["subjects"]}
    return made


@pytest.mark.parametrize("way", [by_pandas, by_sql], ids=["pandas", "SQL"])
@pytest.mark.parametrize("command", ["evaluate", "report"])
def test_the_whole_of_the_evaluation(command: str, way: Callable[[], dict[str, Any]]) -> None:
    summary = document(command)["summary"]
    like = way()
    assert shaped(summary["evaluate"] if command == "report" else summary, like) == like


# ---- 镇街 ----


def ranked() -> Iterator[tuple[str, Fraction, int]]:
    """镇街、得分、名次（同分同名次）。"""
    towns = {
        town: Fraction(int(points), 10_000)
        for town, points in other.townships().groupby("town")["points"].sum().items()
    }
    for town, score in towns.items():
        yield str(town), score, 1 + sum(one > score for one in towns.values())


def test_townships_by_grade_and_rank() -> None:
    like = {town: (cents(score), grade(int(score * 10_000)), rank) for town, score, rank in ranked()}
    rows = document("evaluate")["summary"]["townships"]
    assert {row["township"]: (row["score"], row["grade"], row["rank"]) for row in rows} == like
    assert [row["rank"] for row in rows] == sorted(row["rank"] for row in rows)


# ---- 监控、目标里其余的数 ----


def test_the_rest_of_the_monitoring() -> None:
    summary, report = document("monitor")["summary"], document("report")["summary"]["monitor"]
    ledger, reports = other.ledger(), other.unit_reports()
    moved: dict[tuple[str, str], int] = {}
    for unit, code, before, after_ in zip(
        ledger["unit"], ledger["code"], ledger["money_before"], ledger["money_after"], strict=True
    ):  # fmt: skip
        moved[unit, code] = moved.get((unit, code), 0) + after_ - before
    due = {*other.execution()["unit"]}
    published = {name_of(unit) for unit, day in zip(reports["unit"], reports["published"], strict=True) if tight(day)}
    like = {
        "reduced_projects": sum(change < 0 for change in moved.values()),
        "units_published": len(due & published),
        "coverage_pct": other.pct(len(due & {name_of(unit) for unit in reports["unit"]}), len(due)),
        "time_progress_pct": "100.00",
    }
    assert {key: summary[key] for key in like} == {key: report[key] for key in like} == like


def test_projects_with_opinions_of_people() -> None:
    frame = other.reviews()
    people = {*zip(frame["unit"], frame["code"], strict=True)}
    rows = document("goals")["rows"]
    found = {(row["budget_unit"], row["project_code"]) for row in rows if row["review_comments"]}
    assert found == people
    assert document("goals")["summary"]["projects_with_comments"] == sum(bool(row["comments"]) for row in rows)


def test_the_documents_of_the_year() -> None:
    path = other.YEAR / "制度建设与培训.xlsx"
    titles = [tight(t) for t in other.table(path, {"title": "文件名称"})["title"] if t is not None]
    mechanism = document("report")["summary"]["mechanism"]
    assert mechanism["documents"] == len(titles)
    assert [tight(item["title"]) for item in mechanism["document_titles"]] == titles


# ---- 监控的目标灯和偏差原因 ----

DONE = {"达成预期指标": "green", "部分达成预期指标并具有一定效果": "yellow", "未达成预期指标且效果较差": "red"}
ORDER = ("red", "yellow", "green", "blue", "none")


@cache
def progress() -> pd.DataFrame:
    """两个指标完成情况文件，一行一条指标。"""
    folder = other.YEAR / "绩效监控"
    county = {
        "unit": "预算单位", "code": "项目编码", "sign": "计算符号", "target": "目标值", "actual": "当前完成值",
        "reason": "偏差原因分析",
    }  # fmt: skip
    town = {
        "unit": "项目实施单位", "code": "项目代码", "target": "年度指标值", "actual": "实际完成值",
        "reason": "偏差原因分析及改进措施",
    }  # fmt: skip
    parts = [
        other.table(folder / "指标完成情况（县级单位，一单位一表）.xlsx", county, ("unit", "code")),
        other.table(folder / "指标完成情况（镇街）.xlsx", town, ("unit", "code")),
    ]
    frame = pd.concat(parts, ignore_index=True)
    return other.only_projects(frame[[cell is not None for cell in frame["target"]]])


def light_of(sign: Any, target: Any, actual: Any) -> str:
    """一条指标年末的灯：到六成黄、到八成绿、到十二成蓝；不超过的看守没守住；文字看达成到哪一档。"""
    said, given = tight(sign if isinstance(sign, str) else "") + tight(target), tight(actual)
    found, number = re.fullmatch(r"([≥≤=<>﹦＝]?)(\d+(?:\.\d+)?)[^\d]*", said), re.match(r"\d+(\.\d+)?", given)
    if found is None or number is None:
        return "green" if given == tight(target) else DONE.get(given, "none")
    goal, done = Fraction(found[2]), Fraction(number[0])
    if found[1] in ("≤", "<"):
        return "green" if done <= goal else "red"
    if not goal:
        return "green" if not done else "red"
    rate = done / goal * 100
    if rate >= 120 and found[1] in ("≥", ">"):
        return "blue"
    return "red" if rate < 60 else "yellow" if rate < 80 else "green"


def test_the_lights_of_the_goals() -> None:
    frame = progress()
    worst: dict[tuple[str, str], str] = {}
    columns = (frame[name] for name in ("unit", "code", "sign", "target", "actual"))
    for unit, code, sign, target, actual in zip(*columns, strict=True):
        found = (worst.get((unit, code), "none"), light_of(sign, target, actual))
        worst[unit, code] = min(found, key=ORDER.index)
    rows = document("monitor")["rows"]
    differing = [
        (row["project_name"], row["goal_light"], worst.get((row["budget_unit"], row["project_code"])))
        for row in rows if row["goal_light"] != worst.get((row["budget_unit"], row["project_code"]), "none")
    ]  # fmt: skip
    assert differing == []
    counted = Counter(worst.values())
    assert document("monitor")["summary"]["goal_lights"] == {name: counted[name] for name in ORDER}

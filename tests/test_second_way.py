"""每个合计算两遍：pbm 算一遍，openpyxl 读出来的同样的行，用 pandas、用 SQL 各再算一遍，分毫不差。"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import xlsxwriter

import second_way as other
from conftest import RunPbm
from second_way import Figures, in_sql, pct, yuan

LIGHT_SQL = """CASE WHEN b IS NULL OR b <= 0 THEN 'none' WHEN s * 100 < b * 60 THEN 'red'
               WHEN s * 100 < b * 80 THEN 'yellow' ELSE 'green' END"""
"""执行率 ÷ 序时进度（年末是 1）：60、80 两条线，另写一遍。"""


@cache
def summary(command: str) -> Mapping[str, Any]:
    """在泸县的整个文件夹上运行一个命令，取汇总。"""
    paths = [other.YEAR]
    if command == "evaluate":  # 表单里的自评另有测试；这里只算列表
        folder = other.YEAR / "绩效评价"
        paths = [folder / "绩效评价结果.xlsx", folder / "镇级财政运行综合绩效评价.xlsx"]
    arguments = [sys.executable, "-m", "pbm_cli", command, *map(str, paths), "--json"]
    done = subprocess.run(arguments, capture_output=True, check=False)
    assert done.returncode in (0, 1), done.stderr.decode("utf-8", "replace")
    found: Mapping[str, Any] = json.loads(done.stdout)["summary"]
    return found


def light(budget: int, spent: int) -> str:
    """执行灯，另写一遍。"""
    if budget <= 0:
        return "none"
    return "red" if spent * 100 < budget * 60 else "yellow" if spent * 100 < budget * 80 else "green"


def lights(counts: Mapping[str, int]) -> dict[str, int]:
    """五种灯都列出来。"""
    return {name: int(counts.get(name, 0)) for name in ("red", "yellow", "green", "blue", "none")}


# ---- pandas ----


def whole(values: Any) -> int:
    """一列整数之和；用 Python 的整数，不经过浮点。"""
    return sum(int(value) for value in values)


def pandas_assess() -> Figures:
    frame = other.assessment()
    submitted, approved = whole(frame["money_submitted"]), whole(frame["money_approved"])
    return {
        "projects": frame[["unit", "code"]].drop_duplicates().shape[0],
        **assess_money(submitted, approved),
        "by_conclusion": frame["conclusion"].value_counts().to_dict(),
        "by_unit": {unit: assess_part(part) for unit, part in frame.groupby("unit")},
        "by_fund": {fund: assess_part(part) for fund, part in frame.groupby("fund")},
    }


def assess_part(part: pd.DataFrame) -> Figures:
    money = assess_money(whole(part["money_submitted"]), whole(part["money_approved"]))
    return {"projects": part[["unit", "code"]].drop_duplicates().shape[0], **money}


def assess_money(submitted: int, approved: int) -> Figures:
    cut = submitted - approved
    return {
        "submitted_yuan": yuan(submitted), "approved_yuan": yuan(approved), "reduction_yuan": yuan(cut),
        "reduction_pct": pct(cut, submitted),
    }  # fmt: skip


def pandas_goals() -> Figures:
    frame, steps = other.goals(), ("compiled", "submitted", "approved", "issued", "published")
    names = ("同步编制", "同步上会", "同步批复", "同步下达", "同步公开")
    return {
        "projects": frame[["unit", "code"]].drop_duplicates().shape[0],
        "indicators": len(other.indicators()),
        "comments": len(other.reviews()),
        "budget_yuan": yuan(whole(frame["money_budget"])),
        "synchronised": {name: int((frame[step] == "是").sum()) for name, step in zip(names, steps, strict=True)},
        "added_projects": frame[frame["stage"] == "追加"][["unit", "code"]].drop_duplicates().shape[0],
    }


def pandas_monitor() -> Figures:
    frame = other.execution()
    projects = frame.groupby(["unit", "code"], sort=False)[["money_budget", "money_spent"]].agg(whole).reset_index()
    projects["light"] = [light(b, s) for b, s in zip(projects["money_budget"], projects["money_spent"], strict=True)]
    budget, spent = whole(projects["money_budget"]), whole(projects["money_spent"])
    ledger, reports = other.ledger(), other.unit_reports()
    moved = [a - b for a, b in zip(ledger["money_after"], ledger["money_before"], strict=True)]
    due = set(frame["unit"])
    return {
        "projects": len(projects),
        **monitor_money(budget, spent),
        "execution_lights": lights(projects["light"].value_counts().to_dict()),
        "by_unit": {
            unit: {"projects": len(part), **monitor_money(whole(part["money_budget"]), whole(part["money_spent"]))}
            for unit, part in projects.groupby("unit")
        },
        "units_due": len(due),
        "units_reported": len(due & {other.name_of(unit) for unit in reports["unit"]}),
        "adjusted_projects": ledger[["unit", "code"]].drop_duplicates().shape[0],
        **ledger_money(sum(map(abs, moved)), -sum(m for m in moved if m < 0), sum(m for m in moved if m > 0)),
        "by_action": ledger["action"].value_counts().to_dict(),
        "by_monitored_by": ledger["who"].value_counts().to_dict(),
    }


def monitor_money(budget: int, spent: int) -> Figures:
    return {"budget_yuan": yuan(budget), "expenditure_yuan": yuan(spent), "execution_pct": pct(spent, budget)}


def ledger_money(total: int, cut: int, added: int) -> Figures:
    return {"adjusted_yuan": yuan(total), "adjusted_cut_yuan": yuan(cut), "adjusted_added_yuan": yuan(added)}


def pandas_evaluate() -> Figures:
    frame = other.evaluation()
    top = frame.sort_values("rank").drop_duplicates("key", keep="last")
    key = top[top["level"] == "财政重点评价"]
    towns = other.townships().groupby("town")["points"].agg(whole)
    return {
        "subjects": len(top),
        "by_grade": {g: sum(grade(p) == g for p in top["points"]) for g in "优良中差"},
        "by_level": frame["level"].value_counts().to_dict(),
        "by_subject_kind": top["kind"].value_counts().to_dict(),
        "key_departments": int((key["kind"] == "部门整体").sum()),
        "key_projects": int(key["kind"].isin(["项目", "政策"]).sum()),
        "average_score": mean(whole(top["points"]), len(top)),
        "rectified": int((frame["rectified"] == "是").sum()),
        "townships": {town: mean(int(points), 1) for town, points in towns.items()},
    }


def grade(points: int) -> str:
    """等级（得分是万分之几的整数）。"""
    return "优" if points >= 900_000 else "良" if points >= 800_000 else "中" if points >= 600_000 else "差"


def mean(points: int, count: int) -> str:
    """平均得分，两位，四舍五入。"""
    cents = int(Fraction(points, count * 100) + Fraction(1, 2))
    return f"{Decimal(cents) / 100:.2f}"


# ---- SQL ----


def sql_assess() -> Figures:
    query = in_sql(other.assessment())
    sums = "COUNT(DISTINCT unit || '·' || code), SUM(money_submitted), SUM(money_approved)"

    def row(projects: int, submitted: int, approved: int) -> Figures:
        return {"projects": projects, **assess_money(submitted, approved)}

    return {
        **row(*query(f"SELECT {sums} FROM t")[0]),  # noqa: S608
        "by_conclusion": dict(query("SELECT conclusion, COUNT(*) FROM t GROUP BY 1")),
        "by_unit": {name: row(*found) for name, *found in query(f"SELECT unit, {sums} FROM t GROUP BY 1")},  # noqa: S608
        "by_fund": {name: row(*found) for name, *found in query(f"SELECT fund, {sums} FROM t GROUP BY 1")},  # noqa: S608
    }


def sql_goals() -> Figures:
    query = in_sql(other.goals())
    found = query(
        """SELECT COUNT(DISTINCT unit || '·' || code), SUM(money_budget), SUM(compiled = '是'), SUM(submitted = '是'),
           SUM(approved = '是'), SUM(issued = '是'), SUM(published = '是'),
           COUNT(DISTINCT CASE WHEN stage = '追加' THEN unit || '·' || code END) FROM t"""
    )[0]
    names = ("同步编制", "同步上会", "同步批复", "同步下达", "同步公开")
    return {
        "projects": found[0],
        "indicators": in_sql(other.indicators())("SELECT COUNT(*) FROM t")[0][0],
        "comments": in_sql(other.reviews())("SELECT COUNT(comment) FROM t")[0][0],
        "budget_yuan": yuan(found[1]),
        "synchronised": dict(zip(names, found[2:7], strict=True)),
        "added_projects": found[7],
    }


def sql_monitor() -> Figures:
    query = in_sql(other.execution())
    projects = "(SELECT unit, SUM(money_budget) b, SUM(money_spent) s FROM t GROUP BY unit, code)"
    count, budget, spent = query(f"SELECT COUNT(*), SUM(b), SUM(s) FROM {projects}")[0]  # noqa: S608
    units = query(f"SELECT unit, COUNT(*), SUM(b), SUM(s) FROM {projects} GROUP BY 1")  # noqa: S608
    ledger = in_sql(other.ledger())
    moved = "money_after - money_before"
    reported = {other.name_of(unit) for (unit,) in in_sql(other.unit_reports())("SELECT DISTINCT unit FROM t")}
    return {
        "projects": count,
        **monitor_money(budget, spent),
        "execution_lights": lights(dict(query(f"SELECT {LIGHT_SQL}, COUNT(*) FROM {projects} GROUP BY 1"))),  # noqa: S608
        "by_unit": {name: {"projects": n, **monitor_money(b, s)} for name, n, b, s in units},
        "units_due": len(units),
        "units_reported": sum(name in reported for name, *_ in units),
        "adjusted_projects": ledger("SELECT COUNT(DISTINCT unit || '·' || code) FROM t")[0][0],
        **ledger_money(
            *ledger(f"SELECT SUM(ABS({moved})), -SUM(MIN({moved}, 0)), SUM(MAX({moved}, 0)) FROM t")[0]  # noqa: S608
        ),
        "by_action": dict(ledger("SELECT action, COUNT(*) FROM t GROUP BY 1")),
        "by_monitored_by": dict(ledger("SELECT who, COUNT(*) FROM t GROUP BY 1")),
    }


def sql_evaluate() -> Figures:
    query = in_sql(other.evaluation())
    top = "(SELECT *, MAX(rank) FROM t GROUP BY key)"
    grades = """CASE WHEN points >= 900000 THEN '优' WHEN points >= 800000 THEN '良'
                WHEN points >= 600000 THEN '中' ELSE '差' END"""
    count, points = query(f"SELECT COUNT(*), SUM(points) FROM {top}")[0]  # noqa: S608
    key = dict(query(f"SELECT kind, COUNT(*) FROM {top} WHERE level = '财政重点评价' GROUP BY 1"))  # noqa: S608
    towns = in_sql(other.townships())("SELECT town, SUM(points) FROM t GROUP BY 1")
    return {
        "subjects": count,
        "by_grade": dict.fromkeys("优良中差", 0) | dict(query(f"SELECT {grades}, COUNT(*) FROM {top} GROUP BY 1")),  # noqa: S608
        "by_level": dict(query("SELECT level, COUNT(*) FROM t GROUP BY 1")),
        "by_subject_kind": dict(query(f"SELECT kind, COUNT(*) FROM {top} GROUP BY 1")),  # noqa: S608
        "key_departments": key.get("部门整体", 0),
        "key_projects": key.get("项目", 0) + key.get("政策", 0),
        "average_score": mean(points, count),
        "rectified": query("SELECT SUM(rectified = '是') FROM t")[0][0],
        "townships": {town: mean(found, 1) for town, found in towns},
    }


WAYS: Mapping[str, Sequence[Callable[[], Figures]]] = {
    "assess": (pandas_assess, sql_assess),
    "goals": (pandas_goals, sql_goals),
    "monitor": (pandas_monitor, sql_monitor),
    "evaluate": (pandas_evaluate, sql_evaluate),
}
NAMES = {"by_unit": "budget_unit", "by_fund": "fund", "townships": "township"}


def shaped(found: Mapping[str, Any], like: Figures) -> Figures:
    """汇总里要比的几项，写成另一条路的样子：分组的表变成名字 → 值，只留比的几栏。"""
    made: Figures = {}
    for key, wanted in like.items():
        value = found[key]
        if key == "townships":
            value = {row["township"]: row["score"] for row in value}
        elif isinstance(value, list):
            kept = next(iter(wanted.values()))
            value = {row[NAMES[key]]: {name: row[name] for name in kept} for row in value}
        made[key] = value
    return made


@pytest.mark.parametrize("way", [0, 1], ids=["pandas", "SQL"])
@pytest.mark.parametrize("command", list(WAYS))
def test_each_stage_of_the_year(command: str, way: int) -> None:
    like = WAYS[command][way]()
    assert shaped(summary(command), like) == like


@pytest.mark.parametrize("way", [0, 1], ids=["pandas", "SQL"])
@pytest.mark.parametrize("command", ["assess", "goals", "monitor"])
def test_the_report_of_the_year_says_the_same(command: str, way: int) -> None:
    like = WAYS[command][way]()
    assert shaped(summary("report")[command], like) == like


def test_documents_and_trainings() -> None:
    frame = other.trainings()
    sessions, attendances = in_sql(frame)("SELECT SUM(sessions), SUM(attendances) FROM t")[0]
    found = summary("report")["mechanism"]
    assert (found["training_sessions"], found["training_attendances"]) == (sessions, attendances)
    assert (whole(frame["sessions"]), whole(frame["attendances"])) == (sessions, attendances)


def test_the_townships_of_the_report() -> None:
    like = {"townships": pandas_evaluate()["townships"]}
    assert shaped(summary("report")["evaluate"], like) == like


# ---- 生成的脏数据：一个项目几种资金，百分之一的坏格 ----

FUNDS = ("一般公共预算", "政府性基金预算", "上级补助")
BAD = ("12O.5", "#REF!", "待定", "1.2.3", "一百二十", "12,34.5")


def dirty_book(path: Path, seed: int) -> None:
    """四百个项目，一到三种资金；金额有数、有文字、有千分位，百分之一写坏。另有空行、小计、合计。"""
    dice = random.Random(seed)  # noqa: S311

    def amount(fen: int) -> str | float:
        if dice.random() < 0.01:
            return dice.choice(BAD)
        exact = Decimal(fen) / 1_000_000
        return dice.choice((float(exact), f"{exact:f}", f"{exact:,}"))

    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet("执行")
        page.write_string(0, 0, "2023年项目支出预算执行情况表")
        page.write_string(1, 5, "单位：万元")
        page.write_row(2, 0, ("预算单位", "项目编码", "项目名称", "资金性质", "调整后预算数", "累计支出"))
        row = 3
        for number in range(400):
            for fund in dice.sample(FUNDS, dice.choice((1, 1, 2, 3))):
                budget = dice.randrange(1, 10**9) * 100
                spent = amount(budget * dice.randrange(0, 110) // 100)
                head = (f"单位{number % 23:02d}", f"51052123T{number:012d}", f"项目{number}", fund)
                page.write_row(row, 0, (*head, amount(budget), spent))
                row += 1
            if number % 50 == 49:
                page.write_row(row, 0, ("小计",))
                row += 2


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_dirty_rows_with_several_funds(seed: int, tmp_path: Path, run_pbm: RunPbm) -> None:
    path = tmp_path / "脏.xlsx"
    dirty_book(path, seed)
    result = run_pbm("monitor", path, "--on", "2023-12-31", "--json")
    found = json.loads(result.out)
    heads = {"unit": "预算单位", "code": "项目编码", "money_budget": "调整后预算数", "money_spent": "累计支出"}
    rows = other.only_projects(other.table(path, heads))
    good = rows.dropna().reset_index(drop=True)
    assert result.code == 1
    assert 3 < len(rows) - len(good) == found["inputs"][0]["sheets"][0]["rows_rejected"]
    by_sql = in_sql(good)
    projects = "(SELECT unit, SUM(money_budget) b, SUM(money_spent) s FROM t GROUP BY unit, code)"
    count, budget, spent = by_sql(f"SELECT COUNT(*), SUM(b), SUM(s) FROM {projects}")[0]  # noqa: S608
    like = {
        "projects": count,
        **monitor_money(budget, spent),
        "execution_lights": lights(dict(by_sql(f"SELECT {LIGHT_SQL}, COUNT(*) FROM {projects} GROUP BY 1"))),  # noqa: S608
        "by_unit": {
            name: {"projects": n, **monitor_money(b, s)}
            for name, n, b, s in by_sql(f"SELECT unit, COUNT(*), SUM(b), SUM(s) FROM {projects} GROUP BY 1")  # noqa: S608
        },
    }
    assert shaped(found["summary"], like) == like
    assert (whole(good["money_budget"]), whole(good["money_spent"])) == (budget, spent)

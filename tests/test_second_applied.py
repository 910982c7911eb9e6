"""偏差原因、处置建议、结果应用、复核偏差、整改、镇街短板：用 openpyxl 读出来，另写一遍规则，pandas、SQL 再数一遍。"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

import pandas as pd

import second_way as other
from second_way import in_sql, name_of, tight
from test_second_forms import ORDER, document, grade, light_of, progress, subjects
from test_second_way import light

Key = tuple[str, str]
NO_REASON = ("", "无", "没有", "暂无", "无偏差", "/", "—")
CAUSES = ("政策变化", "政策调整", "政策变动", "突发事件", "自然灾害", "不可抗力", "疫情", "机构改革")
BY_GRADE = {"优": "适当增加预算", "良": "保障预算", "中": "调整预算", "差": "削减或取消预算"}
BY_LIGHT = {"red": "调整预算", "yellow": "保障预算"}
BY_CONCLUSION = {"不予支持": "削减或取消预算", "调整完善后支持": "保障预算"}
FROM_MILD = ("适当增加预算", "保障预算", "调整预算", "削减或取消预算")


@cache
def stated_reasons() -> pd.DataFrame:
    """各项目填的偏差原因：执行表三个文件在前，指标表在后；一行一个，同一项目的不重复。"""
    folder = other.YEAR / "预算执行"
    heads = {
        "行政单位项目支出预算执行情况.xlsx": ("单位名称", "项目编码", "偏差原因"),
        "学校医院项目支出预算执行情况.csv": ("实施单位", "项目编号", "偏差原因分析"),
        "镇街项目支出预算执行情况.xls": ("预算单位", "项目代码", "未完成原因分析"),
    }
    named = {file: dict(zip(("unit", "code", "reason"), found, strict=True)) for file, found in heads.items()}
    parts = [other.only_projects(other.table(folder / file, wanted, ("unit",))) for file, wanted in named.items()]
    frame = pd.concat([*parts, progress()[["unit", "code", "reason"]]], ignore_index=True)
    frame["reason"] = [tight(cell).strip("。") for cell in frame["reason"]]
    return frame[~frame["reason"].isin(NO_REASON)].drop_duplicates().reset_index(drop=True)


@cache
def project_lights() -> Mapping[Key, tuple[str, str]]:
    """各项目的执行灯和目标灯。"""
    spent = other.execution().groupby(["unit", "code"], sort=False)[["money_budget", "money_spent"]].sum()
    frame = progress()
    goals: dict[Key, str] = {}
    columns = (frame[name] for name in ("unit", "code", "sign", "target", "actual"))
    for unit, code, *line in zip(*columns, strict=True):
        goals[unit, code] = min(goals.get((unit, code), "none"), light_of(*line), key=ORDER.index)
    money = ((key, int(row.money_budget), int(row.money_spent)) for key, row in spent.iterrows())
    return {key: (light(budget, paid), goals.get(key, "none")) for key, budget, paid in money}


def overall(execution: str, goal: str) -> str:
    """总灯：两盏里差的一盏；一盏没有就是另一盏。蓝灯是目标超额，不比绿灯差。"""
    return min(execution, goal, key=ORDER.index)


def test_projects_by_stated_reason() -> None:
    wanted = document("monitor")["summary"]["by_reason"]
    assert stated_reasons()["reason"].value_counts().to_dict() == wanted
    assert dict(in_sql(stated_reasons())("SELECT reason, COUNT(*) FROM t GROUP BY reason")) == wanted
    assert sum(wanted.values()) > 50


def advice(key: Key, budget: int, spent: int) -> str:
    """处置建议：红黄灯有客观原因的先看，两灯都红的、年末没有支出的其次，再看总灯。"""
    both = execution, goal = project_lights()[key]
    worst = overall(execution, goal)
    mine = stated_reasons()
    said = mine[(mine["unit"] == key[0]) & (mine["code"] == key[1])]["reason"] if worst in ("red", "yellow") else ()
    if any(cause in reason for reason in said for cause in CAUSES):
        return "调减并调整目标"
    if both == ("red", "red"):
        return "暂停并停止拨付"
    if worst == "red" and budget and not spent:
        return "收回"
    return {"red": "调减并调整目标", "yellow": "限期整改"}.get(worst, "继续执行")


def test_projects_by_advice() -> None:
    spent = other.execution().groupby(["unit", "code"], sort=False)[["money_budget", "money_spent"]].sum()
    counted = Counter(
        advice(key, int(row.money_budget), int(row.money_spent)) for key, row in spent.iterrows()
    )  # fmt: skip
    assert document("monitor")["summary"]["by_proposal"] == counted
    assert len(counted) == 5


@cache
def judged() -> pd.DataFrame:
    """各评价对象：最高一层的得分，是不是项目，监控总灯，事前结论，是否整改（先看哪一层填了）。"""
    frame = subjects()
    top = frame.sort_values("rank", kind="stable").drop_duplicates("key", keep="last").set_index("key", drop=False)
    listed = other.evaluation()
    lights = {f"项目·{unit}·{code}": overall(*two) for (unit, code), two in project_lights().items()}
    heads = {"unit": "项目单位", "code": "项目编码", "conclusion": "评估结论"}
    before = other.only_projects(other.table(other.YEAR / "事前绩效评估结果.xlsx", heads))
    concluded = {f"项目·{u}·{c}": tight(s) for u, c, s in before.itertuples(index=False)}
    rectified: dict[str, bool] = {}
    for kind, unit, key, said in zip(listed["kind"], listed["unit"], listed["key"], listed["rectified"], strict=True):
        if tight(said) in ("是", "否"):
            rectified.setdefault(f"部门整体·{name_of(unit)}" if kind == "部门整体" else key, tight(said) == "是")
    top["grade"] = [grade(points) for points in top["points"]]
    top["light"] = [lights.get(key) for key in top["key"]]
    top["conclusion"] = [concluded.get(key) for key in top["key"]]
    top["rectified"] = [rectified.get(key) for key in top["key"]]
    return top


def test_subjects_by_use_of_the_result() -> None:
    counted: Counter[str] = Counter()
    for row in judged().itertuples():
        said = (BY_GRADE[row.grade], BY_LIGHT.get(row.light or ""), BY_CONCLUSION.get(row.conclusion or ""))
        counted[max((one for one in said if one), key=FROM_MILD.index)] += 1
    assert document("evaluate")["summary"]["by_proposal"] == counted
    assert document("report")["summary"]["evaluate"]["by_proposal"] == counted
    grades = in_sql(judged()[["grade"]])("SELECT grade, COUNT(*) FROM t GROUP BY grade")
    assert counted != {BY_GRADE[name]: count for name, count in grades}, "总要有一个因监控或事前评估而更严"


def test_reviews_far_from_the_lower_level() -> None:
    """低一层与最高一层相差：偏差率超过 5% 或相差超过 10 分。"""
    frame = subjects()
    far = 0
    for _, rows in frame.groupby("key", sort=False):
        top = rows.sort_values("rank", kind="stable").iloc[-1]
        for points in rows[rows["rank"] < top["rank"]]["points"]:
            gap = abs(Fraction(int(points) - int(top["points"])))
            far += gap / int(top["points"]) > Fraction(5, 100) or gap > 10 * 10_000
    assert document("evaluate")["summary"]["deviations"] == far > 0


def test_what_is_to_be_rectified() -> None:
    states: Counter[str] = Counter()
    for row in judged().itertuples():
        if row.rectified or (row.rectified is False or row.grade in "中差"):
            states["已整改" if row.rectified else "待整改" if row.rectified is False else "未说明"] += 1
    summary: Mapping[str, Any] = document("evaluate")["summary"]
    own = Counter(item["state"] for item in summary["rectification"] if item["rule"] == "V29")
    assert own == states
    everything = Counter(item["state"] for item in summary["rectification"])
    assert {name: count for name, count in summary["rectification_states"].items() if count} == everything
    assert summary["rectification_open"] == everything.total() - everything["已整改"]
    assert summary["rectified"] == sum(tight(cell) == "是" for cell in other.evaluation()["rectified"])


def test_the_weakest_indicators_of_the_townships() -> None:
    heads = {"town": "乡镇", "level3": "三级指标", "weight": "分值", "score": "得分"}
    frame = other.table(other.YEAR / "绩效评价" / "镇级财政运行综合绩效评价.xlsx", heads, ("town",))
    frame = frame[[cell is not None for cell in frame["level3"]]].reset_index(drop=True)
    for name in ("weight", "score"):
        frame[name] = [int(Decimal(str(cell)) * 10_000) for cell in frame[name]]
    found = in_sql(frame)("SELECT level3, SUM(score), SUM(weight) FROM t GROUP BY level3")
    short = sorted((Fraction(score, weight), name) for name, score, weight in found if score < weight)
    wanted = document("evaluate")["summary"]["township_weakest"]
    assert [item["rate_pct"] for item in wanted] == [other.pct(*rate.as_integer_ratio()) for rate, _ in short[:3]]
    assert {item["level3"] for item in wanted} <= {name for rate, name in short if rate <= short[2][0]}

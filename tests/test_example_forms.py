"""示例的自评表：金额、得分从单元格另算一遍；矛盾都在 README 写的那一格，pbm 找到的也正好是这些。"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from decimal import Decimal

from conftest import RunPbm
from example_goals import DEPARTMENTS, FOLDER, FORMS, Form, aims, due, forms, half_up, listed
from example_year import EXAMPLE, WAN, cells, execution, money, table, text

HEADING = "自评表里的矛盾"
RESULTS = "绩效评价/绩效评价结果.xlsx"
REPEATED = {"V22", "V25"}
"""说的是总分与等级，随别的矛盾而来的提示。"""


def places(*codes: str) -> set[tuple[str, str, str]]:
    return {(fault.file, fault.sheet, fault.cell) for fault in listed(HEADING) if fault.code in codes}


def self_rows() -> dict[tuple[str, str], dict[str, object]]:
    """评价结果表里的单位自评：（单位, 编码）→ 那一行。"""
    rows = table(RESULTS, "评价结果", "评价得分")
    return {(text(row["预算单位"]), text(row["项目编码"])): row for row in rows if text(row["评价层次"]) == "单位自评"}


def test_forty_forms_of_three_layouts() -> None:
    assert len(forms()) == 40
    assert len(cells()[FORMS]) == 28
    files = sorted(path.suffix for path in (EXAMPLE / FOLDER).iterdir())
    assert Counter(files) == {".xlsx": 11, ".xls": 1}
    old = next(path for path in (EXAMPLE / FOLDER).iterdir() if path.suffix == ".xls")
    assert old.read_bytes().startswith(bytes.fromhex("d0cf11e0a1b11ae1"))
    titles = Counter(
        "四川" if "510000_0013zp" in text(rows[0][0]) else "三列" if len(rows[0]) == 11 else "财政部"
        for sheets in (cells()[FORMS], *(cells()[f"{FOLDER}/{p.name}"] for p in (EXAMPLE / FOLDER).glob("*.xlsx")))
        for rows in sheets.values()
    )
    assert min(titles[name] for name in ("四川", "三列", "财政部")) >= 5
    assert {(form.unit, form.code) for form in forms()} == set(self_rows())


def test_money_is_that_of_the_execution_list() -> None:
    """总额是执行表里这个项目的年初、调整后预算与支出；总额等于分项之和，只有一张写成 0。"""
    lines = {(line.unit, line.code): line for line in execution()}
    wrong = set()
    for form in forms():
        line = lines[form.unit, form.code]
        assert line.name == form.name
        total, *parts = form.money.values()
        summed = tuple(sum(part[place] for part in parts) for place in range(3))
        assert [value * WAN for value in summed] == [line.initial, line.budget, line.spent], form.sheet
        if total != summed:
            assert set(total) == {Decimal(0)}
            row = int(re.sub(r"\D", "", form.at["money"]))
            wrong |= {(form.file, form.sheet, f"{column}{row}") for column in "DEF"}
    assert wrong == places("D10")


def test_scores_are_those_of_the_rules_but_where_listed() -> None:
    found: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
    for form in forms():
        assert sum(mark.weight for mark in form.marks) == 90
        for mark in form.marks:
            low, high = due(mark)
            kind = "V07" if mark.operator == "定性" else "V15"
            reversed_ = "事故发生率" in mark.levels[2]
            if not low <= mark.score <= high and not reversed_:
                found[kind].add((form.file, form.sheet, f"{form.columns['score']}{mark.row}"))
            if reversed_:
                found["V16"].add((form.file, form.sheet, f"{form.columns['target']}{mark.row}"))
            elif mark.operator == "≥" and Decimal(mark.actual) > Decimal(mark.target) * Decimal("1.3"):
                assert Decimal(mark.actual) / Decimal(mark.target) == Decimal("4.05")
                found["V10"].add((form.file, form.sheet, f"{form.columns['actual']}{mark.row}"))
            if mark.score < mark.weight and (form.file, form.sheet, f"{form.columns['score']}{mark.row}") not in places(
                "V15"
            ):
                assert mark.reason, mark
        line_budget, line_spent = money()[form.unit, form.code]
        if form.execution != half_up(Decimal(line_spent) / line_budget * 10):
            found["V18"].add((form.file, form.sheet, form.at["execution"]))
        if form.total != form.execution + sum(mark.score for mark in form.marks):
            found["V17"].add((RESULTS, "评价结果", f"J{self_rows()[form.unit, form.code]['#']}"))
        if form.grade and form.grade != grade(form.total):
            found["V02"].add((form.file, form.sheet, form.at["grade"]))
    found["V17"] |= miscopied()
    for code in ("V02", "V07", "V10", "V15", "V16", "V17", "V18"):
        assert found[code] == places(code), code
        assert found[code]


def grade(score: Decimal) -> str:
    return "优" if score >= 90 else "良" if score >= 80 else "中" if score >= 60 else "差"


def test_no_form_is_inflated() -> None:
    for form in forms():
        share = sum((mark.score for mark in form.marks), Decimal(0)) / 90
        assert form.execution / 10 >= share * Decimal("0.95"), form.sheet


def test_goals_of_the_forms_are_those_of_the_list() -> None:
    """目标表里有的项目，自评表用同一套指标；只有写反方向、目标过低的不是（那两个不在目标表里）。"""
    shared = [form for form in forms() if (form.unit, form.code) in aims()]
    assert len(shared) >= 8
    for form in shared:
        wanted = [(aim.levels, aim.target, aim.weight) for aim in aims()[form.unit, form.code]]
        assert [(mark.levels, mark.target, mark.weight) for mark in form.marks] == wanted, form.sheet


def miscopied() -> set[tuple[str, str, str]]:
    """评价结果表里与自评表总分不同的得分格。"""
    rows = self_rows()
    return {
        (RESULTS, "评价结果", f"J{rows[form.unit, form.code]['#']}")
        for form in forms()
        if Decimal(text(rows[form.unit, form.code]["评价得分"])) != form.total
    }


def test_list_repeats_the_scores_of_the_forms_but_one() -> None:
    assert len(miscopied()) == 1
    rows = self_rows()
    apart = {
        (form.file, form.sheet, form.at["total"])
        for form in forms()
        if (RESULTS, "评价结果", f"J{rows[form.unit, form.code]['#']}") in miscopied()
    }
    assert apart == places("V23")


def test_departments() -> None:
    """12 个部门：金额合计是各任务之和，也是执行表里这个单位的合计；指标分值合计 90，总分是各项之和。"""
    units: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for line in execution():
        for place, amount in enumerate((line.initial, line.budget, line.spent)):
            units[line.unit][place] += amount
    assert len(cells()[DEPARTMENTS]) == 12
    far = set()
    for unit, rows in cells()[DEPARTMENTS].items():
        top = next(n for n, row in enumerate(rows) if text(row[1]) == "任务名称")
        last = next(n for n, row in enumerate(rows) if text(row[1]) == "金额合计")
        columns = (3, 4, 6)
        total = [Decimal(text(rows[last][column])) for column in columns]
        assert [sum(Decimal(text(row[column])) for row in rows[top + 1 : last]) for column in columns] == total
        assert [value * WAN for value in total] == units[unit]
        assert Decimal(text(rows[last][10])) == half_up(total[2] / total[1] * 10)
        marks = [row for row in rows[last:] if re.match(r"[≥≤]", text(row[4]))]
        assert sum(int(text(row[6])) for row in marks) == 90
        end = next(n for n, row in enumerate(rows) if text(row[1]) == "总分")
        score = Decimal(text(rows[end][7]))
        assert score == Decimal(text(rows[last][10])) + sum(Decimal(text(row[7])) for row in marks)
        finance = finance_score(unit)
        if finance is not None and abs(score - finance) / finance > Decimal("0.05"):
            far.add((RESULTS, "评价结果", f"J{finance_row(unit)}"))
    assert far == places("V09")
    assert len(far) == 1


def finance_row(unit: str) -> int | None:
    """这个部门的财政重点评价在评价结果表的第几行。"""
    for row in table(RESULTS, "评价结果", "评价得分"):
        if (row["评价对象"], row["评价层次"]) == (f"{unit}部门整体支出", "财政重点评价"):
            return int(str(row["#"]))
    return None


def finance_score(unit: str) -> Decimal | None:
    number = finance_row(unit)
    return None if number is None else Decimal(text(cells()[RESULTS]["评价结果"][number - 1][9]))


def test_forms_are_merged_like_real_ones() -> None:
    form: Form = next(form for form in forms() if form.file == FORMS)
    rows = cells()[FORMS][form.sheet]
    assert text(rows[2][1]) == text(rows[2][10]), "项目名称横向合并"
    assert any(text(value) == "/" or value == "/" for row in rows for value in row)


def test_pbm_evaluate_finds_exactly_the_listed_contradictions(run_pbm: RunPbm) -> None:
    result = run_pbm("evaluate", EXAMPLE, "--json")
    assert result.code == 0, result.err
    document = json.loads(result.out)
    kinds = Counter(s["kind"] for file in document["inputs"] for s in file["sheets"])
    assert (kinds["self_evaluation_form"], kinds["department_form"]) == (40, 12)
    found = {
        (f["code"], f["where"]["file"], f["where"]["sheet"], f["where"]["cell"])
        for f in document["findings"]
        if f["code"].startswith("V") and f["code"] not in REPEATED
    }
    wanted = {(fault.code, fault.file, fault.sheet, fault.cell) for fault in listed(HEADING) if fault.code[0] == "V"}
    assert found - wanted == set(), "多找出来的"
    assert wanted - found == set(), "没有找出来的"


def test_forms_do_not_count_twice(run_pbm: RunPbm) -> None:
    """40 个项目在表单和列表里都有，只算一次；12 个部门只有 3 个另有财政重点评价。"""
    summary = json.loads(run_pbm("evaluate", EXAMPLE, "--json").out)["summary"]
    assert (summary["key_departments"], summary["key_projects"]) == (5, 15)
    rows = list(table(RESULTS, "评价结果", "评价得分"))
    subjects = {(text(row["对象类型"]), text(row["预算单位"]), text(row["评价对象"])) for row in rows}
    alone = [unit for unit in cells()[DEPARTMENTS] if finance_score(unit) is None]
    assert summary["subjects"] == len(subjects) + len(alone) + 20

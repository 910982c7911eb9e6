"""示例县年：总结里的数字都从单元格另算一遍，重新生成得到同样的字节。"""

from __future__ import annotations

import datetime as dt
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

import openpyxl
import pytest

from example_year import (
    BUREAUS,
    COUNTY_INDICATORS,
    EXAMPLE,
    EXECUTION,
    ROOT,
    SCHOOLS,
    TOWNS,
    WAN,
    adjustment_rows,
    cells,
    execution,
    execution_light,
    fen,
    indicators,
    lights,
    money,
    table,
    text,
)


def test_projects_units_and_codes() -> None:
    lines = execution()
    assert len(money()) == 1795
    assert len({unit for unit, _ in money()}) == 84
    assert all(re.fullmatch(r"51052123[YTR]\d{12}", line.code) for line in lines)
    letters = {"人员类": "R", "运转类": "Y", "特定目标类": "T"}
    assert all(line.code[8] == letters[line.category] for line in lines)
    units = [{line.unit for line in lines if line.file == file} for file in (BUREAUS, TOWNS, SCHOOLS)]
    assert [len(names) for names in units] == [44, 20, 20]
    assert len(set.union(*units)) == 84
    assert len({(line.unit, line.name) for line in lines}) == 1795, "同一单位的项目名称各不相同"


def test_a_few_projects_have_two_funds() -> None:
    rows = Counter((line.unit, line.code) for line in execution())
    assert sorted(set(rows.values())) == [1, 2]
    assert sum(count == 2 for count in rows.values()) == 7
    assert len({(line.unit, line.code, line.fund) for line in execution()}) == len(execution())


def test_execution_lights() -> None:
    counts = Counter(first for first, _, _ in lights().values())
    assert counts == {"red": 52, "yellow": 38, "green": 1699, "none": 6}
    assert all(spent == 0 for budget, spent in money().values() if budget == 0)
    named = {unit for (unit, _), (first, _, _) in lights().items() if first == "red"}
    assert {"泸县自然资源和规划局", "泸县农业农村局"} <= named


def test_overall_lights() -> None:
    counts = Counter(overall for _, _, overall in lights().values())
    assert (counts["red"], counts["yellow"]) == (52, 38)
    goals = Counter(second for first, second, _ in lights().values() if first != "red")
    assert set(goals) == {"green", "blue"}
    weak = Counter(second for first, second, _ in lights().values() if first == "red")
    assert min(weak["red"], weak["yellow"], weak["green"]) >= 5


def test_stated_rates_agree() -> None:
    for line in execution():
        if line.budget:
            exact = (Decimal(line.spent) * 100 / line.budget).quantize(Decimal("0.01"), ROUND_HALF_UP)
            assert Decimal(line.rate.rstrip("%")) == exact, line
        else:
            assert line.rate == "", line


def test_the_rates_on_the_line() -> None:
    """压线：59.99%、59.995%、60%、79.99%、80%。"""
    ratios = {
        Fraction(spent * 100, budget): execution_light(budget, spent) for budget, spent in money().values() if budget
    }
    edge = [Fraction(number) for number in ("59.99", "59.995", "60", "79.99", "80")]
    assert [ratios.get(ratio) for ratio in edge] == ["red", "red", "yellow", "yellow", "green"]


def test_totals_are_right_but_one() -> None:
    """每个小计、合计逐列重算；只有一个错的。"""
    wrong = []
    for file, sheet, _, unit, code, initial, budget, spent, _, _, scale in EXECUTION:
        label = {BUREAUS: ("单位名称", "主管部门")}.get(file, (unit, unit))
        groups, everything = [0, 0, 0], [0, 0, 0]
        for row in table(file, sheet, spent):
            figures = [fen(row[name], scale) if text(row[name]) else 0 for name in (initial, budget, spent)]
            if text(row[code]):
                groups = [a + b for a, b in zip(groups, figures, strict=True)]
                everything = [a + b for a, b in zip(everything, figures, strict=True)]
            elif text(row[label[0]]) == "小计":
                assert figures == groups, row
                groups = [0, 0, 0]
            elif text(row[label[1]]) == "合计":
                wrong += [
                    (file, row["#"], n, a - b)
                    for n, (a, b) in enumerate(zip(figures, everything, strict=True))
                    if a != b
                ]
                groups = [-1]
        assert groups == [-1], f"{file} 没有合计行"
    assert [(file, column, gap) for file, _, column, gap in wrong] == [(BUREAUS, 2, 1000 * WAN)]


def test_reasons_are_missing_three_times() -> None:
    given = {(line.unit, line.code) for line in execution() if line.reason}
    given |= {key for key, items in indicators().items() if any(item.reason for item in items)}
    needing = {key for key, (_, _, overall) in lights().items() if overall in ("red", "yellow")}
    missing = needing - given
    assert len(missing) == 3
    assert {lights()[key][2] for key in missing} == {"red"}
    assert given <= needing, "绿灯项目没有偏差原因"


def test_indicators() -> None:
    assert set(indicators()) == set(money())
    assert len(cells()[COUNTY_INDICATORS]) == 64
    assert 2 * 1795 <= sum(map(len, indicators().values())) <= 4000
    for key, items in indicators().items():
        assert sum(item.weight for item in items) == 90, key
        assert len({item.levels for item in items}) == len(items), key
        assert all(item.actual.rstrip("%") == item.forecast.rstrip("%") for item in items), key
        assert all(item.possibility in ("确定能", "有可能", "完全不可能") for item in items), key
    impossible = {key for key, items in indicators().items() if any(item.possibility == "完全不可能" for item in items)}
    assert impossible
    assert impossible <= {(text(row["预算单位"]), text(row["项目编码"])) for row in adjustment_rows()}


def test_adjustments() -> None:
    rows = adjustment_rows()
    amounts = []
    for row in rows:
        before, after, amount = (fen(row[name], WAN) for name in ("调整前预算", "调整后预算", "调整金额"))
        assert after - before == amount
        budget, spent = money()[text(row["预算单位"]), text(row["项目编码"])]
        assert before == budget
        assert after >= spent
        expected = "调增" if amount > 0 else "暂停实施并停止拨付" if after == spent else "调减预算并调整目标"
        assert row["处置措施"] == expected
        amounts.append(amount)
    assert len(rows) == len({(row["预算单位"], row["项目编码"]) for row in rows}) == 28
    assert sum(map(abs, amounts)) == 12602_75 * WAN // 100
    reds = [row for row in rows if lights()[text(row["预算单位"]), text(row["项目编码"])][2] == "red"]
    assert len(reds) == 26
    assert {row["监控方式"] for row in rows} == {"单位自行监控", "财政重点监控"}
    assert {row["是否同步调整绩效目标"] for row in rows} == {"是"}


def test_assessment() -> None:
    rows = list(table("事前绩效评估结果.xlsx", "评估结果", "送审金额"))
    data = [row for row in rows if text(row["项目名称"])]
    total = next(row for row in rows if text(row["主管部门"]) == "合计")
    columns = ("送审金额", "审定金额", "评减额")
    assert [sum(fen(row[name], WAN) for row in data) for name in columns] == [4755050000, 4208870000, 546180000]
    assert [fen(total[name], WAN) for name in columns] == [4755050000, 4208870000, 546180000]
    assert len(data) == 12
    for row in (*data, total):
        sent, approved, cut = (fen(row[name], WAN) for name in columns)
        assert sent - approved == cut
        assert Decimal(str(row["评减率"])) * 100 == (Decimal(cut) * 100 / sent).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert Decimal(str(total["评减率"])) == Decimal("0.1149")
    five = ("立项必要性", "投入经济性", "绩效目标合理性", "实施方案可行性", "筹资合规性")
    for row in data:
        marks = [Decimal(str(row[name])) for name in five]
        score = Decimal(str(row["评估得分"]))
        assert max(marks) <= 20
        assert sum(marks) == score
        expected = "予以支持" if score >= 90 else "调整完善后支持" if score >= 70 else "不予支持"
        assert row["评估结论"] == expected
        assert (fen(row["审定金额"], WAN) == 0) == (expected == "不予支持")
    assert Counter(row["评估结论"] for row in data) == {"予以支持": 3, "调整完善后支持": 8, "不予支持": 1}
    assert sum(fen(row["评减额"], WAN) < 0 for row in data) == 1


def test_goals() -> None:
    file = "绩效目标/项目支出绩效目标表.xlsx"
    rows = {
        sheet: [row for row in table(file, sheet, "同步编制") if text(row["项目编码"])] for sheet in ("年初", "追加")
    }
    everything = [*rows["年初"], *rows["追加"]]
    keys = {(text(row["预算单位"]), text(row["项目编码"])) for row in everything}
    assert (len(everything), len(keys), len(rows["追加"])) == (553, 553, 48)
    assert keys <= set(money())
    assert openpyxl.load_workbook(EXAMPLE / file)["追加"].sheet_state == "hidden"
    initial = {(line.unit, line.code): line.initial for line in execution()}
    for row in everything:
        key = text(row["预算单位"]), text(row["项目编码"])
        added = row["编报阶段"] == "追加"
        assert (initial[key] == 0) == added
        assert fen(row["预算金额"], WAN) == (money()[key][0] if added else initial[key]) > 0
        assert text(row["年度总体目标"])
        assert {row[step] for step in ("同步编制", "同步上会", "同步批复", "同步下达", "同步公开")} <= {"是", "否"}
    for sheet, data in rows.items():
        total = [row for row in table(file, sheet, "同步编制") if text(row["主管部门"]) == "合计"]
        assert fen(total[0]["预算金额"], WAN) == sum(fen(row["预算金额"], WAN) for row in data)


def test_review_comments() -> None:
    """一行一条，没有编号和分号，所以怎么数都是 312 条。"""
    rows = list(table("绩效目标/绩效目标审核意见.xlsx", "审核意见", "修改意见"))
    goals = "绩效目标/项目支出绩效目标表.xlsx"
    known = {text(row["项目编码"]) for sheet in ("年初", "追加") for row in table(goals, sheet, "同步编制")}
    assert len(rows) == len({(row["单位名称"], row["项目编码"], row["修改意见"]) for row in rows}) == 312
    assert {text(row["项目编码"]) for row in rows} <= known
    assert not any(re.search(r"[；;\n。0-9一二三四]、?", str(row["修改意见"])) for row in rows)


def test_unit_reports() -> None:
    rows = [
        row for row in table("绩效监控/单位整体支出监控报告登记表.xlsx", "登记表", "报送日期") if text(row["单位名称"])
    ]
    assert {text(row["单位名称"]) for row in rows} == {unit for unit, _ in money()}
    assert len(rows) == 84
    for row in rows:
        sent, published = (day(row[name]) for name in ("报送日期", "公开日期"))
        assert dt.date(2023, 8, 1) <= sent <= dt.date(2023, 8, 31)
        assert sent < published < dt.date(2023, 10, 1)
    assert {type(row["报送日期"]) for row in rows} == {str, dt.datetime}


def day(value: object) -> dt.date:
    if isinstance(value, dt.datetime):
        return value.date()
    year, month, number = re.findall(r"\d+", str(value))
    return dt.date(int(year), int(month), int(number))


def test_evaluations() -> None:
    rows = list(table("绩效评价/绩效评价结果.xlsx", "评价结果", "评价得分"))
    finance = [row for row in rows if row["评价层次"] == "财政重点评价"]
    kinds = Counter(str(row["对象类型"]) for row in finance)
    assert kinds["部门整体"] == 5
    assert kinds["项目"] + kinds["政策"] == 15
    assert len(finance) == 20
    assert {row["评价机构"] for row in finance} == {"泸州市诚助财税服务有限公司"}
    four = {"一般公共预算", "政府性基金预算", "国有资本经营预算", "社会保险基金预算"}
    assert {row["四本预算"] for row in finance} == four
    assert {row["评价层次"] for row in rows} == {"单位自评", "部门评价", "财政抽评", "财政重点评价"}
    assert {"政府债券", "政府采购", "国有资本", "国有资产"} <= {row["对象类型"] for row in rows}
    for row in rows:
        assert row["评价等级"] == grade(row["评价得分"]), row
        if text(row["下年预算安排"]):
            now, later = fen(row["本年预算"], WAN), fen(row["下年预算安排"], WAN)
            change = {"优": later > now, "良": later == now}.get(str(row["评价等级"]), later < now)
            assert change, row
    keys = Counter((row["预算单位"], row["项目编码"], row["评价对象"], row["评价层次"]) for row in rows)
    assert set(keys.values()) == {1}


def grade(score: object) -> str:
    value = Decimal(str(score))
    return "优" if value >= 90 else "良" if value >= 80 else "中" if value >= 60 else "差"


def test_townships() -> None:
    totals: Counter[str] = Counter()
    scores: dict[str, Decimal] = {}
    for row in table("绩效评价/镇级财政运行综合绩效评价.xlsx", "评分表", "三级指标"):
        town = text(row["乡镇"])
        if town == "小计":
            last = list(scores)[-1]
            assert (int(str(row["分值"])), Decimal(str(row["得分"]))) == (totals[last], scores[last])
            continue
        assert 0 <= Decimal(str(row["得分"])) <= int(str(row["分值"]))
        totals[town] += int(str(row["分值"]))
        scores[town] = scores.get(town, Decimal(0)) + Decimal(str(row["得分"]))
    assert set(totals.values()) == {100}
    assert len(totals) == 20
    results = table("绩效评价/绩效评价结果.xlsx", "镇街财政运行", "评价得分")
    assert {text(row["评价对象"]): (Decimal(str(row["评价得分"])), row["评价等级"]) for row in results} == {
        town: (score, grade(score)) for town, score in scores.items()
    }


def test_mechanism() -> None:
    documents = list(table("制度建设与培训.xlsx", "制度文件", "文件名称"))
    assert [row["文件名称"] for row in documents] == [
        "《泸县全面实施预算绩效管理实施方案》",
        "《泸县县级预算绩效目标管理办法》",
        "《泸县预算事前绩效评估管理办法》",
        "《泸县预算事中运行监控管理办法》",
        "《泸县预算事后绩效评价管理办法》",
    ]
    assert {(row["文号"], row["印发日期"]) for row in documents} == {(None, None)}
    *trainings, total = table("制度建设与培训.xlsx", "培训", "人次")
    assert [sum(int(str(row[name])) for row in trainings) for name in ("期数", "人次")] == [3, 334]
    assert (total["期数"], total["人次"]) == (3, 334)


def test_planted_faults_are_listed_and_true() -> None:
    """README 逐格列出的毛病都在那一格，也只有那些。"""
    readme = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## 有意埋下的毛病")[2].partition("### 绩效目标里的毛病")[0]
    listed = {
        (file, cell): what
        for file, _, cell, what in re.findall(r"^\| (\S+\.\w+) \| (.+?) \| ([A-Z]+\d+) \| (.+?) \|$", section, re.M)
    }
    assert len(listed) == 6
    column = {BUREAUS: ("M", "P"), TOWNS: ("L", "N"), SCHOOLS: ("J", "L")}
    given = {key for key, items in indicators().items() if any(item.reason for item in items)}
    expected = set()
    for line in execution():
        spent, reason = column[line.file]
        if line.spent > line.budget:
            expected.add((line.file, f"{spent}{line.row}"))
        key = line.unit, line.code
        if lights()[key][2] in ("red", "yellow") and not line.reason and key not in given:
            expected.add((line.file, f"{reason}{line.row}"))
    last = next(row for row in table(BUREAUS, "执行情况", "累计支出") if text(row["主管部门"]) == "合计")
    assert set(listed) == expected | {(BUREAUS, f"M{last['#']}")}


def test_workbooks_are_as_messy_as_promised() -> None:
    assert (EXAMPLE / TOWNS).read_bytes().startswith(bytes.fromhex("d0cf11e0a1b11ae1"))
    with pytest.raises(UnicodeDecodeError):
        (EXAMPLE / SCHOOLS).read_bytes().decode("utf-8")
    book = openpyxl.load_workbook(EXAMPLE / BUREAUS)
    areas = {str(area) for area in book["执行情况"].merged_cells.ranges}
    assert {"A1:P1", "H3:I3", "J3:O3", "A3:A4"} <= areas
    assert sum(area.startswith("C") for area in areas) >= 40, "单位列纵向合并"
    assert "填报说明" in book.sheetnames
    towns = cells()[TOWNS]["镇街执行"]
    spent = [row[11] for row in towns]
    assert sum("," in str(value) for value in spent) > 30
    assert any(re.search(r"[０-９]", str(value)) for value in spent)
    assert sum(text(row[1]) == "序号" for row in towns) == 2, "中间重复表头"
    assert any(not any(map(text, row)) for row in towns[4:-4]), "空行"


def test_every_text_exists_in_gbk() -> None:
    for sheets in cells().values():
        for name, rows in sheets.items():
            name.encode("gbk")
            for row in rows:
                for value in row:
                    str(value).encode("gbk")


def test_sizes_and_settings() -> None:
    files = [path for path in EXAMPLE.rglob("*") if path.is_file()]
    assert max(path.stat().st_size for path in files) <= 1_000_000
    assert sum(path.stat().st_size for path in files) <= 3_000_000
    settings = tomllib.loads((EXAMPLE / "pbm.toml").read_text(encoding="utf-8"))
    assert settings == {
        "county": {"name": "泸县", "issuer": "泸县财政局", "year": 2023},
        "run": {"on": dt.date(2023, 12, 31), "ruleset": "national"},
    }


def content(folder: Path) -> dict[str, bytes | dict[str, bytes]]:
    """文件 → 字节；xlsx 逐个部件比较，不受压缩库版本影响。"""
    found: dict[str, bytes | dict[str, bytes]] = {}
    for path in folder.rglob("*"):
        if "expected" in path.relative_to(folder).parts:  # 金样，由 make.py golden 重做
            continue
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as parts:
                found[path.relative_to(folder).as_posix()] = {name: parts.read(name) for name in parts.namelist()}
        elif path.is_file():
            found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return found


def test_regenerating_gives_the_same_bytes(tmp_path: Path) -> None:
    """两次生成（散列种子、时区不同）逐字节相同，与仓库里的一样。"""
    folders = []
    for seed, zone in (("1", "UTC"), ("2", "Asia/Shanghai")):
        folder = tmp_path / seed
        command = [sys.executable, str(ROOT / "examples" / "build_luxian_2023.py"), "--out", str(folder)]
        subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "PYTHONUTF8": "1"})
        folders.append({path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()})
    assert folders[0] == folders[1]
    assert content(tmp_path / "1") == content(EXAMPLE)


def test_dates_inside_the_workbooks_are_fixed() -> None:
    for path in EXAMPLE.rglob("*.xlsx"):
        with zipfile.ZipFile(path) as parts:
            assert {info.date_time[0] for info in parts.infolist()} == {1980}, path
            core = parts.read("docProps/core.xml").decode()
        assert "<dc:creator>泸县财政局</dc:creator>" in core
        assert "2024-01-10T" in core

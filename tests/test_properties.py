"""性质：不管什么数，都成立的话。hypothesis 出题，题目固定（derandomize），整个文件一分钟以内。

一次运行就是公开的命令走的那条路（子进程读文件、装、判、汇），只是子进程、版式、规则集从一次用到下一次；
test_the_short_way_is_the_command 核对它与命令行打印的一样。每条性质后面写着改坏哪里时它会失败（逐条试过）。
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import random
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import RunPbm
from pbm_cli import fields, pipeline
from pbm_cli.counties import KeptReader
from pbm_cli.facts.document import document
from pbm_cli.targets import parse_actual, parse_target

ON = "2023-09-30"
MEASURE = {"元": 100, "万元": 1_000_000, "亿元": 10_000_000_000}
few = settings(
    max_examples=80, derandomize=True, deadline=None, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # fmt: skip
many = settings(few, max_examples=300)
Table = list[list[Any]]
Judge = Callable[..., dict[str, Any]]


@dataclass(frozen=True)
class Project:
    """一行执行：金额是分。"""

    code: str
    name: str
    unit: str
    fund: str
    budget: int
    spent: int


@st.composite
def projects(draw: st.DrawFn) -> list[Project]:
    """一到七个项目，编码不同；支出是预算的 0 到 130%，分毫的零头也有。"""
    made = []
    for number in range(draw(st.integers(1, 7))):
        budget = draw(st.integers(1, 10**9) | st.just(0)) * draw(st.sampled_from((1, 100, 10_000)))
        share = draw(st.integers(0, 130))
        unit = draw(st.sampled_from(("交通局", "教育局", "水务局")))
        fund = draw(st.sampled_from(("一般公共预算", "政府性基金预算")))
        made.append(Project(f"51052123T{number:012d}", f"项目{number}", unit, fund, budget, budget * share // 100))
    return made


WIDE = str.maketrans("0123456789.-", "０１２３４５６７８９．－")
HEADS = ("项目编码", "项目名称", "预算单位", "资金性质", "调整后预算数", "累计支出")


def written(fen: int, unit: str) -> str:
    """金额按一个单位的写法，不丢一分。"""
    return f"{Decimal(fen) / MEASURE[unit]:f}"


def rows_of(made: Sequence[Project], unit: str = "元") -> Table:
    return [[p.code, p.name, p.unit, p.fund, written(p.budget, unit), written(p.spent, unit)] for p in made]


def sheet_of(made: Sequence[Project], unit: str = "元") -> Table:
    """单位行、表头、数据行。"""
    return [[f"单位：{unit}"], list(HEADS), *rows_of(made, unit)]


def to_csv(path: Path, table: Table) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows(table)
    return path


def to_xlsx(path: Path, table: Table, merges: Sequence[tuple[int, int, int, int]] = (), name: str = "表") -> Path:
    """merges 是（上，左，下，右），合并区里写左上角的。"""
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet(name)
        for row, line in enumerate(table):
            for column, cell in enumerate(line):
                if isinstance(cell, str):
                    page.write_string(row, column, cell)
                elif cell is not None:
                    page.write_number(row, column, cell)
        for top, left, bottom, right in merges:
            page.merge_range(top, left, bottom, right, table[top][left])
    return path


@pytest.fixture(scope="module")
def kept() -> Iterator[KeptReader]:
    """一个从头用到尾的读文件的子进程。"""
    reader = KeptReader()
    yield reader
    reader.close()


@pytest.fixture
def judge(kept: KeptReader, monkeypatch: pytest.MonkeyPatch) -> Judge:
    """运行一个命令，交回 JSON 文档。版式、规则集只读一次。"""
    for name in ("load_layouts", "load_form_layouts", "load_ruleset"):
        monkeypatch.setattr(pipeline, name, once(getattr(pipeline, name)))

    def run(command: str, *paths: Path) -> dict[str, Any]:
        options = pipeline.Options(on=dt.date.fromisoformat(ON))
        made = document(pipeline.run_stage(command, list(paths), options, None, kept))
        found: dict[str, Any] = json.loads(json.dumps(made, default=str))
        return found

    return run


@lru_cache(maxsize=8)
def once(function: Callable[..., Any]) -> Callable[..., Any]:
    """结果只算一次；参数里的列表不看（版式总是那一份）。"""
    held: dict[str, Any] = {}

    def cached(*args: Any) -> Any:
        key = repr(args) if args and isinstance(args[0], str) else ""
        if key not in held:
            held[key] = function(*args)
        return held[key]

    return cached


ORDERED = ("by_unit", "by_fund", "adjustments")


def core(found: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """汇总与各行，去掉出处和先后。"""
    summary = {
        key: sorted(value, key=repr) if key in ORDERED else value for key, value in found["summary"].items()
    }  # fmt: skip
    rows = [{key: value for key, value in row.items() if key != "origin"} for row in found["rows"]]
    return summary, sorted(rows, key=lambda row: str(row["project_code"]))


def test_the_short_way_is_the_command(judge: Judge, run_pbm: RunPbm, tmp_path: Path) -> None:
    made = [Project("51052123T000000000001", "道路", "交通局", "一般公共预算", 12_345, 6_789)]
    path = to_csv(tmp_path / "执行.csv", sheet_of(made))
    printed, short = json.loads(run_pbm("monitor", path, "--on", ON, "--json").out), judge("monitor", path)
    assert {key: printed[key] for key in short} == short  # 命令行还会多印几项，如设定


# ---- 字段：写出来再读，还是那个值 ----


@many
@given(st.integers(-(10**15), 10**15), st.sampled_from(list(MEASURE)), st.sampled_from("普千全（)单￥"))
def test_money(fen: int, unit: str, way: str) -> None:
    """改坏：figures.money 把千分位逗号换成零。"""
    plain = written(abs(fen), unit)
    grouped = f"{Decimal(fen) / MEASURE[unit]:,f}"
    texts = {
        "普": written(fen, unit), "千": grouped, "全": written(fen, unit).translate(WIDE),
        "（": f"（{plain}）" if fen < 0 else plain, ")": f"({plain})" if fen < 0 else plain,
        "单": f"{written(fen, unit)}{unit}", "￥": f"￥{plain}" if fen >= 0 else f"-￥{plain}",
    }  # fmt: skip
    assert fields.money(texts[way], None if way == "单" else MEASURE[unit]) == fen


@many
@given(st.integers(-99_999, 999_999), st.integers(0, 4), st.sampled_from("%％"))
def test_percent(digits: int, places: int, sign: str) -> None:
    """改坏：figures.rate 的百分数多除以一次 100。"""
    value = Decimal(digits).scaleb(-places)
    found = fields.rate(f"{value:f}{sign}")
    assert isinstance(found, fields.Rate)
    assert (found.form, found.number, found.places) == ("percent", value, places)


DAY_FORMS = ("{0:%Y-%m-%d}", "{0:%Y/%m/%d}", "{0:%Y.%m.%d}", "{0.year}年{0.month}月{0.day}日", "{0:%Y%m%d}",
             "{0.year}-{0.month}-{0.day}",
             "{0:%Y%m%d}182104", "{0:%Y%m%d}172208210", "{0:%Y-%m-%d} 00:00:00")  # fmt: skip


@many
@given(st.dates(dt.date(1950, 1, 1), dt.date(2100, 12, 31)), st.sampled_from(DAY_FORMS))
def test_day(day: dt.date, form: str) -> None:
    """改坏：fields._EPOCH 差一天（序列号），fields._DAY 的月日颠倒。"""
    assert fields.day(form.format(day)) == day
    serial = (day - dt.date(1899, 12, 30)).days
    assert (
        fields.day(serial) == fields.day(float(serial)) == (day if 20_000 <= serial <= 80_000 else fields.day(serial))
    )


@many
@given(
    st.from_regex(r"[0-9]{6}[0-9A-Z]{1,15}", fullmatch=True),
    st.sampled_from(("{}", "{}-县交通局", "[{}]县交通局", "'{}", " {} ")),
)
def test_code(code: str, form: str) -> None:
    """改坏：fields.code 去掉前导零。"""
    if "县" in form and code[:4] in ("1900", "2000") and len(code) < 9:
        return  # 200012-县交通局 像年月，另有说法
    assert fields.code(form.format(code)) == code or (code[:2] in ("19", "20") and len(code) in (6, 8))


OPERATORS = {"≥": ">=", ">=": ">=", "不低于": ">=", "≤": "<=", "不超过": "<=", "=": "=", "＞": ">", "<": "<", "": "="}


@many
@given(
    st.integers(1, 10**7),
    st.integers(0, 2),
    st.sampled_from(list(OPERATORS)),
    st.sampled_from(("个", "公里", "元", "户")),
)
def test_target(digits: int, places: int, sign: str, measure: str) -> None:
    """改坏：quantities 里“不超过”读成 >=。一格写完，与分成三列，读出来一样；完成值照样读回。"""
    value = Decimal(digits).scaleb(-places)
    for target in (
        parse_target(f"{sign}{value:f}{measure}"),
        parse_target(f"{value:f}", sign, measure),
        parse_target(f"{value:f}", sign or "=", measure),
    ):
        assert target is not None
        assert (target.operator, target.value, target.measure) == (OPERATORS[sign], value, measure)
        actual = parse_actual(f"{value:f}{measure}", target)
        assert actual is not None
        assert actual.value == value


# ---- 表：换一种摆法，结论不变 ----


@few
@given(projects(), st.randoms(use_true_random=False))
def test_order_of_rows(judge: Judge, made: list[Project], dice: random.Random) -> None:
    """改坏：facts/monitor._by_unit 只加头一个项目的预算。"""
    shuffled = list(made)
    dice.shuffle(shuffled)
    with tempfile.TemporaryDirectory() as folder:
        one = core(judge("monitor", to_csv(Path(folder, "甲.csv"), sheet_of(made))))
        other = core(judge("monitor", to_csv(Path(folder, "甲.csv"), sheet_of(shuffled))))
    assert one == other


@few
@given(projects(), st.integers(0, 7))
def test_a_file_split_in_two(judge: Judge, made: list[Project], cut: int) -> None:
    """改坏：loading.Loader 每个文件重新记账（只留最后一个文件的记录）。"""
    with tempfile.TemporaryDirectory() as folder:
        whole = core(judge("monitor", to_csv(Path(folder, "甲.csv"), sheet_of(made))))
        parts = [made[:cut], made[cut:]]
        paths = [to_csv(Path(folder, f"{n}.csv"), sheet_of(part)) for n, part in enumerate(parts) if part]
        assert core(judge("monitor", *paths)) == whole


@few
@given(projects(), st.sampled_from(("万元", "亿元")))
def test_units(judge: Judge, made: list[Project], unit: str) -> None:
    """改坏：figures.MONEY_UNITS 的亿元少一个零。"""
    with tempfile.TemporaryDirectory() as folder:
        one = core(judge("monitor", to_csv(Path(folder, "甲.csv"), sheet_of(made))))
        assert core(judge("monitor", to_csv(Path(folder, "乙.csv"), sheet_of(made, unit)))) == one
        bare = [[*HEADS[:4], f"调整后预算数（{unit}）", f"累计支出（{unit}）"], *rows_of(made, unit)]
        assert core(judge("monitor", to_csv(Path(folder, "丙.csv"), bare))) == one


@few
@given(projects(), st.integers(1, 10**6))
def test_adding_a_green_project(judge: Judge, made: list[Project], hundreds: int) -> None:
    """改坏：rules.grade_band 一档的下限不含本数（≥ 写成 >）。"""
    green = Project("51052123T999999999999", "新项目", "新单位", "一般公共预算", hundreds * 10_000, hundreds * 6_000)
    with tempfile.TemporaryDirectory() as folder:  # 九月底序时 75%，执行 60%：正好 80% 这条绿灯线上
        before, rows = core(judge("monitor", to_csv(Path(folder, "甲.csv"), sheet_of(made))))
        after, more = core(judge("monitor", to_csv(Path(folder, "乙.csv"), sheet_of([*made, green]))))
    assert [row for row in more if row["project_code"] != green.code] == rows
    for name in ("lights", "execution_lights"):
        assert after[name] == {**before[name], "green": before[name]["green"] + 1}
    assert after["goal_lights"] == {**before["goal_lights"], "none": before["goal_lights"]["none"] + 1}
    assert after["projects"] == before["projects"] + 1
    for name, fen in (("budget_yuan", green.budget), ("expenditure_yuan", green.spent)):
        assert Decimal(after[name]) == Decimal(before[name]) + Decimal(fen) / 100
    assert [unit for unit in after["by_unit"] if unit["budget_unit"] != "新单位"] == before["by_unit"]


@few
@given(projects())
def test_sum_of_parts(judge: Judge, made: list[Project]) -> None:
    """改坏：facts/assess._grouped 的审定用申报；facts/monitor._by_unit 漏掉最后一个单位。"""
    heads = ["项目编码", "项目名称", "项目单位", "资金性质", "申报金额", "审定金额"]
    with tempfile.TemporaryDirectory() as folder:
        monitored = judge("monitor", to_csv(Path(folder, "甲.csv"), sheet_of(made)))["summary"]
        table = [["单位：元"], heads, *rows_of(made)]
        assessed = judge("assess", to_csv(Path(folder, "乙.csv"), table))["summary"]
    for summary, groups, names in (
        (monitored, ("by_unit",), ("projects", "budget_yuan", "expenditure_yuan")),
        (assessed, ("by_unit", "by_fund"), ("projects", "submitted_yuan", "approved_yuan", "reduction_yuan")),
    ):
        for group in groups:
            for name in names:
                assert sum(Decimal(part[name]) for part in summary[group]) == Decimal(summary[name]), (group, name)
    for light, count in monitored["lights"].items():
        assert sum(part["lights"][light] for part in monitored["by_unit"]) == count
    assert Decimal(monitored["budget_yuan"]) * 100 == sum(p.budget for p in made)
    assert Decimal(assessed["reduction_yuan"]) * 100 == sum(p.budget - p.spent for p in made)


@few
@given(projects())
def test_merged_and_unmerged_headings(judge: Judge, made: list[Project]) -> None:
    """改坏：headings.Grid.merge_at 总说没有合并。“合计”一列要靠合并的上层才知道是什么。"""
    rows = [[*row[:4], None, *row[4:]] for row in rows_of(made)]
    flat = [["单位：元"], [*HEADS[:4], "其中：财政拨款", *HEADS[4:]], *rows]
    upper = ["项目", None, "预算单位", "资金性质", "调整后预算数", None, "累计支出"]
    lower = ["项目编码", "项目名称", None, None, "其中：财政拨款", "合计", None]
    merges = ((1, 0, 1, 1), (1, 4, 1, 5), (1, 2, 2, 2), (1, 3, 2, 3), (1, 6, 2, 6))
    with tempfile.TemporaryDirectory() as folder:
        one = core(judge("monitor", to_xlsx(Path(folder, "甲.xlsx"), flat)))
        two: Table = [["单位：元"], upper, lower, *rows]
        assert core(judge("monitor", to_xlsx(Path(folder, "乙.xlsx"), two, merges))) == one
        assert core(judge("monitor", to_csv(Path(folder, "丙.csv"), two))) == one


@few
@given(projects())
def test_a_workbook_and_its_csv(judge: Judge, made: list[Project]) -> None:
    """改坏：workbook.batches._plain 把数取整。金额在工作簿里是双精度的数，在 CSV 里是文字。"""
    made = [replace(p, budget=p.budget % 10**13, spent=p.spent % 10**13) for p in made]  # 双精度装得下的
    table = sheet_of(made)
    numbers = [line if len(line) < 2 or line[0] == HEADS[0] else [*line[:4], *map(float, line[4:])] for line in table]
    with tempfile.TemporaryDirectory() as folder:
        one = core(judge("monitor", to_csv(Path(folder, "甲.csv"), table)))
        assert core(judge("monitor", to_xlsx(Path(folder, "甲.xlsx"), numbers))) == one
        assert core(judge("monitor", to_xlsx(Path(folder, "乙.xlsx"), table))) == one


@few
@given(
    projects(), st.permutations(range(len(HEADS))), st.sets(st.integers(0, 8)), st.sets(st.integers(0, 5)),
    st.sampled_from(("Sheet1", "执行", "一季度", "汇总 (2)")), st.sampled_from(("a", "导出 2023", "双监控")),
)  # fmt: skip
def test_names_blanks_and_columns(
    judge: Judge,
    made: list[Project],
    order: Sequence[int],
    blank_rows: set[int],
    blank_columns: set[int],
    sheet: str,
    file: str,
) -> None:
    """改坏：layouts.match 只看前六列。"""
    table = [["单位：元"], *([line[n] for n in order] for line in sheet_of(made)[1:])]
    for column in sorted(blank_columns, reverse=True):
        table = [table[0], *([*line[:column], None, *line[column:]] for line in table[1:])]
    for row in sorted(blank_rows, reverse=True):
        table[2 + row : 2 + row] = [[]]
    with tempfile.TemporaryDirectory() as folder:
        one = core(judge("monitor", to_xlsx(Path(folder, "甲.xlsx"), sheet_of(made))))
        other = core(judge("monitor", to_xlsx(Path(folder, f"{file}.xlsx"), table, name=sheet)))
    assert other == one

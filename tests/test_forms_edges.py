"""表单的边界：总额与各项、金额单位、缺块、差一点、重复、叠放、加写法，命令行上看得到。"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import form_goals as goals
import form_sheets as made
from conftest import RunPbm
from form_reading import WAN, Rows, cell, indicators, kinds, only, read, said, targets
from pbm_cli.cells import Sheet, Workbook
from pbm_cli.layouts import load_layouts
from pbm_cli.loading import Loaded, Loader

# 二、数与单位


def funds(*rows: Sequence[made.Value]) -> Loaded:
    return read(made.self_evaluation(funds=rows))


def test_a_zero_total_over_parts_is_found_and_the_parts_are_used() -> None:
    """domain §10 第 3 例（池州贵池某镇 2022 自评表）：总额 0、分项 90/89.974 → 执行率按分项 99.97%。"""
    loaded = funds(
        ("（万元）", "年度资金总额：", None, 0, 0, 0, 10, "99.97%", 10),
        (None, "其中：当年财政拨款", None, 90, 90, 89.974, "/", "/", "/"),
        (None, "其他资金", None, None, None, None, "/", "/", "/"),
    )
    execution = only(loaded, "execution")
    assert (execution.adjusted_budget, execution.expenditure) == (90 * WAN, 89_974_000)
    wrong = [f for f in loaded.findings if f.code == "D10"]
    assert [f.where.cell for f in wrong if f.where] == ["D7", "E7", "F7"]
    assert {f.level for f in wrong} == {"warning"}


@pytest.mark.parametrize(
    ("total", "parts", "used", "found"),
    [
        (90, (60, 30), 90, 0),
        (90.01, (60, 30), 90.01, 0),  # 容差 0.005 × 2 项 = 0.01 万元
        (90.02, (60, 30), 90, 1),
        (100, (60, 30), 90, 1),
        (100, (60, None), 100, 0),  # “其中”只写了一项
        (100, (60, 30, None), 100, 1),  # 没有填全，用总额并说明
        (80, (60, 30), 90, 1),
        (None, (60, 30), 90, 0),
        (90, (0, 0), 90, 0),
    ],
)
def test_totals_are_proved_by_their_parts(
    total: float | None, parts: tuple[float | None, ...], used: float, found: int
) -> None:
    labels = ("其中：当年财政拨款", "上年结转资金", "其他资金")
    rows: list[Sequence[made.Value]] = [("（万元）", "年度资金总额", None, total, total, 1, 10, None, 9)]
    rows += [(None, label, None, part, part, None, "/", "/", "/") for label, part in zip(labels, parts, strict=False)]
    if parts[-1] is None and len(parts) == 2:
        rows = rows[:2]
    loaded = funds(*rows)
    assert only(loaded, "execution").adjusted_budget == round(used * WAN)
    assert len([f for f in loaded.findings if f.code == "D10" and f.where and f.where.cell == "E7"]) == found


def test_the_unit_may_stand_in_the_label_the_heading_or_the_title() -> None:
    rows = made.self_evaluation()
    rows[6][0] = "（元）"
    assert only(read(rows), "execution").adjusted_budget == 4320
    rows[6][0] = None
    rows[5][4] = "全年预算数（万元）"
    rows[5][3], rows[5][5] = "年初预算数（万元）", "全年执行数（元）"
    mixed = only(read(rows), "execution")
    assert (mixed.adjusted_budget, mixed.expenditure) == (43_200_000, 3724)
    rows = made.self_evaluation()
    rows[6][0] = None
    rows[2] = ["（2022年度）", None, None, "单位：万元"]
    assert only(read(rows), "execution").adjusted_budget == 43_200_000


def test_without_a_unit_the_form_is_not_used_and_says_so() -> None:
    rows = made.self_evaluation()
    rows[6][0] = None
    loaded = read(rows)
    (message,) = said(loaded, "D11")
    assert "--unit 元|万元|亿元" in message
    assert loaded.records == {}
    (sheet,) = loaded.files[0].sheets
    assert (sheet.rows_used, sheet.rows_rejected, sheet.usable) == (0, 6, False)
    assert only(read(rows, unit=WAN), "execution").adjusted_budget == 43_200_000


def test_two_units_in_one_block_are_not_guessed() -> None:
    rows = made.self_evaluation()
    rows[5][0] = "项目资金（元）"
    loaded = read(rows)
    assert any("两种金额单位" in text for text in said(loaded, "D11"))
    assert loaded.records == {}


def test_a_bad_amount_is_named_by_its_cell_and_the_rest_is_used() -> None:
    rows = made.self_evaluation()
    rows[6][5] = "37.2O"
    rows[7][5] = None
    loaded = read(rows)
    assert "execution" not in loaded.records
    bad = [f for f in loaded.findings if f.code == "D03"]
    assert [(f.level, f.where.cell) for f in bad if f.where] == [("error", "F7")]
    assert only(loaded, "evaluation").score == 97


# 三、缺块、差一点、重复


def test_a_form_without_indicators_still_yields_what_it_has() -> None:
    loaded = read(made.self_evaluation()[:12])
    assert only(loaded, "execution").expenditure == 37_240_000
    assert any("没有绩效指标" in text for text in said(loaded, "D25"))


def test_a_form_without_funds_still_yields_what_it_has() -> None:
    rows = made.self_evaluation()
    loaded = read(rows[:5] + rows[10:])
    assert only(loaded, "evaluation").score == 97
    assert len(indicators(loaded)) == 5
    assert any("没有项目资金" in text for text in said(loaded, "D25"))


def test_an_empty_score_is_not_a_zero() -> None:
    blank = [[*row[:7], None, row[8]] for row in made.self_evaluation()[13:21]]
    loaded = read(made.self_evaluation(blank, total=("总分", None, None, None, None, 100, None)))
    assert "evaluation" not in loaded.records
    assert any("没有自评得分" in text for text in said(loaded, "D25"))


def test_a_missing_total_is_added_up_from_all_the_scores() -> None:
    loaded = read(made.self_evaluation(total=None))
    assert only(loaded, "evaluation").score == 20 + 15 + 13 + 30 + 10 + 9
    assert any("按各项得分相加是 97" in text for text in said(loaded, "D04"))


def test_a_form_without_a_name_is_rejected_by_its_cell() -> None:
    rows = made.self_evaluation(name="××")
    loaded = read(rows)
    assert loaded.records == {}
    assert [f.where.cell for f in loaded.findings if f.code == "D02" and f.where] == ["B4"]


def test_a_form_almost_recognised_says_what_it_lacks() -> None:
    rows = made.self_evaluation()
    rows[3] = [None]
    loaded = read(rows)
    assert kinds(loaded) == [None]
    (message,) = said(loaded, "D12")
    assert "最接近表单“项目支出绩效自评表”" in message
    assert message.endswith("还缺 项目名称")


def test_a_list_is_never_taken_for_a_form() -> None:
    rows: Rows = [
        ("2023年项目支出绩效自评情况表",),
        ("单位：万元",),
        ("项目名称", "主管部门", "年初预算数", "全年预算数", "全年执行数", "执行率"),
        ("甲项目", "教育局", 10, 10, 5, "50%"),
    ]
    assert kinds(read(rows)) == ["execution"]
    indicators: Rows = [
        ("项目名称", "一级指标", "二级指标", "三级指标", "指标值", "实际完成值", "分值", "得分"),
        ("甲项目", "产出指标", "数量指标", "台数", "≥5台", 5, 10, 10),
    ]
    assert kinds(read(indicators)) == ["indicator"]


def test_a_copied_form_is_used_once_and_a_changed_one_is_an_error() -> None:
    layouts = load_layouts()
    for change, used, rejected, code in ((False, 6, 6, "D06"), (True, 12, 0, "D07")):
        loader = Loader(layouts)
        second = made.self_evaluation()
        if change:
            second[-1][-1] = 95
            for row in second[13:21]:
                row[6] = None
        pages = [
            Sheet(name, [list(row) for row in rows]) for name, rows in (("甲", made.self_evaluation()), ("乙", second))
        ]
        loader.add(Workbook("表.xlsx", "", "xlsx", pages))
        loaded = loader.finish()
        sheets = loaded.files[0].sheets
        assert sum(sheet.rows_used for sheet in sheets) == used
        assert sum(sheet.rows_rejected for sheet in sheets) == rejected
        assert said(loaded, code)


def test_forms_stacked_in_one_sheet_are_told_apart() -> None:
    rows: Rows = [*made.self_evaluation(), [None], *made.self_evaluation(name="219001R22-道路养护")]
    loaded = read(rows)
    assert kinds(loaded) == ["self_evaluation_form"] * 2
    evaluations: list[Any] = list(loaded.records["evaluation"])
    assert [r.subject for r in evaluations] == ["村级组织运转经费", "道路养护"]
    assert [cell(r, "score") for r in evaluations] == ["H22", "H45"]


@pytest.mark.parametrize("dirt", ["wide", "spaced"])
def test_full_width_and_scanned_spaces_change_nothing(dirt: str) -> None:
    def dirty(value: made.Value) -> made.Value:
        if not isinstance(value, str) or len(value) > 12 or any(ch.isdigit() for ch in value):
            return value
        return value.replace(":", "：") + "　" if dirt == "wide" else " ".join(value)

    clean = read(made.self_evaluation())
    loaded = read([[dirty(value) for value in row] for row in made.self_evaluation()])
    assert [(i.level1, i.level2, i.level3, i.target) for i in indicators(loaded)][:3] == [
        (i.level1, i.level2, i.level3, i.target) for i in indicators(clean)
    ][:3]
    assert only(loaded, "execution").adjusted_budget == only(clean, "execution").adjusted_budget


@pytest.mark.parametrize(
    ("written", "name", "target"),
    [
        ("指标1：机柜数量(≥77台)", "机柜数量", (">=", "77", "台")),
        ("足额保障率=100%", "足额保障率", ("=", "100", "%")),
        ("指标2.药品抽验批次（≥124 批次）", "药品抽验批次", (">=", "124", "批次")),
        ("【产出指标-数量指标】指标1:机柜数量(≥77台)", "机柜数量", (">=", "77", "台")),
    ],
)
def test_name_and_target_in_one_cell(written: str, name: str, target: tuple[str, str, str]) -> None:
    loaded = read(made.self_evaluation([(None, "产出指标", "数量指标", written, None, 1, 10, 10, None)]))
    assert targets(loaded) == {name: target}


# 四、加一个写法只动一个文件；命令行上看得到


def test_a_new_variant_is_one_file(tmp_path: Path) -> None:
    rows = made.self_evaluation()
    rows[3][0], rows[12][3], rows[12][5] = "承担任务", "考核要点", "年末达成值"
    assert kinds(read(rows)) == [None]
    folder = tmp_path / "layouts" / "forms"
    folder.mkdir(parents=True)
    (folder / "某省自评表.toml").write_text(
        'kind = "self_evaluation_form"\nlike = "self_evaluation_form"\n'
        '[anchors]\nproject_name = ["承担任务"]\n'
        '[indicators.columns]\nlevel3 = ["考核要点"]\nactual = ["年末达成值"]\n',
        encoding="utf-8",
    )
    loaded = read(rows, overlay=tmp_path)
    assert kinds(loaded) == ["self_evaluation_form"]
    assert only(loaded, "evaluation").subject == "村级组织运转经费"
    assert indicators(loaded)[0].actual.value == 8


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('kind = "没有"', "没有“没有”这种表单"),
        ('kind = "goal_form"', "必需的标签"),
        ('kind = "goal_form"\nlike = "不在"', "没有“不在”这个表单版式"),
        ('kind = "goal_form"\nlike = "goal_form"\nnoted = 1', "不能用"),
        ('kind = "goal_form"\nlike = "goal_form"\n[indicators.columns]\nlevel9 = ["甲"]', "指标没有这个字段"),
        ('kind = "goal_form"\nlike = "goal_form"\nproof = ["("]', "不是正确的表达式"),
        ("kind = ", "不是正确的 TOML"),
    ],
)
def test_a_bad_layout_names_the_file_and_the_key(text: str, word: str, tmp_path: Path, run_pbm: RunPbm) -> None:
    folder = tmp_path / "layouts" / "forms"
    folder.mkdir(parents=True)
    (folder / "本县.toml").write_text(text, encoding="utf-8")
    done = run_pbm("layouts", "--overlay", tmp_path)
    assert done.code == 2
    assert "本县.toml" in done.err
    assert word in done.err


def test_forty_forms_in_a_workbook_run_through_the_command(tmp_path: Path, run_pbm: RunPbm) -> None:
    sheets = {f"{n:02}": (made.self_evaluation(name=f"219001R{n:03}-第{n}个项目"), ()) for n in range(40)}
    book = made.write_book(tmp_path / "自评.xlsx", sheets)
    done = run_pbm("check", book, "--json")
    document = json.loads(done.out)
    assert done.code == 0
    assert {row["kind"] for row in document["rows"]} == {"self_evaluation_form"}
    assert (document["summary"]["rows_read"], document["summary"]["rows_used"]) == (40 * 7, 40 * 6)
    shown = run_pbm("check", book)
    assert "项目支出绩效自评表" in shown.out


def test_a_form_alone_is_enough_for_its_stage(tmp_path: Path, run_pbm: RunPbm) -> None:
    book = made.write_book(tmp_path / "a.xlsx", {"1": (goals.goal(), ())})
    reviewed = json.loads(run_pbm("goals", book, "--json").out)
    assert (reviewed["summary"]["projects"], reviewed["summary"]["indicators"]) == (1, 4)
    book = made.write_book(tmp_path / "b.xlsx", {"1": (made.monitoring(), made.MONITORING_MERGES)})
    done = run_pbm("monitor", book, "--json")
    monitor = json.loads(done.out)
    assert monitor["on"] == "2023-07-31"
    assert monitor["rows"][0]["execution_pct"] == "42.00"
    book = made.write_book(tmp_path / "c.xlsx", {"1": (made.self_evaluation(), ())})
    evaluate = json.loads(run_pbm("evaluate", book, "--json").out)
    assert evaluate["summary"]["subjects"] == 1


def test_layouts_describe_a_recognised_form(tmp_path: Path, run_pbm: RunPbm) -> None:
    book = made.write_book(tmp_path / "表.xlsx", {"甲": (made.monitoring(), made.MONITORING_MERGES)})
    done = run_pbm("layouts", book)
    assert done.code == 0
    assert "表单 项目支出绩效目标执行监控表（forms/monitoring_form.toml），2023年度，数据截至 2023-07-31" in done.out
    assert re.search("M11  完成目标可能性.确定能  →  完成目标可能性（确定能）", done.out)
    assert "表单 部门整体支出绩效目标（自评）表（department_form" in run_pbm("layouts").out

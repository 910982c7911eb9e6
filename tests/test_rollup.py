"""区域汇总：合计是和、比率是合计之比、平均分重算；坏的区县点名剔除；年度、截止日、规则不同要说。"""

from __future__ import annotations

import datetime as dt
import json
import shutil
import zipfile
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from conftest import RunPbm
from counties import PLAIN, county, spent
from pbm_cli.counties import county_task, find_counties
from pbm_cli.facts import Judge
from pbm_cli.facts.rollup import Region, rollup_document
from pbm_cli.outputs.json import render
from pbm_cli.parameters import load_ruleset
from pbm_cli.pipeline import Options
from pbm_cli.rules.rollup import median, outlier

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "luxian-2023"


def rolled(run_pbm: RunPbm, folder: Path, *more: str | Path, code: int = 0) -> Any:
    done = run_pbm("rollup", folder, "--workers", "1", "--json", *more)
    assert done.code == code, done.err
    return json.loads(done.out)


def codes(document: Mapping[str, Any], level: str) -> list[str]:
    return [found["code"] for found in document["findings"] if found["level"] == level]


# 一、合计


def test_money_and_counts_are_sums_and_rates_are_ratios_of_sums(run_pbm: RunPbm, tmp_path: Path) -> None:
    county(tmp_path / "甲县", "甲县", spent(90))
    county(tmp_path / "市/乙县", "乙县", (("0001", "水利", "水务局", 3_000_000, 300_000),))
    total = rolled(run_pbm, tmp_path)["summary"]["total"]["monitor"]
    assert (total["projects"], total["budget_yuan"], total["expenditure_yuan"]) == (2, "4000000.00", "1200000.00")
    assert total["execution_pct"] == "30.00", "不是 90% 与 10% 的平均数"
    assert [(u["county"], u["budget_unit"]) for u in total["by_unit"]] == [("乙县", "水务局"), ("甲县", "交通局")]
    assert total["lights"]["red"] + total["lights"]["green"] == 2


def test_the_average_score_is_made_from_the_scores_not_from_the_averages(run_pbm: RunPbm, tmp_path: Path) -> None:
    county(tmp_path / "甲", "甲县", scores=["90.005"])
    county(tmp_path / "乙", "乙县", scores=["80", "70", "60"])
    evaluate = rolled(run_pbm, tmp_path)["summary"]["total"]["evaluate"]
    assert evaluate["average_score"] == "75.00", "(90.005+80+70+60)÷4 = 75.00125；两个平均数的平均是 80"
    assert evaluate["by_grade"] == {"优": 1, "良": 1, "中": 2, "差": 0}
    assert evaluate["grade_shares"]["中"] == "50.00"


def test_one_county_alone_has_its_own_summary_as_the_total(run_pbm: RunPbm, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "泸县", ignore=shutil.ignore_patterns("expected", "自评表"))
    made = rolled(run_pbm, tmp_path)
    own = json.loads(run_pbm("report", tmp_path / "泸县", "--json").out)["summary"]
    assert made["summary"]["counties"] == [
        {"county": "泸县", "year": 2023, "folder": "泸县", "on": "2023-12-31", "ruleset": "national", "summary": own,
         "error": None}
    ]  # fmt: skip
    total = made["summary"]["total"]
    for stage, summary in own.items():
        if stage == "decisions":
            continue
        for key in total[stage]:
            if key not in ("by_unit", "townships"):
                assert total[stage][key] == summary[key], (stage, key)
    assert {"rank", "subject", "amount_yuan"} <= total["decisions"][0].keys()
    assert [row["subject"] for row in total["decisions"]] == [row["subject"] for row in own["decisions"]]
    assert len(total["monitor"]["by_unit"]) == len(own["monitor"]["by_unit"])


def test_totals_leave_out_nothing_the_contract_names(run_pbm: RunPbm, tmp_path: Path) -> None:
    for name in ("甲县", "乙县"):
        shutil.copytree(EXAMPLE, tmp_path / name, ignore=shutil.ignore_patterns("expected", "自评表"))
        toml = tmp_path / name / "pbm.toml"
        toml.write_text(toml.read_text(encoding="utf-8").replace("泸县", name), encoding="utf-8")
    total = rolled(run_pbm, tmp_path)["summary"]["total"]
    assert total["assess"]["submitted_yuan"] == "95101000.00"
    assert total["assess"]["reduction_pct"] == "11.49"
    assert total["assess"]["by_fund"][0]["reduction_pct"] == "11.21"
    assert total["monitor"]["lights"]["red"] == 104
    assert total["goals"]["by_rule"]["T01"] == 2
    assert total["mechanism"] == {"documents": 10, "training_sessions": 6, "training_attendances": 668}
    assert len(total["evaluate"]["townships"]) == 40
    assert len(total["decisions"]) == 10


# 二、行、名次、离群、出处


def test_each_county_has_a_row_a_place_and_its_findings_carry_its_name(run_pbm: RunPbm, tmp_path: Path) -> None:
    county(tmp_path / "市/甲县", "甲县", spent(90))
    county(tmp_path / "市/乙县", "乙县", spent(10))
    made = rolled(run_pbm, tmp_path)
    rows = {row["county"]: row for row in made["rows"]}
    assert rows["甲县"]["execution_rank"] == 1
    assert rows["乙县"]["execution_rank"] == 2
    assert rows["乙县"]["red_pct"] == "100.00"
    red = next(found for found in made["findings"] if found["level"] == "red")
    assert red["county"] == "乙县"
    assert red["subject"].startswith("乙县：")
    assert red["where"]["file"] == "市/乙县/执行.csv"
    assert [given["file"] for given in made["inputs"]] == ["市/乙县/执行.csv", "市/甲县/执行.csv"]
    ranking = next(item for item in made["summary"]["rankings"] if item["figure"] == "red_pct")
    assert [row["county"] for row in ranking["counties"]] == ["甲县", "乙县"], "红灯占比从低到高"
    assert "÷" in ranking["method"]


def test_equal_values_share_a_place(run_pbm: RunPbm, tmp_path: Path) -> None:
    for name, share in (("甲", 90), ("乙", 90), ("丙", 80)):
        county(tmp_path / name, f"{name}县", spent(share))
    ranking = rolled(run_pbm, tmp_path)["summary"]["rankings"][0]
    assert sorted(row["rank"] for row in ranking["counties"]) == [1, 1, 3]


@pytest.mark.parametrize(("share", "found"), [(76, []), (75, ["75.00"]), (70, ["70.00"])])
def test_an_outlier_is_at_least_fifteen_points_from_the_median(
    run_pbm: RunPbm, tmp_path: Path, share: int, found: list[str]
) -> None:
    for number, value in enumerate((90, 90, 91, 92, share)):
        county(tmp_path / str(number), f"县{number}", spent(value))
    made = rolled(run_pbm, tmp_path)
    own = [item for item in made["summary"]["outliers"] if item["figure"] == "预算执行率"]
    assert [item["value_pct"] for item in own] == found
    assert all((item["county"], item["median_pct"]) == ("县4", "90.00") for item in own)
    assert codes(made, "hint").count("R01") == len(made["summary"]["outliers"])


def test_the_line_of_the_outliers_is_half_open_and_needs_enough_counties() -> None:
    limits: dict[str, Any] = {"rollup_outlier_points": {"execution_pct": 15}, "rollup_outlier_counties": 5}
    others = [Fraction(9, 10)] * 5
    assert outlier("execution_pct", "执行率", Fraction(7501, 10000), others, **limits) is None
    at = outlier("execution_pct", "执行率", Fraction(75, 100), others, **limits)
    assert at is not None
    assert "低 15.00 个百分点" in at.sentence
    assert outlier("execution_pct", "执行率", Fraction(0), others[:4], **limits) is None, "区县太少"
    assert outlier("coverage_pct", "覆盖率", Fraction(0), others, **limits) is None, "没有定线的比率不找"
    assert median([Fraction(3), Fraction(1), Fraction(2), Fraction(10)]) == Fraction(5, 2)
    assert median([]) is None


# 三、不能用的区县


def test_a_county_that_fails_is_named_and_left_out(run_pbm: RunPbm, tmp_path: Path) -> None:
    county(tmp_path / "甲县", "甲县")
    county(tmp_path / "乙县", "乙县", more="colour = 1")
    county(tmp_path / "丙县", "丙县", projects=())
    made = rolled(run_pbm, tmp_path, "-o", tmp_path / "结果.md", code=1)
    errors = {item["county"]: item["error"] for item in made["summary"]["counties"]}
    assert errors["甲县"] is None
    assert "colour" in errors["乙县"]
    assert "没有找到工作簿" in errors["丙县"]
    assert made["summary"]["total"]["monitor"]["projects"] == len(PLAIN)
    assert codes(made, "error") == ["R02", "R02"]
    text = (tmp_path / "结果.md").read_text(encoding="utf-8")
    assert "另有2个区县的资料没有计入" in text
    assert "乙县" in text
    screen = run_pbm("rollup", tmp_path, "--workers", "1")
    assert "没有计入合计：丙县" in screen.err
    assert "不能用 2 个" in screen.out
    assert run_pbm("rollup", tmp_path, "--workers", "1", "--fail-on", "never").code == 0


def test_no_usable_county_at_all_is_exit_code_two(run_pbm: RunPbm, tmp_path: Path) -> None:
    county(tmp_path / "丙县", "丙县", projects=())
    done = run_pbm("rollup", tmp_path, "--workers", "1", "--json")
    assert done.code == 2
    made = json.loads(done.out)
    assert set(made) == {"pbm", "command", "findings"}
    assert "丙县" in made["findings"][0]["subject"]
    assert "一个也不能用" in done.err


def test_a_bad_row_is_an_error_of_its_county(run_pbm: RunPbm, tmp_path: Path) -> None:
    county(tmp_path / "甲县", "甲县", (*PLAIN, ("0003", "坏行", "教育局", "12O", 1)))  # type: ignore[arg-type]
    made = rolled(run_pbm, tmp_path, code=1)
    assert made["rows"][0]["errors"] == 1
    assert made["rows"][0]["rows_rejected"] == 1
    assert made["summary"]["counties"][0]["error"] is None


def test_a_folder_without_counties_says_what_to_do(run_pbm: RunPbm, tmp_path: Path) -> None:
    done = run_pbm("rollup", tmp_path)
    assert done.code == 2
    assert "pbm init" in done.err
    county(tmp_path / "甲县", "甲县")
    done = run_pbm("rollup", tmp_path / "甲县")
    assert done.code == 2
    assert "pbm report" in done.err
    assert run_pbm("rollup", tmp_path / "没有").code == 2


def test_a_county_folder_inside_another_is_not_counted_twice(run_pbm: RunPbm, tmp_path: Path) -> None:
    county(tmp_path / "市", "市本级")
    county(tmp_path / "市/甲县", "甲县")
    made = rolled(run_pbm, tmp_path, code=1)
    assert [(item["county"], bool(item["error"])) for item in made["summary"]["counties"]] == [
        ("市本级", True),
        ("甲县", False),
    ]
    assert "重复计算" in made["summary"]["counties"][0]["error"]


@pytest.mark.parametrize("arguments", [["--workers", "0"], ["--workers", "2", "--cluster", "tcp://127.0.0.1:1"]])
def test_wrong_numbers_of_workers_are_refused(run_pbm: RunPbm, tmp_path: Path, arguments: list[str]) -> None:
    county(tmp_path / "甲县", "甲县")
    done = run_pbm("rollup", tmp_path, *arguments)
    assert done.code == 2
    assert "--workers" in done.err


# 四、不能合在一起的


def test_a_copy_of_a_county_is_counted_once(run_pbm: RunPbm, tmp_path: Path) -> None:
    county(tmp_path / "甲县", "甲县")
    shutil.copytree(tmp_path / "甲县", tmp_path / "甲县 - 副本")
    made = rolled(run_pbm, tmp_path, code=1)
    assert made["summary"]["total"]["monitor"]["projects"] == len(PLAIN)
    assert codes(made, "error") == ["R03"]
    assert [bool(item["error"]) for item in made["summary"]["counties"]] == [False, True]


def test_two_different_folders_of_one_county_year_are_both_left_out(run_pbm: RunPbm, tmp_path: Path) -> None:
    county(tmp_path / "甲县", "甲县")
    county(tmp_path / "甲县新", "甲县", spent(50))
    county(tmp_path / "乙县", "乙县", spent(90))
    made = rolled(run_pbm, tmp_path, code=1)
    assert made["summary"]["counties_counted"] == 1
    assert made["summary"]["total"]["monitor"]["projects"] == 1
    assert codes(made, "error") == ["R03"]


def test_other_years_are_said_and_kept_apart(run_pbm: RunPbm, tmp_path: Path) -> None:
    county(tmp_path / "甲22", "甲县", year=2022)
    county(tmp_path / "甲23", "甲县")
    county(tmp_path / "乙23", "乙县")
    made = rolled(run_pbm, tmp_path)
    assert made["year"] == 2023
    assert made["summary"]["total"]["monitor"]["projects"] == 2 * len(PLAIN)
    (other,) = made["summary"]["other_years"]
    assert (other["year"], other["counties"], other["total"]["monitor"]["projects"]) == (2022, ["甲县"], len(PLAIN))
    assert [code for code in codes(made, "warning") if code[0] == "R"] == ["R04"]
    assert [row["counted"] for row in made["rows"]] == [True, False, True]
    assert "别的年度 1 个（没有计入）" in run_pbm("rollup", tmp_path).out


def test_other_dates_and_rules_are_said_but_summed(run_pbm: RunPbm, tmp_path: Path) -> None:
    county(tmp_path / "甲", "甲县", on="2023-10-31")
    county(tmp_path / "乙", "乙县", more='ruleset = "hefei-2x2"')
    made = rolled(run_pbm, tmp_path)
    assert set(codes(made, "warning")) >= {"R05", "R06"}
    assert made["on"] is None
    assert made["summary"]["total"]["monitor"]["time_progress_pct"] is None
    assert made["summary"]["total"]["monitor"]["projects"] == 2 * len(PLAIN)
    assert [(group["on"], group["counties"]) for group in made["summary"]["groups"]] == [
        ("2023-10-31", 1),
        ("2023-12-31", 1),
    ]
    same = rolled(run_pbm, tmp_path, "--on", "2023-12-31", "--ruleset", "national")
    assert same["on"] == "2023-12-31"
    assert not {"R05", "R06"} & set(codes(same, "warning"))
    page = tmp_path / "页.html"
    run_pbm("rollup", tmp_path, "-o", page)
    assert "没有共同的序时进度" in page.read_text(encoding="utf-8")
    assert "—%" not in page.read_text(encoding="utf-8")


def test_the_order_of_the_results_changes_nothing(tmp_path: Path) -> None:
    for name, share in (("甲", 90), ("乙", 20), ("丙", 50)):
        county(tmp_path / name, f"{name}县", spent(share), scores=["81.5"])
    results = [county_task(job) for job in find_counties(tmp_path, Options())]
    made = [
        render(rollup_document(Region(), order, Judge(load_ruleset("national").at(dt.date.max))))
        for order in (results, results[::-1], [results[1], results[2], results[0]])
    ]
    assert made[0] == made[1] == made[2]


def test_a_result_is_small_and_has_no_project_rows(tmp_path: Path) -> None:
    county(tmp_path / "甲", "甲县", [(f"{n:04}", f"项目{n}", "教育局", 10_000, 9_500) for n in range(2_000)])
    (job,) = find_counties(tmp_path, Options())
    assert len(json.dumps(county_task(job), ensure_ascii=False)) < 30_000


# 五、写出的形式


@pytest.fixture
def region(tmp_path: Path) -> Path:
    folder = tmp_path / "省"
    for name, share in (("甲", 90), ("乙", 20)):
        county(folder / name, f"{name}县", spent(share), scores=["81.5"])
    county(folder / "坏", "坏县", projects=())
    (folder / "pbm.toml").write_text('[county]\nname = "示例省"\nissuer = "示例省财政厅"\n', encoding="utf-8")
    return folder


def test_every_form_is_written_twice_with_the_same_bytes_and_verified(run_pbm: RunPbm, region: Path) -> None:
    forms = [region.parent / f"结果.{suffix}" for suffix in ("xlsx", "docx", "html", "md", "json", "csv")]
    outs = [part for path in forms for part in ("-o", path)]
    assert run_pbm("rollup", region, "--workers", "1", *outs).code == 1
    first = [path.read_bytes() for path in forms]
    assert run_pbm("rollup", region, "--workers", "1", *outs).code == 1
    assert [path.read_bytes() for path in forms] == first
    for path in forms[:-1]:
        done = run_pbm("verify", path, "--inputs", region, "--json")
        made = json.loads(done.out)
        assert made["summary"]["agree"] == len(made["rows"]) == 10, path.suffix
        assert done.code == 0, path.suffix


def test_the_working_paper_has_the_sheets_of_a_region(run_pbm: RunPbm, region: Path) -> None:
    out = region.parent / "结果.xlsx"
    run_pbm("rollup", region, "--workers", "1", "-o", out)
    book = openpyxl.load_workbook(out)
    assert {"汇总", "分县", "问题清单", "依据", "来源"} <= set(book.sheetnames)
    cells = [cell for row in book["分县"].iter_rows(values_only=True) for cell in row]
    assert {"甲县", "乙县", "坏县"} <= set(cells)
    assert "省" in str(book["汇总"]["A1"].value)


def test_the_report_of_the_region_is_signed_and_says_who_is_left_out(run_pbm: RunPbm, region: Path) -> None:
    out = region.parent / "总结.md"
    run_pbm("rollup", region, "--workers", "1", "-o", out)
    text = out.read_text(encoding="utf-8")
    assert text.startswith("# 示例省2023年预算绩效管理工作总结")
    assert "示例省财政厅" in text
    assert "另有1个区县的资料没有计入：坏县" in text
    assert "共监控项目2个" in text
    assert "预算执行率55.00%" in text


def test_a_province_rewrites_a_section(run_pbm: RunPbm, region: Path, tmp_path: Path) -> None:
    own = tmp_path / "本省/templates/rollup"
    own.mkdir(parents=True)
    (own / "40_monitor.md.j2").write_text("## 本省的监控\n\n红灯{{ monitor.lights.red }}个。\n", encoding="utf-8")
    out = tmp_path / "总结.md"
    assert run_pbm("rollup", region, "--workers", "1", "-o", out, "--overlay", tmp_path / "本省").code == 1
    text = out.read_text(encoding="utf-8")
    assert "本省的监控" in text
    assert "红灯1个" in text


def test_an_output_is_never_written_over_an_input(run_pbm: RunPbm, region: Path) -> None:
    before = (region / "甲/执行.csv").read_bytes()
    assert run_pbm("rollup", region, "--workers", "1", "-o", region / "甲/执行.csv").code == 2
    assert (region / "甲/执行.csv").read_bytes() == before


def test_what_is_published_of_a_region_is_masked(run_pbm: RunPbm, tmp_path: Path) -> None:
    projects = (("0001", "张13800138000项目", "水务局", 3_000_000, 300_000),)
    county(tmp_path / "甲县", "甲县", projects)
    open_text = run_pbm("rollup", tmp_path, "--json").out
    closed = run_pbm("rollup", tmp_path, "--json", "--publish", "-o", tmp_path / "出" / "汇总.md")
    assert "13800138000" in open_text
    assert "13800138000" not in closed.out + closed.err + (tmp_path / "出" / "汇总.md").read_text(encoding="utf-8-sig")
    assert "138****8000" in closed.out


def test_a_region_uses_the_style_it_is_given_else_the_one_of_its_folder(run_pbm: RunPbm, tmp_path: Path) -> None:
    county(tmp_path / "甲县", "甲县")
    (tmp_path / "大字.toml").write_text("[sizes]\nbody = 18\n", encoding="utf-8")
    (tmp_path / "小字.toml").write_text("[sizes]\nbody = 14\n", encoding="utf-8")

    def sizes(*more: str | Path) -> str:
        assert run_pbm("rollup", tmp_path, "-o", tmp_path / "出" / "汇总.docx", *more).code == 0
        with zipfile.ZipFile(tmp_path / "出" / "汇总.docx") as package:
            return package.read("word/styles.xml").decode()

    assert 'w:val="36"' in sizes("--style", tmp_path / "大字.toml")
    (tmp_path / "pbm.toml").write_text('[run]\nstyle = "小字.toml"\n', encoding="utf-8")
    assert 'w:val="36"' not in (own := sizes())
    assert 'w:val="28"' in own
    wrong = run_pbm("rollup", tmp_path, "--style", tmp_path / "没有.toml", "-o", tmp_path / "出" / "汇总.docx")
    assert wrong.code == 2


def test_an_input_whose_name_is_masked_is_still_not_written_over(run_pbm: RunPbm, tmp_path: Path) -> None:
    county(tmp_path / "甲县", "甲县")
    (table,) = (tmp_path / "甲县").glob("*.csv")
    named = table.rename(table.with_name("张13800138000.csv"))
    before = named.read_bytes()
    done = run_pbm("rollup", tmp_path, "--publish", "-o", named)
    assert done.code == 2
    assert "结果不能写在输入文件上" in done.err
    assert named.read_bytes() == before


def test_an_own_ruleset_is_found_beside_the_settings_of_its_county(run_pbm: RunPbm, tmp_path: Path) -> None:
    county(tmp_path / "甲", "甲县", more='ruleset = "我县规则"')
    head = 'name = "own"\ntitle = "甲县的规则"\nbuilds_on = "national"\n'
    (tmp_path / "甲" / "我县规则").mkdir()
    (tmp_path / "甲" / "我县规则" / "ruleset.toml").write_text(head, encoding="utf-8")
    (only,) = rolled(run_pbm, tmp_path)["summary"]["counties"]
    assert (only["error"], only["ruleset"]) == (None, "own")

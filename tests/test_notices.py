"""pbm monitor --notices：每个有红灯、黄灯项目的单位一份 Word 通知和一份目录。"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest
import xlsxwriter

from conftest import Result, RunPbm, WriteSheet

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "luxian-2023"
EXECUTION = """
项目支出预算执行情况表（2023年1-12月）
单位：万元
| 项目编码 | 项目名称 | 预算单位 | 调整后预算数 | 累计支出 | 偏差原因 |
| 'P1' | 河道治理 | 水务局 | 100 | 95 | |
| 'P2' | 老旧小区改造 | 住建局 | 200 | 20 | 政策变化 |
| 'P3' | 校园安防 | 教体局 | 50 | 35 | |
| 'P4' | 危房改造 | 住建局 | 300 | 210 | 招标较晚 |
| 'P5' | 营养改善 | 教体局 | 40 | 28 | |
"""
INDICATORS = """
绩效指标表
| 项目编码 | 项目名称 | 预算单位 | 一级指标 | 二级指标 | 三级指标 | 指标性质 | 指标值 | 度量单位 | 完成值 |
| 'P1' | 河道治理 | 水务局 | 产出指标 | 数量指标 | 治理长度 | ≥ | 10 | 公里 | 5 |
"""
ON = ("--on", "2023-12-31")
FORBIDDEN = re.compile(r"[^0-9A-Za-z_.\u4e00-\u9fff]")


@pytest.fixture
def book(sheet: WriteSheet) -> Path:
    return sheet(EXECUTION, file="数据/执行.xlsx")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "通知"


def notices(run_pbm: RunPbm, path: Path, folder: Path, *more: str | Path) -> list[dict[str, Any]]:
    result = run_pbm("monitor", path, *ON, "--notices", folder, "--json", *more)
    assert result.code in (0, 1), result.err
    found = json.loads(result.out)["notices"]
    assert isinstance(found, list)
    return found


def paragraphs(path: Path) -> list[str]:
    return [p.text for p in docx.Document(str(path)).paragraphs if p.text.strip()]


def grids(path: Path) -> list[list[list[str]]]:
    return [[[cell.text for cell in row.cells] for row in table.rows] for table in docx.Document(str(path)).tables]


def hostile(path: Path, units: list[str]) -> Path:
    """每个单位一个红灯项目；金额按次序由大到小。"""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet()
        page.write_string(0, 0, "项目支出预算执行情况表（单位：万元）")
        for column, head in enumerate(("项目编码", "项目名称", "预算单位", "调整后预算数", "累计支出")):
            page.write_string(1, column, head)
        for number, unit in enumerate(units):
            for column, value in enumerate((f"P{number}", f"项目{number}", unit)):
                page.write_string(number + 2, column, value)
            page.write_number(number + 2, 3, 1000 - number)
            page.write_number(number + 2, 4, 1)
    return path


# 一、写哪些、什么次序


def test_one_for_each_unit_with_red_or_yellow(run_pbm: RunPbm, book: Path, folder: Path) -> None:
    assert notices(run_pbm, book, folder) == [
        {"file": "01_住建局.docx", "budget_unit": "住建局", "red": 1, "yellow": 1},
        {"file": "02_教体局.docx", "budget_unit": "教体局", "red": 0, "yellow": 2},
    ]
    assert sorted(path.name for path in folder.iterdir()) == ["01_住建局.docx", "02_教体局.docx", "目录.xlsx"]


def test_the_index_says_which_file_is_for_whom(run_pbm: RunPbm, book: Path, folder: Path) -> None:
    notices(run_pbm, book, folder)
    rows = [list(row) for row in openpyxl.load_workbook(folder / "目录.xlsx").active.iter_rows(values_only=True)]
    assert "共 2 份；红灯 1 个，黄灯 3 个" in str(rows[1][0])
    first = [1, "01_住建局.docx", "住建局", "整改通知", 1, 1, 500, 230, "2024年1月30日前"]
    assert rows[3:] == [first, [2, "02_教体局.docx", "教体局", "预警通知", 0, 2, 90, 63, "2024年1月30日前"]]


def test_the_screen_says_how_many_and_where(run_pbm: RunPbm, book: Path, folder: Path) -> None:
    said = run_pbm("monitor", book, *ON, "--notices", folder).err
    assert f"通知 2 份（红灯项目 1 个，黄灯项目 3 个），在 {folder}；目录是 {folder / '目录.xlsx'}。" in said
    assert "没有写 issuer" in said


def test_nothing_is_written_where_all_is_well(run_pbm: RunPbm, sheet: WriteSheet, folder: Path) -> None:
    book = sheet("\n".join(EXECUTION.splitlines()[:5]), file="数据/执行.xlsx")
    result = run_pbm("monitor", book, *ON, "--notices", folder)
    assert "没有写通知" in result.err
    assert not folder.exists()
    assert notices(run_pbm, book, folder) == []


def test_without_the_option_the_result_has_no_notices(run_pbm: RunPbm, book: Path) -> None:
    document = json.loads(run_pbm("monitor", book, *ON, "--json").out)
    assert "notices" not in document
    assert "notice_days" not in [row["name"] for row in document["parameters"]]


# 二、写什么


def test_what_a_rectification_notice_says(run_pbm: RunPbm, book: Path, folder: Path) -> None:
    notices(run_pbm, book, folder)
    said = paragraphs(folder / "01_住建局.docx")
    assert said[:2] == ["2023年双监控整改通知", "住建局："]
    assert "截至2023年12月31日" in said[2]
    assert "1个项目被判为红灯，1个项目被判为黄灯，涉及调整后预算500.00万元，累计支出230.00万元" in said[2]
    text = "\n".join(said)
    assert "请于2024年1月30日前填好附件" in text
    assert [line for line in said if line.startswith("附件")] == ["附件：整改情况反馈表", "附件"]
    assert "（发文单位）" in said


def test_each_project_with_its_figures_lights_and_lines(run_pbm: RunPbm, book: Path, folder: Path) -> None:
    notices(run_pbm, book, folder)
    figures, crossed, bases, reply = grids(folder / "01_住建局.docx")
    assert figures[1] == ["1", "老旧小区改造", "200.00", "20.00", "10.00%", "红灯", "无灯", "红灯", "调减并调整目标"]
    assert figures[2][:5] == ["2", "危房改造", "300.00", "210.00", "70.00%"]
    assert crossed[1][1].startswith(
        "老旧小区改造（编码 P2）：执行率 10.00%（累计支出 20.00 万元 ÷ 调整后预算 200.00 万元）"
    )
    assert crossed[1][1].endswith("低于 60%，红灯。")
    assert [row[2] for row in crossed[1:]] == ["政策变化", "招标较晚"]
    assert [row[0] for row in bases[1:]] == ["执行灯", "总灯", "处置建议", "反馈期限"]
    assert "黄灯≥60" in bases[1][1]
    assert "通行做法" in bases[1][2]
    assert bases[-1][1:] == ["2024年1月30日前（自数据截止日起 30 日）", "工具默认，没有成文出处（工具默认）"]
    assert reply[0] == ["序号", "项目名称", "项目编码", "总灯", "建议处置", "原因", "整改措施", "责任人", "完成时限"]
    assert reply[1] == ["1", "老旧小区改造", "P2", "红灯", "调减并调整目标", "", "", "", ""]


def test_a_goal_light_names_the_indicator_and_its_line(run_pbm: RunPbm, sheet: WriteSheet, folder: Path) -> None:
    book = sheet(EXECUTION, file="数据/执行.xlsx")
    sheet(INDICATORS, file="数据/指标.xlsx")
    found = notices(run_pbm, book.parent, folder)
    name = next(row["file"] for row in found if row["budget_unit"] == "水务局")
    figures, crossed, bases, _ = grids(folder / name)
    assert figures[1][5:8] == ["绿灯", "红灯", "红灯"]
    assert crossed[1][1].startswith("河道治理（编码 P1）：指标“治理长度”完成值 5")
    assert crossed[1][2] == "没有填报"
    assert [row[0] for row in bases[1:]] == ["目标灯", "总灯", "处置建议", "反馈期限"]
    assert "正向指标" in bases[1][1]


def test_only_yellow_is_a_warning(run_pbm: RunPbm, book: Path, folder: Path) -> None:
    notices(run_pbm, book, folder)
    said = paragraphs(folder / "02_教体局.docx")
    assert said[0] == "2023年双监控预警通知"
    assert "红灯" not in said[2]
    assert not any(line.startswith("对红灯项目") for line in said)


def test_the_law_of_sichuan_sets_choices_and_deadline(run_pbm: RunPbm, book: Path, folder: Path) -> None:
    notices(run_pbm, book, folder, "--ruleset", "sichuan-2025")
    text = "\n".join(paragraphs(folder / "01_住建局.docx"))
    assert "请于本通知印发之日起10个工作日内填好附件" in text
    assert "在继续执行、调剂、取消中选定一项；逾期自动暂停" in text
    bases = grids(folder / "01_住建局.docx")[2]
    assert bases[1][1].startswith("分月执行率预警线")
    assert all("川财绩〔2025〕10号" in row[2] and "二手转述" in row[2] for row in (bases[1], bases[-1]))


def settings(folder: Path, run: str = "") -> None:
    text = f'[county]\nname = "某县"\nissuer = "某县财政局"\nyear = 2023\n[run]\non = 2023-12-31\n{run}'
    (folder / "pbm.toml").write_text(text, encoding="utf-8")


def test_the_county_may_give_the_day(run_pbm: RunPbm, book: Path, folder: Path) -> None:
    settings(book.parent, "notice_due = 2024-02-09\n")
    assert run_pbm("monitor", book.parent, "--notices", folder).code in (0, 1)
    said = paragraphs(folder / "01_住建局.docx")
    assert any("请于2024年2月9日前" in line and "报某县财政局" in line for line in said)
    assert grids(folder / "01_住建局.docx")[2][-1][2] == "由本县在 pbm.toml 里设定"
    assert "某县财政局" in said


def test_a_day_before_the_cutoff_is_refused(run_pbm: RunPbm, book: Path, folder: Path) -> None:
    settings(book.parent, "notice_due = 2023-12-30\n")
    result = run_pbm("monitor", book.parent, "--notices", folder)
    assert (result.code, folder.exists()) == (2, False)
    assert "早于数据截止日" in result.err


@pytest.mark.parametrize(("days", "said"), [("7", "请于2024年1月7日前"), ("99999999", None)])
def test_the_county_may_change_the_days(
    run_pbm: RunPbm, book: Path, folder: Path, tmp_path: Path, days: str, said: str | None
) -> None:
    overlay = tmp_path / "本县规则"
    overlay.mkdir()
    basis = '{ title = "某县监控办法", evidence = "original" }'
    text = f"[notice_days]\n[[notice_days.values]]\neffective = 2020-01-01\nvalue = {days}\nbasis = {basis}\n"
    (overlay / "monitor.toml").write_text(text, encoding="utf-8")
    result = run_pbm("monitor", book, *ON, "--notices", folder, "--overlay", overlay)
    if said is None:
        assert (result.code, folder.exists()) == (2, False)
        assert "太长" in result.err
        return
    assert any(said in line for line in paragraphs(folder / "01_住建局.docx"))
    assert "某县监控办法" in grids(folder / "01_住建局.docx")[2][-1][2]


# 三、模板可以改


def test_the_county_rewrites_a_section(run_pbm: RunPbm, book: Path, folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "本县规则" / "templates" / "notice"
    own.mkdir(parents=True)
    (own / "30_duty.md.j2").write_text("## 本县要求\n\n{{ budget_unit }}请来人说明。\n", encoding="utf-8")
    (own / "20_basis.md.j2").write_text("", encoding="utf-8")
    notices(run_pbm, book, folder, "--overlay", tmp_path / "本县规则")
    said = paragraphs(folder / "01_住建局.docx")
    assert "二、本县要求" in said
    assert "住建局请来人说明。" in said
    assert not any("依据" in line for line in said)


@pytest.mark.parametrize(
    "text", ["{{ ''.__class__.__mro__ }}", "{% include '/etc/passwd' %}", "{{ no_such_name }}", "{% if %}"]
)
def test_a_bad_template_is_named_and_nothing_runs(
    run_pbm: RunPbm, book: Path, folder: Path, tmp_path: Path, text: str
) -> None:
    own = tmp_path / "本县规则" / "templates" / "notice"
    own.mkdir(parents=True)
    (own / "30_duty.md.j2").write_text(text, encoding="utf-8")
    result = run_pbm("monitor", book, *ON, "--notices", folder, "--overlay", tmp_path / "本县规则")
    assert (result.code, list(folder.glob("*"))) == (2, [])
    assert "30_duty.md.j2" in result.err


# 四、文件名与写盘


HOSTILE = [
    "..", "../../跑出去", "CON", "a/b\\c:d", "\u202e局务水", "汉" * 300, "水务局", "水 务 局（本级）", "水务局本级",
    "=1+1", "🐉局", "|x|", "<b>局</b>", "nul.", "&lt;局",
]  # fmt: skip


def test_names_are_never_taken_from_the_data_alone(run_pbm: RunPbm, tmp_path: Path, folder: Path) -> None:
    found = notices(run_pbm, hostile(tmp_path / "数据" / "执行.xlsx", HOSTILE), folder)
    names = [row["file"] for row in found]
    assert len(found) == len(HOSTILE)
    assert sorted(path.name for path in folder.iterdir()) == sorted([*names, "目录.xlsx"])
    assert [name for name in names if FORBIDDEN.search(name) or len(name) > 40] == []
    assert [name[:3] for name in names] == [f"{number:02d}_" for number in range(1, len(names) + 1)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["数据", "通知"]


def test_hostile_names_stay_text_in_the_letter(run_pbm: RunPbm, tmp_path: Path, folder: Path) -> None:
    found = notices(run_pbm, hostile(tmp_path / "数据" / "执行.xlsx", ["|x|", "<b>局</b>", "&lt;局", "# 局"]), folder)
    assert [paragraphs(folder / row["file"])[1] for row in found] == ["|x|：", "<b>局</b>：", "&lt;局：", "# 局："]


def test_a_project_without_unit_is_not_lost(run_pbm: RunPbm, tmp_path: Path, folder: Path) -> None:
    path = hostile(tmp_path / "数据" / "执行.xlsx", ["水务局", ""])
    result = run_pbm("monitor", path, *ON, "--notices", folder)
    assert (folder / "02_未填单位.docx").exists()
    assert "没有填单位" in result.err


def test_one_unit_written_two_ways_gets_one_letter(run_pbm: RunPbm, tmp_path: Path, folder: Path) -> None:
    path = hostile(tmp_path / "数据" / "执行.xlsx", ["水务局", "水 务局"])
    assert [row["red"] for row in notices(run_pbm, path, folder)] == [2]


def test_the_same_bytes_twice(run_pbm: RunPbm, book: Path, tmp_path: Path) -> None:
    made = []
    for name in ("甲", "乙"):
        notices(run_pbm, book, tmp_path / name)
        made.append({path.name: path.read_bytes() for path in sorted((tmp_path / name).iterdir())})
    assert made[0] == made[1]


def test_an_input_is_never_overwritten(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    book = sheet(EXECUTION, file="数据/目录.xlsx")
    before = book.read_bytes()
    result = run_pbm("monitor", book.parent, *ON, "--notices", book.parent)
    assert result.code == 2
    assert [path.name for path in book.parent.iterdir()] == ["目录.xlsx"]
    assert book.read_bytes() == before


def test_letters_among_the_inputs_are_not_read_again(run_pbm: RunPbm, book: Path) -> None:
    first = notices(run_pbm, book.parent, book.parent / "通知")
    document = json.loads(run_pbm("monitor", book.parent, *ON, "--json").out)
    assert [item["file"] for item in document["inputs"]] == ["执行.xlsx"]
    assert notices(run_pbm, book.parent, book.parent / "通知") == first


def test_letters_of_another_run_are_left_and_named(run_pbm: RunPbm, book: Path, folder: Path) -> None:
    folder.mkdir()
    (folder / "07_旧单位.docx").write_bytes(b"old")
    result: Result = run_pbm("monitor", book, *ON, "--notices", folder)
    assert "1 份不是这次写的通知（07_旧单位.docx）" in result.err
    assert (folder / "07_旧单位.docx").read_bytes() == b"old"


def test_a_file_in_place_of_the_folder(run_pbm: RunPbm, book: Path, folder: Path) -> None:
    folder.write_text("x", encoding="utf-8")
    result = run_pbm("monitor", book, *ON, "--notices", folder)
    assert result.code == 2
    assert "不是文件夹" in result.err


# 五、整个县


def test_the_county_year(run_pbm: RunPbm, folder: Path) -> None:
    result = run_pbm("monitor", EXAMPLE, "--json", "--notices", folder)
    document = json.loads(result.out)
    lights = document["summary"]["lights"]
    found = document["notices"]
    assert sum(row["red"] for row in found) == lights["red"]
    assert sum(row["yellow"] for row in found) == lights["yellow"]
    units = {row["budget_unit"] for row in document["rows"] if row["light"] in ("red", "yellow")}
    assert {row["budget_unit"] for row in found} == units
    for row in found:
        figures = grids(folder / row["file"])[0][1:]
        assert [line[7] for line in figures].count("红灯") == row["red"]
        mine = [
            r for r in document["rows"] if r["budget_unit"] == row["budget_unit"] and r["light"] in ("red", "yellow")
        ]
        assert sorted(line[4] for line in figures) == sorted(f"{r['execution_pct']}%" for r in mine)


def test_libreoffice_opens_a_letter(
    run_pbm: RunPbm, book: Path, folder: Path, tmp_path: Path, needs_tool: Callable[[str], str]
) -> None:
    office, reader = needs_tool("soffice"), needs_tool("pdftotext")
    notices(run_pbm, book, folder)
    profile = f"-env:UserInstallation={(tmp_path / 'office').as_uri()}"
    command = [office, profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path)]
    subprocess.run([*command, str(folder / "01_住建局.docx")], check=True, capture_output=True)
    pages = subprocess.run([reader, str(tmp_path / "01_住建局.pdf"), "-"], check=True, capture_output=True)
    text = pages.stdout.decode("utf-8")
    assert text.count("\f") == 3
    assert "整改情况反馈表" in text

"""写出的各种形式：Word 版式、Excel 底稿、CSV、JSON、Markdown，以及完整写盘。"""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import subprocess
import sys
import time
import zipfile
from copy import deepcopy
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest
from docx.oxml.ns import qn
from lxml import etree

from pbm_cli import outputs
from pbm_cli.errors import ConfigError, OutputError, UsageError
from pbm_cli.outputs import atomic
from pbm_cli.outputs import csv as csv_form
from pbm_cli.outputs import docx as docx_form
from pbm_cli.outputs import json as json_form
from pbm_cli.outputs import markdown as markdown_form
from pbm_cli.outputs.columns import column, columns, rows_by_stage, show
from pbm_cli.outputs.docx_tables import column_widths
from pbm_cli.outputs.prose import Grid, Heading, Paragraph, Signature, parse, plain
from pbm_cli.outputs.style import Profile, load_profile
from pbm_cli.outputs.summary import figures, stages, tables

Document = dict[str, Any]
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
DANGEROUS = ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＋1", "－1", "＠x", '=HYPERLINK("http://x")']
SOURCE = {"pbm": "0.1.0", "ruleset": "national", "inputs": [{"file": "执行表.xlsx", "sha256": "a" * 64}]}


def _monitor_row(number: int, **more: Any) -> dict[str, Any]:
    row = {
        "project_code": f"{510521230000000000000 + number}",
        "project_name": f"农村公路养护项目{number}",
        "budget_unit": "县交通运输局",
        "department": "县交通运输局",
        "budget_yuan": "47550500.00",
        "expenditure_yuan": "-5461800.01",
        "execution_pct": "11.49",
        "progress_ratio_pct": None,
        "execution_light": "red",
        "goal_light": "green",
        "light": "red",
        "action": "限期整改",
        "reasons": ["执行率 11.49%，低于 60%，红灯", "政策变化", "招标延误"],
        "light_reasons": ["执行率 11.49%，低于 60%，红灯"],
        "stated_reasons": ["政策变化", "招标延误"],
        "indicators": [
            {
                "level1": "产出指标", "level2": "数量指标", "level3": "养护里程", "operator": ">=", "target": "60",
                "measure": "公里", "actual": "57", "completion_pct": "95.00", "light": "green",
            }
        ],
        "origin": {"file": "执行表.xlsx", "sheet": "执行", "row": number + 3},
    }  # fmt: skip
    return {**row, **more}


@pytest.fixture
def document() -> Document:
    """一份年度总结的 JSON 文档。"""
    return {
        "pbm": "0.1.0", "command": "report", "county": "泸县", "issuer": "泸县财政局", "year": 2023,
        "ruleset": "national", "ruleset_digest": "ab" * 32, "on": "2023-12-31",
        "inputs": [
            {
                "file": "执行表.xlsx", "sha256": "cd" * 32,
                "sheets": [
                    {"name": "执行", "kind": "execution", "rows_read": 4, "rows_used": 3, "rows_rejected": 0,
                     "rows_total": 1}
                ],
            }
        ],
        "summary": {
            "assess": {
                "projects": 12, "submitted_yuan": "47550500.00", "reduction_pct": "11.49",
                "by_conclusion": {"予以支持": 8, "调整完善后支持": 4},
                "by_unit": [{"budget_unit": "县农业农村局", "projects": 2, "submitted_yuan": "100.00"}],
            },
            "goals": None,
            "monitor": {
                "projects": 1795, "execution_pct": None, "adjusted_yuan": "126027500.00",
                "lights": {"red": 52, "yellow": 3, "green": 1740, "blue": 0, "none": 0},
            },
            "mechanism": {"documents": 5, "training_sessions": 3, "training_attendances": 334},
        },
        "rows": [
            {
                "stage": "assess", "project_code": "0012", "project_name": "粮油园区补助", "budget_unit": "县水务局",
                "submitted_yuan": "47550500.00", "approved_yuan": "42088700.00", "reduction_yuan": "5461800.00",
                "reduction_pct": "11.49", "score": "85.50", "conclusion": "调整完善后支持",
                "origin": {"file": "评估.xlsx", "sheet": "汇总", "row": 5},
            },
            *({"stage": "monitor", **_monitor_row(number)} for number in range(3)),
        ],
        "findings": [
            {
                "code": "D01", "level": "error", "subject": "农村公路养护项目1", "message": "累计支出：“123O0”不是金额",
                "where": {"file": "执行表.xlsx", "sheet": "执行", "cell": "F17"}, "basis": None,
            },
            {"code": "M04", "level": "red", "subject": "甲", "message": "红灯", "where": None, "basis": "《办法》"},
        ],
        "parameters": [
            {
                "name": "execution_bands", "label": "执行灯分档", "value": "红灯低于 60", "unit": "%",
                "effective": "2015-06-01", "basis": "《办法》", "evidence": "secondary",
            }
        ],
    }  # fmt: skip


NARRATIVE = """# 泸县2023年预算绩效管理工作总结

2023年，我县认真落实《关于深入实施预算绩效管理的通知》（川委厅〔2022〕5号），
建成“全方位、全过程、全覆盖”的管理体系。

## 一、着力建机制，完善预算绩效管理体系

印发制度文件5份，组织培训3期，培训334 人次。

## 二、聚焦三环节，提升预算绩效管理质效

### （一）强化事前绩效评估

**一是提高源头管控力度。**选取12个项目开展重点绩效评估，涉及金额4755.05万元，评减率达到11.49%。

#### 1．结论情况

表1 按结论汇总

单位：万元

| 结论 | 项目数 | 申报金额 |
| --- | ---: | --- |
| 予以支持 | 8 | 3,000.00 |
| 调整完善后支持 | 4 | 1,755.05 |

- 规则集：`national`
- 依据见 <附件>

> 泸县财政局
> 2024年1月15日

# 附件1 红灯项目清单

| 序号 | 项目 | 执行率 |
| --- | --- | --- |
| 1 | 甲 | 5.00% |

# 附件2 运行监控明细表

| 项目编码 | 项目名称 | 单位 | 部门 | 预算 | 支出 | 执行率 | 执行灯 | 目标灯 | 处置 |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
""" + "".join(
    f"| 51052123000000000{n:04d} | 农村公路养护项目{n} | 县交通运输局 | 县交通运输局 | {n * 1234.56:,.2f} "
    f"| {n}.00 | {n}.10% | **红灯** | 黄灯 | 限期整改 |\n"
    for n in range(1, 53)
)


def _part(data: bytes, name: str) -> Any:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return etree.fromstring(package.read(name))


@pytest.fixture(scope="module")
def word() -> bytes:
    return docx_form.render(NARRATIVE, load_profile(), SOURCE)


# ---- 形式的选择 -------------------------------------------------------------------------------------------------


def test_unknown_suffix_lists_supported(document: Document) -> None:
    with pytest.raises(UsageError, match=r"\.pdf.*\.xlsx、\.docx"):
        outputs.render(".pdf", document)
    with pytest.raises(UsageError, match="没有后缀"):
        outputs.render("", document)


@pytest.mark.parametrize("suffix", list(outputs.FORMS))
def test_same_document_same_bytes(suffix: str, document: Document) -> None:
    narrative = NARRATIVE if suffix in {".docx", ".md"} else None
    first = outputs.render(suffix, document, narrative)
    assert first == outputs.render(suffix.upper(), deepcopy(document), narrative)
    assert len(first) > 200


def test_importing_outputs_is_light() -> None:
    code = (
        "import sys, pbm_cli.outputs, pbm_cli.outputs.json, pbm_cli.outputs.csv, pbm_cli.outputs.atomic;"
        "print([m for m in ('docx', 'xlsxwriter', 'jinja2', 'pandas', 'openpyxl') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("suffix", list(outputs.FORMS))
def test_empty_document_is_written(suffix: str) -> None:
    bare = {"pbm": "0.1.0", "command": "monitor", "findings": []}
    assert outputs.render(suffix, bare)


# ---- JSON ------------------------------------------------------------------------------------------------------


def test_json_keeps_order_and_chinese(document: Document) -> None:
    data = json_form.render(document)
    assert data.endswith(b"}\n")
    assert "泸县财政局".encode() in data
    assert json.loads(data) == document
    assert list(json.loads(data)) == list(document)


def test_json_with_lone_surrogate_is_still_json() -> None:
    assert json.loads(json_form.render({"name": "甲\udc80"}))["name"] == "甲\udc80"


# ---- CSV -------------------------------------------------------------------------------------------------------


def _csv(data: bytes) -> list[dict[str, str]]:
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_csv_of_report_is_one_table(document: Document) -> None:
    rows = _csv(csv_form.render(document))
    assert next(iter(rows[0])) == "阶段"
    assert [row["阶段"] for row in rows] == ["事前评估", "运行监控", "运行监控", "运行监控"]
    assert rows[0]["申报金额（元）"] == "47550500.00"
    assert rows[0]["项目编码"] == "0012"
    assert rows[1]["总灯"] == "红灯"
    assert rows[1]["累计支出（元）"] == "-5461800.01"
    assert rows[1]["偏差原因"] == "政策变化；招标延误"
    assert rows[1]["判灯依据"] == "执行率 11.49%，低于 60%，红灯"
    assert rows[1]["执行率与序时进度之比（%）"] == ""
    assert rows[1]["指标"] == "产出指标/数量指标/养护里程：>=60公里，实际 57，95.00%，绿灯"
    assert rows[1]["出处"] == "执行表.xlsx›执行 第3行"


def test_csv_of_one_stage_has_no_stage_column(document: Document) -> None:
    document |= {"command": "monitor", "rows": [_monitor_row(1)]}
    assert next(iter(_csv(csv_form.render(document))[0])) == "项目编码"


@pytest.mark.parametrize("text", DANGEROUS)
def test_csv_formula_is_prefixed(text: str) -> None:
    row = _monitor_row(1, project_name=text, stated_reasons=[text, "甲"])
    found = _csv(csv_form.render({"command": "monitor", "rows": [row]}))[0]
    assert found["项目名称"].startswith("'")
    assert found["偏差原因"].startswith("'")


def test_csv_text_in_number_column_is_guarded() -> None:
    found = _csv(csv_form.render({"command": "monitor", "rows": [_monitor_row(1, budget_yuan="-1+cmd")]}))[0]
    assert found["调整后预算（元）"] == "'-1+cmd"


def test_csv_without_rows_is_the_findings(document: Document) -> None:
    document["rows"] = []
    rows = _csv(csv_form.render(document))
    assert rows[0]["级别"] == "错误"
    assert rows[0]["单元格"] == "F17"


# ---- 列与汇总 --------------------------------------------------------------------------------------------------


def test_every_contract_row_key_has_a_chinese_title() -> None:
    for stage in ("assess", "goals", "monitor", "evaluate"):
        for item in columns(stage, []):
            assert not item.title.isascii(), (stage, item)


def test_known_extra_keys_become_columns_and_unknown_do_not() -> None:
    keys = [item.key for item in columns("assess", [{"fund": "一般公共预算", "secret": 1, "stage": "assess"}])]
    assert "fund" in keys
    assert "secret" not in keys
    assert "stage" not in keys


def test_summary_figures_have_label_and_unit(document: Document) -> None:
    found = stages(document)
    assert [stage for stage, _, _ in found] == ["assess", "monitor", "mechanism"]
    by_key = {item.key: item for item in figures("monitor", found[1][2])}
    assert (by_key["adjusted_yuan"].unit, by_key["projects"].unit) == ("万元", "个")
    lights = next(table for table in tables("monitor", found[1][2]) if table.key == "lights")
    assert [row["key"] for row in lights.rows] == ["red", "yellow", "green", "blue", "none"]
    assert lights.columns[0].form == "light"


def test_show_rounds_half_up_only_to_show() -> None:
    assert show("47550500.00", "money") == "4,755.05"
    assert show("50.00", "money") == "0.01"
    assert show("-50.00", "money") == "-0.01"
    assert show("11.49", "percent") == "11.49%"
    assert show(1795, "count") == "1,795"
    assert show(None, "money") == ""
    assert show("yellow", "light") == "黄灯"


def test_nested_lights_of_a_unit_become_columns() -> None:
    group = tables("monitor", {"by_unit": [{"budget_unit": "甲", "lights": {"red": 1, "green": 2}}]})[0]
    assert [item.title for item in group.columns] == ["预算单位", "红灯", "绿灯"]
    assert column("monitor", "execution_light.red").title == "执行灯红灯"


def test_rows_by_stage_follows_the_order_of_stages() -> None:
    rows = [{"stage": "monitor"}, {"stage": "assess"}]
    assert [stage for stage, _ in rows_by_stage({"command": "report", "rows": rows})] == ["assess", "monitor"]


# ---- Excel -----------------------------------------------------------------------------------------------------


def _book(data: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(data))


def test_xlsx_sheets_and_formats(document: Document) -> None:
    book = _book(outputs.render(".xlsx", document))
    assert book.sheetnames == [
        "汇总", "明细-事前评估", "明细-运行监控", "指标-运行监控", "问题清单", "依据", "来源",
    ]  # fmt: skip
    sheet = book["明细-运行监控"]
    heads = [cell.value for cell in sheet[3]]
    row = dict(zip(heads, sheet[4], strict=True))
    assert row["调整后预算（万元）"].value == 4755.05
    assert row["调整后预算（万元）"].number_format == "#,##0.00"
    assert row["累计支出（万元）"].value == -546.180001
    assert row["执行率"].value == 0.1149
    assert row["执行率"].number_format == "0.00%"
    assert row["项目编码"].value == "510521230000000000000"
    assert row["项目编码"].data_type == "s"
    assert row["总灯"].value == "红灯"
    assert row["总灯"].fill.fgColor.rgb == "FFFFC7CE"
    assert "执行率与序时进度之比" not in row, "一行也没有填的列不列"
    assert row["指标数"].value == 1
    assert sheet.freeze_panes == "C4"
    assert sheet.auto_filter.ref == f"A3:{sheet.cell(3, len(row)).column_letter}6"
    assert sheet.page_setup.orientation == "landscape"
    assert str(sheet.page_setup.paperSize) == "9"
    assert (sheet.sheet_properties.pageSetUpPr.fitToPage, sheet.page_setup.fitToHeight) == (True, 0)
    assert sheet.print_title_rows.endswith("$3:$3")
    assert sheet.column_dimensions["A"].width >= 21


def test_xlsx_sources_and_basis(document: Document) -> None:
    book = _book(outputs.render(".xlsx", document))
    sources = {str(cell.value) for row in book["来源"].iter_rows() for cell in row}
    assert {"cd" * 32, "ab" * 32, "2023-12-31", "national", "0.1.0", "项目支出预算执行表"} <= sources
    assert [cell.value for cell in book["依据"][4]][-1] == "二手转述，未核对原文"
    assert [cell.value for cell in book["问题清单"][4]][1] == "错误"
    assert book.properties.creator == "pbm"


def test_xlsx_summary_shows_lights_as_coloured_words(document: Document) -> None:
    sheet = _book(outputs.render(".xlsx", document))["汇总"]
    cells = {cell.value: cell for row in sheet.iter_rows() for cell in row}
    assert cells["红灯"].fill.fgColor.rgb == "FFFFC7CE"
    assert 4755.05 in cells
    assert 12602.75 in cells
    assert "目标审核" not in cells


@pytest.mark.parametrize("text", DANGEROUS)
def test_xlsx_formula_stays_text(text: str) -> None:
    row = _monitor_row(1, project_name=text, project_code=text, budget_yuan=text)
    book = _book(outputs.render(".xlsx", {"command": "monitor", "county": text, "rows": [row], "findings": []}))
    dangerous = [
        cell for sheet in book for line in sheet.iter_rows() for cell in line if cell.data_type == "f" or cell.hyperlink
    ]
    assert dangerous == []
    assert str(book["明细"]["B4"].value).strip() == text.strip()


def test_xlsx_long_text_and_control_characters_survive() -> None:
    row = _monitor_row(1, project_name="长" * 40_000, action="甲\x00\x1b\ud800\u202e乙_x001B_")
    sheet = _book(outputs.render(".xlsx", {"command": "monitor", "rows": [row]}))["明细"]
    assert len(sheet["B4"].value) == 32_767
    heads = {cell.value: cell.column for cell in sheet[3]}
    assert sheet.cell(4, heads["处置措施"]).value == "甲\ufffd乙_x001B_"


# ---- Markdown --------------------------------------------------------------------------------------------------


def test_markdown_of_report_is_the_narrative(document: Document) -> None:
    assert markdown_form.render(document, NARRATIVE).decode() == NARRATIVE.rstrip("\n") + "\n"


def test_markdown_without_narrative(document: Document) -> None:
    text = markdown_form.text(document)
    assert "| 申报金额 | 4,755.05 | 万元 |" in text
    assert "执行表.xlsx›执行!F17" in text
    assert "cd" * 32 in text
    assert "# 附件2 运行监控明细" in text


def test_markdown_data_is_inert() -> None:
    hostile = "a|b **粗** <script> [x](http://y) `z` # 标\n# 题"
    row = _monitor_row(1, project_name=hostile)
    text = markdown_form.text({"command": "monitor", "rows": [row]})
    grids = [block for block in parse(text) if isinstance(block, Grid)]
    assert plain(grids[-1].rows[1][1]) == hostile.replace("\n", " ")
    assert all(not strong for _, strong in grids[-1].rows[1][1])


# ---- 叙述的解析 ------------------------------------------------------------------------------------------------


def test_prose_blocks() -> None:
    blocks = parse(NARRATIVE)
    heads = [(block.level, plain(block.spans)) for block in blocks if isinstance(block, Heading)]
    assert heads[0] == (1, "泸县2023年预算绩效管理工作总结")
    assert [level for level, _ in heads] == [1, 2, 2, 3, 4, 1, 1]
    signature = next(block for block in blocks if isinstance(block, Signature))
    assert [plain(line) for line in signature.lines] == ["泸县财政局", "2024年1月15日"]
    texts = [plain(block.spans) for block in blocks if isinstance(block, Paragraph)]
    assert any(text.endswith("〔2022〕5号），建成“全方位、全过程、全覆盖”的管理体系。") for text in texts)
    assert "· 规则集：national" in texts
    assert "· 依据见 <附件>" in texts


def test_prose_strong_beside_chinese_punctuation() -> None:
    found = parse(r"**一是提高。**选取12个，\*\*不是\*\*着重，3**2 也不是。")[0]
    assert isinstance(found, Paragraph)
    assert found.spans == [("一是提高。", True), ("选取12个，**不是**着重，3**2 也不是。", False)]


# ---- Word ------------------------------------------------------------------------------------------------------


def test_docx_page_follows_the_profile(word: bytes) -> None:
    sections = docx.Document(io.BytesIO(word)).sections
    assert len(sections) == 3
    size, margins = (sections[0]._sectPr.find(qn(tag)).attrib for tag in ("w:pgSz", "w:pgMar"))
    assert (size[f"{W}w"], size[f"{W}h"]) == ("11906", "16838")
    assert [margins[W + side] for side in ("top", "left", "right", "bottom")] == ["2098", "1587", "1474", "1984"]
    assert all(section._sectPr.find(qn("w:docGrid")).get(f"{W}linePitch") == "580" for section in sections)


def test_docx_wide_annex_is_landscape(word: bytes) -> None:
    sections = docx.Document(io.BytesIO(word)).sections
    shapes = [section._sectPr.find(qn("w:pgSz")).attrib for section in sections]
    assert [shape.get(f"{W}orient") for shape in shapes] == [None, None, "landscape"]
    assert (shapes[2][f"{W}w"], shapes[2][f"{W}h"]) == ("16838", "11906")


def test_docx_lines_and_characters_fit_the_page() -> None:
    page, styles = load_profile().page, _part(docx_form.render("# 题", load_profile(), SOURCE), "word/styles.xml")
    normal = next(style for style in styles.iter(f"{W}style") if style.get(f"{W}styleId") == "Normal")
    paragraph, run = normal.find(f"{W}pPr"), normal.find(f"{W}rPr")
    line = int(paragraph.find(f"{W}spacing").get(f"{W}line"))
    assert paragraph.find(f"{W}spacing").get(f"{W}lineRule") == "exact"
    assert (page.height - page.top - page.bottom) // line == 22
    advance = 320 + int(run.find(f"{W}spacing").get(f"{W}val"))
    assert (page.width - page.left - page.right) // advance == 28


@pytest.mark.parametrize(
    ("style", "font", "half_points", "outline"),
    [
        ("Title", "方正小标宋简体", "44", None),
        ("Normal", "仿宋_GB2312", "32", None),
        ("Heading1", "黑体", "32", "0"),
        ("Heading2", "楷体_GB2312", "32", "1"),
        ("Heading3", "仿宋_GB2312", "32", "2"),
        ("TableText", "仿宋_GB2312", "21", None),
        ("Footer", "宋体", "28", None),
    ],
)
def test_docx_styles(word: bytes, style: str, font: str, half_points: str, outline: str | None) -> None:
    found = next(s for s in _part(word, "word/styles.xml").iter(f"{W}style") if s.get(f"{W}styleId") == style)
    assert found.find(f"{W}rPr/{W}rFonts").get(f"{W}eastAsia") == font
    assert found.find(f"{W}rPr/{W}sz").get(f"{W}val") == half_points
    level = found.find(f"{W}pPr/{W}outlineLvl")
    assert (level.get(f"{W}val") if level is not None else None) == outline


def test_docx_body_is_indented_two_characters(word: bytes) -> None:
    normal = next(s for s in _part(word, "word/styles.xml").iter(f"{W}style") if s.get(f"{W}styleId") == "Normal")
    indent = normal.find(f"{W}pPr/{W}ind")
    assert (indent.get(f"{W}firstLineChars"), indent.get(f"{W}firstLine")) == ("200", "640")


def test_docx_every_text_run_names_its_chinese_font(word: bytes) -> None:
    runs = [run for run in _part(word, "word/document.xml").iter(f"{W}r") if run.find(f"{W}t") is not None]
    assert len(runs) > 500
    assert all(run.find(f"{W}rPr/{W}rFonts").get(f"{W}eastAsia") for run in runs)


def test_docx_text_is_whole_and_strong_is_hei(word: bytes) -> None:
    document = docx.Document(io.BytesIO(word))
    texts = [paragraph.text for paragraph in document.paragraphs]
    assert any("涉及金额4755.05万元，评减率达到11.49%。" in text for text in texts)
    assert any("培训334\u00a0人次" in text for text in texts)
    strong = next(p for p in document.paragraphs if p.text.startswith("一是提高"))
    fonts = [run._r.find(f"{W}rPr/{W}rFonts").get(f"{W}eastAsia") for run in strong.runs]
    assert fonts[0] == "黑体"
    assert "仿宋_GB2312" in fonts[1:]
    styles = {p.text: p.style.name for p in document.paragraphs if p.style}
    assert styles["泸县2023年预算绩效管理工作总结"] == "Title"
    assert styles["一、着力建机制，完善预算绩效管理体系"] == "Heading 1"
    assert styles["（一）强化事前绩效评估"] == "Heading 2"
    assert styles["1．结论情况"] == "Heading 3"
    assert (styles["附件1"], styles["红灯项目清单"]) == ("附件标记", "附件标题")
    assert (styles["泸县财政局"], styles["2024年1月15日"]) == ("落款", "落款")
    assert (styles["表1 按结论汇总"], styles["单位：万元"]) == ("表题", "表注")


def test_docx_figures_are_joined_to_their_units(word: bytes) -> None:
    """数与单位之间有不可见的连接符，settings 里数字不许在行尾。"""
    joiners = list(_part(word, "word/document.xml").iter(f"{W}sym"))
    before = {joiner.getparent().getprevious().find(f"{W}t").text[-1] for joiner in joiners}
    assert joiners
    assert before <= set("0123456789万人\u00a0")
    settings = _part(word, "word/settings.xml")
    assert set("0123456789") <= set(settings.find(f"{W}noLineBreaksAfter").get(f"{W}val"))
    assert settings.find(f"{W}evenAndOddHeaders") is not None


def test_docx_signature_is_right_with_four_characters(word: bytes) -> None:
    style = next(s for s in _part(word, "word/styles.xml").iter(f"{W}style") if s.get(f"{W}styleId") == "Signature")
    assert style.find(f"{W}pPr/{W}jc").get(f"{W}val") == "right"
    assert style.find(f"{W}pPr/{W}ind").get(f"{W}rightChars") == "400"


def test_docx_page_numbers(word: bytes) -> None:
    section = docx.Document(io.BytesIO(word)).sections[0]
    for footer, side in ((section.footer, "right"), (section.even_page_footer, "left")):
        paragraph = footer.paragraphs[0]._p
        assert paragraph.find(f"{W}pPr/{W}jc").get(f"{W}val") == side
        assert paragraph.find(f"{W}pPr/{W}ind").get(f"{W}{side}Chars") == "100"
        assert "PAGE" in "".join(node.text for node in paragraph.iter(f"{W}instrText"))
        assert "".join(node.text for node in paragraph.iter(f"{W}t")) == "— 1 —"
        fonts = paragraph.find(f"{W}r/{W}rPr/{W}rFonts")
        assert {fonts.get(W + slot) for slot in ("ascii", "hAnsi", "eastAsia")} == {"宋体"}
        assert paragraph.find(f"{W}r/{W}rPr/{W}sz").get(f"{W}val") == "28"


def test_docx_tables_repeat_head_and_align_numbers(word: bytes) -> None:
    tables_ = docx.Document(io.BytesIO(word)).tables
    assert [len(table.rows) for table in tables_] == [3, 2, 53]
    big = tables_[2]._tbl
    rows = big.findall(f"{W}tr")
    assert [row.find(f"{W}trPr/{W}tblHeader") is not None for row in rows] == [True] + [False] * 52
    assert all(row.find(f"{W}trPr/{W}cantSplit") is not None for row in rows)
    aligns = [cell.find(f"{W}p/{W}pPr/{W}jc").get(f"{W}val") for cell in rows[1].findall(f"{W}tc")]
    assert aligns == ["left"] * 4 + ["right"] * 3 + ["left"] * 3
    total = sum(int(column_.get(f"{W}w")) for column_ in big.find(f"{W}tblGrid"))
    assert total == 16838 - 2098 - 1984
    fonts = [cell.find(f"{W}p/{W}r/{W}rPr/{W}rFonts").get(f"{W}eastAsia") for cell in rows[1].findall(f"{W}tc")]
    assert fonts[7:9] == ["黑体", "仿宋_GB2312"]


def test_docx_package_is_plain_and_says_where_it_is_from(word: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(word)) as package:
        names = package.namelist()
        assert names[0] == "[Content_Types].xml"
        assert {entry.date_time for entry in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert "a" * 64 in package.read("customXml/item1.xml").decode()
    core = docx.Document(io.BytesIO(word)).core_properties
    assert core.author == "pbm"
    assert core.title == "泸县2023年预算绩效管理工作总结"
    assert core.comments.startswith("pbm 0.1.0; ruleset national; on ; inputs 1 sha256 ")


def test_docx_fonts_have_fallbacks(word: bytes) -> None:
    fonts = {font.get(f"{W}name"): font.find(f"{W}altName") for font in _part(word, "word/fontTable.xml")}
    assert fonts["仿宋_GB2312"].get(f"{W}val") == "FangSong"
    assert {"方正小标宋简体", "楷体_GB2312", "黑体", "SimSun"} <= set(fonts)


def test_docx_hostile_text_is_text() -> None:
    hostile = "甲<w:t>&乙 \\*\\* =1+1 \x00\ud800"
    table = "| a | b |\n| --- | --- |\n| <b>&amp; | \\| |"
    data = docx_form.render(f"# {hostile}\n\n{hostile}\n\n{table}", load_profile(), SOURCE)
    found = docx.Document(io.BytesIO(data))
    assert found.paragraphs[1].text.startswith("甲<w:t>&乙 ** =1+1")
    assert [cell.text for cell in found.tables[0].rows[1].cells] == ["<b>&", "|"]


def test_docx_big_table_is_fast() -> None:
    body = "".join(f"| {n} | 项目{n} | 单位 | 1.00 | 2.00 | 3% | 红灯 | 黄灯 | 红灯 | 整改 |\n" for n in range(1800))
    head = "# 题\n\n# 附件1 表\n\n" + "|" + " 列 |" * 10 + "\n|" + " --- |" * 10 + "\n"
    before = time.process_time()
    data = docx_form.render(head + body, load_profile(), SOURCE)
    assert time.process_time() - before < 10
    assert data.count(b"PK") > 5


def test_column_widths_always_fill_the_page() -> None:
    size = load_profile().sizes.table
    narrow = [["甲", "乙"], ["1", "2"]]
    wide = [["名称"] * 9, ["很长的名称" * 9] * 8 + ["123,456,789.00"]]
    crowded = [["数"] * 30, ["123,456,789.00"] * 30]
    for texts in (narrow, wide, crowded):
        widths = column_widths(texts, 8845, size)
        assert sum(widths) == 8845
        assert min(widths) > 0
    assert column_widths(wide, 8845, size)[-1] >= 14 * 105


# ---- 版式文件 --------------------------------------------------------------------------------------------------


def test_own_style_lies_over_the_default(tmp_path: Path) -> None:
    own = tmp_path / "style.toml"
    own.write_text('[sizes]\ntable = 12\n[fonts]\nbody = "仿宋"\n', encoding="utf-8")
    profile = load_profile(own)
    assert isinstance(profile, Profile)
    assert (str(profile.sizes.table), profile.fonts.body, profile.page.top) == ("12", "仿宋", 2098)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[sizes]\ntabel = 12\n", "sizes.tabel"),
        ("[pages]\ntop = 1\n", "pages"),
        ('[page]\ntop = "宽"\n', "page.top"),
        ("page = 3\n", "page"),
    ],
)
def test_bad_style_names_the_key(tmp_path: Path, text: str, key: str) -> None:
    own = tmp_path / "style.toml"
    own.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_profile(own)
    assert caught.value.where.endswith(f"style.toml›{key}")


def test_unreadable_style(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="读不出来"):
        load_profile(tmp_path / "没有.toml")
    broken = tmp_path / "style.toml"
    broken.write_text("[page\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="写法不对"):
        load_profile(broken)


# ---- 写盘 ------------------------------------------------------------------------------------------------------


def _left(folder: Path) -> list[str]:
    return sorted(item.name for item in folder.iterdir())


def test_write_makes_folders_and_replaces(tmp_path: Path) -> None:
    target = tmp_path / "甲" / "乙" / "结果.json"
    assert atomic.write(target, b"1") == target
    assert atomic.write(target, b"22", []) == target
    assert target.read_bytes() == b"22"
    assert _left(target.parent) == ["结果.json"]


@pytest.mark.parametrize("how", ["same", "symlink", "hardlink", "case", "dots"])
def test_write_refuses_an_input(tmp_path: Path, how: str) -> None:
    source = tmp_path / "Input.xlsx"
    source.write_bytes(b"old")
    target = {"case": tmp_path / "INPUT.XLSX", "dots": tmp_path / "x" / ".." / "Input.xlsx"}.get(how, source)
    if how in {"symlink", "hardlink"}:
        target = tmp_path / "out.xlsx"
        (target.symlink_to if how == "symlink" else target.hardlink_to)(source)
    with pytest.raises(OutputError, match="输入文件"):
        atomic.write(target, b"new", [source])
    assert source.read_bytes() == b"old"


@pytest.mark.parametrize("step", ["fsync", "replace", "open", "fdopen"])
@pytest.mark.parametrize(
    ("code", "word_"), [(errno.ENOSPC, "磁盘已满"), (errno.EROFS, "只读"), (errno.EIO, "磁盘读写")]
)
def test_write_fault_keeps_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, code: int, word_: str
) -> None:
    target = tmp_path / "结果.xlsx"
    target.write_bytes(b"old")

    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, step, fail)
        with pytest.raises(OutputError, match=word_):
            atomic.write(target, b"new")
    assert target.read_bytes() == b"old"
    assert _left(tmp_path) == ["结果.xlsx"]


def test_write_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "denied")

    monkeypatch.setattr(os, "open", fail)
    with pytest.raises(OutputError, match="权限"):
        atomic.write(tmp_path / "结果.xlsx", b"new")
    assert _left(tmp_path) == []


def test_write_interrupted_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(KeyboardInterrupt):
        atomic.write(tmp_path / "结果.xlsx", b"new")
    assert _left(tmp_path) == []


def _open_in_excel(monkeypatch: pytest.MonkeyPatch, locked: set[str], waits: list[float]) -> None:
    real = os.replace

    def replace(source: Path, target: Path) -> None:
        if target.name in locked:
            raise PermissionError(errno.EACCES, "in use")
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    monkeypatch.setattr(time, "sleep", waits.append)


def test_open_file_is_written_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "结果.xlsx"
    target.write_bytes(b"old")
    (tmp_path / "结果_1.xlsx").write_bytes(b"earlier")
    waits: list[float] = []
    _open_in_excel(monkeypatch, {"结果.xlsx"}, waits)
    assert atomic.write(target, b"new") == tmp_path / "结果_2.xlsx"
    assert (target.read_bytes(), (tmp_path / "结果_1.xlsx").read_bytes()) == (b"old", b"earlier")
    assert _left(tmp_path) == ["结果.xlsx", "结果_1.xlsx", "结果_2.xlsx"]
    assert 0 < sum(waits) <= 0.6


def test_open_file_with_no_room_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"结果.xlsx", *(f"结果_{number}.xlsx" for number in range(1, 10))}
    _open_in_excel(monkeypatch, names, [])
    with pytest.raises(OutputError, match="关闭"):
        atomic.write(tmp_path / "结果.xlsx", b"new")
    assert _left(tmp_path) == []


def test_write_where_a_file_stands_for_a_folder(tmp_path: Path) -> None:
    (tmp_path / "甲").write_bytes(b"")
    with pytest.raises(OutputError, match="建不了文件夹"):
        atomic.write(tmp_path / "甲" / "结果.json", b"1")
    with pytest.raises(OutputError, match="文件夹"):
        atomic.write(tmp_path, b"1")


def test_name_too_long(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="文件名太长"):
        atomic.write(tmp_path / f"{'长' * 300}.json", b"1")
    assert _left(tmp_path) == []


def test_leftovers_of_a_dead_run_are_swept(tmp_path: Path) -> None:
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    mine = atomic._own_prefix().rsplit("-", 2)[0]
    (tmp_path / f"{mine}-{int(dead.stdout)}-abc.tmp").write_bytes(b"half")
    (tmp_path / f"{mine}-{os.getppid()}-abc.tmp").write_bytes(b"alive")
    atomic.write(tmp_path / "结果.json", b"1")
    assert _left(tmp_path) == [f"{mine}-{os.getppid()}-abc.tmp", "结果.json"]


# ---- 看样子：LibreOffice 排出来的版面 ---------------------------------------------------------------------------


def _pages(data: bytes, folder: Path) -> list[list[str]]:
    source = folder / "a.docx"
    source.write_bytes(data)
    profile = f"-env:UserInstallation={(folder / 'office').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(folder), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    found = subprocess.run(
        ["pdftotext", "-layout", str(folder / "a.pdf"), "-"], check=True, capture_output=True, timeout=60
    )
    text = found.stdout.decode("utf-8").replace("\u2060", "")
    return [[line.strip() for line in page.splitlines() if line.strip()] for page in text.split("\f")]


def test_docx_rendered_lines_and_figures(needs_tool: Any, tmp_path: Path) -> None:
    """一页 22 行、一行 28 字；数与单位不分在两行。"""
    needs_tool("soffice")
    needs_tool("pdftotext")
    plain_text = "全面实施预算绩效管理是推进国家治理体系的内在要求" * 60
    figures_ = "\n\n".join(f"{'字' * n}涉及金额4755.05万元，评减546.18万元，共1795个项目，334人次。" for n in range(28))
    data = docx_form.render(f"# 题\n\n{plain_text}\n\n{figures_}", load_profile(), SOURCE)
    pages = _pages(data, tmp_path)
    assert len(pages[1]) == 22 + 1
    assert {len(line) for line in pages[1][:22]} == {28}
    lines = [line.replace(" ", "") for page in pages for line in page]
    ends = [line for line in lines if line[-1] in "0123456789万" or (line.endswith("人") and "334人" in line)]
    assert [line for line in ends if "字" in line or "涉及" in line or "评减" in line or "共" in line] == []

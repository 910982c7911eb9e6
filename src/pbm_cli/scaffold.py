"""新建一个县年度文件夹：pbm.toml、每种表一个空的填报工作簿、说明。已有的文件从不覆盖。"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path

from pbm_cli.config import NAME
from pbm_cli.errors import OutputError, UsageError
from pbm_cli.form_kinds import FORM_TITLES
from pbm_cli.models import RECORD_TYPES
from pbm_cli.outputs.atomic import claimed, write
from pbm_cli.outputs.template import template
from pbm_cli.outputs.template_forms import form_kinds

README = "README.txt"
_FORMS = "一个项目一张的表单"
_BOM = "\ufeff"
_STAGES = (
    ("事前评估", ("assessment",)), ("目标审核", ("goal", "indicator", "review")),
    ("运行监控", ("execution", "adjustment", "unit_report")), ("绩效评价", ("evaluation", "township")),
    ("工作机制", ("training", "document")),
)  # fmt: skip
_COUNTY = re.compile(r"[\u4e00-\u9fff]{1,12}?(?:县|区|市|旗)(?!局)")
_YEAR = re.compile(r"(?<!\d)20\d\d(?!\d)")
_FIRST_YEAR, _LAST_YEAR = 2000, 2099


@dataclass(frozen=True, slots=True)
class Made:
    """写出的文件；county、year 是写进去的县名和年度，没有定的为 None。"""

    files: list[Path]
    county: str | None
    year: int | None


def create(folder: Path, county: str | None = None, year: int | None = None) -> Made:
    """在 folder 里建好一切。没有给县名、年度时从文件夹名里看（泸县2023），看不出的在 pbm.toml 里留着待填。

    有一个文件已经在了就一个也不写，抛出 OutputError；上次没有写完就中断的（写了的同要写的一样），接着写完。
    年度、县名不像样时抛出 UsageError。
    """
    name = folder.resolve().name
    county = county.strip() if county is not None else _found(_COUNTY.match(name))
    year = year if year is not None else int(_found(_YEAR.search(name)) or 0) or None
    if county is not None and (not county or any(ch in '"\\' or not ch.isprintable() for ch in county)):
        raise UsageError("--county", f"“{county}”不能作县名", "请写成 --county 泸县")
    if year is not None and not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise UsageError("--year", f"“{year}”不像年度", "请写成 --year 2023")
    contents = _contents(county, year)
    with claimed(folder):
        taken = [file for file in contents if (folder / file).exists()]
        missing = {file: data for file, data in contents.items() if file not in taken}
        if taken and not (missing and all((folder / file).read_bytes() == contents[file] for file in taken)):
            shown = "、".join(taken[:3]) + ("等" if len(taken) > 3 else "")
            raise OutputError(
                str(folder), f"已经有 {shown}，没有覆盖，什么也没有写", "请换一个文件夹：pbm init 新文件夹"
            )
        return Made([write(folder / file, data) for file, data in missing.items()], county, year)


def workbook_names() -> dict[str, str]:
    """每种表的工作簿叫什么：01-事前评估-事前绩效评估结果汇总表.xlsx。"""
    kinds = [(stage, kind) for stage, group in _STAGES for kind in group]
    kinds += [("其他", kind) for kind in RECORD_TYPES if kind not in {known for _, known in kinds}]
    return {
        kind: f"{number:02}-{stage}-{RECORD_TYPES[kind].sheet_title}.xlsx"
        for number, (stage, kind) in enumerate(kinds, 1)
    }


def form_names() -> dict[str, str]:
    """单张表单的工作簿叫什么，放在一个子文件夹里。"""
    return {kind: f"{_FORMS}/{FORM_TITLES[kind]}.xlsx" for kind in form_kinds()}


def _found(match: re.Match[str] | None) -> str | None:
    return match[0] if match else None


def _contents(county: str | None, year: int | None) -> dict[str, bytes]:
    unit = f"{county}财政局" if county else None
    files = {NAME: settings(county, year).encode(), README: (_BOM + _readme()).replace("\n", "\r\n").encode()}
    for kind, name in {**workbook_names(), **form_names()}.items():
        files[name] = template(kind, year=year, unit=unit)
    return files


def settings(county: str | None, year: int | None) -> str:
    """pbm.toml 的文字，每个键都有说明；没有定的写成注释。"""
    off_county, off_year = ("" if county else "# "), ("" if year else "# ")
    on = dt.date(year or 2023, 12, 31)
    return f"""# 一个县一年的设定。行首有 # 的是说明，或者还没有启用的设定：去掉 # 就启用。
# 文字要用英文双引号，日期写成 2023-12-31，不加引号。请用 UTF-8 编码保存。

[county]
# 县名，写在报告的标题和正文里
{off_county}name = "{county or "××县"}"
# 在报告末尾署名的单位
{off_county}issuer = "{county or "××县"}财政局"
# 数据的年度
{off_year}year = {year or 2023}

[run]
# 数据截止日：执行数、完成值统计到哪一天。做年中监控时改成那一天，例如 2023-07-31
{off_year}on = {on.isoformat()}
# 规则集：national（全国）、sichuan-2025（四川）、hefei-2x2（合肥）
ruleset = "national"
# 表上没有写金额单位时用的单位：元、万元、亿元。最好写在表上，不要靠这里
# unit = "万元"
# 本县自己的参数、版式、模板放在哪个文件夹
# overlay = "本县规则"
"""


def _readme() -> str:
    lines = [f"    {name}" for name in workbook_names().values()]
    return "\n".join((
        "这是 pbm 建的县年度文件夹。",
        "",
        "一、先用记事本打开 pbm.toml，核对县名、年度和数据截止日。",
        "",
        "二、填下面的工作簿。没有的环节可以不填，也可以把那个文件删去：",
        *lines,
        "    每个工作簿的第一页是填表说明；名称以“（示例）”开头的一行是示例，不作数据，可以删去。",
        f"    习惯一个项目填一张表的，用“{_FORMS}”里的表单，就不用再填上面相应的清单：",
        *(f"    {name}" for name in form_names().values()),
        "    系统导出的表不用照抄进来：把导出的文件原样放进这个文件夹，pbm 按表头认，叫什么名字都行。",
        "    同一件事不要放两份（例如既填了模板，又放了系统导出的同一张表），否则会重复。",
        "",
        "三、打开命令行，到这个文件夹的上一级，运行（把“文件夹”换成它的名字）：",
        "    pbm check 文件夹                      看每张表认成了什么、哪一格有问题",
        "    pbm check 文件夹 --marked 标注副本    把有问题的格子标在副本上，发回给填报单位",
        "    pbm report 文件夹                     在终端看全年结果",
        "    pbm report 文件夹 -o 年度总结.docx -o 年度总结.xlsx",
        "",
        "pbm 从不改动这里的任何文件，结果写到你用 -o 指定的地方。",
        "",
    ))  # fmt: skip

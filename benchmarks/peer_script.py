"""对照：会用 Python 的分析人员会写的脚本——pandas 读执行表，算执行率和灯，openpyxl 写一张带颜色、能打印的表。

用法：python benchmarks/peer_script.py 执行表.xlsx 结果.xlsx
它知道表头在第几行、哪一列叫什么，不检查数据，不说依据；只用来比快慢和核对总数。
"""

import json
import sys

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

FILLS = {
    "red": PatternFill("solid", fgColor="F4B6B6"),
    "yellow": PatternFill("solid", fgColor="FFE699"),
    "green": PatternFill("solid", fgColor="C6E0B4"),
}
WORDS = {"red": "红灯", "yellow": "黄灯", "green": "绿灯", "none": "无灯"}
MONEY = ("年初预算数", "年度预算调整", "调整后预算数", "累计支出", "预算结余")
DATES = ("开始日期", "完成日期")
WIDE = ("项目名称", "预算单位", "偏差原因")
HEAD = Font(name="宋体", size=11, bold=True)
LINE = Side(style="thin", color="999999")
BOX = Border(left=LINE, right=LINE, top=LINE, bottom=LINE)
MIDDLE = Alignment(horizontal="center", vertical="center", wrap_text=True)


def light(rate: float) -> str:
    """年底，序时进度为 100%。"""
    if pd.isna(rate):
        return "none"
    return "red" if rate < 0.6 else "yellow" if rate < 0.8 else "green"


def read(source: str) -> pd.DataFrame:
    """两层表头压成一层：下层没有字的（纵向合并）用上层。"""
    frame = pd.read_excel(source, header=[2, 3], engine="openpyxl")
    frame.columns = [upper if lower.startswith("Unnamed") else lower for upper, lower in frame.columns]
    frame = frame[frame["项目编码"].notna()]
    budget = frame["调整后预算数"].where(frame["调整后预算数"] != 0)
    return frame.assign(重算执行率=frame["累计支出"] / budget).assign(执行灯=lambda f: f["重算执行率"].map(light))


def write(frame: pd.DataFrame, target: str) -> None:
    """原表各列后面加执行率和灯，逐格设边框、格式；另有一张按单位的汇总。"""
    book = Workbook()
    page = book.active
    page.title = "监控结果"
    for column, name in enumerate(frame.columns, 1):
        cell = page.cell(1, column, name)
        cell.font, cell.border, cell.alignment = HEAD, BOX, MIDDLE
        page.column_dimensions[get_column_letter(column)].width = 30 if name in WIDE else 14
    for line, row in enumerate(frame.itertuples(index=False), 2):
        for column, (name, value) in enumerate(zip(frame.columns, row, strict=True), 1):
            shown = None if pd.isna(value) else WORDS[value] if name == "执行灯" else value
            cell = page.cell(line, column, shown)
            cell.border = BOX
            if name in MONEY:
                cell.number_format = "#,##0.00"
            elif name in DATES:
                cell.number_format = "yyyy-mm-dd"
            elif name == "重算执行率":
                cell.number_format = "0.00%"
            elif name == "执行灯" and value in FILLS:
                cell.fill = FILLS[value]
    page.freeze_panes = "D2"
    page.auto_filter.ref = page.dimensions

    by_unit = frame.groupby("预算单位")[["调整后预算数", "累计支出"]].sum().reset_index()
    totals = book.create_sheet("按单位")
    totals.append(["预算单位", "调整后预算数", "累计支出", "执行率"])
    for unit, planned, spent in by_unit.itertuples(index=False):
        totals.append([unit, planned, spent, spent / planned if planned else None])
    book.save(target)


def main(source: str, target: str) -> None:
    frame = read(source)
    write(frame, target)
    counts = frame["执行灯"].value_counts()
    summary = {
        "projects": len(frame),
        "budget_yuan": f"{frame['调整后预算数'].sum():.2f}",
        "expenditure_yuan": f"{frame['累计支出'].sum():.2f}",
        "execution_lights": {name: int(counts.get(name, 0)) for name in ("red", "yellow", "green", "none")},
    }
    sys.stdout.write(json.dumps({"summary": summary}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])

"""对照：会用 Python 的分析人员会写的脚本——pandas 读执行表，算执行率和灯，openpyxl 写一张带颜色的表。

用法：python benchmarks/peer_script.py 执行表.xlsx 结果.xlsx
它知道表头在第几行、哪一列叫什么，不检查数据，不说依据；只用来比快慢和核对总数。
"""

import json
import sys

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill

FILLS = {
    "red": PatternFill("solid", fgColor="F4B6B6"),
    "yellow": PatternFill("solid", fgColor="FFE699"),
    "green": PatternFill("solid", fgColor="C6E0B4"),
}
WORDS = {"red": "红灯", "yellow": "黄灯", "green": "绿灯", "none": "无灯"}
SHOWN = [
    "项目编码",
    "项目名称",
    "主管部门",
    "预算单位",
    "年初预算数",
    "调整后预算数",
    "累计支出",
    "rate",
    "light",
    "偏差原因",
]


def light(rate: float) -> str:
    """年底，序时进度为 100%。"""
    if pd.isna(rate):
        return "none"
    return "red" if rate < 0.6 else "yellow" if rate < 0.8 else "green"


def main(source: str, target: str) -> None:
    frame = pd.read_excel(source, header=3, dtype={"项目编码": str}, engine="openpyxl")
    frame = frame[frame["项目编码"].notna()]
    budget = frame["调整后预算数"].where(frame["调整后预算数"] != 0)
    frame["rate"] = frame["累计支出"] / budget
    frame["light"] = frame["rate"].map(light)

    book = Workbook()
    page = book.active
    page.title = "监控结果"
    page.append([{"rate": "执行率", "light": "执行灯"}.get(name, name) for name in SHOWN])
    for cell in page[1]:
        cell.font = Font(bold=True)
    for row in frame[SHOWN].itertuples(index=False):
        values = [None if pd.isna(value) else value for value in row]
        lamp = str(values[8])
        values[8] = WORDS[lamp]
        page.append(values)
        line = page.max_row
        page.cell(line, 8).number_format = "0.00%"
        if lamp in FILLS:
            page.cell(line, 9).fill = FILLS[lamp]
    page.freeze_panes = "A2"
    page.auto_filter.ref = page.dimensions

    by_unit = frame.groupby("预算单位")[["调整后预算数", "累计支出"]].sum().reset_index()
    totals = book.create_sheet("按单位")
    totals.append(["预算单位", "调整后预算数", "累计支出", "执行率"])
    for unit, planned, spent in by_unit.itertuples(index=False):
        totals.append([unit, planned, spent, spent / planned if planned else None])
    book.save(target)

    counts = frame["light"].value_counts()
    summary = {
        "projects": len(frame),
        "budget_yuan": f"{frame['调整后预算数'].sum():.2f}",
        "expenditure_yuan": f"{frame['累计支出'].sum():.2f}",
        "execution_lights": {name: int(counts.get(name, 0)) for name in ("red", "yellow", "green", "none")},
    }
    sys.stdout.write(json.dumps({"summary": summary}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])

"""对照：更好的脚本——与 peer_script.py 做同样的事，换成 pandas 的 calamine 引擎读、XlsxWriter 写。

用法：python benchmarks/peer_better.py 执行表.xlsx 结果.xlsx
"""

import json
import sys

import pandas as pd
import xlsxwriter

FILLS = {"red": "#F4B6B6", "yellow": "#FFE699", "green": "#C6E0B4"}
WORDS = {"red": "红灯", "yellow": "黄灯", "green": "绿灯", "none": "无灯"}
MONEY = ("年初预算数", "年度预算调整", "调整后预算数", "累计支出", "预算结余")
DATES = ("开始日期", "完成日期")
WIDE = ("项目名称", "预算单位", "偏差原因")


def read(source: str) -> pd.DataFrame:
    """两层表头压成一层；灯按整列算。年底，序时进度为 100%。"""
    frame = pd.read_excel(source, header=[2, 3], engine="calamine")
    frame.columns = [upper if lower.startswith("Unnamed") else lower for upper, lower in frame.columns]
    frame = frame[frame["项目编码"].notna()]
    rate = frame["累计支出"] / frame["调整后预算数"].where(frame["调整后预算数"] != 0)
    lights = pd.cut(rate, [-float("inf"), 0.6, 0.8, float("inf")], right=False, labels=["red", "yellow", "green"])
    return frame.assign(重算执行率=rate, 执行灯=lights.astype(object).where(rate.notna(), "none"))


def write(frame: pd.DataFrame, target: str) -> None:
    """原表各列后面加执行率和灯，逐格设边框、格式；另有一张按单位的汇总。"""
    with xlsxwriter.Workbook(target, {"constant_memory": True, "default_date_format": "yyyy-mm-dd"}) as book:
        box = {"border": 1, "border_color": "#999999"}
        head = book.add_format({**box, "bold": True, "align": "center", "valign": "vcenter", "text_wrap": True})
        plain, rate = book.add_format(box), book.add_format({**box, "num_format": "0.00%"})
        money, day = (book.add_format({**box, "num_format": code}) for code in ("#,##0.00", "yyyy-mm-dd"))
        fills = {name: book.add_format({**box, "bg_color": color}) for name, color in FILLS.items()}
        page = book.add_worksheet("监控结果")
        formats = []
        for column, name in enumerate(frame.columns):
            page.set_column(column, column, 30 if name in WIDE else 14)
            formats.append(
                money if name in MONEY else day if name in DATES else rate if name == "重算执行率" else plain
            )
        page.write_row(0, 0, frame.columns, head)
        page.freeze_panes(1, 3)
        page.autofilter(0, 0, len(frame), len(frame.columns) - 1)
        last = len(frame.columns) - 1
        for line, row in enumerate(frame.itertuples(index=False), 1):
            for column, value in enumerate(row[:last]):
                if pd.isna(value):
                    page.write_blank(line, column, None, formats[column])
                else:
                    page.write(line, column, value, formats[column])
            page.write_string(line, last, WORDS[row[last]], fills.get(row[last], plain))
        by_unit = frame.groupby("预算单位")[["调整后预算数", "累计支出"]].sum().reset_index()
        totals = book.add_worksheet("按单位")
        totals.write_row(0, 0, ["预算单位", "调整后预算数", "累计支出", "执行率"])
        for line, (unit, planned, spent) in enumerate(by_unit.itertuples(index=False), 1):
            totals.write_row(line, 0, [unit, planned, spent, spent / planned if planned else None])


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

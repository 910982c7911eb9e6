"""另一条路：用 openpyxl、csv 和 calamine 直接读表，pandas 与 SQL 各算一遍合计。一行 pbm 的代码也不用。"""

from __future__ import annotations

import csv
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
YEAR = ROOT / "examples" / "luxian-2023"
UNITS = {"元": 100, "万元": 1_000_000, "亿元": 10_000_000_000}
AMOUNT = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?|-?\d+(\.\d+)?")
WIDE = {code: chr(code - 0xFEE0) for code in (*range(0xFF10, 0xFF1A), 0xFF0E)}
RANKS = ("单位自评", "部门评价", "财政抽评", "财政重点评价")
Figures = dict[str, Any]


def sheets(path: Path) -> Iterator[list[list[Any]]]:
    """一个文件里各张表的格子；空串当空。"""
    if path.suffix == ".csv":
        data = path.read_bytes()
        text = data.decode("utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else "gb18030")
        yield [[cell or None for cell in row] for row in csv.reader(text.splitlines())]
    elif path.suffix == ".xls":
        for frame in pd.read_excel(path, sheet_name=None, header=None, engine="calamine", dtype=object).values():
            yield [[None if pd.isna(cell) or cell == "" else cell for cell in row] for row in frame.to_numpy().tolist()]
    else:
        book = openpyxl.load_workbook(path, data_only=True)
        for page in book.worksheets:
            yield [list(row) for row in page.iter_rows(values_only=True)]


def tight(cell: Any) -> str:
    """去掉一切空白的文字，全角数字变半角（括号、冒号不变）。"""
    return re.sub(r"\s+", "", str(cell)).translate(WIDE) if cell is not None else ""


def fen(cell: Any, unit: int) -> int | None:
    """金额 → 分；不是数为 None。"""
    text = tight(cell)
    if not AMOUNT.fullmatch(text):
        return None
    exact = Decimal(text.replace(",", "")) * unit
    assert exact == exact.to_integral_value(), f"{text} 比分还细"
    return int(exact)


def table(path: Path, wanted: Mapping[str, str], filled: Sequence[str] = ()) -> pd.DataFrame:
    """各张表里表头凑得齐 wanted（列名 → 去空白的表头）的，连成一张；filled 的列合并单元格往下填。

    money_ 开头的列换成分，单位看表头的括号，没有就看表头上面的“单位：”。
    """
    rows: list[dict[str, Any]] = []
    for cells in sheets(path):
        found = heading(cells, set(wanted.values()))
        if found is None:
            continue
        place, heads = found
        above = "".join(tight(cell) for row in cells[:place] for cell in row)
        stated = re.search(r"单位：(万元|亿元|元)", above)
        held: dict[str, Any] = {}
        for row in cells[place:]:
            made: dict[str, Any] = {}
            for name, head in wanted.items():
                cell = row[heads.index(head)] if heads.index(head) < len(row) else None
                if name in filled:
                    cell = held[name] = cell if cell is not None else held.get(name)
                if name.startswith("money_"):
                    own = re.search(r"[(（](万元|亿元|元)[)）]", head)
                    unit = own or stated
                    assert unit is not None, f"{path.name} 没有写单位"
                    cell = fen(cell, UNITS[unit[1]])
                made[name] = cell
            rows.append(made)
    assert rows, f"{path.name} 里没有这样的表"
    return pd.DataFrame(rows, columns=list(wanted), dtype=object)


def heading(cells: Sequence[Sequence[Any]], wanted: set[str]) -> tuple[int, list[str]] | None:
    """表头下面一行的位置、各列的表头；两层的，下层盖过上层。"""
    for place in range(min(len(cells), 12)):
        upper = [tight(cell) for cell in cells[place]]
        if wanted <= set(upper):
            return place + 1, upper
        lower = [tight(cell) for cell in cells[place + 1]] if place + 1 < len(cells) else []
        both = [under or over for over, under in zip(upper, lower, strict=False)]
        if wanted <= set(both) and not any(re.fullmatch(r"[\d.]+", text) for text in lower):
            return place + 2, both
    return None


def name_of(cell: Any) -> str:
    """101001-××局 → ××局。"""
    return re.sub(r"^\d+-", "", tight(cell))


def yuan(value: int) -> str:
    """分 → 元的文字。"""
    return f"{Decimal(value) / 100:.2f}"


def pct(part: int, whole: int) -> str | None:
    """百分数，两位，四舍五入（先汇总后相除）。"""
    if whole <= 0:
        return None
    scaled = Fraction(abs(part) * 10_000, whole)
    units = int(scaled + Fraction(1, 2))
    return f"{'-' if part < 0 and units else ''}{units // 100}.{units % 100:02d}"


# ---- 读各张表 ----


@cache
def execution() -> pd.DataFrame:
    """三个执行文件连起来：一行一种资金。"""
    names = ("unit", "code", "name", "fund", "money_budget", "money_spent")
    heads = {
        "行政单位项目支出预算执行情况.xlsx": (
            "单位名称", "项目编码", "项目名称", "资金性质", "调整后的预算", "累计支出",
        ),
        "学校医院项目支出预算执行情况.csv": (
            "实施单位", "项目编号", "项目名称", "资金性质", "全年预算数", "全年执行数",
        ),
        "镇街项目支出预算执行情况.xls": (
            "预算单位", "项目代码", "项目名称", "资金性质", "变动后预算数（万元）", "1-12月执行数（万元）",
        ),
    }  # fmt: skip
    folder = YEAR / "预算执行"
    parts = [table(folder / file, dict(zip(names, found, strict=True)), ("unit",)) for file, found in heads.items()]
    return only_projects(pd.concat(parts, ignore_index=True))


@cache
def assessment() -> pd.DataFrame:
    """事前评估结果表。"""
    heads = {
        "unit": "项目单位", "code": "项目编码", "name": "项目名称", "fund": "资金性质", "money_submitted": "送审金额",
        "money_approved": "审定金额", "conclusion": "评估结论",
    }  # fmt: skip
    frame = table(YEAR / "事前绩效评估结果.xlsx", heads)
    frame = frame[[cell is not None for cell in frame["fund"]]].copy()
    frame["code"] = [code or name for code, name in zip(frame["code"], frame["name"], strict=True)]  # 政策没有编码
    return frame.reset_index(drop=True)


@cache
def goals() -> pd.DataFrame:
    """目标表的两张（年初、追加）。"""
    heads = {
        "unit": "预算单位", "code": "项目编码", "stage": "编报阶段", "money_budget": "预算金额（万元）",
        "compiled": "同步编制", "submitted": "同步上会", "approved": "同步批复", "issued": "同步下达",
        "published": "同步公开",
    }  # fmt: skip
    return only_projects(table(YEAR / "绩效目标" / "项目支出绩效目标表.xlsx", heads))


@cache
def indicators() -> pd.DataFrame:
    """目标的指标表的两张。"""
    heads = {"unit": "预算单位", "code": "项目编码", "level3": "三级指标"}
    return only_projects(table(YEAR / "绩效目标" / "项目支出绩效指标表.xlsx", heads))


@cache
def reviews() -> pd.DataFrame:
    """审核意见表。"""
    heads = {"unit": "单位名称", "code": "项目编码", "comment": "修改意见"}
    return only_projects(table(YEAR / "绩效目标" / "绩效目标审核意见.xlsx", heads))


@cache
def ledger() -> pd.DataFrame:
    """监控处置台账。"""
    heads = {
        "unit": "预算单位", "code": "项目编码", "money_before": "调整前预算", "money_after": "调整后预算",
        "action": "处置措施", "who": "监控方式",
    }  # fmt: skip
    return only_projects(table(YEAR / "绩效监控" / "监控处置台账.xlsx", heads))


@cache
def unit_reports() -> pd.DataFrame:
    """单位报告登记表。"""
    heads = {"unit": "单位名称", "submitted": "报送日期", "published": "公开日期"}
    frame = table(YEAR / "绩效监控" / "单位整体支出监控报告登记表.xlsx", heads)
    return frame[
        [unit is not None and bool(tight(day)) for unit, day in zip(frame["unit"], frame["submitted"], strict=True)]
    ]


@cache
def evaluation() -> pd.DataFrame:
    """评价结果表的两张。"""
    heads = {
        "subject": "评价对象", "kind": "对象类型", "level": "评价层次", "fund": "四本预算", "score": "评价得分",
        "money_amount": "涉及金额（万元）", "rectified": "是否整改", "unit": "预算单位", "code": "项目编码",
    }  # fmt: skip
    path = YEAR / "绩效评价" / "绩效评价结果.xlsx"
    towns = {name: heads[name] for name in ("subject", "kind", "level", "score")}
    second = table(path, towns)
    frame = pd.concat([table(path, heads), second[second["kind"] == "镇街财政运行"]], ignore_index=True)
    frame = frame[[cell is not None for cell in frame["score"]]].copy()
    frame["points"] = [int(Decimal(str(cell)) * 10_000) for cell in frame["score"]]
    named = zip(frame["kind"], frame["unit"], frame["code"], frame["subject"], strict=True)
    frame["key"] = [f"{kind}·{unit}·{code if isinstance(code, str) else name}" for kind, unit, code, name in named]
    frame["rank"] = [RANKS.index(level) for level in frame["level"]]
    return frame.reset_index(drop=True)


@cache
def townships() -> pd.DataFrame:
    """镇街评分表：得分化成万分之几，好用整数相加。"""
    heads = {"town": "乡镇", "level3": "三级指标", "score": "得分"}
    frame = table(YEAR / "绩效评价" / "镇级财政运行综合绩效评价.xlsx", heads, ("town",))
    frame = frame[[cell is not None for cell in frame["level3"]]].copy()
    frame["points"] = [int(Decimal(str(cell)) * 10_000) for cell in frame["score"]]
    return frame.reset_index(drop=True)


@cache
def trainings() -> pd.DataFrame:
    """培训台账。"""
    frame = table(YEAR / "制度建设与培训.xlsx", {"name": "培训名称", "sessions": "期数", "attendances": "人次"})
    return frame[[not tight(name).endswith("计") and name is not None for name in frame["name"]]]


def only_projects(frame: pd.DataFrame) -> pd.DataFrame:
    """有项目编码的行才是数据；合计、小计、页脚没有编码。"""
    kept = frame[[bool(re.fullmatch(r"[0-9A-Z]{10,}", tight(code))) for code in frame["code"]]].copy()
    kept["unit"] = [name_of(unit) for unit in kept["unit"]]
    return kept.reset_index(drop=True)


def in_sql(frame: pd.DataFrame) -> Callable[[str], list[tuple[Any, ...]]]:
    """把一张表放进内存里的 SQLite（表名 t），交回查询。整数是 64 位，求和不经过浮点。"""
    base = sqlite3.connect(":memory:")
    columns = list(frame.columns)
    base.execute(f"CREATE TABLE t ({', '.join(columns)})")
    values = [tuple(None if pd.isna(cell) else cell for cell in row) for row in frame.to_numpy().tolist()]
    base.executemany(f"INSERT INTO t VALUES ({', '.join('?' * len(columns))})", values)  # noqa: S608
    return lambda query: base.execute(query).fetchall()

"""Excel 汇总页上的图：原生的、可以改的图表，数取自同一页的小表；没有数据的不画。"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from xlsxwriter.worksheet import Worksheet

from pbm_cli.outputs.columns import Column, Row, column, decimal
from pbm_cli.outputs.summary import Table
from pbm_cli.outputs.xlsx_book import FONT, Book, heading

MOST_UNITS = 10
CHART_ROWS = 18
ROW_PIXELS = 20
_BLUE, _GRAY = "#2E75B6", "#A6A6A6"
_COLOURS: Mapping[str, str] = {
    "red": "#C00000", "yellow": "#FFC000", "green": "#548235", "blue": _BLUE, "none": _GRAY,
    "优": "#548235", "良": _BLUE, "中": "#FFC000", "差": "#C00000",
}  # fmt: skip
_NO_GRADE = "未定级"


@dataclass(frozen=True, slots=True)
class Chart:
    """一张图：取自哪张小表、标题、用哪几列（第一列是名称）、数值轴的名称与格式、是不是横条、是不是叠起来。"""

    table: str
    title: str
    series: tuple[int, ...]
    axis: str
    form: str
    flat: bool = False
    stacked: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """一张小表写在哪里：工作表、第一行正文、左边的列（都从 0 数）。"""

    sheet: str
    row: int
    column: int


def charts(stage: str, tables: Sequence[Table]) -> list[Chart]:
    """这个阶段能画的图：小表里有不为零的数才画。"""
    found = {table.key: table for table in tables}
    return [chart for chart in _CHARTS.get(stage, ()) if _drawable(found.get(chart.table), chart)]


_CHARTS: Mapping[str, tuple[Chart, ...]] = {
    "assess": (
        Chart("reduction_by_conclusion", "评减额按评估结论", (2,), "评减额（万元）", "#,##0.00"),
        Chart("top_reductions", "评减额最大的单位", (3,), "评减额（万元）", "#,##0.00", flat=True),
    ),
    "goals": (
        Chart("by_grade", "绩效目标审核等级", (1,), "项目（个）", "#,##0"),
        Chart("synchronised", "五同步落实情况", (1,), "项目（个）", "#,##0"),
    ),
    "monitor": (
        Chart("lights", "项目总灯", (1,), "项目（个）", "#,##0"),
        Chart("top_units", "预算最多的单位：执行率与序时进度", (3, 4), "占调整后预算（%）", "0%", flat=True),
    ),
    "evaluate": (
        Chart("by_grade", "评价等级分布", (1,), "评价对象（个）", "#,##0"),
        Chart("grades_by_level", "各评价层次的等级", (1, 2, 3, 4, 5), "评价结果（个）", "#,##0", stacked=True),
    ),
    "rollup": (
        Chart("lowest_execution", "执行率最低的区县", (3,), "占调整后预算（%）", "0%", flat=True),
        Chart("most_red", "红灯、黄灯最多的区县", (1, 2), "项目（个）", "#,##0", stacked=True),
        Chart("most_cut", "评减额最大的区县", (1,), "评减额（万元）", "#,##0.00", flat=True),
    ),
}  # fmt: skip


def _drawable(table: Table | None, chart: Chart) -> bool:
    if table is None:
        return False
    keys = [table.columns[index].key for index in chart.series if index < len(table.columns)]
    return any(decimal(row.get(key)) for row in table.rows for key in keys)


# ---- 图用的小表 ----


def chart_tables(stage: str, summary: Row, rows: Sequence[Row]) -> list[Table]:
    """只为画图加的小表；写在汇总页上，看得见，可以改。"""
    maker = _MAKERS.get(stage)
    return [table for table in maker(summary, rows) if table.rows] if maker else []


def _monitor(summary: Row, _: Sequence[Row]) -> Iterator[Table]:
    units = [unit for unit in summary.get("by_unit") or () if unit.get("execution_pct") is not None]
    time = summary.get("time_progress_pct")
    if time is None:
        return
    chosen = _largest(units, "budget_yuan")
    keys = ("budget_unit", "budget_yuan", "expenditure_yuan", "execution_pct")
    yield Table(
        "top_units",
        f"图表数据：预算最多的 {len(chosen)} 个单位",
        (*(column("monitor", key) for key in keys), column("monitor", "time_progress_pct")),
        tuple({**{key: unit.get(key) for key in keys}, "time_progress_pct": time} for unit in chosen),
    )


def _assess(summary: Row, rows: Sequence[Row]) -> Iterator[Table]:
    groups: dict[str, list[Decimal]] = {name: [] for name in summary.get("by_conclusion") or {}}
    for row in rows:
        amount = decimal(row.get("reduction_yuan"))
        if amount is not None:
            groups.setdefault(str(row.get("conclusion") or "没有结论"), []).append(amount)
    yield Table(
        "reduction_by_conclusion",
        "图表数据：评减额按评估结论",
        (column("assess", "conclusion"), column("assess", "projects"), column("assess", "reduction_yuan")),
        tuple(
            {"conclusion": name, "projects": len(amounts), "reduction_yuan": f"{sum(amounts, Decimal(0)):.2f}"}
            for name, amounts in list(groups.items())[:MOST_UNITS]
            if amounts
        ),
    )
    units = [unit for unit in summary.get("by_unit") or () if unit.get("submitted_yuan") is not None]
    chosen = _largest(units, "reduction_yuan")
    keys = ("budget_unit", "submitted_yuan", "approved_yuan", "reduction_yuan")
    yield Table(
        "top_reductions",
        f"图表数据：评减额最大的 {len(chosen)} 个单位",
        tuple(column("assess", key) for key in keys),
        tuple({key: unit.get(key) for key in keys} for unit in chosen),
    )


def _evaluate(summary: Row, rows: Sequence[Row]) -> Iterator[Table]:
    counts: dict[str, dict[str, int]] = {str(name): {} for name in summary.get("by_level") or {}}
    for row in rows:
        level = counts.setdefault(str(row.get("level") or ""), {})
        grade = str(row.get("grade") or _NO_GRADE)
        level[grade] = level.get(grade, 0) + 1
    known = [grade for grade in summary.get("by_grade") or {} if grade in _COLOURS]
    heads = [*known[:4], *([_NO_GRADE] if any(_NO_GRADE in level for level in counts.values()) else [])]
    yield Table(
        "grades_by_level",
        "图表数据：各评价层次的等级",
        (column("evaluate", "level"), *(Column(grade, grade, "count", "个") for grade in heads)),
        tuple({"level": name, **{grade: level.get(grade, 0) for grade in heads}} for name, level in counts.items()),
    )


def _rollup(_: Row, rows: Sequence[Row]) -> Iterator[Table]:
    """区域汇总：执行率最低的、红灯最多的、评减额最大的区县。"""
    counted = [row for row in rows if row.get("counted")]
    rated = [row for row in counted if row.get("execution_pct") is not None]
    lowest = sorted(rated, key=lambda row: (decimal(row["execution_pct"]) or 0, str(row["county"])))[:MOST_UNITS]
    reddest = sorted(
        (row for row in counted if row.get("red") or row.get("yellow")),
        key=lambda row: (-row["red"], -row["yellow"], str(row["county"])),
    )[:MOST_UNITS]
    cut = sorted(
        (row for row in counted if decimal(row.get("reduction_yuan"))),
        key=lambda row: (-(decimal(row["reduction_yuan"]) or 0), str(row["county"])),
    )[:MOST_UNITS]
    chosen = (
        ("lowest_execution", "执行率最低", lowest, ("budget_yuan", "expenditure_yuan", "execution_pct")),
        ("most_red", "红灯最多", reddest, ("red", "yellow")),
        ("most_cut", "评减额最大", cut, ("reduction_yuan",)),
    )
    for key, word, found, keys in chosen:
        yield Table(
            key,
            f"图表数据：{word}的 {len(found)} 个区县",
            tuple(column("rollup", name) for name in ("county", *keys)),
            tuple({name: row.get(name) for name in ("county", *keys)} for row in found),
        )


_MAKERS: Mapping[str, Any] = {"monitor": _monitor, "assess": _assess, "evaluate": _evaluate, "rollup": _rollup}


def _largest(units: Sequence[Row], key: str) -> list[Row]:
    return sorted(units, key=lambda unit: (-(decimal(unit.get(key)) or 0), str(unit.get("budget_unit"))))[:MOST_UNITS]


# ---- 画 ----


def draw(
    book: Book, sheet: Worksheet, at: tuple[int, int], width: int, chart: Chart, table: Table, place: Place
) -> None:
    """画一张图，左上角在 at，宽 width 像素、高 CHART_ROWS 行；数取自 place 处的小表。"""
    options = {"type": "bar" if chart.flat else "column"}
    drawn = book.workbook.add_chart({**options, "subtype": "stacked"} if chart.stacked else options)
    last = place.row + len(table.rows) - 1
    used = [index for index in chart.series if index < len(table.columns)]
    for number, index in enumerate(used):
        item = table.columns[index]
        at_column = place.column + index
        series: dict[str, Any] = {
            "name": [place.sheet, place.row - 1, at_column],
            "categories": [place.sheet, place.row, place.column, last, place.column],
            "values": [place.sheet, place.row, at_column, last, at_column],
            "fill": {"color": _series_colour(item, number)},
            "gap": 60,
        }
        if number == 0 or chart.stacked:  # 横条成对的，只标第一个，免得数字叠在一起
            series["data_labels"] = {"value": True, "num_format": _labels(chart), "font": _font(8)}
        if len(used) == 1:
            series["points"] = [{"fill": {"color": _colour(row, table)}} for row in table.rows]
        drawn.add_series(series)
    drawn.set_title({"name": chart.title, "name_font": {**_font(12), "bold": True}, "overlay": False})
    _axes(drawn, chart, table)
    drawn.set_legend({"none": True} if len(used) == 1 else {"position": "bottom", "font": _font(9)})
    drawn.set_size({"width": width, "height": CHART_ROWS * ROW_PIXELS - 8})
    about = f"{chart.title}，数据见本页“{table.title}”"
    place_options = {"x_offset": 2, "y_offset": 4, "object_position": 1, "description": about}
    sheet.insert_chart(*at, drawn, place_options)


def _axes(drawn: Any, chart: Chart, table: Table) -> None:
    names: dict[str, Any] = {
        "name": heading(table.columns[0]),
        "name_font": _font(9),
        "num_font": _font(9),
        "label_position": "low",
    }
    numbers: dict[str, Any] = {
        "name": chart.axis, "name_font": _font(9), "num_font": _font(9), "num_format": chart.form,
        "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}},
    }  # fmt: skip
    if not _below_zero(chart, table):
        numbers["min"] = 0
    if chart.flat:  # 横条图的名称在纵轴，第一个在最下面，倒过来
        drawn.set_y_axis({**names, "reverse": True})
        drawn.set_x_axis({**numbers, "label_position": "high"})
    else:
        drawn.set_x_axis(names)
        drawn.set_y_axis(numbers)


def _below_zero(chart: Chart, table: Table) -> bool:
    keys = [table.columns[index].key for index in chart.series if index < len(table.columns)]
    return any((decimal(row.get(key)) or 0) < 0 for row in table.rows for key in keys)


def _labels(chart: Chart) -> str:
    """数据标签的格式；叠起来的图里零不标。"""
    return "#,##0;-#,##0;;" if chart.stacked else "0.0%" if chart.form == "0%" else chart.form


def _series_colour(item: Column, number: int) -> str:
    return _COLOURS.get(item.key) or (_BLUE, _GRAY)[number % 2]


def _colour(row: Row, table: Table) -> str:
    return _COLOURS.get(str(row.get(table.columns[0].key)), _BLUE)


def _font(size: int) -> dict[str, Any]:
    return {"name": FONT, "size": size, "bold": False}

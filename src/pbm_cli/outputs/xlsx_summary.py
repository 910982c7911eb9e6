"""Excel 的汇总页：每个阶段一块，先是主要数字，再是图，后面是各张小表；能从明细算出来的数旁边有公式。"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from pbm_cli.outputs.columns import Document, Row, wan_value
from pbm_cli.outputs.summary import Figure, Table, apart, figures, stages, tables
from pbm_cli.outputs.xlsx_book import BAND_FILL, HEAD_FILL, LINE, NUMBER_FORMATS, Book, heading, put, titled
from pbm_cli.outputs.xlsx_charts import CHART_ROWS, Chart, Place, chart_tables, charts, draw
from pbm_cli.outputs.xlsx_formulas import RATIOS, Detail, Formula, count_formula, figure_formula, total

NAME = "汇总"
# 左右两栏，各四列：名称、数值、单位、公式
WIDTHS = (26, 14, 13, 15, 26, 14, 13, 15)
HALF = 4
_SCALE = 80
_LINE = 16
_PAGE_LINES = 34
"""行高（磅）；按这个缩放，A4 横向一页放得下的行数（除去每页重复的标题）。"""
_FORMULA_HEAD = "公式"
_FIGURE_HEADS = ("项目", "数值", "单位", _FORMULA_HEAD)


def write_summary(book: Book, document: Document, title: str, note: str, details: Sequence[Detail]) -> None:
    """写汇总页。"""
    sheet = titled(book, NAME, title, note)
    for index, width in enumerate(WIDTHS):
        sheet.set_column(index, index, width)
    page = _Page(book, sheet)
    for stage, word, summary in stages(document):
        if page.row > page.top:
            page.turn()
        page.band(word)
        page.stage(stage, summary, next((item for item in details if item.stage == stage), None))
    sheet.freeze_panes(2, 0)
    sheet.repeat_rows(0, 1)
    sheet.hide_gridlines(2)
    sheet.set_h_pagebreaks(page.breaks)
    sheet.set_print_scale(_SCALE)
    sheet.set_default_row(_LINE)


class _Page:
    """汇总页，从上往下写；row 是下一行。"""

    top = 3

    def __init__(self, book: Book, sheet: Worksheet) -> None:
        self.book, self.sheet, self.row = book, sheet, self.top
        self.places: dict[str, Place] = {}
        self.breaks: list[int] = []

    def turn(self) -> None:
        """从这一行起换一页打印。"""
        self.breaks.append(self.row)

    def keep(self, lines: int) -> None:
        """下面几行要在一页里：这一页放不下、一整页放得下，就换页。"""
        used = self.row - (self.breaks[-1] if self.breaks else 0)
        if used + lines > _PAGE_LINES >= lines:
            self.turn()

    def band(self, word: str) -> None:
        style = self.book.format(bold=True, font_size=12, bg_color=HEAD_FILL, font_color="#FFFFFF")
        for index in range(len(WIDTHS)):
            self.sheet.write_blank(self.row, index, None, style)
        self.sheet.write_string(self.row, 0, word, style)
        self.sheet.set_row(self.row, 20)
        self.row += 1

    def stage(self, stage: str, summary: Row, detail: Detail | None) -> None:
        """一个阶段：主要数字、图、小表。"""
        self.places = {}
        self._figures(stage, summary, detail)
        own = [table for table in tables(stage, summary) if not apart(table)]
        extra = chart_tables(stage, summary, detail.rows if detail else ())
        shown = [*own, *extra]
        drawn = charts(stage, shown)
        at = self.row
        self.row += CHART_ROWS * ((len(drawn) + 1) // 2) + (1 if drawn else 0)
        self._tables(stage, summary, detail, shown)
        self._charts(at, drawn, {table.key: table for table in shown})
        self.row += 1

    def _figures(self, stage: str, summary: Row, detail: Detail | None) -> None:
        """两栏写数，先左后右；能从明细算出来的，旁边写公式，一个也没有时不留公式列。"""
        found = figures(stage, summary)
        spots = [(self.row + 1 + index // 2, HALF * (index % 2)) for index in range(len(found))]
        cells = {item.key: xl_rowcol_to_cell(line, left + 1) for item, (line, left) in zip(found, spots, strict=True)}
        formulas = [figure_formula(stage, item.key, summary, detail, cells) for item in found]
        heads = _FIGURE_HEADS if any(formulas) else _FIGURE_HEADS[:-1]
        for left in range(0, HALF * min(2, len(found)), HALF):
            for index, word in enumerate(heads):
                self.sheet.write_string(self.row, left + index, word, self.book.head())
        for item, spot, formula in zip(found, spots, formulas, strict=True):
            self._figure(item, spot)
            if any(formulas):
                self._formula(item, spot, formula)
        self.row += 1 + (len(found) + 1) // 2 + 1

    def _figure(self, item: Figure, spot: tuple[int, int]) -> None:
        line, left = spot
        label = self.book.format(bg_color=BAND_FILL, border=1, border_color=LINE, indent=1)
        unit = self.book.format(border=1, border_color=LINE, font_color="#595959", indent=1)
        self.sheet.write_string(line, left, item.title, label)
        put(self.sheet, (line, left + 1), item.value, item.form, self.book.body(item.form, item.value))
        self.sheet.write_string(line, left + 2, _unit(item), unit)

    def _formula(self, item: Figure, spot: tuple[int, int], formula: Formula | None) -> None:
        line, left = spot
        style = self.book.format(
            border=1, border_color=LINE, font_color="#595959", num_format=NUMBER_FORMATS.get(item.form, "General")
        )
        if formula:
            self.sheet.write_formula(line, left + 3, formula[0], style, formula[1])
        else:
            self.sheet.write_blank(line, left + 3, None, style)

    def _tables(self, stage: str, summary: Row, detail: Detail | None, found: Sequence[Table]) -> None:
        """窄的小表两张一排，宽的独占一排。"""
        narrow = [table for table in found if len(table.columns) < HALF or self._fits(table)]
        for left, right in _pairs(narrow):
            self.keep(max(len(table.rows) for table in (left, right) if table) + 3)
            ends = [self._table(stage, summary, detail, left, 0)]
            if right:
                ends.append(self._table(stage, summary, detail, right, HALF))
            self.row = max(ends) + 1
        for table in found:
            if table not in narrow:
                self.keep(len(table.rows) + 3)
                self.row = self._table(stage, summary, detail, table, 0) + 1

    def _fits(self, table: Table) -> bool:
        return len(table.columns) == HALF and not any(item.key in RATIOS for item in table.columns)

    def _table(self, stage: str, summary: Row, detail: Detail | None, table: Table, left: int) -> int:
        """写一张小表，交回下一行。"""
        top = self.row
        self.sheet.write_string(top, left, table.title, self.book.format(bold=True, font_color=HEAD_FILL))
        self.places[table.key] = Place(NAME, top + 2, left)
        for index, item in enumerate(table.columns):
            self.sheet.write_string(top + 1, left + index, heading(item), self.book.head())
        for offset, line in enumerate(table.rows, start=top + 2):
            for index, item in enumerate(table.columns):
                value = line.get(item.key)
                put(self.sheet, (offset, left + index), value, item.form, self.book.body(item.form, value))
        self._counts(stage, detail, table, top + 2, left)
        return self._sums(summary, table, top + 2, left)

    def _counts(self, stage: str, detail: Detail | None, table: Table, first: int, left: int) -> None:
        """分组计数旁边的公式：数明细里的格。"""
        if [item.key for item in table.columns] != ["key", "count"]:
            return
        found = [count_formula(stage, table.key, str(row["key"]), row["count"], detail) for row in table.rows]
        if not all(found):
            return
        self.sheet.write_string(first - 1, left + 2, _FORMULA_HEAD, self.book.head())
        style = self.book.format(border=1, border_color=LINE, font_color="#595959", num_format="#,##0")
        for line, formula in enumerate(found, start=first):
            if formula:
                self.sheet.write_formula(line, left + 2, formula[0], style, formula[1])

    def _sums(self, summary: Row, table: Table, first: int, left: int) -> int:
        """金额各列与汇总一致时，下面加一行合计（公式）；交回下一行。"""
        last = first + len(table.rows) - 1
        money = {item.key: total(table.rows, item) for item in table.columns if item.form == "money"}
        agreed = [key for key, value in money.items() if value is not None and value == wan_value(summary.get(key))]
        if len(table.rows) < 2 or not money or len(agreed) < len(money):
            return last + 1
        counts = {item.key: total(table.rows, item) for item in table.columns if item.form == "count"}
        money |= {key: value for key, value in counts.items() if value is not None and value == summary.get(key)}
        style = {"bold": True, "border": 1, "border_color": LINE, "bg_color": BAND_FILL}
        where = {item.key: left + index for index, item in enumerate(table.columns)}
        for item in table.columns:
            cell = self._sum(item.key, money, where, (first, last), summary)
            put_style = self.book.format(**style, num_format=NUMBER_FORMATS.get(item.form, "General"))
            if cell:
                self.sheet.write_formula(last + 1, where[item.key], cell[0], put_style, cell[1])
            else:
                self.sheet.write_blank(last + 1, where[item.key], None, put_style)
        self.sheet.write_string(last + 1, left, "合计", self.book.format(**style))
        return last + 2

    def _sum(self, key: str, money: Any, where: Any, lines: tuple[int, int], summary: Row) -> Formula | None:
        first, last = lines
        if key in money:
            area = f"{xl_rowcol_to_cell(first, where[key])}:{xl_rowcol_to_cell(last, where[key])}"
            return f"=ROUND(SUM({area}),6)", float(money[key])
        top, bottom = RATIOS.get(key, ("", ""))
        if summary.get(key) is None or top not in money or not money.get(bottom):
            return None
        up, down = (xl_rowcol_to_cell(last + 1, where[name]) for name in (top, bottom))
        return f'=IF({down}=0,"",ROUND({up}/{down},4))', float(summary[key]) / 100

    def _charts(self, at: int, drawn: Sequence[Chart], found: dict[str, Table]) -> None:
        width = sum(int(part * 7 + 5) for part in WIDTHS[:HALF]) - 8
        for index, chart in enumerate(drawn):
            spot = (at + CHART_ROWS * (index // 2), HALF * (index % 2))
            draw(self.book, self.sheet, spot, width, chart, found[chart.table], self.places[chart.table])


def _unit(item: Figure) -> str:
    """单位；比率的 % 已在数里，没有数的不写。"""
    return "" if item.form == "percent" or item.value is None else item.unit


def _pairs(found: Sequence[Table]) -> Iterator[tuple[Table, Table | None]]:
    for index in range(0, len(found), 2):
        yield found[index], found[index + 1] if index + 1 < len(found) else None

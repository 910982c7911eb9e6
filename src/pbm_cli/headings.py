"""表头一带：合并区、几层表头、表头上面的标题行、下面的栏次行和单位行，以及标题里写的年度、截止日、单位名称。"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Sequence
from itertools import pairwise

from pbm_cli.cells import Cell, Merge, Sheet, column_letters
from pbm_cli.fields import split_code_name, unit_in_heading, unit_in_line
from pbm_cli.text import one_line, squeeze

MAX_DEPTH = 4
_TITLE_ROWS = 12
_TITLE_CELLS = 2
_COLUMN_NUMBER = re.compile(
    r"^(栏次|行次|序号|项目|合计|甲|乙|丙|丁|[A-Za-z]{1,2}|\(?\d{1,2}\)?|[-—/])"
    r"(=[\[\]()A-Za-z\d+\-*/÷×%.]+)?$"
)
_ORDINAL = re.compile(r"^\(?(\d{1,2}|[A-Za-z])\)?(?:=|$)")
_YEARS = tuple(re.compile(p) for p in (r"(20\d\d)(?:财政|会计)?年度", r"(20\d\d)年", r"(20\d\d)\b"))
_FULL_DATE = re.compile(
    r"截[至止]:?(?:(?P<y>20\d\d)[年\-/.](?P<m>\d{1,2})[月\-/.]|(?P<n>\d{1,2})月)(?P<d>\d{1,2})(?![\d月])日?"
)
_MONTHS = re.compile(
    r"(?:(?P<a>20\d\d)年)?(?:1月?[-—–~～至到]|截[至止](?:(?P<b>20\d\d)年)?)(?P<m>\d{1,2})月"
    r"|(?:(?P<c>20\d\d)年)?(?<!\d)(?P<n>\d{1,2})月[底末]"
)
_PERIODS = {"上半年": 6, "前三季度": 9, "一季度": 3}
_STATED_BY = re.compile(
    r"(?P<label>编制单位|填报单位|填表单位|报送单位|申报单位|预算单位|项目单位|实施单位|单位名称|预算部门|部门名称)"
    r"(?:[(（]?(?:盖章|公章|签章)[)）]?|名称)*[:：]\s*(?P<name>\S*[\u4e00-\u9fff]\S*)"
)
_NEXT_LABEL = re.compile(r"(?:金额)?单\s*位[:：]|[(（]?盖章|填报|填表|编制|日期")
_NOT_A_UNIT = re.compile(r"^(?:20\d\d|[^\u4e00-\u9fff]*$|[百千万亿]*元)|^[×xX*_]+")
_COMPILERS = frozenset({"编制单位", "填报单位", "填表单位", "报送单位"})
FOOTER = re.compile(
    r"^(填表人|填报人|制表人?|编制人|经办人|复核人?|审核人?|审批人?|负责人|单位负责人|部门负责人|财务负责人|项目负责人|"
    r"分管领导|分管负责人|联系人|联系电话|电话|填报日期|填表日期|填报时间|打印日期|打印时间|制表日期|导出时间|日期|签字|盖章|"
    r"备注|注\d*|说明|填表说明|填报说明|数据来源|单位\(?盖章\)?)(\([^()]*\))?:"
)
"""页脚的开头：填表人：、审核人（签字）：、注1：。"""


class Grid:
    """带合并区的工作表。"""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.rows = sheet.rows
        self._starts: dict[int, list[Merge]] = {}
        for merge in sheet.merges:
            if merge.bottom - merge.top <= _TITLE_ROWS:
                for row in range(merge.top, merge.bottom + 1):
                    self._starts.setdefault(row, []).append(merge)

    def merge_at(self, row: int, column: int) -> Merge | None:
        """这个单元格所在的合并区。"""
        for merge in self._starts.get(row, ()):
            if merge.left <= column <= merge.right:
                return merge
        return None

    def text(self, row: int, column: int) -> str:
        """单元格的文字，合并区里取左上角的；不是文字为空串。"""
        merge = self.merge_at(row, column)
        if merge is not None:
            row, column = merge.top, merge.left
        values = self.rows[row] if row < len(self.rows) else []
        value = values[column] if column < len(values) else None
        return one_line(value) if isinstance(value, str) else ""

    def depth_by_merges(self, row: int) -> int:
        """按从这一行起的竖向合并，表头至少有几行；合并盖到有数的一行（栏次不算）时，那一行是数据，不是表头。"""
        bottoms = [m.bottom for m in self._starts.get(row, ()) if m.top == row and self.text(row, m.left)]
        last = min(max(bottoms, default=row), row + MAX_DEPTH - 1)
        inside = range(row + 1, min(last + 1, len(self.rows)))
        data = next((r for r in inside if self.has_number(r) and self.skip_column_numbers(r - 1) < r), last + 1)
        return data - row

    def has_number(self, row: int) -> bool:
        """这一行有没有数（标题里的年份不算）。"""
        return any(_is_number(v) for v in self.rows[row])

    def is_group_row(self, row: int) -> bool:
        """上面一行是不是分组表头：至少两段文字，没有数，而且有横向合并或者右边留空。"""
        texts = [v for v in self.rows[row] if isinstance(v, str) and v.strip()]
        if len(texts) < 2 or self.has_number(row) or any(unit_in_line(t) for t in texts):
            return False
        wide = any(m.right > m.left and m.top == row for m in self._starts.get(row, ()))
        return wide or not self.sheet.merges

    def levels(self, first: int, last: int) -> tuple[list[list[str]], list[int]]:
        """各列自上而下的表头文字（空的略去，同一合并区只算一次），以及最末一层所在合并区的首列。"""
        width = max((len(self.rows[r]) for r in range(first, last + 1)), default=0)
        levels: list[list[str]] = []
        anchors: list[int] = []
        for column in range(width):
            texts: list[str] = []
            anchor = column
            seen: Merge | None = None
            for row in range(first, last + 1):
                merge = self.merge_at(row, column)
                text = self.text(row, column)
                if not text and row < last and not self.sheet.merges and self.text(last, column):
                    text = self._left_neighbour(row, column)
                if text and (merge is None or merge != seen):
                    texts.append(text)
                    anchor = merge.left if merge is not None and merge.bottom >= last else column
                seen = merge or seen
            levels.append(texts)
            anchors.append(anchor)
        return levels, anchors

    def _left_neighbour(self, row: int, column: int) -> str:
        while column > 0:
            column -= 1
            if text := self.text(row, column):
                return text if self.text(row + 1, column) else ""
        return ""

    def unit_row(self, row: int) -> dict[int, str]:
        """表头下面专写单位的一行（“（万元）”“元”“%”）：列 → 文字；不是这样的行为空。"""
        if row >= len(self.rows):
            return {}
        cells = {c: squeeze(v) for c, v in enumerate(self.rows[row]) if isinstance(v, str) and v.strip()}
        others = [v for v in self.rows[row] if v is not None and not isinstance(v, str)]
        units = {c: f"({t.strip('()（）')})" for c, t in cells.items()}
        money = [t for t in units.values() if unit_in_heading(t)]
        known = all(unit_in_heading(t) or t in ("(%)", "(个)", "(分)") for t in units.values())
        return units if money and known and not others else {}

    def skip_column_numbers(self, last: int) -> int:
        """表头下面的“1 2 3 …”“栏次 1 2=3+4”“A B C=B/A”一行也算表头。"""
        row = last + 1
        if row >= len(self.rows):
            return last
        cells = [squeeze(str(v)).removesuffix(".0") for v in self.rows[row] if v is not None and str(v).strip()]
        found = [m[1] for c in cells if (m := _ORDINAL.match(c))]
        counted = [int(n) for n in found if n.isdigit()] or [ord(n.upper()) for n in found]
        in_order = len(counted) >= 3 and all(b - a == 1 for a, b in pairwise(counted))
        return row if in_order and all(_COLUMN_NUMBER.match(c) for c in cells) else last

    def title_rows(self, first: int, floor: int) -> list[int]:
        """表头上面的标题、编制单位、单位各行（自上而下）；前面还有表（floor > 0）时，碰到它的数据、合计、页脚为止。"""
        found: list[int] = []
        for row in range(first - 1, max(floor, first - _TITLE_ROWS) - 1, -1):
            values = [v for v in self.rows[row] if v is not None and (not isinstance(v, str) or v.strip())]
            if not values:
                continue
            if _is_title(values, after_table=floor > 0):
                found.append(row)
            elif floor > 0:
                break
        return found[::-1]

    def line(self, row: int) -> str:
        """一行里的文字，用空格连起来。"""
        return " ".join(one_line(v) for v in self.rows[row] if isinstance(v, str) and v.strip())


def _is_number(value: Cell) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return value not in range(2000, 2101)


def _is_title(values: Sequence[Cell], *, after_table: bool) -> bool:
    texts = [squeeze(v) for v in values if isinstance(v, str)]
    if not texts or any(_is_number(v) for v in values):
        return False
    if not after_table:
        return True
    if FOOTER.match(texts[0]) or texts[0].rstrip(":").endswith("计"):
        return False
    return len(texts) <= _TITLE_CELLS or any(unit_in_line(t) or _STATED_BY.search(t) for t in texts)


def find_year(texts: Sequence[str]) -> int | None:
    """标题里写的年度：先找“2023年度”，再找“2023年”，再找单独的 2023；填报日期里的不算。"""
    for pattern in _YEARS:
        for text in texts:
            if not FOOTER.match(text) and (found := pattern.search(text)):
                return int(found[1])
    return None


def find_cutoff(texts: Sequence[str], year: int | None) -> dt.date | None:
    """从标题和表头里读数据截止日：截至2023年7月31日、2023年1-7月、1-7月执行数（配合年度）；读不出为 None。

    日历上没有的日期（截至2023年2月30日）不算，也不当作那个月的月末；由 wrong_dates 说出来。
    """
    for text in texts:
        if (m := _FULL_DATE.search(text)) and (day := _day_of(m, year)):
            return day
    for text in (_FULL_DATE.sub("", text) for text in texts):
        if m := _MONTHS.search(text):
            in_year = int(m["a"] or m["b"] or m["c"] or 0) or year
            month = int(m["m"] or m["n"])
        elif period := next((p for p in _PERIODS if p in text), None):
            in_year, month = year, _PERIODS[period]
        else:
            continue
        if in_year and 1 <= month <= 12:
            return dt.date(in_year, month, calendar.monthrange(in_year, month)[1])
    return None


def wrong_dates(texts: Sequence[str], year: int | None) -> list[str]:
    """写成截止日、日历上却没有的日期，照原样，不重复：截至2023年2月30日、1-13月。"""
    found = [m[0] for t in texts for m in _FULL_DATE.finditer(t) if (m["y"] or year) and not _day_of(m, year)]
    months = (m for t in texts for m in _MONTHS.finditer(_FULL_DATE.sub("", t)))
    return list(dict.fromkeys([*found, *(m[0] for m in months if not 1 <= int(m["m"] or m["n"]) <= 12)]))


def _day_of(found: re.Match[str], year: int | None) -> dt.date | None:
    in_year = int(found["y"] or 0) or year
    return _date(in_year, int(found["m"] or found["n"]), int(found["d"])) if in_year else None


def place_of(rows: Sequence[Sequence[Cell]], words: str) -> str | None:
    """几行里写着这几个字的第一格：B2；没有（例如写在表名里）为 None。"""
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row):
            if isinstance(value, str) and words in squeeze(value):
                return f"{column_letters(column)}{number}"
    return None


def _date(year: int, month: int, day: int) -> dt.date | None:
    if 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]:
        return dt.date(year, month, day)
    return None


def stated_unit(lines: Sequence[str]) -> str | None:
    """标题行里写的单位：“填报单位：泸县农业农村局”→ 泸县农业农村局。

    编制、填报单位是财政部门的，是汇总的人，不是各行的单位，不算。
    """
    for line in lines:
        for found in _STATED_BY.finditer(line):
            name = squeeze(_NEXT_LABEL.split(found["name"])[0]).strip("()_—-。;,:")
            if not name or _NOT_A_UNIT.search(name) or (found["label"] in _COMPILERS and "财政" in name):
                continue
            return split_code_name(name)[1]
    return None

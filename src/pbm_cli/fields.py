"""单元格 → 值：金额、比率、日期、编码、数、文字。所有的宽容都在这里（数在 figures.py，指标值在 targets.py）。

每个函数交回值、None（空白）或 Problem。Problem 是数据，不是异常：usable 为真时 value 可用，只是要说一句话；
为假时这个单元格不能用。
"""

from __future__ import annotations

import calendar
import datetime as dt
import math
import re

from pbm_cli.cells import Cell, Percentage
from pbm_cli.figures import (
    MONEY_UNITS,
    Level,
    Problem,
    Rate,
    blank,
    count,
    decimal_of,
    money,
    narrow,
    number,
    numeral,
    percent_text,
    quoted,
    rate,
    unreadable,
    wordy,
)
from pbm_cli.text import one_line, plain, squeeze, visible

__all__ = [
    "MONEY_UNITS",
    "Level",
    "Problem",
    "Rate",
    "blank",
    "code",
    "count",
    "day",
    "decimal_of",
    "money",
    "named",
    "narrow",
    "number",
    "numeral",
    "quoted",
    "rate",
    "split_code_name",
    "spoken",
    "text",
    "unit_in_heading",
    "unit_in_line",
    "unreadable",
    "wordy",
    "yes_no",
]  # fmt: skip

_FIRST_SERIAL, _LAST_SERIAL = 20_000, 80_000
_EPOCH = dt.date(1899, 12, 30)
_CLOCK = r"(?:[ T]*[0-9]{1,2}[:时][0-9]{1,2}(?:[:分][0-9.]{1,10})?[秒Z]?)?"
_DAY = re.compile(rf"([0-9]{{4}})([-/.年]) ?([0-9]{{1,2}}) ?[-/.月] ?([0-9]{{1,2}}) ?[日号]?{_CLOCK}")
_SOLID_DAY = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:[0-9]{6}(?:[0-9]{3})?)?")
_MONTH = re.compile(r"([0-9]{4})(?: ?[-/.年] ?([0-9]{1,2}) ?月?[底末]?|([0-9]{2}))")
_SPOKEN_DAY = re.compile(
    r"([〇○零一二三四五六七八九]{4})年([一二三四五六七八九十]{1,3})月(?:([一二三四五六七八九十]{1,3})[日号])?"
)
_SPOKEN_DIGITS = str.maketrans("〇○零一二三四五六七八九", "000123456789")

_LONGEST_CODE = 60
_SIMPLE_CODE = re.compile(r"[0-9A-Za-z]*[0-9][0-9A-Za-z]*")
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+[eE]\+?[0-9]{1,3}|[eE]\+[0-9]{1,3})")
_DESTROYED = "请把原表这一列设为文本格式后重新导出（Excel 只保留 15 位数字，后面的已经丢失）"
_CODE_THEN_NAME = re.compile(r"([0-9A-Za-z]{3,40})( ?[-—_|:]{1,2} ?| )(\S.*)", re.DOTALL)
_CODE_IN_BRACKETS = re.compile(r"([\[【(]) ?([0-9A-Za-z]{3,40}) ?[\]】)] ?[-—_:]? ?(\S.*)", re.DOTALL)
_NAME_AHEAD = re.compile("[0-9A-Za-z]*[\u4e00-\u9fff]")  # 2023年××项目：数字、字母后面紧接汉字的，没有代码
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_YEAR_MONTH = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:[0-3][0-9])?")
_ROAD = re.compile(r"[GSXYCZgsxycz][0-9]{1,4}")
_QUANTITY = "年月日号个万亿元亩吨米名人户家台套次期级度%"
_OFFICE = re.compile("(?:人民政府|办事处|委员会|办公室|局)$")
_HAN = re.compile("[\u4e00-\u9fff]")

_DONE = ("整改", "完成", "公开", "报送", "同步", "编制", "上会", "批复", "下达", "调整", "评估", "评价")
_YES = {"是", "√", "✓", "✔", "☑", "y", "yes", "true", "t", "1", "已", "有", "新增", "新增项目", "是新增"} | {
    "已" + done for done in _DONE
}
_NO = {"否", "×", "✕", "✗", "✘", "☒", "x", "n", "no", "false", "f", "0", "未", "无", "不是", "没有", "延续", "延续项目",
       "延续性项目", "非新增", "未新增"} | {"未" + done for done in _DONE}  # fmt: skip

_UNIT = "(?:百万|千万|百|千|万|亿)? *元"
_UNIT_IN_BRACKETS = re.compile(rf"[(\[【](?:金额|货币|资金)?(?:单位)?:?(?:人民币)?({_UNIT})(?:[,，、;/]?%)?[)\]】]")
_UNIT_AT_END = re.compile(r"(?:(?:百万|千万|千|万|亿)元|(?<=[额数金出算入款/:,_-])元)$")
_UNIT_LINE = re.compile(
    r"(?<!度量)(?<!编制)(?<!填报)单 *位 *"
    rf"(?:: *(?:[个项件条户人次%]{{1,3}} *[、,/] *)*(?:人民币)? *({_UNIT})|(?:人民币)?((?:百万|千万|千|万|亿)元))"
    rf"(?=$|[^\u4e00-\u9fff]|币[种别])(?! *[/、或] *{_UNIT})"
)


def day(cell: Cell) -> dt.date | Problem | None:
    """日期；只写到月的取月末并提示；认 Excel 序列号（1900 系统）和系统的 14、17 位时间串。"""
    if isinstance(cell, dt.datetime):
        return cell.date()
    if isinstance(cell, dt.date):
        return cell
    if problem := unreadable(cell):
        return problem
    if blank(cell) or cell == "无":
        return None
    if isinstance(cell, bool | dt.time | dt.timedelta | Percentage):
        return _no_day(str(cell), "单元格里没有年月日")
    if isinstance(cell, float):
        if not cell.is_integer() and not _FIRST_SERIAL <= cell <= _LAST_SERIAL:
            return _no_day(str(cell), "请写成 2023-12-31 这样的文字或日期")
        cell = int(cell)
    line = one_line(str(cell)[:200])
    return _day_text(narrow(line), line)


def _no_day(shown: str, why: str) -> Problem:
    return Problem(f"{quoted(shown)}不是日期（{why}）", "请写成 2023-12-31 这样的日期")


def _day_text(line: str, shown: str) -> dt.date | Problem:
    if match := _SPOKEN_DAY.fullmatch(line):
        year, month, last = match[1].translate(_SPOKEN_DIGITS), numeral(match[2]), numeral(match[3] or "")
        line = f"{year}-{month or 0}" + (f"-{last or 0}" if match[3] else "")
    line = re.sub(" ?([年月日号]) ?", r"\1", line)
    if match := _DAY.fullmatch(line):
        return _date(shown, match[1], match[3], match[4])
    if match := _SOLID_DAY.fullmatch(line):
        return _date(shown, match[1], match[2], match[3])
    if match := _MONTH.fullmatch(line):
        found = _date(shown, match[1], match[2] or match[3], None)
        if isinstance(found, Problem):
            return found
        return Problem(f"{quoted(shown)}只写到月，按月末 {found} 算", "", "hint", found, usable=True)
    if re.fullmatch("[0-9]{5}", line) and _FIRST_SERIAL <= int(line) <= _LAST_SERIAL:
        return _EPOCH + dt.timedelta(days=int(line))
    if re.fullmatch("[0-9]{4}(?:年度?)?", line):
        return _no_day(shown, "只有年份")
    return _no_day(shown, "缺少四位的年份" if re.search("[月/.-]", line) else "认不出年月日")


def _date(shown: str, year: str, month: str, last: str | None) -> dt.date | Problem:
    y, m = int(year), int(month)
    if not 1900 <= y <= 2100 or not 1 <= m <= 12:
        return _no_day(shown, "没有这样的年月")
    longest = calendar.monthrange(y, m)[1]
    d = longest if last is None else int(last)
    return dt.date(y, m, d) if 1 <= d <= longest else _no_day(shown, f"{m} 月没有 {d} 日")


def code(cell: Cell) -> str | Problem | None:
    """编码，一律是文字，保留前导零；“代码-名称”只取代码。被 Excel 变成数而丢了位的不能用。"""
    if type(cell) is str and len(cell) <= _LONGEST_CODE and _SIMPLE_CODE.fullmatch(cell):
        return cell
    if problem := unreadable(cell):
        return problem
    if blank(cell):
        return None
    if isinstance(cell, bool | dt.date | dt.time | dt.timedelta | Percentage):
        return Problem(f"{quoted(spoken(cell))}不是编码", "请把原表这一列设为文本格式后改正", "warning")
    if isinstance(cell, int | float):
        if not math.isfinite(cell) or abs(cell) >= 10**15:
            return Problem(f"编码 {quoted(cell)}已被 Excel 变成数，丢了末尾的数字", _DESTROYED, "warning")
        if cell < 0 or cell != int(cell):
            return Problem(f"{quoted(spoken(cell))}不是编码", "请把原表这一列设为文本格式后改正", "warning")
        return str(int(cell))
    return _code_text(cell or "")


def _code_text(cell: str) -> str | Problem | None:
    line = one_line(cell[:2000]).lstrip("'’‘`").strip()
    found, _ = split_code_name(line)
    word = found or narrow(line).replace(" ", "")
    if word == "无":
        return None
    if _SCIENTIFIC.fullmatch(word):
        return Problem(f"编码 {quoted(line)}已被 Excel 变成科学计数，丢了末尾的数字", _DESTROYED, "warning")
    if len(word) > _LONGEST_CODE:
        return Problem(f"{quoted(line)}不是编码（太长了）", "请核对这一列是不是编码", "warning")
    return word or None


def split_code_name(value: str) -> tuple[str | None, str]:
    """拆开“代码-名称”“[代码]名称”“代码 名称”；不是这种写法时代码为 None，名称原样。"""
    line = value.strip()
    if _NAME_AHEAD.match(line):
        return None, line
    plain_line = narrow(line[:200])
    if match := _CODE_THEN_NAME.match(plain_line):
        found, mark, start = match[1], match[2].strip(), match.start(3)
    elif match := _CODE_IN_BRACKETS.match(plain_line):
        found, mark, start = match[2], match[1], match.start(3)
    else:
        return None, line
    name = line[start:].strip()
    return (found, name) if _is_code(found, mark, name) else (None, line)


def _is_code(found: str, mark: str, name: str) -> bool:
    """年份、路线号（G546）、数量（100-200亩）、热线（12345 热线）都不是代码。"""
    if sum(letter.isdigit() for letter in found) < 3 or not _HAN.search(name):
        return False
    if _YEAR.fullmatch(found) or _ROAD.fullmatch(found):
        return False
    if _YEAR_MONTH.fullmatch(found) and not _OFFICE.search(name):  # 201001-××镇人民政府 是单位代码
        return False
    if mark in ("", "(") and len(found) < 6:
        return False
    if narrow(name[0]).isdigit():
        return len(found) >= 9 or (
            len(found) >= 6 and re.match("(?:19|20)[0-9]{2}-?[0-9]* ?年", narrow(name)) is not None
        )
    return len(found) > 4 or name[0] not in _QUANTITY


def spoken(cell: Cell) -> str:
    """单元格照表上的样子写成一行文字：数去掉浮点的尾巴，百分比带 %，日期写成 2023-12-31。"""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, Percentage):
        return percent_text(cell)
    if isinstance(cell, float):
        return plain(decimal_of(cell)) if math.isfinite(cell) else str(cell)
    if isinstance(cell, dt.datetime):
        return str(cell.date()) if cell.time() == dt.time() else cell.isoformat(" ", "seconds")
    return "" if cell is None else str(cell)


def text(cell: Cell) -> str | Problem | None:
    """文字：去掉看不见的字符和两头的空白；占位符算空白，“无”不算。"""
    if type(cell) is str and wordy(cell) and cell.isprintable() and cell[-1] != " ":
        return cell
    if problem := unreadable(cell):
        return problem
    if blank(cell):
        return None
    return visible(cell).strip() or None if isinstance(cell, str) else spoken(cell)


def named(cell: Cell) -> str | Problem | None:
    """名称，一行；“219001-××镇人民政府”只取名称。"""
    value = text(cell)
    if value is cell and type(cell) is str and "  " not in cell and _NAME_AHEAD.match(cell):
        return one_line(cell) if not cell.isprintable() else cell
    return split_code_name(one_line(value))[1] if isinstance(value, str) else value


def yes_no(cell: Cell) -> bool | Problem | None:
    """是或否：是/否、√/×、Y/N、1/0、已/未、有/无、新增/延续。"""
    if isinstance(cell, bool):
        return cell
    if problem := unreadable(cell):
        return problem
    if blank(cell):
        return None
    word = squeeze(spoken(cell)[:40]).lower().rstrip("。.;")
    if word in _YES or word in _NO:
        return word in _YES
    return Problem(f"{quoted(spoken(cell))}看不出是或否", "请填“是”或“否”")


def unit_in_heading(value: str) -> int | None:
    """表头里写的金额单位，每一单位是多少分：年初预算（万元）、金额:元；没有或写了两种则为 None。"""
    tight = squeeze(value[:400])
    found = {MONEY_UNITS[unit] for unit in _UNIT_IN_BRACKETS.findall(tight)}
    if not found and (match := _UNIT_AT_END.search(tight)):
        found = {MONEY_UNITS[match[0]]}
    return found.pop() if len(found) == 1 else None


def unit_in_line(value: str) -> int | None:
    """标题或单位行里写的金额单位：“单位：万元”“（万元）”；编制单位、度量单位不算，写了两种则为 None。"""
    line = narrow(visible(value[:2000]))
    found = {MONEY_UNITS[(first or second).replace(" ", "")] for first, second in _UNIT_LINE.findall(line)}
    found = found or {MONEY_UNITS[unit] for unit in _UNIT_IN_BRACKETS.findall(squeeze(line))}
    return found.pop() if len(found) == 1 else None

"""指标值与完成值：运算符、数、度量单位。"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

from pbm_cli.cells import Cell
from pbm_cli.fields import blank, narrow, numeral, quoted, spoken, unreadable
from pbm_cli.quantities import (
    LONGEST,
    MEASURES,
    OPERATOR_WORD,
    TIMES,
    YUAN,
    Operator,
    Quantity,
    factor_and_measure,
    quantities,
    sign,
    split_suffix,
    tidy,
    without_deadlines,
)
from pbm_cli.text import one_line, plain, squeeze

__all__ = ["NOT_APPLICABLE", "Actual", "Operator", "Target", "parse_actual", "parse_target"]

NOT_APPLICABLE = "不适用"
_DIRECTIONS: Mapping[str, Operator] = {"正向": ">=", "反向": "<=", "逆向": "<=", "负向": "<="}
_KIND = re.compile(r"(定性|定量|正向|反向|逆向|负向)(?:指标)?")
_KIND_AHEAD = re.compile(r"(定性|定量|正向|反向|逆向|负向)(?:指标[\s:：]*|[\s:：]+)(?=\S)")
_SYMBOLS = re.compile("[<>=]+")
_LABEL = re.compile(r"^指标[0-9]{1,3}[.:、)]*|^\(?[0-9]{1,2}[.、)](?=[\u4e00-\u9fff])")
_RANGE = re.compile(r"[0-9][%‰]?[\u4e00-\u9fff]{0,3}(?:-|~|—{1,2}|至|到|→)[0-9]")
_FORMULA = re.compile(r"[0-9][:/*×xX][0-9]")
_BRACKETED = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
_NOTE = re.compile(r"[(\[][^()\[\]]*[0-9][^()\[\]]*[)\]]")
_WHOLE_BRACKET = re.compile(r"^[(\[]([^()\[\]]*)[)\]]$")
_YEAR_AHEAD = re.compile("^(?:19|20)[0-9]{2}年度?(?=[\u4e00-\u9fff])(?![度底末初前上下第内之以一二三四])")
_MONTH = re.compile("[0-9]{1,2}月")
_CALENDAR = re.compile("[0-9]{4}年|[0-9]{1,2}月[底末初]?前?")
_MODEL = re.compile("[A-Za-z]+[\u4e00-\u9fff]")
_PERCENT_ONLY = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?%")
_NOT_A_VALUE = ("第", "前", "每", "-", "同比")
_SAME: Mapping[str, str] = {
    "日": "天", "个工作日": "工作日", "个小时": "小时", "个百分点": "百分点", "千米": "公里", "km": "公里",
    "KM": "公里", "千克": "公斤", "立方": "立方米", "m3": "立方米", "m³": "立方米", "平米": "平方米", "㎡": "平方米",
    "m2": "平方米", "m²": "平方米",
}  # fmt: skip
_NO_OPERATOR = "没有写运算符，按“=”读"


@dataclass(frozen=True, slots=True)
class Target:
    """一个指标值。

    text 是原文；value 是数（定性为 None），已按“万/亿 + 非金额单位”放大；measure 是归一后的度量单位
    （%、万元、个、人次……，没有写为空）；multiplier 是放大的倍数（6 万立方米 → 10000），用来同样放大没写单位的完成值；
    remarks 是要说的话（没写运算符、两个条件、超过 100% 等），每条一句中文。
    """

    text: str
    operator: Operator
    value: Decimal | None
    measure: str = ""
    multiplier: int = 1
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Actual:
    """一个完成值：value 是与指标值同一单位的数（不能比为 None），text 是原文。"""

    text: str
    value: Decimal | None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Columns:
    """指标性质、指标值、度量单位三列理顺之后：text 是合起来的原文，body 是带数的那一列。"""

    text: str
    body: str
    operator: Operator | None
    direction: Operator | None
    measure: str


def parse_target(value: Cell, operator: Cell = None, measure: Cell = None) -> Target | None:
    """指标性质、指标值、度量单位三列（可缺、可粘连、可填错列）→ 指标值；都空白时为 None。"""
    for cell in (value, operator, measure):
        if problem := unreadable(cell):
            return Target(one_line(str(cell)), "qualitative", None, remarks=(problem.message,))
    words = (_words(value), _words(operator), _words(measure))
    if isinstance(value, dt.date):
        return Target(words[0], "qualitative", None)
    if sum(len(part) for part in words) > LONGEST:
        return Target("".join(words), "qualitative", None, remarks=("指标值太长，按定性处理",))
    return _target(*words)


@lru_cache(maxsize=16384)
def _target(value: str, operator: str, measure: str) -> Target | None:
    columns = _columns(value, operator, measure)
    if columns is None:
        return None
    if columns.operator != "qualitative":
        found = _one_quantity(columns)
        return _quantified(columns, found) if isinstance(found, Quantity) else found
    numbers = quantities(tidy(columns.body))
    bare = len(numbers) == 1 and not numbers[0].head and not numbers[0].tail
    return Target(columns.body, "qualitative", None, remarks=("指标性质是定性，指标值却是数",) if bare else ())


def _words(cell: Cell) -> str:
    if blank(cell):
        return ""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    return one_line(spoken(cell))


def _columns(value: str, operator: str, measure: str) -> _Columns | None:
    """认出哪一列是运算符、哪一列带数、哪一列是单位；都空（或只剩运算符和单位）则为 None。"""
    kinds, marks, texts = [], [], []
    for words in (operator, value, measure):
        kind, rest = _split_kind(words)
        mark = sign(_BRACKETED.sub("", tidy(rest)))
        kinds.append(kind)
        marks.append(mark)
        texts.append("" if mark else rest)
    declared = "定性" in kinds
    place = _body(texts)
    if not texts[place]:
        return _Columns(value, value, "qualitative" if declared else None, None, "") if value else None
    body = texts[place]
    if place != 0 and texts[0] not in MEASURES:
        leading = _SYMBOLS.match(tidy(texts[0]))
        operator = leading[0] if leading else operator
        marks[0], texts[0] = marks[0] or (sign(operator) if leading else None), ""
    chosen: Operator | None = "qualitative" if declared else next((mark for mark in marks if mark), None)
    unit = next((texts[other] for other in (2, 0, 1) if other != place and 0 < len(texts[other]) <= 12), "")
    if (spoken_number := numeral(body)) is not None and (chosen or unit):
        body = str(spoken_number)
    whole = body
    if re.search("[0-9]", narrow(body)):
        ahead = "" if marks[0] in (None, "=") or body.startswith(operator) else operator
        whole = ahead + body + ("" if not unit or body.endswith(unit) else unit)
    return _Columns(whole, body, chosen, next((_DIRECTIONS[kind] for kind in kinds if kind in _DIRECTIONS), None), unit)


def _split_kind(words: str) -> tuple[str, str]:
    """“定性 好坏” → (定性, 好坏)；“定量指标 100 %” → (定量, 100 %)；没有则为 ("", 原文)。"""
    if match := _KIND.fullmatch(words.strip()):
        return match[1], ""
    if match := _KIND_AHEAD.match(words):
        return match[1], words[match.end() :]
    return "", words


def _body(texts: Sequence[str]) -> int:
    """三列（性质、值、单位）里哪一列是指标值：通常是中间；填错了列时，是有数的那一列。"""
    operator, value, measure = texts
    if (not value or factor_and_measure(value)[1] in MEASURES) and not re.search("[0-9]", value):
        for place, words in ((0, operator), (2, measure)):
            if words and quantities(tidy(words)):
                return place
    return 1 if value or not operator else 0


def _words_only(columns: _Columns, *remarks: str) -> Target:
    return Target(columns.text, "qualitative", None, remarks=remarks)


def _one_quantity(columns: _Columns) -> Quantity | Target:
    """从指标值里找出唯一的那个数；没有、不止一个、是期限或区间，则是定性的指标值。"""
    line = _YEAR_AHEAD.sub("", _LABEL.sub("", tidy(columns.body), count=1), count=1)
    glued = line + tidy(columns.measure)
    if columns.operator and _MONTH.fullmatch(glued):
        rest, dated = line, False
    else:
        rest, dated = without_deadlines(glued if _CALENDAR.fullmatch(glued) else line)
    inner = [part for part in _BRACKETED.findall(rest) if any(number.operator for number in quantities(part))]
    outside = _NOTE.sub("", rest)
    stated = any(number.operator for number in quantities(outside))
    if len(inner) + stated > 1:
        return _words_only(columns, "一格写了两个条件，请分成两条指标")
    rest = inner[0] if inner else outside if stated else _WHOLE_BRACKET.sub(r"\1", rest)
    if _RANGE.search(rest):
        return _words_only(columns, "指标值是一个区间，不能直接比较")
    if _FORMULA.search(rest):
        return _words_only(columns)
    return _choose(columns, rest, quantities(rest), dated=dated)


def _choose(columns: _Columns, rest: str, numbers: list[Quantity], *, dated: bool) -> Quantity | Target:
    signed = [number for number in numbers if number.operator]
    if not numbers:
        empty = not dated and (columns.operator is not None or re.search("[<>=]", rest))
        return _words_only(columns, *(("写了运算符，没有写数",) if empty else ()))
    if len(signed) > 1:
        return _words_only(columns, "一格写了两个条件，请分成两条指标")
    apart = any(re.search("[,;。]", number.head) for number in numbers[1:])
    if (signed and (numbers[-1] is not signed[0] or apart)) or (not signed and len(numbers) > 1):
        return _words_only(columns, "一格写了不止一个数，请分开写")
    number = signed[0] if signed else numbers[0]
    if number.clashing:
        return _words_only(columns, "运算符前后矛盾")
    if dated and not signed:
        return _words_only(columns, "期限和数写在一起，请分成两条指标")
    if not signed and not _clear(number):
        return _words_only(columns, "文字里有数，但看不出是不是指标值")
    return replace(number, note="还写了期限，只比较数") if dated else number


def _clear(number: Quantity) -> bool:
    """没有运算符的数，是不是明明白白就是指标值：10辆、可控性100%、开展1次活动；第3期、24小时值班不是。"""
    _, measure = factor_and_measure(number.unit)
    if number.head.endswith(_NOT_A_VALUE) or len(number.head) > 20 or OPERATOR_WORD.search(number.head):
        return False
    if number.unit and (_MODEL.match(number.unit) or not re.search("[\\w%‰℃°㎡]", number.unit)):
        return False
    if not number.tail or number.tail.startswith(("的", "左右")) or measure in ("%", "‰"):
        return True
    return measure in MEASURES and measure not in TIMES and len(number.tail) <= 8 and "," not in number.head


def _quantified(columns: _Columns, number: Quantity) -> Target:
    operator, remarks = number.operator or columns.operator, [number.note] if number.note else []
    if number.operator and columns.operator and number.operator != columns.operator:
        if number.operator[0] != columns.operator[0] and "=" not in (number.operator, columns.operator):
            return _words_only(columns, "指标性质与指标值里的运算符相反")
        remarks.append("指标性质与指标值里的运算符不同，按指标值里的读")
    if operator is None:
        operator = columns.direction or "="
        sense = "反向" if operator == "<=" else "正向"
        remarks.append(_NO_OPERATOR if columns.direction is None else f"没有写运算符，按“{sense}指标”读")
    column, suffix = _column_measure(columns.measure)
    operator = operator if number.operator or columns.operator else suffix or operator
    unit, clash = _joined(number.unit, column)
    if clash:
        remarks.append(f"指标值里的单位{quoted(number.unit)}与度量单位{quoted(column)}不同，按指标值里的读")
    multiplier, measure = factor_and_measure(unit)
    if multiplier > 1 and not measure:
        remarks.append("“万”“亿”后面没有写单位")
    if measure == "%" and number.value > 100:
        remarks.append("百分数超过 100%，请核对")
    if measure == "%" and operator in (">=", ">") and 0 < number.value < 1:
        remarks.append("百分数小于 1%，请核对是不是小数")
    return Target(columns.text, operator, number.value * multiplier, measure, multiplier, tuple(remarks))


def _column_measure(column: str) -> tuple[str, Operator | None]:
    """度量单位列：去掉括号和说明；写成“分以上”的，分开单位和运算符。"""
    line = _WHOLE_BRACKET.sub(r"\1", tidy(column))
    return split_suffix(_BRACKETED.sub("", line) or line)


def _joined(own: str, column: str) -> tuple[str, bool]:
    """指标值里粘着的单位与度量单位列合起来：万 + 亩 → 万亩；不一致时用前者并说明。"""
    if not own or not column:
        return own or column, False
    if factor_and_measure(own) == factor_and_measure(column) or own + column == column:
        return column, False
    factor, measure = factor_and_measure(own)
    if factor > 1 and not measure:
        return (column, False) if column.startswith(own) else (own + column, False)
    if factor_and_measure(column)[1] == measure:
        return own, False
    return own, not _alike(measure, column)


def parse_actual(value: Cell, target: Target) -> Actual | None:
    """完成值，换成与指标值同一单位的数；不能比时 value 为 None 并说明；空白为 None。

    有指标值而完成值填“/”的，按四川自评表的填法是不适用，不是没有填。
    """
    if problem := unreadable(value):
        return Actual(one_line(str(value)), None, (problem.message,))
    words = _words(value)
    if not words:
        slash = target.text and isinstance(value, str) and squeeze(value) == "/"
        return Actual(NOT_APPLICABLE, None, ("填的是“/”，表示不适用",)) if slash else None
    line = tidy(words) if len(words) <= LONGEST else ""
    if target.value is None:
        return Actual(words, Decimal(line[:-1]) if _PERCENT_ONLY.fullmatch(line) else None)
    rest, _ = without_deadlines(line) if not isinstance(value, dt.date) else ("", True)
    if _RANGE.search(rest) or _FORMULA.search(rest):
        return Actual(words, None, ("完成值是区间或算式，不能比",))
    numbers = [number for number in quantities(rest) if not number.head.endswith(_NOT_A_VALUE)]
    if not numbers:
        return Actual(words, None, ("定量指标的完成值没有数",))
    if len(numbers) > 1:
        numbers = [number for number in numbers if number.unit and _convert(number, target) is not None]
        if len(numbers) != 1 or not target.measure:
            return Actual(words, None, ("完成值里不止一个数，不能比",))
    return _compared(words, numbers[0], target)


def _compared(words: str, number: Quantity, target: Target) -> Actual:
    wanted = target.value or Decimal(0)
    if number.clashing or (number.operator and number.operator[0] not in ("=", target.operator[0])):
        return Actual(words, None, ("完成值带有运算符，不是一个确定的数",))
    remarks = [f"完成值带有运算符，按 {plain(number.value)} 读"] if number.operator not in (None, "=") else []
    if not number.unit and number.tail:
        return Actual(words, None, ("完成值的文字里有数，但看不出单位",))
    value = _convert(number, target)
    if value is None:
        return Actual(
            words, None, (f"完成值的单位{quoted(number.unit)}与指标值的{quoted(target.measure)}不同，不能比",)
        )
    if not number.unit and target.measure == "%" and wanted >= 2 and 0 < number.value <= 1:
        remarks.append("完成值可能是小数形式的百分数，按原数读，请核对")
    if not number.unit and target.multiplier > 1 and wanted and value >= 1000 * wanted:
        remarks.append(f"完成值没有写单位，按指标值的单位放大了 {target.multiplier} 倍，请核对")
    return Actual(words, value, tuple(remarks))


def _convert(number: Quantity, target: Target) -> Decimal | None:
    """换成指标值的单位；单位不同则为 None。"""
    if not number.unit:
        return number.value * target.multiplier
    factor, measure = factor_and_measure(number.unit)
    value = number.value * factor
    if measure in YUAN or (not measure and target.measure in YUAN):
        value *= YUAN.get(measure, 1)
        if target.measure in YUAN:
            return value / YUAN[target.measure]
        return (value if target.multiplier > 1 else number.value) if not target.measure else None
    if measure == "%" and target.measure in ("‰", "比例", "比率"):
        return value * 10 if target.measure == "‰" else value / 100
    if measure == "‰" and target.measure == "%":
        return value / 10
    return value if not measure or not target.measure or _alike(measure, target.measure) else None


def _alike(one: str, other: str) -> bool:
    """同一个单位：相同，或一个只是多写了名词（家、家企业）；人与人次不同。"""
    short, long = sorted((_SAME.get(one, one), _SAME.get(other, other)), key=len)
    if short == long:
        return True
    noun = long.removeprefix(short)
    return short in MEASURES and long not in MEASURES and noun != long and noun[0] not in "次天日年月时/每元"

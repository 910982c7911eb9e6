"""单元格 → 数：金额、分数、个数、比率；以及各种字段共用的空白、错误值、半角、中文数字。

外面从 fields.py 取用这里的函数。每个函数交回值、None（空白）或 Problem。
"""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from pbm_cli.cells import Cell, ErrorCell, Percentage, UnvaluedCell
from pbm_cli.text import half_up, one_line, plain, visible

Level = Literal["error", "warning", "hint"]

MONEY_UNITS: Mapping[str, int] = {
    "元": 100, "百元": 10_000, "千元": 100_000, "万元": 1_000_000,
    "百万元": 100_000_000, "千万元": 1_000_000_000, "亿元": 10_000_000_000,
}  # fmt: skip
"""金额单位 → 每一单位是多少分。"""

_LONGEST = 80
_MOST_FEN = 10**18
_NOISE_DIGITS = 15
_SURE = 10**15
_ERRORS = frozenset({"#DIV/0!", "#REF!", "#VALUE!", "#N/A", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"})
_PLACEHOLDER_CHARACTERS = "/-—–－―─−*＊…_.·／ \u3000"
_PLACEHOLDER_WORDS = frozenset({"null", "\\n", "n/a"})
# 全角与小写变体 → 半角，一个字对一个字（位置不变）；不用整个 NFKC，免得上标“²”变成 2。
_NARROW: dict[int, str] = {
    code: unicodedata.normalize("NFKC", chr(code))
    for code in (*range(0xFF01, 0xFF5F), *range(0xFE50, 0xFE6C), 0xFFE5)
    if unicodedata.normalize("NFKC", chr(code)) != chr(code)
} | {0x3000: " ", 0xA0: " ", 0x2212: "-", 0x2010: "-", 0x2011: "-", 0x2012: "-", 0x2013: "-"}  # fmt: skip
_SIMPLE_PERCENT = re.compile(r"(-?[0-9]{1,9}(?:\.([0-9]{1,6}))?)%")
_LOOSE_SPACE = re.compile(r"(?<![0-9]) | (?![0-9])")
_SIMPLE = re.compile(r"(-?)([0-9]{1,15})(?:\.([0-9]{1,8}))?")
_GROUPED = re.compile(r"-?[1-9][0-9]{0,2}(?:,[0-9]{3}){1,4}(?:\.[0-9]{1,8})?")
_DIGITS = re.compile(
    r"([1-9][0-9]{0,2}(?:,[0-9]{3})+|[1-9][0-9]{0,2}(?: [0-9]{3})+|[0-9]+)?(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,2}))?"
)
_MONEY_HEAD = re.compile(r"([-+△▲]?)(?:(?:¥|RMB|CNY|人民币):?){0,2}([-+△▲]?)", re.IGNORECASE)
_MONEY_TAIL = re.compile(r"\(?((?:百万|千万|百|千|万|亿)?[元圆]|百万|千万|万|亿)整?\)?$")
_LOOKALIKES = dict(zip("OoОоlISsBZz", "00001155822", strict=True))
_NUMERALS = dict(zip("〇○零一二两三四五六七八九", (0, 0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_POWERS = tuple(int("1" + "0" * places) for places in range(9))
_TENS = {"十": 10, "百": 100, "千": 1000}


@dataclass(frozen=True, slots=True)
class Problem:
    """单元格有毛病：是什么（message，一句话，含原文）、怎么办（hint）。"""

    message: str
    hint: str = ""
    level: Level = "error"
    value: object = None
    usable: bool = False


@dataclass(frozen=True, slots=True)
class Rate:
    """表上给出的比率：number 是写出来的数，form 说明写法。

    percent：带 % 号或按百分比格式显示，number 已是百分数（98% → 98）；
    bare：裸数，可能是 0.98 也可能是 98，由“执行÷预算”反推，不靠大小猜。
    places 是百分数写到几位小数（bare 时是裸数的小数位数）。
    """

    number: Decimal
    form: Literal["percent", "bare"]
    places: int


def narrow(value: str) -> str:
    """全角数字、字母、符号变半角，一个字对一个字；U+2212 等减号变 -。"""
    return value.translate(_NARROW)


def numeral(value: str) -> int | None:
    """小的中文数字（到千万）：三 → 3，二十五 → 25，一百零三 → 103；不是则为 None。"""
    high, mark, low = value.rpartition("万")
    if mark:
        first, second = _thousands(high), _thousands(low) if low else 0
        return None if first is None or second is None else first * 10_000 + second
    return _thousands(value)


def _thousands(value: str) -> int | None:
    total, digit, scale = 0, -1, 10_000
    for index, letter in enumerate(value):
        if letter in _TENS:
            if _TENS[letter] >= scale or (digit < 0 and (letter != "十" or (index and value[index - 1] not in "零〇"))):
                return None
            scale = _TENS[letter]
            total, digit = total + max(digit, 1) * scale, -1
        elif letter in _NUMERALS and digit <= 0:
            digit = _NUMERALS[letter]
        else:
            return None
    return total + max(digit, 0) if value else None


def quoted(value: object) -> str:
    """引用原文：加引号，去掉看不见的字符，太长则截断。"""
    line = one_line(str(value)[:200])
    return f"“{line[:40]}…”" if len(line) > 40 else f"“{line}”"


def unreadable(cell: Cell) -> Problem | None:
    """错误值、没有算过的公式、显示不下的“####”：既不是零，也不是空白。"""
    if isinstance(cell, UnvaluedCell):
        return Problem("公式没有计算结果", "请在 WPS 或 Excel 中打开、重新计算并保存，再交给本工具")
    if isinstance(cell, ErrorCell):
        return Problem(
            f"错误值 {one_line(cell[:40])}，没有可用的数", "请在原表里改正公式（分母为零时可改为空白）后保存"
        )
    if isinstance(cell, str) and cell.lstrip()[:1] == "#" and len(cell) < _LONGEST:
        word = cell.strip().upper()
        if word in _ERRORS:
            return Problem(f"错误值 {word}，没有可用的数", "请在原表里改正公式（分母为零时可改为空白）后保存")
        if len(word) > 1 and not word.strip("#"):
            return Problem(f"{quoted(word)}是列宽不够时显示的记号，不是数据", "请在原表里加宽这一列再导出")
    return None


def wordy(cell: str) -> bool:
    """开头是字或数的文字：一定不是占位符（占位的词只有 null、n/a），也不是错误值。"""
    return cell[:1].isalnum() and cell[:1] not in "Nn"


def blank(cell: Cell) -> bool:
    """算不算空：空、空白、占位符（/、-、—、*、……、null、\\N）。错误值和没算过的公式不算空。"""
    if cell is None:
        return True
    if type(cell) is str and wordy(cell):
        return False
    if not isinstance(cell, str) or isinstance(cell, ErrorCell | UnvaluedCell):
        return False
    if len(cell) > _LONGEST and cell[:_LONGEST].strip():
        return False
    word = visible(cell).strip()
    return not word.strip(_PLACEHOLDER_CHARACTERS) or word.lower() in _PLACEHOLDER_WORDS


def _not_a(what: str, cell: Cell, why: str) -> Problem:
    return Problem(f"{quoted(cell)}不是{what}（{why}）", "请在原表里改正")


def _other_type(cell: Cell, what: str) -> Problem:
    """数、文字以外的单元格用在了要数的列里。"""
    if isinstance(cell, bool):
        return _not_a(what, "TRUE" if cell else "FALSE", "是逻辑值")
    if isinstance(cell, Percentage):
        return Problem(f"“{percent_text(cell)}”不是{what}（单元格是百分比格式）", "请在原表里改为数值格式")
    if isinstance(cell, dt.date | dt.time | dt.timedelta):
        return Problem(f"{quoted(cell)}不是{what}（是日期或时间）", "请在原表里改正单元格格式和内容")
    return _not_a(what, cell, "不是有限的数")


def percent_text(cell: float) -> str:
    """百分比单元格显示的样子：0.98 → 98%。"""
    return plain(decimal_of(cell) * 100) + "%" if math.isfinite(cell) else str(cell)


def decimal_of(cell: float) -> Decimal:
    """浮点数 → 十进制，只留 15 位有效数字（与 Excel 相同），去掉浮点的尾巴。cell 须有限。"""
    return Decimal(f"{cell:.15g}")


def _shown(cell: str) -> str | None:
    """去掉看不见的字符、空白并成一个；太长则为 None。"""
    if len(cell) > 10 * _LONGEST:
        return None
    line = one_line(cell)
    return None if len(line) > _LONGEST else line


def _exact(tight: str) -> Decimal | None:
    """已变半角、去了多余空格的文字 → 十进制；写法不对则为 None。"""
    match = _DIGITS.fullmatch(tight)
    if not match or not (match[1] or match[2]) or len(tight) > 40:
        return None
    whole = (match[1] or "0").replace(",", "").replace(" ", "")
    return Decimal(whole + (f".{match[2]}" if match[2] else "") + (f"e{match[3]}" if match[3] else ""))


def _why(shown: str) -> str:
    """写法哪里不对；位数从 1 数，按看到的原文。"""
    line = narrow(shown)
    if not re.search("[0-9]", line):
        return "里面没有数字"
    for index, letter in enumerate(line):
        beside = line[max(index - 1, 0) : index] + line[index + 1 : index + 2]
        if letter in _LOOKALIKES and re.search(r"[0-9.,]", beside):
            return f"第 {index + 1} 位是字母 {letter}，不是数字 {_LOOKALIKES[letter]}"
    if re.search(r"[0-9] +[0-9.,]|[.,] +[0-9]", line):
        return "数字中间有空格"
    if re.search(r"\.[0-9,]*\.", line):
        return "有两个小数点"
    if "," in line and not re.search(r"(?<![0-9,])[1-9][0-9]{0,2}(,[0-9]{3})+(?![0-9,])", line):
        return "千分位逗号的位置不对"
    for index, letter in enumerate(line):
        if letter not in "0123456789.,+-() ":
            return f"第 {index + 1} 位是“{letter}”，不是数字"
    return "数字的写法不对"


def money(cell: Cell, unit: int | None) -> int | Problem | None:
    """金额，整数分；unit 是表上每一单位合多少分（见 MONEY_UNITS），None 表示不知道，单元格自带单位的优先。"""
    if cell is None:
        return None
    if unit is not None:
        if type(cell) is int:
            return _within(cell * unit, cell)
        if type(cell) is float and abs(cell) < _SURE:
            fen = round(cell * unit)
            if abs(fen) < _SURE and fen / unit == cell:  # 不到 15 位的小数与浮点数一一对应：恰好是整数分
                return fen
        simple = cell if type(cell) is str else repr(cell) if type(cell) is float else ""
        if "," in simple and _GROUPED.fullmatch(simple):
            simple = simple.replace(",", "")
        if match := _SIMPLE.fullmatch(simple):
            sign, whole, fraction = match[1], match[2], match[3] or ""
            fen, rest = divmod(int(whole + fraction) * unit, _POWERS[len(fraction)])
            if not rest and fen < _MOST_FEN:
                return -fen if sign else fen
    return _money_slowly(cell, unit)


def _within(fen: int, cell: Cell) -> int | Problem:
    return fen if -_MOST_FEN < fen < _MOST_FEN else _not_a("金额", str(cell)[:60], "数太大，请核对单位和位数")


def _money_slowly(cell: Cell, unit: int | None) -> int | Problem | None:
    if problem := unreadable(cell):
        return problem
    if isinstance(cell, str):
        return None if _void(cell) else _money_text(cell, unit)
    if isinstance(cell, bool | Percentage) or not isinstance(cell, int | float) or not math.isfinite(cell):
        return _other_type(cell, "金额")
    exact = Decimal(cell if isinstance(cell, int) else repr(cell))
    noisy = len(exact.as_tuple().digits) >= _NOISE_DIGITS
    return _to_fen(exact, unit, str(cell), noisy=noisy)


def _void(cell: Cell) -> bool:
    """数的列里算空的：空白、占位符和“无”。"""
    return blank(cell) or (isinstance(cell, str) and cell.strip() == "无")


def _to_fen(exact: Decimal, unit: int | None, shown: str, *, noisy: bool) -> int | Problem:
    if unit is None:
        if not exact:
            return 0
        message = f"{quoted(shown)}没有写金额单位，表上也没有写"
        return Problem(message, "请在表头或单元格写明元、万元或亿元，或用 --unit 指明")
    if exact.adjusted() > 20:
        return _not_a("金额", shown, "数太大，请核对单位和位数")
    ratio = Fraction(exact) * unit
    fen = _within(int(half_up(ratio, 0)), shown)
    if isinstance(fen, Problem) or noisy or ratio.denominator == 1:
        return fen
    return Problem(f"{quoted(shown)}比分还细，已四舍五入到分", "请核对原数", "warning", fen, usable=True)


def _money_text(cell: str, unit: int | None) -> int | Problem:
    shown = _shown(cell)
    if shown is None:
        return _not_a("金额", cell, "太长了")
    tight = _LOOSE_SPACE.sub("", narrow(shown))
    negative = tight[:1] == "(" and tight[-1:] == ")"
    tight = tight[1:-1] if negative else tight
    if tail := _MONEY_TAIL.search(tight):
        own = tail[1].replace("圆", "元")
        unit = MONEY_UNITS[own if own.endswith("元") else own + "元"]
        tight = tight[: tail.start()]
    if not negative and tight[:1] == "(" and tight[-1:] == ")":
        negative, tight = True, tight[1:-1]
    head = _MONEY_HEAD.match(tight)
    signs = head[1] + head[2] if head else ""
    exact = _exact(tight[head.end() if head else 0 :])
    if exact is None or len(signs) + negative > 1:
        return _not_a("金额", shown, _why(shown) if exact is None else "正负号写了两次")
    fen = _to_fen(-exact if negative or signs not in ("", "+") else exact, unit, shown, noisy=False)
    if not isinstance(fen, Problem) and fen and "e" in tight.lower():
        message = f"{quoted(shown)}是科学计数的文字，后面的数字可能已经丢失，暂按字面读"
        return Problem(message, "请把原表这一列改为数值格式后重新导出", "warning", fen, usable=True)
    return fen


def number(cell: Cell) -> Decimal | Problem | None:
    """分数、权重等普通的数；末尾的“分”可有可无，百分数不是。"""
    if type(cell) is int and -(10**12) < cell < 10**12:
        return Decimal(cell)
    if type(cell) is str and _SIMPLE.fullmatch(cell):
        return Decimal(cell)
    return _number_slowly(cell, "数", "分")


def _number_slowly(cell: Cell, what: str, tail: str) -> Decimal | Problem | None:
    if problem := unreadable(cell):
        return problem
    if _void(cell):
        return None
    if not isinstance(cell, str):
        if isinstance(cell, bool | Percentage) or not isinstance(cell, int | float) or not math.isfinite(cell):
            return _other_type(cell, what)
        exact: Decimal | None = Decimal(cell) if isinstance(cell, int) else decimal_of(cell)
    else:
        shown = _shown(cell)
        if shown is None:
            return _not_a(what, cell, "太长了")
        tight = _LOOSE_SPACE.sub("", narrow(shown)).removesuffix(tail)
        if "%" in tight:
            return _not_a(what, shown, "是百分数")
        exact = _exact(tight.lstrip("+-") if tight[1:2] not in ("+", "-") else tight)
        if exact is None:
            return _not_a(what, shown, _why(shown))
        exact = -exact if tight[0] == "-" else exact
    return exact if exact is not None and exact.adjusted() < 15 else _not_a(what, str(cell)[:60], "数太大")


_COUNTED = re.compile(
    r"(?:共计|合计|累计|共|计)?([0-9][0-9., ]*|[零〇一二两三四五六七八九十百千万]+)(万)?([^\W\d_]{0,4})"
)


def count(cell: Cell) -> int | Problem | None:
    """个数（期数、人次等），不小于 0 的整数：334人次、3期、三期、1.2万人次。"""
    if type(cell) is int and 0 <= cell < 10**12:
        return cell
    times = 1
    exact: Decimal | int | Problem | None
    match = None
    if isinstance(cell, str) and len(cell) <= _LONGEST and not unreadable(cell) and not _void(cell):
        match = _COUNTED.fullmatch(_LOOSE_SPACE.sub("", narrow(one_line(cell))))
    if match and match[3][:1] not in _NUMERALS and match[3][:1] not in _TENS:
        times = 10_000 if match[2] else 1
        spoken = numeral(match[1])
        exact = spoken if spoken is not None else _exact(match[1])
        if exact is None:
            return _not_a("个数", cell, _why(str(cell)))
    else:
        exact = _number_slowly(cell, "个数", "次")
    if exact is None or isinstance(exact, Problem):
        return exact
    if exact < 0:
        return _not_a("个数", cell, "是负数")
    value = Fraction(exact) * times
    return value.numerator if value.denominator == 1 else _not_a("个数", cell, "不是整数")


def rate(cell: Cell) -> Rate | Problem | None:
    """比率：带 % 的是百分数，裸数原样交回（0.98 还是 98 由“执行÷预算”反推）。"""
    if type(cell) is str and (simple := _SIMPLE_PERCENT.fullmatch(cell)):
        return Rate(Decimal(simple[1]), "percent", len(simple[2] or ""))
    if problem := unreadable(cell):
        return problem
    if _void(cell):
        return None
    if isinstance(cell, Percentage) and math.isfinite(cell):
        return _rate(decimal_of(cell) * 100, "percent", 6)
    if not isinstance(cell, str):
        value = _number_slowly(cell, "比率", "")
        return _rate(value, "bare", 8) if isinstance(value, Decimal) else value
    shown = _shown(cell)
    if shown is None:
        return _not_a("比率", cell, "太长了")
    tight = _LOOSE_SPACE.sub("", narrow(shown))
    mark = tight[-1:] if tight[-1:] in ("%", "‰") else ""
    tight = tight.removesuffix(mark)
    exact = _exact(tight[1:] if tight[:1] in ("+", "-") else tight)
    if exact is None or exact.adjusted() > 12:
        return _not_a("比率", shown, "数太大" if exact is not None else _why(shown.rstrip("%％﹪‰ ")))
    exact = -exact if tight[0] == "-" else exact
    places = len(tight.partition(".")[2]) if "e" not in tight.lower() else _places(exact)
    if mark == "‰":
        return Rate(exact / 10, "percent", places + 1)
    return Rate(exact, "percent" if mark else "bare", places)


def _places(value: Decimal) -> int:
    return len(plain(value).partition(".")[2])


def _rate(value: Decimal, form: Literal["percent", "bare"], most: int) -> Rate:
    if _places(value) > most:
        value = half_up(value, most)
    return Rate(value, form, _places(value))

"""文字与数字的写法：归一、四舍五入、金额和比率的显示。"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Collection, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

Number = Fraction | Decimal | int
FEN_PER_YUAN = 100
FEN_PER_WAN = 100 * 10_000
TEN = 10
"""小数的进位。"""

# 控制符、零宽字符、双向控制符、标签字符与非字符：显示时会骗人，或写不进 XML，一律去掉（换行与制表当作空白）。
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\ufffe\uffff\U000e0000-\U000e007f]"
)
_SPACES = re.compile(r"\s+")
_BYTE = re.compile(rb"\\x([89a-f][0-9a-f])")


def visible(value: str) -> str:
    """去掉控制符和看不见的字符；换行、制表保留。"""
    return value if value.isprintable() else _INVISIBLE.sub("", value)  # 要去掉的都印不出来


def storable(name: str) -> str:
    """文件名写进结果的样子：不是 UTF-8 的字节写成 \\xd6（别的系统解出来的名字，Unicode 文字里放不下）。"""
    if name.isprintable():
        return name
    return name.encode("utf-8", "surrogatepass" if os.name == "nt" else "surrogateescape").decode(
        "utf-8", "backslashreplace"
    )


def named(stored: str) -> str:
    """storable 写成的 → 磁盘上的名字。"""
    raw = _BYTE.sub(lambda m: bytes([int(m[1], 16)]), stored.encode("utf-8"))
    return os.fsdecode(raw)


@lru_cache(maxsize=65536)
def squeeze(value: str) -> str:
    """全角变半角（NFKC），去掉一切空白和看不见的字符。用于比较，不用于显示。"""
    # 最常见的几样全角符号先换掉：没有别的要换时，归一只看一遍，快六倍
    usual = value.replace("（", "(").replace("）", ")").replace("，", ",").replace("：", ":")
    narrow = unicodedata.normalize("NFKC", usual)
    if narrow.isprintable():  # 印得出来的空白只有空格
        return narrow.replace(" ", "")
    return _SPACES.sub("", _INVISIBLE.sub("", narrow))


def one_line(value: str) -> str:
    """显示用：去掉看不见的字符，空白并成一个空格。"""
    if value.isprintable() and "  " not in value:
        return value.strip(" ")
    return _SPACES.sub(" ", visible(value)).strip()


def half_up(value: Fraction | Decimal | int, places: int) -> Decimal:
    """四舍五入到 places 位小数（负数按绝对值四舍五入）。精确，不经过浮点。"""
    top, bottom = value.as_integer_ratio()
    return Decimal(rounded(top * 10**places, bottom)).scaleb(-places)


def rounded(top: int, bottom: int) -> int:
    """top ÷ bottom 四舍五入成整数；bottom 为正。"""
    units = (2 * abs(top) + bottom) // (2 * bottom)
    return -units if top < 0 else units


_CENTS = tuple(f".{hundredths:02d}" for hundredths in range(100))


def two_places(hundredths: int) -> str:
    """百分之几的整数 → 两位小数：12345 → "123.45"。"""
    if hundredths >= 0:
        return f"{hundredths // 100}{_CENTS[hundredths % 100]}"
    return f"-{-hundredths // 100}{_CENTS[-hundredths % 100]}"


def yuan(fen: int) -> str:
    """分 → 元，两位小数：475505000 → "4755050.00"。"""
    return two_places(fen)


def yuan_or_none(fen: int | None) -> str | None:
    """同 yuan；没有金额时为 None。"""
    return None if fen is None else yuan(fen)


def wan(fen: int, *, thousands: bool = False) -> str:
    """分 → 万元，两位小数：4755050000 → "4755.05"；thousands 时带千分位。"""
    hundredths = rounded(fen * 100, FEN_PER_WAN)
    return f"{Decimal(hundredths).scaleb(-2):,.2f}" if thousands else two_places(hundredths)


def wan_exactly(fen: int) -> str:
    """分 → 万元，不四舍五入，去掉末尾的零：12345600 → "12.3456"。"""
    whole, rest = divmod(abs(fen), FEN_PER_WAN)
    return f"{'-' if fen < 0 else ''}{whole}.{rest:06d}".rstrip("0").rstrip(".")


def percent(value: Fraction | None) -> str | None:
    """比（1 = 100%）→ 两位小数的百分数文字，不带 %；没有分母时为 None。"""
    return None if value is None else two_places(rounded(value.numerator * 10_000, value.denominator))


def percent_of(part: int, whole: int | None) -> str | None:
    """percent(part ÷ whole)，不必先约分；没有分母、分母为 0 或为负时为 None。"""
    return two_places(rounded(part * 10_000, whole)) if whole and whole > 0 else None


def score_text(value: Decimal | Fraction | int | None) -> str | None:
    """分数 → 两位小数文字。"""
    return None if value is None else f"{half_up(value, 2):.2f}"


def plain(value: Decimal) -> str:
    """小数的普通写法：不用科学计数，去掉末尾的零。"""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def ratio(part: int, whole: int | None) -> Fraction | None:
    """part ÷ whole，精确；分母为 0 或缺时为 None。"""
    return Fraction(part, whole) if whole else None


@lru_cache(maxsize=4096)
def line_parts(line: Number) -> tuple[int, int]:
    """一条线 → 分子、分母；线总共没有几条。"""
    return line.as_integer_ratio()


def share(ratio: Fraction, *lines: Number) -> str:
    """比（1 = 100%）→ 百分数文字，两位小数；四舍五入后会到了线的另一边时，多写几位。"""
    return share_of(ratio.numerator, ratio.denominator, lines)


def share_of(part: int, whole: int, lines: Collection[Number] = ()) -> str:
    """share(part ÷ whole, *lines)，不必先约分；whole 为正。"""
    exact = part * 10_000
    shown = rounded(exact, whole)
    if shown * whole != exact:
        for line in lines:
            top, bottom = line_parts(line)
            if shown * bottom == top * 100 or 100 % bottom:  # 线在两位小数以内的，四舍五入最多落到线上，越不过去
                return _longer_share(part * 100, whole, [line_parts(line) for line in lines])
    return f"{two_places(shown)}%"


def _longer_share(top: int, bottom: int, limits: Sequence[tuple[int, int]]) -> str:
    sides = [_side(top * parts, line * bottom) for line, parts in limits]
    for places in range(2, 12):
        scale = TEN**places
        shown = rounded(top * scale, bottom)
        if all(_side(shown * parts, line * scale) == side for (line, parts), side in zip(limits, sides, strict=True)):
            break
    whole, rest = divmod(abs(shown), scale)
    return f"{'-' if shown < 0 else ''}{whole}.{str(rest).zfill(places)}%"


def _side(value: int, line: int) -> int:
    """在线的哪一边：-1 低于，0 正好，1 高于。"""
    return (value > line) - (value < line)

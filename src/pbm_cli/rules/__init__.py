"""规则：登记簿，以及各环节共用的比较与说法。

规则是纯函数：按位置的是数据，仅限关键字的是参数，由名字和日期绑定（parameters.Bound.bind）。规则里没有规定的数字。
检查类规则没有问题时交回 None，有问题交回一句中文（带数和线）；“在哪里”由调用者补上。
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Literal, NamedTuple, TypeVar

from pbm_cli.fields import Rate
from pbm_cli.models import FindingLevel, Light
from pbm_cli.parameters import Bands, keywords
from pbm_cli.targets import Actual, Target
from pbm_cli.text import (
    FEN_PER_WAN,
    TEN,
    Number,
    half_up,
    line_parts,
    one_line,
    plain,
    share,
    share_of,
    squeeze,
    wan,
    wan_exactly,
    yuan,
)

Stage = Literal["assess", "goals", "monitor", "evaluate", "rollup"]
Words = Mapping[str, Sequence[str]]
Rated = TypeVar("Rated", bound=Callable[..., object])

_BRACKETED = re.compile(r"（[^（）]*）")
_FIRST_CLAUSE = re.compile("[。；：]")
STAGE_LETTERS: Mapping[Stage, str] = {"assess": "E", "goals": "T", "monitor": "M", "evaluate": "V", "rollup": "R"}


@dataclass(frozen=True, slots=True)
class Rule:
    """一条登记了的规则；level 是它的发现的等级，None 表示由结果（灯、等级）决定或不产生发现。"""

    code: str
    stage: Stage
    level: FindingLevel | None
    function: Callable[..., object]
    meaning: str
    parameters: tuple[str, ...]

    @property
    def title(self) -> str:
        """规则的名称：说明的头一句，括号里的不要。"""
        return _FIRST_CLAUSE.split(_BRACKETED.sub("", self.meaning))[0]


RULES: dict[str, Rule] = {}
LINES_OF_METHODS: Mapping[str, Mapping[str, str]] = {
    "execution_method": {"execution_bands": "进度比", "execution_nodes": "分月节点"},
    "overall_method": {"overall_table": "二维表"},
}
"""选算法的参数 → 只有某一种算法才看的参数。"""


def in_force(names: Iterable[str], value: Callable[[str], object]) -> tuple[str, ...]:
    """几个参数里真正看的：算法没有选中的线不看。value 按名字交回当天的值。"""
    wanted = tuple(names)
    chosen = [(lines, value(method)) for method, lines in LINES_OF_METHODS.items() if {method, *lines} & {*wanted}]
    idle = {name for lines, method in chosen for name, needed in lines.items() if needed != method}
    return tuple(name for name in wanted if name not in idle)


def rule(code: str, stage: Stage, level: FindingLevel | None = None) -> Callable[[Rated], Rated]:
    """登记一条规则；规则号重复、与环节不符或没有说明都是程序的错（ValueError）。"""

    def register(function: Rated) -> Rated:
        meaning = (function.__doc__ or "").strip().partition("\n")[0]
        if code in RULES or code[:1] != STAGE_LETTERS[stage] or not code[1:].isdigit() or not meaning:
            raise ValueError(f"rule {code} ({stage}) is repeated, misnamed or undocumented")
        RULES[code] = Rule(code, stage, level, function, meaning, keywords(function))
        return function

    return register


# ---- 各环节共用 ----


class Judgement(NamedTuple):
    """一盏灯和它的道理；道理可以是一句话，也可以是用到时才写这句话的函数：绿灯的道理没有人看。"""

    light: Light
    tell: str | Callable[[], str]

    @property
    def sentence(self) -> str:
        """这盏灯的道理。"""
        return self.tell if isinstance(self.tell, str) else self.tell()


@cache
def fraction(value: Decimal) -> Fraction:
    """小数 → 分数，精确。"""
    return Fraction(value)


def band_of(value: Number, bands: Bands) -> str:
    """值落在哪一档（下限含在本档内）；低于最低一档的也归最低档。"""
    top, bottom = value.as_integer_ratio()
    return band_of_parts(top, bottom, bands)


def band_of_parts(top: int, bottom: int, bands: Bands) -> str:
    """同 band_of，值写成 top ÷ bottom（bottom 为正），不必先约分。"""
    label = ""
    for label, floor in bands.items():  # noqa: B007  最后一档兜底
        line, parts = line_parts(floor)
        if top * parts >= line * bottom:
            break
    return label


def line_of(label: str, bands: Bands) -> str:
    """某一档的线，例如“低于 60%”“达到 60%，不到 80%”。"""
    labels = list(bands)
    place = labels.index(label)
    above = f"{plain(bands[labels[place - 1]])}%" if place else ""
    if place and place == len(labels) - 1:
        return f"低于 {above}"
    return f"达到 {plain(bands[label])}%" + (f"，不到 {above}" if above else "")


def money(fen: int) -> str:
    """分 → “4755.05 万元”；不足 0.01 万元的零头不四舍五入，照写。"""
    whole = fen % (FEN_PER_WAN // 100) == 0
    return f"{wan(fen) if whole else wan_exactly(fen)} 万元"


def small_money(fen: int) -> str:
    """差额：不到 1 万元的写成元。"""
    return f"{yuan(fen)} 元" if abs(fen) < FEN_PER_WAN else money(fen)


def decimal_text(value: Number) -> str:
    """数：整数照写，小数最多两位。"""
    return plain(half_up(value, 2)) if Fraction(value).denominator != 1 else str(int(value))


def stated_rate_fits(stated: Rate, part: int, whole: int, tolerance: Decimal) -> bool:
    """表上的比率与重算的 part ÷ whole 是否一致（whole 不为零）。

    容差（百分点）与末位半个单位取大者；裸数按比和按百分数有一样合就算合。
    """
    part, whole = (part, whole) if whole > 0 else (-part, -whole)
    top, bottom = stated.number.as_integer_ratio()
    slack, parts = tolerance.as_integer_ratio()
    units = 2 * TEN**stated.places
    if slack * units < parts:  # 末位半个单位更宽
        slack, parts = 1, units
    gap = abs(top * whole - 100 * part * bottom)
    if gap * parts <= slack * bottom * whole:
        return True
    if stated.form != "bare":
        return False
    # 裸数按比看：写到两位小数以上（0.86）才认末位的四舍五入，1 和 0.9 不认。
    half_unit = Fraction(100, units) if stated.places >= 2 else Fraction(0)
    return abs(Fraction(stated.number) - Fraction(part, whole)) * 100 <= max(Fraction(tolerance), half_unit)


def stated_rate_text(stated: Rate) -> str:
    """表上写的比率，照原样。"""
    return f"{stated.number}%" if stated.form == "percent" else f"{stated.number}"


def phrase_of(text: str, words: Words) -> str | None:
    """文字属于哪一类：按次序找，含有该类的某个词语就是；词语以 = 开头的要与全文相同。"""
    said = squeeze(text).strip("。.；;")
    for label, phrases in words.items():
        for phrase in phrases:
            if said == phrase[1:] if phrase.startswith("=") else phrase in said:
                return label
    return None


def attainment(
    target: Target, actual: Actual, qualitative_bands: Bands | None, qualitative_words: Words | None
) -> str | None:
    """定性指标达成到哪一档（达成、部分达成、未达成）；看不出来为 None。

    完成值是百分数的按下限分档；与指标值文字相同的算最高一档；其余按词语。
    """
    if not qualitative_bands:
        return None
    if actual.value is not None:
        return band_of(actual.value, qualitative_bands)
    if squeeze(actual.text) and squeeze(actual.text) == squeeze(target.text):
        return next(iter(qualitative_bands))
    return phrase_of(actual.text, qualitative_words or {})


def incomparable(target: Target, actual: Actual) -> str | None:
    """定量指标不能比的原因；能比为 None。"""
    if target.value is not None and actual.value is not None:
        return None
    said = [*(actual.remarks if actual.value is None else ()), *(target.remarks if target.value is None else ())]
    reason = "；".join(said) or f"完成值“{one_line(actual.text)}”与指标值“{one_line(target.text)}”不能比"
    return f"{reason}，不判"


def weights_disagree(weights: Sequence[Decimal | None], weight_totals: Sequence[Decimal] | None) -> str | None:
    """权重之和不是规定的几个数之一时的一句话；一个权重都没有写的不判。"""
    given = [weight for weight in weights if weight is not None]
    total = sum(given, Decimal(0))
    if not given or not weight_totals or total in weight_totals:
        return None
    missing = f"，其中 {len(weights) - len(given)} 条没有写权重" if len(given) < len(weights) else ""
    allowed = " 或 ".join(plain(item) for item in weight_totals)
    return f"{len(weights)} 条指标的权重之和为 {plain(total)}，应为 {allowed}{missing}"


from pbm_cli.rules import (  # noqa: E402  装入各环节，登记规则
    assess,
    evaluate,
    evaluate_plan,  # noqa: F401
    evaluate_self,  # noqa: F401
    evaluate_use,  # noqa: F401
    goals,
    goals_score,  # noqa: F401
    goals_text,  # noqa: F401
    monitor,
    monitor_notice,  # noqa: F401
    rollup,  # noqa: F401
)

__all__ = ["RULES", "Number", "Rule", "Words", "assess", "evaluate", "goals", "monitor", "rule", "share", "share_of"]

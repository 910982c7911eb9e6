"""绩效目标审核用的文字功夫：指标名称的主干、建议写法、文字里的数与指标对不对得上。这里不下结论。"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from functools import cache

from pbm_cli.quantities import YUAN, Quantity, factor_and_measure, quantities, tidy, without_deadlines
from pbm_cli.targets import Target
from pbm_cli.text import FEN_PER_YUAN, one_line, plain, squeeze

Words = Mapping[str, Sequence[str]]

_NUMBERED = re.compile(r"^(?:指标[0-9]{1,3}[.:、)]*|[(]?[0-9]{1,2}[.、)])")
_BRACKETS = re.compile(r"[(\[【〔][^()\[\]]*[)\]】〕]")
_COUNTING = re.compile(
    r"(?:达到预计值|达到目标值|数量|人数|人次数?|次数|户数|件数|个数|份数|场次|场数|里程|面积|总数|总量|数|量)+$"
)
_MARKS = re.compile(r"[\s,.;:!?、，。；：！？“”\"'‘’()（）《》<>〈〉\[\]【】—\-~·…]+")
_FIGURES = re.compile(r"[0-9]+(?:\.[0-9]+)?|[一二三四五六七八九十甲乙丙丁东南西北]")
_CLAUSE = re.compile(r"[,;。、:!?]")
_BOOK = re.compile(r"《[^》]*》|[〔(\[][0-9]{4}[〕)\]]")
_YEAR = re.compile(r"((?:19|20)[0-9]{2})年?(?=[^0-9]|$)")
_YEARS = re.compile(r"((?:19|20)[0-9]{2})年?度?(?:-|~|—+|至|到)((?:19|20)[0-9]{2})年?")
_DATED = re.compile(r"((?:19|20)[0-9]{2})(?:年|[-/.](?=[0-9]))")


def core(name: str, vague_words: Sequence[str] = ()) -> str:
    """指标名称的主干：去掉编号、括号里的说明，以及首尾的“提高”“明显”一类的词。"""
    text = _BRACKETS.sub("", _NUMBERED.sub("", squeeze(name)))
    if not vague_words:
        return text
    words = sorted(vague_words, key=len, reverse=True)
    found = True
    while found:
        found = False
        for word in words:
            shorter = text.removeprefix(word).removesuffix(word)
            if shorter not in ("", text):
                text, found = shorter, True
    return text


@cache
def bare(text: str) -> str:
    """比较雷同用：去掉标点、空白、编号。"""
    return _MARKS.sub("", _NUMBERED.sub("", squeeze(text)))


def same_figures(one: str, other: str) -> bool:
    """两段文字里的数（含一、二、三、甲、乙、东、西一类的次序）是否相同；不同的不算雷同。"""
    return _FIGURES.findall(one) == _FIGURES.findall(other)


def first_word(text: str, words: Sequence[str]) -> str | None:
    """文字里出现的第一个词（按词表次序）。"""
    return next((word for word in words if word in text), None)


def value_text(target: Target) -> str:
    """指标值照原样，给人看。"""
    return one_line(target.text)


def fen(value: Decimal, measure: str) -> Decimal | None:
    """金额类的指标值 → 分；度量单位不是整笔的钱（元/亩、人次……）为 None。"""
    return value * YUAN[measure] * FEN_PER_YUAN if measure in YUAN else None


def wan_text(amount: Decimal) -> str:
    """分 → “90 万元”，照写不舍入。"""
    return f"{plain((amount / FEN_PER_YUAN / YUAN['万元']).normalize())} 万元"


@dataclass(frozen=True, slots=True)
class Mention:
    """文字里的一个数：clause 是它所在的小句里、它前面的话，value 与 measure 已归一。"""

    clause: str
    value: Decimal
    measure: str


@cache
def mentions(text: str) -> tuple[Mention, ...]:
    """一段文字里的数，期限与日期除外。"""
    line, _ = without_deadlines(_YEARS.sub("。", tidy(_BOOK.sub("", text))))
    found = [(number, *factor_and_measure(number.unit)) for number in quantities(line)]
    return tuple(Mention(_clause(number), number.value * factor, measure) for number, factor, measure in found)


def _clause(number: Quantity) -> str:
    return _CLAUSE.split(number.head)[-1]


@cache
def speaks_of(mention: Mention, name: str, length: Decimal) -> bool:
    """这个数说的是不是这条指标：小句与名称主干至少有 length 个字连着相同，并占主干一半以上。"""
    stem = _COUNTING.sub("", core(name))
    if not stem or not mention.clause:
        return False
    found = SequenceMatcher(None, mention.clause, stem, autojunk=False).find_longest_match()
    return found.size >= length and found.size * 2 >= len(stem)


def years_in(text: str) -> tuple[set[int], list[tuple[int, int]]]:
    """文字里写到的年份（书名号、文号里的不算）与“2022年至2025年”一类的起止。"""
    line = _BOOK.sub("", squeeze(text))
    spans = [(int(first), int(last)) for first, last in _YEARS.findall(line)]
    return {int(year) for year in _DATED.findall(_YEARS.sub("。", line))}, spans


@cache
def dated(*texts: str) -> bool:
    """几段文字里有没有期限或日期。"""
    return any(without_deadlines(tidy(text))[1] or _YEAR.search(squeeze(text)) is not None for text in texts if text)

"""一段文字里的数：运算符、数、度量单位、期限。供 targets.py 读指标值和完成值。

这里只认写法，不作判断：一格几个条件、能不能比，由 targets.py 决定。
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from pbm_cli.fields import narrow, numeral
from pbm_cli.text import one_line

Operator = Literal[">=", "<=", "=", ">", "<", "qualitative"]

LONGEST = 300
"""再长的就不是指标值，是一段话。"""

_MOST_DIGITS = 20
_SIGNS = str.maketrans({
    "≥": ">=", "≧": ">=", "⩾": ">=", "≮": ">=", "≤": "<=", "≦": "<=", "⩽": "<=", "≯": "<=", "═": "=", "∶": ":",
    "【": "[", "〔": "[", "{": "[", "】": "]", "〕": "]", "}": "]", "～": "~",
})  # fmt: skip
_LOOSE_SPACE = re.compile(r"(?<![0-9]) | (?![0-9])")
_INCLUDING = re.compile(r"\((?:含|包括)[^()<>=]{0,8}\)")
_REACHING: Mapping[Operator, str] = {
    ">=": "不低于 不少于 不小于 不短于 不得低于 不得少于 不得小于 不应低于 不应少于 不能低于 不能少于 未低于 未少于 "
    "至少达到 至少 大于等于 大于或等于 大于或者等于 高于等于 高于或等于 多于等于 多于或等于",
    "<=": "不超过 不高于 不多于 不大于 不长于 不晚于 不得超过 不得高于 不得多于 不得大于 不应超过 不能超过 未超过 "
    "至多 不超 小于等于 小于或等于 小于或者等于 低于等于 低于或等于 少于等于 少于或等于",
    "=": "等于",
    ">": "大于 高于 超过 多于",
    "<": "小于 低于 少于",
}
_TOUCHING: Mapping[Operator, str] = {">=": "最少 最低", "<=": "最多 最高 控制在", ">": "超", "<": "不足 不到 不满"}
_SUFFIXES: Mapping[str, Operator] = {
    "及以上": ">=", "或以上": ">=", "及其以上": ">=", "以上": ">=", "及以下": "<=", "或以下": "<=", "及其以下": "<=",
    "以下": "<=", "以内": "<=", "之内": "<=", "内": "<=",
}  # fmt: skip
_WORDS: dict[str, Operator] = {
    word: operator for words in (_REACHING, _TOUCHING) for operator, line in words.items() for word in line.split()
}


def _either(words: Iterable[str]) -> str:
    return "|".join(sorted((re.escape(word) for word in words), key=len, reverse=True))


_BEFORE = re.compile(
    rf"(?:([<>=]{{1,4}})约?|({_either(' '.join(_REACHING.values()).split())})[^0-9<>=,;。:]{{0,5}}"
    rf"|({_either(' '.join(_TOUCHING.values()).split())}))$"
)
OPERATOR_WORD = re.compile(_either(" ".join(_REACHING.values()).split()))
_AFTER = re.compile(rf"(?:{_either(_SUFFIXES)})(?!部|容|涝|外|业|控|存|设|生)")
_NUMBER = re.compile(
    r"(?<![0-9A-Za-z.])(?:(?<=[<>=(\[:])[+-]|^[+-])?(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?(?!\.?[0-9])"
)
_HUNDREDTHS = re.compile(r"(百|千)分之(?:([0-9.]+)|([零〇一二三四五六七八九十百]+))")
_WORDED = re.compile(rf"((?:{_either(_WORDS)}|[<>=])约?)([零〇一二两三四五六七八九十百千]+)(?!分之)(?=[\u4e00-\u9fff])")
_YEARS = r"(?:19|20)[0-9]{2}"
_DEADLINE = re.compile(
    rf"{_YEARS}年(?:度|[0-9]{{1,2}}月(?:份|[0-9]{{1,2}}[日号])?|[上下]半年|第?[1-4一二三四]季度)?[底末初]?(?:之前|以前|前)?"
    rf"|(?<![0-9.]){_YEARS}[-/][0-9]{{1,2}}(?:[-/][0-9]{{1,2}})?(?![0-9])(?:之前|以前|前)?"
    rf"|(?<![0-9.]){_YEARS}\.(?:0?[1-9]|1[0-2])(?:\.[0-9]{{1,2}})?(?=$|[-~—至到前底日,;。 )])"
    r"|[0-9]{1,2}月[0-9]{1,2}[日号]?(?:之前|以前|前)?|[0-9]{1,2}月(?:份|底|末|初|[上中下]旬|之前|以前|前)"
    r"|第?[1-4一二三四]季度(?:末|底|前)|第[1-4一二三四]季度|[0-9]{1,2}[日号点时](?:之前|以前|前)"
    r"|[0-9]{1,2}月?(?:-|~|—|至|到)[0-9]{1,2}月(?:份|底|末)?"
)
_SOLID_DATE = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])|[0-9]{1,2}月|[1-4一二三四]季度")

MEASURES = frozenset(
    """
    人次 人 次 个 场次 场 期 份 户次 户 家 项 篇 台套 台次 台 辆次 辆 名 条 件次 件 套 天 日 年 个月 月 小时
    分钟 秒 个工作日 工作日 个小时 分 吨 公斤 千克 克 斤 亩次 亩 公顷 平方米 平方公里 立方米 公里 千米 毫米 厘米
    米 株 棵 头次 头 只次 只 羽 尾 盏 座 处 所 栋 间 本 册 张 幅 块 批次 批 车次 趟 班次 班 门 节 课时 学时 学分
    例 宗 起 票 笔 支 瓶 箱 袋 包 盒 杆 根 口 眼 段 层 组 队 位 度 倍 元 百元 千元 万元 百万元 千万元 亿元 % ‰
    个百分点 百分点 千瓦时 千瓦 兆瓦 人天 人日 人年 人月 台班 床位 床日 床 桌 版 集 部 种 类 款 面 封 轮 届 周
    季度 岁 级 平米 立方 桶 捆 艘 架 副 扇 棚 样次 样 字 页 幢 具 匹 滴 组次 点 村 镇 条次 篇次 比例 比率
    """.split()  # noqa: SIM905
)
TIMES = frozenset("天 日 年 个月 月 小时 个小时 分钟 秒 个工作日 工作日 周 季度".split())  # noqa: SIM905
YUAN: Mapping[str, int] = {
    "元": 1, "百元": 100, "千元": 1000, "万元": 10_000, "百万元": 10**6, "千万元": 10**7, "亿元": 10**8,
}  # fmt: skip
_TIMES_OVER: Mapping[str, int] = {"万": 10**4, "百万": 10**6, "千万": 10**7, "亿": 10**8, "万亿": 10**12}
_ALIASES: Mapping[str, str] = {
    "百分比": "%", "百分之": "%", "百分率": "%", "百分比%": "%", "千分之": "‰", "人/次": "人次", "圆": "元",
}  # fmt: skip
_COUNTED = _either(MEASURES - {"点", "面", "类", "级", "部", "季度", "层", "段", "线"})
_SPOKEN_QUANTITY = re.compile(rf"([零〇一二两三四五六七八九十百千]+)((?:{_COUNTED})(?:{_either(_SUFFIXES)})?)")
_OWN_BRACKETS = re.compile(r"[(\[]([^()\[\]0-9]{1,10})[)\]]")
_COMPOUND = re.compile(r"[^/的每,;。]{0,6}(?:[/每][^/的每,;。]{1,6})+")
_FACTOR = re.compile(r"(百万|千万|万亿|万|亿)(?![亿分])(.*)", re.DOTALL)
_MONEY = re.compile(r"(?:人民币|美|港|欧|日)?[元圆]")


@dataclass(frozen=True, slots=True)
class Quantity:
    """文字里的一个数：head 是它前面的话（不含运算符），tail 是度量单位后面的话；unit 是写出来的单位（含万、亿）。"""

    value: Decimal
    unit: str
    operator: Operator | None
    head: str
    tail: str
    clashing: bool = False
    note: str = ""


@lru_cache(maxsize=4096)
def tidy(value: str) -> str:
    """半角、去空白（数字之间的除外）、运算符号统一成 >= <= = > <，汉字数字（百分之九十、不少于三次）换成阿拉伯数字。"""
    line = _LOOSE_SPACE.sub("", narrow(one_line(value)).translate(_SIGNS))
    line = _INCLUDING.sub("", line)
    line = _HUNDREDTHS.sub(_percent, line)
    if match := _SPOKEN_QUANTITY.fullmatch(line):
        spoken = numeral(match[1])
        return line if spoken is None else f"{spoken}{match[2]}"
    return _WORDED.sub(lambda match: match[1] + str(match[2] if (n := numeral(match[2])) is None else n), line)


def _percent(match: re.Match[str]) -> str:
    spoken = match[2] or numeral(match[3])
    if spoken is None and match[3] == "百":
        spoken = 100
    return match[0] if spoken is None else f"{spoken}{'%' if match[1] == '百' else '‰'}"


def without_deadlines(line: str) -> tuple[str, bool]:
    """去掉期限和日期（各换成一个“。”），并说有没有。"""
    if _SOLID_DATE.fullmatch(line):
        return "", True
    rest, times = _DEADLINE.subn("。", line)
    return rest, bool(times)


def sign(line: str) -> Operator | None:
    """整段就是一个运算符（符号或汉字）时是哪一个。"""
    if line in _WORDS:
        return _WORDS[line]
    return _SUFFIXES[line] if line in _SUFFIXES else _symbol(line)


def _symbol(marks: str) -> Operator | None:
    if not marks or marks.strip("<>=") or ("<" in marks and ">" in marks):
        return None
    first: Operator = ">" if ">" in marks else "<" if "<" in marks else "="
    if first == "=":
        return "="
    return (">=" if first == ">" else "<=") if "=" in marks else first


def quantities(line: str) -> list[Quantity]:
    """tidy 过的文字里的每一个数，从左到右；太长的数（超过 20 位）不算数。"""
    found: list[Quantity] = []
    matches = list(_NUMBER.finditer(line))
    for index, match in enumerate(matches):
        digits = match[0].replace(",", "")
        if len(digits) > _MOST_DIGITS:
            continue
        start = matches[index - 1].end() if index else 0
        end = matches[index + 1].start() if index + 1 < len(matches) else len(line)
        head, before, broken = _operator_before(line[start : match.start()])
        unit, after, tail = _unit_after(line[match.end() : end])
        clashing = broken or (before is not None and after is not None and before[0] != after[0])
        found.append(Quantity(Decimal(digits), unit, before or after, head, tail, clashing))
    return found


def _operator_before(head: str) -> tuple[str, Operator | None, bool]:
    match = _BEFORE.search(head, max(0, len(head) - 16))
    if not match:
        return head, None, False
    operator = _symbol(match[1]) if match[1] else _WORDS[match[2] or match[3]]
    return head[: match.start()], operator, operator is None


def _unit_after(tail: str) -> tuple[str, Operator | None, str]:
    """数后面的话 → 度量单位、后置运算符（以上、以内……）、剩下的话。"""
    own = _OWN_BRACKETS.match(tail)
    if own:
        unit, rest = own[1], tail[own.end() :]
        after = _AFTER.match(rest)
        return unit, _SUFFIXES[after[0]] if after else None, (rest[after.end() :] if after else rest).strip("。;,!)]")
    tail = re.split("[,;。!]", re.sub(r"[(\[][^()\[\]]*[)\]]", "", tail), maxsplit=1)[0].rstrip(")]")
    after = _AFTER.search(tail)
    if after and len(_measure(tail[: after.start()])[1]) == 0:
        return tail[: after.start()], _SUFFIXES[after[0]], tail[after.end() :]
    unit, rest = _measure(tail)
    return unit, None, rest


def _measure(tail: str) -> tuple[str, str]:
    """度量单位（连同万、亿）与后面的话：“人次的个体辅导” → 人次；“万平方米” → 万平方米。不认识的短单位照写。"""
    factor = _FACTOR.match(tail)
    mark, rest = (factor[1], factor[2]) if factor else ("", tail)
    if compound := _COMPOUND.match(rest):
        return mark + compound[0], rest[compound.end() :]
    for alias in ("百分比", "百分率"):
        if rest.startswith(alias):
            return mark + alias, rest[len(alias) :]
    known = next((rest[:size] for size in range(min(4, len(rest)), 0, -1) if rest[:size] in MEASURES), "")
    left = rest[len(known) :]
    if known and (len(left) != 1 or known in "%‰" or left in "的左右多余"):
        return mark + known, left
    short = rest.partition("的")[0]
    return (mark + short, rest[len(short) :]) if len(short) <= 8 else (mark, rest)


def split_suffix(unit: str) -> tuple[str, Operator | None]:
    """单位后面带着的“以上”“以内”：分以上 → (分, >=)。"""
    after = _AFTER.search(unit)
    return (unit[: after.start()], _SUFFIXES[after[0]]) if after and after.end() == len(unit) else (unit, None)


def factor_and_measure(unit: str) -> tuple[int, str]:
    """写出来的单位 → 放大的倍数与归一后的度量单位：万亩 → (10000, 亩)，万元 → (1, 万元)，百分比 → (1, %)。"""
    unit = re.sub(r"^[(\[]|[)\]]$", "", unit)
    if unit[:1] in ("百", "千") and unit not in MEASURES and unit[1:] in MEASURES:
        return (100 if unit[0] == "百" else 1000), unit[1:]
    match = _FACTOR.fullmatch(unit)
    if match and not _MONEY.match(match[2]):
        return _TIMES_OVER[match[1]], _ALIASES.get(match[2], match[2])
    return 1, _ALIASES.get(unit, unit.replace("圆", "元"))

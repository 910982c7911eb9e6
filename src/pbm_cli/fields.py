"""单元格 → 值：金额、比率、日期、编码、数、文字。所有的宽容都在这里（指标值在 targets.py）。

每个函数交回值、None（空白）或 Problem。Problem 是数据，不是异常：usable 为真时 value 可用，只是要说一句话；
为假时这个单元格不能用。
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Level = Literal["error", "warning", "hint"]


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

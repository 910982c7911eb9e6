"""指标值与完成值：运算符、数、度量单位。"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Operator = Literal[">=", "<=", "=", ">", "<", "qualitative"]


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

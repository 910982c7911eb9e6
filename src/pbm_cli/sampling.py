"""抽取与分配：同一种子同样的结果，与行的先后无关；份额加起来正好是总数。

抽取不用随机数发生器：每个对象按“种子 + 对象名”的摘要排队，取前几个，所以换一台电脑、换一个版本结果都一样。
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def lot(seed: int, name: str) -> str:
    """一个对象抽到的签：种子和名称的 SHA-256，小的排前面。"""
    return hashlib.sha256(f"{seed}\n{name}".encode()).hexdigest()


def drawn(names: Sequence[str], count: int, seed: int) -> list[str]:
    """抽 count 个（不放回）；返回按签排好的名称，与 names 的先后无关。"""
    return sorted(sorted(names), key=lambda name: lot(seed, name))[: max(count, 0)]


def apportioned(weights: Sequence[int], total: int) -> list[int]:
    """把 total 份按 weights 分成整数，合计正好是 total（最大余额法；余额相同的在前的先得）。"""
    whole = sum(weights)
    if whole <= 0:
        return [0] * len(weights)
    parts = [weight * total // whole for weight in weights]
    rest = [weight * total % whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda place: -rest[place])
    for place in order[: total - sum(parts)]:
        parts[place] += 1
    return parts


def stratified(sizes: Sequence[tuple[str, int]], count: int, strata: int, seed: int) -> list[tuple[str, int]]:
    """按金额从大到小分成几层，各层按个数分配名额后抽取；返回（名称，第几层，从 1 数）。

    sizes 是（名称，金额）；金额相同的按名称排。余额相同时金额大的层先得名额。
    """
    ordered = sorted(sizes, key=lambda item: (-item[1], item[0]))
    lengths = apportioned([1] * strata, len(ordered))
    quotas = apportioned(lengths, min(count, len(ordered)))
    found: list[tuple[str, int]] = []
    start = 0
    for level, (length, quota) in enumerate(zip(lengths, quotas, strict=True), start=1):
        names = [name for name, _ in ordered[start : start + length]]
        found.extend((name, level) for name in drawn(names, quota, seed))
        start += length
    return found

"""模糊测试的目标跑一小会儿：各自的种子，加上按固定种子变出来的一批。不要 atheris；长的见 CONTRIBUTING.md。"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from pbm_cli import fields
from pbm_cli.errors import ConfigError
from pbm_cli.layouts import heading_pattern

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from fuzz.mutation import mutated  # noqa: E402
from fuzz.targets import TARGETS  # noqa: E402

CORPUS = Path(__file__).with_name("corpus")
RUNS = {
    "zip": 8_000, "sheet": 4_000, "ole": 8_000, "text": 8_000, "headings": 500, "cells": 1_500, "settings": 120,
    "pattern": 8_000, "templates": 1_000,
}  # fmt: skip
"""各变多少个：大约三秒。"""


def seeds(name: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]


def test_every_target_has_seeds_and_they_are_small() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(TARGETS) == set(RUNS)
    assert sum(path.stat().st_size for path in CORPUS.rglob("*") if path.is_file()) <= 200 * 1024


@pytest.mark.parametrize("name", list(TARGETS))
def test_the_seeds(name: str) -> None:
    for data in seeds(name):
        TARGETS[name](data)


@pytest.mark.parametrize("name", list(TARGETS))
def test_a_short_fuzz(name: str) -> None:
    given, dice = seeds(name), random.Random(f"pbm {name}")  # noqa: S311
    for number in range(RUNS[name]):
        data = mutated(dice.choice(given), given, dice)
        try:
            TARGETS[name](data)
        except BaseException:
            sys.stderr.write(f"{name} 第 {number} 个：{data!r}\n")  # 存成 tests/corpus/ 下的文件就是回归测试
            raise


def test_the_same_seed_makes_the_same_bytes() -> None:
    def made() -> Sequence[bytes]:
        dice = random.Random(7)  # noqa: S311
        return [mutated("甲乙丙".encode() * 9, [b"abc\n", b"1,2"], dice) for _ in range(50)]

    assert made() == made()
    assert len(set(made())) > 40


def test_a_target_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "money", lambda cell, unit: {}[cell])
    with pytest.raises(KeyError):
        TARGETS["cells"](b"2023-12-31")


@pytest.mark.parametrize("pattern", ["[[a]", "[a--b]", "[a||b]"])
def test_patterns_python_will_read_otherwise_are_refused(pattern: str) -> None:
    # Python 会为它们印一行英文的 FutureWarning；模糊测试找到的。
    with pytest.raises(ConfigError, match="不是正确的表达式"):
        heading_pattern(pattern, "甲")

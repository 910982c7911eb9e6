"""示例的绩效目标：553 个目标的指标从单元格另查一遍；毛病都在 README 写的那一格，pbm 找到的也正好是这些。"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from decimal import Decimal

from conftest import RunPbm
from example_goals import GOAL_INDICATORS, GOALS, SHEETS, Aim, Listed, aims, goal_rows, listed
from example_year import EXAMPLE, WAN, Key, cells, fen, indicators, table, text

HEADING = "绩效目标里的毛病"
OUTPUTS = ("数量指标", "质量指标", "时效指标")


def owner(fault: Listed) -> Key:
    """毛病所在那一行的（单位, 编码）。"""
    rows = table(fault.file, fault.sheet, "同步编制" if fault.file == GOALS else "三级指标")
    row = next(row for row in rows if row["#"] == int(re.sub(r"\D", "", fault.cell)))
    return text(row["预算单位"]).rpartition("-")[2], text(row["项目编码"])


def by_code(*codes: str) -> set[Key]:
    return {owner(fault) for fault in listed(HEADING) if fault.code in codes}


def test_every_goal_has_indicators_but_one() -> None:
    assert len(goal_rows()) == 553
    assert set(goal_rows()) - set(aims()) == by_code("T01")
    assert set(aims()) <= set(goal_rows())
    assert len(by_code("T01")) == 1
    stated = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    assert f"指标 {sum(map(len, aims().values()))} 条；自动初审意见 {len(listed(HEADING))} 条" in stated
    for sheet in SHEETS:
        heads = {text(value) for value in cells()[GOAL_INDICATORS][sheet][1]}
        assert {"一级指标", "二级指标", "三级指标", "指标性质", "指标值", "度量单位", "权重"} <= heads
        assert not any("完成" in head for head in heads)


def test_weights_are_90_but_one() -> None:
    wrong = {key for key, items in aims().items() if sum(item.weight for item in items) != 90}
    zero = {key for key, items in aims().items() if any(item.weight <= 0 for item in items)}
    assert wrong | zero == by_code("T05")
    assert len(wrong) == len(zero) == 1
    for key in set(aims()) - by_code("T02", "T05", "T10"):
        parts: Counter[str] = Counter()
        for item in aims()[key]:
            parts[item.levels[0]] += int(item.weight)
        assert sorted(parts.items()) in (
            sorted({"产出指标": 40, "成本指标": 20, "效益指标": 20, "满意度指标": 10}.items()),
            sorted({"产出指标": 50, "效益指标": 30, "满意度指标": 10}.items()),
        ), key


def test_required_kinds_are_missing_three_times() -> None:
    missing = set()
    for key, items in aims().items():
        kinds = {item.levels[1] for item in items}
        whole = {*OUTPUTS, "服务对象满意度指标"} <= kinds and any(item.levels[0] == "效益指标" for item in items)
        if not whole or not any("成本" in kind for kind in kinds):
            missing.add(key)
    assert missing == by_code("T02")
    assert len(missing) == 3


def test_goals_repeat_what_is_monitored() -> None:
    """监控里有的数量、效益指标，目标里同一条的指标值相同。"""
    same = 0
    for key, items in aims().items():
        monitored = {item.levels[2]: item for item in indicators()[key]}
        for item in items:
            if (other := monitored.get(item.levels[2])) and key not in by_code("T12"):
                assert item.target == other.target or owner_of(item, key) or key in by_code("T16"), (key, item)
                same += 1
    assert same > 500


def owner_of(item: Aim, key: Key) -> bool:
    return key in by_code("T03", "T06", "T07", "T08", "T10", "T11")


def test_texts_are_all_different_but_one_pair() -> None:
    texts = {key: re.sub(r"\W", "", text(row["年度总体目标"])) for key, (_, row) in goal_rows().items()}
    repeated = [key for key, value in texts.items() if list(texts.values()).count(value) > 1]
    assert len(repeated) == 2
    assert len({unit for unit, _ in repeated}) == 1


def _amount(item: Aim) -> Decimal:
    return Decimal(item.target) if re.fullmatch(r"[0-9.]+", item.target) else Decimal(-1)


CHECKS: dict[str, Callable[[Key, str, Aim | None], bool]] = {
    "T01": lambda key, goal, item: key not in aims(),
    "T02": lambda key, goal, item: len(aims()[key]) == 7,
    "T03": lambda key, goal, item: item is not None and item.levels[0] == "产出指标" and item.operator == "定性",
    "T04": lambda key, goal, item: item is not None and item.target in ("提高服务水平", "显著改善"),
    "T05": lambda key, goal, item: sum(i.weight for i in aims()[key]) == 85 or min(i.weight for i in aims()[key]) == 0,
    "T06": lambda key, goal, item: item is not None and (item.measure == "" or _amount(item) == 120),
    "T07": lambda key, goal, item: sum(i.target == "100" and i.measure == "%" for i in aims()[key]) >= 3,
    "T08": lambda key, goal, item: item is not None and _amount(item) * WAN == money_of(key),
    "T09": lambda key, goal, item: item is not None and _amount(item) * WAN > money_of(key),
    "T10": lambda key, goal, item: item is not None and ("满意度" in item.levels[2] or item.levels[2].endswith("率")),
    "T11": lambda key, goal, item: item is None or [i.levels[2] for i in aims()[key]].count(item.levels[2]) == 2,
    "T12": lambda key, goal, item: "300人" in goal or "预算安排" in goal,
    "T13": lambda key, goal, item: "总投资" in goal,
    "T14": lambda key, goal, item: len(goal) < 15,
    "T15": lambda key, goal, item: item is not None and item.target == "按进度实施",
    "T16": lambda key, goal, item: item is not None and item.target in ("50", "100"),
}


def money_of(key: Key) -> int:
    """目标表的预算金额（分）。"""
    return fen(goal_rows()[key][1]["预算金额"], WAN)


def test_every_listed_fault_is_in_its_cell() -> None:
    faults = listed(HEADING)
    assert {fault.code for fault in faults} == set(CHECKS)
    assert 25 <= len(faults) == len({(fault.file, fault.sheet, fault.cell) for fault in faults})
    for fault in faults:
        key = owner(fault)
        row = int(re.sub(r"\D", "", fault.cell))
        found = [item for item in aims().get(key, []) if item.cell == (fault.sheet, row)]
        item = found[0] if fault.file == GOAL_INDICATORS else None
        assert CHECKS[fault.code](key, text(goal_rows()[key][1]["年度总体目标"]), item), fault


def test_pbm_goals_finds_exactly_the_listed_faults(run_pbm: RunPbm) -> None:
    result = run_pbm("goals", EXAMPLE, "--json")
    assert result.code == 0, result.err
    found = {
        (f["code"], f["where"]["file"], f["where"]["sheet"], f["where"]["cell"])
        for f in json.loads(result.out)["findings"]
        if f["code"].startswith("T")
    }
    wanted = {(fault.code, fault.file, fault.sheet, fault.cell) for fault in listed(HEADING)}
    assert found - wanted == set(), "多找出来的"
    assert wanted - found == set(), "没有找出来的"

"""表单随便弄脏：删行、删格、换列、塞进怪值，都不出错，行数总对得上，一行也不丢。"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable

import pytest

import form_goals as goals
import form_sheets as made
from form_reading import Rows, indicators, merge
from pbm_cli.cells import Cell, ErrorCell, Percentage, Sheet, UnvaluedCell, Workbook
from pbm_cli.layouts import load_layouts
from pbm_cli.loading import Loaded, Loader

STRANGE: tuple[Cell, ...] = (
    None, "", "/", "……", "×", 0, -1, 1e300, True, dt.date(2023, 1, 1), dt.time(1), Percentage(0.5), ErrorCell("#REF!"),
    UnvaluedCell("A1"), "合计", "项目名称", "总分：", "一级指标", "：", "（万元）", "1" * 400, "单位：元", "得分",
    "\u200b",
)  # fmt: skip
FORMS: tuple[tuple[Callable[[], Rows], tuple[str, ...]], ...] = (
    (made.self_evaluation, ()),
    (made.sichuan_0013zp, made.SICHUAN_MERGES),
    (made.yunnan, made.YUNNAN_MERGES),
    (made.monitoring, made.MONITORING_MERGES),
    (made.anhui_monitoring, ()),
    (goals.goal, ()),
    (goals.goal_2016, ()),
    (goals.goal_two_sides, ()),
    (goals.department, ()),
    (goals.department_system, ()),
)


def load(rows: list[list[Cell]], merges: tuple[str, ...]) -> Loaded:
    loader = Loader(LAYOUTS)
    loader.add(Workbook("表.xlsx", "", "xlsx", [Sheet("表1", rows, [merge(area) for area in merges])]))
    return loader.finish()


LAYOUTS = load_layouts()


@pytest.mark.parametrize("seed", range(60))
def test_dirt_never_breaks_a_form_and_every_row_is_accounted_for(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311
    maker, merges = FORMS[seed % len(FORMS)]
    rows: list[list[Cell]] = [list(row) for row in maker()]
    for _ in range(dice.randint(1, 12)):
        row = dice.choice(rows)
        what = dice.random()
        if what < 0.15 and len(rows) > 3:
            rows.remove(row)
        elif what < 0.3:
            row.insert(dice.randint(0, len(row)), None)
        elif what < 0.4:
            rows.insert(dice.randint(0, len(rows)), list(row))
        elif row:
            row[dice.randrange(len(row))] = dice.choice(STRANGE)
    loaded = load(rows, merges if dice.random() < 0.5 else ())
    for sheet in loaded.files[0].sheets:
        assert min(sheet.rows_used, sheet.rows_rejected, sheet.rows_total) >= 0
        assert sheet.rows_read == sheet.rows_used + sheet.rows_rejected + sheet.rows_total
    used = sum(sheet.rows_used for sheet in loaded.files[0].sheets if sheet.form)
    assert used >= len([item for item in indicators(loaded) if item.origin.form])
    for finding in loaded.findings:
        assert finding.message
        assert finding.where is not None


@pytest.mark.parametrize("seed", range(20))
def test_the_order_of_the_columns_does_not_matter(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311
    rows: list[list[Cell]] = [list(row) for row in made.self_evaluation()]
    order = [4, 5, 6, 7, 8]
    dice.shuffle(order)
    for row in rows[12:]:
        row.extend([None] * (9 - len(row)))
        row[4:9] = [row[place] for place in order]
    plain = load([list(row) for row in made.self_evaluation()], ())
    mixed = load(rows, ())
    assert [
        (i.level1, i.level2, i.level3, i.target, i.actual, i.weight, i.self_score, i.reason) for i in indicators(mixed)
    ] == [
        (i.level1, i.level2, i.level3, i.target, i.actual, i.weight, i.self_score, i.reason) for i in indicators(plain)
    ]

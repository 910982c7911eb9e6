"""认表头的边角：写得不像的日期、标题，版式文件缺了必需的字段，一个词是两个字段。"""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from pbm_cli import form_layouts, layouts
from pbm_cli.cells import Sheet
from pbm_cli.errors import ConfigError
from pbm_cli.headings import Grid, find_cutoff, wrong_dates
from pbm_cli.models import RECORD_TYPES


@pytest.mark.parametrize(
    ("texts", "cutoff"),
    [
        (["截至2023年7月31日"], dt.date(2023, 7, 31)),
        (["截至2023年2月"], dt.date(2023, 2, 28)),
        (["截至2024年2月底"], dt.date(2024, 2, 29)),
        (["截至2023年1-7月"], dt.date(2023, 7, 31)),
        (["截至7月15日"], dt.date(2023, 7, 15)),
        (["截止2023.7.31"], dt.date(2023, 7, 31)),
        (["截至2024-02-29"], dt.date(2024, 2, 29)),
    ],
)
def test_a_cutoff_is_read_to_the_day(texts: list[str], cutoff: dt.date | None) -> None:
    assert find_cutoff(texts, 2023) == cutoff
    assert wrong_dates(texts, 2023) == []


@pytest.mark.parametrize(
    ("texts", "cutoff", "wrong"),
    [
        (["截至2023年2月30日"], None, ["截至2023年2月30日"]),
        (["截至2023-02-29"], None, ["截至2023-02-29"]),
        (["截至2月30日", "截至2月30日"], None, ["截至2月30日"]),
        (["截至2023年13月1日", "2023年1-7月"], dt.date(2023, 7, 31), ["截至2023年13月1日"]),
        (["截至2023年2月30日（1-2月）"], dt.date(2023, 2, 28), ["截至2023年2月30日"]),
        (["2023年1-13月"], None, ["2023年1-13月"]),
    ],
)
def test_a_date_that_is_not_in_the_calendar_is_no_cutoff(
    texts: list[str], cutoff: dt.date | None, wrong: list[str]
) -> None:
    assert find_cutoff(texts, 2023) == cutoff
    assert wrong_dates(texts, 2023) == wrong


def test_a_day_without_a_year_is_no_date() -> None:
    assert find_cutoff(["截至2月30日"], None) is None
    assert wrong_dates(["截至2月30日", "截至7月15日"], None) == []


def test_rows_above_a_heading_end_at_the_table_before() -> None:
    rows: list[list[object]] = [["1", "2", "3", "4", "5", "6"], ["绩效监控表"], [None], ["项目名称", "预算数"]]
    assert Grid(Sheet("表", rows)).title_rows(3, 0) == [0, 1]  # type: ignore[arg-type]
    assert Grid(Sheet("表", rows)).title_rows(3, 1) == [1]  # type: ignore[arg-type]
    assert Grid(Sheet("表", [[1, 2, 3], *rows[1:]])).title_rows(3, 0) == [1]  # type: ignore[list-item]


def test_a_new_layout_must_say_what_it_needs(tmp_path: Path) -> None:
    path = tmp_path / "新版式.toml"
    path.write_text('kind = "monitor"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="新的版式要写必需的字段"):
        layouts._build("新版式", [layouts._LayoutFile(kind=kind) for kind in list(RECORD_TYPES)[:1]], path)


def test_a_word_with_two_fields_goes_to_the_one_that_is_empty() -> None:
    held = SimpleNamespace(others={"金额": [("budget", 3), ("approved", 4), ("submitted", 5)]})
    result = SimpleNamespace(
        spare=[(2, "budget"), (3, "name")], columns={"approved": 1}, ambiguous={}, layout=held, strength=0
    )
    layouts._second_choice(result, [["甲"], ["甲"], ["金额"], ["名称"]])  # type: ignore[arg-type]
    assert result.columns == {"approved": 1, "submitted": 2}
    assert (result.spare, result.strength) == ([(3, "name")], 5)


def test_forgotten_words_are_looked_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form_layouts, "_MOST_KEPT", 1)
    words = form_layouts.Words({"预算数": ("budget", 1)}, ((re.compile("全年.*"), "budget"),))
    for _ in range(2):
        for key in ("全年预算", "全年数", "全年", "别的"):
            assert (words.field_of(key) is None) is (key == "别的")
    assert words.field_of("预算数") == ("budget", 1)


def test_a_form_without_a_list_layout_has_its_own_words_only() -> None:
    own = {"预算数": ("budget", 1), "名称": ("name:甲", 1)}
    patterns = [(re.compile("全年"), "budget"), (re.compile("甲"), "name")]
    assert form_layouts._with_base(own, patterns, None, None).keys == own
    wanted = form_layouts._with_base(own, patterns, None, {"name"})
    assert (dict(wanted.keys), [field for _, field in wanted.patterns]) == ({"名称": ("name:甲", 1)}, ["name"])

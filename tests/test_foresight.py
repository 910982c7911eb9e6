"""大表边收边认：与到齐以后再认，结果一样；猜错了也一样。"""

from __future__ import annotations

import io
import sys
from itertools import zip_longest
from pathlib import Path

import pytest

from bad.packages import SHEET, book, sheet
from pbm_cli import foresight
from pbm_cli.cells import Cell, ErrorCell, Merge, Percentage, Sheet, Workbook
from pbm_cli.layouts import load_layouts
from pbm_cli.loading import Loaded, Loader
from pbm_cli.records import TableRows
from pbm_cli.workbook import Limits, Reader, reader, reader_for
from reading import balance

WAN: list[Cell] = ["单位：万元"]
HEAD: list[Cell] = ["序号", "预算单位", "项目编码", "项目名称", "调整后预算数", "累计支出", "执行率", "偏差原因"]
GROUPED: list[list[Cell]] = [
    ["序号", "预算单位", "项目编码", "项目名称", "预算", None, "执行率"],
    [None, None, None, None, "调整后预算数", "累计支出"],
]
REPORTS: list[Cell] = ["预算单位", "报送日期", "公开日期"]


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """一千行就认。"""
    monkeypatch.setattr(foresight, "_ENOUGH", 1_000)


def data(count: int, first: int = 1) -> list[list[Cell]]:
    """各种写法的数据行；每七十行有一行有毛病。"""
    rows: list[list[Cell]] = []
    for n in range(first, first + count):
        spent: Cell = n % 70 + 0.25 if n % 70 else ("约三万", ErrorCell("#REF!"), "1,234.5", None)[n // 70 % 4]
        rate: Cell = Percentage(0.5) if n % 3 else f"{n % 90}.5%"
        rows.append([float(n), f"{n % 84:03d}-单位{n % 84}", f"5105{n:017d}", f"项目{n}", 100.5, spent, rate, "调整"])
    return rows


def arriving(page: Sheet, step: int) -> tuple[Loader, Sheet]:
    """一批批送来，送一批认一批。"""
    loader = Loader(load_layouts(None), year=2023)
    grown = Sheet(page.name, [], page.merges)
    for start in range(0, len(page.rows), step):
        part = page.rows[start : start + step]
        turned = [(column, column) for column in zip_longest(*part)]
        grown.extend(list(part), turned if start // step % 2 else None)
        if start // step % 3 != 1:  # 有的一批到时，主进程正忙
            loader.arrived(grown)
    return loader, grown


def loaded_of(loader: Loader, page: Sheet) -> Loaded:
    loader.add(Workbook("大.xlsx", "", "xlsx", [page]))
    return loader.finish()


MERGES = [Merge(1, 4, 1, 5), *(Merge(1, column, 2, column) for column in (0, 1, 2, 3, 6))]
DOWN = [Merge(1_200, 1, 1_210, 1), Merge(40, 3, 41, 3)]
MERGED = Sheet("执行", [WAN, *GROUPED, *(row[:7] for row in data(1_300))], [*MERGES, *DOWN])
PAIRS = zip(data(1_100), data(1_100, 5_000), strict=True)
SIDES: list[list[Cell]] = [[*left[2:6], *right[2:6]] for left, right in PAIRS]
TOTAL: list[Cell] = [None, "合计", None, None, 251_250, 87_000]
NOTES: list[list[Cell]] = [[f"说明{n}"] for n in range(1_050)]
OTHER: list[list[Cell]] = [["甲", "乙"]]
OTHER += [[f"{n}", float(n)] for n in range(1_300)]
PAGES = {
    "平常的": Sheet("执行", [["2023年执行表"], WAN, HEAD, *data(2_500), TOTAL]),
    "表头合并的": MERGED,
    "表头合并、送来时不知道的": Sheet("执行", MERGED.rows),
    "下面另有一张、单位不同的": Sheet("执行", [WAN, HEAD, *data(1_200), [], ["单位：元"], HEAD, *data(1_200, 2_000)]),
    "下面另有一张别的": Sheet("执行", [WAN, HEAD, *data(1_100), [], REPORTS, ["甲局", "2023-07-01", None]]),
    "重复表头的": Sheet("执行", [WAN, HEAD, *data(600), HEAD, *data(600, 700), HEAD, *data(60, 1_400)]),
    "单位写在最后的": Sheet("执行", [HEAD, *data(1_300), WAN]),
    "没写单位的": Sheet("执行", [HEAD, *data(1_300)]),
    "并排的": Sheet("执行", [WAN, [*HEAD[2:6], *HEAD[2:6]], *SIDES]),
    "认不出的": Sheet("别的", OTHER),
    "表头在很下面的": Sheet("执行", [*NOTES, WAN, HEAD, *data(300)]),
    "小的": Sheet("执行", [WAN, HEAD, *data(100)]),
}


@pytest.mark.parametrize("step", [377, 1_000])
@pytest.mark.parametrize("name", PAGES)
def test_reading_while_rows_arrive_changes_nothing(name: str, step: int) -> None:
    page = PAGES[name]
    loader, grown = arriving(page, step)
    if name.startswith("表头合并、"):
        grown.merges = MERGED.merges
        page = MERGED
    early = loaded_of(loader, grown)
    late = loaded_of(Loader(load_layouts(None), year=2023), Sheet(page.name, page.rows, page.merges))
    assert early.records == late.records
    assert early.findings == late.findings
    assert early.files == late.files
    assert grown.column(3) == [row[3] if len(row) > 3 else None for row in page.rows]


def test_what_was_read_while_rows_arrived_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    page = PAGES["平常的"]
    loader, grown = arriving(page, 500)
    assert grown.parsed is not None
    known = {reading.column: len(values) for reading, values in grown.parsed.items()}
    assert known == dict.fromkeys((*range(1, 8),), len(page.rows))
    seen: list[int] = []
    values = TableRows._values

    def watched(self: TableRows, *args: object) -> list[object]:
        seen.append(len(args[3]))  # type: ignore[arg-type]
        return values(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(TableRows, "_values", watched)
    monkeypatch.setattr("pbm_cli.records.Reading.values", lambda self, cells: [None] * len(cells))
    loaded = loaded_of(loader, grown)
    assert seen == [2_500] * 7
    assert balance(loaded)[1] > 2_400, "再认的都成了空，早认的还在"


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    made = []
    for name, count in (("大", 4_500), ("小", 3)):
        rows = "".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>' for n in range(1, count + 1))
        (tmp_path / f"{name}.xlsx").write_bytes(book({SHEET: sheet(rows)}))
        made.append(tmp_path / f"{name}.xlsx")
    return made


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_rows_are_shown_while_more_are_awaited(
    files: list[Path], workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    with reader_for(Limits(), workers) as opened:
        for waiting in (True, False):
            monkeypatch.setattr(reader._Child, "waiting", waiting)
            for path in files:
                made = opened.read(path, path.name, lambda page: seen.append(len(page.rows)))
                assert len(made.sheets[0].rows) == (4_500 if path == files[0] else 3)
    assert seen == [0, 1, 2_001, 4_001, 4_500, 4_500, 0, 1, 3, 3]


@pytest.mark.skipif(sys.platform != "linux", reason="只有 Linux 能改管道的大小")
def test_a_pipe_that_cannot_grow_still_carries(files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_PIPE_BYTES", 2**30)  # 超过系统许可的
    with Reader() as opened:
        assert len(opened.read(files[0], "大.xlsx").sheets[0].rows) == 4_500


def test_elsewhere_the_pipe_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with io.BytesIO() as pipe:  # 没有文件号，动它就会出错
        reader._widen(pipe)

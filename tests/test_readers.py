"""几个子进程一起读：结果与一个子进程读的一样，坏文件、死了的子进程只耽误那一个文件。"""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import RunPbm
from counties import county
from pbm_cli.errors import InputError, UsageError
from pbm_cli.workbook import Limits, Reader, reader_for
from pbm_cli.workbook import readers as module
from pbm_cli.workbook.readers import Readers


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{number}.csv" for number in range(6)]
    for number, path in enumerate(paths):
        path.write_text(f"数,字\n{number},乙\n", encoding="utf-8")
    return paths


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """再小的文件也为它另起子进程。"""
    monkeypatch.setattr(module, "_WORTH_BYTES", 0)


def values(reader: Reader, paths: list[Path]) -> list[object]:
    found: list[object] = []
    for place, path in enumerate(paths, start=1):
        found.append(reader.read(path, path.name).sheets[0].rows[1][0])
        for after in paths[place : place + reader.width]:
            reader.ahead(after)
    return found


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_any_number_of_children_gives_each_file_its_own_rows(files: list[Path], count: int) -> None:
    several = Readers(Limits(), count)
    with several as reader:
        reader.begin(files)
        assert values(reader, files) == [str(number) for number in range(6)]
        assert len(several._started) == max(count, 1)


def test_small_files_do_not_start_another_child(files: list[Path]) -> None:
    several = Readers(Limits(), 3)
    with several as reader:
        assert values(reader, files) == [str(number) for number in range(6)]
        assert len(several._started) == 1


@pytest.mark.usefixtures("eager")
def test_a_bad_file_and_a_dead_child_cost_only_that_file(files: list[Path]) -> None:
    files[2].write_bytes(b"PK\x03\x04 not a zip")
    several = Readers(Limits(), 2)
    with several as reader:
        assert values(reader, files[:2]) == ["0", "1"]
        reader.ahead(files[2])
        reader.ahead(files[3])
        for own in several._readers:
            assert own._child is not None
            own._child.process.kill()
            own._child.process.wait()
        with pytest.raises(InputError):
            reader.read(files[2], "2.csv")
        assert values(reader, files[3:]) == ["3", "4", "5"]


def test_one_worker_reads_nothing_ahead(files: list[Path]) -> None:
    with reader_for(Limits(), 1) as reader:
        assert isinstance(reader, Readers)
        reader.begin(files)
        reader.ahead(files[1])
        assert reader._asked == {}
        assert reader.width == 0
    with pytest.raises(UsageError, match="--workers"):
        reader_for(Limits(), 0)


@pytest.mark.usefixtures("eager")
def test_the_result_does_not_depend_on_the_workers(run_pbm: RunPbm, tmp_path: Path) -> None:
    for number in range(4):
        county(tmp_path / "夹" / str(number), "甲县", ((f"000{number}", f"项目{number}", "教育局", 100, 50 + number),))
    (tmp_path / "夹" / "坏.xlsx").write_bytes(b"PK\x03\x04 not a zip")
    made = [
        run_pbm("monitor", tmp_path / "夹", "--on", "2023-12-31", "--json", "--workers", str(workers))
        for workers in (1, 2, 4)
    ]
    assert made[0].out == made[1].out == made[2].out
    assert [done.code for done in made] == [1, 1, 1]
    assert run_pbm("monitor", tmp_path / "夹", "--workers", "0").code == 2


def test_a_child_that_died_over_a_file_asked_ahead_is_not_the_file_s_fault(files: list[Path]) -> None:
    with Reader() as reader:
        reader.ahead(files[0])
        child = reader._child
        assert child is not None
        child.process.kill()
        child.process.wait()
        child._thread.join(5)
        child.ended = False  # 收帧的线程还没有来得及说它死了
        assert values(reader, files[:1]) == ["0"]

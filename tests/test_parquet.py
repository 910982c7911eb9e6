"""Parquet：列和类型固定、与 JSON 的数一分不差、同样的字节、带着来历；没有装 pyarrow 时说怎么装。"""

from __future__ import annotations

import importlib.util
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from conftest import RunPbm
from counties import county, spent
from pbm_cli.errors import OutputError

pa = pytest.importorskip("pyarrow", reason="没有装 pbm-cli[parquet]")
pq = pytest.importorskip("pyarrow.parquet")
EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "luxian-2023"
NOT_WRITTEN = {
    "assess": set(),
    "goals": {"points", "opinions"},
    "monitor": set(),
    "evaluate": {"subject_no", "profile"},
    "report": {"points", "opinions", "subject_no", "profile"},
    "check": set(),
}
"""JSON 的行里有、Parquet 里有意不写的键。"""


@pytest.fixture(scope="module", params=list(NOT_WRITTEN))
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Any, Any, Path]:
    from pbm_cli.cli import main

    folder = tmp_path_factory.mktemp("parquet")
    out, same = folder / "行.parquet", folder / "行.json"
    again = folder / "再.parquet"
    arguments = [request.param, str(EXAMPLE), "--quiet", "--fail-on", "never"]
    assert main([*arguments, "-o", str(out), "-o", str(same), "-o", str(again)]) == 0
    assert out.read_bytes() == again.read_bytes()
    return request.param, pq.read_table(out), json.loads(same.read_text(encoding="utf-8")), out


def test_every_number_equals_the_json(written: tuple[str, Any, Any, Path]) -> None:
    command, table, made, _ = written
    rows = table.to_pylist()
    assert len(rows) == len(made["rows"])
    assert rows
    for row, source in zip(rows, made["rows"], strict=True):
        for name, value in row.items():
            goals = row.get("stage", command) == "goals"
            given = source.get("indicators" if name == "indicator_count" and goals else name)
            if name == "indicators":
                assert_indicators(value, given if isinstance(given, list) else None)
            elif isinstance(value, Decimal):
                assert value == Decimal(given), name
            elif name != "indicator_count" or goals:
                assert value == given, name


def assert_indicators(value: Any, given: Any) -> None:
    if given is None:
        assert value is None
        return
    assert len(value) == len(given)
    for item, source in zip(value, given, strict=True):
        for name, inner in item.items():
            wanted = source.get(name)
            assert inner == (Decimal(wanted) if isinstance(inner, Decimal) else wanted), name


def test_no_key_of_the_json_is_forgotten(written: tuple[str, Any, Any, Path]) -> None:
    command, table, made, _ = written
    keys = {key for row in made["rows"] for key in row}
    assert keys - set(table.column_names) - NOT_WRITTEN[command] - {"indicators"} == set()


def test_the_types_do_not_depend_on_the_data(written: tuple[str, Any, Any, Path]) -> None:
    command, table, made, _ = written
    from pbm_cli.outputs import parquet

    empty = pq.read_schema(pa.BufferReader(parquet.render({**made, "rows": []})))
    assert empty.remove_metadata().equals(table.schema.remove_metadata())
    if command in ("monitor", "report"):
        assert table.schema.field("budget_yuan").type == pa.decimal128(20, 2)
        assert table.schema.field("execution_pct").type == pa.decimal128(18, 2)
        assert table.schema.field("light").type == pa.string()


def test_the_file_knows_where_it_comes_from(written: tuple[str, Any, Any, Path], run_pbm: RunPbm) -> None:
    *_, out = written
    done = run_pbm("verify", out, "--inputs", EXAMPLE, "--json")
    summary = json.loads(done.out)["summary"]
    assert done.code == 0, done.out
    assert summary["changed"] == summary["missing"] == 0
    assert summary["agree"] > 2


def test_a_region_is_written_by_county(run_pbm: RunPbm, tmp_path: Path) -> None:
    for name, share in (("甲", 90), ("乙", 20)):
        county(tmp_path / "省" / name, f"{name}县", spent(share))
    out = tmp_path / "县.parquet"
    assert run_pbm("rollup", tmp_path / "省", "--workers", "1", "-o", out).code == 0
    rows = {row["county"]: row for row in pq.read_table(out).to_pylist()}
    assert rows["甲县"]["execution_pct"] == Decimal("90.00")
    assert rows["乙县"]["red"] == 1
    assert rows["甲县"]["error"] is None


def test_too_long_a_number_is_refused_not_rounded() -> None:
    from pbm_cli.outputs import parquet

    for wrong in ("12345678901234567890.00", "0.001"):
        with pytest.raises(OutputError, match="budget_yuan"):
            parquet.render({"command": "monitor", "rows": [{"budget_yuan": wrong}]})


def test_a_missing_pyarrow_is_said_before_anything_is_read(
    run_pbm: RunPbm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    done = run_pbm("monitor", county(tmp_path / "甲", "甲县"), "-o", tmp_path / "行.parquet")
    assert done.code == 2
    assert "pbm-cli[parquet]" in done.err


def test_pyarrow_is_there_for_these_tests() -> None:
    assert importlib.util.find_spec("pyarrow") is not None

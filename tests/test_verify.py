"""pbm verify：写出的每种形式都能核对；输入、规则集、版本改了看得出来。"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from conftest import RunPbm, WriteSheet

TABLE = "单位：元\n| 项目编码 | 项目名称 | 预算单位 | 调整后预算数 | 累计支出 |\n| 'P1' | 甲_乙 | 某局 | 100 | 90 |"
FORMS = (".json", ".xlsx", ".docx", ".md", ".html")


def verify(run_pbm: RunPbm, *arguments: str | Path, code: int = 0) -> dict[str, Any]:
    result = run_pbm("verify", *arguments, "--json")
    assert result.code == code, result.out[-2000:] + result.err
    made = json.loads(result.out)
    assert isinstance(made, dict)
    return made


def states(made: dict[str, Any]) -> dict[str, str]:
    return {row["name"]: row["state"] for row in made["rows"]}


@pytest.fixture
def folder(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> Path:
    """一个文件夹：两个输入（名字里有 Markdown 记号），和 monitor 写出的各种形式。"""
    sheet(TABLE, file="年/执行_表*1.xlsx")
    sheet(TABLE.replace("P1", "P2").replace("甲", "丙"), file="年/下级/执行|表.xlsx")
    outputs = [part for form in FORMS for part in ("-o", tmp_path / "年" / f"结果{form}")]
    result = run_pbm("monitor", tmp_path / "年", "--on", "2023-12-31", *outputs)
    assert result.code == 0, result.err
    return tmp_path / "年"


@pytest.mark.parametrize("form", FORMS)
def test_untouched_output_agrees_in_every_form(run_pbm: RunPbm, folder: Path, form: str) -> None:
    made = verify(run_pbm, folder / f"结果{form}")
    assert states(made) == {"执行_表*1.xlsx": "一致", "下级/执行|表.xlsx": "一致", "national": "一致", "pbm": "一致"}
    assert made["summary"] == {"agree": 4, "changed": 0, "missing": 0, "unrecorded": 0}


@pytest.mark.parametrize("form", FORMS)
def test_changed_and_missing_inputs_are_named(run_pbm: RunPbm, folder: Path, sheet: WriteSheet, form: str) -> None:
    sheet(TABLE.replace("90", "91"), file="年/执行_表*1.xlsx")
    (folder / "下级" / "执行|表.xlsx").unlink()
    made = verify(run_pbm, folder / f"结果{form}", code=1)
    assert states(made) == {
        "执行_表*1.xlsx": "已改动",
        "下级/执行|表.xlsx": "找不到",
        "national": "一致",
        "pbm": "一致",
    }


def test_inputs_elsewhere(run_pbm: RunPbm, folder: Path, tmp_path: Path) -> None:
    moved = tmp_path / "别处" / "深处" / "结果.json"
    moved.parent.mkdir(parents=True)
    moved.write_bytes((folder / "结果.json").read_bytes())
    assert verify(run_pbm, moved, code=1)["summary"]["missing"] == 2
    assert verify(run_pbm, moved, "--inputs", folder)["summary"]["agree"] == 4
    assert run_pbm("verify", moved, "--inputs", tmp_path / "没有").code == 2


def edited(folder: Path, **changed: object) -> Path:
    made = json.loads((folder / "结果.json").read_text(encoding="utf-8"))
    path = folder / "改过.json"
    path.write_text(json.dumps({**made, **changed}, ensure_ascii=False), encoding="utf-8")
    return path


def test_another_version_or_ruleset_is_a_difference(run_pbm: RunPbm, folder: Path) -> None:
    assert states(verify(run_pbm, edited(folder, pbm="0.0.0"), code=1))["pbm"] == "已改动"
    assert states(verify(run_pbm, edited(folder, ruleset_digest="0" * 64), code=1))["national"] == "已改动"
    assert states(verify(run_pbm, edited(folder, ruleset="没有这套"), code=1))["没有这套"] == "找不到"


def test_an_overlay_is_found_in_pbm_toml(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    sheet(TABLE, file="年/表.xlsx")
    folder = tmp_path / "年"
    rule = (
        "[execution_bands]\n[[execution_bands.values]]\neffective = 2020-01-01\n"
        'value = { green = 50, yellow = 40, red = 0 }\nbasis = { title = "本县办法", evidence = "practice" }\n'
    )
    (folder / "本县").mkdir()
    (folder / "本县" / "monitor.toml").write_text(rule, encoding="utf-8")
    (folder / "pbm.toml").write_text('[run]\non = 2023-12-31\noverlay = "本县"\n', encoding="utf-8")
    assert run_pbm("monitor", folder, "-o", tmp_path / "年" / "结果.json").code == 0
    assert verify(run_pbm, folder / "结果.json")["summary"]["agree"] == 3
    (folder / "本县" / "monitor.toml").write_text(rule.replace("50", "55"), encoding="utf-8")
    assert states(verify(run_pbm, folder / "结果.json", code=1))["national"] == "已改动"


def test_no_path_outside_the_folders_is_looked_at(run_pbm: RunPbm, folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "外面.xlsx"
    secret.write_bytes(b"secret")
    for name in ("../外面.xlsx", str(secret)):
        path = edited(folder, inputs=[{"file": name, "sha256": "0" * 64}])
        row = verify(run_pbm, path, "--inputs", folder, code=1)["rows"][0]
        assert (row["state"], row["found"]) == ("找不到", None)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("普通.json", b'{"a": 1}'), ("数组.json", b"[1]"), ("坏.json", b"{"), ("深.json", b'{"a":' + b"[" * 100_000),
        ("文章.md", "# 标题\n\n没有来历\n".encode()), ("空.html", b""), ("页.html", b"<html></html>"),
        ("截断.docx", b"PK\x03\x04abc"), ("表.csv", "甲,乙\n".encode()),
        ("假.html", b'<script type="application/json" id="provenance">{"pbm": 1}</script>'),
    ],
)  # fmt: skip
def test_what_pbm_did_not_write_is_refused(run_pbm: RunPbm, tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    result = run_pbm("verify", path)
    assert (result.code, result.out) == (2, "")
    assert "不是 pbm 写出的结果" in result.err or "读" in result.err


def test_workbooks_and_zips_of_others_are_refused(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    assert run_pbm("verify", sheet(TABLE, name="来源")).code == 2
    packed = tmp_path / "包.docx"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("customXml/item1.xml", "<other/>")
    assert run_pbm("verify", packed).code == 2
    assert run_pbm("verify", tmp_path / "没有.json").code == 2


def test_the_screen_speaks_chinese(run_pbm: RunPbm, folder: Path) -> None:
    result = run_pbm("verify", folder / "结果.xlsx")
    assert result.code == 0
    assert "一致" in result.out
    assert "都一致" in result.err
    (folder / "执行_表*1.xlsx").unlink()
    result = run_pbm("verify", folder / "结果.xlsx")
    assert (result.code, "找不到 1 项" in result.out, "--inputs" in result.err) == (1, True, True)
    result.out.encode("gbk")


def test_limits_name_every_limit(run_pbm: RunPbm) -> None:
    result = run_pbm("limits")
    assert result.code == 0
    for words in ("一个文件的大小", "100 MB", "20,000,000 个", "120 秒", "200 张", "512 列"):
        assert words in result.out

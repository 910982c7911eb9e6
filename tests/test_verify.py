"""pbm verify：写出的每种形式都能核对；输入、规则集、版本改了看得出来。"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from conftest import RunPbm, WriteSheet
from counties import county, spent

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
    assert verify(run_pbm, folder / "结果.json")["summary"]["agree"] == 5
    (folder / "本县" / "monitor.toml").write_text(rule.replace("50", "55"), encoding="utf-8")
    changed = states(verify(run_pbm, folder / "结果.json", code=1))
    assert (changed["national"], changed["monitor.toml"], changed["pbm.toml"]) == ("已改动", "已改动", "一致")


SETTINGS = '[county]\nname = "某县"\nissuer = "某县财政局"\n[run]\non = 2023-12-31\n'


@pytest.mark.parametrize("form", [".json", ".xlsx", ".docx", ".html", ".md", ".parquet"])
def test_settings_are_part_of_the_origin(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path, form: str) -> None:
    if form == ".parquet":
        pytest.importorskip("pyarrow")
    sheet(TABLE, file="年/表.xlsx")
    folder, own = tmp_path / "年", tmp_path / "本县规则" / "layouts"
    own.mkdir(parents=True)
    (folder / "pbm.toml").write_text(SETTINGS, encoding="utf-8")
    (own.parent / "evaluate.toml").write_text("# 没有改什么\n", encoding="utf-8")
    overlay = ("--overlay", own.parent)
    assert run_pbm("monitor", folder, *overlay, "-o", folder / f"结果{form}").code == 0
    made = verify(run_pbm, folder / f"结果{form}", *overlay)
    assert {row["name"] for row in made["rows"] if row["what"] == "setting"} == {"pbm.toml", "evaluate.toml"}
    assert states(verify(run_pbm, folder / f"结果{form}", code=1))["evaluate.toml"] == "找不到"
    (folder / "pbm.toml").write_text(SETTINGS.replace("某县财政局", "别处"), encoding="utf-8")
    (own.parent / "evaluate.toml").write_text("# 改了说明，参数没有变\n", encoding="utf-8")
    changed = states(verify(run_pbm, folder / f"结果{form}", *overlay, code=1))
    assert (changed["pbm.toml"], changed["evaluate.toml"], changed["national"]) == ("已改动", "已改动", "一致")


def test_a_broken_pbm_toml_is_a_difference_not_an_end(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    sheet(TABLE, file="年/表.xlsx")
    folder = tmp_path / "年"
    (folder / "pbm.toml").write_text(SETTINGS, encoding="utf-8")
    assert run_pbm("monitor", folder, "-o", folder / "结果.json").code == 0
    (folder / "pbm.toml").write_text("[county\n", encoding="utf-8")
    assert states(verify(run_pbm, folder / "结果.json", code=1))["pbm.toml"] == "已改动"


def test_notices_name_their_inputs(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    source = sheet(TABLE.replace("90", "10"), file="年/表.xlsx")
    notices = tmp_path / "通知"
    assert run_pbm("monitor", source, "--on", "2023-12-31", "--notices", notices).code == 0
    [letter] = notices.glob("*.docx")
    assert verify(run_pbm, letter, "--inputs", source.parent)["summary"]["agree"] == 3
    result = run_pbm("verify", notices / "目录.xlsx")
    assert (result.code, "各份通知" in result.err) == (2, True)


def test_a_marked_copy_names_its_original(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    sheet(TABLE.replace("90", "x"), file="年/下级/表.xlsx")
    assert run_pbm("check", tmp_path / "年", "--marked", tmp_path / "副本").code == 1
    copy = tmp_path / "副本" / "下级" / "表.xlsx"
    made = verify(run_pbm, copy, "--inputs", tmp_path / "年")
    assert states(made) == {"下级/表.xlsx": "一致", "national": "一致", "pbm": "一致"}
    sheet(TABLE, file="年/下级/表.xlsx")
    assert states(verify(run_pbm, copy, "--inputs", tmp_path / "年", code=1))["下级/表.xlsx"] == "已改动"


@pytest.mark.parametrize("form", [".json", ".xlsx", ".docx", ".html", ".md"])
def test_a_rollup_names_the_inputs_of_every_county(run_pbm: RunPbm, tmp_path: Path, form: str) -> None:
    for name in ("甲县", "乙县"):
        county(tmp_path / "市" / name, name)
    out = tmp_path / "市" / f"汇总{form}"
    assert run_pbm("rollup", tmp_path / "市", "--workers", "1", "-o", out).code == 0
    made = verify(run_pbm, out)
    assert {"甲县/执行.csv", "乙县/执行.csv", "甲县/pbm.toml", "乙县/pbm.toml"} <= set(states(made))
    assert set(states(made).values()) == {"一致"}
    county(tmp_path / "市" / "乙县", "乙县", spent(3))
    assert states(verify(run_pbm, out, code=1))["乙县/执行.csv"] == "已改动"


def test_a_rule_set_of_ones_own(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    own = tmp_path / "规则"
    own.mkdir()
    (own / "ruleset.toml").write_text('name = "本市"\ntitle = "本市的规则"\nbuilds_on = "national"\n', encoding="utf-8")
    source = sheet(TABLE, file="年/表.xlsx")
    out = source.with_name("结果.json")
    assert run_pbm("monitor", source, "--on", "2023-12-31", "--ruleset", own, "-o", out).code == 0
    assert states(verify(run_pbm, out, code=1))["本市"] == "找不到"
    assert "--ruleset" in run_pbm("verify", out).err
    assert states(verify(run_pbm, out, "--ruleset", own))["本市"] == "一致"
    assert run_pbm("verify", out, "--ruleset", tmp_path / "没有").code == 2


def test_csv_says_that_it_carries_no_origin(run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path) -> None:
    out = tmp_path / "结果.csv"
    assert run_pbm("monitor", sheet(TABLE), "--on", "2023-12-31", "-o", out).code == 0
    result = run_pbm("verify", out)
    assert (result.code, "CSV 不带来历" in result.err) == (2, True)


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


def test_an_input_too_large_to_have_been_read_is_not_hashed(run_pbm: RunPbm, folder: Path) -> None:
    """没有用上的（没有摘要的）不从头去读；换成了比上限还大的，不读也知道改过。"""
    with (folder / "稀疏.xlsx").open("wb") as stream:
        stream.truncate(2**41)
    run_pbm("monitor", folder, "--on", "2023-12-31", "-o", folder / "又.json")
    with (folder / "执行_表*1.xlsx").open("wb") as stream:
        stream.truncate(2**41)
    seen = states(verify(run_pbm, folder / "又.json", code=1))
    assert (seen["稀疏.xlsx"], seen["执行_表*1.xlsx"], seen["下级/执行|表.xlsx"]) == ("没有记录", "已改动", "一致")

"""个人信息：身份证、手机、银行卡号码认得出、说得清、遮得住，而且不进日志。号码都是按校验规则编的，不是谁的。"""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from pathlib import Path

import openpyxl
import pytest

from conftest import RunPbm, WriteSheet
from pbm_cli.cells import Cell, Sheet
from pbm_cli.personal import cells_of, found_in, masked, published

SUFFIXES = (".xlsx", ".docx", ".html", ".md", ".json", ".csv")
MOBILE = "13800001111"


def identity(first: str = "110105194912310", order: str = "02") -> str:
    """一个校验码对的身份证号码（另写一遍校验规则：权是 2 的幂除以 11 的余数）。"""
    body = (first + order)[:17]
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(body))
    return body + "10X98765432"[total % 11]


def card(first: str = "621700123456789012") -> str:
    """一个校验位对的银行卡号：挑一个使各位（隔位加倍、逐位相加）之和能被 10 整除的末位。"""
    return next(first + str(last) for last in range(10) if luhn_sum(first + str(last)) % 10 == 0)


def luhn_sum(number: str) -> int:
    return sum(int(c) for place, d in enumerate(number[::-1]) for c in (str(int(d) * 2) if place % 2 else d))


IDENTITY, CARD = identity(), card()
PLAIN = [
    "510521230000000012345",  # 二十一位的项目编码
    "51052123T000000000001",
    "13812345678.00",  # 金额
    "13,812,345,678",
    "-13812345678.5",
    "0830-8191234",  # 座机
    "08308191234",
    "12345678901",  # 十一位，不是手机号段
    "138000011112",  # 十二位
    "A13800001111",
    "13800001111B",
    "20231231235959",  # 时间串
    "20231231235959123",
    "91510521MA62ABCD1X",  # 统一社会信用代码
    "11010519491231",
    "110105491231002",  # 十五位的旧号码没有校验码
    "2023年12月31日",
    "1-12月",
    "川财绩〔2025〕5号",
    "62",
]


def wrong(number: str) -> str:
    """末位换一个，校验就不对了。"""
    return number[:-1] + ("0" if number[-1] != "0" else "1")


@pytest.mark.parametrize(
    ("text", "kinds", "shown"),
    [
        (IDENTITY, ["identity"], f"110***********{IDENTITY[-4:]}"),
        (IDENTITY.lower(), ["identity"], f"110***********{IDENTITY[-4:].lower()}"),
        (f"张某（{IDENTITY}）", ["identity"], f"张某（110***********{IDENTITY[-4:]}）"),
        (f"{IDENTITY[:6]} {IDENTITY[6:14]} {IDENTITY[14:]}", ["identity"], f"110*** ******** {IDENTITY[-4:]}"),
        ("".join(chr(ord(c) + 0xFEE0) for c in IDENTITY), ["identity"], None),
        (MOBILE, ["mobile"], "138****1111"),
        ("电话：138-0000-1111、18612345678", ["mobile", "mobile"], "电话：138-****-1111、186****5678"),
        (f"+86 {MOBILE}", ["mobile"], "+86 138****1111"),
        (f"86{MOBILE}", ["mobile"], "86138****1111"),
        (CARD, ["card"], f"6217***********{CARD[-4:]}"),
        (f"卡号{CARD[:4]} {CARD[4:8]} {CARD[8:12]} {CARD[12:16]} {CARD[16:]}。", ["card"], None),
        (f"{IDENTITY}、{MOBILE}、{CARD}", ["identity", "mobile", "card"], None),
        (wrong(IDENTITY), [], wrong(IDENTITY)),
        (wrong(CARD), [], wrong(CARD)),
        (identity("990105194912310"), [], identity("990105194912310")),
        (identity("110105194902300"), [], identity("110105194902300")),
        (identity("110105210012310"), [], identity("110105210012310")),
        *((text, [], text) for text in PLAIN),
    ],
)
def test_what_is_personal_and_how_it_is_masked(text: str, kinds: list[str], shown: str | None) -> None:
    assert [kind for kind, _, _ in found_in(text)] == kinds
    hidden = masked(text)
    if shown is not None:
        assert hidden == shown
    assert list(found_in(hidden)) == []
    assert len(hidden) == len(text)


def test_a_number_cut_by_an_ellipsis_is_masked_whole() -> None:
    assert masked(f"“张某{IDENTITY[:15]}…”不是金额") == f"“张某{'*' * 15}…”不是金额"
    assert masked("“共 123456…”") == "“共 123456…”"


def test_codes_and_digests_stay() -> None:
    document = {"project_code": MOBILE, "rows": [{"project_name": MOBILE, "sha256": "1" * 64}], "n": 13800001111}
    assert published(document) == {
        "project_code": MOBILE, "rows": [{"project_name": "138****1111", "sha256": "1" * 64}], "n": 13800001111,
    }  # fmt: skip


HEADS = "| 项目编码 | 项目名称 | 项目单位 | 申报金额 | 审定金额 | 评估机构 | 联系电话 |"


def county(sheet: WriteSheet) -> Path:
    """一张事前评估表，名称、机构、坏金额里有个人信息；编码是像手机号码的十一位。"""
    return sheet(
        f"""
        单位：万元
        {HEADS}
        | '13900002222' | 困难群众救助（{IDENTITY}） | 民政局 | 100 | 80 | 某所 {MOBILE} | 13700003333 |
        | '13900002223' | 乡村道路 | 交通局 | '张某{CARD}' | 50 | 某所 | '13700003334' |
        | '13900002224' | 水渠 | 水利局 | 50 | 50 | 某所 | |
        """,
        file="县/评估.xlsx",
    ).parent


def hints(text: str) -> list[dict[str, str]]:
    return [finding for finding in json.loads(text)["findings"] if finding["code"] == "D29"]


def test_one_hint_a_sheet_and_kind_names_the_cells_and_not_the_numbers(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    done = run_pbm("check", county(sheet), "--json")
    found = {re.search(r"里有(.+?)，", f["message"])[1]: f for f in hints(done.out)}  # type: ignore[index]
    assert set(found) == {"手机号码", "身份证号码", "银行卡号"}
    assert found["银行卡号"]["where"]["cell"] == "D4"  # type: ignore[index]
    assert found["身份证号码"]["where"]["cell"] == "B3"  # type: ignore[index]
    assert "F3、G3、G4 3 个单元格" in found["手机号码"]["message"]
    assert {f["level"] for f in found.values()} == {"hint"}
    assert not re.search(r"\d{7,}", " ".join(f["message"] for f in found.values()))


def test_sheets_without_any_have_no_hint(run_pbm: RunPbm, sheet: WriteSheet) -> None:
    rows = "\n".join(f"| '{text}' | 项目{n} | 水利局 | 10 | 10 | {text} | |" for n, text in enumerate(PLAIN))
    done = run_pbm("check", sheet(f"单位：万元\n{HEADS}\n{rows}"), "--json")
    assert hints(done.out) == []


def texts_of(path: Path) -> str:
    """一个输出里的全部文字，包里的各部件都算。"""
    data = path.read_bytes()
    if path.suffix not in (".xlsx", ".docx"):
        return data.decode("utf-8-sig")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = "".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    if path.suffix == ".xlsx":
        for page in openpyxl.load_workbook(io.BytesIO(data)).worksheets:
            parts += "\n".join(str(cell) for row in page.iter_rows(values_only=True) for cell in row)
    return parts + re.sub("<[^>]+>", "", parts)


@pytest.mark.parametrize("command", ["assess", "report", "check"])
def test_what_is_published_is_masked_everywhere(
    run_pbm: RunPbm, sheet: WriteSheet, tmp_path: Path, command: str
) -> None:
    folder = county(sheet)
    outputs = [tmp_path / "出" / f"结果{suffix}" for suffix in SUFFIXES]
    on = ["--on", "2023-12-31"] if command == "report" else []
    options = [part for path in outputs for part in ("-o", str(path))]
    open_run = run_pbm(command, folder, *on, *options)
    assert any(IDENTITY in texts_of(path) for path in outputs) or command == "check"
    shown = run_pbm(command, folder, *on, *options, "--publish")
    said = run_pbm(command, folder, *on, "--json", "--publish")
    assert (open_run.code, shown.code, said.code) == (1, 1, 1)
    for text in (shown.out, said.out, *map(texts_of, outputs)):
        for number in (IDENTITY, MOBILE, CARD):
            assert number not in text
            assert not re.search(rf"{number[:3]}\d*{number[4:10]}", text)
    document = json.loads(said.out)
    if command != "check":
        assert {row["project_code"] for row in document["rows"]} >= {"13900002222", "13900002224"}
        names = {row["project_name"] for row in document["rows"]}
        assert f"困难群众救助（110***********{IDENTITY[-4:]}）" in names


@pytest.mark.parametrize("options", [[], ["--debug"], ["--publish"]], ids=str)
def test_standard_error_never_holds_a_number(run_pbm: RunPbm, sheet: WriteSheet, options: list[str]) -> None:
    folder = county(sheet)
    for command in (
        ["check", folder],
        ["assess", folder],
        ["check", folder, f"没有{MOBILE}.xlsx"],
        ["assess", f"没有{CARD}"],
    ):
        done = run_pbm(*command, *options)
        assert done.err
        for number in (IDENTITY, MOBILE, CARD):
            assert number not in done.err


def test_a_bug_report_holds_no_number(run_pbm: RunPbm, sheet: WriteSheet, monkeypatch: pytest.MonkeyPatch) -> None:
    from pbm_cli import run

    def broken(*_: object) -> None:
        raise KeyError(IDENTITY)

    monkeypatch.setattr(run, "document", broken)
    for options in ([], ["--debug"]):
        done = run_pbm("assess", county(sheet), *options)
        assert done.code == 70
        assert "KeyError" in done.err
        assert IDENTITY not in done.err


def test_looking_costs_little() -> None:
    row: list[Cell] = ["51052123T000000000001", "农村公路日常养护与应急抢险项目（2023年度）", "交通运输局", 12.5, 10.0]
    sheet = Sheet("甲", [[*row, f"工程进度慢，2023年12月完成{n}%"] for n in range(60_000)])
    fastest = min(timed(sheet) for _ in range(3))
    assert fastest < 1.0


def timed(sheet: Sheet) -> float:
    started = time.perf_counter()
    assert cells_of(sheet, {0}) == {}
    return time.perf_counter() - started

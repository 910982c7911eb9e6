"""参数与规则集：读入、检查、覆盖、按日期取值、依据的写法。"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from pbm_cli.errors import ConfigError
from pbm_cli.parameters import BUILT_IN, RuleSet, list_rulesets, load_ruleset

YEAR_END = dt.date(2025, 12, 31)
BASIS = 'basis = { title = "某县办法", document_no = "某财〔2024〕1号", evidence = "original" }'
GOOD = f'[[grade_floors.values]]\neffective = 2024-01-01\nvalue = {{ "优" = 85, "差" = 0 }}\n{BASIS}\n'


def overlay(folder: Path, text: str, file: str = "evaluate.toml") -> RuleSet:
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return load_ruleset("national", folder)


def own(folder: Path, text: str, head: str = 'name = "own"\ntitle = "自定"\n') -> RuleSet:
    (folder / "ruleset.toml").write_text(head, encoding="utf-8")
    (folder / "a.toml").write_text(text, encoding="utf-8")
    return load_ruleset(str(folder))


def floors(ruleset: RuleSet, on: dt.date) -> object:
    return ruleset.at(on).value("grade_floors")


def test_three_rulesets_are_shipped() -> None:
    found = {info.name: info.builds_on for info in list_rulesets()}
    assert found == {"national": None, "sichuan-2025": "national", "hefei-2x2": "national"}
    assert all(info.title and info.description for info in list_rulesets())


def test_folder_and_name_agree() -> None:
    assert all((BUILT_IN / info.name).is_dir() for info in list_rulesets())


def test_numbers_are_exact_and_money_is_fen() -> None:
    bound = load_ruleset("national").at(YEAR_END)
    assert bound.value("rate_tolerance") == Decimal("0.01")
    assert bound.value("amount_tolerance") == 10_000
    assert isinstance(bound.value("amount_tolerance"), int)


def test_before_the_first_date_there_is_no_value() -> None:
    ruleset = load_ruleset("national")
    assert floors(ruleset, dt.date(2020, 2, 24)) is None
    assert floors(ruleset, dt.date(2020, 2, 25)) == {"优": 90, "良": 80, "中": 60, "差": 0}
    assert ruleset.at(dt.date(2020, 2, 24)).dated("grade_floors") is None
    assert ruleset.at(dt.date(2020, 2, 24)).text("grade_floors") == "没有规定"


def test_a_ruleset_chosen_by_name_holds_before_its_own_date() -> None:
    ruleset = load_ruleset("sichuan-2025")
    for day in (dt.date(2023, 12, 31), dt.date(2025, 3, 16), dt.date(2025, 3, 17)):
        assert floors(ruleset, day) == {"优": 90, "良": 80, "中": 70, "差": 0}
    assert ruleset.parameter("grade_floors").chosen
    assert not load_ruleset("national").parameter("grade_floors").chosen


def test_what_has_no_source_is_not_set() -> None:
    bound = load_ruleset("national").at(YEAR_END)
    unset = (
        "mandatory_new_amount",
        "gap_limit",
        "overall_table",
        "execution_nodes",
        "downgrade_factors",
        "response_days",
    )
    assert [name for name in unset if bound.value(name) is not None] == []
    assert all(bound.ruleset.parameter(name).note for name in unset)


def test_every_value_says_where_it_comes_from() -> None:
    for info in list_rulesets():
        ruleset = load_ruleset(info.name)
        for name in ruleset.names():
            for dated in ruleset.parameter(name).values:
                text = dated.basis.text(dated.effective)
                assert dated.evidence == "original" or any(
                    word in text for word in ("未核对原文", "通行做法", "工具默认")
                )


def test_basis_text_reads_like_a_citation() -> None:
    bound = load_ruleset("national").at(YEAR_END)
    expected = "依据：《项目支出绩效评价管理办法》（财预〔2020〕10号，2020-02-25 起，二手转述未核对原文）"
    assert bound.basis_text("grade_floors") == expected
    assert bound.basis_text("grade_floors", "grade_order", "gap_limit") == expected
    assert bound.basis_text("gap_limit") == ""
    assert bound.basis_text("execution_bands") == "依据：预算管理一体化绩效模块（通行做法）"
    assert bound.basis_text("grade_floors", "execution_bands").count("；") == 1


def test_values_read_as_text() -> None:
    bound = load_ruleset("national").at(YEAR_END)
    assert bound.text("grade_floors") == "优≥90，良≥80，中≥60，其余为差"
    assert bound.text("execution_bands") == "绿灯≥80，黄灯≥60，其余为红灯"
    assert bound.text("weight_totals") == "90、100"
    assert bound.text("amount_tolerance") == "0.01 万元"


def test_bind_fills_keywords_by_name_and_records_use() -> None:
    def rule(score: int, *, grade_floors: Mapping[str, Decimal], gap_limit: Decimal | None) -> str:
        return f"{score} {grade_floors['优']} {gap_limit}"

    bound = load_ruleset("national").at(YEAR_END)
    assert not bound.used
    assert bound.bind(rule)(7) == "7 90 None"
    assert bound.used == ("gap_limit", "grade_floors")


def test_binding_an_unknown_parameter_names_the_nearest() -> None:
    def rule(*, grade_floor: object) -> object:
        return grade_floor

    with pytest.raises(ConfigError, match="grade_floors"):
        load_ruleset("national").at(YEAR_END).bind(rule)


def test_trial_values_change_only_the_trial() -> None:
    bound = load_ruleset("national").at(YEAR_END)
    trial = bound.with_values({"mandatory_new_amount": 2_000_000})
    assert (bound.value("mandatory_new_amount"), trial.value("mandatory_new_amount")) == (None, 200_000_000)
    assert "试算" in trial.basis_text("mandatory_new_amount")
    with pytest.raises(ConfigError, match="试算›reclaim_month"):
        bound.with_values({"reclaim_month": "十月"})
    with pytest.raises(ConfigError, match="mandatory_new_amount"):
        bound.with_values({"mandatory_new_amont": 1})


# ---- 覆盖 ----


@pytest.mark.parametrize("file", ["evaluate.toml", "parameters/本县.toml"])
def test_an_overlay_takes_over_from_its_date(tmp_path: Path, file: str) -> None:
    ruleset = overlay(tmp_path, GOOD, file)
    assert floors(ruleset, dt.date(2024, 1, 1)) == {"优": 85, "差": 0}
    assert floors(ruleset, dt.date(2023, 12, 31)) == {"优": 90, "良": 80, "中": 60, "差": 0}
    assert (
        ruleset.at(YEAR_END).basis_text("grade_floors") == "依据：《某县办法》（某财〔2024〕1号，2024-01-01 起，原文）"
    )
    assert ruleset.parameter("grade_floors").label == "绩效评价等级的分数线"


def test_pbm_toml_and_layouts_are_no_parameters(tmp_path: Path) -> None:
    (tmp_path / "pbm.toml").write_text('[county]\nname = "某县"\n', encoding="utf-8")
    (tmp_path / "layouts").mkdir()
    (tmp_path / "layouts" / "x.toml").write_text("x = 1\n", encoding="utf-8")
    assert load_ruleset("national", tmp_path).digest == load_ruleset("national").digest


def test_a_bom_from_notepad_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(GOOD, encoding="utf-8-sig")
    assert floors(load_ruleset("national", tmp_path), YEAR_END) == {"优": 85, "差": 0}


def test_a_rule_may_end(tmp_path: Path) -> None:
    ended = overlay(tmp_path, f"[[grade_floors.values]]\neffective = 2024-01-01\nends = true\n{BASIS}\n")
    assert floors(ended, dt.date(2023, 12, 31)) is not None
    assert floors(ended, dt.date(2024, 1, 1)) is None


def test_digest_follows_content_not_layout(tmp_path: Path) -> None:
    first = overlay(tmp_path / "a", GOOD).digest
    assert overlay(tmp_path / "b", "# 说明\n\n" + GOOD.replace(" = ", "   =  ")).digest == first
    assert overlay(tmp_path / "c", GOOD.replace("85", "86")).digest != first
    assert overlay(tmp_path / "d", GOOD.replace("2024-01-01", "2024-01-02")).digest != first
    assert load_ruleset("national").digest != first
    assert load_ruleset("national").digest == load_ruleset("national").digest


VALUES = "[[grade_floors.values]]\neffective = 2024-01-01\n"


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        (GOOD.replace("grade_floors", "grade_flors"), "evaluate.toml›grade_flors", "是不是 grade_floors"),
        (GOOD.replace("effective", "efective"), "evaluate.toml›grade_floors.values 第 1 条", ""),
        (GOOD + "extra = 1\n", "grade_floors.values 第 1 条.extra", "不认识这个键"),
        (VALUES + 'value = { "优" = 85, "差" = 0 }\n', "values 第 1 条.basis", "缺少"),
        (GOOD.replace("original", "rumour"), "values 第 1 条.basis.evidence", "rumour"),
        (GOOD.replace("某县办法", ""), "values 第 1 条.basis.title", "不能为空"),
        (GOOD.replace("2024-01-01", '"2024-01-01"'), "values 第 1 条.effective", "应为日期"),
        (GOOD + GOOD, "values 第 2 条.effective", "没有晚于上一条"),
        (GOOD + GOOD.replace("2024-01", "2023-01"), "values 第 2 条.effective", "没有晚于上一条"),
        (GOOD.replace("value =", "ends = true\nvalue ="), "values 第 1 条", "只能写一个"),
        (VALUES + BASIS, "values 第 1 条", "只能写一个"),
        (GOOD.replace("85", '"85"'), "values 第 1 条.value", "从高到低"),
        (GOOD.replace("85", "-1"), "values 第 1 条.value", "从高到低"),
        (GOOD.replace("85", "nan"), "values 第 1 条.value", "从高到低"),
        (GOOD.replace("85", "1e999"), "values 第 1 条.value", "从高到低"),
        (GOOD.replace("85", "true"), "values 第 1 条.value", "从高到低"),
        ('[grade_floors]\nform = "number"\n' + GOOD, "grade_floors.form", "不同"),
        ('[grade_floors]\nchoices = ["a"]\n' + GOOD, "grade_floors", "不能改"),
        ('[grade_floors]\nlabel = "没有值"\n', "grade_floors.values", "没有值"),
        ("grade_floors = 3\n", "evaluate.toml›grade_floors", "应为一组"),
        (GOOD.replace('"优"', "优"), "evaluate.toml", "英文双引号"),
    ],
)
def test_a_bad_overlay_is_an_error_with_its_address(tmp_path: Path, text: str, where: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        overlay(tmp_path, text)
    assert where in caught.value.where
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("execution_method", '"progress"', "进度比"),
        ("execution_bands", "{ green = 80, orange = 0 }", "orange"),
        ("execution_nodes", "{ 4 = 25, 13 = 90 }", "13"),
        ("execution_nodes", '{ 4 = "25%" }', "不加引号"),
        ("overall_table", '{ "是是" = "绿" }', "green"),
        ("objective_causes", "[1, 2]", "文字"),
        ("objective_causes", '"政策变化"', "列表"),
        ("amount_tolerance", "0.001", "两位小数"),
        ("reclaim_month", '"10"', "应为数"),
        ("treatments", "{}", "名称"),
        ("treatments", '{ "正常" = { "x" = "y" } }', "名称"),
    ],
)
def test_a_value_of_the_wrong_shape_is_refused(tmp_path: Path, name: str, value: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        overlay(tmp_path, f"[[{name}.values]]\neffective = 2024-01-01\nvalue = {value}\n{BASIS}\n")
    assert f"›{name}.values 第 1 条.value" in caught.value.where


def test_the_same_parameter_twice_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "b.toml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(ConfigError, match="写了两次") as caught:
        load_ruleset("national", tmp_path)
    assert "a.toml" in caught.value.hint


def test_a_file_in_gbk_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes("# 本县\n".encode("gbk"))
    with pytest.raises(ConfigError, match="UTF-8"):
        load_ruleset("national", tmp_path)


def test_a_missing_overlay_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="没有这个覆盖文件夹"):
        load_ruleset("national", tmp_path / "none")


# ---- 自己的规则集 ----


def test_an_own_ruleset_by_path_builds_on_national(tmp_path: Path) -> None:
    ruleset = own(tmp_path, GOOD, 'name = "own"\ntitle = "自定"\nbuilds_on = "national"\n')
    assert (ruleset.name, ruleset.title) == ("own", "自定")
    assert floors(ruleset, YEAR_END) == {"优": 85, "差": 0}
    assert set(ruleset.names()) == set(load_ruleset("national").names())


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (GOOD, "a.toml›grade_floors.label"),
        ('[grade_floors]\nlabel = "等级"\n' + GOOD, "a.toml›grade_floors.form"),
        ('[grade_floors]\nlabel = "等级"\nform = "number"\n', "a.toml›grade_floors.values"),
    ],
)
def test_a_new_parameter_must_be_complete(tmp_path: Path, text: str, where: str) -> None:
    with pytest.raises(ConfigError) as caught:
        own(tmp_path, text)
    assert caught.value.where.endswith(where)


def test_rulesets_may_not_build_on_each_other(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="互相"):
        own(tmp_path, "", f"name = 'own'\ntitle = '自定'\nbuilds_on = {str(tmp_path)!r}\n")


@pytest.mark.parametrize("head", ["", "name = 'own'\n", "name = 'own'\ntitle = 'x'\nbuild_on = 'national'\n"])
def test_a_bad_head_is_an_error(tmp_path: Path, head: str) -> None:
    with pytest.raises(ConfigError, match=r"ruleset\.toml"):
        own(tmp_path, "", head)


def test_an_unknown_ruleset_lists_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="hefei-2x2、national、sichuan-2025"):
        load_ruleset("nationl")
    with pytest.raises(ConfigError, match=r"没有 ruleset\.toml"):
        load_ruleset(str(tmp_path))


def test_loading_is_quick() -> None:
    load_ruleset("national")
    spent = []
    for _ in range(5):
        start = time.process_time()
        load_ruleset("national")
        spent.append(time.process_time() - start)
    assert min(spent) <= 0.03

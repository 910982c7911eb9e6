"""单元格 → 值：每一种写法一行；坏的写法要说清楚坏在哪里。"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbm_cli import fields
from pbm_cli.cells import Cell, ErrorCell, Percentage, UnvaluedCell
from pbm_cli.fields import MONEY_UNITS, Problem, Rate

YUAN, WAN = MONEY_UNITS["元"], MONEY_UNITS["万元"]

MONEY = [
    (500, YUAN, 50_000),
    (0, WAN, 0),
    ("0", None, 0),
    (-3, YUAN, -300),
    (238.93, WAN, 238_930_000),
    (10606.7522, WAN, 10_606_752_200),
    (52.8, WAN, 52_800_000),
    (0.1 + 0.2, YUAN, 30),
    (4755.0500000000002, WAN, 4_755_050_000),
    ("238.93", WAN, 238_930_000),
    ("3,498,000.00", YUAN, 349_800_000),
    ("349.80万元", YUAN, 349_800_000),
    ("￥3,498,000.00元", None, 349_800_000),
    ("¥ 5", YUAN, 500),
    ("RMB 500", YUAN, 50_000),
    ("人民币5000元整", None, 500_000),
    ("500万元", None, 500_000_000),
    ("5万", None, 5_000_000),
    ("1.2亿元", WAN, 12_000_000_000),
    ("3千元", YUAN, 300_000),
    ("500(万元)", YUAN, 500_000_000),
    ("１，２３４．５", YUAN, 123_450),
    ("1 234 567.00", YUAN, 123_456_700),
    ("  12.30  ", YUAN, 1_230),
    ("\u200b12\ufeff", YUAN, 1_200),
    ("+5", YUAN, 500),
    ("−500", YUAN, -50_000),
    ("－５．５万元", YUAN, -5_500_000),
    ("(1,234.00)", YUAN, -123_400),
    ("（1，234．00）", YUAN, -123_400),
    ("(500)万元", YUAN, -500_000_000),
    ("△12", YUAN, -1_200),
    ("▲12.5", WAN, -12_500_000),
    (".5", YUAN, 50),
]


@pytest.mark.parametrize(("cell", "unit", "fen"), MONEY)
def test_money_is_read_to_the_fen(cell: Cell, unit: int | None, fen: int) -> None:
    """一种写法一行，都要精确到分。"""
    assert fields.money(cell, unit) == fen


@pytest.mark.parametrize(
    "cell", [None, "", "  ", "\u3000", "/", "-", "—", "——", "*", "……", "null", "NULL", "\\N", "无"]
)
def test_blank_money_is_not_zero(cell: Cell) -> None:
    """空白和占位符是空，不是零。"""
    assert fields.money(cell, YUAN) is None


BAD_MONEY = [
    ("123O0", "“123O0”不是金额（第 4 位是字母 O，不是数字 0）"),
    ("l23", "第 1 位是字母 l，不是数字 1"),
    ("12I", "第 3 位是字母 I，不是数字 1"),
    ("1S.00", "第 2 位是字母 S，不是数字 5"),
    ("1.2.3", "有两个小数点"),
    ("1,23,456", "千分位逗号的位置不对"),
    ("12,34", "千分位逗号的位置不对"),
    ("12 34", "数字中间有空格"),
    ("约500", "第 1 位是“约”，不是数字"),
    ("500美元", "第 4 位是“美”"),
    ("待定", "里面没有数字"),
    ("NaN", "里面没有数字"),
    ("Infinity", "里面没有数字"),
    ("--5", "正负号写了两次"),
    ("9" * 1_000_000, "太长了"),
    ("9" * 60, "不是金额"),
    ("1e99", "数太大"),
    (1e300, "数太大"),
    (10**30, "数太大"),
    (float("nan"), "不是有限的数"),
    (True, "是逻辑值"),
    (dt.date(2023, 1, 1), "是日期或时间"),
    (Percentage(0.5), "百分比"),
    ("#####", "列宽不够"),
]


@pytest.mark.parametrize(("cell", "words"), BAD_MONEY, ids=[words for _, words in BAD_MONEY])
def test_broken_money_says_what_is_wrong(cell: Cell, words: str) -> None:
    """坏金额是一条说得清楚的问题，不能用，也不猜。"""
    problem = fields.money(cell, YUAN)
    assert isinstance(problem, Problem)
    assert words in problem.message
    assert not problem.usable
    assert problem.value is None
    assert len(problem.message) < 120
    problem.message.encode("gbk")


def test_money_without_any_unit_is_a_problem() -> None:
    """表上和单元格都没有单位，不猜。"""
    problem = fields.money("500", None)
    assert isinstance(problem, Problem)
    assert "--unit" in problem.hint
    assert isinstance(fields.money(500, None), Problem)


@pytest.mark.parametrize(
    ("cell", "unit", "fen"),
    [
        ("0.005", YUAN, 1),
        ("-0.005", YUAN, -1),
        ("123.4567894", WAN, 123_456_789),
        (12.345, YUAN, 1_235),
        ("1.2E+3", YUAN, 120_000),
    ],
)
def test_money_that_needs_a_word_is_still_usable(cell: Cell, unit: int, fen: int) -> None:
    """比分还细的四舍五入、科学计数的文字：能用，但要说。"""
    problem = fields.money(cell, unit)
    assert isinstance(problem, Problem)
    assert (problem.value, problem.usable, problem.level) == (fen, True, "warning")


SPELLINGS = [
    lambda fen: f"{Decimal(fen) / 100:.2f}",
    lambda fen: f"{Decimal(fen) / 100:,.2f}",
    lambda fen: f"￥{Decimal(fen) / 100:,.2f}元" if fen >= 0 else f"（{Decimal(-fen) / 100:,.2f}元）",
    lambda fen: f"{Decimal(fen) / 10**6:f}万元",
    lambda fen: f"{Decimal(fen) / 100:,.2f}".translate(str.maketrans("0123456789,.-", "０１２３４５６７８９，．−")),
    lambda fen: f"△{Decimal(-fen) / 100:.2f}" if fen < 0 else f" {Decimal(fen) / 100:.2f} ",
]


@given(st.integers(-(10**15), 10**15), st.sampled_from(SPELLINGS))
def test_money_round_trip(fen: int, spell: object) -> None:
    """分 → 各种写法 → 同样的分。"""
    assert callable(spell)
    assert fields.money(spell(fen), YUAN) == fen


@given(st.integers(-(10**13), 10**13))
def test_money_from_floats_of_excel(fen: int) -> None:
    """Excel 里的浮点数，在 15 位以内都能还原到分。"""
    assert fields.money(fen / 100, YUAN) == fen


READERS = (
    lambda cell: fields.money(cell, YUAN),
    lambda cell: fields.money(cell, None),
    fields.number,
    fields.count,
    fields.rate,
    fields.day,
    fields.code,
    fields.text,
    fields.named,
    fields.yes_no,
)


@settings(max_examples=300)
@given(
    st.one_of(
        st.text(), st.text("0123456789.,-+()（），．％%eE万亿元年月日/ OlS一二三十百△￥"), st.floats(), st.integers()
    )
)
def test_no_cell_ever_raises(cell: Cell) -> None:
    """任何文字和数都不会引出异常。"""
    for read in READERS:
        read(cell)
    if isinstance(cell, str):
        fields.unit_in_heading(cell)
        fields.unit_in_line(cell)
        fields.split_code_name(cell)


@pytest.mark.parametrize("read", READERS)
def test_error_and_unvalued_cells_are_never_blank_or_zero(read: object) -> None:
    """错误值和没算过的公式：每一个函数都说出来。"""
    assert callable(read)
    for cell, words in [
        (ErrorCell("#DIV/0!"), "#DIV/0!"),
        ("#REF!", "#REF!"),
        (UnvaluedCell("=A1+B1"), "没有计算结果"),
    ]:
        problem = read(cell)
        assert isinstance(problem, Problem)
        assert words in problem.message
        assert not problem.usable
        assert not fields.blank(cell)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("90分", "90"),
        ("22.5", "22.5"),
        ("90.00", "90"),
        ("９０", "90"),
        (22.5, "22.5"),
        (8.620000000000001, "8.62"),
        (90, "90"),
        ("-3", "-3"),
        ("1,200", "1200"),
        (" 9 ", "9"),
    ],
)
def test_numbers(cell: Cell, value: str) -> None:
    """分数和权重。"""
    assert fields.number(cell) == Decimal(value)


@pytest.mark.parametrize("cell", ["95%", Percentage(0.9), "9 0", "九十", True, "nan", float("inf"), "1e99", "9O", "优"])
def test_what_is_not_a_number(cell: Cell) -> None:
    """百分数、断开的数、文字都不是分数。"""
    problem = fields.number(cell)
    assert isinstance(problem, Problem)
    assert not problem.usable


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("334人次", 334),
        ("3期", 3),
        ("三期", 3),
        ("二十五人", 25),
        ("共3期", 3),
        ("1.2万人次", 12_000),
        (3.0, 3),
        ("1,795人", 1_795),
        (0, 0),
        ("一万二千人", 12_000),
    ],
)
def test_counts(cell: Cell, value: int) -> None:
    """期数、人次。"""
    assert fields.count(cell) == value


@pytest.mark.parametrize("cell", ["1.5", 3.5, "-2", -2, "3期334人次", "第3期", "约300人", "O3", Percentage(1.0)])
def test_what_is_not_a_count(cell: Cell) -> None:
    """不是整数、是负数、不止一个数，都不猜。"""
    assert isinstance(fields.count(cell), Problem)


@pytest.mark.parametrize(
    ("cell", "rate"),
    [
        ("86%", Rate(Decimal("86"), "percent", 0)),
        ("86.20％", Rate(Decimal("86.20"), "percent", 2)),
        ("100.00 %", Rate(Decimal("100"), "percent", 2)),
        (Percentage(0.862), Rate(Decimal("86.2"), "percent", 1)),
        (Percentage(1.0), Rate(Decimal("100"), "percent", 0)),
        (Percentage(37.24 / 43.2), Rate(Decimal("86.203704"), "percent", 6)),
        (0.862, Rate(Decimal("0.862"), "bare", 3)),
        (86.2, Rate(Decimal("86.2"), "bare", 1)),
        ("86.20", Rate(Decimal("86.20"), "bare", 2)),
        (1, Rate(Decimal("1"), "bare", 0)),
        ("-5%", Rate(Decimal("-5"), "percent", 0)),
        ("8‰", Rate(Decimal("0.8"), "percent", 1)),
    ],
)
def test_rates(cell: Cell, rate: Rate) -> None:
    """带 % 的和裸的分开；不靠大小猜。"""
    assert fields.rate(cell) == rate


@pytest.mark.parametrize("cell", ["abc%", "5%%", True, "8O%", dt.date(2023, 1, 1), "80%-90%"])
def test_what_is_not_a_rate(cell: Cell) -> None:
    """读不出的比率。"""
    assert isinstance(fields.rate(cell), Problem)


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2026/1/1", "2026-01-01"),
        ("2023-12-31", "2023-12-31"),
        ("2023.12.31", "2023-12-31"),
        ("2023年12月31日", "2023-12-31"),
        ("2023 年 1 月 2 日", "2023-01-02"),
        ("２０２３年１月２日", "2023-01-02"),
        ("20230131", "2023-01-31"),
        (20230131, "2023-01-31"),
        ("20180531172208", "2018-05-31"),
        ("20180531172208210", "2018-05-31"),
        ("2023-12-31 10:00:00", "2023-12-31"),
        ("2023-12-31T10:00:00", "2023-12-31"),
        (45291, "2023-12-31"),
        (45291.5, "2023-12-31"),
        ("二〇二三年十二月三十一日", "2023-12-31"),
        (dt.datetime(2024, 2, 29, 8, 0), "2024-02-29"),
        (dt.date(2024, 2, 29), "2024-02-29"),
    ],
)
def test_days(cell: Cell, day: str) -> None:
    """日期的各种写法。"""
    assert fields.day(cell) == dt.date.fromisoformat(day)


@pytest.mark.parametrize(
    "cell", ["2023年12月", "2023-12", "2023.12", "202312", 202312, "2023年12月底", "二〇二三年十二月"]
)
def test_a_month_is_its_last_day_with_a_hint(cell: Cell) -> None:
    """只写到月的取月末，并提示。"""
    problem = fields.day(cell)
    assert isinstance(problem, Problem)
    assert (problem.value, problem.usable, problem.level) == (dt.date(2023, 12, 31), True, "hint")


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("2023-02-30", "2 月没有 30 日"),
        ("2023/13/1", "没有这样的年月"),
        ("2023", "只有年份"),
        ("2023年", "只有年份"),
        ("12月31日", "缺少四位的年份"),
        ("23-12-31", "缺少四位的年份"),
        ("待定", "认不出"),
        (True, "不是日期"),
        (2023.1, "不是日期"),
        (dt.time(8, 0), "不是日期"),
        ("20231301", "没有这样的年月"),
        ("12/31/2023", "缺少"),
    ],
)
def test_what_is_not_a_day(cell: Cell, words: str) -> None:
    """没有这一天、缺年份的，都不猜。"""
    problem = fields.day(cell)
    assert isinstance(problem, Problem)
    assert words in problem.message
    assert not problem.usable


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("0012", "0012"),
        (219001.0, "219001"),
        (5, "5"),
        ("'0012", "0012"),
        ("５１０", "510"),
        ("5105 21", "510521"),
        ("219001-××镇人民政府", "219001"),
        ("[219001]××镇", "219001"),
        ("51000021R000000019951", "51000021R000000019951"),
        ("51000021R000000019951-工资性支出", "51000021R000000019951"),
        (999_999_999_999_999, "999999999999999"),
    ],
)
def test_codes(cell: Cell, code: str) -> None:
    """编码是文字，保留前导零。"""
    assert fields.code(cell) == code


@pytest.mark.parametrize(
    "cell", [1e15, 5.1e20, 10**20, "5.1E+20", "5E+20", 1.5, -1, True, dt.date(2023, 1, 1), "9" * 99]
)
def test_destroyed_codes(cell: Cell) -> None:
    """被 Excel 弄坏的编码不能用，只是警告：这一行还能按名称认。"""
    problem = fields.code(cell)
    assert isinstance(problem, Problem)
    assert (problem.level, problem.usable) == ("warning", False)


@pytest.mark.parametrize("cell", [None, "", "null", "NULL", "/", "无", " "])
def test_blank_codes(cell: Cell) -> None:
    """没有编码。"""
    assert fields.code(cell) is None


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("  a\u200bb ", "ab"),
        ("无", "无"),
        (5.0, "5"),
        (0.1 + 0.2, "0.3"),
        (Percentage(0.5), "50%"),
        ("甲\n乙", "甲\n乙"),
        (dt.datetime(2023, 5, 1), "2023-05-01"),
        ("/", None),
        ("……", None),
        ("*", None),
        ("\\N", None),
        ("\x1b[31m红", "[31m红"),
    ],
)
def test_text(cell: Cell, value: str | None) -> None:
    """文字去掉看不见的字符；占位符是空。"""
    assert fields.text(cell) == value


SPLIT = [
    ("219001-××镇人民政府", "219001", "××镇人民政府"),
    ("219-××镇人民政府", "219", "××镇人民政府"),
    ("219001－××镇", "219001", "××镇"),
    ("219001—××镇", "219001", "××镇"),
    ("219001_财政局", "219001", "财政局"),
    ("[219001]××局", "219001", "××局"),
    ("【219001】××局", "219001", "××局"),
    ("（219001）××局", "219001", "××局"),
    ("219001 ××局", "219001", "××局"),
    ("51000021R000000019951-工资性支出", "51000021R000000019951", "工资性支出"),
    ("51052123T000000012345-2023年农村公路", "51052123T000000012345", "2023年农村公路"),
    ("２１９００１－××镇", "２１９００１", "××镇"),
    ("2023年农村公路", None, "2023年农村公路"),
    ("2023-农村公路", None, "2023-农村公路"),
    ("2023 农村公路", None, "2023 农村公路"),
    ("(2023)县级配套", None, "(2023)县级配套"),
    ("202301-道路养护", None, "202301-道路养护"),
    ("201001-××镇人民政府", "201001", "××镇人民政府"),
    ("2023-2024年道路养护", None, "2023-2024年道路养护"),
    ("5000吨稻谷", None, "5000吨稻谷"),
    ("G546-快速通道", None, "G546-快速通道"),
    ("S307 改造", None, "S307 改造"),
    ("110指挥中心", None, "110指挥中心"),
    ("110 指挥中心", None, "110 指挥中心"),
    ("12345 热线", None, "12345 热线"),
    ("8-10月救灾资金", None, "8-10月救灾资金"),
    ("100-200亩果园", None, "100-200亩果园"),
    ("农村公路-123", None, "农村公路-123"),
    ("", None, ""),
]


@pytest.mark.parametrize(("glued", "code", "name"), SPLIT)
def test_code_and_name_are_split_only_where_they_are_glued(glued: str, code: str | None, name: str) -> None:
    """“代码-名称”拆开；年份、路线号、数量开头的名称不动。"""
    found = fields.split_code_name(glued)
    assert (found[0] and fields.narrow(found[0]), found[1]) == (code and fields.narrow(code), name)
    assert fields.named(glued) == (name or None)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("是", True),
        ("√", True),
        ("Y", True),
        ("true", True),
        (1, True),
        (1.0, True),
        (True, True),
        ("已", True),
        ("有", True),
        ("新增", True),
        ("已整改", True),
        ("否", False),
        ("×", False),
        ("N", False),
        (0, False),
        (False, False),
        ("未", False),
        ("无", False),
        ("延续", False),
        ("未整改", False),
        (None, None),
        ("/", None),
        ("", None),
    ],
)
def test_yes_no(cell: Cell, value: bool | None) -> None:
    """是、否、空。"""
    assert fields.yes_no(cell) is value


@pytest.mark.parametrize("cell", ["大概", 2, "部分整改", Percentage(1.0), dt.date(2023, 1, 1)])
def test_neither_yes_nor_no(cell: Cell) -> None:
    """看不出是或否的，不猜。"""
    assert isinstance(fields.yes_no(cell), Problem)


@pytest.mark.parametrize(
    ("heading", "unit"),
    [
        ("年初预算（万元）", "万元"),
        ("项目资金(元)", "元"),
        ("金额（单位：万元）", "万元"),
        ("（人民币万元）", "万元"),
        ("年初预算数\n（万 元）", "万元"),
        ("支出(万元、%)", "万元"),
        ("金额万元", "万元"),
        ("预算数/元", "元"),
        ("金额:元", "元"),
        ("预算（亿元）", "亿元"),
        ("预算(千元)", "千元"),
        ("补助标准（元/亩）", None),
        ("单元", None),
        ("美元", None),
        ("完成率（%）", None),
        ("预算数", None),
        ("预算（元）（万元）", None),
        ("", None),
    ],
)
def test_units_in_headings(heading: str, unit: str | None) -> None:
    """表头里的单位。"""
    assert fields.unit_in_heading(heading) == (MONEY_UNITS[unit] if unit else None)


@pytest.mark.parametrize(
    ("line", "unit"),
    [
        ("单位：万元", "万元"),
        ("金额单位:人民币元", "元"),
        ("单位：千元", "千元"),
        ("单 位：万 元", "万元"),
        ("2023年项目支出表（单位：万元）", "万元"),
        ("2023年项目支出表（万元）", "万元"),
        ("单位:元 币种:人民币", "元"),
        ("编制单位：某局  单位：万元", "万元"),
        ("单位：万元、%", "万元"),
        ("编制单位：某某局", None),
        ("编制单位：元坝镇", None),
        ("单位：元坝镇", None),
        ("度量单位：万元", None),
        ("度量单位", None),
        ("单位：元/万元", None),
        ("填报单位（盖章）：", None),
    ],
)
def test_units_in_lines(line: str, unit: str | None) -> None:
    """标题行里的单位；编制单位、度量单位不是金额单位。"""
    assert fields.unit_in_line(line) == (MONEY_UNITS[unit] if unit else None)


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("三", 3),
        ("十", 10),
        ("十二", 12),
        ("二十五", 25),
        ("一百零三", 103),
        ("两千", 2000),
        ("一万二千", 12_000),
        ("〇", 0),
        ("二三", None),
        ("百", None),
        ("", None),
        ("三甲", None),
    ],
)
def test_numerals(words: str, value: int | None) -> None:
    """小的中文数字。"""
    assert fields.numeral(words) == value

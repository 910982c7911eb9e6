"""指标值与完成值：见过的和相似的写法，一行一种。"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbm_cli.cells import Cell, ErrorCell, Percentage, UnvaluedCell
from pbm_cli.targets import Actual, Target, parse_actual, parse_target

NUMBERS = """
# 原文 | 运算符 | 数 | 度量单位
=8个 | = | 8 | 个
≤202.6万元 | <= | 202.6 | 万元
= 100 % | = | 100 | %
100% | = | 100 | %
0 | = | 0 |
0起 | = | 0 | 起
290% | = | 290 | %
≤ 30 万元 | <= | 30 | 万元
= 100 | = | 100 |
≤10次 | <= | 10 | 次
≥ 95 % | >= | 95 | %
10辆 | = | 10 | 辆
≥80M | >= | 80 | M
250万 | = | 2500000 |
= 512 人 | = | 512 | 人
≥77台 | >= | 77 | 台
≥0.97比例 | >= | 0.97 | 比例
<24小时 | < | 24 | 小时
<1681680元 | < | 1681680 | 元
≧ 735 人次 | >= | 735 | 人次
═ 100 % | = | 100 | %
小于5次 | < | 5 | 次
28 万亩 | = | 280000 | 亩
0.9 % | = | 0.9 | %
≥3 | >= | 3 |
400元/人、天 | = | 400 | 元/人、天
定量指标 100 % | = | 100 | %
15%及其以下 | <= | 15 | %
=70% | = | 70 | %
80TB | = | 80 | TB
>=20平方米 | >= | 20 | 平方米
<=475元/亩 | <= | 475 | 元/亩
<=3000元/平方米 | <= | 3000 | 元/平方米
>=2.61万元 | >= | 2.61 | 万元
2100 | = | 2100 |
95%以上 | >= | 95 | %
大于等于10157.6平方米 | >= | 10157.6 | 平方米
≥13459.00(平方米) | >= | 13459 | 平方米
=100.00(%) | = | 100 | %
补贴对象生活改善度不低于80% | >= | 80 | %
≥12.00(次) | >= | 12 | 次
可控性100% | = | 100 | %
不低于50% | >= | 50 | %
>6.00(次) | > | 6 | 次
开展至少1次团体心理治疗 | >= | 1 | 次
不低于50人次的个体心理咨询辅导 | >= | 50 | 人次
=5.00(万人次) | = | 50000 | 人次
90.00(度) | = | 90 | 度
党员群众满意度不少于80% | >= | 80 | %
# 相似的写法：运算符
≥ 9０ ％ | >= | 90 | %
⩾3个 | >= | 3 | 个
=>5次 | >= | 5 | 次
＞＝5次 | >= | 5 | 次
> = 5次 | >= | 5 | 次
≦30天 | <= | 30 | 天
⩽ 3 | <= | 3 |
=<3 | <= | 3 |
﹦ 100 ﹪ | = | 100 | %
＝100 | = | 100 |
＞95％ | > | 95 | %
不高于5% | <= | 5 | %
不多于3次 | <= | 3 | 次
至多3次 | <= | 3 | 次
不大于10% | <= | 10 | %
不得少于10次 | >= | 10 | 次
小于或等于10% | <= | 10 | %
小于等于10% | <= | 10 | %
大于或等于10% | >= | 10 | %
高于95% | > | 95 | %
超过300人 | > | 300 | 人
不超过5万元 | <= | 5 | 万元
多于3个 | > | 3 | 个
低于5% | < | 5 | %
少于3起 | < | 3 | 起
等于100% | = | 100 | %
90分以上 | >= | 90 | 分
90分及以上 | >= | 90 | 分
95%（含）以上 | >= | 95 | %
5起以下 | <= | 5 | 起
30日内 | <= | 30 | 日
24小时内 | <= | 24 | 小时
2小时以内 | <= | 2 | 小时
5个工作日内 | <= | 5 | 个工作日
收到申请后3个工作日内办结 | <= | 3 | 个工作日
控制在30万元以内 | <= | 30 | 万元
至少80%以上 | >= | 80 | %
正向指标 90% | >= | 90 | %
反向指标 5 % | <= | 5 | %
反向指标 ≤5% | <= | 5 | %
# 括号、说明、句子
[≥90%] | >= | 90 | %
（≥90%） | >= | 90 | %
【≥90%】 | >= | 90 | %
指标1：机柜数量(≥77台) | >= | 77 | 台
机柜数量（≥77台） | >= | 77 | 台
指标2:道路里程≥5公里 | >= | 5 | 公里
1.完成培训≥3次 | >= | 3 | 次
满意度：≥90% | >= | 90 | %
满意度≥90%； | >= | 90 | %
≥90%（问卷调查） | >= | 90 | %
≥95%（含95%） | >= | 95 | %
5000吨稻谷储备到位率≥100% | >= | 100 | %
服务15个居民区满意度≥90% | >= | 90 | %
服务1,200人满意度≥90% | >= | 90 | %
5G网络覆盖率≥90% | >= | 90 | %
PM2.5≤35微克/立方米 | <= | 35 | 微克/立方米
≥90%的群众满意 | >= | 90 | %
95%以上的群众满意 | >= | 95 | %
2023年满意度≥90% | >= | 90 | %
2023年完成率100% | = | 100 | %
满意率100% | = | 100 | %
每年≥4次 | >= | 4 | 次
每季度1次 | = | 1 | 次
不超过预算的100% | <= | 100 | %
# 汉字的数
不少于三次 | >= | 3 | 次
至少两次 | >= | 2 | 次
三次 | = | 3 | 次
两个月内 | <= | 2 | 个月
百分之九十 | = | 90 | %
≥百分之九十五 | >= | 95 | %
百分之95以上 | >= | 95 | %
百分之百 | = | 100 | %
# 万、亿、千分位、单位
≥6 万立方米 | >= | 60000 | 立方米
≥6万元 | >= | 6 | 万元
≤1.5亿元 | <= | 1.5 | 亿元
≥1.2万人次 | >= | 12000 | 人次
≥2亿斤 | >= | 200000000 | 斤
500元/亩 | = | 500 | 元/亩
5万元/公里 | = | 5 | 万元/公里
≥1,200人 | >= | 1200 | 人
20,000份 | = | 20000 | 份
≥100百分比 | >= | 100 | %
100 百分之 | = | 100 | %
≤5‰ | <= | 5 | ‰
≥50人/次 | >= | 50 | 人次
4次/年 | = | 4 | 次/年
≤3天/次 | <= | 3 | 天/次
≥12台（套） | >= | 12 | 台
3年 | = | 3 | 年
≥-5% | >= | -5 | %
≤12月 | <= | 12 | 月
≤65dB | <= | 65 | dB
10家企业 | = | 10 | 家
≥20个村 | >= | 20 | 个村
"""


def rows(table: str) -> list[tuple[str, ...]]:
    """表格文字 → 行。"""
    lines = [line for line in table.strip().splitlines() if not line.startswith("#")]
    return [tuple(part.strip() for part in line.split("|")) for line in lines]


@pytest.mark.parametrize(("raw", "operator", "value", "measure"), rows(NUMBERS))
def test_quantitative_targets(raw: str, operator: str, value: str, measure: str) -> None:
    """写出来的运算符、数、度量单位。"""
    target = parse_target(raw)
    assert target is not None
    assert (target.operator, target.value, target.measure) == (operator, Decimal(value), measure)
    assert target.value is not None
    for remark in target.remarks:
        remark.encode("gbk")


@pytest.mark.parametrize(
    "raw",
    """
    合规 及时 效果明显 优良 高 是 √ 达标 有力保障 及时率 满意度 居民区全覆盖 安全无事故
    严格执行相关财经法规制度 一流 一致 三级 三类水 一次性 不断提高 零事故 全年 按时 按时限完成 年底前 长期 当年
    控制在预算成本内 2021年底 2023年 2023年度 2023年12月底前 2023年12月31日前 2023年12月31日 2023-12-31
    2023/12/31 2023.12.31前 2023.12 2023.07-2024.01 20231231 12月底前 12月31日前 ≤12月31日 12月 15日前
    每月10日前 2023年1-12月 1-12月 上半年 第四季度 4季度末 一季度 1:1 1：1 7×24小时 2/3以上 PM2.5达标 G546线改造
    无
    """.split(),  # noqa: SIM905
)
def test_words_and_deadlines_are_qualitative(raw: str) -> None:
    """文字、期限、比例：定性，原文照留，没有多余的话。"""
    assert parse_target(raw) == Target(raw, "qualitative", None)


@pytest.mark.parametrize(
    ("raw", "words"),
    rows(
        """
慰问人数不少于100人,宣传用品不少于20000份 | 两个条件
≥5年，≤10年 | 两个条件
优秀率≥30%，合格率100% | 不止一个数
开展3次培训，满意度≥90% | 不止一个数
5000吨稻谷、500吨成品粮储备到位率100% | 不止一个数
3期（每期50人） | 不止一个数
80%-90% | 区间
3～5个 | 区间
90%至95% | 区间
2000-3000人 | 区间
≥80—90分 | 区间
2023年底前完成10个项目 | 期限
24小时值班 | 看不出
第3期培训完成 | 看不出
每2年检查一次 | 看不出
前3名 | 看不出
5G网络覆盖 | 看不出
高于全省平均水平以及上年5% | 看不出
≥**个 | 没有写数
≥ | 没有写数
<>5 | 矛盾
定性 100 % | 定性
"""
    ),
)
def test_what_is_not_one_number_says_why(raw: str, words: str) -> None:
    """两个条件、区间、看不出的数：定性，并说为什么。"""
    target = parse_target(raw)
    assert target is not None
    assert (target.operator, target.value) == ("qualitative", None)
    assert any(words in remark for remark in target.remarks)


@pytest.mark.parametrize(
    ("raw", "words"),
    [("100%", "没有写运算符"), ("290%", "超过 100%"), ("250万", "没有写单位"), ("可控性100%", "没有写运算符"),
     ("反向指标 5 %", "反向指标"), ("≥0.95%", "小于 1%"), ("2023年12月底前不少于3次", "期限")],
)  # fmt: skip
def test_numbers_that_need_a_word(raw: str, words: str) -> None:
    """能用，但要说一句。"""
    target = parse_target(raw)
    assert target is not None
    assert target.value is not None
    assert any(words in remark for remark in target.remarks)


@pytest.mark.parametrize("raw", ["≥50个", "≤30日", "不低于80%", "=100.00(%)", "≥6 万立方米", "30日内"])
def test_plain_targets_need_no_remark(raw: str) -> None:
    """写清楚的指标值没有提示。"""
    target = parse_target(raw)
    assert target is not None
    assert target.remarks == ()


def test_qualitative_prefix_is_not_part_of_the_text() -> None:
    """“定性 好坏”的指标值是“好坏”。"""
    assert parse_target("定性 好坏") == Target("好坏", "qualitative", None)
    assert parse_target("定性指标 高") == Target("高", "qualitative", None)
    assert parse_target("好", "定性", "级") == Target("好", "qualitative", None)


@pytest.mark.parametrize(
    ("columns", "operator", "value", "measure"),
    [
        ((50, "≥", "个"), ">=", "50", "个"),
        (("50", "≥", "个"), ">=", "50", "个"),
        ((1200.0, "≥", "人次"), ">=", "1200", "人次"),
        (("≥", "50", "个"), ">=", "50", "个"),
        (("个", "≥", "50"), ">=", "50", "个"),
        (("≥50个", "≥", "个"), ">=", "50", "个"),
        (("≥50个", None, None), ">=", "50", "个"),
        (("50个", "≥", None), ">=", "50", "个"),
        ((None, "≥50", "个"), ">=", "50", "个"),
        (("50", "≥50", "个"), ">=", "50", "个"),
        (("50", "≥（大于等于）", "个"), ">=", "50", "个"),
        (("三", "≥", "次"), ">=", "3", "次"),
        ((6, "≥", "万亩"), ">=", "60000", "亩"),
        (("6万", "≥", "亩"), ">=", "60000", "亩"),
        (("250万", "≤", "元"), "<=", "250", "万元"),
        (("100", "=", "百分比"), "=", "100", "%"),
        ((Percentage(0.95), "≥", "%"), ">=", "95", "%"),
        ((Percentage(0.95), "≥", None), ">=", "95", "%"),
        ((0.95, "≥", "%"), ">=", "0.95", "%"),
        (("5.00", "=", "(万人次)"), "=", "50000", "人次"),
        (("90", "正向指标", "%"), ">=", "90", "%"),
        (("5", "反向", "%"), "<=", "5", "%"),
        (("80", "大于等于", "分"), ">=", "80", "分"),
        (("10", "以内", "天"), "<=", "10", "天"),
        (("100", "定量", "%"), "=", "100", "%"),
        (("95", "≥", "%（满意度）"), ">=", "95", "%"),
        (("500", "≤", "元/人·天"), "<=", "500", "元/人·天"),
        (("3", "=", "年"), "=", "3", "年"),
        (("≥90%", "=", "%"), ">=", "90", "%"),
    ],
)
def test_three_columns_however_they_were_filled(
    columns: tuple[Cell, Cell, Cell], operator: str, value: str, measure: str
) -> None:
    """指标值、指标性质、度量单位三列：分开的、粘着的、填错列的。"""
    target = parse_target(*columns)
    assert target is not None
    assert (target.operator, target.value, target.measure) == (operator, Decimal(value), measure)


def test_columns_that_contradict_each_other() -> None:
    """性质说 ≤，指标值里写 ≥：不猜。"""
    target = parse_target("≥90%", "≤", "%")
    assert target is not None
    assert target.value is None
    assert "相反" in target.remarks[0]
    other = parse_target("50个", "≥", "人")
    assert other is not None
    assert other.measure == "个"
    assert "度量单位" in other.remarks[0]


@pytest.mark.parametrize(
    "columns", [(None, None, None), ("", " ", "/"), ("/", "≥", "个"), (None, "=", None), ("——", None, "%")]
)
def test_nothing_is_nothing(columns: tuple[Cell, Cell, Cell]) -> None:
    """空白、占位符、只剩运算符和单位：没有指标值。"""
    assert parse_target(*columns) is None


def test_dates_years_and_broken_cells() -> None:
    """日期单元格是期限；2023 年是期限；错误值和没算过的公式要说出来，公式里的数不能当数。"""
    assert parse_target(dt.datetime(2023, 12, 31), "≤") == Target("2023-12-31", "qualitative", None)
    assert parse_target("2023", "=", "年") == Target("2023年", "qualitative", None)
    for cell, words in [(ErrorCell("#DIV/0!"), "#DIV/0!"), (UnvaluedCell("=1+2"), "没有计算结果")]:
        target = parse_target(cell)
        assert target is not None
        assert target.value is None
        assert words in target.remarks[0]
        actual = parse_actual(cell, Target("≥5个", ">=", Decimal(5), "个"))
        assert actual is not None
        assert actual.value is None
        assert words in actual.remarks[0]


@pytest.mark.parametrize(
    ("raw", "cell", "value"),
    [
        ("≤202.6万元", "132.9", "132.9"),
        ("≤202.6万元", "1320000元", "132"),
        ("≤202.6万元", "0.0132亿元", "132"),
        ("≤1681680元", "150万元", "1500000"),
        ("250万", "240万元", "2400000"),
        ("250万", "240", "2400000"),
        ("≥1场", "1场", "1"),
        ("≥1场", 1, "1"),
        ("≥95%", "98%", "98"),
        ("≥95%", Percentage(0.98), "98"),
        ("≥95%", "100", "100"),
        ("≥95%", "百分之九十八", "98"),
        ("≥95%", "达到98%", "98"),
        ("≥0.5%", "0.4", "0.4"),
        ("≥6万立方米", "6.2", "62000"),
        ("≥6万立方米", "6.5万立方米", "65000"),
        ("≥6万立方米", "65000立方米", "65000"),
        ("≥6万立方米", "7万", "70000"),
        ("=5.00(万人次)", "5.2", "52000"),
        ("≥100", "98%", "98"),
        ("≥0.97比例", "98%", "0.98"),
        ("≤5‰", "0.3%", "3"),
        ("≥10家", "12家企业", "12"),
        ("≥20个村", "20个", "20"),
        ("≥10公里", "10.5千米", "10.5"),
        ("30日内", "25天", "25"),
        ("400元/人、天", "180元/人、天", "180"),
        ("≥50人次", "50人/次", "50"),
        ("≥3次", "三次", "3"),
        ("≥3次", "已完成3次培训", "3"),
        ("≥3次", "2023年12月完成3次", "3"),
        ("≥3次", "完成3次，培训120人", "3"),
        ("≥1,000人", "1,200人", "1200"),
        ("小于5次", "0", "0"),
        ("按时限完成", "100%", "100"),
        ("按时限完成", Percentage(1.0), "100"),
    ],
)
def test_actuals_in_the_measure_of_the_target(raw: str, cell: Cell, value: str) -> None:
    """完成值换成指标值的单位。"""
    target = parse_target(raw)
    assert target is not None
    actual = parse_actual(cell, target)
    assert actual is not None
    assert actual.value == Decimal(value)
    assert actual.remarks == ()


@pytest.mark.parametrize(
    ("raw", "cell", "words"),
    [
        ("≤ 30 万元", "完成", "没有数"),
        ("100%", "无没有轮换、动用库存", "没有数"),
        ("小于5次", "无上访", "没有数"),
        ("≥3次", "第3次", "没有数"),
        ("≤30日", "2023年12月", "没有数"),
        ("≥90%", dt.date(2023, 1, 1), "没有数"),
        ("≥10个", "98%", "不能比"),
        ("≥10个", "12人", "不能比"),
        ("≥10人", "12人次", "不能比"),
        ("≥3", "完成3次，培训120人", "不止一个数"),
        ("≥3次", "3-5次", "区间"),
        ("≥3次", "≤3次", "运算符"),
    ],
)
def test_actuals_that_cannot_be_compared_say_why(raw: str, cell: Cell, words: str) -> None:
    """不能比的完成值：没有数、单位不同、两个数、区间；不猜。"""
    target = parse_target(raw)
    assert target is not None
    actual = parse_actual(cell, target)
    assert actual is not None
    assert actual.value is None
    assert words in actual.remarks[0]


@pytest.mark.parametrize(
    ("raw", "cell", "value", "words"),
    [("≥95%", 0.98, "0.98", "小数形式"), ("≥95%", "1", "1", "小数形式"), ("≥6万立方米", "60000", "600000000", "放大"),
     ("15%及其以下", "15%及其以下", "15", "运算符")],
)  # fmt: skip
def test_doubtful_actuals_are_kept_as_written(raw: str, cell: Cell, value: str, words: str) -> None:
    """有疑问的照写的读，并说一句。"""
    target = parse_target(raw)
    assert target is not None
    actual = parse_actual(cell, target)
    assert actual is not None
    assert actual.value == Decimal(value)
    assert words in actual.remarks[0]


def test_qualitative_and_blank_actuals() -> None:
    """定性指标的完成值留原文；空白是没有。"""
    target = parse_target("合规")
    assert target is not None
    actual = parse_actual("达成预期指标", target)
    assert actual is not None
    assert (actual.text, actual.value, actual.remarks) == ("达成预期指标", None, ())
    for cell in (None, "", "——", "//"):
        assert parse_actual(cell, target) is None


@pytest.mark.parametrize("raw", ["合规", "≥10个"])
@pytest.mark.parametrize("cell", ["/", "／", " / "])
def test_a_slash_is_not_applicable_where_there_is_a_target(raw: str, cell: Cell) -> None:
    """四川自评表的完成值填“/”是不适用；连指标值也没有的，是没有填。"""
    target = parse_target(raw)
    assert target is not None
    assert parse_actual(cell, target) == Actual("不适用", None, ("填的是“/”，表示不适用",))
    assert parse_actual(cell, replace(target, text="")) is None


WORDS = st.text("0123456789.,，≥≤<>=%％‰万亿元个人次年月日底前内以上下不低少于至多()（）[]/:-~～、的三十百分之 ")


@settings(max_examples=400)
@given(st.one_of(st.text(), WORDS), st.one_of(st.none(), WORDS), st.one_of(st.none(), WORDS))
def test_no_text_ever_raises(value: str, operator: str | None, measure: str | None) -> None:
    """任何文字都不会引出异常；有数的指标值必有运算符，定性的必没有数。"""
    target = parse_target(value, operator, measure)
    if target is not None:
        assert (target.value is None) == (target.operator == "qualitative")
        parse_actual(value, target)
        parse_actual(measure, target)


@pytest.mark.parametrize(
    "big", ["9" * 1_000_000, "≥" * 1_000_000, "1," * 500_000, "（" * 1_000_000, "百分之" * 300_000]
)
def test_huge_text_is_one_remark(big: str) -> None:
    """一整段话不是指标值。"""
    target = parse_target(big)
    assert target is not None
    assert (target.operator, target.remarks) == ("qualitative", ("指标值太长，按定性处理",))
    short = parse_target(big[:300])
    assert short is not None
    assert short.value is None


@given(
    st.integers(0, 10**9),
    st.sampled_from(["个", "人次", "万元", "%", "元/亩"]),
    st.sampled_from(["≥", "≤", "=", ">", "<"]),
)
def test_target_round_trip(number: int, measure: str, sign: str) -> None:
    """一格的和三列的读出同样的指标值；照写的完成值等于指标值。"""
    glued, split = parse_target(f"{sign}{number:,}{measure}"), parse_target(number, sign, measure)
    assert glued is not None
    assert split is not None
    assert (glued.operator, glued.value, glued.measure) == (split.operator, Decimal(number), measure)
    actual = parse_actual(f"{number}{measure}", glued)
    assert actual is not None
    assert actual.value == number

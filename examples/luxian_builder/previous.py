"""上一年（2022）的几份结果：执行表与评价结果，供与 2023 年比较；没有项目编码列，按单位和名称对应。"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from random import Random
from typing import Final

from luxian_builder import names
from luxian_builder.county import SEED, FundLine, Project
from luxian_builder.execution import rate
from luxian_builder.grid import Grid, Value, xlsx
from luxian_builder.ledgers import FINANCE, Evaluated, grade, wan

EXECUTION: Final = "项目支出预算执行情况.xlsx"
EVALUATIONS: Final = "绩效评价结果.xlsx"
_EXECUTION_HEADS: Final = "序号 主管部门 单位名称 项目名称 资金性质 年初预算数 调整后预算数 全年执行数 执行率 偏差原因"
_EVALUATION_HEADS: Final = (
    "序号 评价对象 对象类型 评价层次 主管部门 预算单位 四本预算 涉及金额（万元） 评价得分 评价等级 评价机构 是否整改"
)
KEPT: Final = 52
BOTH_RED: Final = 6
"""两年都是红灯的项目数；另有 ONLY_BEFORE 个只在 2022 年是红灯。"""
ONLY_BEFORE: Final = 4
ENDED: Final = (
    ("泸县水务局", "农村供水管网延伸工程"), ("泸县交通运输局", "农村客运站改造工程"),
    ("泸县农业农村局", "冬春救灾补助资金"),
    ("泸县教育和体育局", "校园直饮水试点资金"), ("泸县民政局", "殡仪设施更新项目"),
    ("泸县公安局", "交通信号灯更新项目"),
    ("泸县自然资源和规划局", "退耕还林尾款资金"), ("泸县住房和城乡建设局", "背街小巷治理工程"),
)  # fmt: skip

TOML: Final = """\
[county]
name = "泸县"
issuer = "泸县财政局"
year = 2022

[run]
on = 2022-12-31
ruleset = "national"
"""

README: Final = """\
# 泸县 2022 年：供比较的上一年

只有两份表，全部是合成的，用来演示与上一年比较：

    pbm report examples/luxian-2023 --previous examples/luxian-2022

由 `python examples/build_luxian_2022.py` 生成；要改数据请改生成器再重新生成。

| 文件 | 内容 |
|---|---|
| 项目支出预算执行情况.xlsx | 60 个项目，其中 52 个 2023 年还有（ 6 个两年都是红灯），8 个 2022 年结束 |
| 绩效评价结果.xlsx | 24 条评价结果，其中 7 条到年底没有整改（“否”），3 个对象 2023 年仍是中或差 |

两份表都没有项目编码列：2022 年的表是一体化系统上线前填的，与 2023 年按单位和项目名称对应。
这个文件夹不随安装包发布，只在源代码里。
"""


def _execution(projects: Sequence[Project]) -> bytes:
    rng = Random(SEED - 1)
    reds = rng.sample([p for p in projects if p.role == "red" and len(p.lines) == 1], 10)
    plain = [p for p in projects if p.role == "green" and p.category == "特定目标类" and len(p.lines) == 1
             and p.initial and not p.fixed_budget]  # fmt: skip
    kept = [*reds, *rng.sample(plain, KEPT - len(reds))]
    weak = [*reds[:BOTH_RED], *kept[-ONLY_BEFORE:]]
    order = {id(project): number for number, project in enumerate(projects)}
    heads = _EXECUTION_HEADS.split()
    grid = Grid("执行情况", widths=(6, 26, 26, 36, 16, 14, 14, 14, 10, 24))
    grid.title("泸县2022年项目支出预算执行情况表", len(heads))
    grid.add("编制单位：泸县财政局", *[None] * (len(heads) - 2), "单位：万元")
    grid.head(*heads)
    rows: list[tuple[str, str, str, int, int, str]] = []
    for project in sorted(kept, key=lambda p: order[id(p)]):
        budget = rng.randint(800, 42_000) * 100
        red = any(project is one for one in weak)
        share = rng.randint(1_500, 5_700) if red else rng.randint(8_200, 10_000)
        why = rng.choice(names.REASONS) if red else ""
        rows.append((project.unit.department, project.unit.name, project.name, budget, budget * share // 10_000, why))
    for unit, name in ENDED:
        budget = rng.randint(800, 42_000) * 100
        rows.append((unit, unit, name, budget, budget * rng.randint(8_600, 10_000) // 10_000, ""))
    for number, (department, unit, name, budget, spent, why) in enumerate(rows, start=1):
        shown = rate(FundLine(names.GENERAL, budget, budget, spent))
        grid.add(number, department, unit, name, names.GENERAL, wan(budget), wan(budget), wan(spent), shown,
                 why or None)  # fmt: skip
    budgets, spent_all = sum(row[3] for row in rows), sum(row[4] for row in rows)
    grid.add(None, "合计", None, None, None, wan(budgets), wan(budgets), wan(spent_all))
    return xlsx([grid])


def _evaluated(rows: Sequence[Evaluated]) -> list[tuple[Evaluated, str]]:
    """24 条：2023 年为中、差的 3 个对象上一年也是中，其余换一批；交回（评价结果, 是否整改）。"""
    rng = Random(SEED - 2)
    low = [row for row in rows if grade(row.score) in ("中", "差") and row.kind != "镇街财政运行"][:3]
    departments = ("泸县交通运输局", "泸县住房和城乡建设局", "泸县卫生健康局", "泸县公安局")
    others = [row for row in rows if row.level in (FINANCE, "部门评价") and row.project and row not in low]
    made: list[tuple[Evaluated, str]] = []
    for row in low:
        made.append((_earlier(row, Decimal(rng.randint(6200, 7800)) / 100), "否"))
    for number, name in enumerate(departments):
        score = Decimal(rng.randint(8000, 9400)) / 100
        made.append((
            Evaluated(None, f"{name}部门整体支出", "部门整体", FINANCE, name, name, names.GENERAL,
                      rng.randint(4_000, 9_000) * 10_000, score, names.EVALUATOR),
            "否" if number == 0 else "是",
        ))  # fmt: skip
    for number, row in enumerate(others[:17]):
        score = Decimal(rng.randint(7600, 9600)) / 100
        made.append((_earlier(row, score), "否" if number in (2, 7, 11) else "是"))
    return [(row, "/" if row.score >= 90 and done == "是" else done) for row, done in made]


def _earlier(row: Evaluated, score: Decimal) -> Evaluated:
    amount = None if row.amount is None else row.amount * 9 // 10 // 100 * 100
    return Evaluated(row.project, row.subject, row.kind, row.level, row.department, row.unit, row.fund, amount, score,
                     row.evaluator)  # fmt: skip


def _evaluations(rows: Sequence[Evaluated]) -> bytes:
    heads = _EVALUATION_HEADS.split()
    grid = Grid("评价结果", widths=(6, 36, 12, 16, 26, 26, 18, 14, 10, 10, 28, 10))
    grid.title("2022年绩效评价结果汇总表", len(heads))
    grid.head(*heads)
    for number, (row, rectified) in enumerate(_evaluated(rows), start=1):
        amount: Value = None if row.amount is None else wan(row.amount)
        grid.add(number, row.subject, row.kind, row.level, row.department, row.unit, row.fund, amount, row.score,
                 grade(row.score), row.evaluator, rectified)  # fmt: skip
    return xlsx([grid])


def build_previous(projects: Sequence[Project], rows: Sequence[Evaluated]) -> dict[str, bytes]:
    """相对路径 → 字节；rows 是 2023 年的评价结果。"""
    return {
        "README.md": README.encode(),
        "pbm.toml": TOML.encode(),
        EXECUTION: _execution(projects),
        EVALUATIONS: _evaluations(rows),
    }

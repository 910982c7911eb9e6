"""生成 examples/luxian-2023：同样的程序总是写出同样的字节（固定的随机种子，不看时钟）。

用法：python examples/build_luxian_2023.py [--out 文件夹]
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Final

from luxian_builder.books import build_books
from luxian_builder.county import Project, build_projects, build_units
from luxian_builder.execution import Planted, build_execution
from luxian_builder.faults import plant
from luxian_builder.form_books import RESULT_SHEET, RESULTS, Forms, build_forms
from luxian_builder.goal_books import build_goal_books
from luxian_builder.grid import address
from luxian_builder.indicators import Line, build_indicators, far_ahead
from luxian_builder.ledgers import Evaluated, build_evaluations, build_goals
from luxian_builder.plans import Plan, Style, build_plan
from luxian_builder.readme import TOML, readme

MISCOPIED: Final = 20
MISCOPIED_BY: Final = -3
"""评价结果表里第几条单位自评抄错了，差几分。"""


def _plan(project: Project, lines: dict[tuple[str, str], list[Line]]) -> Plan:
    style: Style = "plain" if project.category == "运转类" else "cost"
    return build_plan(project, lines[project.unit.name, project.code], style)


def _rescored(rows: list[Evaluated], forms: Forms) -> tuple[list[Evaluated], list[Planted]]:
    """单位自评的得分取自评表的，财政抽评的仍差那么多；有一条自评抄错了。"""
    own = [row for row in rows if row.level == "单位自评"]
    drawn = {id(row.project): row.score for row in own}
    made = []
    for row in rows:
        shift = forms.scores[id(row.project)] - drawn[id(row.project)] if id(row.project) in drawn else Decimal(0)
        made.append(replace(row, score=row.score + shift + (MISCOPIED_BY if row is own[MISCOPIED] else 0)))
    wrong = own[MISCOPIED]
    what = f"{wrong.unit}“{wrong.subject}”单位自评得分比自评表少 {-MISCOPIED_BY} 分"
    total = forms.totals[id(wrong.project)]
    return made, [
        Planted(RESULTS, RESULT_SHEET, address(rows.index(wrong) + 2, 9), what, "V17"),
        replace(total, what=what, code="V23"),
    ]


def build() -> dict[str, bytes]:
    """相对路径 → 文件内容。"""
    units = build_units()
    projects = build_projects(units)
    lines = build_indicators(projects)
    execution = build_execution(projects)
    start, added = ([_plan(project, lines) for project in stage] for stage in build_goals(projects))
    drawn = build_evaluations(projects, far_ahead(projects, lines))
    evaluated = {id(row.project) for row in drawn if row.level == "单位自评"}
    forms = build_forms(drawn, {id(plan.project): plan for plan in (*start, *added)}, lines, units, projects)
    faults = plant([*start, *added], evaluated)
    goal_books, goal_faults = build_goal_books(start, added, faults)
    results, miscopied = _rescored(drawn, forms)
    return {
        "README.md": readme(execution.planted, goal_faults, [*forms.planted, *miscopied]).encode(),
        "pbm.toml": TOML.encode(),
        **execution.files,
        **goal_books,
        **forms.files,
        **build_books(units, projects, lines, [plan.project for plan in (*start, *added)], results),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="生成泸县 2023 示例县年")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "luxian-2023", help="写到哪个文件夹")
    out = parser.parse_args().out
    for name, data in build().items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    print(f"已写到 {out}")


if __name__ == "__main__":
    main()

"""附件表的各行：从 JSON 文档的行取出要印的几列。只换写法，不做计算。"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pbm_cli.models import LIGHT_WORDS
from pbm_cli.outputs.provenance import ROLES
from pbm_cli.text import half_up

Row = Mapping[str, Any]
Cells = Iterable[Sequence[object]]


def wan(yuan: str | None) -> str:
    """元的文字 → 万元，两位小数，不分节：47550500.00 → 4755.05。"""
    return "——" if yuan is None else f"{half_up(Decimal(yuan) / 10000, 2):.2f}"


def wan_table(yuan: str | None) -> str:
    """元的文字 → 万元，两位小数，带千分位：4,755.05。"""
    return "" if yuan is None else f"{half_up(Decimal(yuan) / 10000, 2):,.2f}"


def place(where: Row | None) -> str:
    """发现的所在：执行表.xlsx›执行!F17。"""
    if where is None:
        return "（无单元格）"
    text = str(where["file"])
    if where.get("sheet"):
        text += f"›{where['sheet']}"
    return f"{text}!{where['cell']}" if where.get("cell") else text


def largest(rows: Iterable[Row], key: str) -> list[Row]:
    """按某个金额（元）从大到小。"""
    return sorted(rows, key=lambda row: -Decimal(row[key] or 0))


_LONGEST_VALUE = 60


def parameter_rows(parameters: Iterable[Row]) -> Cells:
    """用到的参数；取值太长的（词语表之类）不在这里列，见 Excel 的“依据”表。"""
    for item in parameters:
        if len(item["value"]) <= _LONGEST_VALUE:
            yield item["label"], item["value"], item["unit"], item["basis"]


def red_rows(rows: Iterable[Row]) -> Cells:
    """红灯项目，金额大的在前。"""
    for number, row in enumerate(largest(rows, "budget_yuan"), 1):
        yield (
            number, row["budget_unit"], row["project_name"], row["project_code"],
            wan_table(row["budget_yuan"]), wan_table(row["expenditure_yuan"]), row["execution_pct"],
            LIGHT_WORDS[row["execution_light"]], LIGHT_WORDS[row["goal_light"]], row["action"],
        )  # fmt: skip


def notice_rows(rows: Iterable[Row]) -> Cells:
    """通知里的红灯、黄灯项目，照给的次序。"""
    for number, row in enumerate(rows, 1):
        yield (
            number, row["project_name"], wan_table(row["budget_yuan"]), wan_table(row["expenditure_yuan"]),
            f"{row['execution_pct']}%" if row["execution_pct"] is not None else "——",
            *(LIGHT_WORDS[row[key]] for key in ("execution_light", "goal_light", "light")), row["action"],
        )  # fmt: skip


def crossed_rows(rows: Iterable[Row]) -> Cells:
    """每个项目（名称、编码）越过了哪条线：数、线、判定各一句；单位填的偏差原因。"""
    for number, row in enumerate(rows, 1):
        name = row["project_name"] + (f"（编码 {row['project_code']}）" if row["project_code"] else "")
        yield number, f"{name}：{'；'.join(row['crossed'])}。", "；".join(row["stated_reasons"]) or "没有填报"


def basis_rows(bases: Iterable[Row]) -> Cells:
    """每条线的依据。"""
    for item in bases:
        yield item["what"], item["line"] or "——", item["basis"]


def reply_rows(rows: Iterable[Row]) -> Cells:
    """反馈表：原因、整改措施、责任人、完成时限空着，由单位填。"""
    for number, row in enumerate(rows, 1):
        about = row["project_name"], row["project_code"], LIGHT_WORDS[row["light"]], row["action"]
        yield number, *about, "", "", "", ""


def trial_counts(trial: Row) -> Cells:
    """试算前后各种总灯的数量。"""
    for name, word in LIGHT_WORDS.items():
        yield word, trial["lights_before"][name], trial["lights_after"][name]


def trial_rows(rows: Iterable[Row]) -> Cells:
    """试算会变灯的项目。"""
    for row in rows:
        about = row["project_name"], row["budget_unit"], wan_table(row["budget_yuan"]), row["execution_pct"]
        yield *about, LIGHT_WORDS[row["from"]], LIGHT_WORDS[row["to"]]


def adjusted_rows(rows: Iterable[Row]) -> Cells:
    """调整项目。"""
    for number, row in enumerate(rows, 1):
        yield (
            number, row["budget_unit"], row["project_name"], row["monitored_by"],
            wan_table(row["before_yuan"]), wan_table(row["after_yuan"]), wan_table(row["change_yuan"]),
            row["action"], row["cause"],
        )  # fmt: skip


def assess_rows(rows: Iterable[Row], summary: Row) -> Cells:
    """事前评估结果，末行合计。"""
    for number, row in enumerate(rows, 1):
        yield (
            number, row["budget_unit"], row["project_name"],
            wan_table(row["submitted_yuan"]), wan_table(row["approved_yuan"]), wan_table(row["reduction_yuan"]),
            row["reduction_pct"], row["score"], row["conclusion"],
        )  # fmt: skip
    yield (
        "", "合计", f"{summary['projects']}个项目", wan_table(summary["submitted_yuan"]),
        wan_table(summary["approved_yuan"]), wan_table(summary["reduction_yuan"]), summary["reduction_pct"], "", "",
    )  # fmt: skip


def evaluate_rows(rows: Iterable[Row]) -> Cells:
    """评价结果。"""
    for number, row in enumerate(rows, 1):
        yield (
            number, row["subject"], row["subject_kind"], row["level"], row["fund"],
            row["final_score"], row["grade"], row["proposal"],
        )  # fmt: skip


def decision_rows(rows: Iterable[Row]) -> Cells:
    """先决定什么：名次、对象、单位、金额、离线、情况、建议。"""
    for row in rows:
        yield (
            row["rank"], row["subject"], row["budget_unit"], wan_table(row["amount_yuan"]), f"{row['distance_pct']}%",
            row["reason"], row["proposal"],
        )  # fmt: skip


def rectification_rows(rows: Iterable[Row]) -> Cells:
    """整改台账：编号、对象、责任单位、问题、期限、状态。"""
    for row in rows:
        yield row["id"], row["subject"], row["budget_unit"], row["problem"], row["deadline"] or "——", row["state"]


def township_rows(rows: Iterable[Row]) -> Cells:
    """镇（街道）得分与名次。"""
    for row in rows:
        yield row["rank"], row["township"], row["score"], row["grade"]


def input_rows(inputs: Iterable[Row]) -> Cells:
    """输入文件与 SHA-256。"""
    for item in inputs:
        used = sum(sheet["rows_used"] for sheet in item["sheets"])
        known = sum(1 for sheet in item["sheets"] if sheet["kind"])
        yield item["file"], f"{known}/{len(item['sheets'])}", used, item["sha256"] or item["error"]


def setting_rows(settings: Iterable[Row]) -> Cells:
    """设定文件：文件、种类、（没有采用行）、SHA-256。"""
    for item in settings:
        yield item["file"], ROLES[item["role"]], "", item["sha256"]


FILTERS = {
    "wan": wan,
    "decision_rows": decision_rows,
    "rectification_rows": rectification_rows,
    "wan_table": wan_table,
    "place": place,
    "largest": largest,
    "param_rows": parameter_rows,
    "red_rows": red_rows,
    "notice_rows": notice_rows,
    "crossed_rows": crossed_rows,
    "basis_rows": basis_rows,
    "reply_rows": reply_rows,
    "trial_counts": trial_counts,
    "trial_rows": trial_rows,
    "adjusted_rows": adjusted_rows,
    "assess_rows": assess_rows,
    "evaluate_rows": evaluate_rows,
    "township_rows": township_rows,
    "input_rows": input_rows,
    "setting_rows": setting_rows,
}

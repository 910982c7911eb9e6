"""测试用的表单：按真实表样的标签、列名和次序写出来，单位、项目、数都是编的。

一张表单是各行的列表，一行是从 A 列起的各格；合并区另写成 A1:C2。申报表、部门整体表在 form_goals.py。
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import xlsxwriter

Value = str | float | None
Row = Sequence[Value]


def write_book(path: Path, sheets: Mapping[str, tuple[Sequence[Row], Sequence[str]]]) -> Path:
    """各工作表 → 一个 xlsx；合并区写成 A1:C2，值用左上角的。"""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(path)) as book:
        for name, (rows, merges) in sheets.items():
            page = book.add_worksheet(name)
            for row, cells in enumerate(rows):
                for column, value in enumerate(cells):
                    if isinstance(value, str):
                        page.write_string(row, column, value)
                    elif value is not None:
                        page.write_number(row, column, value)
            for area in merges:
                page.merge_range(area, "")
                first = area.split(":", 1)[0]
                row, column = place(first)
                value = rows[row][column] if column < len(rows[row]) else None
                if isinstance(value, str):
                    page.write_string(row, column, value)
                elif value is not None:
                    page.write_number(row, column, value)
    return path


def place(cell: str) -> tuple[int, int]:
    """A1 → (0, 0)。"""
    letters = "".join(ch for ch in cell if ch.isalpha())
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return int(cell[len(letters) :]) - 1, column - 1


def self_evaluation(
    indicators: Iterable[Row] | None = None,
    *,
    name: str = "219001R21-村级组织运转经费",
    funds: Sequence[Row] | None = None,
    total: Row | None = ("总分", None, None, None, None, 100, 97),
) -> list[list[Value]]:
    """财政部式项目支出绩效自评表（2022 年度），10 列。"""
    rows: list[Row] = [
        ("附件",),
        ("项目支出绩效自评表",),
        ("（2022年度）",),
        ("项目名称", name),
        ("主管部门", "219-河湾镇人民政府", None, None, None, "实施单位", "219001-河湾镇人民政府"),
        ("项目资金", None, None, "年初预算数", "全年预算数", "全年执行数", "分值", "执行率", "得分"),
        *(
            funds
            or (
                ("（万元）", "年度资金总额：", None, 43.2, 43.2, 37.24, 10, "86%", 9),
                (None, "其中：当年财政拨款", None, 43.2, 43.2, 37.24, "/", "/", "/"),
                (None, "上年结转资金", None, 0, 0, 0, "/", "/", "/"),
                (None, "其他资金", None, 0, 0, 0, "/", "/", "/"),
            )
        ),
        ("年度总体目标", "预期目标", None, None, None, "实际完成情况"),
        (None, "保障 8 个村正常运转，年内按月足额拨付。", None, None, None, "已按月足额拨付。"),
        (
            "绩效指标",
            "一级指标",
            "二级指标",
            "三级指标",
            "年度指标值",
            "实际完成值",
            "分值",
            "得分",
            "偏差原因分析及改进措施",
        ),
        *(
            indicators
            if indicators is not None
            else (
                (None, "产出指标(50分)", "数量指标", "指标1：补助村数量", "≥8个", 8, 20, 20, None),
                (None, None, None, "指标2：××", None, None, None, None, None),
                (None, None, None, "……", None, None, None, None, None),
                (None, None, "质量\n指标", "拨付准确率", "≥100百分比", 100, 15, 15, None),
                (None, None, "时效指标", "按月拨付及时率", "=100%", "98%", 15, 13, "12 月拨付晚 3 天"),
                (None, "效益指标(30分)", "经济效益\n指标", "/", "/", "/", "/", "/", None),
                (None, None, "社会效益指标", "村务正常运转", "有效保障", "有效保障", 30, 30, None),
                (None, "满意度指标(10分)", "服务对象满意度指标", "村民满意度", "≥90%", 92, 10, 10, None),
            )
        ),
        *([] if total is None else [(None, *total)]),
    ]
    return [list(row) for row in rows]


def yunnan(*, reverse: bool = False) -> list[list[Value]]:
    """云南式自评表：年度指标值下分指标性质、指标值、度量单位；reverse 是反着写，总分没有填。"""
    order = (2, 1, 0) if reverse else (0, 1, 2)

    def three(*values: Value) -> list[Value]:
        return [values[place] for place in order]

    rows: list[list[Value]] = [
        ["项目支出绩效自评表"],
        ["（2020年度）"],
        ["项 目 名 称", "地质灾害监测"],
        ["主管部门", "自然资源局", None, "实施单位", "自然资源局"],
        ["项目资金（万元）", None, None, "年初预算数", "全年预算数", "全年执行数", "分值", "执行率", "得分"],
        [None, "年度资金总额", None, 10, 10, 10, 10, "100%", 10],
        ["年度总体目标", "预期目标", None, None, "实际完成情况"],
        [None, "地质灾害隐患点监测全覆盖。", None, None, "已完成。"],
        ["绩效指标", "一级指标", "二级指标", "三级指标", "年度指标值", None, None, "实际完成值", "分值", "得分",
         "偏差原因分析及改进措施"],
        [None, None, None, None, *three("指标性质", "指标值", "度量单位"), None, None, None, None],
        [None, "产出指标", "数量指标", "监测点数", *three("≥", "20", "个"), "20", "30", "30", None],
        [None, None, "质量指标", "监测覆盖率", *three("﹦", 100, "%"), 100, 20, 19, None],
        [None, "满意度指标", "服务对象满意度指标", "群众满意度", *three("≥", 90, "%"), "95%", 10, 10, None],
        [None, "总分", None, None, None, None, None, None, 100, None, None],
    ]  # fmt: skip
    return rows


YUNNAN_MERGES = ("A9:A13", "B9:B10", "C9:C10", "D9:D10", "E9:G9", "H9:H10", "I9:I10", "J9:J10", "K9:K10")


def anhui() -> list[list[Value]]:
    """安徽式自评表：资金一行一个来源，列序是 指标值、完成值、分值、得分、偏差原因。"""
    rows: list[Row] = [
        ("项目支出绩效自评表（2023年度）",),
        ("单位：元",),
        ("项目名称", "社区矫正", None, "项目编码", "340100230000000001"),
        ("主管部门", "司法局", None, "项目单位", "司法局本级"),
        ("资金来源", "年初预算数", "全年预算数", "全年执行数", "分值", "执行率", "得分"),
        ("资金总额", "50,000.00", "48,000.00", "48,000.00", 10, "100%", 10),
        ("其中：财政拨款", "50,000.00", "48,000.00", "48,000.00", None, None, None),
        ("年度目标", "预期目标", None, None, "实际完成情况"),
        (None, "矫正对象全部纳入管理。", None, None, "全部纳入。"),
        ("一级指标", "二级指标", "三级指标", "指标值", "完成值", "分值", "得分", "偏差原因"),
        ("产出指标", "数量指标", "在册人数", "≤120人", "118人", 50, 50, None),
        ("效益指标", "社会效益指标", "再犯率", "≤0.2%", 0, 40, 40, None),
        ("合计", None, None, None, None, 100, 100, None),
    ]
    return [list(row) for row in rows]


def anhui_monitoring() -> list[list[Value]]:
    """安徽式监控表：全年预算数、执行数；当前完成值；完成可能性在一格里打勾。"""
    rows: list[Row] = [
        ("项目绩效监控报告（2023年1-9月）",),
        ("单位：万元",),
        ("项目名称", "法律援助", None, "预算单位", "司法局本级"),
        ("资金来源", "全年预算数", "执行数", "执行率", "全年预计执行数"),
        ("合计", 20, 12, "60%", 20),
        ("财政拨款", 20, 12, "60%", 20),
        ("一级指标", "二级指标", "三级指标", "年度指标值", "当前完成值", "全年预计完成情况", "偏差原因分析", "其他原因",
         "完成可能性", "备注"),
        ("产出指标", "数量指标", "办理案件数", "≥300件", "210", "300", None,
         None, "□确定能 √有可能 □完全不可能", None),
        ("满意度指标", "服务对象满意度指标", "受援人满意度", "≥95%", "96%",
         "96%", None, None, "确定能☑ 有可能□", None),
    ]  # fmt: skip
    return [list(row) for row in rows]


def sichuan_0013zp() -> list[list[Value]]:
    """四川一体化自评表（报表编号 510000_0013zp）：10 + 90，指标性质、指标值、度量单位三列，脚注三条。"""
    rows: list[Row] = [
        ("报表编号：510000_0013zp",),
        ("部门预算项目支出绩效自评表（2023年度）",),
        ("项目名称", None, "51000021R000000019951-工资性支出"),
        ("主管部门", None, "青河县发展和改革局本级", None, None, "实施单位（盖章）", None, "青河县发展和改革局"),
        ("项目基本情况", "1.项目年度目标完成情况", "项目年度目标", None, None, "年度目标完成情况"),
        (None, None, "按时足额发放在职人员工资，保障机构正常运转。", None, None, "已按时足额发放。"),
        (None, "2.项目实施内容及过程概述", "按月发放工资。"),
        (
            "预算执行情况（10分）",
            "年度预算数（万元）",
            "年初预算",
            "调整后预算数",
            "预算执行数",
            "预算执行率",
            "权重",
            "得分",
            "原因",
        ),
        (None, "总额", 238.93, 251.89, 251.89, "100.00%", 10, 10, None),
        (None, "其中：财政资金", 238.93, 251.89, 251.89, "100.00%", "/", "/", None),
        (None, "财政专户管理资金", 0, 0, 0, "0.00%", "/", "/", None),
        (None, "单位资金", 0, 0, 0, "0.00%", "/", "/", None),
        (None, "其他资金", None, None, None, None, "/", "/", None),
        (
            "绩效指标（90分）",
            "一级指标",
            "二级指标",
            "三级指标",
            "指标性质",
            "指标值",
            "度量单位",
            "完成值",
            "权重",
            "得分",
            "未完成原因分析",
        ),
        (None, "产出指标", "数量指标", "发放（缴纳）覆盖率", "=", 100, "%", 100, 60, 60, None),
        (None, "效益指标", "社会效益指标", "足额保障率（参保率）", "﹦", "100", "％", 100, 30, 30, None),
        ("合计", None, None, None, None, None, None, None, 100, 100, None),
        ("评价结论", "自评得 100 分，工资按时足额发放，资金执行率 100%，未发现截留。"),
        ("存在问题", "无", None, None, "改进措施", "无"),
        ("项目负责人：", None, None, None, "财务负责人："),
        ("注：1.预算执行率=预算执行数÷调整后预算数；2.未达 90% 的说明原因；3.评价结论 200 字以内。",),
    ]
    return [list(row) for row in rows]


SICHUAN_MERGES = ("A3:B3", "A4:B4", "A5:A7", "B5:B6", "A8:A13", "A14:A16", "C5:E5", "C6:E6", "F5:K5", "F6:K6")


def monitoring(months: str = "1-7月", *, adjusted: bool = False) -> list[list[Value]]:
    """项目支出绩效目标执行监控表：偏差原因分列，完成目标可能性三列打勾，表头两层。"""
    extra: list[Value] = ["全年预算数"] if adjusted else []
    money: list[list[Value]] = [[52.5], [52.5], [0]] if adjusted else [[], [], []]
    rows: list[Row] = [
        ("项目支出绩效目标执行监控表",),
        ("（2023年度）",),
        ("项目名称", None, "510521220001-农村公路养护"),
        ("主管部门及代码", None, "306-交通运输局", None, None, "实施单位", None, "公路养护中心"),
        ("项目资金（万元）", None, None, "年初预算数", *extra,
         f"{months}执行数", f"{months}执行率", "全年预计执行数"),
        (None, "年度资金总额", None, 50, *money[0], 21, "42%", 50),
        (None, "其中：本年一般公共预算拨款", None, 50, *money[1], 21, "42%", 50),
        (None, "其他资金", None, 0, *money[2], 0, None, 0),
        ("年度总体目标", "养护农村公路 120 公里，优良路率达到 80%。"),
        ("一级指标", "二级指标", "三级指标", "年度指标值", f"{months}执行情况", "全年预计完成情况", "偏差原因分析",
         None, None, None, None, None, "完成目标可能性", None, None, "备注"),
        (None, None, None, None, None, None, "经费保障", "制度保障", "人员保障", "硬件条件保障", "其他", "原因说明",
         "确定能", "有可能", "完全不可能", None),
        ("产出指标", "数量指标", "养护里程", "≥120公里", "70", "120", None, None, None, None, None, None, "√"),
        (None, "时效指标", "年底前完工率", "＝100％", "40%", "90%", "√", None, "人手不足", None, None, "雨季停工两个月",
         None, "是"),
        ("效益指标", "社会效益指标", "优良路率", "≥80%", "82%", "83%", None, None, None, None, None, None, 1),
        ("满意度指标", "服务对象满意度指标", "群众满意度", "≥90%", None, None, None, None, None, None, None, "年底调查",
         None, None, "√"),
        ("填表人：李××", None, None, "联系电话："),
    ]  # fmt: skip
    return [list(row) for row in rows]


def _monitoring_merges() -> tuple[str, ...]:
    fixed = tuple(f"{letter}10:{letter}11" for letter in "ABCDEFP")
    return (*fixed, "G10:L10", "M10:O10", "A12:A13", "A5:A8", "A3:B3", "C3:P3")


MONITORING_MERGES = _monitoring_merges()

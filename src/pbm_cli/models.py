"""记录、出处与发现。每个字段的中文名只在这里写一次：它是表头、报错时的称呼，也是词汇表的条目。

金额一律是整数分；比率是 fields.Rate；分数、分值是 Decimal；编码是文字。
字段的 need：unusable = 空白则这一行不能用；finding = 空白则保留这一行，另报一条；optional = 可空。
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field

from pbm_cli.cells import column_letters
from pbm_cli.fields import Rate
from pbm_cli.targets import Actual, Target

Light = Literal["red", "yellow", "green", "blue", "none"]
FindingLevel = Literal["error", "warning", "hint", "red", "yellow"]
Need = Literal["unusable", "finding", "optional"]

LIGHT_WORDS: Mapping[str, str] = {
    "red": "红灯", "yellow": "黄灯", "green": "绿灯", "blue": "蓝灯", "none": "无灯",
}  # fmt: skip


class Where(NamedTuple):
    """一个单元格（或一张表、一个文件）的所在：执行表.xlsx›执行!F17。"""

    file: str
    sheet: str | None = None
    cell: str | None = None

    def __str__(self) -> str:
        text = self.file
        if self.sheet is not None:
            text += f"›{self.sheet}"
        return f"{text}!{self.cell}" if self.cell else text


class Origin(NamedTuple):
    """一条记录的出处：文件、工作表、行（从 1 数），以及每个字段在第几列（从 0 数，整张表共用一份）。

    form 是单张表单的种类（goal_form、monitoring_form、self_evaluation_form、department_form），列表为空串；
    表单里一个项目的各字段不在同一行，cells 另记字段 → (行, 列)，都从 0 数。
    """

    file: str
    sheet: str
    row: int
    columns: Mapping[str, int]
    form: str = ""
    cells: Mapping[str, tuple[int, int]] | None = None

    def where(self, field: str | None = None) -> Where:
        """某个字段的单元格；没有这一列时指到这一行第一个认出的列。"""
        if field and self.cells and field in self.cells:
            row, column = self.cells[field]
            return Where(self.file, self.sheet, f"{column_letters(column)}{row + 1}")
        column = self.columns.get(field, -1) if field else -1
        if column < 0:
            column = min(self.columns.values(), default=0)
        return Where(self.file, self.sheet, f"{column_letters(column)}{self.row}")

    def __str__(self) -> str:
        return str(self.where())


class Finding(NamedTuple):
    """一条发现：坏单元格与红灯是同一种东西。

    code 是规则号或数据问题号；subject 是对象（项目、单位或工作表）；message 是整句话；
    basis 是依据（文号、条款、证据等级），没有则为 None。
    """

    code: str
    level: FindingLevel
    subject: str
    message: str
    where: Where | None = None
    basis: str | None = None


class Kind:
    """字段的值属于哪一类；版式与读入据此选用 fields 里的函数。"""

    MONEY, RATE, NUMBER, COUNT, DATE, CODE, TEXT, NAMED, YES, CHOICE, TARGET, ACTUAL = (
        "money", "rate", "number", "count", "date", "code", "text", "named", "yes", "choice", "target", "actual",
    )  # fmt: skip


Money = Annotated[int, Kind.MONEY]
RateValue = Annotated[Rate, Kind.RATE]
Number = Annotated[Decimal, Kind.NUMBER]
Count = Annotated[int, Kind.COUNT]
Day = Annotated[dt.date, Kind.DATE]
Code = Annotated[str, Kind.CODE]
Text = Annotated[str, Kind.TEXT]
Named = Annotated[str, Kind.NAMED]
"""可能写成“代码-名称”的名称：记录里只留名称，代码另放到 *_code 字段（有的话）。"""
Yes = Annotated[bool, Kind.YES]
Choice = Annotated[str, Kind.CHOICE]
TargetValue = Annotated[Target, Kind.TARGET]
ActualValue = Annotated[Actual, Kind.ACTUAL]


def column(title: str, need: Need = "optional", **extra: Any) -> Any:
    """一列：中文名、空白时怎么办；options 是 Choice 的取值。"""
    default = ... if need == "unusable" else None
    return Field(default, title=title, json_schema_extra={"need": need, **extra})


class Record(BaseModel):
    """一条业务记录；不可改，知道自己的出处。"""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True)

    kind: ClassVar[str]
    sheet_title: ClassVar[str]
    money_identity: ClassVar[bool] = False
    """同一键、同一资金下数字不同是否互相矛盾（合同：都用，另报错误）。"""
    key: ClassVar[tuple[str, ...]] = ()
    alternatives: ClassVar[tuple[tuple[str, ...], ...]] = ()
    """几组字段里至少要有一组齐全，否则这一行不能用。"""
    rates: ClassVar[Mapping[str, tuple[str, str]]] = {}
    """表上给出的比率 → (分子字段, 分母字段)，用来复核。"""

    origin: Origin

    @classmethod
    def trusted(cls, values: dict[str, Any]) -> Self:
        """逐格认好的值 → 记录，不再校验，也不逐个字段看；values 要有全部字段，交给记录之后不要再改。"""
        record = cls.__new__(cls)
        fill = object.__setattr__  # 记录不可改；与 model_construct 填的是同样几处
        fill(record, "__dict__", values)
        fill(record, "__pydantic_fields_set__", _all_fields(cls))
        fill(record, "__pydantic_extra__", None)
        fill(record, "__pydantic_private__", None)
        return record


@cache
def _all_fields(model: type[Record]) -> set[str]:
    return set(model.model_fields)  # 各条记录共用


class Assessment(Record):
    """事前绩效评估结果：一个项目一行。"""

    kind = "assessment"
    sheet_title = "事前绩效评估结果汇总表"
    money_identity = True
    key = ("budget_unit", "project_code", "project_name", "fund")
    alternatives = (("approved",), ("reduction",))
    rates = {"reduction_rate": ("reduction", "submitted")}

    project_code: Code | None = column("项目编码")
    project_name: Named = column("项目名称", "unusable")
    department: Named | None = column("主管部门")
    budget_unit: Named | None = column("项目单位")
    fund: Text | None = column("资金性质")
    submitted: Money = column("申报金额", "unusable")
    approved: Money | None = column("审定金额")
    reduction: Money | None = column("评减额")
    reduction_rate: RateValue | None = column("评减率")
    necessity: Number | None = column("立项必要性")
    economy: Number | None = column("投入经济性")
    goal_soundness: Number | None = column("绩效目标合理性")
    feasibility: Number | None = column("实施方案可行性")
    funding_compliance: Number | None = column("筹资合规性")
    score: Number | None = column("评估得分")
    conclusion: Text | None = column("评估结论")
    assessor: Text | None = column("评估机构")
    is_new: Yes | None = column("是否新增")
    previous_budget: Money | None = column("上年预算")


class Goal(Record):
    """项目支出绩效目标：一个项目一行。"""

    kind = "goal"
    sheet_title = "项目支出绩效目标表"
    money_identity = True
    key = ("budget_unit", "project_code", "project_name", "fund")

    project_code: Code | None = column("项目编码")
    project_name: Named = column("项目名称", "unusable")
    department: Named | None = column("主管部门")
    budget_unit: Named | None = column("预算单位")
    fund: Text | None = column("资金性质")
    budget: Money = column("预算金额", "unusable")
    annual_goal: Text | None = column("年度总体目标", "finding")
    stage: Text | None = column("编报阶段")
    step_compiled: Yes | None = column("同步编制")
    step_submitted: Yes | None = column("同步上会")
    step_approved: Yes | None = column("同步批复")
    step_issued: Yes | None = column("同步下达")
    step_published: Yes | None = column("同步公开")


class Indicator(Record):
    """绩效指标：一条指标一行。"""

    kind = "indicator"
    sheet_title = "绩效指标表"

    project_code: Code | None = column("项目编码")
    project_name: Named = column("项目名称", "unusable")
    budget_unit: Named | None = column("预算单位")
    level1: Text | None = column("一级指标", "finding")
    level2: Text | None = column("二级指标", "finding")
    level3: Text | None = column("三级指标", "finding")
    operator: Text | None = column("指标性质")
    target: TargetValue | None = column("指标值", "finding")
    measure: Text | None = column("度量单位")
    weight: Number | None = column("权重")
    actual: ActualValue | None = column("完成值")
    forecast: ActualValue | None = column("全年预计完成")
    possibility: Text | None = column("完成目标可能性")
    reason: Text | None = column("偏差原因")
    self_score: Number | None = column("得分")


class Execution(Record):
    """项目支出预算执行：一个项目一种资金一行。"""

    kind = "execution"
    sheet_title = "项目支出预算执行表"
    money_identity = True
    key = ("budget_unit", "project_code", "project_name", "fund")
    rates = {"execution_rate": ("expenditure", "adjusted_budget")}

    project_code: Code | None = column("项目编码")
    project_name: Named = column("项目名称", "unusable")
    department: Named | None = column("主管部门")
    budget_unit: Named | None = column("预算单位")
    fund: Text | None = column("资金性质")
    category: Text | None = column("项目类别")
    initial_budget: Money | None = column("年初预算数")
    adjusted_budget: Money = column("调整后预算数", "unusable")
    expenditure: Money = column("累计支出", "unusable")
    execution_rate: RateValue | None = column("执行率")
    balance: Money | None = column("差额")
    reason: Text | None = column("偏差原因")


class Adjustment(Record):
    """监控处置：一次调整一行。amount 为正是调增，为负是调减；只有绝对数而看不出方向时，方向由处置措施定。"""

    kind = "adjustment"
    sheet_title = "监控处置台账"
    alternatives = (("amount",), ("before", "after"))

    project_code: Code | None = column("项目编码")
    project_name: Named = column("项目名称", "unusable")
    budget_unit: Named | None = column("预算单位")
    monitored_by: Text | None = column("监控方式")
    before: Money | None = column("调整前预算")
    after: Money | None = column("调整后预算")
    amount: Money | None = column("调整金额")
    action: Text | None = column("处置措施")
    cause: Text | None = column("原因")
    goals_adjusted: Yes | None = column("是否同步调整绩效目标")


class UnitReport(Record):
    """单位整体支出监控报告登记：一个单位一行。"""

    kind = "unit_report"
    sheet_title = "单位整体支出监控报告登记表"

    budget_unit: Named = column("预算单位", "unusable")
    department: Named | None = column("主管部门")
    submitted_on: Day | None = column("报送日期")
    published_on: Day | None = column("公开日期")


class Review(Record):
    """绩效目标审核意见：一个项目一行或一条意见一行。"""

    kind = "review"
    sheet_title = "绩效目标审核意见表"

    unit_code: Code | None = column("单位编码")
    budget_unit: Named | None = column("单位名称")
    project_code: Code | None = column("项目编码")
    project_name: Named = column("项目名称", "unusable")
    comment: Text | None = column("修改意见")
    conclusion: Text | None = column("审核结论")


class Evaluation(Record):
    """绩效评价结果：一个对象一个层次一行。"""

    kind = "evaluation"
    sheet_title = "绩效评价结果表"
    money_identity = True
    key = ("budget_unit", "project_code", "subject", "subject_kind", "level", "fund")

    project_code: Code | None = column("项目编码")
    subject: Named = column("评价对象", "unusable")
    subject_kind: Text | None = column("对象类型", "finding")
    level: Text | None = column("评价层次", "finding")
    department: Named | None = column("主管部门")
    budget_unit: Named | None = column("预算单位")
    fund: Text | None = column("四本预算")
    amount: Money | None = column("涉及金额")
    score: Number = column("评价得分", "unusable")
    grade: Text | None = column("评价等级")
    evaluator: Text | None = column("评价机构")
    budget: Money | None = column("本年预算")
    next_budget: Money | None = column("下年预算安排")
    rectified: Yes | None = column("是否整改")
    expenditure: Money | None = column("全年执行数")
    execution_rate: RateValue | None = column("预算执行率")


class Township(Record):
    """镇级财政运行综合绩效评价：一个乡镇一条指标一行。"""

    kind = "township"
    sheet_title = "镇级财政运行综合绩效评价表"

    township: Named = column("乡镇", "unusable")
    level1: Text | None = column("一级指标")
    level2: Text | None = column("二级指标")
    level3: Text | None = column("三级指标", "finding")
    weight: Number = column("分值", "unusable")
    score: Number = column("得分", "unusable")


class Training(Record):
    """培训：一次或一个专题一行。"""

    kind = "training"
    sheet_title = "培训台账"

    name: Text = column("培训名称", "unusable")
    held_on: Text | None = column("培训时间")
    sessions: Count | None = column("期数")
    attendances: Count = column("人次", "unusable")


class Document(Record):
    """制度文件：一份一行。"""

    kind = "document"
    sheet_title = "制度文件清单"

    title: Text = column("文件名称", "unusable")
    document_no: Text | None = column("文号")
    issued_on: Day | None = column("印发日期")


RECORD_TYPES: Mapping[str, type[Record]] = {
    model.kind: model
    for model in (
        Assessment, Goal, Indicator, Execution, Adjustment, UnitReport, Review, Evaluation, Township, Training,
        Document,
    )
}  # fmt: skip


@cache
def field_kind(model: type[Record], name: str) -> str:
    """某字段的值属于哪一类（Kind 之一）。"""
    info = model.model_fields[name]
    for candidate in (*info.metadata, *_metadata_of_optional(info.annotation)):
        if isinstance(candidate, str):
            return candidate
    raise TypeError(f"{model.__name__}.{name} has no Kind")


def _metadata_of_optional(annotation: Any) -> tuple[Any, ...]:
    arguments = getattr(annotation, "__args__", ())
    return tuple(found for argument in arguments for found in getattr(argument, "__metadata__", ()))


def field_title(model: type[Record], name: str) -> str:
    """字段的中文名。"""
    return model.model_fields[name].title or name


def field_need(model: type[Record], name: str) -> Need:
    """空白时怎么办。"""
    extra = model.model_fields[name].json_schema_extra
    need = extra.get("need") if isinstance(extra, dict) else None
    return "unusable" if need == "unusable" else "finding" if need == "finding" else "optional"


def business_fields(model: type[Record]) -> list[str]:
    """除出处外的字段，按表上的习惯次序。"""
    return [name for name in model.model_fields if name != "origin"]

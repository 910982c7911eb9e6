"""业务用语的中英对照。"""

from __future__ import annotations

PHRASES: tuple[tuple[str, str, str], ...] = (
    ("预算绩效管理", "budget performance management", "编制有目标、执行有监控、完成有评价、结果有应用"),
    ("事前绩效评估", "ex-ante evaluation", "立项之前评估该不该做、要多少钱"),
    ("申报金额", "submitted amount", "送来评估的金额"),
    ("审定金额", "approved amount", "评估以后认可的金额"),
    ("评减额", "reduction", "申报金额 - 审定金额；核增为负"),
    ("评减率", "reduction rate", "评减额合计 ÷ 申报金额合计"),
    ("绩效目标", "performance goal", "年度总体目标，一段话"),
    ("绩效指标", "performance indicator", "三级：产出、效益、满意度（另有成本）"),
    ("指标性质", "operator", "≥、≤、=、>、< 或定性"),
    ("绩效运行监控", "performance monitoring", "执行中看钱花得怎样、目标实现得怎样"),
    ("双监控", "dual monitoring", "预算执行进度和绩效目标实现程度一起看"),
    ("序时进度", "time progress", "一年已过去多少：月末为月数 ÷ 12，月中按天"),
    ("执行率", "execution rate", "累计支出 ÷ 调整后预算数"),
    ("执行灯", "execution light", "由执行率与序时进度得出"),
    ("目标灯", "goal light", "由各条指标得出，取最差"),
    ("总灯", "overall light", "由执行灯与目标灯得出"),
    ("监控处置台账", "adjustment ledger", "调减、调增、暂停、收回等处置"),
    ("绩效评价", "performance evaluation", "单位自评、部门评价、财政抽评、财政重点评价"),
    ("部门整体支出", "whole-department expenditure", "一个部门全部支出的绩效"),
    ("四本预算", "the four budgets", "一般公共预算、政府性基金预算、国有资本经营预算、社会保险基金预算"),
    ("结果应用", "use of results", "评价结果与预算安排挂钩"),
    ("整改", "rectification", "按评价发现的问题改正"),
    ("规则集", "rule set", "一整套带日期的参数"),
    ("证据等级", "evidence", "一个数有没有人读过原文"),
    ("版式", "layout", "表头与字段怎样对应"),
    ("覆盖文件夹", "overlay", "县里自己的参数、版式、模板，盖在自带的上面"),
    ("发现", "finding", "坏单元格、红灯、警告都是发现，都有地址"),
    ("截止日", "cut-off date", "数据到哪一天；从不取当天日期"),
)

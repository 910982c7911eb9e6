"""JSON 的键的中文名、类型、单位：一行一个键，用空白隔开。"""

from __future__ import annotations

TABLE = """
stage                   阶段                text
project_code            项目编码            code
project_name            项目名称            text
department              主管部门            text
budget_unit             预算单位            text
fund                    资金性质            text
category                项目类别            text
county                  区县                text
year                    年度                code
submitted_yuan          申报金额            money
approved_yuan           审定金额            money
reduction_yuan          评减额              money
reduction_pct           评减率              percent  %
score                   得分                score    分
conclusion              评估结论            text
origin                  出处                origin
indicators              指标数              count    条
grade                   等级                text
comments                修改意见            count    条
automatic_comments      自动审核意见        count    条
projects_with_comments  有意见的项目        count    个
budget_yuan             预算金额            money
expenditure_yuan        累计支出            money
execution_pct           执行率              percent  %
progress_ratio_pct      执行率与序时进度之比 percent %
time_progress_pct       序时进度            percent  %
execution_light         执行灯              light
goal_light              目标灯              light
light                   总灯                light
action                  处置措施            text
reasons                 判灯依据和偏差原因  list
light_reasons           判灯依据            list
stated_reasons          偏差原因            list
subject                 评价对象            text
subject_kind            对象类型            text
level                   评价层次            text
recomputed_score        重算得分            score    分
final_score             最终得分            score    分
proposal                结果应用建议        text
projects                项目数              count    个
mandatory_missing       应评未评的项目      count    个
added_projects          追加项目            count    个
units_due               应报监控报告的单位  count    个
units_reported          已报监控报告的单位  count    个
units_published         已公开的单位        count    个
coverage_pct            监控报告覆盖率      percent  %
adjusted_projects       调整项目            count    个
adjusted_yuan           调整金额（绝对额）  money
adjusted_cut_yuan       调减金额            money
adjusted_added_yuan     调增金额            money
subjects                评价对象数          count    个
key_departments         重点评价的部门整体  count    个
key_projects            重点评价的项目政策  count    个
average_score           平均得分            score    分
deviations              复核偏差            count    项
documents               制度文件            count    份
training_sessions       培训期数            count    期
training_attendances    培训人次            count    人次
files                   文件                count    个
sheets                  工作表              count    张
rows_read               读到的行            count    行
rows_used               采用的行            count    行
rows_rejected           不能用的行          count    行
rows_total              合计行              count    行
errors                  错误                count    条
warnings                警告                count    条
hints                   提示                count    条
appeared                新出现              count    项
vanished                不再出现            count    项
changed                 有变化              count    项
lights_changed          灯有变化            count    项
township                乡镇                text
level1                  一级指标            text
level2                  二级指标            text
level3                  三级指标            text
operator                比较                text
target                  指标值              number
actual                  完成值              number
measure                 度量单位            text
completion_pct          完成率              percent  %
progress_pct            进度完成率          percent  %
weight                  权重                number
self_score              自评得分            score    分
file                    文件                text
sheet                   工作表              text
cell                    单元格              text
red                     红灯                count    个
yellow                  黄灯                count    个
green                   绿灯                count    个
blue                    蓝灯                count    个
none                    无灯                count    个
step_compiled           同步编制            text
step_submitted          同步上会            text
step_approved           同步批复            text
step_issued             同步下达            text
step_published          同步公开            text
message                 说明                text
basis                   依据                text
name                    名称                text
title                   文件名称            text
document_no             文号                text
monitored_by            监控方式            text
cause                   原因                text
reduced_projects        调减项目            count    个
goals_adjusted          同步调整目标        count    个
before_yuan             调整前预算          money
after_yuan              调整后预算          money
change_yuan             调整额              money
previous_light          上次的灯            light
response_days           答复期限            count    个工作日
action_reason           处置的理由          text
goal_completion_pct     目标完成率          percent  %
review_comments         人工修改意见        count    条
open_comments           未办结的人工意见    count    条
grade_source            等级来源            text
treatment               处置                text
steps_missing           没有做到的同步      list
amount_yuan             涉及金额            money
next_budget_yuan        下年预算安排        money
rectified               已整改              count    项
rank                    名次                count
self_gap                自评与重算之差      score    分
deviation_score         与最终评价之差      score    分
deviation_pct           偏差率              percent  %
inflated                自评虚高            light
recompute_note          重算说明            text
final_grade             最终等级            text
proposal_reasons        建议的由来          list
proposed_budget_yuan    按本县系数的建议预算 money
rechecked               重算自评的对象      count    个
self_gaps               自评与重算不同的    count    个
applied_against         安排与建议相反的    count    项
rectification_open      没有整改的事项      count    项
carried_open            上年结转没有整改的  count    项
plan_seed               抽评计划的种子      number
compared_year           比较的年度          code
rule                    规则                code
reason                  情况                text
problem                 问题                text
deadline                整改期限            text
state                   状态                text
carried                 上年结转            text
found_in                出处                text
id                      编号                code
distance_pct            离线                percent  %
stake_yuan              金额乘离线          money
rate_pct                得分率              percent  %
weakest                 最弱的指标          text
old                     旧                  text
new                     新                  text
change                  变化                text
change_word             变化                text
sheet_title             表                  text
field_title             改动的栏            text
was                     旧值                text
now                     新值                text
old_place               旧的出处            text
new_place               出处                text
appeared_yuan           新出现              money
vanished_yuan           不再出现            money
changed_yuan            改动                money
error                   错误                text
counties_found          区县                count    个
counties_counted        计入合计的区县      count    个
counties_failed         不能用的区县        count    个
counties                区县数              count    个
counted                 计入合计            text
folder                  文件夹              text
ruleset                 规则集              code
ruleset_digest          规则集摘要          code
on                      截止日              code
assess_projects         评估项目            count    个
goal_projects           审核目标的项目      count    个
monitor_projects        监控项目            count    个
red_pct                 红灯占比            percent  %
reduction_rank          评减率名次          count
execution_rank          执行率名次          count
red_rank                红灯占比名次        count
coverage_rank           覆盖率名次          count
average_score_rank      平均得分名次        count
figure                  比率                text
value_pct               本区县              percent  %
median_pct              中位数              percent  %
points                  相差（百分点）      score
"""

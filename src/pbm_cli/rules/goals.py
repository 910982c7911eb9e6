"""绩效目标审核：指标逐条审，每条意见说清错在哪里、怎样改；依据是规则用到的参数。

kind 是归一以后的二级指标：数量、质量、时效、成本、经济效益、社会效益、生态效益、可持续影响、满意度；认不出为 None。
name 是三级指标；code 是项目编码（人员类项目由编码里的类别字母认出）；金额一律是分。
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from pbm_cli.quantities import TIMES, YUAN
from pbm_cli.rules import Words, fraction, phrase_of, rule, weights_disagree
from pbm_cli.rules.goals_wording import core, dated, fen, first_word, value_text, wan_text
from pbm_cli.targets import Target
from pbm_cli.text import one_line, plain, squeeze

KINDS = ("数量", "质量", "时效", "产出", "成本", "经济效益", "社会效益", "生态效益", "可持续影响", "效益", "满意度")
"""可以要求“必设”的类别：二级指标或一级指标。"""
_CATEGORY = re.compile(r"[0-9]{8}([A-Za-z])")
_COUNTED = re.compile("[0-9０-９二三四五六七八九十百千万两]")
_BARE_PERCENT = ("%", "‰")


def kind_of(
    level1: str | None, level2: str | None, *, kind_words: Words | None, level1_words: Words | None
) -> tuple[str | None, str | None]:
    """一级、二级指标的各种写法 → 归一的（一级、二级）；认不出的为 None。只写了一级的满意度、成本，二级就是它自己。"""
    first = phrase_of(level1 or "", level1_words or {})
    second = phrase_of(level2 or "", kind_words or {})
    return first, second or (first if not level2 and first in (kind_words or {}) else None)


def is_staff(code: str | None, letters: Sequence[str] | None) -> bool:
    """项目编码的类别字母是不是人员类。"""
    found = _CATEGORY.match(code or "")
    return found is not None and found[1].upper() in (letters or ())


def _advice(
    kind: str | None,
    stem: str,
    rate: Decimal | None,
    examples: Mapping[str, str] | None,
    endings: Sequence[str] | None,
    reverse: Sequence[str] | None,
) -> str:
    """建议的写法：率类、满意度直接给出；其余给同类的例子。stem 是指标名称的主干。"""
    if rate is not None and stem.endswith(tuple(endings or ())) and not first_word(stem, reverse or ()):
        return f"建议改为“{stem}≥{plain(rate)}%”"
    example = (examples or {}).get(kind or "")
    return f"建议改为可衡量的指标，例如“{example}”" if example else "请改为可衡量的指标，写明数和度量单位"


@rule("T01", "goals", "warning")
def required_text(title: str, value: str | None) -> str | None:
    """必填的内容不得空缺；title 是这一项的中文名。"""
    return None if value and value.strip() else f"没有填{title}，请补填"


@rule("T02", "goals", "warning")
def required_kind(
    kind: str,
    present: Sequence[str],
    code: str | None,
    *,
    required_kinds: Sequence[str] | None,
    staff_required_kinds: Sequence[str] | None,
    staff_letters: Sequence[str] | None,
    kind_groups: Words | None,
    kind_examples: Mapping[str, str] | None,
) -> str | None:
    """规则集要求的每一类指标至少一条；人员类项目另有要求。present 是项目已有的二级指标。"""
    staff = is_staff(code, staff_letters)
    inside = {kind, *(kind_groups or {}).get(kind, ())}
    if kind not in ((staff_required_kinds if staff else required_kinds) or ()) or inside & set(present):
        return None
    example = (kind_examples or {}).get(kind)
    return f"没有{kind}指标，请至少补一条" + (f"，例如“{example}”" if example else "")


@rule("T03", "goals", "warning")
def measurable_output(
    kind: str | None,
    name: str,
    target: Target | None,
    *,
    measured_kinds: Sequence[str] | None,
    vague_words: Sequence[str] | None,
    rate_endings: Sequence[str] | None,
    reverse_words: Sequence[str] | None,
    suggested_rate_pct: Decimal | None,
    kind_examples: Mapping[str, str] | None,
) -> str | None:
    """产出指标必须量化：指标值要有数，不得只用文字。时效指标另看有没有时限（T15）。"""
    if kind not in (measured_kinds or ()) or target is None or target.value is not None or target.remarks:
        return None
    stem = core(name, vague_words or ())
    advice = _advice(kind, stem, suggested_rate_pct, kind_examples, rate_endings, reverse_words)
    return f"{kind}指标“{one_line(name)}”的指标值“{value_text(target)}”不是数，产出指标必须量化；{advice}"


@rule("T04", "goals", "warning")
def unmeasurable(
    kind: str | None,
    name: str,
    target: Target | None,
    *,
    measured_kinds: Sequence[str] | None,
    vague_words: Sequence[str] | None,
    evidence_words: Sequence[str] | None,
    rate_endings: Sequence[str] | None,
    reverse_words: Sequence[str] | None,
    suggested_rate_pct: Decimal | None,
    kind_examples: Mapping[str, str] | None,
) -> str | None:
    """“提高、加强、显著”一类的话，没有数也没有可查的佐证（台账、制度、报告等），不能衡量。

    年度总体目标只有这样的话、指标也都没有量化的，同样要改（这时 target 为空，name 是目标的文字）。产出指标由 T03 说。
    """
    text = squeeze(name + (target.text if target else ""))
    found = first_word(text, vague_words or ())
    if not found or _COUNTED.search(text) or first_word(text, evidence_words or ()):
        return None
    if target is None:
        return f"年度目标只有“{found}”一类的话，没有一个可考核的数；请写明当年做多少、做到什么程度、什么时候完成"
    if target.value is not None or target.remarks or kind in (*(measured_kinds or ()), "时效"):
        return None
    stem = core(name, vague_words or ())
    advice = _advice(kind, stem, suggested_rate_pct, kind_examples, rate_endings, reverse_words)
    return f"指标“{one_line(name)}”写成“{value_text(target)}”，“{found}”不能衡量；{advice}"


@rule("T05", "goals", "warning")
def weights_sum(weights: Sequence[Decimal | None], *, weight_totals: Sequence[Decimal] | None) -> str | None:
    """一个项目的指标权重之和应为规定的数（不含预算执行的 90，或 100），每条都大于 0。"""
    zero = sum(weight is not None and weight <= 0 for weight in weights)
    if zero:
        return f"{len(weights)} 条指标里有 {zero} 条的权重不大于 0，请重新分配权重"
    return weights_disagree(weights, weight_totals)


@rule("T06", "goals", "warning")
def readable_target(
    kind: str | None,
    name: str,
    target: Target | None,
    *,
    percent_range: Mapping[str, Decimal] | None,
    change_words: Sequence[str] | None,
    reverse_words: Sequence[str] | None,
) -> str | None:
    """指标值要读得出来：有指标性质（≥、≤、=）、有数、有度量单位，一格一个条件，百分数在 0 到 100 之间。

    增长率一类的比率可以超过 100%。
    """
    if target is None:
        return None
    said = [note for note in target.remarks if not note.startswith(("百分数", "没有写运算符", "还写了期限"))]
    if target.value is not None:
        if any(note.startswith("没有写运算符") and "“=”" in note for note in target.remarks):
            low = kind == "成本" or first_word(name, reverse_words or ()) is not None
            sign = "=" if not target.value else "≤" if low else "≥"
            whole = squeeze(target.text)
            number = whole if whole[:1].isdigit() else f"{plain(target.value)}{target.measure}"
            said.append(f"没有写指标性质，建议写成“{sign}{number}”")
        if not target.measure:
            said.append("没有写度量单位")
        elif target.measure == "%" and not first_word(name, change_words or ()):
            said += _percent_problem(target, target.value, percent_range or {})
    return f"指标“{one_line(name)}”的指标值“{value_text(target)}”：{'；'.join(said)}" if said else None


def _percent_problem(target: Target, value: Decimal, bounds: Mapping[str, Decimal]) -> list[str]:
    if bounds and not bounds["下限"] <= value <= bounds["上限"]:
        return [f"百分数应在 {plain(bounds['下限'])}% 到 {plain(bounds['上限'])}% 之间"]
    small = target.operator in (">=", ">") and 0 < value < 1
    return [f"是不是把 {plain(value * 100)}% 写成了小数"] if small else []


@rule("T07", "goals", "hint")
def always_full(
    full: int, rates: int, code: str | None, *, full_target_pct: Decimal | None, full_target_least: Decimal | None,
    staff_letters: Sequence[str] | None,
) -> str | None:  # fmt: skip
    """率类指标（满意度除外）几乎都写 100%，目标没有挑战；full 是写 100% 的条数，rates 是率类的条数。人员类不判。"""
    if full_target_pct is None or full_target_least is None or is_staff(code, staff_letters):
        return None
    if not rates or full < full_target_least or Fraction(full * 100, rates) < fraction(full_target_pct):
        return None
    said = f"{rates} 条率类指标有 {full} 条写成 100%，看不出目标的高低"
    return f"{said}；请按上年实际和行业标准分出档次，或换成能拉开差距的指标"


@rule("T08", "goals", "warning")
def money_as_output(
    kind: str | None,
    name: str,
    target: Target | None,
    budget: int | None,
    *,
    money_output_words: Sequence[str] | None,
    input_words: Sequence[str] | None,
    money_tolerance: int | None,
) -> str | None:
    """数量指标写的是花多少钱：那是投入，不是产出。税收、产值、贷款等本身就是产出的除外。"""
    if kind != "数量" or target is None or target.value is None or first_word(name, money_output_words or ()):
        return None
    amount = fen(target.value, target.measure)
    guess = amount if amount is not None or target.measure else fen(target.value, "万元")
    named = first_word(name, input_words or ()) is not None
    same = budget is not None and guess is not None and abs(guess - budget) <= (money_tolerance or 0)
    if amount is None and not (named and same):
        return None
    equal = "，就是预算金额" if same else ""
    return (
        f"数量指标“{one_line(name)}”写的是金额“{value_text(target)}”{equal}，钱是投入，不是产出；"
        "请改为这笔钱做成的事，例如“完成××数量≥若干个”，金额放到成本指标"
    )


@rule("T09", "goals", "warning")
def cost_above_budget(
    kind: str | None,
    name: str,
    target: Target | None,
    budget: int | None,
    *,
    saving_words: Sequence[str] | None,
    money_tolerance: int | None,
) -> str | None:
    """成本指标不得高于预算金额（先换成同一单位；单位成本不比），方向应为“≤”。"""
    if kind != "成本" or target is None or target.value is None or first_word(name, saving_words or ()):
        return None
    amount = fen(target.value, target.measure)
    if amount is None:
        return None
    said = [f"成本指标应写“≤{plain(target.value)}{target.measure}”"] if target.operator in (">=", ">") else []
    if budget and amount - budget > (money_tolerance or 0):
        shown = wan_text(Decimal(budget))
        slip = amount == budget * YUAN["万元"]
        tail = "，像是把元写成了万元" if slip else ""
        said.insert(0, f"高于预算 {shown}{tail}，成本应不超过预算，建议改为“≤{shown}”")
    return f"成本指标“{one_line(name)}”的指标值“{value_text(target)}”：{'；'.join(said)}" if said else None


@rule("T10", "goals", "warning")
def misplaced(
    level1: str | None,
    level2: str | None,
    name: str,
    target: Target | None,
    code: str | None,
    *,
    kind_words: Words | None,
    level1_words: Words | None,
    kind_groups: Words | None,
    satisfaction_words: Sequence[str] | None,
    attitude_words: Sequence[str] | None,
    staff_letters: Sequence[str] | None,
    kind_examples: Mapping[str, str] | None,
) -> str | None:
    """三级指标放错了类别：二级不属于所写的一级，满意度放在别处，率类放在数量指标里。旧框架成本在产出下，不算错。"""
    first, kind = kind_of(level1, level2, kind_words=kind_words, level1_words=level1_words)
    said = one_line(name)
    groups = kind_groups or {}
    home = next((group for group, kinds in groups.items() if kind in kinds), None)
    if first and home and first != home and (first, home) not in (("产出", "成本"), ("效益", "满意度")):
        return f"指标“{said}”：{kind}属于{home}指标，一级指标却写成“{one_line(level1 or '')}”，请改正"
    examples = kind_examples or {}
    if kind and kind != "满意度" and first_word(name, satisfaction_words or ()):
        return f"指标“{said}”说的是满意度，却放在{kind}指标里；请移到满意度指标，{kind}指标另设"
    if kind == "满意度" and not first_word(name, (*(satisfaction_words or ()), *(attitude_words or ()))):
        return f"满意度指标“{said}”说的不是满意程度，请移到相应类别；满意度指标例如“{examples.get('满意度', '')}”"
    rate = target is not None and target.value is not None and target.measure in _BARE_PERCENT
    if kind == "数量" and rate and not is_staff(code, staff_letters):
        return f"数量指标“{said}”是比率，请移到质量或时效指标；数量指标写绝对数，例如“{examples.get('数量', '')}”"
    return None


@rule("T15", "goals", "warning")
def timely(
    kind: str | None,
    name: str,
    target: Target | None,
    *,
    deadline_words: Sequence[str] | None,
    rate_endings: Sequence[str] | None,
    vague_words: Sequence[str] | None,
    kind_examples: Mapping[str, str] | None,
) -> str | None:
    """时效指标的值要是日期、期限、时长或及时率，不得只写“及时”。"""
    if kind != "时效" or target is None or (target.value is None and target.remarks):
        return None
    if dated(target.text, name) or first_word(target.text + target.measure + name, deadline_words or ()):
        return None
    stem = core(name, vague_words or ())
    if target.value is not None:
        time = any(unit in target.measure for unit in TIMES)
        if time or target.measure in ("", *_BARE_PERCENT) or stem.endswith(tuple(rate_endings or ())):
            return None
    example = (kind_examples or {}).get(kind, "")
    return (
        f"时效指标“{one_line(name)}”的指标值“{value_text(target)}”不是时间；"
        f"请写成完成的日期、时限或及时率，例如“{example}”"
    )


@rule("T16", "goals", "warning")
def satisfaction_bounds(
    kind: str | None,
    name: str,
    target: Target | None,
    *,
    satisfaction_range: Mapping[str, Decimal] | None,
    vague_words: Sequence[str] | None,
    suggested_rate_pct: Decimal | None,
) -> str | None:
    """满意度要有数，并且不低于下限（含）、低于上限（不含）：太低没有意义，100% 不现实。"""
    if kind != "满意度" or target is None or not satisfaction_range or (target.value is None and target.remarks):
        return None
    stem = core(name, vague_words or ())
    shown = f"例如“{stem}≥{plain(suggested_rate_pct)}%”" if suggested_rate_pct else "写明百分数"
    said = f"满意度指标“{one_line(name)}”的指标值“{value_text(target)}”"
    if target.value is None:
        vague = first_word(squeeze(name + target.text), vague_words or ())
        return None if vague else f"{said}没有量化；请改为百分数，{shown}"
    low, high = satisfaction_range["下限"], satisfaction_range["上限"]
    if target.measure not in ("%", "分") or target.operator in ("<=", "<") or low <= target.value < high:
        return None
    if target.value > high:
        return None
    problem = f"低于 {plain(low)}%，偏低" if target.value < low else f"达到 {plain(high)}%，很难做到"
    return f"{said}{problem}；请按上年实际核定，{shown}"

"""图：用 pygal 算好位置，写成只有形状和文字的 SVG；颜色由网页的样式表定，深浅两色都看得清。"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import pygal
from lxml import etree

from pbm_cli.models import LIGHT_WORDS
from pbm_cli.outputs.columns import clean

Row = Mapping[str, Any]
_MOST_UNITS = 12
_NAME = 14
_TALL = 8
_CLOSE = 8
"""刻度离序时进度线不到这么多个百分点的不标。"""
_GRADES = ("优", "良", "中", "差")
_STEPS = (
    (None, 60, "不到60%"),
    (60, 80, "60%—80%"),
    (80, 100, "80%—100%"),
    (100, 120, "100%—120%"),
    (120, None, "120%以上"),
)


class Chart(NamedTuple):
    """一张图：标题、一句说明、样式类、SVG。"""

    title: str
    note: str
    style: str
    svg: str


def charts(stages: Mapping[str, Row], rows: Mapping[str, Sequence[Row]]) -> list[Chart]:
    """有数据的图，按固定次序。"""
    monitor, assess, evaluate = (stages.get(name) or {} for name in ("monitor", "assess", "evaluate"))
    found = [
        _by_unit(monitor),
        _lights(monitor),
        _reductions(rows.get("assess", ())) if assess else None,
        _grades(evaluate),
        _completion(rows.get("monitor", ())),
    ]
    return [chart for chart in found if chart is not None]


def _by_unit(summary: Row) -> Chart | None:
    units = [u for u in summary.get("by_unit", ()) if u.get("execution_pct") is not None]
    if not units or summary.get("time_progress_pct") is None:
        return None
    lowest = sorted(units, key=lambda u: (Decimal(u["execution_pct"]), u["budget_unit"]))[:_MOST_UNITS]
    time = Decimal(summary["time_progress_pct"])
    shown = lowest[::-1]
    bar = _bar(horizontal=True, height=70 + 40 * len(shown), labels=[_short(u["budget_unit"]) for u in shown])
    bar.add("执行率", [float(u["execution_pct"]) for u in shown], formatter=lambda v: f"{v:.2f}%")
    most = max(Decimal(100), time, *(Decimal(u["execution_pct"]) for u in shown))
    bar.y_labels = [*(float(v) for v in range(0, int(most) + 1, 20) if abs(v - time) > _CLOSE), float(time)]
    who = "区县" if "county" in units[0] else "单位"
    return Chart(
        f"执行率最低的{who}",
        f"虚线是序时进度 {time}%；共 {len(units)} 个{who}，列最低的 {len(lowest)} 个",
        "c-accent flat" + (" tall" if len(shown) > _TALL else ""),
        _svg(bar, f"执行率最低的{who}", f"{float(time):g}"),
    )


def _lights(summary: Row) -> Chart | None:
    lights = summary.get("lights") or {}
    if not any(lights.values()):
        return None
    pie = pygal.Pie(inner_radius=0.55, **_common(300), show_legend=True, legend_at_bottom=True, print_values=False)
    for name, word in LIGHT_WORDS.items():
        pie.add(f"{word} {lights.get(name, 0)}", lights.get(name, 0))
    return Chart("总灯", f"共 {sum(lights.values())} 个项目", "c-lights", _svg(pie, "总灯"))


def _reductions(rows: Sequence[Row]) -> Chart | None:
    totals: dict[str, Decimal] = {}
    for row in rows:
        name = row.get("conclusion") or "没有结论"
        totals[name] = totals.get(name, Decimal(0)) + Decimal(row.get("reduction_yuan") or 0) / 10000
    if not totals:
        return None
    bar = _bar(horizontal=True, height=90 + 40 * len(totals), labels=[_short(name) for name in totals])
    most = sorted(totals, key=lambda name: (-abs(totals[name]), name))[:_MOST_UNITS]
    count, totals = len(totals), {name: value for name, value in totals.items() if name in most}
    low, high = min(totals.values()), max(Decimal(0), *totals.values())
    if low < 0:  # 左边留出负数标签的地方
        bar.range = (float(min(low, -high / 4)), float(high))
    bar.add("评减额", [float(v) for v in totals.values()], formatter=lambda v: f"{v:,.2f}")
    note = "万元；负数是核增" + (f"；共 {count} 种结论，列金额最大的 {len(totals)} 种" if count > len(totals) else "")
    return Chart("评减额按结论", note, "c-accent flat", _svg(bar, "评减额按结论"))


def _grades(summary: Row) -> Chart | None:
    grades = summary.get("by_grade") or {}
    if not any(grades.values()):
        return None
    bar = _bar(horizontal=False, height=260, labels=_GRADES)
    bar.add("个数", [grades.get(name, 0) for name in _GRADES], formatter=lambda v: f"{v:.0f}")
    return Chart("评价等级", f"共 {sum(grades.values())} 个对象", "c-accent", _svg(bar, "评价等级"))


def _completion(rows: Sequence[Row]) -> Chart | None:
    values = [
        Decimal(i["completion_pct"]) for row in rows for i in row.get("indicators") or [] if i.get("completion_pct")
    ]
    if not values:
        return None
    counts = [sum((low is None or v >= low) and (high is None or v < high) for v in values) for low, high, _ in _STEPS]
    bar = _bar(horizontal=False, height=260, labels=[word for _, _, word in _STEPS])
    bar.add("指标数", counts, formatter=lambda v: f"{v:.0f}")
    note = f"{len(values)} 条能算完成率的指标；反向指标的高完成率不是好事"
    return Chart("指标完成率", note, "c-accent", _svg(bar, "指标完成率"))


def _short(name: str) -> str:
    name = clean(name)
    return name if len(name) <= _NAME else name[: _NAME - 1] + "…"


def _common(height: int) -> dict[str, Any]:
    return {
        "width": 560, "height": height, "js": [], "no_prefix": True,
        "disable_xml_declaration": True, "margin": 6, "classes": ("pygal-chart",),
    }  # fmt: skip


def _bar(*, horizontal: bool, height: int, labels: Sequence[str]) -> Any:
    """一张条形图。pygal 按西文字宽留左边距，汉字再补一倍。"""
    kind = pygal.HorizontalBar if horizontal else pygal.Bar
    options = _common(height)
    if horizontal:
        options["margin_left"] = 6 + 8 * max(map(len, labels))
        options["margin_right"] = 40
    bar = kind(**options, show_legend=False, print_values=True, print_values_position="top", min_scale=3, max_scale=6)
    bar.x_labels = list(labels)
    return bar


def _svg(chart: Any, name: str, time: str = "") -> str:
    """去掉 pygal 的样式、脚本、注释、行内样式和提示框，只留形状和文字；time 是序时进度的刻度，标成醒目的线。"""
    root = etree.fromstring(chart.render())
    for node in list(root.iter()):
        parent = node.getparent()
        if node.tag is etree.Comment or _dropped(node):
            if parent is not None:
                parent.remove(node)
            continue
        node.attrib.pop("style", None)
        if node.get("class") == "value" and (node.text or "").startswith("-"):
            node.set("class", "value minus")
        if time and etree.QName(node).localname == "text" and _in_axis(node) and (node.text or "") == time:
            node.set("class", "time")
            node.text = f"序时 {time}"
            _mark_line(node)
    root.set("role", "img")
    root.set("aria-label", name)
    root.attrib.pop("id", None)
    return str(etree.tostring(root, encoding="unicode"))


def _dropped(node: Any) -> bool:
    if etree.QName(node).localname in ("style", "script", "title", "desc", "defs"):
        return True
    return "tooltip-overlay" in (node.get("class") or "")


def _in_axis(node: Any) -> bool:
    """横条图的数值轴是 x 轴。"""
    return any("axis x" in (above.get("class") or "") for above in node.iterancestors())


def _mark_line(label: Any) -> None:
    for line in label.itersiblings(preceding=True):
        line.set("class", "major time line")

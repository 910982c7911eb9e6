"""终端上看到的表单：认得哪些，一张表单怎么认的。"""

from __future__ import annotations

from collections.abc import Sequence

from pbm_cli.console import put
from pbm_cli.form_layouts import FormLayout
from pbm_cli.forms import FormMatch
from pbm_cli.loading import SheetReport


def recognised_form(sheet: SheetReport, form: FormMatch) -> None:
    """一张认出来的表单：是哪一种，逐个标签、逐列认成了什么。"""
    about = "".join([f"，{form.year}年度" if form.year else "", f"，数据截至 {form.cutoff}" if form.cutoff else ""])
    put(f"  工作表“{sheet.name}”：表单 {form.layout.title}（forms/{form.layout.name}.toml）{about}")
    put(f"    读 {sheet.rows_read} 行：用 {sheet.rows_used}，不用 {sheet.rows_rejected}，合计行 {sheet.rows_total}")
    for cell, said, meaning in form.lines():
        put(f"    {cell}  {said}  →  {meaning}")


def forms(known: Sequence[FormLayout]) -> None:
    """认得的表单：靠哪些标签和块认，各标签有哪些写法。"""
    for layout in known:
        put(f"\n表单 {layout.title}（{layout.kind}，forms/{layout.name}.toml）")
        put("  必需：" + "；".join(" 或 ".join(map(layout.part_title, group)) for group in layout.needs))
        words: dict[str, list[str]] = {}
        for key, (field, _) in layout.anchors.items():
            words.setdefault(field, []).append(key)
        for field, found in words.items():
            put(f"  {layout.part_title(field)}：{'、'.join(found)}")

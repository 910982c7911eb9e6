"""帮助和用法错误的中文。"""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperCommand, TyperGroup

_WORDS = (
    ("Usage:", "用法:"),
    ("Options:", "选项:"),
    ("Arguments:", "参数:"),
    ("Commands:", "命令:"),
    ("[OPTIONS]", "[选项]"),
    ("COMMAND [ARGS]...", "命令 [参数]..."),
    ("[required]", "[必填]"),
    ("[default: ", "[默认: "),
    ("Show this message and exit.", "显示本帮助。"),
    ("Install completion for the current shell.", "为当前终端安装命令补全。"),
)
_SHOW_COMPLETION = re.compile(r"Show completion for the current shell, to copy it\s+or\s+customize\s+the\s+\S+")


_TYPE_NAMES = re.compile(r" <[\w\[\] |.]+>")
_BRACES = re.compile(r"\{([A-Z.]+)\}(?:\.\.\.)?")
_NO_COMMAND = re.compile(r"No such command '(.+?)'\.?(?: Did you mean (.+)\?)?")


def _translated(text: str) -> str:
    text = _BRACES.sub(r"\1", _TYPE_NAMES.sub("", text))
    for english, chinese in _WORDS:
        text = text.replace(english, chinese)
    return _SHOW_COMPLETION.sub("显示命令补全脚本。", text)


class ChineseCommand(TyperCommand):
    """帮助用中文的命令。"""

    def get_help(self, ctx: Any) -> str:
        """帮助全文。"""
        return _translated(super().get_help(ctx))


class ChineseGroup(TyperGroup):
    """帮助用中文的命令组。"""

    def get_help(self, ctx: Any) -> str:
        """帮助全文。"""
        return _translated(super().get_help(ctx))


def chinese_usage(error: Exception) -> str | None:
    """用法错误的中文说法；不是用法错误的为 None。按类名认，不依赖 typer 内部的模块。"""
    names = {kind.__name__ for kind in type(error).__mro__}
    if "UsageError" not in names and "ClickException" not in names:
        return None
    context: Any = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "pbm"
    if "NoArgsIsHelpError" in names:
        return _translated(str(context.get_help())) if context is not None else "请用 pbm --help 看用法。"
    return f"错误：{_reason(error, names)}\n用 {path} --help 看用法。"


def _reason(error: Any, names: set[str]) -> str:
    message = str(getattr(error, "message", "") or error)
    option = getattr(error, "option_name", None)
    if "NoSuchOption" in names:
        near = "、".join(getattr(error, "possibilities", None) or [])
        return f"没有选项 {option}" + (f"，是不是 {near}？" if near else "。")
    if "MissingParameter" in names:
        parameter = getattr(error, "param", None)
        name = getattr(parameter, "metavar", None) or getattr(parameter, "name", None) or ""
        return f"缺少 {name}。"
    if "BadParameter" in names:
        parameter = getattr(error, "param", None)
        opts = "/".join(getattr(parameter, "opts", []) or [])
        return f"{opts}：{message}" if opts else message
    if found := _NO_COMMAND.match(message):
        near = (found[2] or "").replace("'", "").replace(", ", "、").replace(" or ", "、")
        return f"没有命令 {found[1]}" + (f"，是不是 {near}？" if near else "。")
    if "BadOptionUsage" in names:
        return f"选项 {option} 的写法不对，要在后面给一个值。"
    if message.startswith("Got unexpected extra argument"):
        return f"多了参数 {message.partition('(')[2].rstrip(').')}"
    return message

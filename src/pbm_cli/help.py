"""帮助和用法错误的中文。"""

from __future__ import annotations

import re
import shutil
from typing import Any

from typer.core import TyperCommand, TyperGroup

from pbm_cli.lines import cell_width, folded

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
    ("Install completion for the current shell.", "给现在用的终端装上补全：按 Tab 补出命令和选项。"),
)
_NARROWEST = 40
_SHOW_COMPLETION = re.compile(r"Show completion for the current shell, to copy it\s+or\s+customize\s+the\s+\S+")


_OPTIONAL = re.compile(r"\[(\[[A-Z.]+\])\](?:\.\.\.)?")
_ENTRY = re.compile(r"(  \S+(?: \S+)*)  +(\S.*)")
"""一个选项、参数或命令，和它的说明。"""
_WIDEST = 10_000
"""交给 typer 的宽度：它按字数断行，会断错汉字，所以不让它断。"""
_TYPE_NAMES = re.compile(r" <[\w\[\] |.]+>")
_BRACES = re.compile(r"\{([A-Z.]+)\}(?:\.\.\.)?")
_UNREADABLE = re.compile(r"path '(.+)' is not readable")
_NO_COMMAND = re.compile(r"No such command '(.+?)'\.?(?: Did you mean (.+)\?)?")


def _translated(text: str) -> str:
    text = _OPTIONAL.sub(r"\1", _BRACES.sub(r"\1", _TYPE_NAMES.sub("", text)))
    for english, chinese in _WORDS:
        text = text.replace(english, chinese)
    text = _SHOW_COMPLETION.sub("显示补全脚本，要自己安装时用。", text)
    width = max(shutil.get_terminal_size().columns, _NARROWEST)
    sections = (_aligned(section.split("\n")) for section in text.split("\n\n"))
    return "\n\n".join("\n".join(part for line in lines for part in _fitted(line, width)) for lines in sections)


def _aligned(lines: list[str]) -> list[str]:
    """一段里各行的说明对齐：去掉英文的类型名以后，长短变了。"""
    entries = [_ENTRY.fullmatch(line) for line in lines]
    widest = max((cell_width(entry[1]) for entry in entries if entry), default=0)
    return [
        f"{entry[1]}{' ' * (widest - cell_width(entry[1]))}  {entry[2]}" if entry else line
        for line, entry in zip(lines, entries, strict=True)
    ]


def _fitted(line: str, width: int) -> list[str]:
    """一行按屏幕的宽度断开；说明断到下一行时，与上一行的说明对齐。"""
    entry = _ENTRY.fullmatch(line)
    return folded(line, width, hang=cell_width(line[: entry.start(2)]) if entry else 2)


class ChineseCommand(TyperCommand):
    """帮助用中文的命令。"""

    def get_help(self, ctx: Any) -> str:
        """帮助全文。"""
        ctx.terminal_width = _WIDEST
        return _translated(super().get_help(ctx))


class ChineseGroup(TyperGroup):
    """帮助用中文的命令组。"""

    def get_help(self, ctx: Any) -> str:
        """帮助全文。"""
        ctx.terminal_width = _WIDEST
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
        return _bad_value(message, getattr(error, "param", None))
    if found := _NO_COMMAND.match(message):
        near = (found[2] or "").replace("'", "").replace(", ", "、").replace(" or ", "、")
        return f"没有命令 {found[1]}" + (f"，是不是 {near}？" if near else "。")
    if "BadOptionUsage" in names:
        more = "后面不带值" if "not take" in message else "要在后面给一个值"
        return f"选项 {option} 的写法不对，{more}。"
    if message.startswith("Got unexpected extra argument"):
        return f"多了参数 {message.rpartition('(')[2].rstrip(').')}。"
    return message


def _bad_value(message: str, parameter: Any) -> str:
    """一个值不能用：位置参数用它在帮助里的名字，英文的原因换成中文。"""
    names = "/".join(getattr(parameter, "opts", []) or [])
    where = names if names.startswith("-") else getattr(parameter, "metavar", None) or names
    if found := _UNREADABLE.search(message):
        message = f"没有权限读 {found[1]}。请检查它的权限"
    elif "valid integer" in message:
        message = "要写一个整数"
    return f"{where}：{message}。" if where else message

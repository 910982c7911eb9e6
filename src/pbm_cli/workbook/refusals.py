"""读不了的话：子进程里各处用同一种说法。文件名由父进程补上。"""

from __future__ import annotations

from pbm_cli.errors import InputError

RESAVE = "请用 Excel 或 WPS 打开它，另存为 xlsx 后再试"


def refuse(message: str, hint: str = RESAVE) -> InputError:
    """一个文件不能用：message 是什么毛病，hint 怎么办。"""
    return InputError("", message, hint)


def damaged(detail: str) -> InputError:
    """文件损坏或不完整。"""
    return refuse(
        f"文件已损坏或不完整（{detail}）", "请重新下载或向报送单位重新索取；能用 Excel 或 WPS 打开的话，另存一份再试"
    )

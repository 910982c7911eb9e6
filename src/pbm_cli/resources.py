"""随程序发布的数据在哪里：版式、规则集、模板、示例。

模板和示例在仓库里放在最外层（县里会看、会改），打进安装包后在 pbm_cli 里面；两处都认。
"""

from __future__ import annotations

from pathlib import Path

from pbm_cli.errors import ConfigError

_PACKAGE = Path(__file__).resolve().parent


def layouts_folder() -> Path:
    """内置版式。"""
    return _PACKAGE / "layouts"


def rulesets_folder() -> Path:
    """内置规则集，一个规则集一个文件夹。"""
    return _PACKAGE / "rulesets"


def templates_folder() -> Path:
    """报告模板和 Word 版式。"""
    return _shipped("templates")


def example_folder() -> Path:
    """泸县 2023 示例年度。"""
    return _shipped("examples/luxian-2023")


def _shipped(relative: str) -> Path:
    for root in (_PACKAGE, _PACKAGE.parent.parent):
        if (folder := root / relative).is_dir():
            return folder
    raise ConfigError(str(relative), "安装不完整，缺少随程序发布的文件夹", "请重新安装 pbm")

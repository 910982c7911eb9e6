"""随程序发布的数据在哪里：版式、规则集、模板、示例；设定文件（TOML）怎样读进来。

模板和示例在仓库里放在最外层（县里会看、会改），打进安装包后在 pbm_cli 里面；两处都认。
"""

from __future__ import annotations

import errno
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

from pbm_cli.errors import ConfigError, why

_PACKAGE = Path(__file__).resolve().parent
_LARGEST_MB = 1
LARGEST_SETTINGS = _LARGEST_MB * 1024 * 1024
"""一个设定文件（规则集、版式、pbm.toml）最多多少字节：自带的最大不到 20 KB。"""
RULESET_HEAD = "ruleset.toml"
"""有这个文件的文件夹是规则集。"""


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


def read_toml(path: Path, shown: str, *, hint: str = "", exact: bool = False) -> dict[str, Any]:
    """读一个 TOML 文件；exact 时小数读成 Decimal。太大、不是 UTF-8、写法不对、读不出来都是 ConfigError。"""
    return parse_toml(settings_text(path, shown), shown, hint=hint, exact=exact)


def parse_toml(text: str, shown: str, *, hint: str = "", exact: bool = False) -> dict[str, Any]:
    """同 read_toml，文字已经读进来了。"""
    try:
        return tomllib.loads(text, parse_float=Decimal if exact else float)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(shown, f"不是正确的 TOML（{error}）", hint) from error
    except (ValueError, ArithmeticError) as error:  # 几千位的整数、指数极大的小数
        raise ConfigError(shown, "里面有一个数太长，读不出来", hint) from error
    except RecursionError as error:
        raise ConfigError(shown, "括号套得太深，读不出来", "请检查方括号、花括号是不是写错了") from error


def content(path: Path, most: int) -> bytes:
    """一个文件开头的 most + 1 个字节（多出一个就是太大）；读不出来抛出 OSError。管道、设备不打开：会没完没了。"""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise OSError(errno.ENXIO, "不是普通文件，是管道或设备", str(path))
    with path.open("rb") as stream:
        return stream.read(most + 1)


def settings_text(path: Path, shown: str) -> str:
    """一个设定文件的文字（UTF-8，可带 BOM）；太大、不是 UTF-8、读不出来是 ConfigError。"""
    try:
        data = content(path, LARGEST_SETTINGS)
        if len(data) > LARGEST_SETTINGS:
            raise ConfigError(shown, f"超过 {_LARGEST_MB} MB，不像设定文件", "请检查是不是放错了文件")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(shown, "不是 UTF-8 编码", "请用记事本另存为 UTF-8") from error
    except OSError as error:
        raise ConfigError(shown, f"读不出来（{why(error)}）", "请检查这个文件是否还在、能不能打开") from error

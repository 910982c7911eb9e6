"""按 Tab 时补出什么：模板的种类、规则集、规则号、参数名；把补全装进终端时说的话。"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable, Iterable

from pbm_cli.errors import Exit, UsageError

_INSTALLED = re.compile(r"(\w+) completion installed in (.+)")


def kinds(incomplete: str) -> list[str]:
    """pbm template 的种类。"""
    from pbm_cli.models import RECORD_TYPES  # noqa: PLC0415
    from pbm_cli.outputs.template_forms import form_kinds  # noqa: PLC0415

    return _begun((*RECORD_TYPES, *form_kinds()), incomplete)


def rulesets(incomplete: str) -> list[str]:
    """随程序发布的规则集。"""
    from pbm_cli.parameters import list_rulesets  # noqa: PLC0415

    return _begun((head.name for head in list_rulesets()), incomplete)


def codes(incomplete: str) -> list[str]:
    """规则号和数据问题号；小写也认。"""
    from pbm_cli.rules import RULES  # noqa: PLC0415
    from pbm_cli.screens import DATA_CODES  # noqa: PLC0415

    known = (*sorted(RULES), *DATA_CODES)
    return _begun((code.lower() for code in known) if incomplete.islower() else known, incomplete)


def parameters(incomplete: str) -> list[str]:
    """参数名。"""
    from pbm_cli.parameters import load_ruleset  # noqa: PLC0415

    return _begun(load_ruleset("national").names(), incomplete)


def trials(incomplete: str) -> list[str]:
    """试算的写法：参数名后面接等号。"""
    return [f"{name}=" for name in parameters(incomplete)]


def units(incomplete: str) -> list[str]:
    """金额单位。"""
    from pbm_cli.config import UNITS  # noqa: PLC0415

    return _begun(UNITS, incomplete)


def levels(incomplete: str) -> list[str]:
    """--fail-on 的级别。"""
    from pbm_cli.pipeline import FAIL_LEVELS  # noqa: PLC0415

    return _begun(FAIL_LEVELS, incomplete)


def _begun(words: Iterable[str], incomplete: str) -> list[str]:
    return [word for word in words if word.startswith(incomplete)]


def install(run: Callable[[], object], say: Callable[[str], None]) -> int:
    """装上补全（typer 做），说的话换成中文；认不出是哪种终端时抛出 UsageError。"""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
        run()
    found = _INSTALLED.search(said.getvalue())
    if found is None:
        raise UsageError(
            "--install-completion",
            "认不出现在用的是哪种终端，或这种终端不能补全（cmd 的黑色窗口就不能）",
            "请在 PowerShell、bash、zsh 或 fish 里运行",
        )
    say(f"已给 {found[1]} 装上补全，写在 {found[2]}。")
    say("下一步：关掉这个窗口，重新打开；打 pbm 和几个字母，再按 Tab。")
    return Exit.DONE

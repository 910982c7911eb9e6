"""查问的命令做的事：比较、追溯、核对、上限。"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pbm_cli import console
from pbm_cli.errors import Exit, UsageError
from pbm_cli.outputs.json import pieces
from pbm_cli.outputs.lock import session
from pbm_cli.pipeline import Options, UnusableError, input_paths
from pbm_cli.run import findings_only, parse_date, write_each

DIFF_FORMS = (".xlsx", ".csv", ".json", ".md")


def run_diff(
    pair: tuple[Path, Path], dates: tuple[str | None, str | None], out: list[Path], *,
    json: bool, exit_code: bool, quiet: bool, **options: Any,
) -> int:  # fmt: skip
    """比较两次导出。dates 是旧的、新的一边的截止日。有文件不能用时退出码是 1，不因为没有 exit_code 而不说。"""
    for path in out:
        if path.suffix.lower() not in DIFF_FORMS:
            raise UsageError("-o", f"比较的结果不能写成“{path.suffix}”", f"请用 {'、'.join(DIFF_FORMS)} 之一")
    old_on, on = (parse_date(text) if text else None for text in dates)
    chosen = Options(on=on, **options)
    made = _made("diff", json, quiet, lambda step: _compare(pair, chosen, old_on, step))
    if made is None:
        return Exit.UNUSABLE
    with session(console.say):
        written = _write(out, made, pair)
    if json:
        console.emit(pieces(made))
    else:
        from pbm_cli import screen_answers  # noqa: PLC0415

        screen_answers.difference(made, written)
    from pbm_cli.comparison import differs  # noqa: PLC0415

    unread = any(item["error"] for item in made["inputs"])
    return Exit.FOUND if unread or (exit_code and differs(made["summary"])) else Exit.DONE


def _compare(pair: tuple[Path, Path], options: Options, old_on: Any, step: Callable[[str], None]) -> dict[str, Any]:
    from pbm_cli.comparison import compare  # noqa: PLC0415

    return compare(*pair, options, old_on, step)


def _write(out: list[Path], made: dict[str, Any], pair: tuple[Path, Path]) -> list[Path]:
    from pbm_cli.comparison import tabular  # noqa: PLC0415
    from pbm_cli.outputs import render  # noqa: PLC0415

    def rendered(path: Path) -> bytes:
        suffix = path.suffix.lower()
        return render(suffix, made if suffix == ".json" else tabular(made))

    return write_each(out, rendered, input_paths(pair))


def run_explain(folder: Path, subject: str, *, json: bool, quiet: bool, **options: Any) -> int:
    """追溯一个数或一个项目；有文件不能用时说出来，退出码是 1。"""
    on = options.pop("on")
    chosen = Options(on=parse_date(on) if on else None, **options)
    made = _made("explain", json, quiet, lambda step: _derive(folder, subject, chosen, step))
    if made is None:
        return Exit.UNUSABLE
    if json:
        console.emit(pieces(made))
    else:
        from pbm_cli import screen_answers  # noqa: PLC0415

        screen_answers.explanation(made)
    unread = [item for item in made["inputs"] if item["error"]]
    for item in unread:
        console.say(f"错误：{item['file']}：{item['error']}")
    return Exit.FOUND if unread else Exit.DONE


def _derive(folder: Path, subject: str, options: Options, step: Callable[[str], None]) -> dict[str, Any]:
    from pbm_cli.derivation import derive  # noqa: PLC0415

    return derive(folder, subject, options, step)


def _made(
    command: str, json: bool, quiet: bool, work: Callable[[Callable[[str], None]], dict[str, Any]]
) -> dict[str, Any] | None:
    """做一件事，显示进度；一个输入也不能用时说明原因，交回 None。"""
    console.quiet(quiet or json)
    try:
        with console.progress() as step:
            return work(step)
    except UnusableError as error:
        if json:
            console.emit(pieces(findings_only(command, error)))
        console.show_error(error)
        return None


def run_verify(output: Path, folders: list[Path], overlay: Path | None, ruleset: str | None, *, json: bool) -> int:
    """核对一个结果的来历：都一致是 0，有不一致、找不到的是 1。"""
    from pbm_cli.verification import verify  # noqa: PLC0415

    for folder in folders:
        if not folder.exists():
            raise UsageError("--inputs", f"找不到 {folder}", "请给放输入文件的文件夹")
    made = verify(output, folders, overlay, ruleset)
    if json:
        console.emit(pieces(made))
    else:
        from pbm_cli import screen_answers  # noqa: PLC0415

        screen_answers.verification(made)
    return Exit.DONE if made["summary"]["agree"] == len(made["rows"]) else Exit.FOUND


def show_limits(folder: Path | None) -> int:
    """现行的上限；给出文件夹时按它的 pbm.toml。"""
    from pbm_cli import screen_answers  # noqa: PLC0415
    from pbm_cli.config import config_for  # noqa: PLC0415

    if folder is not None and not folder.is_dir():
        raise UsageError("[FOLDER]", f"找不到文件夹 {folder}", "请给出有 pbm.toml 的文件夹")
    screen_answers.limits(config_for([folder] if folder else []))
    return Exit.DONE


def run_doctor(folder: Path, *, json: bool) -> int:
    """体检：有一项“不行”时退出码是 1。"""
    from pbm_cli.checkup import WRONG, as_document, check_up  # noqa: PLC0415

    checks = check_up(folder)
    if json:
        console.emit(pieces(as_document(checks)))
    else:
        from pbm_cli import screen_answers  # noqa: PLC0415

        screen_answers.checkup(checks)
    return Exit.FOUND if any(check.state == WRONG for check in checks) else Exit.DONE

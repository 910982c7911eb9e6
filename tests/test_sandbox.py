"""模板的围栏：时间、内存、大小到了就停，而且停得干净；坏模板的清单另在 tests/bad/manifest-content.toml。"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from pathlib import Path

import pytest

from pbm_cli import sandbox
from pbm_cli.errors import ConfigError
from pbm_cli.layouts import heading_pattern

ENDLESS = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"


def told(folder: Path, text: str) -> str:
    """把一段文字当模板运行。"""
    (folder / "甲.md.j2").write_text(text, encoding="utf-8")
    return sandbox.render(sandbox.environment([folder], str, autoescape=False), "甲.md.j2", {"year": 2023})


def test_an_endless_loop_is_stopped_and_the_next_template_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "SECONDS", 0.3)
    started = time.monotonic()
    with pytest.raises(ConfigError, match=r"甲\.md\.j2.*超过 0.3 秒"):
        told(tmp_path, ENDLESS)
    assert time.monotonic() - started < 20
    assert told(tmp_path, "{{ year }}年") == "2023年"


def test_time_that_is_not_used_up_leaves_nothing_behind() -> None:
    assert sandbox.within(30, "甲", lambda: len(running())) == 1
    for _ in range(200):
        with contextlib.suppress(ConfigError):  # 一毫秒也可能真的用完
            sandbox.within(0.001, "甲", lambda: None)
    assert running() == []


def running() -> list[threading.Timer]:
    """还会响的定时器。"""
    timers = [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
    return [timer for timer in timers if not timer.finished.is_set()]


def test_the_time_is_counted_in_other_threads_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "SECONDS", 0.3)
    said: list[str] = []

    def run() -> None:
        try:
            told(tmp_path, ENDLESS)
        except ConfigError as error:
            said.append(error.message)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    assert said == ["模板运行超过 0.3 秒"]


@pytest.mark.skipif(sys.platform != "linux", reason="只有 Linux 限内存")
def test_the_memory_ceiling_is_lifted_again(tmp_path: Path) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    with pytest.raises(ConfigError, match="内存超过"):
        told(tmp_path, "{{ 'a' | center(9999999999) }}")
    assert resource.getrlimit(resource.RLIMIT_AS) == before


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("{{ 'a' * 1024 * 1024 * 10 }}", True),
        ("{{ 'a' * 1024 * 1024 * 10 }}b", False),
        ("{{ 'a' * (1024 * 1024 * 10 + 1) }}", False),
        ("{{ 'a'.ljust(1024 * 1024 * 10) }}", True),
        ("{{ 'a'.ljust(1024 * 1024 * 10 + 1) }}", False),
        ("{{ [1] * 99999999 }}", False),
        ("{{ 2 ** 65536 > 0 }}", False),
        ("{{ 2 ** 30 }}", True),
        ("{{ 0.5 ** 2 }}", True),
        ("{{ 2 ** -1 }}", True),
    ],
)
def test_sizes_just_below_and_above(tmp_path: Path, text: str, fits: bool) -> None:
    if fits:
        assert told(tmp_path, text)
    else:
        with pytest.raises(ConfigError, match=r"太大|超过 10 MB"):
            told(tmp_path, text)


def test_a_text_that_is_too_long_is_not_worked_on(tmp_path: Path) -> None:
    """太长的文字先看长短：不去整理它，整理十亿个字要几十秒，又打断不了。"""
    (tmp_path / "甲.md.j2").write_text("{{ 'a'.ljust(1024 * 1024 * 10 + more) }}", encoding="utf-8")
    seen: list[int] = []

    def finalize(value: str) -> str:
        seen.append(len(value))
        return value

    place = sandbox.environment([tmp_path], finalize, autoescape=False)
    assert len(sandbox.render(place, "甲.md.j2", {"more": 5}, more=5)) == 1024 * 1024 * 10 + 5
    with pytest.raises(ConfigError, match="太大"):
        sandbox.render(place, "甲.md.j2", {"more": 6}, more=5)
    assert seen == [1024 * 1024 * 10 + 5]


def test_a_template_that_is_not_there_is_named_in_chinese(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        told(tmp_path, "{% include '/etc/passwd' %}")
    assert caught.value.message == "模板不能用（模板文件夹里没有要用的 /etc/passwd）"


def test_the_innermost_template_and_line_are_named(tmp_path: Path) -> None:
    (tmp_path / "乙.md.j2").write_text("一\n二\n{{ 1 // 0 }}", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        told(tmp_path, "甲\n{% include '乙.md.j2' %}")
    assert caught.value.where == "乙.md.j2:3"


@pytest.mark.parametrize(
    ("pattern", "sound"),
    [
        ("1-\\d{1,2}月执行数", True), ("(?:甲|乙)金额", True), ("(?:甲|乙)?金额", True), ("[+*]+", True),
        ("a+b+", True), ("(ab)+", True), ("(\\+)+", True), ("([*])+", True), ("(a+)?", True),
        ("(a+)+", False), ("(a*)*$", False), ("(a|b)+", False), ("((a+))+", False), ("(?:(?:a|b)c)*", False),
        ("(a{2,})+", False), ("(a+){2,}", False), ("(?:[^)]+)+", False),
    ],
)  # fmt: skip
def test_patterns_that_may_never_end_are_refused(pattern: str, sound: bool) -> None:
    if sound:
        assert heading_pattern(pattern, "甲").pattern == pattern
    else:
        with pytest.raises(ConfigError, match="没有尽头"):
            heading_pattern(pattern, "甲")

"""双监控整改通知、预警通知：单位什么时候以前反馈。"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import NamedTuple

from pbm_cli.rules import rule


class Deadline(NamedTuple):
    """反馈期限：哪一天以前（按工作日计的为 None）、几个工作日内、正文里的说法、由哪个参数定（县里直接给的为 None）。"""

    date: dt.date | None
    working_days: int | None
    sentence: str
    parameter: str | None


@rule("M17", "monitor")
def feedback_deadline(
    on: dt.date, due: dt.date | None = None, *, response_days: Decimal | None, notice_days: Decimal | None
) -> Deadline | None:
    """整改通知、预警通知的反馈期限：县里给了日期的用它，有答复期限规定的按规定，都没有的自数据截止日起算。

    规定按工作日的不折成日期：哪几天放假每年另行通知。on 是数据截止日，due 是县里给的日期；什么都没有时为 None。
    """
    if due is not None:
        return Deadline(due, None, f"{_chinese(due)}前", None)
    if response_days is not None:
        return Deadline(None, int(response_days), f"本通知印发之日起 {int(response_days)} 个工作日内", "response_days")
    if notice_days is not None:
        last = on + dt.timedelta(days=int(notice_days))
        return Deadline(last, None, f"{_chinese(last)}前", "notice_days")
    return None


def _chinese(date: dt.date) -> str:
    return f"{date.year}年{date.month}月{date.day}日"

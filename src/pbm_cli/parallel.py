"""一件件互不相干的事：在本进程、几个进程或一个集群上做，都经过 concurrent.futures.Executor。

一件事只交回能序列化的小结果，次序由调用者定，所以用几个进程、哪一种执行器，结果都一样。一件事出错、做它的进程死去，
都不影响别的；死去的进程正在做的几件，各自在新的进程里单独再做一次，再死的才算它的错。
"""

from __future__ import annotations

import importlib
import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, TypeVar

from pbm_cli.errors import UsageError

Job = TypeVar("Job")
Done = tuple[int, Any, str | None]
"""（第几件，结果，没有做成的原因）。"""
_CONNECT_SECONDS = 20
_CLUSTER_WAITING = 4
_COLLECT_AFTER = 1_000_000
_UNSAID = "ignore::UserWarning:multiprocessing.resource_tracker"
"""主进程被 kill -9 时，替它收信号量的进程会用英文说一句；收好就行，不必说。"""
_CLUSTER_EXTRA = 'pip install "pbm-cli[cluster]"'


def nothing() -> None:
    """没有要收拾的。"""


def carried_out(
    task: Callable[[Job], Any],
    jobs: Sequence[Job],
    *,
    workers: int = 1,
    cluster: str | None = None,
    leave: Callable[[], None] = nothing,
) -> Iterator[Done]:
    """做完一件交出一件。workers 是几个进程，1 是在本进程里一件做完再做下一件；cluster 是 dask 调度器的地址。

    leave 是一个进程不再做事时要收拾的。连不上集群时抛出 UsageError。
    """
    waiting = deque(range(len(jobs)))
    if cluster is not None:
        with _cluster(cluster) as (executor, slots):
            yield from _flow(executor, task, jobs, waiting, slots * _CLUSTER_WAITING)
    elif workers <= 1 or len(jobs) <= 1:
        yield from _here(task, jobs, waiting, leave)
    else:
        yield from _pools(task, jobs, waiting, min(workers, len(jobs)), leave)


def _here(
    task: Callable[[Job], Any], jobs: Sequence[Job], waiting: deque[int], leave: Callable[[], None]
) -> Iterator[Done]:
    """本进程里一个线程，一件接一件：异常同在别的进程里一样收在 Future 里。"""
    executor = ThreadPoolExecutor(1, "pbm-county")
    try:
        yield from _flow(executor, task, jobs, waiting, 1)
    finally:
        leave()  # 中断时先结束正在读的子进程，线程才不必等它
        executor.shutdown(wait=True, cancel_futures=True)


def _pools(
    task: Callable[[Job], Any], jobs: Sequence[Job], waiting: deque[int], workers: int, leave: Callable[[], None]
) -> Iterator[Done]:
    """几个进程的池；池坏了，没有交回的几件各自单独再做，其余换一个新池接着做。"""
    while waiting:
        lost: list[int] = []
        with _pool(workers, leave) as executor:
            yield from _flow(executor, task, jobs, waiting, workers + 1, lost)
        for index in sorted(lost):
            with _pool(1, leave) as executor:
                yield from _flow(executor, task, jobs, deque([index]), 1)


def _flow(
    executor: Executor,
    task: Callable[[Job], Any],
    jobs: Sequence[Job],
    waiting: deque[int],
    most: int,
    lost: list[int] | None = None,
) -> Iterator[Done]:
    """同时交出 most 件，做完一件再交一件，所以等着的不多、内存不涨。给了 lost 时，池坏了就把没有交回的记进去停下。"""
    under_way: dict[Future[Any], int] = {}
    while waiting or under_way:
        while waiting and len(under_way) < most and not lost:
            try:
                with _later():
                    future = executor.submit(task, jobs[waiting[0]])
            except BrokenProcessPool:
                if lost is None:
                    raise
                break
            under_way[future] = waiting.popleft()
        if not under_way:
            return
        for future in wait(under_way, return_when=FIRST_COMPLETED).done:
            index = under_way.pop(future)
            error = future.exception()
            if lost is not None and isinstance(error, BrokenProcessPool):
                lost.append(index)
            else:
                yield index, None if error else future.result(), _said(error)


@contextmanager
def _later() -> Iterator[None]:
    """这里面的 Ctrl-C、kill 等出去了再算；这时启动的线程一直不收，进程由主进程结束它们。"""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _said(error: BaseException | None) -> str | None:
    """没有做成的原因；做成了为 None。"""
    if error is None:
        return None
    if isinstance(error, BrokenProcessPool) or type(error).__name__ == "KilledWorker":
        return "算它的进程一再异常退出（可能内存不足）。请单独运行 pbm report 看看，或换一台内存大些的机器"
    bug = f"{type(error).__name__}: {error}"
    return f"pbm 自己出了毛病（{bug}）。请对这个文件夹运行 pbm report --debug，把显示的内容发给维护者"


# ---- 几个进程 ----


@contextmanager
def _pool(workers: int, leave: Callable[[], None]) -> Iterator[Executor]:
    """一个进程池；被中断时不等，当场结束各个进程。"""
    before = set(multiprocessing.active_children())
    if _UNSAID not in sys.warnoptions:
        sys.warnoptions.append(_UNSAID)
    mask = os.umask(0o077)  # umask 777 时，自己建的信号量自己也打不开
    try:
        executor = ProcessPoolExecutor(
            workers, multiprocessing.get_context("spawn"), initializer=_begin_worker, initargs=(leave,)
        )
    finally:
        os.umask(mask)
    finished = False
    try:
        yield executor
        finished = True
    finally:
        executor.shutdown(wait=finished, cancel_futures=True)
        if not finished:
            for process in set(multiprocessing.active_children()) - before:
                process.terminate()
                process.join()


def _begin_worker(leave: Callable[[], None]) -> None:
    """池里的一个进程开头做的：Ctrl-C 由主进程管，主进程不在了就跟着结束，结束时收拾好读文件的子进程。"""
    import gc  # noqa: PLC0415

    gc.set_threshold(_COLLECT_AFTER)

    def stop(*_: object) -> None:
        leave()
        os._exit(1)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        signal.signal(signal.SIGTERM, stop)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    parent = multiprocessing.parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
            stop()

    threading.Thread(target=follow, name="pbm-parent", daemon=True).start()


# ---- 集群 ----


@contextmanager
def _cluster(address: str) -> Iterator[tuple[Executor, int]]:
    """dask.distributed 的执行器，以及它有几个位置。"""
    try:
        distributed = importlib.import_module("distributed")
    except ImportError as error:
        raise UsageError("--cluster", "没有安装 dask.distributed", f"请先运行 {_CLUSTER_EXTRA}") from error
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        client = distributed.Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        hint = "地址要写成 tcp://主机:8786；请看调度器（dask scheduler）起来没有、防火墙放行没有"
        raise UsageError(f"--cluster {address}", f"连不上这个调度器（{error}）", hint) from error
    try:
        slots = sum(client.nthreads().values())
        if not slots:
            raise UsageError(f"--cluster {address}", "调度器那里一个工作进程也没有", "请先运行 dask worker 地址")
        executor = client.get_executor(pure=False)
        try:
            yield executor, slots
        finally:
            executor.shutdown(wait=False)
    finally:
        client.close()

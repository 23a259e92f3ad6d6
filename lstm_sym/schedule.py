"""Where work is done: here, in processes or on a Dask cluster, always through a ``concurrent.futures.Executor``."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager

CONNECT_SECONDS = 10.0
"""How long a cluster may take to answer."""


def cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def executor(jobs: int | None = None, scheduler: str | None = None) -> Iterator[Executor | None]:
    """An executor for ``jobs`` processes, or for the Dask cluster whose scheduler has that address.

    One job needs no executor: the work is done inline, and ``None`` stands for that. By default there
    are as many jobs as cores. A number below 1 and an address that is malformed or does not answer are a
    ``ValueError``.
    """
    if scheduler is not None:
        with _cluster(scheduler) as pool:
            yield pool
        return
    jobs = cores() if jobs is None else jobs
    if jobs < 1:
        raise ValueError(f"the number of jobs is at least 1, got {jobs}")
    if jobs == 1:
        yield None
        return
    with _processes(jobs) as pool:
        yield pool


@contextmanager
def _processes(jobs: int) -> Iterator[Executor]:
    """A pool forked from a server that has imported the engines once; the threads of this process stay out of it."""
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    if method == "forkserver":
        context.set_forkserver_preload(["lstm_sym.proof.verification"])
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_die_quietly)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _die_quietly() -> None:
    """A worker ends at Ctrl-C without a traceback of its own; the run that started it reports."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def _cluster(address: str) -> Iterator[Executor]:
    host, colon, port = address.rpartition("://")[2].rpartition(":")
    if not (host and colon and port.isdigit()):
        raise ValueError(f"the scheduler's address {address!r} is not of the form tcp://HOST:PORT")
    try:
        from distributed import Client
    except ImportError:
        raise ValueError(
            f"the scheduler {address} needs the package distributed: pip install 'lstm-sym[dask]'"
        ) from None
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError, AssertionError) as error:  # the last if its thread does not start in time
        said = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"no Dask scheduler answers at {address}: {said}") from None
    try:
        try:
            client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except TimeoutError:
            raise ValueError(f"the Dask scheduler at {address} has no workers") from None
        yield client.get_executor(pure=False)
    finally:
        client.close()

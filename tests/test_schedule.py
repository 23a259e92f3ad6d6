"""Where the work is done, and that it makes no difference to the verdicts."""

import multiprocessing
import os
import sys
from concurrent.futures import Executor, ProcessPoolExecutor

import pytest
from sympy import Symbol

from lstm_sym.activations import sigma, tanh
from lstm_sym.proof.derivation import Derivation
from lstm_sym.proof.verification import verify
from lstm_sym.schedule import cores, executor

z = Symbol("z")
KNOWN = [
    Derivation("top").start(2 * z).eq(z + z, by="doubling", lemma="base"),
    Derivation("base").start(tanh(z)).eq(2 * sigma(2 * z) - 1, by="definition").refute_eq(sigma(z), by="a slip"),
]


def verdicts(pool: Executor | None) -> list[tuple[str, int, str, str]]:
    report = verify(KNOWN, executor=pool)
    assert report.ok
    return [(r.derivation.name, r.number, r.outcome.verdict, str(r.outcome.witness)) for r in report.results]


def test_one_job_is_done_here():
    with executor(1) as pool:
        assert pool is None


def test_as_many_jobs_as_cores_by_default(monkeypatch):
    monkeypatch.setattr("lstm_sym.schedule.cores", lambda: 3)
    with executor() as pool:
        assert isinstance(pool, ProcessPoolExecutor) and pool._max_workers == 3
    assert 1 <= cores() <= (os.cpu_count() or 1)


def test_processes_say_what_one_says():
    with executor(2) as pool:
        assert verdicts(pool) == verdicts(None)


@pytest.mark.parametrize("jobs", [0, -1])
def test_fewer_than_one_job_is_refused(jobs):
    with pytest.raises(ValueError, match=f"the number of jobs is at least 1, got {jobs}"), executor(jobs):
        pass


def test_a_cluster_without_distributed_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    message = r"tcp://x:1 needs the package distributed: pip install 'lstm-sym\[dask\]'"
    with pytest.raises(ValueError, match=message), executor(scheduler="tcp://x:1"):
        pass


def silent_dask():
    return pytest.importorskip("distributed", reason="the extra dask is not installed")


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "127.0.0.1:1", "nonsense://127.0.0.1:1"])
@pytest.mark.filterwarnings("ignore")
def test_a_cluster_that_does_not_answer_is_told(monkeypatch, address):
    silent_dask()
    monkeypatch.setattr("lstm_sym.schedule.CONNECT_SECONDS", 0.5)
    with pytest.raises(ValueError, match=f"no Dask scheduler answers at {address}: "), executor(scheduler=address):
        pass


@pytest.mark.parametrize("address", ["nowhere", "nonsense://here", "127.0.0.1:notaport", "tcp://:8786", ""])
def test_a_malformed_address_is_told_before_anything_is_tried(monkeypatch, address):
    monkeypatch.setitem(sys.modules, "distributed", None)
    message = f"the scheduler's address '{address}' is not of the form tcp://HOST:PORT"
    with pytest.raises(ValueError, match=message), executor(scheduler=address):
        pass


def verdicts_of_a_cluster() -> list[tuple[str, int, str, str]]:
    import distributed

    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, protocol="tcp"
    ) as cluster, executor(scheduler=cluster.scheduler_address) as pool:  # fmt: skip
        assert pool is not None and not isinstance(pool, ProcessPoolExecutor)
        return verdicts(pool)


def test_a_cluster_of_two_workers_says_what_one_process_says():
    """In a process of its own, away from the heap of the tests before: Dask gives its loop ten seconds to start."""
    silent_dask()
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as fresh:
        assert fresh.submit(verdicts_of_a_cluster).result(timeout=300) == verdicts(None)

"""The account of a whole run: order, lemmas, executors, failures. The engine is played by a stand-in."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sympy import Symbol

from lstm_sym.proof import verification as module
from lstm_sym.proof.derivation import Derivation, DerivationError
from lstm_sym.proof.judge import verify_step as verify_step_for_real
from lstm_sym.proof.report import Outcome, StepResult
from lstm_sym.proof.verification import verify

z = Symbol("z")


def derivation(name, *lemmas, expected="proved"):
    made = Derivation(name).start(z)
    for lemma in lemmas or ("",):
        made = made.eq(z, by=f"step of {name}", lemma=lemma, expected=expected)
    return made


A_PROOF = verify_step_for_real(Derivation("true").start(Symbol("z")).eq(Symbol("z"), by="same"), 1).outcome.proof


@pytest.fixture(autouse=True)
def engine(monkeypatch):
    """Proves every step, except that what is named ``false…`` is refuted, ``open…`` undecided, ``raises…`` raises."""
    calls = []

    def verify_step(derivation, number):
        calls.append((derivation.name, number))
        if derivation.name.startswith("raises"):
            raise RecursionError("too deep")
        verdict = {"false": "refuted", "open": "undecided"}.get(derivation.name.split(".")[0], "proved")
        certificate = {"proof": A_PROOF} if verdict == "proved" else {}
        certificate |= {"witness": "z = 1"} if verdict == "refuted" else {}
        return StepResult(derivation, number, Outcome(verdict, "stand-in", 0.0, **certificate))

    monkeypatch.setattr(module, "verify_step", verify_step)
    return calls


@pytest.fixture(params=["inline", "executor"])
def executor(request):
    if request.param == "inline":
        yield None
    else:
        with ThreadPoolExecutor(2) as pool:
            yield pool


def verdicts(report):
    return [(r.derivation.name, r.number, r.outcome.verdict, r.outcome.detail) for r in report.results]


def test_results_come_in_the_order_of_derivations_and_steps(executor):
    report = verify([derivation("b", "a", ""), derivation("a"), derivation("false.c")], executor=executor)
    assert [(r.derivation.name, r.number) for r in report.results] == [("b", 1), ("b", 2), ("a", 1), ("false.c", 1)]
    assert report.summary == {"proved": 3, "probable": 0, "refuted": 1, "undecided": 0}
    assert not report.ok


def test_a_step_on_an_unproved_lemma_is_undecided_and_so_are_those_that_rest_on_it(executor):
    chain = [derivation("top", "middle"), derivation("middle", "open.base", ""), derivation("open.base")]
    assert verdicts(verify(chain, executor=executor)) == [
        ("top", 1, "undecided", "lemma middle is not proved"),
        ("middle", 1, "undecided", "lemma open.base is not proved"),
        ("middle", 2, "proved", ""),
        ("open.base", 1, "undecided", ""),
    ]


def test_a_lemma_whose_point_is_a_refutation_holds(executor):
    report = verify(
        [derivation("top", "false.lemma"), derivation("false.lemma", expected="refuted")], executor=executor
    )
    assert [v[2] for v in verdicts(report)] == ["proved", "refuted"] and report.ok


def test_a_refuted_step_stays_refuted_whatever_its_lemma(executor):
    report = verify([derivation("false.top", "open.lemma"), derivation("open.lemma")], executor=executor)
    assert [v[2] for v in verdicts(report)] == ["refuted", "undecided"]


def test_lemmas_of_the_selected_are_verified_but_not_reported(executor, engine):
    known = [derivation("top", "open.lemma"), derivation("open.lemma"), derivation("raises.other")]
    report = verify(known, only={"top"}, executor=executor)
    assert verdicts(report) == [("top", 1, "undecided", "lemma open.lemma is not proved")]
    assert sorted(engine) == [("open.lemma", 1), ("top", 1)]


def test_each_result_is_told_as_it_comes(executor):
    seen = []
    report = verify([derivation("a"), derivation("b", "a")], executor=executor, progress=seen.append)
    assert {r.derivation.name for r in seen} == {"a", "b"} and len(seen) == len(report.results)


def test_an_exception_in_the_engine_names_the_step(executor):
    message = r'test_verification\.py:\d+: step 1 of raises\.it \(".*"\) could not be checked: RecursionError: too deep'
    with pytest.raises(DerivationError, match=message):
        verify([derivation("a"), derivation("raises.it")], executor=executor)


def test_what_cannot_be_sent_to_a_worker_is_told():
    odd = Derivation("odd").start(z).eq(z, by="itself", evidence=(lambda: None,))
    with ThreadPoolExecutor(1) as pool, pytest.raises(DerivationError, match=r"step 1 of odd .*could not be checked"):
        verify([odd], executor=pool)


def test_circles_and_unknown_lemmas_are_refused():
    with pytest.raises(DerivationError, match="in a circle: "):
        verify([derivation("a", "b"), derivation("b", "a")])
    with pytest.raises(DerivationError, match="cites the lemma nowhere, which is not among the derivations read"):
        verify([derivation("a", "nowhere")])


def test_nothing_to_verify():
    assert verify([]).results == ()

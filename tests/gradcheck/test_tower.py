"""The extensions are fields, each holds the roots of the one before, and larger ones are taken when they are needed."""

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck
from lstm_sym.gradcheck.exact.field import Field
from lstm_sym.gradcheck.exact.heights import HIGHEST, MISSES, Heights, Seed
from lstm_sym.gradcheck.exact.modular import CHAIN, Cramped, Modular, Singular, Unlucky
from lstm_sym.gradcheck.exact.tower import Tower

CASES = [(p, height) for p in CHAIN for height in range(1, HIGHEST + 1)]


def tower(p, height):
    random = np.random.default_rng(height)
    made = Tower(Modular(p, 4), height, random.integers(1, p, 1 << height).tolist())

    def element(*shape, coordinates=made.size):
        values = np.zeros(shape, made.dtype)
        values["coordinates"][..., :coordinates] = random.integers(0, p, (*shape, coordinates))
        return values

    return made, element


@pytest.mark.parametrize("p, height", CASES)
def test_the_laws_of_a_field(p, height):
    F, element = tower(p, height)
    a, b, c = element(2, 3), element(2, 3), element(2, 3)
    one = F.rational(1, 1)
    assert (F.mul(a, F.add(b, c)) == F.add(F.mul(a, b), F.mul(a, c))).all()
    assert (F.mul(F.mul(a, b), c) == F.mul(a, F.mul(b, c))).all()
    assert (F.mul(a, b) == F.mul(b, a)).all() and (F.sub(F.add(a, b), b) == a).all()
    assert (F.mul(a, F.inv(a)) == one).all() and (F.mul(a, one) == a).all()
    assert (F.mul(F.unit, F.unit) == F.neg(one)).all()
    assert (F.rational(3, 7) == F.mul(F.rational(3, 1), F.inv(np.atleast_1d(F.rational(7, 1))))).all()
    with pytest.raises(Singular):
        F.inv(np.zeros(2, F.dtype))


@pytest.mark.parametrize("p, height", CASES[::2])
@pytest.mark.parametrize("degree", [3, 5, 15])
def test_roots_of_odd_degree_are_multiplicative(p, height, degree):
    """Of residues and their square roots; of other elements there need be none."""
    F, element = tower(p, height)
    a, b = F.root(element(20, coordinates=1)), element(20, coordinates=1)
    root = F.odd_root(a, degree)
    assert (F.to_the(root, degree) == a).all()
    assert (F.odd_root(F.mul(a, b), degree) == F.mul(root, F.odd_root(b, degree))).all()
    assert (F.odd_root(b, degree) == F.lifted(F.over.odd_root(F.residues(b)[0], degree))).all()
    other = element(20)
    assert not (F.to_the(F.odd_root(other, degree), degree) == other).any()


@pytest.mark.parametrize("p, height", CASES)
def test_products_of_matrices_and_sums(p, height):
    F, element = tower(p, height)
    a, b = element(4, 3), element(3, 5)
    assert (F.matmul(a, b) == F.sum(F.mul(a[:, :, None], b[None]), 1)).all()


@pytest.mark.parametrize("p, height", CASES)
def test_residues_are_multiplied_as_residues(p, height):
    F, element = tower(p, height)
    a, b = element(5, coordinates=1), element(5)
    u, inside = F.residues(a)
    assert inside.all() and (F.lifted(u) == a).all()
    assert (F.residues(F.mul(a, a))[0] == F.over.mul(u, u)).all() and not F.residues(b)[1].any()
    assert (F.image(a) == u).all() and (F.image(F.add(a, b)) == F.over.add(u, F.image(b))).all()


@pytest.mark.parametrize("p, height", CASES)
def test_every_element_of_the_field_below_has_a_root_and_half_of_all_others(p, height):
    F, element = tower(p, height)
    below, all_of = element(60, coordinates=F.size // 2), element(200)
    for a in (below, F.mul(all_of, all_of)):
        root = F.root(a)
        assert (F.mul(root, root) == a).all()
    root = F.root(all_of)
    assert 60 < (F.mul(root, root) == all_of).sum() < 140
    assert F.is_zero(F.root(np.zeros(2, F.dtype))).all()


def test_a_larger_field_is_taken_after_misses_and_at_once_where_no_point_would_do():
    heights = Heights()
    for _ in range(MISSES - 1):
        heights.missed(Cramped("no root"))
    heights.missed(Unlucky("too close to call"))
    assert heights.seed(5) == 5 and heights.seed(5).height == 0
    heights.found()
    heights.missed(Cramped("no root", missing=MISSES - 1))
    assert heights.height == 0
    heights.missed(Cramped("no root"))
    assert heights.height == 1
    heights = Heights()
    heights.missed(Cramped("no i", always=True))
    assert heights.seed(5).height == 1
    assert [heights.grow() for _ in range(HIGHEST)] == [True] * (HIGHEST - 1) + [False]


@pytest.mark.parametrize("height", range(HIGHEST + 1))
def test_exponentials_are_a_homomorphism_and_roots_square_to_their_argument(height):
    field = Field(Seed(3, height))
    x, y = (field.letters(name, np.array([0.5, 1.5])) for name in "xy")
    rings, values = field.rings[:-1], field.values
    e = [
        values("exp", list(parts))
        for parts in (x.parts, y.parts, [r.add(a, b) for r, a, b in zip(field.rings, x.parts, y.parts)])
    ]
    assert all((ring.mul(a, b) == c).all() for ring, a, b, c in list(zip(rings, *e))[:2])
    root = values("sqrt", list(x.parts))
    assert all((ring.mul(r, r) == a).all() for ring, r, a in zip(rings, root, x.parts))


def under_three_roots(x):
    for _ in range(3):
        x = np.sqrt(1 + x * x) + x
    return x


def under_three_roots_backward(inputs, d, last=1):
    (x,) = inputs
    kept = []
    for _ in range(3):
        kept.append((x, np.sqrt(1 + x * x)))
        x = kept[-1][1] + x
    for x, root in reversed(kept):
        d = d * (last + x / root)
    return d


def test_roots_under_roots_under_roots():
    x = {"x": np.zeros(3)}
    assert gradcheck(under_three_roots, under_three_roots_backward, x).verdict == "right"
    wrong = gradcheck(under_three_roots, lambda inputs, d: under_three_roots_backward(inputs, d, -1), x, diagnose=False)
    assert wrong.verdict == "wrong" and wrong.witness


def test_more_roots_under_roots_than_there_are_fields_leave_a_gradient_undecided(monkeypatch):
    monkeypatch.setattr("lstm_sym.gradcheck.check.SECONDS", 2)

    def forward(x):
        for _ in range(7):
            x = np.sqrt(1 + x * x) + x
        return x

    report = gradcheck(forward, lambda inputs, d: d, {"x": np.zeros(60)}, diagnose=False)
    assert report.verdict == "undecided" and "a square root of what is no square in the field" in str(report)

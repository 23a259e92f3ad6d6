"""Lines as ruff would break them, and identifiers."""

from __future__ import annotations

import pytest
from sympy import Symbol

from lstm_sym.activations import Activation
from lstm_sym.export.layout import WIDTH, assignment, comment, signature, tight
from lstm_sym.export.naming import identifier, identifiers, unused
from lstm_sym.symbols import Parameter, Sequence, adjoint, indices, sizes, t

LONG = [f"operand_number_{k}" for k in range(9)]


@pytest.mark.parametrize(
    "value, lines",
    [
        ("a + b", ["    y = a + b"]),
        (" + ".join(LONG[:6]), ["    y = (", "        " + " + ".join(LONG[:6]), "    )"]),
        (" + ".join(LONG), ["    y = (", f"        {LONG[0]}", *[f"        + {name}" for name in LONG[1:]], "    )"]),
        (" @ ".join(LONG), ["    y = (", f"        {LONG[0]}", *[f"        @ {name}" for name in LONG[1:]], "    )"]),
        (f"f({', '.join(LONG)})", ["    y = f(", *[f"        {name}," for name in LONG], "    )"]),
        (
            f"u * (({' + '.join(LONG)}) ** 2)",
            [
                "    y = (",
                "        u",
                "        * (",
                f"            {LONG[0]}",
                *[f"            + {name}" for name in LONG[1:]],
                "        ) ** 2",
                "    )",
            ],
        ),
        (
            f"f(({' + '.join(LONG)}) @ W, x)",
            [
                "    y = f(",
                "        (",
                f"            {LONG[0]}",
                *[f"            + {name}" for name in LONG[1:]],
                "        )",
                "        @ W,",
                "        x,",
                "    )",
            ],
        ),
        (
            f"u + f({', '.join(LONG)})",
            [
                "    y = (",
                "        u",
                "        + f(",
                *[f"            {name}," for name in LONG],
                "        )",
                "    )",
            ],
        ),
        (", ".join(LONG), ["    y = (", *[f"        {name}," for name in LONG], "    )"]),
    ],
)
def test_assignments(value, lines):
    if value.count("number") == 6:
        lines = assignment("y", value) if len(f"    y = {value}") <= WIDTH else lines
    assert assignment("y", value) == lines
    assert all(len(line) <= WIDTH or len(lines) == 1 for line in lines)


def test_long_targets_comments_and_signatures():
    assert assignment(", ".join(LONG), "params")[::10] == ["    (", "    ) = params"]
    assert assignment(", ".join(LONG), "ready.params")[::10] == ["    (", "    ) = ready.params"]
    text = " + ".join(f"W*delta_a_{k}[t + 1]" for k in range(12))
    lines = comment(text)
    assert len(lines) > 1 and all(len(line) <= WIDTH and line.startswith("    # ") for line in lines)
    assert not any(line.endswith("[t") or line.endswith("[t +") for line in lines)
    assert signature("f", "a: Array", "Array") == ["def f(a: Array) -> Array:"]
    assert len(signature("f", ", ".join(LONG), "Array")) == 3


@pytest.mark.parametrize(
    "loose, wanted",
    [
        ("h ** 2", "h**2"),
        ("h[t] ** 2", "h[t] ** 2"),
        ("f(h) ** 2", "f(h) ** 2"),
        ("a[..., :n]", "a[..., :n]"),
        ("a[..., 2 * n:]", "a[..., 2 * n :]"),
        ("a[..., n:2 * n]", "a[..., n : 2 * n]"),
    ],
)
def test_spaces(loose, wanted):
    assert tight(loose) == wanted


n = sizes("n")
h = Sequence("h", n)
k, T = indices("k T")


@pytest.mark.parametrize(
    "letter, name",
    [
        (h, "h"),
        (h[t], "h"),
        (h[t - 1], "h_prev"),
        (h[t - 3], "h_prev3"),
        (h[t + 1], "h_next"),
        (h[0], "h_0"),
        (h[T], "h_T"),
        (h[k + 1], "h_k_plus_1"),
        (adjoint(h)[t], "delta_h"),
        (Parameter("class", n), "class_"),
        (Parameter("W'", n), "W_prime"),
        (Parameter("2nd", n), "letter_2nd"),
        (Parameter("_", n), "letter_"),
        (Parameter("_b", n), "letter_b"),
        (Parameter("ü", n), "ü"),
        (Symbol("i'"), "i_prime"),
        (Activation("phi", 2), "phi_prime_prime"),
    ],
)
def test_identifiers(letter, name):
    assert identifier(letter) == name


def test_no_identifier_is_used_twice():
    assert list(identifiers([h[t], Parameter("h", n)], taken={"np"}).values()) == ["h", "h_2"]
    assert unused("a", {"a", "a_2"}) == "a_3"

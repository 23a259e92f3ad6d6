"""Every rule reads any Python: what it does not know is no error."""

from itertools import islice

import numpy as np
import pytest

from lstm_sym.gradcheck.diagnosis.edits import Definition
from lstm_sym.gradcheck.diagnosis.places import Places
from lstm_sym.gradcheck.diagnosis.rules import LIKELY, UNLIKELY


def odd_calls(x, *rest, reshape=None, transpose=None, **options):
    y = x[()] + x[...] + x[None] + x[1:, ..., ::-1] + x[-1] + x[:, None, 0]
    z = sum(v for v in x) + max(x, key=abs) + min(*rest, **options) + (lambda: x)().sum() + x.f()[0].T.sum()
    z = reshape(x, 3) + transpose(x) + np.reshape(x, (2, 3)).transpose() + x.reshape(order="F") + x.reshape()
    z += np.sum(x, -1) + np.sum(a=x, axis=None) + x.sum(*rest) + np.add.reduce(x) + options["dot"](x, y).swapaxes(0, 1)
    return [*rest, {**options}, y @ (z or -y) ** -1, not x, ~x, +x, x < y < z, f"{x:{y}}", (w := x)[w], x if y else z]


def odd_statements(x, n=3):
    global somewhere
    somewhere, *others = x
    a = b = x.c.d = others[0]
    a += (b, *x)[-1]
    while n:
        n -= 1
        if n == 2:
            continue
        elif n == 1:
            break
    else:
        a = None
    with open(n) as f, f:
        pass
    try:
        for i, (j, k) in enumerate(zip(*x)):
            x[i][j:k] += a @ x[i - 1] if i else 0
    except (ValueError, KeyError) as error:
        raise error from None
    finally:
        del a
    match x:
        case [1, *_]:
            return
        case {"a": b}:
            yield b
    for _ in ():
        assert x, "nothing"
    return (yield)


@pytest.mark.parametrize("function", [odd_calls, odd_statements, Definition.of, np.linalg.norm.__wrapped__, np.pad])
def test_every_rule_reads_any_python(function):
    definition = Definition.of(getattr(function, "__wrapped__", function))
    places = Places(definition.node)
    made = 0
    for rule in (*LIKELY, *UNLIKELY):
        for found in (rule.changes(places), rule.alike(places)):
            for changes, words in islice(found, 100):
                definition.edit(changes, words)
                made += 1
    assert made > 10

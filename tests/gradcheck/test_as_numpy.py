"""Exact arrays lie in memory as NumPy's would, and are views of each other where NumPy's are."""

import copy
import os

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck, same_function

from .programs import Program, run

PROGRAMS = 20_000 if os.environ.get("LSTM_SYM_ALL_MUTANTS") else 120


@pytest.mark.parametrize("block", range(4))
def test_a_random_program_does_what_it_does_in_numpy(block):
    complaints = [told for seed in range(block, PROGRAMS, 4) if (told := run(seed))]
    assert not complaints, "\n\n".join(complaints[:5])


@pytest.mark.parametrize(
    "line, otherwise, complaint",
    [
        ("d = b.T.copy('F')", "d = b.T.copy()", "d: the layout"),
        ("d = b + 1", "d = b + 2", r"d: \[\["),
        ("d = b.T", "d = b", "d: the shape"),
        ("d = b.sum()", "d = np.array(b.sum())", "d: a Array for the number"),
        ("d = b.sum(0)", "d = 1.5", "d: a float for an array"),
        ("d = b.reshape(-1)", "d = b.flatten()", "b share memory in NumPy"),
        ("d = b.copy()", "d = b.reshape(2, 3)", "b share no memory in NumPy"),
        ("b[0] = 0", "b[1] = 0", r"b: \[\["),
        ("d = b[5]", "d = b[0]", "IndexError.* in NumPy, None here"),
        ("d = np.broadcast_to(b, (2, 3))", "d = b[...]", "d: writeable is True"),
        ("d = np.argmax(b, axis=0)", "d = np.argmax(b, axis=0).astype(bool)", "d: bool for int64"),
        ("d = b > 2", "d = b > 3", r"d: \[\["),
    ],
)
def test_what_differs_from_numpy_is_told(line, otherwise, complaint):
    program = Program(0)
    program.real["b"] = np.arange(6.0).reshape(2, 3)
    program.exact["b"] = program.stand_in.given(program.real["b"])
    with pytest.raises(AssertionError, match=complaint):
        program.step(line, otherwise)


@pytest.mark.parametrize(
    "line",
    [
        "d = b.transpose(1, 0, 2, 3) @ b[0, 0].T",
        "d = np.concatenate([b[0].transpose(0, 2, 1)[:1], b[0].transpose(0, 2, 1)[1:1]])",
        "d = np.einsum('abcd,ad,d->dca', b, b[:, 0, 0], b[0, 0, 0], optimize=True)",
        "d = np.argwhere(b[0] > 7)",
    ],
)
def test_a_rare_layout_is_numpys(line):
    program = Program(0)
    program.real["b"] = np.arange(120.0).reshape(2, 3, 4, 5)
    program.exact["b"] = program.stand_in.given(program.real["b"])
    assert program.step(line)
    assert not program.real["d"].flags.c_contiguous


@pytest.mark.parametrize(
    "line",
    [
        "d = b.sum(); d.reshape(-1)[0] = 5",
        "d = b.sum(); e = np.atleast_1d(d); e += 1",
        "d = b.sum(); e = d[...]; e += 1",
        "d = b.sum(); e = np.broadcast_arrays(d, b)[0].copy(); e += d",
        "d = b.sum(); e = d; e += 1",
        "d = b[0, 0]; b[0, 0] = 7",
    ],
)
def test_a_scalar_is_a_value(line):
    program = Program(0)
    program.real["b"] = np.arange(6.0).reshape(2, 3)
    program.exact["b"] = program.stand_in.given(program.real["b"])
    assert program.step(line)


# --- what it means for a gradient: of x**2, written through a reshape or into a view ---------------

X = np.arange(1.0, 7.0).reshape(2, 3)
CUBE = np.arange(1.0, 25.0).reshape(2, 3, 4)
TURNED = np.random.default_rng(0).normal(size=(3, 2)).T

MAKERS = {
    "zeros_like of a transpose": lambda x: np.zeros_like(x.T).T,
    "zeros_like of a transpose in C order": lambda x: np.zeros_like(x.T, order="C").T,
    "zeros in Fortran order": lambda x: np.zeros(x.shape, order="F"),
    "zeros in C order": lambda x: np.zeros(x.shape),
    "full_like": lambda x: np.full_like(x.T, 0.5).T,
    "empty_like": lambda x: np.empty_like(x.T).T,
    "a sum of transposes": lambda x: (x.T + x.T).T,
    "a transpose and a vector": lambda x: np.exp(0 * x.T + np.arange(2)).T,
    "a method's copy of a transpose": lambda x: x.T.copy().T,
    "a function's copy of a transpose": lambda x: np.copy(x.T).T,
    "an array of a transpose": lambda x: np.array(x.T).T,
    "astype of a transpose": lambda x: x.T.astype(float).T,
    "copy.copy of a transpose": lambda x: copy.copy(x.T).T,
    "a stack of rows": lambda x: np.stack([x[0], x[1]]),
    "a stack of columns": lambda x: np.stack([x[:, 0], x[:, 1], x[:, 2]]).T,
    "a concatenation of transposes": lambda x: np.concatenate([x.T[:1], x.T[1:]]).T,
    "an array of rows": lambda x: np.array([x[0], x[1]]),
    "where": lambda x: np.where(x.T > 0, x.T, 0).T,
    "take": lambda x: np.take(x.T, [0, 1, 2], axis=0).T,
    "rows by their numbers": lambda x: x.T[[0, 1, 2]].T,
    "columns by their numbers": lambda x: x[:, [0, 1, 2]],
    "a comparison": lambda x: (x.T > 0).T * 1.0,
    "a sum of a transpose": lambda x: np.stack([x.T, x.T]).transpose(2, 1, 0).sum(axis=2),
    "a mean of a transpose": lambda x: np.stack([x, x]).transpose(2, 1, 0).mean(axis=2).T,
    "einsum": lambda x: np.einsum("ij,ij->ji", x, x).T,
    "einsum in the order of the array": lambda x: np.einsum("ij,ij->ij", x, x),
    "a product": lambda x: (x.T @ np.ones((2, 2))).T,
    "a flattened transpose": lambda x: x.T.flatten().reshape(3, 2).T,
    "asfortranarray of a constant": lambda x: np.asfortranarray(np.ones((2, 3))),
    "a constant transpose": lambda x: np.linspace(0, 1, 6).reshape(3, 2).T,
    "a constant made outside": lambda x: np.copy(TURNED),
}  # fmt: skip


def verdict_of(backward, x):
    """What gradcheck has to say, by running the backward pass of ``x**2`` in NumPy."""
    d = np.random.default_rng(1).normal(size=x.shape)
    return "right" if np.allclose(backward((np.copy(x),), d), 2 * x * d) else "wrong"


@pytest.mark.parametrize("write", ["reshape", "ravel"])
@pytest.mark.parametrize("name", MAKERS)
def test_what_is_written_through_a_reshape_arrives_where_numpy_has_a_view(name, write):
    def backward(inputs, d):
        (x,) = inputs
        g = MAKERS[name](x)
        flat = g.reshape(-1) if write == "reshape" else g.ravel()
        flat[:] = (2 * x * d).reshape(-1)
        return g

    assert gradcheck(np.square, backward, [X], diagnose=False).verdict == verdict_of(backward, X)


@pytest.mark.parametrize(
    "given",
    [X, np.asfortranarray(X), np.pad(X, 1)[1:-1, 1:-1], np.repeat(X, 2, axis=1)[:, ::2]],
    ids=["C order", "Fortran order", "a part", "every other entry"],
)
def test_inputs_lie_as_they_are_given(given):
    def backward(inputs, d):
        g = np.zeros_like(inputs[0])
        np.copyto(inputs[0].reshape(-1), 0)
        g[...] = 2 * inputs[0] * d
        return g

    report = gradcheck(np.square, backward, [given], diagnose=False)
    overwritten = np.shares_memory(given, given.reshape(-1))
    assert report.verdict == ("wrong" if overwritten else "right")
    assert ("overwrites its input" in str(report)) == overwritten


WRITERS = {
    "conj": lambda g: g.conj(),
    "real": lambda g: np.real(g),
    "the property real": lambda g: g.real,
    "einsum": lambda g: np.einsum("ij->ij", g),
    "a turned einsum": lambda g: np.einsum("ij->ji", g).T,
    "broadcast_arrays": lambda g: np.broadcast_arrays(g, 0.0)[0],
    "flat": lambda g: g.flat,
    "asarray": lambda g: np.asarray(g),
    "atleast_3d": lambda g: np.atleast_3d(g)[:, :, 0],
    "nan_to_num": lambda g: np.nan_to_num(g, copy=False),
    "astype without a copy": lambda g: g.astype(float, copy=False),
    "the entries of a transpose": lambda g: g.T.reshape(-1).reshape(3, 2).T,
    "a part of flat": lambda g: g.flat[:],
    "a positive": lambda g: +g,
    "astype": lambda g: g.astype(float),
    "rows by their numbers": lambda g: g[[0, 1]],
}  # fmt: skip


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.filterwarnings("ignore:.*broadcast")
def test_what_is_written_into_a_view_arrives(name):
    def backward(inputs, d):
        (x,) = inputs
        g = np.zeros_like(x)
        WRITERS[name](g)[...] = 2 * x * d if len(np.shape(WRITERS[name](g))) == 2 else (2 * x * d).ravel()
        return g

    assert gradcheck(np.square, backward, [X], diagnose=False).verdict == verdict_of(backward, X)


PROTECTED = {
    "broadcast_to": lambda g: np.broadcast_to(g, g.shape).__setitem__(..., 0),
    "diagonal": lambda g: g.diagonal().__setitem__(..., 0),
    "sliding_window_view": lambda g: np.lib.stride_tricks.sliding_window_view(g, 2, axis=0).__setitem__(..., 0),
    "flags": lambda g: (setattr(g.flags, "writeable", False), g[0].__setitem__(0, 0)),
    "setflags": lambda g: (g.setflags(write=False), g.T.fill(0)),
    "an output": lambda g: (g.setflags(write=False), np.add(g, 1, out=g)),
    "an operator": lambda g: (g.setflags(write=False), g.__iadd__(1)),
    "a reduction": lambda g: (g.setflags(write=False), np.sum(g, axis=0, out=g[0])),
    "flat": lambda g: (g.setflags(write=False), g.flat.__setitem__(0, 1)),
}  # fmt: skip


@pytest.mark.parametrize("name", PROTECTED)
def test_what_is_protected_is_not_overwritten(name):
    """Code that relies on NumPy's error is right, and nothing has been written."""

    def backward(inputs, d):
        (x,) = inputs
        g = 2 * x * d
        try:
            PROTECTED[name](g)
        except ValueError:
            return g
        return 0 * g

    assert verdict_of(backward, X) == "right"
    assert gradcheck(np.square, backward, [X], diagnose=False).verdict == "right"


def in_place(x):
    y = np.zeros_like(x.T)
    y.reshape(-1)[:] = x.reshape(-1)
    return y


@pytest.mark.parametrize("f, verdict", [(lambda x: 0 * x.T, "equal"), (lambda x: x.reshape(3, 2), "different")])
def test_a_lost_write_is_seen_in_a_forward_pass(f, verdict):
    assert np.allclose(in_place(X), f(X)) == (verdict == "equal")
    assert same_function(in_place, f, [X]).verdict == verdict


PARTS = {
    "the same array": lambda buffer: buffer,
    "a reshape": lambda buffer: buffer.reshape(2, 3),
    "a reshape in Fortran order": lambda buffer: buffer.reshape(3, 2).T,
    "a reversed view": lambda buffer: buffer[::-1],
    "a view of a view": lambda buffer: buffer[1:][::2].reshape(1, 3),
    "a copy": lambda buffer: buffer.copy(),
}


@pytest.mark.parametrize("name", PARTS)
def test_arrays_of_the_users_own_share_memory_as_they_do(name):
    """Gradients are often parts of one buffer, which is made before backward is called."""

    def made():
        buffer = np.zeros(6)
        return buffer, {"gradient": PARTS[name](buffer)}

    def backward_with(buffer, held):
        def backward(inputs, d):
            (x,) = inputs
            part = held["gradient"]
            buffer[:] = 0
            part[...] = (2 * x * d).reshape(-1)[: part.size].reshape(part.shape)
            return buffer.reshape(2, 3).copy()

        return backward

    report = gradcheck(np.square, backward_with(*made()), [X], diagnose=False)
    assert report.verdict == verdict_of(backward_with(*made()), X)

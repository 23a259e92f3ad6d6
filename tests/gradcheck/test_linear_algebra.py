"""Solutions, inverses, determinants and Cholesky factors are exact."""

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck

from .agreement import FIELD, NUMPY, agree, made_exact

A = np.array([[2.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 3.0, 1.0]])
STACK = np.stack([A, A.T + np.eye(3)])
B = np.array([[1.0, 2.0], [0.0, -1.0], [3.0, 5.0]])


@pytest.mark.parametrize("a, b", [(A, B), (A, B[:, 0]), (STACK, B), (A, np.stack([B, -B]))])
def test_a_solution_solves(a, b):
    x = NUMPY.linalg.solve(made_exact(a), made_exact(b))
    assert np.allclose(x.shadow, np.linalg.solve(a, b))
    assert np.all(FIELD.same((made_exact(a) @ x).read(), (made_exact(b) + 0 * x.sum()).read()) | (x.ndim > b.ndim))


@pytest.mark.parametrize("a", [A, STACK])
def test_an_inverse_inverts(a):
    one = np.broadcast_to(np.eye(3), a.shape)
    product = made_exact(a) @ NUMPY.linalg.inv(made_exact(a))
    assert np.all(FIELD.same(product.read(), FIELD.constant(one)))


CALLS = [
    lambda m, a: m.linalg.det(a[0]),
    lambda m, a: m.linalg.det(a),
    lambda m, a: m.linalg.slogdet(a).sign,
    lambda m, a: m.linalg.matrix_power(a[0], 3),
    lambda m, a: m.linalg.matrix_power(a[0], 0),
    lambda m, a: m.linalg.trace(a),
    lambda m, a: m.linalg.cholesky(m.array([[4.0, 100.0], [2.0, 10.0]])),
    lambda m, a: m.linalg.cholesky(m.array([[4.0, -2.0, 6.0], [-2.0, 10.0, 3.0], [6.0, 3.0, 14.0]])),
    lambda m, a: m.linalg.cholesky(m.array([[[4.0, 2.0], [2.0, 10.0]], [[1.0, 3.0], [3.0, 25.0]]])),
]


@pytest.mark.parametrize("call", CALLS)
def test_what_numpy_gives(call):
    assert agree(call, STACK)


def gaussian(x, mean, root):
    """The negative logarithm of a density, its covariance given by a square root of it."""
    covariance = root @ root.T + np.eye(len(x))
    y = np.linalg.solve(np.linalg.cholesky(covariance), x - mean)
    return 0.5 * y @ y + 0.5 * np.linalg.slogdet(covariance)[1]


def gaussian_backward(inputs, d, half=0.5):
    x, mean, root = inputs
    inverse = np.linalg.inv(root @ root.T + np.eye(len(x)))
    u = inverse @ (x - mean)
    return d * u, -d * u, d * half * 2 * (inverse - np.outer(u, u)) @ root


@pytest.mark.parametrize("half, wrong", [(0.5, []), (1.0, ["root"])])
def test_a_density(half, wrong):
    inputs = [np.zeros(3), np.zeros(3), np.zeros((3, 2))]
    report = gradcheck(gaussian, lambda i, d: gaussian_backward(i, d, half), inputs)
    assert report.verdict == ("wrong" if wrong else "right"), str(report)
    assert report.error_bound < 1e-12
    assert [name for name, good in report.inputs.items() if not good] == wrong


def test_a_matrix_that_is_not_positive_definite_has_no_factor():
    report = gradcheck(lambda x: np.linalg.cholesky(-x @ x.T).sum(), lambda inputs, d: (d,), [np.zeros((2, 2))])
    assert report.verdict == "undecided" and "a matrix is not positive definite" in str(report)

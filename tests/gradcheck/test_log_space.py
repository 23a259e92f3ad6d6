"""Gradients of what is summed in log space: exponentials of sums of several logarithms of sums."""

import math
from functools import partial

import numpy as np
import pytest

from lstm_sym.gradcheck import gradcheck


def logsumexp(x, axis=None):
    m = np.max(x, axis=axis, keepdims=True)
    return np.squeeze(m + np.log(np.sum(np.exp(x - m), axis=axis, keepdims=True)), axis=axis)


def plain(x, axis=None):
    return np.log(np.exp(x).sum(axis))


# --- linear-chain conditional random field (Lafferty, McCallum, Pereira 2001) ---------------------------------------


def crf(emit, trans, tags, lse):
    """Minus the logarithm of the probability of the tags."""
    T = len(emit)
    alpha = np.zeros_like(emit)
    alpha[0] = emit[0]
    score = emit[0, tags[0]]
    for t in range(1, T):
        alpha[t] = lse(alpha[t - 1][:, None] + trans, 0) + emit[t]
        score = score + trans[tags[t - 1], tags[t]] + emit[t, tags[t]]
    log_Z = lse(alpha[-1], 0)
    return log_Z - score, (emit, trans, alpha, log_Z)


def crf_backward(d, cache, tags, lse, mistake=""):
    emit, trans, alpha, log_Z = cache
    T = len(emit)
    beta = np.zeros_like(emit)
    for t in range(T - 2, -1, -1):
        axis = 0 if mistake == "axis of beta" else 1
        beta[t] = lse(trans + emit[t + 1] + beta[t + 1], axis)
    demit = np.exp(alpha + (0 if mistake == "no beta" else beta) - log_Z)
    dtrans = np.zeros_like(trans)
    for t in range(T - 1):
        emitted = 0 if mistake == "no emission" else emit[t + 1]
        dtrans += np.exp(alpha[t][:, None] + trans + emitted + beta[t + 1] - log_Z)
        if mistake != "no score of transitions":
            dtrans[tags[t], tags[t + 1]] -= 1
    for t in range(T):
        demit[t, tags[t]] -= 1
    return d * demit, d * dtrans


TAGS = [0, 2, 1, 2]
CRF = [np.zeros((4, 3)), np.zeros((3, 3))]


def of_crf(lse, mistake=""):
    return partial(crf, tags=TAGS, lse=lse), partial(crf_backward, tags=TAGS, lse=lse, mistake=mistake), CRF


# --- hidden Markov model, forwards and backwards (Rabiner 1989) ------------------------------------------------------


def log_softmax(x):
    return x - logsumexp(x, axis=-1)[..., None]


def hmm(start, trans, emission, symbols):
    """The logarithm of the probability of the symbols, from logits."""
    log_pi, log_A, log_B = log_softmax(start), log_softmax(trans), log_softmax(emission)
    log_alpha = [log_pi + log_B[:, symbols[0]]]
    for o in symbols[1:]:
        log_alpha.append(logsumexp(log_alpha[-1][:, None] + log_A, axis=0) + log_B[:, o])
    log_likelihood = logsumexp(log_alpha[-1], axis=0)
    return log_likelihood, (log_pi, log_A, log_B, np.stack(log_alpha), log_likelihood)


def hmm_backward(d, cache, symbols, mistake=""):
    log_pi, log_A, log_B, log_alpha, log_likelihood = cache
    T = len(symbols)
    log_beta = np.zeros_like(log_alpha)
    for t in reversed(range(T - 1)):
        next_log_B = log_B[:, symbols[t if mistake == "symbol" else t + 1]]
        log_beta[t] = logsumexp(log_A + next_log_B + log_beta[t + 1], axis=1)
    gamma = np.exp(log_alpha + log_beta - log_likelihood)
    dlog_A, dlog_B = np.zeros_like(log_A), np.zeros_like(log_B)
    for t in range(T):
        dlog_B[:, symbols[t]] += gamma[t]
        if t < T - 1:
            xi = log_alpha[t][:, None] + log_A + log_B[:, symbols[t + 1]] + log_beta[t + 1]
            dlog_A += np.exp(xi if mistake == "not normalised" else xi - log_likelihood)

    def pulled(log_p, g):
        return d * (g - np.exp(log_p) * (g.sum() if mistake == "sum over all" else g.sum(-1, keepdims=True)))

    return pulled(log_pi, gamma[0]), pulled(log_A, dlog_A), pulled(log_B, dlog_B)


SYMBOLS = [1, 0, 2, 1]
HMM = [np.zeros(3), np.zeros((3, 3)), np.zeros((3, 3))]


def of_hmm(mistake=""):
    return partial(hmm, symbols=SYMBOLS), partial(hmm_backward, symbols=SYMBOLS, mistake=mistake), HMM


# --- connectionist temporal classification in log space (Graves et al. 2006) -----------------------------------------


def ctc(logits, labels, infinity=-np.inf):
    """Minus the logarithm of the probability of the labels, blank is 0."""
    logp = log_softmax(logits)
    path = [0]
    for label in labels:
        path += [label, 0]
    T, S = len(logits), len(path)
    alpha = np.full((T, S), infinity)
    alpha[0, 0], alpha[0, 1] = logp[0, 0], logp[0, path[1]]
    for t in range(1, T):
        for s in range(S):
            total = alpha[t - 1, s]
            if s > 0:
                total = np.logaddexp(total, alpha[t - 1, s - 1])
            if s > 1 and path[s] != 0 and path[s] != path[s - 2]:
                total = np.logaddexp(total, alpha[t - 1, s - 2])
            alpha[t, s] = total + logp[t, path[s]]
    log_p = np.logaddexp(alpha[-1, -1], alpha[-1, -2])
    return -log_p, (logp, alpha, log_p, path, infinity)


def ctc_backward(d, cache, mistake=""):
    logp, alpha, log_p, path, infinity = cache
    (T, S), K = alpha.shape, logp.shape[1]
    beta = np.full((T, S), infinity)
    beta[-1, -1], beta[-1, -2] = logp[-1, 0], logp[-1, path[-2]]
    for t in range(T - 2, -1, -1):
        for s in range(S):
            total = beta[t + 1, s]
            if s < S - 1:
                total = np.logaddexp(total, beta[t + 1, s + 1])
            if s < S - 2 and path[s] != 0 and (path[s] != path[s + 2] or mistake == "skips between equal labels"):
                total = np.logaddexp(total, beta[t + 1, s + 2])
            beta[t, s] = total + logp[t, path[s]]
    together = alpha + beta - (0 if mistake == "not normalised" else log_p)
    dlogits = np.exp(logp)
    for k in range(K):
        for s in range(S):
            if path[s] == k:
                counted = together[:, s] if mistake == "emission counted twice" else together[:, s] - logp[:, k]
                dlogits[:, k] -= np.exp(counted)
    return (d * dlogits,)


def of_ctc(labels=(1, 1), T=4, infinity=-np.inf, mistake=""):
    forward = partial(ctc, labels=labels, infinity=infinity)
    return forward, partial(ctc_backward, mistake=mistake), [np.zeros((T, 3))]


# --- paths from left to right, number by number, masked by a large number --------------------------------------------

NOWHERE = -1e9


def log_add(*x):
    m = max(x)
    return m + math.log(sum(math.exp(u - m) for u in x))


def paths(emit):
    """The logarithm of the sum over the paths from the first state to the last that stay or go on."""
    T, S = emit.shape
    alpha = np.full((T, S), NOWHERE)
    alpha[0, 0] = emit[0, 0]
    for t in range(1, T):
        for s in range(S):
            before = [alpha[t - 1, s], alpha[t - 1, s - 1]] if s else [alpha[t - 1, s]]
            alpha[t, s] = log_add(*before) + emit[t, s]
    return alpha[-1, -1], (emit, alpha)


def paths_backward(d, cache, mistake=""):
    emit, alpha = cache
    T, S = emit.shape
    beta = np.full((T, S), NOWHERE)
    beta[-1, -1] = 0
    for t in reversed(range(T - 1)):
        for s in range(S):
            after = [beta[t + 1, k] + emit[t + 1, k] for k in ((s, s + 1) if s < S - 1 else (s,))]
            beta[t, s] = after[0] if mistake == "one way" else log_add(*after)
    demit = np.zeros_like(emit)
    for t in range(T):
        for s in range(S):
            end = beta[t, s] - (0 if mistake == "not normalised" else alpha[-1, -1])
            demit[t, s] = d * math.exp(alpha[t, s] + end)
    return demit


def of_paths(mistake=""):
    return paths, partial(paths_backward, mistake=mistake), [np.zeros((3, 2))]


# --- attention in tiles with a running maximum (Milakov, Gimelshein 2018; Dao et al. 2022) --------------------------

TILE = 2


def attention(Q, K, V):
    """Softmax attention, of which the logarithms of the sums are kept for backward."""
    scale = 1 / np.sqrt(Q.shape[1])
    m, l, O = np.full(len(Q), -np.inf), np.zeros(len(Q)), np.zeros((len(Q), V.shape[1]))
    for j in range(0, len(K), TILE):
        S = Q @ K[j : j + TILE].T * scale
        m_new = np.maximum(m, S.max(axis=1))
        P = np.exp(S - m_new[:, None])
        rescale = np.exp(m - m_new)
        l = rescale * l + P.sum(axis=1)
        O = rescale[:, None] * O + P @ V[j : j + TILE]
        m = m_new
    O = O / l[:, None]
    return O, (Q, K, V, O, m + np.log(l))


def attention_backward(dO, cache, mistake=""):
    Q, K, V, O, L = cache
    scale = 1 / np.sqrt(Q.shape[1])
    dQ, dK, dV = np.zeros_like(Q), np.zeros_like(K), np.zeros_like(V)
    D = (dO * O).sum(axis=1)
    for j in range(0, len(K), TILE):
        here = slice(j, j + TILE)
        S = Q @ K[here].T * scale
        P = np.exp(S - L[:, None])
        if mistake == "tiles normalised one by one":
            P = P / P.sum(axis=1, keepdims=True)
        dP = dO @ V[here].T
        dS = P * (dP - (0 if mistake == "no row sum" else D[:, None]))
        dV[here] += P.T @ dO
        dQ += dS @ K[here] * scale
        dK[here] += dS.T @ Q * (1 if mistake == "no scale" else scale)
    return dQ, dK, dV


ATTENTION = [np.zeros((2, 4)), np.zeros((4, 4)), np.zeros((4, 3))]


def of_attention(mistake=""):
    return attention, partial(attention_backward, mistake=mistake), ATTENTION


# --- mixture of Gaussians (Dempster, Laird, Rubin 1977) --------------------------------------------------------------


def mixture(x, logits, mu, log_sigma):
    """The logarithm of the likelihood of points, from logits of the weights."""
    log_w = log_softmax(logits)
    z = (x[:, None] - mu) / np.exp(log_sigma)
    log_joint = log_w - 0.5 * z**2 - log_sigma - 0.5 * np.log(2 * np.pi)
    log_p = logsumexp(log_joint, axis=1)
    return log_p.sum(), (z, log_w, log_sigma, log_joint, log_p)


def mixture_backward(d, cache, mistake=""):
    z, log_w, log_sigma, log_joint, log_p = cache
    joint = log_joint - (log_w if mistake == "no weights" else 0)
    r = d * np.exp(joint - log_p[:, None])
    dz = -r * z / np.exp(log_sigma)
    N = 1 if mistake == "one point" else len(z)
    dlogits = r.sum(0) - d * N * np.exp(log_w)
    return dz.sum(1), dlogits, -dz.sum(0), (r * (z**2 - (0 if mistake == "no determinant" else 1))).sum(0)


MIXTURE = [np.zeros(3), np.zeros(2), np.zeros(2), np.zeros(2)]


def of_mixture(mistake=""):
    return mixture, partial(mixture_backward, mistake=mistake), MIXTURE


# --- all of them -----------------------------------------------------------------------------------------------------

MISTAKES = [
    *((partial(of_crf, plain), m) for m in ("axis of beta", "no beta", "no emission", "no score of transitions")),
    *((partial(of_crf, logsumexp), m) for m in ("axis of beta", "no beta")),
    *((of_hmm, m) for m in ("symbol", "not normalised", "sum over all")),
    *((of_ctc, m) for m in ("skips between equal labels", "not normalised", "emission counted twice")),
    (partial(of_ctc, T=3, infinity=-1e9), "emission counted twice"),
    *((of_paths, m) for m in ("one way", "not normalised")),
    *((of_attention, m) for m in ("tiles normalised one by one", "no row sum", "no scale")),
    *((of_mixture, m) for m in ("no weights", "one point", "no determinant")),
]


@pytest.mark.parametrize(
    "case",
    [
        *(partial(of_crf, plain), partial(of_crf, logsumexp), of_hmm, of_ctc, of_paths, of_attention, of_mixture),
        partial(of_ctc, T=3, infinity=-1e9),
    ],
)
def test_right(case):
    report = gradcheck(*case())
    assert (report.verdict, report.unreached) == ("right", ()), str(report)


@pytest.mark.parametrize("case, mistake", MISTAKES)
def test_wrong(case, mistake):
    assert gradcheck(*case(mistake=mistake), diagnose=False).verdict == "wrong"

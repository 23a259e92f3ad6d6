"""Sequences that are no plain recurrent network: scans, fast weights, alignments, chains of probabilities."""

import numpy as np


def scan(a, b):
    """A linear recurrence in closed form."""
    decay = np.multiply.accumulate(a)
    return decay * np.add.accumulate(b / decay)


def scan_backward(inputs, dout):
    a, b = inputs
    h = [b[0]]
    for t in range(1, len(a)):
        h.append(a[t] * h[-1] + b[t])
    da, db, carry = np.zeros_like(a), np.zeros_like(b), 0.0
    for t in range(len(a) - 1, -1, -1):
        db[t] = carry = dout[t] + carry
        if t:
            da[t] = carry * h[t - 1]
        carry = carry * a[t]
    return da, db


def selective(x, dt, A, B, C):
    """A diagonal state whose step is an input."""
    h, ys = np.zeros(A.shape), []
    for t in range(len(x)):
        h = np.exp(dt[t][:, None] * A) * h + np.outer(dt[t] * x[t], B[t])
        ys.append(h @ C[t])
    return np.array(ys)


def selective_backward(inputs, dout):
    x, dt, A, B, C = inputs
    hs = [np.zeros(A.shape)]
    for t in range(len(x)):
        hs.append(np.exp(dt[t][:, None] * A) * hs[-1] + np.outer(dt[t] * x[t], B[t]))
    dx, ddt, dA, dB, dC = (np.zeros_like(v) for v in inputs)
    dh = np.zeros(A.shape)
    for t in reversed(range(len(x))):
        dh = dh + np.outer(dout[t], C[t])
        dC[t] = hs[t + 1].T @ dout[t]
        decay = np.exp(dt[t][:, None] * A)
        da = dh * hs[t] * decay
        u = dh @ B[t]
        ddt[t] = (da * A).sum(1) + x[t] * u
        dA += da * dt[t][:, None]
        dx[t] = dt[t] * u
        dB[t] = (dt[t] * x[t]) @ dh
        dh = dh * decay
    return dx, ddt, dA, dB, dC


def delta_rule(q, k, v, beta):
    """Fast weights that are corrected, not added to."""
    S, out, tape = np.zeros((v.shape[1], k.shape[1])), [], []
    for t in range(len(q)):
        error = v[t] - S @ k[t]
        before, S = S, S + beta[t] * np.outer(error, k[t])
        tape.append((before, error, S))
        out.append(S @ q[t])
    return np.stack(out), (q, k, v, beta, tape)


def delta_rule_backward(dout, cache):
    q, k, v, beta, tape = cache
    dq, dk, dv, dbeta = (np.zeros_like(u) for u in (q, k, v, beta))
    dS = 0
    for t, (before, error, after) in reversed([*enumerate(tape)]):
        dq[t] = after.T @ dout[t]
        dS = dS + np.outer(dout[t], q[t])
        dbeta[t] = error @ dS @ k[t]
        de = beta[t] * dS @ k[t]
        dk[t] = beta[t] * dS.T @ error - before.T @ de
        dv[t] = de
        dS = dS - np.outer(de, k[t])
    return dq, dk, dv, dbeta


def encoder_decoder(src, tgt, We, Wh, Wd, V):
    """The loss of a decoder that is fed what it should have said."""
    h, steps, loss = np.zeros(len(Wh)), [], 0.0
    for symbol in src:
        h0, h = h, np.tanh(We[:, symbol] + Wh @ h)
        steps.append((We, symbol, None, h0, h, None))
    for previous, following in zip([0, *tgt[:-1]], tgt):
        h0, h = h, np.tanh(Wd[:, previous] + Wh @ h)
        y = V @ h
        loss -= y[following] - np.logaddexp.reduce(y)
        steps.append((Wd, previous, following, h0, h, np.exp(y - np.logaddexp.reduce(y))))
    return loss, (steps, We, Wh, Wd, V)


def encoder_decoder_backward(dloss, cache):
    steps, We, Wh, Wd, V = cache
    grads = {name: np.zeros_like(W) for name, W in (("We", We), ("Wh", Wh), ("Wd", Wd), ("V", V))}
    dh = 0
    for W, symbol, following, h0, h, p in steps[::-1]:
        if following is not None:
            dy = dloss * (p - np.eye(len(p))[following])
            grads["V"] += np.outer(dy, h)
            dh = dh + V.T @ dy
        a = dh * (1 - h * h)
        grads["We" if W is We else "Wd"][:, symbol] += a
        grads["Wh"] += np.outer(a, h0)
        dh = Wh.T @ a
    return grads


def chain_field(scores, pairs, tags):
    """The negative logarithm of a linear-chain conditional random field."""
    alpha, weights = scores[0], []
    for row in scores[1:]:
        s = alpha[:, None] + pairs
        e = np.exp(s - s.max(0))
        weights.append(e / e.sum(0))
        alpha = s.max(0) + np.log(e.sum(0)) + row
    e = np.exp(alpha - alpha.max())
    gold = scores[np.arange(len(tags)), tags].sum() + pairs[tags[:-1], tags[1:]].sum()
    return alpha.max() + np.log(e.sum()) - gold, (weights, e / e.sum(), tags, scores.shape)


def chain_field_backward(dloss, cache):
    weights, da, tags, shape = cache
    dscores, dpairs = np.zeros(shape), np.zeros((shape[1], shape[1]))
    for t in range(shape[0] - 1, 0, -1):
        dscores[t] = da
        ds = weights[t - 1] * da
        dpairs += ds
        da = ds.sum(1)
    dscores[0] = da
    dscores[np.arange(len(tags)), tags] -= 1
    np.subtract.at(dpairs, (tags[:-1], tags[1:]), 1)
    return {"scores": dloss * dscores, "pairs": dloss * dpairs}


def alignment(logits, labels):
    """Connectionist temporal classification, the blank being 0."""
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    path = [0]
    for label in labels:
        path += [label, 0]
    alpha = np.zeros((len(p), len(path)))
    alpha[0, :2] = p[0, path[:2]]
    for t in range(1, len(p)):
        for s, label in enumerate(path):
            skips = s > 1 and label and label != path[s - 2]
            alpha[t, s] = p[t, label] * alpha[t - 1, max(s - 1 - bool(skips), 0) : s + 1].sum()
    whole = alpha[-1, -2:].sum()
    return -np.log(whole), (p, alpha, path, whole)


def alignment_backward(dloss, cache):
    p, alpha, path, whole = cache
    T, S = alpha.shape
    beta = np.zeros((T, S))
    beta[-1, -2:] = 1
    for t in range(T - 2, -1, -1):
        for s in range(S):
            for r in range(s, min(s + 3, S)):
                if r < s + 2 or (path[r] and path[r] != path[s]):
                    beta[t, s] += beta[t + 1, r] * p[t + 1, path[r]]
    taken = np.zeros_like(p)
    for s, label in enumerate(path):
        taken[:, label] += alpha[:, s] * beta[:, s]
    return dloss * (p - taken / whole), None


def filtered(y, a, q, r):
    """The negative logarithm of what a Kalman filter of one dimension gives the observations."""
    m, P, loss, tape = 0.0, 1.0, 0.0, []
    for value in y:
        m, P, before = a * m, a * a * P + q, (m, P)
        S, e = P + r, value - m
        K = P / S
        loss += 0.5 * (np.log(S) + e * e / S)
        tape.append((*before, P, S, e, K))
        m, P = m + K * e, (1 - K) * P
    return loss, (a, tape)


def filtered_backward(dloss, cache):
    a, tape = cache
    dm = dP = da = dq = dr = 0.0
    dy = []
    for m, P0, P, S, e, K in reversed(tape):
        dK = dm * e - dP * P
        de = dm * K + dloss * e / S
        dS = dloss * 0.5 * (1 / S - e * e / S**2) - dK * P / S**2
        dP = dP * (1 - K) + dK / S + dS
        dm = dm - de
        dy.append(de)
        da, dq, dr = da + dm * m + 2 * dP * a * P0, dq + dP, dr + dS
        dm, dP = dm * a, dP * a * a
    return np.array(dy[::-1]), da, dq, dr


CASES = [
    ("scan", "scan_backward", {"a": (4,), "b": (4,)}),
    ("selective", "selective_backward", {"x": (3, 2), "dt": (3, 2), "A": (2, 3), "B": (3, 3), "C": (3, 3)}),
    ("delta_rule", "delta_rule_backward", {"q": (3, 2), "k": (3, 2), "v": (3, 4), "beta": (3,)}),
    (
        "encoder_decoder",
        "encoder_decoder_backward",
        {"src": [1, 2], "tgt": [2, 0, 1], "We": (3, 4), "Wh": (3, 3), "Wd": (3, 4), "V": (4, 3)},
    ),
    ("chain_field", "chain_field_backward", {"scores": (4, 3), "pairs": (3, 3), "tags": [0, 2, 2, 1]}),
    ("filtered", "filtered_backward", {"y": (3,), "a": (), "q": (), "r": ()}),
    ("alignment", "alignment_backward", {"logits": (4, 3), "labels": [1, 2]}),
]

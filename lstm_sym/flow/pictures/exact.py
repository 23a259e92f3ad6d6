"""Pictures of what has a formula: transient growth, activations, half-lives, the scalar LSTM at rest, N20's error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...activations import sigma, tanh
from ..closed_forms import TRANSIENT, boundary, curve, half_lives, powers, spectral_radii
from ..copied import copied_errors
from ..trajectory import Setting
from .picture import Picture
from .theme import Theme, Words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COPIED = Setting(size=4, seed=0)
COPIED_STEPS = 10
COPIED_SEEDS = 100

ALL_PARAMETERS = Words(r"$g = dL/d\theta$, all parameters", "全部参数的梯度")
FIRST_INPUT = Words(r"$g = dL/dx^{(1)}$", "第一步输入的梯度")


def transient_growth() -> Picture:
    """The norm of a power rises although every eigenvalue is below 1."""
    found = powers(TRANSIENT, 150)

    def draw(figure: Figure, theme: Theme) -> None:
        axes = figure.add_subplot()
        k = np.arange(1, 151)
        axes.plot(k, 10.0**found.norm, label=r"$\Vert W^k\Vert$", **theme.series(0))
        axes.plot(k, 10.0**found.eigenvalue, label=r"$\rho(W)^k = 0.9^k$", **theme.series(1))
        top = 10.0 ** found.norm[found.peak - 1]
        axes.plot([found.peak], [top], marker="o", color=theme.colours[0])
        axes.annotate(rf"$k = {found.peak}$: ${top:.1f}$", (found.peak, top), (14, 4), textcoords="offset points")
        axes.axhline(1, color=theme.ink, linewidth=0.6)
        axes.set_yscale("log")
        axes.set_ylim(1e-7, 2e3)
        axes.set_xlabel("$k$")
        axes.grid(True)
        axes.legend(title=r"$W = (0.9,\ 50;\ 0,\ 0.9)$")

    caption = Words(
        "The powers of W = [[0.9, 50], [0, 0.9]]: both eigenvalues are 0.9, and yet the norm rises to "
        f"{10.0 ** found.norm[found.peak - 1]:.1f} at k = {found.peak} before it decays. Nothing here is random.",
        f"W = [[0.9, 50], [0, 0.9]] 的各次幂：两个特征值都是 0.9，而范数在 k = {found.peak} 时先升到 "
        f"{10.0 ** found.norm[found.peak - 1]:.1f}，然后才衰减。此图不含随机性。",
    )
    return Picture("transient-growth", caption, 6.4, 4.0, draw)


def activation_curves() -> Picture:
    """σ and tanh, their derivatives, and the bounds that these keep."""
    points = np.linspace(-6, 6, 601)

    def draw(figure: Figure, theme: Theme) -> None:
        panels = figure.subplots(1, 2)
        rows = (
            (sigma, r"\sigma", 0.25, r"\frac{1}{4}", (0, 1)),
            (tanh, r"\tanh", 1.0, "1", (-1, 1)),
        )
        for axes, (function, name, bound, text, limits) in zip(panels, rows, strict=True):
            value, slope = curve(function, points)
            axes.plot(points, value, label=f"${name}$", **theme.series(0))
            axes.plot(points, slope, label=f"${name}'$", **theme.series(1))
            for limit in limits:
                axes.axhline(limit, color=theme.ink, linewidth=0.7, linestyle=(0, (1, 3)))
            axes.axhline(bound, color=theme.colours[1], linewidth=0.9, linestyle=(0, (1, 2)))
            axes.text(-5.9, bound + 0.02 * (limits[1] - limits[0]), rf"${name}' \leq {text}$", va="bottom")
            axes.set_ylim(limits[0] - 0.08, limits[1] + 0.14 * (limits[1] - limits[0]))
            axes.set_xlabel("$x$")
            axes.legend(loc="lower right" if name == r"\tanh" else "center right")

    caption = Words(
        "The logistic function and the hyperbolic tangent (solid), their derivatives (dashed), and the bounds "
        "0 < σ < 1, σ' ≤ 1/4, -1 < tanh < 1, tanh' ≤ 1 (dotted), both derivatives reaching theirs at x = 0. "
        "Nothing here is random.",
        "逻辑斯谛函数与双曲正切（实线）、它们的导数（虚线），以及界 0 < σ < 1、σ' ≤ 1/4、-1 < tanh < 1、"
        "tanh' ≤ 1（点线）；两个导数都在 x = 0 处达到各自的界。此图不含随机性。",
    )
    return Picture("activations", caption, 7.6, 3.4, draw)


def forget_half_life() -> Picture:
    """How long a forget gate of constant pre-activation keeps half of a cell."""
    biases = np.linspace(-2, 7, 200)
    marked = np.array([1.0, 3.0, 5.0])

    def draw(figure: Figure, theme: Theme) -> None:
        axes = figure.add_subplot()
        axes.plot(biases, half_lives(biases), label=r"$\ln\frac{1}{2}\,/\,\ln\sigma(b_f)$", **theme.series(0))
        axes.plot(biases, np.log(2) * np.exp(biases), label=r"$e^{b_f}\ln 2$", **theme.series(1))
        for bias, life in zip(marked, half_lives(marked), strict=True):
            axes.plot([bias], [life], marker="o", color=theme.colours[0])
            axes.annotate(f"${life:.2f}$", (bias, life), (8, -10), textcoords="offset points")
        axes.set_yscale("log")
        axes.set_xlabel("$b_f$")
        axes.set_ylabel(r"$T$ with $\sigma(b_f)^T = \frac{1}{2}$")
        axes.grid(True)
        axes.legend()

    caption = Words(
        "The number of steps in which the product of constant forget gates falls to one half, against the forget "
        "bias (solid), and the exponential that it approaches from above (dashed); all other terms of the gate's "
        "pre-activation are 0. Marked: b_f = 1, 3, 5. Nothing here is random.",
        "恒定遗忘门的乘积降到一半所需的步数与遗忘偏置的关系（实线），以及它从上方趋近的指数函数（虚线）；"
        "门的预激活中其余各项为 0。标出的是 b_f = 1、3、5。此图不含随机性。",
    )
    return Picture("half-life", caption, 6.4, 4.0, draw)


def vanishing_and_exploding() -> Picture:
    """Where the scalar LSTM at rest vanishes and where it explodes."""
    biases, weights = np.linspace(-4, 6, 201), np.linspace(-14, 8, 221)
    radii = spectral_radii(biases, weights)
    upper, lower = boundary(biases)

    def draw(figure: Figure, theme: Theme) -> None:
        axes = figure.add_subplot()
        axes.contourf(biases, weights, radii, levels=[0, 1], colors=[theme.fill])
        levels = [0.5, 2.0]
        lines = axes.contour(biases, weights, radii, levels=levels, colors=theme.ink, linewidths=0.7, alpha=0.7)
        axes.clabel(lines, fmt=r"$|\lambda| = %g$", fontsize=8)
        axes.plot(biases, upper, label=r"$\sigma(b_f) + w_g/4 = 1$", **theme.series(0))
        axes.plot(biases, lower, label=r"$\sigma(b_f) + w_g/4 = -1$", **theme.series(1))
        for place, text in [((-3.6, 6.0), r"$|\lambda| > 1$"), ((-3.6, -3.4), r"$|\lambda| < 1$")]:
            axes.text(*place, text, fontsize=12)
        axes.text(-3.6, -11.0, r"$|\lambda| > 1$", fontsize=12)
        axes.plot([1], [boundary(np.array(1.0))[0]], marker="o", color=theme.colours[0])
        axes.annotate(r"$(1,\ 1.0758)$", (1, boundary(np.array(1.0))[0]), (6, 8), textcoords="offset points")
        axes.set_xlabel("$b_f$")
        axes.set_ylabel("$w_g$")
        axes.legend(loc="upper right")

    caption = Words(
        "The scalar LSTM at rest (state, inputs and all parameters but b_f and w_g are 0): the nonzero eigenvalue of "
        "its Jacobian, computed from the cell on a grid of 201 by 221, against the exact boundary. In the shaded "
        "strip gradients vanish, outside they explode. Nothing here is random.",
        "静止的标量 LSTM（状态、输入以及除 b_f 与 w_g 外的所有参数都为 0）：其雅可比矩阵的非零特征值，"
        "由单元的方程在 201 × 221 的网格上算出，与精确边界对照。阴影带内梯度消失，带外梯度爆炸。此图不含随机性。",
    )
    return Picture("vanishing-exploding", caption, 6.4, 4.8, draw)


def copied_recursion() -> Picture:
    """The error of the copied recursion by the number of steps."""
    found = copied_errors(COPIED, COPIED_STEPS, COPIED_SEEDS)

    def draw(figure: Figure, theme: Theme) -> None:
        axes = figure.add_subplot()
        rows = (
            (found.weights, ALL_PARAMETERS),
            (found.first_input, FIRST_INPUT),
        )
        for number, (errors, label) in enumerate(rows):
            low, middle, high = np.percentile(100 * errors, [25, 50, 75], axis=1)
            shift = 0.06 * (2 * number - 1)
            axes.errorbar(
                found.steps + shift,
                middle,
                yerr=[middle - low, high - middle],
                label=theme.say(label),
                capsize=3,
                **theme.series(number, markers=True),
            )
        axes.set_xticks(found.steps)
        axes.set_xlabel("$T$")
        axes.set_ylabel(r"$100\,\Vert\hat{g} - g\Vert\,/\,\Vert g\Vert$")
        axes.grid(True)
        axes.legend(loc="upper left")

    caption = Words(
        "The gradient of an LSTM by the copied recursion against the true one: relative error in per cent by the "
        "number of steps T, for all parameters together and for the first input; 0 for T = 1 and 2. Median and "
        f"quartiles of {COPIED_SEEDS} networks, n = {COPIED.size}, seeds {COPIED.seed} to "
        f"{COPIED.seed + COPIED_SEEDS - 1}, weights normal with variance 1/n, biases 0, inputs and the loss gradients "
        "of every step standard normal.",
        "抄来的递推算出的 LSTM 梯度与真梯度相比：相对误差（百分比）随步数 T 的变化，一条是全部参数合在一起，"
        "一条是第一步的输入；T = 1 与 2 时为 0。"
        f"取 {COPIED_SEEDS} 个网络的中位数与四分位数，n = {COPIED.size}，种子 {COPIED.seed} 至 "
        f"{COPIED.seed + COPIED_SEEDS - 1}，权重正态、方差 1/n，偏置为 0，输入与每一步的损失梯度为标准正态。",
    )
    return Picture("copied-recursion", caption, 6.4, 4.0, draw)

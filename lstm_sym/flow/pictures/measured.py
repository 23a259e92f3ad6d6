"""Pictures of measured flows: any cell's, the shrinking gradient of a network, the map of all sensitivities."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...cells import LSTM, LSTM_1997, RNN_TANH
from ...symbols import Sequence
from ..measure import Flow, gradient_flow, sensitivity_map
from ..trajectory import Array, Setting, run
from .picture import Picture
from .theme import Theme, Words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHRINKING = Setting(size=32, seed=0, inputs=0.1)
GAINS = (0.6, 1.0, 2.0)
SHRINKING_LAG = 24
WIDEST, CUT = 0.62, 3.0
"""The widest arrow, and the norm that it stands for."""

MAPPED = Setting(size=16, seed=0)
MAP_STEPS = 60
MAP_FLOOR = -10.0
FORGET_BIASES = (0.0, 1.0, 3.0, 5.0)

LINES = (
    ("bound", Words(r"bound $\prod_k\,\beta_k$", "上界 ∏βₖ")),
    ("largest", Words(r"$\sigma_{\max}$, the norm", "最大奇异值，即范数")),
    ("carousel", Words("carousel alone", "仅误差传送带")),
    ("smallest", Words(r"$\sigma_{\min}$", "最小奇异值")),
)
LAG = Words(r"lag $\ell$", "间隔 ℓ")
PRODUCT = r"J^{(T)}\cdots J^{(T-\ell+1)}"
LOGARITHM = Words(rf"$\log_{{10}}$ of ${PRODUCT}$", "雅可比矩阵乘积的常用对数")


def flow_picture(measured: Flow) -> Picture:
    """The table of a flow: its norm, its bound, its carousel and its smallest singular value against the lag."""

    def draw(figure: Figure, theme: Theme) -> None:
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
        for number, (name, label) in enumerate(LINES):
            axes = below if name == "smallest" else above
            values = getattr(measured, name)
            shown = np.isfinite(values)
            if shown.any():
                axes.plot(
                    measured.lags[shown], values[shown], label=theme.say(label), **theme.series(number, markers=True)
                )
        for axes in (above, below):
            axes.axhline(0, color=theme.ink, linewidth=0.6)
            axes.grid(True)
            if axes.get_legend_handles_labels()[0]:
                axes.legend()
        below.set_xlabel(theme.say(LAG))
        figure.supylabel(theme.say(LOGARITHM), fontsize=10)
        above.set_title(f"{measured.cell}: {measured.setting}", fontsize=10)

    caption = Words(
        f"Singular values of the product of the joint-state Jacobians of {measured.cell} over the last steps, the "
        f"bound on them and the carousel path; {measured.setting}, {measured.lags[-1]} steps from the zero state.",
        f"{measured.cell} 的联合状态雅可比矩阵在最后若干步上的乘积：其奇异值、上界以及误差传送带路径；"
        f"{_in_chinese(measured.setting)}，从零状态起 {measured.lags[-1]} 步。",
    )
    return Picture(f"flow-{measured.cell}", caption, 6.4, 5.0, draw)


def _in_chinese(setting: Setting) -> str:
    """The setting as it tells itself, its words in Chinese."""
    told = str(setting).replace("seed ", "种子 ").replace("gain ", "增益 ").replace("inputs ", "输入标准差 ")
    return told.replace(" given", " 已给定").replace(", ", "，")


def shrinking_flows() -> list[Flow]:
    """The flow of a tanh network at three scales of its weights, every lag measured."""
    settings = [replace(SHRINKING, gain=gain) for gain in GAINS]
    lags = range(1, SHRINKING_LAG + 1)
    return [gradient_flow(RNN_TANH, setting, SHRINKING_LAG, lags=lags, smallest=False) for setting in settings]


def shrinking_gradient() -> Picture:
    """Arrows back through time, as thick as the measured norm, over the curves of the same numbers."""
    flows = shrinking_flows()

    def draw(figure: Figure, theme: Theme) -> None:
        above, below = figure.subplots(2, 1, height_ratios=(1, 2.2), sharex=True)
        _arrows(above, flows, theme)
        for number, flow in enumerate(flows):
            label = rf"$g = {flow.setting.gain:g}$"
            below.plot(flow.lags, flow.largest, label=label, **theme.series(number, markers=True))
        below.axhline(0, color=theme.ink, linewidth=0.6)
        below.set_xlabel(theme.say(LAG))
        below.set_ylabel(r"$\log_{10}\,\Vert\partial h^{(T)}/\partial h^{(T-\ell)}\Vert$")
        below.set_xlim(SHRINKING_LAG + 0.6, -0.4)
        below.grid(True)
        below.legend(title=r"$W_{ij}\sim\mathcal{N}(0,\,g^2/n)$")

    caption = Words(
        "The gradient of a tanh network on its way back: the norm of the derivative of the last state by the state "
        "l steps before it, measured. Weights are normal with standard deviation g over the root of n; "
        f"n = {SHRINKING.size}, seed {SHRINKING.seed}, biases 0, inputs of standard deviation {SHRINKING.inputs:g}, "
        f"{SHRINKING_LAG} steps from the zero state. Above, the width of an arrow is the norm, cut off at {CUT:g}.",
        "tanh 网络的梯度在回程上的变化：最后状态对其前 l 步的状态求导，所得导数的范数，实测值。"
        "权重正态，标准差为 g 除以 n 的平方根；"
        f"n = {SHRINKING.size}，种子 {SHRINKING.seed}，偏置为 0，输入标准差 {SHRINKING.inputs:g}，"
        f"从零状态起 {SHRINKING_LAG} 步。上图箭头的宽度即范数，超过 {CUT:g} 的截断。",
    )
    return Picture("shrinking-gradient", caption, 7.2, 5.4, draw)


def _arrows(axes: Any, flows: list[Flow], theme: Theme) -> None:
    """A row per network: the arrow into the state l steps back has the width of the norm."""
    from matplotlib.patches import FancyArrow

    for number, flow in enumerate(flows):
        row = len(flows) - 1 - number
        for lag, norm in zip(flow.lags, 10.0**flow.largest, strict=True):
            width = WIDEST * min(norm, CUT) / CUT
            axes.add_patch(
                FancyArrow(
                    lag - 0.95,
                    row,
                    0.85,
                    0,
                    width=width,
                    head_width=width + 0.16,
                    head_length=0.35,
                    length_includes_head=True,
                    facecolor=theme.colours[number],
                    edgecolor=theme.colours[number],
                    linewidth=0.4,
                )
            )
    axes.set_ylim(-0.6, len(flows) - 0.4)
    axes.set_yticks(range(len(flows)), [rf"$g = {flow.setting.gain:g}$" for flow in reversed(flows)])
    axes.tick_params(length=0, labelbottom=False)
    for side in axes.spines.values():
        side.set_visible(False)


def sensitivity_maps() -> dict[str, Array]:
    """log10 of the norm of the derivative of h at t by h at k, by the label of the cell: arrays (T + 1, T + 1)."""
    cells = [("RNN", RNN_TANH, MAPPED)]
    cells += [(f"LSTM, $b_f = {bias:g}$", LSTM, replace(MAPPED, fixed={"b_f": bias})) for bias in FORGET_BIASES]
    cells += [("LSTM, $f = 1$", LSTM_1997, MAPPED)]
    maps = {}
    for label, cell, setting in cells:
        trajectory = run(cell, setting, MAP_STEPS)
        hidden: Sequence = next(state for state in trajectory.cell.states if state.text == "h")
        maps[label] = sensitivity_map(trajectory, hidden)
    return maps


def heat_map() -> Picture:
    """How much of every hidden state is left in every later one."""
    maps = sensitivity_maps()

    def draw(figure: Figure, theme: Theme) -> None:
        grid = figure.subplots(2, 3, sharex=True, sharey=True)
        for axes, (label, logs) in zip(grid.flat, maps.items(), strict=True):
            shown = np.maximum(logs, MAP_FLOOR)
            image = axes.imshow(shown, cmap="cividis", vmin=MAP_FLOOR, vmax=1, origin="upper", interpolation="nearest")
            axes.set_title(label, fontsize=10)
        for axes in grid[-1]:
            axes.set_xlabel("$k$")
        for axes in grid[:, 0]:
            axes.set_ylabel("$t$")
        bar = figure.colorbar(image, ax=grid, shrink=0.85, extend="min")
        bar.set_label(r"$\log_{10}\,\Vert\partial h^{(t)}/\partial h^{(k)}\Vert$")
        bar.outline.set_edgecolor(theme.ink)

    caption = Words(
        "The norm of the derivative of the hidden state at t by that at k, every path in between included, for a tanh "
        f"network, the LSTM with four forget biases, and the LSTM without a forget gate (f = 1). n = {MAPPED.size}, "
        f"seed {MAPPED.seed}, weights normal with variance 1/n, other biases 0, inputs standard normal, {MAP_STEPS} "
        f"steps from the zero state. Norms below 1e{MAP_FLOOR:g} are drawn as that.",
        "t 时刻的隐藏状态对 k 时刻的隐藏状态求导，其间所有路径都计入，所得导数的范数：tanh 网络、"
        f"四种遗忘偏置的 LSTM、没有遗忘门的 LSTM（f = 1）。n = {MAPPED.size}，种子 {MAPPED.seed}，"
        f"权重正态、方差 1/n，其余偏置为 0，输入为标准正态，从零状态起 {MAP_STEPS} 步。"
        f"小于 1e{MAP_FLOOR:g} 的范数按该值绘出。",
    )
    return Picture("sensitivities", caption, 8.4, 5.2, draw)

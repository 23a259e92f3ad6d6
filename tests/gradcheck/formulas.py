"""Functions entry by entry, and their gradients: the formulas of random programs.

In a formula stand {x} and {y} for what a function is of, {v} for its value and DV for the gradient of that.
"""

UNARY = {
    "np.tanh({x})": ("DV * (1 - {v} ** 2)", "DV * (1 - {v} * {v})", "DV * (1 - np.tanh({x}) ** 2)"),
    "sigmoid({x})": ("DV * {v} * (1 - {v})", "{v} * (1 - {v}) * DV"),
    "1 / (1 + np.exp(-{x}))": ("DV * {v} * (1 - {v})", "DV * ({v} - {v} ** 2)"),
    "np.exp({x})": ("DV * {v}", "np.exp({x}) * DV"),
    "np.exp(-{x} ** 2)": ("-2 * {x} * {v} * DV",),
    "np.exp(0.5 * {x})": ("0.5 * DV * {v}",),
    "np.log(1 + {x} ** 2)": ("DV * 2 * {x} / (1 + {x} ** 2)", "2 * DV * {x} / (1 + np.square({x}))"),
    "np.log1p(np.exp({x}))": ("DV / (1 + np.exp(-{x}))", "DV * np.exp({x}) / (1 + np.exp({x}))"),
    "np.logaddexp(0, {x})": ("DV / (1 + np.exp(-{x}))",),
    "np.sqrt({x} ** 2 + 1)": ("DV * {x} / {v}",),
    "np.square({x})": ("2 * {x} * DV", "DV * 2.0 * {x}"),
    "{x} ** 2": ("2 * {x} * DV",),
    "{x} ** 3": ("3 * {x} ** 2 * DV", "DV * 3 * np.square({x})"),
    "np.power({x}, 3)": ("3 * np.power({x}, 2) * DV",),
    "np.power({x} ** 2 + 1, 1.5)": (
        "3 * {x} * np.sqrt({x} ** 2 + 1) * DV", "1.5 * ({x} ** 2 + 1) ** 0.5 * 2 * {x} * DV",
    ),
    "({x} ** 2 + 0.5) ** -0.5": ("-{x} * {v} ** 3 * DV", "-{x} * ({x} ** 2 + 0.5) ** -1.5 * DV"),
    "np.abs({x})": ("DV * np.sign({x})", "np.where({x} > 0, DV, -DV)", "DV * ((1.0 * ({x} > 0)) - ({x} < 0))"),
    "np.sin({x})": ("DV * np.cos({x})",),
    "np.cos({x})": ("-DV * np.sin({x})", "-np.sin({x}) * DV"),
    "np.sin(2 * {x}) * np.cos({x})": ("DV * (2 * np.cos(2 * {x}) * np.cos({x}) - np.sin(2 * {x}) * np.sin({x}))",),
    "-{x}": ("-DV", "-1 * DV"),
    "1 - {x}": ("-DV",),
    "3 * {x} + 1": ("3 * DV",),
    "{x} / 4": ("DV / 4", "0.25 * DV"),
    "1 / (2 + np.cos({x}))": ("DV * np.sin({x}) / (2 + np.cos({x})) ** 2", "DV * np.sin({x}) * {v} ** 2"),
    "np.reciprocal({x} ** 2 + 1)": ("-2 * {x} * {v} ** 2 * DV",),
    "np.maximum({x}, 0)": ("DV * ({x} > 0)", "np.where({x} > 0, DV, 0)", "DV * ({v} > 0)", "DV * np.heaviside({x}, 0)"),
    "{x} * ({x} > 0)": ("DV * ({x} > 0)", "DV * ({x} > 0).astype(float)"),
    "np.where({x} > 0, {x}, 0.1 * {x})": ("np.where({x} > 0, DV, 0.1 * DV)", "DV * np.where({x} > 0, 1, 0.1)"),
    "np.maximum(0.2 * {x}, {x})": ("DV * (0.2 + 0.8 * ({x} > 0))",),
    "np.where({x} < 0, np.exp({x}) - 1, {x})": (
        "DV * np.where({x} < 0, np.exp({x}), 1)", "DV * np.where({x} < 0, {v} + 1, 1)",
    ),
    "np.clip({x}, -1, 1)": (
        "DV * (({x} > -1) & ({x} < 1))", "DV * (np.abs({x}) <= 1)", "np.where(({x} >= -1) & ({x} <= 1), DV, 0)",
    ),
    "np.minimum(np.maximum({x}, -0.5), 3)": (
        "DV * ({x} > -0.5) * ({x} < 3)", "DV * np.logical_and({x} > -0.5, {x} < 3)",
    ),
    "np.where(np.abs({x}) < 1, 0.5 * {x} ** 2, np.abs({x}) - 0.5)": (
        "DV * np.where(np.abs({x}) < 1, {x}, np.sign({x}))", "DV * np.clip({x}, -1, 1)",
    ),
    "{x} * sigmoid({x})": ("DV * (sigmoid({x}) + {v} * (1 - sigmoid({x})))",),
    "0.5 * {x} * (1 + np.tanh({x}))": ("DV * 0.5 * (1 + np.tanh({x}) + {x} * (1 - np.tanh({x}) ** 2))",),
    "np.log({x})": ("DV / {x}",),
    "np.sqrt({x})": ("DV / (2 * {v})", "0.5 * DV / np.sqrt({x})"),
    "np.arctan({x})": ("DV / (1 + {x} ** 2)",),
    "np.sinh({x})": ("DV * np.cosh({x})",),
    "np.expm1({x})": ("DV * ({v} + 1)", "DV * np.exp({x})"),
}  # fmt: skip
"""Of one variable, entry by entry: the value, and the gradient in several forms."""

BINARY = {
    "{x} + {y}": ("DV", "DV"),
    "{x} - {y}": ("DV", "-DV"),
    "{x} * {y}": ("DV * {y}", "DV * {x}"),
    "np.multiply({x}, {y})": ("DV * {y}", "{x} * DV"),
    "{x} / (1 + {y} ** 2)": ("DV / (1 + {y} ** 2)", "-2 * DV * {x} * {y} / (1 + {y} ** 2) ** 2"),
    "{x} / {y}": ("DV / {y}", "-DV * {x} / {y} ** 2"),
    "np.maximum({x}, {y})": ("DV * ({x} > {y})", "DV * ({x} <= {y})"),
    "np.minimum({x}, {y})": ("np.where({x} < {y}, DV, 0)", "np.where({x} < {y}, 0, DV)"),
    "np.where({x} > {y}, {x}, 2 * {y})": ("DV * ({x} > {y})", "2 * DV * (1 - ({x} > {y}))"),
    "np.where({x} + {y} > 1, {x} * {y}, {x})": (
        "np.where({x} + {y} > 1, DV * {y}, DV)", "np.where({x} + {y} > 1, DV * {x}, 0)",
    ),
    "np.logaddexp({x}, {y})": ("DV / (1 + np.exp({y} - {x}))", "DV / (1 + np.exp({x} - {y}))"),
    "sigmoid({x}) * {y}": ("DV * {y} * sigmoid({x}) * (1 - sigmoid({x}))", "DV * sigmoid({x})"),
    "({x} - {y}) ** 2": ("2 * ({x} - {y}) * DV", "-2 * ({x} - {y}) * DV"),
    "np.tanh({x}) * np.exp(-{y} ** 2)": (
        "DV * (1 - np.tanh({x}) ** 2) * np.exp(-{y} ** 2)", "-2 * DV * {y} * np.tanh({x}) * np.exp(-{y} ** 2)",
    ),
    "np.hypot({x}, {y})": ("DV * {x} / np.hypot({x}, {y})", "DV * {y} / np.hypot({x}, {y})"),
}  # fmt: skip
"""Of two variables that broadcast, with the gradients of both before they are summed."""

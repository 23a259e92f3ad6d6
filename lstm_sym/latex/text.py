r"""Words inside a formula: plain text escaped for ``\text{…}``, mathematical signs in it set as mathematics."""

from __future__ import annotations

import re
import unicodedata

ESCAPED = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "\n": " ",
}

SIGNS = {
    "∂": r"\partial",
    "⊙": r"\odot",
    "∏": r"\prod",
    "Σ": r"\Sigma",
    "∑": r"\sum",
    "≤": r"\leq",
    "≥": r"\geq",
    "≠": r"\neq",
    "≈": r"\approx",
    "→": r"\to",
    "⟹": r"\Longrightarrow",
    "∞": r"\infty",
    "·": r"\cdot",
    "×": r"\times",
    "±": r"\pm",
    "−": "-",
    "′": "'",
    "…": r"\ldots",
    "‖": r"\Vert",
    "√": r"\surd",
    "∈": r"\in",
    "½": r"\tfrac{1}{2}",
    "¼": r"\tfrac{1}{4}",
    "φ": r"\varphi",
    "ε": r"\varepsilon",
    "λ": r"\lambda",
}

_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿᵏᵗᶻᵀ", [*"0123456789+-=()nktz", r"\top"], strict=True))
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋ₙₖₜ", "0123456789+-nkt", strict=True))
_PIECE = re.compile(f"[{''.join(_RAISED)}]+|[{''.join(_LOWERED)}]+|.", re.DOTALL)


def text_in_math(words: str) -> str:
    r"""``words`` as ``\text{…}``.

    >>> print(text_in_math("chain rule, 100% of ∂⁺L"))
    \text{chain rule, 100\% of $\partial$$^{+}$L}
    """
    return rf"\text{{{''.join(map(_written, _PIECE.findall(words)))}}}"


def _written(piece: str) -> str:
    if piece[0] in _RAISED:
        return f"$^{{{''.join(_RAISED[sign] for sign in piece)}}}$"
    if piece[0] in _LOWERED:
        return f"$_{{{''.join(_LOWERED[sign] for sign in piece)}}}$"
    sign = SIGNS.get(piece) or _greek(piece)
    return f"${sign}$" if sign else ESCAPED.get(piece, piece)


def _greek(sign: str) -> str:
    r"""``\kappa`` for a small Greek letter, empty for any other sign."""
    kind, _, name = unicodedata.name(sign, "").rpartition(" ")
    return f"\\{name.lower()}" if kind == "GREEK SMALL LETTER" and name != "OMICRON" else ""

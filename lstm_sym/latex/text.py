r"""Words inside a formula: plain text escaped for ``\text{…}``, mathematical signs in it set as mathematics."""

from __future__ import annotations

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
    "∂⁺": r"\partial^{+}",
    "∂": r"\partial",
    "δ": r"\delta",
    "σ": r"\sigma",
    "φ": r"\varphi",
    "ρ": r"\rho",
    "γ": r"\gamma",
    "η": r"\eta",
    "λ": r"\lambda",
    "Σ": r"\Sigma",
    "∏": r"\prod",
    "⊙": r"\odot",
    "ᵀ": r"^{\top}",
    "⁺": "^{+}",
    "⁻¹": "^{-1}",
    "²": "^{2}",
    "≤": r"\leq",
    "≥": r"\geq",
    "≠": r"\neq",
    "→": r"\to",
    "⟹": r"\Longrightarrow",
    "∞": r"\infty",
    "·": r"\cdot",
    "×": r"\times",
    "′": "'",
    "…": r"\ldots",
    "‖": r"\Vert",
    "√": r"\surd",
    "½": r"\tfrac{1}{2}",
    "¼": r"\tfrac{1}{4}",
}


def text_in_math(words: str) -> str:
    r"""``words`` as ``\text{…}``.

    >>> print(text_in_math("chain rule, 100% of ∂⁺L"))
    \text{chain rule, 100\% of $\partial^{+}$L}
    """
    written, place = "", 0
    while place < len(words):
        sign = next((sign for sign in SIGNS if words.startswith(sign, place)), None)
        if sign:
            written += f"${SIGNS[sign]}$"
            place += len(sign)
        else:
            written += ESCAPED.get(words[place], words[place])
            place += 1
    return rf"\text{{{written}}}"

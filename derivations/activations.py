"""The logistic function and tanh: identities and bounds (N09, N10)."""

from sympy import Rational, Symbol

from lstm_sym.activations import sigma, tanh
from lstm_sym.proof import Derivation

z = Symbol("z", real=True)

sigmoid_mirror = (
    Derivation("sigmoid.mirror", claim="N09", title="σ mirrored")
    .start(1 - sigma(z))
    .eq(sigma(-z), by="1 - 1/(1 + e⁻ᶻ) = 1/(1 + eᶻ)")
)

sigmoid_range = (
    Derivation("sigmoid.range", claim="N09", title="σ lies strictly between 0 and 1")
    .start(0)
    .lt(sigma(z), by="a quotient of positive numbers is positive", slack=sigma(z))
    .lt(1, by="1 - σ(z) = σ(-z) is positive", slack=sigma(-z), lemma="sigmoid.mirror")
)

sigmoid_derivative = (
    Derivation("sigmoid.derivative", claim="N09", title="σ' from the value of σ")
    .start(sigma.prime(z))
    .eq(sigma(z) * (1 - sigma(z)), by="quotient rule on 1/(1 + e⁻ᶻ)")
    .eq(sigma(z) * sigma(-z), by="mirror", lemma="sigmoid.mirror")
)

sigmoid_slope = (
    Derivation("sigmoid.slope", claim="N09", title="σ' is at most 1/4")
    .start(sigma.prime(z))
    .le(Rational(1, 4), by="1/4 - s(1 - s) is the square of s - 1/2", slack=(sigma(z) - Rational(1, 2)) ** 2)
)

tanh_from_sigmoid = (
    Derivation("tanh.from-sigmoid", claim="N10", title="tanh is σ rescaled")
    .start(tanh(z))
    .eq(2 * sigma(2 * z) - 1, by="(e²ᶻ - 1)/(e²ᶻ + 1) = 2/(1 + e⁻²ᶻ) - 1")
)

tanh_derivative = (
    Derivation("tanh.derivative", claim="N10", title="tanh' from the value of tanh")
    .start(tanh.prime(z))
    .eq(1 - tanh(z) ** 2, by="quotient rule")
    .eq(4 * sigma.prime(2 * z), by="tanh is σ rescaled", lemma="tanh.from-sigmoid")
)

tanh_slope = (
    Derivation("tanh.slope", claim="N10", title="tanh' is at most 1")
    .start(tanh.prime(z))
    .le(1, by="1 - tanh' is a square", slack=tanh(z) ** 2, lemma="tanh.derivative")
)

tanh_range = (
    Derivation("tanh.range", claim="N10", title="tanh lies strictly between -1 and 1")
    .start(-1)
    .lt(tanh(z), by="tanh(z) + 1 = 2σ(2z)", slack=2 * sigma(2 * z), lemma="tanh.from-sigmoid")
    .lt(1, by="1 - tanh(z) = 2σ(-2z)", slack=2 * sigma(-2 * z), lemma="tanh.from-sigmoid")
)

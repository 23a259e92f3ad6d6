"""What modules hold with options: which gradients, under which names, told in which header; what is refused."""

from __future__ import annotations

import shutil
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Eq, Rational

from lstm_sym.activations import tanh
from lstm_sym.cell import Cell
from lstm_sym.cells import CELLS, LSTM, MIN_GRU, RNN_TANH
from lstm_sym.export import experiment as experiments
from lstm_sym.export import export_module
from lstm_sym.export.check import relative_error
from lstm_sym.export.experiment import experiment_on, imported
from lstm_sym.export.freshness import origin_of, staleness
from lstm_sym.export.plan import plan_of, with_activation
from lstm_sym.export.plan_page import plan_text, products
from lstm_sym.export.stacking import stacking_of
from lstm_sym.export.variant import Variant, Wanted, biases_of, wanted_of
from lstm_sym.nodes import hadamard
from lstm_sym.symbols import Parameter, Sequence, sizes, t

from .backends import ARRAYS, TOLERANCE, converted, gradient_names, module_of
from .cells import CELLS as MORE

ALL = [with_activation(cell, tanh) for cell in (*CELLS.values(), *MORE)]

n, d = sizes("n d")
h, x = Sequence("h", n), Sequence("x", d)
W, U, b, c = Parameter("W", n, n), Parameter("U", n, d), Parameter("b", n), Parameter("c", n)


# --- gradients ----------------------------------------------------------------------------------


def require_gradients(cell, wrt, found, wanted, bound, back=np.asarray):
    """The gradients asked for are those of the full backward pass, all others are None."""
    asked = {key for name in wrt for key in gradient_names(cell)[name]}
    assert {key for key, value in found.items() if value is not None} == asked
    for key in asked:
        value = back(found[key])
        assert value.dtype == wanted[key].dtype and relative_error(value, wanted[key]) <= bound, (wrt, key)


def choices(cell):
    """The words alone, every other name, and the names between them."""
    names = list(gradient_names(cell))
    return [*([name] for name in names if name in ("state", "biases")), names[::2], names[1::2] or names]


@pytest.mark.parametrize("cell", ALL, ids=lambda cell: cell.name)
def test_every_choice_of_gradients(cell):
    experiment = experiment_on(cell)
    wanted = experiment.gradients(module_of(cell))
    for wrt in choices(cell):
        found = experiment.gradients(imported(export_module(cell, wrt=wrt), cell.name))
        require_gradients(cell, wrt, found, wanted, TOLERANCE["float64"])


@pytest.mark.parametrize("name", ["RNN_output", "MGU", "mLSTM"])
def test_every_name_alone(name):
    cell = with_activation(CELLS[name], tanh)
    experiment = experiment_on(cell)
    wanted = experiment.gradients(module_of(cell))
    for choice in gradient_names(cell):
        found = experiment.gradients(imported(export_module(cell, wrt=[choice]), name))
        require_gradients(cell, [choice], found, wanted, TOLERANCE["float64"])


@pytest.mark.parametrize("name", ["LSTM", "GRU", "RNN_output", "mLSTM", "minGRU", "peephole_LSTM"])
def test_in_float32_and_for_one_sequence(name, monkeypatch):
    monkeypatch.setattr(experiments, "B", 1)
    cell = CELLS[name]
    cell = with_activation(cell, tanh)
    exact = experiment_on(cell)
    experiment = converted(exact, lambda value: value.astype("float32"))
    wanted = {key: value.astype("float32") for key, value in exact.gradients(module_of(cell)).items()}
    for wrt in choices(cell):
        found = experiment.gradients(imported(export_module(cell, wrt=wrt), name))
        require_gradients(cell, wrt, found, wanted, TOLERANCE["float32"])


@pytest.mark.parametrize("cell", [LSTM, MIN_GRU], ids=lambda cell: cell.name)
def test_all_sizes(cell, monkeypatch):
    module, whole = module_of(cell, wrt=("biases",)), module_of(cell)

    @settings(max_examples=12, deadline=None)
    @given(st.integers(1, 5), st.integers(1, 4), st.permutations([1, 2, 3, 4, 5, 6, 7]), st.integers(0, 99))
    def agrees(T, B, lengths, seed):
        monkeypatch.setattr(experiments, "T", T)
        monkeypatch.setattr(experiments, "B", B)
        monkeypatch.setattr(experiments, "SIZES", tuple(lengths))
        experiment = experiment_on(cell, seed)
        found, wanted = experiment.gradients(module), experiment.gradients(whole)
        require_gradients(cell, ["biases"], found, wanted, 1e-11)

    agrees()


@pytest.mark.parametrize("cell", ALL, ids=lambda cell: cell.name)
@pytest.mark.parametrize("backend", ["torch", "array-api"])
def test_other_backends(backend, cell):
    convert, back = ARRAYS[backend]()
    exact = experiment_on(cell)
    experiment, wanted = converted(exact, convert), exact.gradients(module_of(cell))
    for wrt in choices(cell)[-3:]:
        found = experiment.gradients(imported(export_module(cell, backend, wrt=wrt), cell.name))
        require_gradients(cell, wrt, found, wanted, TOLERANCE["float64"], back)


@pytest.mark.parametrize("name", ["LSTM", "SRU", "RNN_output"])
def test_jax(name):
    convert, back = ARRAYS["jax"]()
    import jax

    cell = with_activation(CELLS[name], tanh)
    exact = experiment_on(cell)
    experiment, wanted = converted(exact, convert), exact.gradients(module_of(cell))
    for wrt in choices(cell)[:2]:
        module = imported(export_module(cell, "jax", wrt=wrt), name)
        with jax.disable_jit():
            require_gradients(cell, wrt, experiment.gradients(module), wanted, TOLERANCE["float64"], back)


def weighted(outputs, final, arrays):
    """The loss of an experiment with an LSTM."""
    return (outputs * arrays.d_outputs["h"]).sum() + sum(
        (v * arrays.d_state[k]).sum() for k, v in final._asdict().items()
    )


def test_autograd_gets_these_gradients():
    """Of torch, no gradient arrives at the others; of JAX, zeros do."""
    convert, _ = ARRAYS["torch"]()
    exact = experiment_on(LSTM)
    wanted = exact.gradients(module_of(LSTM))
    arrays = converted(exact, convert)
    module = imported(export_module(LSTM, "torch", wrt=["biases"]), "LSTM")
    params = module.Params(*[value.requires_grad_() for value in arrays.params.values()])
    outputs, final = module.run(params, arrays.inputs["x"], module.State(*arrays.states.values()))
    weighted(outputs, final, arrays).backward()
    for name, value in params._asdict().items():
        assert (value.grad is None) == (not name.startswith("b_"))
    np.testing.assert_allclose(params.b_f.grad.numpy(), wanted["b_f"], rtol=1e-12)

    convert, back = ARRAYS["jax"]()
    import jax

    arrays = converted(exact, convert)
    module = imported(export_module(LSTM, "jax", wrt=["biases"]), "LSTM")

    def loss_of(params):
        outputs, final = module.run(params, arrays.inputs["x"], module.State(*arrays.states.values()))
        return weighted(outputs, final, arrays)

    with jax.disable_jit():
        found = jax.grad(loss_of)(module.Params(*arrays.params.values()))
    np.testing.assert_allclose(back(found.b_o), wanted["b_o"], rtol=1e-12)
    assert not back(found.W_f).any()


# --- what is left out ---------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["numpy", "torch", "array-api"])
def test_no_product_for_what_nobody_wants(backend):
    """The full pass has three more products of matrices: for the weights of h and of x, and for x."""
    whole, some = (export_module(LSTM, backend, wrt=wrt) for wrt in (None, ["biases"]))
    whole, some = (text[text.index("def backward(") :].split("class Recurrence")[0] for text in (whole, some))
    products_of = [text.count(" @ ") + text.count(".dot(") + text.count("over_steps(") for text in (whole, some)]
    assert products_of[0] - products_of[1] == 3 and products_of[1] == 1
    assert "U_all" not in some and "d_x =" not in some and "None stands in the places of all others" in some


def test_a_gradient_that_needs_no_recursion_has_none():
    """That of a readout: the loop over steps is gone, and nothing of the gates is stored."""
    cell = with_activation(CELLS["RNN_output"], tanh)
    readout = next(p.text for p in cell.parameters if p in cell.equations[-1].rhs.atoms(Parameter) and p.cols != 1)
    plan = plan_of(cell, Variant(wrt=(readout,)))
    assert not plan.carries and not plan.backward.loop
    source = export_module(cell, wrt=[readout])
    backward = source[source.index("def backward(") :]
    assert "for " not in backward and "carry" not in source and "coefficients" not in source


def test_the_plan_counts_what_is_left():
    whole, some = (stacking_of(plan_of(LSTM, Variant(wrt=wrt))) for wrt in (None, ("biases",)))
    units, inputs = LSTM.states[0].shape[0], LSTM.inputs[0].shape[0]
    ratio = (products(some) / products(whole)).subs({units: 4, inputs: 3})
    assert ratio == Rational(4 + 3 + 4, 3 * (4 + 3))


def test_every_gradient_is_the_ordinary_plan():
    assert plan_of(LSTM, Variant(step=True)) == plan_of(LSTM)
    names = [*(letter.text for letter in (*LSTM.parameters, *LSTM.inputs)), "state"]
    assert plan_of(LSTM, Variant(wrt=tuple(names))) == plan_of(LSTM)


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "equation, biases",
    [
        (Eq(h[t], tanh(W * h[t - 1] + U * x[t] + b)), ["b"]),
        (Eq(h[t], tanh(W * h[t - 1] + U * x[t]) + b), ["b"]),
        (Eq(h[t], tanh(W * h[t - 1] + U * x[t] + hadamard(b, c))), []),
        (Eq(h[t], tanh(hadamard(c, h[t - 1]) + U * x[t] + b)), ["b"]),
        (Eq(h[t], tanh(hadamard(b, h[t - 1]) + U * x[t] + b)), []),
        (Eq(h[t], hadamard(b, h[t - 1]) + U * x[t]), []),
    ],
    ids=str,
)
def test_a_bias_is_a_column_that_is_a_term_and_nothing_else(equation, biases):
    assert [p.text for p in biases_of(Cell("mine", equation))] == biases


def test_what_is_wanted():
    assert wanted_of(LSTM, Variant(wrt=("b_f", "x"))) == Wanted(frozenset({LSTM.parameters[2], LSTM.inputs[0]}))
    assert wanted_of(LSTM, Variant(wrt=("state",))) == Wanted(state=True)
    assert wanted_of(LSTM, Variant(forward_only=True)).nothing and not wanted_of(LSTM, Variant()).nothing


def test_a_letter_of_that_name_comes_first():
    odd = Parameter("state", n, n)
    cell = Cell("odd", Eq(h[t], tanh(odd * h[t - 1] + U * x[t])))
    assert wanted_of(cell, Variant(wrt=("state",))) == Wanted(frozenset({odd}))


@pytest.mark.parametrize(
    "cell, wrt, message",
    [
        (RNN_TANH, ["W", "V"], "cell RNN_tanh has no gradient of 'V'; wrt takes W, U, b, x, biases, state"),
        (RNN_TANH, ["h"], "has no gradient of 'h'"),
        (RNN_TANH, ["w"], "has no gradient of 'w'"),
        (RNN_TANH, [], "wrt names no gradient; for a module without a backward pass give forward_only"),
        (CELLS["minGRU"], ["biases"], None),
        (Cell("bare", Eq(h[t], tanh(U * x[t]))), ["biases"], "no gradient of 'biases'; wrt takes U, x$"),
        (Cell("bare", Eq(h[t], tanh(U * x[t]))), ["state"], "no gradient of 'state'; wrt takes U, x$"),
    ],
)
@pytest.mark.parametrize("backend", ["numpy", "torch", "jax", "array-api"])
def test_unknown_names_are_refused_with_the_known_ones(backend, cell, wrt, message):
    if message is None:
        assert "backward" in export_module(cell, backend, wrt=wrt)
        return
    with pytest.raises(ValueError, match=message):
        export_module(cell, backend, wrt=wrt)


def test_one_string_is_no_list_of_names():
    with pytest.raises(TypeError, match=r"wrt is the string 'W,b'; give a list of names, such as \['W', 'b'\]"):
        export_module(RNN_TANH, wrt="W,b")


@pytest.mark.parametrize(
    "options, message",
    [
        ({"forward_only": True, "wrt": ["x"]}, "the forward pass alone computes no gradients: leave out"),
        ({"forward_only": True, "pieces": True}, "the forward pass alone stores no states: leave out"),
    ],
)
def test_options_that_exclude_each_other(options, message):
    with pytest.raises(ValueError, match=message):
        export_module(LSTM, **options)


@pytest.mark.parametrize(
    "options, message",
    [
        (
            {"step": True},
            r"a function of one step \(--step\) is not written for c; there is --to numpy or --to torch",
        ),
        (
            {"forward_only": True},
            r"the forward pass alone \(--forward-only\) is not written for c; there is --to",
        ),
        ({"wrt": ["x"]}, r"a backward pass for some gradients \(--wrt\) is not written for c; there is --to"),
    ],
)
def test_a_backend_without_a_variant_says_which_has_it(options, message):
    with pytest.raises(ValueError, match=message):
        export_module(LSTM, "c", **options)


# --- files --------------------------------------------------------------------------------------

VARIANTS = [
    ({"step": True}, "--step"),
    ({"forward_only": True}, "--forward-only"),
    ({"step": True, "forward_only": True}, "--step --forward-only"),
    ({"wrt": ["biases"]}, "--wrt biases"),
    ({"wrt": ["W_f", "x", "state"], "step": True, "pieces": True}, "--step --pieces --wrt W_f,x,state"),
]


@pytest.mark.parametrize("options, told", VARIANTS, ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize("backend", ["numpy", "torch", "jax", "array-api"])
def test_a_file_tells_its_options_and_is_fresh(backend, options, told):
    if backend != "numpy" and "pieces" in options:
        return
    source = export_module(LSTM, backend, **options)
    assert origin_of(source).variant == told and staleness(source) is None and staleness(source, LSTM) is None
    asked = Variant(**{**options, **({"wrt": tuple(options["wrt"])} if "wrt" in options else {})})
    assert staleness(source, LSTM, asked) is None
    assert staleness(source, LSTM, Variant(wrt=("b_z",))) == f"it was written with {told}, not with --wrt b_z"
    assert staleness(source, CELLS["LSTM_1997"]) == "the equations of LSTM_1997 have changed since it was written"


def test_a_file_without_options_is_not_one_with_them():
    source = export_module(LSTM)
    assert origin_of(source).variant == "" and staleness(source, LSTM) is None
    assert staleness(source, LSTM, Variant(step=True)) == "it was written without options, not with --step"


def test_modules_with_options_pass_ruff_and_run_without_this_library(tmp_path):
    ruff = shutil.which("ruff", path=sys.prefix + "/bin") or shutil.which("ruff")
    for cell in ALL:
        names = list(gradient_names(cell))
        for k, options in enumerate([{"step": True, "wrt": names[::2], "pieces": True}, {"forward_only": True}]):
            (tmp_path / f"{cell.name}_{k}.py").write_text(export_module(cell, **options), encoding="utf-8")
    program = "import pathlib, runpy, sys\nfor p in pathlib.Path('.').glob('*.py'): runpy.run_path(str(p))\n"
    program += "assert not {m.split('.')[0] for m in sys.modules} & {'sympy', 'lstm_sym', 'flint'}"
    subprocess.run([sys.executable, "-I", "-W", "error", "-c", program], cwd=tmp_path, check=True)
    if ruff:
        rules = ["--isolated", "--line-length", "120", "--no-cache"]
        lint = ["--select", "E,F,I,B,UP,SIM,RUF", "--ignore", "E741,B905", "--target-version", "py311"]
        subprocess.run([ruff, "check", *rules, *lint, "."], cwd=tmp_path, check=True)
        for name in ("inner_product", "hardtanh", "softsign", "layer_norm_LSTM"):
            for path in tmp_path.glob(f"{name}_*.py"):
                path.unlink()  # ruff breaks their longest lines inside a bracket, not at the operator
        subprocess.run([ruff, "format", "--check", *rules, "."], cwd=tmp_path, check=True)


@pytest.mark.parametrize("backend", ["torch", "jax", "array-api"])
def test_modules_of_other_backends_pass_ruff(tmp_path, backend):
    ruff = shutil.which("ruff", path=sys.prefix + "/bin") or shutil.which("ruff")
    if ruff is None:
        pytest.skip("ruff is not installed")
    for name in ("LSTM", "GRU", "peephole_LSTM", "SRU", "sLSTM", "layer_norm_LSTM", "RNN_loss", "FGR"):
        cell = with_activation(CELLS[name], tanh)
        for k, options in enumerate([{"step": True, "forward_only": True}, {"wrt": list(gradient_names(cell))[::2]}]):
            text = export_module(cell, backend, **options)
            (tmp_path / f"{cell.name}_{k}.py").write_text(text, encoding="utf-8")
    rules = ["--isolated", "--line-length", "120", "--no-cache", "--target-version", "py311"]
    subprocess.run(
        [ruff, "check", *rules, "--select", "E,F,I,B,UP,SIM,RUF", "--ignore", "RUF001,RUF002,RUF003,E741,B905", "."],
        cwd=tmp_path,
        check=True,
    )


# --- the plan -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options, lines, missing",
    [
        (
            {"wrt": ["biases"]},
            [
                "Gradients of biases alone",
                "  sum of [delta_a_f; delta_a_i; delta_a_o; delta_a_z] for b_f, b_i, b_o, b_z",
            ],
            ["delta_x", "for W_f"],
        ),
        (
            {"forward_only": True},
            ["The forward pass alone, a chunk of steps after the other: memory does not grow with T"],
            ["Backward", "Stored"],
        ),
        (
            {"step": True},
            ["A single step of LSTM: B sequences", "  a_f[t] also gets b_f", "  products   8 B n (d + n) operations"],
            [],
        ),
    ],
    ids=["wrt", "forward only", "step"],
)
def test_the_plan_of_a_variant(options, lines, missing):
    text = plan_text(LSTM, **options)
    assert set(lines) <= set(text.split("\n"))
    assert not [word for word in missing if word in text]


@pytest.mark.parametrize("cell", CELLS.values(), ids=lambda cell: cell.name)
def test_every_cell_has_a_plan_of_every_variant(cell):
    for options in ({"step": True}, {"forward_only": True}, {"wrt": [cell.inputs[0].text]}):
        assert plan_text(cell, phi=tanh, **options).startswith(f"The plan of {cell.name}:")

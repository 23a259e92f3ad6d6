r"""NumPy source said in the words of another library, one row for each function of NumPy that generated code calls.

The rules of the nodes and the table of activations state NumPy forms; every other backend says the same expression
with its own names, so that no rule is written twice. A call has its arguments in the form ``{0}``, ``{1}``; ``axis``
and ``keepdims`` are those of every generated call.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from .layout import unparsed

FILLED = ("np.maximum", "np.minimum", "np.logaddexp", "np.where")
"""Functions of NumPy that take a number where other libraries want an array: it is written as a full array."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a library says what ``functions`` and ``methods`` list; ``full`` is an array like {0} that holds {1}.

    ``fused`` says whether a step of a loop writes a + b @ c and a + b * c as one call each; ``own`` are elementwise
    functions of the table that the library has under a name, stable for large arguments. ``slopes`` are products with
    the derivative of an activation in its value x, ``1 - x`` or ``1 - x**2``, as one call outside loops.
    """

    name: str
    functions: Mapping[str, str]
    methods: Mapping[str, str]
    full: str
    fused: bool = False
    own: Mapping[str, str] = field(default_factory=dict)
    slopes: Mapping[str, str] = field(default_factory=dict)

    def said(self, numpy: str, *, in_loop: bool = False) -> str:
        """The source of an expression in this library's words."""
        tree = _Said(self, in_loop and self.fused).visit(ast.parse(numpy, mode="eval").body)
        if self.slopes and not in_loop:
            tree = _Sloped(self.slopes).visit(tree)
        return unparsed(ast.fix_missing_locations(tree))


class _Said(ast.NodeTransformer):
    def __init__(self, dialect: Dialect, fused: bool) -> None:
        self.dialect, self.fused = dialect, fused

    def visit_Call(self, node: ast.Call) -> ast.AST:
        called = ast.unparse(node.func)
        if called in self.dialect.own:
            self.generic_visit(node)
            return self._form(self.dialect.own[called].replace("{x}", "{0}"), node.args, node)
        if called == "np.block":
            return self.visit(side_by_side(node))
        self.generic_visit(node)
        if called.startswith("np."):
            return self._filled(called, node)
        if isinstance(node.func, ast.Attribute) and node.func.attr in self.dialect.methods:
            return self._form(self.dialect.methods[node.func.attr], [node.func.value, *node.args], node)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """Complex numbers are NumPy's alone here: the real part of an array is the array."""
        self.generic_visit(node)
        return node.value if node.attr == "real" else node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        if self.fused and isinstance(node.op, ast.Add) and not _is_number(node.left):
            product = node.right
            if isinstance(product, ast.BinOp) and not _is_number(product.left) and not _is_number(product.right):
                name = {ast.MatMult: "np.addmm", ast.Mult: "np.addcmul"}.get(type(product.op), "")
                if name in self.dialect.functions:
                    return self._called(name, [node.left, product.left, product.right])
        if self.fused and isinstance(node.op, ast.MatMult):
            return self._called("np.matmul", [node.left, node.right])
        self.generic_visit(node)
        return node

    def _called(self, name: str, parts: list[ast.expr]) -> ast.AST:
        """A function of two or three expressions that are still NumPy's."""
        call = ast.Call(ast.Name(name), [self.visit(part) for part in parts], [])
        return self._form(self.dialect.functions[name], call.args, call)

    def _filled(self, called: str, node: ast.Call) -> ast.AST:
        if called not in self.dialect.functions:
            raise TypeError(f"{called} has no form in {self.dialect.name}; give it a row in the dialect")
        arguments = list(node.args)
        if called in FILLED:
            like = next(argument for argument in reversed(arguments) if not _is_number(argument))
            like = next((a for a in arguments[1:] if not _is_number(a)), like) if called == "np.where" else like
            while isinstance(like, ast.Call) and ast.unparse(like.func).endswith("ones_like"):
                like = like.args[0]
            arguments = [self._form(self.dialect.full, [like, a], node) if _is_number(a) else a for a in arguments]
        return self._form(self.dialect.functions[called], arguments, node)

    def _form(self, form: str, arguments: list[ast.expr], node: ast.Call) -> ast.expr:
        """A form with its arguments in place."""
        given: dict[str, ast.expr] = {"keepdims": ast.Constant(False)}
        given |= {str(k): argument for k, argument in enumerate(arguments)}
        given |= {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
        names = {key: f"argument_{key}" for key in given}
        text = form.format(*[names[str(k)] for k in range(len(arguments))], **{k: v for k, v in names.items()})
        placed = {names[key]: value for key, value in given.items()}
        tree = ast.parse(text, mode="eval").body
        found: ast.expr = _Placed(placed).visit(tree)
        return found


class _Sloped(ast.NodeTransformer):
    """Writes v * x * (1 - x) and v * (1 - x**2) as calls that read each array once."""

    def __init__(self, slopes: Mapping[str, str]) -> None:
        self.slopes = slopes

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        factors = _factors(node)
        texts = [ast.unparse(factor) for factor in factors]
        for k, text in enumerate(texts):
            for slope, call in self.slopes.items():
                for j, x in enumerate(texts):
                    found = slope == "1 - x" and j != k and text == f"1 - {x}"
                    value = x if found else _squared(factors[k]) if slope == "1 - x**2" else None
                    rest = [i for i in range(len(factors)) if i != k and not (found and i == j)]
                    if value and any(isinstance(part, ast.Name) for i in rest for part in ast.walk(factors[i])):
                        others = " * ".join(f"({texts[i]})" for i in rest)
                        return self.generic_visit(ast.parse(f"{call}({others}, {value})", mode="eval").body)
        return self.generic_visit(node)


def _factors(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return [*_factors(node.left), *_factors(node.right)]
    return [node]


def _squared(node: ast.expr) -> str | None:
    """The x of 1 - x**2."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and ast.unparse(node.left) == "1":
        power = node.right
        if isinstance(power, ast.BinOp) and isinstance(power.op, ast.Pow) and ast.unparse(power.right) == "2":
            return ast.unparse(power.left)
    return None


class _Placed(ast.NodeTransformer):
    def __init__(self, placed: Mapping[str, ast.expr]) -> None:
        self.placed = placed

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self.placed.get(node.id, node)


def side_by_side(block: ast.Call) -> ast.expr:
    """np.block([[A, B], [C, D]]) as concatenations."""
    (whole,) = block.args
    assert isinstance(whole, ast.List)
    rows = []
    for row in whole.elts:
        assert isinstance(row, ast.List)
        rows.append(f"np.concatenate(({', '.join(map(ast.unparse, row.elts))},), axis=-1)")
    text = rows[0] if len(rows) == 1 else f"np.concatenate(({', '.join(rows)}), axis=0)"
    return ast.parse(text, mode="eval").body


def _is_number(node: ast.AST) -> bool:
    inner = node.operand if isinstance(node, ast.UnaryOp) else node
    return isinstance(inner, ast.Constant)


def _plain(prefix: str, *names: str, **renamed: str) -> dict[str, str]:
    """Functions of one or two arguments that are called alike."""
    one = {f"np.{name}": f"{prefix}.{name}({{0}})" for name in names}
    return one | {f"np.{name}": f"{prefix}.{form}" for name, form in renamed.items()}


ENTRYWISE = ("tanh", "exp", "expm1", "log", "sqrt", "sign", "zeros_like", "ones_like")

TORCH = Dialect(
    "PyTorch",
    _plain(
        "torch",
        *ENTRYWISE,
        logaddexp="logaddexp({0}, {1})",
        maximum="maximum({0}, {1})",
        minimum="minimum({0}, {1})",
        where="where({0}, {1}, {2})",
        clip="clamp({0}, {1}, {2})",
        sum="sum({0}, {axis}, {keepdims})",
        concatenate="cat({0}, {axis})",
        stack="stack({0})",
        broadcast_to="broadcast_to({0}, {1})",
        zeros="zeros({0}, **kind)",
        ones="ones({0}, **kind)",
        matmul="matmul({0}, {1})",
        expand_dims="unsqueeze({0}, {1})",
        swapaxes="transpose({0}, {1}, {2})",
        addmm="addmm({0}, {1}, {2})",
        addcmul="addcmul({0}, {1}, {2})",
    ),
    {"sum": "{0}.sum({axis})", "mean": "{0}.mean({axis}, {keepdims})", "reshape": "{0}.reshape({1}, {2})"},
    full="torch.full_like({0}, {1})",
    fused=True,
    own={"sigma": "torch.sigmoid({x})"},
    slopes={"1 - x": "sigmoid_slope", "1 - x**2": "tanh_slope"},
)

_ARRAYS = {
    "logaddexp": "logaddexp({0}, {1})",
    "maximum": "maximum({0}, {1})",
    "minimum": "minimum({0}, {1})",
    "where": "where({0}, {1}, {2})",
    "clip": "clip({0}, {1}, {2})",
    "sum": "sum({0}, axis={axis}, keepdims={keepdims})",
    "broadcast_to": "broadcast_to({0}, {1})",
    "matmul": "matmul({0}, {1})",
    "expand_dims": "expand_dims({0}, axis={1})",
}

JAX = Dialect(
    "JAX",
    _plain(
        "jnp",
        *ENTRYWISE,
        **_ARRAYS,
        concatenate="concatenate({0}, axis={axis})",
        swapaxes="swapaxes({0}, {1}, {2})",
        zeros="zeros({0}, {1})",
        ones="ones({0}, {1})",
    ),
    {},
    full="jnp.full_like({0}, {1})",
)

ARRAY_API = Dialect(
    "the array API",
    _plain(
        "xp",
        *ENTRYWISE,
        **_ARRAYS,
        concatenate="concat({0}, axis={axis})",
        swapaxes="matrix_transpose({0})",
        zeros="zeros({0}, **kind)",
        ones="ones({0}, **kind)",
    ),
    {
        "sum": "xp.sum({0}, axis={axis})",
        "mean": "xp.mean({0}, axis={axis}, keepdims={keepdims})",
        "reshape": "xp.reshape({0}, ({1}, {2}))",
    },
    full="xp.full_like({0}, {1})",
)

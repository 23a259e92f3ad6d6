"""What the command line says of the inputs."""

import pytest

from lstm_sym.gradcheck.files.shapes import Spec, by_parameter, read_shapes, readings

READ = [
    ("x=5x3", [Spec("x", (5, 3))]),
    ("s", [Spec("s", ())]),
    ("T=5", [Spec("T", (5,), 5)]),
    ("axis=0", [Spec("axis", None, 0)]),
    ("axis=-1,eps=1e-5", [Spec("axis", None, -1), Spec("eps", None, 1e-5)]),
    ("y=[1,0], p=[.5,1]", [Spec("y", None, [1, 0]), Spec("p", None, [0.5, 1.0])]),
    ("x=TxD,W=DxD", [Spec("x", (4, 3)), Spec("W", (3, 3))]),
    ("p.W=3x3,p.0=4", [Spec("p.W", (3, 3)), Spec("p.0", (4,), 4)]),
]


@pytest.mark.parametrize("text, specs", READ)
def test_shapes_are_read(text, specs):
    assert read_shapes(text) == specs


ENTRY_BY_ENTRY = "entry by entry: params.W=5x3, states.0=4"
UNREADABLE = [
    ("params={W:3,b:3}", f"params={{W:3,b:3}} is no shape; .*{ENTRY_BY_ENTRY}"),
    ("p=(3,4)", rf"p=\(3,4\) is no shape; .*{ENTRY_BY_ENTRY}"),
    ("y=[[1,2],[3,4]]", r"y=\[\[1,2\],\[3,4\]\] is no list of numbers"),
    ("p.W=3,p=4", "p is given as a whole and by its entries"),
    ("p.W=3,p.W.x=4", "p.W is given as a whole and by its entries"),
    ("p.=3", "'p.=3' is no NAME=SHAPE"),
    ("0.p=3", "'0.p=3' is no NAME=SHAPE"),
    ("x=3x0", "x=3x0 has a size that is not from 1"),
    ("x=" + "x".join("1" * 65), "x has 65 axes, more than 32"),
]


@pytest.mark.parametrize("text, message", UNREADABLE)
def test_what_cannot_be_read_is_told(text, message):
    with pytest.raises(ValueError, match=message):
        read_shapes(text)


def test_names_with_dots_are_entries():
    specs = read_shapes("x=2x3,p.W=3x3,h.0=4x5,p.b.1=3x2,h.1=5x5,p.b.0=3x1")
    x, W, h0, b1, h1, b0 = specs
    assert by_parameter(specs) == {"x": x, "p": {"W": W, "b": {"1": b1, "0": b0}}, "h": (h0, h1)}


def test_the_ways_to_read_lone_numbers_are_few():
    specs = read_shapes(",".join(f"b{k}=3" for k in range(20)))
    found = list(readings(specs, frozenset(["b0"])))
    assert len(found) == 1 + 20 + 190 + 1140
    assert found[0][:2] == [Spec("b0", None, 3), Spec("b1", (3,))]

"""How somebody's code holds the letters of a cell: the order of axes, rows or columns, transposed matrices."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ..gradcheck.subject import Misuse

OURS = ("T", "B", "d")
LENGTHS = {"T": 4, "B": 2, "1": 1}
SIZES = (3, 5, 6, 7, 8, 9, 10, 11, 12)
"""The lengths of a cell's sizes, in the order in which they are met: distinct, and different from T and B."""


@dataclass(frozen=True, slots=True)
class Convention:
    """``axes`` are those of an input; ``lengths`` those of the sizes; ``transposed`` the matrices held turned."""

    axes: tuple[str, ...]
    lengths: dict[str, int]
    transposed: bool | Collection[str]

    def __post_init__(self) -> None:
        wanted = {"d"} <= set(self.axes) <= {"T", "B", "d", "1"}
        if not wanted or len(set(self.axes)) != len(self.axes):
            raise Misuse(
                f"axes={' '.join(self.axes)!r}: the axes are d and, each once at most, T, B and 1, as in 'T B d'"
            )

    @property
    def one_step(self) -> bool:
        return "T" not in self.axes

    def length(self, size: str) -> int:
        """The length of an axis of a module: a number, a size, or a sum of them."""
        return sum(int(part) if part.isdigit() else self.lengths[part] for part in size.split(" + "))

    def shape(self, size: str, *, steps: bool = True) -> tuple[int, ...]:
        """The shape of a sequence whose values have ``size`` entries, or of a state."""
        axes = [axis for axis in self.axes if steps or axis != "T"]
        return tuple(self.length(size) if axis == "d" else LENGTHS[axis] for axis in axes)

    def parameter_shape(self, letter: str, sizes: tuple[str, ...]) -> tuple[int, ...]:
        lengths = tuple(map(self.length, sizes))
        if len(lengths) == 1:
            return (*lengths, 1) if "1" in self.axes else lengths
        return lengths[::-1] if self._turned(letter) else lengths

    # --- the code that translates -----------------------------------------------------------------

    def parameter(self, letter: str, sizes: tuple[str, ...], name: str) -> str:
        """The code of a parameter as the modules hold it, from what ``name`` holds."""
        if len(sizes) == 1:
            return f"{name}[:, 0]" if "1" in self.axes else name
        return f"{name}.T" if self._turned(letter) else name

    def ours(self, name: str, *, steps: bool = True) -> str:
        """The code of (T, B, d), or of a state (B, d), from what ``name`` holds."""
        axes = [axis for axis in self.axes if steps or axis != "T"]
        text = name
        if "1" in axes:
            text += f"[{', '.join('0' if axis == '1' else ':' for axis in axes)}]"
            axes.remove("1")
        wanted = [axis for axis in OURS if steps or axis != "T"]
        present = [axis for axis in wanted if axis in axes]
        if present != axes:
            text = f"np.transpose({text}, {tuple(axes.index(axis) for axis in present)})"
        if present != wanted:
            text += f"[{', '.join(':' if axis in present else 'None' for axis in wanted)}]"
        return text

    def theirs(self, name: str, *, steps: bool = True) -> str:
        """The code of what somebody's function should return for an array of ours."""
        axes = [axis for axis in self.axes if steps or axis != "T"]
        wanted = [axis for axis in OURS if steps or axis != "T"]
        present = [axis for axis in wanted if axis in axes]
        text = name
        if present != wanted:
            text += f"[{', '.join(':' if axis in present else '0' for axis in wanted)}]"
        bare = [axis for axis in axes if axis != "1"]
        if bare != present:
            text = f"np.transpose({text}, {tuple(present.index(axis) for axis in bare)})"
        return text + (f"[{', '.join('None' if axis == '1' else ':' for axis in axes)}]" if "1" in axes else "")

    def _turned(self, letter: str) -> bool:
        return self.transposed if isinstance(self.transposed, bool) else letter in self.transposed

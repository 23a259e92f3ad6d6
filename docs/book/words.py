"""What the generated pages say, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .places import CHINESE, ENGLISH, Language

MARKS = {"proved": "✓", "refuted": "✗", "admitted": "◇"}
"""The sign of each verdict that the book may publish."""


@dataclass(frozen=True, slots=True)
class Words:
    """The headings and phrases of the pages that no one writes by hand."""

    derivations: str
    derivations_intro: str
    colon: str
    comma: str
    derivation: str
    claim: str
    said: str
    exactly: str
    verdicts: Mapping[str, str]
    step: str
    steps: str
    verdict: str
    proved: str
    refuted: str
    admitted: str
    given: str
    given_cell: str
    conditions: str
    lemma: str
    taken_on_trust: str
    also_checked: str
    code: str
    module: str
    modules: str
    lines: str
    cells: str
    cells_intro: str
    cell: str
    source: str
    states: str
    inputs: str
    parameters: str
    equations: str
    diagram: str
    backward: str
    truncated: str
    boundary: str
    gradients: str
    jacobian: str
    vectorised: str
    flow: str
    theorem: str
    interface: str
    interface_intro: str

    def mark(self, kind: str) -> str:
        """The sign and the name of a verdict."""
        return f"{MARKS[kind]} {getattr(self, kind)}"


IN_ENGLISH = Words(
    derivations="Derivations",
    derivations_intro=(
        "Every step below was decided when this book was built, and the build fails if a single verdict is not the one "
        "that is meant. A step marked *refuted as meant* is there to be false: it is what somebody has published, and "
        "the numbers beside it are the witness against it."
    ),
    colon=": ",
    comma=", ",
    derivation="derivation",
    claim="claim",
    said="what is said",
    exactly="what is true",
    verdicts={
        "true": "true",
        "true with hypotheses": "true with hypotheses",
        "imprecise": "imprecise",
        "false": "false",
        "empirical": "empirical: outside proof",
    },
    step="step",
    steps="steps",
    verdict="verdict",
    proved="proved",
    refuted="refuted as meant",
    admitted="admitted",
    given="Given",
    given_cell="the cell",
    conditions="if",
    lemma="by",
    taken_on_trust="taken on trust",
    also_checked="also checked",
    code="Code",
    module="The whole module",
    modules="Modules",
    lines="lines",
    cells="Cells",
    cells_intro=(
        "Every cell of the library. What follows its equations on a page – diagram, backward pass, Jacobian – is "
        "derived from them."
    ),
    cell="cell",
    source="source",
    states="states",
    inputs="inputs",
    parameters="parameters",
    equations="Equations",
    diagram="Data flow",
    backward="Backward pass",
    truncated=(
        "This cell is truncated by design: the hat marks what the algorithm carries, which is not the gradient."
    ),
    boundary="Beyond the last step nothing is carried:",
    gradients="The gradients of parameters, inputs and initial states:",
    jacobian="Jacobian of the joint state",
    vectorised="A matrix in the state stands as the column of its entries, its columns one below another:",
    flow="Gradient flow",
    theorem="Proved for every number of steps:",
    interface="Reference",
    interface_intro="What the library offers, room by room, from the letters at the bottom to the doors at the top.",
)

IN_CHINESE = Words(
    derivations="推导",
    derivations_intro=(
        "下面每一步都在生成本书时判定；只要有一个结论与预期不符，生成就会失败。标有“如期被驳”的一步本来就是假的："
        "它是已发表的某个说法，旁边的数字就是反驳它的实例。推导的标题与理由取自程序，因此是英文。"
    ),
    colon="：",
    comma="，",
    derivation="推导",
    claim="命题",
    said="说法",
    exactly="实情",
    verdicts={
        "true": "真",
        "true with hypotheses": "有条件地真",
        "imprecise": "不准确",
        "false": "假",
        "empirical": "经验结论：不在证明范围内",
    },
    step="步骤",
    steps="步数",
    verdict="结论",
    proved="已证明",
    refuted="如期被驳",
    admitted="采信",
    given="已知",
    given_cell="单元",
    conditions="条件",
    lemma="依据",
    taken_on_trust="采信自",
    also_checked="另外核对了",
    code="代码",
    module="整个模块",
    modules="模块",
    lines="行",
    cells="单元",
    cells_intro="库中的所有单元。每页上方程之后的内容——数据流图、反向传播、雅可比矩阵——都由方程推出。",
    cell="单元",
    source="出处",
    states="状态",
    inputs="输入",
    parameters="参数",
    equations="方程",
    diagram="数据流",
    backward="反向传播",
    truncated="此单元有意截断导数：带帽的量是该算法所传递的，并不是梯度。",
    boundary="最后一步之后不再有量传回：",
    gradients="参数、输入与初始状态的梯度：",
    jacobian="联合状态的雅可比矩阵",
    vectorised="状态中的矩阵以其全部元素排成的列向量计入，各列依次上下相接：",
    flow="梯度流",
    theorem="对任意步数均已证明：",
    interface="接口参考",
    interface_intro="库所提供的一切，自底层的字母到顶层的入口，逐室列出。说明取自程序，因此是英文。",
)

SAID = {ENGLISH: IN_ENGLISH, CHINESE: IN_CHINESE}


def words_in(language: Language) -> Words:
    """The words of one language."""
    return SAID[language]

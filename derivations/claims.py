"""The claims ledger: what is said of recurrent networks and of the LSTM, and what a run decides of it (N01 to N21)."""

from lstm_sym.proof import Cite, Claim, Words
from lstm_sym.proof.claim import CONDITIONAL, EMPIRICAL, FALSE, IMPRECISE, TRUE

CLAIMS = (
    Claim(
        "N01",
        Words("The loss n steps later contains a power of W", "n 步之后的损失含有 W 的幂"),
        Words(
            "In the gradient from step t + n back to step t, W stands to the power n.",
            "从第 t + n 步传回第 t 步的梯度里出现 W 的 n 次幂。",
        ),
        Words(
            "It contains n factors W with a diagonal of slopes before each, in this order. It is the power of W "
            "if every slope is 1, and a number to the power n times it if all slopes are that one number.",
            "其中有 n 个因子 W，每个 W 前面乘一个由导数构成的对角矩阵，次序不能改变。当所有导数都等于 1 时它就是 W 的幂；"
            "若所有导数等于同一个数，则是该数的幂乘 W 的幂。",
        ),
        CONDITIONAL,
        holds=(
            Cite("rnn.jacobian.product"),
            Cite("rnn.jacobian.linear"),
            Cite("rnn.jacobian.identity"),
            Cite("rnn.jacobian.scaled"),
        ),
        fails=(Cite("rnn.jacobian.not-a-power"),),
        source="Elman 1990; Pascanu, Mikolov & Bengio 2013, equation 5",
    ),
    Claim(
        "N02",
        Words("Sharing W is what makes gradients vanish", "共享参数 W 是梯度消失的根源"),
        Words(
            "Gradients vanish and explode because the same W is used at every step.",
            "梯度消失和爆炸的原因是各时间步使用同一个 W。",
        ),
        Words(
            "Products of matrices that are all different vanish and explode, too. What sharing adds, in a "
            "linear network, is the rate: it is the spectral radius of W (in general by Gelfand's formula, on trust).",
            "互不相同的矩阵相乘，乘积同样会消失或爆炸。在线性网络中，共享参数带来的只是确定的速率：它等于 W 的谱半径（一般情形引用 Gelfand 公式，不作证明）。",
        ),
        IMPRECISE,
        holds=(
            Cite("rnn.untied.bound"),
            Cite("rnn.untied.scalar", 1),
            Cite("rnn.untied.scalar", 3),
            Cite("rnn.tied.rate", 1),
            Cite("rnn.tied.rate", 2),
        ),
        source="Gelfand 1941",
    ),
    Claim(
        "N03",
        Words("A very small or very large W causes it", "W 很小或很大导致梯度消失或爆炸"),
        Words(
            "Whether gradients vanish or explode is a matter of how large the entries of W are.",
            "梯度是消失还是爆炸，取决于 W 的元素大小。",
        ),
        Words(
            "The largest singular value decides, not the entries: with slopes of at most γ, the gradient vanishes if it "
            "is below 1/γ, and can explode only if it is above.",
            "起决定作用的是最大奇异值，而不是元素大小：若导数的绝对值不超过 γ，最大奇异值小于 1/γ 时梯度必然消失；"
            "只有大于 1/γ 时才可能爆炸。",
        ),
        IMPRECISE,
        holds=(
            Cite("rnn.vanishing.bound", 2),
            Cite("rnn.exploding.needs"),
            Cite("norm.of-diagonal", 1),
            Cite("norm.of-diagonal", 2),
            Cite("rnn.entries.say-nothing", 1),
            Cite("rnn.entries.say-nothing", 2),
        ),
        source="Bengio, Simard & Frasconi 1994; Pascanu, Mikolov & Bengio 2013",
    ),
    Claim(
        "N03b",
        Words("If the largest eigenvalue is small, the gradient vanishes", "最大特征值小则梯度消失"),
        Words(
            "It is enough for vanishing that the largest eigenvalue of W is below 1/γ.",
            "只要 W 的最大特征值小于 1/γ，梯度就会消失。",
        ),
        Words(
            "The singular value is meant. Here both eigenvalues of W are 0, and the gradient doubles at every step.",
            "应当是奇异值。这里 W 的两个特征值都是 0，而梯度每一步翻一倍。",
        ),
        FALSE,
        holds=(
            Cite("rnn.eigenvalue.exploding", 1),
            Cite("rnn.eigenvalue.exploding", 2),
            Cite("rnn.eigenvalue.exploding", 3),
            Cite("rnn.eigenvalue.exploding", 4),
            Cite("rnn.eigenvalue.exploding", 5),
        ),
        fails=(Cite("rnn.eigenvalue.refuted"),),
        source="Pascanu, Mikolov & Bengio 2013, section 2.1, in one of its versions",
    ),
    Claim(
        "N04",
        Words("The gradient shrinks at every step back", "梯度每回传一步就变小"),
        Words(
            "On its way back through time the gradient becomes smaller from step to step.",
            "梯度沿时间回传，逐步变小。",
        ),
        Words(
            "A norm of D W below 1 at every step guarantees it. Eigenvalues below 1 are not enough: the gradient may first "
            "grow more than 193-fold and decay then.",
            "若每一步 D W 的范数都小于 1，就能保证这一点。特征值小于 1 还不够：梯度可能先增大到 193 倍以上，然后才衰减。",
        ),
        CONDITIONAL,
        holds=(Cite("rnn.monotone.needs", 1), Cite("rnn.monotone.needs", 2), Cite("rnn.monotone.fails", 1)),
        fails=(Cite("rnn.monotone.fails", 3),),
    ),
    Claim(
        "N05",
        Words("Old states hardly matter", "很早以前的状态几乎不起作用"),
        Words(
            "With vanishing gradients, states far back have little influence on the present.",
            "梯度消失时，很早的状态对当前的影响很小。",
        ),
        Words(
            "True of the sensitivities. The gradient of the loss with respect to W does not vanish: its newest terms "
            "carry it.",
            "对敏感度而言是对的。但损失对 W 的梯度并不消失：它由最近几步的项决定。",
        ),
        CONDITIONAL,
        holds=(Cite("rnn.vanishing.bound", 2), Cite("rnn.terms.newest", 1), Cite("rnn.terms.newest", 2)),
    ),
    Claim(
        "N06",
        Words("Earlier inputs always matter less", "越早的输入越不重要"),
        Words(
            "The influence of an input on the state decreases the longer ago it was read.",
            "输入越早，对状态的影响越小。",
        ),
        Words(
            "Under contraction the influence has a bound that decays with the distance; even then a newer input can matter less. "
            "With an orthogonal W and no activation every input matters equally forever.",
            "在压缩条件下，影响有一个随距离衰减的上界；即便如此，较新的输入也可能影响更小。若 W 是正交矩阵且没有激活函数，则每个输入的影响永远不变。",
        ),
        IMPRECISE,
        holds=(Cite("rnn.input.bound", 1), Cite("rnn.input.bound", 2), Cite("rnn.input.constant")),
        fails=(Cite("rnn.input.refuted"),),
    ),
    Claim(
        "N07",
        Words("Gates suppress vanishing and exploding", "门机制抑制梯度消失和爆炸"),
        Words(
            "The gates of the LSTM keep its gradients from vanishing and from exploding.",
            "LSTM 的门机制能抑制梯度消失和梯度爆炸。",
        ),
        Words(
            "They do not keep them from exploding: at rest the eigenvalue is σ(b_f) + w/4, above 1 from w = 1.0758 on "
            "for the forget bias 1.",
            "门并不能防止爆炸：静止状态下的特征值是 σ(b_f) + w/4；遗忘门偏置为 1 时，w 超过 1.0758 它就大于 1。",
        ),
        FALSE,
        holds=(
            Cite("lstm.rest.eigenvalue", 1),
            Cite("lstm.rest.eigenvalue", 2),
            Cite("lstm.rest.eigenvalue", 4),
            Cite("lstm.rest.explosion", 1),
            Cite("lstm.rest.explosion", 2),
            Cite("lstm.rest.explosion", 3),
        ),
        fails=(Cite("lstm.rest.explosion", 4),),
    ),
    Claim(
        "N08",
        Words("The basic LSTM has three gates", "基本的 LSTM 有三个门"),
        Words(
            "The LSTM has a forget gate, an input gate and an output gate.",
            "LSTM 有遗忘门、输入门和输出门三个门。",
        ),
        Words(
            "That of 1997 has two: nothing in it forgets. The forget gate came in 2000, and peepholes in the same year.",
            "1997 年的 LSTM 只有两个门，没有遗忘机制。遗忘门和窥视孔连接都是 2000 年才提出的。",
        ),
        IMPRECISE,
        holds=(Cite("lstm.1997.gates", 1), Cite("lstm.1997.gates", 2)),
        source="Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins 2000; Gers & Schmidhuber 2000",
    ),
    Claim(
        "N09",
        Words("The forget gate lies between 0 and 1", "遗忘门的取值在 0 与 1 之间"),
        Words(
            "The forget gate is σ of an affine function of the hidden state and the input, squashed into 0 to 1.",
            "遗忘门是隐藏状态与当前输入的仿射函数经过 σ 的结果，取值被压缩到 0 与 1 之间。",
        ),
        Words(
            "It lies strictly between 0 and 1, and its slope is at most 1/4. The state it reads is that of the time step "
            "before, not of a layer before.",
            "它严格位于 0 与 1 之间，导数不超过 1/4。它读取的是上一个时间步的状态，而不是上一层的状态。",
        ),
        TRUE,
        holds=(
            Cite("lstm.forward.forget-gate"),
            Cite("sigmoid.range", 1),
            Cite("sigmoid.range", 2),
            Cite("sigmoid.derivative", 1),
            Cite("sigmoid.slope"),
        ),
        source="Gers, Schmidhuber & Cummins 2000",
    ),
    Claim(
        "N10",
        Words("tanh keeps the candidate between -1 and 1", "tanh 把候选值限制在 -1 与 1 之间"),
        Words(
            "The input gate lies between 0 and 1, the candidate between -1 and 1.",
            "输入门在 0 与 1 之间，候选值在 -1 与 1 之间。",
        ),
        Words(
            "Strictly so. tanh is σ stretched, and its slope is at most 1.",
            "严格成立。tanh 是 σ 经过伸缩的结果，导数不超过 1。",
        ),
        TRUE,
        holds=(
            Cite("lstm.forward.input-gate"),
            Cite("sigmoid.range", 1),
            Cite("sigmoid.range", 2),
            Cite("lstm.forward.candidate"),
            Cite("tanh.range", 1),
            Cite("tanh.range", 2),
            Cite("tanh.from-sigmoid"),
            Cite("tanh.slope"),
        ),
    ),
    Claim(
        "N11",
        Words("The cell update takes the candidate of step t - 1", "细胞更新使用第 t - 1 步的候选值"),
        Words(
            "The input gate at t decides how much of the candidate at t - 1 is stored.",
            "第 t 步的输入门决定第 t - 1 步的候选值保存多少。",
        ),
        Words(
            "The candidate is of step t: it depends on the input at t, and nothing at t - 1 does.",
            "候选值属于第 t 步：它依赖第 t 步的输入，而第 t - 1 步的量都不依赖它。",
        ),
        FALSE,
        holds=(Cite("lstm.forward.cell", 1), Cite("lstm.forward.candidate-input", 1)),
        fails=(Cite("lstm.forward.cell", 2), Cite("lstm.forward.candidate-input", 2)),
    ),
    Claim(
        "N12",
        Words("The cell state stays regulated", "细胞状态保持在可控范围"),
        Words("The network keeps the values of its cell state within bounds.", "网络使细胞状态的取值保持有界。"),
        Words(
            "It is bounded if the forget gate stays below some F < 1. Without forget gate the bound grows by 1 a step.",
            "若遗忘门始终不超过某个 F < 1，则细胞状态有界；没有遗忘门时，这个界每一步增加 1。",
        ),
        CONDITIONAL,
        holds=(Cite("lstm.state.bounded"), Cite("lstm.state.growing", 1)),
        fails=(Cite("lstm.state.growing", 2),),
    ),
    Claim(
        "N13",
        Words("The hidden state is the gated, squashed cell state", "隐藏状态是经过门控的 tanh(C)"),
        Words(
            "The output gate times tanh of the cell is the hidden state; both go on to the next step.",
            "输出门乘以 tanh(C) 得到隐藏状态，两个状态都传到下一步。",
        ),
        Words("True, and so it lies strictly between -1 and 1.", "成立，因此它严格位于 -1 与 1 之间。"),
        TRUE,
        holds=(Cite("lstm.forward.hidden", 1), Cite("lstm.output.range", 1), Cite("lstm.output.range", 2)),
    ),
    Claim(
        "N14",
        Words("More activations make explosion less likely", "更多的激活函数使爆炸更不容易"),
        Words(
            "On its way back the gradient meets more activations with small slopes, so it explodes less.",
            "梯度回传时经过更多导数较小的激活函数，因此更不容易爆炸。",
        ),
        Words(
            "No such bound exists: a small slope is multiplied by the cell state and by the weights, which are not "
            "bounded. What does hold is a bound by both.",
            "不存在这样的界：很小的导数要乘以细胞状态和权重，而二者都没有上界。成立的只是用这两者表示的界。",
        ),
        FALSE,
        holds=(
            Cite("lstm.path.bound", 1),
            Cite("lstm.path.bound", 2),
            Cite("lstm.path.bound", 3),
            Cite("lstm.path.bound", 4),
        ),
        fails=(Cite("lstm.path.unbounded", 1), Cite("lstm.path.unbounded", 2)),
    ),
    Claim(
        "N15",
        Words("A large forget bias keeps the cell state", "较大的遗忘门偏置能保留细胞状态"),
        Words(
            "With a large bias the forget gate is close to 1, so that the cell state is kept.",
            "偏置较大时遗忘门接近 1，细胞状态得以保留。",
        ),
        Words(
            "With nothing else in the pre-activation, 1/e is left after T steps for a bias of about log T - 1/(2T). "
            "The biases 1, 3, 5 have the half-lives 2.21, 14.27 and 103.22.",
            "若预激活中没有其他项，偏置约为 log T - 1/(2T) 时，T 步后还剩 1/e。偏置 1、3、5 的半衰期分别是 2.21、14.27、103.22 步。",
        ),
        CONDITIONAL,
        holds=(
            Cite("lstm.forget.bias", 1),
            Cite("lstm.forget.bias", 2),
            Cite("lstm.forget.bias", 3),
            Cite("lstm.forget.bias", 4),
            *(Cite("lstm.forget.half-life", step) for step in range(1, 7)),
        ),
        source="Gers, Schmidhuber & Cummins 2000; Jozefowicz, Zaremba & Sutskever 2015",
    ),
    Claim(
        "N16",
        Words("The gradient on the cell state survives", "细胞状态上的梯度得以保留"),
        Words(
            "Even where the other paths vanish, the gradient passes from cell state to cell state.",
            "即使其他路径上的梯度消失，细胞状态之间的梯度仍能一直传下去。",
        ),
        Words(
            "True of that one path: its derivative is the product of the forget gates. The total derivative has a second "
            "path, and the two can cancel.",
            "仅对这一条路径成立：它的导数是各步遗忘门的乘积。全导数还有第二条路径，两者可以互相抵消。",
        ),
        CONDITIONAL,
        holds=(
            Cite("lstm.carousel.step"),
            Cite("lstm.carousel.path"),
            Cite("lstm.carousel.total", 2),
            Cite("lstm.carousel.cancellation", 1),
            Cite("lstm.carousel.cancellation", 2),
        ),
        fails=(Cite("lstm.carousel.total", 3),),
        source="Hochreiter & Schmidhuber 1997",
    ),
    Claim(
        "N17",
        Words("The forget gate only mitigates", "遗忘门只能减轻梯度消失"),
        Words(
            "As the forget gate falls in training, the gradient through it vanishes after all.",
            "训练中遗忘门的值变小，通过它的梯度最终也会消失。",
        ),
        Words(
            "The product of the gates goes to 0 exactly if the sum of what they lose diverges.",
            "遗忘门的乘积趋于 0，当且仅当各步损失量 1 - f 之和发散。",
        ),
        TRUE,
        holds=(
            Cite("lstm.forget.product", 1),
            Cite("lstm.forget.product", 2),
            Cite("lstm.forget.logarithm"),
            *(Cite("lstm.forget.examples", step) for step in range(1, 5)),
        ),
    ),
    Claim(
        "N18",
        Words("Without forget gate nothing vanishes", "去掉遗忘门就完全没有梯度消失"),
        Words(
            "In theory, removing the forget gate avoids vanishing gradients completely.",
            "从理论上说，去掉遗忘门可以完全避免梯度消失。",
        ),
        Words(
            "Only the truncated derivative of 1997 is the identity. The total one has at rest the eigenvalue 1 + w/4: it "
            "vanishes for -8 < w < 0 and explodes for w > 0. And a cell state that grows closes the output path.",
            "只有 1997 年的截断导数是单位矩阵。全导数在静止状态下的特征值是 1 + w/4：当 -8 < w < 0 时消失，w > 0 时爆炸。"
            "而且不断增大的细胞状态会关闭输出路径。",
        ),
        FALSE,
        holds=(
            Cite("lstm.carousel.constant"),
            Cite("lstm.1997.rest", 1),
            Cite("lstm.1997.rest", 2),
            Cite("lstm.1997.rest", 3),
            Cite("lstm.1997.vanishing", 1),
            Cite("lstm.1997.vanishing", 2),
            Cite("lstm.1997.closed-output"),
        ),
        fails=(Cite("lstm.1997.total"), Cite("lstm.1997.vanishing", 3)),
        source="Hochreiter & Schmidhuber 1997, appendix A.1",
    ),
    Claim(
        "N19",
        Words("In practice the forget gate helps", "实践中有遗忘门的效果更好"),
        Words(
            "LSTMs with a forget gate often do better than those without.",
            "带遗忘门的 LSTM 实际效果往往更好。",
        ),
        Words(
            "An empirical finding: experiments support it, and nothing here proves it.",
            "这是经验结论：有实验支持，本书不作证明。",
        ),
        EMPIRICAL,
        source="Greff, Srivastava, Koutník, Steunebrink & Schmidhuber 2017; Jozefowicz, Zaremba & Sutskever 2015",
    ),
    Claim(
        "N20",
        Words("The widely copied backward recursion of the LSTM", "广为转载的 LSTM 反向递推"),
        Words(
            "The adjoint of h is carried through the next hidden state only, that of c through the forget gate.",
            "h 的梯度只通过下一步的隐藏状态回传，c 的梯度通过遗忘门回传。",
        ),
        Words(
            "It loses the path from h to the next cell state and from there to the one after. It is right at the last two "
            "steps and wrong before.",
            "它丢掉了从 h 到下一步细胞状态、再到下下步细胞状态的路径：最后两步是对的，再往前就错了。",
        ),
        FALSE,
        holds=(
            Cite("lstm.copied.last-two", 1),
            Cite("lstm.copied.last-two", 2),
            Cite("lstm.copied.missing-term", 1),
            Cite("lstm.copied.correction", 1),
        ),
        fails=(Cite("lstm.copied.hidden", 1), Cite("lstm.copied.hidden", 2), Cite("lstm.copied.missing-term", 2)),
    ),
    Claim(
        "N21",
        Words("W can be pulled out of the product", "W 可以提到乘积外面"),
        Words(
            "The product of Jacobians is a power of W times the product of the diagonals of slopes.",
            "雅可比矩阵的乘积等于 W 的幂乘以各导数对角矩阵的乘积。",
        ),
        Words(
            "W need not commute with the diagonals. It does if each of them is a multiple of the identity.",
            "W 一般不与对角矩阵交换；例如当每个对角矩阵都是单位矩阵的倍数时就可以。",
        ),
        FALSE,
        holds=(Cite("rnn.jacobian.pulled-out", 1), Cite("rnn.jacobian.commuting")),
        fails=(Cite("rnn.jacobian.pulled-out", 2),),
    ),
)

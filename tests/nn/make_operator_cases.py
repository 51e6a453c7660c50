#!/usr/bin/env python3
"""Writes tests/golden/nn_operators.json: single ONNX operators with inputs and what PyTorch computes.

Needs Debian's python3-torch. The result is committed; run this only to add cases.
"""
import json
import sys

import torch
import torch.nn.functional as F

torch.manual_seed(7)
cases = []

NAMES = {torch.float32: "f32", torch.int64: "i64", torch.int32: "i32", torch.bool: "bool"}


def tensor(t):
    t = torch.as_tensor(t)
    values = t.to(torch.uint8) if t.dtype == torch.bool else t
    numbers = values.flatten().tolist()
    if t.dtype == torch.float32:
        numbers = [float(f"{v:.9g}") if v == v and abs(v) != float("inf") else str(v) for v in numbers]
    return {"dtype": NAMES[t.dtype], "shape": list(t.shape), "values": numbers}


def case(op, inputs, outputs, opset=17, constant=(), **attributes):
    """constant: indices of inputs that are initialisers of the graph."""
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    cases.append({
        "op": op, "opset": opset, "attributes": attributes, "constant": list(constant),
        "inputs": [None if i is None else tensor(i) for i in inputs],
        "outputs": [tensor(o) for o in outputs]})


def ints(*values):
    return torch.tensor(values, dtype=torch.int64)


x = torch.randn(3, 17) * 2
x[0, :4] = torch.tensor([0.0, -0.0, 1e-40, -1e-40])
p = x.abs() + 0.1
u = x.clamp(-0.95, 0.95)
for name, f, a in [
    ("Abs", torch.abs, x), ("Neg", torch.neg, x), ("Exp", torch.exp, x), ("Log", torch.log, p),
    ("Sqrt", torch.sqrt, p), ("Reciprocal", torch.reciprocal, p), ("Sin", torch.sin, 9 * x),
    ("Cos", torch.cos, 9 * x), ("Tan", torch.tan, u), ("Asin", torch.asin, u), ("Acos", torch.acos, u),
    ("Atan", torch.atan, x), ("Sinh", torch.sinh, x), ("Cosh", torch.cosh, x), ("Asinh", torch.asinh, x),
    ("Acosh", torch.acosh, 1 + p), ("Atanh", torch.atanh, u), ("Erf", torch.erf, x),
    ("Floor", torch.floor, x), ("Ceil", torch.ceil, x), ("Round", torch.round, x),
    ("Sign", torch.sign, x), ("Relu", F.relu, x), ("Sigmoid", torch.sigmoid, x), ("Tanh", torch.tanh, x),
    ("Softplus", F.softplus, x), ("Softsign", F.softsign, x), ("HardSwish", F.hardswish, x),
    ("Mish", F.mish, x), ("Elu", F.elu, x), ("Selu", F.selu, x), ("Celu", F.celu, x),
        ("LeakyRelu", F.leaky_relu, x)]:
    case(name, [a], f(a))
case("LeakyRelu", [x], F.leaky_relu(x, 0.2), alpha=0.2)
case("Elu", [x], F.elu(x, 0.5), alpha=0.5)
case("Celu", [x], F.celu(x, 0.7), opset=12, alpha=0.7)
case("HardSigmoid", [x], torch.clamp(0.3 * x + 0.4, 0, 1), alpha=0.3, beta=0.4)
case("ThresholdedRelu", [x], torch.where(x > 0.5, x, torch.zeros(())), alpha=0.5)
case("Gelu", [x], F.gelu(x), opset=20)
case("Gelu", [x], F.gelu(x, approximate="tanh"), opset=20, approximate="tanh")
case("Clip", [x, torch.tensor(-0.5), torch.tensor(1.0)], x.clamp(-0.5, 1), constant=(1, 2))
case("Clip", [x], x.clamp(0, 6), opset=10, min=0.0, max=6.0)
slope = torch.rand(17)
case("PRelu", [x, slope], torch.where(x < 0, x * slope, x))
case("IsNaN", [torch.tensor([1.0, float("nan"), float("inf")])], torch.tensor([False, True, False]))
case("IsInf", [torch.tensor([1.0, float("nan"), float("-inf")])], torch.tensor([False, False, True]))

a, b, c = torch.randn(2, 3, 5), torch.randn(3, 1), torch.randn(5)
for name, f in [("Add", torch.add), ("Sub", torch.sub), ("Mul", torch.mul), ("Div", torch.div),
                ("Min", torch.minimum), ("Max", torch.maximum)]:
    case(name, [a, b], f(a, b))
    case(name, [c, a], f(c, a))
case("Pow", [p, torch.tensor(2.0)], p ** 2, constant=(1,))
case("Pow", [p[:, :5], c], p[:, :5] ** c)
case("Pow", [p, torch.tensor(0.5)], p ** 0.5, constant=(1,))
case("Sum", [a, b, c], a + b + c)
case("Mean", [a, b, c], (a + b + c) / 3)
case("Max", [a, b, c], torch.maximum(torch.maximum(a, b), c))
i, j = ints(7, -7, 7, -7), ints(3, 3, -3, -3)
case("Add", [i, j], i + j)
case("Div", [i, j], torch.div(i, j, rounding_mode="trunc"))
case("Mod", [i, j], torch.remainder(i, j))
case("Mod", [i, j], torch.fmod(i, j), fmod=1)
case("Mod", [x, torch.tensor(0.75)], torch.fmod(x, 0.75), fmod=1)
for name, f in [("Equal", torch.eq), ("Less", torch.lt), ("LessOrEqual", torch.le), ("Greater", torch.gt),
                ("GreaterOrEqual", torch.ge)]:
    case(name, [a, b], f(a, b))
t, s = torch.tensor([True, True, False, False]), torch.tensor([True, False, True, False])
case("And", [t, s], t & s)
case("Or", [t, s], t | s)
case("Xor", [t, s], t ^ s)
case("Not", [t], ~t)
case("Where", [a > 0, a, b], torch.where(a > 0, a, b.expand_as(a)))
case("Cast", [x], x.to(torch.int64), to=7)
case("Cast", [i], i.float(), to=1)
case("Cast", [a], a != 0, to=9)

for opset, axis in [(13, 1), (13, -1), (11, 1)]:
    y = torch.softmax(a.flatten(1), 1).view_as(a) if opset < 13 else torch.softmax(a, axis)
    case("Softmax", [a], y, opset=opset, axis=axis)
case("LogSoftmax", [a * 9], torch.log_softmax(a * 9, -1), axis=-1)
for name, f in [
    ("ReduceSum", lambda v, d, k: v.sum(d, keepdim=k)), ("ReduceMean", lambda v, d, k: v.mean(d, keepdim=k)),
    ("ReduceMax", lambda v, d, k: v.amax(d, keepdim=k)), ("ReduceMin", lambda v, d, k: v.amin(d, keepdim=k)),
    ("ReduceL1", lambda v, d, k: v.abs().sum(d, keepdim=k)),
    ("ReduceL2", lambda v, d, k: v.square().sum(d, keepdim=k).sqrt()),
    ("ReduceSumSquare", lambda v, d, k: v.square().sum(d, keepdim=k)),
        ("ReduceLogSumExp", lambda v, d, k: v.logsumexp(d, keepdim=k))]:
    if name == "ReduceSum":
        case(name, [a, ints(1)], f(a, 1, True), constant=(1,))
        case(name, [a, ints(0, -1)], f(a, (0, 2), False), constant=(1,), keepdims=0)
    else:
        case(name, [a], f(a, 1, True), axes=[1])
        case(name, [a], f(a, (0, 2), False), axes=[0, -1], keepdims=0)
case("ReduceProd", [a], a.prod(2), axes=[2], keepdims=0)
case("ReduceLogSum", [p], p.sum(1, keepdim=True).log(), axes=[1])
case("ReduceMean", [a], a.mean().view(1, 1, 1))
case("ArgMax", [a], a.argmax(1, keepdim=True), axis=1)
case("ArgMin", [a], a.argmin(2), axis=-1, keepdims=0)
case("CumSum", [a, torch.tensor(1)], a.cumsum(1), constant=(1,))
case("CumSum", [a, torch.tensor(1)], a.flip(1).cumsum(1).flip(1), constant=(1,), reverse=1)

case("Transpose", [a], a.permute(2, 0, 1), perm=[2, 0, 1])
case("Transpose", [a], a.permute(2, 1, 0))
case("Concat", [a, b.view(1, 3, 1).expand(2, 3, 4)], torch.cat([a, b.view(1, 3, 1).expand(2, 3, 4)], 2), axis=-1)
case("Split", [a, ints(2, 3)], list(a.split([2, 3], 2)), constant=(1,), axis=2)
case("Split", [a], list(a.split(1, 0)), axis=0)
case("Slice", [a, ints(1, 0), ints(5, 9223372036854775807), ints(2, 1), ints(2, 2)], a[:, ::2, 1:5:2],
     constant=(1, 2, 3, 4))
case("Slice", [a, ints(-1), ints(-9223372036854775807), ints(2), ints(-1)], a.flip(2), constant=(1, 2, 3, 4))
case("Slice", [a, ints(-3), ints(-1), ints(-1)], a[..., -3:-1], constant=(1, 2, 3))
case("Slice", [a], a[:, 1:3], opset=9, starts=[1], ends=[3], axes=[1])
case("Expand", [b, ints(2, 3, 4)], b.expand(2, 3, 4), constant=(1,))
case("Tile", [b, ints(2, 3)], b.repeat(2, 3), constant=(1,))
case("Reshape", [a, ints(0, -1)], a.reshape(2, 15), constant=(1,))
case("Flatten", [a], a.reshape(6, 5), axis=2)
case("Squeeze", [b, ints(1)], b.squeeze(1), constant=(1,))
case("Squeeze", [b], b.squeeze(1), opset=11, axes=[-1])
case("Unsqueeze", [c, ints(0, -1)], c.view(1, 5, 1), constant=(1,))
case("Unsqueeze", [c], c.view(1, 5), opset=11, axes=[0])
case("Pad", [a, ints(0, 1, 2, 0, 0, 1), torch.tensor(0.5)], F.pad(a, (2, 1, 1, 0), value=0.5), constant=(1, 2))
case("Pad", [a, ints(0, 0, 2, 0, 0, 3)], F.pad(a, (2, 3), mode="reflect"), constant=(1,), mode="reflect")
case("Pad", [a, ints(0, 0, 2, 0, 0, 3)], F.pad(a, (2, 3), mode="replicate"), constant=(1,), mode="edge")
case("Pad", [a, ints(0, 0, -1, 0, 0, 1)], F.pad(a, (-1, 1)), constant=(1,))
k = ints(2, 0, -1).view(3, 1)
case("Gather", [a, k], a[:, k], axis=1)
case("Gather", [a, torch.tensor(1)], a[..., 1], axis=-1)
g = torch.randint(0, 5, (2, 3, 2))
case("GatherElements", [a, g], a.gather(2, g), axis=2)
case("Trilu", [a], a.triu(), upper=1)
case("Trilu", [a, torch.tensor(-1)], a.tril(-1), constant=(1,), upper=0)
case("Range", [torch.tensor(2), torch.tensor(11), torch.tensor(3)], torch.arange(2, 11, 3), constant=(0, 1, 2))
case("Shape", [a], ints(2, 3, 5))
case("Size", [a], torch.tensor(30))

m, n = torch.randn(2, 1, 5, 7), torch.randn(3, 7, 18)
case("MatMul", [m, n], m @ n)
case("MatMul", [m, n[0]], m @ n[0], constant=(1,))
case("MatMul", [m[0, 0, 0], n[0]], m[0, 0, 0] @ n[0])
case("MatMul", [m, n[0, :, 0]], m @ n[0, :, 0])
q, w, v = torch.randn(3, 21), torch.randn(35, 21), torch.randn(35)
case("Gemm", [q, w, v], F.linear(q, w, v), constant=(1, 2), transB=1)
case("Gemm", [q, w.t(), v], 0.5 * (q @ w.t()) + 2 * v, constant=(1, 2), alpha=0.5, beta=2.0)
case("Gemm", [q.t(), w, v], 0.5 * (q @ w.t()) + 2 * v, transA=1, transB=1, alpha=0.5, beta=2.0)
case("Gemm", [q, w.t()], q @ w.t())

z = torch.randn(1, 6, 19)
for groups, stride, pad, dilation, kernel in [(1, 1, 0, 1, 3), (2, 2, 3, 1, 5), (6, 1, 2, 2, 3), (3, 3, 1, 3, 2)]:
    w, v = torch.randn(12, 6 // groups, kernel), torch.randn(12)
    case("Conv", [z, w, v], F.conv1d(z, w, v, stride, pad, dilation, groups), constant=(1, 2), group=groups,
         strides=[stride], pads=[pad, pad], dilations=[dilation], kernel_shape=[kernel])
z = torch.randn(1, 4, 6, 11)
for groups, stride, pad, dilation, kernel in [(1, (1, 1), (0, 0), (1, 1), (3, 3)), (2, (2, 3), (1, 2), (1, 1), (3, 5)),
                                              (4, (1, 1), (2, 2), (2, 2), (3, 3)), (1, (4, 4), (0, 0), (1, 1), (4, 4)),
                                              (1, (1, 2), (3, 0), (3, 1), (2, 1))]:
    w = torch.randn(8, 4 // groups, *kernel)
    case("Conv", [z, w], F.conv2d(z, w, None, stride, pad, dilation, groups), constant=(1,), group=groups,
         strides=list(stride), pads=[*pad, *pad], dilations=list(dilation), kernel_shape=list(kernel))
for stride, pad, extra, dilation, groups in [(2, 1, 1, 1, 1), (1, 0, 0, 1, 2), (3, 2, 0, 2, 1)]:
    w, v = torch.randn(6, 4 // groups, 3), torch.randn(4)
    z1 = torch.randn(2, 6, 7)
    case("ConvTranspose", [z1, w, v], F.conv_transpose1d(z1, w, v, stride, pad, extra, groups, dilation),
         constant=(1, 2), strides=[stride], pads=[pad, pad], output_padding=[extra], dilations=[dilation], group=groups)
w = torch.randn(4, 5, 3, 2)
case("ConvTranspose", [z, w], F.conv_transpose2d(z, w, None, 2, 1), constant=(1,), strides=[2, 2], pads=[1, 1, 1, 1])
case("MaxPool", [z], F.max_pool2d(z, (2, 3), (2, 2), (1, 1)), kernel_shape=[2, 3], strides=[2, 2], pads=[1, 1, 1, 1])
case("MaxPool", [z], F.max_pool2d(z, 2, 2, ceil_mode=True), kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
case("AveragePool", [z], F.avg_pool2d(z, 3, 2, 1), kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1],
     count_include_pad=1)
case("AveragePool", [z], F.avg_pool2d(z, 3, 2, 1, count_include_pad=False), kernel_shape=[3, 3], strides=[2, 2],
     pads=[1, 1, 1, 1])
case("AveragePool", [z[:, :, 0]], F.avg_pool1d(z[:, :, 0], 4, 3), kernel_shape=[4], strides=[3])
case("GlobalAveragePool", [z], z.mean((2, 3), keepdim=True))
case("GlobalMaxPool", [z], z.amax((2, 3), keepdim=True))
g1, b1, m1, v1 = torch.randn(4), torch.randn(4), torch.randn(4), torch.rand(4) + 0.5
case("BatchNormalization", [z, g1, b1, m1, v1], F.batch_norm(z, m1, v1, g1, b1, eps=1e-3), epsilon=1e-3)
case("InstanceNormalization", [z, g1, b1], F.instance_norm(z, weight=g1, bias=b1))
case("GroupNormalization", [z, g1, b1], F.group_norm(z, 2, g1, b1), opset=21, num_groups=2)
g2, b2 = torch.randn(11), torch.randn(11)
case("LayerNormalization", [z, g2, b2], F.layer_norm(z, (11,), g2, b2))
g3 = torch.randn(6, 11)
case("LayerNormalization", [z, g3], F.layer_norm(z, (6, 11), g3), axis=2)

for op, make, gates in [("LSTM", torch.nn.LSTM, 4), ("GRU", torch.nn.GRU, 3), ("RNN", torch.nn.RNN, 1)]:
    for both in (False, True):
        net = make(5, 9, bidirectional=both)
        d = 2 if both else 1
        xs, h0, c0 = torch.randn(6, 3, 5), torch.randn(d, 3, 9), torch.randn(d, 3, 9)
        with torch.no_grad():
            ys, state = net(xs, (h0, c0)) if op == "LSTM" else net(xs, h0)
        order = {"LSTM": [0, 3, 1, 2], "GRU": [1, 0, 2], "RNN": [0]}[op]

        def onnx_order(t):
            return torch.cat([t.chunk(gates, 0)[k] for k in order], 0).detach()
        names = [""] + (["_reverse"] if both else [])
        ws = torch.stack([onnx_order(getattr(net, "weight_ih_l0" + s)) for s in names])
        rs = torch.stack([onnx_order(getattr(net, "weight_hh_l0" + s)) for s in names])
        bs = torch.stack([torch.cat([onnx_order(getattr(net, "bias_ih_l0" + s)),
                                     onnx_order(getattr(net, "bias_hh_l0" + s))]) for s in names])
        y = ys.view(6, 3, d, 9).permute(0, 2, 1, 3)
        extra = {"linear_before_reset": 1} if op == "GRU" else {}
        outputs = [y, state[0], state[1]] if op == "LSTM" else [y, state]
        inputs = [xs, ws, rs, bs, None, h0] + ([c0] if op == "LSTM" else [])
        case(op, inputs, outputs, constant=(1, 2, 3), hidden_size=9,
             direction="bidirectional" if both else "forward", **extra)

# A GRU that resets before its product, which PyTorch has not: written out.
ws, rs, bs = torch.randn(1, 21, 5) / 2, torch.randn(1, 21, 7) / 2, torch.randn(1, 42)
xs, h = torch.randn(4, 2, 5), torch.zeros(2, 7)
ys = []
for step in xs:
    gx = step @ ws[0].t() + bs[0, :21]
    z1 = torch.sigmoid(gx[:, :7] + h @ rs[0, :7].t() + bs[0, 21:28])
    r1 = torch.sigmoid(gx[:, 7:14] + h @ rs[0, 7:14].t() + bs[0, 28:35])
    n1 = torch.tanh(gx[:, 14:] + (r1 * h) @ rs[0, 14:].t() + bs[0, 35:])
    h = (1 - z1) * n1 + z1 * h
    ys.append(h)
case("GRU", [xs, ws, rs, bs], [torch.stack(ys).unsqueeze(1), h.unsqueeze(0)], constant=(1, 2, 3), hidden_size=7)
one = torch.randn(2, 4, 5)
net = torch.nn.LSTM(5, 6, batch_first=True)
with torch.no_grad():
    ys, (hn, cn) = net(one)
pick = lambda t: torch.cat([t.chunk(4, 0)[k] for k in [0, 3, 1, 2]], 0).detach()
case("LSTM", [one, pick(net.weight_ih_l0)[None], pick(net.weight_hh_l0)[None],
              torch.cat([pick(net.bias_ih_l0), pick(net.bias_hh_l0)])[None]],
     [ys.unsqueeze(2), hn.transpose(0, 1), cn.transpose(0, 1)], constant=(1, 2, 3), hidden_size=6, layout=1)

with open(sys.argv[1] if len(sys.argv) > 1 else "tests/golden/nn_operators.json", "w") as out:
    out.write("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]\n")
print(len(cases), "cases")

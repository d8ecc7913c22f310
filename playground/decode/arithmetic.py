"""The small instructions of a tape as the compiled interpreter computes them: everything but matrix products and
attention, on float32 vectors."""

import numpy as np

from playground.decode.jit import compiled
from playground.decode.opcodes import ADD, GELU, MUL, RELU, SIGMOID, SILU, SQUARE, TANH


@compiled
def exp(x):
    """e^x to about 2e-7, without a call, so that loops of it become vector code."""
    x = min(max(x, np.float32(-87.0)), np.float32(88.0))
    whole = np.floor(x * np.float32(1.44269504) + np.float32(0.5))
    r = x - whole * np.float32(0.693359375) + whole * np.float32(2.12194440e-4)
    p = np.float32(1.9875691500e-4)
    p = p * r + np.float32(1.3981999507e-3)
    p = p * r + np.float32(8.3334519073e-3)
    p = p * r + np.float32(4.1665795894e-2)
    p = p * r + np.float32(1.6666665459e-1)
    p = p * r + np.float32(5.0000001201e-1)
    p = p * r * r + r + np.float32(1)
    return p * np.int32((np.int32(whole) + np.int32(127)) << np.int32(23)).view(np.float32)


@compiled
def apply(kind, x, out, limit):
    one = np.float32(1)
    if kind == SILU:
        for i in range(len(x)):
            out[i] = x[i] / (one + exp(-x[i]))
    elif kind == GELU:
        for i in range(len(x)):
            inner = np.float32(0.7978845608) * (x[i] + np.float32(0.044715) * x[i] * x[i] * x[i])
            out[i] = x[i] * (one - one / (exp(np.float32(2) * inner) + one))
    elif kind == SIGMOID:
        for i in range(len(x)):
            out[i] = one / (one + exp(-x[i]))
    elif kind == TANH:
        for i in range(len(x)):
            out[i] = one - np.float32(2) / (exp(np.float32(2) * x[i]) + one)
    elif kind == RELU:
        for i in range(len(x)):
            out[i] = max(x[i], np.float32(0))
    elif kind == SQUARE:
        for i in range(len(x)):
            out[i] = x[i] * x[i]
    else:
        for i in range(len(x)):
            out[i] = limit * (one - np.float32(2) / (exp(np.float32(2) * x[i] / limit) + one))


@compiled
def combine(kind, a, b, out, a_repeat, b_repeat):
    """Operands are as long as ``out``, or repeat: each number ``repeat`` times, all of them again and again."""
    size = len(out)
    if len(a) == size and len(b) == size:
        if kind == ADD:
            for i in range(size):
                out[i] = a[i] + b[i]
        elif kind == MUL:
            for i in range(size):
                out[i] = a[i] * b[i]
        else:
            for i in range(size):
                out[i] = a[i] - b[i]
        return
    for i in range(size):
        left, right = a[(i // a_repeat) % len(a)], b[(i // b_repeat) % len(b)]
        out[i] = left + right if kind == ADD else left * right if kind == MUL else left - right


@compiled
def layer_norm(x, out, width, weight, bias, eps):
    for first in range(0, len(x), width):
        row, to = x[first : first + width], out[first : first + width]
        mean = np.float32(0)
        for i in range(width):
            mean += row[i]
        mean /= np.float32(width)
        square = np.float32(0)
        for i in range(width):
            square += (row[i] - mean) * (row[i] - mean)
        scale = np.float32(1) / np.sqrt(square / np.float32(width) + eps)
        for i in range(width):
            to[i] = (row[i] - mean) * scale
        for i in range(len(weight)):
            to[i] *= weight[i]
        for i in range(len(bias)):
            to[i] += bias[i]


@compiled
def rms_norm(x, out, width, weight, eps):
    for first in range(0, len(x), width):
        row, to = x[first : first + width], out[first : first + width]
        square = np.float32(0)
        for i in range(width):
            square += row[i] * row[i]
        scale = np.float32(1) / np.sqrt(square / np.float32(width) + eps)
        for i in range(width):
            to[i] = row[i] * scale
        for i in range(len(weight)):
            to[i] *= weight[i]


@compiled
def rotate(x, out, width, cos, sin, interleaved):
    half = width // 2
    for first in range(0, len(x), width):
        for j in range(half):
            at, other = (first + 2 * j, first + 2 * j + 1) if interleaved else (first + j, first + half + j)
            a, b = x[at], x[other]
            out[at] = a * cos[j] - b * sin[j]
            out[other] = a * sin[j] + b * cos[j]

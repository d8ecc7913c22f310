"""Rows of a matrix times vectors, as the compiled interpreter computes them: float32 and 16-bit weights for one or
four texts, and 8-bit weights with factors."""

import numpy as np
from numba import types
from numba.extending import overload

from playground.decode.jit import compiled
from playground.decode.lanes import LANES, PAIRS, add_inputs, add_scaled, products, sum_up, weights_at, zeros


def widen(number):
    """A stored weight as float32."""


@overload(widen, inline="always")
def _widen(number):
    if number == types.uint16:  # bfloat16
        return lambda number: np.uint32(np.uint32(number) << np.uint32(16)).view(np.float32)
    if number == types.int16:  # float16: rebase the exponent by a multiplication, which is exact

        def half(number):
            bits = np.uint32(np.uint16(number))
            magnitude = np.uint32((bits & np.uint32(0x7FFF)) << np.uint32(13)).view(np.float32) * np.float32(2.0**112)
            sign = np.uint32((bits & np.uint32(0x8000)) << np.uint32(16))
            return np.uint32(np.float32(magnitude).view(np.uint32) | sign).view(np.float32)

        return half
    return lambda number: np.float32(number)


@compiled
def rows_of_one(matrix, x, out, first, last, width):
    """Rows first to last of a matrix ``(rows, width)`` times x."""
    for row in range(first, last):
        weights = matrix[row * width : (row + 1) * width]
        total = np.float32(0)
        for i in range(width):
            total += widen(weights[i]) * x[i]
        out[row] = total


@compiled
def rows_of_four(matrix, x, out, first, last, width):
    """As :func:`rows_of_one` for four texts, ``x (4, width)`` and ``out (4, rows)``.

    Two rows at a time, so that a weight serves four texts and an input two rows; far from each other, since memory is
    slow to give what lies in two places of one page.
    """
    a, b, c, d = x[0], x[1], x[2], x[3]
    whole, half = width - width % LANES, (last - first) // 2
    for row in range(first, first + half):
        at, to, far = row * width, (row + half) * width, row + half
        ta, tb, tc, td = zeros(), zeros(), zeros(), zeros()
        ua, ub, uc, ud = zeros(), zeros(), zeros(), zeros()
        for i in range(0, whole, LANES):
            near, distant = weights_at(matrix, at + i), weights_at(matrix, to + i)
            ta, ua = add_inputs(ta, near, a, i), add_inputs(ua, distant, a, i)
            tb, ub = add_inputs(tb, near, b, i), add_inputs(ub, distant, b, i)
            tc, uc = add_inputs(tc, near, c, i), add_inputs(uc, distant, c, i)
            td, ud = add_inputs(td, near, d, i), add_inputs(ud, distant, d, i)
        out[0, row], out[1, row], out[2, row], out[3, row] = sum_up(ta), sum_up(tb), sum_up(tc), sum_up(td)
        out[0, far], out[1, far], out[2, far], out[3, far] = sum_up(ua), sum_up(ub), sum_up(uc), sum_up(ud)
        for i in range(whole, width):
            for text in range(4):
                out[text, row] += widen(matrix[at + i]) * x[text, i]
                out[text, far] += widen(matrix[to + i]) * x[text, i]
    if first + 2 * half < last:
        for text in range(4):
            rows_of_one(matrix, x[text], out[text], last - 1, last, width)


@compiled
def round_inputs(x, rounded):
    """Make 16-bit numbers of ``x``, the largest 32,767; what one of them is worth."""
    most = np.float32(0)
    for i in range(len(x)):
        most = max(most, abs(x[i]))
    if most == 0:
        most = np.float32(1)
    factor = np.float32(32767) / most
    for i in range(len(x)):
        rounded[i] = np.int16(np.rint(x[i] * factor))
    return most / np.float32(32767)


@compiled
def scaled_rows(matrix, scale, x, rounded, out, first, last, width, group):
    """As :func:`rows_of_one` for 8-bit weights, with a factor for each ``group`` of them: 32, or 16.

    Inputs are rounded to 16 bits, so that whole numbers can be multiplied: that changes far less than 8-bit weights do.
    """
    worth = round_inputs(x, rounded)
    blocks, each, groups = width // PAIRS, PAIRS // group, -(-width // group)
    for row in range(first, last):
        total, at, of = zeros(), row * width, row * groups
        if each == 1:
            for block in range(blocks):
                whole = products(matrix, at + block * PAIRS, rounded, block * PAIRS)
                total = add_scaled(total, whole, scale, of + block, 1)
        else:
            for block in range(blocks):
                whole = products(matrix, at + block * PAIRS, rounded, block * PAIRS)
                total = add_scaled(total, whole, scale, of + 2 * block, 2)
        rest = np.float32(0)
        for i in range(blocks * PAIRS, width):
            rest += np.float32(matrix[at + i]) * x[i] * scale[of + i // group]
        out[row] = sum_up(total) * worth + rest

"""The compiled interpreter of tapes: one function runs a whole step, its matrix products on several threads.

Weights are read where the network keeps them, float32 as it is and 16-bit ones as whole numbers whose bits are widened
while they are read; everything else is float32. numba compiles it once per machine and keeps the result.
"""

from playground.decode.jit import compiled, compiled_parallel  # first: it says how many threads numba may have

# isort: split
import numpy as np
from numba import carray, config, prange, set_num_threads, types
from numba.extending import intrinsic

from playground.decode.arithmetic import apply, combine, exp, layer_norm, rms_norm, rotate
from playground.decode.meeting import add_to, meet, wait_for_all
from playground.decode.opcodes import AFFINE, APPLY, ATTEND, COMBINE, LAYER_NORM, MATVEC, RMS_NORM, ROTATE, SUM_ROWS
from playground.decode.products import rows_of_four, rows_of_one, scaled_rows

PIECE = 32 << 10  # bytes of a matrix that a thread reads before it asks for more
TILE = 32  # rows of a matrix that several texts share while they are at hand
REAL = np.zeros(0, dtype=np.float32)  # only its type matters
PARALLEL_ATTENTION = 1 << 16  # multiplications from which heads are shared between threads


def use_threads(count: int) -> int:
    """Let the calling thread's next :func:`run` take ``count`` threads, or as many as there are; how many it takes."""
    count = min(count, config.NUMBA_NUM_THREADS)
    set_num_threads(count)
    return count


@intrinsic
def _pointer(context, address, like):
    """``address`` as a pointer to numbers of the type that the array ``like`` holds."""

    def generate(context, builder, signature, arguments):
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    return types.CPointer(like.dtype)(address, like), generate


@compiled
def _attend_head(q, keys, values, out, seen, scale, factors, weigh, scores):
    """One query ``(D,)`` over ``seen`` keys ``(S, D)`` and values ``(S, Dv)``; the sum goes to ``out (Dv,)``."""
    most = np.float32(-np.inf)
    for s in range(seen):
        key = keys[s]
        total = np.float32(0)
        for i in range(len(q)):
            total += q[i] * key[i]
        scores[s] = total * scale
        most = max(most, scores[s])
    whole = np.float32(0)
    for s in range(seen):
        scores[s] = exp(scores[s] - most)
        whole += scores[s]
    out[:] = 0
    for s in range(seen):
        weight = scores[s] / whole
        if weigh:
            weight *= factors[s]
        value = values[s]
        for i in range(len(out)):
            out[i] += weight * value[i]


@compiled
def _vector(addresses, number, size):
    """A float32 vector, empty for the number -1."""
    if number < 0:
        return np.zeros(0, dtype=np.float32)
    return carray(_pointer(addresses[number], REAL), size)


@compiled
def _multiply_rows(m, first, last, arena, choices, matrices, like, scales, vectors, rounded):
    """Rows first to last of the matrix product ``m``, for every text."""
    height, width, group = m[2], m[4], m[7]
    together = 0 if group or m[9] >= 0 else len(arena) - len(arena) % 4
    if together:
        matrix = carray(_pointer(matrices[m[5]], like), height * width)
        for start in range(first, last, TILE):
            end = min(start + TILE, last)
            for b in range(0, together, 4):
                x, out = arena[b : b + 4, m[3] : m[3] + width], arena[b : b + 4, m[1] : m[1] + height]
                rows_of_four(matrix, x, out, start, end, width)
    for b in range(together, len(arena)):
        chosen = m[5] + (choices[b, m[9]] if m[9] >= 0 else 0)
        matrix = carray(_pointer(matrices[chosen], like), height * width)
        x, out = arena[b, m[3] : m[3] + width], arena[b, m[1] : m[1] + height]
        if group:
            scale = carray(_pointer(scales[chosen], REAL), height * -(-width // group))
            scaled_rows(matrix, scale, x, rounded, out, first, last, width, group)
        else:
            rows_of_one(matrix, x, out, first, last, width)
    if m[6] >= 0:
        bias = carray(_pointer(vectors[m[6]], REAL), height)
        for b in range(len(arena)):
            out = arena[b, m[1] : m[1] + height]
            for i in range(first, last):
                out[i] += bias[i]


@compiled
def _multiply(code, at, tickets, threads, arena, choices, matrices, like, scales, vectors, rounded):
    """One thread's share of a group of matrix products: as many pieces as it gets tickets for.

    Each thread can have one long piece, which memory is read fastest in; what is left is shared out in short ones, so
    that all end together.
    """
    mine = add_to(tickets, at, 1)
    before = 0  # pieces of the products that came before
    for member in range(at, at + code[at, 8]):
        m = code[member]
        height = m[2]
        long = height * 7 // (8 * threads) if threads > 1 else height
        short = max(1, PIECE // (m[4] * like.itemsize))
        pieces = threads + -(-(height - threads * long) // short)
        while mine < before + pieces:
            number = mine - before
            first = number * long if number < threads else threads * long + (number - threads) * short
            last = first + long if number < threads else min(height, first + short)
            _multiply_rows(m, first, last, arena, choices, matrices, like, scales, vectors, rounded)
            mine = add_to(tickets, at, 1)
        before += pieces


@compiled
def _remember(c, b, row, keys, values, slot):
    """Put the new key and value of row ``b`` into the cache."""
    for h in range(c[7]):
        keys[b, h, slot] = row[c[3] + h * c[8] : c[3] + (h + 1) * c[8]]
        values[b, h, slot] = row[c[4] + h * c[9] : c[4] + (h + 1) * c[9]]


@compiled
def _attend(c, scale, arena, keys, values, factors, seen, scores, first, last):
    """The heads ``first`` to ``last``, counted through all rows."""
    heads, each, width, value_width = c[6], c[6] // c[7], c[8], c[9]
    for job in range(first, last):
        b, h = job // heads, job % heads
        _attend_head(
            arena[b, c[2] + h * width : c[2] + (h + 1) * width], keys[b, h // each], values[b, h // each],
            arena[b, c[1] + h * value_width : c[1] + (h + 1) * value_width], seen, scale,
            factors[b, :, h // each if c[10] else 0], c[10] > 0, scores,
        )  # fmt: skip


@compiled
def _choose(given, out, choices):
    """The largest of ``given`` in order, as many as ``out`` is long, and a softmax over them."""
    total = np.float32(0)
    for rank in range(len(out)):
        best = -1
        for i in range(len(given)):
            taken = False
            for before in range(rank):
                taken = taken or choices[before] == i
            if not taken and (best < 0 or given[i] > given[best]):
                best = i
        choices[rank] = best
        out[rank] = exp(given[best] - given[choices[0]])
        total += out[rank]
    for rank in range(len(out)):
        out[rank] /= total


@compiled
def _small(c, first, second, row, choices, vectors):
    """Any instruction but a matrix product or attention, for one row; ``first`` and ``second`` are its numbers."""
    kind, size = c[0], c[2]
    out = row[c[1] : c[1] + size]
    if kind == RMS_NORM:
        rms_norm(row[c[3] : c[3] + size], out, c[4], _vector(vectors, c[5], c[4]), first)
    elif kind == LAYER_NORM:
        weight, bias = _vector(vectors, c[5], c[4]), _vector(vectors, c[6], c[4])
        layer_norm(row[c[3] : c[3] + size], out, c[4], weight, bias, first)
    elif kind == ROTATE:
        half = c[4] // 2
        rotate(row[c[3] : c[3] + size], out, c[4], row[c[5] : c[5] + half], row[c[6] : c[6] + half], c[7] > 0)
    elif kind == COMBINE:
        combine(c[3], row[c[4] : c[4] + c[5]], row[c[6] : c[6] + c[7]], out, c[8], c[9])
    elif kind == AFFINE:
        x = row[c[3] : c[3] + size]
        for i in range(size):
            out[i] = first * x[i] + second
    elif kind == APPLY:
        apply(c[4], row[c[3] : c[3] + size], out, first)
    elif kind == SUM_ROWS:
        out[:] = row[c[3] : c[3] + size]
        for each in range(1, c[4]):
            more = row[c[3] + each * size : c[3] + (each + 1) * size]
            for i in range(size):
                out[i] += more[i]
    else:
        _choose(row[c[3] : c[3] + c[4]], out, choices[c[5] : c[5] + size])


@compiled
def _walk(
    code,
    numbers,
    arena,
    choices,
    matrices,
    like,
    scales,
    vectors,
    caches,
    factors,
    scores,
    rounded,
    room,
    tickets,
    most,
):
    """What one thread does in a step: products with the others, and everything else of its own rows."""
    thread, threads = meet(room, most)
    if thread < 0:
        return
    rows = len(arena)
    waits, at, apart = 0, 0, False
    while at < len(code):
        c = code[at]
        kind, wide = c[0], False
        if kind == ATTEND:
            cache = caches[c[5]]
            seen, heads = cache[4], c[6]
            k = carray(_pointer(cache[0], REAL), (rows, c[7], cache[2], c[8]))
            v = carray(_pointer(cache[1], REAL), (rows, c[7], cache[2], c[9]))
            wide = rows % threads > 0 and rows * heads * seen * (c[8] + c[9]) > PARALLEL_ATTENTION
            for b in range(thread, rows, threads):
                _remember(c, b, arena[b], k, v, cache[3])
            apart = True
        if apart and (wide or kind == MATVEC):  # what each did by itself is to be seen by all
            waits, apart = wait_for_all(room, threads, waits), False
        if kind == MATVEC:
            _multiply(code, at, tickets, threads, arena, choices, matrices, like, scales, vectors, rounded[thread])
            waits = wait_for_all(room, threads, waits)
            at += c[8]
            continue
        if wide:
            first, last = rows * heads * thread // threads, rows * heads * (thread + 1) // threads
            _attend(c, numbers[at, 0], arena, k, v, factors, seen, scores[thread], first, last)
            waits = wait_for_all(room, threads, waits)
        elif kind == ATTEND:
            for b in range(thread, rows, threads):
                _attend(c, numbers[at, 0], arena, k, v, factors, seen, scores[thread], b * heads, (b + 1) * heads)
        else:
            for b in range(thread, rows, threads):
                _small(c, numbers[at, 0], numbers[at, 1], arena[b], choices[b], vectors)
        apart = apart or not wide
        at += 1


@compiled_parallel
def run(
    code,
    numbers,
    arena,
    choices,
    matrices,
    like,
    scales,
    vectors,
    caches,
    factors,
    scores,
    rounded,
    room,
    tickets,
    threads,
):
    """Run all instructions for every row of ``arena (B, N)``.

    Args:
        code: int64 (n, COLUMNS). numbers: float32 (n, 2). choices: int64 (B, m).
        matrices, scales, vectors: addresses of weights, of the factors of 8-bit ones (else 0), of float32 vectors.
        like: an array of the weights' type.
        caches: int64 (layers, 5): address of keys (B, H, S, D), of values, S, where the new position goes, and how
        many can be seen. factors: (B, S, H). scores: (threads, S).
        rounded: int16 (threads, widest x), for 8-bit weights only.
        room: int64 (ROOM,), see meeting.py. tickets: int64 (n,). Both are zero.
    """
    for _ in prange(threads):
        _walk(
            code, numbers, arena, choices, matrices, like, scales, vectors, caches, factors, scores, rounded, room,
            tickets, threads,
        )  # fmt: skip

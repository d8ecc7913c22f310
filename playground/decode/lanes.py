"""Sixteen float32 numbers that the kernel computes with at once, where numba by itself would not: it sums up every few
8-bit weights, which takes longer than multiplying them, and reads a weight anew for each of several texts.

LLVM makes of them what the processor has: one register of 512 bits, two of 256, four of 128.
"""

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core.cgutils import get_or_insert_function
from numba.extending import intrinsic, models, register_model

LANES = 16
REAL = ir.FloatType()
PAIRS = 2 * LANES
VECTOR, WHOLE = ir.VectorType(REAL, LANES), ir.VectorType(ir.IntType(32), LANES)
FAST = ("fast",)


class Lanes(types.Type):
    """``LANES`` float32 numbers."""

    def __init__(self):
        super().__init__(name="Lanes")


class WholeLanes(types.Type):
    """``LANES`` whole numbers of 32 bits."""

    def __init__(self):
        super().__init__(name="WholeLanes")


lanes, whole_lanes = Lanes(), WholeLanes()


@register_model(Lanes)
class LanesModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, VECTOR)


@register_model(WholeLanes)
class WholeLanesModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, WHOLE)


def _load(context, builder, kind, array, at, vector):
    """Neighbours of a one-dimensional array, from ``at`` on."""
    numbers = context.make_array(kind)(context, builder, array).data
    found = builder.load(builder.bitcast(builder.gep(numbers, [at]), vector.as_pointer()))
    found.align = vector.element.get_abi_size(context.target_data)
    return found


def _all(builder, number):
    """``number`` in every lane."""
    vector = ir.Constant(VECTOR, ir.Undefined)
    for lane in range(LANES):
        vector = builder.insert_element(vector, number, ir.IntType(32)(lane))
    return vector


@intrinsic
def zeros(context):
    def generate(context, builder, signature, arguments):
        return ir.Constant(VECTOR, [0.0] * LANES)

    return lanes(), generate


def _widened(builder, stored, dtype):
    """``LANES`` stored weights as float32: 16-bit ones as in kernel.widen."""
    if dtype == types.float32:
        return stored
    if dtype == types.int8:
        return builder.sitofp(stored, VECTOR)
    words = ir.VectorType(ir.IntType(32), LANES)

    def every(number):
        return ir.Constant(words, [number] * LANES)

    bits = builder.zext(stored, words)
    if dtype == types.uint16:  # bfloat16
        return builder.bitcast(builder.shl(bits, every(16)), VECTOR)
    magnitude = builder.bitcast(builder.shl(builder.and_(bits, every(0x7FFF)), every(13)), VECTOR)
    magnitude = builder.fmul(magnitude, ir.Constant(VECTOR, [2.0**112] * LANES))
    sign = builder.shl(builder.and_(bits, every(0x8000)), every(16))
    return builder.bitcast(builder.or_(builder.bitcast(magnitude, words), sign), VECTOR)


@intrinsic
def weights_at(context, matrix, at):
    """``LANES`` weights of a flat matrix, from ``at`` on."""

    def generate(context, builder, signature, arguments):
        element = context.get_value_type(matrix.dtype)
        stored = _load(context, builder, matrix, *arguments, ir.VectorType(element, LANES))
        return _widened(builder, stored, matrix.dtype)

    return lanes(matrix, types.intp), generate


@intrinsic
def add_inputs(context, total, weights, inputs, start):
    """``total`` and the products of ``weights`` with float32 ``inputs`` from ``start`` on."""

    def generate(context, builder, signature, arguments):
        total, weights, inputs, start = arguments
        real = _load(context, builder, signature.args[2], inputs, start, VECTOR)
        return builder.fadd(total, builder.fmul(weights, real, flags=FAST), flags=FAST)

    return lanes(total, weights, inputs, types.intp), generate


# What x86 has for it in one instruction: LLVM's name, the processor's feature, 16-bit numbers on each side.
PAIRED = (("llvm.x86.avx512.pmaddw.d.512", "avx512bw", 32), ("llvm.x86.avx2.pmadd.wd", "avx2", 16))


def _part(builder, numbers, places):
    chosen = ir.Constant(ir.VectorType(ir.IntType(32), len(places)), list(places))
    return builder.shuffle_vector(numbers, ir.Constant(numbers.type, ir.Undefined), chosen)


def _paired(builder, a, b):
    """The products of two vectors of ``PAIRS`` 16-bit numbers, each two neighbours summed up."""
    able = llvm.get_host_cpu_features()
    for name, feature, size in PAIRED:
        if able.get(feature):
            own = ir.VectorType(ir.IntType(16), size)
            kind = ir.FunctionType(ir.VectorType(ir.IntType(32), size // 2), [own, own])
            function = get_or_insert_function(builder.module, kind, name)
            if size == PAIRS:
                return builder.call(function, [a, b])
            parts = [[_part(builder, x, range(at, at + size)) for x in (a, b)] for at in range(0, PAIRS, size)]
            low, high = (builder.call(function, part) for part in parts)
            return builder.shuffle_vector(low, high, ir.Constant(WHOLE, list(range(LANES))))

    def products_at(first):
        places = range(first, PAIRS, 2)
        return builder.mul(*(builder.sext(_part(builder, x, places), WHOLE) for x in (a, b)))

    return builder.add(products_at(0), products_at(1))


@intrinsic
def products(context, matrix, at, inputs, start):
    """``PAIRS`` 8-bit weights from ``at`` on times as many 16-bit inputs from ``start`` on, each two neighbours summed
    up: ``LANES`` whole numbers."""

    def generate(context, builder, signature, arguments):
        matrix, at, inputs, start = arguments
        byte, short = ir.VectorType(ir.IntType(8), PAIRS), ir.VectorType(ir.IntType(16), PAIRS)
        weights = builder.sext(_load(context, builder, signature.args[0], matrix, at, byte), short)
        given = _load(context, builder, signature.args[2], inputs, start, short)

        return _paired(builder, weights, given)

    return whole_lanes(matrix, types.intp, inputs, types.intp), generate


@intrinsic(prefer_literal=True)
def add_scaled(context, total, whole, factors, at, count):
    """``total`` and ``whole`` times ``factors[at]``, or times ``count`` of them, each for as many neighbours."""
    if not isinstance(count, types.IntegerLiteral):
        return None
    number = count.literal_value

    def generate(context, builder, signature, arguments):
        total, whole, factors, at = arguments[:4]
        some = ir.VectorType(REAL, number)
        found = _load(context, builder, signature.args[2], factors, at, some)
        places = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [lane * number // LANES for lane in range(LANES)])
        factor = builder.shuffle_vector(found, ir.Constant(some, ir.Undefined), places)
        return builder.fadd(total, builder.fmul(builder.sitofp(whole, VECTOR), factor, flags=FAST), flags=FAST)

    return lanes(total, whole, factors, types.intp, count), generate


@intrinsic
def sum_up(context, total):
    """The sum of all lanes, float32."""

    def generate(context, builder, signature, arguments):
        parts = [builder.extract_element(arguments[0], ir.IntType(32)(lane)) for lane in range(LANES)]
        while len(parts) > 1:
            parts = [builder.fadd(a, b, flags=FAST) for a, b in zip(parts[::2], parts[1::2], strict=True)]
        return parts[0]

    return types.float32(total), generate

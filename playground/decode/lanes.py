"""Sixteen float32 numbers that the kernel computes with at once, where numba by itself would not: it sums up every few
8-bit weights, which takes longer than multiplying them, and reads a weight anew for each of several texts.

LLVM makes of them what the processor has: one register of 512 bits, two of 256, four of 128.
"""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, register_model

LANES = 16
REAL = ir.FloatType()
VECTOR = ir.VectorType(REAL, LANES)
FAST = ("fast",)


class Lanes(types.Type):
    """``LANES`` float32 numbers."""

    def __init__(self):
        super().__init__(name="Lanes")


lanes = Lanes()


@register_model(Lanes)
class LanesModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, VECTOR)


def _load(context, builder, kind, array, at, vector):
    """``LANES`` neighbours of a one-dimensional array, from ``at`` on."""
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


@intrinsic
def add_scaled(context, total, part, factor):
    """``total + factor * part``."""

    def generate(context, builder, signature, arguments):
        total, part, factor = arguments
        return builder.fadd(total, builder.fmul(part, _all(builder, factor), flags=FAST), flags=FAST)

    return lanes(total, part, types.float32), generate


@intrinsic
def sum_up(context, total):
    """The sum of all lanes, float32."""

    def generate(context, builder, signature, arguments):
        parts = [builder.extract_element(arguments[0], ir.IntType(32)(lane)) for lane in range(LANES)]
        while len(parts) > 1:
            parts = [builder.fadd(a, b, flags=FAST) for a, b in zip(parts[::2], parts[1::2], strict=True)]
        return parts[0]

    return types.float32(total), generate

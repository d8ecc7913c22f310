"""How the threads of one token step meet: short waits without the operating system, many thousand times a second.

A step has some fifty products that all threads share, and between them work for one. Were the threads parted and called
together again for each, that would take as long as reading a small model's 8-bit weights. So they are called once a
step, share out the work by tickets, and wait for each other at barriers by watching a number.

``room`` is an int64 array of ``ROOM`` numbers, all zero at the beginning of a step, each used on a cache line of its
own.
"""

import ctypes
import os
import platform

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba import types
from numba.core.cgutils import get_or_insert_function
from numba.extending import intrinsic

from playground.decode.jit import compiled

ARRIVED, STATE, WAITED = 0, 16, 32  # places in ``room``
ROOM = 48
OPEN, TOGETHER, ALONE = 0, 1, 2  # states
PAUSES = 1500  # some 20 to 60 microseconds, then others may have the processor
YIELDS = 500  # at the beginning, until a thread no longer waits for the others: about a millisecond


def _yield_address() -> int:
    """The address of the system's function that lets another thread run; it takes no arguments."""
    function = ctypes.WinDLL("kernel32").SwitchToThread if os.name == "nt" else ctypes.CDLL(None).sched_yield
    return ctypes.cast(function, ctypes.c_void_p).value


llvm.add_symbol("playground_yield", _yield_address())
_let_others_run = types.ExternalFunction("playground_yield", types.int32())


def _place(context, builder, kind, array, at):
    numbers = context.make_array(kind)(context, builder, array).data
    return builder.gep(numbers, [at])


@intrinsic
def add_to(context, array, at, number):
    """Add ``number`` to ``array[at]`` in one indivisible step; what was there before."""

    def generate(context, builder, signature, arguments):
        place = _place(context, builder, signature.args[0], *arguments[:2])
        return builder.atomic_rmw("add", place, arguments[2], "seq_cst")

    return types.int64(array, types.intp, types.int64), generate


@intrinsic
def look_at(context, array, at):
    """``array[at]`` as it is now, with all that was written before it."""

    def generate(context, builder, signature, arguments):
        place = _place(context, builder, signature.args[0], *arguments)
        return builder.load_atomic(place, "acquire", 8)

    return types.int64(array, types.intp), generate


@intrinsic
def change(context, array, at, expected, wanted):
    """Make ``array[at]`` ``wanted`` if it is ``expected``; what was there before."""

    def generate(context, builder, signature, arguments):
        array_, at_, expected_, wanted_ = arguments
        place = _place(context, builder, signature.args[0], array_, at_)
        return builder.extract_value(builder.cmpxchg(place, expected_, wanted_, "seq_cst", "seq_cst"), 0)

    return types.int64(array, types.intp, types.int64, types.int64), generate


# The processor's own hint that a thread only watches a number, where it has one: LLVM's name for it, and its arguments.
PAUSE = {"x86_64": ("llvm.x86.sse2.pause", ()), "arm64": ("llvm.aarch64.hint", (1,))}
MACHINE = {"amd64": "x86_64", "aarch64": "arm64"}.get(platform.machine().lower(), platform.machine().lower())


@intrinsic
def pause(context):
    """Wait a moment, some tens of cycles."""

    def generate(context, builder, signature, arguments):
        if MACHINE in PAUSE:
            name, given = PAUSE[MACHINE]
            kind = ir.FunctionType(ir.VoidType(), [ir.IntType(32)] * len(given))
            builder.call(get_or_insert_function(builder.module, kind, name), [ir.IntType(32)(n) for n in given])
        return context.get_dummy_value()

    return types.none(), generate


def new_room() -> np.ndarray:
    return np.zeros(ROOM, dtype=np.int64)


@compiled
def _rest(waited):
    """One look further, after ``waited`` looks in vain."""
    if waited < PAUSES:
        pause()
    else:
        _let_others_run()


@compiled
def meet(room, threads):
    """Wait for ``threads`` threads to arrive: the own number among them, and how many there are.

    Where the others do not come, because the machine is busy or this thread has to call one after the other, the first
    goes on alone; those that come late get -1 and have nothing to do.
    """
    if threads == 1:
        return 0, 1
    number = add_to(room, ARRIVED, 1)
    if number == threads - 1:
        met = change(room, STATE, OPEN, TOGETHER) == OPEN
        return (number, threads) if met else (-1, 0)
    waited = 0
    while look_at(room, STATE) == OPEN:
        if waited > PAUSES + YIELDS and change(room, STATE, OPEN, ALONE) == OPEN:
            return 0, 1
        _rest(waited)
        waited += 1
    return (number, threads) if look_at(room, STATE) == TOGETHER else (-1, 0)


@compiled
def wait_for_all(room, threads, before):
    """Wait until all ``threads`` have come here, after ``before`` such waits; returns how many waits there were now."""
    if threads > 1:
        add_to(room, WAITED, 1)
        wanted = (before + 1) * threads
        waited = 0
        while look_at(room, WAITED) < wanted:
            _rest(waited)
            waited += 1
    return before + 1

"""Threads of a step: each piece of work is done once, nobody goes on before the others have come."""

import threading

import numpy as np
import pytest

from playground.decode.jit import njit
from playground.decode.meeting import ALONE, STATE, add_to, meet, new_room, wait_for_all


@njit(nogil=True)
def rounds(room, threads, seen, work, count):
    """Each round every thread adds one, waits, and looks whether all have; -1 for one that has nothing to do."""
    number, present = meet(room, threads)
    if number < 0:
        return -1
    waits = 0
    for turn in range(count):
        add_to(work, turn, 1)
        waits = wait_for_all(room, present, waits)
        seen[number, turn] = work[turn]
        waits = wait_for_all(room, present, waits)
    return number


def in_threads(count, function):
    found = [None] * count

    def one(i):
        found[i] = function()

    threads = [threading.Thread(target=one, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    return found


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_nobody_goes_on_before_all_have_come(threads):
    seen, work = np.zeros((threads, 300), dtype=np.int64), np.zeros(300, dtype=np.int64)
    rounds(new_room(), 1, seen[:1].copy(), work.copy(), 1)  # compiled before it is timed
    room = new_room()
    numbers = in_threads(threads, lambda: rounds(room, threads, seen, work, 300))
    if room[STATE] == ALONE:  # a machine too busy to bring them together
        assert sorted(numbers) == [-1] * (threads - 1) + [0]
        assert (work == 1).all()
    else:
        assert sorted(numbers) == list(range(threads))
        assert (work == threads).all()
        assert (seen == threads).all()


def test_who_waits_in_vain_does_the_work_alone_and_the_late_do_nothing():
    seen, work, room = np.zeros((2, 5), dtype=np.int64), np.zeros(5, dtype=np.int64), new_room()
    assert rounds(room, 2, seen, work, 5) == 0  # one after the other: the second is never there in time
    assert rounds(room, 2, seen, work, 5) == -1
    assert (work == 1).all()
    assert room[STATE] == ALONE

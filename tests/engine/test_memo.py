"""What redraws need is kept within a bound, the least recently used dropped first."""

import random
import threading
from collections import OrderedDict

from playground.engine.memo import Memo


def test_the_least_recently_used_value_goes_first():
    memo = Memo(30)
    for name in "abc":
        memo.put(name, name.upper(), 10)
    assert memo.get("a") == "A"  # now b is the oldest
    memo.put("d", "D", 10)
    assert [memo.get(name) for name in "abcd"] == ["A", None, "C", "D"]


def test_a_value_larger_than_everything_is_not_kept_and_drops_nothing():
    memo = Memo(30)
    memo.put("a", 1, 30)
    memo.put("b", 2, 31)
    assert (memo.get("a"), memo.get("b"), memo.bytes) == (1, None, 30)
    memo.put("a", 3, 31)
    assert (memo.get("a"), memo.bytes) == (None, 0)


def test_it_does_what_a_simple_model_of_it_does():
    """Random puts and gets against a plain ordered dictionary."""
    draw, memo, model = random.Random(5), Memo(100), OrderedDict()
    for _ in range(5000):
        name = draw.randrange(20)
        if draw.random() < 0.5:
            if name in model:
                model.move_to_end(name)
            assert memo.get(name) == (model[name][0] if name in model else None)
            continue
        value, size = draw.random(), draw.choice([0, 1, 10, 33, 60, 101])
        memo.put(name, value, size)
        model.pop(name, None)
        if size <= 100:
            model[name] = (value, size)
        while sum(size for _, size in model.values()) > 100:
            model.popitem(last=False)
        assert memo.bytes == sum(size for _, size in model.values()) <= 100


def test_threads_may_share_it():
    memo, failures = Memo(50), []

    def work(seed):
        draw = random.Random(seed)
        try:
            for _ in range(3000):
                name = draw.randrange(10)
                memo.put(name, name, draw.randrange(20))
                assert memo.get(name) in (name, None)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert 0 <= memo.bytes <= 50

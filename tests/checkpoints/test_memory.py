"""What the machine and its control groups leave, freeing what is garbage, and how sizes read."""

import gc
import threading

import psutil
import pytest

from playground.checkpoints.memory import (
    available_memory,
    collect_garbage,
    default_budget,
    needed_and_free,
    readable_bytes,
)


def write(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


def test_the_default_budget_is_a_share_of_what_is_available():
    total = psutil.virtual_memory().total
    assert 0 < default_budget() <= 0.6 * total
    assert default_budget(0.1) < default_budget(0.5)


def test_without_control_groups_the_machine_decides(tmp_path):
    near = psutil.virtual_memory().available
    assert available_memory(tmp_path, tmp_path / "none") == pytest.approx(near, rel=0.2)


def test_a_version_2_group_limits_what_is_available(tmp_path):
    (tmp_path / "membership").write_text("0::/apps/ours\n")
    files = {"memory__current": "700\n", "memory__stat": "anon 5\ninactive_file 200\n"}
    write(tmp_path / "groups/apps/ours", memory__max="max\n", **files)
    write(tmp_path / "groups/apps", memory__max="1500\n", **files)
    assert available_memory(tmp_path / "groups", tmp_path / "membership") == 1500 - (700 - 200)
    write(tmp_path / "groups/apps/ours", memory__max="600\n", **files)
    assert available_memory(tmp_path / "groups", tmp_path / "membership") == 600 - (700 - 200)
    write(tmp_path / "groups/apps/ours", memory__max="400\n", **files)
    assert available_memory(tmp_path / "groups", tmp_path / "membership") == 0


def test_a_version_1_group_limits_what_is_available(tmp_path):
    """As in a container: the path is that of the host, and only the root can be seen."""
    (tmp_path / "membership").write_text("9:cpu,cpuacct:/box\n4:memory:/docker/abc\n")
    write(
        tmp_path / "groups/memory",
        memory__limit_in_bytes="1000\n",
        memory__usage_in_bytes="300\n",
        memory__stat="total_inactive_file 50\n",
    )
    assert available_memory(tmp_path / "groups", tmp_path / "membership") == 750


def test_garbage_is_collected_even_while_another_thread_collects():
    """A finalizer that waits keeps a collection open; a plain ``gc.collect`` beside it returns with nothing done."""
    begun, go_on, freed = threading.Event(), threading.Event(), []

    class Slow:
        def __del__(self):
            begun.set()
            go_on.wait(10)

    class Quick:
        def __del__(self):
            freed.append(True)

    slow, quick = Slow(), Quick()
    slow.itself, quick.itself = slow, quick
    del slow
    collector = threading.Thread(target=gc.collect)
    collector.start()
    assert begun.wait(10)
    del quick
    gc.collect()
    assert freed == []
    threading.Timer(0.02, go_on.set).start()
    collect_garbage()
    assert freed == [True]
    collector.join(10)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (218_400, "218 kB"),
        (218_400_000, "218 MB"),
        (920_000_000, "920 MB"),
        (5_404_000_000, "5.40 GB"),
    ],
)
def test_sizes_read_well(size, text):
    assert readable_bytes(size) == text


def test_what_does_not_fit_never_reads_as_if_it_did():
    assert needed_and_free(1_000_000_001, 1_000_000_000) == ("1.01 GB", "1.00 GB")
    assert needed_and_free(5_000_001, 5_000_000) == ("6 MB", "5 MB")
    assert needed_and_free(10, -3) == ("10 bytes", "0 bytes")

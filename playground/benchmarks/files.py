"""Loading a random checkpoint of published size beside reading its file once, and sentences beside whole rows."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from playground.benchmarks import loading, reconstruction
from playground.benchmarks.measured import Left, Measurement, Target
from playground.benchmarks.plan import Plan
from playground.benchmarks.random_checkpoint import LAYOUTS, write_checkpoint
from playground.benchmarks.subjects import quick
from playground.benchmarks.timing import Spread
from playground.pixels.masking import MaskOptions

CHECKPOINTS = ("shard", "backpack-gpt2", "gelu-d12")
DISK = 3 << 30  # bytes that must be free
CHUNK = 1 << 24
SECONDS, MEMORY = 2.0, 1.25  # times the reading, times the weights
SPEEDUP, DIFFERENCE = 6, 1e-4


def measure_loading(plan: Plan) -> Iterator[Measurement | Left]:
    """Loads and readings of one file in turn; the first load, which finds out what later ones remember, only counts
    for memory."""
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if plan.size != "tiny" and free < DISK:
        yield Left(
            "loading", f"{DISK / 1e9:.1f} GB of disk are needed for random checkpoints, {free / 1e9:.1f} are free"
        )
        return
    for name in CHECKPOINTS:
        with tempfile.TemporaryDirectory() as folder:
            write_checkpoint(
                name, Path(folder), "tiny" if plan.size == "tiny" else "published",
                **quick(name) if plan.size == "quick" else {},
            )  # fmt: skip
            largest = max((path for path in Path(folder).rglob("*") if path.is_file()), key=lambda p: p.stat().st_size)
            loads, reads = [], []
            for found in loading.measure([folder] * (plan.rounds + 1)):
                loads.append(found)
                reads.append(read(largest))
            own, plain = Spread.of([load.seconds for load in loads[1:]]), Spread.of(reads[1:])
            facts = {"kind": "loading", "bytes": largest.stat().st_size, "dtype": loads[0].dtype}
        yield Measurement(
            name, f"loading {facts['bytes'] / 1e6:,.0f} MB", "reading the file",
            own.median / plain.median, own, plain, "load", facts=facts,
            target=Target(SECONDS, at_most=True),
        )  # fmt: skip
        yield Measurement(
            name, "most memory while loading", "the weights", loads[0].ratio, target=Target(MEMORY, at_most=True),
            facts=facts | {"peak_bytes": loads[0].peak_bytes, "memory_bytes": loads[0].memory_bytes},
        )  # fmt: skip


def read(path: Path) -> float:
    """Seconds of reading a file once."""
    buffer = bytearray(CHUNK)
    began = time.perf_counter()
    with path.open("rb", buffering=0) as file:
        while file.readinto(buffer):
            pass
    return time.perf_counter() - began


def measure_reconstruction(plan: Plan) -> Iterator[Measurement]:
    """A sentence drawn for PIXEL-base beside the whole row."""
    changes = LAYOUTS["pixel-base"][1] | {"patch_size": 16, "image_size": [16, 640]} if plan.size == "tiny" else {}
    if plan.size == "quick":
        changes = {"num_hidden_layers": 3, "decoder_num_hidden_layers": 2}
    model = reconstruction.random_model(reconstruction.PIXEL_BASE | changes)
    strip = model.render(reconstruction.TEXT)
    options = MaskOptions(over="text")
    found = [reconstruction.compare(model, strip, 1, options) for _ in range(plan.rounds)]
    own, whole = Spread.of([each.short for each in found]), Spread.of([each.whole for each in found])
    difference = max(each.difference for each in found)
    yield Measurement(
        "pixel-base", f"{found[0].patches} patches of text", f"the row of {strip.num_patches}",
        whole.median / own.median, own, whole, "picture", target=Target(SPEEDUP),
        facts={"kind": "reconstruction", "difference": difference},
    )  # fmt: skip
    yield Measurement(
        "pixel-base", "largest difference of a pixel", "the whole row, in 0.0001", difference / DIFFERENCE,
        target=Target(1, at_most=True), facts={"kind": "difference", "difference": difference},
    )  # fmt: skip

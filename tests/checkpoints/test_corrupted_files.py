"""Files with some bytes changed or cut off: they load, or a PlaygroundError says why not. Nothing else ever escapes."""

import json
import random
import shutil

import pytest
import torch
from goldens import GOLDEN

import playground as pg

CHECKPOINTS = {
    "pixel_100m": ("latest.pt", "pixel_tokenizer.model", "pixel_model_config.json", "manifest.json"),
    "shard": ("models/model.pt", "models/tokenizer.json"),
    "gelu-gpt": ("model.safetensors", "config.json"),
    "backpack": ("model.safetensors", "config.json"),
    "pixel": ("model.safetensors", "config.json"),
}
SOURCES = {
    "pixel_100m": GOLDEN / "pixel_100m/bundle",
    "shard": GOLDEN / "shard/cfg-dataclass/bundle",
    "gelu-gpt": GOLDEN / "gelu-gpt/tiny-a",
    "backpack": GOLDEN / "backpack/gpt2",
    "pixel": GOLDEN / "pixel",
}
EACH = 24  # corrupted copies of each checkpoint


def corrupted(content, dice):
    """A cut, or up to 8 bytes changed, half of the times near the ends, where formats keep their directories."""
    kind = dice.random()
    if kind < 0.2:
        return content[: dice.randrange(len(content))]
    if kind < 0.3:
        place = dice.randrange(len(content))
        return content[:place] + dice.randbytes(dice.randrange(1, 40)) + content[place:]
    data = bytearray(content)
    for _ in range(dice.choice((1, 1, 2, 8))):
        where = dice.choice(("anywhere", "head", "tail"))
        near = min(len(data), 6000)
        place = dice.randrange(len(data)) if where == "anywhere" else dice.randrange(near)
        place = len(data) - 1 - place if where == "tail" else place
        data[place] = dice.choice((data[place] ^ (1 << dice.randrange(8)), dice.randrange(256), 0, 255))
    return bytes(data)


def rewritten(content, dice):
    """JSON with one value replaced by something odd."""
    value = json.loads(content)
    odd = (-1, 0, 2**70, 1.5, "x", None, [], {}, True, [1, 2], {"a": 1}, "../x", 1e300, 10**300)
    value[dice.choice(sorted(value))] = dice.choice(odd)
    return json.dumps(value).encode()


def survives(folder):
    """Whether the checkpoint loads, and then answers; PlaygroundError is the only other outcome."""
    try:
        model = pg.load(folder)
        if "generate" in model.abilities:
            model.logits(model.prompt_ids("a b") if model.tokenizer else [1, 2])
        else:
            patches, size = model.network.config.num_patches, model.network.config.image_size
            pixels = torch.rand(1, model.network.config.num_channels, *size)
            model.predict_patches(pixels, torch.ones(1, patches), torch.zeros(1, patches))
    except pg.PlaygroundError:
        return False
    return True


def attempt(name, folder, seed):
    """Corrupt one file of a copy of the checkpoint in ``folder``, load it, and put the file right again."""
    dice = random.Random(f"{name} {seed}")
    file = folder / dice.choice(CHECKPOINTS[name])
    content = file.read_bytes()
    change = rewritten if file.name.endswith("config.json") and dice.random() < 0.6 else corrupted
    file.unlink()  # never write to a file that may be mapped
    file.write_bytes(change(content, dice))
    try:
        return survives(folder)
    finally:
        file.unlink()
        file.write_bytes(content)


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_corrupted_files_load_or_are_refused(name, tmp_path):
    folder = shutil.copytree(SOURCES[name], tmp_path / name)
    assert survives(folder)
    outcomes = {attempt(name, folder, seed) for seed in range(EACH)}
    assert outcomes == {True, False}  # some changes hit a weight, some a header

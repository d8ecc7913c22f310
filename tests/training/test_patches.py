"""PIXEL training: what is hidden, what the loss counts, and that a small network learns."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from playground.errors import InvalidRequest
from playground.networks.pixel_mae import PixelMAE, PixelMAEConfig, to_patches
from playground.pixels.reading import ALPHABET
from playground.text.rendering import GridConfig, GridRenderer
from playground.training import patches as module
from playground.training.corpus import Split
from playground.training.patches import GLYPH_WEIGHT, PADDING, SEPARATOR, PatchTask, Rows, cells
from playground.training.recipes import demo_pixel_mae, find_recipe, initialise, line_positions
from playground.training.trainer import Plan, Trainer

FONT = Path(__file__).resolve().parents[2] / "assets" / "fonts" / "DejaVuSansMono.ttf"
WORDS = ["the", "cat", "a", "dog", "ran", "sat", "on", "mat", "big", "red", "and", "saw", "ball"]


def sentence(dice):
    return " ".join(dice.choice(WORDS) for _ in range(dice.randint(1, 7))).capitalize() + "."


@pytest.fixture(scope="module")
def task():
    dice = random.Random(3)
    documents = [" ".join(sentence(dice) for _ in range(5)) for _ in range(40)]
    splits = {"stories": Split(documents, [sentence(dice) for _ in range(60)])}
    renderer = GridRenderer(GridConfig(FONT.name, max_seq_length=32), FONT)
    return PatchTask(splits, {"stories": 1.0}, renderer, patches=32, rows=8, seed=7)


def tiny():
    torch.manual_seed(0)
    config = PixelMAEConfig(
        hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64, decoder_hidden_size=32,
        decoder_num_hidden_layers=1, decoder_num_attention_heads=2, decoder_intermediate_size=64, image_size=(16, 512),
        num_channels=1, norm_pix_loss=False,
    )  # fmt: skip
    network = PixelMAE(config)
    for table in (network.encoder.position_embeddings, network.decoder.decoder_pos_embed):
        table.data.copy_(line_positions(32, 32))
    return network


def read(characters):
    signs = [*ALPHABET, "#", "_"]
    return "".join(signs[i] for i in characters.T.flatten().tolist())


@pytest.mark.parametrize("done", [0.0, 0.9])
def test_rows_hold_sentences_and_hide_text(task, done):
    lengths = set()
    for step in range(12):
        characters, shown, hidden = task.batch(step, done)
        length = characters.shape[2]
        lengths.add(length)
        assert len(characters) * length == 8 * 32
        ratio = 0.25 if done < 0.75 else 0.125
        assert hidden.shape[1] == round(ratio * length)
        for row, seen, unseen in zip(characters, shown.tolist(), hidden.tolist(), strict=True):
            assert sorted(seen + unseen) == list(range(length))
            text = read(row)
            body = text.rstrip("_").rstrip("#").rstrip("_")
            assert body.endswith(".")
            assert not set(body) & {"#", "_"}
            count = -(-len(body) // 2)
            assert text[2 * count : 2 * count + 2] == "##"
            assert count not in unseen  # never the separator
            dark = [i for i in unseen if i < count]
            assert len(dark) >= max(1, round(ratio * count))
            assert len(dark) < count or count == 1
    assert lengths == {16, 32}


def test_a_batch_depends_on_seed_and_step_alone(task):
    assert all(torch.equal(a, b) for a, b in zip(task.batch(4, 0.1), task.batch(4, 0.2), strict=True))
    assert not torch.equal(task.batch(4, 0.1).characters, task.batch(5, 0.1).characters[:, :, :16])


def test_hidden_spans_are_one_to_three_patches_long(task):
    dice = np.random.default_rng(0)
    lengths = []
    for _ in range(300):
        order = task._order(dice, 31, 32, 0.25)
        hidden = np.zeros(32, dtype=int)
        hidden[order[24:]] = 1
        edges = np.flatnonzero(np.diff(np.concatenate(([0], hidden, [0]))))
        lengths += (edges[1::2] - edges[::2]).tolist()
    assert max(lengths) <= 4  # a last patch put in to make up the number may touch a span
    share = lengths.count(1) / len(lengths)
    assert 0.5 < share < 0.75
    assert lengths.count(2) > lengths.count(3) > 0


def test_cells_end_with_a_separator_and_padding():
    row, count = cells(np.array([5, 6, 7], dtype=np.uint8), 4)
    assert count == 2
    assert row.tolist() == [[5, 7, SEPARATOR, PADDING], [6, PADDING, SEPARATOR, PADDING]]


def test_the_loss_counts_hidden_text_and_nothing_else(task):
    network = tiny()
    initialise(network, 1)
    torch.nn.init.normal_(network.decoder.decoder_pred.weight, std=0.2, generator=torch.Generator().manual_seed(1))
    batch = next(rows for step in range(20) if (rows := task.batch(step, 0.0)).characters.shape[2] == 32)
    renderer_cells = [*task.reader.cells, torch.zeros(16, 8), torch.ones(16, 8)]
    errors, surprises = [], []
    for row, shown, hidden in zip(*batch, strict=True):
        picture = torch.cat([renderer_cells[i] for i in row.T.flatten().tolist()], dim=1)[None, None]
        attention = torch.tensor([[int(i != PADDING) for i in row[0].tolist()]])
        predicted = network(picture, attention, shown[None])[0]
        target = to_patches(picture, 16)[0]
        for i in hidden.tolist():
            if row[0, i] == PADDING:
                continue
            errors.append((predicted[i] - target[i]).square().mean())
            for half, character in enumerate(row[:, i].tolist()):
                mine = predicted[i].view(16, 16)[:, 8 * half : 8 * half + 8]
                scores = torch.stack([-(mine - cell).square().sum() for cell in task.reader.cells])
                surprises.append(F.cross_entropy(scores, torch.tensor(character if character < 95 else 0)))
    expected = torch.stack(errors).mean() + GLYPH_WEIGHT * torch.stack(surprises).mean()
    assert task.loss(network, batch).item() == pytest.approx(expected.item(), rel=1e-4)


def test_measures_are_those_of_the_probes(task):
    network = tiny()
    initialise(network, 1)
    measures = task.measure(network, torch.device("cpu"))
    assert set(measures) == {"error", "read_back/1", "read_back/2", "read_back/3"}
    probe = task.probes[2]
    assert probe.hidden.shape[1] == 2
    assert (probe.hidden[:, 1] == probe.hidden[:, 0] + 1).all()
    text = (probe.characters[:, 0] < SEPARATOR).gather(1, probe.hidden)
    assert bool(text.all())
    predicted, target, _ = task._predict(network, Rows(*(part[:1] for part in task.probes[1])))
    assert predicted.shape == target.shape == (1, 16, 16)


def test_a_small_network_learns(task, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MEASURED", 50)
    network = tiny()
    initialise(network, 0)
    plan = Plan(steps=60, warmup=5, adam_lr=1.5e-3, measure_every=60, log_every=10)
    trainer = Trainer(network, task, plan, tmp_path, say=lambda line: None)
    before = trainer.measure()["error"]
    assert trainer.run()["error"] < 0.5 * before
    assert trainer.units == 60 * 8


def test_the_demo_recipe_starts_seeded_and_lies_on_a_line():
    recipe = find_recipe("demo-pixel-mae")
    first, second = demo_pixel_mae(), demo_pixel_mae()
    initialise(first, recipe.seed)
    initialise(second, recipe.seed)
    for (name, a), b in zip(first.state_dict().items(), second.state_dict().values(), strict=True):
        assert torch.equal(a, b), name
    assert first.config.num_patches == recipe.renderer.max_seq_length
    positions = line_positions(9, 8)
    assert positions.shape == (1, 10, 8)
    assert positions[0, 0].abs().sum() == 0
    assert positions[0, 4, 0].item() == pytest.approx(np.sin(3 * 2.8), abs=1e-6)
    assert positions[0, 4, 5].item() == pytest.approx(np.cos(3 * 2.8 * 56 ** (-1 / 3)), abs=1e-5)


def test_text_without_a_usable_sentence_is_refused():
    renderer = GridRenderer(GridConfig(FONT.name, max_seq_length=8), FONT)
    with pytest.raises(InvalidRequest, match="printable"):
        PatchTask({"a": Split(["日本語"], ["日本"])}, {"a": 1.0}, renderer, 8, 2, 0)

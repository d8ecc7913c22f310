"""Models that know one paragraph of English show which rotary form, or which Backpack variant, they were trained in."""

import shutil

import pytest
import torch
import torch.nn.functional as F
from checkpoint_files import change_json, change_pt
from tiny_networks import randomised

import playground as pg
from playground.benchmarks.random_checkpoint import SHARD, write_checkpoint
from playground.benchmarks.random_tokenizers import byte_level_json
from playground.checkpoints import calibration
from playground.checkpoints.calibration import MOST_TOKENS, PARAGRAPH
from playground.networks.backpack import Backpack, BackpackConfig
from playground.networks.shard import Shard, ShardConfig
from playground.text.tokenizers import open_tokenizer
from playground.training.export import export
from playground.training.export.run_record import RunRecord

VOCABULARY = 270


@pytest.fixture(scope="module")
def tokenizer_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    path.write_text(byte_level_json(VOCABULARY))
    return path


def train(network, ids, until, rate=5e-3, steps=150):
    """Learn the paragraph to ``until`` nats per token."""
    optimizer = torch.optim.Adam(network.requires_grad_(True).parameters(), lr=rate)
    for _ in range(steps):
        loss = F.cross_entropy(network(ids[None])[0, :-1], ids[1:])
        if loss.item() < until:
            return loss.item()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    raise AssertionError(f"after {steps} steps the loss is {loss.item()}")


@pytest.fixture(scope="module")
def shard(tokenizer_file, tmp_path_factory):
    """A Shard of two layers that was trained with half pairs and base 500,000, in the published layout."""
    sizes = {"vocab_size": VOCABULARY, "dim": 64, "n_layers": 2, "n_heads": 2, "head_dim": 32, "mlp_hidden": 128}
    torch.manual_seed(0)
    network = Shard(ShardConfig(**sizes, max_seq_len=512, rope_pairing="half", rope_base=500000.0))
    torch.nn.init.normal_(network.embedding.weight, std=0.05)
    ids = torch.tensor(open_tokenizer(tokenizer_file).encode(PARAGRAPH)[:MOST_TOKENS])
    loss = train(network, ids, until=1.0)
    folder = tmp_path_factory.mktemp("shard")
    export(network, "shard", (tokenizer_file,), folder, RunRecord("shard", 0))
    change_pt(folder / "models/model.pt", lambda c: c["cfg"].pop("rope_base"))
    assert set(torch.load(folder / "models/model.pt", weights_only=True)["cfg"]) <= {*SHARD, "norm_eps"}
    return folder, loss


def test_a_trained_shard_shows_its_pairing_and_base(shard):
    folder, loss = shard
    model = pg.load(folder)
    assert (model.network.config.rope_pairing, model.network.config.rope_base) == ("half", 500000.0)
    ids = model.tokenizer.encode(PARAGRAPH)[:MOST_TOKENS]
    surprisal = float(F.cross_entropy(model.logits(ids)[:-1], torch.tensor(ids[1:])))
    assert surprisal < loss + 0.5
    note = next(note for note in model.card.notes if "Rotary" in note)
    assert f"half pairs, base 500,000, measured: {surprisal:.2f} nats" in note
    assert note.count("base 10,000:") == 2  # the others' numbers are told, too


def test_what_was_measured_is_remembered_until_a_file_changes(shard, monkeypatch, tmp_path):
    shutil.copytree(shard[0], tmp_path, dirs_exist_ok=True)
    asked = []
    reads = calibration.paragraph_states
    monkeypatch.setattr(calibration, "paragraph_states", lambda model: asked.append(model) or reads(model))
    first = pg.load(tmp_path)
    assert len(asked) == 6  # two pairings of three bases
    again = pg.load(tmp_path)
    assert len(asked) == 6
    assert [note for note in again.card.notes if "Rotary" in note] == [n for n in first.card.notes if "Rotary" in n]
    assert again.network.config == first.network.config
    pg.load(tmp_path, dtype="bfloat16")
    assert len(asked) == 12
    tokenizer = next(tmp_path.rglob("tokenizer.json"))
    tokenizer.write_text(tokenizer.read_text() + "\n")
    pg.load(tmp_path, dtype="bfloat16")
    assert len(asked) == 18


def test_the_user_overrides_what_was_measured(shard):
    folder, _ = shard
    for choices, form in (
        ({"rope_pairing": "interleaved", "rope_base": 10000.0}, ("interleaved", 10000.0)),
        ({"rope_pairing": "interleaved"}, ("interleaved", None)),
        ({"rope_base": 1000000.0}, ("half", 1000000.0)),
    ):
        config = pg.load(folder, **choices).network.config
        assert config.rope_pairing == form[0]
        assert form[1] in (None, config.rope_base)


def test_a_trained_shard_without_tokenizer_has_the_defaults(shard, tmp_path):
    folder, _ = shard
    (tmp_path / "model.pt").write_bytes((folder / "models/model.pt").read_bytes())
    model = pg.load(tmp_path)
    assert (model.network.config.rope_pairing, model.network.config.rope_base) == ("interleaved", 10000.0)
    assert "without a tokenizer" in " ".join(model.card.notes)


@pytest.fixture(scope="module")
def backpack(tokenizer_file, tmp_path_factory):
    """A Backpack that was trained with the sum over senses divided by their number."""
    sizes = {"vocab_size": VOCABULARY, "n_positions": 256, "n_embd": 32, "n_layer": 1, "n_head": 2, "num_senses": 8,
             "sense_intermediate_scale": 2}  # fmt: skip
    folder = tmp_path_factory.mktemp("backpack")
    write_checkpoint("backpack-gpt2", folder, **sizes)
    torch.manual_seed(0)
    network = randomised(Backpack(BackpackConfig(**sizes, divide_by_senses=True)))
    torch.nn.init.normal_(network.encoder.wte.weight, std=0.3)
    ids = torch.tensor(open_tokenizer(tokenizer_file).encode(PARAGRAPH)[:MOST_TOKENS])
    train(network, ids, until=2.5, rate=1e-3)  # one that knows it by heart would gain from larger logits
    state = {}
    for name, parameter in network.state_dict().items():
        for mine, theirs in (
            ("encoder.", "backpack.gpt2_model."), ("sense_network.", "backpack.sense_network."),
            ("sense_weight_net.", "backpack.sense_weight_net.c_attn."),
        ):  # fmt: skip
            name = theirs + name.removeprefix(mine) if name.startswith(mine) else name
        state[name] = parameter
    (folder / "pytorch_model.bin").unlink()
    torch.save(state, folder / "pytorch_model.bin")
    (folder / "tokenizer.json").write_bytes(tokenizer_file.read_bytes())
    return folder


def test_a_trained_backpack_shows_its_variant(backpack):
    config = (backpack / "config.json").read_bytes()
    change_json(backpack / "config.json", model_type="backpack-gpt2")
    as_stated = pg.load(backpack)
    assert as_stated.network.config.divide_by_senses
    assert any(note.startswith("Checked on a paragraph of English") for note in as_stated.card.notes)

    (backpack / "config.json").write_bytes(config)  # says "gpt2", whose form has no division
    corrected = pg.load(backpack)
    assert corrected.network.config.divide_by_senses
    assert any("so the other is used (divide_by_senses = True)" in note for note in corrected.card.notes)
    assert corrected.card.sizes["divide_by_senses"] is True
    ids = corrected.tokenizer.encode("Once there was a small village")
    undivided = pg.load(backpack, divide_by_senses=False).logits(ids)
    torch.testing.assert_close(corrected.logits(ids), as_stated.logits(ids), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(undivided, as_stated.logits(ids) * 8, atol=1e-4, rtol=1e-5)

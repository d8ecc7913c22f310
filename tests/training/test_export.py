"""The written checkpoint has the published names, shapes and types, and holds the trained weights."""

import json

import pytest
import torch
from tokenizers import Tokenizer
from typer import Typer
from typer.testing import CliRunner

from playground.errors import InvalidRequest
from playground.networks.shard import Shard, ShardConfig
from playground.training.__main__ import main
from playground.training.export import export, thin_curve
from playground.training.tokenizer import train_byte_bpe


@pytest.fixture
def tokenizer(tmp_path):
    path = tmp_path / "tokenizer.json"
    train_byte_bpe(["a little text for a little tokenizer"] * 3, 270).save(str(path))
    return path


def test_shard_layout(tokenizer, tmp_path):
    network = Shard(ShardConfig(270, dim=32, n_layers=2, n_heads=2, head_dim=16, mlp_hidden=48, max_seq_len=99))
    export(network, "shard", tokenizer, tmp_path / "out")
    saved = torch.load(tmp_path / "out" / "models" / "model.pt", weights_only=True)
    assert set(saved) == {"cfg", "model"}
    assert saved["cfg"]["max_seq_len"] == 99
    assert saved["cfg"]["rope_base"] == 10000.0
    assert saved["cfg"]["attention_pattern"] == "gemma4"
    block = {
        "norm1.weight": (32,), "attn.q_proj.weight": (32, 32), "attn.k_proj.weight": (32, 32),
        "attn.v_proj.weight": (32, 32), "attn.o_proj.weight": (32, 32), "norm2.weight": (32,),
        "mlp.w_gate.weight": (48, 32), "mlp.w_up.weight": (48, 32), "mlp.w_down.weight": (32, 48),
    }  # fmt: skip
    expected = {f"blocks.{i}.{name}": shape for i in range(2) for name, shape in block.items()}
    expected |= {"tok_emb.weight": (270, 32), "norm.weight": (32,)}
    assert {name: tuple(tensor.shape) for name, tensor in saved["model"].items()} == expected
    assert {tensor.dtype for tensor in saved["model"].values()} == {torch.bfloat16}
    up = network.blocks[1].mlp.up.weight
    assert torch.equal(saved["model"]["blocks.1.mlp.w_up.weight"], up.bfloat16())
    assert (tmp_path / "out" / "models" / "tokenizer.json").read_bytes() == tokenizer.read_bytes()


def test_unknown_layouts_are_refused(tokenizer, tmp_path):
    with pytest.raises(InvalidRequest, match="shard"):
        export(torch.nn.Linear(2, 2), "nothing", tokenizer, tmp_path)


def test_thinned_curves_keep_every_measure(tmp_path):
    lines = [
        {"step": n, "loss": 1.0, "lr": 0.1, "tokens": n, "seconds": n}
        | ({"bits_per_byte/a": 2.0} if n % 100 == 0 else {})
        for n in range(1, 2001)
    ]
    (tmp_path / "curve").write_text("".join(json.dumps(line) + "\n" for line in lines))
    thin_curve(tmp_path / "curve", tmp_path / "thin")
    kept = [json.loads(line) for line in (tmp_path / "thin").read_text().splitlines()]
    assert 150 < len(kept) <= 200
    assert sum("bits_per_byte/a" in line for line in kept) == 20
    assert [line["step"] for line in kept] == sorted({line["step"] for line in kept})


def test_the_command_trains_and_exports(data, tmp_path):
    app = Typer()
    app.command()(main)
    threads = torch.get_num_threads()
    result = CliRunner().invoke(app, ["smoke", "--data", str(data), "--out", str(tmp_path / "out"), "--threads", "1"])
    torch.set_num_threads(threads)
    assert result.exit_code == 0, result.output
    assert "bits_per_byte/stories" in result.stdout
    checkpoint = tmp_path / "out" / "checkpoint"
    saved = torch.load(checkpoint / "models" / "model.pt", weights_only=True)
    size = Tokenizer.from_file(str(checkpoint / "models" / "tokenizer.json")).get_vocab_size()
    assert saved["cfg"]["vocab_size"] == size == saved["model"]["tok_emb.weight"].shape[0]
    assert (checkpoint / "curve.jsonl").read_text().count("\n") >= 8
    missing = CliRunner().invoke(app, ["smoke", "--data", str(tmp_path), "--out", str(tmp_path / "other")])
    assert missing.exit_code == 1
    assert "stories" in missing.stderr
    assert "Traceback" not in missing.stderr

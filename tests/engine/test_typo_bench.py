"""The typo bench: each patch is hidden once, the peer reads what the strip holds, and points come as asked for."""

import numpy as np
import pytest

import playground as pg
from playground.engine.patch_requests import TypoPoint, TypoRequest, Working
from playground.engine.requests import Loading, ModelsRequest
from playground.engine.typo_bench import every_patch_once
from playground.errors import InvalidRequest, PlaygroundError
from playground.generation.surprisal import score
from playground.pixels.reconstruction import reconstruct
from playground.text.typos import damage

TEXT = "the cat sat on the mat"


def points(engine, **values):
    request = TypoRequest(**{"model": "pixel-mae", "peer": "shard", "text": TEXT} | values)
    return [event for event in engine.run(request) if isinstance(event, TypoPoint)]


def test_the_numbers_are_those_of_both_models(shared_engine, models_folder):
    pixel, shard = pg.load(models_folder / "pixel-mae"), pg.load(models_folder / "shard")
    found = points(shared_engine, shares=(0.0, 0.3), seed=2, kind="case", ratio=0.5)
    assert [point.share for point in found] == [0.0, 0.3]
    assert [(point.number, point.of) for point in found] == [(1, 2), (2, 2)]
    for point in found:
        assert point.text == damage(TEXT, "case", point.share, 2).text
        strip, errors = pg.render(pixel, point.text), []
        for first in (0, 1):
            mask = np.zeros(25, dtype=int)
            mask[range(first, strip.num_text_patches, 2)] = 1
            result = reconstruct(pixel, strip, mask)
            errors += result.error[mask == 1].tolist()
        assert point.patches == len(errors) == strip.num_text_patches
        assert point.error == pytest.approx(np.mean(errors), rel=1e-4)
        own = score(shard, point.text)
        assert point.tokens == len(own.token_ids)
        assert point.bits_per_byte == pytest.approx(own.bits_per_byte, rel=1e-4)
        assert point.total_bits == pytest.approx(own.total_bits, rel=1e-4)
        assert all(point.text[a:b].swapcase() == TEXT[a:b] for a, b in point.changed)
    assert len(found[0].changed) == 0 < len(found[1].changed)


@pytest.mark.parametrize(("words", "passes"), [(1, 4), (3, 2), (6, 5), (0, 3)])
def test_every_patch_is_hidden_exactly_once(models_folder, words, passes):
    strip = pg.render(pg.load(models_folder / "pixel-mae"), "word " * words)
    masks = every_patch_once(strip, passes)
    assert len(masks) <= passes
    assert np.sum(masks, axis=0)[strip.text_patches].tolist() == [1] * len(strip.text_patches)
    assert np.sum(masks) == len(strip.text_patches)


def test_what_the_strip_does_not_hold_is_read_by_nobody(shared_engine):
    cut = 0
    for seed in range(6):
        (point,) = points(shared_engine, text="long " * 200, shares=(0.6,), seed=seed)
        assert len(point.text) < 100
        assert all(0 <= start <= end <= len(point.text) for start, end in point.changed)
        with shared_engine.manager.lease("shard") as model:
            assert point.tokens == len(model.prompt_ids(point.text))
        cut += any("left out" in note for note in point.notes)
    assert cut > 0  # doubled letters went over the end


def test_events_come_after_each_pass(shared_engine):
    request = TypoRequest("pixel-mae", "shard", TEXT, shares=(0.1, 0.2, 0.3))
    events = [event for event in shared_engine.run(request) if not isinstance(event, Loading)]
    assert [type(event) for event in events[:4]] == [Working] * 4
    assert [event.number for event in events if isinstance(event, TypoPoint)] == [1, 2, 3]
    done = [event.done / event.of for event in events if isinstance(event, Working)]
    assert done == sorted(done)
    assert done[-1] <= 1
    stream = shared_engine.run(request)
    for event in stream:
        if isinstance(event, Working):
            break
    stream.close()
    assert not any(state.in_use for state in shared_engine.answer(ModelsRequest()).models)


def test_a_text_beyond_the_peers_context_keeps_its_tokens(shared_engine, monkeypatch):
    with shared_engine.manager.lease("shard") as model:
        monkeypatch.setattr(model.network, "context_length", 4)
        (point,) = points(shared_engine, shares=(0.0,))
    assert point.tokens > 4
    assert (point.bits_per_byte, point.total_bits) == (None, None)
    assert "reads at most 4" in point.notes[-1]


@pytest.mark.parametrize("kind", ["typos", "homoglyphs", "case"])
@pytest.mark.parametrize("text", ["ab", "a", "123", "नमस्ते दुनिया", "\u202ex", "\0a"])
def test_short_and_odd_texts_have_points_too(shared_engine, kind, text):
    found = points(shared_engine, text=text, kind=kind, shares=(0.0, 1.0))
    assert all(np.isfinite(point.error) for point in found)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"text": "  "}, "no text to change"),
        ({"text": ""}, "no text to change"),
        ({"peer": "pixel-mae"}, "cannot generate or score"),
        ({"model": "shard"}, "reads tokens"),
        ({"peer": "none of them"}, "none of them"),
        ({"peer": ""}, "compare with"),
        ({"kind": "typo"}, "'typo'"),
        ({"kind": ["typos"]}, "kind"),
        ({"shares": ()}, "0 shares"),
        ({"shares": [0.1] * 33}, "33 shares"),
        ({"shares": [0.1, 2]}, "2"),
        ({"shares": [True]}, "True"),
        ({"shares": "0.1"}, "shares"),
        ({"shares": [float("nan")]}, "nan"),
        ({"seed": 1.5}, "seed"),
        ({"ratio": 0}, "ratio"),
        ({"ratio": 0.001}, "ratio"),
        ({"ratio": float("nan")}, "ratio"),
    ],
)
def test_mistakes_are_said_in_a_line(shared_engine, values, message):
    with pytest.raises(PlaygroundError) as caught:
        points(shared_engine, **values)
    assert isinstance(caught.value, InvalidRequest)
    assert message in str(caught.value)

"""Requests about patches of text, beside the library and by hand: pictures, numbers, what is remembered, stopping."""

import io
import itertools
import shutil

import numpy as np
import pytest
from model_folder import COPIES, TESTED
from patch_models import write_grid_checkpoint
from PIL import Image

import playground as pg
from playground.engine.local import open_engine
from playground.engine.patch_requests import (
    Filled,
    FillRequest,
    ReconstructRequest,
    RenderRequest,
    SureRequest,
    Working,
    WriteOnRequest,
)
from playground.engine.requests import Loading, LoadRequest, ModelsRequest, UnloadRequest
from playground.engine.strips import draw
from playground.errors import InvalidRequest, PlaygroundError
from playground.networks.pixel_mae import PixelMAE
from playground.pixels.certainty import how_sure
from playground.pixels.filling import Step, fill_in
from playground.pixels.masking import MaskOptions, draw_mask
from playground.pixels.pictures import to_patches
from playground.settings import Settings

TEXT = "The cat sat on the mat."
MASK = MaskOptions(0.3, "random", 7)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("patches")
    write_grid_checkpoint(folder / "grid")
    for name, copied in (("published", "pixel-mae"), ("language", "gelu-gpt")):
        shutil.copytree(COPIES[copied], folder / name, ignore=shutil.ignore_patterns(*TESTED))
    return folder


@pytest.fixture(scope="module")
def model(folder):
    """The same checkpoint through the library."""
    return pg.load(folder / "grid")


@pytest.fixture(scope="module")
def engine(folder):
    engine = open_engine(Settings(checkpoints=folder, models=(), memory_gb=1.0))
    yield engine
    engine.close()


@pytest.fixture
def passes(monkeypatch):
    """Counts the forward passes."""
    count = [0]
    plain = PixelMAE.predict_patches

    def counted(self, *args):
        count[0] += 1
        return plain(self, *args)

    monkeypatch.setattr(PixelMAE, "predict_patches", counted)
    return count


def opened(png):
    return np.asarray(Image.open(io.BytesIO(png)))


def in_use(engine):
    return sum(state.in_use for state in engine.answer(ModelsRequest()).models)


def test_a_drawn_text_says_all_about_its_patches(engine, model):
    strip = pg.render(model, TEXT)
    found = engine.answer(RenderRequest("grid", TEXT, MASK))
    assert (found.text, found.text_patches, found.shown, found.row) == (TEXT, 12, 13, 25)
    assert (found.separators, found.hideable) == ((12,), tuple(range(12)))
    assert found.characters == ("Th", "e ", "ca", "t ", "sa", "t ", "on", " t", "he", " m", "at", ". ", "")
    assert [(word.text, word.first, word.stop) for word in found.words] == [
        ("The", 0, 2), ("cat", 2, 4), ("sat", 4, 6), ("on", 6, 7), ("the", 7, 9), ("mat.", 9, 12),
    ]  # fmt: skip
    assert np.array_equal(opened(found.picture), strip.pixels[:, : 13 * 16])
    assert found.hidden == tuple(np.flatnonzero(draw_mask(strip, MASK)))
    assert found.summary == "4 of the text's 12 patches are hidden (33% of the text)."
    assert (found.style, found.font, found.notes) == ("grid", "DejaVuSansMono.ttf", ())
    assert found.identity.fingerprint == model.card.fingerprint


def test_the_published_ratio_counts_the_row_and_says_so(engine):
    mask = MaskOptions(0.6, "random", 3, over="row")
    found = engine.answer(RenderRequest("grid", TEXT, mask))
    beyond = 15 - len(found.hidden)
    assert found.hidden_padding == beyond > 0
    assert "15 of the whole row of 25 patches" in found.summary
    assert f"{beyond} of the padding" in found.summary
    assert f"{len([patch for patch in found.hidden if patch != 12])} of the text's 12 patches" in found.summary


def test_a_redraw_needs_no_model(engine, passes):
    engine.answer(RenderRequest("grid", "drawn twice"))
    with engine.manager.lease("grid") as loaded:
        render, loaded.render = loaded.render, None  # drawing again would fail
        try:
            again = engine.answer(RenderRequest("grid", "drawn twice", MaskOptions(kind="manual", patches=(1, 2))))
        finally:
            loaded.render = render
    assert (again.remembered, again.hidden, passes[0]) == (True, (1, 2), 0)


def test_another_load_draws_anew(engine):
    engine.answer(RenderRequest("grid", TEXT))
    engine.answer(UnloadRequest("grid"))
    *loading, last = engine.run(RenderRequest("grid", TEXT))
    assert loading
    assert all(isinstance(event, Loading) for event in loading)
    assert not last.remembered
    engine.answer(LoadRequest("grid", dtype="bfloat16"))
    assert engine.answer(RenderRequest("grid", TEXT)).identity.dtype == "bfloat16"
    assert engine.answer(ReconstructRequest("grid", TEXT)).identity.dtype == "bfloat16"
    engine.answer(LoadRequest("grid", dtype="float32"))
    assert engine.answer(ReconstructRequest("grid", TEXT)).identity.dtype == "float32"


def test_a_reconstruction_is_the_librarys(engine, model, passes):
    result = pg.reconstruct(model, pg.render(model, TEXT), MASK)
    passes[0] = 0
    first, second = (engine.answer(ReconstructRequest("grid", TEXT, MASK)) for _ in range(2))
    assert (passes[0], first.remembered, second.remembered) == (1, False, True)
    assert first.pictures == second.pictures
    assert list(first.pictures) == list(first.rules) == ["original", "masked", "as_published", "on_the_page"]
    for name, png in first.pictures.items():
        difference = np.abs(opened(png).astype(int) - result.pictures[name][:, : 13 * 16])
        assert difference.max() <= 1, name
    hidden = result.hidden.tolist()
    assert first.hidden == tuple(hidden)
    assert [first.errors[patch] for patch in hidden] == pytest.approx(result.error[hidden].tolist(), abs=1e-5)
    assert {error for patch, error in enumerate(first.errors) if patch not in hidden} == {None}
    assert len(first.errors) == first.shown == 13
    assert first.loss == pytest.approx(np.mean([error for error in first.errors if error is not None]))


def test_hidden_patches_are_read_back_as_the_nearest_pair(engine, model):
    found = engine.answer(ReconstructRequest("grid", TEXT, MASK))
    result = pg.reconstruct(model, pg.render(model, TEXT), MASK)
    alphabet = [chr(code) for code in range(32, 127)]
    cells = np.stack([model.renderer.cell(character) for character in alphabet]) / 255
    assert [read.patch for read in found.reading] == list(found.hidden)
    for read in found.reading:
        wanted = result.prediction[read.patch].reshape(256, 3).mean(1)
        left, right = np.meshgrid(np.arange(95), np.arange(95), indexing="ij")
        pairs = np.concatenate((cells[left.ravel()], cells[right.ravel()]), axis=2).reshape(95 * 95, 256)
        pairs = (pairs - pairs.mean(1, keepdims=True)) / np.sqrt(pairs.var(1, ddof=1, keepdims=True) + 1e-6)
        best = np.square(pairs - wanted).sum(1).argmin()
        assert read.read == alphabet[best // 95] + alphabet[best % 95]
        assert read.truth == TEXT.ljust(24)[2 * read.patch : 2 * read.patch + 2]
        assert read.right == (read.read == read.truth)


def test_a_reading_is_right_only_if_both_characters_are(engine):
    with engine.manager.lease("grid") as loaded:
        drawn = draw(engine, loaded, "cat at")  # patches "ca", "t ", "at"
        truth = to_patches(drawn.strip.pixels).reshape(25, 256) / 255
        exact = drawn.read(truth, False, [0, 1, 2, 3])
        swapped = drawn.read(truth[[1, 1, 1]].reshape(3, 16, 2, 8)[:, :, ::-1].reshape(3, 256), False, [1])
    assert [(read.patch, read.read, read.right) for read in exact] == [
        (0, "ca", True),
        (1, "t ", True),
        (2, "at", True),
    ]
    assert [(read.truth, read.read, read.right) for read in swapped] == [("t ", " t", False)]


def test_other_styles_are_not_read_back(engine):
    found = engine.answer(ReconstructRequest("published", TEXT, MASK))
    assert (found.reading, found.standardised) == ((), True)
    drawn = engine.answer(RenderRequest("published", TEXT))
    assert (drawn.characters, drawn.style) == ((), "pixel")
    assert "GoNotoCurrent.ttf is not here" in drawn.notes[0]
    assert [word.text for word in drawn.words] == TEXT.split()


def test_words_keep_their_names_where_some_are_invisible(engine):
    drawn = engine.answer(RenderRequest("published", "one \u200d two"))
    assert [word.text for word in drawn.words] == ["one", "\u200d", "two"]
    assert drawn.words[2].first >= drawn.words[1].first >= drawn.words[0].first


def test_half_a_surrogate_pair_becomes_a_character(engine):
    assert RenderRequest("grid", "a\ud83d\ude00b\udc00").text == "a\U0001f600b\ufffd"


def test_nothing_hidden_is_no_error(engine):
    found = engine.answer(ReconstructRequest("grid", TEXT, MaskOptions(0.0)))
    assert (found.hidden, found.loss, found.reading) == ((), None, ())
    assert found.pictures["on_the_page"] == found.pictures["original"]
    assert "Nothing of the text is hidden" in found.notes[-1]


def test_how_sure_is_measured_pass_by_pass(engine, model, passes):
    request = SureRequest("grid", TEXT, MaskOptions(0.4, "random", 1), companions=3, seed=5)
    strip = pg.render(model, TEXT)
    *_, spread = how_sure(model, strip, request.mask, 3, 5)
    engine.answer(RenderRequest("grid", TEXT))
    passes[0] = 0
    counts, events = [], []
    for event in engine.run(request):
        counts.append(passes[0])
        events.append(event)
    *working, found = events
    assert working == [Working(done, 4) for done in range(1, 5)]
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(counts))
    hidden = list(found.hidden)
    assert [found.spread[patch] for patch in hidden] == pytest.approx(spread.spread[hidden].tolist(), rel=1e-4)
    errors = [found.errors[patch] for patch in hidden]
    ranks = [np.argsort(np.argsort(values)) for values in ([found.spread[patch] for patch in hidden], errors)]
    assert found.correlation == pytest.approx(np.corrcoef(*ranks)[0, 1])
    assert found.errors == engine.answer(ReconstructRequest("grid", TEXT, request.mask)).errors


def test_filling_is_the_librarys_step_by_step(engine, model, passes):
    request = FillRequest("grid", TEXT, MASK, companions=2, seed=3, at_a_time=2)
    steps = [step for step in fill_in(model, pg.render(model, TEXT), MASK, 2, 2, 3) if isinstance(step, Step)]
    counts, events = [0], []
    passes[0] = 0
    for event in engine.run(request):
        counts.append(passes[0])
        events.append(event)
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(counts))
    filled = [event for event in events if isinstance(event, Filled)]
    assert [event.filled for event in filled] == [step.filled for step in steps]
    for event, step in zip(filled, steps, strict=True):
        assert (event.number, event.of, event.left) == (step.number, step.of, step.left)
        assert np.abs(opened(event.frame).astype(int) - step.frame[:, : 13 * 16]).max() <= 1
        assert event.loss == pytest.approx(step.result.loss, rel=1e-4)
        assert {read.patch for read in event.reading} == set(event.hidden) - set(event.left)
    assert filled[-1].left == ()
    working = [event.done for event in events if isinstance(event, Working)]
    assert working == sorted(working)


def test_writing_on_goes_from_left_to_right(engine):
    events = list(engine.run(WriteOnRequest("grid", TEXT, 7, 2)))
    assert [event.filled for event in events] == [(7, 8), (9, 10), (11,)]
    assert events[0].hidden == tuple(range(7, 12))
    assert all(spread is None for event in events for spread in event.spread)


@pytest.mark.parametrize(
    "request_of",
    [
        lambda: FillRequest("grid", TEXT, MASK, companions=4),
        lambda: SureRequest("grid", TEXT, MASK, companions=8),
        lambda: WriteOnRequest("grid", TEXT, 2),
    ],
    ids=["filling", "sureness", "writing on"],
)
def test_closing_the_stream_stops_the_work_and_frees_the_model(engine, passes, request_of):
    events = engine.run(request_of())
    next(events)
    assert in_use(engine) == 1
    done = passes[0]
    events.close()
    assert in_use(engine) == 0
    assert passes[0] == done <= 1


HOSTILE = [
    "", " ", "\n", "a", "x" * 10_000, "word " * 2000, "\0\x1b[31m\x7f", "\u202eright to left\u202c", "مرحبا بالعالم",
    "\u05e9\u05dc 12 ab", "\U0001f469\u200d\U0001f467 \U0001f1eb\U0001f1f7 \u270c\U0001f3fd", "e\u0301" * 500,
    "\U0007ffff\U0010ffff\ufffe", "\u200d" * 40, "\ud800 half", "नमस्ते", "\u2066\u2067\u2069" * 9, "a\u0301\u0302" * 200,
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:6]))
@pytest.mark.parametrize("style", ["grid", "published"])
def test_any_text_gives_a_picture(engine, style, text):
    for mask in (MASK, MaskOptions(1.0, "random"), MaskOptions(0.5, "words"), MaskOptions(over="row")):
        drawn = engine.answer(RenderRequest(style, text, mask))
        found = engine.answer(ReconstructRequest(style, text, mask))
        assert opened(drawn.picture).shape == opened(found.pictures["on_the_page"]).shape == (16, 16 * drawn.shown)
        assert found.hidden == drawn.hidden
    if len(text) > 1000:
        assert any("are left out" in note for note in drawn.notes)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: RenderRequest("language", "a"), "reads tokens, not pictures"),
        (lambda: RenderRequest("nothing", "a"), "no model named 'nothing'"),
        (lambda: RenderRequest("grid", "a", MaskOptions(kind="manual", patches=(25,))), "patches 0 to 24"),
        (lambda: WriteOnRequest("grid", "ab", 1), "patches 0 to 0"),
        (lambda: FillRequest("grid", TEXT, MaskOptions(0.0)), "nothing to fill"),
        (lambda: SureRequest("grid", "ab", MASK), "can be seen"),
    ],
)
def test_what_cannot_be_answered_is_said_in_a_line(engine, ask, message):
    with pytest.raises(PlaygroundError) as caught:
        engine.answer(ask())
    assert message in str(caught.value)
    assert in_use(engine) == 0


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (RenderRequest, {"text": None}, "text"),
        (RenderRequest, {"text": "x" * 20_001}, "20,001 characters"),
        (RenderRequest, {"mask": {"ratio": 0.2}}, "mask"),
        (RenderRequest, {"model": ""}, "No model"),
        (ReconstructRequest, {"mask": None}, "mask"),
        (SureRequest, {"companions": 1}, "companion"),
        (SureRequest, {"companions": 2.0}, "companion"),
        (SureRequest, {"seed": -1}, "seed"),
        (SureRequest, {"seed": "1"}, "seed"),
        (FillRequest, {"at_a_time": 0}, "at_a_time"),
        (FillRequest, {"at_a_time": True}, "at_a_time"),
        (WriteOnRequest, {"start": -1}, "start"),
        (WriteOnRequest, {"start": [1]}, "start"),
        (WriteOnRequest, {"at_a_time": 10**9}, "at_a_time"),
    ],
)
def test_requests_refuse_what_is_no_request(kind, values, message):
    with pytest.raises(InvalidRequest) as caught:
        kind(**{"model": "m", "text": "a"} | values)
    assert message in str(caught.value)

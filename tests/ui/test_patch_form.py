"""What the PIXEL lab asks for and shows, without a browser: masks from widgets, saved runs, values, charts."""

import base64
import io
import json

import numpy as np
import pytest
from goldens import GOLDEN
from patch_models import write_grid_checkpoint
from PIL import Image

import playground as pg
from playground.engine.local import open_engine
from playground.engine.patch_records import record_reconstruction
from playground.engine.patch_requests import ReconstructRequest, RenderRequest, Sureness
from playground.engine.requests import ModelsRequest
from playground.errors import InvalidRequest
from playground.pixels.masking import MaskOptions, draw_mask
from playground.settings import Settings
from playground.ui.charts.patches_sure import sure_figure
from playground.ui.charts.patches_typos import Disturbed, typos_figure
from playground.ui.patch_board import drawn_value, page_name, result_value
from playground.ui.patch_form import fitting_options, listed_patches, mask_options, seen_options
from playground.ui.patch_opening import open_record
from playground.ui.patch_runs import Lab
from playground.ui.patch_sureness import sure_words
from playground.ui.story import Stops
from playground.ui.tabs.pixel import NO_MODEL, NOT_HERE, drawn_board, opened, reconstructing

FORM = {
    "model": "grid", "text": "The cat sat on the mat.", "kind": "span", "ratio": 0.25, "longest": 6, "every": 4,
    "over": "text", "seed": 42, "by_hand": "",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    write_grid_checkpoint(folder / "grid")
    return folder


@pytest.fixture(scope="module")
def engine(folder):
    engine = open_engine(Settings(checkpoints=folder, models=(), memory_gb=1.0))
    yield engine
    engine.close()


@pytest.fixture
def lab(engine):
    return Lab(engine, None, Stops(), 1)


@pytest.mark.parametrize(
    ("chosen", "options"),
    [
        ({}, MaskOptions(0.25, "span", 42, spacing="span", longest=6)),
        ({"ratio": 0.5, "longest": 2.0}, MaskOptions(0.5, "span", 42, spacing=1, longest=2)),
        ({"ratio": 0.9, "over": "row"}, MaskOptions(0.9, "span", 42, "row", spacing=0)),
        ({"kind": "random", "seed": 7.0}, MaskOptions(0.25, "random", 7)),
        ({"kind": "words", "over": "row"}, MaskOptions(0.25, "words", 42)),  # words lie in the text only
        ({"kind": "every", "every": 3.0}, MaskOptions(0.25, "every", 42, every=3)),
        ({"kind": "manual", "by_hand": "[5,1]"}, MaskOptions(kind="manual", patches=(1, 5))),
        ({"kind": "manual"}, MaskOptions(kind="manual")),
    ],
)
def test_a_mask_from_the_widgets(chosen, options):
    assert mask_options(FORM | chosen) == options


@pytest.mark.parametrize(
    "chosen",
    [
        {"ratio": None}, {"seed": None}, {"ratio": "much"}, {"ratio": 2}, {"kind": "else"}, {"kind": None},
        {"longest": 0}, {"seed": 1.5}, {"kind": "manual", "by_hand": "{"}, {"kind": "manual", "by_hand": "[[1]]"},
        {"kind": "manual", "by_hand": '{"a": 1}'}, {"kind": "manual", "by_hand": 5},
        {"kind": "manual", "by_hand": "[-1]"}, {"kind": "manual", "by_hand": "[" * 100_000},
    ],
)  # fmt: skip
def test_what_no_widget_sends_is_refused(chosen):
    with pytest.raises(InvalidRequest):
        mask_options(FORM | chosen)


def test_every_option_is_seen_where_it_counts():
    seen = {kind: [update["visible"] for update in seen_options(kind)] for kind in ("span", "words", "every", "manual")}
    assert seen == {  # ratio, longest, every, over, seed
        "span": [True, True, False, True, True],
        "words": [True, False, False, False, True],
        "every": [False, False, True, True, True],
        "manual": [False] * 5,
    }


def test_patches_of_another_text_are_left_out(engine):
    shown = engine.answer(RenderRequest("grid", FORM["text"])).shown
    form = FORM | {"kind": "manual", "by_hand": json.dumps([0, shown - 1, shown, 10_000])}
    assert fitting_options(engine, form).patches == (0, shown - 1)
    assert listed_patches(None) == ()


def test_the_board_gets_the_strip_and_its_mask(engine, folder):
    model = pg.load(folder / "grid")
    strip = pg.render(model, FORM["text"])
    value = drawn_board(engine, FORM)
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(value["picture"].partition(",")[2]))))
    assert np.array_equal(picture, strip.pixels[:, : 16 * value["shown"]])
    assert value["hidden"] == np.flatnonzero(draw_mask(strip, mask_options(FORM)) * strip.attention_mask).tolist()
    assert value["page"] == page_name("grid", FORM["text"]) != page_name("grid", FORM["text"] + " ")
    assert json.loads(json.dumps(value)) == value  # plain data
    assert "There is no text" in drawn_board(engine, FORM | {"text": " "})["notes"][0]
    assert "plain Latin letters" in drawn_board(engine, FORM | {"text": "naïve"})["notes"][0]
    assert drawn_board(engine, FORM)["notes"] == []


def test_scripts_that_the_published_style_takes_apart_are_told(tmp_path):
    engine = open_engine(Settings(checkpoints=tmp_path, models=(str(GOLDEN / "pixel"),), memory_gb=1.0))
    form = FORM | {"model": "pixel"}
    notes = [drawn_board(engine, form | {"text": text})["notes"] for text in ("abc", "हिन्दी", "مرحبا")]
    engine.close()
    assert [any("none joined" in note for note in found) for found in notes] == [False, True, True]


def test_what_cannot_be_drawn_is_told(engine):
    assert "20,001" in drawn_board(engine, FORM | {"text": "x" * 20_001})["error"]
    assert "kind" in drawn_board(engine, FORM | {"kind": "else"})["refused"]
    assert "ratio is 5" in drawn_board(engine, FORM | {"ratio": 5})["refused"]
    for name in (None, "unknown", 5, ["grid"]):
        assert drawn_board(engine, FORM | {"model": name}) == {"error": NO_MODEL}
        assert list(opened(engine, FORM | {"model": name})) == [{"error": NO_MODEL}]
    *_, last = opened(engine, FORM)
    assert last == drawn_board(engine, FORM)


def test_a_model_that_is_only_published_is_not_downloaded_by_looking(tmp_path):
    (tmp_path / "none").mkdir()
    engine = open_engine(Settings(checkpoints=tmp_path / "none", models=(), memory_gb=1.0))
    (name,) = reconstructing(engine.answer(ModelsRequest()))  # published, on the Hub
    assert drawn_board(engine, FORM | {"model": name}) == {"status": NOT_HERE}
    assert list(opened(engine, FORM | {"model": name})) == [{"status": NOT_HERE}]
    engine.close()


def test_a_saved_run_comes_back(engine, lab):
    request = ReconstructRequest("grid", FORM["text"], mask_options(FORM | {"ratio": 0.4, "seed": 9}))
    answer = engine.answer(request)
    text = json.dumps(record_reconstruction(request, answer))
    news = list(open_record(lab, text, "run", ["grid"]))
    form = next(values for *_, values in news if values)
    assert mask_options(form) == request.mask
    assert form | {"model": "grid", "text": FORM["text"], "kind": "span", "ratio": 0.4, "seed": 9} == form
    strip = next(value for value, *_ in news if value)
    assert strip["hidden"] == list(answer.hidden)
    result = news[-1][1]
    assert result["said"].startswith("The same run as recorded")
    assert (result["hidden"], result["loss"]) == (list(answer.hidden), answer.loss)
    assert json.loads(result["record"])["hidden"] == list(answer.hidden)


def test_a_mask_that_no_slider_makes_comes_back_by_hand(engine, lab):
    request = ReconstructRequest("grid", FORM["text"], MaskOptions(0.5, "span", 3, spacing=2))
    answer = engine.answer(request)
    text = json.dumps(record_reconstruction(request, answer))
    form = next(values for *_, values in open_record(lab, text, "run", ["grid"]) if values)
    assert (form["kind"], json.loads(form["by_hand"])) == ("manual", list(answer.hidden))
    assert list(mask_options(form).patches) == list(answer.hidden)


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000, '{"format": "other"}', None, "x" * (2**23 + 1)])
def test_what_is_no_saved_run_is_refused(lab, text):
    with pytest.raises(InvalidRequest):
        list(open_record(lab, text, "run", ["grid"]))


def test_a_saved_run_of_a_model_that_is_not_here_is_refused(engine, lab):
    request = ReconstructRequest("grid", "a", MaskOptions())
    text = json.dumps(record_reconstruction(request, engine.answer(request)))
    with pytest.raises(InvalidRequest, match="not among the models here"):
        list(open_record(lab, text, "run", ["other"]))


def test_values_are_plain_and_name_the_same_page(engine):
    request = ReconstructRequest("grid", "warm milk", MaskOptions(0.5, "random", 1))
    value = result_value(engine.answer(request), "run", request)
    assert json.loads(json.dumps(value)) == value
    rendered = engine.answer(RenderRequest("grid", "warm milk", request.mask))
    drawn = drawn_value(rendered, "grid", "warm milk", "random", "")
    assert (drawn["page"], drawn["hidden"], drawn["shown"]) == (value["page"], value["hidden"], len(value["errors"]))
    assert [one[0] for one in value["reading"]] == value["hidden"]


def test_sure_words_and_figure():
    def found(correlation, hidden=(1, 2, 4)):
        return Sureness(None, 6, hidden, (), (), correlation, 8)

    assert "closely: rank correlation 0.80" in sure_words(found(0.8))
    assert "hardly: rank correlation 0.10" in sure_words(found(0.1))
    assert "wrong where it is sure: rank correlation -0.50" in sure_words(found(-0.5))
    assert sure_words(found(None, (1,))).startswith("1 hidden patch under 8 masks.")
    figure = sure_figure((None, 0.5, 0.25, None), (None, 0.1, 0.2, None))
    (trace,) = figure.data
    assert (list(trace.x), list(trace.y), list(trace.customdata)) == ([0.5, 0.25], [0.1, 0.2], [2, 3])


def test_the_chart_of_the_typo_bench():
    points = [Disturbed(0.0, 0.1, 1.5, 7), Disturbed(0.2, 0.3, None, 9)]
    figure = typos_figure(points, "<b>one</b>", "other", 0.2)
    assert [list(trace.y) for trace in figure.data] == [[0.1, 0.3], [1.5, None], [7, 9]]
    assert all(list(trace.x) == [0.0, 20.0] for trace in figure.data)
    assert (figure.layout.shapes[0].x0, figure.layout.shapes[0].x1) == (20.0, 20.0)
    assert "<b>" not in figure.to_json()
    assert len(typos_figure(points, "a", "b").layout.shapes) == 0

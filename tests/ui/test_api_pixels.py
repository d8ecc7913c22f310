"""The endpoints for patches of text, of a running app, beside the library."""

import base64
import io
import time

import numpy as np
import pytest
from gradio_client.exceptions import AppError
from PIL import Image
from running_app import events

import playground as pg
from playground.engine.patch_requests import SureRequest, TypoRequest
from playground.pixels.masking import MaskOptions

TEXT = "Hello, brave new world!"


@pytest.fixture(scope="module")
def model(app):
    return pg.load(app.models / "pixel-mae")


def refused(call, *parts):
    with pytest.raises(AppError) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    for part in parts:
        assert part in message


def opened(url):
    head, _, body = url.partition(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(body))))


def test_their_defaults_are_those_of_the_requests(client):
    named = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    for name in ("/render", "/reconstruct", "/how_sure", "/fill", "/write_on", "/typos"):
        about = named[name]
        own = {p["parameter_name"]: p["parameter_default"] for p in about["parameters"] if p["parameter_has_default"]}
        mask = vars(MaskOptions()) | {"patches": None} | ({"ratio": 0.0} if name == "/render" else {})
        sure, typos = SureRequest("m"), vars(TypoRequest("m", "p")) | {"shares": None}
        usual = {"at_a_time": 1, "companions": sure.companions, "companions_seed": sure.seed}
        expected = typos if name == "/typos" else mask | usual
        assert own == {parameter: expected[parameter] for parameter in own}


def test_a_drawn_text(client, model):
    strip = pg.render(model, TEXT)
    found = client.predict("pixel-mae", TEXT, kind="manual", patches=[1, 3], api_name="/render")
    assert np.array_equal(opened(found["picture"]), strip.pixels[:, : 16 * (strip.num_text_patches + 1)])
    assert (found["hidden"], found["separators"]) == ([1, 3], [strip.num_text_patches])
    assert [[word["first"], word["stop"]] for word in found["words"]] == [list(word) for word in strip.words]
    assert client.predict("pixel-mae", TEXT, api_name="/render")["hidden"] == []


def test_a_reconstruction(client, model):
    options = MaskOptions(0.5, "span", 3, spacing=1, longest=2)
    result = pg.reconstruct(model, pg.render(model, TEXT), options)
    found = client.predict("pixel-mae", TEXT, 0.5, "span", 3, spacing=1, longest=2, api_name="/reconstruct")
    assert found["hidden"] == result.hidden.tolist()
    assert found["loss"] == pytest.approx(result.loss, rel=1e-4)
    assert found["rules"] == result.rules
    for name, url in found["pictures"].items():
        shown = opened(url)
        assert np.abs(shown.astype(int) - result.pictures[name][:, : shown.shape[1]]).max() <= 1
    assert found["identity"]["fingerprint"] == model.card.fingerprint


def test_sureness_streams_its_progress(client):
    *working, found = client.submit("pixel-mae", TEXT, 0.5, "random", companions=3, api_name="/how_sure")
    assert all(value["stage"] for value in working)
    assert found["companions"] == 3
    assert [value is not None for value in found["spread"]] == [
        patch in found["hidden"] for patch in range(found["shown"])
    ]


def test_filling_and_writing_stream_their_frames(client):
    values = list(client.submit("pixel-mae", TEXT, 0.4, "random", at_a_time=2, companions=2, api_name="/fill"))
    frames = [value for value in values if "frame" in value]
    assert frames[-1] is values[-1]
    assert [frame["number"] for frame in frames] == list(range(1, frames[0]["of"] + 1))
    assert frames[-1]["left"] == []
    last = client.predict("pixel-mae", TEXT, 4, 3, api_name="/write_on")
    assert (last["left"], last["hidden"][0]) == ([], 4)
    assert opened(last["frame"]).shape == (16, 16 * last["shown"])


def test_the_typo_bench_streams_its_points(client):
    *_, last = client.submit("pixel-mae", "shard", TEXT, "case", [0, 0.5], api_name="/typos")
    first, second = last["points"]
    assert (first["text"], first["changed"]) == (TEXT, [])
    assert second["text"].lower() == TEXT.lower() != second["text"]
    assert second["tokens"] == len(client.predict("shard", second["text"], api_name="/score")["token_ids"])


def test_a_dropped_connection_frees_the_model(app):
    mask = [0.5, "random", 1, "text", "span", 4, None, 6]
    stream = events(app, "fill", ["pixel-mae", "x" * 40, *mask, 1, 64, 0])
    for _, data in stream:
        if data[0].get("stage") == "Reconstructing":
            break
    dropped = time.monotonic()
    stream.close()
    app.until_free(dropped)


def test_they_refuse_in_a_line(client):
    refused(lambda: client.predict("shard", TEXT, api_name="/render"), "reads tokens")
    refused(lambda: client.predict("pixel-mae", "x" * 20_001, api_name="/render"), "20,001", "20,000")
    refused(lambda: client.predict("pixel-mae", TEXT, 1.5, api_name="/reconstruct"), "ratio is 1.5")
    refused(lambda: client.predict("pixel-mae", TEXT, spacing="wide", api_name="/reconstruct"), "spacing", "'wide'")
    refused(lambda: client.predict("pixel-mae", TEXT, patches=["a"], api_name="/reconstruct"), "'a'")
    refused(lambda: client.predict("pixel-mae", None, api_name="/reconstruct"), "text")
    refused(lambda: client.predict("pixel-mae", TEXT, companions=1, api_name="/how_sure"), "companion")
    refused(lambda: client.predict("pixel-mae", TEXT, at_a_time=0, api_name="/fill"), "at_a_time")
    refused(lambda: client.predict("pixel-mae", TEXT, 99, api_name="/write_on"), "patch 99")
    refused(lambda: client.predict("pixel-mae", "shard", TEXT, "typo", api_name="/typos"), "'typo'")
    refused(lambda: client.predict("pixel-mae", "pixel-mae", TEXT, api_name="/typos"), "cannot generate or score")

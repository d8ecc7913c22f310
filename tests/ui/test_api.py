"""The endpoints of a running app, through gradio_client and plain HTTP: streaming, stopping, refusing."""

import contextlib
import itertools
import math
import threading
import time

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from model_folder import COPIES, ENDLESS
from running_app import events

from playground.face import load
from playground.generation.options import SamplingOptions
from playground.generation.sampler import sample
from playground.generation.surprisal import score

MASK = ["ratio", "kind", "seed", "over", "spacing", "every", "patches", "longest"]
ENDPOINTS = {
    "/generate": [
        "model", "prompt", "max_new_tokens", "temperature", "top_p", "top_k", "min_p", "repetition_penalty", "seed",
        "stop", "dice", "edits",
    ],
    "/draw": [
        "model", "prompt", "samples", "max_new_tokens", "temperature", "top_p", "top_k", "min_p", "repetition_penalty",
        "seed", "stop", "dice",
    ],
    "/next_tokens": ["model", "prompt", "top", "temperature", "top_p", "top_k", "min_p", "edits"],
    "/score": ["model", "text"],
    "/read": ["model", "token_ids", "start", "temperature", "top_p", "top_k", "min_p"],
    "/card": ["model"],
    "/load_model": ["model", "dtype", "tokenizer"],
    "/list_models": [],
    "/replay": ["record"],
    "/unload_model": ["model"],
    "/render": ["model", "text", *MASK],
    "/reconstruct": ["model", "text", *MASK],
    "/how_sure": ["model", "text", *MASK, "companions", "companions_seed"],
    "/fill": ["model", "text", *MASK, "at_a_time", "companions", "companions_seed"],
    "/write_on": ["model", "text", "start", "at_a_time"],
    "/senses": ["model", "word", "top", "text", "as_typed"],
    "/nearest_by_sense": ["model", "word", "sense", "top", "as_typed"],
    "/compare_senses": ["model", "a", "b", "as_typed"],
    "/promoters": ["model", "word", "top", "as_typed"],
    "/ledger": ["model", "text", "position", "candidates", "edits", "top"],
    "/sense_weights": ["model", "text", "senses"],
    "/bias": ["model", "templates", "words", "group_a", "group_b", "edits", "sense", "factor"],
    "/find_factor": [
        "model", "templates", "words", "sense", "group_a", "group_b", "neutral", "common", "edits",
    ],
    "/typos": ["model", "peer", "text", "kind", "shares", "seed", "ratio"],
}  # fmt: skip
PROMPT = "Once upon a time"
DEFAULTS = [64, 0.8, 1.0, 0, 0.0, 1.0, 0, None, "token", None]  # of /generate, after model and prompt


def refused(call, *parts):
    with pytest.raises(AppError) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    assert "Traceback" not in message
    assert "&#" not in message  # plain text, not markup
    assert len(message) < 600
    for part in parts:
        assert part in message


def test_a_replay_is_the_same_token_for_token(client):
    first = client.predict("shard", PROMPT, max_new_tokens=20, temperature=1.2, seed=3, api_name="/generate")
    again = client.predict(first["record"], api_name="/replay")
    assert again["same"] is True
    assert again["token_ids"] == first["token_ids"] == [token["id"] for token in first["record"]["parts"][0]["tokens"]]
    assert again["logprobs"] == first["logprobs"]
    (part,) = first["record"]["parts"]
    tokens = [{"id": (token["id"] + 1) % 9} for token in part["tokens"]]
    other = first["record"] | {"parts": [part | {"tokens": tokens}]}
    assert client.predict(other, api_name="/replay")["first_difference"] == 0
    refused(lambda: client.predict({"format": "x"}, api_name="/replay"), "no recorded run")


def test_a_text_can_be_read_as_if_the_model_had_written_it(client):
    run = client.predict("shard", PROMPT, max_new_tokens=12, temperature=0.7, top_k=30, api_name="/generate")
    prompt = run["record"]["prompt_ids"]
    ids = [*prompt, *run["token_ids"]]
    seen = client.predict("shard", ids, start=len(prompt), temperature=0.7, top_k=30, api_name="/read")["tokens"]
    assert [token["token_id"] for token in seen] == run["token_ids"]
    assert [token["logprob"] for token in seen] == pytest.approx(run["logprobs"], abs=1e-4)
    assert "".join(token["text"] for token in seen) == run["text"]
    drawn = [token["probability"] for token in run["record"]["parts"][0]["tokens"]]
    assert [token["probability"] for token in seen] == pytest.approx(drawn, abs=1e-3)
    scored = client.predict("shard", PROMPT, api_name="/score")
    assert scored["token_ids"] == prompt
    told = client.predict("shard", prompt, api_name="/read")["tokens"]
    assert [token["logprob"] for token in told] == pytest.approx(scored["logprobs"][1:], abs=1e-4)
    for token in seen:
        likeliest = [other["logprob"] for other in token["alternatives"]]
        assert len(likeliest) == 10
        assert likeliest == sorted(likeliest, reverse=True)
    refused(lambda: client.predict("shard", ids, start=0, api_name="/read"), "token 0 of")
    refused(lambda: client.predict("shard", [0] * 300, api_name="/read"), "256")
    refused(lambda: client.predict("shard", [-1], api_name="/read"), "-1")


def test_the_endpoints_are_named_typed_and_described(client):
    api = client.view_api(return_format="dict", print_info=False)
    assert api["unnamed_endpoints"] == {}
    named = api["named_endpoints"]
    assert {name: [p["parameter_name"] for p in about["parameters"]] for name, about in named.items()} == ENDPOINTS
    for name, about in named.items():
        assert len(about["description"]) > 20, name
        assert all(p["python_type"]["type"] != "Any" for p in about["parameters"]), name
    defaults = {p["parameter_name"]: p["parameter_default"] for p in named["/generate"]["parameters"][2:]}
    own = {name: getattr(SamplingOptions(), name, None) for name in defaults} | {"stop": None}
    assert defaults == own


def test_generate_streams_and_ends_with_everything(app, client):
    job = client.submit(ENDLESS, PROMPT, max_new_tokens=60, seed=4, api_name="/generate")
    outputs = list(job)
    assert len(outputs) > 2
    texts = [output["text"] for output in outputs]
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(texts))
    steps = list(sample(load(app.models / ENDLESS), PROMPT, SamplingOptions(max_new_tokens=60, seed=4)))
    last = outputs[-1]
    assert last["token_ids"] == [step.token_id for step in steps]
    assert last["text"] == "".join(step.text for step in steps)
    assert last["logprobs"] == pytest.approx([step.logprob for step in steps], abs=1e-4)
    assert (last["end"], outputs[0]["end"]) == ("token limit", None)
    assert last["tokens_per_second"] > 0


def test_stop_strings_end_the_text(client):
    text = client.predict("shard", PROMPT, max_new_tokens=64, api_name="/generate")["text"]
    stop = next(c for c in text[1:] if c.isalpha())
    cut = client.predict("shard", PROMPT, max_new_tokens=64, stop=[stop, "never"], api_name="/generate")
    assert (cut["end"], cut["text"]) == ("stop string", text[: text.index(stop)])


def test_a_cancelled_job_frees_the_model_within_two_seconds(app, client):
    job = client.submit(ENDLESS, PROMPT, max_new_tokens=4096, api_name="/generate")
    deadline = time.monotonic() + 60
    while not any(output["text"] for output in job.outputs()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert app.states()[ENDLESS]["in_use"] == 1
    cancelled = time.monotonic()
    job.cancel()
    app.until_free(cancelled)
    assert len(job.outputs()[-1]["token_ids"]) < 4096


@pytest.mark.parametrize("enough", [0, 5], ids=["at its first event", "while it writes"])
def test_a_dropped_connection_frees_the_model_within_two_seconds(app, enough):
    stream = events(app, "generate", [ENDLESS, PROMPT, 4096, *DEFAULTS[1:]])
    for _, data in stream:
        if len(data[0]["token_ids"]) >= enough:
            break
    app.until_used()
    dropped = time.monotonic()
    stream.close()
    app.until_free(dropped)


def test_a_dropped_connection_stops_a_load_and_a_long_score(app):
    app.http.post("/gradio_api/run/unload_model", json={"data": [ENDLESS]})
    stream = events(app, "score", [ENDLESS, "x " * 3900])
    stages = []
    for _, data in stream:
        stages.append(data[0]["stage"])
        if stages[-1] == "Reading the text":
            break
    assert len(set(stages)) > 1
    dropped = time.monotonic()
    stream.close()
    app.until_free(dropped)


def test_four_clients_at_once_are_served_one_after_the_other(app):
    answers, most = [], [0]

    def ask(seed):
        own = Client(app.url, verbose=False)
        answers.append(own.predict(ENDLESS, PROMPT, max_new_tokens=40, seed=seed, api_name="/generate"))

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        most[0] = max(most[0], app.in_use())
        time.sleep(0.02)
    assert [len(answer["token_ids"]) for answer in answers] == [40] * 4
    assert len({answer["text"] for answer in answers}) == 4
    assert most[0] == 1


def test_redraws_do_not_wait_behind_a_generation(app, client):
    client.predict(ENDLESS, PROMPT, api_name="/next_tokens")
    job = client.submit(ENDLESS, PROMPT, max_new_tokens=4096, api_name="/generate")
    app.until_used()
    began = time.monotonic()
    seen = client.predict(ENDLESS, PROMPT, top=3, temperature=0.5, api_name="/next_tokens")
    took = time.monotonic() - began
    assert (seen["remembered"], len(seen["tokens"])) == (True, 3)
    assert app.states()[ENDLESS]["in_use"] == 1  # the generation went on meanwhile
    assert took < 2  # it would be many seconds behind the generation
    job.cancel()


def test_scores_and_next_tokens_are_the_model_s(app, client):
    model = load(app.models / "shard")
    scored = client.predict("shard", "the cat sat", api_name="/score")
    assert scored["logprobs"][1:] == pytest.approx(score(model, "the cat sat").logprobs[1:], abs=1e-4)
    seen = client.predict("shard", "the cat", 5, 1.0, api_name="/next_tokens")
    logprobs = model.logits(model.prompt_ids("the cat"))[-1].double().log_softmax(-1)
    best = logprobs.topk(5)
    assert [token["token_id"] for token in seen["tokens"]] == best.indices.tolist()
    assert [token["logprob"] for token in seen["tokens"]] == pytest.approx(best.values.tolist(), abs=1e-4)
    assert [math.log(token["probability"]) for token in seen["tokens"]] == pytest.approx(best.values.tolist(), abs=1e-3)


def test_models_are_listed_loaded_and_unloaded(client):
    card = client.predict("pixel_100m", "bfloat16", api_name="/load_model")
    assert (card["name"], card["parameters"], card["dtype"]) == ("pixel_100m", 94_224, "bfloat16")
    assert client.predict("pixel_100m", api_name="/card") == card
    states = {state["name"]: state for state in client.predict(api_name="/list_models")["models"]}
    assert set(states) >= {*COPIES, ENDLESS}
    assert (states["pixel_100m"]["state"], states["pixel_100m"]["memory_bytes"]) == ("loaded", 2 * 94_224)
    after = client.predict("pixel_100m", api_name="/unload_model")
    assert {state["name"]: state["state"] for state in after["models"]}["pixel_100m"] == "not loaded"


def test_loading_tells_its_stages(client):
    client.predict("shard", api_name="/unload_model")
    job = client.submit("shard", api_name="/load_model")
    *news, card = list(job)
    assert card["family"] == "shard"
    assert any("weights" in event["stage"] for event in news)


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("shrad", PROMPT), ["shrad", "shard"]),
        (("<b>nothing</b>", PROMPT), ["'<b>nothing</b>'"]),
        (("", PROMPT), ["Choose one"]),
        ((None, PROMPT), ["Choose one"]),
        ((["shard"], PROMPT), ["Choose one"]),
        (("x" * 100_000, PROMPT), ["100,000"]),
        (("shard", "a" * 100_000), ["100,000", "20,000"]),
        (("shard", {"text": "a"}), ["prompt"]),
        (("shard", None), ["prompt"]),
        (("gelu-gpt", "words"), ["no tokenizer"]),
        (("pixel-mae", "words"), ["reconstruct"]),
        (("shard", PROMPT, 0), ["max_new_tokens"]),
        (("shard", PROMPT, 4097), ["max_new_tokens", "4,096"]),
        (("shard", PROMPT, 1.5), ["max_new_tokens"]),
        (("shard", PROMPT, True), ["max_new_tokens"]),
        (("shard", PROMPT, 5, "hot"), ["temperature"]),
        (("shard", PROMPT, 5, math.nan), ["temperature", "nan"]),
        (("shard", PROMPT, 5, math.inf), ["temperature", "inf"]),
        (("shard", PROMPT, 5, -0.1), ["temperature"]),
        (("shard", PROMPT, 5, 1.0, 1.1), ["top_p"]),
        (("shard", PROMPT, 5, 1.0, 1.0, 10**30), ["top_k"]),
        (("shard", PROMPT, 5, 1.0, 1.0, 0, -1), ["min_p"]),
        (("shard", PROMPT, 5, 1.0, 1.0, 0, 0, 9), ["repetition_penalty"]),
        (("shard", PROMPT, 5, 1.0, 1.0, 0, 0, 1, -1), ["seed"]),
        (("shard", PROMPT, 5, 1.0, 1.0, 0, 0, 1, 0, [""]), ["stop"]),
        (("shard", PROMPT, 5, 1.0, 1.0, 0, 0, 1, 0, ["x"] * 9), ["stop"]),
        (("shard", PROMPT, 5, 1.0, 1.0, 0, 0, 1, 0, {"a": 1}), ["stop"]),
    ],
    ids=lambda value: None if not isinstance(value, list) else value[0].replace(" ", "-"),
)
def test_hostile_requests_are_refused_in_a_line(app, arguments, parts):
    data = [*arguments, *DEFAULTS[len(arguments) - 2 :]]
    *loading, (event, answer) = list(events(app, "generate", data))
    assert event == "error"
    assert all(kind == "generating" and not sent[0]["text"] for kind, sent in loading)
    message = answer["error"]
    assert "\n" not in message
    assert len(message) < 600
    for part in parts:
        assert part in message


def test_the_other_endpoints_refuse_as_well(client):
    refused(lambda: client.predict("nothing", "a", api_name="/score"), "nothing")
    refused(lambda: client.predict("shard", "a " * 300, api_name="/score"), "256")
    refused(lambda: client.predict("shard", "a", 0, api_name="/next_tokens"), "200")
    refused(lambda: client.predict("shard", "a", 201, api_name="/next_tokens"), "200")
    refused(lambda: client.predict("nothing", api_name="/card"), "nothing")
    refused(lambda: client.predict("nothing", api_name="/unload_model"), "nothing")
    refused(lambda: client.predict("shard", "int4", api_name="/load_model"), "int4")
    refused(lambda: client.predict("shard", None, "nowhere/at/all", api_name="/load_model"), "nowhere/at/all")


def test_a_model_in_use_is_not_unloaded(app, client):
    job = client.submit(ENDLESS, PROMPT, max_new_tokens=4096, api_name="/generate")
    app.until_used()
    refused(lambda: client.predict(ENDLESS, api_name="/unload_model"), ENDLESS, "in use")
    job.cancel()
    app.until_free(time.monotonic())


def test_the_private_handlers_stand_raw_access(app, client):
    """Whatever is thrown at them over plain HTTP, no traceback comes back and the app goes on working."""
    config = app.http.get("/config").json()
    private = [dependency["id"] for dependency in config["dependencies"] if dependency["api_visibility"] == "private"]
    assert len(private) > 5
    junk = [[], [None] * 12, [{"run": "x" * 9999}] * 7]
    for fn_index in private:
        for data in junk:
            body = {"data": data, "fn_index": fn_index, "session_hash": "raw", "event_data": {"model": 3}}
            answer = app.http.post("/gradio_api/run/predict", json=body)
            assert "Traceback" not in answer.text
            assert "/ui/" not in answer.text  # no path of the program
            with contextlib.suppress(httpx.HTTPError):
                joined = app.http.post("/gradio_api/queue/join", json=body)
                assert "Traceback" not in joined.text
    with app.http.stream("GET", "/gradio_api/queue/data", params={"session_hash": "raw"}) as stream:
        for line in stream.iter_lines():
            assert "Traceback" not in line
            assert ".py" not in line
            if "close_stream" in line:
                break
    assert client.predict("shard", "a", max_new_tokens=1, api_name="/generate")["token_ids"]


def test_files_of_the_server_are_out_of_reach(app):
    for path in (app.models / "shard" / "models" / "model.pt", app.log, "/etc/hostname"):
        for route in ("/gradio_api/file=", "/file="):
            assert app.http.get(f"{route}{path}").status_code in (400, 403, 404), path


def test_nothing_that_was_typed_is_in_the_log(app, client):
    secret = "a quite peculiar sentence of mine"
    client.predict("shard", secret, max_new_tokens=2, api_name="/generate")
    client.predict("shard", secret, api_name="/score")
    refused(lambda: client.predict("gelu-gpt", secret, api_name="/score"))
    assert secret not in app.log.read_text(errors="replace")

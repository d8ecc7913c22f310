"""The endpoint that draws several samples at once: each is what /generate gives for its seed."""

import itertools
import time

import pytest
from model_folder import ENDLESS
from running_app import events

PROMPT = "Once upon a time"
DEFAULTS = [64, 0.8, 1.0, 0, 0.0, 1.0, 0, None, "token"]  # after model, prompt and samples


@pytest.mark.parametrize("temperature", [0.0, 1.1])
def test_each_sample_is_what_generate_gives_for_its_seed(client, temperature):
    options = {"max_new_tokens": 20, "temperature": temperature, "top_p": 0.95}
    drawn = client.predict("shard", PROMPT, samples=4, seed=3, **options, api_name="/draw")
    assert drawn["seeds"] == [3, 4, 5, 6]
    for row, seed in enumerate(drawn["seeds"]):
        alone = client.predict("shard", PROMPT, seed=seed, **options, api_name="/generate")
        assert drawn["texts"][row] == alone["text"]
        assert drawn["token_ids"][row] == alone["token_ids"]
        assert drawn["logprobs"][row] == pytest.approx(alone["logprobs"], abs=1e-4)
        assert drawn["ends"][row] == alone["end"]
        assert drawn["records"][row]["parts"][0]["options"] == alone["record"]["parts"][0]["options"]
    assert (len(set(drawn["texts"])) == 1) is (temperature == 0)


def test_a_sample_s_record_is_replayed(client):
    drawn = client.predict("shard", PROMPT, samples=3, max_new_tokens=12, temperature=1.2, api_name="/draw")
    again = client.predict(drawn["records"][2], api_name="/replay")
    assert again["same"] is True
    assert again["token_ids"] == drawn["token_ids"][2]


def test_it_streams_all_texts_together(client):
    outputs = list(client.submit(ENDLESS, PROMPT, samples=4, max_new_tokens=60, api_name="/draw"))
    *news, last = outputs
    assert len(news) > 2
    for earlier, later in itertools.pairwise(outputs):
        assert all(new.startswith(old) for old, new in zip(earlier["texts"], later["texts"], strict=True))
    assert any(all(output["texts"]) and not any(output["ends"]) for output in news)
    assert last["ends"] == ["token limit"] * 4
    assert "token_ids" not in news[0]


def test_samples_end_each_by_itself(client):
    texts = client.predict("shard", PROMPT, samples=4, max_new_tokens=40, temperature=1.5, api_name="/draw")["texts"]
    stop = next(char for char in texts[0][1:] if char.isalpha() and not all(char in text for text in texts))
    drawn = client.predict(
        "shard", PROMPT, samples=4, max_new_tokens=40, temperature=1.5, stop=[stop], api_name="/draw"
    )
    assert drawn["texts"] == [text.split(stop)[0] for text in texts]
    assert drawn["ends"][0] == "stop string"
    assert len(set(drawn["ends"])) > 1


@pytest.mark.parametrize("enough", [0, 5], ids=["at its first event", "while it writes"])
def test_a_dropped_connection_frees_the_model_within_two_seconds(app, enough):
    stream = events(app, "draw", [ENDLESS, PROMPT, 8, 4096, *DEFAULTS[1:]])
    for _, data in stream:
        if all(len(text) >= enough for text in data[0]["texts"]):
            break
    app.until_used()
    dropped = time.monotonic()
    stream.close()
    app.until_free(dropped)


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("shard", PROMPT, 0), ["0 samples", "1 to 16"]),
        (("shard", PROMPT, 17), ["17 samples", "1 to 16"]),
        (("shard", PROMPT, 10**15), ["1 to 16"]),
        (("shard", PROMPT, 2.5), ["2.5 samples"]),
        (("shard", PROMPT, True), ["True samples"]),
        (("shard", PROMPT, "many"), ["'many' samples"]),
        (("shard", PROMPT, None), ["None samples"]),
        (("shard", "a" * 100_000, 2), ["100,000", "20,000"]),
        (("shard", {"text": "a"}, 2), ["prompt"]),
        (("shrad", PROMPT, 2), ["shrad", "shard"]),
        (("gelu-gpt", "words", 2), ["no tokenizer"]),
        (("shard", PROMPT, 2, 5, "hot"), ["temperature"]),
        (("shard", PROMPT, 2, 5, 1.0, 1.0, 0, 0.0, 1.0, 2**32 - 1), ["seed", "4294967296"]),
    ],
    ids=lambda value: None if not isinstance(value, list) else value[0].replace(" ", "-"),
)
def test_hostile_requests_are_refused_in_a_line(app, arguments, parts):
    *_, (event, answer) = events(app, "draw", [*arguments, *DEFAULTS[len(arguments) - 3 :]])
    assert event == "error"
    assert "\n" not in answer["error"]
    assert len(answer["error"]) < 600
    for part in parts:
        assert part in answer["error"]

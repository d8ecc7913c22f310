"""The search and the command line on a random Backpack of words: what they find holds when it is measured again."""

import json
import re
from dataclasses import replace

import pytest
import torch
from tiny_networks import BACKPACK, language
from typer.testing import CliRunner
from word_level import write_word_tokenizer

from playground.checkpoints.families.backpack import FAMILY
from playground.checkpoints.model import SenseModel
from playground.errors import InvalidRequest
from playground.evaluation.steering import __main__ as command
from playground.evaluation.steering.goals import Goals
from playground.evaluation.steering.levers import (
    add_lever,
    boost_lever,
    lever_of,
    levers_for,
    scale_lever,
    sense_shares,
    target_ids,
    telling_senses,
)
from playground.evaluation.steering.measure import Side, Steering, measure
from playground.evaluation.steering.search import Effort, Search, Trial
from playground.evaluation.steering.topics import read_topics
from playground.generation.options import SamplingOptions
from playground.senses.edit_documents import read_edits
from playground.senses.presets import read_presets
from playground.text.tokenizers import open_tokenizer
from playground.training.export.backpack import write_backpack
from playground.training.export.run_record import RunRecord

WORDS = ["sea", "ship", "swim", "swam", "fish", "sand", "hill", "tree", "a", "the", "old", "went", "saw", "then"]
WORDS += [first + second for first in "bdgklmnprtvz" for second in ("ak", "el", "im", "os", "ut", "ir")]
SIZE = BACKPACK["vocab_size"]
WORDS = WORDS[: SIZE - 2]  # the first id is <unk>, the last the end of text
TOPICS = {
    "general": [" the old tree", " a hill then"],
    "prompts": [" {mention} then", " saw {mention}"],
    "topics": [
        {
            "id": "sea",
            "title": "By the sea",
            "watch": "Look for fish.",
            "mentions": {"sea": "the sea", "ship": "a ship", "moon": "the moon", "sand": "the sand"},
            "words": ["sea", "ship", "swim swam", "fish", "sand", "bak bel", "bos but", "kir kut", "moon", "tak tim"],
        }
    ],
}
EASY = Goals(ratio=1.2, rise=1.0, distinct=2, repetition=0.2)
EFFORT = Effort(levers=4, walk=4, trial=8, samples=10)
OPTIONS = SamplingOptions(max_new_tokens=10, temperature=1.0, top_k=SIZE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A random Backpack all of whose tokens are words, as a checkpoint."""
    folder = tmp_path_factory.mktemp("backpack")
    tokenizer = write_word_tokenizer(tmp_path_factory.mktemp("words") / "tokenizer.json", WORDS, SIZE)
    network = language("backpack", seed=1)
    write_backpack(network, [tokenizer], folder, RunRecord("tiny", 0), torch.float16)
    return folder


@pytest.fixture(scope="module")
def model(folder):
    return SenseModel(FAMILY, language("backpack", seed=1), open_tokenizer(folder))


@pytest.fixture(scope="module")
def plan():
    (plan,) = read_topics(TOPICS)
    return plan


@torch.inference_mode()
def test_a_sense_tells_the_topic_by_its_own_logits(model, plan):
    targets = target_ids(plan.topic, model.tokenizer)
    known = [form for entry in TOPICS["topics"][0]["words"] for form in entry.split() if form != "moon"]
    assert targets == sorted(WORDS.index(word) + 1 for word in known)  # id 0 is <unk>
    senses, table = model.network.sense_vectors(torch.tensor(5)), model.network.encoder.wte.weight
    for sense, share in enumerate(sense_shares(model.network, 5, targets)):
        e = [sum(s * w for s, w in zip(senses[sense].tolist(), row.tolist(), strict=True)) for row in table]
        e = torch.tensor(e).exp()
        assert share == pytest.approx((e[targets].sum() / e.sum()).item(), rel=1e-4)


def test_the_most_telling_mentions_come_first(model, plan):
    found = telling_senses(plan, model.network, model.tokenizer)
    assert sorted(word for word, _ in found) == [" sand", " sea", " ship"]  # the moon is no token
    best = []
    for word, sense in found:
        targets = target_ids(plan.topic.without([word]), model.tokenizer)
        shares = sense_shares(model.network, WORDS.index(word[1:]) + 1, targets)
        assert max(shares) == shares[sense]
        best.append(max(shares))
    assert best == sorted(best, reverse=True)


def strength_of(edit):
    return getattr(edit, "factor", None) or getattr(edit, "weight", None) or edit.multipliers[0]


def test_levers_are_the_telling_senses_in_every_prompt(model, plan):
    levers = levers_for(plan, model.network, model.tokenizer, labels=2)
    first, second = telling_senses(plan, model.network, model.tokenizer)[:2]
    scales = [lever for lever in levers if lever.kind == "scale_sense"]
    phrases = TOPICS["topics"][0]["mentions"]
    expected = [
        (prompt.replace("{mention}", phrases[word.strip()]), word, sense)
        for prompt in TOPICS["prompts"]
        for word, sense in (first, second)
    ]
    assert [(s.prompt, s.words[0], s.rungs[0][0]["sense"]) for s in scales] == expected
    adds = [lever for lever in levers if lever.kind == "add_sense"]
    assert [(a.prompt, a.words[0], a.rungs[0][0]["sense"]) for a in adds] == [
        (prompt, word, sense) for prompt in TOPICS["general"] for word, sense in (first, second)
    ]
    boosts = [lever for lever in levers if lever.kind == "topic_boost"]
    together = [(prompt, (first[0], second[0])) for prompt, word, _ in expected if word == first[0]]
    assert [(b.prompt, b.words) for b in boosts] == [(prompt, (word,)) for prompt, word, _ in expected] + together
    for lever in levers:
        strengths = [read_edits(rung, model.network, model.tokenizer) for rung in lever.rungs]
        weights = [strength_of(edits[0]) for edits in strengths]
        assert weights == sorted(set(weights))  # a ladder


def test_a_preset_gives_its_lever_back(plan):
    entry = {"id": "x", "title": "x", "watch": "x", "prompt": " a", "topic": ["fish"], "sampling": {}}
    for lever in (
        scale_lever(" a", " sea", 2),
        add_lever(" a", " sea", 2),
        boost_lever(" a", [" sea", " a"]),
    ):
        for rung in (0, 3):
            (preset,) = read_presets({"presets": [entry | {"edits": list(lever.rungs[rung])}]})
            assert lever_of(preset) == replace(lever, first=rung)
    swap = {"kind": "swap_direction", "word": " a", "out": " sea", "in": " hill"}
    at = {"kind": "scale_sense", "word": " sea", "sense": 1, "factor": 2, "position": 0}
    fading = lever.rungs[0][0] | {"anneal": True}
    for edits in ([swap], [at], [fading], [lever.rungs[0][0]] * 2, []):
        (preset,) = read_presets({"presets": [entry | {"edits": edits}]})
        assert lever_of(preset) is None


def steering(ratio, rise, repetition=0.0):
    plain = Side(100, {"fish": 10}, 0, 100, 100, 100.0)
    edited = Side(100, {f"w{i}": 10 for i in range(6)}, round(100 * repetition), 100, 100, 100.0 * (1 + rise))
    return Steering(0, 16, plain, edited, ratio, rise, ratio, rise)


class Ladder(Search):
    """A search that is told what each rung does, and notes what it was asked."""

    def __init__(self, effects, **settings):
        super().__init__(None, None, **settings)
        self.effects, self.asked = effects, []

    def _run(self, plan, lever, rung, samples, seed):
        self.asked.append((rung, samples, seed))
        effect = self.effects[rung] if samples == self.effort.trial or seed < 2000 else self.effects[-1]
        return None if effect is None else Trial(lever, rung, steering(*effect))


LEVER = replace(scale_lever(" a", " sea", 2), first=3)
FAIR, GOOD, DEAR, WEAK = (5.0, 0.12), (7.0, 0.05), (9.0, 0.30), (1.1, 0.0)


@pytest.mark.parametrize(
    ("effects", "rungs", "best"),
    [
        ({3: GOOD}, [3], 3),
        ({3: WEAK}, [3], None),
        ({3: FAIR, 5: GOOD}, [3, 5], 5),
        ({3: FAIR, 5: DEAR, 4: FAIR}, [3, 5, 4], 3),  # and 5 again is known
        ({3: FAIR, 5: DEAR, 4: GOOD}, [3, 5, 4], 4),
        ({3: DEAR, 1: FAIR, 2: DEAR}, [3, 1, 2], 1),
        ({3: None, 1: FAIR, 2: GOOD}, [3, 1, 2], 2),  # nothing was written at 3
        ({3: DEAR, 1: DEAR, 0: DEAR}, [3, 1, 0], None),  # there is no weaker one
        ({3: (2.0, 0.0), 5: (3.0, 0.0), 7: (3.5, 0.0), 9: (3.9, 0.0)}, [3, 5, 7, 9], None),
        ({3: (8.0, 0.0, 0.5), 1: (3.0, 0.0), 2: GOOD}, [3, 1, 2], 2),  # it only repeats itself
    ],
)
def test_a_walk_goes_where_the_text_lets_it(effects, rungs, best, plan):
    search = Ladder(effects | {-1: GOOD}, seed=100)
    found = search.topic(plan, [LEVER])
    assert [rung for rung, samples, _ in search.asked if samples == 16] == rungs
    assert {seed for _, samples, seed in search.asked if samples == 16} == {100}
    if best is None:
        assert found == []
        assert len(search.asked) == len(rungs)
    else:
        assert found[0].rung == best
        assert search.asked[-2:] == [(best, 50, 1100), (best, 50, 2100)]  # other seeds decide


def test_what_does_not_hold_with_new_seeds_is_not_found(plan):
    search = Ladder({3: GOOD, -1: (3.9, 0.05)}, seed=100)
    other = replace(LEVER, prompt=" the")
    assert search.topic(plan, [LEVER, other, LEVER]) == []
    assert [samples for _, samples, _ in search.asked] == [16, 50, 50] * 2  # two finalists, and no more


def test_finds_hold_when_they_are_measured_again(model, plan):
    told = []
    search = Search(model, model, 3, OPTIONS, EASY, EFFORT, told.append)
    found = search.topic(plan)
    assert found
    assert told
    for find in found:
        preset = find.preset(OPTIONS, "tiny")
        (read,) = read_presets(json.loads(json.dumps({"presets": [preset.as_json()]})))
        edits = read.edits_for(model.network, model.tokenizer)
        topic = plan.topic.without(find.lever.words)
        for run, seed in zip(read.measured["runs"], (1003, 2003), strict=True):
            options = SamplingOptions(**read.sampling)
            again = measure(model, model, read.prompt, options, edits, topic, range(seed, seed + 10))
            assert again.as_json() == run
            assert EASY.met_by(again)
            assert not set(run["topic_words"]) & {word.strip() for word in find.lever.words}


@pytest.fixture
def files(tmp_path, folder):
    preset = {"id": "p", "title": "t", "watch": "w", "prompt": " the sea", "topic": ["fish", "ship", "sand", "zak"]}
    edits = [{"kind": "scale_sense", "word": " sea", "sense": 1, "factor": 1.0}]
    preset |= {"edits": edits, "sampling": {"max_new_tokens": 5, "temperature": 1.0}}
    (tmp_path / "topics.json").write_text(json.dumps(TOPICS))
    (tmp_path / "presets.json").write_text(json.dumps({"presets": [preset]}))
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(command.app, list(map(str, arguments)))


def test_the_command_measures_a_list_again(files, folder):
    out = files / "measured.json"
    given = ("measure", folder, "--presets", files / "presets.json", "--reference", folder, "--out", out)
    result = run(*given, "--seed", 5, "--samples", 4, "--runs", 2)
    assert result.exit_code == 2  # an edit that does nothing breaks what presets promise
    (row,) = json.loads(result.stdout)["presets"]
    assert (row["id"], row["holds"], row["ratio"], row["rise_percent"], row["samples"]) == ("p", False, 1.0, 0.0, 4)
    assert [found["seed"] for found in row["runs"]] == [5, 1005]
    (preset,) = read_presets(json.loads(out.read_text()))
    assert preset.measured == {key: value for key, value in row.items() if key not in ("id", "holds")}


def test_the_command_searches(files, folder, monkeypatch):
    fixed = {"options": OPTIONS, "goals": Goals(ratio=0.0, rise=9.0, distinct=1, repetition=1.0)}
    fixed["effort"] = Effort(levers=2, walk=1, trial=2, samples=3)
    monkeypatch.setattr(command, "Search", lambda *models, **given: Search(*models, **given, **fixed))
    out = files / "found.json"
    given = ("search", folder, "--topics", files / "topics.json", "--reference", folder, "--out", out)
    assert run(*given, "--only", "sea").exit_code == 0
    found = read_presets(json.loads(out.read_text()))
    assert {preset.id for preset in found} == {"sea-add", "sea-scale", "sea-topic"}
    assert run(*given, "--kind", "scale_sense").exit_code == 0
    assert [preset.id for preset in read_presets(json.loads(out.read_text()))] == ["sea-scale"]
    again = files / "again.json"
    assert run(*given[:-1], again, "--start", out, "--seed", 7).exit_code == 0
    assert {preset.prompt for preset in read_presets(json.loads(again.read_text()))} <= {p.prompt for p in found}


def test_the_command_refuses_in_words(files, folder):
    given = ("search", folder, "--topics", files / "topics.json", "--out", files / "x.json")
    result = run(*given, "--only", "sky")
    assert isinstance(result.exception, InvalidRequest)
    assert re.search("no topic 'sky'. Known are sea", str(result.exception))
    result = run(*given, "--kind", "shout")
    assert re.search("no kind of edit 'shout'. Known are scale_sense", str(result.exception))
    assert not (files / "x.json").exists()

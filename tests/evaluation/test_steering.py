"""Words, counts, ratios and bits of steered texts against values counted by hand."""

import json
import math
import random
import re
from pathlib import Path

import pytest
from tiny_networks import BACKPACK, language
from word_level import write_word_tokenizer

import playground
from playground.checkpoints.families.backpack import FAMILY
from playground.checkpoints.model import SenseModel
from playground.errors import InvalidRequest
from playground.evaluation.steering.goals import Goals, extra_repetition, merit, summary
from playground.evaluation.steering.measure import Samples, compare, draw, measure
from playground.evaluation.steering.topics import read_topics
from playground.evaluation.steering.words import Topic, forms, words_of
from playground.generation.options import SamplingOptions
from playground.generation.sampler import sample
from playground.senses.edits import ScaleSense
from playground.text.tokenizers import open_tokenizer

WORDS = ["sea", "ship", "swim", "swam", "fish", "sand", "hill", "tree", "a", "the", "old", "went", "saw", "then"]
WORDS += [first + second for first in "bdgklmnprtvz" for second in ("ak", "el", "im", "os", "ut", "ir")]
OPTIONS = SamplingOptions(max_new_tokens=12, temperature=1.0)


def refused(*parts):
    return pytest.raises(InvalidRequest, match=".*".join(map(re.escape, parts)))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A random Backpack all of whose tokens are words."""
    size = BACKPACK["vocab_size"]
    path = tmp_path_factory.mktemp("words") / "tokenizer.json"
    tokenizer = open_tokenizer(write_word_tokenizer(path, WORDS[: size - 2], size))
    return SenseModel(FAMILY, language("backpack", seed=1), tokenizer)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The Sea! THE sea.", ["the", "sea", "the", "sea"]),
        ("Tom's boat isn't Tom\u2019s; ice-cream, 3 eggs\n\nand one",
         ["tom", "boat", "isn't", "tom", "ice", "cream", "eggs", "and", "one"]),
        ("'Stop!' she said, 'now'. Gr\u00fc\u00dfe _x_", ["stop", "she", "said", "now", "gr\u00fc\u00dfe", "x"]),
        ("12 -- !", []),
    ],
)  # fmt: skip
def test_words_are_lower_case_runs_of_letters(text, words):
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("word", "inside", "outside"),
    [
        ("ship", "ship ships shipped shipping", "shiped shape"),
        ("bake", "bake bakes baked baking", "baker bak"),
        ("car", "car cars", "care cared caring"),
        ("cry", "cry cries cried crying", "crayon"),
        ("baby", "baby babies", "babe"),
        ("play", "play plays played playing", "plaied playying"),
        ("fish", "fish fishes fished fishing", "fisher"),
        ("corn", "corn corns", "corner"),
        ("tie", "tie ties tied tying", "tired"),
        ("snow", "snow snows snowed snowing", "snowwing snowy snowman"),
        ("potato", "potato potatoes potatos", "pot"),
        ("see", "see sees seeing", "seen"),
        ("sail", "sail sails sailed sailing", "sailled sailor"),
        ("open", "open opened opening", "openned"),
    ],
)
def test_forms_are_regular_inflections(word, inside, outside):
    assert set(inside.split()) <= forms(word)
    assert not set(outside.split()) & forms(word)


def test_forms_of_one_entry_count_as_one_word():
    topic = Topic.of(["Sea", "swim swam swum", "fish", "bake baker"])
    text = "The seas! She swam, swims and swam; the fishing. Bakers baked a seal."
    assert topic.count(words_of(text)) == {"sea": 1, "swim": 3, "fish": 1, "bake": 2}


def test_edited_words_and_their_forms_do_not_count():
    topic = Topic.of(["sea", "swim swam swum", "fish", "seal"])
    assert [entry[0] for entry in topic.without([" seas", " swum"]).entries] == ["fish", "seal"]
    assert [entry[0] for entry in topic.without([" Fishing", "hill"]).entries] == ["sea", "swim", "seal"]


def test_a_topic_must_be_clear():
    with refused("'baker' and 'bake' share the form 'baker", "'baker bake'"):
        Topic.of(["baker", "bake baker"])
    with refused("at least one word"):
        Topic.of([])
    with refused("no empty ones"):
        Topic.of(["sea", " "])


# Four words each: on topic 0 and 1 without the edits; 2 and 2 with them.
TOPIC = Topic.of(["fish", "ship", "swim swam"])
PLAIN = Samples((" The old tree fell.", " He saw a fish"), (19.0, 11.0))
EDITED = Samples((" The ships swam on.", " Fish saw a ship"), (24.0, 12.0))
ON_TOPIC = dict(zip(PLAIN.texts + EDITED.texts, (0, 1, 2, 2), strict=True))


def test_a_comparison_counted_by_hand():
    found = compare(PLAIN, EDITED, TOPIC, seed=7)
    assert (found.seed, found.samples) == (7, 2)
    assert (found.plain.words, found.plain.on_topic, found.plain.rate) == (8, 1, 1 / 8)
    assert (found.edited.words, found.edited.topic) == (8, {"ship": 2, "swim": 1, "fish": 1})
    assert found.ratio == pytest.approx((4.5 / 8) / (1.5 / 8))
    assert (found.plain.bytes, found.edited.bytes) == (19 + 14, 19 + 16)
    assert found.plain.bits_per_byte == pytest.approx(30 / 33)
    assert found.rise == pytest.approx((36 / 35) / (30 / 33) - 1)
    assert found.distinct == 3
    assert found.spread == pytest.approx(2**1.5)  # a half and two quarters
    shown = json.loads(json.dumps(found.as_json()))
    assert shown["topic_words"] == {"ship": 2, "fish": 1, "swim": 1}
    assert shown["ratio"] == 3.0
    assert shown["plain"]["rate"] == 0.125


def test_a_topic_that_never_came_up_has_a_ratio_all_the_same():
    nothing = Samples((" an old tree fell",), (9.0,))
    found = compare(nothing, Samples((" fish fish",), (9.0,)), TOPIC, 0)
    assert found.ratio == pytest.approx((2.5 / 2) / (0.5 / 4))
    assert compare(nothing, nothing, TOPIC, 0).ratio == 1.0
    assert compare(nothing, nothing, TOPIC, 0).spread == 0.0
    assert merit(compare(nothing, nothing, TOPIC, 0)) == -math.inf


def test_runs_of_three_words_that_come_again_are_repetition():
    loop = Samples((" a b c a b c a b c",), (9.0,))
    twice = Samples((" a b c d", " a b c d"), (4.0, 4.0))  # not within one text
    found = compare(twice, Samples(loop.texts * 2, loop.bits * 2), TOPIC, 0)
    assert found.plain.repetition == 0.0
    assert found.edited.repetition == pytest.approx(4 / 7)
    assert extra_repetition(found) == pytest.approx(4 / 7)


def test_cautious_figures_follow_the_doubt():
    alike = compare(Samples(PLAIN.texts[1:] * 9, (9.0,) * 9), Samples(EDITED.texts[1:] * 9, (12.0,) * 9), TOPIC, 0)
    dice = random.Random(0)
    plain = Samples(tuple(dice.choice(PLAIN.texts) for _ in range(40)), tuple(dice.uniform(5, 20) for _ in range(40)))
    edited = Samples(tuple(dice.choice(EDITED.texts) for _ in range(40)), tuple(dice.uniform(9, 20) for _ in range(40)))
    mixed = compare(plain, edited, TOPIC, 0)
    assert alike.cautious_rise == pytest.approx(alike.rise)
    assert alike.cautious_ratio == pytest.approx(alike.ratio)
    assert mixed.cautious_ratio < 0.95 * mixed.ratio
    assert mixed.cautious_rise > mixed.rise + 0.02
    worse = [drawn_again(plain, edited, dice) for _ in range(2000)]
    assert sum(ratio < mixed.cautious_ratio for ratio, _ in worse) / 2000 == pytest.approx(0.05, abs=0.025)
    assert sum(rise > mixed.cautious_rise for _, rise in worse) / 2000 == pytest.approx(0.05, abs=0.025)


def drawn_again(plain, edited, dice):
    """Ratio and rise for as many pairs, drawn with replacement; each text has four words, ``ON_TOPIC`` some of them."""
    places = [dice.randrange(len(plain.texts)) for _ in plain.texts]
    on_topic, costs = [], []
    for samples in (plain, edited):
        on_topic.append(sum(ON_TOPIC[samples.texts[i]] for i in places))
        costs.append(sum(samples.bits[i] for i in places) / sum(len(samples.texts[i]) for i in places))
    return (on_topic[1] + 0.5) / (on_topic[0] + 0.5), costs[1] / costs[0] - 1


def test_what_cannot_be_compared_is_refused():
    with refused("2 texts cannot be compared with 1"):
        compare(PLAIN, Samples((" a",), (1.0,)), TOPIC, 0)
    with refused("texts with edits hold no word"):
        compare(PLAIN, Samples(("", "!"), (0.0, 1.0)), TOPIC, 0)


def test_texts_are_those_of_the_sampler_and_bits_those_of_the_logits(model):
    seeds = range(3, 21)  # more than fit in one batch
    edits = [ScaleSense(1, 2, 4.0)]
    drawn = draw(model, model, " the sea", OPTIONS, edits, seeds)
    assert len(drawn.texts) == len(drawn.bits) == 18
    for i in [i for i, text in enumerate(drawn.texts) if "<unk>" not in text][-9:]:
        options = SamplingOptions(max_new_tokens=12, temperature=1.0, seed=seeds[i])
        assert drawn.texts[i] == "".join(step.text for step in sample(model, " the sea", options, edits))
        ids = model.tokenizer.encode("<|endoftext|> the sea" + drawn.texts[i])
        logprobs = model.logits(ids).log_softmax(-1)
        expected = -sum(logprobs[t - 1, ids[t]].item() for t in range(3, len(ids))) / math.log(2)
        assert drawn.bits[i] == pytest.approx(expected, abs=1e-3)


def test_edits_that_change_nothing_leave_the_coupled_texts_alone(model):
    topic = TOPIC.without([" sea"])
    for edit in (ScaleSense(1, 2, 1.0), ScaleSense(82, 0, 9.0)):
        found = measure(model, model, " the sea", OPTIONS, [edit], topic, range(5))
        assert found.plain == found.edited
        assert (found.ratio, found.rise) == (1.0, 0.0)


def test_the_measure_is_the_same_every_time_and_another_with_other_seeds(model):
    def run(seeds):
        return measure(model, model, " the sea", OPTIONS, [ScaleSense(1, 2, 6.0)], TOPIC, seeds)

    first = run(range(6))
    assert first.as_json() == run(range(6)).as_json()
    assert first.plain != first.edited
    assert first.plain != run(range(6, 12)).plain


def test_goals_ask_for_all_four():
    found = compare(PLAIN, EDITED, TOPIC, 0)  # ratio 3, rise 0.13, 3 words, no repetition
    assert Goals(3.0, 0.14, 3, 0.0).met_by(found)
    for missed in (Goals(3.1, 0.14, 3, 0.0), Goals(3.0, 0.13, 3, 0.0), Goals(3.0, 0.14, 4, 0.0), Goals(3, 1, 3, -0.1)):
        assert not missed.met_by(found)


def test_a_summary_tells_the_worst_of_the_runs():
    runs = [compare(PLAIN, EDITED, TOPIC, 0), compare(PLAIN, PLAIN, TOPIC, 50)]
    told = summary(runs, "a-model")
    assert (told["ratio"], told["distinct"], told["rise_percent"]) == (1.0, 1, 13.1)
    assert [run["seed"] for run in told["runs"]] == [0, 50]


def test_the_topics_at_hand_are_many_and_in_order():
    path = Path(playground.__file__).parent / "evaluation" / "steering" / "topics.json"
    plans = read_topics(json.loads(path.read_text(encoding="utf-8")))
    assert len(plans) >= 16
    for plan in plans:
        assert len(plan.topic.entries) >= 20
        assert len(plan.mentions) >= 5
        # But for the mention, no prompt speaks of the topic.
        prompts = [prompt.replace("{mention}", "") for prompt in plan.prompts + plan.general]
        assert not any(plan.topic.count(words_of(prompt)) for prompt in prompts), plan.id


ENTRY = {"id": "sea", "title": "Sea", "watch": "Look.", "words": ["sea", "ship"], "mentions": {"sea": "the sea"}}


def test_a_topic_has_prompts_of_its_own_or_those_of_the_file():
    own = ENTRY | {"id": "own", "prompts": ["Look: {mention}!"], "mentions": {"ship": "a ship", "sea": "the sea"}}
    first, second = read_topics(
        {"topics": [ENTRY, own], "prompts": ["Of {mention}.", "On {mention}."], "general": ["So"]}
    )
    assert first.prompts_with("sea") == ["Of the sea.", "On the sea."]
    assert second.prompts_with("ship") == ["Look: a ship!"]
    assert first.general == second.general == ("So",)
    assert (second.id, second.lines, list(second.mentions)) == ("own", ("sea", "ship"), ["ship", "sea"])


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([ENTRY], "'topics' is a list"),
        ({"topics": [ENTRY, 3]}, "Topic 2 must be an object"),
        ({"topics": [ENTRY | {"title": ""}]}, "Topic 1: title must be text"),
        ({"topics": [ENTRY | {"words": "sea"}]}, "Topic 'sea': words must be a list of texts"),
        (
            {"topics": [ENTRY | {"words": ["sea", "sea fish"], "id": "x"}]},
            "Topic 'x': The topic's entries 'sea' and 'sea'",
        ),
        ({"topics": [ENTRY | {"words": []}]}, "Topic 'sea': A topic needs"),
        ({"topics": [ENTRY, ENTRY]}, "'sea' occurs twice"),
        ({"topics": [ENTRY], "prompts": [1]}, "The topics file: prompts must be a list of texts"),
        ({"topics": [ENTRY], "general": "So"}, "The topics file: general must be a list of texts"),
        ({"topics": [ENTRY | {"prompts": ["the sea"]}]}, "Topic 'sea': every prompt must hold {mention}"),
        ({"topics": [ENTRY | {"mentions": ["sea"]}]}, "Topic 'sea': mentions must be an object"),
        ({"topics": [ENTRY | {"mentions": {"sea": "a ship"}}]}, "'a ship' must hold the word 'sea'"),
    ],
)
def test_topics_that_are_none_are_refused(document, message):
    if isinstance(document, dict):
        document = {"prompts": ["Of {mention}."], "general": []} | document
    with refused(message):
        read_topics(document)

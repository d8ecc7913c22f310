"""The bias probe in a real browser, against ratios of the library's own probabilities; and its chart and words."""

import json
import math
import re

import pytest
from playwright.sync_api import expect
from word_backpack import NAME, word_backpack

from playground.engine.sense_requests import BiasAnswer, BiasRow, BiasSearchAnswer
from playground.errors import InvalidRequest
from playground.senses.edit_documents import read_edits
from playground.ui.charts.bias_ratio import bias_figure, ratio_words, word_ratios
from playground.ui.senses_probe import common_part, cost_words, listed, result_value

SLOW = 60_000  # milliseconds, for what takes long only on a busy machine
TEMPLATES = (" the {} was", " Lily had a {} the")
WORDS = ("dog", "park", "mother", "father")
HOSTILE = "<img src=x onerror=window.__pwned=1>${7*7}"  # several tokens


@pytest.fixture(scope="module")
def model(app, tmp_path_factory):
    with word_backpack(app, tmp_path_factory.mktemp("words")) as oracle:
        yield oracle


def ratio(model, template, word, documents=(), groups=("he", "she")):
    """p(A) / p(B) after the template with the word."""
    a, b = (model.tokenizer.encode(f" {name}")[0] for name in groups)
    edits = read_edits(list(documents), model.network, model.tokenizer)
    p = model.logits(model.prompt_ids(template.format(word)), edits)[-1].double().softmax(-1)
    return float(p[a] / p[b])


def scaled(word, factor, sense=3):
    return [{"kind": "scale_sense", "word": f" {word}", "sense": sense, "factor": factor}]


def open_probe(guest, sense=3, factor=-2):
    page = guest.page
    page.get_by_role("tab", name="Backpack", exact=True).click()
    page.get_by_role("tab", name="Bias probe", exact=True).click()
    expect(page.locator(".prb-status")).not_to_have_text("Press Measure.", timeout=SLOW)  # it measures by itself
    for name, value in (("templates", "\n".join(TEMPLATES)), ("words", ", ".join(WORDS))):
        page.locator(f"#probe-{name} textarea").fill(value)
    for name, value in (("sense", sense), ("factor", factor)):
        page.locator(f"#probe-{name} input").fill(str(value))
        page.locator(f"#probe-{name} input").press("Tab")
    return page


def mean_bias(ratios):
    return sum(max(one, 1 / one) for one in ratios) / len(ratios)


def until_measured(page):
    expect(page.locator(".prb-table tbody th")).to_have_count(len(WORDS), timeout=SLOW)
    expect(page.locator(".prb-status")).to_have_text("", timeout=SLOW)


def test_ratios_before_and_after_are_the_librarys(visit, model):
    page = open_probe(visit())
    page.locator("#probe-run").click()
    until_measured(page)
    before = {word: [ratio(model, one, word) for one in TEMPLATES] for word in WORDS}
    after = {word: [ratio(model, one, word, scaled(word, -2.0)) for one in TEMPLATES] for word in WORDS}
    found = [float(one) for one in re.findall(r"([\d.]+) times", page.locator(".prb-sentences").inner_text())]
    assert found == [
        pytest.approx(mean_bias([one for each in side.values() for one in each]), abs=0.051) for side in (before, after)
    ]
    geometric = {word: math.exp(sum(map(math.log, ratios)) / len(ratios)) for word, ratios in before.items()}
    cells = page.locator(".prb-table tbody tr").evaluate_all(
        "(rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent))"
    )
    assert [cell[0] for cell in cells] == sorted(WORDS, key=geometric.get)
    for word, was, _ in cells:
        assert was == ratio_words(geometric[word], "he", "she")
    # The chart has a mark for each word before and one after.
    marks = page.locator("#probe-chart .scatterlayer .trace:has(.points path)")
    expect(marks.locator(".points path")).to_have_count(2 * len(WORDS), timeout=SLOW)


def test_the_factor_is_searched_and_taken_to_the_mixer(visit, model):
    groups, sense, loud = ("word9", "she"), 8, 60.0
    page = open_probe(visit(), sense)
    for word in WORDS:  # the random model is hardly biased: the mixer's edits make it so
        edit = scaled(word, loud, sense)[0]
        page.evaluate("(detail) => window.dispatchEvent(new CustomEvent('sense-edit', { detail }))", edit)
    page.locator("#probe-mixed input").check()
    page.locator("#probe-group-a :is(input, textarea)").first.fill(groups[0])
    page.locator("#probe-cost button").first.click()
    page.locator("#probe-neutral textarea").fill(" the dog had a park the mother was sad")
    page.locator("#probe-search").click()
    expect(page.locator(".prb-found")).to_be_visible(timeout=SLOW)
    items = page.locator(".prb-factors li")
    factors = dict(items.evaluate_all("(all) => all.map((one) => [...one.children].map((part) => part.textContent))"))
    factors = {word: float(factor.removeprefix("× ")) for word, factor in factors.items()}
    assert list(factors) == list(WORDS)
    for word in WORDS:  # on a coarse grid of our own nothing is better

        def cost(factor, word=word):
            edits = scaled(word, loud * factor, sense)
            return mean_bias([ratio(model, one, word, edits, groups) for one in TEMPLATES]) + abs(1 - factor)

        assert cost(factors[word]) <= min(cost(step / 10) for step in range(11)) + 0.05
    changed = [word for word in WORDS if factors[word] < 0.95]
    assert len(changed) >= 2
    expect(page.locator(".prb-sentences")).to_contain_text("bits per byte before")
    page.locator(".prb [data-do=mix]").click()
    expect(page.locator(".prb-sent")).to_contain_text("in the mixer now")
    page.get_by_role("tab", name="Mixer", exact=True).click()
    mixed = {edit["word"]: edit["factor"] for edit in json.loads(page.locator(".mix-document pre").text_content())}
    for word in WORDS:  # in place of the loud ones, not beside them
        assert mixed[f" {word}"] == pytest.approx(loud * factors[word], abs=0.31)
    page.set_viewport_size({"width": 400, "height": 900})
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")


def test_what_is_wrong_is_said_in_one_line(visit, model):
    page = open_probe(visit(), sense=99)
    page.locator("#probe-run").click()
    expect(page.locator(".prb-status")).to_contain_text("99", timeout=SLOW)
    page.locator("#probe-words textarea").fill(f"dog, {HOSTILE}")
    page.locator("#probe-sense input").fill("3")
    page.locator("#probe-sense input").press("Tab")
    page.locator("#probe-run").click()
    expect(page.locator(".prb-status")).to_contain_text(HOSTILE, timeout=SLOW)
    page.locator("#probe-templates textarea").fill("no slot")
    page.locator("#probe-run").click()
    expect(page.locator(".prb-status")).to_contain_text("slot", timeout=SLOW)


def row(word, before, after, template="{}"):
    return BiasRow(template, word, 0.1, 0.1 / before, 0.1, 0.1 / after, before, after)


def test_words_are_ordered_and_averaged_over_templates():
    found = word_ratios([row("b", 8, 2), row("a", 0.5, 1, "x{}"), row("b", 2, 2, "x{}"), row("a", 0.5, 1)])
    assert [(each.word, each.before, each.after) for each in found] == [
        ("a", pytest.approx(0.5), pytest.approx(1)), ("b", pytest.approx(4), pytest.approx(2)),
    ]  # fmt: skip
    assert (
        word_ratios([row("a", 0, math.inf)] if False else [BiasRow("{}", "a", 0, 1, 1, 0, 0.0, math.inf)])[0].before > 0
    )


def test_the_chart_is_logarithmic_escaped_and_shows_both_sides():
    figure = bias_figure(word_ratios([row("<b>x</b>", 10, 0.1), row("y", 100, 1)]), "<i>he", "she")
    before, after = figure.data[-2:]
    assert list(before.x) == pytest.approx([1, 2])
    assert list(after.x) == pytest.approx([-1, 0])
    assert "<b>" not in json.dumps(figure.to_plotly_json(), default=str).replace("<br>", "").replace("\\u003cb", "<b")
    low, high = figure.layout.xaxis.range
    assert low < -1
    assert high > 2
    assert "equal" in figure.layout.xaxis.ticktext
    assert "<i>" not in figure.layout.xaxis.title.text


def test_ratios_in_words():
    assert ratio_words(2.5, "he", "she") == "he 2.5 times as likely"
    assert ratio_words(0.05, "he", "she") == "she 20 times as likely"
    assert ratio_words(1.01, "he", "she") == "about as likely"


def searched(bits, after, touched):
    edit = scaled("dog", 0.5)[0]
    return BiasSearchAnswer(("dog",), (0.5,), (row("dog", 4, 2),), 4.0, 2.0, (edit,), bits, after, touched)


def test_results_in_words():
    value = result_value(searched(1.0, 1.02, 3), "he", "she")
    assert "4.0 times as likely as the other before, 2.0 times after" in value["sentences"][0]
    assert "(2.0 % more); 3 of its tokens" in value["sentences"][1]
    assert value["factors"] == [["dog", 0.5]]
    assert value["edits"] == scaled("dog", 0.5)
    assert "none of these words" in cost_words(searched(1.0, 1.0, 0))
    assert cost_words(searched(None, None, 0)) == ""
    assert result_value(BiasAnswer((row("dog", 4, 2),), 4.0, 2.0), "he", "she")["edits"] == []


def test_lists_come_apart_at_commas_and_line_ends():
    assert listed(" he, him\nhis,, ") == ("he", "him", "his")
    asked = {"model": NAME, "templates": "a {}\n\nb {}", "words": "x", "group_a": "he", "group_b": "she"}
    assert common_part(**asked, mixed=False, edits="nonsense")["templates"] == ("a {}", "b {}")
    with pytest.raises(InvalidRequest, match="no JSON"):
        common_part(**asked, mixed=True, edits="nonsense")

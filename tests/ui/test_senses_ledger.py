"""The ledger in a real browser: its squares and sums against the model's own logits, computed by the library."""

import base64
import json
import math
import re

import numpy as np
import pytest
import torch
from contrast import SCHEME, contrast
from playwright.sync_api import expect
from word_backpack import TEXT, WORDS, open_backpack, word_backpack

from playground.engine.sense_requests import Candidate, LedgerAnswer, Piece, SenseWeights
from playground.ui.charts.ledger_waterfall import SHOWN, Share, largest, waterfall_figure
from playground.ui.senses_ledger_view import ROWS, alpha_json, bars, ledger_json, shares_of, shown_rows

SLOW = 60_000  # milliseconds, for what takes long only on a busy machine
SENSES = 16


@pytest.fixture(scope="module")
def model(app, tmp_path_factory):
    with word_backpack(app, tmp_path_factory.mktemp("words")) as oracle:
        yield oracle


@pytest.fixture(scope="module")
def shares(model):
    """``shares(ids, token)``: ``(T, k)``, the weight of each (word, sense) at the end times its vector times the
    token's, as the paper's formula says."""

    def of(ids, token):
        alpha, vectors = model.sense_weights(ids)[:, -1], model.sense_vectors(ids)  # (k, T), (T, k, d)
        return (alpha.T * (vectors @ model.network.word_vectors[token])).detach() / model.network.sense_divisor

    return of


def id_of(word):
    return 1 + WORDS.index(word)


def open_ledger(guest, text=TEXT):
    page = guest.page
    open_backpack(page)
    page.get_by_role("tab", name="Ledger", exact=True).click()
    expect(page.locator(".led-cell").first).to_be_visible(timeout=SLOW)
    page.locator("#ledger-text textarea").fill(text)
    page.locator("#ledger-run").click()
    expect(page.locator(".led-tok")).to_have_text([f" {word}" for word in text.split()], timeout=SLOW)
    return page


def numbers(text):
    return [float(one.replace("−", "-")) for one in re.findall(r"[+−]?\d+\.\d+", text)]


CELLS = """() => [...document.querySelectorAll(".led-map tr")].map((row) => [...row.querySelectorAll(".led-cell")].map(
    (cell) => [cell.getAttribute("aria-label"), cell.className])).filter((row) => row.length)"""


def cells(page):
    """The shares that the squares tell, and whether their colour is that of a sum below 0."""
    rows = page.evaluate(CELLS)
    found = [[numbers(label.rsplit(":", 1)[1])[0] for label, _ in row] for row in rows]
    return np.array(found), np.array([["led-minus" in name for _, name in row] for row in rows])


def read(page, what):
    """The numbers of the sentence, once it speaks of ``what``: total, model, difference."""
    sums = page.locator(".led-sums")
    expect(sums).to_have_text(re.compile(re.escape(what)), timeout=SLOW)
    return numbers(sums.inner_text())


def test_the_squares_are_the_shares_and_add_up_to_the_models_logit(visit, model, shares):
    page = open_ledger(visit())
    ids = model.tokenizer.encode(TEXT)
    logits = model.logits(ids)
    best = logits[-1, : model.sampled_size].topk(2).indices.tolist()
    names = [model.tokenizer.token_text(i).strip() for i in best]
    total, own, difference = read(page, f"the logit of “{names[0]}”")[:3]
    assert (total, own) == (pytest.approx(float(logits[-1, best[0]]), abs=6e-3),) * 2
    assert abs(difference) <= 1e-3
    found, minus = cells(page)
    wanted = shares(ids, best[0]).numpy()
    assert found == pytest.approx(wanted, abs=6e-4)
    assert (minus == (wanted.round(5) < 0)).all()
    assert float(wanted.sum()) == pytest.approx(float(logits[-1, best[0]]), abs=1e-3)
    # The chips: the likeliest tokens with their probabilities.
    chip = page.locator(".led-a .sx-chip").first
    share = float(logits[-1].softmax(-1)[best[0]])
    assert chip.locator("bdi").inner_text() == names[0]
    assert float(chip.locator(".sx-figure").inner_text().split()[0]) == pytest.approx(100 * share, abs=0.51)
    # Why A rather than B: the difference of two ledgers, and the log odds.
    page.locator(".led-b .sx-chip").nth(1).click()
    total, own, difference = read(page, f"the log odds of “{names[0]}” against “{names[1]}”")[:3]
    odds = float(logits[-1, best[0]] - logits[-1, best[1]])
    assert (total, own) == (pytest.approx(odds, abs=6e-3),) * 2
    assert abs(difference) <= 1e-3
    found, _ = cells(page)
    assert found == pytest.approx(wanted - shares(ids, best[1]).numpy(), abs=6e-4)
    # Any word, here and there.
    for row, word in ((".led-a", "happy"), (".led-b", "sad")):
        page.locator(f"{row} input").fill(word)
        page.locator(f"{row} input").press("Enter")
        expect(page.locator(f'{row} .sx-chip[aria-pressed="true"] bdi')).to_have_text(word, timeout=SLOW)
    odds = float(logits[-1, id_of("happy")] - logits[-1, id_of("sad")])
    assert read(page, "the log odds of “happy” against “sad”")[0] == pytest.approx(odds, abs=6e-3)
    more, less = ("happy", "sad") if odds > 0 else ("sad", "happy")
    said = re.search(r"“(\w+)” is ([\d.]+) times as likely as “(\w+)”", page.locator(".led-sums").inner_text())
    assert (said[1], said[3]) == (more, less)
    assert float(said[2]) == pytest.approx(math.exp(abs(odds)), rel=0.05)
    # The chart tells the same total.
    totals = "() => document.querySelector('#ledger-waterfall .js-plotly-plot')?.data?.[0]?.x?.at(-1)"
    page.wait_for_function(f"(odds) => Math.abs(({totals})() - odds) < 1e-3", arg=odds, timeout=SLOW)


def test_another_place_by_mouse_and_keys_and_what_a_square_offers(visit, model, shares):
    page = open_ledger(visit())
    ids = model.tokenizer.encode(TEXT)
    check_maps(page, model, ids)
    tokens = page.locator(".led-tok")
    tokens.nth(3).click()
    expect(tokens.nth(3)).to_have_attribute("aria-pressed", "true", timeout=SLOW)
    expect(page.locator(".led-map .led-word")).to_have_count(4)
    expect(page.locator(".led-a")).to_contain_text("in the text")
    best = int(model.logits(ids[:4])[-1, : model.sampled_size].argmax())
    assert cells(page)[0] == pytest.approx(shares(ids[:4], best).numpy(), abs=6e-4)
    tokens.nth(3).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator(".led-map .led-word")).to_have_count(5, timeout=SLOW)
    expect(tokens.nth(4)).to_be_focused()
    # The squares by keys: what is pointed at is told below.
    best = int(model.logits(ids[:5])[-1, : model.sampled_size].argmax())
    own = shares(ids[:5], best)
    page.locator('.led-cell[data-row="0"][data-sense="0"]').focus()
    for key in ("ArrowDown", "ArrowDown", "End", "ArrowLeft"):
        page.keyboard.press(key)
    told = page.locator(".led-told")
    expect(told).to_contain_text("“a” (token 2), sense 14:")
    share, weight = numbers(told.inner_text())
    assert share == pytest.approx(float(own[2, 14]), abs=6e-5)
    assert weight == pytest.approx(float(model.sense_weights(ids[:5])[14, -1, 2]), abs=6e-5)
    page.evaluate(
        "() => { window.edits = []; window.addEventListener('sense-edit', (e) => window.edits.push(e.detail)); }"
    )
    page.keyboard.press("Enter")
    box = page.locator("#ledger .sx-box")
    promoted = (model.sense_vectors([id_of("a")])[0, 14] @ model.network.word_vectors.T).topk(1).indices
    first = model.tokenizer.token_text(int(promoted)).strip()
    expect(box.locator(".sx-word").first).to_have_text(first, timeout=SLOW)
    for name in ("this occurrence × 2", "this word everywhere × 0"):
        box.get_by_role("button", name=name).click()
    assert page.evaluate("window.edits") == [
        {"kind": "scale_sense", "word": " a", "sense": 14, "factor": 2, "position": 2},
        {"kind": "scale_sense", "word": " a", "sense": 14, "factor": 0},
    ]
    box.get_by_role("button", name="open in explorer").click()
    expect(page.locator("#senses-explorer .sx-status")).to_have_text(re.compile("^“a”"), timeout=SLOW)
    expect(page.locator("#senses-explorer")).to_be_visible()


def check_maps(page, model, ids):
    """The maps are the sense weights."""
    alpha = model.sense_weights(ids)
    expect(page.locator(".al-small")).to_have_count(SENSES, timeout=SLOW)
    told = page.locator(".al-told")
    expect(told).to_contain_text(f"token {len(ids) - 1}", timeout=SLOW)
    page.locator(".al-small").nth(5).click()
    page.locator(".al-large canvas").focus()
    row = column = len(ids) - 1
    for key, down, right in (("ArrowLeft", 0, -1), ("ArrowLeft", 0, -1), ("ArrowUp", -1, 0), ("ArrowLeft", 0, -1)):
        page.keyboard.press(key)
        row, column = row + down, column + right
        expect(told).to_contain_text(f"(token {column})")
        assert numbers(told.inner_text())[-1] == pytest.approx(float(alpha[5, row, column]), abs=1e-4)
    canvas = page.locator(".al-large canvas")
    box = canvas.bounding_box()
    size = box["width"] / len(ids)
    canvas.hover(position={"x": 0.5 * size, "y": 3.5 * size})
    expect(told).to_contain_text("sense 5, predicting after “dog” (token 3): weight of “Lily” (token 0)", timeout=SLOW)
    assert numbers(told.inner_text())[-1] == pytest.approx(float(alpha[5, 3, 0]), abs=1e-4)


READ = (
    ".sx-status", ".led-place", ".sx-chip bdi", ".sx-chip .sx-figure", ".sx-label", ".led-sums", ".led-word bdi",
    ".led-map td.led-sum", ".led-sense-sum", ".led-told", ".led-legend .tip",
)  # fmt: skip


# The least contrast of a sign with its square: the colours as they are painted, since mixed ones are no rgb().
SIGNS = """() => {
    const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const luminance = (colour) => {
        pen.fillStyle = colour;
        pen.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...pen.getImageData(0, 0, 1, 1).data].map((value) => value / 255).map(
            (share) => share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ratios = [...document.querySelectorAll(".led-cell")].filter((cell) => cell.textContent).map((cell) => {
        const style = getComputedStyle(cell);
        const [one, other] = [style.color, style.backgroundColor].map(luminance);
        return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    });
    return ratios.length ? Math.min(...ratios) : 0;
}"""


def test_it_fits_a_telephone_and_says_what_is_too_long(visit, model):
    guest = visit(width=400, height=800, scheme="dark")
    text = " ${7*7} <img/src=x/onerror=window.__pwned='img'> {{value}} &lt;b&gt; Lily"
    page = open_ledger(guest, text)
    assert not guest.scrolls_sideways()
    assert page.locator("#ledger :is(img, script, a)").count() == 0
    for scheme in ("dark", "light"):
        assert page.evaluate(SCHEME, scheme) == (scheme == "dark")
        for place in READ:
            assert contrast(page.locator(f"#ledger {place}")) >= 4.5, (scheme, place)
        assert page.evaluate(SIGNS) >= 4.5, scheme
    page.locator(".led-cell").nth(3).click()
    box = page.locator("#ledger .sx-box").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 400
    page.locator("#ledger-text textarea").fill(" dog" * 33)
    page.locator("#ledger-run").click()
    expect(page.locator(".led-status")).to_have_text(re.compile("33 tokens.* 32"), timeout=SLOW)
    page.locator("#ledger-text textarea").fill(" dog" * 32)
    page.locator("#ledger-run").click()
    expect(page.locator(".led-map .led-word")).to_have_count(32, timeout=SLOW)
    page.locator(".led-a input").fill("no such")
    page.locator(".led-a input").press("Enter")
    expect(page.locator(".led-status")).to_have_text(re.compile("no such"), timeout=SLOW)
    assert not guest.scrolls_sideways()
    assert page.evaluate("window.__pwned") is None


def made_up(length, senses=3, seed=0):
    """An answer of random shares about two tokens."""
    draw = np.random.default_rng(seed)
    tokens = tuple(Piece(i, f" word{i}") for i in range(length))
    table = [tuple(map(tuple, draw.normal(size=(length, senses)).tolist())) for _ in range(2)]
    sums = [math.fsum(map(math.fsum, one)) for one in table]
    candidates = tuple(
        Candidate(i, f"<b>{i}", one, 0.0, total, total + 1e-5, -1.0, -1e-5)
        for i, (one, total) in enumerate(zip(table, sums, strict=True))
    )
    weights = tuple(map(tuple, draw.random((length, senses)).tolist()))
    return LedgerAnswer(tokens, length - 1, None, (), candidates, weights)


def test_a_long_text_shows_its_largest_words_and_the_sum_of_the_others():
    answer = made_up(200)
    shares = shares_of(*answer.candidates)
    value = json.loads(ledger_json(answer, shares, "model"))
    kept = value["places"][:-1]
    assert len(kept) == ROWS
    assert kept == sorted(kept)
    assert (value["places"][-1], value["rest"]) == (None, 200 - ROWS)
    a, b = (np.array(one.contributions) for one in answer.candidates)
    sizes = np.abs(a - b).sum(1)
    assert sizes[kept].min() >= np.delete(sizes, kept).max()
    assert np.array(value["cells"])[:-1] == pytest.approx((a - b)[kept], abs=1e-5)
    assert np.array(value["cells"])[-1] == pytest.approx(np.delete(a - b, kept, 0).sum(0), abs=1e-5)
    assert np.array(value["cells"]).sum() == pytest.approx(value["total"], abs=2e-3)
    assert value["difference"] == pytest.approx(value["total"] - value["model"])
    assert shown_rows(shares.cells[: ROWS + 1]) == list(range(ROWS + 1))


def test_the_waterfall_ends_at_the_total_and_reads_no_markup():
    answer = made_up(20)
    shares = shares_of(answer.candidates[0])
    whole = [*bars(answer, shares), Share("<b>${7*7}</b>\n", 20, 0, 9.0)]
    total = shares.total + 9
    own, others = largest(whole)
    assert [abs(one.amount) for one in own] == sorted((abs(one.amount) for one in whole), reverse=True)[:SHOWN]
    assert math.fsum(one.amount for one in own) + others == pytest.approx(total)
    trace = waterfall_figure(whole, total, "<i>").data[0]
    assert list(trace.measure) == ["relative"] * (SHOWN + 1) + ["total"]
    assert math.fsum(trace.x[:-1]) == pytest.approx(trace.x[-1]) == pytest.approx(total)
    assert "<" not in "".join([*trace.customdata, *waterfall_figure(whole, total, "<i>").layout.yaxis.ticktext])
    assert not waterfall_figure((), 0.0, "").data


def test_maps_are_packed_as_lower_triangles():
    draw = torch.Generator().manual_seed(1)
    maps = torch.rand(2, 4, 4, generator=draw).tril()
    answer = SenseWeights(tuple(Piece(i, str(i)) for i in range(4)), (0, 3), maps.tolist())
    value = json.loads(alpha_json(answer))
    found = np.frombuffer(base64.b64decode(value["packed"]), "<u2") / 65535
    assert value["senses"] == [0, 3]
    wanted = [float(maps[i, row, column]) for i in range(2) for row in range(4) for column in range(row + 1)]
    assert found == pytest.approx(wanted, abs=1e-5)

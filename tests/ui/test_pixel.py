"""The PIXEL lab in a browser over the real app: what the board shows is what the library draws, hides and predicts."""

import io
import json
import re
import time

import numpy as np
import pytest
from contrast import contrast
from patch_models import write_grid_checkpoint
from PIL import Image
from playwright.sync_api import expect
from running_app import HOSTILE, Visit

import playground as pg
from playground.engine.local import open_engine
from playground.engine.patch_requests import ReconstructRequest, RenderRequest
from playground.pixels.filling import Step
from playground.pixels.masking import MaskOptions, draw_mask, recommended_spacing
from playground.pixels.reconstruction import reconstruct
from playground.settings import Settings
from playground.ui.patch_board import drawn_value, result_value

SLOW = 60_000  # milliseconds, for what takes long only on a busy machine
MODEL = "pixel-mae"
TEXT = "The cat sat on the mat."
FIRST_SEED, FIRST_LONGEST = 31, 2  # of the mask that the page begins with
LAB = 'document.querySelector("#patch-board .patch-lab").lab'
GREYS = """(which) => [...document.querySelectorAll(which)].map((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return [canvas.width, canvas.height, Array.from({ length: data.length / 4 }, (_, i) => data[4 * i])];
})"""
# A finger: a touch that goes from patch to patch of the line that the model sees, and ends as `end` says.
TOUCH = """([patches, end]) => {
    const send = (type, patch) => {
        const line = [...document.querySelectorAll("#patch-board .patch-sees .patch-line")]
            .find((one) => Number(one.dataset.from) <= patch && patch < Number(one.dataset.to));
        line.scrollIntoView({ block: "center" });
        const box = line.getBoundingClientRect(), side = box.width / (line.dataset.to - line.dataset.from);
        const at = { clientX: box.left + (patch - line.dataset.from + 0.5) * side, clientY: box.top + box.height / 2 };
        line.dispatchEvent(new PointerEvent(type, {
            ...at, pointerType: "touch", pointerId: 7, isPrimary: true, button: 0, bubbles: true, cancelable: true,
        }));
    };
    send("pointerdown", patches[0]);
    for (const patch of patches.slice(1)) send("pointermove", patch);
    send(end, patches.at(-1));
}"""


@pytest.fixture(scope="module")
def model(app):
    return pg.load(app.models / MODEL)


class Lab:
    """The tab of a visitor's page."""

    def __init__(self, guest):
        self.guest, self.page = guest, guest.page
        self.page.get_by_role("tab", name="PIXEL").click()
        self.status = self.page.locator("#patch-board .patch-status")
        self.lines = self.page.locator("#patch-board .patch-lines")

    def until_painted(self, words="Loss"):
        expect(self.status).to_have_text(re.compile(words), timeout=SLOW)

    def type(self, text):
        """Set the text, and come back when it is drawn."""
        before = self.page.evaluate(f"{LAB}.strip()?.page")
        self.page.locator("#pixel-text textarea").fill(text)
        self.page.wait_for_function(f"(page) => {LAB}.strip() && {LAB}.strip().page !== page", arg=before, timeout=SLOW)

    def strip(self):
        return self.page.evaluate(f"(({{ image, ...rest }}) => rest)({LAB}.strip())")

    def hidden(self):
        return self.strip()["hidden"]

    def until_hidden(self, patches):
        wanted = json.dumps([int(patch) for patch in patches], separators=(",", ":"))
        self.page.wait_for_function(f"(wanted) => JSON.stringify({LAB}.strip().hidden) === wanted", arg=wanted)

    def greys(self, which):
        """All canvases of the lines, side by side: (height, width)."""
        found = self.page.evaluate(GREYS, f"#patch-board {which}")
        return np.concatenate([np.array(data).reshape(height, width) for width, height, data in found], axis=1)

    def reconstruct(self):
        self.guest.press("reconstruct")
        self.until_painted()
        expect(self.lines).not_to_have_class(re.compile("patch-stale"), timeout=SLOW)

    def errors(self):
        """What the table says of each hidden patch: patch from 0, error."""
        rows = self.page.locator("#patch-board .patch-numbers tbody tr").evaluate_all(
            "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
        )
        return {int(row[0]) - 1: float(row[1]) for row in rows}

    def middle(self, patch, row="sees"):
        """Where on the page the middle of a patch is."""
        line = self.page.locator(f"#patch-board .patch-{row} .patch-line").filter(visible=True)
        for one in line.all():
            first, end = (int(one.get_attribute(f"data-{name}")) for name in ("from", "to"))
            if first <= patch < end:
                one.scroll_into_view_if_needed()
                box = one.bounding_box()
                return box["x"] + (patch - first + 0.5) * box["width"] / (end - first), box["y"] + box["height"] / 2
        raise AssertionError(f"patch {patch} is not on the board")

    def anew(self, text=TEXT):
        """Set the text, and the mask as it is on a fresh page."""
        self.page.locator("#patch-kind").get_by_text("Spans").click()
        for name, value in (("patch-ratio", 0.25), ("patch-longest", FIRST_LONGEST)):
            if self.page.locator(f"#{name} input[type=number]").input_value() != str(value):
                self.guest.set(name, value)
        self.page.locator("#patch-over").get_by_text("the text").click()
        self.page.locator("#patch-seed input").fill(str(FIRST_SEED))
        self.type("…")  # what was there may be the same
        self.type(text)

    def saved(self, press):
        with self.page.expect_download(timeout=SLOW) as got:
            press.click()
        return got.value.suggested_filename, got.value.path().read_bytes()


@pytest.fixture(scope="module")
def lab(app, browser):
    """A page for all tests that need no screen of their own: after the first, each sets its own text and mask."""
    guest = Visit(app, browser)
    lab = Lab(guest)
    lab.until_painted()
    yield lab
    guest.close()


def spans(ratio=0.25, seed=FIRST_SEED, longest=FIRST_LONGEST):
    return MaskOptions(ratio, "span", seed, spacing=recommended_spacing(ratio), longest=longest)


def doubled(picture, shown):
    return picture[:, : 16 * shown].repeat(2, axis=0).repeat(2, axis=1)


def close(one, other):
    return np.abs(one.astype(int) - other.astype(int)).max() <= 1


def test_the_first_visit_shows_a_reconstruction_and_all_of_it_is_what_the_library_says(lab, model):
    text = lab.page.locator("#pixel-text textarea").input_value()
    strip = pg.render(model, text)
    shown = strip.num_text_patches + 1
    result = reconstruct(model, strip, spans())
    assert lab.hidden() == result.hidden.tolist()
    assert close(lab.greys(".patch-text canvas"), doubled(strip.pixels, shown))
    sees = lab.greys(".patch-sees canvas").reshape(32, shown, 32).swapaxes(0, 1)
    original = doubled(strip.pixels, shown).reshape(32, shown, 32).swapaxes(0, 1)
    for patch in range(shown):
        if patch in result.hidden:
            assert 118 <= sees[patch].min() < 150 < np.median(sees[patch]) == 176 == sees[patch].max()  # a pattern
        else:
            assert np.array_equal(sees[patch], original[patch])
    assert close(lab.greys(".patch-above"), doubled(result.on_the_page, shown))
    assert close(lab.greys(".patch-paints canvas:not(.patch-above)"), doubled(strip.pixels, shown))
    errors = lab.errors()
    assert list(errors) == result.hidden.tolist()
    assert list(errors.values()) == pytest.approx(result.error[result.hidden], abs=6e-5)
    assert f"Loss {result.loss:.3f}" in lab.status.inner_text()
    # The map of errors: a tone and a number below every hidden patch, and below no other.
    tones = lab.page.locator("#patch-board .patch-error i").evaluate_all(
        "all => all.map(one => [Number(one.parentNode.dataset.from) + one.offsetLeft / 32, one.textContent, one.title])"
    )
    assert [patch for patch, *_ in tones] == list(errors)
    for (patch, words, title), error in zip(tones, errors.values(), strict=True):
        assert float(words) == pytest.approx(error, abs=0.051 if error >= 0.995 else 0.0051)
        assert title == f"patch {patch + 1:.0f}: {error:.4f}"
    # As published, with its own rule.
    expect(lab.page.locator(".patch-rule")).to_have_text(result.rules["on_the_page"])
    lab.page.get_by_label("as published (raw)").check()
    expect(lab.page.locator(".patch-rule")).to_have_text(result.rules["as_published"])
    assert close(lab.greys(".patch-above"), doubled(result.as_published, shown))


def test_wiping_by_slider_by_keys_and_by_hand(lab):
    above, slider = lab.page.locator(".patch-above").first, lab.page.locator(".patch-wipe input")
    assert above.evaluate("node => node.style.clipPath") == "inset(0px 0% 0px 0px)"
    slider.focus()
    lab.page.keyboard.press("ArrowLeft")
    assert above.evaluate("node => node.style.clipPath") == "inset(0px 1% 0px 0px)"
    lab.page.keyboard.press("Home")
    assert slider.get_attribute("aria-valuetext") == "all original"
    line = lab.page.locator(".patch-paints .patch-line").first
    box = line.bounding_box()
    lab.page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 10)
    lab.page.mouse.down()
    lab.page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 10)
    lab.page.mouse.up()
    share = float(re.search(r"inset\(0px ([\d.]+)%", above.evaluate("node => node.style.clipPath"))[1])
    assert share == pytest.approx(75, abs=1)
    assert int(slider.input_value()) == pytest.approx(25, abs=1)


def test_a_mask_by_mouse_by_touch_and_by_keys(lab, model):
    lab.anew()
    strip = pg.render(model, TEXT)
    hidden = set(np.flatnonzero(draw_mask(strip, spans())[: strip.num_text_patches]).tolist())
    assert set(lab.hidden()) == hidden
    lab.reconstruct()
    seen = next(patch for patch in range(2, 9) if not hidden & {patch, patch + 1})
    # The mouse: the first patch decides, and a quick hand leaves no gaps.
    lab.page.mouse.move(*lab.middle(seen))
    lab.page.mouse.down()
    lab.page.mouse.move(*lab.middle(seen + 3))
    lab.page.mouse.up()
    hidden |= set(range(seen, seen + 4))
    lab.until_hidden(sorted(hidden))
    expect(lab.page.locator("#patch-kind input[value=manual]")).to_be_checked(timeout=SLOW)
    expect(lab.lines).to_have_class(re.compile("patch-stale"))
    expect(lab.status).to_contain_text("The mask has changed since")
    expect(lab.page.locator(".patch-paints .patch-label").first).to_have_text("earlier mask")
    # A finger: sideways paints, a tap changes one, and scrolling changes nothing.
    lab.page.evaluate(TOUCH, [[seen + 1, seen + 2], "pointerup"])
    hidden -= {seen + 1, seen + 2}
    lab.until_hidden(sorted(hidden))
    lab.page.evaluate(TOUCH, [[seen + 1], "pointercancel"])
    lab.until_hidden(sorted(hidden))
    lab.page.evaluate(TOUCH, [[seen + 1], "pointerup"])
    hidden |= {seen + 1}
    lab.until_hidden(sorted(hidden))
    # The keys, with words for who does not see the board.
    said = lab.page.locator(".patch-said")
    lab.lines.focus()
    lab.page.keyboard.press("Home")
    expect(said).to_have_text(
        re.compile(f"^patch 1 of {strip.num_text_patches}, {'hidden' if 0 in hidden else 'shown'}")
    )
    lab.page.keyboard.press("Space")
    hidden ^= {0}
    lab.until_hidden(sorted(hidden))
    lab.page.keyboard.press("Shift+ArrowRight")
    hidden = hidden - {0, 1} if 0 in hidden else hidden | {0, 1}
    lab.until_hidden(sorted(hidden))
    expect(said).to_have_text(
        re.compile(f"^patch 2 of {strip.num_text_patches}, {'hidden' if 1 in hidden else 'shown'}")
    )
    lab.page.keyboard.press("End")
    expect(said).to_have_text(re.compile("^the black mark after the text, shown"))
    lab.page.keyboard.press("Control+Enter")
    expect(lab.lines).not_to_have_class(re.compile("patch-stale"), timeout=SLOW)
    mine = reconstruct(model, strip, MaskOptions(kind="manual", patches=tuple(hidden)))
    assert list(lab.errors().values()) == pytest.approx(mine.error[mine.hidden], abs=6e-5)
    # Clear, and the sliders again.
    lab.guest.press("clear-mask")
    lab.until_hidden([])
    lab.guest.press("reconstruct")
    expect(lab.page.locator(".patch-error")).to_have_count(0, timeout=SLOW)
    lab.guest.press("new-mask")
    lab.page.wait_for_function(f"() => {LAB}.strip().hidden.length > 0")
    seed = int(lab.page.locator("#patch-seed input").input_value())
    assert lab.hidden() == np.flatnonzero(draw_mask(strip, spans(seed=seed))[: strip.num_text_patches]).tolist()


def test_the_mask_follows_the_sliders_and_says_what_is_counted(lab, model):
    lab.anew()
    strip = pg.render(model, TEXT)

    def drawn(options):
        lab.until_hidden(np.flatnonzero(draw_mask(strip, options) * strip.attention_mask))

    lab.guest.set("patch-ratio", 0.5)
    drawn(spans(0.5))
    lab.guest.set("patch-longest", 6)
    drawn(spans(0.5, longest=6))
    lab.page.locator("#patch-kind").get_by_text("Words").click()
    drawn(MaskOptions(0.5, "words", FIRST_SEED))
    lab.page.locator("#patch-kind").get_by_text("Every n-th").click()
    drawn(MaskOptions(0.5, "every", FIRST_SEED))
    lab.guest.set("patch-every", 3)
    drawn(MaskOptions(0.5, "every", FIRST_SEED, every=3))
    expect(lab.page.locator("#patch-ratio")).to_have_count(0)
    lab.page.locator("#patch-kind").get_by_text("Patches").click()
    drawn(MaskOptions(0.5, "random", FIRST_SEED))
    lab.page.locator("#patch-over").get_by_text("the whole row").click()
    drawn(MaskOptions(0.5, "random", FIRST_SEED, over="row"))
    expect(lab.status).to_contain_text(f"of the whole row of {strip.num_patches} patches")
    # A number out of its range is named, and the mask stays.
    before = lab.hidden()
    lab.page.locator("#patch-seed input").fill("-1")
    expect(lab.status).to_contain_text("seed is -1, but must be a whole number from 0 to 4,294,967,295", timeout=SLOW)
    assert lab.hidden() == before
    lab.page.locator("#patch-seed input").fill(str(FIRST_SEED))
    expect(lab.status).to_contain_text("of the whole row", timeout=SLOW)
    # By hand keeps the mask on show.
    before = lab.hidden()
    lab.page.locator("#patch-kind").get_by_text("By hand").click()
    expect(lab.status).to_contain_text("by hand")
    assert lab.hidden() == before


def test_steps_writing_and_sureness(lab, model):
    lab.anew()
    strip = pg.render(model, TEXT)
    hidden = np.array(lab.hidden())
    at_a_time = -(-len(hidden) // 3)
    steps = [one for one in pg.fill_in(model, strip, spans(), at_a_time) if isinstance(one, Step)]
    lab.guest.set("fill-steps", 3)
    lab.guest.press("fill")
    film, caption = lab.page.locator("#patch-fill"), lab.page.locator("#patch-fill .film-caption")
    expect(caption).to_have_text(re.compile("Everything is filled"), timeout=SLOW)
    assert film.locator(".film-thumb").count() == len(steps) + 1
    for number, step in enumerate(steps, 1):
        film.locator(".film-scrub input").fill(str(number))
        expect(caption).to_contain_text(
            f"{', '.join(str(patch + 1) for patch in step.filled)} · loss {step.result.loss:.3f}"
        )
        shown = strip.num_text_patches + 1
        found = lab.page.evaluate(GREYS, "#patch-fill .film-lines canvas")
        greys = np.concatenate([np.array(data).reshape(height, width) for width, height, data in found], axis=1)
        greys, frame = (x.reshape(32, shown, 32).swapaxes(0, 1) for x in (greys, doubled(step.frame, shown)))
        free = [patch for patch in range(shown) if patch not in step.left]
        assert close(greys[free], frame[free])
        assert all(np.median(greys[patch]) == 176 for patch in step.left)
    film.locator(".film-thumb").first.click()
    expect(caption).to_contain_text("beginning")
    name, body = lab.saved(film.locator(".film-picture"))
    assert name.endswith(".png") and Image.open(io.BytesIO(body)).height > 32 * (len(steps) + 1)
    document = json.loads(lab.saved(film.locator(".film-record"))[1])
    assert [step["filled"] for step in document["filling"]["steps"]] == [list(step.filled) for step in steps]
    # Writing on, from the cursor.
    lab.page.get_by_role("tab", name="Write on").click()
    lab.lines.focus()
    lab.page.keyboard.press("Home")
    lab.page.keyboard.press("ArrowRight")
    lab.page.keyboard.press("ArrowRight")
    write = lab.page.locator("#patch-write")
    write.get_by_role("button", name="From the cursor").click()
    expect(write.locator("output")).to_have_text(f"patch 3 of {strip.num_text_patches}")
    lab.guest.press("write-on")
    last = strip.num_text_patches
    expect(write.locator(".film-caption")).to_contain_text(f"Step {last - 2} of {last - 2}: patch {last}", timeout=SLOW)
    written = list(pg.write_on(model, strip, 2))
    assert f"loss {written[-1].result.loss:.3f}" in write.locator(".film-caption").inner_text()
    # How sure it is.
    lab.page.get_by_role("tab", name="How sure").click()
    lab.guest.press("measure-sure")
    expect(lab.page.locator(".sure-status")).to_contain_text("hidden patches under 8 masks", timeout=SLOW)
    *_, sure = pg.how_sure(model, strip, spans())
    rows = lab.page.locator("#patch-sure tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => Number(cell.textContent)))"
    )
    assert [int(row[0]) - 1 for row in rows] == hidden.tolist()
    assert [row[1] for row in rows] == pytest.approx(sure.spread[hidden], abs=6e-5)
    points = "() => document.querySelector('#sure-chart .js-plotly-plot')?.data?.[0]?.customdata?.length"
    lab.page.wait_for_function(f"(n) => ({points})() === n", arg=len(hidden), timeout=SLOW)


def test_the_typo_bench(lab):
    lab.anew()
    lab.page.get_by_role("tab", name="Typo bench").click()
    lab.page.locator("#typos-peer input").click()
    lab.page.get_by_role("option", name="pixel_100m", exact=True).click()
    lab.guest.press("disturb")
    rows = lab.page.locator("#patch-typos tbody tr")
    expect(rows).to_have_count(9, timeout=SLOW)
    expect(lab.page.locator(".typos-status")).to_have_text("", timeout=SLOW)
    document = json.loads(lab.saved(lab.page.locator(".typos-record"))[1])
    assert [point["share"] for point in document["points"]] == pytest.approx([step / 20 for step in range(9)])
    heights = []
    for number, point in ((8, document["points"][8]), (0, document["points"][0])):
        lab.page.locator(".typos-share input").fill(str(number))
        assert lab.page.locator(".typos-text").inner_text().replace("‸", "") == point["text"]
        assert lab.page.locator(".typos-text mark").count() == len(point["changed"])
        assert f"error {point['error']:.4f}" in lab.page.locator(".typos-facts").inner_text()
        heights.append(Image.open(io.BytesIO(lab.saved(lab.page.locator(".typos-picture"))[1])).height)
    assert document["points"][0]["text"] == TEXT
    assert heights == [118, 100]  # an edge, a line of patches, and the facts in two lines or, at no changes, in one
    drawn = "document.querySelector('#typos-chart .js-plotly-plot')"
    lab.page.wait_for_function(f"() => {drawn}?.layout?.shapes?.[0]?.x0 === 0", timeout=SLOW)  # the slider's mark
    curves = lab.page.evaluate(f"{drawn}.calcdata.map(points => points.map(point => point.y))")
    assert curves[0] == pytest.approx([point["error"] for point in document["points"]])
    assert curves[2] == [point["tokens"] for point in document["points"]]
    assert document["identity"]["model"] == MODEL and document["peer_identity"]["model"] == "pixel_100m"
    assert all(len(document[name]["fingerprint"]) == 64 for name in ("identity", "peer_identity"))
    name, body = lab.saved(lab.page.locator(".typos-chart"))
    assert name.endswith(".png") and Image.open(io.BytesIO(body)).width > 600


def test_what_was_saved_can_be_opened_again(lab, model, tmp_path):
    lab.anew()
    lab.guest.set("patch-ratio", 0.4)
    strip = pg.render(model, TEXT)
    lab.until_hidden(np.flatnonzero(draw_mask(strip, spans(0.4)) * strip.attention_mask))
    lab.reconstruct()
    hidden, errors = lab.hidden(), lab.errors()
    name, body = lab.saved(lab.page.locator('[data-do="record"]'))
    document = json.loads(body)
    assert name.endswith(".json")
    assert (document["text"], document["hidden"], document["model"]["model"]) == (TEXT, hidden, MODEL)
    assert document["errors"] == pytest.approx(list(errors.values()), abs=6e-5)
    name, body = lab.saved(lab.page.locator('[data-do="picture"]'))
    picture = np.asarray(Image.open(io.BytesIO(body)).convert("L"))
    first = lab.greys(".patch-text canvas")[:, :320]
    assert np.array_equal(picture[16:48, 108:428], first)  # the first line stands at its place in the sheet
    saved = tmp_path / "saved.json"
    saved.write_text(json.dumps(document))
    lab.type("Something else.")
    lab.page.locator("#patch-kind").get_by_text("Patches").click()
    lab.page.locator(".patch-open input").set_input_files(saved)
    expect(lab.status).to_contain_text("The same run as recorded", timeout=SLOW)
    expect(lab.page.locator("#pixel-text textarea")).to_have_value(TEXT)
    expect(lab.page.locator("#patch-ratio input[type=number]")).to_have_value("0.4")
    assert (lab.hidden(), lab.errors()) == (hidden, errors)
    saved.write_text("no JSON")
    lab.page.locator(".patch-open input").set_input_files(saved)
    expect(lab.page.locator(".toast-body")).to_contain_text("The file is no JSON", timeout=SLOW)


SHOW = f"""([drawn, result]) => {{
    {LAB}.read("draw", drawn);
    {LAB}.read("reconstruct", {{ ...result, run: {LAB}.begin("reconstruct") }});
}}"""


def test_what_is_read_back_is_marked_right_or_wrong(lab, tmp_path):
    write_grid_checkpoint(tmp_path / "grid")
    engine = open_engine(Settings(checkpoints=tmp_path, models=(), memory_gb=1.0))
    request = ReconstructRequest("grid", "<b>warm</b> milk", MaskOptions(kind="manual", patches=(0, 2, 5)))
    rendered, found = engine.answer(RenderRequest("grid", request.text, request.mask)), engine.answer(request)
    engine.close()
    drawn = drawn_value(rendered, "grid", request.text, "manual", "")
    result = result_value(found, "", request)
    patch, truth, *_ = result["reading"][1]
    result["reading"][1] = [patch, truth, truth, True]  # a random model hits none
    lab.page.evaluate(SHOW, [drawn, result])
    text = lab.page.locator(".patch-read-text")
    expect(text.locator(".patch-right")).to_have_text([truth], timeout=SLOW)
    assert text.locator(".patch-wrong").all_text_contents() == [result["reading"][i][2] for i in (0, 2)]
    pairs = list(rendered.characters)
    for place, _, said, _ in result["reading"]:
        pairs[place] = said
    assert text.text_content() == "".join(pairs)
    assert text.locator("*").count() == 3  # text is never markup
    expect(lab.page.locator(".patch-read .hint")).to_contain_text("1 of 3 patches read back exactly")
    rows = lab.page.locator("#patch-board .patch-numbers tbody tr")
    assert rows.nth(1).text_content().endswith("right")
    assert rows.nth(2).text_content().endswith("wrong")
    lab.page.mouse.move(*lab.middle(0, "text"))
    expect(lab.page.locator(".patch-readout")).to_contain_text(f"Patch 1 of {rendered.text_patches}, hidden, error ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "There is no text"),
        ("a", "1 of the text's 1 patch"),
        ("word " * 2000, "are left out"),
        ("a\0b\x07\tc\nd", "hidden"),
        ("שלום مرحبا", "hidden"),
        ("e\u0301\u0302 Z\u0300\u0300", "hidden"),
        ("👩‍👩‍👧 \U0010ffff\u0378", "has a glyph for"),
        (" ".join(HOSTILE[:5]), "hidden"),
        ("x" * 20_001, "20,001 characters, but at most 20,000"),
    ],
)
def test_any_text_gives_a_picture_or_a_sentence(lab, text, words):
    lab.page.locator("#pixel-text textarea").fill(text)
    expect(lab.page.locator("#patch-board .patch-lab")).to_contain_text(words, timeout=SLOW)
    if len(text) <= 20_000:
        lab.page.wait_for_function("() => document.querySelectorAll('.patch-text canvas').length > 0")
        assert lab.greys(".patch-text canvas").max() == 255


# A tiny model is quick: Stop is pressed in the same moment in which the film begins.
STOPPED = f"""() => new Promise((done) => {{
    const look = () => {{
        if (!{LAB}.runOf("fill")?.running) return setTimeout(look, 1);
        document.querySelector("#patch-stop").click();
        done();
    }};
    document.querySelector("#fill").click();
    look();
}})"""


def test_stop_ends_a_film_and_frees_the_model(lab, app):
    lab.type("word " * 20)
    lab.page.locator("#patch-kind").get_by_text("Spans").click()
    lab.guest.set("patch-ratio", 0.9)
    lab.page.wait_for_function(f"() => {LAB}.strip().hidden.length > 12")
    lab.page.get_by_role("tab", name="Step by step").click()
    lab.guest.set("fill-steps", 32)
    lab.page.evaluate(STOPPED)
    pressed = time.monotonic()
    expect(lab.page.locator("#patch-fill .film-status")).to_have_text("Stopped by you.", timeout=SLOW)
    app.until_free(pressed, 5)
    steps = lab.page.locator("#patch-fill .film-thumb").count()
    assert steps < 23  # of which the first is the beginning
    lab.guest.press("reconstruct")  # late news of the film, if any, have come before this one's
    lab.until_painted()
    assert lab.page.locator("#patch-fill .film-thumb").count() == steps
    assert "Stopped by you." in lab.page.locator("#patch-fill .film-status").inner_text()


READ = (
    ".patch-status", ".patch-readout", ".patch-label", ".patch-rule", ".patch-error i", ".patch-shown label",
    ".patch-notes li", "#pixel-hint .hint", ".patch-numbers summary", "#patch-board button", ".patch-open",
)  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_telephone_and_can_be_read(visit, scheme):
    lab = Lab(visit(width=400, height=800, scheme=scheme))
    lab.until_painted()
    assert not lab.guest.scrolls_sideways()
    for place in READ:
        assert contrast(lab.page.locator(place)) >= 4.5, place
    shown = lab.strip()["shown"]
    lines = lab.page.locator(".patch-sees .patch-line")
    assert lines.count() > 1
    assert int(lines.first.get_attribute("data-from")) == 0
    assert int(lines.last.get_attribute("data-to")) == shown
    for line in lines.all():
        box = line.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 400
        assert box["width"] == 32 * (int(line.get_attribute("data-to")) - int(line.get_attribute("data-from")))
    lab.guest.press("fill")
    expect(lab.page.locator("#patch-fill .film-caption")).to_contain_text("Everything is filled", timeout=SLOW)
    lab.page.get_by_role("tab", name="How sure").click()
    lab.guest.press("measure-sure")
    expect(lab.page.locator(".sure-status")).to_contain_text("under 8 masks", timeout=SLOW)
    assert not lab.guest.scrolls_sideways()

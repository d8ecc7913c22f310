"""How well text can be read: the contrast of a node's colour with what lies behind it, as WCAG 2 counts it."""

CONTRAST = """(node) => {
    const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const luminance = (colour) => {
        const [r, g, b] = numbers(colour).slice(0, 3).map((v) => {
            const share = v / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    let behind = node;
    while (numbers(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
    const [text, ground] = [node, behind].map((each, i) =>
        luminance(getComputedStyle(each)[i ? "backgroundColor" : "color"]));
    return (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
}"""


# The page in "dark" or "light"; whether it is dark then.
SCHEME = """async (scheme) => {
    document.body.classList.toggle("dark", scheme === "dark");
    await Promise.all(document.getAnimations().map((each) => each.finished.catch(() => null)));
    return document.body.matches(".dark");
}"""


def contrast(locator) -> float:
    """Of the first node of a Playwright ``locator``: 1 for none, 21 for black on white."""
    return locator.first.evaluate(CONTRAST)

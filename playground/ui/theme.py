"""How the page looks, and what the browser is told about it."""

from pathlib import Path

import gradio as gr

ASSETS = Path(__file__).resolve().parents[2] / "assets"
STYLES = [ASSETS / name for name in ("style.css", "story.css", "compare.css", "score.css", "draws.css")]
STYLES += [ASSETS / "patches" / "patches.css"]
STYLES += [ASSETS / "senses" / name for name in ("explorer.css", "ledger.css")]
STYLES += [ASSETS / "senses" / name for name in ("mixer.css", "probe.css")]
KEYS = ASSETS / "keys.js"
ICON = ASSETS / "icon.png"

# The legend of the eight colours of surprise (style.css), for components' templates.
SCALE = (
    f"""<span class="scale">expected {"".join(f'<i class="s{number}"></i>' for number in range(8))} surprising</span>"""
)

THEME = gr.themes.Base(
    primary_hue=gr.themes.colors.blue,
    neutral_hue=gr.themes.colors.slate,
    radius_size=gr.themes.sizes.radius_lg,
    font=["system-ui", "sans-serif"],
    font_mono=["ui-monospace", "monospace"],
).set(
    body_background_fill="*neutral_50",
    body_background_fill_dark="*neutral_950",
    block_background_fill="white",
    block_background_fill_dark="*neutral_900",
    body_text_color_subdued="*neutral_500",  # readable at small sizes: 4.5 to 1 on the page
    body_text_color_subdued_dark="*neutral_400",
    block_info_text_color="*neutral_500",
    block_info_text_color_dark="*neutral_400",
    button_secondary_background_fill="*neutral_100",
    button_secondary_background_fill_hover="*neutral_200",
    button_secondary_background_fill_dark="*neutral_800",
    button_secondary_background_fill_hover_dark="*neutral_700",
    button_large_text_weight="500",
    block_shadow="none",
    button_primary_background_fill="*primary_600",
    button_primary_background_fill_hover="*primary_700",
    button_primary_background_fill_dark="*primary_600",
    button_primary_background_fill_hover_dark="*primary_500",
    button_primary_text_color="white",
)


def keys_script() -> str:
    """The keyboard shortcuts, as a function that the page runs once it is there."""
    return KEYS.read_text(encoding="utf-8")


def component_script(*names: str) -> str:
    """Files of assets/, one after another, as the body of a function that Gradio runs once a component is there."""
    return "\n".join((ASSETS / name).read_text(encoding="utf-8") for name in names)

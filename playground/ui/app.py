"""The page as a whole: header, tabs, endpoints, and how it is served."""

import os
from typing import Any

import gradio as gr

from playground.engine.requests import ModelsRequest
from playground.settings import PROJECT, Settings, on_desktop
from playground.ui import api
from playground.ui.boundary import handler
from playground.ui.tabs import compare, generate, models, pixel, score, senses
from playground.ui.theme import ICON, STYLES, THEME, keys_script

HEADER = """
<div class="brand"><span class="brand-mark" aria-hidden="true"><i></i><i></i><i></i><i></i></span><b>Playground</b>
<span class="what">see how small and unusual language models work</span></div>
"""

# How often Gradio's queue looks for work. Its own 1 and 10 ms take a core from the threads that compute a token in as
# little: on two cores a small model then writes at half its speed.
QUEUE_SECONDS, PROGRESS_SECONDS = 0.02, 0.5


def build_page(engine: Any, settings: Settings) -> gr.Blocks:
    """The page over ``engine``; serve it with :func:`launch_options`."""
    known = engine.answer(ModelsRequest())
    with gr.Blocks(title="Playground", analytics_enabled=False, delete_cache=(3600, 3600)) as page:
        api.build(engine, settings.generations, settings.local)  # first: its endpoints keep their plain names
        gr.HTML(HEADER, padding=False, elem_id="header")
        with gr.Tab("Generate", id="generate") as first:
            chosen = generate.build(engine, known, settings.generations)
        with gr.Tab("Compare", id="compare") as comparing:
            columns = compare.build(engine, known, settings.generations)
        with gr.Tab("Score", id="score") as scoring:
            scorers = score.build(engine, known)
        with gr.Tab("PIXEL", id="pixel") as picturing:
            painters = pixel.build(engine, known, settings.generations)
        with gr.Tab("Backpack", id="senses") as sensing:
            backpacks = senses.build(engine, known, settings.generations)
        with gr.Tab("Models", id="models") as tab:
            models.build(engine, known, settings.local, tab)
        refresh = handler(lambda: gr.update(choices=generate.refresh_choices(engine)))
        for chooser, shown in ((chosen, first.select), (scorers, scoring.select)):
            gr.on(  # what a model can do may be known only once it is loaded
                [page.load, shown], refresh, None, chooser, queue=False, show_progress="hidden",
                api_visibility="private",
            )  # fmt: skip
        gr.on(
            [page.load, sensing.select], handler(lambda: gr.update(choices=senses.refresh_choices(engine))), None,
            backpacks, queue=False, show_progress="hidden", api_visibility="private",
        )  # fmt: skip
        gr.on(
            [page.load, picturing.select], handler(lambda: gr.update(choices=pixel.refresh_choices(engine))), None,
            painters, queue=False, show_progress="hidden", api_visibility="private",
        )  # fmt: skip
        fresh = handler(lambda: compare.refresh_columns(engine))
        gr.on([page.load, comparing.select], fresh, None, columns, queue=False, show_progress="hidden",
              api_visibility="private")  # fmt: skip
    page.queue(max_size=settings.waiting, default_concurrency_limit=4)
    page._queue.sleep_when_free = QUEUE_SECONDS
    page._queue.progress_update_sleep_when_free = PROGRESS_SECONDS
    return page


def launch_options(settings: Settings) -> dict[str, Any]:
    """Arguments for ``page.launch``: a desktop gets a browser and an installable app, a server neither."""
    desktop = on_desktop() if settings.browser is None else settings.browser
    return {
        "server_name": None if "SPACE_ID" in os.environ else settings.host,  # a Space sets its own address
        "server_port": settings.port,
        "inbrowser": desktop,
        "pwa": desktop,
        "theme": THEME,
        "css_paths": STYLES,
        "js": keys_script(),
        "favicon_path": ICON,
        "footer_links": ["api", "settings"],
        "blocked_paths": [str(settings.checkpoints), str(PROJECT / ".git")],
        "max_file_size": "1mb",
        "ssr_mode": False,
        "share": False,
        "run_history": False,
        "mcp_server": False,
    }

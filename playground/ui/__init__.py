"""The page. The only package that imports gradio; it talks to the engine in requests and events only."""

import os

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # gradio reads it when it is first imported

"""Text in and out: tokenizers, incremental decoding, and the drawing of text. No models, no screen."""

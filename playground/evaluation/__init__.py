"""Measures of finished checkpoints on text that they have not seen."""

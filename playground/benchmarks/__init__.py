"""Measurements of the playground itself: how it loads published checkpoints, how fast it is."""

"""Cards of the demo checkpoints: measured from the weights, written as README.md, and kept as numbers beside it."""

"""The token step: how a network is run one position at a time. Tensors in, logits out; no text, no sampling."""

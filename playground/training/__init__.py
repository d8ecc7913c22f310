"""How the demo checkpoints are made: corpora, tokenizers, one trainer, one recipe per demo, export."""

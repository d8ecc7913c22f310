"""The seam between screens and models: frozen requests go in, streams of frozen events come out."""

"""Work on patches of rendered text."""

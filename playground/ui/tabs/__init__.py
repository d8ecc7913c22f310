"""One module per tab: what it shows, and which request each button sends."""

"""Whether editing a Backpack's senses steers what it writes: the measure, a search for presets, and their lists."""

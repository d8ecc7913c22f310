"""Simple English children's stories from a grammar of the project's own: many plots over a world that is kept track of.

``story(seed)`` and ``stories(count, seed)`` are deterministic. A story has 80 to 260 words; its paragraphs are parted by
single line ends.
"""

from playground.training.grammar.making import MAX_WORDS, MIN_WORDS, Made, make, stories, story

__all__ = ["MAX_WORDS", "MIN_WORDS", "Made", "make", "stories", "story"]

"""Simple English children's stories from a grammar of the project's own: many plots over a tracked world.

``story(seed)`` and ``stories(count, seed)`` are deterministic. A story has 80 to 260 words; single line ends part its
paragraphs.
"""

from playground.training.grammar.making import MAX_WORDS, MIN_WORDS, Made, make, stories, story

__all__ = ["MAX_WORDS", "MIN_WORDS", "Made", "make", "stories", "story"]

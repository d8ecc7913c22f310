"""The teller: a story in progress with everything that plots use."""

from playground.training.grammar.beats import Beats
from playground.training.grammar.casting import Casting
from playground.training.grammar.story import Story


class Teller(Casting, Beats, Story):
    """See :class:`Story` for telling and referring, ``Casting`` for who and what, ``Beats`` for shared events."""

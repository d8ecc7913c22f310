"""Who and what a story is about, where it is and who holds it.

The world refuses events that cannot happen: taking what lies elsewhere, giving what one does not hold, touching what
was eaten. A refusal is a fault of a plot, so it is an AssertionError and not an error for users. Every event is logged.
"""

from dataclasses import dataclass, field

from playground.training.grammar.english import ing, past, plural

PRONOUNS = {
    "he": ("he", "him", "his", "himself"),
    "she": ("she", "her", "her", "herself"),
    "it": ("it", "it", "its", "itself"),
    "they": ("they", "them", "their", "themselves"),
}
CASES = {"he": 0, "him": 1, "his": 2, "self": 3}


class InconsistentWorld(AssertionError):
    """A plot asked for an event that cannot happen."""


@dataclass(eq=False)
class Entity:
    """Anything that sentences refer to; ``pronoun`` is the subject form."""

    noun: str
    pronoun: str = "it"

    def case(self, form: str) -> str:
        """The pronoun as ``he``, ``him``, ``his`` or ``self``."""
        return PRONOUNS[self.pronoun][CASES[form]]


@dataclass(eq=False)
class Character(Entity):
    """A person or animal.

    Attributes:
        name: a proper name, or empty: then ``the <noun>``.
        adjective: part of the introduction only (``a shy boy``).
        owner: for family and friends, whose they are (``her mother``).
        called: what others call them to their face (``Mom``).
        hand: hand, paw, wing or hoof.
        home: where they live, with its preposition.
        kind: child, animal, grown or pet.
    """

    name: str = ""
    adjective: str = ""
    owner: "Character | None" = None
    called: str = ""
    hand: str = "hand"
    home: str = ""
    kind: str = "child"
    born: str = ""  # "girl", "boy" or the animal's noun


@dataclass(eq=False)
class Thing(Entity):
    """An object; ``use`` is a verb phrase such as ``fly it``."""

    adjectives: tuple[str, ...] = ()
    use: str = ""
    article: str = "a"
    edible: bool = False
    more: dict = field(default_factory=dict)

    @property
    def described(self) -> str:
        """Its adjectives and noun, without article."""
        return " ".join((*self.adjectives, self.noun))

    def form(self, name: str) -> str:
        """Any fixed form: a, the, full, n, an, use, using, used, many, was, is, has, this, or an extra of ``more``."""
        plain = {
            "a": f"{self.article} {self.described}",
            "a0": f"{self.article} {self.noun}",
            "the": f"the {self.noun}",
            "full": f"the {self.described}",
            "n": self.noun,
            "an": self.described,
            "adj": self.adjectives[-1] if self.adjectives else "",
        }
        if name in plain:
            return plain[name]
        several = self.pronoun == "they"
        if name in ("was", "is", "has", "this", "that", "does"):
            return (
                {"was": "were", "is": "are", "has": "have", "this": "these", "that": "those", "does": "do"}[name]
                if several
                else name
            )
        if name in ("use", "using", "used"):
            return {"use": self.use, "using": ing(self.use), "used": past(self.use)}[name]
        if name == "many":
            return self.noun if several else plural(self.noun)
        return self.more[name]


@dataclass(eq=False)
class Place(Entity):
    """Somewhere: ``in the park``, ``to the park``; ``spots`` to look in, ``sights`` that belong there."""

    at: str = ""
    to: str = ""
    spots: tuple[str, ...] = ()
    sights: tuple[str, ...] = ()
    outdoors: bool = True
    setting: str = ""

    @property
    def the(self) -> str:
        return self.to.partition(" ")[2]


class World:
    """Positions and holders, with a log of (event, entities)."""

    def __init__(self) -> None:
        self.place: dict[Entity, Entity | None] = {}
        self.holder: dict[Thing, Character] = {}
        self.gone: set[Thing] = set()
        self.log: list[tuple] = []

    def check(self, true: bool, event: str, *who: Entity) -> None:
        if not true:
            raise InconsistentWorld(f"{event}: {', '.join(entity.noun for entity in who)}")

    def go(self, place: Place, *who: Character) -> None:
        """``who`` are at ``place`` now, with all that they hold."""
        for one in who:
            self.place[one] = place
            self.log.append(("go", one, place))

    def own(self, who: Character, thing: Thing) -> None:
        """``who`` holds ``thing`` from now on; nobody else may."""
        self.check(thing not in self.gone and thing not in self.holder, "own", who, thing)
        self.place.pop(thing, None)
        self.holder[thing] = who
        self.log.append(("own", who, thing))

    def put(self, thing: Thing, place: Place) -> None:
        """``thing`` lies at ``place``, in nobody's hands."""
        self.check(thing not in self.gone, "put", thing)
        self.holder.pop(thing, None)
        self.place[thing] = place
        self.log.append(("put", thing, place))

    def take(self, who: Character, thing: Thing) -> None:
        """``who`` picks up ``thing`` where both are."""
        self.check(thing not in self.holder, "take", who, thing)
        self.check(thing in self.place and self.place[thing] is self.place.get(who), "take elsewhere", who, thing)
        self.own(who, thing)

    def give(self, giver: Character, thing: Thing, taker: Character) -> None:
        """``thing`` passes from hand to hand."""
        self.check(self.holder.get(thing) is giver, "give", giver, thing, taker)
        self.check(self.place.get(giver) is self.place.get(taker), "give from afar", giver, thing, taker)
        self.holder[thing] = taker
        self.log.append(("give", giver, thing, taker))

    def eat(self, thing: Thing, *who: Character) -> None:
        """``thing`` is used up by its holder, and by those who share it."""
        self.check(self.holder.get(thing) in who, "eat", *who, thing)
        del self.holder[thing]
        self.gone.add(thing)
        self.log.append(("eat", thing, *who))

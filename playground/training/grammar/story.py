"""A story being told: it expands templates, chooses between names and pronouns, and keeps paragraphs.

``{h}`` is the character bound to ``h`` as a subject: a pronoun where only that character can be meant, else the name.
``{h.o}`` and ``{h.s}`` are its object and possessive forms. ``{h.N}`` forces the name; ``{h.he}``, ``{h.him}``,
``{h.his}``, ``{h.self}`` force the pronoun; ``{h.a}`` introduces. For things see :meth:`Thing.form`; ``{o}`` and
``{o.o}`` are ``the ball`` or ``it``. Places know ``{p.at}``, ``{p.to}``, ``{p.the}``.
"""

from functools import cached_property
from random import Random
from typing import Any

from playground.training.grammar.english import SPEECH, polish
from playground.training.grammar.templates import Choice, Draw, Literal, Slot, compile_template
from playground.training.grammar.wording import vary
from playground.training.grammar.words.phrases import LISTS
from playground.training.grammar.world import CASES, PRONOUNS, Character, Entity, Place, Thing, World

NEAR = 1  # a pronoun may reach back into the sentence before


class Story:
    """State of one telling. ``bound`` maps slot names to entities or plain strings."""

    def __init__(self, rng: Random):
        self.rng = rng
        self.world = World()
        self.bound: dict[str, Any] = {}
        self.paragraphs: list[list[str]] = [[]]
        self.sentence = 0
        self.mentioned: dict[Entity, int] = {}
        self.pronouns_since_name: dict[Entity, int] = {}
        self.used: set = set()
        self.turns_apart = rng.random() < 0.3  # each speech on a line of its own
        self.brisk = rng.random() < 0.5  # told with fewer asides
        self.speaking: Character | None = None  # who spoke last, if nothing was told since
        self.kind = "child"
        self.setting = ""
        self.weather = ""
        self.wearing = ""

    # choosing

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def pick(self, options: Any) -> Any:
        """One of ``options``; one that this story has not had yet, while there is one."""
        options = tuple(options)
        for _ in range(8):
            choice = options[int(self.rng.random() * len(options))]
            if choice not in self.used:
                break
        self.used.add(choice)
        return choice

    def bind(self, **entities: Any) -> None:
        self.bound.update(entities)

    # telling

    def __call__(self, *options: str) -> None:
        """Tell one of ``options``, one or more whole sentences."""
        text = self.fill(self.pick(options) if len(options) > 1 else options[0])
        if text.strip():
            self.paragraphs[-1].append(text[:1].upper() + text[1:])
            self.speaking = None

    def maybe(self, *options: str, chance: float = 0.6) -> None:
        """Tell one of ``options``, or nothing; a brisk telling mostly leaves it out."""
        if self.chance(chance / 3 if self.brisk else chance):
            self(*options)

    def paragraph(self) -> None:
        """Begin a new paragraph: names come first in it."""
        if self.paragraphs[-1]:
            self.paragraphs.append([])
            self.sentence += NEAR + 1

    def fill(self, template: str) -> str:
        """``template`` with every slot and choice resolved."""
        pieces: list[str] = []
        self._expand(compile_template(template), pieces)
        return "".join(pieces)

    def _expand(self, sequence: tuple, pieces: list[str]) -> None:
        for piece in sequence:
            kind = type(piece)
            if kind is Literal:
                pieces.append(piece.text)
                self.sentence += piece.ends
            elif kind is Slot:
                pieces.append(self.refer(self.bound[piece.name], piece.form))
            elif kind is Choice:
                if piece.aside and self.brisk and self.chance(0.65):
                    continue
                self._expand(piece.options[int(self.rng.random() * len(piece.options))], pieces)
            elif kind is Draw:
                pieces.append(self.fill(self.pick(LISTS[piece.words])))

    # referring

    def refer(self, entity: Any, form: str) -> str:
        if isinstance(entity, Character):
            return self._refer_character(entity, form)
        if isinstance(entity, Thing):
            return self._refer_thing(entity, form)
        if isinstance(entity, Place):
            return getattr(entity, form or "the")
        return self.fill(str(entity)) if "{" in str(entity) or "[" in str(entity) else str(entity)

    def mention(self, entity: Entity, by_name: bool) -> None:
        self.mentioned[entity] = self.sentence
        self.pronouns_since_name[entity] = 0 if by_name else self.pronouns_since_name.get(entity, 0) + 1

    def clear(self, entity: Entity, ignoring: Entity | None = None, near: int = NEAR) -> bool:
        """Whether the pronoun of ``entity`` can only mean it here; it was named at most ``near`` sentences ago."""
        said = self.mentioned.get(entity)
        if said is None or said < self.sentence - near:
            return False
        return not any(
            when >= self.sentence - near and other is not entity and other is not ignoring
            for other, when in self.mentioned.items()
            if other.pronoun == entity.pronoun
        )

    def _refer_character(self, who: Character, form: str) -> str:
        if form in CASES:
            self.mention(who, False)
            return who.case(form)
        if form == "V":
            return who.called or who.name or who.noun
        if form == "a":
            self.mention(who, True)
            return self.introduction(who)
        if form in ("N", "Ns"):
            return self.named(who) + ("'s" if form == "Ns" else "")
        if form in ("", "o", "s"):
            limit = 4 if self.mentioned.get(who) == self.sentence else 3
            here = form != "" and self.mentioned.get(who) == self.sentence
            if self.clear(who) and (here or (self.pronouns_since_name[who] < limit and self.chance(0.85))):
                self.mention(who, False)
                return who.case({"": "he", "o": "him", "s": "his"}[form])
            name = self.named(who)
            return name + "'s" if form == "s" else name
        if form == "a0":
            self.mention(who, False)
            return f"a {who.adjective} {who.noun}"
        if form in ("Poss", "Home"):
            text = who.case("his") if form == "Poss" else who.home
            return text[:1].upper() + text[1:]
        return {"noun": who.noun, "hand": who.hand, "home": who.home, "born": who.born or who.noun}[form]

    def named(self, who: Character) -> str:
        """The name, ``the fox``, or ``her mother``."""
        owner = who.owner
        if who.name or owner is None:
            self.mention(who, True)
            return who.name or f"the {who.noun}"
        here = [other for other, said in self.mentioned.items() if said == self.sentence and other is not who]
        just_named = owner in here and not any(e.pronoun == owner.pronoun for e in here if e is not owner)
        text = (
            owner.case("his") if just_named or self.clear(owner, who, 3) else f"{self.named(owner)}'s"
        ) + f" {who.noun}"
        self.mention(who, True)
        return text

    def introduction(self, who: Character) -> str:
        if who.owner is not None:
            whose = who.owner.case("his") if self.clear(who.owner, ignoring=who) else f"{self.named(who.owner)}'s"
            return f"{whose} {who.noun} {who.name}".strip()
        noun = f"{who.adjective} {who.noun}".strip()
        return (
            f"a {noun} [named|called] {who.name}".replace("[named|called]", self.pick(("named", "called")))
            if (who.name)
            else f"a {noun}"
        )

    def _refer_thing(self, thing: Thing, form: str) -> str:
        if form in ("", "o"):
            if self.clear(thing) and self.pronouns_since_name[thing] < 2 and self.chance(0.6):
                self.mention(thing, False)
                return thing.case("he" if form == "" else "him")
            self.mention(thing, True)
            return f"the {thing.noun}"
        if form in CASES:
            self.mention(thing, False)
            return thing.case(form)
        text = thing.form(form)
        if form in ("a", "a0", "the", "full", "n", "an"):
            self.mention(thing, True)
        return text if "[" not in text and "{" not in text else self.fill(text)

    # speaking

    def say(self, who: str, *texts: str, how: str = "") -> None:
        """``who`` (a slot name) says one of ``texts``; ``how`` names a list of ways to speak, or is one."""
        speaker = self.bound[who]
        text = self.fill(self.pick(texts) if len(texts) > 1 else texts[0])
        self.sentence += max(0, text.count(". ") + text.count("! ") + text.count("? "))
        if self.speaking is speaker:
            how = "added"
        elif self.turns_apart and self.paragraphs[-1] and self.chance(0.7):
            self.paragraphs.append([])
        spoken = self.tagged(speaker, text, how)
        self.paragraphs[-1].append(spoken[:1].upper() + spoken[1:])
        self.sentence += 1
        self.speaking = speaker

    def tagged(self, speaker: Character, text: str, how: str) -> str:
        """``text`` in quotation marks with its speaker before, after or inside."""
        first, stop, rest = split_speech(text)
        asks = how.startswith("asked") or how == "shyly"
        inside = bool(rest) and not (asks and stop != "?") and self.chance(0.65)
        mark = stop if inside else text[-1]
        if not how and mark == "?" and not inside and stop != "?":
            how = "said"  # not only a question
        how = how or {"?": "asking", "!": "crying"}.get(mark, "saying")
        if how in LISTS:
            self.bind(x=speaker)
            how = self.fill(self.pick(LISTS[how]))
        verb, _, manner = how.partition(" ")
        if mark == "?" and verb in ("said", "answered", "replied"):
            verb = "asked"
        manner = f" {manner}" if manner else ""
        subject = self.refer(speaker, "")
        if not inside and self.chance(0.35):
            return f'{subject} {verb}{manner}, "{text}"'
        inverted = subject not in PRONOUNS and verb in SPEECH and self.chance(0.6) and subject.count(" ") < 2
        tag = f"{verb} {subject}{manner}" if inverted else f"{subject} {verb}{manner}"
        before = first if inside else text[:-1]
        after = f' "{rest}"' if inside else ""
        return f'"{before}{"," if mark == "." else mark}" {tag}.{after}'

    @cached_property
    def text(self) -> str:
        """The finished story; nothing can be told after this was read."""
        told = "\n".join(" ".join(sentences) for sentences in self.paragraphs if sentences)
        return vary(polish(told), self.rng)


def split_speech(text: str) -> tuple[str, str, str]:
    """A speech as its first sentence, that sentence's closing mark, and the rest."""
    ends = [text.find(mark + " ") for mark in ".!?"]
    ends = [end for end in ends if end > 0]
    end = min(ends) if ends else len(text) - 1
    return text[:end], text[end], text[end + 2 :]

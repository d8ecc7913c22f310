"""Who and what appears: heroes, friends, family, helpers, things, foods and places that go together."""

from playground.training.grammar.words import names, people, places, things
from playground.training.grammar.words.phrases import HOMES, LOOKS
from playground.training.grammar.words.tables import parts
from playground.training.grammar.world import Character, Place, Thing

CHILD_ADJECTIVES = ("little", "young", "small", "", "", "kind", "clever", "brave", "cheerful", "curious", "quiet",
                    "playful", "friendly", "lively", "funny", "shy", "busy", "gentle", "merry", "dreamy")  # fmt: skip
FAIR = ("sunny", "sunny", "windy", "cloudy", "warm")
PARTS = ("morning", "morning", "afternoon", "day")
PLAYGROUNDS = ("park", "playground", "garden", "meadow", "forest", "hill", "pond", "river", "orchard", "farmyard",
               "beach", "clearing", "stream")  # fmt: skip
BIRDS = {"hen": "she", "goose": "she"}


class Casting:
    """Mixed into the teller: each method makes entities, binds them to slot names and returns them."""

    def hero(self, *kinds: str, slot: str = "h", animals: tuple[str, ...] = ()) -> Character:
        """The main character, of one of ``kinds`` (child, animal); it decides the setting of the story."""
        self.kind = self.pick(kinds or ("child", "child", "animal"))
        self.setting = "forest" if self.kind == "animal" else self.pick(HOMES)
        self.weather = self.pick(FAIR)
        who = self.person(slot, animals=animals)
        self.bind(when=self.when(), treat=self.pick(things.ANIMAL_TREATS if self.kind == "animal" else things.TREATS))
        return who

    def when(self, part: str = "") -> str:
        """A way to say ``one sunny morning`` in this story's weather."""
        part = part or self.pick(PARTS)
        return self.pick((f"one {self.weather} {part}", f"one {part}", f"on a {self.weather} {part}",
                          f"one {self.weather} {part}"))  # fmt: skip

    def person(self, slot: str, adjective: str | None = None, animals: tuple[str, ...] = ()) -> Character:
        """Another named one of the story's kind, with a first letter of its own."""
        if self.kind == "animal":
            who = self._animal(adjective, animals)
        else:
            girl = self.chance(0.5)
            born = "girl" if girl else "boy"
            name = self.fresh_name(names.GIRLS if girl else names.BOYS)
            adjective = self.pick(CHILD_ADJECTIVES) if adjective is None else adjective
            who = Character(born, "she" if girl else "he", name, adjective, born=born)
            who.home = self.fill(self.pick(HOMES[self.setting]))
        self.bind(**{slot: who})
        return who

    def _animal(self, adjective: str | None, animals: tuple[str, ...]) -> Character:
        taken = {e.born for e in self.bound.values() if isinstance(e, Character)}
        row = self.pick([row for row in people.TALKERS if row[0] not in taken and row[0] in (animals or people.PAWED)])
        pronoun = BIRDS.get(row[0]) or self.pick(("he", "she"))
        adjective = self.pick(parts(row[3])) if adjective is None else adjective
        who = Character(row[0], pronoun, self.fresh_name(names.ANIMALS), adjective, hand=row[2], kind="animal")
        who.home, who.born = row[1], row[0]
        return who

    def fresh_name(self, options: tuple[str, ...]) -> str:
        taken = {e.name[:1] for e in self.bound.values() if isinstance(e, Character) and e.name}
        name = self.pick(options)
        while name[0] in taken:
            name = self.pick(options)
        return name

    def friend(self, slot: str = "f", of: str = "h", animals: tuple[str, ...] = ()) -> Character:
        """A friend of the hero: ``his friend Ben`` when introduced."""
        who = self.person(slot, animals=animals)
        self.bind(**{slot + "_intro": f"{{{of}.s}} [friend|friend|good friend|best friend] {{{slot}.N}}"
                     if who.kind == "child"
                     else f"{{{of}.s}} [friend|friend|neighbor] {{{slot}.N}} the {who.noun}"})  # fmt: skip
        return who

    def kin(self, slot: str = "k", of: str = "h", only: tuple[str, ...] = ()) -> Character:
        """Somebody of the hero's family."""
        row = self.pick([row for row in people.FAMILY if not only or row[0] in only])
        owner = self.bound[of]
        who = Character(row[0], row[2], owner=owner, called=row[1], hand=owner.hand, kind="grown")
        self.bind(**{slot: who})
        return who

    def worker(self, slot: str = "g", only: tuple[str, ...] = ()) -> Character:
        """A grown-up at work; ``g_at``, ``g_doing`` and ``g_ware`` say where, at what and beside what."""
        row = self.pick([row for row in people.WORKERS if not only or row[0] in only])
        who = Character(row[0], self.pick(("he", "she")), adjective=self.pick(("", "old", "friendly", "busy", "kind")),
                        kind="grown")  # fmt: skip
        who.called = ("Mr. " if who.pronoun == "he" else "Mrs. ") + self.pick(names.SURNAMES)
        self.bind(
            **{
                slot: who,
                slot + "_at": row[1],
                slot + "_doing": row[2],
                slot + "_ware": row[3],
                slot + "_a": f"{{{slot}.a}}",
            }
        )
        return who

    def elder(self, slot: str = "g") -> Character:
        """One who knows more than the hero: family or a working person; among animals, an old one."""
        if self.kind == "animal":
            taken = {e.noun for e in self.bound.values() if isinstance(e, Character)}
            row = self.pick([row for row in people.ELDERS if row[0] not in taken])
            who = Character(row[0], self.pick(("he", "she")), adjective=self.pick(parts(row[1])), hand="paw",
                            kind="grown")  # fmt: skip
            who.called = f"{'Mr.' if who.pronoun == 'he' else 'Mrs.'} {row[0].capitalize()}"
            self.bind(**{slot: who, slot + "_a": f"{{{slot}.a}}"})
            return who
        if self.chance(0.6):
            self.bind(**{slot + "_a": f"{{{slot}.N}}"})
            return self.kin(slot)
        return self.worker(slot)

    def small_animal(self, slot: str = "a", only: tuple[str, ...] = ()) -> Character:
        """A small wild animal; ``a_glad`` is what it does for joy, ``a_gift`` what it is good at."""
        taken = {e.noun for e in self.bound.values() if isinstance(e, Character)}
        row = self.pick([row for row in people.SMALL if row[0] not in taken and (not only or row[0] in only)])
        who = Character(row[0], "it", adjective=self.pick(parts(row[1])), kind="wild", hand="paw")
        self.bind(**{slot: who, slot + "_glad": row[2], slot + "_gift": row[3]})
        return who

    def pet(self, slot: str = "a") -> Character:
        """A pet with a name; ``a_food``, ``a_likes`` and ``a_bed`` go with it."""
        row = self.pick(people.PETS)
        who = Character(row[0], self.pick(("he", "she")), self.fresh_name(names.ANIMALS),
                        self.pick(parts(row[1])), kind="pet")  # fmt: skip
        self.bind(**{slot: who, slot + "_food": row[2], slot + "_likes": row[3], slot + "_bed": row[4]})
        return who

    def treasure(self, slot: str = "o", owner: str = "", small: bool = False, only: tuple[str, ...] = (),
                 tags: tuple[str, ...] = ()) -> Thing:  # fmt: skip
        """An object somebody likes; held by ``owner`` if one is given."""
        while True:
            noun, materials, use, number, tag = self.pick(things.TREASURES)
            if (only and noun not in only) or (tags and tag not in tags) or (small and noun not in things.SMALLER):
                continue
            if any(isinstance(e, Thing) and e.noun == noun for e in self.bound.values()):
                continue
            break
        looks = []
        if self.chance(0.35) and number == "a":
            looks.append(self.pick(things.SIZES if not noun.startswith("toy") else ("little", "small")))
        elif self.chance(0.3):
            looks.append(self.pick(things.MOODS))
        if self.chance(0.75) or not looks:
            looks.append(self.pick(things.COLOURS))
        made = [m for key in parts(materials) for m in things.MATERIALS[key]]
        if made and self.chance(0.3):
            looks.append(self.pick(made))
            if looks[-1] in ("metal", "tin") or noun == "coin":
                looks = [look for look in looks if look != "cream-colored"]
        article = {"a": "a", "pair": "a pair of", "some": "some"}[number]
        thing = Thing(noun, "it" if number == "a" else "they", tuple(looks), use, article)
        thing.more["colour"] = next((look for look in looks if look in things.COLOURS), "")
        self.bind(**{slot: thing})
        if owner:
            self.world.own(self.bound[owner], thing)
        return thing

    def thing(self, slot: str, noun: str, *adjectives: str, article: str = "a", pronoun: str = "it",
              **more: str) -> Thing:  # fmt: skip
        """An object that the plot itself describes."""
        thing = Thing(noun, pronoun, tuple(a for a in adjectives if a), article=article, more=more)
        self.bind(**{slot: thing})
        return thing

    def food(self, slot: str = "b", owner: str = "", kinds: tuple[str, ...] = ()) -> Thing:
        """Something to eat; ``{b.share}`` is a part of it."""
        row = self.pick([row for row in things.FOODS if not kinds or row[4] in kinds])
        thing = Thing(row[0], "it", (self.pick(parts(row[2])),), "eat it", row[1], True, {"share": row[3]})
        thing.more["short"] = short = row[0].split(" of ")[-1]
        thing.more["some"] = short if row[0] != short else f"a {short}"
        self.bind(**{slot: thing})
        if owner:
            self.world.own(self.bound[owner], thing)
        return thing

    def spot(self, slot: str = "p", indoors: bool | None = False, only: tuple[str, ...] = ()) -> Place:
        """A place of the story's setting that it has not had yet."""
        table = places.OUTDOORS if indoors is False else places.INDOORS if indoors else places.OUTDOORS + places.INDOORS
        had = {e.noun for e in self.bound.values() if isinstance(e, Place)}
        row = self.pick([row for row in table if self.setting in row[3].split() and row[0] not in had
                         and (not only or row[0] in only)])  # fmt: skip
        place = Place(row[0], "it", row[1], row[2], tuple(s.strip() for s in row[4].split(";")),
                      tuple(s.strip() for s in row[5].split(";")), row in places.OUTDOORS, row[3])  # fmt: skip
        self.bind(**{slot: place})
        return place

    def outside(self, slot: str = "p") -> Place:
        """A place to play in."""
        return self.spot(slot, only=PLAYGROUNDS)

    def look(self) -> str:
        return self.pick(LOOKS)

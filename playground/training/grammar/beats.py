"""Events that many plots share: beginnings, walks, searches, thanks, apologies, feelings and last lines."""

from playground.training.grammar.words.phrases import ANIMAL_HOBBIES, HOBBIES, WEATHER
from playground.training.grammar.words.things import ANIMAL_JUNK, JUNK

OPENINGS = (
    "Once upon a time, there was {h.a}[| who lived {h.home}].",
    "Once upon a time, {h.a} lived {h.home}.",
    "Once there was {h.a}[| who lived {h.home}].",
    "There once was {h.a0}. {h.Poss} name was {h.N}.",
    "Long ago, {h.a} lived {h.home}.",
    "{h.N} was {h.a0} who lived {h.home}.",
    "{h.N} was {h.a0}. {h.he} lived {h.home}.",
    "This is a story about {h.a}[| who lived {h.home}].",
    "This is the story of {h.a}, who lived {h.home}.",
    "{h.Home}, there lived {h.a}.",
    "Not so long ago, there was {h.a}.",
    "In a [land|valley|village] [not far|far away|a day's walk] from [here|the sea|the mountains|the old mill], "
    "there lived {h.a}.",
    "Everyone [liked|knew] {h.N}, {h.a0} who lived {h.home}.",
    "Have you heard of {h.N}? {h.he} was {h.a0} who lived {h.home}.",
    "When this story begins, {h.a} was living {h.home}.",
    "One of those who lived {h.home} was {h.a}.",
    "There was once {h.a} who lived {h.home}.",
    "Far away, {h.home}, there lived {h.a}.",
)
GLAD = (
    "{x} was so {*glad} that {x.he} [hopped|jumped|skipped|danced] [around in a circle|up and down|on the spot].",
    "{x} could not stop smiling.",
    "{x} felt [warm inside|as light as a feather|ten feet tall|very happy].",
    "That made {x.o} {*glad}.",
    "{x} had never been [so happy|happier].",
    "{x} laughed [out loud|with joy|and laughed].",
)
SAD = (
    "{x} was {*sad}[| and did not know what to do].",
    "{x} felt a lump in {x.his} throat.",
    "{x} {*wept}.",
    "{x} hung {x.his} head.",
    "Tears rolled down {x.s} cheeks.",
    "That made {x.o} {*sad}.",
    "{x} sat down and sighed.",
)
WRONG = (
    "What is wrong, {y.V}?", "What is the matter?", "Why are you so sad, {y.V}?", "What happened, {y.V}?",
    "Are you all right?", "Why do you look so sad?", "Can I help you, {y.V}?", "What's the matter, {y.V}?",
    "Oh dear, what has happened?", "Why the long face, {y.V}?",
)  # fmt: skip
THANKS = (
    "Thank you, {y.V}!", "Thank you so much!", "Oh, thank you, {y.V}!", "Thank you for your help, {y.V}.",
    "You are so kind. Thank you!", "Thank you, {y.V}. I will never forget this.", "How can I ever thank you?",
    "Thank you a hundred times!", "You are a real friend. Thank you!", "Thanks, {y.V}! You saved the day.",
)  # fmt: skip
WELCOME = (
    "You are welcome.", "That is what friends are for.", "I was glad to help.", "It was nothing.",
    "You would do the same for me.", "Any time, {x.V}.", "I am happy that I could help.",
)  # fmt: skip
SORRY = (
    "I am sorry, {y.V}. {what}", "I am so sorry. {what}", "I'm sorry. {what} Please forgive me.",
    "{what} I am very sorry, {y.V}.", "Please don't be angry, {y.V}. {what} I am sorry.",
)  # fmt: skip
FORGIVEN = (
    "It is all right, {x.V}.", "I forgive you, {x.V}.", "That's all right. Everyone makes mistakes.",
    "I know you did not mean it, {x.V}.", "I am not angry anymore, {x.V}.",
    "I'm glad you said so. Let's forget about it.", "Let's be friends again.",
)  # fmt: skip
LESSONS = (
    "{x} had learned that {lesson}.",
    "That day, {x} learned that {lesson}.",
    "Now {x} knew that {lesson}.",
    "{x} never forgot that {lesson}.",
    "And so {x} found out that {lesson}.",
    "{x} thought about the day and understood that {lesson}.",
    "Since then, {x} has known that {lesson}.",
)
NOW = (
    "From that day on, {x} {now}.",
    "From then on, {x} {now}.",
    "After that, {x} always remembered this day and {now}.",
)
NIGHTS = (
    "That night, {x} [slept well|fell asleep with a smile|dreamed sweet dreams|slept like a log].",
    "In the evening, {x} told the whole story at [supper|dinner].",
    "When {x} went to bed, {x.he} was still smiling.",
    "It had been a [long|good|wonderful|busy] day, and {x} fell asleep [at once|before {x.he} could count to ten].",
)


class Beats:
    """Mixed into the teller. Slot names are given as strings; ``x`` is whoever a shared sentence is about."""

    def about(self, x: str, y: str = "", **strings: str) -> None:
        self.bind(x=self.bound[x], **({"y": self.bound[y]} if y else {}), **strings)

    def open(self, *extra: str, hobby: bool = True) -> None:
        """The first paragraph: who the hero is, then one of ``extra`` or something the hero likes."""
        hero = self.bound["h"]
        self(*OPENINGS)
        if not extra or (hobby and self.chance(0.25)):
            likes = self.pick(ANIMAL_HOBBIES if hero.kind == "animal" else HOBBIES)
            self.bind(likes=likes)
            self(
                "{h} [loved|liked] to {likes}.",
                "Most of all, {h.he} [loved|liked] to {likes}.",
                "{h} liked to {likes}, and {h.he} was {*trait}.",
                "{h} was {*trait} and {*trait}.",
                "Everyone knew that {h} was {*trait}.",
                "{h.s} [friends|neighbors] said that {h.he} was {*trait} and {*trait}.",
            )
        if extra:
            self(*extra)

    def walk(self, place: str, *who: str) -> None:
        """``who`` (one or two) go to ``place``."""
        self.world.go(self.bound[place], *(self.bound[w] for w in who))
        self.about(who[0], z=self.bound[place])
        if len(who) == 1:
            self("{x} {*walked} {z.to}.", "So {x} {*walked} {z.to}.", "{x} set off {z.to}.")
        else:
            self.bind(y=self.bound[who[1]])
            self("{x.N} and {y.N} {*walked} {z.to} together.", "Together they {*walked} {z.to}.",
                 "So {x.N} and {y.N} {*walked} {z.to}.")  # fmt: skip
            self.apart()

    def apart(self) -> None:
        """From here on names come first, as nobody stands out."""
        self.sentence += 2

    def scene(self, place: str = "", chance: float = 0.5) -> None:
        """Perhaps a sentence of weather, or of what belongs to ``place``."""
        if self.chance(chance / 2 if self.brisk else chance):
            weather = WEATHER[self.weather]
            sights = self.bound[place].sights if place else ()
            self(self.pick(sights if sights and (self.chance(0.6) or not self.bound[place].outdoors) else weather))

    def junk(self) -> str:
        return self.pick(ANIMAL_JUNK if self.kind == "animal" else JUNK)

    def search(self, who: str, place: str, times: int = 2) -> None:
        """``who`` looks in places there and finds only other things."""
        self.about(who, z=self.bound[place])
        for turn in range(times):
            self.bind(where=self.pick(self.bound[place].spots), junk=self.junk())
            if turn == 0:
                self("{x} looked {where}, but there was only {junk}.",
                     "First {x} looked {where}. There was only {junk}.",
                     "{x} looked {where} and found nothing but {junk}.",
                     "{x} searched {where}, but all {x.he} found was {junk}.")  # fmt: skip
            else:
                self("Then {x.he} looked {where} and found {junk}.",
                     "Next {x.he} looked {where}, but there was just {junk}.",
                     "{x} looked {where}, too. Nothing but {junk}!", "And {where} there was only {junk}.")  # fmt: skip

    def feel(self, who: str, mood: str) -> None:
        self.about(who)
        self(*(GLAD if mood == "glad" else SAD))

    def ask_wrong(self, asker: str, asked: str) -> None:
        self.about(asked, asked)
        self.say(asker, *WRONG)

    def thank(self, who: str, whom: str, reply: float = 0.4) -> None:
        self.about(who, whom)
        self.say(who, *THANKS, how="" if self.chance(0.5) else "happily")
        if self.chance(reply / 2 if self.brisk else reply):
            self.about(who, who)
            self.say(whom, *WELCOME, how="answering")

    def sorry(self, who: str, whom: str, what: str) -> None:
        """``who`` says sorry; ``what`` is a whole sentence in the first person."""
        self.about(who, whom, what=what)
        self.say(who, *SORRY, how=self.pick(("said", "said quietly", "said softly", "whispered", "said")))

    def forgive(self, who: str, whom: str) -> None:
        self.about(whom)
        self.say(who, *FORGIVEN, how="kindly" if self.chance(0.5) else "answering")

    def lesson(self, who: str, *lessons: str, now: tuple[str, ...] = (), chance: float = 0.75) -> None:
        """What ``who`` learned, or does ``now`` (simple past, ``always asked first``)."""
        if not self.chance(chance * 0.7 if self.brisk else chance):
            return
        self.about(who)
        if now and (not lessons or self.chance(0.45)):
            self.bind(now=self.pick(now))
            self(*NOW)
        elif lessons:
            self.bind(lesson=self.pick(lessons))
            self(*LESSONS)

    def night(self, who: str, chance: float = 0.35) -> None:
        """Perhaps a last sentence about the end of the day."""
        if self.chance(chance / 2 if self.brisk else chance):
            self.about(who)
            self(*NIGHTS)

"""Contests, and how to lose or win them well."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.teller import Teller

# contest | what one practiced | hero's trouble | winner's merit | prize
CONTESTS = (
    ("a race around the {pond}", "ran every morning", "stepped into a hole and lost a shoe", "ran lightly and never looked back", "a blue ribbon"),
    ("a swimming race", "swam every day", "swallowed some water and had to cough", "swam as straight as an arrow", "a silver cup"),
    ("a singing contest", "sang every morning", "forgot the second verse", "sang so softly that nobody dared to breathe", "a golden bell"),
    ("a contest for the best cake", "baked every weekend", "took the cake out a minute too late, and it was dry", "had baked a cake with roses made of sugar", "a big wooden spoon"),
    ("a drawing contest", "drew every evening", "spilled some water over the sky", "had drawn a tiger that seemed to breathe", "a box of colors"),
    ("a contest for the biggest pumpkin", "watered the pumpkin twice a day", "found that snails had eaten one side", "had grown a pumpkin as big as a cart", "a green flag"),
    ("a sandcastle contest", "built castles every afternoon", "saw a wave take half of the towers", "had built a castle with a hundred windows", "a red bucket"),
    ("a kite contest", "flew the kite on the hill each day", "got the string caught in a tree", "made the kite dance in circles", "a shiny medal"),
    ("a jumping contest", "jumped over every fence", "slipped on the wet grass", "jumped as if there were no ground", "a blue ribbon"),
    ("a spelling contest", "learned ten words a day", "left one letter out of the last word", "spelled the longest word without a mistake", "a thick book"),
    ("a dance contest", "danced every evening", "turned left when everyone turned right", "danced like a leaf in the wind", "a golden ribbon"),
    ("a boat race", "rowed every day after lunch", "lost an oar in the reeds", "rowed with long, quiet strokes", "a silver whistle"),
)  # fmt: skip


def fair_loser(s: Teller) -> None:
    h = s.hero("child")
    s.friend()
    k = s.kin()
    row = s.pick(CONTESTS)
    s.bind(pond=s.pick(("pond", "park", "school", "village", "lake", "big field")))
    s.bind(
        contest=row[0].replace("{pond}", s.bound["pond"]), practice=row[1], trouble=row[2], merit=row[3], prize=row[4]
    )
    s.open(
        "Each year, there was {contest}, and {h} wanted to win it.",
        "There was going to be {contest}. The winner would get {prize}.",
        hobby=False,
    )
    s("For weeks, {h} {practice}. [{h.he} dreamed of {prize}.|{h.he} was sure to win.]")
    s.paragraph()
    s(
        "The great day came. {f_intro} took part, too.",
        "At last, it was the day. {f_intro} wanted to win, too.",
    )
    s.say("h", "May the best one win!", "I will win. You will see!", "Good luck, {f.N}! But I want to win.", how="said")
    s.say("f", "Good luck to you, too!", "Let's both do our best.", "We will see!", how="answering")
    s(
        "At first, everything went well. But then {h} {trouble}. [{h.he} tried to save what could be saved.|{h.s} heart sank.]"
    )
    s(
        "{f.N} {merit}. [Everyone clapped.|The judges nodded to each other.] {f} won, and {h.N} came [second|third|fourth]."
    )
    s("{f.N} got {prize}. {h} [felt hot tears|bit {h.his} lip|wanted to run away].")
    s.say(
        "h",
        "It was only bad luck!",
        "I should have won!",
        "It's not fair!",
        how="whispered" if s.chance(0.5) else "thought",
    )
    s.paragraph()
    s("{k.N} put an arm around {h.o}." if k.pronoun != h.pronoun else "{k.N} put an arm around {h.N}.")
    s.bind(x=h)
    s.say(
        "k",
        "You are sad, and that is all right. But did {f.N} not do well?",
        "Losing hurts. What do you think, was {f.N} good?",
        how="kindly",
    )
    s("{h} thought about it. It was true. Nobody had done better than {f.N}.")
    s("So {h} wiped {h.his} eyes and went to {f.N}. {h.he} held out one hand.")
    s.say("h", "You were better today. Well done, {f.V}!", "You deserved to win, {f.V}. It was wonderful!", how="said")
    s.maybe("{f.N} [beamed|looked surprised].")
    s.say(
        "f",
        "That means more to me than the prize. You were good, too.",
        "Thank you! Without your bad luck, it would have been close.",
        "Shall we practice together from now on?",
        how="happily",
    )
    s.paragraph()
    s.maybe(
        "From that day on, they practiced together[, and both became better|]. [And the next year? {h.N} won, and {f.N} was the first to clap.|The next year, they came first and second, and nobody cared who was which.]"
    )
    s.lesson(
        "h",
        "a good loser is a winner, too",
        "one can be sad and still be fair",
        "it takes greatness to be glad for others",
        chance=0.6,
    )


def boaster(s: Teller) -> None:
    s.hero("animal", animals=("fox", "rabbit", "cat", "dog", "pony", "kangaroo", "deer", "wolf", "lion", "tiger"))
    s.friend(animals=("hedgehog", "mole", "turtle", "duck", "koala", "beaver", "panda", "pig", "penguin", "frog"))
    s.elder()
    way = s.pick(
        (
            ("to the old oak and back", "the oak"),
            ("to the mill and back", "the mill"),
            ("to the lake and back", "the lake"),
            ("up the hill and down again", "the top of the hill"),
        )
    )
    s.bind(way=way[0], mid=way[1])
    s.open(
        "{h} was the fastest runner of all, and {h.he} told everybody about it.",
        "Nobody could run as fast as {h}, and {h.he} never stopped talking about it.",
        hobby=False,
    )
    s.say(
        "h",
        "All of you are so slow! I could win with one leg.",
        "I am faster than the wind!",
        "Next to me, all of you are snails!",
        how="said",
    )
    s.paragraph()
    s("{when}, {f.N} the {f.noun} had had enough.")
    s.say("f", "Then let's have a race, {way}.", "I will race you, {way}. What do you say?", how="said")
    s("{h} laughed until {h.his} belly hurt. {g_a} gave the sign, and they were off.")
    s("{h} shot away and was soon out of sight. At {mid}, {h.he} looked back. {f.N} was far behind.")
    bad = s.pick((("lay down under a bush for a little nap", "slept and snored", "When {h} woke up, the sun was much lower"),
                  ("stopped to eat blackberries", "ate and ate", "When {h} looked up, {h.his} belly was round and heavy"),
                  ("showed some young ducks how to do a somersault", "turned one somersault after the other", "When {h} stopped, the whole world was spinning"),
                  ("looked at {h.his} own face in a puddle", "made a hundred faces", "When {h} looked up at last, a lot of time had passed")))  # fmt: skip
    s.bind(bad=bad[0], did=bad[1], end=bad[2])
    s.say("h", "I have all the time in the world.", "There is no need to hurry.", how="said")
    s(
        "So {h} {bad}. {h.he} {did}."
        if "blackberries" not in bad[0]
        else "So {h} {bad}. {h.he} {did} until {h.his} mouth was purple."
    )
    s(
        "Meanwhile, {f.N} came along. {f.he} [did not stop once|put one foot in front of the other]. {f.he} went past without a word."
    )
    s("{end}. {h.he} ran as fast as {h.he} could. But it was too late! {f.N} had just crossed the line.")
    s.paragraph()
    s("Everyone cheered for {f.N}. {h} hung {h.his} head.")
    s.say(
        "g",
        "Being fast is a gift. Going on is an art.",
        "It was not your legs that lost, {h.N}. It was your mouth.",
        how="said",
    )
    s.say(
        "h",
        "You won fairly, {f.N}. I am sorry that I laughed.",
        "I called you slow, and you beat me. Forgive me.",
        how="said",
    )
    s.say(
        "f",
        "You really are fast. Will you teach me to start like you?",
        "Let's run together next time, just for fun.",
        how="answering",
    )
    s.lesson(
        "h",
        "slow and steady is often faster",
        "boasting does not win races",
        "one should never laugh about others",
        now=("let others say how fast {x.he} was",),
    )

"""A surprise for somebody."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.english import ing
from playground.training.grammar.teller import Teller

TASKS = ("bake a cake", "blow up balloons", "hang up paper lanterns", "paint a big sign", "tie ribbons to the chairs",
         "practice a song", "wrap the presents", "fold paper hats", "pick flowers for the table", "make a crown out of leaves")  # fmt: skip


def all_forgot(s: Teller) -> None:
    h, _k = s.hero(), s.kin()
    s.friend()
    s.outside()
    s.bind(one=s.pick(TASKS), two=s.pick(TASKS), age=s.pick(("five", "six", "seven", "eight")))
    s.open(
        "Today was {h.his} birthday. {h.he} was {age} years old now.",
        "{h} had counted the days. At last, it was {h.his} birthday!",
        hobby=False,
    )
    s.paragraph()
    s("{h} jumped out of bed and ran to {k.N}.", "In the morning, {h} ran to {k.N} with shining eyes.")
    s.say(
        "k",
        "Good morning, {h.V}. Please wash your face.",
        "Good morning! There is porridge on the table.",
        "Oh, good morning. I am very busy today.",
        how="said",
    )
    s("Nothing more! [Not a word about the birthday.|Had {k.N} forgotten what day it was?]")
    s("Then {h} met {f_intro} {p.at}.")
    s.say("h", "Do you know what day it is?", "Is today a special day?", how="shyly")
    s.say(
        "f",
        "Yes. It is a very normal day. I have to go now!",
        "Hm, let me think. No, I don't know. Good-bye!",
        how="said",
    )
    s("{f.N} [ran off|hurried away] with a [big bag|strange smile|box under one arm]. [{h} looked after {f.him}.|]")
    s.feel("h", "sad")
    s.say(
        "h",
        "Everyone has forgotten me.",
        "Nobody thinks of my birthday.",
        "This is the worst birthday of all.",
        how="thought",
    )
    s.paragraph()
    s(
        "In the afternoon, {k.N} sent {h.o} {p.to} to [fetch|get] some [water|flowers|wood].",
        "{h} walked around alone until late afternoon.",
    )
    s(
        "When {h.he} came home, the [house|place] was dark and quiet. {h.he} opened the door."
        if h.kind == "child"
        else "When {h.he} came home, everything was dark and quiet. {h.he} went in."
    )
    s(
        '"[Surprise!|Happy birthday!]" [shouted|cried] many voices. [Suddenly there was light everywhere.|A hundred little lights went on.]'
    )
    s("[There stood {k.N}, {f.N} and all the others.|Everyone was there, and {f.N} held a cake with {age} candles.]")
    s.say("h", "You did not forget!", "I thought you had all forgotten!", "So you knew it all the time?", how="cried")
    s.say(
        "f",
        "Of course not! That is why I ran away. I had to {one}.",
        "It was so hard to keep quiet! I had to {one}.",
        how="laughed",
    )
    s.say("k", "And I had to {two}. That took me the whole day.", "And I had to {two} while you were out.", how="said")
    s.paragraph()
    s("They ate {treat} and [sang|played games|danced] until late.", "They had {treat}, and everyone sang for {h.o}.")
    s("{h} blew out the candles and made a wish.") if s.chance(0.5) else None
    s.feel("h", "glad")
    s.lesson(
        "h",
        "a surprise needs a little patience",
        "good friends do not forget",
        "silence can be a present, too",
        chance=0.5,
    )
    s.night("h", 0.4)


def for_someone_else(s: Teller) -> None:
    s.hero("child")
    s.worker()
    s.friend()
    s.kin("k")
    one, two = s.pick(TASKS), s.pick(TASKS)
    s.bind(one=one, two=two, oneing=ing(one), twoing=ing(two), why=s.pick(("had a birthday on Sunday", "had worked in the same place for twenty years",
           "had come back after a long illness", "would turn seventy on Friday", "had helped everyone through the winter")))  # fmt: skip
    s.open()
    s.paragraph()
    s(
        "{when}, {h.N} and {h.his} friend {f.N} heard that the {g.noun} {why}. [But the {g.noun} lived all alone.|But nobody had planned anything.]"
    )
    s.say(
        "h",
        "We should give a party for the {g.noun}!",
        "The {g.noun} is always kind to us. Let's make a surprise party!",
    )
    s.say("f", "Yes! But it must be a secret.", "What a good idea! But nobody must tell.", how="said")
    s("So {h.N} and {f.N} made a plan. {h.N} was going to {one}, and {f.N} was going to {two}.")
    s.bound["f"].adjective = ""
    s.apart()
    s("{h.Ns} {k.noun} promised to [bring lemonade|make a big salad|lend them the long table].")
    s.paragraph()
    s(
        "But on the day of the party, there was a problem. The {g.noun} [came down the street an hour too early|came back much too early]! Nothing was ready."
    )
    s.say("h", "Quick, {f.V}! Keep the {g.noun} busy!", "Oh no! {f.V}, you have to stop {g.him}!", how="whispered")
    s("{f.N} ran to the {g.noun}.")
    s.say("f", "Please, could you help me to look for my lost [kitten|glove|key]?".replace("[kitten|glove|key]", s.pick(("glove", "ball", "whistle"))),
          "Could you please tell me the story of how you became a {g.noun}?", "Would you walk to the pond with me? I want to show you something.", how="asked")  # fmt: skip
    s.say("g", "Well, why not?", "Of course, my dear.", "Gladly. I have time.", how="answering")
    s("Meanwhile, {h} and the others worked as fast as they could. In the end, everything was in its place.")
    s("[At last|An hour later], {f.N} brought the {g.noun} back. {h} [opened the door|pulled the curtain aside].")
    s.say("h", "Surprise!", "Surprise! This is for you!", how="shouted")
    s("The {g.noun} [stood still with an open mouth|had to sit down|laughed and cried at the same time].")
    s.say(
        "g", "Is this all for me? I thought that nobody knew.", "Nobody has ever done such a thing for me!", how="said"
    )
    s.say("h", "You are always there for us. Now we are here for you.", "We wanted to say thank you.", how="answering")
    s.paragraph()
    s(
        "They ate {treat} and danced until the moon came up.",
        "They had {treat}, and the {g.noun} told funny stories until late.",
    )
    s.lesson(
        "h",
        "it is lovely to make others happy",
        "giving a party is as nice as getting one",
        "a secret can be a present",
    )
    s.night("h", 0.3)

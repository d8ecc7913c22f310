"""The weather changes a plan."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.teller import Teller
from playground.training.grammar.words.tables import rows

# plan (go on ...) | what was packed or prepared | what came | why it cannot be | new idea | how it is done | why it was good
PLANS = rows("""
have a picnic | a basket with sandwiches and plums | dark clouds and a heavy rain | the grass was soaking wet | have the picnic under the table | They spread a blanket on the floor and crawled under the table | It was as cozy as a tent
fly kites | two kites and a long string | no wind at all | the kites hung down like wet socks | make soap bubbles | They stirred soap into a bowl of water and blew through straws | Because there was no wind, the bubbles floated for a long time
build a snowman | a carrot for the nose and an old hat | warm rain | the snow turned to mud | build a man out of mud | They rolled three balls of mud and pushed the carrot into the top one | The mud man had the best smile in the whole street
go to the beach | towels, buckets and spades | thick fog | nobody could see the water | look for things that come out of the fog | They sat on the steps and guessed what each shadow would be | Every shadow turned into a surprise
sleep outside in a tent | pillows, a lamp and a bag of cookies | a thunderstorm | the tent blew over | put up the tent indoors | They tied the tent to four chairs and lit the lamp | The thunder outside made the stories even better
swim in the lake | a big ball and two towels | a cold wind | the water was like ice | make a lake out of paper | They cut out a hundred paper fish and hung them on strings | When the wind came in at the window, all the fish began to swim
ride the sled | the sled and warm mittens | bright sunshine | the snow melted away | put wheels on the sled | They found four old wheels and screwed them on | Now they could ride all year
pick cherries | three baskets and a ladder | hail as big as peas | it was dangerous to stand on the ladder | bake bread with last year's cherry jam | They kneaded the dough and put a spoon of jam into each roll | The house smelled so good that the neighbors came in
watch the stars | blankets and a bag of nuts | clouds from one side to the other | not one star could be seen | make their own stars | They pricked holes into a box and put a lamp inside | The whole ceiling was full of stars
have a race in the yard | flags and a golden cup | a long, gray rain | the yard was one big puddle | race with paper boats | They folded boats and set them on the biggest puddle | The smallest boat won by a nose
paint the fence | brushes and a bucket of white paint | a shower of rain | the paint would have run down | paint the inside of the shed | They painted clouds and birds on the old brown walls | Now it was sunny in the shed in any weather
""")


def plan_and_rain(s: Teller) -> None:
    s.hero("child")
    row = s.pick(PLANS)
    _f, _k = s.friend(), s.kin()
    s.bind(plan=row[0], packed=row[1], came=row[2], why=row[3], idea=row[4], how_done=row[5], good=row[6])
    day = s.pick(("Saturday", "Sunday", "Friday", "Wednesday"))
    s.bind(day=day)
    s.open()
    s.paragraph()
    s(
        "[For days|All week], {h} had looked forward to {day}. On {day}, {h.he} and {h.his} friend {f.N} were going to {plan}.",
        "{h} and {h.his} friend {f.N} had a plan. On {day}, they wanted to {plan}.",
    )
    s("Everything was ready: {packed}.", "They had got everything ready: {packed}.")
    s(
        "But when {day} came, it brought {came}. {why}.".replace(
            "{why}.",
            "Soon {why}."
            if "could" not in row[3] and "hung" not in row[3] and "were" not in row[3] and "was" not in row[3]
            else "And so {why}.",
        )
    )
    s.feel("h", "sad")
    s.say(
        "h",
        "Now everything is ruined!",
        "It's not fair! We waited so long!",
        "Why does it have to be today?",
        how="cried",
    )
    s.say("f", "Maybe it will get better soon.", "Let's wait a bit.", "Perhaps it will change.", how="said")
    s.maybe(
        "They waited at the window for an hour. [Nothing changed.|It only got worse.]",
        "They waited and waited, but it did not change.",
    )
    s.paragraph()
    s("{k.N} came in and saw [two long faces|their faces].")
    s.say(
        "k",
        "You cannot change the weather. But can you change the plan?",
        "The weather does what it likes. What can we do instead?",
        "What could you do that only works on a day like this?",
        how="asked",
    )
    s("{h.N} and {f.N} [looked at each other|thought hard].")
    s.apart()
    s.say("h", "I know! We could {idea}!", "What if we {idea}?", "I have an idea. Let's {idea}!")
    s.say("f", "Yes, let's do that!", "That is a great idea!", "I will get the things we need!", how="cried")
    s("{how_done}.")
    s("{good}.")
    s("{k.N} brought {treat}, and they [laughed|played] until [evening|it was time for bed].")
    s.paragraph()
    s.say(
        "f",
        "I am almost glad about the weather.",
        "This was better than the old plan.",
        "Next time, I hope it will be just as bad outside.",
        how="laughed" if s.chance(0.3) else "happily",
    )
    s.lesson(
        "h",
        "a good idea is stronger than bad weather",
        "a spoiled plan can make room for a better one",
        "one cannot change the weather, but one can change the plan",
    )
    s.night("h", 0.3)


def snow_day(s: Teller) -> None:
    h = s.hero("child")
    s.weather = "cold"
    _f, _k = s.friend(), s.kin()
    s.worker()
    s.open()
    s.paragraph()
    s(
        "One winter morning, {h} [woke up|opened {h.his} eyes] and everything was [quiet|strangely quiet]. {h.he} ran to the window. The whole world was white!"
    )
    s.maybe(
        "The snow was so [deep|high] that it reached up to the windowsill.",
        "It had snowed all night, and the paths had disappeared.",
    )
    s.say("k", "There is no school today. Nobody can get through.", "Today we have to stay at home.", how="said")
    s.say("h", "Hooray! I can play in the snow all day!", "Hooray! A whole day to build snowmen!")
    s.paragraph()
    s(
        "Then {h} saw the house across the road, where the old {g.noun} lived. There was no smoke from the chimney. The snow lay [high|deep] in front of the door."
    )
    s.say(
        "h",
        "What if the {g.noun} can't get out? {g.he} may be cold.",
        "Look, no smoke! Maybe {g.he} has no wood left.",
        how="said",
    )
    s("{h} fetched a shovel. {f_intro} saw {h.him} and came with another one.")
    s("They dug and dug. It took them [an hour|the whole morning] to reach the door.")
    s("The {g.noun} opened. [{g.he} was wrapped in three blankets.|{g.his} nose was red with cold.]")
    s.say(
        "g",
        "Children, how good to see you! I could not get to my wood.",
        "You dug all that way for me? My wood is in the shed, and I could not reach it!",
        how="cried",
    )
    s(
        "{h.N} and {f.N} dug a path to the shed and carried in the wood. Soon a fire was [burning|crackling] in the stove."
    )
    s.paragraph()
    s(
        "The {g.noun} made [pancakes|hot cocoa|a pot of tea with honey] and told them about the big snow when {g.he} was [a child|young]."
    )
    s.maybe(
        "There was still time to play. They built a snowman in front of the window, so that the {g.noun} would not be alone.",
        "Before they went home, they built a snow cat in front of the {g.noun}'s window. It looked in all winter.",
    )
    s.bind(x=h)
    s.say(
        "k", "That was the best thing you could do with a free day.", "I am proud of you, {h.V}.", how="said"
    ) if s.chance(0.5) else None
    s.lesson("h", "helping can be as much fun as playing", "a path is a good present", chance=0.6)
    s.night("h", 0.3)

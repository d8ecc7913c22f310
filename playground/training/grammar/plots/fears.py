"""Fear is overcome, step by step, once its reason is understood."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.teller import Teller
from playground.training.grammar.words.tables import rows

# afraid of | when it shows | why | what helps, said by a friend | first step | second step | what it was like in the end
FEARS = rows("""
the dark | every evening, {h.he} wanted all the lamps to burn | in the dark, every coat looked like a monster | Let's look at the room with the light on, and then remember what is where | {h} touched the coat and the chair with closed eyes | {h} put out the lamp for as long as it takes to count to ten | {h} lay in the dark and knew each shadow by name
thunder | {h.he} hid under the table whenever the sky turned gray | the noise came without warning | Count from the flash to the bang. Then you know how far away it is | {h} counted to three | {h} counted to nine, because the storm was going away | {h} sat at the window and counted until the storm was gone
deep water | {h.he} never went in farther than {h.his} knees | {h.he} could not see the bottom | Hold on to me. We will only go as far as you like | {h} went in up to {h.his} belly | {h} put {h.his} face into the water and opened {h.his} eyes | {h} saw little fish and forgot to be afraid
the big slide | {h.he} climbed up and always climbed down again | it looked so high from above | Don't look down. Look at me, I will stand at the end | {h} went halfway up and waited there | {h} sat down at the top and took a deep breath | {h} whooshed down and wanted to do it again at once
big dogs | {h.he} crossed the road when one came near | a dog had once barked at {h.him} | Let it smell you first, and stand still | {h} stood still while an old dog sniffed at {h.his} shoe | {h} held out one hand, and the dog licked it | {h} scratched the old dog behind its ears
singing in front of others | {h.he} only sang when nobody was near | {h.he} thought that everyone would laugh | Sing for one friend first. Then for two | {h} sang very softly with closed eyes | {h} sang for two friends, and they hummed along | {h} sang for everyone, and nobody laughed at all
spiders | {h.he} screamed when one ran across the floor | they had so many legs | Watch one build its web. It is too busy to bother you | {h} watched a spider from far away | {h} came closer and saw how neat the web was | {h} carried a spider outside in a glass
the doctor | {h.he} hid whenever the word was said | {h.he} did not know what would happen there | I will tell you each thing before it is done | {h} let somebody listen to {h.his} heart | {h} opened {h.his} mouth and said aah | {h} walked out with a bandage and a big grin
high places | {h.he} never climbed anything | {h.his} knees began to shake | Hold the rail and go up only one step at a time | {h} went up three steps and stopped | {h} went up three more and looked at the clouds | {h} stood on top and could see the whole valley
the cellar | {h.he} ran past the door | strange noises came from down there | Let's find out together what makes the noise | {h} went down two steps and listened | {h} saw an old pipe that dripped and went plop | {h} went down alone and brought up a jar of jam
the old forest | {h.he} never took the short way through it | the trees creaked like doors | The trees creak because they rub against each other in the wind | {h} put an ear to a trunk and listened | {h} walked to the third tree and back | {h} walked through the forest and even sang
the first day of school | {h.he} could not sleep for a week | {h.he} knew nobody there | Find one who looks as shy as you, and say hello | {h} looked through the window of the classroom | {h} saw a child who stood alone and looked shy | {h} said hello and had a friend before the bell rang
the rooster | {h.he} never went into the yard alone | it had once chased {h.him} around the well | Walk slowly, and carry a handful of corn | {h} threw some corn over the fence | {h} stood still while the rooster ate | {h} walked through the yard, and the rooster only looked
the narrow bridge | {h.he} always took the long way around | it swung in the wind | Hold both ropes and look at the other side | {h} put one foot on the first board | {h} walked to the middle and stopped to breathe | {h} reached the other side and turned around to do it again
the sound of the wind | {h.he} put a pillow over {h.his} head | it howled in the chimney like a wolf | Let's make the same sound with a bottle, and you will see | {h} blew across the bottle, and it howled softly | {h} listened to the chimney again and heard only a big bottle | {h} howled along with the wind and laughed
""")
HUMAN_ONLY = ("the doctor", "the first day of school", "big dogs", "the cellar", "the dark", "the big slide", "the sound of the wind",
              "the rooster", "spiders")  # fmt: skip


def afraid(s: Teller) -> None:
    h = s.hero()
    row = s.pick([row for row in FEARS if h.kind == "child" or row[0] not in HUMAN_ONLY])
    s.bind(fear=row[0], shows=row[1], why=row[2], advice=row[3], one=row[4], two=row[5], end=row[6])
    g = s.elder() if s.chance(0.5) else s.friend("g")
    named = bool(g.name)
    s.bind(g_first="{g_intro}" if named else "{g_a}")
    s.open("There was only one thing that {h.he} was afraid of: {fear}.", "{h} did not talk about it, but {h.he} was afraid of {fear}.",
           "{h} was brave in many ways, but {h.he} was afraid of {fear}.", hobby=False)  # fmt: skip
    s("It was so bad that {shows}.", "Because of that, {shows}.")
    s.paragraph()
    s("{when}, {g_first} noticed it.", "{when}, {g_first} sat down with {h.o} and asked about it.")
    s.say("g", "What are you afraid of, {h.V}?", "Why are you trembling, {h.V}?", "You look pale. What scares you?")
    s.say(
        "h",
        "I am afraid of {fear}. Please don't laugh.",
        "It's {fear}. I know it is silly.",
        "I am so scared of {fear}.",
        how="whispering",
    )
    s.say(
        "g",
        "I would never laugh about that. Everyone is afraid of something.",
        "That is not silly at all. I am afraid of some things, too.",
        "Being afraid is no shame. What is so bad about it?",
        how="kindly",
    )
    s("{h} thought about it. The worst thing was that {why}.", "{h} explained that {why}.")
    s.say("g", "I see. {advice}.", "I know what helps. {advice}.", "Then let's try something. {advice}.", how="said")
    s.paragraph()
    s(
        "So they tried it. First {one}. [{h.s} heart beat like a drum.|{h.s} knees were weak.]",
        "At first, {h} shook {h.his} head. But then {h.he} tried. {one}.",
    )
    s.say(
        "g",
        "Very good. Was that enough for today?",
        "Well done! Shall we go on?",
        "You are doing well. One more step?",
        how="asked",
    )
    s.say("h", "One more step.", "Let's go on.", "I want to try a bit more.", how="answering")
    s("Then {two}.", "After that, {two}.")
    s("They did this [every day|again and again] for a [week|while]. Each time, it was a little easier.") if s.chance(
        0.6
    ) else None
    s("And in the end, {end}.", "Finally, {end}.", "And then it happened: {end}.")
    s.say(
        "h",
        "I was afraid, and I did it anyway!",
        "It was not so bad after all!",
        "I can hardly believe it!",
        "I did it!",
        how="proudly",
    )
    s.paragraph()
    s.say(
        "g",
        "That is what brave means: to be afraid and to try all the same.",
        "I am proud of you, {h.V}.",
        how="kindly",
    ) if s.chance(0.5) else None
    s.lesson("h", "being brave means to go on although one is afraid", "fear gets smaller when one looks at it closely", "small steps lead to big places",
             now=("helped others who were afraid",), chance=0.85)  # fmt: skip
    s.night("h", 0.3)

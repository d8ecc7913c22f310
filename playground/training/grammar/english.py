"""English word forms that stories need: articles, plurals, verb forms, lists, small numbers, sentence capitals."""

import re

from playground.training.grammar.words.tables import words

IRREGULAR_PAST = dict(
    pair.split(":")
    for pair in words("""be:was beat:beat become:became begin:began bend:bent bind:bound bite:bit blow:blew break:broke
    bring:brought build:built burn:burned buy:bought catch:caught choose:chose come:came creep:crept cut:cut deal:dealt
    dig:dug do:did draw:drew dream:dreamed drink:drank drive:drove eat:ate fall:fell feed:fed feel:felt fight:fought
    find:found fly:flew fold:folded forget:forgot freeze:froze get:got give:gave go:went grind:ground grow:grew
    hang:hung have:had hear:heard hide:hid hit:hit hold:held hurt:hurt keep:kept kneel:knelt know:knew lay:laid
    lead:led leave:left lend:lent let:let lie:lay light:lit lose:lost make:made mean:meant meet:met pay:paid put:put
    read:read ride:rode ring:rang rise:rose run:ran say:said see:saw sell:sold send:sent set:set sew:sewed shake:shook
    shine:shone shut:shut sing:sang sink:sank sit:sat sleep:slept slide:slid speak:spoke spend:spent spin:spun
    split:split spread:spread spring:sprang stand:stood steal:stole stick:stuck string:strung sweep:swept swim:swam
    swing:swung take:took teach:taught tear:tore tell:told think:thought throw:threw understand:understood wake:woke
    wear:wore weave:wove win:won wind:wound write:wrote""")
)
DOUBLING = frozenset(
    words("""
    bat beg chat chop clap dig dip drop drag drip drum fit flap get grab grin hit hop hug hum jog knit nap nod
    pat pet pin plan plod pop put quit rub run scrub set shop shut sip sit skip slip snap spin split spot stir stop
    strum swim tap tip trap trim trot tug wag win wrap zip let cut forget begin""")
)
IRREGULAR_PLURAL = {
    "child": "children", "foot": "feet", "goose": "geese", "man": "men", "mouse": "mice", "sheep": "sheep",
    "tooth": "teeth", "woman": "women", "fish": "fish", "deer": "deer", "leaf": "leaves", "loaf": "loaves",
    "wolf": "wolves", "shelf": "shelves", "knife": "knives", "scarf": "scarves", "half": "halves", "calf": "calves",
    "tomato": "tomatoes", "potato": "potatoes",
}  # fmt: skip
NUMBERS = words(
    "no one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
SPEECH = words(
    "said asked cried called shouted answered replied whispered laughed explained added begged sighed sang "
    "squeaked wondered thought promised agreed offered told gasped sobbed warned yelled mumbled"
)

AN_BY_SOUND = re.compile(r"(?i)(?:hour|honest)")
A_BY_SOUND = re.compile(r"(?i)(?:one\b|once|uni[cfqtv]|use|usual|eu|ukulele)")
ARTICLE = re.compile(r"\b([Aa])n? (?=([A-Za-z]+))")
START = re.compile(r'(^|[.!?] |(?:^|(?<=[ \n]))"|\." )([a-z])', re.MULTILINE)  # after ?" and !" a tag may follow


def article(word: str) -> str:
    """``a`` or ``an``, by the sound that ``word`` begins with."""
    if AN_BY_SOUND.match(word):
        return "an"
    if A_BY_SOUND.match(word):
        return "a"
    return "an" if word[:1].lower() in "aeiou" else "a"


def plural(noun: str) -> str:
    """The plural of ``noun``; of a phrase, that of its last word."""
    head, _, last = noun.rpartition(" ")
    if last in IRREGULAR_PLURAL:
        form = IRREGULAR_PLURAL[last]
    elif re.search(r"(?:s|x|z|ch|sh)$", last):
        form = last + "es"
    elif re.search(r"[^aeiou]y$", last):
        form = last[:-1] + "ies"
    else:
        form = last + "s"
    return f"{head} {form}".lstrip()


def past(phrase: str) -> str:
    """``go home`` becomes ``went home``: the simple past of a phrase that begins with its verb."""
    verb, space, rest = phrase.partition(" ")
    if verb in IRREGULAR_PAST:
        form = IRREGULAR_PAST[verb]
    elif verb.endswith("e"):
        form = verb + "d"
    elif re.search(r"[^aeiou]y$", verb):
        form = verb[:-1] + "ied"
    else:
        form = (verb + verb[-1] if verb in DOUBLING else verb) + "ed"
    return form + space + rest


def ing(phrase: str) -> str:
    """``make a kite`` becomes ``making a kite``."""
    verb, space, rest = phrase.partition(" ")
    if verb in ("lie", "tie", "die"):
        form = verb[:-2] + "ying"
    elif verb.endswith("e") and not verb.endswith(("ee", "ye", "oe")) and verb != "be":
        form = verb[:-1] + "ing"
    else:
        form = (verb + verb[-1] if verb in DOUBLING else verb) + "ing"
    return form + space + rest


def third(phrase: str) -> str:
    """``make a kite`` becomes ``makes a kite``."""
    verb, space, rest = phrase.partition(" ")
    return {"be": "is", "have": "has", "do": "does", "go": "goes"}.get(verb, plural(verb)) + space + rest


def number(value: int) -> str:
    """0 to 20 in words, as in ``no coins``, ``one coin``."""
    return NUMBERS[value]


def count(value: int, noun: str) -> str:
    """``one coin``, ``three coins``."""
    return f"{number(value)} {noun if value == 1 else plural(noun)}"


def listed(items: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def polish(text: str) -> str:
    """Single spaces, the right articles, and capitals where sentences and quotations begin."""
    text = re.sub(r" {2,}", " ", text).replace(" \n", "\n").strip()
    text = re.sub(r" ([.,!?])", r"\1", text)
    text = ARTICLE.sub(lambda found: found[1] + ("n " if article(found[2]) == "an" else " "), text)

    return START.sub(lambda found: found[1] + found[2].upper(), text)

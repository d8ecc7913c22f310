"""Lists that templates draw from as ``{*list}``, and free-standing phrases."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.words.tables import lines, parts

LISTS = {
    name: parts(words)
    for name, words in {
        "glad": "happy, glad, pleased, delighted, cheerful, joyful, very happy, full of joy",
        "sad": "sad, unhappy, upset, gloomy, miserable, very sad",
        "angry": "angry, cross, mad, furious, annoyed",
        "afraid": "afraid, scared, frightened",
        "proud": "proud, very proud, proud and happy",
        "tired": "tired, worn out, sleepy, weary",
        "surprised": "surprised, amazed, astonished",
        "worried": "worried, uneasy, anxious, nervous",
        "saying": "said, said, said, said",
        "asking": "asked",
        "crying": "cried, said, called, shouted, said",
        "sadly": "said sadly, said in a small voice, sighed, said with tears in {x.his} eyes, said quietly",
        "happily": "said happily, said with a smile, laughed, said and smiled, said with shining eyes, said cheerfully",
        "kindly": "said kindly, said gently, said softly, said in a friendly voice, said with a smile",
        "answering": "answered, replied, said, said",
        "proudly": "said proudly, cried, shouted, said with a big smile",
        "shyly": "asked shyly, asked quietly, asked in a small voice, asked",
        "angrily": "shouted, cried angrily, said angrily, snapped",
        "whispering": "whispered, said very quietly, whispered softly",
        "trait": """kind, clever, cheerful, gentle, curious, playful, friendly, careful, polite, merry, helpful,
            thoughtful, patient, honest, funny, sweet""",
        "small": "small, little, tiny, cozy, neat, tidy",
        "nice": "lovely, wonderful, fine, perfect, splendid, delightful",
        "good": "good, great, wonderful, splendid, clever, fine",
        "big": "big, huge, enormous, giant, large",
        "fast": "quickly, fast, at once, right away, in a hurry",
        "slowly": "slowly, carefully, gently, bit by bit",
        "suddenly": "suddenly, just then, all at once, at that moment",
        "soon": "soon, before long, after a while, a little later",
        "laughed": "laughed, giggled, chuckled",
        "wept": "began to cry, cried, wiped away a tear, sobbed",
        "walked": "walked, went, hurried, strolled, marched",
        "ran": "ran, raced, rushed, dashed, hurried",
        "shouted": "shouted, cried, called, yelled",
        "smiled": "smiled, grinned, beamed",
        "warm": "warm, soft, bright, cheerful",
        "yum": "delicious, tasty, sweet, wonderful, yummy",
    }.items()
}

HOBBIES = lines("""
draw pictures of ships
paint with bright colors
collect smooth stones
count the stars
climb trees
sing in the bath
build towers out of blocks
read stories about pirates
watch the clouds
dance in the kitchen
hop over puddles
make up songs
look for four-leaf clovers
feed the ducks
listen to old tales
ask questions
play hide-and-seek
jump rope
roll down the hill
bake little cakes
fold paper birds
dig in the sand
whistle like a bird
swing as high as possible
tell jokes
catch falling leaves
look at maps
walk in the rain
make necklaces out of daisies
watch ants at work
draw with chalk
play the drum
guess riddles
swim in the lake
race against the wind
smell the flowers
help in the garden
learn new words
build dams in the stream
wave at passing trains
pick blackberries
play with wooden trains
stack pebbles
look for birds' feathers
pretend to be a knight
put on funny hats
make shadow animals on the wall
run barefoot in the grass
sort buttons by color
look at the moon
""")
ANIMAL_HOBBIES = lines("""
hop over puddles
look for berries
roll down the hill
watch the clouds
play hide-and-seek
sleep in the sun
chase butterflies
collect shiny pebbles
sing to the moon
count the stars
listen to old tales
splash in the stream
race against the wind
catch falling leaves
ask questions
smell the flowers
dance in the moonlight
make up songs
climb on rocks
tell jokes
dig deep holes
pick blackberries
build little houses out of twigs
""")
HOMES = {
    "town": lines("""
in a [small|big|narrow|tall|brick|yellow] house [near the park|next to the school|at the end of the street|with a [blue|red|green] door|opposite the library]
above a [little shop|bakery|bookshop|shoe shop]
in an apartment [with a tiny balcony|on the third floor|with a view of the river]
on a [quiet|busy|narrow|sunny] street [in town|near the market|behind the station]
in a [noisy|friendly|little] town [by the river|with a clock tower|full of bicycles]
"""),
    "village": lines("""
in a [small|quiet|pretty|sleepy] village [between two hills|at the foot of a mountain|near a deep forest|by a river|where everyone knew everyone]
in a cottage [with a thatched roof|by the stream|full of flowerpots|behind the mill]
in a [white|stone|wooden|little] house [beside the mill|at the edge of the village|with a crooked chimney|next to the well]
at the [edge|end] of a [small|tiny|quiet] village
"""),
    "farm": lines("""
on a [little|big|busy|lonely] farm [with cows and hens|near a dark green forest|among apple trees|at the end of a dusty lane|on a green hill]
in an old farmhouse [with a big porch|between the fields|with swallows under the roof|near the river]
on a [sheep|dairy|fruit|pumpkin] farm [in the hills|by the river|far from the town]
"""),
    "sea": lines("""
in a [small|wooden|white|blue] house [by the sea|above the harbor|on the cliff|near the lighthouse]
in a [little|busy|quiet] fishing village
near a [long|sandy|rocky] beach
in a cottage [below the lighthouse|behind the dunes|with a boat in the yard]
on [a small|a green|a windy] island [with one road|far out in the sea|with a lighthouse]
"""),
}

# weather: how a day is called, and what one could see of it
WEATHER = {
    "sunny": lines("""
The sun was shining.
The sky was clear and blue.
There was not a cloud in the sky.
The sun felt warm on everyone's back.
Bees hummed in the sunshine.
The grass was dry and warm.
It was a good day to be outside.
"""),
    "windy": lines("""
The wind was blowing hard.
Leaves danced through the air.
The wind shook the branches.
The clouds raced across the sky.
The wind tugged at every hat.
Dry leaves rolled along the path.
"""),
    "cloudy": lines("""
Soft gray clouds covered the sky.
The air was cool and still.
The sun was hiding behind the clouds.
It was a gray but quiet day.
The clouds looked like sleepy sheep.
"""),
    "cold": lines("""
The air was cold and clear.
There was frost on the grass.
Everyone's breath made little clouds.
The puddles were covered with thin ice.
It was so cold that noses turned red.
"""),
    "warm": lines("""
The air smelled of grass.
A warm breeze was blowing.
Butterflies danced over the flowers.
The birds were singing.
Everything smelled of summer.
"""),
    "misty": lines("""
A thin mist lay over the ground.
The trees looked like gray giants.
Drops of mist hung in the spider webs.
The far hills had disappeared in the mist.
"""),
}

LOOKS = lines("""
with big brown eyes
with curly hair
with two long braids
with a gap between the front teeth
with freckles
with messy hair
with a loud laugh
with a bright smile
with rosy cheeks
with short black hair
with red hair
with a soft voice
""")

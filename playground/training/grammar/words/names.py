"""Given names of children and of talking animals, surnames of grown-ups."""
# ruff: noqa: E501  (a template and a row of a table stay on one line)

from playground.training.grammar.words.tables import words

GIRLS = words("""Lily Mia Anna Ella Emma Sara Lucy Rosa Nina Clara Ruby Ivy Hazel Molly Daisy Alice Amy Eva Zoe Maya Lena Nora
    Tara Grace Holly Poppy Olive Sophie Julia Maria Elena Carla Rita Gina Tess Penny Betty Kate Jane Jenny Laura Leah
    Hannah Naomi Miriam Esther Fatima Amina Layla Zara Noor Yasmin Priya Asha Meera Leela Anika Mei Lin Yuki Hana Aiko
    Sakura Kim Ingrid Astrid Freya Greta Heidi Elsa Anya Katya Mila Vera Irina Chloe Claire Camille Margot Louise Bella
    Bianca Chiara Flora Stella Luz Pilar Carmen Paloma Ada Zuri Nala Imani Ayo Thandi Wren Fern Willa Edith Martha
    Dora Tilly Millie Polly Josie""")
BOYS = words("""Tom Tim Ben Max Sam Jack Dan Leo Finn Noah Oliver Oscar Peter Paul Mark Luke Adam Alex Henry Harry George
    Charlie Toby Theo Hugo Felix Jasper Ned Fred Frank Ted Bill Bob Joe John James Will Walter Arthur Albert Edgar
    Simon Martin Victor Eric Kevin Ryan Owen Evan Rory Liam Aidan Colin Omar Ali Hassan Yusuf Karim Tariq Amir Samir
    Ravi Arjun Rohan Kiran Nikhil Wei Chen Jun Kenji Taro Haru Hiro Anders Lars Nils Olaf Emil Otto Fritz Ivan Boris
    Misha Sasha Luca Marco Paolo Enzo Mateo Diego Pablo Carlos Juan Miguel Rafael Kofi Kwame Jabari Sipho Tendai Musa
    Gus Barney Rufus Wally Jonas""")
ANIMALS = words("""Pip Nibbles Hazelnut Bramble Clover Biscuit Pepper Ginger Patch Buttons Bubbles Tumble Whiskers Velvet Socks
    Dot Pebble Button Tansy Thistle Acorn Maple Misty Smudge Snowy Rusty Dusty Fudge Toffee Peanut Pickle Waffle
    Muffin Pudding Honey Coco Mocha Bean Berry Cherry Juniper Basil Sorrel Nettle Barley Rowan Willow Moss Flint
    Breezy Echo Comet Twinkle Marble Tinker Scout Skipper Sailor Piper Fiddle Jingle Bingo Bunty Dash Zippy
    Fizz """)
SURNAMES = words("""Brown Green White Gray Hill Wood Stone Brook Field Marsh Lake Reed Bell     Parker Lee Wong Park Singh Patel Khan Rao Das Silva Lopez Garcia
    Rossi Berg Olsen Novak Okoro Mensah Banda Abadi Haddad Tanaka Sato Kowalski Popov Dubois Moreau Klein""")

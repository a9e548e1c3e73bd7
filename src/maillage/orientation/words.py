"""Small words of French, Dutch and English that change what a sentence says. All folded: lower case, without accents."""

from __future__ import annotations

from typing import Final

LANGUAGES: Final = ("fr", "nl", "en")

# never weighed when phrases are compared: "un lit ce soir" is "lit ce soir"
ARTICLES: Final = frozenset("un une le la les l des du de d the a an een het t".split())
# may stand between two words of a phrase: "my father who no longer goes out"
FILLERS: Final = frozenset(
    "qui que se tres vraiment juste encore aussi toujours die dat wie heel echt ook nog steeds alleen "
    "who that which very really just also still always please svp aub".split()
) - {"alleen"}
NEGATIONS: Final = frozenset(
    "sans pas aucun aucune ni jamais non zonder geen niet nooit without no not never non".split()
)
POSSESSIVES: Final = frozenset(
    "mon ma mes notre nos son sa ses leur leurs ton ta tes votre vos mijn m'n ons onze zijn haar hun jouw uw "
    "my our his her their your".split()
)
FIRST_PERSON: Final = frozenset(
    "je j moi me m mon ma mes nous notre nos ik mij me mijn wij we ons onze i me my mine we us our".split()
)

NUMBERS: Final = {
    word: number
    for words in (
        "un deux trois quatre cinq six sept huit neuf dix",
        "une - - - - - - - - -",
        "een twee drie vier vijf zes zeven acht negen tien",
        "one two three four five six seven eight nine ten",
        "a - - - - - - - - -",
        "an - - - - - - - - -",
    )
    for number, word in enumerate(words.split(), 1)
    if word != "-"
}
CHILDREN: Final = frozenset(
    "enfant enfants gosse gosses bebe bebes kind kinderen kindje kindjes kindjen baby babys "
    "child children kid kids baby babies toddler toddlers".split()
)
OFFSPRING: Final = CHILDREN | frozenset(
    "fils fille filles zoon dochter zoontje dochtertje son daughter sons daughters".split()
)
SINCE: Final = frozenset("depuis sinds al pendant durant gedurende for since dans in after apres na il y".split())
AGO: Final = frozenset("ago geleden later plus earlier".split())
YEARS: Final = frozenset("an ans annee annees jaar jaren jarige year years yr yrs yo".split())
AGED: Final = frozenset("age agee ages aged oud leeftijd".split())

FREE: Final = frozenset("gratuit gratuite gratuits gratuites gratuitement gratis kosteloos kosteloze free".split())
FREE_NOT_BEFORE: Final = frozenset("smoke drug alcohol sugar barrier step toll".split())
WHEELCHAIR_ACCESS: Final = (
    ("fr", "accessible en fauteuil roulant"),
    ("fr", "accessible en chaise roulante"),
    ("fr", "accessible en fauteuil"),
    ("fr", "accessible pmr"),
    ("fr", "accessible aux pmr"),
    ("fr", "accès pmr"),
    ("fr", "accessible aux personnes à mobilité réduite"),
    ("nl", "rolstoeltoegankelijk"),
    ("nl", "rolstoeltoegankelijke"),
    ("nl", "toegankelijk voor rolstoelen"),
    ("nl", "toegankelijk met rolstoel"),
    ("en", "wheelchair accessible"),
    ("en", "wheelchair access"),
    ("en", "accessible by wheelchair"),
    ("en", "accessible for wheelchairs"),
    ("en", "step free"),
)

# the language is what is sought, not what is spoken: "dutch lessons"
LEARNING: Final = frozenset(
    "cours apprendre apprends apprentissage lecon lecons pratiquer les lessen leren cursus oefenen taalles "
    "course courses class classes lesson lessons learn learning practise practice".split()
) - {"les"}

# before a place
PLACE: Final = frozenset(
    "a au aux en dans pres proche vers autour chez quartier commune code postal "
    "in te bij nabij dichtbij rond omgeving buurt wijk gemeente near around at close by from to".split()
)
# says nothing by which a service could be found
EMPTY: Final = frozenset(
    "personne personnes gens quelqu quelqu'un quelque prend prennent accepte acceptent accueille besoin cherche aide aider "
    "trouver avoir parle parlent langue pere mere mari femme "
    "mensen persoon personen iemand neemt aanvaardt aanvaarden zoek zoeken hulp helpen vinden spreekt spreken taal vader moeder "
    "people person someone somebody takes take accepts accept find help looking search speaks speak language father mother "
    "suis sommes mis met go goes went ga gaat prive bonjour hallo hello merci dank thanks urgent".split()
) - {"urgent"}

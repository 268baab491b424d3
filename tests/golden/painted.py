"""Content streams by chance, what they paint, and whether it can be read; pages of texts and areas close to each other."""

import random
from collections.abc import Iterator

from pipeline.proof.content import EVERYWHERE, Area, Box, Painted, Text
from pipeline.proof.geometry import Rules, faults
from tests.test_content import made_resources, painted, rounded

SHEET: Box = (0, 0, 595, 842)

STATES = [
    "1 0 0 1 5 7 cm", "2 0 0 3 10 20 cm", "0 1 -1 0 300 0 cm", ".9 .1 -.1 .9 0 0 cm", "-1 0 0 -1 600 800 cm", "0 g", "1 g", ".5 g", ".96 g", "1 0 0 rg", "0 0 .5 rg",
    "0 0 0 1 k", ".2 .4 0 0 k", "0 G", "1 G", ".5 0 0 RG", "0 1 0 0 K", "/P cs", "/P scn", "/P CS", "1 SCN", "/half gs", "/faint gs", "/clear gs", "/clearline gs", "/shown gs",
    "/mask gs", "/nomask gs", "/lost gs", "1.5 w", "1.6 w", "4 w", "0 w", "0 J", "[] 0 d", "2 Tr", "3 Tr", "5 Tc", "50 Tz", "120 Tz", "3 Ts", "0 Ts", "1 Tw", "x", "1 2 cm", "] q",
]  # fmt: skip
MARKS = ["/P <</MCID 3>> BDC", "/Artifact BMC", "/Span <</E <FEFF> /MCID 12>> BDC", "/Span <</Lang (ja)>> BDC"]
STRINGS = [
    "<0001>",
    "<0002>",
    "<00010002>",
    "<0003>",
    "<00030001>",
    "<0004>",
    "<0001>-250<0002>",
    "<0002>500<0001>",
    "20<0001>",
    "",
    "<000100030002>-1<0001>",
]
THINGS = ["image", "form", "moved", "own", "left", "lost"]


def _content(chance: random.Random) -> str:
    """Some operators, most of them with the operands that they need."""
    parts: list[str] = []
    open_marks = open_states = 0
    for _ in range(chance.randint(3, 14)):
        match chance.randrange(9):
            case 0:
                parts.append(chance.choice(STATES))
            case 1:
                parts.append("q")
                open_states += 1
            case 2:
                parts.append(chance.choice(MARKS))
                open_marks += 1
            case 3 | 4:
                parts.append(_text(chance))
            case 5:
                parts.append(
                    f"{_box(chance)} re {chance.choice(['f', 'f', 'f*', 'W n', 'W* n', 'S', 'B', 's', 'n', 'b*', 'W S'])}"
                )
            case 6:
                parts.append(_path(chance))
            case 7:
                parts.append(f"/{chance.choice(THINGS)} Do")
            case _ if open_marks or open_states:
                parts.append("EMC" if open_marks >= open_states else "Q")
                open_marks, open_states = (
                    (open_marks - 1, open_states) if open_marks >= open_states else (open_marks, open_states - 1)
                )
            case _:
                parts.append(chance.choice(["EMC", "Q", "n", "/P sh", "BX", "/F 7 Tf"]))
    parts += ["EMC"] * open_marks + ["Q"] * open_states if chance.random() < 0.8 else []
    return " ".join(parts)


def _text(chance: random.Random) -> str:
    place, font, size = (
        f"{chance.randint(0, 580)} {chance.randint(0, 820)}",
        chance.choice("FFFFEX"),
        chance.choice([10, 10, 8.5, 0]),
    )
    show = [
        f"[{chance.choice(STRINGS)}] TJ" if chance.random() < 0.7 else f"{chance.choice(STRINGS[:6])} Tj"
        for _ in range(chance.randint(1, 3))
    ]
    match chance.randrange(4):
        case 0 | 1:
            return f"BT {chance.choice(['1 0 0 1', '1 0 0 1', '0 1 -1 0', '-1 0 0 1'])} {place} Tm /{font} {size} Tf {show[0]} ET"
        case 2:
            return f"BT /{chance.choice([font, 'X'])} {size} Tf {place} Td {' 5 -9 Td '.join(show)} ET"
    return (
        f"BT {chance.choice(['2 Tr ', '4 Ts ', '2 Tc ', ''])}/{font} {size} Tf 1 0 0 1 {place} Tm {' '.join(show)} ET"
    )


def _box(chance: random.Random) -> str:
    return f"{chance.randint(0, 500)} {chance.randint(0, 800)} {chance.choice([-40, 0.5, 1.5, 1.6, 60, 500])} {chance.choice([-30, 0.5, 1.5, 1.6, 40, 400])}"


def _path(chance: random.Random) -> str:
    points = [f"{chance.randint(0, 500)} {chance.randint(0, 800)}" for _ in range(8)]
    steps = [
        f"{points[0]} m",
        f"{points[1]} l",
        chance.choice(
            [f"{points[2]} l", f"{' '.join(points[2:5])} c", f"{' '.join(points[2:4])} v", f"{' '.join(points[2:4])} y"]
        ),
    ]
    steps += [f"{points[5]} m", f"{points[6]} l"] if chance.random() < 0.3 else []
    return " ".join(
        [
            *steps,
            *chance.choice([[], ["h"]]),
            chance.choice(["S", "s", "f", "F", "B", "b", "B*", "f*", "W n", "n", "/x Do S"]),
        ]
    )


def streams() -> Iterator[str]:
    """What streams paint, and what is wrong with it."""
    resources = made_resources()
    chance = random.Random(1)
    for _ in range(400):
        page = painted(_content(chance), resources)
        yield repr(page.pieces)
        yield from (repr((rounded(one.box), rounded(one.clip), *one[1:-1])) for one in page.texts)
        yield from (repr((rounded(one.box), *one[1:])) for one in page.areas)
        yield repr((page.depth, page.faults, [*faults(page, SHEET)]))


def places() -> Iterator[str]:
    """What is wrong with texts and areas that nearly meet, and which rules cross and divide a place."""
    chance = random.Random(2)

    def box() -> Box:
        left, foot = chance.choice([50, 56.3, 56.7, 60, 560]), chance.choice([10, 14, 14.2, 30, 820])
        wide, tall = chance.choice([0.3, 0.8, 1.4, 1.5, 1.6, 10, 30]), chance.choice([0.3, 0.8, 1.5, 1.6, 8, 20])
        shift = chance.choice([0, 0.3, 0.35, 0.4, 1, 8])
        return left + shift, foot + shift, left + shift + wide, foot + shift + tall

    for _ in range(500):
        texts, areas = list[Text](), list[Area]()
        for order in range(chance.randint(1, 7)):
            shade = chance.choice([0.0, 0.0, 0.0, 0.15, 0.2, 0.6, 0.65, 0.7, 1.0, None])
            if chance.random() < 0.5:
                clip = box() if chance.random() < 0.1 else EVERYWHERE
                texts.append(Text(box(), order, 1, chance.choice("甲乙\u3099丙"), shade, chance.random() < 0.95, clip))
            else:
                areas.append(Area(box(), order, chance.choice([None, -1, 0, 5]), shade))
        yield repr([*faults(Painted(texts=texts, areas=areas), SHEET)])
        rules = Rules(areas)
        yield repr([(rules.cross(one), rules.divide(one)) for one in (box() for _ in range(4))])

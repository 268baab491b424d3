"""Nothing that is legal fails its own proof: whatever is longest, strangest or most, each document is made or refused."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from pipeline.cli import command

from .conftest import HEALTHY
from .extremes import pairs

# Few and short in `make test`; `make faults` says how many more.
FAULTS = int(os.environ.get("FAULTS", "0"))
EXAMPLES = 2 * FAULTS or 1

COMMANDS = (
    ("report",),
    ("council", "new"),
    ("errata", "--from", "wrong.yaml", "--to", "old"),
    ("history",),
)


# To make a failing edition smaller would take longer than to look at it.
@settings(max_examples=EXAMPLES, phases=[Phase.generate], suppress_health_check=[*HealthCheck])
@given(editions=pairs(is_short=not FAULTS))
def test_every_document_of_any_edition_is_made_or_refused(editions: tuple[str, str], project: Path) -> None:
    for name, text in zip(("old", "new"), editions, strict=True):
        (project / f"source/{name}.yaml").write_text(text, "utf-8")
    # As if the later one had been a wrong state of the other.
    (project / "wrong.yaml").write_text(editions[1].replace(', "前版": "old"', ""), "utf-8")
    for words in COMMANDS:
        assert command.main(words) in (0, 1), words


LONG_NAMES = HEALTHY.replace("方針一", "方" * 100).replace("施策一", "施" * 100)

# Each of these once failed the proof of that document of it.
FOUND: dict[str, tuple[str, ...]] = {
    "nothing below the last headings": (
        "report",
        HEALTHY + "  - 名称: 方針二\n    推進施策:\n      - 名称: 施策三\n",
    ),
    "nothing before a new page": ("report", HEALTHY + "  - 名称: 方針二\n  - {名称: 方針三, 改ページ: true}\n"),
    "a new page below a heading": (
        "report",
        HEALTHY + "  - 名称: 方針二\n    推進施策:\n      - {名称: 施策三, 改ページ: true, 推進項目: [再掲: 1]}\n",
    ),
    "a new page below the first heading": (
        "report",
        HEALTHY.replace("名称: 施策一", "名称: 施策一\n        改ページ: true"),
    ),
    "meanings as long as a page": ("summary", HEALTHY.replace("検討中", "検" * 120)),
    "meanings of many characters": ("history", HEALTHY.replace("検討中", "検" * 120)),
    "a selector where a head is broken": ("summary", HEALTHY.replace("検討中", "葛󠄁" * 12)),
    "an address in a meaning": ("summary", HEALTHY.replace("検討中", "http://example.org/")),
    "an address for a symbol": ("history", HEALTHY.replace("○", "http://x.jp/")),
    "a meaning of brackets that may not end a line": ("diff", HEALTHY.replace("検討中", "「『（" * 40)),
    "a title of stops that may not begin a line": ("report", HEALTHY.replace("試験一覧", "、。」ー" * 15)),
    "names of two lines where another table has more rows": (
        "diff",
        LONG_NAMES.replace("終わった。", "終わった。" * 200),
        LONG_NAMES,
    ),
    "stops beside a picture in a narrow column": (
        "history",
        HEALTHY.replace(
            "  ×: 検討中\n",
            "  ×: 検討中\n" + "".join(f"  {sign}、。」ー、。: {sign}\n" for sign in "子丑寅卯辰巳午未申酉戌亥甲乙丙"),
        ).replace("子、", "、"),
    ),
    "a symbol of stops beside its NO": ("history", HEALTHY.replace("○", "、。」ー、。」")),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_once_failed_its_proof_is_made(name: str, project: Path) -> None:
    document, new, *others = FOUND[name]
    (project / "source/old.yaml").write_text("".join(others) or new, "utf-8")
    (project / "source/new.yaml").write_text("前版: old\n" + new, "utf-8")
    assert command.main([document, *([] if document == "diff" else ["new"])]) == 0

"""The manual says what happens: its commands are run in its order, and say what it shows; its examples are sources."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from pipeline.cli.arguments import TYPED, parse
from pipeline.cli.command import main
from pipeline.cli.table import BY_NAME, COMMANDS

from .conftest import ROOT
from .story import CODES, HANDS, MANUAL, NEITHER, NOT_RUN, Block, Ended, blocks, live
from .take_pictures import FOLDER, FORM_PICTURES, PICTURES, kept_digests

PAGE = MANUAL.read_text("utf-8")
BLOCKS = [*blocks(PAGE)]
TYPED_LINES = [line for block in BLOCKS for line in block.typed]
EXAMPLES = [block for block in BLOCKS if block.info == "yaml"]


@dataclass(frozen=True)
class Lived:
    """The story of the manual.

    What its commands said, the files that were there when any of them had ended, and the digest of what each picture
    shows.
    """

    commands: list[Ended]
    files: set[str]
    digests: dict[str, str]

    def said_before(self, block: Block) -> str:
        """What the commands of the last block before this one said."""
        before = [ended for ended in self.commands if ended.block.line < block.line]
        return "".join(ended.said for ended in before if ended.block == before[-1].block)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    folder = tmp_path_factory.mktemp("manual")
    lived = Lived([], set(), {})
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for ended in live(PAGE):
            lived.commands.append(ended)
            lived.files.update(str(path.relative_to(folder)) for path in folder.rglob("*"))
            for name, picture in PICTURES.items():
                if picture.after == ended.typed and name not in lived.digests:
                    lived.digests[name] = picture.digest()
        yield lived


def test_each_command_of_the_manual_ends_as_it_says(lived: Lived) -> None:
    wrong = [ended for ended in lived.commands if ended.code != CODES.get(ended.typed, 0)]
    assert not wrong, "\n".join(f"{each.block}: {each.typed} ended with {each.code}:\n{each.said}" for each in wrong)


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.is_screen], ids=str)
def test_what_the_manual_shows_is_what_the_command_before_it_says(block: Block, lived: Lived) -> None:
    """A line 「…」 stands for lines that are left out."""
    if not block.text.startswith(tuple(NEITHER)):
        said = lived.said_before(block)
        shown = ".*\n".join(re.escape(part) for part in re.split(r"^…\n", f"{block.text}\n", flags=re.MULTILINE))
        assert re.search(f"^{shown}", said, re.DOTALL | re.MULTILINE), (
            f"{block} shows what the commands before it do not say. They say:\n{said}"
        )


def test_the_tables_of_what_is_not_run_and_what_staff_do_name_nothing_else() -> None:
    for begin, reason in NOT_RUN.items():
        assert any(line.startswith(begin) for line in TYPED_LINES), begin
        assert all((ROOT / test).exists() for test in re.findall(r"tests/\w+\.py", reason)), reason
    for begin in NEITHER:
        assert any(block.is_screen and block.text.startswith(begin) for block in BLOCKS), begin
    assert HANDS.keys() | CODES.keys() <= {*TYPED_LINES}


def test_each_file_of_the_example_that_the_manual_names_is_made(lived: Lived) -> None:
    named = {name.rstrip("/") for name in re.findall(r"`((?:out|source)/[^`*:]+)`", PAGE)}
    assert len(named) > 10
    assert named - lived.files == set()


def test_each_picture_is_taken_by_the_script_and_shown() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    shown = {name for page in pages for name in re.findall(r"pictures/([\w-]+\.png)\)", page.read_text("utf-8"))}
    assert shown == PICTURES.keys() | FORM_PICTURES.keys() == {path.name for path in FOLDER.glob("*.png")}
    assert {picture.after for picture in PICTURES.values()} <= {*TYPED_LINES}


def test_no_picture_is_older_than_what_it_shows(lived: Lived) -> None:
    now = lived.digests | {name: form.digest() for name, form in FORM_PICTURES.items()}
    kept = kept_digests()
    assert now.keys() == kept.keys()
    old = sorted(name for name in now if now[name] != kept[name])
    assert not old, f"What {', '.join(old)} show has changed: run `make pictures`, look at them, commit docs/pictures."


def test_each_command_within_a_sentence_can_be_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [PAGE, (ROOT / "docs/errors.md").read_text("utf-8"), (ROOT / "README.md").read_text("utf-8")]
    targets = {*re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)}
    found = {line for page in pages for line in re.findall(r"`make ([^`\[…]+)`", page)}
    assert len(found) > 30
    for line in found:
        name, *variables = re.findall(r"(?:\"[^\"]*\"|\S)+", line)
        assert name in targets | {*BY_NAME}, line
        if name in BY_NAME and variables:
            values = dict(variable.split("=", 1) for variable in variables)
            values.pop("BUNDLE", "")  # is for set-up
            with monkeypatch.context() as patch:
                for key, value in {**values, TYPED: " ".join(values)}.items():
                    patch.setenv(key, value.strip('"'))
                assert parse(["make", name]), line


def test_the_table_at_the_beginning_names_every_command() -> None:
    table = PAGE.partition("\n## 1 ")[0]
    assert [command.name for command in COMMANDS if f"`make {command.name}`" not in table] == []


def test_each_message_in_the_tables_of_trouble_is_one_of_ours() -> None:
    """Those in English are of other programs. 「…」 stands for what differs from time to time."""
    files = [*(ROOT / "pipeline").rglob("*.py"), ROOT / "setup.sh", ROOT / "Makefile"]
    # $@ is the name of a target in make.
    program = "".join(path.read_text("utf-8") for path in files).replace("$@", "…")
    tables = re.findall(r"^\| [^|]+ \| こうしてください \|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    messages = [
        message
        for table in tables
        for cell in re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE)
        for message in re.findall(r"`(?:E\d+: )?([^`]+)`", cell)
        if re.search(r"[ぁ-ん]", message)
    ]
    assert len(tables) == 3
    assert len(messages) > 9
    for message in messages:
        assert all(piece in program for piece in message.removeprefix("検査で、").split("…")), message


def test_the_examples_of_a_source_have_neither_errors_nor_warnings(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A whole edition as it stands; a part of one in its place in the first example.

    An item to add may have blanks, and a NO that leaves others out.
    """
    (project / "source/original.yaml").write_bytes((ROOT / "source/original.yaml").read_bytes())
    whole = next(block.text for block in EXAMPLES if is_whole(block.text)) + "\n"
    strict, lenient = ["original"], list[str]()
    for block in EXAMPLES:
        text = block.text + "\n"
        name = f"line-{block.line}"
        (lenient if is_row(text) else strict).append(name)
        Path(f"source/{name}.yaml").write_text(text if is_whole(text) else with_part(whole, text), "utf-8")
    assert len(strict) > 10
    assert main(["check", "--strict", *strict]) == 0, capsys.readouterr().err
    assert main(["check", *lenient]) == 0, capsys.readouterr().err


def test_the_examples_within_a_sentence_have_keys_and_values_that_are_read(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those of chapter 4, each in the first example. What they refer to need not be there (E4…)."""
    chapter = re.search(r"^## 4 .*?^## 5 ", PAGE, re.DOTALL | re.MULTILINE)
    assert chapter
    (project / "source/original.yaml").write_bytes((ROOT / "source/original.yaml").read_bytes())
    whole = next(block.text for block in EXAMPLES if is_whole(block.text)) + "\n"
    parts = re.findall(r"`(\w+: [^`…]+)`", chapter[0])
    of_an_item, of_a_heading = {"前版NO: [11, 12]", "印: [重点]"}, {"改ページ: true"}
    assert of_an_item | of_a_heading < {*parts}
    for number, part in enumerate(sorted({*parts} - of_a_heading)):
        indent = " " * 12 if part in of_an_item else ""
        (project / f"source/inline-{number}.yaml").write_text(with_part(whole, f"{indent}{part}\n"), "utf-8")
    main(["check"])
    said = capsys.readouterr().err
    assert re.findall(r"^source/inline-.* E[123]\d\d: .*", said, re.MULTILINE) == []


def is_whole(text: str) -> bool:
    return "表題" in yaml.safe_load(text)


def is_row(text: str) -> bool:
    return isinstance(yaml.safe_load(text), list)


def with_part(whole: str, part: str) -> str:
    """The source `whole` with one more row at its end, or with the keys of `part` for those of itself or its first item."""
    if is_row(part):
        return whole + part
    indent = " " * (len(part) - len(part.lstrip(" ")))
    for key in yaml.safe_load(part):
        whole = re.sub(rf"^{indent}{key}:.*\n(?:{indent} .*\n)*", "", whole, count=1, flags=re.MULTILINE)
    if not indent:
        return part + whole
    head, name, rest = re.split(rf"(^{indent}名称:.*\n)", whole, maxsplit=1, flags=re.MULTILINE)
    return head + name + part + rest

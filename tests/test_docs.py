"""Documentation that has fallen behind is wrong: what can be compared with the program is compared."""

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.cli.command import main
from pipeline.cli.table import COMMANDS
from pipeline.model.edition import Edition, Item
from pipeline.model.form import BLANK
from pipeline.model.schema import edition_schema

from .conftest import ROOT


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def test_every_command_is_in_the_readme_and_the_manual() -> None:
    for command in COMMANDS:
        assert f"make {command.name}" in text("README.md"), command.name
        # The schema is for those who change the program.
        assert command.name == "schema" or f"make {command.name}" in text("docs/manual.md"), command.name


def test_every_key_is_in_the_manual_and_the_glossary() -> None:
    manual = text("docs/manual.md")
    schema = json.loads(edition_schema())
    for model in [schema, *schema["$defs"].values()]:
        for key in model.get("properties", ()):
            assert key in manual, key
    glossary = dict(re.findall(r"^\| (\S+) \| (\w+) \|", text("docs/glossary.md"), re.MULTILINE))
    for part in (Edition, Item):
        for name in part.model_fields:
            assert name in text("docs/glossary.md"), name
    assert BLANK in glossary


def test_every_package_has_a_job_in_the_docs() -> None:
    project = tomllib.loads(text("pyproject.toml"))
    needed = list(project["project"]["dependencies"])
    for group in project["dependency-groups"].values():
        needed += [package for package in group if isinstance(package, str)]
    for packages in project["project"].get("optional-dependencies", {}).values():
        needed += packages
    for requirement in needed:
        package = re.split(r"[<>=!~ \[;]", requirement)[0]
        assert re.search(rf"\b{re.escape(package)}\b", text("docs/dependencies.md")), package


def test_every_module_is_on_the_architecture_page() -> None:
    for path in (ROOT / "pipeline").rglob("*.py"):
        if not path.name.startswith("__"):
            assert f"`{path.name}`" in text("docs/architecture.md"), path.name


# What each room of the house may import. A stage imports only from stages to its left; what hangs off the line is never
# needed by a stage; only `line.py`, the command line and the preview know the whole line.
_BASE = {"errors", "plain", "reading", "text", "fonts", "paper"}
MAY_IMPORT = {
    "errors": set(),
    "plain": set(),
    "reading": set(),
    "text": set(),
    "paper": set(),
    "fonts": {"errors", "reading", "delivery"},
    "processes": {"errors", "text"},
    "source": _BASE,
    "model": _BASE | {"source"},
    "years": {"source", "model"},
    "documents": _BASE | {"model", "years"},
    "layout": _BASE | {"processes", "documents"},
    "proof": _BASE | {"processes", "documents", "model"},
    "delivery": {"errors", "plain", "reading"},
    "library": _BASE | {"source", "model", "delivery"},
    "papers": _BASE | {"library", "model", "years", "delivery"},
    "line": _BASE
    | {"library", "papers", "processes", "source", "model", "years", "documents", "layout", "proof", "delivery"},
    "office": _BASE | {"library", "source", "model", "years", "documents", "delivery"},
    "preview": _BASE | {"library", "papers", "line", "source", "documents", "layout", "proof", "delivery"},
    "cli": _BASE | {"library", "papers", "line", "processes", "model", "years", "office", "preview", "delivery"},
    "__main__": {"cli"},
}


def imported_modules(path: Path) -> set[tuple[str, ...]]:
    """The modules of pipeline/ that the one at `path` imports, inside functions too: each as the parts of its name.

    A name that is imported from a module counts as a module of its own.
    """
    package = path.relative_to(ROOT / "pipeline").parent.parts
    found: set[tuple[str, ...]] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {tuple(name.name.split(".")[1:]) for name in node.names if name.name.startswith("pipeline.")}
        elif isinstance(node, ast.ImportFrom):
            module = node.module.split(".") if node.module else []
            if node.level:
                module = [*package[: len(package) - node.level + 1], *module]
            elif module[0] == "pipeline":
                module = module[1:]
            else:
                continue
            found |= {(*module, name.name) for name in node.names}
    return found


def test_each_room_imports_only_what_it_may() -> None:
    for path in (ROOT / "pipeline").rglob("*.py"):
        room = path.relative_to(ROOT / "pipeline").with_suffix("").parts[0]
        if room != "__init__":
            rooms = {module[0] for module in imported_modules(path)}
            assert rooms - {room} <= MAY_IMPORT[room], path.relative_to(ROOT)


def test_what_is_there_for_speed_alone_is_reached_through_the_layout_only() -> None:
    for path in (ROOT / "pipeline").rglob("*.py"):
        if (ROOT / "pipeline/layout") not in path.parents:
            fast = [module for module in imported_modules(path) if module[:2] == ("layout", "fast")]
            assert not fast, path.relative_to(ROOT)


def test_links_in_the_docs_lead_somewhere() -> None:
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)[^)]*\)", path.read_text("utf-8")):
            assert (path.parent / link).exists(), f"{path.name}: {link}"


def test_links_to_a_heading_lead_to_one() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    anchors = {path: {*anchors_of(path.read_text("utf-8"))} for path in pages}
    found = 0
    for path in pages:
        for file, anchor in re.findall(r"\]\(([^)#: ]*)#([^)]+)\)", path.read_text("utf-8")):
            target = (path.parent / file).resolve() if file else path
            assert anchor in anchors[target], f"{path.name}: {file}#{anchor}"
            found += 1
    assert found > 20


def anchors_of(page: str) -> Iterator[str]:
    """The anchor of each heading as GitHub makes it: in lower case, without punctuation, with hyphens for spaces."""
    for heading in re.findall(
        r"^#+ (.*)$", re.sub(r"^ *```.*?^ *```$", "", page, flags=re.DOTALL | re.MULTILINE), re.MULTILINE
    ):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize(("page", "column"), [("security", -1), ("weasyprint", 3)])
def test_every_test_that_a_page_names_exists(page: str, column: int) -> None:
    lines = text(f"docs/{page}.md").splitlines()
    rows = [row.split(" | ") for row in lines if row.startswith("| ") and not row.startswith(("| where", "| input"))]
    files = {path.name: path.read_text("utf-8") for path in (ROOT / "tests").glob("test_*.py")}
    assert len(rows) > 10
    for row in rows:
        named = re.findall(r"`(?:tests/)?(test_\w+(?:\.py)?)`", row[column])
        assert named, row[0]
        for name in named:
            assert name in files or any(f"def {name}(" in file for file in files.values()), name


def test_the_errors_in_the_readme_are_what_the_command_says(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = re.search(r"```\n(source/r5\.yaml.*?)```", text("README.md"), re.DOTALL)
    assert shown
    sample = (ROOT / "docs/sample/r5.yaml").read_text("utf-8")
    broken = sample.replace("NO: 2\n", "NO: 1\n").replace("実施状況: ○", "実施状況: 〇", 1)
    (project / "source/r5.yaml").write_text(broken, "utf-8")
    assert main(["check"]) == 1
    assert capsys.readouterr().err == shown[1]

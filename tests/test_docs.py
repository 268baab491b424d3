"""Documentation that has fallen behind is wrong: what can be compared with the program is compared."""

import re
import subprocess
import sys
import tomllib

from pipeline.model import BLANK, Edition, Headings, Item, Measure, Policy, Repeat

from .conftest import ROOT


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def commands() -> set[str]:
    told = subprocess.run(
        [sys.executable, "-m", "pipeline"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return {*re.findall(r"^  ([a-z]+) ", told, re.MULTILINE)}


def test_every_command_is_in_the_readme_and_the_manual() -> None:
    assert commands()
    for command in commands():
        assert f"make {command}" in text("README.md"), command
        # The schema is for those who change the program.
        assert command == "schema" or f"make {command}" in text("docs/manual.md"), command


def test_every_key_is_in_the_manual_and_the_glossary() -> None:
    for model in (Edition, Policy, Measure, Item, Repeat, Headings):
        for field in model.model_fields.values():
            assert str(field.alias) in text("docs/manual.md")
    glossary = dict(re.findall(r"^\| (\S+) \| (\w+) \|", text("docs/glossary.md"), re.MULTILINE))
    for model in (Edition, Item):
        for name in model.model_fields:
            assert name == "policies" or name in text("docs/glossary.md"), name
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


def test_stages_import_nothing_to_their_right() -> None:
    line = ["source", "validation", "html", "pdf", "proof", "delivery"]
    for position, stage in enumerate(line):
        imported = {*re.findall(r"^\s*from \.(\w+) import", text(f"pipeline/{stage}.py"), re.MULTILINE)}
        assert not imported & {*line[position + 1 :]}, stage


def test_what_hangs_off_the_line_is_never_needed_by_a_stage() -> None:
    rooms = {path.parent.name for path in (ROOT / "pipeline").glob("*/__init__.py")}
    assert rooms
    for path in (ROOT / "pipeline").glob("*.py"):
        if path.name not in ("line.py", "command.py"):
            found = {*re.findall(r"^\s*from \.(\w+)", path.read_text("utf-8"), re.MULTILINE)}
            # Stage 4 has a room of its own.
            assert found & rooms <= ({"layout"} if path.name == "pdf.py" else set()), path.name


def test_links_in_the_docs_lead_somewhere() -> None:
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)[^)]*\)", path.read_text("utf-8")):
            assert (path.parent / link).exists(), f"{path.name}: {link}"


def test_every_test_that_the_security_page_names_exists() -> None:
    rows = [row.split(" | ") for row in text("docs/security.md").splitlines() if row.startswith("| ")][1:]
    tests = "".join(path.read_text("utf-8") for path in (ROOT / "tests").glob("test_*.py"))
    assert len(rows) > 10
    for row in rows:
        named = re.findall(r"`(test_\w+)`", row[-1])
        assert named, row[0]
        for name in named:
            assert f"def {name}(" in tests, name

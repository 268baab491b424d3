"""What the tests share: an empty project folder, small editions to break, and documents made of them."""

import fcntl
import os
import pickle
import shutil
import signal
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from pipeline import line
from pipeline.documents import html
from pipeline.documents.checklist import checklist
from pipeline.documents.comparison import comparison
from pipeline.documents.council import council
from pipeline.documents.data import downloads, open_data
from pipeline.documents.document import Document, ListedPaper
from pipeline.documents.errata import errata
from pipeline.documents.history import history
from pipeline.documents.report import report
from pipeline.documents.summary import summary
from pipeline.layout.pdf import write_pdf
from pipeline.model.validation import Validated, validate
from pipeline.source.tree import parse_source

from .editions import with_every_field

# The same examples on every machine, however slow it is just now.
settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")

ROOT = Path(__file__).resolve().parent.parent

# Samples of other forms.
FORMS = sorted((ROOT / "tests/forms").glob("*.yaml"))

# A small edition without errors and without warnings. Made up for the tests.
HEALTHY = """\
表題: 試験一覧
自治体: 試験市
凡例:
  ◎: 実施済
  ○: 継続推進
  ×: 検討中
今後の取扱い:
  完了: 終了
  継続: 継続
推進方針:
  - 名称: 方針一
    推進施策:
      - 名称: 施策一
        推進項目:
          - NO: 1
            名称: 項目一
            実施状況: ◎
            今後の取扱い: 完了
            検証内容: 終わった。
          - NO: 2
            名称: 項目二
            実施状況: ○
            今後の取扱い: 継続
      - 名称: 施策二
        推進項目:
          - NO: 3
            名称: 項目三
            実施状況: ×
            今後の取扱い: 継続
            検証内容: 検討する。
          - 再掲: 1
"""

# The papers of a council's set, as long as they may be.
A_SET = [
    ListedPaper("report", "h25/report.pdf", 4, "A4横"),
    ListedPaper("summary", "h25/summary.pdf", 1, "A4横"),
    ListedPaper("comparison", "h24-h25/comparison.pdf", 7, "A4横"),
    ListedPaper("history", "h25/history.pdf", 3, "A3横"),
]
NOT_PRINTED = ListedPaper("data", "h25/data.csv", 0, "")

# Appended to HEALTHY: what says that an item is done, so that a contradiction is warned of (W505, W506).
DONE = "完了の記号: [◎]\n完了の語: [完了]\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project folder, which is also the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "source").mkdir()
    # The engine in a process beside this one, which a run forks once, would not see what a test changes here.
    monkeypatch.setattr(line, "_helper_engine", lambda _: None)
    return tmp_path


@dataclass(frozen=True)
class Made:
    """A report that was laid out but not delivered."""

    validated: Validated
    document: Document
    pdf: bytes

    @property
    def html(self) -> str:
        return self.document.html


@pytest.fixture(scope="session")
def font_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fonts")


@pytest.fixture(scope="session")
def make(font_cache: Path) -> Callable[[str], Made]:
    """Lay out the edition in a YAML text."""

    def made(text: str) -> Made:
        validated = validate(parse_source(Path("source/test.yaml"), text.encode()))
        document = report(validated)
        return Made(validated, document, write_pdf(document, font_cache))

    return made


@pytest.fixture(scope="session")
def original(make: Callable[[str], Made]) -> Made:
    return make((ROOT / "source/original.yaml").read_text("utf-8"))


@pytest.fixture(scope="session")
def healthy(make: Callable[[str], Made]) -> Made:
    return make(HEALTHY)


@pytest.fixture(scope="session")
def every_document() -> dict[str, Document]:
    """A document of each kind, of editions that have every field, on more than one page where it can be."""
    old, new = (
        validate(parse_source(Path(f"source/{name}.yaml"), text.encode()))
        for name, text in (("h24", with_every_field(24)), ("h25", with_every_field(25, "h24")))
    )
    return {
        "report": report(new, downloads(open_data(new))),
        "comparison": comparison(old, new),
        "errata": errata(old, new),
        "history": history((old, new)),
        "summary": summary(new, old),
        "council": council((old, new), A_SET),
        "checklist": checklist((old, new), [ListedPaper("council", "h25/council.pdf", 1, "A4横"), *A_SET, NOT_PRINTED]),
    }


@pytest.fixture(scope="session")
def every_pdf(every_document: dict[str, Document], font_cache: Path) -> dict[str, bytes]:
    """The PDFs of `every_document`."""

    def made() -> dict[str, bytes]:
        return {name: write_pdf(document, font_cache) for name, document in every_document.items()}

    return made_once("every_pdf", made)


def made_once(name: str, make: Callable[[], dict[str, bytes]]) -> dict[str, bytes]:
    """What `make` gives: the first worker of pytest-xdist that asks for it makes it, the others read it from a file."""
    path = Path(tempfile.gettempdir(), name)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            path.write_bytes(pickle.dumps(make()))
    found: dict[str, bytes] = pickle.loads(path.read_bytes())
    return found


def pytest_configure(config: pytest.Config) -> None:
    """Have all that tests, and the programs that they call, put into temporary folders go with the run."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell that runs the tests in the background has it ignored, and so would the programs that tests stop.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # Nothing outlives the run, so nothing waits for the disk: that takes longer than many a test.
    os.fsync = lambda fd: None  # noqa: ARG005
    if hasattr(config, "workerinput"):
        return  # a worker of pytest-xdist, which has its folder from the first process
    folder = tempfile.mkdtemp(prefix="kyodo-tests-")
    os.chmod(folder, 0o711)  # some tests are several users
    os.environ["TMPDIR"] = folder
    tempfile.tempdir = None  # ask again
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests in a browser: they take long, and one worker would be alone with them at the end."""
    items.sort(key=lambda item: item.path.name != "test_web.py")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--renew-pictures", action="store_true", help="renew what tests/pictures/ and tests/golden/ keep, as it is now"
    )
    parser.addoption("--texts", metavar="FOLDER", help="write what tests/golden/ keeps the digests of into this folder")
    parser.addoption(
        "--all-positions", action="store_true", help="try tall rows at every line of a page (test_row_breaks.py)"
    )


@pytest.fixture
def restyle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Replace a piece of every stylesheet that has it, as a careless hand would."""

    def changed(old: str, new: str) -> None:
        styles = {path.name: path.read_text("utf-8") for path in html.STYLES.glob("*.css")}
        assert any(old in style for style in styles.values())
        folder = tmp_path / "styles"
        folder.mkdir(exist_ok=True)
        for name, style in styles.items():
            (folder / name).write_text(style.replace(old, new), "utf-8")
        monkeypatch.setattr(html, "STYLES", folder)

    return changed

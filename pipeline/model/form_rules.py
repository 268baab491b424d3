"""Rules of the form in a source: names that collide, columns that contradict each other, words without a list.

They are checked before everything else: an item can only be checked against a form that is sound.
"""

from collections.abc import Iterator
from collections.abc import Mapping as Words

from pipeline.errors import Problem
from pipeline.source.characters import visible
from pipeline.source.tree import Mapping, Node, Scalar, Sequence, Source

from .edition import Edition, Item, Repeat
from .form import KINDS, SHORT_DONE, SHORT_WORDS, YES, Form
from .words import listed, not_listed

# Keys of an item, or of a section, that are not the form's to name.
_OF_ITEMS = {
    *(str(field.alias) for model in (Item, Repeat) for field in model.model_fields.values()),
    *("番号", "単位"),
}
_OF_SECTIONS = {"名称", "番号", "改ページ", "担当課"}
_OF_EDITIONS = {
    *(str(field.alias) for field in Edition.model_fields.values() if field.alias),
    *("段", "項目", "欄", "見出し", *SHORT_WORDS.values(), *SHORT_DONE.values()),
}


def check_form(source: Source, form: Form) -> Iterator[Problem]:
    """Every error of the `form` in `source`, beyond those of its single values."""
    rules = _FormRules(source, form)
    yield from rules.check_names()
    yield from rules.check_columns()


def is_taken(name: str, what: str, is_outermost: bool, kind: str = "") -> bool:
    """Whether `name` is a key that has another meaning, so that no 段, 項目 or 欄 (`what`) can have it.

    The outermost level, or the items without levels, stand at the top of a source. `kind` is the 種類 of a column.
    """
    taken = _OF_ITEMS if what == "欄" else _OF_SECTIONS
    if is_outermost:
        taken = taken | _OF_EDITIONS
    return name in taken and not (name == "担当課" and what == "欄" and kind == "課")


class _FormRules:
    def __init__(self, source: Source, form: Form) -> None:
        self._path = str(source.path)
        self._root = source.root
        self._form = form
        columns = source.root.entries.get("欄")
        self._columns = columns if isinstance(columns, Mapping) else Mapping({}, 0, 0)

    def _problem(self, code: str, node: Node, message: str) -> Problem:
        return Problem(self._path, node.line, node.column, code, message)

    def check_names(self) -> Iterator[Problem]:
        """E416 for a name that has another meaning, or that is there twice."""
        names = [*self._names()]
        seen: dict[str, str] = {}
        for index, (what, place) in enumerate(names):
            name = place.text
            if not name:
                continue
            is_outermost = not index or (what != "欄" and not any(other == "段" for other, _ in names))
            if name in seen:
                yield self._problem(
                    "E416",
                    place,
                    f"「{visible(name)}」という名前が二度あります。段、項目、欄には、それぞれ違う名前を付けてください。",
                )
            elif is_taken(name, what, is_outermost, self._kind(name)):
                yield self._problem(
                    "E416",
                    place,
                    f"「{visible(name)}」は、ほかの意味を持つキーなので、{what}の名前にできません。別の名前にしてください。",
                )
            seen.setdefault(name, what)

    def _names(self) -> Iterator[tuple[str, Scalar]]:
        levels, item = self._root.entries.get("段"), self._root.entries.get("項目")
        for node in levels.items if isinstance(levels, Sequence) else []:
            if isinstance(node, Mapping) and isinstance(name := node.entries.get("名称"), Scalar):
                yield "段", name
        if isinstance(item, Mapping) and isinstance(name := item.entries.get("名称"), Scalar):
            yield "項目", name
        for name in self._columns.keys.values():
            yield "欄", name

    def _kind(self, name: str) -> str:
        spec = self._columns.entries.get(name)
        return (spec.text("種類") or "") if isinstance(spec, Mapping) else ""

    def check_columns(self) -> Iterator[Problem]:
        """E417 for columns that contradict each other, and words that are not on their list."""
        for key in (*SHORT_WORDS.values(), *SHORT_DONE.values()) if self._columns.entries else ():
            if key in self._root.keys:
                yield self._problem(
                    "E417",
                    self._root.keys[key],
                    f"「欄」があるときは、「{key}」をファイルの初めには書けません。欄の中に書いてください。",
                )
        specs = {name: spec for name, spec in self._columns.entries.items() if isinstance(spec, Mapping)}
        for what, found in (
            ("「集計: 主」", [name for name, spec in specs.items() if spec.text("集計") == "主"]),
            ("「行方: true」", [name for name, spec in specs.items() if spec.text("行方") in YES]),
            ("「種類: 課」", [name for name, spec in specs.items() if spec.text("種類") == "課"]),
        ):
            for name in found[1:]:
                yield self._problem(
                    "E417",
                    self._columns.keys[name],
                    f"{what}の欄は一つだけです。「{visible(found[0])}」と「{visible(name)}」のどちらかにしてください。",
                )
        for name, spec in specs.items():
            yield from self._check_words(name, spec)
            yield from self._check_years(name, spec)
        if not self._columns.entries:
            for column, key in SHORT_DONE.items():
                yield from self._check_done(
                    self._root, key, listed(self._root, SHORT_WORDS[column]), SHORT_WORDS[column]
                )

    def _check_years(self, name: str, spec: Mapping) -> Iterator[Problem]:
        years, seen = spec.entries.get("年度"), set()
        for year in years.items if isinstance(years, Sequence) else ():
            if isinstance(year, Scalar) and year.text in seen:
                yield self._problem(
                    "E416",
                    year,
                    f"「{visible(name)}」の「年度」に「{visible(year.text)}」が二度あります。一つを削除するか、別の年度にしてください。",
                )
            elif isinstance(year, Scalar):
                seen.add(year.text)

    def _check_words(self, name: str, spec: Mapping) -> Iterator[Problem]:
        if spec.text("種類") not in KINDS:
            return
        if spec.text("種類") == "記号":
            yield from self._check_done(spec, "完了の記号", listed(spec, "凡例"), "凡例")
        if spec.text("種類") != "語" or "語" not in spec.entries:
            return
        words, decides = spec.entries["語"], spec.text("行方") in YES
        if decides and not isinstance(words, Mapping):
            yield self._problem(
                "E417",
                words,
                f"「{visible(name)}」は行方の欄なので、語ごとに「継続」(次の版に続く)か「終了」(続かない)を書いてください(例 完了: 終了)。",
            )
        elif not decides and isinstance(words, Mapping):
            yield self._problem(
                "E417",
                words,
                f"「{visible(name)}」の語に「継続」や「終了」を書くのは、行方の欄だけです。「行方: true」を書き足すか、語だけを並べてください(例 [順調, 遅れ])。",
            )
        yield from self._check_done(spec, "完了の語", listed(spec, "語"), f"「{name}」の語")

    def _check_done(self, node: Mapping, key: str, words: Words[str, str], of: str) -> Iterator[Problem]:
        value = node.entries.get(key)
        for one in value.items if isinstance(value, Sequence) else []:
            if isinstance(one, Scalar) and one.text and words and one.text not in words:
                yield self._problem("E402", one, f"「{key}」の{not_listed(one.text, words, of)}")

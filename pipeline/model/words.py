"""Lists of words in a source, like 凡例, and the message that a word is not among them."""

from collections.abc import Collection

from pipeline.source.characters import meant, named, quoted, visible
from pipeline.source.tree import Mapping, Scalar, Sequence

from .form import SHORT_WORDS, Column, Form


def listed(node: Mapping, key: str) -> dict[str, str]:
    """The words at `key`, each with its text: a mapping like 凡例, or a list; empty if it is neither."""
    value = node.entries.get(key)
    if isinstance(value, Sequence):
        return {one.text: "" for one in value.items if isinstance(one, Scalar)}
    if not isinstance(value, Mapping):
        return {}
    return {name: one.text for name, one in value.entries.items() if isinstance(one, Scalar)}


def words_of(root: Mapping, form: Form, column: Column) -> dict[str, str]:
    """The symbols or terms of `column` in a source, with their meanings or 継続/終了; empty without a sound list."""
    if column.kind not in ("symbol", "term"):
        return {}
    if not form.has_own_columns:
        return listed(root, SHORT_WORDS[column.key])
    columns = root.entries.get("欄")
    spec = columns.entries.get(column.key) if isinstance(columns, Mapping) else None
    return listed(spec, "凡例" if column.kind == "symbol" else "語") if isinstance(spec, Mapping) else {}


def not_listed(value: str, allowed: Collection[str], of: str) -> str:
    """The message that `value` is not among `allowed`, the words of the list named `of`, with a suggestion."""
    near = meant(value, allowed)
    if near:
        # Single symbols may look the same, so they are shown with their code points.
        fix = f"{named(near) if len(near) == 1 else f'「{visible(near)}」'}ではありませんか。"
    else:
        names = [f"「{visible(name)}」" for name in allowed if name.strip()]
        fix = f"使えるのは{'、'.join(names[:12])}です。"
    shown = named(value) if near and len(near) == len(value) == 1 else quoted(value)
    return f"{shown}は{of}にありません。{fix}"

"""Writes values as YAML, as people write them: quoted only where needed, and read back as they were."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

# A list or mapping that fits on a line of this many characters is written on one: 140 columns if all are full-width.
_WIDTH = 70
# What needs no quotes although it is no text by YAML's rules: every value of a source is read as text.
_UNQUOTED = re.compile(r"[0-9]+(\.[0-9]+)?|NO")
# Most texts of a list need none by YAML's rules either; its writer, which knows all others, is slow.
_PLAIN = re.compile("[ぁ-ゖァ-ヺ一-龥々][ぁ-ゖァ-ヺー一-龥々、。・「」()0-9A-Za-z]*")


def scalar(text: str) -> str:
    """`text` as a YAML scalar on one line, quoted only if needed; parsing it gives `text` again."""
    return text if _PLAIN.fullmatch(text) else _dumped(text, '"' if "\n" in text else None)


def pair(lead: str, key: str, text: str) -> Iterator[str]:
    """The lines of a key and its value after `lead`; a value of several lines becomes a block scalar."""
    if "\n" not in text:
        yield f"{lead}{key}: {scalar(text)}"
        return
    # If the first line begins with a space, YAML has to be told where the text begins.
    yield f"{lead}{key}: |{2 if text.lstrip(chr(10)).startswith(' ') else ''}"
    yield from (f"{' ' * len(lead)}  {line}" if line else "" for line in text.split("\n"))


def entry(lead: str, key: str, value: Any) -> Iterator[str]:
    """The lines of a key and its `value` (texts, flags, and lists and mappings of them) after `lead`."""
    if isinstance(value, str):
        yield from pair(lead, key, value)
        return
    line = f"{lead}{key}: {flow(value)}"
    if isinstance(value, bool) or (len(line) <= _WIDTH and "\n" not in line):
        yield line
        return
    yield f"{lead}{key}:"
    inner = " " * len(lead) + "  "
    if isinstance(value, Mapping):
        for name, one in value.items():
            yield from entry(inner, flow(name), one)
    else:
        yield from (f"{inner}- {flow(one)}" for one in value)


def flow(value: Any) -> str:
    """`value` on one line: a text, a flag, or a list or mapping of them."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{flow(key)}: {flow(one)}' for key, one in value.items())}}}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(flow, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if _UNQUOTED.fullmatch(value) or _PLAIN.fullmatch(value):
        return str(value)
    return _dumped([value], '"' if "\n" in value else None, flow=True)[1:-1]


def _dumped(value: Any, style: str | None, flow: bool = False) -> str:
    written: str = yaml.dump(
        value,
        Dumper=yaml.SafeDumper,
        allow_unicode=True,
        default_style=style,
        default_flow_style=flow,
        width=float("inf"),
    )
    return written.removesuffix("\n...\n").removesuffix("\n")

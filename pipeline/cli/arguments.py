"""Parses the command line by the table of commands.

Arguments come from the command line (`python -m pipeline report h24`), or as variables of make
(`make report EDITION=h24`), which the Makefile passes in the environment. Messages show make's syntax.
"""

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, NamedTuple, Never

from pipeline.errors import UsageError

from .table import BY_NAME, Argument, Command

if TYPE_CHECKING:
    import argparse

# The environment variable in which the Makefile lists the variables that were set on make's command line.
TYPED = "KYODO_TYPED"

# Accepted values of a flag.
_FLAGS = {"1": True, "0": False, "": False}


class Call(NamedTuple):
    """A command with its options."""

    command: Command
    options: SimpleNamespace


def parse(arguments: Sequence[str]) -> Call | None:
    """The command and options in `arguments`; None if they ask for help. Raises `UsageError`."""
    target, *rest = [*arguments] or ["--help"]
    if target == "make":
        return _from_make(rest, os.environ)
    if target in ("-h", "--help", "help"):
        return None
    command = _command(target)
    if rest in (["-h"], ["--help"]):
        return None
    return _complete(command, _parser(command).parse_args(rest, SimpleNamespace()))


def _close_matches(name: str, known: Iterable[str], most: int) -> list[str]:
    import difflib  # here: a command that is typed right does without it

    return difflib.get_close_matches(name, list(known), most)


def _command(name: str) -> Command:
    if name not in BY_NAME:
        near = _close_matches(name, BY_NAME, 1)
        hint = f"「{near[0]}」ではありませんか。" if near else ""
        raise UsageError(f"「{name}」というコマンドはありません。{hint}\nコマンドの一覧: make")
    return BY_NAME[name]


def _parser(command: Command) -> "argparse.ArgumentParser":
    import argparse  # here: a command of make does without it

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> Never:  # noqa: ARG002 argparse's sentence is English
            given = " ".join(sys.argv[1:]) or "(なし)"
            raise UsageError(f"使い方が違います: {given}\n使い方: {command.usage}")

    # With a fixed width, argparse does not import shutil to measure the terminal. Its own help is never shown.
    width = partial(argparse.HelpFormatter, width=80)
    parser = Parser(add_help=False, allow_abbrev=False, formatter_class=width)
    for argument in command.accepted:
        if argument.kind == "flag":
            parser.add_argument(argument.option, dest=argument.dest, action="store_true")
        elif argument.kind == "values":
            parser.add_argument(argument.dest, nargs="*")
            if argument.option:
                parser.add_argument(argument.option, dest=f"{argument.dest}_text")
        elif argument.option:
            parser.add_argument(argument.option, dest=argument.dest)
        else:
            parser.add_argument(argument.dest, nargs="?")
    return parser


def _from_make(arguments: Sequence[str], environment: Mapping[str, str]) -> Call:
    """The call from `make NAME VARIABLE=value …`. Raises `UsageError` for a variable that the command does not take."""
    command = _command(arguments[0] if arguments else "")
    taken = {argument.name: argument for argument in command.accepted}
    options = SimpleNamespace()
    for argument in taken.values():
        empty = {"flag": False, "values": [], "value": None}[argument.kind]
        setattr(options, argument.dest, empty)
    for name in environment.get(TYPED, "").split():
        if name not in taken:
            raise UsageError(
                f"make {command.name} に {name} は使えません。{_near(name, taken)}\n使い方: {command.usage}"
            )
        value = environment.get(name, "")
        argument = taken[name]
        if argument.kind == "flag":
            if value not in _FLAGS:
                raise UsageError(f"{name} には 1 を指定してください(指定された値: {value})。\n使い方: {command.usage}")
            setattr(options, argument.dest, _FLAGS[value])
        elif argument.kind == "value":
            setattr(options, argument.dest, value or None)
        elif argument.option:
            setattr(options, f"{argument.dest}_text", value)
        else:
            setattr(options, argument.dest, [value] if value else [])
    return _complete(command, options)


def _near(name: str, taken: Mapping[str, Argument]) -> str:
    if name.upper() in taken:
        return f"大文字で {name.upper()} と書いてください。"
    near = _close_matches(name.upper(), taken, 1)
    return f"{near[0]} ではありませんか。" if near else ""


def _complete(command: Command, options: SimpleNamespace) -> Call:
    """The call, with texts of several values split. Raises `UsageError` if a required argument is missing."""
    for argument in command.arguments:
        if argument.kind == "values" and argument.option:
            text = getattr(options, f"{argument.dest}_text", None) or ""
            setattr(options, argument.dest, [*getattr(options, argument.dest), *_split(text, argument.name)])
        if argument.required and not getattr(options, argument.dest):
            raise UsageError(f"{argument.name}({argument.value})を指定してください。\n使い方: {command.usage}")
    return Call(command, options)


def _split(text: str, name: str) -> list[str]:
    """The file names in `text`: a single existing path, or several, separated as in a shell."""
    if not text or Path(text).exists():
        return [text] if text else []
    import shlex

    try:
        return shlex.split(text)
    except ValueError:
        raise UsageError(f"{name} の引用符が閉じていません: {text}") from None

"""The small mistakes that tests.mutate makes in the program."""

import ast
import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_LEFT_OUT = ("annotation", "returns", "decorator_list")

_OTHER = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip


class Mutant(NamedTuple):
    """The program with one mistake: in the file `path`, the `node` (by its place) is replaced by `text`."""

    path: Path
    kind: str
    begin: tuple[int, int]
    end: tuple[int, int]
    text: str

    def source(self, original: str) -> str:
        lines = original.encode().split(b"\n")  # columns count bytes
        (first, start), (last, stop) = self.begin, self.end
        changed = lines[first - 1][:start] + self.text.encode() + lines[last - 1][stop:]
        return b"\n".join([*lines[: first - 1], changed, *lines[last:]]).decode()

    def diff(self, original: str) -> str:
        lines = difflib.unified_diff(original.splitlines(), self.source(original).splitlines(), lineterm="", n=1)
        return "\n".join([*lines][2:])


def mutants(path: Path, tree: ast.Module) -> Iterator[Mutant]:
    """All mutants of the module `tree`."""
    for node, is_condition in _nodes(tree):
        for kind, new in _mistakes(node, is_condition):
            assert isinstance(node, ast.expr | ast.stmt)
            text = f"({ast.unparse(new)})" if isinstance(node, ast.expr) else ast.unparse(new)
            begin, end = (node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0)
            yield Mutant(path, kind, begin, end, text)


def _nodes(node: ast.AST, is_condition: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    """The node and all below it but types, decorators and texts; and whether each is the condition of something."""
    yield node, is_condition
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            is_left_out = (
                isinstance(child, ast.JoinedStr | ast.Assert)
                # What is for type checkers is never run; what is run as a program on its own, by no test.
                or (isinstance(child, ast.If) and re.search("TYPE_CHECKING|__main__", ast.unparse(child.test)))
                or (isinstance(node, ast.Call) and isinstance(child, ast.keyword) and _says_nothing(node, child))
            )
            if isinstance(child, ast.AST) and not is_left_out and name not in _LEFT_OUT:
                yield from _nodes(child, name in ("test", "ifs") and not isinstance(node, ast.IfExp))


def _mistakes(node: ast.AST, is_condition: bool) -> Iterator[tuple[str, ast.AST]]:
    """What could stand in the place of `node` by mistake, and what kind of mistake that is."""
    match node:
        case ast.IfExp(test, body, orelse):
            yield "condition negated", ast.IfExp(test, orelse, body)
        case ast.Compare(left, [op], [right]):
            yield "comparison", ast.Compare(left, [_OTHER[type(op)]()], [right])
        case ast.BoolOp(ast.And(), values):
            yield "and/or", ast.BoolOp(ast.Or(), values)
        case ast.BoolOp(ast.Or(), values):
            yield "and/or", ast.BoolOp(ast.And(), values)
        case ast.UnaryOp(ast.Not(), operand):
            yield "not removed", operand
        case ast.Constant(bool(value)):
            yield "constant", ast.Constant(not value)
        case ast.Constant(int(value) | float(value)):
            yield "constant", ast.Constant(value + 1)
            yield "constant", ast.Constant(value - 1)
        case ast.Call(function, arguments, keywords):
            for one in keywords:
                if one.arg and not _says_nothing(node, one):
                    rest = [keyword for keyword in keywords if keyword is not one]
                    yield f"{one.arg}= dropped", ast.Call(function, arguments, rest)
        case ast.Expr(ast.Call()) | ast.AugAssign() | ast.Raise() | ast.Continue() | ast.Break():
            yield "statement dropped", ast.Pass()
        case ast.Assign([ast.Attribute() | ast.Subscript()]):
            yield "statement dropped", ast.Pass()
        # Who asks whether something is so takes None for False. True in its place is another mistake, made above.
        case ast.Return(ast.expr() as value) if ast.unparse(value) not in ("None", "False"):
            yield "value dropped", ast.Return(ast.Constant(None))
    # The other conditions have mistakes of their own above.
    if is_condition and isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.NamedExpr):
        yield "condition negated", ast.UnaryOp(ast.Not(), node)


def _says_nothing(call: ast.Call, keyword: ast.keyword) -> bool:
    """Whether the `call` does the same without the `keyword`, as far as a test can see."""
    function = ast.unparse(call.func)
    return (
        # An assertion; these are left out.
        (keyword.arg == "strict" and function == "zip")
        # A text; these are left out too.
        or (keyword.arg in ("description", "title") and function == "Field")
        # The default, where tests are run.
        or (keyword.arg == "encoding" and ast.unparse(keyword.value) in ("'utf-8'", "'UTF-8'"))
    )

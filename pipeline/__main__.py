"""`python -m pipeline`: refuses a Python that cannot run it, and gives a bug an exit code of its own."""

import os
import sys

# Those of another program, which PYTHONPATH names, come after the standard library and the locked packages.
for _folder in map(os.path.abspath, filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))):
    if _folder in sys.path[1:]:
        sys.path.append(sys.path.pop(sys.path.index(_folder, 1)))

import gc  # noqa: E402
import traceback  # noqa: E402

LACK = 3  # LackError.exit_code, which an old Python cannot import
BUG = 70  # EX_SOFTWARE of sysexits.h: no code that says anything of the source


def run() -> int:
    """Run the command; its exit code, or BUG after the traceback of a bug."""
    # Few of the many objects made while modules are imported are garbage.
    gc.set_threshold(50_000)
    # pydantic looks through all packages for its plugins, and lets them take part in validation.
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    try:
        from .cli.command import main

        return main()
    except ImportError as error:
        if not error.name or error.name.split(".")[0] in ("pipeline", *sys.stdlib_module_names):
            return _report_bug()
        print(
            f"部品({error.name})が、このPython({sys.executable})にはありません。\n"
            "make のコマンド(例: make report)で実行してください。それでも足りないときは: make setup",
            file=sys.stderr,
        )
        return LACK
    except Exception:
        return _report_bug()


def _report_bug() -> int:
    traceback.print_exc()
    print(
        "プログラムの不具合です。元データの誤りではありません。"
        "この画面に表示された文と、そのときの元データを添えて、開発者に知らせてください。",
        file=sys.stderr,
    )
    return BUG


if sys.version_info < (3, 11):  # noqa: UP036 whoever calls an older one is told so
    print("Python 3.11以上が必要です。make のコマンド(例: make report)で実行してください。", file=sys.stderr)
    raise SystemExit(LACK)
code = run()
# Without this, Python would look through all objects once more before it ends.
gc.freeze()
raise SystemExit(code)

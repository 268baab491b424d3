"""`python -m pipeline`: refuses Python versions that are too old, and maps bugs to an exit code of their own."""

import os
import sys

# Move the folders of PYTHONPATH, set for some other program, behind the standard library and the locked packages.
for _folder in map(os.path.abspath, filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))):
    if _folder in sys.path[1:]:
        sys.path.append(sys.path.pop(sys.path.index(_folder, 1)))

import gc  # noqa: E402
from types import ModuleType  # noqa: E402

LACK = 3  # LackError.exit_code; an old Python cannot import pipeline.errors
BUG = 70  # EX_SOFTWARE of sysexits.h


def run() -> int:
    """Run the command and return its exit code. A bug prints its traceback and gives `BUG`."""
    # Collect garbage less often: importing makes many objects, and few of them are garbage.
    gc.set_threshold(50_000)
    # Overrides the caller's environment; pipeline/__init__.py says why.
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    # Even so pydantic's loader of plugins imports importlib.metadata, and with it the email and zipfile packages: a
    # fifteenth of `make check`. This module stands in for the loader.
    no_plugins = ModuleType("pydantic.plugin._loader")
    vars(no_plugins)["get_plugins"] = tuple
    sys.modules.setdefault(no_plugins.__name__, no_plugins)
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
    import traceback  # here: it takes as long as a tenth of a run with nothing to do

    traceback.print_exc()
    print(
        "プログラムの不具合です。元データの誤りではありません。"
        "この画面に表示された文と、そのときの元データを添えて、開発者に知らせてください。",
        file=sys.stderr,
    )
    return BUG


if sys.version_info < (3, 11):  # noqa: UP036 an older Python gets a message instead of a traceback
    print("Python 3.11以上が必要です。make のコマンド(例: make report)で実行してください。", file=sys.stderr)
    raise SystemExit(LACK)
code = run()
# Skip the last garbage collection at exit, which would go through all objects.
gc.freeze()
raise SystemExit(code)

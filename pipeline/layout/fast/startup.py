"""Part of stage 4: imports WeasyPrint in half the time. Set-up runs `python -m pipeline.layout.fast.startup` once.

Imports are a large part of a cold run. Two of them can be avoided:

- cffi parses WeasyPrint's C declarations of Pango and of the other libraries at each start. It can also compile them
  to a Python module ("ABI mode, out-of-line"). Set-up does that, and puts the module into site-packages. Without the
  module cffi parses as usual.
- WeasyPrint imports fontTools' subsetter, which reproducible.py replaces, and its instancer of variable fonts, of which
  none is approved.
"""

import hashlib
import importlib
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from types import ModuleType
from typing import Any

import cffi
from cffi.api import FFI  # `cffi.FFI` is replaced during the import

# Modules that WeasyPrint imports and does not need here, with the names that it imports from each.
_UNUSED = {
    "fontTools.subset": (),
    "fontTools.varLib": (),
    "fontTools.varLib.instancer": ("instantiateVariableFont",),
}


def import_weasyprint() -> Any:
    """Import and return `weasyprint`. Raises `OSError` if Pango is missing."""
    with _nothing_unused():
        cffi.FFI = _Compiled
        try:
            import weasyprint
        finally:
            cffi.FFI = FFI
    return weasyprint


class _Compiled:
    """Stands in for `cffi.FFI`. The compiled module is named by a hash of the declarations: it cannot be outdated."""

    def cdef(self, source: str) -> None:
        try:
            self._ffi: Any = importlib.import_module(_name(source)).ffi
        except ImportError:  # not compiled, or by another version of cffi
            self._ffi = FFI()
            self._ffi.cdef(source)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._ffi, name)
        if callable(found):
            setattr(self, name, found)  # so that the next access does not get here
        return found


def _name(source: str) -> str:
    return f"_pango_{hashlib.sha256(source.encode()).hexdigest()[:16]}"


@contextmanager
def _nothing_unused() -> Iterator[None]:
    """Put empty modules in the place of those in `_UNUSED`. A later import finds the real ones."""
    stand_ins = {name: ModuleType(name) for name in _UNUSED if name not in sys.modules}
    for name, module in stand_ins.items():
        vars(module).update(dict.fromkeys(_UNUSED[name]))
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name in stand_ins:
            del sys.modules[name]


def _compile() -> None:
    """Compile WeasyPrint's declarations into site-packages."""

    class Compiling(FFI):  # type: ignore[misc]
        def cdef(self, source: str) -> None:
            super().cdef(source)
            self.set_source(_name(source), None)
            with redirect_stdout(None):
                self.emit_python_code(f"{sysconfig.get_path('purelib')}/{_name(source)}.py")

    cffi.FFI = Compiling
    import weasyprint.text.ffi  # noqa: F401


if __name__ == "__main__":
    _compile()

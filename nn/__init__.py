"""Neural networks on top of `autograd`: neurons, layers, multi-layer perceptrons."""

import autograd

if not hasattr(autograd, "primitive"):
    raise ImportError(
        f"nn needs the autograd of chalkgrad, but another package of that name was found at {autograd.__path__[0]}: "
        "install chalkgrad into an environment of its own (python3 -m venv .venv)"
    )

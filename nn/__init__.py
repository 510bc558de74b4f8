"""Neural networks on top of `autograd`: neurons, layers, multi-layer perceptrons."""

import autograd

if not hasattr(autograd, "primitive"):
    raise ImportError(
        f"nn needs the autograd of chalkgrad, but another one was found at {getattr(autograd, '__file__', autograd)}: "
        "install chalkgrad into an environment of its own (python3 -m venv .venv)"
    )

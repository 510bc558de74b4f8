"""`python -m autograd`: see `autograd.cli`."""

import sys

import autograd

if not hasattr(autograd, "walk"):  # what another package installed lies over our own files
    where = autograd.__file__ or autograd.__path__[0]
    sys.exit(
        f"another package called autograd is in the place of chalkgrad's ({where}): "
        "pip uninstall autograd chalkgrad, then install chalkgrad again, best in an environment of its own"
    )

from autograd.cli import main

if __name__ == "__main__":
    sys.exit(main())

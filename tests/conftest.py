"""Say at once when the tests would run against another package called autograd."""

import nn  # noqa: F401 - raises the clear error

"""All benchmarks: `python tests/benchmarks`, in an environment with the extra `bench`."""

import engine

engine.main()

"""All benchmarks: `python tests/benchmarks`, in an environment with the extra `bench`."""

import drawing
import engine

engine.main()
drawing.main()

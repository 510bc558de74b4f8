"""All benchmarks: `python tests/benchmarks`, in an environment with the extra `bench`."""

import drawing
import engine
import training

engine.main()
training.main()
drawing.main()

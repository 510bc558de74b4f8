"""All benchmarks: `python tests/benchmarks`, in an environment with the extra `bench`."""

import compiled
import derivatives
import drawing
import engine
import training

engine.main()
training.main()
derivatives.main()
compiled.main()
drawing.main()

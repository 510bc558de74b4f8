"""All benchmarks: `python tests/benchmarks`, in an environment with the extra `bench`; peers that are not installed are
left out. Each file also runs on its own; `widths.py` has options, and `against.py` compares with another checkout."""

import compiled
import costs
import derivatives
import digits
import drawing
import engine
import films
import gpt
import scripts
import training
import widths

engine.main()
training.main()
digits.main()
gpt.main()
derivatives.main()
compiled.main()
scripts.main()
costs.main()
widths.main(["--quick"])
drawing.main()
films.main()

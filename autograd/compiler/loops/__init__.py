"""Groups as loops over members and rows, in LLVM: what the machine does.

Read in this order:

micro      the loops in which a layer's time goes, with a picture
single     the same for a single row
panels     where numbers lie meanwhile
stages     what each kind of stage does, forward and back
tapes      long segments, gone through as lists of operations
module     all stages of a plan, tile by tile
emit       functions of LLVM with loops in them
"""

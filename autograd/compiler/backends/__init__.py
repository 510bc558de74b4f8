"""The ways to run a program: as Python on floats, on NumPy's columns, as machine code, and through the graph itself.

wanted   what is to be computed, and what each way gives
python   the listing itself
numpy    the same on columns, all rows at once
llvm     machine code, made when it is first needed; and what to do where LLVM refuses
machine  the machine code that LLVM makes, and the call of it
eager    the graph once more, the slowest: only it says what happened
"""

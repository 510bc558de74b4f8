"""Derivatives of derivatives, of functions, of any order, and their check against differences.

Read in this order:

transforms   grad, jvp, vjp, jacobian, hessian, hvp: a function in, a function or its derivatives out
calls        a function called once on fresh inputs, its graph, and the sweeps over it
gradients    the sweeps under them, on a recorded graph: with Values, whose results can be differentiated again
recent       the part of a graph that they look at: what is younger than a variable
trees        numbers in nested lists, tuples and dicts, which functions take and give
taylor       Taylor polynomials, by arithmetic on power series
check        check_grad, which compares with differences, and of a wrong row names the operand
"""

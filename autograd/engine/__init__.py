"""Value, the functions that rows become, the backward pass.

A row becomes two functions. One computes and records, here `x * y`:

>>> from autograd.engine.source import forward, sweep
>>> from autograd.table.rules import ROWS
>>> print(forward(ROWS["mul"], "__mul__"))
def __mul__(a, b):
    try:
        if isinstance(b, Value):
            y = a._data * b._data
            kernel = kernel_vv
        else:
            if type(b) is not float:
                b = real(b)
            y = a._data * b
            kernel = kernel_vn
    except (ArithmeticError, ValueError) as error:
        raise failure(row, (a, b,), error) from None
    if y - y:
        check_overflow(row, (a, b,))
    if marks and is_paused():
        return Value(y)
    node = next(blank)
    node._data = y
    node._a = a
    node._b = b
    node._kernel = kernel
    node._stamp = next(clock)
    node.grad = 0.0
    return node

The other one is the chain rule over a node that the first has made:

>>> print(sweep(ROWS["mul"], "vv"))
def mul_vv(node):
    adjoint = node.grad
    a = node._a
    b = node._b
    a.grad += adjoint * b._data
    b.grad += adjoint * a._data

`x * y` is the first, `backward()` calls the second for one node after the other. So these two suffice to begin with:

value       the graph: leaves, results, and what both know of themselves
sweep       the chain rule over its nodes

and then, from the table upwards:

checks      what may enter an operation, and what is said when it cannot be carried out
recording   no_grad, and the comparisons that a graph depends on
source      rows as the text of Python functions
kernels     these texts, compiled when they are first needed
vectors     the operands of an operation, read once for all that share them
order       the nodes of a graph, each result before its operands
opaque      operations of the user's own, and the names that micrograd has for what is in a Value
flow        the edges of a graph: local partials, and which of them are needed
copying     graphs in pickle and copy
operators   what gives Value its operators, methods and `backward`
functions   exp, sin and all the others; `primitive`, which adds a row
"""

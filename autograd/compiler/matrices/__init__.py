"""Groups as NumPy's matrix code: a layer is a product of matrices, a map a function of members and rows.

listing    a plan as such a function
axes       its expressions, and what their axes are
"""

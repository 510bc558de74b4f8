"""Who is alike in a graph: nodes that do the same with neighbouring operands are a group, to be done in one loop.

Read in this order:

arrays     what is found: groups, and where the numbers lie that their members read
sums       written sums, which are sums of products
alike      who is alike
places     where nodes and vectors of them lie
order      stages in an order in which they can be computed
plan       the chain rule over stages
"""

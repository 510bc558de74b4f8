"""Neural networks on top of `autograd`: neurons, layers, multi-layer perceptrons."""

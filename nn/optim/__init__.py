"""Optimisers, which change parameters against their gradients, and schedules, which change the learning rate."""

from nn.optim.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop, trajectory
from nn.optim.schedules import ConstantLR, CosineAnnealingLR, LinearLR, Schedule, StepLR

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "RMSprop", "trajectory"]
__all__ += ["ConstantLR", "CosineAnnealingLR", "LinearLR", "Schedule", "StepLR"]

"""Reverse-mode automatic differentiation in one file: what chapter 0 of the guide explains line by line.

한 파일로 된 자동 미분 엔진입니다. 가이드 0장이 한 줄씩 설명합니다.
"""

from __future__ import annotations

import numpy as np


class Tensor:
    """An array, its gradient, and how it was made."""

    def __init__(self, data, parents=(), rules=()):
        self.data = np.asarray(data, dtype=np.float64)
        self.grad = np.zeros_like(self.data)
        self.parents = parents  # the tensors that it was computed from
        self.rules = rules  # for each parent: gradient of the output -> gradient of the parent

    # -- operations: compute the output, and remember one rule per parent ---------------------------------

    def __add__(self, other):
        other = wrap(other)
        return Tensor(self.data + other.data, (self, other), (lambda g: g, lambda g: g))

    def __mul__(self, other):
        other = wrap(other)
        rules = (lambda g: g * other.data, lambda g: g * self.data)
        return Tensor(self.data * other.data, (self, other), rules)

    def __pow__(self, n):
        return Tensor(self.data**n, (self,), (lambda g: g * n * self.data ** (n - 1),))

    def __matmul__(self, other):
        rules = (lambda g: g @ other.data.T, lambda g: self.data.T @ g)
        return Tensor(self.data @ other.data, (self, other), rules)

    def exp(self):
        out = np.exp(self.data)
        return Tensor(out, (self,), (lambda g: g * out,))

    def log(self):
        return Tensor(np.log(self.data), (self,), (lambda g: g / self.data,))

    def tanh(self):
        out = np.tanh(self.data)
        return Tensor(out, (self,), (lambda g: g * (1 - out**2),))

    def relu(self):
        return Tensor(np.maximum(self.data, 0), (self,), (lambda g: g * (self.data > 0),))

    def sum(self, axis=None, keepdims=False):
        def rule(g):
            if axis is not None and not keepdims:
                g = np.expand_dims(g, axis)
            return np.broadcast_to(g, self.data.shape)

        return Tensor(self.data.sum(axis, keepdims=keepdims), (self,), (rule,))

    def __getitem__(self, index):
        def rule(g):
            gx = np.zeros_like(self.data)
            np.add.at(gx, index, g)
            return gx

        return Tensor(self.data[index], (self,), (rule,))

    # -- what follows from those ---------------------------------------------------------------------------

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -wrap(other)

    def __truediv__(self, other):
        return self * wrap(other) ** -1

    def mean(self):
        return self.sum() * (1 / self.data.size)

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other):
        return wrap(other) - self

    def __repr__(self):
        return f"Tensor({self.data})"

    # -- backward: from the output to everything that it depends on ------------------------------------------

    def backward(self):
        """Add d self / d t to the `grad` of every tensor t that self was computed from."""
        order, seen, stack = [], set(), [(self, False)]
        while stack:  # parents before children, without recursion: graphs may be deep
            tensor, done = stack.pop()
            if done:
                order.append(tensor)
            elif id(tensor) not in seen:
                seen.add(id(tensor))
                stack.append((tensor, True))
                stack.extend((parent, False) for parent in tensor.parents)
        pending = {id(self): np.ones_like(self.data)}
        for tensor in reversed(order):
            g = pending.pop(id(tensor))
            tensor.grad = tensor.grad + g
            for parent, rule in zip(tensor.parents, tensor.rules):
                gx = unbroadcast(rule(g), parent.data.shape)
                pending[id(parent)] = pending.get(id(parent), 0) + gx


def wrap(value):
    """A number or an array as a Tensor."""
    return value if isinstance(value, Tensor) else Tensor(value)


def unbroadcast(g, shape):
    """Sum a gradient over the axes along which its tensor was broadcast."""
    g = g.sum(tuple(range(g.ndim - len(shape))))
    stretched = tuple(axis for axis, size in enumerate(shape) if size == 1 and g.shape[axis] != 1)
    return g.sum(stretched, keepdims=True)


class SGD:
    """Gradient descent with momentum."""

    def __init__(self, params, lr, momentum=0.0):
        self.params, self.lr, self.momentum = params, lr, momentum
        self.velocities = [np.zeros_like(p.data) for p in params]

    def step(self):
        for p, v in zip(self.params, self.velocities):
            v *= self.momentum
            v += p.grad
            p.data = p.data - self.lr * v
            p.grad = np.zeros_like(p.data)


def cross_entropy(scores, labels):
    """The mean of -log softmax(scores)[label]."""
    shifted = scores - scores.data.max(1, keepdims=True)
    log_softmax = shifted - shifted.exp().sum(1, keepdims=True).log()
    return -log_softmax[np.arange(len(labels)), labels].mean()

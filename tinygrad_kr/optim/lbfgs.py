"""L-BFGS: a quasi-Newton method with a line search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..autograd.modes import enable_grad
from ..tensor import Tensor, wrap
from ._support import check_options, plain, real
from .optimizer import Optimizer, Parameters

__all__ = ["LBFGS"]


class LBFGS(Optimizer):
    r"""Newton's method, its inverse Hessian estimated from the last few steps and changes of gradient.

    .. math::
        s_k = p_{k+1} - p_k, \quad y_k = g_{k+1} - g_k, \quad d = -H(s, y) \, g, \quad p \leftarrow p + t d

    One `step` makes up to `max_iter` iterations on the same data, so it needs a closure, and suits full
    batches.

    Args:
        params: parameters, in one group.
        lr: t, or where the line search starts.
        max_iter: the most iterations per step.
        max_eval: the most evaluations of the closure per step; 5/4 of `max_iter` by default.
        tolerance_grad: stop where no gradient is larger.
        tolerance_change: stop where loss or parameters change less.
        history_size: how many pairs (s, y) are kept.
        line_search_fn: None, or "strong_wolfe" for a step t that satisfies the strong Wolfe conditions.

    Raises:
        ValueError: for a negative lr, and for several parameter groups.
        RuntimeError: for another `line_search_fn`.

    >>> w = torch.tensor([3.0, -2.0], requires_grad=True)
    >>> optimizer = torch.optim.LBFGS([w], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = ((w - 1) ** 2).sum()
    ...     loss.backward()
    ...     return loss
    >>> loss = optimizer.step(closure)
    >>> [round(value, 3) for value in w.tolist()]
    [1.0, 1.0]

    Source: PyTorch, `torch.optim.LBFGS`; Nocedal and Wright, "Numerical Optimization", chapters 3 and 7.
    """

    def __init__(
        self,
        params: Parameters,
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        options: dict[str, Any] = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, check_options(options))
        if len(self.param_groups) != 1:
            raise ValueError(
                "LBFGS doesn't support per-parameter options (parameter groups), but got "
                f"{len(self.param_groups)} groups"
            )

    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """Iterate on the loss that `closure` computes (it must also run backward); returns the first loss."""
        group = self.param_groups[0]
        lr, tolerance = plain(group["lr"]), group["tolerance_change"]
        # As in PyTorch the state of the whole lies with the first parameter.
        state = self.state[group["params"][0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        with enable_grad():
            first_loss = closure()
        loss, g = float(first_loss), self._gradient()
        evaluations = 1
        state["func_evals"] += 1
        if np.abs(g).max() <= group["tolerance_grad"]:
            return first_loss
        memory = _Memory(state, group["history_size"])
        for iteration in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            d = memory.direction(g)
            t = min(1.0, 1.0 / float(np.abs(g).sum())) * lr if state["n_iter"] == 1 else lr
            memory.previous, memory.loss, memory.d, memory.t = g, loss, d, t
            slope = float(g @ d)
            if slope > -tolerance:
                break
            used = 0
            if group["line_search_fn"] == "strong_wolfe":
                origin = [np.array(real(p._array)) for p in group["params"]]
                evaluate = self._evaluation(closure, origin, d)
                point, used = _strong_wolfe(
                    evaluate, _Point(0.0, loss, g, slope), t, d, group["max_eval"] - evaluations, tolerance
                )
                loss, g, t = point.loss, point.grad, point.t
                self._move(origin, t, d)
            elif group["line_search_fn"] is not None:
                raise RuntimeError(f"only 'strong_wolfe' is supported, got {group['line_search_fn']!r}")
            else:
                self._move([real(p._array) for p in group["params"]], t, d)
                if iteration != group["max_iter"]:
                    with enable_grad():
                        loss = float(closure())
                    g, used = self._gradient(), 1
            memory.t = t
            evaluations += used
            state["func_evals"] += used
            if (
                evaluations >= group["max_eval"]
                or np.abs(g).max() <= group["tolerance_grad"]
                or np.abs(t * d).max() <= tolerance
                or abs(loss - memory.loss) < tolerance
            ):
                break
        memory.save(state)
        return first_loss

    def _gradient(self) -> np.ndarray:
        """The gradients of all parameters as one vector; zeros where there is none."""
        return np.concatenate(
            [
                np.zeros_like(real(p._array)).ravel() if p._grad is None else real(p._grad._array).ravel()
                for p in self.param_groups[0]["params"]
            ]
        )

    def _move(self, origin: list[np.ndarray], t: float, d: np.ndarray) -> None:
        """Put the parameters at origin + t·d."""
        first = 0
        for p, start in zip(self.param_groups[0]["params"], origin):
            last = first + start.size
            real(p._array)[...] = start + t * d[first:last].reshape(start.shape)
            p._storage.version += 1
            first = last

    def _evaluation(
        self, closure: Callable[[], Any], origin: list[np.ndarray], d: np.ndarray
    ) -> Callable[[float], _Point]:
        def evaluate(t: float) -> _Point:
            self._move(origin, t, d)
            with enable_grad():
                loss = float(closure())
            g = self._gradient()
            return _Point(t, loss, g, float(g @ d))

        return evaluate


class _Memory:
    """The last steps s and changes of gradient y, and the direction they give."""

    def __init__(self, state: dict[str, Any], size: int) -> None:
        self.size = size
        self.d, self.previous = (
            state[name]._array if state.get(name) is not None else None for name in ("d", "prev_flat_grad")
        )
        self.t: float = plain(state.get("t"))
        self.loss: float = state.get("prev_loss", 0.0)
        self.changes: list[np.ndarray] = [y._array for y in state.get("old_dirs") or []]
        self.steps: list[np.ndarray] = [s._array for s in state.get("old_stps") or []]
        self.curvatures: list[float] = [plain(r) for r in state.get("ro") or []]  # 1 / (s·y)
        self.scale: float = plain(state.get("H_diag", 1))

    def direction(self, g: np.ndarray) -> np.ndarray:
        """-H·g, by the two-loop recursion, after the last step has been taken into account."""
        if self.d is None:
            return np.negative(g)
        y, s = g - self.previous, self.t * self.d
        if (ys := float(y @ s)) > 1e-10:
            self.changes.append(y)
            self.steps.append(s)
            self.curvatures.append(1.0 / ys)
            self.scale = ys / float(y @ y)
            for history in (self.changes, self.steps, self.curvatures):
                del history[: -self.size]  # type: ignore[attr-defined]
        q = np.negative(g)
        weights = []
        for y, s, r in zip(self.changes[::-1], self.steps[::-1], self.curvatures[::-1]):
            weights.append(float(s @ q) * r)
            q -= weights[-1] * y
        q *= self.scale
        for y, s, r in zip(self.changes, self.steps, self.curvatures):
            q += (weights.pop() - float(y @ q) * r) * s
        return q

    def save(self, state: dict[str, Any]) -> None:
        """Write everything into an optimizer's state, under PyTorch's names."""
        state["d"], state["t"] = wrap(self.d), self.t  # type: ignore[arg-type]
        state["old_dirs"], state["old_stps"] = [wrap(y) for y in self.changes], [wrap(s) for s in self.steps]
        state["ro"], state["H_diag"] = self.curvatures, self.scale
        state["prev_flat_grad"], state["prev_loss"] = wrap(self.previous), self.loss  # type: ignore[arg-type]


# -- the line search -----------------------------------------------------------------------------------------


class _Point(NamedTuple):
    """A place on the line: how far, the loss and gradient there, and the slope along the line."""

    t: float
    loss: float
    grad: np.ndarray
    slope: float


def _strong_wolfe(
    evaluate: Callable[[float], _Point],
    origin: _Point,
    t: float,
    d: np.ndarray,
    max_tries: int,
    tolerance: float,
    c1: float = 1e-4,
    c2: float = 0.9,
) -> tuple[_Point, int]:
    """A point with a loss well below the origin's and a slope much flatter; and the number of evaluations."""

    def too_high(point: _Point) -> bool:
        return point.loss > origin.loss + c1 * point.t * origin.slope

    def flat(point: _Point) -> bool:
        return abs(point.slope) <= -c2 * origin.slope

    # Go further until there is such a point between two others.
    before, now, tries = origin, evaluate(t), 0
    bracket: list[_Point] = []
    while tries < max_tries and not bracket:
        if too_high(now) or (tries > 1 and now.loss >= before.loss):
            bracket = [before, now]
        elif flat(now):
            return now, tries + 1
        elif now.slope >= 0:
            bracket = [before, now]
        else:
            t = _cubic_minimum(before, now, now.t + 0.01 * (now.t - before.t), 10 * now.t)
            before, now, tries = now, evaluate(t), tries + 1
    bracket = bracket or [origin, now]

    # Then narrow the bracket down to it.
    low = 0 if bracket[0].loss <= bracket[1].loss else 1
    reach = float(np.abs(d).max())
    stuck = False
    while tries < max_tries:
        left, right = sorted(point.t for point in bracket)
        if (right - left) * reach < tolerance:
            break
        t = _cubic_minimum(bracket[0], bracket[1], left, right)
        margin = 0.1 * (right - left)
        close = min(right - t, t - left) < margin
        if close and (stuck or t >= right or t <= left):
            # Twice too close to an end is no progress: step a tenth into the bracket.
            t = right - margin if abs(t - right) < abs(t - left) else left + margin
            close = False
        stuck = close
        now, tries = evaluate(t), tries + 1
        if too_high(now) or now.loss >= bracket[low].loss:
            bracket[1 - low] = now
            low = 0 if bracket[0].loss <= bracket[1].loss else 1
        elif flat(now):
            return now, tries + 1
        else:
            if now.slope * (bracket[1 - low].t - bracket[low].t) >= 0:
                bracket[1 - low] = bracket[low]
            bracket[low] = now
    return bracket[low], tries + 1


def _cubic_minimum(a: _Point, b: _Point, low: float, high: float) -> float:
    """Where the cubic through two points, with their slopes, is least within [low, high]."""
    if a.t > b.t:
        a, b = b, a
    if a.t == b.t:
        return (low + high) / 2
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    if not square >= 0:
        return (low + high) / 2
    d2 = square**0.5
    divisor = b.slope - a.slope + 2 * d2
    if divisor == 0:
        return (low + high) / 2
    return min(max(b.t - (b.t - a.t) * ((b.slope + d2 - d1) / divisor), low), high)

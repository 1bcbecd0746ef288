"""Minimisers of one picture: Adam and L-BFGS, one step at a time; their states can be saved and taken to another size.

Adam's step is torch's. L-BFGS is ours, because torch's takes no preconditioner and its history cannot be trimmed.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

Evaluate = Callable[[Tensor], tuple[float, Tensor]]
"""A picture, 1 x 3 x H x W, to its loss and the gradient of the loss, of the picture's shape."""


class Adam:
    """Adam (Kingma and Ba 2015) with an average over its iterates as the result (Polyak and Juditsky 1992).

    Each colour plane is a parameter of its own, so that temporaries of large pictures are of one plane only.

    Args:
        picture: 1 x 3 x H x W, where to start; is changed.
        learning_rate: step in units of the picture.
        average: decay of the exponential average, in [0, 1); 0: the result is the last iterate.

    Attributes:
        first: exponential average of the gradient, 1 x 3 x H x W.
        second: exponential average of the squared gradient, 1 x 3 x H x W.
        total: exponential average of the iterates, which starts from 0; ``None`` without one.
        steps: how many were taken, also at smaller sizes and before the run was resumed; ``first`` and ``second`` are
            corrected by it for their start from 0.
        averaged: how many iterates are in ``total``.
    """

    LEARNING_RATE = 0.02  # length of a step where 1 is a pixel's range
    BETAS = (0.9, 0.99)  # decays of the averages of the gradient and of its square, in [0, 1)
    EPSILON = 1e-8  # added to the root of the average square, so that nothing is divided by 0

    def __init__(self, picture: Tensor, *, learning_rate: float = LEARNING_RATE, average: float = 0.9) -> None:
        self.picture, self.learning_rate, self.decay = picture, learning_rate, average
        self.first = torch.zeros_like(picture)
        self.second = torch.zeros_like(picture)
        self.total = torch.zeros_like(picture) if average else None
        self.steps = self.averaged = 0
        self._planes = list(picture.unbind(dim=1))
        self._adam = torch.optim.Adam(self._planes, lr=learning_rate, betas=self.BETAS, foreach=False)

    def step(self, evaluate: Evaluate) -> float:
        """Take one step; returns the loss before it."""
        loss, gradient = evaluate(self.picture)
        moments = zip(self._planes, self.first.unbind(dim=1), self.second.unbind(dim=1), strict=True)
        for (plane, first, second), slope in zip(moments, gradient.unbind(dim=1), strict=True):
            self._adam.state[plane] = {"step": torch.tensor(float(self.steps)), "exp_avg": first, "exp_avg_sq": second}
            plane.grad = slope
        self.steps += 1
        self.averaged += 1
        # The average square is small in the first steps, and in large pictures gradients are hardly above epsilon: so
        # epsilon is corrected for the start from 0 as the average square is.
        self._adam.param_groups[0]["eps"] = self.EPSILON * (1 - self.BETAS[1] ** self.steps) ** 0.5
        self._adam.step()
        self._adam.zero_grad()
        if self.total is not None:
            self.total.lerp_(self.picture, 1 - self.decay)
        return loss

    @property
    def result(self) -> Tensor:
        """The average of the iterates so far, or the last iterate."""
        if self.total is None or self.averaged == 0:
            return self.picture
        return self.total / (1 - self.decay**self.averaged)

    def enlarged(self, picture: Tensor) -> Adam:
        """The same at the size of ``picture``, from which it starts; the moments of the gradient are interpolated.

        A loss is a mean over pixels, so a pixel's gradient shrinks as their number grows.
        """
        larger = Adam(picture, learning_rate=self.learning_rate, average=self.decay)
        ratio = self.picture.numel() / picture.numel()
        larger.first = _interpolated(self.first, picture) * ratio
        larger.second = _interpolated(self.second, picture) * ratio**2
        larger.steps = self.steps
        return larger

    def state(self) -> dict[str, Tensor]:
        """All that a later run needs to go on."""
        counts = torch.tensor([self.steps, self.averaged])
        tensors = {"picture": self.picture, "first": self.first, "second": self.second, "counts": counts}
        return tensors | ({} if self.total is None else {"total": self.total})

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take over a saved state."""
        for name in ("first", "second", "total"):
            if name in state and getattr(self, name) is not None:
                getattr(self, name).copy_(state[name])
        self.steps, self.averaged = (int(count) for count in state["counts"])
        if "total" not in state:
            self.averaged = 0


class LBFGS:
    """L-BFGS (Liu and Nocedal 1989), preconditioned.

    Steps are full ones, shortened only where one would raise the loss. Curvature that no pair tells of is taken to grow
    with the frequency (:class:`Smoothing`), as that of losses on features does: measured, 50 steps then reach what 75
    to 85 reach from the identity.

    Args:
        picture: 1 x 3 x H x W, where to start; is changed.
        learning_rate: length of a step, where 1 is the full one.
        history: pairs of steps and changes of the gradient to remember, two pictures each.
        monotone: shorten steps that raise the loss; ``False`` where gradients are not those of the loss.
        painted: whether the picture is a painting already, whose large areas have to change little.
    """

    LEARNING_RATE = 1.0  # share of the full step
    FIRST_STEP = 0.01  # mean change of a pixel, where 1 is its range, before anything is known of the curvature
    ATTEMPTS = 6  # lengths of a step, each a quarter of the one before, that are tried
    ARMIJO = 1e-4  # share of the decrease that the slope promises which a step has to reach (Armijo condition)
    CURVATURE = 1e-6  # least cosine of a step and its change of the gradient; below it the pair is not remembered

    def __init__(
        self,
        picture: Tensor,
        *,
        learning_rate: float = LEARNING_RATE,
        history: int = 10,
        monotone: bool = True,
        painted: bool = False,
    ) -> None:
        self.picture, self.learning_rate, self.history, self.monotone = picture, learning_rate, history, monotone
        self.pairs: deque[tuple[Tensor, Tensor]] = deque(maxlen=history)
        self.first_step = self.FIRST_STEP
        self.loss: float | None = None
        self.gradient = torch.zeros_like(picture)
        self.smoothed = Smoothing(picture, Smoothing.LEAST_PAINTED if painted else Smoothing.LEAST)

    def step(self, evaluate: Evaluate) -> float:
        """Take one step, mostly by one evaluation; returns the loss after it."""
        if self.loss is None:
            self.loss, self.gradient = evaluate(self.picture)
        direction, rate = self._direction()
        slope = _dot(direction, self.gradient)
        # A step must lower the loss by at least a ten-thousandth of what the slope promises (Armijo 1966).
        for attempt in range(1, self.ATTEMPTS + 1):
            candidate = self.picture.add(direction, alpha=rate)
            loss, gradient = evaluate(candidate)
            if math.isfinite(loss) and (not self.monotone or loss <= self.loss + self.ARMIJO * rate * slope):
                break
            if attempt == self.ATTEMPTS:
                if not self.pairs:
                    self.first_step /= 4**attempt  # the lengths just tried would fail again
                self.pairs.clear()  # the remembered curvature misleads: begin anew from here
                return self.loss
            rate /= 4
        step, change = candidate.sub_(self.picture), gradient.sub(self.gradient)
        self.picture.add_(step)
        # Only pairs of positive curvature keep the direction one of descent.
        if _dot(step, change) > self.CURVATURE * float(step.norm() * change.norm()):
            self.pairs.append((step, change))
            self.first_step = self.FIRST_STEP
        self.loss, self.gradient = loss, gradient
        return loss

    def _direction(self) -> tuple[Tensor, float]:
        """The direction by the two-loop recursion (Nocedal 1980), and the length of step to try along it."""
        q = self.gradient.neg()
        if not self.pairs:
            q = self.smoothed(q)
            return q, self.learning_rate * self.first_step / max(float(q.abs().mean()), 1e-30)
        factors: list[tuple[float, float]] = []
        for step, change in reversed(self.pairs):
            rho = 1 / _dot(step, change)
            alpha = rho * _dot(step, q)
            q.sub_(change, alpha=alpha)
            factors.append((rho, alpha))
        step, change = self.pairs[-1]
        q = self.smoothed(q).mul_(_dot(step, change) / _dot(change, self.smoothed(change)))
        for (step, change), (rho, alpha) in zip(self.pairs, reversed(factors), strict=True):
            q.add_(step, alpha=alpha - rho * _dot(change, q))
        return q, self.learning_rate

    @property
    def result(self) -> Tensor:
        """The picture so far: the best, as no step raises the loss."""
        return self.picture

    def enlarged(self, picture: Tensor) -> LBFGS:
        """A new one at the size of ``picture``, from which it starts: curvature does not carry over."""
        rate, history = self.learning_rate, self.history
        return LBFGS(picture, learning_rate=rate, history=history, monotone=self.monotone, painted=True)

    def state(self) -> dict[str, Tensor]:
        """All that a later run needs to go on."""
        first = torch.tensor(self.first_step, dtype=torch.float64)
        tensors = {"picture": self.picture, "gradient": self.gradient, "first_step": first}
        if self.loss is not None:
            tensors["loss"] = torch.tensor(self.loss, dtype=torch.float64)
        for number, (step, change) in enumerate(self.pairs):
            tensors |= {f"step.{number}": step, f"change.{number}": change}
        return tensors

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take over a saved state, with the newest of its pairs that fit into the history."""
        if "loss" in state:
            self.loss = float(state["loss"])
            self.gradient.copy_(state["gradient"])
            self.first_step = float(state.get("first_step", self.FIRST_STEP))
        for number in range(sum(name.startswith("step.") for name in state)):
            step, change = (state[f"{name}.{number}"].to(self.picture) for name in ("step", "change"))
            self.pairs.append((step, change))


class Smoothing:
    """The preconditioner of L-BFGS: divides a picture's frequencies by their cycles a pixel plus a least number.

    It is a symmetric, positive map. Of a gradient it makes a direction in which large areas move as well as pixels do:
    by features, a change of one pixel counts for much more than its share in a change of all pixels. Olah, Mordvintsev
    and Schubert 2017, "Feature visualization", optimise in a Fourier basis that is scaled like this.

    Args:
        like: 1 x 3 x H x W, a picture of the size.
        least: in cycles a pixel; larger areas than its inverse are moved by single features, too.
    """

    LEAST = 0.01  # where large areas have to find their colours
    LEAST_PAINTED = 0.1  # where they have them: from a coarser scale, or from a painting

    def __init__(self, like: Tensor, least: float = LEAST) -> None:
        self.size = (like.shape[2], like.shape[3])
        y = torch.fft.fftfreq(self.size[0], device=like.device)
        x = torch.fft.rfftfreq(self.size[1], device=like.device)
        self.gain = 1 / (torch.hypot(y[:, None], x) + least)

    def __call__(self, picture: Tensor) -> Tensor:
        """Smooth 1 x 3 x H x W, a colour plane at a time, since spectra are large."""
        result = torch.empty_like(picture)
        for plane, smooth in zip(picture[0], result[0], strict=True):
            smooth.copy_(torch.fft.irfft2(torch.fft.rfft2(plane).mul_(self.gain), self.size))
        return result


Minimiser = Adam | LBFGS


def _interpolated(values: Tensor, like: Tensor) -> Tensor:
    """Values, 1 x C x H x W, at the size of another tensor, bilinear."""
    return F.interpolate(values, like.shape[2:], mode="bilinear")


def _dot(a: Tensor, b: Tensor) -> float:
    """The inner product of two pictures."""
    return float(torch.dot(a.flatten(), b.flatten()))

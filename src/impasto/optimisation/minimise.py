"""Optimisers of one picture: Adam and L-BFGS, whose state can be saved, trimmed, and taken to another size.

torch's own do none of these. Both are asked for one step at a time; ``evaluate`` maps a picture to its loss and
gradient.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

Evaluate = Callable[[Tensor], tuple[float, Tensor]]


class Adam:
    """Adam (Kingma and Ba 2015), with an average over its iterates as the result (Polyak and Juditsky 1992).

    Args:
        picture: 1 x 3 x H x W, where to start; is changed.
        learning_rate: step in units of the picture.
        average: decay of the average; 0: the result is the last iterate.
    """

    LEARNING_RATE = 0.02
    BETAS = (0.9, 0.99)
    EPSILON = 1e-8

    def __init__(self, picture: Tensor, *, learning_rate: float = LEARNING_RATE, average: float = 0.9) -> None:
        self.picture, self.learning_rate, self.decay = picture, learning_rate, average
        self.first = torch.zeros_like(picture)
        self.second = torch.zeros_like(picture)
        self.total = torch.zeros_like(picture) if average else None
        self.steps = self.averaged = 0

    def step(self, evaluate: Evaluate) -> float:
        """One step; the loss before it."""
        loss, gradient = evaluate(self.picture)
        self.steps += 1
        self.averaged += 1
        one, two = self.BETAS
        correction = (1 - two**self.steps) ** 0.5
        rate = self.learning_rate / (1 - one**self.steps)
        for c in range(self.picture.shape[1]):  # a plane at a time: temporaries of large pictures stay small
            g, m, v, x = (a[:, c] for a in (gradient, self.first, self.second, self.picture))
            m.lerp_(g, 1 - one)
            v.mul_(two).addcmul_(g, g, value=1 - two)
            x.addcdiv_(m, v.sqrt().div_(correction).add_(self.EPSILON * correction), value=-rate)
        if self.total is not None:
            self.total.lerp_(self.picture, 1 - self.decay)
        return loss

    @property
    def result(self) -> Tensor:
        """The average of the iterates so far, or the last."""
        if self.total is None or self.averaged == 0:
            return self.picture
        return self.total / (1 - self.decay**self.averaged)

    def enlarged(self, picture: Tensor) -> Adam:
        """The same at another size, starting from ``picture``; the moments of the gradient are interpolated.

        A loss is a mean over pixels, so a pixel's gradient shrinks as their number grows.
        """
        other = Adam(picture, learning_rate=self.learning_rate, average=self.decay)
        ratio = self.picture.numel() / picture.numel()
        other.first = _interpolated(self.first, picture) * ratio
        other.second = _interpolated(self.second, picture) * ratio**2
        other.steps = self.steps
        return other

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
    """L-BFGS (Liu and Nocedal 1989): full steps, shortened only where one would raise the loss.

    What it does not know of the curvature it takes to grow with the frequency (:class:`Smoothing`), as that of losses
    on features does: measured, 50 steps then reach what 75 to 85 reach from the identity.

    Args:
        picture: 1 x 3 x H x W, where to start; is changed.
        learning_rate: of the full step.
        history: pairs of steps and changes of the gradient to remember, two pictures each.
        monotone: shorten steps that raise the loss; not where gradients are not those of the loss.
    """

    LEARNING_RATE = 1.0
    FIRST_STEP = 0.01  # mean change of a pixel before anything is known of the curvature
    ATTEMPTS = 6
    SAVED_PAIRS = 5  # of a state: each takes two pictures of floating-point numbers

    def __init__(
        self, picture: Tensor, *, learning_rate: float = LEARNING_RATE, history: int = 10, monotone: bool = True
    ) -> None:
        self.picture, self.learning_rate, self.history, self.monotone = picture, learning_rate, history, monotone
        self.pairs: deque[tuple[Tensor, Tensor]] = deque(maxlen=history)
        self.first_step = self.FIRST_STEP
        self.loss: float | None = None
        self.gradient = torch.zeros_like(picture)
        self.smoothed = Smoothing(picture)

    def step(self, evaluate: Evaluate) -> float:
        """One step, mostly one evaluation; the loss after it."""
        if self.loss is None:
            self.loss, self.gradient = evaluate(self.picture)
        direction, rate = self._direction()
        slope = _dot(direction, self.gradient)
        for attempt in range(1, self.ATTEMPTS + 1):
            candidate = self.picture.add(direction, alpha=rate)
            loss, gradient = evaluate(candidate)
            if math.isfinite(loss) and (not self.monotone or loss <= self.loss + 1e-4 * rate * slope):
                break
            if attempt == self.ATTEMPTS:
                if not self.pairs:
                    self.first_step /= 4**attempt  # the same ones would fail again
                self.pairs.clear()  # what is remembered misleads: begin anew from here
                return self.loss
            rate /= 4
        step, change = candidate.sub_(self.picture), gradient.sub(self.gradient)
        self.picture.add_(step)
        if _dot(step, change) > 1e-6 * float(step.norm() * change.norm()):
            self.pairs.append((step, change))
            self.first_step = self.FIRST_STEP
        self.loss, self.gradient = loss, gradient
        return loss

    def _direction(self) -> tuple[Tensor, float]:
        """The two-loop recursion, and the step to try along it."""
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
        """A new one at another size: curvature does not carry over."""
        return LBFGS(picture, learning_rate=self.learning_rate, history=self.history, monotone=self.monotone)

    def state(self) -> dict[str, Tensor]:
        """What a later run needs to go on, of the pairs the newest."""
        first = torch.tensor(self.first_step, dtype=torch.float64)
        tensors = {"picture": self.picture, "gradient": self.gradient, "first_step": first}
        if self.loss is not None:
            tensors["loss"] = torch.tensor(self.loss, dtype=torch.float64)
        for number, (step, change) in enumerate(list(self.pairs)[-self.SAVED_PAIRS :]):
            tensors |= {f"step.{number}": step, f"change.{number}": change}
        return tensors

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take over a saved state, of its pairs the newest that fit."""
        if "loss" in state:
            self.loss = float(state["loss"])
            self.gradient.copy_(state["gradient"])
            self.first_step = float(state.get("first_step", self.FIRST_STEP))
        for number in range(sum(name.startswith("step.") for name in state)):
            step, change = (state[f"{name}.{number}"].to(self.picture) for name in ("step", "change"))
            self.pairs.append((step, change))


class Smoothing:
    """A picture's frequencies divided by their cycles a pixel, plus :data:`LEAST`: a symmetric, positive map.

    Of a gradient it makes a direction in which large areas move as well as pixels do: by features, a change of one
    pixel counts for much more than its share in a change of all (in a Fourier basis scaled like this: Olah,
    Mordvintsev and Schubert 2017, "Feature visualization").

    Args:
        like: 1 x 3 x H x W, a picture of the size.
    """

    LEAST = 0.01  # cycles a pixel; larger areas than 100 pixels are moved by single features, too

    def __init__(self, like: Tensor) -> None:
        self.size = (like.shape[2], like.shape[3])
        y = torch.fft.fftfreq(self.size[0], device=like.device)
        x = torch.fft.rfftfreq(self.size[1], device=like.device)
        self.gain = 1 / (torch.hypot(y[:, None], x) + self.LEAST)

    def __call__(self, picture: Tensor) -> Tensor:
        """1 x 3 x H x W to the same, a plane at a time, since spectra are large."""
        result = torch.empty_like(picture)
        for plane, smooth in zip(picture[0], result[0], strict=True):
            smooth.copy_(torch.fft.irfft2(torch.fft.rfft2(plane).mul_(self.gain), self.size))
        return result


Minimiser = Adam | LBFGS


def resize_tensor(picture: Tensor, height: int, width: int) -> Tensor:
    """1 x C x H x W at another size, bicubic."""
    return F.interpolate(picture, (height, width), mode="bicubic", antialias=picture.shape[2] > height)


def _interpolated(values: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(values, like.shape[2:], mode="bilinear")


def _dot(a: Tensor, b: Tensor) -> float:
    return float(torch.dot(a.flatten(), b.flatten()))

"""The recipe of 2016 for styles of sound, defined anew: random convolution, Gram matrices, L-BFGS, Griffin-Lim.

log(1 + magnitude) of an STFT with its bins as channels, one random convolution of 4096 filters over 11 frames, ReLU;
the style is the Gram matrix of the features, the content the features themselves; the result starts as noise.
"""

from __future__ import annotations

import contextlib
import time

import numpy as np
import torch

_LENGTH, _HOP = 2048, 512  # samples of a frame, and from one to the next
_FILTERS, _REACH = 4096, 11  # of the random convolution, and the frames under it
_CONTENT_WEIGHT = 1e-2
_ITERATIONS, _GRIFFIN_LIM = 300, 500


def _stft(samples: torch.Tensor) -> torch.Tensor:
    """Complex spectra, B x T."""
    return torch.stft(samples, _LENGTH, _HOP, window=torch.hann_window(_LENGTH), return_complex=True)


def restyle(
    content: np.ndarray, style: np.ndarray, *, most_seconds: float, seed: int = 0
) -> tuple[np.ndarray, float, int]:
    """Restyle samples.

    Args:
        content, style: N samples each.
        most_seconds: after which the optimisation is stopped, converged or not.
        seed: of the random filters.

    Returns:
        The samples, the seconds that it took, and the evaluations that were made.
    """
    started = time.perf_counter()
    torch.manual_seed(seed)
    mine, theirs = (torch.log1p(_stft(torch.from_numpy(x.astype(np.float32))).abs()) for x in (content, style))
    frames = min(mine.shape[1], theirs.shape[1])
    mine, theirs = mine[:, :frames].contiguous(), theirs[:, :frames].contiguous()
    bins = mine.shape[0]
    kernel = torch.randn(_FILTERS, bins, _REACH) * 2 / np.sqrt((bins + _FILTERS) * _REACH)

    def features(spectrum: torch.Tensor) -> torch.Tensor:
        return torch.relu(torch.nn.functional.conv1d(spectrum[None], kernel, padding=_REACH // 2))[0]

    with torch.no_grad():
        wanted = features(mine)
        other = features(theirs)
        gram = other @ other.T / frames
    image = (torch.randn_like(mine) * 1e-3).requires_grad_(True)
    optimiser = torch.optim.LBFGS(
        [image],
        max_iter=_ITERATIONS,
        history_size=10,
        tolerance_change=0,
        tolerance_grad=0,
        line_search_fn="strong_wolfe",
    )
    evaluations = 0

    def closure() -> torch.Tensor:
        nonlocal evaluations
        if time.perf_counter() - started > most_seconds:
            raise TimeoutError
        evaluations += 1
        optimiser.zero_grad()
        found = features(image)
        loss = _CONTENT_WEIGHT * 2 * ((found - wanted) ** 2).sum() / 2
        loss = loss + 2 * ((found @ found.T / frames - gram) ** 2).sum() / 2
        loss.backward()
        return loss

    with contextlib.suppress(TimeoutError):
        optimiser.step(closure)
    magnitude = torch.expm1(image.detach().clamp(0, 20))
    samples = torch.zeros(len(content))
    phase = torch.exp(2j * torch.pi * torch.rand(magnitude.shape))
    for _ in range(_GRIFFIN_LIM):
        samples = torch.istft(
            magnitude * phase, _LENGTH, _HOP, window=torch.hann_window(_LENGTH), length=(frames - 1) * _HOP
        )
        spectrum = _stft(samples)
        phase = spectrum / (spectrum.abs() + 1e-9)
    out = np.zeros(len(content), np.float32)
    out[: len(samples)] = samples.numpy()[: len(out)]
    return out, time.perf_counter() - started, evaluations

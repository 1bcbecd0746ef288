"""High dynamic range and wide gamuts brought to what networks and screens know: Rec. 709 of standard range.

Colours are named by the numbers of ITU-T H.273, which FFmpeg, PNG (cICP), AVIF and HEIC (nclx) share. Transfer curves
are those of BT.2100 (PQ, HLG). Tone mapping is the EETF of BT.2390, on the largest of the three components, so that
their ratio stays; white of standard range is at the 203 cd/m2 of BT.2408. What lies outside Rec. 709 is brought to its
edge towards the grey of the same luminance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Light = NDArray[np.float64]

PQ, HLG = 16, 18  # transfer curves of high dynamic range
REC_709 = 1  # number of the primaries and of the transfer curve of Rec. 709
USUAL_PEAK = 1000.0  # cd/m2: brightest light of HLG, and of PQ where a file does not say it
_WHITE = 203.0  # cd/m2 of high dynamic range that standard range shows as white
_GAMMA = 2.4  # exponent of screens of standard range (BT.1886)
_LINEAR, _SRGB = 8, 13  # transfer curves that are no power of 2.4
_EXPONENTS = {4: 2.2, 5: 2.8, _LINEAR: 1.0}  # transfer curves to exponents, where it is not 2.4
_REC_2020 = 9  # number of primaries
# Numbers of wide primaries to the matrices that bring linear light to those of Rec. 709 (BT.2087; P3 on a D65 white).
_P3_TO_709 = ((1.224940, -0.224940, 0.0), (-0.042057, 1.042057, 0.0), (-0.019638, -0.078636, 1.098274))
_TO_REC_709 = {
    _REC_2020: ((1.660491, -0.587641, -0.072850), (-0.124550, 1.132900, -0.008349), (-0.018151, -0.100579, 1.118730)),
    11: _P3_TO_709,
    12: _P3_TO_709,
}
_LUMINANCE = np.array((0.2126, 0.7152, 0.0722))  # of the primaries of Rec. 709
_LUMINANCE_2020 = np.array((0.2627, 0.6780, 0.0593))


def is_wide(primaries: int) -> bool:
    """Whether primaries reach beyond Rec. 709: BT.2020 and P3."""
    return primaries in _TO_REC_709


def is_high_range(transfer: int) -> bool:
    """Whether a transfer curve is one of high dynamic range: PQ or HLG."""
    return transfer in (PQ, HLG)


def to_rec709(code: Light, primaries: int, transfer: int, peak: float = USUAL_PEAK) -> Light:
    """Code values of any primaries and transfer curve as code values of Rec. 709 in standard range.

    Args:
        code: ... x 3, in [0, 1].
        primaries: number of the primaries.
        transfer: number of the transfer curve. One of standard range stays the curve of the result.
        peak: brightest light of the picture in cd/m2; counts for PQ only.

    Returns:
        ... x 3, in [0, 1].
    """
    light = _light_of_rec709(code, primaries, transfer, peak)
    return _to_code(light, REC_709 if is_high_range(transfer) else transfer)


def to_srgb(code: Light, primaries: int, transfer: int) -> Light:
    """Code values of any primaries and transfer curve as sRGB; see :func:`to_rec709`."""
    return _to_code(_light_of_rec709(code, primaries, transfer, USUAL_PEAK), _SRGB)


def _light_of_rec709(code: Light, primaries: int, transfer: int, peak: float) -> Light:
    """Linear light of Rec. 709 in [0, 1]; see :func:`to_rec709`."""
    if transfer == PQ:
        light = _tone_mapped(_pq_to_light(code), peak)
    elif transfer == HLG:
        light = _tone_mapped(_hlg_to_light(code), USUAL_PEAK)
    else:
        light = _to_light(code, transfer)
    if is_wide(primaries):
        light = _into_gamut(light @ np.array(_TO_REC_709[primaries]).T)
    return np.clip(light, 0, 1)


def _to_light(code: Light, transfer: int) -> Light:
    """Linear light, 1 for white, of a curve of standard range."""
    if transfer == _SRGB:
        return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    return np.asarray(code ** _EXPONENTS.get(transfer, _GAMMA))


def _to_code(light: Light, transfer: int) -> Light:
    """The inverse of :func:`_to_light`."""
    if transfer == _SRGB:
        return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.asarray(light ** (1 / _EXPONENTS.get(transfer, _GAMMA)))


_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128  # the constants of PQ
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32


def _pq_to_light(code: Light) -> Light:
    """Light in cd/m2 of PQ."""
    power = code ** (1 / _M2)
    return np.asarray(10_000 * (np.maximum(power - _C1, 0) / (_C2 - _C3 * power)) ** (1 / _M1))


def _light_to_pq(light: Light) -> Light:
    """The inverse of :func:`_pq_to_light`."""
    power = (light / 10_000) ** _M1
    return np.asarray(((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2)


def _hlg_to_light(code: Light) -> Light:
    """Light in cd/m2 of HLG on a screen of 1000 cd/m2, whose system gamma is 1.2."""
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
    scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)
    luminance = (scene @ _LUMINANCE_2020)[..., None]
    return np.asarray(USUAL_PEAK * luminance**0.2 * scene)


def _tone_mapped(light: Light, peak: float) -> Light:
    """Light in cd/m2 as light of standard range, 1 for white: bright parts compressed, all others as they are."""
    brightest = np.maximum(light.max(-1, keepdims=True), 1e-6)
    peak = min(peak, 10_000.0)
    if peak <= _WHITE:
        return light / _WHITE
    source_peak = _light_to_pq(np.array(peak))
    top = float(_light_to_pq(np.array(_WHITE)) / source_peak)
    level = np.minimum(_light_to_pq(brightest) / source_peak, 1)
    knee = 1.5 * top - 0.5
    t = np.maximum(level - knee, 0) / (1 - knee)
    curve = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * top
    mapped = _pq_to_light(np.where(level < knee, level, curve) * source_peak)
    return np.asarray(light * (mapped / brightest) / _WHITE)


def _into_gamut(light: Light) -> Light:
    """Linear light of Rec. 709 with components beyond 0 and 1 brought to the edge, towards grey of equal luminance."""
    grey = np.clip(light @ _LUMINANCE, 0, 1)[..., None]
    away = light - grey
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(away < 0, grey / -away, np.where(away > 0, (1 - grey) / away, np.inf))
    return np.asarray(grey + away * np.minimum(room.min(-1, keepdims=True), 1))

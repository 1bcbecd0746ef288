// Whether a picture has enough in it to serve as a style; as impasto/styles/suitability.py.

import { LocalError } from "./errors.js";

const MIN_SIDE = 128; // pixels, the shorter side of a picture that shows strokes
const MEASURED_SIDE = 512; // pixels, about: the longer side at which a picture is measured
const MIN_DEVIATION = 0.04; // standard deviation of a channel in [0, 1], below which a picture counts as of one colour
const EVEN_STEP = 3 / 255; // difference of neighbours in [0, 1], below which a pixel counts as even
const MAX_EVEN_SHARE = 0.85; // share of even pixels, above which a picture counts as all even areas

/**
 * What speaks against a style picture; none if nothing does.
 * @param {import("./resampling.js").Picture} picture bytes
 * @returns {import("../engine.js").Note[]}
 */
export function styleNotes({ width, height, rgb }) {
  const said = (/** @type {string} */ key, values = {}) => [new LocalError(key, values).note];
  if (Math.min(width, height) < MIN_SIDE) return said("style_picture_small", { width, height });
  const step = Math.max(1, Math.floor(Math.max(width, height) / MEASURED_SIDE));
  const across = Math.floor(width / step), down = Math.floor(height / step), size = across * down;
  const even = new Uint8Array(size).fill(1);
  let deviation = 0;
  for (let c = 0; c < 3; c++) {
    const means = new Float32Array(size);
    for (let y = 0; y < down * step; y++) {
      const line = Math.floor(y / step) * across, row = (c * height + y) * width;
      for (let x = 0; x < across * step; x++) means[line + Math.floor(x / step)] += rgb[row + x] / (255 * step * step);
    }
    const mean = means.reduce((sum, value) => sum + value, 0) / size;
    deviation = Math.max(deviation, Math.sqrt(means.reduce((sum, value) => sum + (value - mean) ** 2, 0) / size));
    for (let i = 0; i < size - across; i++) {
      if (Math.max(Math.abs(means[i + across] - means[i]), Math.abs(means[i + 1] - means[i])) >= EVEN_STEP) even[i] = 0;
    }
  }
  if (deviation < MIN_DEVIATION) return said("style_picture_one_colour");
  let count = 0; // without the last row and the last column, which have no neighbours
  for (let y = 0; y < down - 1; y++) for (let x = 0; x < across - 1; x++) count += even[y * across + x];
  return count / ((down - 1) * (across - 1)) > MAX_EVEN_SHARE ? said("style_picture_even") : [];
}

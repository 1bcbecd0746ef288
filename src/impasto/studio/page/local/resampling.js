// Scaling planes of numbers as Pillow does it for the command line; as impasto/pictures/resampling.py.
//
// A stack of planes is C x H x W in one array, plane after plane, as the network takes it. Samples are Uint8 (0 to 255)
// or Float32 (0 to 1).

/**
 * @typedef {Float32Array | Uint8Array} Samples
 * @typedef {{width: number, height: number, rgb: Samples, alpha: Samples | null}} Picture
 *   `rgb` is 3 x H x W, `alpha` H x W of the same type; `null`: opaque
 * @typedef {{support: number, weight: (x: number) => number}} Filter
 */

const MIN_ALPHA = 1e-4; // least opacity by which premultiplied colours are divided

const sinc = (/** @type {number} */ x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
/** @type {Filter} */
export const LANCZOS = { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) };
/** @type {Filter} */
export const BILINEAR = { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) };
/** @type {Filter} */
export const BICUBIC = {
  support: 2,
  weight: (x) => {
    const t = Math.abs(x);
    if (t < 1) return (1.5 * t - 2.5) * t * t + 1;
    return t < 2 ? ((-0.5 * t + 2.5) * t - 4) * t + 2 : 0;
  },
};

/**
 * Samples as numbers from 0 to 1; floating point is given back as it is.
 * @param {Samples} samples @returns {Float32Array}
 */
export function toUnitRange(samples) {
  if (samples instanceof Float32Array) return samples;
  const out = new Float32Array(samples.length);
  for (let i = 0; i < out.length; i++) out[i] = UNIT[samples[i]];
  return out;
}

/** The numbers from 0 to 1 of the bytes. */
export const UNIT = Float32Array.from({ length: 256 }, (_, i) => i / 255);

/** A number from 0 to 1 as a byte; halves are rounded to even. @param {number} value */
export function toByte(value) {
  const scaled = Math.fround(value * 255);
  if (!(scaled > 0)) return 0;
  if (scaled >= 255) return 255;
  const below = Math.floor(scaled), rest = scaled - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

/** @param {Float32Array} values from 0 to 1 @returns {Uint8Array} */
export function toBytes(values) {
  const out = new Uint8Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = toByte(values[i]);
  return out;
}

/**
 * The weights of Pillow's filters along one side.
 * @param {number} length samples there are @param {number} from @param {number} to the part to scale
 * @param {number} count samples of the result @param {Filter} filter
 */
function weightsAlong(length, from, to, count, filter) {
  from = Math.fround(from); // Pillow keeps boxes in single precision
  const scale = Math.fround(Math.fround(to) - from) / count, wide = Math.max(1, scale), support = filter.support * wide;
  const taps = 2 * Math.ceil(support) + 1;
  const first = new Int32Array(count), number = new Int32Array(count), weights = new Float64Array(count * taps);
  for (let i = 0; i < count; i++) {
    const centre = from + (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - support + 0.5));
    const n = Math.min(length, Math.trunc(centre + support + 0.5)) - start;
    let sum = 0;
    for (let k = 0; k < n; k++) sum += weights[i * taps + k] = filter.weight((k + start - centre + 0.5) / wide);
    for (let k = 0; k < n && sum !== 0; k++) weights[i * taps + k] /= sum;
    first[i] = start;
    number[i] = n;
  }
  return { first, number, weights, taps };
}

/**
 * Scale one plane.
 * @param {Float32Array} plane H x W @param {number} width @param {number} height
 * @param {number} toWidth @param {number} toHeight @param {Filter} filter
 * @param {[number, number, number, number]} [box] left, top, right and bottom of the part to scale; may lie between pixels
 * @returns {Float32Array}
 */
export function resizePlane(plane, width, height, toWidth, toHeight, filter, box = [0, 0, width, height]) {
  const [left, top, right, bottom] = box;
  let current = plane, currentWidth = width;
  if (toWidth !== width || left !== 0 || right !== width) {
    const { first, number, weights, taps } = weightsAlong(width, left, right, toWidth, filter);
    current = new Float32Array(toWidth * height);
    for (let y = 0; y < height; y++) {
      const line = y * width, out = y * toWidth;
      for (let x = 0; x < toWidth; x++) {
        let sum = 0;
        const start = line + first[x], k0 = x * taps;
        for (let k = 0; k < number[x]; k++) sum += plane[start + k] * weights[k0 + k];
        current[out + x] = sum;
      }
    }
    currentWidth = toWidth;
  }
  if (toHeight === height && top === 0 && bottom === height) return current === plane ? plane.slice() : current;
  const { first, number, weights, taps } = weightsAlong(height, top, bottom, toHeight, filter);
  const out = new Float32Array(currentWidth * toHeight), sums = new Float64Array(currentWidth);
  for (let y = 0; y < toHeight; y++) {
    sums.fill(0);
    for (let k = 0; k < number[y]; k++) {
      const weight = weights[y * taps + k], line = (first[y] + k) * currentWidth;
      for (let x = 0; x < currentWidth; x++) sums[x] += current[line + x] * weight;
    }
    out.set(sums, y * currentWidth);
  }
  return out;
}

/**
 * Scale planes with Lanczos's filter; the result is of the same type.
 * @param {Samples} planes C x H x W @param {number} width @param {number} height
 * @param {number} toWidth @param {number} toHeight @param {[number, number, number, number]} [box]
 * @returns {Samples}
 */
export function resizePlanes(planes, width, height, toWidth, toHeight, box) {
  const size = width * height, count = planes.length / size, toSize = toWidth * toHeight;
  const out = planes instanceof Uint8Array ? new Uint8Array(count * toSize) : new Float32Array(count * toSize);
  for (let c = 0; c < count; c++) {
    const plane = toUnitRange(planes.subarray(c * size, (c + 1) * size));
    const scaled = resizePlane(plane, width, height, toWidth, toHeight, LANCZOS, box);
    if (out instanceof Uint8Array) out.set(toBytes(scaled), c * toSize);
    else for (let i = 0; i < toSize; i++) out[c * toSize + i] = Math.min(1, Math.max(0, scaled[i]));
  }
  return out;
}

/**
 * Scale colour and alpha of a picture.
 * @param {Picture} picture @param {number} width @param {number} height @param {[number, number, number, number]} [box]
 * @returns {Picture}
 */
export function scaled(picture, width, height, box) {
  if (!picture.alpha) {
    return { width, height, rgb: resizePlanes(picture.rgb, picture.width, picture.height, width, height, box), alpha: null };
  }
  // Premultiplied, or what is hidden under transparent pixels would bleed into the visible ones.
  const opacity = toUnitRange(picture.alpha), colour = toUnitRange(picture.rgb).slice(), size = opacity.length;
  for (let i = 0; i < colour.length; i++) colour[i] *= opacity[i % size];
  const alpha = /** @type {Float32Array} */ (resizePlanes(opacity, picture.width, picture.height, width, height, box));
  const rgb = /** @type {Float32Array} */ (resizePlanes(colour, picture.width, picture.height, width, height, box));
  unmultiply(rgb, alpha);
  if (picture.rgb instanceof Uint8Array) return { width, height, rgb: toBytes(rgb), alpha: toBytes(alpha) };
  return { width, height, rgb, alpha };
}

/** Divide premultiplied colours by their opacity. @param {Float32Array} rgb @param {Float32Array} alpha */
function unmultiply(rgb, alpha) {
  for (let i = 0; i < rgb.length; i++) {
    rgb[i] = Math.min(1, Math.max(0, rgb[i] / Math.max(alpha[i % alpha.length], MIN_ALPHA)));
  }
}

/**
 * Scale a picture to a longer side in pixels; 0, or what it has already, leaves it as it is.
 * @param {Picture} picture @param {number} longerSide @param {[number, number]} [size] exact width and height
 * @returns {Picture}
 */
export function resizePicture(picture, longerSide, size) {
  const { width, height } = picture, longest = Math.max(width, height);
  if (longerSide === 0 || longerSide === longest) return picture;
  const [toWidth, toHeight] = size || sizeOfSide(width, height, longerSide);
  return scaled(picture, toWidth, toHeight);
}

/** @param {number} width @param {number} height @param {number} longerSide @returns {[number, number]} */
export function sizeOfSide(width, height, longerSide) {
  const longest = Math.max(width, height);
  return [Math.max(1, Math.floor((width * longerSide) / longest)), Math.max(1, Math.floor((height * longerSide) / longest))];
}

/**
 * A smaller version of a picture, floating point: means of squares of pixels to twice the size, then Lanczos's filter.
 * @param {Picture} picture @param {number} longerSide never larger than the picture's @returns {Picture}
 */
export function shrinkPicture(picture, longerSide) {
  const { width, height } = picture, longest = Math.max(width, height);
  const factor = Math.floor(longest / (2 * longerSide));
  const [toWidth, toHeight] = sizeOfSide(width, height, Math.min(longerSide, longest));
  const floating = () => ({
    width, height, rgb: toUnitRange(picture.rgb), alpha: picture.alpha && toUnitRange(picture.alpha),
  });
  if (factor < 2) return toWidth === width && toHeight === height ? floating() : scaled(floating(), toWidth, toHeight);
  const means = squareMeans(picture, factor);
  return scaled(means, toWidth, toHeight, [0, 0, width / factor, height / factor]); // the last squares are cut off
}

/**
 * The means of squares of pixels; those at the right and at the bottom may be cut off.
 * @param {Picture} picture @param {number} factor side of the squares @returns {Picture}
 */
function squareMeans(picture, factor) {
  const { width, height, rgb, alpha } = picture, size = width * height;
  const across = Math.ceil(width / factor), down = Math.ceil(height / factor), small = across * down;
  const unit = rgb instanceof Uint8Array ? (/** @type {number} */ v) => UNIT[v] : (/** @type {number} */ v) => v;
  const mean = (/** @type {Samples} */ plane, /** @type {Float32Array} */ out, /** @type {Samples | null} */ weights) => {
    const sums = new Float64Array(small);
    for (let y = 0; y < height; y++) {
      const line = Math.floor(y / factor) * across;
      for (let x = 0, at = y * width; x < width; x++, at++) {
        sums[line + Math.floor(x / factor)] += weights ? unit(plane[at]) * unit(weights[at]) : unit(plane[at]);
      }
    }
    for (let y = 0; y < down; y++) {
      const high = Math.min(factor, height - y * factor);
      for (let x = 0; x < across; x++) out[y * across + x] = sums[y * across + x] / (high * Math.min(factor, width - x * factor));
    }
  };
  const out = new Float32Array(3 * small), opacity = alpha && new Float32Array(small);
  for (let c = 0; c < 3; c++) mean(rgb.subarray(c * size, (c + 1) * size), out.subarray(c * small, (c + 1) * small), alpha);
  if (alpha && opacity) {
    mean(alpha, opacity, null);
    unmultiply(out, opacity);
  }
  return { width: across, height: down, rgb: out, alpha: opacity };
}

/**
 * A box of planes that are enlarged with bicubic interpolation.
 * @param {Float32Array} planes C x h x w @param {number} width @param {number} height
 * @param {number} fullWidth @param {number} fullHeight size of the whole, enlarged
 * @param {import("./boxes.js").Box} box in the enlarged whole
 * @returns {Float32Array} from 0 to 1
 */
export function enlargeBox(planes, width, height, fullWidth, fullHeight, box) {
  const across = width / fullWidth, down = height / fullHeight, size = width * height;
  const toWidth = box.right - box.left, toHeight = box.bottom - box.top, toSize = toWidth * toHeight;
  const out = new Float32Array((planes.length / size) * toSize);
  const clip = (/** @type {number} */ v, /** @type {number} */ most) => Math.min(v, most);
  for (let c = 0; c < planes.length / size; c++) {
    const part = resizePlane(planes.subarray(c * size, (c + 1) * size), width, height, toWidth, toHeight, BICUBIC, [
      box.left * across, box.top * down, clip(box.right * across, width), clip(box.bottom * down, height),
    ]);
    for (let i = 0; i < toSize; i++) out[c * toSize + i] = Math.min(1, Math.max(0, part[i]));
  }
  return out;
}

/**
 * Planes interpolated linearly at rows and columns that may lie between their own.
 * @param {Samples} planes C x h x w @param {number} width @param {number} height
 * @param {Float64Array} rows @param {Float64Array} columns
 * @param {Float32Array} out C x H x W or more planes; the first C are filled
 */
export function interpolateInto(planes, width, height, rows, columns, out) {
  const size = width * height, count = columns.length;
  const first = Int32Array.from(columns, (x) => Math.min(width - 1, Math.trunc(x)));
  const across = Float32Array.from(columns, (x, i) => x - first[i]);
  const upper = Int32Array.from(rows, (y) => Math.min(height - 1, Math.trunc(y)));
  const bytes = planes instanceof Uint8Array, mixed = new Float32Array(width);
  for (let c = 0; c < planes.length / size; c++) {
    for (let y = 0; y < rows.length; y++) {
      const above = c * size + upper[y] * width, below = c * size + Math.min(upper[y] + 1, height - 1) * width;
      const share = Math.fround(rows[y] - upper[y]);
      for (let x = 0; x < width; x++) {
        const a = bytes ? UNIT[planes[above + x]] : planes[above + x], b = bytes ? UNIT[planes[below + x]] : planes[below + x];
        mixed[x] = a + share * (b - a);
      }
      const line = (c * rows.length + y) * count;
      for (let x = 0; x < count; x++) {
        const a = mixed[first[x]], b = mixed[Math.min(first[x] + 1, width - 1)];
        out[line + x] = a + across[x] * (b - a);
      }
    }
  }
}

/**
 * Colours of visible pixels extended into the transparent parts; source: pull-push, Gortler et al. 1996.
 * @param {Float32Array} rgb 3 x H x W @param {Float32Array} alpha H x W @param {number} width @param {number} height
 * @returns {Float32Array}
 */
export function fillTransparent(rgb, alpha, width, height) {
  const trust = alpha.map((a) => Math.min(1, Math.max(0, 8 * a)));
  if (trust.every((t) => t >= 1)) return rgb;
  if (trust.every((t) => t <= 0)) return new Float32Array(rgb.length).fill(0.5);
  return extended(rgb.map((v, i) => v * trust[i % trust.length]), trust, width, height);
}

/**
 * @param {Float32Array} colour premultiplied @param {Float32Array} weight @param {number} width @param {number} height
 * @returns {Float32Array}
 */
function extended(colour, weight, width, height) {
  if (width === 1 && height === 1) return colour.map((v) => v / weight[0]);
  const across = Math.ceil(width / 2), down = Math.ceil(height / 2);
  const total = halved(weight, width, height), coarseWeight = total.map((w) => Math.min(w, 1));
  const coarse = halved(colour, width, height);
  for (let i = 0; i < coarse.length; i++) {
    coarse[i] *= coarseWeight[i % total.length] / Math.max(total[i % total.length], 1e-12);
  }
  const below = extended(coarse, coarseWeight, across, down), out = new Float32Array(colour.length);
  const mix = (/** @type {number} */ at, /** @type {number} */ most) => {
    const here = at >> 1, other = at % 2 ? Math.min(here + 1, most - 1) : Math.max(here - 1, 0);
    return [here, other];
  };
  for (let c = 0, i = 0; c < 3; c++) {
    const base = c * across * down;
    for (let y = 0; y < height; y++) {
      const [row, otherRow] = mix(y, down);
      for (let x = 0; x < width; x++, i++) {
        const [column, otherColumn] = mix(x, across);
        const near = 0.75 * below[base + row * across + column] + 0.25 * below[base + otherRow * across + column];
        const far = 0.75 * below[base + row * across + otherColumn] + 0.25 * below[base + otherRow * across + otherColumn];
        out[i] = colour[i] + (1 - weight[y * width + x]) * (0.75 * near + 0.25 * far);
      }
    }
  }
  return out;
}

/** Sums of 2 x 2 pixels; beyond the edges there is nothing. @param {Float32Array} planes @param {number} width @param {number} height */
function halved(planes, width, height) {
  const across = Math.ceil(width / 2), down = Math.ceil(height / 2), size = width * height;
  const out = new Float32Array((planes.length / size) * across * down);
  for (let i = 0; i < planes.length; i++) {
    const c = Math.floor(i / size), y = Math.floor((i % size) / width), x = i % width;
    out[c * across * down + (y >> 1) * across + (x >> 1)] += planes[i];
  }
  return out;
}

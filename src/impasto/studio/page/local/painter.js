// A painting as a list of passes, from the coarsest to the last, each at once or in tiles; as impasto/feedforward/passes.py,
// tiles.py and painter.py.

import { intersection, pixelsOf, planMosaic, planTiles, roundHalfEven, seenFrom, widthOf, heightOf } from "./boxes.js";
import { Composition } from "./composition.js";
import { MULTIPLE, PaddedPicture } from "./padding.js";
import { FINAL_SHARE, PASSING_SHARE, Refinement } from "./refinement.js";
import { BILINEAR, resizePicture, resizePlane, shrinkPicture, sizeOfSide, toByte, toBytes, toUnitRange } from "./resampling.js";

/**
 * @typedef {import("./resampling.js").Picture} Picture
 * @typedef {import("./composition.js").Style} Style
 * @typedef {import("./composition.js").Layer} Layer
 *
 * @typedef {object} Options  As those of the command line.
 * @property {number} strength
 * @property {number} style_scale
 * @property {number} grain
 * @property {"style" | "content" | "match"} colors
 * @property {number} size
 * @property {number | "auto"} work_size
 *
 * @typedef {{width: number, height: number, levels: Uint8Array}} Mask
 *
 * @typedef {object} Choice  What is painted with.
 * @property {{style: Style, network: import("./composition.js").Network, mask: Mask | null}[]} styles
 * @property {Mask | null} mask  Where the strength applies.
 * @property {Options} options
 * @property {import("./grain.js").Grain} grain
 * @property {number} atOnce  Pixels that are painted at once; more are painted in tiles.
 *
 * @typedef {object} Job
 * @property {(done: number, total: number) => void} [progress]  Called with the pixels that are painted, and all there are.
 * @property {() => Promise<void>} [pause]  Awaited between tiles; throws where the work is to end.
 * @property {Map<string, import("./composition.js").Statistics>} [given]  See `Normalisation`.
 * @property {number} [share]  See `Normalisation`.
 */

/** @type {Options} */
export const DEFAULTS = { strength: 1, style_scale: 1, grain: 1, colors: "style", size: 0, work_size: "auto" };

const AUTO_WORK_SIDE = 1000; // pixels: longer side at which strokes are laid by default on a picture that is larger than ...
const AUTO_LARGEST_SIDE = 1500; // pixels: ... this on its longer side
const LARGEST_STEP = 2.6; // by how much a pass enlarges the painting of the pass before it, at most
const MIN_SAMPLE_PIXELS = 1 << 20; // pixels on which the statistics of a picture are measured, at least
const SAMPLE_PART = 12; // statistics of a very large picture are measured on its pixels divided by this
const COMPACT_PIXELS = 1 << 22; // pixels beyond which a picture keeps bytes, to spare memory
const MIN_PREVIEW_SCALE = 0.6; // smallest style scale of a preview, unless a smaller one is asked for

/**
 * Pixels of the longer side at which strokes are laid.
 * @param {Pick<Options, "work_size" | "style_scale">} options @param {number} longerSide of the result
 */
export function strokeSide({ work_size, style_scale }, longerSide) {
  const auto = longerSide > AUTO_LARGEST_SIDE ? AUTO_WORK_SIDE : longerSide;
  const work = work_size === "auto" ? auto : Math.min(work_size || longerSide, longerSide);
  return Math.max(1, roundHalfEven(work / style_scale));
}

/** Longer sides of the passes. @param {number} first at which strokes are laid @param {number} full of the result */
export function passSides(first, full) {
  if (first >= full) return [first];
  const count = Math.max(1, Math.ceil(Math.log(full / first) / Math.log(LARGEST_STEP)));
  return Array.from({ length: count + 1 }, (_, index) => roundHalfEven(first * (full / first) ** (index / count)));
}

/** A picture at the size at which its previews are painted. @param {Picture} picture */
export function previewOriginal(picture) {
  const longer = Math.max(picture.width, picture.height), side = strokeSide(DEFAULTS, longer);
  return side >= longer ? picture : shrinkPicture(picture, side);
}

/**
 * The options that paint a small picture as the full result will be.
 * @param {Options} options @param {number} small longer side of the small picture @param {number} full of the picture itself
 * @returns {Options}
 */
export function previewOptions(options, small, full) {
  const scale = small / strokeSide(options, options.size || full);
  return { ...options, size: 0, work_size: 0, style_scale: Math.max(scale, Math.min(MIN_PREVIEW_SCALE, options.style_scale)) };
}

/**
 * Paint a picture; alpha stays.
 * @param {Picture} picture @param {Choice} choice @param {Job} [job]
 * @returns {Promise<{picture: Picture, statistics: Map<string, import("./composition.js").Statistics>}>}
 */
export async function paint(picture, choice, job = {}) {
  const { options } = choice, given = job.given ?? new Map();
  picture = resized(floatingIfSmall(picture), options.size);
  if (options.strength === 0) return { picture, statistics: given };
  const longer = Math.max(picture.width, picture.height), sides = passSides(strokeSide(options, longer), longer);
  const last = sides[sides.length - 1], source = last > longer ? resized(picture, last) : picture;
  const normalisation = { given, share: job.share ?? 0, used: new Map() };
  const fitted = (/** @type {Mask | null} */ mask) => mask && fitMask(mask, source.width, source.height);
  const layers = choice.styles.map(({ style, network, mask }, index) => (
    { style, network, mask: fitted(mask), grain: style.grainShare * options.grain, refinement: null, index }
  ));
  const padded = new PaddedPicture(source.width, source.height, source);
  const plan = {
    padded, layers, strength: options.strength, mask: fitted(choice.mask), colors: options.colors,
    pass: sides.length - 1, normalisation, grain: choice.grain,
  };
  const total = sides.reduce((sum, side) => sum + pixelsOf(padded.whole) * layers.length * (side / Math.max(source.width, source.height)) ** 2, 0);
  let done = 0;
  const count = (/** @type {number} */ pixels) => job.progress?.(Math.min(total, (done += pixels)), total);
  job.progress?.(0, total);
  /** @type {Picture[]} */
  let coarse = [];
  for (const [pass, side] of sides.slice(0, -1).entries()) {
    const paintings = [];
    for (const [index, layer] of layers.entries()) {
      const small = coarse.length ? null : shrinkPicture(source, side);
      const [width, height] = small ? [small.width, small.height] : sizeOfSide(source.width, source.height, side);
      const around = new PaddedPicture(width, height, small);
      const refinement = coarse.length ? new Refinement(coarse[index], around, PASSING_SHARE) : null;
      const alone = new Composition({
        ...plan, padded: around, layers: [{ ...layer, mask: null, refinement }], strength: 1, mask: null, colors: "style", pass,
      });
      const painting = await painted(alone, choice.atOnce, source.rgb instanceof Uint8Array, job, count);
      paintings.push({ width, height, rgb: painting, alpha: null });
    }
    coarse = paintings;
  }
  const refined = layers.map((layer, index) => ({
    ...layer, refinement: coarse.length ? new Refinement(coarse[index], padded, FINAL_SHARE) : null,
  }));
  const composition = new Composition({ ...plan, layers: refined });
  const rgb = await painted(composition, choice.atOnce, source.rgb instanceof Uint8Array, job, count);
  let result = { width: source.width, height: source.height, rgb, alpha: /** @type {Picture["alpha"]} */ (null) };
  // Painted larger, for strokes smaller than the network's: shrink it.
  if (source !== picture) result = resizePicture(result, longer, [picture.width, picture.height]);
  return { picture: { ...result, alpha: picture.alpha }, statistics: normalisation.used };
}

/**
 * Paint a composition at once, or in tiles that look as if it were painted at once.
 * @param {Composition} composition @param {number} atOnce @param {boolean} bytes whether the result is bytes
 * @param {Job} job @param {(pixels: number) => void} count called with the pixels of each tile
 * @returns {Promise<Float32Array | Uint8Array>} 3 x H x W
 */
async function painted(composition, atOnce, bytes, job, count) {
  const { whole, inner } = composition.padded, styles = composition.layers.length;
  await job.pause?.();
  if (pixelsOf(whole) <= atOnce) {
    const result = await composition.paintWhole();
    count(pixelsOf(whole) * styles);
    return bytes ? toBytes(result) : result;
  }
  const sample = Math.max(MIN_SAMPLE_PIXELS, Math.floor(pixelsOf(whole) / SAMPLE_PART));
  await composition.measureSample(planMosaic(whole, Math.min(atOnce, sample), MULTIPLE));
  const wide = widthOf(inner), high = heightOf(inner);
  const out = bytes ? new Uint8Array(3 * wide * high) : new Float32Array(3 * wide * high);
  for (const box of planTiles(whole, atOnce, composition.margin, MULTIPLE)) {
    await job.pause?.();
    const shown = intersection(box, inner), at = seenFrom(shown, inner), width = widthOf(shown), height = heightOf(shown);
    if (width > 0 && height > 0) {
      const tile = await composition.paintBox(box);
      for (let c = 0; c < 3; c++) {
        for (let y = 0; y < height; y++) {
          const from = (c * height + y) * width, to = (c * high + at.top + y) * wide + at.left;
          if (bytes) for (let x = 0; x < width; x++) out[to + x] = toByte(tile[from + x]);
          else out.set(tile.subarray(from, from + width), to);
        }
      }
    }
    count(pixelsOf(box) * styles);
  }
  return out;
}

/** The weighted mean of styles of one network. @param {{style: Style, weight: number}[]} styles @returns {Style} */
export function blend(styles) {
  const total = styles.reduce((sum, { weight }) => sum + weight, 0);
  const mean = (/** @type {"scale" | "shift"} */ part) => styles[0].style[part].map((_, i) =>
    styles.reduce((sum, { style, weight }) => sum + (weight / total) * style[part][i], 0));
  return {
    name: styles.map(({ style }) => style.name).join("+"), scale: mean("scale"), shift: mean("shift"),
    grainShare: styles.reduce((sum, { style, weight }) => sum + (weight / total) * style.grainShare, 0),
  };
}

/** Levels of a mask of any size at the size of a picture. @param {Mask} mask @param {number} width @param {number} height */
export function fitMask(mask, width, height) {
  if (mask.width === width && mask.height === height) return mask.levels;
  const plane = resizePlane(Float32Array.from(mask.levels), mask.width, mask.height, width, height, BILINEAR);
  return Uint8Array.from(plane, (v) => Math.min(255, Math.max(0, Math.floor(v + 0.5))));
}

/** A picture of bytes as floating point where it is small, as the command line reads it. @param {Picture} picture */
function floatingIfSmall(picture) {
  if (picture.width * picture.height > COMPACT_PIXELS) return picture;
  return { ...picture, rgb: toUnitRange(picture.rgb), alpha: picture.alpha && toUnitRange(picture.alpha) };
}

/** A picture with a longer side in pixels (0 keeps it), of bytes where it becomes large. @param {Picture} picture @param {number} side */
function resized(picture, side) {
  const growth = side ? side / Math.max(picture.width, picture.height) : 1;
  if (picture.rgb instanceof Float32Array && picture.width * picture.height * growth ** 2 > COMPACT_PIXELS) {
    picture = { ...picture, rgb: toBytes(picture.rgb), alpha: picture.alpha && toBytes(/** @type {Float32Array} */ (picture.alpha)) };
  }
  return resizePicture(picture, side);
}

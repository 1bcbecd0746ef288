// Painting the pictures of a camera, one after the other: strokes stay where the picture rests.
//
// The statistics of the normalisations average about six pictures, as on the command line. Where the camera's picture
// rests, the painting before stays; motion is not followed here, so what moves is painted anew.

import { paint } from "./painter.js";

const STATISTICS_SHARE = 0.2; // share of a picture's own statistics
const CUT_DIFFERENCE = 0.25; // mean difference of two pictures, of the full range, from which on nothing is kept
const SAME_DIFFERENCE = 8, OTHER_DIFFERENCE = 24; // grey levels up to which, and from which on, two places are the same, and not
const NEIGHBOURHOOD = 5; // pixels: side of the neighbourhood that must rest, too

/** What is kept of a camera from picture to picture. */
export class LivePainter {
  constructor() {
    this.forget();
  }

  /** Start anew, as with another style. */
  forget() {
    /** @type {Map<string, import("./composition.js").Statistics>} */
    this.statistics = new Map();
    /** @type {{reference: Uint8Array, painted: Uint8Array, width: number, height: number} | null} */
    this.before = null;
  }

  /**
   * Paint a picture.
   * @param {{width: number, height: number, rgb: Uint8Array}} picture 3 x H x W
   * @param {import("./painter.js").Choice} choice
   * @returns {Promise<Uint8Array>} 3 x H x W
   */
  async paint(picture, choice) {
    const { width, height, rgb } = picture;
    if (this.before && (this.before.width !== width || this.before.height !== height || isCut(rgb, this.before.reference))) this.forget();
    const done = await paint({ width, height, rgb, alpha: null }, choice, { given: this.statistics, share: STATISTICS_SHARE });
    this.statistics = done.statistics;
    const painted = Uint8Array.from(done.picture.rgb, (v) => Math.round(255 * v)), reference = rgb.slice();
    if (this.before) {
      const rest = restingShare(rgb, this.before.reference, width, height), size = width * height;
      for (let i = 0; i < painted.length; i++) {
        const share = rest[i % size];
        painted[i] += Math.round(share * (this.before.painted[i] - painted[i]));
        reference[i] += Math.round(share * (this.before.reference[i] - reference[i]));
      }
    }
    this.before = { reference, painted, width, height };
    return painted;
  }
}

/** @param {Uint8Array} rgb @param {Uint8Array} before */
function isCut(rgb, before) {
  let sum = 0, count = 0;
  for (let i = 0; i < rgb.length; i += 7, count++) sum += Math.abs(rgb[i] - before[i]);
  return sum / count / 255 > CUT_DIFFERENCE;
}

/** Where a picture rests, 0 to 1, H x W. @param {Uint8Array} rgb @param {Uint8Array} before @param {number} width @param {number} height */
function restingShare(rgb, before, width, height) {
  const size = width * height, differs = new Float32Array(size);
  for (let c = 0; c < 3; c++) {
    const plane = Float32Array.from({ length: size }, (_, i) => rgb[c * size + i] - before[c * size + i]);
    const smooth = boxMean(plane, width, height);
    for (let i = 0; i < size; i++) differs[i] = Math.max(differs[i], Math.abs(smooth[i]));
  }
  for (let i = 0; i < size; i++) {
    const t = Math.min(1, Math.max(0, (differs[i] - SAME_DIFFERENCE) / (OTHER_DIFFERENCE - SAME_DIFFERENCE)));
    differs[i] = t * t * (3 - 2 * t);
  }
  const moving = boxMean(boxMost(differs, width, height), width, height);
  return moving.map((v) => 1 - Math.min(1, v));
}

/** Means over a neighbourhood. @param {Float32Array} plane @param {number} width @param {number} height */
function boxMean(plane, width, height) {
  return overNeighbours(plane, width, height, (sum, value) => sum + value / NEIGHBOURHOOD, 0);
}

/** The largest value of a neighbourhood. @param {Float32Array} plane @param {number} width @param {number} height */
function boxMost(plane, width, height) {
  return overNeighbours(plane, width, height, Math.max, 0);
}

/**
 * @param {Float32Array} plane @param {number} width @param {number} height
 * @param {(so: number, value: number) => number} add @param {number} start
 */
function overNeighbours(plane, width, height, add, start) {
  const reach = NEIGHBOURHOOD >> 1, lines = new Float32Array(plane.length), out = new Float32Array(plane.length);
  const clamp = (/** @type {number} */ v, /** @type {number} */ most) => Math.min(most - 1, Math.max(0, v));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let value = start;
      for (let k = -reach; k <= reach; k++) value = add(value, plane[y * width + clamp(x + k, width)]);
      lines[y * width + x] = value;
    }
  }
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let value = start;
      for (let k = -reach; k <= reach; k++) value = add(value, lines[clamp(y + k, height) * width + x]);
      out[y * width + x] = value;
    }
  }
  return out;
}

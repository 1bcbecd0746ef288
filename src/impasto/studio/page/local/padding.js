// A picture continued beyond its borders, so that the network takes it; as impasto/feedforward/padding.py.

import { heightOf, mirroredIndices, roundUp, widthOf } from "./boxes.js";
import { enlargeBox, fillTransparent, interpolateInto, shrinkPicture, UNIT } from "./resampling.js";

/** @typedef {import("./boxes.js").Box} Box @typedef {import("./resampling.js").Picture} Picture */

export const MULTIPLE = 8; // pixels: sides of what the network paints are multiples of this
const MINIMUM = 16; // pixels: sides of what the network paints are at least this
const MIRRORED_BORDER = 8; // mirrored pixels on each side that are painted and cut off
const FILL_SIDE = 1024; // pixels: longer side of the copy on which colours for transparent pixels are made up

/** A picture mirrored at its borders; boxes count rows and columns from the corner of the mirrored picture. */
export class PaddedPicture {
  /**
   * @param {number} width @param {number} height of the picture
   * @param {Picture | null} picture `null`: only places are asked for, never the picture's own pixels
   */
  constructor(width, height, picture) {
    this.width = width;
    this.height = height;
    this.picture = picture;
    const [high, wide] = [height, width].map((side) => Math.max(MINIMUM, roundUp(side + 2 * MIRRORED_BORDER, MULTIPLE)));
    const top = Math.floor((high - height) / 2), left = Math.floor((wide - width) / 2);
    /** @type {Box} */
    this.whole = { top: 0, left: 0, bottom: high, right: wide };
    /** @type {Box} */
    this.inner = { top, left, bottom: top + height, right: left + width };
    /** @type {Picture | null} colours for transparent pixels */
    this.beneath = null;
    if (picture?.alpha) {
      const small = shrinkPicture(picture, FILL_SIDE);
      const [rgb, alpha] = /** @type {Float32Array[]} */ ([small.rgb, small.alpha]);
      this.beneath = { ...small, rgb: fillTransparent(rgb, alpha, small.width, small.height), alpha: null };
    }
  }

  /** Rows and columns of the picture that a box shows. @param {Box} box */
  indices(box) {
    const { top, left } = this.inner;
    return [
      mirroredIndices(box.top - top, box.bottom - top, this.height),
      mirroredIndices(box.left - left, box.right - left, this.width),
    ];
  }

  /** The picture in a box. @param {Box} box @returns {Float32Array} 3 x H x W from 0 to 1 */
  content(box) {
    if (!this.picture) throw new Error("This picture has no pixels of its own.");
    const rgb = this.taken(this.picture.rgb, box, 3);
    if (!this.picture.alpha || !this.beneath) return rgb;
    // From an alpha of 1/8 on a pixel keeps its own colour; below, that fades into the colour made up for it.
    const alpha = this.taken(this.picture.alpha, box, 1);
    if (alpha.every((a) => 8 * a >= 1)) return rgb;
    const made = this.enlarged(this.beneath, box), size = alpha.length;
    for (let i = 0; i < rgb.length; i++) {
      const trust = Math.min(1, 8 * alpha[i % size]);
      rgb[i] = rgb[i] * trust + (1 - trust) * made[i];
    }
    return rgb;
  }

  /**
   * A box of planes of the picture's own size.
   * @param {Float32Array | Uint8Array} planes @param {Box} box @param {number} count of planes
   * @returns {Float32Array} from 0 to 1
   */
  taken(planes, box, count) {
    const [rows, columns] = this.indices(box), bytes = planes instanceof Uint8Array;
    const out = new Float32Array(count * rows.length * columns.length);
    for (let c = 0, i = 0; c < count; c++) {
      for (const row of rows) {
        const line = (c * this.height + row) * this.width;
        if (bytes) for (let x = 0; x < columns.length; x++) out[i++] = UNIT[planes[line + columns[x]]];
        else for (let x = 0; x < columns.length; x++) out[i++] = planes[line + columns[x]];
      }
    }
    return out;
  }

  /** A box of a smaller version of the picture, enlarged. @param {Picture} small @param {Box} box */
  enlarged(small, box) {
    const [rows, columns] = this.indices(box), least = (/** @type {Int32Array} */ a) => a.reduce((m, v) => Math.min(m, v));
    const most = (/** @type {Int32Array} */ a) => a.reduce((m, v) => Math.max(m, v)) + 1;
    const inside = { top: least(rows), left: least(columns), bottom: most(rows), right: most(columns) };
    const planes = /** @type {Float32Array} */ (small.rgb);
    const large = enlargeBox(planes, small.width, small.height, this.width, this.height, inside);
    const wide = widthOf(inside), high = heightOf(inside), out = new Float32Array(3 * rows.length * columns.length);
    for (let c = 0, i = 0; c < 3; c++) {
      for (const row of rows) {
        const line = (c * high + row - inside.top) * wide - inside.left;
        for (const column of columns) out[i++] = large[line + column];
      }
    }
    return out;
  }

  /**
   * A box of a smaller version of the picture, interpolated linearly.
   * @param {Picture} small @param {Box} box @returns {Float32Array} 4 x H x W from 0 to 1; the fourth plane is 0
   */
  interpolated(small, box) {
    const [rows, columns] = this.indices(box);
    const places = (/** @type {Int32Array} */ at, /** @type {number} */ short, /** @type {number} */ side) =>
      Float64Array.from(at, (v) => Math.min(short - 1, Math.max(0, (v + 0.5) * (short / side) - 0.5)));
    const out = new Float32Array(4 * rows.length * columns.length);
    const down = places(rows, small.height, this.height), across = places(columns, small.width, this.width);
    interpolateInto(small.rgb, small.width, small.height, down, across, out);
    return out;
  }
}

// How a pass refines the coarser painting of the pass before it; as impasto/feedforward/refinement.py.

import { heightOf, widthOf } from "./boxes.js";

const CELL = 4; // pixels: side of the cells whose means stay
export const FINAL_SHARE = 0.8; // of what the network paints, in the last pass
export const PASSING_SHARE = 0.5; // the same in passes before

/** A coarse painting, to be refined at the size of a padded picture. */
export class Refinement {
  /** Pixels around a box that the means of cells depend on. */
  static reach = 2 * CELL;

  /**
   * @param {import("./resampling.js").Picture} coarse @param {import("./padding.js").PaddedPicture} padded
   * @param {number} share of the network's painting in the result
   */
  constructor(coarse, padded, share) {
    this.coarse = coarse;
    this.padded = padded;
    this.share = share;
  }

  /** What the network sees of a box, 4 x H x W, without grain. @param {import("./boxes.js").Box} box */
  networkInput(box) {
    return this.padded.interpolated(this.coarse, box);
  }

  /**
   * The refined painting.
   * @param {Float32Array} painted 3 x H x W; its memory is used @param {Float32Array} input see `networkInput`
   * @param {import("./boxes.js").Box} box that both show
   */
  merged(painted, input, box) {
    const high = heightOf(box), wide = widthOf(box), size = high * wide, share = Math.fround(this.share);
    for (let c = 0; c < 3; c++) {
      const plane = painted.subarray(c * size, (c + 1) * size), wanted = input.subarray(c * size, (c + 1) * size);
      const cells = cellMeans(wanted, high, wide), own = cellMeans(plane, high, wide);
      for (let i = 0; i < cells.length; i++) cells[i] -= own[i];
      addEnlarged(plane, cells, high, wide);
      for (let i = 0; i < size; i++) {
        plane[i] = Math.min(1, Math.max(0, plane[i] * share + (1 - share) * wanted[i]));
      }
    }
    return painted;
  }
}

/** @param {Float32Array} plane @param {number} high @param {number} wide */
function cellMeans(plane, high, wide) {
  const across = wide / CELL, out = new Float32Array((high / CELL) * across);
  for (let y = 0; y < high; y++) {
    for (let x = 0, at = y * wide, line = Math.floor(y / CELL) * across; x < wide; x++, at++) out[line + (x >> 2)] += plane[at];
  }
  for (let i = 0; i < out.length; i++) out[i] /= CELL * CELL;
  return out;
}

/**
 * Add one value a cell to a plane, interpolated linearly between the middles of cells.
 * @param {Float32Array} plane @param {Float32Array} cells @param {number} high @param {number} wide
 */
function addEnlarged(plane, cells, high, wide) {
  const across = wide / CELL, down = high / CELL, line = new Float32Array(across);
  for (let y = 0; y < high; y++) {
    const [above, below, share] = between(y, down);
    for (let x = 0; x < across; x++) {
      const a = cells[above * across + x];
      line[x] = a + (cells[below * across + x] - a) * share;
    }
    for (let x = 0, at = y * wide; x < wide; x++, at++) {
      const [left, right, part] = between(x, across);
      plane[at] += line[left] + (line[right] - line[left]) * part;
    }
  }
}

/** The cells before and behind a pixel, and how far behind the first it lies. @param {number} at @param {number} count */
function between(at, count) {
  const cell = at >> 2, place = ((at & 3) + 0.5) / CELL - 0.5; // in cells, from the middle of the cell
  return place < 0 ? [Math.max(0, cell - 1), cell, place + 1] : [cell, Math.min(count - 1, cell + 1), place];
}

// Grain: faint noise that the network sees beside the picture; as impasto/networks/grain.py, from the same cells.

import { heightOf, widthOf } from "./boxes.js";
import { BICUBIC, resizePlane } from "./resampling.js";

// Of each octave: the side of a cell in pixels, cells until it repeats, and standard deviation, where white is 1.
/** @type {[number, number, number][]} */
const OCTAVES = [[4, 127, 0.02], [8, 61, 0.025], [16, 31, 0.025], [32, 17, 0.03], [64, 11, 0.035]];

/** The endless plane of grain, which depends on nothing but the place. */
export class Grain {
  /** @param {Float32Array} cells normally distributed numbers, octave after octave */
  constructor(cells) {
    let start = 0;
    this.patterns = OCTAVES.map(([cell, count, deviation]) => {
      const own = cells.subarray(start, (start += count * count));
      return { side: cell * count, values: smoothed(own, cell, count, deviation) };
    });
  }

  /**
   * The grain of a box.
   * @param {import("./boxes.js").Box} box @param {number} strength @param {Float32Array} out H x W, filled
   */
  into(box, strength, out) {
    out.fill(0);
    const high = heightOf(box), wide = widthOf(box);
    for (const { side, values } of this.patterns) {
      for (let y = 0; y < high; y++) {
        const line = ((box.top + y) % side) * side;
        for (let x = 0, at = box.left % side, i = y * wide; x < wide; x++, i++) {
          out[i] += values[line + at];
          if (++at === side) at = 0;
        }
      }
    }
    for (let i = 0; i < out.length; i++) out[i] *= strength;
  }
}

/**
 * Smooth noise whose opposite borders fit together.
 * @param {Float32Array} cells @param {number} cell @param {number} count @param {number} deviation
 */
function smoothed(cells, cell, count, deviation) {
  const wide = count + 4, around = new Float32Array(wide * wide);
  for (let y = 0; y < wide; y++) {
    for (let x = 0; x < wide; x++) around[y * wide + x] = cells[((y - 2 + count) % count) * count + ((x - 2 + count) % count)];
  }
  const large = resizePlane(around, wide, wide, wide * cell, wide * cell, BICUBIC), side = count * cell;
  const inner = new Float32Array(side * side);
  for (let y = 0; y < side; y++) {
    const start = (y + 2 * cell) * wide * cell + 2 * cell;
    inner.set(large.subarray(start, start + side), y * side);
  }
  let sum = 0, squares = 0;
  for (const value of inner) sum += value;
  const mean = sum / inner.length;
  for (const value of inner) squares += (value - mean) ** 2;
  const factor = deviation / Math.sqrt(squares / inner.length);
  for (let i = 0; i < inner.length; i++) inner[i] = (inner[i] - mean) * factor;
  return inner;
}

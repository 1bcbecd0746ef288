// Boxes of pixels, and how a picture is cut into tiles and sampled; as impasto/pictures/box.py and feedforward/tiles.py.

/**
 * A rectangle of pixels: the first row and column, and the row and column after the last ones.
 * @typedef {{top: number, left: number, bottom: number, right: number}} Box
 */

const PIECE_SIDE = 128; // pixels: side of the pieces of a mosaic

/** @param {Box} box @returns {number} rows */
export const heightOf = (box) => box.bottom - box.top;
/** @param {Box} box @returns {number} columns */
export const widthOf = (box) => box.right - box.left;
/** @param {Box} box @returns {number} */
export const pixelsOf = (box) => heightOf(box) * widthOf(box);
/** The smallest multiple that is not below the value. @param {number} value @param {number} multiple */
export const roundUp = (value, multiple) => Math.ceil(value / multiple) * multiple;

/**
 * Rounded to the nearest whole number, halves to the even one, as Python's `round` does.
 * @param {number} value
 */
export function roundHalfEven(value) {
  const below = Math.floor(value), rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/**
 * The box with a margin on all sides, as far as the box `within` has room for it.
 * @param {Box} box @param {number} margin @param {Box} within @returns {Box}
 */
export const grown = (box, margin, within) => ({
  top: Math.max(within.top, box.top - margin),
  left: Math.max(within.left, box.left - margin),
  bottom: Math.min(within.bottom, box.bottom + margin),
  right: Math.min(within.right, box.right + margin),
});

/** The pixels that both boxes have in common. @param {Box} one @param {Box} other @returns {Box} */
export const intersection = (one, other) => grown(one, 0, other);

/** A box as it is seen from the corner of another one. @param {Box} box @param {Box} other @returns {Box} */
export const seenFrom = (box, other) => ({
  top: box.top - other.top, left: box.left - other.left, bottom: box.bottom - other.top, right: box.right - other.left,
});

/**
 * Places in a line of pixels that is mirrored beyond both ends; the outermost pixels are repeated.
 * @param {number} start may be negative @param {number} stop may be beyond the line @param {number} length of the line
 */
export function mirroredIndices(start, stop, length) {
  const places = new Int32Array(stop - start), period = 2 * length;
  for (let i = 0; i < places.length; i++) {
    const at = (((start + i) % period) + period) % period;
    places[i] = at < length ? at : period - 1 - at;
  }
  return places;
}

/**
 * Cut a picture into rows of tiles such that least is painted twice.
 * @param {Box} whole starts at 0, its sides are multiples of `multiple`
 * @param {number} most pixels that are painted at once, margins included
 * @param {number} margin pixels that a tile has to see around itself
 * @param {number} multiple pixels of the network's grid, on which tiles start and end
 * @returns {Box[]} from top to bottom, each row from left to right
 */
export function planTiles(whole, most, margin, multiple) {
  const high = heightOf(whole), wide = widthOf(whole);
  let best = null;
  for (let columns = 1; columns <= Math.floor(wide / multiple); columns++) {
    const width = roundUp(Math.ceil(wide / columns), multiple) + margin * Math.min(2, columns - 1);
    const rows = fewestRows(high, Math.floor(most / width), margin, multiple);
    if (!rows) continue;
    const work = (wide + 2 * margin * (columns - 1)) * (high + 2 * margin * (rows - 1));
    if (!best || work < best.work) best = { work, rows, columns };
    else if (work > 4 * best.work) break; // more columns only add margins
  }
  const { rows, columns } = best || { rows: Math.ceil(high / multiple), columns: Math.ceil(wide / multiple) };
  return cuts(high, rows, multiple).flatMap(([top, bottom]) =>
    cuts(wide, columns, multiple).map(([left, right]) => ({ top, left, bottom, right })));
}

/**
 * How many rows of tiles keep each within a height, margins included; 0: not even the lowest tiles fit.
 * @param {number} height @param {number} tallest @param {number} margin @param {number} multiple
 */
function fewestRows(height, tallest, margin, multiple) {
  if (height <= tallest) return 1;
  if (roundUp(Math.ceil(height / 2), multiple) + margin <= tallest) return 2;
  const inner = Math.floor((tallest - 2 * margin) / multiple) * multiple;
  return inner > 0 ? Math.ceil(height / inner) : 0;
}

/** @param {number} length @param {number} count @param {number} multiple @returns {[number, number][]} */
function cuts(length, count, multiple) {
  const side = roundUp(Math.ceil(length / count), multiple);
  /** @type {[number, number][]} */
  const parts = [];
  for (let start = 0; start < length; start += side) parts.push([start, Math.min(start + side, length)]);
  return parts;
}

/**
 * Pieces from all over a picture, about as many pixels together as wanted; rows of pieces of one height.
 *
 * The same pieces as the command line draws, so that both measure the same statistics.
 * @param {Box} whole @param {number} pixels wanted @param {number} multiple pixels of the network's grid
 * @returns {Box[][]}
 */
export function planMosaic(whole, pixels, multiple) {
  if (pixels >= pixelsOf(whole)) return [[whole]];
  const random = numpyRandom(), wholeHeight = heightOf(whole), wholeWidth = widthOf(whole);
  const high = Math.min(PIECE_SIDE, wholeHeight), wide = Math.min(PIECE_SIDE, wholeWidth);
  const clipped = (/** @type {number} */ count, /** @type {number} */ most) =>
    Math.max(1, Math.min(roundHalfEven(count), most));
  const starts = (/** @type {number} */ length, /** @type {number} */ span, /** @type {number} */ count) =>
    Array.from({ length: count }, (_, i) => {
      const cell = length / count;
      return Math.floor(Math.trunc(i * cell + random() * (cell - span)) / multiple) * multiple;
    });
  const pieces = pixels / (high * wide);
  let down = clipped(Math.sqrt((pieces * wholeHeight) / wholeWidth), Math.floor(wholeHeight / high));
  const across = clipped(pieces / down, Math.floor(wholeWidth / wide));
  down = clipped(pieces / across, Math.floor(wholeHeight / high));
  return starts(wholeHeight, high, down).map((top) =>
    starts(wholeWidth, wide, across).map((left) => ({ top, left, bottom: top + high, right: left + wide })));
}

/**
 * The numbers of `numpy.random.default_rng(0).random()`: PCG64 (O'Neill 2014) from the state that the seed 0 gives.
 * @returns {() => number}
 */
export function numpyRandom() {
  const mask = (1n << 128n) - 1n, multiplier = 0x2360ed051fc65da44385df649fccf645n;
  const increment = 0x418ddadb3af71a82588133bc447873a9n;
  let state = 0x1aa1b5345996452d09585eb7a69561e3n;
  return () => {
    state = (state * multiplier + increment) & mask;
    const mixed = ((state >> 64n) ^ state) & 0xffffffffffffffffn, turn = state >> 122n;
    const turned = ((mixed >> turn) | (mixed << (64n - turn))) & 0xffffffffffffffffn;
    return Number(turned >> 11n) / 9007199254740992;
  };
}

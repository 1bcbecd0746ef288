// What is painted: styles as layers over one padded picture; as impasto/feedforward/composition.py.

import { grown, heightOf, intersection, pixelsOf, roundUp, seenFrom, widthOf } from "./boxes.js";
import { ColorSums, colorTransport, keepChroma, transported } from "./colors.js";
import { MULTIPLE } from "./padding.js";
import { Refinement } from "./refinement.js";

/**
 * @typedef {import("./boxes.js").Box} Box
 * @typedef {{scale: Float32Array, shift: Float32Array, grainShare: number, name: string}} Style
 * @typedef {{mean: Float32Array, variance: Float32Array}} Statistics
 * @typedef {object} Network
 * @property {number} radius  Input pixels on each side that a painted pixel depends on.
 * @property {(planes: Float32Array, height: number, width: number, style: Style, given: Statistics | null, share: number)
 *   => Promise<Statistics & {painted: Float32Array}>} run  Paints 4 x H x W to 3 x H x W from 0 to 1.
 *
 * @typedef {object} Layer  A style and where it applies.
 * @property {Style} style
 * @property {Network} network
 * @property {Uint8Array | null} mask  Where it applies, H x W; `null`: where no other layer's mask is.
 * @property {number} grain  Strength of the grain that the network sees.
 * @property {Refinement | null} refinement
 * @property {number} index  Its place among the layers.
 *
 * @typedef {object} Normalisation  How the networks of one painting are normalised.
 * @property {Map<string, Statistics>} given  Statistics of another picture; empty: this one's own.
 * @property {number} share  With `given`, the share of this picture's own statistics.
 * @property {Map<string, Statistics>} used  Filled in while the passes run.
 *
 * @typedef {object} Plan  What a composition is made of.
 * @property {import("./padding.js").PaddedPicture} padded
 * @property {Layer[]} layers
 * @property {number} strength  Share of the painting in the result.
 * @property {Uint8Array | null} mask  Where the strength applies, H x W.
 * @property {"style" | "content" | "match"} colors
 * @property {number} pass  The pass's place among the passes.
 * @property {Normalisation} normalisation
 * @property {import("./grain.js").Grain} grain
 */

/** Everything that it takes to paint a box of one picture in one pass. */
export class Composition {
  /** @param {Plan} plan */
  constructor(plan) {
    this.plan = plan;
    this.padded = plan.padded;
    this.layers = plan.layers;
    /** @type {import("./colors.js").Transport | null} the map of colours for boxes, from the sample */
    this.transport = null;
  }

  /** Pixels that a box has to see around itself. */
  get margin() {
    return Math.max(...this.layers.map((layer) => roundUp(layer.network.radius + (layer.refinement ? Refinement.reach : 0), MULTIPLE)));
  }

  /** Whether anything needs the picture itself. */
  get showsContent() {
    const { layers, mask, strength, colors } = this.plan;
    return layers.length > 1 || Boolean(layers[0].mask) || Boolean(mask) || strength < 1 || colors !== "style" || !layers[0].refinement;
  }

  /** @param {Box} box @returns {Float32Array} 3 x H x W; empty where nothing needs it */
  content(box) {
    return this.showsContent ? this.padded.content(box) : new Float32Array(0);
  }

  /** Paint all of the picture at once; statistics are measured on the way. @returns {Promise<Float32Array>} 3 x H x W */
  async paintWhole() {
    const { whole, inner } = this.padded, content = this.content(whole), results = [];
    for (const layer of this.layers) {
      const input = this.networkInput(layer, content, whole);
      const painted = await this.measured(layer, input, whole);
      results.push(cropped(layer.refinement?.merged(painted, input, whole) ?? painted, 3, whole, inner));
    }
    return this.finished(results, content.length ? cropped(content, 3, whole, inner) : content, inner, null);
  }

  /**
   * Measure what boxes need of the whole picture on a sample of it: statistics, and the map of colours.
   * @param {Box[][]} sample rows of boxes, whose pieces go through the network side by side, as one picture
   */
  async measureSample(sample) {
    const boxes = sample.flat(), contents = boxes.map((box) => this.content(box));
    const size = { top: 0, left: 0, bottom: 0, right: 0 }, places = /** @type {Box[]} */ ([]);
    for (const row of sample) {
      let left = 0;
      for (const box of row) places.push({ top: size.bottom, left, bottom: size.bottom + heightOf(box), right: (left += widthOf(box)) });
      size.bottom += heightOf(row[0]);
      size.right = left;
    }
    const match = this.plan.colors === "match";
    /** @type {Float32Array[][]} */
    const results = boxes.map(() => []);
    for (const layer of this.layers) {
      const mosaic = new Float32Array(4 * pixelsOf(size));
      boxes.forEach((box, n) => pasted(this.networkInput(layer, contents[n], box), 4, places[n], mosaic, size));
      const painted = await this.measured(layer, mosaic, size);
      if (!match) continue;
      const merged = layer.refinement?.merged(painted, mosaic, size) ?? painted;
      boxes.forEach((_, n) => results[n].push(cropped(merged, 3, size, places[n])));
    }
    if (!match) return;
    const painted = new ColorSums(), content = new ColorSums();
    boxes.forEach((box, n) => {
      painted.add(this.blended(results[n], contents[n], box).painted);
      content.add(contents[n]);
    });
    this.transport = colorTransport(painted, content);
  }

  /**
   * Paint what a box on the network's grid holds of the picture, with the statistics of the sample.
   * @param {Box} box @returns {Promise<Float32Array>} 3 x H x W of what the box and the picture have in common
   */
  async paintBox(box) {
    const inner = intersection(box, this.padded.inner), weights = this.weights(inner);
    const { mask } = this.plan, isPainted = (/** @type {Float32Array | null} */ weight) => !weight || weight.some((w) => w > 0);
    const hasStrength = !mask || this.padded.taken(mask, inner, 1).some((m) => m > 0);
    if (!hasStrength || !weights.some(isPainted)) return this.padded.content(inner);
    const wide = grown(box, this.margin, this.padded.whole), content = this.content(wide), results = [];
    for (const [n, layer] of this.layers.entries()) {
      if (!isPainted(weights[n])) {
        results.push(cropped(content, 3, wide, inner));
        continue;
      }
      const input = this.networkInput(layer, content, wide), given = this.plan.normalisation.used.get(this.key(layer));
      const { painted } = await layer.network.run(input, heightOf(wide), widthOf(wide), layer.style, given ?? null, 0);
      results.push(cropped(layer.refinement?.merged(painted, input, wide) ?? painted, 3, wide, inner));
    }
    return this.finished(results, content.length ? cropped(content, 3, wide, inner) : content, inner, this.transport);
  }

  /** The key of a layer's statistics in this pass. @param {Layer} layer */
  key(layer) {
    return `${this.plan.pass} ${layer.index}`;
  }

  /** Run a layer's network as the normalisation says. @param {Layer} layer @param {Float32Array} input @param {Box} box */
  async measured(layer, input, box) {
    const { given, share, used } = this.plan.normalisation, before = given.get(this.key(layer)) ?? null;
    const { painted, mean, variance } = await layer.network.run(input, heightOf(box), widthOf(box), layer.style, before, share);
    const towards = (/** @type {Float32Array} */ from, /** @type {Float32Array} */ to) => from.map((v, i) => v + share * (to[i] - v));
    used.set(this.key(layer), before
      ? { mean: towards(before.mean, mean), variance: towards(before.variance, variance) }
      : { mean, variance });
    return painted;
  }

  /** What the network gets of a box, 4 x H x W. @param {Layer} layer @param {Float32Array} content @param {Box} box */
  networkInput(layer, content, box) {
    if (layer.refinement) return layer.refinement.networkInput(box);
    const size = pixelsOf(box), planes = new Float32Array(4 * size);
    planes.set(content);
    if (layer.grain) this.plan.grain.into(box, layer.grain, planes.subarray(3 * size));
    return planes;
  }

  /** The share of every layer in a box; `null` stands for 1 everywhere. @param {Box} box @returns {(Float32Array | null)[]} */
  weights(box) {
    if (this.layers.length === 1 && !this.layers[0].mask) return [null];
    const masks = this.layers.map((layer) => layer.mask && this.padded.taken(layer.mask, box, 1));
    const total = new Float32Array(pixelsOf(box));
    for (const mask of masks) mask?.forEach((m, i) => (total[i] += m));
    return masks.map((mask) => total.map((sum, i) => (mask ? mask[i] / Math.max(sum, 1) : Math.max(1 - sum, 0))));
  }

  /**
   * The layers' results by their weights, and the share that is painted; `null` stands for 1.
   * @param {Float32Array[]} results @param {Float32Array} content @param {Box} box
   */
  blended(results, content, box) {
    const weights = this.weights(box);
    if (!weights[0]) return { painted: results[0], cover: null };
    const size = pixelsOf(box), cover = new Float32Array(size), painted = content.slice();
    for (const weight of weights) weight?.forEach((w, i) => (cover[i] += w));
    for (const [n, weight] of weights.entries()) {
      for (let i = 0; weight && i < painted.length; i++) {
        painted[i] += (weight[i % size] / Math.max(cover[i % size], 1e-6)) * (results[n][i] - content[i]);
      }
    }
    return { painted, cover };
  }

  /**
   * The layers' results blended, with the colours and the strength that were asked for.
   * @param {Float32Array[]} results @param {Float32Array} content @param {Box} box
   * @param {import("./colors.js").Transport | null} transport `null`: it is computed from this part
   */
  finished(results, content, box, transport) {
    const { colors, mask, strength } = this.plan, { painted, cover } = this.blended(results, content, box);
    let result = painted;
    if (colors === "content") result = keepChroma(painted, content);
    if (colors === "match") {
      if (!transport) {
        const [own, wanted] = [new ColorSums(), new ColorSums()];
        own.add(painted);
        wanted.add(content);
        transport = colorTransport(own, wanted);
      }
      result = transported(transport, painted);
    }
    if (!cover && !mask && strength === 1) return result;
    const size = pixelsOf(box), levels = mask && this.padded.taken(mask, box, 1);
    for (let i = 0; i < result.length; i++) {
      const share = strength * (cover ? cover[i % size] : 1) * (levels ? levels[i % size] : 1);
      result[i] = content[i] + share * (result[i] - content[i]);
    }
    return result;
  }
}

/**
 * A part of planes.
 * @param {Float32Array} planes of `box` @param {number} count of planes @param {Box} box @param {Box} part
 */
function cropped(planes, count, box, part) {
  const at = seenFrom(part, box), wide = widthOf(box), high = heightOf(box), width = widthOf(part), height = heightOf(part);
  if (wide === width && high === height) return planes;
  const out = new Float32Array(count * width * height);
  for (let c = 0; c < count; c++) {
    for (let y = 0; y < height; y++) {
      const start = (c * high + at.top + y) * wide + at.left;
      out.set(planes.subarray(start, start + width), (c * height + y) * width);
    }
  }
  return out;
}

/**
 * Put planes into larger ones.
 * @param {Float32Array} planes @param {number} count of planes @param {Box} part where they go
 * @param {Float32Array} into @param {Box} box of `into`
 */
function pasted(planes, count, part, into, box) {
  const wide = widthOf(box), high = heightOf(box), width = widthOf(part), height = heightOf(part);
  for (let c = 0; c < count; c++) {
    for (let y = 0; y < height; y++) {
      const start = (c * height + y) * width;
      into.set(planes.subarray(start, start + width), (c * high + part.top + y) * wide + part.left);
    }
  }
}


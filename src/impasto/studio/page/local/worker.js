// The worker in which all painting happens, so that the page never waits for it.
//
// It takes messages `{id, call, values}`, one call after the other, and answers `{id, result}` or `{id, error}`, before
// that with any number of `{id, event}`. `{id, cancel: true}` ends the call of that id.

import { isStyleFile } from "../engine.js";
import { LocalError } from "./errors.js";
import { Grain } from "./grain.js";
import { LivePainter } from "./live.js";
import { chooseProvider, fetchUnpacked, Runtime } from "./network.js";
import { blend, DEFAULTS, paint, previewOptions, previewOriginal } from "./painter.js";
import { decode, decodeMask, encode, isAnimated, pixelsOfBitmap, resultType, shown } from "./pictures.js";
import { opaque, predict, PREDICTOR } from "./prediction.js";
import { resizePicture, scaled, toBytes } from "./resampling.js";
import { nameFrom, readStyle, unpackHalves } from "./styles.js";
import { styleNotes } from "./suitability.js";

/**
 * @typedef {import("./composition.js").Style} Style
 * @typedef {import("./resampling.js").Picture} Picture
 * @typedef {import("./painter.js").Options} Options
 * @typedef {import("./painter.js").Mask} Mask
 * @typedef {{name: string, weight: number}[]} Wanted
 * @typedef {{base: string, network: import("./network.js").NetworkFacts, styleSide: number, provider: string, maxPixels: number,
 *   atOnce: number}} Setup  `styleSide`: shorter side in pixels at which a style picture is looked at.
 * @typedef {{key: string, file: File, crop: import("../engine.js").Crop | null}} Source
 * @typedef {{signal: {cancelled: boolean}, event: (event: any) => void}} Call
 */

const KEPT_PIXELS = 40e6; // pixels of decoded photographs that are kept at most
const THUMBNAIL_SIDE = 208, PAINTED_THUMBNAIL_SIDE = 320; // pixels: as shown, and as painted, larger for finer strokes

/** @type {Setup} */
let setup = { base: "", network: { id: "", channels: 0, radius: 0 }, styleSide: 0, provider: "", maxPixels: 0, atOnce: 0 };
/** @type {Promise<Runtime> | null} */
let runtime = null;
/** @type {Promise<Grain> | null} */
let grain = null;
/** @type {Map<string, Promise<Style>>} */
const styles = new Map();
/** @type {Map<string, Picture>} decoded photographs, the one that was used last at the end */
const decoded = new Map();
/** Decoded photographs at the size of their previews. @type {WeakMap<Picture, Picture>} */
const small = new WeakMap();
const live = new LivePainter();
let liveKey = "", received = 0;

const post = (/** @type {any} */ message, /** @type {Transferable[]} */ transfer = []) =>
  /** @type {any} */ (globalThis).postMessage(message, transfer);
const count = (/** @type {number} */ bytes) => post({ received: (received += bytes) });

/** What is loaded once; what fails is tried again the next time. */
const loading = {
  runtime: () => (runtime ??= chooseProvider(setup.provider).then((provider) => new Runtime(setup.base, setup.network, provider, count))),
  grain: () => {
    grain ??= fetchUnpacked(`${setup.base}grain.f16`, count).then((cells) => new Grain(unpackHalves(cells)));
    grain.catch(() => (grain = null));
    return grain;
  },
  style: (/** @type {string} */ name) => {
    let style = styles.get(name);
    if (!style) {
      const file = `${name}.safetensors`;
      style = fetchUnpacked(`${setup.base}styles/${encodeURIComponent(file)}`, count).then((content) => readStyle(content, file, setup.network.id));
      style.catch(() => styles.delete(name));
      styles.set(name, style);
    }
    return style;
  },
};

/**
 * What is painted with.
 * @param {Wanted} wanted @param {Options} options @param {Mask | null} mask @param {string} masked the style that the mask limits
 * @param {string} file of the network
 * @returns {Promise<import("./painter.js").Choice>}
 */
async function choice(wanted, options, mask, masked, file = "network.onnx") {
  const used = wanted.filter(({ weight }) => weight > 0);
  if (!used.length) throw new LocalError("local_no_style");
  const [own, network, ...loaded] = await Promise.all([
    loading.grain(), loading.runtime().then((made) => made.network(file)),
    ...used.map(({ name }) => loading.style(name)),
  ]);
  const pairs = loaded.map((style, n) => ({ style, weight: used[n].weight, name: used[n].name }));
  const limited = mask && pairs.length > 1 ? pairs.filter(({ name }) => name === masked) : [];
  const rest = pairs.filter((pair) => !limited.includes(pair));
  const layer = (/** @type {typeof pairs} */ of, /** @type {Mask | null} */ where) => ({ style: blend(of), network, mask: where });
  const layers = [...limited.map((pair) => layer([pair], mask)), ...(rest.length ? [layer(rest, null)] : [])];
  return { styles: layers, mask: limited.length ? null : mask, options, grain: own, atOnce: setup.atOnce };
}

/** A photograph's pixels, decoded once. @param {Source} source @returns {Promise<Picture>} */
async function photographOf({ key, file, crop }) {
  const id = `${key} ${JSON.stringify(crop)}`;
  let picture = decoded.get(id);
  if (!picture) {
    picture = pixelsOfBitmap(await decode(file, file.name, setup.maxPixels), crop);
    let pixels = picture.width * picture.height;
    for (const [other, { width, height }] of [...decoded].reverse()) {
      if ((pixels += width * height) > KEPT_PIXELS) decoded.delete(other);
    }
  }
  decoded.delete(id);
  decoded.set(id, picture);
  return picture;
}

/** The calls by name. @type {Record<string, (values: any, call: Call) => Promise<any>>} */
const calls = {
  async setup(values) {
    setup = values;
  },

  /** Load what the first painting needs; gives what people read of the engine. */
  async prepare() {
    const made = await loading.runtime();
    const [network, style] = await Promise.all([made.network("network.onnx"), loading.style("photograph"), loading.grain()]);
    const side = 16;
    await network.run(new Float32Array(4 * side * side), side, side, style, null, 0); // whatever fails does so now
    return made.name;
  },

  /** Decode a photograph. @param {Source} source */
  async open(source) {
    const picture = await photographOf(source);
    return { width: picture.width, height: picture.height, shown: await shown(picture) };
  },

  /** Make a style of a picture or a style file that the visitor gave. @param {{file: File}} values */
  async addStyle({ file }) {
    if (isStyleFile(file)) return { style: readStyle(await file.arrayBuffer(), file.name, setup.network.id), thumbnail: null, notes: [] };
    const given = pixelsOfBitmap(await decode(file, file.name, setup.maxPixels), null), picture = opaque(given);
    const wasm = async () => (await loading.runtime()).session(PREDICTOR.model, PREDICTOR.weights, "wasm"); // once, and small
    const predicted = await predict(picture, file.name, setup.styleSide, wasm);
    const style = { ...predicted, name: nameFrom(file.name), grainShare: 1 };
    return { style, thumbnail: await shown(given, 2 * THUMBNAIL_SIDE), notes: styleNotes(picture) };
  },

  /** Keep a style that `addStyle` made. @param {{name: string, style: Style}} values */
  async keepStyle({ name, style }) {
    styles.set(name, Promise.resolve(style));
  },

  /** Paint a picture small in styles. @param {{source: Source, names: string[]}} values */
  async thumbnails({ source, names }, call) {
    const square = middleSquare(await photographOf(source));
    for (const name of names) {
      await runWaiting(); // whatever else is asked for comes first: thumbnails take long, and nobody waits for them
      await pause(call);
      const painted = await paint(square, await choice([{ name, weight: 1 }], DEFAULTS, null, ""), { pause: () => pause(call) });
      const shrunk = resizePicture(bytesOf(painted.picture), THUMBNAIL_SIDE);
      call.event({ name, thumbnail: await encode(shrunk, "image/jpeg", 0.8) });
    }
  },

  /**
   * Paint a photograph.
   * @param {{source: Source, styles: Wanted, options: Options, mask: Blob | null, masked: string, preview: boolean}} request
   */
  async paint(request, call) {
    const started = performance.now(), picture = await photographOf(request.source), { options } = request;
    const longer = Math.max(picture.width, picture.height), full = options.size || longer;
    const pixels = picture.width * picture.height * (full / longer) ** 2;
    if (pixels > setup.maxPixels) {
      throw new LocalError("local_result_large", { pixels: Math.round(pixels / 1e6), limit: Math.round(setup.maxPixels / 1e6) });
    }
    const given = request.mask && (await decodeMask(request.mask)), mask = given?.levels.some((level) => level > 0) ? given : null;
    if (request.preview && !small.has(picture)) small.set(picture, previewOriginal(picture));
    const original = (request.preview && small.get(picture)) || picture;
    const own = request.preview ? previewOptions(options, Math.max(original.width, original.height), longer) : options;
    const chosen = await choice(request.styles, own, mask, request.masked);
    const painted = await paint(original, chosen, {
      pause: () => pause(call), progress: (done, total) => call.event({ share: done / total }),
    });
    const result = bytesOf(painted.picture), style = chosen.styles.map((layer) => layer.style.name).join("+");
    const about = { width: result.width, height: result.height, style };
    if (request.preview) {
      const [before, after] = [await shown(bytesOf(original)), await shown(result)];
      return { ...about, blob: after, before, after, seconds: (performance.now() - started) / 1000 };
    }
    const type = resultType(request.source.file.name), blob = await encode(result, type);
    const before = request.source.crop ? await shown(picture) : request.source.file;
    const notes = (await isAnimated(request.source.file)) ? [new LocalError("local_animation").note] : [];
    return { ...about, blob, before, after: blob, seconds: (performance.now() - started) / 1000, notes };
  },

  /** Paint a picture of the camera. @param {{bitmap: ImageBitmap, styles: Wanted, strength: number}} values */
  async live({ bitmap, styles: wanted, strength }) {
    const started = performance.now(), picture = pixelsOfBitmap(bitmap, null), key = JSON.stringify([wanted, strength]);
    const chosen = await choice(wanted, { ...DEFAULTS, strength, work_size: 0 }, null, "", "steady.onnx");
    if (key !== liveKey) live.forget();
    liveKey = key;
    const { width, height } = picture, rgb = await live.paint({ width, height, rgb: /** @type {Uint8Array} */ (picture.rgb) }, chosen);
    const canvas = new OffscreenCanvas(width, height), context = canvas.getContext("2d"), size = width * height;
    const image = new ImageData(width, height), { data } = image;
    for (let i = 0, at = 0; i < size; i++, at += 4) {
      data[at] = rgb[i];
      data[at + 1] = rgb[size + i];
      data[at + 2] = rgb[2 * size + i];
      data[at + 3] = 255;
    }
    context?.putImageData(image, 0, 0);
    return { bitmap: canvas.transferToImageBitmap(), width, height, seconds: (performance.now() - started) / 1000 };
  },
};

/**
 * Do something with WebGPU, and where that fails with WebAssembly from then on: drivers differ, and devices are lost.
 * @param {() => Promise<any>} work
 */
async function onEither(work) {
  try {
    return await work();
  } catch (/** @type {any} */ error) {
    const made = await runtime?.catch(() => null);
    if (error instanceof LocalError || error?.name === "AbortError" || made?.provider !== "webgpu") throw error;
    console.warn(`WebGPU fails, so that WebAssembly paints: ${error?.message ?? error}`);
    setup.provider = "wasm";
    runtime = null;
    live.forget();
    return work();
  }
}

/** Let messages in, and end the call if it was cancelled. @param {Call} call */
async function pause(call) {
  await new Promise((done) => setTimeout(done));
  if (call.signal.cancelled) throw new DOMException("", "AbortError");
}

/** A picture's samples as bytes. @param {Picture} picture @returns {Picture} */
function bytesOf(picture) {
  const bytes = (/** @type {import("./resampling.js").Samples} */ a) => (a instanceof Uint8Array ? a : toBytes(a));
  return { ...picture, rgb: bytes(picture.rgb), alpha: picture.alpha && bytes(picture.alpha) };
}

/** The square in the middle of a picture, at the size at which thumbnails are painted. @param {Picture} picture @returns {Picture} */
function middleSquare({ width, height, rgb }) {
  const side = Math.min(width, height), left = (width - side) >> 1, top = (height - side) >> 1;
  const square = new Uint8Array(3 * side * side);
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < side; y++) {
      const start = (c * height + top + y) * width + left;
      square.set(/** @type {Uint8Array} */ (rgb).subarray(start, start + side), (c * side + y) * side);
    }
  }
  const picture = { width: side, height: side, rgb: square, alpha: null }, wanted = Math.min(PAINTED_THUMBNAIL_SIDE, side);
  return wanted < side ? scaled(picture, wanted, wanted) : picture;
}

/** The sentence of an error, as it is sent to the page. @param {any} error */
function described(error) {
  if (error?.name === "AbortError") return { aborted: true };
  if (!(error instanceof LocalError)) {
    console.error(error);
    const reason = String(error?.message ?? error).split("\n")[0].replace(/\.$/, "");
    const memory = error instanceof RangeError || /alloc|out of memory|memory access/i.test(reason);
    error = memory ? new LocalError("local_memory") : new LocalError("local_failed", { reason });
  }
  return error.note;
}

/** What tells calls that wait or run that they are cancelled, by their ids. @type {Map<number, {cancelled: boolean}>} */
const signals = new Map();
/** Calls that wait, the first one first. @type {{id: number, name: string, values: any, signal: {cancelled: boolean}}[]} */
const waiting = [];
let isRunning = false;

/** Do all calls that wait, one after the other. */
async function runWaiting() {
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const { id, name, values, signal } = next;
    try {
      if (signal.cancelled) throw new DOMException("", "AbortError");
      const result = await onEither(() => calls[name](values, { signal, event: (event) => post({ id, event }) }));
      post({ id, result }, result?.bitmap ? [result.bitmap] : []);
    } catch (error) {
      post({ id, error: described(error) });
    } finally {
      signals.delete(id);
    }
  }
}

globalThis.addEventListener("message", async ({ data: { id, call: name, values, cancel } }) => {
  if (cancel) {
    const signal = signals.get(id);
    if (signal) signal.cancelled = true;
    return;
  }
  const signal = { cancelled: false };
  signals.set(id, signal);
  waiting.push({ id, name, values, signal });
  if (isRunning) return;
  isRunning = true;
  await runWaiting();
  isRunning = false;
});

// The engine that paints in the browser itself: it hands all work to a worker, and keeps what the page asks of an Engine.

import { EngineError, isStyleFile } from "../engine.js";
import { styleTitle } from "../texts.js";
import { Caller } from "./caller.js";
import { LocalError } from "./errors.js";
import { keepSite, underServiceWorker } from "./offline.js";

/**
 * @typedef {import("../engine.js").Engine} Engine
 * @typedef {import("../engine.js").Style} Style
 * @typedef {import("../engine.js").Crop} Crop
 * @typedef {{version: string, network: import("./network.js").NetworkFacts, styleSide: number, options: Record<string, import("../engine.js").OptionFacts>,
 *   styles: {name: string, title: string, kind: "bundled" | "own"}[]}} SiteFacts  What `impasto export page` wrote of the site.
 */

const DATA = new URL("../data/", import.meta.url).href; // what `impasto export page` lays beside the page
const AT_ONCE = 2_400_000; // pixels that are painted at once: with the default size of strokes that is all of the first pass
const AT_ONCE_SMALL = 1_100_000; // the same on a phone, of 250 MB of memory; statistics are measured on as many
const MAX_PIXELS = 50_000_000, MAX_PIXELS_SMALL = 16_000_000; // of a picture; on a phone a canvas holds no more
const MAX_FILE = 200_000_000; // bytes of a photograph
const LOADING = "loading_engine"; // key of the text that says how much of the engine is loaded
const LIVE_SIDE = 640, LIVE_MIN_SIDE = 224, LIVE_RATE = 12; // pixels, pixels, and pictures a second that are kept up by painting smaller

/** Whether this is a phone or a tablet. */
const isSmall = () => /Android|iPhone|iPad/.test(navigator.userAgent) || (navigator.maxTouchPoints > 1 && /Macintosh/.test(navigator.userAgent));

/**
 * @param {{provider?: string, atOnce?: number}} [settings] other ones than this device's: "webgpu" or "wasm", which the
 *   address of the page can ask for as well, as `?engine=wasm`; and the pixels that are painted at once
 * @returns {Promise<Engine & {ready: Promise<string>}>} `ready` gives what people read of the engine, once it is loaded
 */
export async function open(settings = {}) {
  if (await underServiceWorker()) await new Promise(() => {}); // the page is being loaded again
  const answer = await fetch(`${DATA}site.json`).catch(() => null);
  if (!answer?.ok) throw new EngineError({ text: "This page has no server and no data of its own: make it with impasto export page.", key: "local_no_data" });
  /** @type {SiteFacts} */
  const site = await answer.json();
  const small = isSmall(), maxPixels = small ? MAX_PIXELS_SMALL : MAX_PIXELS;
  const caller = new Caller({
    base: DATA, network: site.network, styleSide: site.styleSide, maxPixels, atOnce: settings.atOnce ?? (small ? AT_ONCE_SMALL : AT_ONCE),
    provider: settings.provider ?? new URLSearchParams(location.search).get("engine") ?? "",
  });
  const ready = caller.call("prepare");
  let isReady = false;
  ready.then(() => (isReady = true), () => {}); // whoever paints is told of a failure
  /** @type {Style[]} */
  const given = [];
  const bundled = site.styles.map((style) => ({ ...style, thumbnail: `${DATA}thumbnails/${encodeURIComponent(style.name)}.webp` }));
  /** @type {WeakMap<File, string>} */
  const keys = new WeakMap();
  let files = 0, isKept = false;
  const source = (/** @type {File} */ file, /** @type {Crop | null} */ crop = null) => {
    if (!keys.has(file)) keys.set(file, String(++files));
    return { key: keys.get(file), file, crop };
  };
  return {
    kind: "local",
    ready,
    capabilities: {
      tabs: ["picture", "live"], missing: {}, options: site.options, mask: true, crop: true, metadata: false,
      maxPixels, maxUpload: MAX_FILE, maxVideo: 0,
    },
    styles: async () => [...given, ...bundled],
    async addStyle(file, signal) {
      if (!isStyleFile(file)) await checkSize(file, maxPixels);
      const { name, plain, thumbnail, notes } = await caller.addStyle(file, signal);
      /** @type {Style} */
      const style = { name, title: styleTitle(plain), thumbnail: thumbnail ? URL.createObjectURL(thumbnail) : "", kind: "picture", picture: thumbnail ? file : undefined };
      given.unshift(style);
      return { style, notes };
    },
    async open(file, signal) {
      await checkSize(file, maxPixels);
      return { name: file.name, ...(await caller.call("open", source(file), { signal })) };
    },
    async thumbnails(file, crop, names, show, signal) {
      const event = (/** @type {{name: string, thumbnail: Blob}} */ { name, thumbnail }) => show(name, URL.createObjectURL(thumbnail));
      await caller.call("thumbnails", { source: source(file, crop), names }, { signal, event });
    },
    async paint(request) {
      const { file, styles, options = {}, mask = null, masked = "", crop = null, preview = false, signal, progress } = request;
      const values = { source: source(file, crop), styles, options: chosenOptions(site.options, options), mask, masked, preview };
      if (!isReady && progress) caller.received = (bytes) => progress({ key: LOADING, values: { megabytes: bytes / 1e6 } });
      const made = await caller.call("paint", values, { signal, event: progress }).finally(() => (caller.received = () => {}));
      const { blob, before, after, width, height, seconds } = made;
      if (!preview && !isKept) ready.then(keepSite, () => {});
      isKept ||= !preview;
      const notes = preview ? [] : [...made.notes, ...notesOn(file, blob)];
      return { blob, name: resultName(file.name, made.style, blob.type), width, height, seconds, before, after, notes };
    },
    live: () => new Live(caller),
  };
}

/**
 * Refuse a picture that is too large, before its pixels are decoded: a small file may claim many.
 * @param {File} file @param {number} maxPixels
 */
async function checkSize(file, maxPixels) {
  const { name } = file, megabytes = MAX_FILE / 1e6;
  if (file.size > MAX_FILE) throw new EngineError({ text: `${name} has more than ${megabytes} MB: shrink it first.`, key: "local_file_large", values: { name, limit: megabytes } });
  const image = new Image(), address = URL.createObjectURL(file);
  await new Promise((done) => {
    image.onload = image.onerror = done;
    image.src = address; // of which the browser reads the size, and decodes nothing, as it is not shown
  });
  URL.revokeObjectURL(address);
  const { naturalWidth: width, naturalHeight: height } = image;
  if (width * height > maxPixels) throw new EngineError(new LocalError("local_too_large", { name, width, height, limit: Math.round(maxPixels / 1e6) }).note);
}

/** All options: those that were chosen, and the others at their default. @param {SiteFacts["options"]} facts @param {Record<string, any>} chosen */
function chosenOptions(facts, chosen) {
  const all = Object.fromEntries(Object.entries(facts).map(([name, { default: value }]) => [name, chosen[name] ?? value]));
  const work = all.work_size === "auto" ? "auto" : Number(all.work_size);
  return { ...all, work_size: work, size: Number(all.size) || 0 };
}

/** The name of a result, as the command line makes it: photo-scream.jpg. @param {string} name @param {string} style @param {string} type */
function resultName(name, style, type) {
  const dot = name.lastIndexOf("."), stem = dot > 0 ? name.slice(0, dot) : name, suffix = dot > 0 ? name.slice(dot) : "";
  const usual = /** @type {Record<string, string[]>} */ ({ "image/jpeg": [".jpg", ".jpeg"], "image/webp": [".webp"], "image/png": [".png"] })[type] ?? [".png"];
  return `${stem}-${style}${usual.includes(suffix.toLowerCase()) ? suffix : usual[0]}`;
}

/** What of a photograph its result does not have. @param {File} file @param {Blob} blob */
function notesOn(file, blob) {
  const notes = [];
  if (!/\.(jpe?g|png|webp)$/i.test(file.name) || (/\.webp$/i.test(file.name) && blob.type !== "image/webp")) {
    notes.push({ text: "The result is a PNG: browsers do not write the format of the photograph.", key: "local_as_png", values: {} });
  }
  return notes;
}

/** Paints the pictures of a camera; see `LiveSession` in engine.js. */
class Live {
  side = LIVE_SIDE;

  /** @param {Caller} caller */
  constructor(caller) {
    this.caller = caller;
    this.wanted = LIVE_SIDE;
    this.seconds = 0;
    this.isLoaded = false;
  }

  /** @param {HTMLCanvasElement} picture @param {{name: string, weight: number}[]} styles @param {number} strength */
  async paint(picture, styles, strength) {
    const scale = Math.min(1, this.wanted / Math.max(picture.width, picture.height)), started = performance.now();
    const resizeWidth = Math.max(1, Math.round(picture.width * scale)), resizeHeight = Math.max(1, Math.round(picture.height * scale));
    const bitmap = await createImageBitmap(picture, { resizeWidth, resizeHeight, resizeQuality: "high" });
    const painted = await this.caller.call("live", { bitmap, styles, strength }, { transfer: [bitmap] });
    if (this.isLoaded) this.keepPace((performance.now() - started) / 1000);
    this.isLoaded = true; // the first picture waited for the network
    return { bitmap: painted.bitmap, size: `${painted.width} x ${painted.height}` };
  }

  /** Choose the size of the next picture; as `Pace` in impasto/webcam/live.py. @param {number} seconds that the last one took */
  keepPace(seconds) {
    this.seconds = this.seconds ? 0.8 * this.seconds + 0.2 * seconds : seconds;
    const wanted = this.wanted * Math.sqrt(1 / LIVE_RATE / Math.max(this.seconds, 1e-4));
    if (wanted >= this.wanted * 0.97 && wanted <= this.wanted * 1.15) return;
    const side = Math.min(LIVE_SIDE, Math.max(LIVE_MIN_SIDE, Math.floor(wanted / 32) * 32));
    if (side !== this.wanted) this.seconds *= (side / this.wanted) ** 2;
    this.wanted = side;
  }

  close() {}
}

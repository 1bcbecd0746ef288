// The engine that asks the studio's server.

import { EngineError, isStyleFile } from "./engine.js";
import { styleTitle } from "./texts.js";

/** @typedef {import("./engine.js").PaintRequest} PaintRequest */
/** @typedef {import("./engine.js").Painting} Painting */
/** @typedef {"picture"|"video"|"sound"|"motion"|"style"|"sound_style"|"motion_style"} Wanted  What a file shall be. */
/** @typedef {import("./engine.js").Progress} Progress */

/**
 * @typedef {object} Uploaded  What the server says of a file.
 * @property {string} id
 * @property {string} name
 * @property {string} url
 * @property {"picture"|"video"|"sound"|"motion"|"style"} kind
 * @property {number} width
 * @property {number} height
 * @property {number} [seconds]  Of a video or a sound; 0 where a sound does not say.
 * @property {number} [rate]
 * @property {boolean} [plays]  Whether browsers can play it.
 * @property {string} [title]  What a style file calls its style.
 */

/**
 * @typedef {object} JobOptions
 * @property {AbortSignal} [signal]  Ends the job.
 * @property {(value: any) => void} [update]  Gets what the job reports.
 * @property {(before: number) => void} [waiting]  Gets the number of jobs that come before.
 * @property {(stop: () => Promise<void>) => void} [started]  Gets a function that ends the job but keeps what it has.
 */

/**
 * @typedef {object} Server  What only a server does.
 * @property {any} facts  What `/api/info` said.
 * @property {(file: Blob, signal?: AbortSignal, wanted?: Wanted) => Promise<Uploaded>} upload  Sends a file, once.
 * @property {<T>(files: [Blob, Wanted][], signal: AbortSignal|undefined, use: (sent: Uploaded[]) => Promise<T>) => Promise<T>} withUploads  Sends files, once, and does something with them.
 * @property {(kind: string, body: object, options?: JobOptions) => Promise<any>} run  Runs a job; null if it was stopped.
 * @property {(kind: "sound"|"motion") => Promise<string[]>} styleNames  Styles of sound or motion in the catalogue.
 * @property {(file: string, name: string) => Promise<string>} keepStyle  Adds a learnt style to the catalogue.
 * @property {(file: {url: string}) => Promise<Blob>} fetch  The content of a file.
 */

const visitor = crypto.randomUUID ? crypto.randomUUID() : String(Math.random()).slice(2);
/** Styles of pictures that were given on this page. @type {import("./engine.js").Style[]} */
const learnt = [];
/** @type {WeakMap<Blob, Promise<Uploaded>>} */
const uploads = new WeakMap();

/**
 * What the server says of itself; null where no studio serves the page.
 * @returns {Promise<any>}
 */
export async function ask() {
  try {
    const answer = await fetch("api/info");
    return answer.ok && answer.headers.get("content-type")?.startsWith("application/json") ? await answer.json() : null;
  } catch {
    return null;
  }
}

/**
 * @param {string} path
 * @param {RequestInit} [options]
 */
async function request(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { ...options, headers: { "X-Visitor": visitor, ...options.headers } });
  } catch (error) {
    if (/** @type {any} */ (error).name === "AbortError") throw error;
    throw new EngineError({ text: "The studio does not answer: is it still running?", key: "no_answer" });
  }
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => ({ detail: `The studio answers with status ${answer.status}.` }));
  throw new EngineError({ text: said.detail, key: said.key, values: said.values });
}

/** @param {string} path @param {object} body @param {AbortSignal} [signal] */
const post = (path, body, signal) =>
  request(path, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" }, signal });

/** @param {Blob} file @param {AbortSignal} [signal] @param {Wanted} [wanted]  What it shall be. @returns {Promise<Uploaded>} */
export function upload(file, signal, wanted = "picture") {
  let sent = uploads.get(file);
  if (!sent) {
    const name = file instanceof File ? file.name : "picture";
    sent = request(`api/files?wanted=${wanted}&name=${encodeURIComponent(name)}`, { method: "POST", body: file, signal }).then((answer) => answer.json());
    uploads.set(file, sent);
    sent.catch(() => uploads.delete(file));
  }
  return sent;
}

/**
 * Send files and do something with what the server says of them; files that the server has removed are sent again.
 * @template T
 * @param {[Blob, Wanted][]} files
 * @param {AbortSignal|undefined} signal
 * @param {(sent: Uploaded[]) => Promise<T>} use
 */
async function withUploads(files, signal, use) {
  const send = () => Promise.all(files.map(([file, wanted]) => upload(file, signal, wanted)));
  try {
    return await use(await send());
  } catch (error) {
    if (!(error instanceof EngineError) || error.note.key !== "not_uploaded") throw error;
    for (const [file] of files) uploads.delete(file);
    return use(await send());
  }
}

/** The same with one picture. @template T @param {Blob} file @param {AbortSignal|undefined} signal @param {(sent: Uploaded) => Promise<T>} use */
const withUpload = (file, signal, use) => withUploads([[file, "picture"]], signal, ([sent]) => use(sent));

/**
 * @param {string} kind
 * @param {object} body
 * @param {JobOptions} [options]
 */
export async function run(kind, body, { signal, update, waiting, started } = {}) {
  const answer = await post(`api/jobs/${kind}`, body, signal);
  const reader = /** @type {ReadableStream<Uint8Array>} */ (answer.body).pipeThrough(/** @type {any} */ (new TextDecoderStream())).getReader();
  let text = "", ended = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw new EngineError({ text: "The studio does not answer: is it still running?", key: "no_answer" });
      const lines = (text + value).split("\n");
      text = lines.pop() || "";
      for (const line of lines) {
        const event = JSON.parse(line);
        if (event.job) started?.(async () => void (await post(`api/jobs/${event.job}/stop`, {})));
        else if ("waiting" in event) waiting?.(event.waiting);
        else if ("update" in event) update?.(event.update);
        else {
          ended = true;
          if (event.error) throw new EngineError(event.error);
          return event.stopped ? null : event.result;
        }
      }
    }
  } finally {
    if (!ended) reader.cancel().catch(() => {});
  }
}

/** @param {string} address  A data address. */
export async function blobOf(address) {
  return (await fetch(address)).blob();
}

/** @param {import("./engine.js").PaintRequest["styles"]} styles */
export const styleTexts = (styles) => styles.map(({ name, weight }) => `${name}:${weight}`);

/** @param {Blob} blob @returns {Promise<string>} */
const dataAddress = (blob) =>
  new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(/** @type {string} */ (reader.result));
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(blob);
  });

/** @param {PaintRequest} asked @returns {Promise<Painting>} */
async function paint(asked) {
  const { file, styles, options = {}, mask, masked = "", crop, metadata = true, preview = false, signal, progress } = asked;
  const body = { styles: styleTexts(styles), options, mask: mask ? await dataAddress(mask) : null, masked, crop, metadata, preview };
  const waiting = (/** @type {number} */ before) => progress?.({ waiting: before });
  const done = await withUpload(file, signal, (sent) => run("picture", { file: sent.id, ...body }, { signal, waiting }));
  if (!done) throw new DOMException("The job was stopped.", "AbortError");
  const [before, after] = await Promise.all([blobOf(done.before), blobOf(done.after)]);
  if (preview) return { blob: after, name: file.name, width: 0, height: 0, seconds: done.seconds, before, after, notes: [] };
  const answer = await request(done.file.url, { signal });
  const { width, height, seconds, notes } = done;
  return { blob: await answer.blob(), name: done.file.name, width, height, seconds, before, after, notes };
}

/** @param {File} file @param {AbortSignal} [signal] */
async function openPhotograph(file, signal) {
  return withUpload(file, signal, async (sent) => {
    if (sent.kind !== "picture") throw new EngineError({ text: "This is a video, not a picture: open it on the Video tab.", key: "video_not_picture" });
    const shown = await (await request(`${sent.url}/shown.jpg`, { signal })).blob();
    return { name: sent.name, width: sent.width, height: sent.height, shown };
  });
}

/** @param {number} side @returns {import("./engine.js").LiveSession} */
function live(side) {
  return {
    side,
    async paint(picture, styles, strength) {
      const jpeg = await new Promise((done) => picture.toBlob(done, "image/jpeg", 0.85));
      const query = new URLSearchParams({ visitor, styles: JSON.stringify(styleTexts(styles)), strength: String(strength) });
      const answer = await request(`api/live?${query}`, { method: "POST", body: /** @type {Blob} */ (jpeg) });
      return { bitmap: await createImageBitmap(await answer.blob()), size: answer.headers.get("x-painted") || "" };
    },
    close() {},
  };
}

/**
 * @param {any} facts  What `ask` gave.
 * @returns {import("./engine.js").Engine}
 */
export function open(facts) {
  return {
    kind: "server",
    capabilities: {
      tabs: facts.tabs,
      missing: facts.missing,
      options: facts.options,
      mask: true,
      crop: true,
      metadata: true,
      maxPixels: facts.limits.pixels,
      maxUpload: facts.limits.upload,
      maxVideo: facts.limits.video,
    },
    styles: async () => [...learnt, ...(await (await request("api/styles")).json()).map((/** @type {any} */ style) => ({ ...style, title: styleTitle(style.name) }))],
    async addStyle(file, signal) {
      const isFile = isStyleFile(file), sent = await upload(file, signal, isFile ? "style" : "picture");
      const made = isFile ? { name: sent.title, file: sent, notes: [] } : await run("learn", { files: [sent.id], effort: "quick" }, { signal });
      if (!made) throw new DOMException("The job was stopped.", "AbortError");
      /** @type {import("./engine.js").Style} */
      const style = { name: `+${made.file.id}`, title: styleTitle(made.name), thumbnail: isFile ? "" : `${sent.url}/shown.jpg`, kind: "picture", picture: isFile ? undefined : file };
      learnt.unshift(style);
      return { style, notes: made.notes };
    },
    open: openPhotograph,
    async thumbnails(file, crop, styles, show, signal) {
      const shown = new Set();
      const update = (/** @type {Record<string, string>} */ painted) => {
        for (const [name, address] of Object.entries(painted)) if (!shown.has(name)) { shown.add(name); show(name, address); }
      };
      const done = await withUpload(file, signal, (sent) => run("thumbnails", { file: sent.id, crop, styles }, { signal, update }));
      if (done) update(done);
    },
    paint,
    live: () => live(facts.live.side),
    server: {
      facts,
      upload,
      withUploads,
      run,
      styleNames: async (kind) => (await request(`api/styles/of/${kind}`)).json(),
      keepStyle: async (file, name) => (await (await post("api/styles", { file, name })).json()).name,
      fetch: async (file) => (await request(file.url)).blob(),
    },
  };
}

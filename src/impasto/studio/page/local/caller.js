// Calls of the worker, and a new worker where memory ran out in the old one.

import { EngineError } from "../engine.js";

/**
 * @typedef {object} Waiting  A call that has not been answered.
 * @property {{id: number, call: string, values: any}} message
 * @property {boolean} again  Whether it can be sent again: what it hands over is gone otherwise.
 * @property {(result: any) => void} done
 * @property {(error: any) => void} failed
 * @property {(event: any) => void} [event]
 */

const LEAST_AT_ONCE = 1 << 18; // pixels: where memory runs out with fewer at once, tiles would be all margin

/** What calls the worker. */
export class Caller {
  /** @param {import("./worker.js").Setup} setup */
  constructor(setup) {
    this.setup = setup;
    /** Styles that were given, for another worker. @type {{name: string, style: import("./composition.js").Style}[]} */
    this.styles = [];
    this.next = 1;
    /** @type {Map<number, Waiting>} */
    this.waiting = new Map();
    /** Called with the bytes that were downloaded so far. @type {(bytes: number) => void} */
    this.received = () => {};
    this.worker = this.start();
  }

  /** A new worker, which knows all that it has to know. */
  start() {
    const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }) => this.take(data));
    worker.addEventListener("error", (event) => {
      for (const { failed } of this.waiting.values()) failed(new EngineError({ text: event.message || "The worker cannot be started." }));
      this.waiting.clear();
    });
    worker.postMessage({ id: 0, call: "setup", values: this.setup });
    for (const values of this.styles) worker.postMessage({ id: 0, call: "keepStyle", values });
    return worker;
  }

  /** Take a message of the worker. @param {any} data */
  take(data) {
    if ("received" in data) return this.received(data.received);
    const call = this.waiting.get(data.id);
    if (!call) return;
    if ("event" in data) return call.event?.(data.event);
    if (data.error?.key === "local_memory" && this.halve()) return;
    this.waiting.delete(data.id);
    if (data.error?.aborted) call.failed(new DOMException("The work was ended.", "AbortError"));
    else if (data.error) call.failed(new EngineError(data.error));
    else call.done(data.result);
  }

  /**
   * After memory ran out, go on with a new worker, which paints half as much at once: WebAssembly gives no memory back.
   * @returns {boolean} whether there is any sense in that
   */
  halve() {
    const atOnce = Math.floor(this.setup.atOnce / 2);
    if (atOnce < LEAST_AT_ONCE) return false;
    console.warn(`Memory ran out; going on with tiles of ${(atOnce / 1e6).toFixed(1)} million pixels.`);
    this.worker.terminate();
    this.setup = { ...this.setup, atOnce };
    this.worker = this.start();
    for (const [id, { message, again, failed }] of this.waiting) {
      if (again) this.worker.postMessage(message);
      else {
        this.waiting.delete(id);
        failed(new EngineError({ text: "Memory ran out; the next picture is painted in smaller tiles.", key: "local_memory" }));
      }
    }
    return true;
  }

  /**
   * @param {string} name @param {any} [values]
   * @param {{signal?: AbortSignal, event?: (event: any) => void, transfer?: Transferable[]}} [how]
   * @returns {Promise<any>}
   */
  call(name, values, { signal, event, transfer = [] } = {}) {
    const id = this.next++, message = { id, call: name, values };
    return new Promise((done, failed) => {
      if (signal?.aborted) return failed(new DOMException("The work was ended.", "AbortError"));
      this.waiting.set(id, { message, again: !transfer.length, done, failed, event });
      this.worker.postMessage(message, transfer);
      signal?.addEventListener("abort", () => this.worker.postMessage({ id, cancel: true }), { once: true });
    });
  }

  /**
   * Make a style of a picture or a style file.
   * @param {File} file @param {AbortSignal} [signal]
   * @returns {Promise<{name: string, plain: string, thumbnail: Blob | null, notes: import("../engine.js").Note[]}>} the name by which the worker knows it, and its own
   */
  async addStyle(file, signal) {
    const { style, thumbnail, notes } = await this.call("addStyle", { file }, { signal }), plain = style.name;
    let name = `+${plain}`; // of all pictures from a phone the names may be the same
    for (let n = 2; this.styles.some((other) => other.name === name); n++) name = `+${plain} ${n}`;
    this.styles.push({ name, style });
    this.worker.postMessage({ id: 0, call: "keepStyle", values: { name, style } });
    return { name, plain, thumbnail, notes };
  }
}

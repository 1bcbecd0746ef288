// The life of a tab's job: it begins, waits for its turn, can be stopped, and ends; what goes wrong is shown.

import { isAbort } from "./dom.js";
import { say } from "./texts.js";
import { showError } from "./toasts.js";

/**
 * @typedef {object} Job
 * @property {boolean} running
 * @property {(key: string, work: (options: JobOptions) => Promise<void>) => Promise<void>} run  Shows the text of a key, then does the work.
 */
/** @typedef {{signal: AbortSignal, waiting: (before: number) => void}} JobOptions  For `Server.run`. */

/**
 * A job of which one runs at a time.
 * @param {object} parts
 * @param {HTMLElement} parts.status  Where texts are shown.
 * @param {HTMLElement} parts.stop  The button that ends it.
 * @param {HTMLElement} [parts.bar]  Shows how far it is.
 * @param {string} [parts.stopped]  Key of the text once it was stopped.
 * @param {string} [parts.failed]  Key of the text once something went wrong.
 * @param {() => void} parts.changed  Is called when it begins and when it ends.
 * @returns {Job}
 */
export function job({ status, stop, bar, stopped = "video_cancelled", failed = "", changed }) {
  /** @type {AbortController|null} */
  let controller = null;
  stop.addEventListener("click", () => controller?.abort());
  return {
    get running() {
      return Boolean(controller);
    },
    async run(key, work) {
      const { signal } = (controller = new AbortController());
      bar?.removeAttribute("value");
      changed();
      say(status, key);
      try {
        await work({ signal, waiting: (before) => { say(status, "waiting", { before }); } });
      } catch (error) {
        showError(error);
        say(status, isAbort(error) ? stopped : failed);
      } finally {
        controller = null;
        changed();
      }
    },
  };
}

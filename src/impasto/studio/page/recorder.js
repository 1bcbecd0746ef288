// A button that records a sound with the microphone.

import { icon } from "./dom.js";
import { button } from "./fields.js";
import { say } from "./texts.js";
import { complain } from "./toasts.js";

/** Suffixes of recordings by what browsers call them. @type {[RegExp, string][]} */
const SUFFIXES = [[/mp4/, "m4a"], [/ogg/, "ogg"], [/./, "webm"]];

/**
 * @param {string} id
 * @param {(recording: File) => void} give
 */
export function recorder(id, give) {
  const element = button(id, "sound_record", "tool", icon("microphone"));
  /** @type {MediaRecorder|null} */
  let running = null;

  function show() {
    element.classList.toggle("recording", Boolean(running));
    say(/** @type {HTMLElement} */ (element.querySelector("span")), running ? "sound_record_stop" : "sound_record");
  }

  async function start() {
    if (!window.isSecureContext || !navigator.mediaDevices) return complain("sound_insecure");
    let stream;
    try {
      // What helps speech over the telephone spoils music.
      stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } });
    } catch {
      return complain("sound_no_microphone");
    }
    /** @type {Blob[]} */
    const parts = [];
    const made = (running = new MediaRecorder(stream));
    made.addEventListener("dataavailable", (event) => parts.push(event.data));
    made.addEventListener("stop", () => {
      for (const track of stream.getTracks()) track.stop();
      running = null;
      show();
      const suffix = SUFFIXES.find(([kind]) => kind.test(made.mimeType || "webm"))?.[1];
      give(new File(parts, `recording.${suffix}`, { type: made.mimeType }));
    });
    made.start();
    show();
  }

  element.addEventListener("click", () => (running ? running.stop() : start()));
  return element;
}

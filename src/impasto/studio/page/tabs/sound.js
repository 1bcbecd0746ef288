// The Sound tab: a sound is restyled by another one, and both are heard.

import { icon, make, showBlob } from "../dom.js";
import { drop } from "../drop.js";
import { button, choice, slider } from "../fields.js";
import { job } from "../job.js";
import { recorder } from "../recorder.js";
import { styleList } from "../stylelist.js";
import { label, say, sayWith, withNotes, word } from "../texts.js";
import { complain, showError } from "../toasts.js";

const ACCEPT = "audio/*,video/*,.flac,.opus,.mkv,.m4a";

/**
 * @param {HTMLElement} panel
 * @param {import("../app.js").App} app
 */
export function build(panel, app) {
  const server = /** @type {import("../server.js").Server} */ (app.engine.server);
  const upload = drop("sound-content", "sound_drop", { accept: ACCEPT, drawing: "sound" }, (given) => take(given[0]));
  const record = recorder("sound-record", (recording) => take(recording));
  const other = make("label", { class: "button tool", for: "sound-content-input" }, icon("plus"), say(make("span"), "sound_other"));
  const again = recorder("sound-record-again", (recording) => take(recording));
  const before = make("audio", { controls: true, id: "sound-before" }), after = make("audio", { controls: true, id: "sound-after" });
  label(before, { "aria-label": "sound_before" });
  label(after, { "aria-label": "sound_after" });
  const result = make("figure", { hidden: true }, say(make("figcaption"), "sound_after"), after);
  const players = make("div", { class: "players" }, make("figure", {}, say(make("figcaption"), "sound_before"), before), result);
  const status = say(make("p", { class: "status", id: "sound-status", role: "status" }), "sound_welcome");
  const bar = make("progress", { hidden: true });
  label(bar, { "aria-label": "video_progress" });
  const start = button("sound-start", "sound_start", "primary", icon("sound")), cancel = button("sound-cancel", "stop", "stop");
  const save = make("a", { class: "button primary", id: "sound-download" }, icon("download"), say(make("span"), "download"));
  const stage = make("div", { class: "stage" },
    make("div", { class: "canvas low" }, make("div", { class: "emptiness" }, upload.element, record), players), bar,
    make("div", { class: "actions" }, make("div", { class: "toolbar" }, other, again), status, cancel, start, save));

  const style = styleList("sound-style", "sound_style", "sound", { accept: ACCEPT, drawing: "sound" }, server);
  const method = choice("sound-method", "sound_method", [["mosaic", "sound_mosaic"], ["colour", "sound_colour"]], "mosaic");
  const strength = slider("sound-strength", "strength", { low: 0, high: 1, step: 0.05, value: 1, info: "sound_strength" });
  const rhythm = slider("sound-rhythm", "sound_rhythm", { low: 0, high: 1, step: 0.05, value: 1 });
  panel.append(stage, make("div", { class: "tools" }, style.element,
    make("div", { class: "group" }, make("div", {}, method.element, say(make("p", { class: "hint" }), "sound_method_hint")), strength.element, rhythm.element)));

  /** @type {File|null} */
  let file = null;
  const work = job({ status, stop: cancel, bar, changed: showButtons });

  function showButtons() {
    start.hidden = !file || work.running;
    cancel.hidden = bar.hidden = !work.running;
    save.hidden = !save.href || work.running;
  }

  /** @param {File} given */
  async function take(given) {
    try {
      const { name, seconds, channels } = /** @type {any} */ (await server.upload(given, undefined, "sound"));
      file = given;
      showBlob(/** @type {any} */ (before), given);
      result.hidden = true;
      after.removeAttribute("src");
      save.removeAttribute("href");
      stage.classList.add("filled");
      sayWith(status, () => (seconds ? word("sound_opened", { name, seconds, channels }) : `**${name}**`));
    } catch (error) {
      showError(error);
    }
    showButtons();
  }

  function restyle() {
    if (!file) return;
    if (style.empty) return complain("sound_no_style");
    /** @type {[File, import("../server.js").Wanted][]} */
    const given = [[file, "sound"], ...style.files.map((one) => /** @type {[File, "sound_style"]} */ ([one, "sound_style"]))];
    work.run("sound_listening", async (options) => {
      const done = await server.withUploads(given, options.signal, ([content, ...sent]) => {
        const asked = { file: content.id, styles: style.asked(sent), method: method.value, strength: strength.value, rhythm: rhythm.value };
        return server.run("sound", asked, {
          ...options,
          update: ({ share }) => { bar.value = share; say(status, "sound_working", { percent: Math.round(100 * share) }); },
        });
      });
      if (!done) return;
      sayWith(status, () => withNotes(word("sound_finished", { name: done.file.name, seconds: done.seconds, took: done.took }), done.notes));
      after.src = save.href = done.file.url;
      save.download = done.file.name;
      result.hidden = false;
    });
  }

  // One is heard at a time.
  before.addEventListener("play", () => after.pause());
  after.addEventListener("play", () => before.pause());
  start.addEventListener("click", restyle);
  showButtons();
}

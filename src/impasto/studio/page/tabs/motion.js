// The Motion tab: a movement takes the style of another one; stick figures show both.

import { icon, isAbort, make } from "../dom.js";
import { drop } from "../drop.js";
import { button, fold, slider } from "../fields.js";
import { figures, shownSeconds } from "../figure.js";
import { label, say, sayWith, withNotes, word } from "../texts.js";
import { complain, showError } from "../toasts.js";

/** Figures in the order in which they are shown, and the text under each. @type {[string, string][]} */
const ORDER = [["content", "motion_content"], ["style", "motion_style_shown"], ["result", "motion_result"]];

/**
 * @param {HTMLElement} panel
 * @param {import("../app.js").App} app
 */
export function build(panel, app) {
  const server = /** @type {import("../server.js").Server} */ (app.engine.server);
  const view = figures();
  const upload = drop("motion-content", "motion_drop", { accept: ".bvh", drawing: "figure" }, (given) => take(given[0]));
  const other = make("label", { class: "button tool", for: "motion-content-input" }, icon("plus"), say(make("span"), "motion_other"));
  const play = button("motion-play", "video_play", "tool", icon("play"));
  const moment = make("input", { type: "range", class: "moment", id: "motion-time", min: 0, max: 1, step: 0.01, value: 0 });
  label(moment, { "aria-label": "motion_time" });
  const status = say(make("p", { class: "status", id: "motion-status", role: "status" }), "motion_welcome");
  const start = button("motion-start", "motion_start", "primary", icon("figure")), cancel = button("motion-cancel", "stop", "stop");
  const save = make("a", { class: "button primary", id: "motion-download" }, icon("download"), say(make("span"), "download"));
  const player = make("div", { class: "actions", hidden: true }, play, moment, other);
  const stage = make("div", { class: "stage" },
    make("div", { class: "canvas" }, make("div", { class: "emptiness" }, upload.element), view.element), player,
    make("div", { class: "actions" }, status, cancel, start, save));

  const style = drop("motion-style", "motion_style", { accept: ".bvh", list: true, drawing: "figure" }, () => {});
  const neutral = drop("motion-neutral", "motion_neutral", { accept: ".bvh", list: true, drawing: "figure" }, () => {});
  const strength = slider("motion-strength", "strength", { low: 0, high: 2, step: 0.05, value: 1, info: "motion_strength" });
  panel.append(stage, make("div", { class: "tools" }, style.element, make("div", { class: "group" }, strength.element),
    fold("motion-more", "more", neutral.element, say(make("p", { class: "hint" }), "motion_neutral_hint"))));

  /** @type {File|null} */
  let file = null;
  /** @type {AbortController|null} */
  let work = null;
  let playing = false, begun = 0, lasts = 1;

  function showButtons() {
    start.hidden = !file || Boolean(work);
    cancel.hidden = !work;
    save.hidden = !save.href || Boolean(work);
  }

  /** @param {number} seconds */
  function seek(seconds) {
    moment.value = String(seconds);
    moment.style.setProperty("--share", String(seconds / lasts));
    view.at(seconds);
  }

  /** @param {boolean} wanted */
  function setPlaying(wanted) {
    if (wanted && !playing) requestAnimationFrame(step);
    playing = wanted;
    begun = performance.now() - 1000 * Number(moment.value);
    play.classList.toggle("playing", playing);
    say(/** @type {HTMLElement} */ (play.querySelector("span")), playing ? "video_pause" : "video_play");
  }

  function step() {
    if (!playing) return;
    if (stage.offsetParent) seek(((performance.now() - begun) / 1000) % lasts); // somebody looks
    requestAnimationFrame(step);
  }

  /** @param {Record<string, import("../figure.js").Figure>} found */
  function show(found) {
    view.show(ORDER.filter(([name]) => found[name]).map(([name, text]) => [text, found[name]]));
    lasts = shownSeconds(found.content);
    moment.max = String(lasts);
    stage.classList.add("filled");
    player.hidden = false;
    setPlaying(false);
    seek(0);
    setPlaying(!matchMedia("(prefers-reduced-motion: reduce)").matches);
  }

  /** @param {import("../figure.js").Figure} content */
  const partShown = (content) => (content.seconds > lasts + 1 ? word("motion_part_shown", { seconds: lasts }) : "");

  /** @param {File} given */
  async function take(given) {
    try {
      const sent = await server.upload(given, undefined, "motion");
      const done = await server.run("motion", { file: sent.id });
      if (!done) return;
      file = given;
      save.removeAttribute("href");
      show(done.figures);
      const { content } = done.figures;
      sayWith(status, () => [word("motion_opened", { name: sent.name, seconds: content.seconds }), partShown(content)].filter(Boolean).join("\n\n"));
    } catch (error) {
      showError(error);
    }
    showButtons();
  }

  async function restyle() {
    if (!file) return;
    if (!style.files.length) return complain("motion_no_style");
    const controller = (work = new AbortController());
    showButtons();
    say(status, "motion_working");
    try {
      const given = [file, style.files[0], ...neutral.files.slice(0, 1)];
      const [content, wanted, plain] = await Promise.all(given.map((one) => server.upload(one, controller.signal, "motion")));
      const asked = { file: content.id, style: wanted.id, neutral: plain?.id ?? null, strength: strength.value };
      const done = await server.run("motion", asked, {
        signal: controller.signal,
        waiting: (before) => { say(status, "waiting", { before }); },
      });
      if (!done) return;
      show(done.figures);
      sayWith(status, () => withNotes(`**${done.file.name}**`, done.notes, partShown(done.figures.content)));
      save.href = done.file.url;
      save.download = done.file.name;
    } catch (error) {
      showError(error);
      say(status, isAbort(error) ? "video_cancelled" : "");
    } finally {
      if (work === controller) work = null;
      showButtons();
    }
  }

  play.addEventListener("click", () => setPlaying(!playing));
  moment.addEventListener("input", () => { setPlaying(false); seek(Number(moment.value)); });
  start.addEventListener("click", restyle);
  cancel.addEventListener("click", () => work?.abort());
  showButtons();
}

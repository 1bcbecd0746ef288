// Many photographs in one look: each is painted in turn, and all results come as one zip.

import { download, icon, isAbort, make } from "./dom.js";
import { button } from "./fields.js";
import { say, sayWith, withNotes, word } from "./texts.js";
import { errorText } from "./toasts.js";
import { zip } from "./zip.js";

/** @typedef {{file: File, crop: import("./engine.js").Crop|null, name: string}} Wanted */

/**
 * @param {import("./engine.js").Engine} engine
 * @param {() => {styles: {name: string, weight: number}[], options: Record<string, number|string>, metadata: boolean}} look
 */
export function batch(engine, look) {
  const start = button("picture-all", "paint_all", "", icon("stack")), stop = button("picture-all-stop", "stop");
  const status = make("p", { class: "status", role: "status" }), bar = make("progress", { max: 1, hidden: true });
  const everything = button("picture-zip", "download_zip", "primary", icon("download"));
  const list = make("ul", { class: "files" });
  const results = make("div", { class: "batch-results", id: "picture-results", hidden: true }, list);
  const element = make("div", { class: "batch", hidden: true }, make("div", { class: "actions" }, start, stop, status, everything), bar, results);
  /** @type {Wanted[]} */
  let photos = [];
  /** @type {AbortController|null} */
  let work = null;
  stop.hidden = everything.hidden = true;

  async function paintAll() {
    const { styles, options, metadata } = look(), wanted = photos;
    /** @type {{name: string, blob: Blob}[]} */
    const made = [];
    /** @type {(() => string)[]} */
    const failed = [];
    work = new AbortController();
    start.disabled = true;
    stop.hidden = bar.hidden = false;
    results.hidden = everything.hidden = true;
    list.replaceChildren();
    for (const [n, { file, crop, name }] of wanted.entries()) {
      say(status, "painting_all", { n: n + 1, count: wanted.length, name });
      bar.value = n / wanted.length;
      try {
        const painting = await engine.paint({ file, crop, styles, options, metadata, signal: work.signal });
        made.push(painting);
        const link = make("button", { type: "button", class: "link" }, painting.name);
        link.addEventListener("click", () => download(painting.blob, painting.name));
        const noted = painting.notes.length ? sayWith(make("p", { class: "hint" }), () => withNotes("", painting.notes)) : null;
        list.append(make("li", {}, link, noted));
        results.hidden = false;
      } catch (error) {
        if (isAbort(error)) break;
        failed.push(() => `${name} (${errorText(error)})`);
      }
    }
    start.disabled = false;
    stop.hidden = bar.hidden = true;
    if (failed.length) sayWith(status, () => word("some_failed", { count: made.length, names: failed.map((text) => text()).join(", ") }));
    else say(status, "painted_all", { count: made.length });
    everything.hidden = made.length < 2;
    everything.onclick = async () => download(await zip(made), "impasto.zip");
  }

  start.addEventListener("click", paintAll);
  stop.addEventListener("click", () => work?.abort());
  return {
    element,
    /** @param {Wanted[]} given */
    setPhotos(given) {
      photos = given;
      element.hidden = given.length < 2;
    },
  };
}

// Up to four styles at full size, side by side; a click or the arrow keys show them all at the same place, close up.

import { icon, isAbort, make, showBlob } from "./dom.js";
import { dialog } from "./dialog.js";
import { button } from "./fields.js";
import { label, say, sayWith } from "./texts.js";
import { errorText } from "./toasts.js";

/** @typedef {import("./engine.js").Painting} Painting */
/** @typedef {import("./look.js").Look} Look */

const MOST = 4;
const SHOWABLE = ["image/jpeg", "image/png", "image/webp", "image/avif"]; // what browsers show at full size

/**
 * @param {import("./engine.js").Engine} engine
 * @param {() => import("./engine.js").Style[]} styles
 * @param {() => Omit<import("./engine.js").PaintRequest, "styles">} request
 * @param {(styles: {name: string, weight: number}[], painting: Painting) => void} take  Gets the one that is chosen.
 */
export function sideBySide(engine, styles, request, take) {
  const panes = make("div", { class: "panes" }), add = button("side-add", "side_add", "", icon("plus"));
  const hint = say(make("p", { class: "hint" }), "side_hint");
  const element = dialog("side", "side_title", panes, make("div", { class: "actions" }, add, hint));
  const work = { controller: new AbortController() };
  let close = false, at = { x: 0.5, y: 0.5 };
  let queue = Promise.resolve();

  const place = () => {
    panes.classList.toggle("close", close);
    panes.style.setProperty("--x", `${100 * at.x}%`);
    panes.style.setProperty("--y", `${100 * at.y}%`);
  };

  /** @param {{name: string, weight: number}[]} first */
  function pane(first) {
    let chosen = first;
    /** @type {Painting|null} */
    let painting = null;
    const select = make("select"), image = make("img", { alt: "" }), status = make("p", { class: "status", role: "status" });
    const use = button("", "side_take", "primary"), out = make("button", { type: "button", class: "out" }, icon("close"));
    label(select, { "aria-label": "styles" });
    label(out, { "aria-label": "take_file_out", title: "take_file_out" });
    const view = make("button", { type: "button", class: "view" }, image, status);
    label(view, { "aria-label": "side_zoom" });
    const made = make("figure", { class: "pane" }, make("div", { class: "pane-head" }, select, use, out), view);
    if (first.length > 1) select.append(make("option", { value: "" }, first.map(({ name }) => name.replace(/[-_]+/g, " ")).join(" + ")));
    for (const style of styles()) select.append(make("option", { value: style.name, selected: first.length === 1 && style.name === first[0].name }, style.title));
    use.disabled = true;

    const paint = () => {
      const mine = chosen;
      use.disabled = true;
      say(status, "side_painting");
      made.classList.add("busy");
      queue = queue.then(async () => {
        if (mine !== chosen || !made.isConnected) return;
        try {
          const done = await engine.paint({ ...request(), styles: mine, signal: work.controller.signal });
          if (mine !== chosen) return;
          painting = done;
          showBlob(image, SHOWABLE.includes(done.blob.type) ? done.blob : done.after);
          image.alt = done.name;
          panes.style.setProperty("--ratio", `${done.width} / ${done.height}`);
          say(status, "");
          use.disabled = false;
        } catch (error) {
          if (isAbort(error)) return;
          sayWith(status, () => errorText(error));
        } finally {
          if (mine === chosen) made.classList.remove("busy");
        }
      });
    };
    select.addEventListener("change", () => {
      chosen = select.value ? [{ name: select.value, weight: 1 }] : first;
      paint();
    });
    use.addEventListener("click", () => { if (painting) { take(chosen, painting); element.close(); } });
    out.addEventListener("click", () => { made.remove(); count(); });
    view.addEventListener("click", (event) => {
      const shown = view.getBoundingClientRect();
      if (event.detail) at = { x: (event.clientX - shown.left) / shown.width, y: (event.clientY - shown.top) / shown.height };
      close = !close;
      place();
    });
    view.addEventListener("pointermove", (event) => {
      if (!close) return;
      const shown = view.getBoundingClientRect();
      at = { x: (event.clientX - shown.left) / shown.width, y: (event.clientY - shown.top) / shown.height };
      place();
    });
    view.addEventListener("keydown", (event) => {
      /** @type {Record<string, number[]>} */
      const moves = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] };
      const by = moves[event.key];
      if (!by) return;
      event.preventDefault();
      at = { x: Math.min(1, Math.max(0, at.x + by[0])), y: Math.min(1, Math.max(0, at.y + by[1])) };
      place();
    });
    panes.append(made);
    count();
    paint();
  }

  function count() {
    panes.dataset.count = String(panes.children.length);
    add.disabled = panes.children.length >= MOST;
    for (const out of panes.querySelectorAll(".out")) /** @type {HTMLButtonElement} */ (out).disabled = panes.children.length < 2;
  }

  add.addEventListener("click", () => {
    const taken = new Set([...panes.querySelectorAll("select")].map((select) => select.value));
    const next = styles().find((style) => !taken.has(style.name));
    if (next) pane([{ name: next.name, weight: 1 }]);
  });
  element.addEventListener("close", () => { work.controller.abort(); panes.replaceChildren(); });
  return {
    /** Open the window. @param {{name: string, weight: number}[][]} looks  Blends to begin with, at most four. */
    open(looks) {
      work.controller = new AbortController();
      queue = Promise.resolve();
      close = false;
      place();
      element.showModal();
      for (const look of looks.slice(0, MOST)) pane(look);
    },
  };
}

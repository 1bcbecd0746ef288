// The page: its languages and its tabs.

import { make } from "./dom.js";
import { openEngine } from "./engine.js";
import { missing } from "./fields.js";
import { code, label, languages, loadTexts, say, setLanguage } from "./texts.js";

/**
 * @typedef {object} App  What the tabs share.
 * @property {import("./engine.js").Engine} engine
 * @property {import("./engine.js").Style[]} styles  All styles that there are now.
 * @property {(listener: () => void) => void} onStyles  Calls a function whenever there are other styles.
 * @property {() => Promise<void>} reloadStyles
 * @property {(tab: string, given?: any) => Promise<void>} open  Opens a tab, with something to work on.
 */

const TABS = ["picture", "paint", "video", "live", "learn", "sound", "motion"];
const EXTRA_OF_TAB = { paint: "needs_train", learn: "needs_train", video: "needs_video", live: "needs_video", sound: "needs_sound", picture: "", motion: "" };

/** @param {string} id @returns {HTMLElement} */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {App} app */
function buildTabs(app) {
  const list = byId("tabs"), main = byId("main"), built = new Set();
  const there = TABS.filter((name) => app.engine.capabilities.tabs.includes(name) || name in app.engine.capabilities.missing);

  /** What tabs do with what they are given. @type {Map<string, (given: any) => void>} */
  const takers = new Map();

  /** @param {string} name @param {boolean} [focus] */
  async function open(name, focus = false) {
    for (const other of there) {
      const tab = byId(`tab-${other}`), on = other === name;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
      byId(`panel-${other}`).hidden = !on;
      if (on && focus) tab.focus();
    }
    document.body.dataset.tab = name;
    if (built.has(name)) return;
    built.add(name);
    const panel = byId(`panel-${name}`);
    if (app.engine.capabilities.tabs.includes(name)) {
      const take = (await import(`./tabs/${name}.js`)).build(panel, app);
      if (take) takers.set(name, take);
    }
    else panel.append(missing(/** @type {any} */ (EXTRA_OF_TAB)[name], app.engine.capabilities.missing[name]));
  }

  app.open = async (name, given) => {
    await open(name, true);
    if (given) takers.get(name)?.(given);
  };

  for (const name of there) {
    const tab = make("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}` });
    list.append(say(tab, `tab_${name}`));
    tab.addEventListener("click", () => open(name));
    main.append(make("section", { class: "bench", role: "tabpanel", id: `panel-${name}`, "aria-labelledby": `tab-${name}`, hidden: true }));
  }
  list.addEventListener("keydown", (event) => {
    const at = there.findIndex((name) => byId(`tab-${name}`) === document.activeElement);
    /** @type {Record<string, number>} */
    const steps = { ArrowRight: 1, ArrowLeft: -1, Home: -at, End: there.length - 1 - at };
    if (!(event.key in steps) || at < 0) return;
    event.preventDefault();
    open(there[(at + steps[event.key] + there.length) % there.length], true);
  });
  return open(there.find((name) => app.engine.capabilities.tabs.includes(name)) || there[0]);
}

function buildLanguages() {
  const group = byId("languages");
  label(group, { "aria-label": "language" });
  for (const [which, name] of Object.entries(languages)) {
    const button = make("button", { type: "button", title: name, lang: which, "aria-label": name, "aria-pressed": String(which === code) }, which.toUpperCase());
    button.addEventListener("click", async () => {
      await setLanguage(which);
      for (const other of group.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other.lang === code));
    });
    group.append(button);
  }
}

async function start() {
  const [engine] = await Promise.all([openEngine(), loadTexts()]);
  /** @type {Set<() => void>} */
  const listeners = new Set();
  /** @type {App} */
  const app = {
    engine,
    styles: await engine.styles(),
    onStyles: (listener) => void listeners.add(listener),
    async reloadStyles() {
      app.styles = await engine.styles();
      for (const listener of listeners) listener();
    },
    open: async () => {},
  };
  say(byId("tagline"), engine.kind === "server" ? "tagline" : "tagline_local");
  if (engine.kind === "local") document.head.append(make("link", { rel: "manifest", href: "manifest.webmanifest" }));
  const api = /** @type {HTMLAnchorElement} */ (byId("api"));
  api.hidden = engine.kind !== "server";
  say(api, "for_programs");
  buildLanguages();
  await buildTabs(app);
  document.body.classList.add("ready");
}

start().catch((error) => {
  console.error(error);
  byId("main").replaceChildren(make("p", { class: "broken", role: "alert" }, `The page cannot start: ${error.message}`));
});

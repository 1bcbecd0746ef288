// Thumbnails to choose styles from. The value is ["NAME:WEIGHT", ...].
// Click or Enter: this style alone. The plus button, or the + key: add it to the blend, or take it out.
const root = element.querySelector(".chooser");
const title = (name) => name.replace(/[-_]+/g, " ");
let chosen = new Map(); // name -> weight

function take(value) {
  chosen = new Map((Array.isArray(value) ? value : []).map((item) => {
    const at = item.lastIndexOf(":");
    return [item.slice(0, at), Number(item.slice(at + 1)) || 0];
  }));
}

function give() {
  props.value = [...chosen].map(([name, weight]) => `${name}:${weight}`);
  trigger("input");
}

function make(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function draw() {
  const active = document.activeElement, had = root.contains(active) && active.dataset.key;
  const top = root.querySelector(".thumbs")?.scrollTop || 0, left = root.querySelector(".thumbs")?.scrollLeft || 0;
  const thumbs = make("div", { class: "thumbs", role: "group", "aria-label": word("styles") });
  const items = props.items || [];
  const entry = items.find((item) => chosen.has(item.name)) || items[0];
  for (const item of items) {
    const on = chosen.has(item.name), tab = item === entry ? "0" : "-1";
    const image = make("img", { src: item.picture || (window.impastoThumbnails || {})[item.name] || "", alt: "", draggable: "false" });
    const button = make("button", { type: "button", class: "thumb", "aria-pressed": String(on), "data-name": item.name, "data-key": `thumb ${item.name}`, tabindex: tab, title: title(item.name) }, image, make("span", {}, title(item.name)));
    const cell = make("div", { class: on ? "cell on" : "cell" }, button);
    if (props.blend) {
      const what = `${word(on ? "take_out" : "add_to_blend")}: ${title(item.name)}`;
      const plus = make("button", { type: "button", class: "plus", "data-name": item.name, "data-key": `plus ${item.name}`, "aria-label": what, title: what, tabindex: tab });
      plus.textContent = on ? "–" : "+";
      if (!(on && chosen.size === 1)) cell.append(plus);
    }
    thumbs.append(cell);
  }
  const mix = make("div", { class: "mix" });
  if (props.blend && chosen.size > 1) {
    const sum = [...chosen.values()].reduce((a, b) => a + b, 0) || 1;
    for (const [name, weight] of chosen) {
      const range = make("input", { type: "range", min: "0", max: "1", step: "0.05", value: String(weight), "data-name": name, "data-key": `range ${name}`, "aria-label": `${word("share_of")}: ${title(name)}` });
      mix.append(make("label", {}, make("span", { class: "name" }, title(name)), range, make("output", { "data-name": name }, `${Math.round((100 * weight) / sum)} %`)));
    }
  } else if (props.blend) {
    mix.append(make("p", { class: "hint" }, word("blend_hint")));
  }
  root.replaceChildren(thumbs, mix);
  thumbs.scrollTop = top; thumbs.scrollLeft = left;
  if (had) [...root.querySelectorAll("[data-key]")].find((item) => item.dataset.key === had)?.focus({ preventScroll: true });
}

function toggle(name) {
  if (chosen.has(name)) { if (chosen.size > 1) chosen.delete(name); } else chosen.set(name, 1);
  draw(); give();
}

root.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.className === "plus" || (props.blend && (event.ctrlKey || event.metaKey || event.shiftKey))) return toggle(button.dataset.name);
  chosen = new Map([[button.dataset.name, 1]]);
  draw(); give();
});

root.addEventListener("input", (event) => {
  const range = event.target;
  if (range.type !== "range") return;
  event.stopPropagation();
  chosen.set(range.dataset.name, Number(range.value));
  const sum = [...chosen.values()].reduce((a, b) => a + b, 0) || 1;
  for (const output of root.querySelectorAll("output")) output.textContent = `${Math.round((100 * chosen.get(output.dataset.name)) / sum)} %`;
  give();
});

root.addEventListener("keydown", (event) => {
  const here = event.target.closest(".thumb, .plus");
  if (!here) return;
  if (event.key === "+" && props.blend) { event.preventDefault(); return toggle(here.dataset.name); }
  const all = [...root.querySelectorAll(".thumb")];
  const at = all.findIndex((item) => item.dataset.name === here.dataset.name);
  const columns = Math.max(1, all.filter((item) => item.getBoundingClientRect().top === all[0].getBoundingClientRect().top).length);
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, Home: -at, End: all.length - 1 - at }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const next = all[Math.min(all.length - 1, Math.max(0, at + step))];
  for (const item of root.querySelectorAll(".thumb, .plus")) item.tabIndex = item.dataset.name === next.dataset.name ? 0 : -1;
  next.focus();
});

take(props.value); draw();
const first = root.querySelector(".on"), list = root.querySelector(".thumbs");
if (first) list.scrollTo({ top: first.offsetTop - 40, left: first.offsetLeft - 60 });
watch("value", () => { take(props.value); draw(); });
watch("items", draw);
window.addEventListener("impasto-thumbnails", draw);

// A mask, brushed over a picture. The value is the mask's PNG as an address, white where it was brushed; "" is none.
// Pointer: draws. Keyboard: the arrow keys move the brush, the space bar draws, Backspace erases.
const root = element.querySelector(".brush");
const image = root.querySelector("img"), canvas = root.querySelector("canvas"), cursor = root.querySelector(".cursor");
const size = root.querySelector("input"), [draws, erases, clears] = root.querySelectorAll("button");
const pen = canvas.getContext("2d", { willReadFrequently: true });
let erasing = false, last = null, at = { x: 0.5, y: 0.5 };

root.querySelector("label span").textContent = word("brush_size");
draws.textContent = word("brush"); erases.textContent = word("eraser"); clears.textContent = word("mask_clear");
canvas.setAttribute("aria-label", word("mask_canvas"));

const radius = () => (Number(size.value) / 200) * Math.max(canvas.width, canvas.height);

function pick(wanted) {
  erasing = wanted;
  draws.setAttribute("aria-pressed", String(!erasing));
  erases.setAttribute("aria-pressed", String(erasing));
}

function place() {
  const shown = canvas.getBoundingClientRect(), wide = (2 * radius() * shown.width) / (canvas.width || 1);
  cursor.style.cssText = `left:${100 * at.x}%;top:${100 * at.y}%;width:${wide}px;height:${wide}px`;
}

function dab(to, erase = erasing) {
  pen.globalCompositeOperation = erase ? "destination-out" : "source-over";
  pen.strokeStyle = "#e2582f"; pen.lineCap = pen.lineJoin = "round"; pen.lineWidth = 2 * radius();
  pen.beginPath();
  pen.moveTo((last || to).x * canvas.width, (last || to).y * canvas.height);
  pen.lineTo(to.x * canvas.width + 0.01, to.y * canvas.height);
  pen.stroke();
  last = to;
}

function give() {
  last = null;
  const data = pen.getImageData(0, 0, canvas.width, canvas.height), values = data.data;
  let any = false;
  for (let i = 0; i < values.length; i += 4) {
    const v = values[i + 3];
    if (v > 0) any = true;
    values[i] = values[i + 1] = values[i + 2] = v; values[i + 3] = 255;
  }
  const mask = document.createElement("canvas");
  mask.width = canvas.width; mask.height = canvas.height;
  mask.getContext("2d").putImageData(data, 0, 0);
  props.value = any ? mask.toDataURL("image/png") : "";
  trigger("input");
}

function clear(tell) {
  pen.clearRect(0, 0, canvas.width, canvas.height);
  if (tell) give();
}

async function show() {
  root.classList.toggle("empty", !props.picture);
  if (!props.picture) return;
  image.src = props.picture;
  await image.decode().catch(() => {});
  canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;
  canvas.parentElement.style.aspectRatio = `${image.naturalWidth} / ${image.naturalHeight}`;
  clear(false); place();
}

const where = (event) => {
  const shown = canvas.getBoundingClientRect();
  return { x: (event.clientX - shown.left) / shown.width, y: (event.clientY - shown.top) / shown.height };
};
canvas.addEventListener("pointerdown", (event) => {
  if (event.button) return;
  event.preventDefault(); canvas.focus({ preventScroll: true }); canvas.setPointerCapture(event.pointerId);
  at = where(event); place(); dab(at);
});
canvas.addEventListener("pointermove", (event) => {
  at = where(event); place();
  if (last) for (const step of event.getCoalescedEvents?.().length ? event.getCoalescedEvents() : [event]) dab(where(step));
});
for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { if (last) give(); });
canvas.addEventListener("keydown", (event) => {
  const step = event.shiftKey ? 0.1 : 0.02;
  const move = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
  if (move) at = { x: Math.min(1, Math.max(0, at.x + move[0])), y: Math.min(1, Math.max(0, at.y + move[1])) };
  else if (event.key === " " || event.key === "Backspace") { dab(at, event.key === "Backspace" || erasing); give(); }
  else return;
  event.preventDefault(); place();
});
size.addEventListener("input", (event) => { event.stopPropagation(); place(); });
draws.addEventListener("click", () => pick(false));
erases.addEventListener("click", () => pick(true));
clears.addEventListener("click", () => clear(true));
pick(false); show();
watch("picture", show);

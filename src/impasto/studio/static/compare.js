// Before and after, with a divider that the pointer and the arrow keys move.
// The value is {before, after, text} with addresses of pictures, or null.
const stage = element.querySelector(".compare");
const [before, after] = stage.querySelectorAll("img");
const range = stage.querySelector("input");
range.setAttribute("aria-label", word("divider"));
stage.querySelector(".left").textContent = word("before");
stage.querySelector(".right").textContent = word("after");

function place() {
  stage.style.setProperty("--at", `${range.value}%`);
  stage.classList.toggle("far-left", Number(range.value) < 12);
  stage.classList.toggle("far-right", Number(range.value) > 88);
}

// Pictures are swapped only once they are decoded, so that nothing flickers while a slider moves.
let turn = 0;
async function show() {
  const value = props.value, mine = ++turn;
  if (!value || !value.before) { stage.classList.add("empty"); return; }
  const load = async (address) => { const image = new Image(); image.src = address; await image.decode(); return address; };
  try {
    const [one, two] = await Promise.all([load(value.before), load(value.after || value.before)]);
    if (mine !== turn) return;
    const image = new Image(); image.src = one; await image.decode();
    stage.style.setProperty("--ratio", `${image.naturalWidth} / ${image.naturalHeight}`);
    stage.style.setProperty("--wide", image.naturalWidth / image.naturalHeight);
    before.src = one; after.src = two;
    before.alt = word("before"); after.alt = word("after");
    stage.classList.remove("empty");
    stage.classList.toggle("single", !value.after);
    stage.dataset.text = value.text || "";
  } catch (error) { console.error(error); }
}

range.addEventListener("input", (event) => { event.stopPropagation(); place(); });
place(); show();
watch("value", show);

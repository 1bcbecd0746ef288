// The switch of languages: leaves a cookie and loads the page anew.
const root = element.querySelector(".languages");
const preferred = (navigator.language || "en").slice(0, 2);
const now = preferred in WORDS.name ? preferred : "en";
root.setAttribute("aria-label", word("language"));
for (const [code, name] of Object.entries(WORDS.name)) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = code.toUpperCase();
  button.title = name;
  button.lang = code;
  button.setAttribute("aria-label", name);
  button.setAttribute("aria-pressed", String(code === now));
  button.addEventListener("click", () => {
    if (code === now) return;
    document.cookie = `impasto_language=${code}; path=/; max-age=31536000; SameSite=Lax`;
    location.reload();
  });
  root.append(button);
}

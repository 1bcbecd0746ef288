// What the browser remembers from one visit to the next: favourite and recent styles.

const MOST_RECENT = 8;

/** @param {string} key @returns {string[]} */
function read(key) {
  try {
    const names = JSON.parse(localStorage.getItem(`impasto.${key}`) || "[]");
    return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
  } catch {
    return [];
  }
}

/** @param {string} key @param {string[]} names */
function write(key, names) {
  try {
    localStorage.setItem(`impasto.${key}`, JSON.stringify(names));
  } catch { /* a browser that remembers nothing */ }
}

export const favourites = () => read("favourites");
export const recent = () => read("recent");

/** @param {string} name */
export function toggleFavourite(name) {
  const names = favourites();
  write("favourites", names.includes(name) ? names.filter((other) => other !== name) : [...names, name]);
}

/** @param {string} name */
export function useStyle(name) {
  write("recent", [name, ...recent().filter((other) => other !== name)].slice(0, MOST_RECENT));
}

// What the browser keeps for a person: the language for good, the token as long as the tab is open.
//
// Flows in and out: short strings by name. A browser may forbid its stores, and reading them then throws; the page
// works without, it only asks again.

export function kept(name, store = "localStorage") {
  try {
    return window[store].getItem(`tsifra.${name}`);
  } catch {
    return null;
  }
}

export function keep(name, value, store = "localStorage") {
  try {
    window[store].setItem(`tsifra.${name}`, value);
  } catch {
    // Forbidden or full.
  }
}

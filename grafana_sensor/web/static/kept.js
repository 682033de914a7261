// What the browser keeps for the page from one visit to the next, where it keeps anything.

export function recall(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

export function keep(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // then it holds until the page goes
  }
}

// Completion of the query text: what may follow at the caret, offered in a list that the keys walk through.

import { constants, element, symbol, writtenName } from "./names.js";

const MOST = 12;
const AFTER = {
  "": ["SELECT"],
  SELECT: ["FROM", "WHERE", "BY sensor", "EVERY", "AS"],
  FROM: ["WHERE", "EVERY", "BY sensor"],
  WHERE: ["AND", "IN", "EXISTS", "EVERY", "BY sensor"],
  BY: ["EVERY"],
};

/** The part of the query that the caret stands in: the last keyword before it that opens one. */
function clause(before) {
  const bare = before.replace(/"(\\.|[^"\\])*"|'(\\.|[^'\\])*'/g, "x");
  const found = [...bare.matchAll(/\b(SELECT|FROM|WHERE|AND|BY|EVERY)\b/gi)].at(-1)?.[1].toUpperCase() ?? "";
  return found === "AND" ? "WHERE" : found;
}

/** What may stand at the caret: `{text, note, caret}`, the best first; `caret` counts back from the end. */
export function options(before, catalog) {
  const word = /("(?:\\.|[^"\\])*|[A-Za-z0-9_.:/-]*)$/.exec(before)[0];
  const typed = word.replace(/^"/, "").toLowerCase();
  const head = before.slice(0, before.length - word.length);
  const part = clause(head);
  const names = (list) => list.map(({ name, note }) => ({ text: writtenName(name), name, note, kind: 1 }));
  const words = (list, note) => list.map((text) => ({ text, name: text, note, kind: 2 }));
  let found = [];
  if (part === "EVERY") found = words(constants.steps, "bucket");
  else if (part === "BY") found = [...words(["sensor"], ""), ...words(AFTER.BY, "keyword")];
  else if (part === "FROM") found = [...names(catalog.sensors), ...words(AFTER.FROM, "keyword")];
  else if (part === "WHERE") found = [...names(catalog.attributes), ...words(["sensor", "time"], ""), ...words(AFTER.WHERE, "keyword")];
  else {
    const inside = /[A-Za-z0-9.]+\s*\([^()]*$/.test(head);
    const calls = inside ? [] : constants.aggregates.map((name) => ({ text: `${name}()`, name, note: "aggregate", kind: 0, caret: 1 }));
    found = [...names(catalog.attributes), ...calls, ...(inside ? [] : words(AFTER.SELECT, "keyword"))];
  }
  if (word.startsWith('"')) found = found.filter(({ kind }) => kind === 1);
  const rank = ({ name }) => (name.toLowerCase().startsWith(typed) ? 0 : 1);
  return {
    word,
    list: found
      .filter(({ name, note }) => `${name} ${note}`.toLowerCase().includes(typed) && name.toLowerCase() !== typed)
      .sort((one, other) => rank(one) - rank(other))
      .slice(0, MOST)
      .map((each) => ({ ...each, caret: each.caret ?? 0 })),
  };
}

export class Completion {
  #list = [];
  #word = "";
  #active = -1;

  constructor(field, place, catalog) {
    this.field = field;
    this.place = place;
    this.catalog = catalog;
    for (const [name, value] of Object.entries({ "aria-autocomplete": "list", "aria-haspopup": "listbox", "aria-controls": place.id })) {
      field.setAttribute(name, value);
    }
    field.addEventListener("input", () => this.#open(false));
    field.addEventListener("blur", () => this.close());
    field.addEventListener("keydown", (event) => this.#key(event));
    place.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // the field keeps the focus
      const chosen = event.target.closest("li");
      if (chosen) this.#take(Number(chosen.dataset.place));
    });
  }

  get isOpen() {
    return !this.place.hidden;
  }

  close() {
    this.place.hidden = true;
    this.#active = -1;
    this.field.removeAttribute("aria-activedescendant");
  }

  #open(asked) {
    const { word, list } = options(this.field.value.slice(0, this.field.selectionStart), this.catalog);
    this.#word = word;
    this.#list = word || asked ? list : [];
    if (!this.#list.length) return this.close();
    this.#active = -1;
    this.place.replaceChildren(
      ...this.#list.map(({ text, note }, place) => {
        const item = element("li", { id: `${this.place.id}-${place}` }, element("span", { textContent: text }), element("span", { textContent: note }));
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", "false");
        item.dataset.place = place;
        return item;
      }),
    );
    this.place.hidden = false;
  }

  #key(event) {
    if (event.key === " " && event.ctrlKey) {
      event.preventDefault();
      return this.#open(true);
    }
    if (!this.isOpen) {
      if (event.key === "ArrowDown" && event.altKey) this.#open(true);
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      this.#mark((this.#active + step + this.#list.length + (this.#active < 0 && step < 0 ? 1 : 0)) % this.#list.length);
    } else if (event.key === "Escape") {
      event.preventDefault();
      this.close();
    } else if ((event.key === "Enter" || event.key === "Tab") && this.#active >= 0) {
      event.preventDefault();
      event.stopImmediatePropagation();
      this.#take(this.#active);
    }
  }

  #mark(place) {
    this.#active = place;
    [...this.place.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === place)));
    this.place.children[place].scrollIntoView({ block: "nearest" });
    this.field.setAttribute("aria-activedescendant", this.place.children[place].id);
  }

  #take(place) {
    const { text, caret } = this.#list[place];
    const end = this.field.selectionStart;
    this.field.setRangeText(text, end - this.#word.length, end, "end");
    const at = this.field.selectionStart - caret;
    this.field.setSelectionRange(at, at);
    this.close();
    this.field.dispatchEvent(new Event("written"));
  }
}

/** What a user has, as completion shows it. */
export const catalogOf = (sensors, attributes) => ({
  sensors: sensors.map(({ sensor }) => ({ name: sensor, note: "sensor" })),
  attributes: attributes.map(({ attribute, title, unit, kind }) => ({
    name: attribute,
    kind,
    unit: symbol(unit),
    note: [title, symbol(unit), kind === "number" ? "" : kind].filter(Boolean).join(", ") || "attribute",
  })),
});

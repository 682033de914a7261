// The table of an answer's rows, page by page, as REST gives them.

import { getJson } from "./api.js";
import { constants, element } from "./names.js";

const kindOf = (name, rows) => {
  if (name === "time") return "time";
  return rows.some((row) => typeof row[name] === "number") ? "number" : "text";
};
const cell = (value) => (value === null || value === undefined ? "" : String(value));

export class Rows {
  #question = null;
  #next = null;
  #names = [];
  #kinds = new Map();

  /** `unitOf` gives the unit of a column by its name, "" for none. */
  constructor(place, more, status, unitOf) {
    this.unitOf = unitOf;
    this.place = place;
    this.more = more;
    this.status = status;
    more.addEventListener("click", () => this.#follow());
  }

  /** Show the first rows of a page `{data, next}` that answers the question. */
  show(question, page) {
    this.#question = question;
    this.#names = Object.keys(page.data[0] ?? {});
    this.#kinds = new Map(this.#names.map((name) => [name, kindOf(name, page.data)]));
    const heads = this.#names.map((name) => {
      const unit = this.#kinds.get(name) === "number" ? this.unitOf(name) : "";
      const sign = unit ? [" ", element("span", { className: "unit", textContent: unit })] : [];
      return element("th", { scope: "col", className: this.#kinds.get(name) }, name, ...sign);
    });
    const table = element("table", {}, element("thead", {}, element("tr", {}, ...heads)), element("tbody"));
    this.place.replaceChildren(...(page.data.length ? [table] : []));
    this.#add(page);
  }

  clear() {
    this.place.replaceChildren();
    this.more.hidden = true;
  }

  #add(page) {
    const rows = page.data.map((row) =>
      element("tr", {}, ...this.#names.map((name) => element("td", { className: this.#kinds.get(name), textContent: cell(row[name]) }))),
    );
    this.place.querySelector("tbody")?.append(...rows);
    this.#next = page.next;
    this.more.hidden = this.#next === null;
    const count = this.place.querySelectorAll("tbody tr").length;
    const whole = this.#names.includes("time") ? "" : " over the whole range; EVERY auto gives one for each step";
    this.status.textContent = count ? `${count.toLocaleString("en")} row${count === 1 ? "" : "s"}${whole}${this.#next === null ? "" : ", and more"}` : "No rows in this range.";
  }

  async #follow() {
    this.more.disabled = true;
    const question = this.#question;
    try {
      const page = await getJson("/api/v1/query", { ...question, limit: constants.rows, cursor: this.#next });
      if (question === this.#question) this.#add(page);
    } catch (error) {
      this.status.textContent = error.message;
    } finally {
      this.more.disabled = false;
    }
  }
}

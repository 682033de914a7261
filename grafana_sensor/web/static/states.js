// Texts over time: for each series a band that says what held from when to when.

import { element } from "./names.js";
import { written } from "./ranges.js";

const COLOURS = 8;

/** What held in a row: `{value, from, to}` in epoch milliseconds; the last one ends with its last record. */
export function held(datapoints) {
  const found = [];
  for (const [value, at] of datapoints) {
    const last = found.at(-1);
    if (last) last.to = at;
    if (value !== null && last?.value !== value) found.push({ value, from: at, to: at });
  }
  return found;
}

export class States {
  #shown = "";

  constructor(place) {
    this.place = place;
  }

  /** Draw the series of texts of an answer over the range, two epochs in milliseconds, under a chart with these margins. */
  show(series, [from, to], [left, right] = [0, 0]) {
    this.place.style.paddingInline = `${left}px ${right}px`;
    const texts = series.filter(({ datapoints }) => datapoints.some(([value]) => typeof value === "string"));
    const shown = JSON.stringify([texts, from, to]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const colours = new Map();
    for (const value of texts.flatMap(({ datapoints }) => datapoints.map((point) => point[0]))) {
      if (value !== null && !colours.has(value)) colours.set(value, (colours.size % COLOURS) + 1);
    }
    this.place.replaceChildren(
      ...texts.map(({ title, target, datapoints }) => {
        const band = element("div", { className: "band" }, ...held(datapoints).map((each) => part(each, from, to, colours)));
        return element("div", { className: "state" }, element("span", { className: "what", textContent: title ?? target }), band);
      }),
    );
  }
}

function part({ value, from: began, to: ended }, from, to, colours) {
  const share = (at) => (100 * (Math.min(Math.max(at, from), to) - from)) / (to - from);
  const [left, right] = [share(began), share(ended)];
  const told = `${value}, ${written(began / 1000)} to ${written(ended / 1000)}`;
  const made = element("span", { className: "held", title: told, textContent: value });
  made.style.left = `${left}%`; // by CSSOM, which the policy allows
  made.style.width = `${right - left}%`;
  made.style.setProperty("--state", `var(--s${colours.get(value)})`);
  return made;
}

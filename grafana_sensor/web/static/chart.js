// The chart of an answer's series, by uPlot. Times are UTC.

import { symbol } from "./names.js";
import { written } from "./ranges.js";

const HEIGHT = 340;
const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3]];
const COLOURS = 8;

// From the coarsest step on: [step in s, label, what a new year, month or day, day, -, minute adds under it].
const DAY = "{YYYY}-{MM}-{DD}";
const TIMES = [
  [3600 * 24 * 365, "{YYYY}", null, null, null, null, null, null, 1],
  [3600 * 24 * 28, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [3600 * 24, "{D} {MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [60, "{HH}:{mm}", `\n${DAY}`, null, `\n${DAY}`, null, null, null, 1],
  [1, ":{ss}", `\n${DAY} {HH}:{mm}`, null, `\n${DAY} {HH}:{mm}`, null, "\n{HH}:{mm}", null, 1],
  [0.001, ":{ss}.{fff}", `\n${DAY} {HH}:{mm}`, null, `\n${DAY} {HH}:{mm}`, null, "\n{HH}:{mm}", null, 1],
];

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const number = new Intl.NumberFormat("en", { maximumSignificantDigits: 7 });
/** The series that hold numbers, as uPlot's columns: a gap is null, a time that is another series' alone undefined. */
export function columns(series) {
  const tables = series.map(({ datapoints }) => [
    datapoints.map(([, ms]) => ms / 1000),
    datapoints.map(([value]) => (typeof value === "number" ? value : null)),
  ]);
  return tables.length ? uPlot.join(tables.map(distinct), tables.map((table) => table.slice(1).map(() => 1))) : [[]];
}

/** Records of one time stay apart: each takes the next instant that a browser can tell. */
function distinct([times, values]) {
  const apart = [...times];
  for (let place = 1; place < apart.length; place += 1) {
    if (apart[place] <= apart[place - 1]) apart[place] = apart[place - 1] + 1e-6;
  }
  return [apart, values];
}

export class Chart {
  #plot = null;
  #series = [];
  #range = [0, 1];
  #shape = "";

  /** `zoomed` is told the range that was drawn up by dragging: two epochs in milliseconds. */
  constructor(place, zoomed) {
    this.place = place;
    this.zoomed = zoomed;
    new ResizeObserver(() => this.#resized()).observe(place);
    place.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target.tagName !== "TH") return;
      event.target.click(); // uPlot's legend knows the mouse alone
    });
    document.addEventListener("themechange", () => this.#recolour());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#recolour());
  }

  get width() {
    return Math.max(200, Math.floor(this.place.clientWidth));
  }

  /** How many points a picture of this width shows well. */
  get points() {
    return Math.ceil(this.width / 2);
  }

  /** What the axes take to the left and right of the lines, in pixels. */
  get margins() {
    const over = this.#plot?.over;
    return over ? [over.offsetLeft, this.width - over.offsetLeft - over.clientWidth] : [0, 0];
  }

  /** Draw the series of an answer over the range, two epochs in milliseconds. */
  show(series, range) {
    const numbers = series.filter(({ datapoints }) => datapoints.every(([value]) => typeof value !== "string"));
    const there = numbers.some(({ datapoints }) => datapoints.some(([value]) => value !== null));
    this.#series = there ? numbers : [];
    this.#range = range.map((ms) => ms / 1000);
    if (this.#plot && this.#series.length && this.#shape === this.#shapeOf()) {
      this.#plot.setData(columns(this.#series)); // the cursor stays where it is
      return;
    }
    this.#draw(numbers.length < series.length ? "" : "Nothing in this range. “All” goes to where the data is.");
  }

  /** Say a sentence where the chart would be. */
  say(text) {
    this.#series = [];
    this.#draw(text);
  }

  #draw(instead = "") {
    this.#plot?.destroy();
    this.#plot = this.place.plot = null;
    this.place.classList.toggle("empty", !this.#series.length);
    if (!this.#series.length) {
      this.place.textContent = instead;
      return;
    }
    this.place.textContent = "";
    this.#shape = this.#shapeOf();
    const data = columns(this.#series);
    this.#plot = new uPlot(this.#options(), data, this.place);
    this.place.plot = this.#plot; // for who looks at the page by the browser's tools
    for (const name of this.place.querySelectorAll(".u-series:not(:first-child) th")) Object.assign(name, { tabIndex: 0, role: "button", title: "Hide or show" });
    const names = this.#series.map(({ title, target }) => title ?? target).join(", ");
    this.place.setAttribute("aria-label", `Chart of ${names}, ${this.#range.map(written).join(" to ")} UTC`);
  }

  #recolour() {
    if (this.#series.length) this.#draw();
  }

  #resized() {
    if (this.#plot && Math.abs(this.#plot.width - this.width) > 1) this.#plot.setSize({ width: this.width, height: HEIGHT });
  }

  /** What a chart is made for: as long as that is the same, it takes other data. */
  #shapeOf() {
    return JSON.stringify([this.#series.map(({ target, title, unit, datapoints }) => [target, title, unit, this.#lonely(datapoints)])]);
  }

  #lonely(datapoints) {
    return datapoints.length * 12 < this.width;
  }

  #options() {
    const units = [...new Set(this.#series.map(({ unit }) => symbol(unit)))];
    const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--grid"), width: 1 }, ticks: { stroke: colour("--grid"), width: 1 }, font: "12px system-ui, sans-serif" };
    return {
      width: this.width,
      height: HEIGHT,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1e3), "Etc/UTC"),
      padding: [12, units.length > 1 ? 0 : 12, 0, 0],
      cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 7 } },
      scales: Object.fromEntries([["x", { time: true, range: () => this.#range }], ...units.map((unit) => [`y${unit}`, {}])]),
      axes: [
        { ...axis, values: TIMES, space: 70 },
        ...units.map((unit, place) => ({
          ...axis,
          stroke: this.#axisColour(unit, units) ?? axis.stroke,
          scale: `y${unit}`,
          side: place ? 1 : 3,
          show: place < 2,
          grid: { ...axis.grid, show: place === 0 },
          label: unit || undefined,
          labelFont: axis.font,
          labelSize: 18,
          size: (plot, labels) => Math.max(34, 14 + 7 * Math.max(0, ...(labels ?? []).map((label) => label.length))),
        })),
      ],
      series: [
        { label: "time", value: (plot, at) => (at === null || at === undefined ? "–" : written(at)) },
        ...this.#series.map((one, place) => this.#line(one, place)),
      ],
      hooks: { setSelect: [(plot) => this.#dragged(plot)] },
    };
  }

  /** Of two axes, one that a single line hangs on has its colour. */
  #axisColour(unit, units) {
    const places = this.#series.flatMap((one, place) => (symbol(one.unit) === unit ? [place] : []));
    return units.length > 1 && places.length === 1 ? colour(`--s${(places[0] % COLOURS) + 1}`) : null;
  }

  #line({ target, title, unit, datapoints }, place) {
    const stroke = colour(`--s${(place % COLOURS) + 1}`);
    const sign = symbol(unit);
    return {
      label: title ?? target,
      scale: `y${sign}`,
      stroke,
      width: 1.6,
      dash: DASHES[Math.floor(place / COLOURS) % DASHES.length],
      points: { show: this.#lonely(datapoints) ? true : undefined, size: 5, fill: stroke },
      value: (plot, value) => (value === null || value === undefined ? "–" : `${number.format(value)}${sign ? ` ${sign}` : ""}`),
    };
  }

  #dragged(plot) {
    const { left, width } = plot.select;
    if (width < 4) return;
    const range = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")].map((seconds) => Math.round(seconds * 1000));
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    if (range[1] > range[0]) this.zoomed(range);
  }
}

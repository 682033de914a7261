// The page's parts put together: what is asked, and everything that shows its answer.

import { Refused, address, getJson, getText, postJson } from "./api.js";
import { Builder } from "./builder.js";
import { Chart } from "./chart.js";
import { Completion, catalogOf } from "./complete.js";
import { copying, curl, infinity } from "./copies.js";
import { Importing } from "./importing.js";
import { keep, recall } from "./kept.js";
import { constants, element, writtenName } from "./names.js";
import { PRESETS, iso, moment } from "./ranges.js";
import { Rows } from "./rows.js";
import { States } from "./states.js";

const get = (id) => document.getElementById(id);
const { root, user } = document.body.dataset;
const opening = JSON.parse(document.body.dataset.opening);
const origin = location.origin + root;
const fields = { q: get("q"), from: get("from"), to: get("to") };
const catalog = { sensors: [], attributes: [] };
const EMPTY_SECONDS = 3;
const STALE_SECONDS = 60;

let sensors = [];
let running = null;
let answered = null; // the question whose answer is shown: what is being written is none yet
let learnt = 0;

const chart = new Chart(get("chart"), ([from, to]) => ask({ from: iso(from), to: iso(to) }));
const states = new States(get("states"));
const rows = new Rows(get("result"), get("more"), get("status"), unitOf);
const completion = new Completion(fields.q, get("q-list"), catalog);

const asked = () => ({ q: fields.q.value.trim(), from: fields.from.value.trim(), to: fields.to.value.trim() });

/** Ask anew, with these fields changed; the browser's way back leads to what was asked before. */
function ask(changed = {}, { push = true } = {}) {
  for (const [name, value] of Object.entries(changed)) if (name in fields) fields[name].value = value;
  grow();
  pressed();
  const now = asked();
  if (answered === null) history.replaceState(now, "");
  else if (push && JSON.stringify(history.state) !== JSON.stringify(now)) history.pushState(now, "", address("/", { ...shownSensors(), ...now }));
  answered = now;
  return run(now);
}

/** Answer the question; `quietly`: it was asked before, and is asked again by itself. */
async function run(question, { quietly = false } = {}) {
  if (quietly && running) return;
  running?.abort();
  running = null;
  if (!question.q) {
    nothing("Write or choose a query.");
    return;
  }
  const { signal } = (running = new AbortController());
  get("chart").classList.add("busy");
  if (!quietly) get("status").textContent = "Asking …";
  const { q, from, to } = question;
  const panel = { range: { from, to }, maxDataPoints: chart.points, targets: [{ refId: "A", target: q }] };
  const drawing = postJson("/query", panel, signal);
  const listing = getJson("/api/v1/query", { ...question, limit: constants.rows }, signal);
  const [drawn, page] = await Promise.allSettled([drawing, listing]);
  if (signal.aborted) return;
  running = null;
  get("chart").classList.remove("busy");
  if (page.status === "rejected") failed(page.reason, question);
  else show(question, drawn, page.value, quietly);
}

function show(question, drawn, page, quietly) {
  fault(null);
  if (drawn.status === "fulfilled") {
    const range = [question.from, question.to].map((text) => moment(text));
    const span = range.every(Number.isFinite) ? range : extent(drawn.value);
    chart.show(drawn.value, span);
    states.show(drawn.value, span, chart.margins);
    const notices = drawn.value.flatMap(({ meta }) => meta?.notices ?? []).map(({ text }) => text);
    get("notices").replaceChildren(...[...new Set(notices)].map((text) => element("li", { textContent: text })));
  } else {
    chart.say(drawn.reason.message);
    states.show([], [0, 1]);
  }
  if (!quietly || get("result").querySelectorAll("tbody tr").length <= constants.rows) rows.show(question, page);
  get("csv").href = address("/api/v1/query", { ...question, format: "csv" });
  get("csv").hidden = !page.data.length;
  get("copy-target").textContent = question.q;
  get("copy-infinity").textContent = infinity(origin, { ...question, whole: page.data.length > 0 && !("time" in page.data[0]) });
  get("copy-curl").textContent = curl(origin, user, question);
}

/** The unit of a column, which is called by its attribute, or by the aggregate and that. */
function unitOf(column) {
  const named = (name) => catalog.attributes.find((each) => each.name === name);
  const of = named(column) ?? (/^cnt/.test(column) ? null : named(column.replace(/^(avg|max|min|sum|first|last|stddev|p\d+(_\d+)?)_/, "")));
  return of?.unit ?? "";
}

function extent(series) {
  const times = series.flatMap(({ datapoints }) => [datapoints[0]?.[1], datapoints.at(-1)?.[1]]).filter(Number.isFinite);
  return times.length ? [Math.min(...times), Math.max(...times) + 1] : [0, 1];
}

function failed(error, question) {
  if (!(error instanceof Refused)) throw error;
  nothing("");
  fault(error, question.q);
}

/** Show no answer, but a sentence in its place. */
function nothing(text) {
  fault(null);
  get("chart").classList.remove("busy");
  chart.say(text);
  states.show([], [0, 1]);
  rows.clear();
  get("status").textContent = "";
  get("notices").replaceChildren();
  get("csv").hidden = true;
}

/** What is wrong, with the text marked from where it is wrong; null: nothing is. */
function fault(error, text = "") {
  const place = get("q-error");
  fields.q.setAttribute("aria-invalid", String(error !== null));
  place.replaceChildren();
  if (error === null) return;
  const told = [element("p", { textContent: error.message })];
  if (error.position !== undefined) {
    const letters = Array.from(text); // the server counts characters
    const [before, after] = [letters.slice(0, error.position).join(""), letters.slice(error.position).join("")];
    const [, wrong, rest] = /^("(?:\\.|[^"\\])*"|[\w.:/-]+|\S|$)?([^]*)$/.exec(after);
    told.unshift(element("pre", {}, before, element("mark", { textContent: wrong || " " }), rest));
    fields.q.setSelectionRange(before.length, before.length + (wrong ?? "").length);
  }
  place.append(...told);
}

function grow() {
  fields.q.style.height = "auto";
  fields.q.style.height = `${fields.q.scrollHeight + 2}px`;
}

// Ranges

/** All of the data: of the sensors that the text names after FROM, else of all. */
function whole() {
  const { q } = asked();
  const after = /\bFROM\b([^]*)$/i.exec(q)?.[1] ?? "";
  const named = sensors.filter(({ sensor }) => after.includes(writtenName(sensor)));
  const of = (named.length ? named : sensors).filter(({ first }) => first);
  if (!of.length) return opening;
  const first = of.map((each) => each.first).sort()[0];
  const last = of.map((each) => each.last).sort().at(-1);
  return { from: iso(Math.floor(Date.parse(first) / 1000) * 1000), to: iso(Math.floor(Date.parse(last) / 1000) * 1000 + 1000) };
}

function move(shift, zoom) {
  const [from, to] = [fields.from.value, fields.to.value].map((text) => moment(text));
  if (!(to > from)) return;
  const [middle, half] = [(from + to) / 2 + shift * (to - from), ((to - from) / 2) * zoom];
  ask({ from: iso(middle - half), to: iso(middle + half) });
}

function pressed() {
  for (const button of get("presets").children) {
    button.setAttribute("aria-pressed", String(button.dataset.from === fields.from.value && fields.to.value === "now"));
  }
}

function ranges() {
  const all = element("button", { type: "button", textContent: "All" });
  all.addEventListener("click", () => ask({ from: whole().from, to: whole().to }));
  get("presets").append(
    all,
    ...PRESETS.map(([label, from]) => {
      const button = element("button", { type: "button", textContent: label, title: `The last ${label}` });
      button.dataset.from = from;
      button.addEventListener("click", () => ask({ from, to: "now" }));
      return button;
    }),
  );
  for (const button of document.querySelectorAll("[data-move]")) button.addEventListener("click", () => move(Number(button.dataset.move), 1));
  for (const button of document.querySelectorAll("[data-zoom]")) button.addEventListener("click", () => move(0, Number(button.dataset.zoom)));
}

// What is there

let builder = null;

async function learn() {
  const [found, attributes] = await Promise.all([getJson("/api/v1/sensors"), getJson("/api/v1/attributes")]);
  sensors = found;
  learnt = Date.now();
  Object.assign(catalog, catalogOf(found, attributes));
  get("sensor-names").replaceChildren(...found.map(({ sensor }) => element("option", { value: sensor })));
  const shape = JSON.stringify(catalog);
  if (builder?.shape === shape) return;
  get("builder").replaceChildren();
  builder = new Builder(get("builder"), catalog, fields.q.value, (text) => ask({ q: text }));
  builder.shape = shape;
}

/** What of the sensors the address shows. */
function shownSensors() {
  const { find, page } = Object.fromEntries(new URLSearchParams(location.search));
  return { find, page };
}

async function renewTiles() {
  const place = get("tiles");
  if (place.contains(document.activeElement)) return; // who is there keeps the place
  const open = new Set([...place.querySelectorAll("details[open]")].map(({ id }) => id));
  place.innerHTML = await getText("/page/tiles", shownSensors()); // written by the server's template, which escapes
  for (const each of place.querySelectorAll("details")) each.open = open.has(each.id);
}

async function renew() {
  if (document.hidden) return;
  await Promise.all([run(answered, { quietly: true }), renewTiles()]).catch(refused);
}

/** What the server refuses is no defect here: the banner or the answer's place tells of it. */
function refused(error) {
  if (!(error instanceof Refused)) throw error;
}

function refreshing() {
  const select = get("refresh");
  let timer = null;
  select.value = recall("refresh") ?? (opening.to === "now" ? "5" : "0");
  if (!select.value) select.value = "0";
  const start = () => {
    clearInterval(timer);
    if (Number(select.value)) timer = setInterval(renew, Number(select.value) * 1000);
  };
  select.addEventListener("change", () => {
    keep("refresh", select.value);
    start();
  });
  start();
}

// The start

get("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  completion.close();
  ask();
});
fields.q.addEventListener("focus", () => {
  if (Date.now() - learnt > STALE_SECONDS * 1000) learn().catch(refused);
});
fields.q.addEventListener("input", grow);
fields.q.addEventListener("written", grow);
fields.q.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  completion.close();
  ask();
});
get("tiles").addEventListener("click", (event) => {
  const link = event.target.closest("[data-ask]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  ask(Object.fromEntries(new URL(link.href).searchParams));
  get("query").scrollIntoView();
  fields.q.focus({ preventScroll: true });
});
addEventListener("popstate", ({ state }) => {
  if (state) ask(state, { push: false });
});

copying();
ranges();
const empty = get("empty");
if (empty) get("first-curl").textContent = get("first-curl").textContent.replace(/https?:\/\/[^/]+/, location.origin); // as the reader sees it
const waiting = empty && setInterval(async () => {
  if (!document.hidden && (await getJson("/api/v1/sensors").catch(() => [])).length) location.reload();
}, EMPTY_SECONDS * 1000);
new Importing(async () => {
  if (empty) {
    clearInterval(waiting);
    const again = element("button", { type: "button", className: "primary", textContent: "Show it" });
    again.addEventListener("click", () => location.reload());
    get("import-result").append(element("p", {}, again));
    return;
  }
  await Promise.all([learn(), renewTiles(), run(answered, { quietly: true })]).catch(refused);
});
if (!empty) {
  refreshing();
  await learn().catch(refused);
  await ask();
}
document.documentElement.dataset.ready = "yes"; // what waits for the page to be whole can see it

// A file's text cut into posts: whole records each, and every digit as it was.

const RECORDS = 5_000;
const LENGTH = 1 << 20;

/** The format of a text, by the file's name where that tells: json, ndjson or csv. */
export function formOf(text, name = "") {
  const ending = /\.(json|ndjson|jsonl|csv)(\.gz)?$/i.exec(name)?.[1].toLowerCase();
  if (ending && ending !== "json") return ending === "jsonl" ? "ndjson" : ending;
  const begin = /\S/.exec(text)?.[0];
  if (begin === "[") return "json";
  if (begin !== "{") return ending ?? "csv";
  const [end] = valueEnds(text, text.indexOf("{"));
  return end !== undefined && /\S/.test(text.slice(end)) ? "ndjson" : "json";
}

/** The posts of a text: `{text, first, count}`, `first` the index of its first record in the file. */
export function slices(text, form, most = { records: RECORDS, length: LENGTH }) {
  if (form === "ndjson") return grouped(text.split("\n").filter((line) => line.trim()), most, (lines) => lines.join("\n"));
  if (form === "csv") {
    const [header, ...rows] = csvRows(text);
    if (!rows.length) return [{ text, first: 0, count: 0 }];
    return grouped(rows, most, (each) => [header, ...each].join("\n"));
  }
  const elements = form === "json" ? arrayElements(text) : null;
  if (!elements?.length) return [{ text, first: 0, count: 1 }]; // one record, or what only the server can judge
  return grouped(elements, most, (each) => `[${each.join(",")}]`);
}

function grouped(records, most, joined) {
  const found = [];
  for (let first = 0; first < records.length; ) {
    let [end, length] = [first, 0];
    while (end < records.length && end - first < most.records && (end === first || length + records[end].length <= most.length)) {
      length += records[end].length;
      end += 1;
    }
    found.push({ text: joined(records.slice(first, end)), first, count: end - first });
    first = end;
  }
  return found;
}

/** The rows of a CSV, the header first; a line break in quotes is none. */
function csvRows(text) {
  const lines = text.replace(/^\uFEFF/, "").split("\n");
  const rows = [];
  let open = null;
  for (const line of lines) {
    open = open === null ? line : `${open}\n${line}`;
    if ((open.match(/"/g)?.length ?? 0) % 2) continue;
    if (open.trim()) rows.push(open.replace(/\r$/, ""));
    open = null;
  }
  if (open?.trim()) rows.push(open);
  return rows;
}

/** The elements of a JSON array as they are written; null where the text is no array that can be told apart. */
function arrayElements(text) {
  const begin = text.search(/\S/);
  if (text[begin] !== "[") return null;
  const [end, commas] = valueEnds(text, begin);
  if (end === undefined || /\S/.test(text.slice(end))) return null;
  const cuts = [begin, ...commas, end - 1];
  const elements = cuts.slice(1).map((cut, place) => text.slice(cuts[place] + 1, cut));
  return elements.every((element) => element.trim()) ? elements : null;
}

/** Where the object or array that begins at `begin` ends, and its own commas; undefined where it doesn't end. */
function valueEnds(text, begin) {
  const signs = /["[\]{},]/g;
  const commas = [];
  let depth = 0;
  signs.lastIndex = begin;
  for (let sign = signs.exec(text); sign; sign = signs.exec(text)) {
    if (sign[0] === '"') {
      const end = textEnd(text, sign.index + 1);
      if (end < 0) return [undefined, commas];
      signs.lastIndex = end + 1;
    } else if (sign[0] === "[" || sign[0] === "{") depth += 1;
    else if (sign[0] === ",") {
      if (depth === 1) commas.push(sign.index);
    } else {
      depth -= 1;
      if (depth === 0) return [sign.index + 1, commas];
    }
  }
  return [undefined, commas];
}

function textEnd(text, from) {
  for (let end = text.indexOf('"', from); end >= 0; end = text.indexOf('"', end + 1)) {
    let strokes = 0;
    while (text[end - 1 - strokes] === "\\") strokes += 1;
    if (strokes % 2 === 0) return end;
  }
  return -1;
}

/** A name of the text, the same each time: 104 bits, which need keep no secret. */
export function digest(text) {
  return [half(text, 0), half(text, 0x9e3779b9)].join("");
}

// Two multiplicative hashes side by side, after MurmurHash3's finaliser.
function half(text, seed) {
  let [one, other] = [0xdeadbeef ^ seed, 0x41c6ce57 ^ seed];
  for (let place = 0; place < text.length; place += 1) {
    const unit = text.charCodeAt(place);
    one = Math.imul(one ^ unit, 0x85ebca6b);
    other = Math.imul(other ^ unit, 0xc2b2ae35);
  }
  one = Math.imul(one ^ (one >>> 16), 0x85ebca6b) ^ Math.imul(other ^ (other >>> 13), 0xc2b2ae35);
  other = Math.imul(other ^ (other >>> 16), 0x85ebca6b) ^ Math.imul(one ^ (one >>> 13), 0xc2b2ae35);
  return (one >>> 0).toString(16).padStart(8, "0") + ((other >>> 0) & 0xfffff).toString(16).padStart(5, "0");
}

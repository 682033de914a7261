// Reads our answers as simPod JSON and simple-json do, with Grafana's own @grafana/data.
//
// Law: stdin is a JSON list of {name, answer, mode?}, stdout the list of what was read, in the same order: {name, ...}
// or {name, error}. `answer` is the text of a body. The modes are the members of `modes` below; "query" is meant
// where none is given, and one that isn't there ends the program.
"use strict";

const { readFileSync } = require("node:fs");
const { arrayToDataFrame, FieldType, getFieldDisplayName, standardTransformers, toDataFrame } = require("@grafana/data");
const { of } = require("rxjs");

const modes = {
  // simPod's /query, and simple-json's.
  query: (body) => ({ frames: toFrames(body).map(shown) }),

  // simPod's /variable: pairs of __text and __value, else every value of every column; one option for each text.
  variable(body) {
    if (Array.isArray(body) && body.some((item) => typeof item !== "object")) {
      throw new Error("plain strings as options: Grafana 9.3.2 takes them apart by index");
    }
    const { fields } = toDataFrame(body);
    const [texts, values] = ["__text", "__value"].map((name) => fields.find((field) => field.name === name)?.values);
    const found = new Map();
    const add = (text, value) => found.has(text) || found.set(text, value);
    if (texts && values) {
      texts.forEach((text, row) => add(String(text), String(values[row])));
    } else {
      fields.forEach((field) => field.values.forEach((value) => add(value, value)));
    }
    return { options: Array.from(found, ([text, value]) => ({ text, value })) };
  },

  // simPod's /query for an annotation: what its first time and text columns and the known names make of the rows.
  annotations(body) {
    const frame = single(toFrames(body));
    if (!frame?.length) {
      return { events: [] };
    }
    const named = new Map(frame.fields.map((field) => [getFieldDisplayName(field, frame).toLowerCase(), field]));
    const first = (type) => frame.fields.find((field) => field.type === type);
    const columns = Object.entries({
      time: named.get("time") ?? first(FieldType.time),
      timeEnd: named.get("timeend"),
      title: named.get("title"),
      text: named.get("text") ?? first(FieldType.string),
      tags: named.get("tags"),
      id: named.get("id"),
    }).filter(([, field]) => field);
    for (const wanted of ["time", "text"]) {
      if (!columns.some(([name]) => name === wanted)) {
        throw new Error(`no column for ${wanted}: Grafana drops all events`);
      }
    }
    const rows = Array.from({ length: frame.length }, (_, row) => {
      const cells = columns.map(([name, field]) => [name, field.values[row]]).filter(([, value]) => value != null);
      return Object.fromEntries(cells.map(([name, value]) => [name, name === "tags" ? split(value) : value]));
    });
    return { events: drawn(rows) };
  },

  // simple-json's /search: texts, or pairs of a text and a value that count as true.
  "simple-json search"(body) {
    const options = list(body).map((item, place) => {
      if (item?.text && item.value) {
        return { text: item.text, value: item.value };
      }
      if (item !== null && typeof item === "object") {
        throw new Error(`option ${place} has a text or value that counts as false: its text becomes an object`);
      }
      return { text: item, value: item };
    });
    return { options };
  },

  // simple-json's /annotations.
  "simple-json annotations"(body) {
    list(body).forEach((event, place) => {
      for (const wanted of ["time", "title"]) {
        if (event?.[wanted] == null) {
          throw new Error(`event ${place} has no ${wanted}`);
        }
      }
    });
    return { events: drawn(body) };
  },
};

function toFrames(body) {
  const response = { data: body };
  return response.data.map(toDataFrame);
}

function shown(frame, _, frames) {
  const fields = frame.fields.map((field) => ({
    name: field.name,
    type: field.type,
    labels: field.labels ?? {},
    config: field.config,
    values: Array.from(field.values),
    display: getFieldDisplayName(field, frame, frames),
  }));
  const { refId = null, name = null, meta = null, length } = frame;
  return { refId, name, meta, length, fields };
}

// Grafana makes one table of an annotation's frames before it looks for its columns.
function single(frames) {
  let found = frames[0];
  if (frames.length > 1) {
    of(frames)
      .pipe(standardTransformers.mergeTransformer.operator({}, { interpolate: (text) => text }))
      .subscribe(([merged]) => (found = merged));
  }
  return found;
}

// Events pass through a frame once more before they are drawn, and it has the members of the first one only.
function drawn(rows) {
  const { fields } = arrayToDataFrame(rows);
  return rows.map((_, row) => {
    const event = Object.fromEntries(fields.map((field) => [field.name, field.values[row]]));
    return { ...event, region: Boolean(event.timeEnd) && event.timeEnd !== event.time };
  });
}

function split(tags) {
  return typeof tags === "string" ? tags.split(",") : tags;
}

function list(body) {
  if (!Array.isArray(body)) {
    throw new TypeError("the answer is no list");
  }
  return body;
}

function read({ name, answer, mode = "query" }) {
  const reader = modes[mode];
  if (!reader) {
    throw new Error(`no such mode: ${mode}`);
  }
  try {
    return { name, ...reader(JSON.parse(answer)) };
  } catch (error) {
    return { name, error: String(error) };
  }
}

const told = JSON.parse(readFileSync(0, "utf8")).map(read);
// JSON has no word for them; an answer gets them by 1e999, or by a frame's `entities`.
const plain = (_, value) => (typeof value === "number" && !Number.isFinite(value) ? String(value) : value);
process.stdout.write(JSON.stringify(told, plain));

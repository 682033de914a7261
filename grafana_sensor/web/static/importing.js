// Import of a file or a pasted text: in posts of some thousand records, each under a key of its own.
// The keys are drawn from what is posted, so that a broken import goes on where it broke, and a repeat stores nothing twice.

import { Refused, postText } from "./api.js";
import { element } from "./names.js";
import { digest, formOf, slices } from "./slices.js";

const LARGEST = 400 * 2 ** 20;
const TRIES = 3;
const WAIT = 1_000;
const SHOWN = 500;

const get = (id) => document.getElementById(id);
const count = (number, what) => `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;

async function textOf(file) {
  if (!/\.gz$/i.test(file.name)) return file.text();
  return new Response(file.stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

export class Importing {
  #file = null;
  #stopped = false;
  #running = false;

  /** `stored` is called after records were stored. */
  constructor(stored) {
    this.stored = stored;
    const drop = get("drop");
    get("file").addEventListener("change", (event) => this.#took(event.target.files[0]));
    get("paste").addEventListener("input", () => this.#took(null));
    for (const name of ["dragenter", "dragover"]) {
      drop.addEventListener(name, (event) => {
        event.preventDefault();
        drop.classList.add("over");
      });
    }
    for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
    drop.addEventListener("drop", (event) => {
      const [file] = event.dataTransfer.files;
      if (!file) return; // a text that is dropped goes into the field by itself
      event.preventDefault();
      this.#took(file);
    });
    get("importing").addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#running) this.#stopped = true;
      else this.#run();
    });
  }

  #took(file) {
    this.#file = file ?? null;
    if (file) get("paste").value = "";
    else get("file").value = "";
    get("taken").textContent = file ? `${file.name}, ${(file.size / 1024).toLocaleString("en", { maximumFractionDigits: 1 })} KiB` : "";
  }

  async #run() {
    const button = get("importing").querySelector("[type=submit]");
    const tally = { stored: 0, before: 0, rejected: [], error: null, whole: true };
    this.#running = true;
    this.#stopped = false;
    button.textContent = "Stop";
    get("import-result").replaceChildren();
    try {
      await this.#post(tally);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      tally.error = error;
    } finally {
      this.#running = false;
      button.textContent = "Import";
      get("import-progress").hidden = true;
    }
    this.#tell(tally);
    if (tally.stored) this.stored();
  }

  async #post(tally) {
    const file = this.#file;
    if (file && file.size > LARGEST) throw new Refused(0, null, `the file has more than ${LARGEST / 2 ** 20} MiB; bring it in by the command line: grafana-sensor ingest`);
    const text = file ? await textOf(file).catch(() => { throw new Refused(0, null, "the file can't be read; is it whole?"); }) : get("paste").value;
    if (!text.trim()) throw new Refused(0, null, "there is nothing to import yet: drop a file above, or paste a text");
    const form = get("import-form").value || formOf(text, file?.name);
    const sensor = get("import-sensor").value;
    const path = sensor ? `/api/v1/sensors/${encodeURIComponent(sensor)}/records` : "/api/v1/records";
    const query = { format: form, on_error: "skip", time_field: get("import-time-field").value, sensor_field: sensor ? "" : get("import-sensor-field").value };
    const name = digest(JSON.stringify([path, query, text]));
    const posts = slices(text, form);
    const progress = get("import-progress");
    progress.max = posts.length;
    progress.hidden = false;
    for (const [place, post] of posts.entries()) {
      progress.value = place;
      tally.whole = !this.#stopped;
      if (this.#stopped) return;
      this.#add(tally, post, await this.#sent(path, query, post, `page/${name}/${place}`));
    }
  }

  /** The answer to one post; one that was lost on the way is sent again. */
  async #sent(path, query, post, key) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await postText(path, query, post.text, { "Content-Type": "text/plain", "Idempotency-Key": key });
      } catch (error) {
        if (error.rejected?.length) return { accepted: 0, rejected: error.rejected };
        if (attempt === TRIES || ![0, 502, 503, 504].includes(error.status)) throw error;
        await new Promise((go) => { setTimeout(go, attempt * WAIT); });
      }
    }
  }

  #add(tally, post, answer) {
    tally[answer.duplicate ? "before" : "stored"] += answer.accepted;
    for (const { index, message } of answer.rejected ?? []) tally.rejected.push({ index: post.first + index, message });
  }

  #tell({ stored, before, rejected, error, whole }) {
    const place = get("import-result");
    const told = [`${count(stored, "record")} stored`];
    if (before) told.push(`${before.toLocaleString("en")} had been stored before`);
    if (rejected.length) told.push(`${count(rejected.length, "record")} left out`);
    if (error) {
      const again = stored || before ? " Try again: what is stored is not stored twice." : "";
      place.append(element("p", { className: "error", textContent: `${error.message}${again}` }));
    }
    if (stored || before || rejected.length) place.append(element("p", { className: "told", textContent: `${told.join(", ")}${whole ? "." : "; stopped before the end."}` }));
    if (!rejected.length) return;
    const rows = rejected.slice(0, SHOWN).map(({ index, message }) => element("tr", {}, element("td", { className: "integer", textContent: index }), element("td", { textContent: message })));
    const heads = ["record, from 0", "why it is left out"].map((text) => element("th", { scope: "col", textContent: text }));
    place.append(element("div", { className: "rejected", tabIndex: 0 }, element("table", {}, element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...rows))));
    if (rejected.length > SHOWN) place.append(element("p", { className: "quiet small", textContent: `The first ${SHOWN} are listed.` }));
  }
}

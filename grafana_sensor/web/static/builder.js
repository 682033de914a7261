// A query by choosing: fields that write the text.

import { getJson } from "./api.js";
import { constants, element, writtenName, writtenValue } from "./names.js";

const OPERATORS = ["=", "!=", "<", "<=", ">", ">=", "=~", "!~", "EXISTS"];

/** The query text of what is chosen. `sensor`: "" for all of the data, "*" for each sensor; else "=" and its name. */
export function composed({ sensor, attribute, aggregate, field, operator, value, every }) {
  const what = aggregate ? `${aggregate}(${writtenName(attribute)})` : writtenName(attribute);
  const parts = [what];
  if (sensor.startsWith("=")) parts.push(`FROM ${writtenName(sensor.slice(1))}`);
  if (field) parts.push(`WHERE ${writtenName(field)} ${operator}${operator === "EXISTS" ? "" : ` ${writtenValue(value)}`}`);
  if (aggregate && sensor === "*") parts.push("BY sensor");
  if (aggregate && every) parts.push(`EVERY ${every}`);
  return parts.join(" ");
}

export class Builder {
  #fields = {};

  /** It begins with what the query `text` names; `written` is told each new text. */
  constructor(place, catalog, text, written) {
    this.catalog = catalog;
    this.written = written;
    const names = catalog.attributes.map(({ name, note }) => [name, note === "attribute" ? name : `${name} (${note})`]);
    const values = element("datalist", { id: "build-values" });
    this.#add(place, "sensor", "Sensor", [["", "all of the data"], ["*", "each sensor"], ...catalog.sensors.map(({ name }) => [`=${name}`, name])]);
    this.#add(place, "attribute", "Attribute", names);
    this.#add(place, "aggregate", "Aggregate", [["", "none: the values"], ...constants.aggregates.map((name) => [name, name])]);
    this.#add(place, "every", "Every", [["", "auto"], ...constants.steps.filter((step) => step !== "auto").map((step) => [step, step])]);
    this.#add(place, "field", "Where", [["", "no condition"], ...names]);
    this.#add(place, "operator", "is", OPERATORS.map((name) => [name, name]));
    this.#add(place, "value", "Value");
    this.#fields.value.setAttribute("list", values.id);
    this.#fields.aggregate.value = "AVG";
    const words = text.split(/[\s(),]+/);
    const named = (list) => list.find(({ name }) => words.includes(writtenName(name)))?.name;
    const [attribute, sensor] = [named(catalog.attributes), named(catalog.sensors)];
    if (attribute !== undefined) this.#fields.attribute.value = attribute;
    if (sensor !== undefined) this.#fields.sensor.value = `=${sensor}`;
    place.append(values);
    this.#fields.field.addEventListener("change", () => this.#offer(values));
    this.#enable();
  }

  #add(place, name, label, choices) {
    const id = `build-${name}`;
    const field = choices
      ? element("select", { id }, ...choices.map(([value, text]) => element("option", { value, textContent: text })))
      : element("input", { id, autocomplete: "off" });
    field.addEventListener("change", () => this.#changed());
    this.#fields[name] = field;
    place.append(element("div", {}, element("label", { htmlFor: id, textContent: label }), field));
  }

  #enable() {
    const { aggregate, every, field, operator, value } = this.#fields;
    every.disabled = !aggregate.value;
    operator.disabled = !field.value;
    value.disabled = !field.value || operator.value === "EXISTS";
  }

  #changed() {
    this.#enable();
    const chosen = Object.fromEntries(Object.entries(this.#fields).map(([name, field]) => [name, field.value]));
    if (!chosen.attribute) return;
    if (chosen.field && chosen.operator !== "EXISTS" && !chosen.value) return; // it is still being chosen
    this.written(composed(chosen));
  }

  /** The values of the condition's attribute, where it has texts. */
  async #offer(values) {
    const name = this.#fields.field.value;
    values.replaceChildren();
    if (!name || this.catalog.attributes.find((each) => each.name === name)?.kind === "number") return;
    const found = await getJson(`/api/v1/attributes/${encodeURIComponent(name)}/values`, { limit: 50 }).catch(() => []);
    values.replaceChildren(...found.map(({ value }) => element("option", { value: String(value) })));
  }
}

// Names and values as a query text writes them.

const KEYWORDS = ["SELECT", "FROM", "WHERE", "AND", "BY", "EVERY", "AS"];
const BARE = /^[A-Za-z0-9_.:/-]+$/;

/** The name, in double quotes where it must be. */
export const writtenName = (name) =>
  BARE.test(name) && !KEYWORDS.includes(name.toUpperCase()) ? name : `"${name.replace(/[\\"]/g, "\\$&")}"`;

/** The value of a condition: a number as it is, a text in single quotes. */
export const writtenValue = (text) =>
  /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? text : `'${text.replace(/[\\']/g, "\\$&")}'`;

const PAGE = JSON.parse(document.body.dataset.constants);

/** What is written after a value of a unit that Grafana names so. */
export const symbol = (unit) => (unit ? (PAGE.units[unit] ?? unit) : "");

export const constants = PAGE;

/** An element with these properties, attributes and children. */
export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

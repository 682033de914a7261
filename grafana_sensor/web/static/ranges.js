// Ranges as the fields write them: ISO 8601, an epoch, or now-6h. What is shown is UTC.

const UNITS = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 };
const EPOCHS = [[1e11, 1e3], [1e14, 1], [1e17, 1e-3], [Infinity, 1e-6]];

export const PRESETS = [["1 h", "now-1h"], ["6 h", "now-6h"], ["24 h", "now-24h"], ["7 d", "now-7d"], ["30 d", "now-30d"], ["1 y", "now-365d"]];

/** The epoch in milliseconds that a text means, NaN where it can't be told here. */
export function moment(text, now = Date.now()) {
  const relative = /^now(?:([+-])(\d+)(ms|s|m|h|d|w))?$/.exec(text.trim());
  if (relative) return now + (relative[1] === "+" ? 1 : -1) * Number(relative[2] ?? 0) * (UNITS[relative[3]] ?? 0);
  if (/^-?\d+(\.\d+)?$/.test(text.trim())) {
    const epoch = Number(text);
    return epoch * EPOCHS.find(([below]) => Math.abs(epoch) < below)[1];
  }
  const iso = text.trim().replace(" ", "T");
  return Date.parse(/^\d{4}-\d\d-\d\d$/.test(iso) ? iso : /(Z|[+-]\d\d:?\d\d)$/i.test(iso) ? iso : `${iso}Z`);
}

/** The text of an epoch in milliseconds. */
export const iso = (ms) => new Date(Math.round(ms)).toISOString().replace(".000Z", "Z");

const pad = (value, digits = 2) => String(value).padStart(digits, "0");

/** A time in seconds, to the second, or to the millisecond where it has one. */
export function written(seconds) {
  const at = new Date(Math.round(seconds * 1000));
  const day = `${at.getUTCFullYear()}-${pad(at.getUTCMonth() + 1)}-${pad(at.getUTCDate())}`;
  const time = `${pad(at.getUTCHours())}:${pad(at.getUTCMinutes())}:${pad(at.getUTCSeconds())}`;
  return `${day} ${time}${at.getUTCMilliseconds() ? `.${pad(at.getUTCMilliseconds(), 3)}` : ""}`;
}

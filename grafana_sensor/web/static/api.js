// What the page asks of the server: every request carries the page's token beside its cookie.

const { root, token } = document.body.dataset;

/** The answer was an error: `status`, `message`, `position` in the query text (or undefined), `rejected` records. */
export class Refused extends Error {
  constructor(status, body, fallback) {
    super(body?.message ?? fallback);
    this.status = status;
    this.position = body?.error?.position;
    this.rejected = body?.rejected ?? [];
  }
}

export const address = (path, query = {}) => {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const text = new URLSearchParams(given).toString();
  return `${root}${path}${text ? `?${text}` : ""}`;
};

const loggedOut = () => {
  const banner = document.getElementById("banner");
  banner.textContent = "You are no longer logged in: your login is over or your password was changed. Load the page again.";
  banner.hidden = false;
};

async function answered(path, options) {
  let response;
  try {
    response = await fetch(path, { ...options, headers: { ...options.headers, "X-CSRF-Token": token } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, null, "the server does not answer; is it running?");
  }
  if (response.ok) return response;
  if (response.status === 401) loggedOut();
  const text = await response.text();
  let body = null;
  try {
    body = JSON.parse(text);
  } catch {
    // what stands between may answer with anything
  }
  throw new Refused(response.status, body, `the server answers ${response.status} ${response.statusText}`);
}

export const getJson = async (path, query, signal) =>
  (await answered(address(path, query), { signal, headers: { Accept: "application/json" } })).json();

export const getText = async (path, query) => (await answered(address(path, query), {})).text();

export const postJson = async (path, body, signal) =>
  (await answered(address(path), { method: "POST", body: JSON.stringify(body), signal, headers: { "Content-Type": "application/json" } })).json();

export const postText = async (path, query, text, headers) =>
  (await answered(address(path, query), { method: "POST", body: text, headers })).json();

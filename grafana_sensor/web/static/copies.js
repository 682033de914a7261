// What is shown, in the words of others: a target, an address, a command line.

const shell = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
const raw = (text) => encodeURIComponent(text).replace(/'/g, "%27");

/** An address that Infinity fills with the dashboard's range; `whole`: it would answer one value over the range. */
export function infinity(origin, { q, whole }) {
  const every = whole ? "&every=auto" : "";
  return `${origin}/api/v1/query?q=${raw(q)}${every}&from=\${__from}&to=\${__to}`;
}

/** A line for a shell; curl asks for the password. */
export function curl(origin, user, { q, from, to }) {
  const range = `--data-urlencode ${shell(`from=${from}`)} --data-urlencode ${shell(`to=${to}`)}`;
  return `curl -u ${shell(user)} -G ${shell(`${origin}/api/v1/query`)} --data-urlencode ${shell(`q=${q}`)} ${range}`;
}

/** Make every button with `data-copy` copy the text of the element of that id. */
export function copying() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy);
    const label = (button.dataset.label ??= button.textContent);
    try {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(source); // without TLS a browser copies nothing by itself
      button.textContent = "Selected: copy by Ctrl-C";
    }
    setTimeout(() => { button.textContent = label; }, 2000);
  });
}

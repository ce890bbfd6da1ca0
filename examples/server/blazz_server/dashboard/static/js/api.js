// Calls of the REST API: with the cookie of the login, and the token that no other site knows.

/** What the server refused, in its own words. */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || "The server could not be reached.");
    this.status = status;
    this.code = body.code ?? "";
    this.errors = body.errors ?? [];
  }
}

/** Call the API; an object is sent as JSON, FormData and files as they are. */
export async function call(method, path, body, headers = {}) {
  const options = { method, headers: { Accept: "application/json", ...headers } };
  const token = document.body.dataset.csrf;
  if (token) options.headers["X-CSRF-Token"] = token;
  if (body instanceof FormData || body instanceof Blob || body instanceof URLSearchParams) {
    options.body = body;
  } else if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Problem(0, { detail: "The server cannot be reached; nothing was changed that we know of." });
  }
  if (answer.status === 401 && document.body.dataset.csrf) leave();
  const text = await answer.text();
  let read = {};
  try { read = text ? JSON.parse(text) : {}; } catch { /* no JSON: an error of something between us */ }
  if (!answer.ok) throw new Problem(answer.status, read);
  return read;
}

/** Fetch a part of this page anew, as HTML. */
export async function part(name, query = {}) {
  const url = new URL(location.href);
  url.hash = "";
  for (const [key, value] of Object.entries({ ...query, part: name })) url.searchParams.set(key, value);
  const answer = await fetch(url, { headers: { Accept: "text/html" } });
  if (answer.status === 401) leave();
  if (!answer.ok) throw new Problem(answer.status, {});
  return answer.text();
}

/** The login has ended: ask for a new one, and come back here. */
function leave() {
  location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
}

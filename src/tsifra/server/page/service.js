// The HTTP service that reads.
//
// Flows in: files and how to read them. Flows out: records, explanations and drawn pictures, or a Problem with the
// kind of what went wrong, for which words.js has a sentence. An aborted request throws the browser's AbortError.

import { askToken, token } from "./token.js";

const LIMIT_MS = 120_000; // a document of many pages takes a while; nobody waits longer
const LONGEST_RETRY_S = 15; // what a busy service may ask for and a person still waits
const BY_STATUS = { 400: "request", 401: "unauthorized", 404: "request", 405: "request", 408: "timeout", 413: "too_large", 415: "format",
  422: "input", 429: "busy", 502: "lost", 503: "busy", 504: "timeout" };

export class Problem extends Error {
  constructor(kind, detail = "") {
    super(detail || kind);
    this.kind = kind;
    this.detail = detail;
  }
}

/** All records of a file, one a page. how: {one, layout, rotate}. */
export async function read(file, how, signal) {
  const body = new FormData(); // which keeps the file's name, as `input` of the records
  body.append("file", file, file.name);
  return send("read", { ...choices(how), probabilities: true }, { body }, signal, (answer) => answer.json());
}

/** A page with what was read drawn on it, turned upright: a PNG. */
export async function annotate(file, how, page, signal) {
  return send("annotate", { ...choices(how), page }, raw(file), signal, (answer) => answer.blob());
}

/** How one digit was read: {steps, seen, record}. box: the crop in the page as it was turned by `rotate`, or null. */
export async function explain(file, { page, rotate, box }, signal) {
  const query = { page, rotate, ...(box && { box: box.join(",") }) };
  return send("explain", query, raw(file), signal, (answer) => answer.json());
}

/** What the service says of itself; null where it does not. */
export async function info() {
  try {
    const known = token();
    const answer = await fetch("v1/info", known ? { headers: { Authorization: `Bearer ${known}` } } : {});
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

function choices({ one, layout, rotate }) {
  return one ? { one } : { one, layout, rotate }; // a picture that is one digit has no layout and is not turned
}

function raw(file) {
  return { body: file, headers: { "Content-Type": file.type || "application/octet-stream" } };
}

/** Ask the service; with a token where it wants one, and once more where it is busy. */
async function send(name, query, request, signal, unpack) {
  let waited = false;
  for (;;) {
    const sent = token();
    const answer = await limited(`v1/${name}?${new URLSearchParams(query)}`, request, sent, signal, unpack);
    if (answer.value !== undefined) return answer.value;
    const { problem, status, retryAfter } = answer;
    if (status === 401 && (await askToken(sent)) !== null) continue;
    if (status !== 503 || waited) throw problem;
    waited = true;
    await pause(Math.min(retryAfter, LONGEST_RETRY_S) * 1000, signal);
  }
}

async function limited(address, request, sent, signal, unpack) {
  const stop = new AbortController();
  const forward = () => stop.abort();
  signal?.addEventListener("abort", forward);
  if (signal?.aborted) stop.abort();
  const clock = setTimeout(forward, LIMIT_MS);
  try {
    const headers = { ...request.headers, ...(sent && { Authorization: `Bearer ${sent}` }) };
    const answer = await fetch(address, { method: "POST", body: request.body, headers, signal: stop.signal });
    if (answer.ok) return { value: await unpack(answer) };
    const after = Number(answer.headers.get("Retry-After"));
    return { problem: await problemOf(answer), status: answer.status, retryAfter: after > 0 ? after : 1 };
  } catch (error) {
    if (signal?.aborted) throw new DOMException("Nobody waits for it any more.", "AbortError");
    throw new Problem(error.name === "AbortError" ? "timeout" : "lost");
  } finally {
    clearTimeout(clock);
    signal?.removeEventListener("abort", forward);
  }
}

async function problemOf(answer) {
  let said = {};
  try {
    said = await answer.json();
  } catch {
    // A proxy's own page, perhaps; the status says enough.
  }
  const kind = BY_STATUS[answer.status] ?? "internal";
  const told = typeof said?.kind === "string" && !["request", "unauthorized"].includes(kind);
  return new Problem(told ? said.kind : kind, typeof said?.detail === "string" ? said.detail : "");
}

function pause(time_ms, signal) {
  return new Promise((resolve, reject) => {
    const clock = setTimeout(resolve, time_ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(clock);
      reject(new DOMException("Nobody waits for it any more.", "AbortError"));
    }, { once: true });
  });
}

// One digit closer: what the network saw, the probabilities, and what was done to the picture.
//
// Flows in: a record, which of its digits, and the service's explanation when it comes. Flows out: the panel below
// the digits. Knows nothing of requests.

import { bar, labelled, span } from "./answer.js";
import { mark } from "./boxes.js";
import { isForeign, step } from "./steps.js";
import { language, percent, say } from "./words.js";

const PNG = "data:image/png;base64,";
const at = (id) => document.getElementById(id);

/** Show a digit of a record; index null is the whole picture. explanation: {steps, seen}, null while it is awaited. */
export function showDetail(record, index, explanation) {
  const digit = index === null ? null : record.digits[index];
  at("detail").hidden = !digit && !explanation;
  at("detail-title").textContent = digit ? say("detail", { number: index + 1, said: mark(digit) }) : say("whole");
  at("bars").hidden = !digit;
  at("bars").replaceChildren(...(digit ? shares(digit).map(row) : []));
  showSeen(digit && explanation?.seen);
  const steps = explanation?.steps ?? [];
  at("steps-part").hidden = steps.length === 0;
  at("steps").replaceChildren(...steps.map(item));
}

export function hideDetail() {
  at("detail").hidden = true;
}

function showSeen(address) {
  const known = typeof address === "string" && address.startsWith(PNG);
  at("seen-figure").hidden = !known;
  if (!known) return at("seen").removeAttribute("src");
  at("seen").src = address;
  at("seen").alt = say("seenAlt");
}

/** All eleven probabilities where the service gives them, else those that stand in the record. */
function shares(digit) {
  if (digit.probabilities) return Object.entries(digit.probabilities);
  return [[digit.digit ?? "none", digit.confidence], ...digit.alternatives];
}

function row([label, share]) {
  const element = document.createElement("li");
  element.append(span("label", label === "none" ? "×" : label), bar(share), span("share", percent(share)));
  if (label === "none") element.append(span("unseen", labelled(label)));
  return element;
}

function item(phrase) {
  const element = document.createElement("li");
  element.textContent = step(phrase, language());
  if (isForeign(phrase, language())) element.lang = "en";
  return element;
}

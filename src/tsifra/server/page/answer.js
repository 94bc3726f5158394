// What was read, for people: text, status, each digit, and what went wrong.
//
// Flows in: a record (or nothing, or "reading"). Flows out: what is in the right half of the page; calls
// `chosen(index)` when a person picks a digit. Also tells screen readers, in one sentence, once it changes.

import { mark } from "./boxes.js";
import { percent, say } from "./words.js";

const HELPS_TO_RETRY = ["busy", "timeout", "lost", "unauthorized", "internal"];
const at = (id) => document.getElementById(id);

export class Answer {
  #chosen;
  #record = null;

  constructor(chosen) {
    this.#chosen = chosen;
    at("check-next").addEventListener("click", () => this.#nextToCheck());
  }

  /** Nothing is given yet, or it is being read. */
  wait(reading) {
    at("answer").setAttribute("aria-busy", String(reading));
    if (reading) {
      if (this.#record === null) at("idle").textContent = say("reading");
      return; // the last answer stays in view, so that nothing jumps while a person draws
    }
    this.#record = null;
    at("idle").hidden = false;
    at("idle").textContent = say("idle");
    at("read").hidden = at("trouble").hidden = true;
    at("said").textContent = "";
    at("peek").hidden = true;
  }

  /** Forget the last answer, which is about another picture. */
  forget() {
    this.wait(false);
    this.wait(true);
  }

  show(record) {
    this.#record = record;
    at("answer").setAttribute("aria-busy", "false");
    at("idle").hidden = true;
    at("peek").hidden = false;
    at("trouble").hidden = record.status !== "error";
    at("read").hidden = record.status === "error";
    if (record.status === "error") this.#showError(record.error);
    else this.#showRead(record);
  }

  choose(index) {
    [...at("digits").querySelectorAll("button")].forEach((button, number) => {
      button.setAttribute("aria-pressed", String(number === index));
    });
  }

  #showError({ kind, message, values }) {
    const words = say(`error.${kind}`, values);
    at("trouble-words").textContent = words;
    at("trouble-detail").textContent = message === kind || kind === "format" ? "" : message; // which adds nothing
    at("peek").textContent = words;
    at("peek").className = "peek error";
    at("retry").hidden = !HELPS_TO_RETRY.includes(kind);
    tell(words);
  }

  #showRead(record) {
    const status = say(`status.${record.status}`);
    const share = record.confidence === null ? "" : say(record.digits.length > 1 ? "sureOfAll" : "sure", { share: percent(record.confidence) });
    at("status").textContent = `${{ ok: "✓", review: "?", rejected: "×" }[record.status] ?? "○"} ${status}`;
    at("status").className = `badge ${record.status}`;
    at("sure").textContent = share;
    at("peek").replaceChildren(span("figure", brief(record.text)), span("share", at("status").textContent));
    at("peek").className = `peek ${record.status}`;
    at("text").hidden = !record.text;
    at("text").textContent = record.text;
    const lines = record.text.split("\n");
    at("text").style.setProperty("--columns", String(Math.max(2, ...lines.map((line) => line.length))));
    at("text").classList.toggle("many", lines.length > 2);
    const unsure = record.digits.filter((digit) => digit.status !== "ok").length;
    at("checks").hidden = unsure === 0 || record.digits.length < 2;
    at("check-count").textContent = say("checkCount", { count: unsure, all: record.digits.length });
    at("digits-title").hidden = record.digits.length === 0;
    at("digits").replaceChildren(...record.digits.map((digit, index) => this.#item(digit, index)));
    at("copy").disabled = !record.text;
    at("save-picture").disabled = record.digits.length === 0;
    tell(record.text ? say("saidRead", { text: spoken(record.text), status, share }) : status);
  }

  #item(digit, index) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.className = `digit ${digit.status}`;
    button.setAttribute("aria-pressed", "false");
    const others = span("others", "");
    others.append(...digit.alternatives.slice(0, 2).map(([label, share]) => span("other", alternative(label, share))));
    button.append(
      span("figure", mark(digit)),
      span("share", percent(digit.confidence)),
      bar(digit.confidence),
      span("unseen", say(`status.${digit.status}`)),
      others,
    );
    button.addEventListener("click", () => this.#chosen(index));
    item.append(button);
    return item;
  }

  #nextToCheck() {
    const buttons = [...at("digits").querySelectorAll("button")];
    const now = buttons.findIndex((button) => button.getAttribute("aria-pressed") === "true");
    const order = buttons.map((_, step) => (now + 1 + step) % buttons.length);
    const next = order.find((index) => this.#record.digits[index].status !== "ok");
    if (next === undefined) return;
    this.#chosen(next);
    buttons[next].scrollIntoView({ block: "nearest" });
  }
}

/** Say a sentence through the live region, unless it was said last. */
export function tell(sentence) {
  if (at("said").textContent !== sentence) at("said").textContent = sentence;
}

export function labelled(label) {
  return label === "none" ? say("none") : label;
}

/** A bar as long as a share of 0…1; the number beside it says the same to those who do not see it. */
export function bar(share) {
  const track = span("bar", "");
  track.setAttribute("aria-hidden", "true");
  const fill = span("fill", "");
  fill.style.width = `${100 * share}%`;
  track.append(fill);
  return track;
}

export function span(name, words) {
  const element = document.createElement("span");
  element.className = name;
  element.textContent = words;
  return element;
}

/** The beginning of a text, for the line below the picture on screens where the answer is further down. */
function brief(text) {
  const [line, ...more] = text.split("\n");
  if (line.length > 12) return `${line.slice(0, 12)}…`;
  return more.length ? `${line} …` : line || say("nothing");
}

function alternative(label, share) {
  return say("or", { label: labelled(label), share: percent(share) });
}

/** Text digit by digit, since "1 354" is no thousand here. */
function spoken(text) {
  return text.split("\n").map((line) => [...line].join(" ").replace(/\s{2,}/g, ", ")).join("; ");
}

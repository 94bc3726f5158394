// The page: what people give goes to the service, what it answers is shown.
//
// Flows in: strokes, files, choices. Flows out: the answer, and what people take away. Holds the only state there is:
// the pages in hand, which of them is shown, which of its digits is chosen.

import { Answer, tell } from "./answer.js";
import { onFiles } from "./arrivals.js";
import { chooseBox, showBoxes } from "./boxes.js";
import { hideDetail, showDetail } from "./detail.js";
import { Pad } from "./pad.js";
import { Picture } from "./picture.js";
import { Problem, annotate, explain, info, read } from "./service.js";
import { asCsv, asJson, asText, copy, save } from "./takeaway.js";
import { firstLanguage, say, speak } from "./words.js";

const PAUSE_MS = 120; // of the hand, after which a drawing is read before the pen is lifted
const EXPLAINED_BYTES = 4_000_000; // up to which a file is sent a second time without being asked to
const at = (id) => document.getElementById(id);

let drawing = true; // else files are in hand
let files = [];
let items = []; // {file, record, pages, explanations}: pages in the order of the files
let shown = 0;
let chosen = null;
let job = new AbortController(); // of what is being read; a newer job ends it, so that no older answer is shown
let limit = Infinity;
let about = null;

const answer = new Answer(choose);
const picture = new Picture(choose);
let soon = 0;
const pad = new Pad(at("pad"), (finished) => {
  clearTimeout(soon);
  at("pad-invitation").hidden = !pad.empty;
  at("undo").disabled = at("clear").disabled = pad.empty;
  if (finished) readDrawing();
  else soon = setTimeout(readDrawing, PAUSE_MS);
});

function how() {
  // A hand draws upright; a lone 6 or a line of 1s is not to be taken for a page that lies on its side.
  return { one: at("one").checked, layout: at("layout").value, rotate: drawing ? 0 : "auto" };
}

function begin() {
  job.abort();
  job = new AbortController();
  return job.signal;
}

async function readDrawing() {
  const signal = begin();
  if (pad.empty) {
    items = [];
    showBoxes(at("pad-boxes"), null);
    hideDetail();
    return answer.wait(false);
  }
  answer.wait(true);
  const file = await pad.file("drawing.png");
  const read = await itemsOf(file, signal);
  if (signal.aborted) return;
  items = read;
  show(0);
}

async function readFiles(given) {
  if (!given.length) return;
  const signal = begin();
  files = [...given];
  setDrawing(false);
  items = [];
  at("pager").hidden = true;
  at("picture-name").textContent = files[0].name;
  answer.forget();
  hideDetail();
  await picture.preview(files[0]);
  for (const file of files) {
    const read = await itemsOf(file, signal);
    if (signal.aborted) return;
    items.push(...read);
    if (items.length === read.length) show(0);
    else showPager();
  }
}

/** The pages of a file, read; a page that says what is wrong where it could not be. */
async function itemsOf(file, signal) {
  let records;
  try {
    if (!file.size) throw new Problem("empty");
    if (file.size > limit) throw new Problem("too_many_bytes");
    records = await read(file, how(), signal);
  } catch (error) {
    if (signal.aborted) return [];
    records = [failure(file.name, error)];
  }
  return records.map((record) => ({ file, record, pages: records.length, explanations: new Map() }));
}

function failure(name, error) {
  const kind = error instanceof Problem ? error.kind : "internal";
  const values = { limit: Math.floor(limit / 1e6) };
  return { input: name, page: 1, size: null, rotation: 0, text: "", status: "error", confidence: null, digits: [],
    error: { kind, message: error.message, values }, model: about?.model ?? null };
}

function setDrawing(yes) {
  drawing = yes;
  clearTimeout(soon);
  at("drawing").hidden = !yes;
  at("picture").hidden = yes;
}

/** Show a page that was read. */
function show(number) {
  shown = number;
  const { file, record, pages } = items[number];
  answer.show(record);
  showPager();
  if (drawing) {
    showBoxes(at("pad-boxes"), record.status === "error" ? null : record, null);
  } else {
    const { signal } = job;
    picture.show(file, record, pages, () => annotate(file, how(), record.page, signal)).then(() => {
      if (items[shown]?.record === record) picture.choose(chosen);
    });
    showName();
  }
  const unsure = record.digits.findIndex((digit) => digit.status !== "ok");
  if (record.digits.length) choose(unsure < 0 ? 0 : unsure, false);
  else if (record.status === "blank") choose(null, false);
  else hideDetail();
}

function showPager() {
  at("pager").hidden = drawing || items.length < 2;
  at("previous").disabled = shown === 0;
  at("next").disabled = shown >= items.length - 1;
  at("where").textContent = say("where", { number: shown + 1, count: items.length });
}

function showName() {
  const { file, record, pages } = items[shown];
  const name = pages > 1 ? `${file.name}, ${say("page", { page: record.page })}` : file.name;
  const [width, height] = record.size ?? [];
  const words = width ? say("picture", { name, width, height }) : name;
  at("picture-name").textContent = words;
  picture.label = words;
}

/** Choose a digit of the page shown, null for all of it. asked: by a person, so that a large file is sent again. */
async function choose(index, asked = true) {
  chosen = index;
  answer.choose(index);
  if (drawing) chooseBox(at("pad-boxes"), index);
  else picture.choose(index);
  const item = items[shown];
  const { file, record, explanations } = item;
  showDetail(record, index, explanations.get(index) ?? null);
  if (explanations.has(index) || (!asked && file.size > EXPLAINED_BYTES)) return;
  try {
    const box = index === null || how().one ? null : widened(record.digits[index].bbox, record.size);
    explanations.set(index, await explain(file, { page: record.page, rotate: record.rotation, box }, job.signal));
  } catch {
    return; // the answer stands without
  }
  if (items[shown] === item && chosen === index) showDetail(record, index, explanations.get(index));
}

/** A box with a tenth of its side around it, as much paper as tells ink from it. */
function widened([x0, y0, x1, y1], [width, height]) {
  const margin = Math.max(2, Math.round(Math.max(x1 - x0, y1 - y0) / 10));
  return [Math.max(0, x0 - margin), Math.max(0, y0 - margin), Math.min(width, x1 + margin), Math.min(height, y1 + margin)];
}

function again() {
  if (drawing) readDrawing();
  else readFiles(files);
}

/** The records without what only this page knows. */
function records() {
  return items.map(({ record }) => {
    const { error } = record;
    return error ? { ...record, error: { kind: error.kind, message: error.message } } : record;
  });
}

function fileName(ending) {
  return `${items[shown].file.name.replace(/\.[^.]*$/, "") || "tsifra"}${ending}`;
}

async function saveText(form, type, ending) {
  save(new Blob([form(records())], { type }), fileName(ending));
}

async function savePicture() {
  const { file, record } = items[shown];
  const ending = items[shown].pages > 1 ? `.read.${record.page}.png` : ".read.png";
  const name = fileName(ending);
  try {
    save(await annotate(file, how(), record.page, job.signal), name);
  } catch (error) {
    if (error instanceof Problem) tell(say(`error.${error.kind}`));
  }
}

async function copyText() {
  const words = say((await copy(asText(records()))) ? "copied" : "notCopied");
  tell(words);
  at("copy").textContent = words;
  setTimeout(() => {
    at("copy").textContent = say("copy");
  }, 2000);
}

async function readExample(name) {
  let file;
  try {
    const got = await fetch(`static/examples/${name}`);
    if (!got.ok) throw new Problem("lost");
    file = new File([await got.blob()], name, { type: "image/png" });
  } catch {
    return complain("lost");
  }
  readFiles([file]);
}

/** Say what is wrong where there is no file to say it of. */
function complain(kind) {
  begin();
  hideDetail();
  answer.show(failure("", new Problem(kind)));
}

function speakAll(lang, remember) {
  speak(lang, remember);
  if (about) at("model").textContent = say("model", about);
  if (!items.length) return answer.wait(false);
  answer.show(items[shown].record);
  showPager();
  if (!drawing) showName();
  if (items[shown].record.status !== "error") choose(chosen, false);
}

for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => speakAll(button.dataset.language, true));
}
for (const button of document.querySelectorAll("[data-example]")) {
  button.addEventListener("click", () => readExample(button.dataset.example));
}
for (const id of ["one", "layout"]) {
  at(id).addEventListener("change", () => {
    at("layout").disabled = at("one").checked; // a picture that is one digit has no layout
    if (items.length) again();
  });
}
at("undo").addEventListener("click", () => pad.undo());
at("clear").addEventListener("click", () => pad.clear());
at("draw").addEventListener("click", () => {
  setDrawing(true);
  readDrawing();
  at("clear").focus();
});
at("retry").addEventListener("click", again);
at("previous").addEventListener("click", () => show(shown - 1));
at("next").addEventListener("click", () => show(shown + 1));
at("copy").addEventListener("click", copyText);
at("save-json").addEventListener("click", () => saveText(asJson, "application/json", ".json"));
at("save-csv").addEventListener("click", () => saveText(asCsv, "text/csv", ".csv"));
at("save-picture").addEventListener("click", savePicture);

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, select, textarea, dialog");
  if ((event.ctrlKey || event.metaKey) && event.code === "KeyZ" && !event.shiftKey && drawing && !typing && !pad.empty) {
    event.preventDefault();
    pad.undo();
  }
});
onFiles(readFiles, () => complain("no_file"));
speakAll(firstLanguage(), false);
info().then((said) => {
  if (!said) return;
  about = said;
  limit = said.max_bytes > 0 ? said.max_bytes : Infinity;
  at("model").textContent = say("model", said);
});

// Answers to take away: text, JSON, CSV, a picture.
//
// Flows in: records as the service gave them. Flows out: the clipboard and files. CSV has the columns and the quoting
// of `tsifra read --format csv`.

const COLUMNS = ["input", "page", "text", "status", "confidence", "error"];

export function asText(records) {
  return records.map((record) => record.text).filter(Boolean).join("\n\n");
}

export function asJson(records) {
  return `${JSON.stringify(records, null, 2)}\n`;
}

export function asCsv(records) {
  const rows = records.map((record) => {
    const error = record.error ? `${record.error.kind}: ${record.error.message}` : "";
    return COLUMNS.map((column) => (column === "error" ? error : (record[column] ?? "")));
  });
  return [COLUMNS, ...rows].map((row) => `${row.map(quoted).join(",")}\n`).join("");
}

/** Put text on the clipboard; false where the browser does not let it be. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text); // over plain HTTP to another machine there is no navigator.clipboard
  }
}

export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // a browser may ask first where to put it
}

function quoted(value) {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function copyBySelection(text) {
  const before = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "unseen";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  before?.focus();
  return done;
}

// Files that people bring: chosen, photographed, pasted, dropped.
//
// Flows in: what the browser tells of them. Flows out: lists of files, to `take`; `refuse` is called where something
// was dropped that is no file. Knows nothing of what becomes of them.

const at = (id) => document.getElementById(id);

export function onFiles(take, refuse) {
  chosenBy("choose", "file", take);
  chosenBy("photograph", "camera", take);
  document.addEventListener("paste", (event) => {
    const pasted = filesOf(event.clipboardData);
    if (!pasted.length) return; // text, into a field perhaps
    event.preventDefault();
    take(pasted);
  });
  document.addEventListener("dragover", (event) => {
    event.preventDefault(); // else the browser would open the file in place of the page
    document.body.classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("dropping");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    const dropped = filesOf(event.dataTransfer);
    if (dropped.length) take(dropped);
    else refuse();
  });
}

/** A button that people see in place of the browser's own field, which speaks the browser's language. */
function chosenBy(button, input, take) {
  at(button).addEventListener("click", () => at(input).click());
  at(input).addEventListener("change", () => {
    const files = [...at(input).files];
    at(input).value = ""; // so that the same file may be chosen again
    take(files);
  });
}

function filesOf(transfer) {
  return [...(transfer?.files ?? [])];
}

// Boxes of what was read, laid over a picture.
//
// Flows in: a record, and the layer to put its boxes on; calls `chosen(index)` for a box that is clicked. The list of
// digits does the same for keyboards and screen readers, so boxes are for eyes and pointers alone. A digit that is
// unsure has a dashed box and a "?", a rejected region a cross: color is never the only difference.

const LABEL = [14, 22]; // width and height of a label on the screen, in pixels

/** What stands beside a box: 4, 4? or ×. */
export function mark(digit) {
  if (digit.digit === null) return "×";
  return digit.status === "ok" ? digit.digit : `${digit.digit}?`;
}

/** Show the boxes of a record, or none for null. chosen: null where boxes are not to be clicked. */
export function showBoxes(layer, record, chosen) {
  layer.replaceChildren();
  if (!record?.size) return;
  const [width, height] = record.size;
  const quiet = hidesDigits(record, width / layer.clientWidth); // then sure ones go without
  record.digits.forEach((digit, index) => {
    const [x0, y0, x1, y1] = digit.bbox;
    const box = document.createElement("div");
    box.className = `box ${digit.status}`;
    // Through the CSSOM: the service's policy forbids style attributes.
    box.style.left = `${(100 * x0) / width}%`;
    box.style.top = `${(100 * y0) / height}%`;
    box.style.width = `${(100 * (x1 - x0)) / width}%`;
    box.style.height = `${(100 * (y1 - y0)) / height}%`;
    if (!quiet || digit.status !== "ok") {
      const label = document.createElement("span");
      label.textContent = mark(digit);
      box.append(label);
    }
    if (chosen) {
      box.classList.add("clickable");
      box.addEventListener("click", () => chosen(index));
    }
    layer.append(box);
  });
}

/** Whether labels would lie on other digits. scale: pixels of the picture in one of the screen. */
function hidesDigits({ digits }, scale) {
  const [wide, high] = LABEL.map((length) => length * scale);
  return digits.some(({ bbox: [left, top] }) =>
    digits.some(({ bbox: [x0, y0, x1, y1] }) => x0 < left + wide && left < x1 && y0 < top && top - high < y1 - high / 3));
}

/** Mark the box of the chosen digit. */
export function chooseBox(layer, index) {
  [...layer.children].forEach((box, at) => box.classList.toggle("chosen", at === index));
}

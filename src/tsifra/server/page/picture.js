// The picture that was given, with boxes on it.
//
// Flows in: files and records. Shows the file itself, turned as the service has turned it, where the browser can; else
// what the service draws of it (HEIC, TIFF, PDF). Calls `chosen(index)` for a box that is clicked.

import { chooseBox, showBoxes } from "./boxes.js";

export class Picture {
  #sheet = document.getElementById("picture-sheet");
  #image = document.getElementById("picture-img");
  #layer = document.getElementById("picture-boxes");
  #none = document.getElementById("picture-none");
  #chosen;
  #address = null;
  #turn = 0;

  constructor(chosen) {
    this.#chosen = chosen;
  }

  /** Show a file before it is read. */
  async preview(file) {
    const turn = ++this.#turn;
    showBoxes(this.#layer, null);
    this.#put(null, null);
    this.#none.hidden = true; // the service may be able to draw it
    const address = URL.createObjectURL(file);
    const size = await decoded(address);
    if (turn !== this.#turn || !size) return URL.revokeObjectURL(address);
    this.#put(address, size);
  }

  /** Show a page that was read. drawn: makes the service draw it, a promise of a PNG. pages: those of its file. */
  async show(file, record, pages, drawn) {
    const turn = ++this.#turn;
    let address = null;
    let size = null;
    let asGiven = pages === 1;
    if (asGiven) {
      address = URL.createObjectURL(record.rotation ? await turned(file, record.rotation) : file);
      size = await decoded(address);
      // A browser that sees another size reads the file another way, and the boxes would lie beside the digits.
      asGiven = size !== null && (record.size === null || String(size) === String(record.size));
    }
    if (!asGiven) {
      if (address) URL.revokeObjectURL(address);
      const blob = record.status === "error" ? null : await drawn().catch(() => null);
      address = blob && URL.createObjectURL(blob);
      size = address && (await decoded(address));
    }
    if (turn !== this.#turn) return address && URL.revokeObjectURL(address);
    this.#put(size ? address : null, size);
    showBoxes(this.#layer, asGiven ? record : null, this.#chosen);
  }

  choose(index) {
    chooseBox(this.#layer, index);
  }

  set label(words) {
    this.#image.alt = words;
  }

  #put(address, size) {
    if (this.#address) URL.revokeObjectURL(this.#address);
    this.#address = address;
    this.#sheet.hidden = address === null;
    this.#none.hidden = address !== null;
    if (!address) return;
    this.#image.src = address;
    this.#sheet.style.setProperty("--ratio", String(size[0] / size[1]));
    this.#image.classList.toggle("tiny", Math.max(...size) <= 160);
  }
}

/** A picture turned clockwise by a multiple of 90 degrees; the file itself where the browser cannot show it. */
async function turned(file, degrees) {
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (!bitmap) return file;
  const { width, height } = bitmap;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = degrees % 180 ? [height, width] : [width, height];
  const context = canvas.getContext("2d");
  context.translate(canvas.width / 2, canvas.height / 2);
  context.rotate((degrees * Math.PI) / 180);
  context.drawImage(bitmap, -width / 2, -height / 2);
  bitmap.close();
  return (await new Promise((resolve) => canvas.toBlob(resolve))) ?? file;
}

/** Width and height of a picture as the browser sees it, null where it cannot. */
async function decoded(address) {
  const image = new Image();
  image.src = address;
  try {
    await image.decode();
    return image.naturalWidth ? [image.naturalWidth, image.naturalHeight] : null;
  } catch {
    return null;
  }
}

// The sheet to draw on.
//
// Flows in: strokes of a mouse, a finger or a pen. Flows out: a picture, dark ink on white, as a PNG file; calls
// `changed(finished)` as ink is added or taken away. Knows nothing of reading.

const INK = "#14161a";
const PAPER = "#ffffff";
const PEN = 26; // width of a stroke on a sheet of 960, about that of a felt pen on a card

export class Pad {
  #canvas;
  #context;
  #strokes = []; // each a list of {x, y, width} in pixels of the canvas
  #pointer = null;
  #changed;

  constructor(canvas, changed) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d");
    this.#changed = changed;
    canvas.addEventListener("pointerdown", (event) => this.#begin(event));
    canvas.addEventListener("pointermove", (event) => this.#go(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => this.#end(event));
    this.#redraw();
  }

  get empty() {
    return this.#strokes.length === 0;
  }

  undo() {
    this.#strokes.pop();
    this.#pointer = null;
    this.#redraw();
    this.#changed(true);
  }

  clear() {
    this.#strokes = [];
    this.#pointer = null;
    this.#redraw();
    this.#changed(true);
  }

  /** What is drawn, as a PNG file. */
  file(name) {
    return new Promise((resolve) => {
      this.#canvas.toBlob((blob) => resolve(new File([blob], name, { type: "image/png" })), "image/png");
    });
  }

  #begin(event) {
    // One pointer draws at a time: a palm that rests on the screen beside the pen is not meant.
    if (this.#pointer !== null || (event.pointerType === "mouse" && event.button !== 0)) return;
    event.preventDefault();
    this.#pointer = event.pointerId;
    this.#canvas.setPointerCapture(event.pointerId);
    this.#strokes.push([]);
    this.#add(event);
    this.#changed(false);
  }

  #go(event) {
    if (event.pointerId !== this.#pointer) return;
    event.preventDefault();
    // Between two frames a quick hand goes far; the events in between keep its curve.
    const between = event.getCoalescedEvents?.() ?? [];
    for (const part of between.length ? between : [event]) this.#add(part);
    this.#changed(false);
  }

  #end(event) {
    if (event.pointerId !== this.#pointer) return;
    this.#pointer = null;
    this.#changed(true);
  }

  #add(event) {
    const place = this.#canvas.getBoundingClientRect();
    const pressed = event.pointerType === "pen" && event.pressure > 0 ? 0.5 + event.pressure : 1;
    const stroke = this.#strokes.at(-1);
    stroke.push({
      x: ((event.clientX - place.left) / place.width) * this.#canvas.width,
      y: ((event.clientY - place.top) / place.height) * this.#canvas.height,
      width: PEN * pressed,
    });
    this.#piece(stroke, stroke.length - 1);
  }

  #redraw() {
    this.#context.fillStyle = PAPER; // a transparent sheet would leave the ink's ground to chance
    this.#context.fillRect(0, 0, this.#canvas.width, this.#canvas.height);
    for (const stroke of this.#strokes) stroke.forEach((_, index) => this.#piece(stroke, index));
  }

  /** Draw the stroke up to the middle of its last two points, bent at the point before: no corners between points. */
  #piece(stroke, index) {
    const context = this.#context;
    const [before, last, point] = [stroke[index - 2], stroke[index - 1], stroke[index]];
    context.strokeStyle = INK;
    context.lineCap = context.lineJoin = "round";
    context.lineWidth = point.width;
    context.beginPath();
    if (!last) {
      context.moveTo(point.x, point.y);
      context.lineTo(point.x, point.y);
    } else {
      const from = before ? { x: (before.x + last.x) / 2, y: (before.y + last.y) / 2 } : last;
      context.moveTo(from.x, from.y);
      context.quadraticCurveTo(last.x, last.y, (last.x + point.x) / 2, (last.y + point.y) / 2);
      context.lineTo(point.x, point.y);
    }
    context.stroke();
  }
}

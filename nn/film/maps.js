/* What the neurons and the network say: over the plane (two inputs), over the line (one), or of the chosen example. */
const inputs = data.sizes[0], depth = data.sizes.length - 1, outputs = data.sizes[depth];
const NEURONS = data.sizes.slice(1).reduce((a, b) => a + b), noNumbers = new Array(NEURONS).fill(NaN);
const callNeurons = bound(neuronsProgram, data.neurons);
const neuronsOf = (x, p) => callNeurons(x, p)[2] ?? noNumbers;  // where one has no value, none is known
const firstOf = [null];  // the place of the first neuron of a layer among all, by the number of the layer
for (let layer = 1, place = 0; layer <= depth; place += data.sizes[layer++]) firstOf[layer] = place;
const BOUNDED = {tanh: a => a, sigmoid: a => 2 * a - 1, step: a => 2 * a - 1};
const CLASSES = ["#c77700", "#3b82d6", "#4f9a2f", "#a457a9", "#808080", "#e0507f", "#14a5b4", "#b29a00"];
const column = k => data.X.map(x => x[k]);
const FAR = 8e307;  // no picture reaches further: how far it is from one side to the other is a number then
const near = x => Math.max(-FAR, Math.min(FAR, x));
const widened = (numbers, share = 0.12) => {
  const known = numbers.filter(x => !Number.isNaN(x)).map(near), low = Math.min(...known), high = Math.max(...known);
  const more = share * (high - low) || Math.max(1, 1e-9 * Math.abs(low), 1e-9 * Math.abs(high));
  return known.length ? [near(low - more), near(high + more)] : [-1, 1];
};
const sides = inputs <= 2 ? [...Array(inputs).keys()].map(k => widened(column(k))) : [];
const targets = data.y.map(single), targetSide = widened(targets, 0);
const isClasses = data.right !== null, isSeveral = data.right === "largest";
const isLogit = data.loss === "binary cross entropy with logits" || data.loss === "hinge";
const border = isClasses ? (isSeveral ? null : data.right) : new Set(targets).size === 2 ? (targetSide[0] + targetSide[1]) / 2 : null;
const classOf = y => isSeveral ? single(y) : Number(y[0] > (border ?? Infinity));

/* A number from -1 to 1 that stands for what a neuron says. */
function shade(layer, a) {
  if (layer === depth && !isSeveral) {
    if (data.right === 0.5) return 2 * a - 1;
    if (isClasses) return Math.tanh(a / 1.5);
    return Math.max(-1, Math.min(1, 2 * (a - targetSide[0]) / (targetSide[1] - targetSide[0]) - 1));
  }
  return (BOUNDED[data.activations[layer - 1]] ?? Math.tanh)(a);
}

/* Colours of the look: `tone(t, strength)` goes from the negative one over paper to the positive one. */
let colours, tones;
function readColours() {
  const style = getComputedStyle(document.documentElement);
  const probe = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgb = colour => {
    probe.fillStyle = colour;
    probe.fillRect(0, 0, 1, 1);
    return [...probe.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  colours = Object.fromEntries(["ink", "soft", "line", "paper", "raised", "accent", "positive", "negative"].map(
    name => [name, style.getPropertyValue(`--${name}`).trim()]));
  const paper = rgb(colours.paper), ends = [rgb(colours.negative), rgb(colours.positive)];
  tones = new Uint8ClampedArray(3 * 513);
  for (let k = 0; k <= 512; k++) {
    const t = k / 256 - 1, end = ends[Number(t > 0)];
    for (let c = 0; c < 3; c++) tones[3 * k + c] = paper[c] + (end[c] - paper[c]) * Math.abs(t) ** 0.8;
  }
  colours.rgb = Object.fromEntries(["paper"].map(name => [name, paper]));
  colours.classes = CLASSES.map(rgb);
}

/* A canvas as large as it is shown: the sizes are read when they change, as reading them lets the page lay itself out. */
const sizesOf = new Map();
const sized = new ResizeObserver(changes => {
  for (const {target} of changes) sizesOf.set(target, [target.clientWidth, target.clientHeight]);
  redraw();
});
function fitted(canvas) {
  if (!sizesOf.has(canvas)) {
    sizesOf.set(canvas, [canvas.clientWidth, canvas.clientHeight]);
    sized.observe(canvas);
  }
  const ratio = Math.min(2, devicePixelRatio || 1), [width, height] = sizesOf.get(canvas);
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const brush = canvas.getContext("2d");
  brush.setTransform(ratio, 0, 0, ratio, 0, 0);
  brush.clearRect(0, 0, width, height);
  return [brush, width, height];
}

let perPoint = 0.15;  // the time that a point took, in ms: before it is known, the page opens with a coarse picture
/* What all neurons say over the plane or the line: an array for each neuron, row by row from the upper left. */
function surveyed(p, columns) {
  const start = performance.now(), lines = inputs === 2 ? columns : 1, [[left, right], [bottom, top] = [0, 0]] = sides;
  const of = [];
  for (let k = 0; k < NEURONS; k++) of.push(new Float32Array(columns * lines));
  for (let r = 0, at = 0; r < lines; r++) for (let c = 0; c < columns; c++, at++) {
    const x1 = left + (right - left) * (inputs === 2 ? (c + 0.5) / columns : c / (columns - 1));
    const all = neuronsOf(inputs === 2 ? [x1, top + (bottom - top) * (r + 0.5) / lines] : [x1], p);
    for (let k = 0; k < NEURONS; k++) of[k][at] = all[k];
  }
  perPoint = 0.5 * perPoint + 0.5 * (performance.now() - start) / (columns * lines);
  return {columns, lines, of};
}

/* Small images, one below the other in one canvas: `paint(image, at, pixels, pixel)` says what is at a place of one. */
function painted(canvas, survey, images, paint) {
  const {columns, lines} = survey, brush = canvas.getContext("2d");
  if (canvas.width !== columns || canvas.height !== lines * images) [canvas.width, canvas.height] = [columns, lines * images];
  const image = brush.createImageData(columns, lines * images);
  for (let k = 0, pixel = 0; k < images; k++) for (let at = 0; at < columns * lines; at++, pixel += 4) {
    paint(k, at, image.data, pixel);
    image.data[pixel + 3] = 255;
  }
  brush.putImageData(image, 0, 0);
  return canvas;
}
const small = document.createElement("canvas"), answer = document.createElement("canvas");

function paintTone(pixels, pixel, t, strength = 1) {
  const k = 3 * Math.round(256 * (1 + strength * Math.max(-1, Math.min(1, Number.isNaN(t) ? 0 : t))));
  for (let c = 0; c < 3; c++) pixels[pixel + c] = tones[k + c];
}
const toneText = t => {
  const pixel = [0, 0, 0];
  paintTone(pixel, 0, t);
  return `rgb(${pixel.join(" ")})`;
};

/* Each neuron's own map, in its circle. */
function paintNeurons(p, survey, example) {
  const canvas = find("maps"), [brush, width] = fitted(canvas), scale = width / data.view[0];
  const radius = data.view[2] * scale, now = survey ? null : neuronsOf(data.X[example], p);
  const places = data.places.filter(([, number]) => number);
  if (inputs === 2) painted(small, survey, places.length, (k, at, pixels, pixel) => {
    const [layer, number] = places[k], {columns, lines, of} = survey;
    const own = number === 1 ? (at % columns + 0.5) / columns : 1 - (Math.floor(at / columns) + 0.5) / lines;
    paintTone(pixels, pixel, layer ? shade(layer, of[firstOf[layer] + number - 1][at]) : 2 * own - 1, layer ? 1 : 0.6);
  });
  for (const [k, [layer, number, x, y]] of places.entries()) {
    const values = survey && layer ? survey.of[firstOf[layer] + number - 1] : null;
    brush.save();
    brush.beginPath();
    brush.arc(x * scale, y * scale, radius, 0, 2 * Math.PI);
    brush.clip();
    const [left, top, size] = [x * scale - radius, y * scale - radius, 2 * radius];
    if (!survey) {
      const a = layer ? shade(layer, now[firstOf[layer] + number - 1]) : Math.tanh(data.X[example][number - 1]);
      brush.fillStyle = toneText(a);
      brush.fillRect(left, top, size, size);
    } else if (inputs === 2) {
      brush.drawImage(small, 0, k * survey.lines, survey.columns, survey.lines, left, top, size, size);
    } else {
      const heights = layer ? values : values ?? Float32Array.from({length: survey.columns}, (_, c) => 2 * c / (survey.columns - 1) - 1);
      paintCurve(brush, heights, left, top, size);
    }
    brush.restore();
  }
}

function paintCurve(brush, heights, left, top, size) {
  const most = Math.max(1, ...heights.map(Math.abs));
  brush.fillStyle = colours.paper;
  brush.fillRect(left, top, size, size);
  brush.strokeStyle = colours.line;
  brush.beginPath();
  brush.moveTo(left, top + size / 2);
  brush.lineTo(left + size, top + size / 2);
  brush.stroke();
  brush.strokeStyle = colours.accent;
  brush.lineWidth = 2;
  brush.beginPath();
  heights.forEach((height, c) => brush.lineTo(left + size * c / (heights.length - 1), top + size * (0.5 - 0.42 * height / most)));
  brush.stroke();
}

/* The picture of what the network says, with the data: where it lies, and where the examples are in it. */
const frame = {left: 44, top: 10, right: 12, bottom: 34, points: []};
function paintAnswer(p, survey, example, wrong) {
  const [brush, width, height] = fitted(find("answer"));
  const area = {x: frame.left, y: frame.top, w: width - frame.left - frame.right, h: height - frame.top - frame.bottom};
  const values = Array.from({length: outputs}, (_, k) => survey.of[firstOf[depth] + k]);
  const [[left, right], up] = [sides[0], sides[1] ?? heightsOf(values)];
  const place = (x, y) => [area.x + area.w * (x - left) / (right - left), area.y + area.h * (up[1] - y) / (up[1] - up[0])];
  brush.save();
  brush.beginPath();
  brush.rect(area.x, area.y, area.w, area.h);
  brush.clip();
  if (inputs === 2) {
    brush.drawImage(painted(answer, survey, 1, (_, at, pixels, pixel) => paintSaid(values, at, pixels, pixel)), area.x, area.y, area.w, area.h);
    if (border !== null) paintBorder(brush, survey, values[0], border, area);
  } else {
    values.forEach((curve, k) => {
      brush.strokeStyle = isSeveral ? CLASSES[k % 8] : colours.accent;
      brush.lineWidth = 3;
      brush.beginPath();
      curve.forEach((value, c) => brush.lineTo(...place(left + (right - left) * c / (survey.columns - 1), asShown(value))));
      brush.stroke();
    });
  }
  brush.restore();
  paintAxes(brush, area, [left, right], up);
  const stride = Math.ceil(rows / 500);
  frame.points = [];
  for (let row = 0; row < rows; row += stride) {
    const x = data.X[row], at = place(x[0], inputs === 2 ? x[1] : isClasses && isSeveral ? asShown(values[single(data.y[row])][0]) : data.y[row][0]);
    frame.points.push([row, ...at]);
    paintPoint(brush, at, row, wrong.has(row), row === example);
  }
}
const asShown = value => data.loss === "binary cross entropy with logits" && inputs === 1 ? 1 / (1 + Math.exp(-value)) : value;
const heightsOf = values => widened([...targets.filter(() => !isSeveral), ...values.flatMap(curve => [...curve].map(asShown))], 0.08);

function paintSaid(values, at, pixels, pixel) {
  if (!isSeveral) return paintTone(pixels, pixel, shade(depth, values[0][at]), 0.55);
  const scores = values.map(value => value[at]), best = Math.max(0, scores.indexOf(Math.max(...scores)));
  const sure = 1 / scores.reduce((sum, score) => sum + Math.exp(score - scores[best]), 0);
  const strength = 0.6 * Math.max(0, (sure - 1 / outputs) / (1 - 1 / outputs)) || 0, [end, paper] = [colours.classes[best % 8], colours.rgb.paper];
  for (let c = 0; c < 3; c++) pixels[pixel + c] = paper[c] + strength * (end[c] - paper[c]);
}

/* The line where the model changes its mind: between the points of the grid, by where the level lies. */
function paintBorder(brush, survey, values, level, area) {
  const {columns, lines} = survey, [dx, dy] = [area.w / columns, area.h / lines];
  brush.strokeStyle = colours.ink;
  brush.lineWidth = 2;
  brush.beginPath();
  for (let r = 0; r + 1 < lines; r++) for (let c = 0; c + 1 < columns; c++) {
    const corners = [[c, r], [c + 1, r], [c + 1, r + 1], [c, r + 1]].map(([u, v]) => [u, v, values[v * columns + u] - level]);
    const crossed = corners.flatMap(([u, v, a], k) => {
      const [s, t, b] = corners[(k + 1) % 4];
      return a > 0 === b > 0 ? [] : [[u + (s - u) * a / (a - b), v + (t - v) * a / (a - b)]];
    });
    for (let k = 0; k + 1 < crossed.length; k += 2) for (const [end, [u, v]] of [crossed[k], crossed[k + 1]].entries())
      brush[end ? "lineTo" : "moveTo"](area.x + (u + 0.5) * dx, area.y + (v + 0.5) * dy);
  }
  brush.stroke();
}

function paintAxes(brush, area, across, up) {
  brush.strokeStyle = colours.line;
  brush.lineWidth = 1;
  brush.strokeRect(area.x, area.y, area.w, area.h);
  brush.fillStyle = colours.soft;
  brush.font = "12px system-ui, Helvetica, Arial, sans-serif";
  brush.textAlign = "center";
  for (const tick of ticks(across)) brush.fillText(number(tick), area.x + area.w * (tick - across[0]) / (across[1] - across[0]), area.y + area.h + 15);
  brush.fillText(data.names[0], area.x + area.w / 2, area.y + area.h + 30);
  brush.textAlign = "right";
  for (const tick of ticks(up)) brush.fillText(number(tick), area.x - 5, area.y + area.h * (up[1] - tick) / (up[1] - up[0]) + 4);
  brush.save();
  brush.translate(11, area.y + area.h / 2);
  brush.rotate(-Math.PI / 2);
  brush.textAlign = "center";
  brush.fillText(inputs === 2 ? data.names[1] : data.loss === "binary cross entropy with logits" ? "probability" : "ŷ", 0, 0);
  brush.restore();
}

function ticks([low, high]) {
  const raw = (high - low) / 4, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map(k => k * power).find(size => size >= raw), found = [];
  const first = Math.ceil(low / step);
  if (first + 1 > first) for (let k = first; k * step <= high; k++) found.push(Number((k * step).toPrecision(12)));
  return found;
}

/* An example: its class is its colour and its shape; a ring is around the chosen one, a cross in one that is wrong. */
function paintPoint(brush, [x, y], row, isWrong, isChosen) {
  const kind = classOf(data.y[row]), size = isChosen ? 7 : 4.5;
  const t = 2 * (data.y[row][0] - targetSide[0]) / (targetSide[1] - targetSide[0]) - 1;
  brush.fillStyle = isSeveral ? CLASSES[kind % 8] : border === null ? (inputs === 1 ? colours.ink : toneText(t)) : kind ? colours.positive : colours.negative;
  brush.strokeStyle = isChosen || isWrong ? colours.ink : colours.paper;
  brush.lineWidth = isChosen ? 3 : isWrong ? 2 : 1;
  brush.beginPath();
  if (kind % 2 && border !== null || isSeveral && kind % 2) brush.rect(x - size, y - size, 2 * size, 2 * size);
  else brush.arc(x, y, size + 0.5, 0, 2 * Math.PI);
  brush.fill();
  brush.stroke();
}

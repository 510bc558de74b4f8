/* The timeline of the film and of what was trained on in the page, and the controls. */
const MOST_FRAMES = 300, EPOCHS_A_FRAME = 20, MOST_MS = 14;

function decoded() {
  const bytes = Uint8Array.from(atob(data.snapshots), letter => letter.charCodeAt(0)), numbers = new Float32Array(bytes.buffer);
  return data.epochs.map((epoch, k) => ({epoch, p: Float64Array.from(
    k < data.epochs.length - 1 ? numbers.subarray(k * count, (k + 1) * count) : data.last)}));
}
const film = decoded(), end = film.at(-1).epoch;
let frames = [...film], shown = frames.length - 1, trainer, isResting = true, lastTold = 0, isTraining = false;

function startTrainer(frame) {
  trainer = new Trainer(frame.p, Number(find("seed").value));
  trainer.epoch = frame.epoch;
  if (frame === film.at(-1)) trainer.resume(data.optimizer);
  else trainer.choose(trainer.kind, {});
}

/* The settings of the controls, as far as they are numbers that a training can use. */
function settle() {
  const kind = find("optimizer").value, isMomentum = kind === "momentum", name = isMomentum ? "SGD" : kind;
  const given = name === data.optimizer.kind ? data.optimizer.settings : {};
  const before = trainer.kind, usesMomentum = name === "SGD" && (trainer.settings.momentum ?? 0) > 0;
  if (name !== before || (name === "SGD" && usesMomentum !== isMomentum)) {
    trainer.choose(name, {...given, ...(name === "SGD" ? {momentum: isMomentum ? given.momentum || 0.9 : 0, nesterov: isMomentum && !!given.nesterov} : {})});
    find("lr").value = numberText(trainer.settings.lr, 6);
    find("momentum").value = trainer.settings.momentum ?? "";
  }
  if (document.querySelector("[aria-invalid=true]")) say("");
  const read = (id, low, otherwise) => {
    const x = find(id).value === "" ? NaN : Number(find(id).value), isGood = Number.isFinite(x) && x >= low;
    find(id).setAttribute("aria-invalid", String(!isGood));
    if (!isGood) say(`${find(id).labels[0].textContent.trim()}: a number from ${low} on is needed; ${numberText(otherwise)} stays in use.`, true);
    return isGood ? x : otherwise;
  };
  trainer.settings.lr = read("lr", 0, trainer.settings.lr);
  if (isMomentum) trainer.settings.momentum = read("momentum", 0, trainer.settings.momentum);
  trainer.size = Math.min(rows, Math.floor(read("batch", 1, trainer.size)));
  trainer.waiting = [];
  trainer.l2 = read("penalty", 0, trainer.l2);
  find("momentumField").hidden = !isMomentum;
  for (const frame of frames) frame.loss = undefined;
  redraw();
}

function offerSettings() {
  const kinds = ["SGD", "momentum", "RMSprop", "Adam", ...(data.optimizer.kind === "AdamW" ? ["AdamW"] : [])];
  find("optimizer").replaceChildren(...kinds.map(kind => new Option(kind, kind)));
  showSettings();
}
function showSettings() {
  find("optimizer").value = trainer.kind === "SGD" && trainer.settings.momentum ? "momentum" : trainer.kind;
  for (const field of document.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  find("lr").value = trainer.settings.lr;
  find("momentum").value = trainer.settings.momentum ?? "";
  find("momentumField").hidden = find("optimizer").value !== "momentum";
  find("batch").value = trainer.size;
  find("batch").max = rows;
}

function say(text, isBad = false) {
  find("message").textContent = text;
  find("message").classList.toggle("bad", isBad);
}

/* Go on from the frame that is shown: what came after it in the timeline is let go. */
function goOn() {
  if (shown < frames.length - 1) {
    say(`Goes on from epoch ${frames[shown].epoch}, with an optimiser that begins anew.`);
    frames = frames.slice(0, shown + 1);
    const {kind, settings, size, l2} = trainer;
    startTrainer(frames[shown]);
    trainer.choose(kind, settings);
    Object.assign(trainer, {size, l2});
  }
}

function addFrame() {
  frames.push({epoch: trainer.epoch, p: trainer.p.slice(), isOwn: true});
  if (frames.length > MOST_FRAMES) frames = frames.filter((frame, k) => k % 2 === 0 || k === frames.length - 1);
  shown = frames.length - 1;
}

function failed(reason) {
  stopTraining();
  say(`Training diverged in epoch ${trainer.epoch + 1}: ${reason}. The last finite numbers are shown; try a smaller learning rate than ${numberText(trainer.settings.lr)}, or new weights.`, true);
}

function trainSome() {
  if (!isTraining) return;
  const until = performance.now() + Math.max(MOST_MS, drawing), last = trainer.epoch + EPOCHS_A_FRAME, first = trainer.epoch;
  let reason = null;
  while (!reason && trainer.epoch < last && performance.now() < until) reason = trainer.step();
  if (trainer.epoch > first || reason) addFrame();
  if (reason) failed(reason);
  redraw();
  if (isTraining) setTimeout(() => requestAnimationFrame(trainSome), isCalm ? 400 : 0);
}
function stopTraining() {
  isTraining = false;
  find("train").setAttribute("aria-pressed", "false");
  find("train").textContent = end ? "▶ Train on" : "▶ Train";
  redraw();
}
find("train").addEventListener("click", () => {
  if (isTraining) return stopTraining();
  playing.stop();
  say("");
  goOn();
  isTraining = true;
  find("train").setAttribute("aria-pressed", "true");
  find("train").textContent = "❚❚ Pause";
  requestAnimationFrame(trainSome);
});
find("step").addEventListener("click", () => {
  stopTraining();
  playing.stop();
  goOn();
  const batches = Math.ceil(rows / trainer.size), reason = trainer.step();
  if (reason) return failed(reason);
  addFrame();
  say(batches > 1 ? `A step on ${trainer.size} examples; ${batches - trainer.waiting.length % batches} of ${batches} in this epoch.` : "");
  redraw();
});
find("renew").addEventListener("click", () => {
  const {kind, settings, size, l2} = trainer, seed = Number(find("seed").value) || 0;
  frames = [{epoch: 0, p: newWeights(seed, find("init").value), isOwn: true}];
  shown = 0;
  startTrainer(frames[0]);
  trainer.choose(kind, settings);
  Object.assign(trainer, {size, l2});
  say(`New weights, drawn by the page's own generator with seed ${seed}: not Python's.`);
  redraw();
});
find("back").addEventListener("click", () => {
  stopTraining();
  frames = [...film];
  shown = frames.length - 1;
  startTrainer(film.at(-1));
  trainer.l2 = 0;
  find("penalty").value = 0;
  for (const frame of frames) frame.loss = undefined;
  showSettings();
  say("");
  redraw();
});
for (const id of ["optimizer", "lr", "momentum", "batch", "penalty"]) find(id).addEventListener("change", settle);

/* The film. */
function show(index) {
  shown = Math.max(0, Math.min(frames.length - 1, index));
  redraw();
}
const playing = player(find("play"), () => {
  if (shown >= frames.length - 1) return false;
  show(shown + 1);
  return shown < frames.length - 1;
}, isCalm ? 3 : 14);
find("play").addEventListener("click", () => {
  stopTraining();
  if (playing.isPlaying() && shown >= frames.length - 1) show(0);
}, true);
find("play").addEventListener("click", () => { if (!playing.isPlaying() && shown >= frames.length - 1 && frames.length > 1) { show(0); playing.play(); } });
find("epoch").addEventListener("input", event => { playing.stop(); stopTraining(); show(Number(event.target.value)); });

/* Drawing: once a frame, coarse while it moves and fine at rest. */
let drawing = 0;  // how long it took, in ms
function columnsWanted() {
  if (inputs === 1) return isResting ? 200 : 80;
  return Math.max(16, Math.min(isResting ? 64 : 36, Math.round(Math.sqrt((isResting ? 80 : 10) / (perPoint + 1e-4)))));
}
let waiting = null;
function redraw() {
  isResting = !isTraining && !playing.isPlaying();
  waiting ??= requestAnimationFrame(() => {
    waiting = null;
    const start = performance.now();
    draw();
    drawing = performance.now() - start;
  });
}

const lines = new Map([...document.querySelectorAll("line.weight")].map(line => {
  const [layer, i, j] = line.id.slice(1).split("_").map(Number);
  return [line, placeOf({layer, number: i, from: j || 0})];
}));
function drawLines(p) {
  for (const [line, place] of lines) {
    const w = p[place], isChosen = chosen.from !== null && place === placeOf(chosen);
    const wide = (0.4 + 5.6 * Math.abs(w) / (Math.abs(w) + 2.5)).toFixed(2);  // as nn.plot.network
    const look = `weight ${w < 0 ? "negative" : "positive"}${isChosen ? " chosen" : ""}`;
    if (line.getAttribute("stroke-width") !== wide) line.setAttribute("stroke-width", wide);
    if (line.getAttribute("class") !== look) line.setAttribute("class", look);
  }
}

function draw() {
  const frame = frames[shown], p = frame.p, isLive = shown === frames.length - 1;
  const found = looked(p, trainer.l2);
  [frame.loss, frame.accuracy] = [found.loss ?? NaN, found.accuracy];
  drawLines(p);
  const survey = inputs <= 2 ? surveyed(p, columnsWanted()) : null;
  paintNeurons(p, survey, chosen.example);
  if (survey) paintAnswer(p, survey, chosen.example, found.wrong);
  else listAnswer(found);
  const share = frame.accuracy === null || frame.accuracy === undefined ? "" : ` · accuracy ${numberText(100 * frame.accuracy, 3)} %`;
  find("status").innerHTML = `<b>epoch ${frame.epoch}</b> · loss ${number(frame.loss)}${share} · ${rows}${rows < data.examples ? ` of the ${data.examples}` : ""} ${data.examples === 1 ? "example" : "examples"}`;
  const slider = find("epoch");
  [slider.max, slider.value] = [frames.length - 1, shown];
  slider.disabled = find("play").disabled = frames.length < 2;
  slider.setAttribute("aria-valuetext", `epoch ${frame.epoch}, loss ${numberText(frame.loss)}`);
  find("shown").textContent = `${frame.epoch} of ${frames.at(-1).epoch}`;
  drawCurve();
  const now = performance.now();
  if (isResting || now - lastTold > 250) {
    lastTold = now;
    find("told").innerHTML = told(frames, shown, p, found, trainer, isLive, end);
    drawDiagnoses(diagnosed(frames, shown, p, found, trainer.settings.lr));
  }
  document.documentElement.dataset.drawn = `${frame.epoch}`;
}

function drawCurve() {
  const pairs = frames.map(frame => [frame.epoch, frame.loss ?? NaN]), known = pairs.map(([, y]) => y).filter(Number.isFinite);
  const isLog = Math.min(...known) > 0 && Math.max(...known) > 20 * Math.min(...known);
  find("curve").innerHTML = curved(pairs, frames[shown].epoch, frames[0] === film[0] ? end : 0, {isLog});
}
/* The losses of frames that were not shown yet, a few milliseconds at a time. */
function fillLosses() {
  const until = performance.now() + 8;
  let isNew = false;
  for (const frame of frames) if (frame.loss === undefined) {
    frame.loss = measured(frame.p, everyRow, trainer.l2).loss ?? NaN;
    isNew = true;
    if (performance.now() > until) break;
  }
  if (isNew) drawCurve();
  setTimeout(fillLosses, isNew ? 4 : 200);
}

function drawDiagnoses(found) {
  const ill = new Set(found.filter(one => one.layer).map(one => `n${one.layer}_${one.i}`));
  for (const node of document.querySelectorAll(".neuron")) {
    node.classList.toggle("ill", ill.has(node.id));
    node.classList.toggle("chosen", node.id === `n${chosen.layer}_${chosen.number}`);
  }
  const list = found.filter(one => !one.kind).map(one => `<li>${one.text}</li>`);
  for (const kind of ["dead", "saturated"]) {  // the first in a sentence, others by their names
    const [first, ...others] = found.filter(one => one.kind === kind);
    if (first) list.push(`<li>${first.text}${others.length ? ` Also ${kind}: ${others.map(one => one.name).join(", ")}.` : ""}</li>`);
  }
  find("diagnoses").innerHTML = list.join("") || "<li>Nothing stands out: no dead or saturated neuron, no vanishing or exploding gradient.</li>";
}

/* Without a plane to show, the outputs for the chosen example. */
function listAnswer(found) {
  const out = found.answers[chosen.example] ?? [], best = Math.max(...out), powers = out.map(z => Math.exp(z - best)), sum = powers.reduce((a, b) => a + b, 0);
  const share = k => isSeveral ? powers[k] / sum : 0;
  const lines = out.map((z, k) => `<tr><td>${outputs > 1 ? `ŷ<sub>${k + 1}</sub>` : "ŷ"}</td><td>${number(z)}</td><td><span class="share" data-share="${share(k)}"></span></td></tr>`);
  find("said").innerHTML = `<p>Example ${chosen.example + 1}: target ${data.y[chosen.example].map(y => number(y)).join(", ")}; ${found.wrong.size} of ${rows} are wrong.</p><table>${lines.join("")}</table>`;
  for (const bar of find("said").querySelectorAll(".share")) bar.style.width = `${8 * Number(bar.dataset.share)}rem`;
}

/* Choosing: a neuron, a weight, an example; by pointer, by keys, by lists. */
function choose(layer, i, from = null) {
  Object.assign(chosen, {layer, number: i, from});
  find("neuron").value = `${layer}_${i}`;
  const sources = [["", "the neuron itself"], ["0", "1 (bias)"], ...Array.from({length: data.sizes[layer - 1]}, (_, k) => [String(k + 1), layer === 1 ? data.names[k] : `a[${layer - 1}][${k + 1}]`])];
  find("from").replaceChildren(...sources.map(([value, text]) => new Option(text, value)));
  find("from").value = from === null ? "" : String(from);
  drawDiagnoses([]);
  redraw();
}
function chooseExample(row) {
  chosen.example = (row + rows) % rows;
  find("example").value = chosen.example + 1;
  redraw();
}
find("neuron").replaceChildren(...data.layers.map((layer, index) => {
  const group = document.createElement("optgroup");
  group.label = `layer ${index + 1}`;
  group.append(...layer.b.map((_, k) => new Option(`a[${index + 1}][${k + 1}]`, `${index + 1}_${k + 1}`)));
  return group;
}));
find("neuron").addEventListener("change", event => choose(...event.target.value.split("_").map(Number)));
find("from").addEventListener("change", event => choose(chosen.layer, chosen.number, event.target.value === "" ? null : Number(event.target.value)));
find("example").max = rows;
find("example").addEventListener("change", event => chooseExample((Math.round(Number(event.target.value)) || 1) - 1));

find("stage").addEventListener("click", event => {
  const box = find("maps").getBoundingClientRect(), scale = data.view[0] / box.width;
  const [x, y] = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  const hit = data.places.find(([layer, i, u, v]) => layer && i && Math.hypot(u - x, v - y) <= data.view[2] + 3);
  if (hit) return choose(hit[0], hit[1]);
  let nearest = [9, null];
  for (const line of lines.keys()) {
    const [a, b, c, d] = ["x1", "y1", "x2", "y2"].map(name => Number(line.getAttribute(name)));
    const along = Math.max(0, Math.min(1, ((x - a) * (c - a) + (y - b) * (d - b)) / ((c - a) ** 2 + (d - b) ** 2)));
    const far = Math.hypot(a + along * (c - a) - x, b + along * (d - b) - y);
    if (far < nearest[0]) nearest = [far, line];
  }
  if (nearest[1]) {
    const [layer, i, j] = nearest[1].id.slice(1).split("_").map(Number);
    choose(layer, i, j || 0);
  }
});
find("answer").addEventListener("click", event => {
  const box = find("answer").getBoundingClientRect(), [x, y] = [event.clientX - box.left, event.clientY - box.top];
  const near = frame.points.reduce((best, [row, u, v]) => Math.hypot(u - x, v - y) < best[0] ? [Math.hypot(u - x, v - y), row] : best, [30, null]);
  if (near[1] !== null) chooseExample(near[1]);
});
find("curve").addEventListener("click", event => {
  const box = find("curve").getBoundingClientRect(), share = ((event.clientX - box.left) / box.width * 460 - 52) / 396;
  goTo(frames[0].epoch + share * (frames.at(-1).epoch - frames[0].epoch));
});
function goTo(epoch) {
  playing.stop();
  stopTraining();
  show(frames.reduce((best, frame, k) => Math.abs(frame.epoch - epoch) < Math.abs(frames[best].epoch - epoch) ? k : best, 0));
}
document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select")) return;
  const [dx, dy] = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key] ?? [0, 0];
  const {id} = event.target;
  if (id === "stage" && (dx || dy)) {
    const layer = Math.max(1, Math.min(depth, chosen.layer + dx));
    choose(layer, Math.max(1, Math.min(data.sizes[layer], chosen.number + dy)));
  } else if (id === "answer" && (dx || dy)) chooseExample(chosen.example + (dx || dy));
  else if (dx || event.key === "Home" || event.key === "End") {
    playing.stop();
    stopTraining();
    show(event.key === "Home" ? 0 : event.key === "End" ? frames.length - 1 : shown + dx);
  } else return;
  event.preventDefault();
});

/* The start. */
startTrainer(film.at(-1));
offerSettings();
readColours();
find("back").textContent = end ? "Back to the film" : "Back to the start";
stopTraining();
if (inputs > 2) find("answer").hidden = true;
find("curve").classList.add("plot");
find("legend").textContent = inputs > 2 ? "More than two inputs: no map; the circles show what the neurons say of the chosen example."
  : `${outputs > 1 && !isSeveral ? `Of the ${outputs} outputs, the first. ` : ""}${isClasses ? "Examples with a strong edge are predicted wrong. " : ""}${rows > 500 ? `Every ${Math.ceil(rows / 500)}th example is drawn, all ${rows} are trained on. ` : ""}Click an example to follow it.`;
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readColours(); redraw(); });
const open = () => { const epoch = Number(named().get("epoch") || NaN); if (Number.isFinite(epoch)) goTo(epoch); };
addEventListener("hashchange", open);
choose(1, 1, inputs ? 1 : null);
open();
fillLosses();
setTimeout(redraw, 250);  // finer than at first

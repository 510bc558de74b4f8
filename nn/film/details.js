/* One weight or neuron: its value over time, its gradient and what that is the sum of; and what is wrong with the network. */
const chosen = {layer: 1, number: 1, from: null, example: 0};  // from: null the neuron itself, 0 its bias, else a weight
const minus = text => text.replace(/-/g, "−");
const number = (x, digits = 4) => minus(numberText(x, digits));
const signed = (x, digits = 4) => x < 0 ? `(${number(x, digits)})` : number(x, digits);  // after · and +
const symbol = (letter, below, layer) => `${letter}<sub>${below}</sub><sup>[${layer}]</sup>`;
const joined = (i, j) => i > 9 || j > 9 ? `${i},${j}` : `${i}${j}`;
const biasSymbol = (layer, i) => data.layers[layer - 1].shared ? `b<sup>[${layer}]</sup>` : symbol("b", i, layer);  // one for all its neurons, or each its own
const sourceName = (layer, from) => layer === 1 ? escaped(data.names[from - 1]) : symbol("a", from, layer - 1);
const placeOf = ({layer, number: i, from}) => from ? data.layers[layer - 1].w[i - 1][from - 1] : data.layers[layer - 1].b[i - 1];
const bounds = numbers => {
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)], more = 0.06 * (high - low) || Math.abs(high) * 0.1 || 1;
  return [low - more, high + more];
};

function title({layer, number: i, from}) {
  if (from === null) return `neuron ${symbol("a", i, layer)}`;
  const what = from ? symbol("w", joined(i, from), layer) : biasSymbol(layer, i), isShared = !from && data.layers[layer - 1].shared;
  const own = data.parameters[placeOf({layer, number: i, from})];
  const usual = [`w[${layer}][${i},${from}]`, isShared ? `b[${layer}]` : `b[${layer}][${i}]`];
  const called = own && !usual.includes(own) ? ` <span class="soft">(${escaped(own)})</span>` : "";
  return `${from ? "weight" : "bias"} ${what}${called}, ${from ? `from ${sourceName(layer, from)} ` : ""}to ${isShared ? `all neurons of layer ${layer}` : symbol("a", i, layer)}`;
}

/* A curve by epoch, as SVG: [epoch, value] pairs, where the time is now, where training in the page began. */
function curved(pairs, now, from, {width = 460, height = 170, isLog = false} = {}) {
  const known = pairs.filter(([, y]) => Math.abs(y) < 1e300);  // beyond, there is no room for a curve
  if (!known.length) return "";
  const way = isLog ? Math.log10 : y => y, side = {x: 52, y: 10, w: width - 64, h: height - 38};
  const [low, high] = bounds(known.map(([, y]) => way(y))), last = Math.max(1, pairs.at(-1)[0]), first = pairs[0][0];
  const x = epoch => side.x + side.w * (epoch - first) / Math.max(1, last - first), y = value => side.y + side.h * (high - way(value)) / (high - low);
  const marks = isLog ? logTicks(low, high) : ticks([low, high]);
  const lines = [`<rect class="axis" x="${side.x}" y="${side.y}" width="${side.w}" height="${side.h}"/>`];
  for (const mark of marks) lines.push(`<text x="${side.x - 6}" y="${y(mark) + 4}" text-anchor="end">${number(mark)}</text>`);
  for (const mark of ticks([first, last])) if (Number.isInteger(mark)) lines.push(`<text x="${x(mark)}" y="${height - 10}" text-anchor="middle">${mark}</text>`);
  lines.push(`<path class="line" d="M${known.map(([epoch, value]) => `${x(epoch).toFixed(1)},${y(value).toFixed(1)}`).join("L")}"/>`);
  if (from > first && from < last) lines.push(`<line class="border" x1="${x(from)}" x2="${x(from)}" y1="${side.y}" y2="${side.y + side.h}"/>`);
  const here = known.find(([epoch]) => epoch >= now) ?? known.at(-1);
  lines.push(`<line class="cursor" x1="${x(now)}" x2="${x(now)}" y1="${side.y}" y2="${side.y + side.h}"/>`);
  lines.push(`<circle class="dot" cx="${x(here[0])}" cy="${y(here[1])}" r="4.5"/>`);
  return lines.join("");
}
const logTicks = (low, high) => {
  const found = [];
  for (let power = Math.ceil(low); power <= high; power += Math.max(1, Math.round((high - low) / 4))) found.push(10 ** power);
  return found.length > 1 ? found : [10 ** (low + 0.1 * (high - low)), 10 ** (high - 0.1 * (high - low))].map(y => Number(y.toPrecision(2)));
};

/* Each example's own gradient as a bar, their average as a line. */
function bars(slopes, mean, own) {
  const width = 460, height = 120, stride = Math.ceil(slopes.length / 230), side = {x: 52, y: 8, w: width - 64, h: height - 16};
  const kept = [...slopes.keys()].filter(row => row % stride === 0 || row === own);
  const largest = Math.max(...kept.map(row => Math.abs(slopes[row])), Math.abs(mean)), most = largest || 1;
  if (!Number.isFinite(largest)) return "";  // what has no value, or is too large, has no bar
  const y = value => side.y + side.h * (0.5 - 0.5 * value / most);
  const wide = side.w / kept.length;
  const parts = kept.map((row, k) => `<rect class="bar${row === own ? " own" : ""}" x="${(side.x + k * wide).toFixed(1)}" width="${Math.max(row === own ? 3 : 0.8, wide - 0.6).toFixed(1)}" y="${Math.min(y(0), y(slopes[row])).toFixed(1)}" height="${Math.max(0.8, Math.abs(y(slopes[row]) - y(0))).toFixed(1)}"/>`);
  const texts = [most, 0, -most].map(mark => `<text x="${side.x - 6}" y="${y(mark) + 4}" text-anchor="end">${number(mark, 2)}</text>`);
  return `<svg class="plot" viewBox="0 0 ${width} ${height}" role="img" aria-label="the gradient of each example">${texts.join("")}${parts.join("")}<line class="mean" x1="${side.x}" x2="${side.x + side.w}" y1="${y(mean)}" y2="${y(mean)}"/></svg>`;
}

/* What the network does with all examples at the numbers p. */
function looked(p, l2) {
  const place = placeOf(chosen), slopes = new Array(rows).fill(0), deltas = new Array(rows).fill(0), wrong = new Set(), answers = [];
  const at = data.programs.map(({places, biases}) => {  // of a neuron its own δ; of a parameter all its uses
    const d = biases[chosen.layer - 1][chosen.number - 1];
    return [chosen.from === null ? [d].filter(k => k >= 0) : [...places.keys()].filter(k => places[k] === place), d];
  });
  const found = measured(p, everyRow, l2, (row, own, said) => {
    const [uses, d] = at[programOf[row]];
    slopes[row] = uses.reduce((sum, k) => sum + own[k], 0);
    deltas[row] = d < 0 ? 0 : own[d];
    answers.push(said);
    if (isRight(said, data.y[row]) === false) wrong.add(row);
  });
  return {...found, slopes, deltas, wrong, answers};
}

/* The text about what was chosen, at one frame of many. */
function told(frames, shown, p, found, trainer, isLive, from) {
  const {layer, number: i, from: j, example} = chosen, place = placeOf(chosen), all = neuronsOf(data.X[example], p);
  const before = layer === 1 ? data.X[example] : all.slice(firstOf[layer - 1], firstOf[layer]), a = all[firstOf[layer] + i - 1];
  const pairs = frames.map(frame => [frame.epoch, j === null ? neuronsOf(data.X[example], frame.p)[firstOf[layer] + i - 1] : frame.p[place]]);
  const what = j === null ? symbol("z", i, layer) : j ? symbol("w", joined(i, j), layer) : biasSymbol(layer, i);
  const sum = found.slopes.reduce((s, g) => s + g, 0), isShared = j === 0 && data.layers[layer - 1].shared;
  const mean = !found.gradient ? NaN : j === null ? sum * (data.reduction === "mean" ? 1 / rows : 1) : found.gradient[place];
  const told = [[j === null ? `${symbol("a", i, layer)} of example ${example + 1}` : `value of ${what}`, number(j === null ? a : p[place])],
                [`gradient ∂E/∂${what}`, number(mean)]];
  if (isLive && j !== null && found.gradient) {
    const names = {momentum_buffer: "velocity", exp_avg: "mean of g", exp_avg_sq: "mean of g²", square_avg: "mean of g²", grad_avg: "mean of g", max_exp_avg_sq: "largest mean of g²"};
    for (const name of KEPT[trainer.kind]) if (!NEEDS[name] || trainer.settings[NEEDS[name]]) told.push([`${trainer.kind}: ${names[name]}`, number(trainer.kept[name][place])]);
    told.push([`next step of ${trainer.kind}`, number(trainer.preview(place, mean) - p[place])]);
  }
  const rule = data.reduction === "mean" ? `1/${rows} · Σ` : "Σ", rest = mean - sum * (data.reduction === "mean" ? 1 / rows : 1);
  const sums = `∂E/∂${what} = ${rule} of the ${rows} examples' = ${rows > 1 && data.reduction === "mean" ? `${number(sum)} / ${rows}` : number(sum)}${Math.abs(rest) > 1e-12 * Math.abs(mean) + 1e-15 ? `, and of the penalty ${number(rest)}` : ""}`;
  const own = found.slopes[example], delta = found.deltas[example];
  const alone = j ? ` = δ · ${sourceName(layer, j)} = ${number(delta)} · ${signed(before[j - 1])}` : isShared ? ` = Σ of the δ of layer ${layer}` : " = δ";
  const terms = data.layers[layer - 1].w[i - 1].map((w, k) => [p[w], before[k]]);
  const z = terms.reduce((s, [w, x]) => s + w * x, p[data.layers[layer - 1].b[i - 1]]);
  const few = terms.slice(0, 5).map(([w, x], k) => `${(k ? signed : number)(w, 3)} · ${signed(x, 3)}`).join(" + ") + (terms.length > 5 ? ` + … (${terms.length} terms)` : "");
  const forward = `${symbol("z", i, layer)} = ${few} + ${signed(p[data.layers[layer - 1].b[i - 1]], 3)} = ${number(z)}, &nbsp; ${symbol("a", i, layer)} = ${escaped(data.activations[layer - 1])}(z) = ${number(a)}`;
  return `<div><h3>${title(chosen)}</h3><table>${told.map(([name, x]) => `<tr><td>${name}</td><td>${x}</td></tr>`).join("")}</table>
<p class="sum">${forward}</p></div>
<div><figure><figcaption>over time</figcaption><svg class="plot" viewBox="0 0 460 170" role="img" aria-label="its value by epoch">${curved(pairs, frames[shown].epoch, from)}</svg></figure>
<figure><figcaption>gradient of each example; line: the average; dark: example ${example + 1}</figcaption>${bars(found.slopes, sum / rows, example)}</figure>
<p class="sum">${sums}</p><p class="sum">example ${example + 1} alone: ${number(own)}${alone}</p></div>`;
}

/* What is wrong, each in a sentence with its number: of neurons, of layers, of the training. */
function diagnosed(frames, shown, p, found, lr) {
  if (found.reason) return [{text: `With these parameters the loss has no value: ${escaped(found.reason)}.`}];
  const told = [], all = data.X.map(x => neuronsOf(x, p));
  for (let layer = 1; layer <= depth; layer++) for (let i = 1; i <= data.sizes[layer]; i++) {
    const a = all.map(row => row[firstOf[layer] + i - 1]), kind = data.activations[layer - 1], name = symbol("a", i, layer);
    if (kind === "relu" && layer < depth && Math.max(...a) === 0) {
      const z = Math.max(...all.map((row, r) => sumOf(layer, i, layer === 1 ? data.X[r] : row.slice(firstOf[layer - 1], firstOf[layer]), p)));
      told.push({layer, i, name, kind: "dead", text: `${name} is a dead ReLU: its sum z is not above 0 for any of the ${rows} examples (the largest is ${number(z, 3)}), so its gradient is 0 and its weights stay as they are.`});
    }
    const flat = {tanh: x => Math.abs(x) > 0.99, sigmoid: x => x < 0.01 || x > 0.99}[kind], share = flat ? a.filter(flat).length / rows : 0;
    if (share >= 0.9 && layer < depth) told.push({layer, i, name, kind: "saturated", text: `${name} is saturated: for ${a.filter(flat).length} of ${rows} examples its ${kind} is so near its end that the derivative is below ${kind === "tanh" ? "0.02" : "0.01"}, and hardly a gradient comes through.`});
  }
  const steps = data.activations.flatMap((kind, k) => kind === "step" ? [k + 1] : []), last = steps.at(-1);
  if (steps.length) told.push({text: `The neurons of layer ${last} are steps, whose derivative is 0 wherever it has one: the gradient of ${last > 1 ? `layers 1 to ${last}` : "layer 1"} is 0, and nothing learns there.`});
  if (found.gradient && depth > 1) {
    const sizes = data.layers.map(({w}) => Math.sqrt(w.flat().reduce((s, place) => s + found.gradient[place] ** 2, 0) / w.flat().length));
    const ratio = sizes[0] / sizes.at(-1);
    if (ratio < 1e-3 && sizes.at(-1) > 1e-9 && !steps.length) told.push({text: `The gradient vanishes: a weight of layer 1 gets ${number(ratio, 2)} times what one of layer ${depth} gets (${number(sizes[0], 2)} against ${number(sizes.at(-1), 2)}), so the first layers hardly learn.`});
    if (ratio > 1e3 || Math.max(...sizes) > 1e3) told.push({text: `The gradient explodes: a weight of layer ${sizes.indexOf(Math.max(...sizes)) + 1} gets ${number(Math.max(...sizes), 2)} on average, so that a step with learning rate ${number(lr)} moves it by ${number(lr * Math.max(...sizes), 2)}.`});
  }
  const past = frames.slice(0, shown + 1).filter(frame => Number.isFinite(frame.loss)), lowest = past.reduce((low, frame) => frame.loss < low.loss ? frame : low, past[0]);
  const now = past.at(-1);
  if (past.length > 2 && now.loss > 3 * lowest.loss && now.loss > past[0].loss) told.push({text: `The training diverges: the loss was ${number(lowest.loss, 3)} in epoch ${lowest.epoch} and is ${number(now.loss, 3)} now; steps with learning rate ${number(lr)} go too far.`});
  return told;
}
const sumOf = (layer, i, before, p) => data.layers[layer - 1].w[i - 1].reduce((s, w, k) => s + p[w] * before[k], p[data.layers[layer - 1].b[i - 1]]);

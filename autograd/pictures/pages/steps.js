/* The page of a backward pass. A position is a place in the story: below 0 the values appear, from 0 on the adjoints,
   and where there is a learning rate, after the last step the new numbers, and what they make of the loss. */
const {nodes, frames, root, digits, rate, updated} = data;
const last = frames.length - 1, results = nodes.flatMap((node, index) => node.op ? [index] : []);
const first = -results.length - 1, end = last + (rate === null ? 0 : updated.length + 1);
const leaves = nodes.flatMap((node, index) => node.op ? [] : [index]);
const arrivals = nodes.map((_, index) => frames.flatMap((frame, number) => frame.operand === index ? [number] : []));
const rowsOfTable = [...document.querySelectorAll("tbody tr")], whole = find("graph").querySelector("svg");
const short = x => numberText(x, digits), math = x => numberMath(x, digits);
const picture = viewer(find("graph"));
const asGiven = nodes.map(node => Number(node.data));  // an infinity is a text
let numbers = asGiven, now = computed(numbers), after = null;
let position = 0, view = "", pointed = null, pinned = false, asked = null;

function computed(given) {
  const {values, problem} = evaluate(nodes, given);
  const swept = problem ? {steps: [], adjoints: []} : sweep(nodes, frames, root, values);
  return {values, ...swept, problem: problem || swept.problem};
}
function newNumbers() {
  return numbers.map((x, index) => updated.includes(index) ? x - rate * now.adjoints[index] : x);
}

/* What is known at a position: which results have a value, and the adjoints so far. */
function known(node) {
  const index = results.indexOf(node);
  return position >= 0 || index < 0 || index < position - first;
}
function adjointAt(node, place = position) {
  if (place < 0) return null;
  if (node === root) return 1;
  const done = arrivals[node].filter(number => number <= place);
  if (!done.length || (asked !== null && done.length < arrivals[node].length)) return null;
  return now.steps[done.at(-1) - 1]?.after ?? null;
}
function valueAt(node) {
  const changed = position - last;
  if (changed > updated.length) return after.values[node];
  return changed > 0 && updated.indexOf(node) >= 0 && updated.indexOf(node) < changed ? after.values[node] : now.values[node];
}

// The line.

const grouped = (markup, before) => {
  const isBare = /(<mo>\(<\/mo>|<msqrt>|<mo>,<\/mo>)$/.test(before) || (/<mrow>$/.test(before) && !/<msup><mrow>$/.test(before));
  return /−|·/.test(markup) && !isBare && before ? `<mrow><mo>(</mo>${markup}<mo>)</mo></mrow>` : markup;
};
function filled(node) {
  const {operands, filled: slots} = nodes[node], flat = operandsOf(nodes[node], now.values).flat();
  if (!slots || !operands.flat().some(x => typeof x === "string")) return null;
  const inMath = slots[0].replaceAll("<mo>\u2062</mo>", "<mo>·</mo>").replace(/<mi>([\u4e00-\u4eff])<\/mi>/g,
    (_, letter, place, text) => grouped(math(flat[letter.charCodeAt(0) - 0x4e00]), text.slice(0, place)));
  const inText = slots[1].replace(/[\u4e00-\u4eff]/g, (letter, place, text) => {
    const number = short(flat[letter.charCodeAt(0) - 0x4e00]), isBare = /(^|\(|, )$/.test(text.slice(0, place));
    return number[0] === "-" && (!isBare || / ?\*\*/.test(text.slice(place + 1, place + 4))) ? `(${number})` : number;
  });
  return [inMath, inText];
}
function equation(left, terms, relation = "=") {  // of pairs of mathematics and text; a narrow page breaks it at the signs
  const [begin, ...rest] = terms, sign = `<mo>${relation}</mo>`;
  const parts = [left[0] + sign + begin[0], ...rest.map(term => `<mo>=</mo>${term[0]}`)];
  return [parts.map(part => `<math>${part}</math>`).join(" "),
          `${left[1]} ${relation} ${terms.map(term => term[1]).join(" = ")}`];
}
const both = x => [math(x), short(x)];
function forwardLine(node) {
  const terms = nodes[node].op ? [nodes[node].formula, filled(node)].filter(Boolean) : [];
  return equation(nodes[node].label, [...terms, both(now.values[node])]);
}
function stepLine(number) {
  const frame = frames[number], step = now.steps[number - 1];
  const minus = /^<mo form="prefix">−/, partial = math(step.partial);
  const product = [`${math(step.upstream)}<mo>·</mo>${minus.test(partial) ? `<mrow><mo>(</mo>${partial}<mo>)</mo></mrow>` : partial}`,
                   `${short(step.upstream)} · ${short(step.partial)}`];
  const [inMath, inText] = equation(frame.left, [frame.symbols, product, both(step.contribution)], frame.first ? "=" : "+=");
  if (frame.first) return [inMath, inText];
  return [`${inMath} <math><mtext>, in all </mtext>${math(step.after)}</math>`, `${inText}, in all ${short(step.after)}`];
}
function updateLine(node) {
  const {label, derivative} = nodes[node], slope = now.adjoints[node];
  const signed = slope < 0 ? [`<mo>(</mo>${math(slope)}<mo>)</mo>`, `(${short(slope)})`] : both(slope);
  return equation(label, [
    [`${label[0]}<mo>−</mo><mi>η</mi><mo>·</mo>${derivative[0]}`, `${label[1]} − η · ${derivative[1]}`],
    [`${math(now.values[node])}<mo>−</mo>${math(rate)}<mo>·</mo>${signed[0]}`, `${short(now.values[node])} − ${rate} · ${signed[1]}`],
    both(after.values[node])], "←");
}
function lineAt(place) {
  if (now.problem) return [`<strong>${escaped(now.problem)}</strong>`, now.problem];
  const label = nodes[root].label;
  if (place === first) return words("The leaves have their numbers; nothing is computed yet.");
  if (place < 0) return forwardLine(results[place - first - 1]);
  if (place === 0) return equation(frames[0].left, [both(1)]);
  if (place <= last) return stepLine(place);
  if (place < end) return updateLine(updated[place - last - 1]);
  if (after.problem) return words(after.problem);
  const was = equation(label, [both(after.values[root])]), change = ` after the step; before it was ${short(now.values[root])}`;
  return [`${was[0]} <span>${change}</span>`, was[1] + change];
}
const words = text => [`<span>${escaped(text)}</span>`, text];

// The whole page at a position.

function show(wanted, follow = true, isDragged = false) {
  const isNow = follower(isDragged, () => show(position, false));
  if (!isDragged) tellStory();
  position = Math.max(first, Math.min(end, wanted));
  if (position > last) after = computed(newNumbers());
  const {boxes, arrows} = data.views[view], lit = new Set(litNodes());
  find("graph").classList.toggle("forward", position < 0);
  for (const [id, box] of Object.entries(boxes))
    if (isNow(find(id))) showBox(id, box, box.nodes.some(node => lit.has(node)) && lit.size > 0);
  const largest = Math.max(...now.steps.map(step => Math.abs(step.contribution)).filter(Number.isFinite), 0);
  for (const [id, arrow] of Object.entries(arrows)) if (isNow(find(id))) showArrow(id, arrow, largest, follow);
  showTable(isNow);
  if (follow && position > last && position < end) bringIntoView(find(boxOf(updated[position - last - 1])));
  const [inMath, inText] = asked === null || now.problem ? lineAt(position) : question();
  putMarkup(find("line").firstElementChild, inMath);
  put(find("line").lastElementChild, inText);
  find("line").classList.toggle("problem", now.problem !== "");
  const slider = find("slider"), frame = frames[position];
  const place = position < 0 ? `forward: ${position - first} of ${results.length}`
    : position > last ? `update: ${position - last} of ${end - last}` : `step ${position} of ${last}${frame.inside ?? ""}`;
  slider.value = position;
  slider.setAttribute("aria-valuetext", `${place}: ${inText}`);
  put(find("position"), place);
  find("previous").disabled = position === first;
  find("next").disabled = position === end;
  for (const [id, on] of [["forward", position < 0], ["backward", position >= 0 && position <= last], ["update", position > last]])
    find(id).setAttribute("aria-pressed", String(on));
  tellSum(pointed);
}
function litNodes() {
  if (asked !== null) return [asked];
  if (now.problem) return [];
  if (position < 0) return position === first ? [] : [results[position - first - 1]];
  if (position > last) return position < end ? [updated[position - last - 1]] : [root];
  return position ? [frames[position].node, frames[position].operand] : [];
}
function numbersOf(ends, of) {
  const texts = ends.slice(0, 4).map(of).filter(x => x !== null).map(short);
  return texts.join(", ") + (ends.length > 4 && texts.length ? ", …" : "");
}
function showBox(id, box, isLit) {
  const element = find(id), ready = box.ends.filter(known);
  const values = numbersOf(ready, valueAt), adjoints = now.problem ? "" : numbersOf(box.ends, node => adjointAt(node));
  const isPart = box.ends.some(node => arrivals[node].some(number => number > position)) && asked === null;
  const state = isLit ? "lit" : position < 0 ? (ready.length ? "done" : "waiting") : adjoints ? "done" : "waiting";
  look(element, "class", `node ${box.role} ${state}${ready.length ? "" : " empty"}${adjoints ? "" : " blank"}${opens(id) ? " opens" : ""}`);
  if (values) putNumber(element.querySelector(".data"), values);  // what is hidden keeps its width
  const grad = adjoints + (isPart && adjoints ? " …" : "");
  if (grad || asked !== null) putNumber(element.querySelector(".grad"), grad || "?");
  look(element, "aria-label", [box.title, values && `data ${values}`, grad && `grad ${grad}`].filter(Boolean).join(", "));
}
function showArrow(id, arrow, largest, follow) {
  const element = find(id), steps = arrow.steps.map(number => now.steps[number - 1]);
  const isLit = asked === null && position > 0 && position <= last && arrow.steps.includes(position);
  const isInto = position < 0 && frames[arrow.steps[0]].node === results[position - first - 1];
  const isHidden = asked !== null && adjointAt(frames[arrow.steps.at(-1)].operand) === null;
  const state = isLit ? "lit" : arrow.steps[0] <= position && !isHidden ? "done" : isInto ? "waiting into" : "waiting";
  const one = new Set(arrow.steps.map(number => frames[number].operand)).size === 1;
  const amount = now.problem || !one ? 0 : steps.reduce((sum, step) => sum + step.contribution, 0);
  const sign = amount > 0 ? "positive" : amount < 0 ? "negative" : "";
  look(element, "class", `edge ${state} ${sign}`);
  look(element, "--width", `${1 + (largest ? 2 * Math.abs(amount) / largest : 0)}px`);
  if (!now.problem) {
    if (steps.length === 1) putNumber([...element.querySelectorAll(".partial")].at(-1), short(steps[0].partial));
    if (one) putNumber(element.querySelector(".contribution"), short(amount));
  }
  if ((isLit || isInto) && follow) bringIntoView(element);
}
function showTable(isNow) {
  const current = asked ?? (position > 0 && position <= last ? frames[position].operand : position === 0 ? root : null);
  rowsOfTable.forEach((row, index) => {
    if (!isNow(row)) return;
    const node = nodes.length - 1 - index, adjoint = now.problem ? null : adjointAt(node);
    const done = arrivals[node].filter(number => number <= position).length;
    row.className = node === current ? "now" : "";
    put(row.cells[1], known(node) ? short(valueAt(node)) : "");
    put(row.cells[2], adjoint === null ? (asked === node ? "?" : "") : short(adjoint));
    put(row.cells[3], arrivals[node].length ? `${done} of ${arrivals[node].length}` : "");
  });
}
function bringIntoView(element) {
  picture.reveal(element);
  const box = element.getBoundingClientRect(), below = box.bottom - find("panel").getBoundingClientRect().top;
  if (getComputedStyle(find("panel")).position !== "sticky") return;
  if (below > 0) window.scrollBy(0, below + 8);
  else if (box.top < 0) window.scrollBy(0, box.top - 8);
}

/* What the adjoint of a box adds up from, as far as the story has come, where it covers neither the box nor its users. */
function tellSum(id) {
  const sum = find("sum"), {boxes, arrows} = data.views[view];
  pointed = id;
  for (const arrow of document.querySelectorAll(".edge.linked")) arrow.classList.remove("linked");
  sum.replaceChildren();
  sum.classList.toggle("pinned", pinned);
  if (!id || !boxes[id] || now.problem) return;
  const box = boxes[id], own = box.ends.length === 1 ? arrivals[box.ends[0]] : [];
  const done = position < 0 || (asked !== null && adjointAt(box.ends[0]) === null) ? [] : own.filter(number => number <= position);
  const line = markup => { const p = sum.appendChild(document.createElement("p")); p.innerHTML = markup; return p; };
  line(`${escaped(box.title)}: ${box.ends.length > 1 ? `${box.ends.length} results leave this box`
    : own.length ? `${done.length} of ${own.length} contributions so far` : box.ends[0] === root ? "the end of the graph: its adjoint is 1" : "nothing comes back to it"}`);
  for (const number of done.slice(0, 12)) {
    const p = line(stepLine(number)[0]), arrow = arrowOf(number);
    if (!arrow) continue;
    find(arrow).classList.add("linked");
    p.prepend(`${arrows[arrow].badge} `);
    p.addEventListener("mouseenter", () => find(arrow).classList.add("pointed"));
    p.addEventListener("mouseleave", () => find(arrow).classList.remove("pointed"));
  }
  if (done.length > 12) line(`and ${done.length - 12} more`);
  if (done.length > 1) line(total(box.ends[0], done));
  placeBeside(sum, find(id), done.map(arrowOf).filter(Boolean));
}
const boxOf = node => Object.entries(data.views[view].boxes).find(([, box]) => box.nodes.includes(node))?.[0] ?? "graph";
const arrowOf = number => Object.entries(data.views[view].arrows).find(([, arrow]) => arrow.steps.includes(number))?.[0];
function total(node, done) {
  const terms = done.map((number, index) => {
    const term = math(now.steps[number - 1].contribution);
    return index && term.startsWith('<mo form="prefix">') ? `<mrow><mo>(</mo>${term}<mo>)</mo></mrow>` : term;
  });
  const sum = [both(now.steps[done.at(-1) - 1].after)];
  return equation(nodes[node].derivative, done.length <= 12 ? [[terms.join("<mo>+</mo>"), ""], ...sum] : sum)[0];
}
function placeBeside(tip, box, arrows) {
  Object.assign(tip.style, {left: 0, top: 0});  // where it is as wide as it likes
  const {x: left, y: above, width, height} = box.getBoundingClientRect(), near = new DOMRect(left - 6, above - 6, width + 12, height + 12);
  const size = tip.getBoundingClientRect(), frame = find("graph").getBoundingClientRect();
  const targets = arrows.map(arrow => find(data.views[view].arrows[arrow].target).getBoundingClientRect());
  const covered = (x, y) => [near, ...targets].reduce((area, r) => area
    + (r === near ? 1000 : 1) * Math.max(0, Math.min(r.right, x + size.width) - Math.max(r.left, x)) * Math.max(0, Math.min(r.bottom, y + size.height) - Math.max(r.top, y)), 0);
  const xs = [near.left, near.right - size.width, frame.left + 4, frame.right - size.width - 4, near.right + 6, near.left - size.width - 6];
  const ys = [near.bottom + 4, near.top - size.height - 4, frame.bottom - size.height - 4, frame.top + 4, 4, innerHeight];
  const within = (z, most) => Math.max(4, Math.min(z, most));
  const places = xs.flatMap(x => ys.map(y => [within(x, innerWidth - size.width - 4), within(y, innerHeight - size.height - 4)]));
  const distance = ([x, y]) => Math.hypot(x + size.width / 2 - (near.left + near.right) / 2, y + size.height / 2 - (near.top + near.bottom) / 2);
  const [x, y] = places.sort((a, b) => covered(...a) - covered(...b) || distance(a) - distance(b))[0];
  Object.assign(tip.style, {left: `${x}px`, top: `${y}px`});
}

// The story, to read and to print.

function tellStory() {  // where it is open, and not yet of these numbers
  if (!find("story").open || storyOf === numbers) return;
  storyOf = numbers;
  const section = (title, lines) => `<h3>${title}</h3>${lines.map(line => `<p>${line[0]}</p>`).join("")}`;
  const places = (from, to) => Array.from({length: Math.max(0, to - from + 1)}, (_, index) => lineAt(from + index));
  const gradient = leaves.map(leaf => equation(nodes[leaf].derivative, [[numberMath(now.adjoints[leaf] ?? NaN), ""]]));
  if (rate !== null && !now.problem) after = computed(newNumbers());
  find("story").lastElementChild.innerHTML = now.problem ? `<p>${escaped(now.problem)}</p>`
    : section("forward", nodes.map((_, node) => forwardLine(node))) + section("backward", places(0, last))
      + section("gradient", gradient) + (rate === null ? "" : section("update", places(last + 1, end)));
}
find("story").addEventListener("toggle", tellStory);
let before = null, storyOf = null;
window.addEventListener("beforeprint", () => {
  before ??= {position, open: find("story").open, back: picture.kept()};
  find("story").open = true;
  show(end, false);
  picture.fit("whole");
});
window.addEventListener("afterprint", () => {
  if (!before) return;
  find("story").open = before.open;
  show(before.position, false);
  before.back();
  before = null;
});

// What a hand does.

const playing = player(find("play"), () => position < end && (show(position + 1), position < end), 1, () => {
  if (position === 0 || position === end) show(first);
});
const go = place => { playing.stop(); put(find("verdict"), ""); show(place); };
for (const [id, place] of [["forward", first], ["backward", 0], ["update", last + 1]])
  find(id).addEventListener("click", () => { if (asked !== null) ask(null); go(place); });
find("previous").addEventListener("click", () => go(position - 1));
find("next").addEventListener("click", () => go(position + 1));
find("slider").addEventListener("input", () => go(Number(find("slider").value)));
for (const [id, act] of [["closer", () => picture.zoom(1.25)], ["farther", () => picture.zoom(0.8)], ["whole", () => picture.fit("whole")]])
  find(id).addEventListener("click", act);
document.addEventListener("keydown", event => {
  if (event.key === "Escape") {
    if (!pointed && asked !== null) ask(null);
    pinned = false;
    return tellSum(null);
  }
  if (event.target.matches("input, select") || event.altKey || event.ctrlKey || event.metaKey || asked !== null) return;
  const moves = {ArrowRight: position + 1, ArrowLeft: position - 1, Home: first, End: end};
  const sizes = {"+": () => picture.zoom(1.25), "-": () => picture.zoom(0.8), 0: () => picture.fit("whole")};
  if (!(event.key in moves || event.key in sizes)) return;
  event.preventDefault();
  if (event.key in moves) go(moves[event.key]);
  else sizes[event.key]();
});
async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
}
async function open(id) {  // the inside of a box, or the whole graph
  const {svg} = data.views[id], inside = svg && new DOMParser().parseFromString(await unpacked(svg), "image/svg+xml").documentElement;
  view = id;
  find("graph").querySelector("svg").replaceWith(inside ?? whole);
  find("fold").hidden = !id;
  pinned = false;
  if (id) visitBoxes();
  picture.fit();
  show(position);
  find(id ? Object.keys(data.views[id].boxes)[0] : "fold").focus?.();
}
const opens = id => view === "" && id in data.views;
function visitBoxes() {
  for (const part of find("graph").querySelectorAll(".node, .edge")) sight.observe(part);
  for (const id of Object.keys(data.views[view].boxes)) {
    const box = find(id);
    box.setAttribute("tabindex", "0");
    box.setAttribute("role", opens(id) ? "button" : "img");
    box.addEventListener("focus", () => { if (box.matches(":focus-visible")) bringIntoView(box); });
    for (const event of ["mouseenter", "focus"]) box.addEventListener(event, () => { if (!pinned) tellSum(id); });
    for (const event of ["mouseleave", "blur"]) box.addEventListener(event, () => { if (!pinned) tellSum(null); });
    const act = () => {
      if (opens(id)) return open(id);
      pinned = !(pinned && pointed === id);
      tellSum(id);
    };
    box.addEventListener("click", act);
    box.addEventListener("keydown", event => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();  // a space does not scroll
      act();
    });
  }
}
find("fold").addEventListener("click", () => open(""));
for (const event of ["mouseover", "mouseout"]) find("line").addEventListener(event, ({target}) => {
  const to = target.closest("[data-to]")?.dataset.to, arrow = to && arrowOf(position);
  const element = arrow && find(to === "partial" ? arrow : data.views[view].arrows[arrow].target);
  if (element) element.classList.toggle("pointed", event === "mouseover");
});
function follow() {  // #step=12&x=2
  const names = named(), place = Number(names.get("step") ?? data.start);
  const given = nodes.map((node, index) => {
    const x = Number(names.get(node.label[1]) || NaN);
    return node.op || node.label[1] === "step" || !Number.isFinite(x) ? numbers[index] : x;
  });
  setAll(given);
  show(Number.isInteger(place) ? place : data.start, names.has("step"));
}
window.addEventListener("hashchange", follow);

/* Called once the other parts of the page are there. */
function begin() {
  find("slider").min = first;
  find("slider").max = end;
  const columns = [...document.querySelectorAll("thead th")].map(cell => cell.getBoundingClientRect().width);
  document.querySelectorAll("thead th").forEach((cell, index) => { cell.style.width = `${columns[index]}px`; });
  document.querySelector("table").style.tableLayout = "fixed";  // whatever number changes, the columns stay
  for (const id of ["controls", "tools", "numbers"]) find(id).hidden = false;
  find("quiz").hidden = !questions.length;
  for (const id of ["update", "take"]) find(id).hidden = rate === null;
  rowsOfTable.forEach(row => sight.observe(row));
  visitBoxes();
  picture.fit();
  follow();
}

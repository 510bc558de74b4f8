/* The numbers of the leaves, to drag and to nudge: everything follows. */

const MOST = 8e307;  // where a slider ends, at most: twice as much still is a number
const fields = new Map();
let isWaiting = false;
function assign(given) {  // at once, so that whatever is asked for next is of these numbers
  numbers = given;
  now = computed(numbers);
}
function change(leaf, x) {
  if (!Number.isFinite(x)) return;
  assign(numbers.with(leaf, x));
  const {range, field} = fields.get(leaf);
  const end = Math.min(MOST, Math.abs(x));
  if (end > Number(range.max)) Object.assign(range, {min: -end, max: end});
  if (Number(range.value) !== x) range.value = x;
  if (document.activeElement !== field) field.value = shownIn(x);
  if (isWaiting) return;
  isWaiting = true;  // however fast the finger, written once for each picture
  requestAnimationFrame(() => { isWaiting = false; refresh(true); });
}
function refresh(isDragged = false) {
  put(find("told"), "");  // of other numbers
  find("reset").disabled = numbers.every((x, index) => x === asGiven[index]);
  show(position, false, isDragged);
}
const shownIn = x => Number.isFinite(x) ? String(Number(x.toPrecision(12))) : "";
const onSlider = x => Number.isFinite(x) ? x : 0;  // where infinity has no place
function widest(x) {  // where a slider ends: 1, 2 or 5 with zeros, at least twice as far as the number
  const least = Math.min(MOST, Math.max(1, 2 * Math.abs(x))), power = Math.floor(Math.log10(least));
  return Math.min(MOST, [1, 2, 5, 10].map(step => Number(`${step}e${power}`)).find(end => end >= least));
}
for (const leaf of leaves) {
  const {label} = nodes[leaf], x = asGiven[leaf], row = find("leaves").appendChild(document.createElement("div"));
  row.innerHTML = `<label for="leaf${leaf}"><math>${label[0]}</math></label>
    <input type="range" id="leaf${leaf}" step="any"><input type="number" step="any"><button type="button">+ 0.001</button>`;
  const [range, field] = row.querySelectorAll("input"), button = row.querySelector("button");
  Object.assign(range, {min: -widest(x), max: widest(x), value: onSlider(x)});
  field.value = shownIn(x);
  for (const input of [range, field]) input.setAttribute("aria-label", label[1]);
  button.setAttribute("aria-label", `nudge ${label[1]} by 0.001`);
  fields.set(leaf, {range, field});
  range.addEventListener("input", () => change(leaf, Number(range.value)));
  field.addEventListener("input", () => field.value && change(leaf, Number(field.value)));
  field.addEventListener("change", () => { field.value = shownIn(numbers[leaf]); });
  button.addEventListener("click", () => nudge(leaf));
}
function nudge(leaf) {
  const h = 0.001, moved = computed(numbers.with(leaf, numbers[leaf] + h)), J = nodes[root].label[1], {label, derivative} = nodes[leaf];
  if (now.problem || moved.problem) return put(find("told"), now.problem || moved.problem);
  const [from, to] = [now.values[root], moved.values[root]], said = now.adjoints[leaf];
  const change = `${label[1]} + ${h}: ${J} goes from ${numberText(from, 7)} to ${numberText(to, 7)}, by ${short(to - from)}`;
  put(find("told"), asked === null ? `${change}; the derivative says ${derivative[1]} · ${h} = ${short(said * h)}` : change);
}
function setAll(given) {
  assign([...given]);
  for (const [leaf, {range, field}] of fields) {
    const end = widest(numbers[leaf]);
    if (end > Number(range.max)) Object.assign(range, {min: -end, max: end});
    range.value = onSlider(numbers[leaf]);
    field.value = shownIn(numbers[leaf]);
  }
  refresh();
}
find("reset").addEventListener("click", () => setAll(asGiven));
find("take").addEventListener("click", () => {
  const given = newNumbers(), lost = given.findIndex((x, node) => !nodes[node].op && !Number.isFinite(x));
  if (now.problem || lost >= 0) return put(find("told"), now.problem || `The step is too large: ${nodes[lost].label[1]} would be ${short(given[lost])}`);
  setAll(given);
  show(first);
});

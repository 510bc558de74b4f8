/* The quiz of the page: which number stands at a node, asked in the order in which the adjoints are complete. */

const questions = nodes.map((_, node) => node).filter(node => node !== root && arrivals[node].length)
  .sort((a, b) => arrivals[a].at(-1) - arrivals[b].at(-1));
const question = () => [`<math>${nodes[asked].derivative[0]}<mo>=</mo><mo>?</mo></math>`, `${nodes[asked].derivative[1]} = ?`];
function ask(node) {
  asked = node ?? null;
  const isOn = asked !== null, isIn = find("ask").contains(document.activeElement);
  find("quiz").setAttribute("aria-pressed", String(isOn));
  find("ask").hidden = !isOn;
  find("controls").hidden = isOn;
  find("graph").classList.toggle("quiz", isOn);
  if (!isOn && isIn) find("quiz").focus();  // from a field that is gone
  if (!isOn) return show(last);
  find("answer").setAttribute("aria-label", question()[1]);
  find("answer").value = "";
  show(arrivals[asked].at(-1) - 1, false);
  picture.reveal(find(boxOf(asked)));
  find("answer").focus({preventScroll: true});
}
const next = () => ask(questions[questions.indexOf(asked) + 1]);
function verdict(answer) {
  const numbersOfSteps = arrivals[asked], steps = numbersOfSteps.map(number => now.steps[number - 1]);
  const {kind, index, some} = diagnose(answer, steps), {derivative, label} = nodes[asked];
  const frame = frames[numbersOfSteps[index ?? 0]], from = nodes[frame.node].derivative[1];
  const local = frame.symbols[1].slice(from.length + 3);
  const words = {local, upstream: from, derivative: derivative[1], number: short(now.adjoints[asked]), node: label[1],
                 uses: steps.length, some: some?.length,
                 terms: numbersOfSteps.map(number => frames[number].symbols[1]).slice(0, 4).join(" + ")};
  return [kind, data.sentences[kind].replace(/{(\w+)}/g, (_, word) => words[word])];
}
function isAsked() {  // where something has no value, there is no answer either
  find("verdict").className = now.problem ? "wrong" : "";
  if (now.problem) put(find("verdict"), "There is no answer at these numbers: change them back first.");
  return !now.problem;
}
function check() {
  if (find("answer").value === "" || !isAsked()) return;
  const [kind, told] = verdict(Number(find("answer").value));
  find("verdict").className = kind === "right" ? "right" : "wrong";
  put(find("verdict"), told);
  if (kind === "right") next();
}
find("check").addEventListener("click", check);
find("answer").addEventListener("keydown", event => {
  if (event.key !== "Enter") return;
  event.preventDefault();  // it does not press what is in focus next
  check();
});
find("tell").addEventListener("click", () => {
  if (!isAsked()) return;
  put(find("verdict"), `${nodes[asked].derivative[1]} = ${short(now.adjoints[asked])}`);
  next();
});
find("quiz").addEventListener("click", () => {
  playing.stop();
  put(find("verdict"), "");
  ask(asked === null && !now.problem ? questions[0] : null);
});

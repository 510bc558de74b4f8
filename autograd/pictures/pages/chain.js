/* The chain rule in the page: values forward, adjoints backward, from the rows of the table; and what an answer got wrong.
   `rows` holds each operation's value and partials as functions, printed from the texts that Python computes with. */

/* The operands of a node as numbers; a text is the place of another node, or an infinity, and a list is a vector. */
const operandsOf = (node, values) => node.operands.map(function read(x) {
  return Array.isArray(x) ? x.map(read) : typeof x === "string" ? values[x] ?? Number(x) : x;
});

/* The values of all nodes, operands before results, given the numbers of the leaves; and what went wrong first. */
function evaluate(nodes, numbers) {
  const values = [];
  let problem = "";
  nodes.forEach((node, index) => {
    const given = node.op ? operandsOf(node, values) : [], y = node.op ? rows[node.op].value(...given) : numbers[index];
    values.push(y);  // what is infinite from the beginning may be on a side that is not taken
    const isMade = node.op && !Number.isFinite(y) && given.flat().every(Number.isFinite);
    if (!problem && (Number.isNaN(y) || isMade)) problem = whyNot(nodes, node, values);
  });
  return {values, problem};
}

/* Why a node has no value: an operand outside the domain, or a number that is too large. */
function whyNot(nodes, node, values) {
  if (!node.op) return `${node.label[1]} has no value`;
  const given = [...new Set(node.operands.flat())].filter(x => typeof x === "string" && x in values);
  const told = given.map(x => `${nodes[x].label[1]} = ${numberText(values[x], data.digits)}`).join(", ");
  const named = letter => {
    const x = node.operands["abcd".indexOf(letter)];
    return typeof x === "string" && x in values ? nodes[x].label[1] : String(x);
  };
  const zero = {div: 1, pow: 0}[node.op];  // these may also overflow, where this operand is not 0
  const isOutside = node.domain && (zero === undefined || Number.isNaN(values.at(-1)) || operandsOf(node, values)[zero] === 0);
  const why = isOutside ? `is outside the domain (${node.domain.replace(/\b[abcd]\b/g, named)})` : "is too large, or too small";
  return `${node.label[1]} = ${node.formula[1]} has no value here: ${told} ${why}`;
}

/* The steps of the backward pass with their numbers, the adjoints they lead to, and what went wrong first.
   A zero on one side silences what is not defined on the other only where nothing depends on it: `silent`. */
function sweep(nodes, frames, root, values) {
  const adjoints = nodes.map(() => 0), needed = new Set([root]), known = new Map();
  let problem = "";
  adjoints[root] = 1;
  const steps = frames.slice(1).map(frame => {
    const {node, operand, letter, element} = frame, key = `${node} ${letter}`;
    if (!known.has(key))
      known.set(key, rows[nodes[node].op].partials[letter](...operandsOf(nodes[node], values), values[node]));
    const partial = element < 0 ? known.get(key) : known.get(key)[element], upstream = adjoints[node];
    const contribution = upstream !== 0 && partial !== 0 ? upstream * partial : 0, before = adjoints[operand];
    if (needed.has(node)) {
      if (!problem && !Number.isFinite(partial))
        problem = `${frame.left[1]} does not exist here: ${nodes[node].formula[1]} has no derivative at this point`;
      if (!(frame.silent && partial === 0)) needed.add(operand);
    }
    const passed = needed.has(operand) || Number.isFinite(contribution) ? contribution : 0;
    adjoints[operand] = before + passed;
    return {upstream, partial, contribution: passed, before, after: adjoints[operand]};
  });
  return {steps, adjoints, problem};
}

/* What an answer for an adjoint is, given the steps that contribute to it: right, or which mistake leads there. */
function diagnose(answer, arrivals) {
  const terms = arrivals.map(step => step.contribution), whole = terms.reduce((sum, term) => sum + term, 0);
  const rounding = 1e-6 * Math.max(...terms.map(Math.abs), 1e-300);  // what contributions that cancel leave over
  const isNear = (a, b) => Math.abs(a - b) <= Math.max(0.01 * Math.abs(b), rounding);
  if (isNear(answer, whole)) return {kind: "right"};
  if (isNear(-answer, whole)) return {kind: "sign"};
  const most = Math.min(terms.length, 12);
  for (let chosen = 1; terms.length > 1 && chosen < 2 ** most - 1; chosen++) {
    const some = [...Array(most).keys()].filter(index => chosen >> index & 1);
    if (isNear(answer, some.reduce((sum, index) => sum + terms[index], 0))) return {kind: "path", some};
  }
  const partial = arrivals.findIndex(step => isNear(answer, step.partial));
  if (partial >= 0) return {kind: "partial", index: partial};
  const upstream = arrivals.findIndex(step => isNear(answer, step.upstream));
  return upstream >= 0 ? {kind: "upstream", index: upstream} : {kind: "other"};
}

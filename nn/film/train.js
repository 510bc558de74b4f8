/* Training in the page: batches, their gradient by the program, and the optimisers of `nn.optim` with PyTorch's formulas. */

/* Numbers from 0 to 1 that a seed decides (mulberry32). They are not those of Python's `random`. */
function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6D2B79F5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffle(list, random) {
  for (let last = list.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [list[last], list[other]] = [list[other], list[last]];
  }
  return list;
}

/* The new number of parameter i, given its number x and its gradient g: settings `s`, and in `k` what is kept. */
const OPTIMIZERS = {
  SGD(s, k, i, x, g) {
    g += s.weight_decay * x;
    if (s.momentum) {
      const damped = k.steps === 1 ? g : (1 - s.dampening) * g, v = k.momentum_buffer[i] = s.momentum * k.momentum_buffer[i] + damped;
      g = s.nesterov ? g + s.momentum * v : v;
    }
    return x - s.lr * g;
  },
  RMSprop(s, k, i, x, g) {
    g += s.weight_decay * x;
    let square = k.square_avg[i] = s.alpha * k.square_avg[i] + (1 - s.alpha) * g * g;
    if (s.centered) {
      const mean = k.grad_avg[i] = s.alpha * k.grad_avg[i] + (1 - s.alpha) * g;
      square = Math.max(square - mean * mean, 0);
    }
    const v = k.momentum_buffer[i] = s.momentum * k.momentum_buffer[i] + scaled(g, square, s.eps, 1);
    return x - s.lr * v;
  },
  Adam(s, k, i, x, g) {
    g += s.weight_decay * x;
    return x - adamStep(s, k, i, g);
  },
  AdamW(s, k, i, x, g) {
    x -= s.lr * s.weight_decay * x;
    return x - adamStep(s, k, i, g);
  },
};
const KEPT = {SGD: ["momentum_buffer"], RMSprop: ["square_avg", "momentum_buffer", "grad_avg"],
              Adam: ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"], AdamW: ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"]};
const NEEDS = {momentum_buffer: "momentum", grad_avg: "centered", max_exp_avg_sq: "amsgrad"};  // a setting
const DEFAULTS = {
  SGD: {lr: 0.1, momentum: 0, dampening: 0, weight_decay: 0, nesterov: false},
  RMSprop: {lr: 0.01, alpha: 0.99, eps: 1e-8, momentum: 0, weight_decay: 0},
  Adam: {lr: 0.01, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0},
  AdamW: {lr: 0.01, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.01},
};

function adamStep(s, k, i, g) {
  const [one, two] = s.betas;
  const mean = k.exp_avg[i] = one * k.exp_avg[i] + (1 - one) * g;
  let square = k.exp_avg_sq[i] = two * k.exp_avg_sq[i] + (1 - two) * g * g;
  if (s.amsgrad) square = k.max_exp_avg_sq[i] = Math.max(square, k.max_exp_avg_sq[i]);
  return scaled(s.lr / (1 - one ** k.steps) * mean, square, s.eps, Math.sqrt(1 - two ** k.steps));
}

/* step / (√square / correction + eps), and 0 where the step is 0 */
function scaled(step, square, eps, correction) {
  const below = Math.sqrt(square) / correction + eps;
  return step === 0 ? 0 : step / below;
}

/* A program called with some of the parameters. */
function bound(run, places) {
  const isWhole = places.every((place, index) => place === index) && places.length === data.parameters.length;
  const taken = new Float64Array(places.length);
  return (inputs, p) => {
    if (isWhole) return run(...inputs, p);
    for (let k = 0; k < places.length; k++) taken[k] = p[places[k]];
    return run(...inputs, taken);
  };
}

const count = data.parameters.length, rows = data.X.length;
const calls = programs.map((run, index) => bound(run, data.programs[index].places));
const programOf = new Array(rows).fill(0);
data.programs.forEach((program, index) => program.rows?.forEach(row => { programOf[row] = index; }));
const inputsOf = data.X.map((x, row) => data.programs[programOf[row]].takesTarget ? [...x, ...data.y[row]] : x);
const penaltyCall = penaltyProgram && bound(penaltyProgram, data.penalty);
const uphill = data.optimizer.settings.maximize ? -1 : 1;
const everyRow = [...Array(rows).keys()];

/* The first number of a target, or the class whose probability in it is the largest. */
const single = y => data.right === "largest" && y.length > 1 ? y.indexOf(Math.max(...y)) : y[0];

/* Whether a prediction is right; undefined where targets are not classes. */
function isRight(outputs, target) {
  if (data.right === null) return undefined;
  if (data.right === "largest") return outputs.indexOf(Math.max(...outputs)) === single(target);
  return outputs.every((output, k) => (output > data.right) === (target[k] > 0.5));
}

/* The loss of some examples at the numbers p, the share that is right, the gradient; or what went wrong. `l2` is the
   page's own penalty, l2 · Σ w². `each` is called with every example's own gradient and outputs. */
function measured(p, batch, l2 = 0, each = null) {
  const gradient = new Float64Array(count);
  let loss = 0, hits = 0;
  for (const row of batch) {
    const [value, slopes, outputs] = calls[programOf[row]](inputsOf[row], p);
    if (value === null) return {reason: slopes};
    const places = data.programs[programOf[row]].places;
    for (let k = 0; k < slopes.length; k++) gradient[places[k]] += slopes[k];
    loss += value;
    if (isRight(outputs, data.y[row])) hits++;
    if (each) each(row, slopes, outputs, places, value);
  }
  const share = data.reduction === "mean" ? 1 / batch.length : 1;
  loss *= share;
  for (let k = 0; k < count; k++) gradient[k] *= share;
  if (penaltyCall) {
    const [value, slopes] = penaltyCall([], p);
    if (value === null) return {reason: slopes};
    loss += value;
    data.penalty.forEach((place, k) => { gradient[place] += slopes[k]; });
  }
  if (l2) for (const place of data.weights) {
    loss += l2 * p[place] * p[place];
    gradient[place] += 2 * l2 * p[place];
  }
  if (!Number.isFinite(loss)) return {reason: "the loss is no longer a finite number"};
  return {loss, gradient, accuracy: data.right === null ? null : hits / batch.length};
}

/* A training: parameters p, an optimiser with its settings, batches. */
class Trainer {
  constructor(p, seed = 0) {
    this.p = Float64Array.from(p);
    this.l2 = 0;
    this.size = data.batch ?? rows;
    this.random = seeded(seed);
    this.epoch = 0;
    this.waiting = [];  // batches of this epoch that are still to come
    this.trained = data.optimizer.trained;
    this.choose("SGD", {});
  }

  /* Train with an optimiser, which begins anew. */
  choose(kind, settings) {
    this.kind = kind;
    this.settings = {...DEFAULTS[kind], ...settings};
    this.kept = {steps: 0};
    for (const name of KEPT[kind]) this.kept[name] = new Float64Array(count);
  }

  /* Go on as the training in Python would. */
  resume(optimizer) {
    this.choose(optimizer.kind, optimizer.settings);
    this.kept.steps = optimizer.steps;
    for (const [name, numbers] of Object.entries(optimizer.kept))
      if (this.kept[name]) numbers.forEach((number, index) => { this.kept[name][this.trained[index]] = number; });
  }

  /* One update, on the next batch. Answers what went wrong, if something did: the parameters are then as they were. */
  step() {
    if (!this.waiting.length) {
      const order = this.size < rows ? shuffle([...everyRow], this.random) : everyRow;
      for (let start = 0; start < rows; start += this.size) this.waiting.push(order.slice(start, start + this.size));
    }
    const found = measured(this.p, this.waiting[0], this.l2);
    if (found.reason) return found.reason;
    const kept = {steps: this.kept.steps + 1}, update = OPTIMIZERS[this.kind], p = this.p.slice();
    for (const name of KEPT[this.kind]) kept[name] = this.kept[name].slice();
    for (const i of this.trained) {
      p[i] = update(this.settings, kept, i, p[i], uphill * found.gradient[i]);
      if (!Number.isFinite(p[i])) return `${data.parameters[i]} = ${numberText(this.p[i])} cannot be moved by its gradient ${numberText(found.gradient[i])}`;
    }
    this.p = p;
    this.kept = kept;
    this.waiting.shift();
    if (!this.waiting.length) this.epoch++;
    return null;
  }

  /* The number that a parameter would have after a step with this gradient. */
  preview(i, g) {
    const kept = {steps: this.kept.steps + 1};
    for (const name of KEPT[this.kind]) kept[name] = {[i]: this.kept[name][i]};
    return OPTIMIZERS[this.kind](this.settings, kept, i, this.p[i], uphill * g);
  }

  /* Updates to the end of an epoch. */
  train(epochs = 1) {
    for (const end = this.epoch + epochs; this.epoch < end;) {
      const reason = this.step();
      if (reason) return reason;
    }
    return null;
  }
}

/* New weights as `nn` draws them, biases 0. Xavier: Glorot & Bengio 2010. He: He et al. 2015. */
const INITS = {
  uniform: (inputs, outputs, random) => 2 * random() - 1,
  xavier: (inputs, outputs, random) => (2 * random() - 1) * Math.sqrt(6 / (inputs + outputs)),
  he: (inputs, outputs, random) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()) * Math.sqrt(2 / inputs),
};

function newWeights(seed, init = "uniform") {
  const random = seeded(seed), p = new Float64Array(count);
  data.layers.forEach((layer, index) => layer.w.flat().forEach(place => {
    p[place] = INITS[init](data.sizes[index], data.sizes[index + 1], random);
  }));
  return p;
}

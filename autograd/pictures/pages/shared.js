/* What the pages have in common. */
const find = id => document.getElementById(id);
const data = JSON.parse(find("film").textContent);
const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;

/* A text as it stands in HTML. */
const escaped = text => text.replace(/[&<>"']/g, letter => `&#${letter.charCodeAt(0)};`);

/* A number as Python's f"{x:.4g}" writes it: halves go to the even digit, where toExponential goes up. */
function numberText(x, digits = 4) {
  if (Number.isNaN(x)) return "undefined";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "-inf";
  if (x === 0) return Object.is(x, -0) ? "-0" : "0";
  let [mantissa, exponent] = x.toExponential(digits - 1).split("e");
  const [exact, power] = x.toExponential(100).split("e");
  const kept = exact.slice(0, mantissa.length), rest = exact.slice(kept.length).replace(".", "");
  if (/^50*$/.test(rest) && "02468".includes(kept.at(-1))) [mantissa, exponent] = [kept, power];
  const size = Number(exponent), trimmed = text => text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  if (size >= -4 && size < digits) {
    const places = Math.max(0, digits - 1 - size);
    return trimmed(Number(`${mantissa}e${exponent}`).toFixed(places));
  }
  return `${trimmed(mantissa)}e${size < 0 ? "-" : "+"}${String(Math.abs(size)).padStart(2, "0")}`;
}

/* The same number in MathML; without digits, to its last one. */
function numberMath(x, digits = 0) {
  if (Number.isNaN(x)) return "<mo>undefined</mo>";
  const text = digits ? numberText(x, digits) : String(x).replace("Infinity", "inf");
  const [mantissa, exponent] = text.replace("inf", "∞").split("e");
  const written = text => (text[0] === "-" ? '<mo form="prefix">−</mo>' : "") + `<mn>${text.replace("-", "")}</mn>`;
  if (!exponent) return written(mantissa);
  return `${written(mantissa)}<mo>·</mo><msup><mn>10</mn><mrow>${written(String(Number(exponent)))}</mrow></msup>`;
}

/* A button that plays and pauses: after `begin`, `tick` is called so many times a second until it answers false. */
function player(button, tick, perSecond = 1.5, begin = () => {}) {
  let timer = null;
  const stop = () => {
    clearInterval(timer);
    timer = null;
    button.setAttribute("aria-pressed", "false");
    button.textContent = "▶ Play";
  };
  const play = () => {
    if (timer !== null) return;
    button.setAttribute("aria-pressed", "true");
    button.textContent = "❚❚ Pause";
    begin();
    const once = () => { if (tick() === false) stop(); };
    timer = setInterval(once, 1000 / perSecond);
    once();
  };
  button.addEventListener("click", () => timer === null ? play() : stop());
  stop();
  return {stop, play, isPlaying: () => timer !== null};
}

/* What the address names after its #: step=12&x=2. */
function named() {
  return new Map(location.hash.slice(1).split("&").filter(Boolean).map(part => {
    const [name, ...value] = part.split("=");
    try { return [decodeURIComponent(name), decodeURIComponent(value.join("="))]; } catch { return [name, ""]; }
  }));
}

/* In a notebook, the page takes the place of the picture that stands for it. */
try { if (frameElement) frameElement.previousElementSibling.hidden = true; } catch { /* a frame of another origin */ }

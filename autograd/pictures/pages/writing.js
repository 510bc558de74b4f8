/* How numbers come into the page: only those that have changed, and while a finger drags, only where one can see them. */
const written = new WeakMap(), places = new WeakMap();
function put(element, text, write = () => { element.textContent = text; }) {
  if (!element || written.get(element) === text) return;
  written.set(element, text);
  write();
}
const putMarkup = (element, markup) => put(element, markup, () => { element.innerHTML = markup; });
const looks = new WeakMap();
function look(element, name, value) {
  const now = looks.get(element) ?? looks.set(element, {}).get(element);
  if (now[name] === value) return;
  now[name] = value;
  if (name === "--width") element.style.setProperty(name, value);
  else element.setAttribute(name, value);
}
/* A number in the picture, after what stands before it: the hidden word, a symbol and =, an arrow. */
function putNumber(element, text) {
  put(element, text, () => {
    if (!places.has(element)) {
      element.innerHTML = /^(<tspan class="word".*?<\/tspan>|← |.*= )?/s.exec(element.innerHTML)[0];
      places.set(element, element.appendChild(document.createElementNS(element.namespaceURI, "tspan")));
    }
    const place = places.get(element), typeset = text.replaceAll("-", "−").replaceAll("inf", "∞");
    if (!/e/.test(text)) place.textContent = typeset;
    else place.innerHTML = typeset.replace(/e([+−])0*(\d+)/g, (_, sign, power) =>
      `·10<tspan dy="-.5em" font-size="75%">${sign === "−" ? sign : ""}${power}</tspan><tspan dy=".38em">\u200b</tspan>`);
    if (text.length > digits + 5) narrow(element);
    else if (element.hasAttribute("textLength")) element.removeAttribute("textLength");
  });
}
/* Letters that are wider than their box become narrower. */
function narrow(element) {
  element.removeAttribute("textLength");
  const field = element.closest(".node")?.querySelector("path, polygon").getBBox(), length = element.getComputedTextLength();
  const most = field && field.width / element.parentNode.querySelectorAll(".data, .grad").length - 6;
  if (length > most) Object.entries({textLength: most, lengthAdjust: "spacingAndGlyphs"}).forEach(pair => element.setAttribute(...pair));
}

/* A page of 200 boxes follows a finger: what is out of sight is written once it rests. */
const outOfSight = new WeakSet();
const sight = new IntersectionObserver(entries => {
  for (const {target, isIntersecting} of entries) outOfSight[isIntersecting ? "delete" : "add"](target);
});
let resting = null;
function follower(isDragged, rest) {  // whether an element is written now
  clearTimeout(resting);
  resting = isDragged ? setTimeout(rest, 150) : null;
  return element => !isDragged || !outOfSight.has(element);
}

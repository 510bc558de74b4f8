/* A picture in a frame that scrolls: it fits where it can still be read, comes closer and goes farther. */
function viewer(frame) {
  const least = 0.6;  // of its own size: smaller letters cannot be read
  let scale = 1, mode = "";  // whole, readable, or as somebody has set it
  const picture = () => frame.querySelector("svg");
  const size = () => [picture().viewBox.baseVal.width * 4 / 3, picture().viewBox.baseVal.height * 4 / 3];  // from points
  const inside = () => {
    const style = getComputedStyle(frame), most = parseFloat(style.maxHeight) || frame.clientHeight;
    return [frame.clientWidth - 2 * parseFloat(style.paddingLeft), most - 2 * parseFloat(style.paddingTop)];
  };
  const fitting = () => Math.min(1.5, inside()[0] / size()[0], inside()[1] / size()[1]);

  function set(wanted, x = frame.clientWidth / 2, y = frame.clientHeight / 2) {
    const next = Math.max(Math.min(fitting(), 0.3), Math.min(4, wanted)), ratio = next / scale;
    const [left, top] = [(frame.scrollLeft + x) * ratio - x, (frame.scrollTop + y) * ratio - y];
    scale = next;
    picture().style.width = `${size()[0] * scale}px`;
    frame.scrollTo(left, top);
  }
  const again = () => { if (mode) set(mode === "whole" ? fitting() : Math.max(fitting(), least)); };
  function fit(wanted = "readable") {
    mode = wanted;
    again();
    if (mode !== "readable") return;
    frame.scrollTo(0, 0);
    const boxes = [...picture().querySelectorAll(".node")];
    if (boxes.length && !boxes.some(isSeen)) reveal(boxes[0]);  // where the corner of the picture is empty
  }
  function isSeen(element) {
    const box = element.getBoundingClientRect(), around = frame.getBoundingClientRect();
    return box.left >= around.left && box.right <= around.right && box.top >= around.top && box.bottom <= around.bottom;
  }
  function zoom(factor, x, y) {
    mode = "";
    set(scale * factor, x, y);
  }
  function kept() {  // what brings the picture back to where it is
    const [modeThen, scaleThen, left, top] = [mode, scale, frame.scrollLeft, frame.scrollTop];
    return () => {
      mode = modeThen;
      set(scaleThen);
      frame.scrollTo(left, top);
    };
  }
  function reveal(element) {
    const box = element.getBoundingClientRect(), around = frame.getBoundingClientRect();
    if (box.left < around.left || box.right > around.right)
      frame.scrollLeft += (box.left + box.right) / 2 - (around.left + around.right) / 2;
    if (box.top < around.top || box.bottom > around.bottom)
      frame.scrollTop += (box.top + box.bottom) / 2 - (around.top + around.bottom) / 2;
  }

  frame.addEventListener("wheel", event => {
    if (!event.ctrlKey && !event.metaKey) return;  // a wheel alone scrolls
    event.preventDefault();
    const around = frame.getBoundingClientRect();
    zoom(Math.exp(-event.deltaY / 300), event.clientX - around.left, event.clientY - around.top);
  }, {passive: false});
  let from = null;
  frame.addEventListener("pointerdown", event => {
    if (event.pointerType === "mouse" && event.button === 0) from = {x: event.clientX, y: event.clientY, moved: false};
  });
  window.addEventListener("pointermove", event => {
    if (!from) return;
    from.moved ||= Math.hypot(event.clientX - from.x, event.clientY - from.y) > 4;
    if (!from.moved) return;
    frame.scrollBy(from.x - event.clientX, from.y - event.clientY);
    Object.assign(from, {x: event.clientX, y: event.clientY});
  });
  window.addEventListener("pointerup", () => {
    if (from?.moved) frame.addEventListener("click", event => event.stopPropagation(), {capture: true, once: true});
    from = null;
  });
  new ResizeObserver(again).observe(frame);
  return {fit, zoom, reveal, kept};
}

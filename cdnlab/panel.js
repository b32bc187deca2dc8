// The browser's half of a Panel (the other half is panels.py). It draws the controls as native input elements from a
// table, sends each act of the hand to Python, and puts up what comes back: values, a picture, a sentence.

const SLOWER = 5; // network time is shown this much slower ...
const LONGEST = 1600; // ... but a journey never takes longer than this (ms)

function h(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value !== undefined) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== undefined));
  return node;
}

const shown = (number, unit) => `${Number(number).toLocaleString("en-US", { maximumFractionDigits: 3 })} ${unit}`.trim();

// ---- controls: each returns its element and a function that shows a value coming from Python

const CONTROLS = {
  choice(spec, turn) {
    const input = h("select", { onchange: () => turn(input.value) }, ...spec.options.map((each) => h("option", { value: each }, each)));
    return [h("label", { class: "cdnlab-field" }, h("span", {}, spec.label), input), (value) => (input.value = value)];
  },
  slider(spec, turn) {
    const listed = spec.values;
    const text = (raw) => (listed ? spec.texts[raw] : shown(raw, spec.unit));
    const output = h("output", { "aria-hidden": "true" });
    const say = () => {
      output.textContent = text(input.value);
      input.setAttribute("aria-valuetext", output.textContent);
    };
    const range = listed ? { min: 0, max: listed.length - 1, step: 1 } : { min: spec.low, max: spec.high, step: spec.step };
    const move = () => {
      say();
      turn(listed ? listed[input.value] : Number(input.value));
    };
    const input = h("input", { type: "range", "aria-label": spec.label, ...range, oninput: move });
    const show = (value) => {
      input.value = listed ? listed.indexOf(value) : value;
      say();
    };
    return [h("label", { class: "cdnlab-field" }, h("span", {}, spec.label), h("span", { class: "cdnlab-row" }, input, output)), show];
  },
  rail(spec, turn) {
    const rule = "a handle pushes those in its way";
    const note = h("span", { class: "cdnlab-hint", role: "status" }, rule);
    const inputs = spec.handles.map((label, i) => h("input", { type: "range", "aria-label": label, min: 0, max: spec.values.length - 1, step: 1, oninput: () => move(i) }));
    const outputs = inputs.map(() => h("output", { "aria-hidden": "true" }));
    const say = () =>
      inputs.forEach((input, i) => {
        outputs[i].textContent = spec.texts[input.value];
        input.setAttribute("aria-valuetext", spec.texts[input.value]);
      });
    // A handle that meets another pushes it along: first <= second <= ... always holds.
    const move = (moved) => {
      const at = Number(inputs[moved].value);
      const pushed = spec.handles.filter((_, i) => {
        const inTheWay = i < moved ? Number(inputs[i].value) > at : Number(inputs[i].value) < at;
        if (inTheWay) inputs[i].value = at;
        return inTheWay;
      });
      note.textContent = pushed.length ? `pushed along: ${pushed.join(", ")}` : rule;
      say();
      turn(inputs.map((input) => spec.values[input.value]));
    };
    const show = (value) => {
      inputs.forEach((input, i) => (input.value = spec.values.indexOf(value[i])));
      say();
    };
    const rows = spec.handles.flatMap((label, i) => [h("span", { "aria-hidden": "true" }, label), inputs[i], outputs[i]]);
    return [h("fieldset", { class: "cdnlab-rail" }, h("legend", {}, spec.label, " ", note), ...rows), show];
  },
  text(spec, turn) {
    const list = h("datalist", { id: `cdnlab-${Math.random().toString(36).slice(2)}` }, ...spec.suggestions.map((each) => h("option", { value: each })));
    const size = Math.max(20, Math.min(spec.chars + 1, 46)); // what it starts with can be read
    const input = h("input", { type: "text", list: list.id, size, autocomplete: "off", spellcheck: "false" });
    let typing = false; // what is half typed stays, whatever comes from Python
    input.addEventListener("input", () => (typing = true));
    input.addEventListener("change", () => {
      typing = false;
      const secret = /PRIVATE\s+KEY/i.test(input.value); // never leaves the page: only that there was one is told
      turn(secret ? "-----BEGIN PRIVATE KEY-----" : input.value);
      if (secret) input.value = "";
    });
    return [h("label", { class: "cdnlab-field" }, h("span", {}, spec.label), input, list), (value) => typing || (input.value = value), input];
  },
  toggle(spec, turn) {
    const input = h("input", { type: "checkbox", onchange: () => turn(input.checked) });
    return [h("label", { class: "cdnlab-field cdnlab-toggle" }, input, h("span", {}, spec.label)), (value) => (input.checked = value)];
  },
  predict(spec, turn) {
    const group = `cdnlab-${Math.random().toString(36).slice(2)}`;
    const radios = spec.options.map((each) => h("input", { type: "radio", name: group, value: each, onchange: () => turn(each) }));
    const labels = spec.options.map((each, i) => h("label", {}, radios[i], each));
    return [h("fieldset", {}, h("legend", {}, spec.label), ...labels), (value) => radios.forEach((radio) => (radio.checked = radio.value === value))];
  },
  ticks(spec, turn) {
    const boxes = spec.options.map((each) => h("input", { type: "checkbox", value: each, onchange: () => turn(boxes.filter((box) => box.checked).map((box) => box.value)) }));
    const labels = spec.options.map((each, i) => h("label", {}, boxes[i], each));
    return [h("fieldset", {}, h("legend", {}, spec.label), ...labels), (value) => boxes.forEach((box) => (box.checked = (value || []).includes(box.value)))];
  },
  flag(spec, turn) {
    const output = h("output", { "aria-hidden": "true" });
    const input = h("input", { type: "range", "aria-label": spec.label, min: spec.low, max: spec.high, step: spec.step, oninput: () => turn((show(input.value), Number(input.value))) });
    const show = (value) => {
      if (value === null) input.value = spec.low;
      else input.value = value;
      output.textContent = value === null ? "not placed yet" : shown(value, spec.unit);
      input.setAttribute("aria-valuetext", output.textContent);
    };
    return [h("fieldset", {}, h("legend", {}, spec.label), h("span", { class: "cdnlab-row" }, input, output)), show];
  },
};

// ---- motion: elements marked data-at appear in their turn, and a dot travels along each path.cdnlab-leg in its data-ms

class Motion {
  constructor(picture) {
    const shut = "details:not([open]) [data-at]"; // what is folded away is not played
    this.parts = [...picture.querySelectorAll("[data-at]")].filter((node) => !node.matches(shut)).map((node) => {
      const at = Number(node.dataset.at);
      return { node, at, until: at + Number(node.dataset.ms ?? 0) };
    });
    this.length = Math.max(0, ...this.parts.map((part) => part.until));
    this.factor = this.length ? Math.min(SLOWER, LONGEST / this.length) : 0;
    this.running = false;
  }
  play(done) {
    if (this.running) this.finish();
    this.running = true;
    this.done = done;
    this.legs = this.parts.filter(({ node }) => node.matches("path.cdnlab-leg")).map((part) => {
      const dot = document.createElementNS("http://www.w3.org/2000/svg", "circle");
      dot.setAttribute("class", "cdnlab-dot cdnlab-later");
      dot.setAttribute("r", "5");
      part.node.ownerSVGElement.append(dot);
      return { ...part, dot };
    });
    const began = performance.now();
    const draw = (now) => {
      if (!this.running) return;
      const ms = Math.max(0, now - began) / this.factor;
      for (const { node, at } of this.parts) node.classList.toggle("cdnlab-later", ms < at);
      for (const { node, dot, at, until } of this.legs) {
        const under = ms >= at && ms <= until;
        dot.classList.toggle("cdnlab-later", !under);
        if (!under) continue;
        const { x, y } = node.getPointAtLength((node.getTotalLength() * (ms - at)) / (until - at || 1));
        dot.setAttribute("cx", x);
        dot.setAttribute("cy", y);
      }
      if (ms < this.length) requestAnimationFrame(draw);
      else this.finish();
    };
    draw(began);
  }
  finish() {
    if (!this.running) return;
    this.running = false;
    for (const { node } of this.parts) node.classList.remove("cdnlab-later");
    for (const { dot } of this.legs) dot.remove();
    this.done?.();
  }
}

const stillness = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

// ---- saving: every svg of the picture on one sheet, with its colours written out, title above and caption below

const PAINT = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "opacity", "visibility", "display",
  "font-family", "font-size", "font-weight", "text-anchor", "dominant-baseline", "paint-order", "stroke-linecap", "stroke-linejoin"];

function painted(svg) {
  const copy = svg.cloneNode(true);
  const originals = [svg, ...svg.querySelectorAll("*")];
  [copy, ...copy.querySelectorAll("*")].forEach((node, i) => {
    const style = getComputedStyle(originals[i]);
    if (node.tagName !== "style") node.setAttribute("style", PAINT.map((name) => `${name}:${style.getPropertyValue(name)}`).join(";"));
  });
  copy.querySelectorAll("style, script, foreignObject").forEach((node) => node.remove());
  return copy;
}

function wrapped(text, width) {
  const lines = [""];
  for (const word of text.split(/\s+/)) {
    if ((lines.at(-1) + word).length > width) lines.push("");
    lines[lines.length - 1] += `${word} `;
  }
  return lines.map((line) => line.trim());
}

function sheet(root, title, caption) {
  const marked = root.querySelectorAll(".cdnlab-picture svg[data-save]");
  const pictures = [...(marked.length ? marked : root.querySelectorAll(".cdnlab-picture svg:not(svg svg)"))].filter((svg) => svg.getBoundingClientRect().width);
  const width = Math.max(480, ...pictures.map((svg) => svg.getBoundingClientRect().width)) + 32;
  const style = getComputedStyle(root);
  const NS = "http://www.w3.org/2000/svg";
  const page = document.createElementNS(NS, "svg");
  const line = (text, y, size, weight) => {
    const node = document.createElementNS(NS, "text");
    node.textContent = text;
    for (const [name, value] of Object.entries({ x: 16, y, fill: style.color, "font-size": size, "font-weight": weight, "font-family": "sans-serif" })) node.setAttribute(name, value);
    page.append(node);
  };
  const paper = document.createElementNS(NS, "rect");
  paper.setAttribute("width", width);
  paper.setAttribute("fill", style.backgroundColor);
  page.append(paper);
  line(title, 30, 18, 600);
  let y = 48;
  for (const svg of pictures) {
    const box = svg.getBoundingClientRect();
    const copy = painted(svg);
    for (const [name, value] of Object.entries({ x: 16, y, width: box.width, height: box.height })) copy.setAttribute(name, value);
    page.append(copy);
    y += box.height + 12;
  }
  for (const text of wrapped(caption, width / 7.2)) line(text, (y += 18), 13, 400);
  for (const [name, value] of Object.entries({ xmlns: NS, width, height: y + 16, viewBox: `0 0 ${width} ${y + 16}` })) page.setAttribute(name, value);
  paper.setAttribute("height", y + 16);
  return new XMLSerializer().serializeToString(page);
}

function save(root, title, caption) {
  const link = h("a", { href: URL.createObjectURL(new Blob([sheet(root, title, caption)], { type: "image/svg+xml" })) });
  link.download = `${title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "")}.svg`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// ---- the panel

// ---- a plotly figure below the panel: it looks at its room only when the window changes, so it is told

function fitted(root) {
  let box = null;
  const observer = new ResizeObserver(() => {
    if (!box && (box = root.closest(".cdnlab-chart"))) observer.observe(box); // the figure may come into it later than the panel
    if (!box) return;
    const plots = [...box.querySelectorAll(".js-plotly-plot")];
    if (plots.some((plot) => plot.clientWidth && plot.clientWidth !== plot.querySelector(".main-svg")?.clientWidth)) window.dispatchEvent(new Event("resize"));
  });
  observer.observe(root);
  return observer;
}

function render({ model, el }) {
  const spec = model.get("spec");
  const shows = {};
  const nodes = {};
  const inputs = {};
  let number = 0; // of the last message sent
  let busy = 0; // the message whose answer we wait for
  let waiting = {}; // turns of controls not sent yet: only the latest matters
  let turned = []; // the controls that were turned last: what is refused is refused for one of them
  let moving = 0; // the press that is to be played when its picture comes
  let motion;

  const send = (message) => {
    const names = Object.keys(message.values || {});
    if (names.length) turned = names;
    model.send({ ...message, number: (busy = ++number) });
  };
  const turn = (name) => (value) => {
    waiting[name] = value;
    if (!busy) flush();
  };
  const flush = () => {
    const values = waiting;
    waiting = {};
    if (Object.keys(values).length) send({ do: "set", values });
  };
  const press = (button) => {
    const values = waiting;
    waiting = {};
    send({ do: "press", button, values });
    moving = number;
  };

  const controls = spec.controls.map((each) => {
    if (each.kind === "button") {
      return (nodes[each.name] = h("button", { type: "button", class: each.primary && "cdnlab-primary", onclick: () => press(each.name) }, each.name));
    }
    [nodes[each.name], shows[each.name], inputs[each.name]] = CONTROLS[each.kind](each, turn(each.name));
    return nodes[each.name];
  });
  const folded = spec.controls.filter((each) => each.folded).map((each) => nodes[each.name]);
  const more = h("details", { class: "cdnlab-more" }, h("summary", {}, "More"), h("div", { class: "cdnlab-controls" }, ...folded));
  const said = h("div", { class: "cdnlab-said" });
  const picture = h("div", { class: "cdnlab-picture" });
  const choice = h("p", { class: "cdnlab-note", "aria-live": "polite" });
  const inside = h("div");
  const lid = h("details", { hidden: !spec.inside, ontoggle: () => send({ do: "open", open: lid.open }) }, h("summary", {}, "Look inside"), inside);
  const status = h("p", { class: "cdnlab-status", role: "status", "aria-live": "polite" });
  const band = h("p", { class: "cdnlab-band", hidden: true });
  const scrub = h("input", { type: "range", min: 0, step: 1, "aria-label": "Look back along the tape", oninput: () => look(Number(scrub.value)), onkeydown: leap });
  const place = h("output", { "aria-hidden": "true" });
  const branch = h("button", { type: "button", hidden: true, onclick: () => send({ do: "branch" }) }, "Branch from here");
  const tape = h("div", { class: "cdnlab-tape", hidden: true }, h("label", {}, h("span", {}, "Tape"), scrub, place), branch);
  const again = h("button", { type: "button", hidden: true, onclick: () => motion.play() }, "Play");
  const reset = h("button", { type: "button", onclick: () => ((waiting = {}), send({ do: "reset" })) }, "Start over");
  const keep = h("button", { type: "button", onclick: () => save(root, spec.title, model.get("state").caption) }, "Save this picture");
  const tools = h("div", { class: "cdnlab-tools" }, again, reset, keep);
  const root = h(
    "div",
    { class: "cdnlab cdnlab-panel", role: "group", "aria-label": spec.title, "data-lm-suppress-shortcuts": "true" },
    h("p", { class: "cdnlab-title" }, spec.title),
    h("div", { class: "cdnlab-controls" }, ...controls.filter((node) => !folded.includes(node)), folded.length ? more : undefined),
    band, said, status, picture, choice, tape, lid, tools,
  );

  function look(frame) {
    send({ do: "look", frame });
  }
  function leap(event) {
    const step = { ArrowLeft: -10, ArrowRight: 10 }[event.key];
    if (!step || !event.shiftKey) return;
    event.preventDefault();
    scrub.value = Number(scrub.value) + step;
    look(Number(scrub.value));
  }

  // One place chosen is chosen in every picture of the panel, and stays chosen in the next one: by a click on it, or with
  // the arrow keys while the picture has the focus.
  let chosen = "";
  const places = () => [...new Set([...picture.querySelectorAll("[data-place]")].map((node) => node.dataset.place))];
  function choose(place) {
    chosen = place;
    mark();
  }
  function mark() {
    for (const node of picture.querySelectorAll("[data-place]")) node.classList.toggle("cdnlab-chosen", node.dataset.place === chosen);
    choice.textContent = places().includes(chosen) ? `Chosen: ${chosen}` : "";
  }
  // A picture whose places cannot take the focus themselves takes it for all of them.
  function focusable() {
    const steps = places().length > 1 && !picture.querySelector("[data-place][tabindex]");
    for (const [name, value] of [["tabindex", "0"], ["role", "group"], ["aria-label", "Picture. The arrow keys choose a place in it."]]) {
      if (steps) picture.setAttribute(name, value);
      else picture.removeAttribute(name);
    }
  }
  picture.addEventListener("click", (event) => {
    const found = event.target.closest("[data-place]");
    if (found && !event.target.closest("summary, a")) choose(found.dataset.place === chosen ? "" : found.dataset.place);
  });
  picture.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, Enter: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const onPlace = event.target.closest("[data-place]");
    if (onPlace && (event.key === "Enter" || event.key === " ") && !event.target.closest("summary, a")) {
      choose(onPlace.dataset.place === chosen ? "" : onPlace.dataset.place);
    } else if (event.target === picture && event.key === "Escape") {
      choose("");
    } else if (event.target === picture && step) {
      const all = places();
      const at = all.indexOf(chosen);
      choose(all[at < 0 ? (step > 0 ? 0 : all.length - 1) : (at + step + all.length) % all.length]);
    } else return;
    event.preventDefault();
  });
  root.addEventListener("keydown", (event) => {
    if (motion?.running && event.key !== "Tab" && event.key !== "Shift") motion.finish();
    event.stopPropagation();
  });

  // A new picture must not shut what the reader opened, nor take the focus away.
  function draw(node, text) {
    const open = [...node.querySelectorAll("details")].map((each) => each.open);
    const focused = [...node.querySelectorAll("summary, a, [tabindex]")].indexOf(document.activeElement);
    node.innerHTML = text;
    node.querySelectorAll("details").forEach((each, i) => (each.open = open[i] ?? each.open));
    if (focused >= 0) node.querySelectorAll("summary, a, [tabindex]")[focused]?.focus();
  }

  function update() {
    const state = model.get("state");
    const past = state.at < state.frames - 1;
    if (state.heard >= busy) busy = 0;
    for (const [name, show] of Object.entries(shows)) if (!(name in waiting) && !(state.trouble && inputs[name])) show(state.values[name]);
    const guilty = turned.filter((name) => inputs[name]);
    for (const [name, input] of Object.entries(inputs)) input?.setAttribute("aria-invalid", state.trouble && (!guilty.length || guilty.includes(name)));
    for (const each of state.said) {
      nodes[each.name].hidden = !each.asked || Boolean(each.outcome);
    }
    said.replaceChildren(...state.said.filter((each) => each.outcome).map((each) => h("p", {}, each.line)));
    motion?.finish();
    draw(picture, state.picture);
    keep.hidden = !picture.querySelector("svg"); // a picture in words has nothing to save
    focusable();
    mark();
    draw(inside, state.inside);
    motion = new Motion(picture);
    again.hidden = !motion.length || stillness();
    again.textContent = `Play (${shown(Math.max(motion.factor, 0.1).toFixed(1), "")} times slower than the network)`;
    if (moving && state.heard === moving && !state.trouble && !stillness()) motion.play();
    if (state.heard >= moving) moving = 0;
    status.textContent = state.says;
    status.classList.toggle("cdnlab-trouble", state.trouble);
    tape.hidden = !spec.tape || state.frames < 2;
    scrub.max = state.frames - 1;
    scrub.value = state.at;
    const where = state.at ? `after ${state.at} of ${state.frames - 1}: ${state.presses[state.at - 1]}` : "the start";
    place.textContent = where;
    scrub.setAttribute("aria-valuetext", where);
    band.hidden = branch.hidden = !past;
    band.textContent = past ? `Looking back: ${state.moment || where}. The next press branches off from here.` : "";
    root.classList.toggle("cdnlab-past", past);
    if (!busy) flush();
  }
  model.on("change:state", update);
  update();
  el.append(root);
  const wide = fitted(root);
  return () => {
    model.off("change:state", update);
    wide.disconnect();
  };
}

export default { render };

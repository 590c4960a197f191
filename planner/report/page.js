// What both pages begin with: their data, the element that they fill, and its parts.
const data = JSON.parse(document.getElementById("data").textContent);
const main = document.getElementById("report");
const kMostRanks = 32;

// An element; text goes in as text, whatever it is.
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes || {})) element.setAttribute(key, value);
  for (const child of children) element.append(child);
  return element;
}
const ms = (value) => value.toFixed(value >= 100 ? 1 : 3);
function section(title, note, ...content) {
  const part = make("section", {}, make("h2", {}, title));
  if (note) part.append(make("p", {class: "soft"}, note));
  part.append(...content);
  main.append(part);
  return part;
}
function legend(entries) {
  return make("div", {class: "legend"}, ...entries.map(([text, fill]) =>
    make("span", {}, make("i", {style: `background:${fill}`}), text)));
}
// Of [value, what it is].
function cards(values) {
  main.append(make("div", {class: "cards"}, ...values.map(([value, text]) =>
    make("div", {class: "card"}, make("b", {}, value), make("span", {class: "soft"}, text)))));
}

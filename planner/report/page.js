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
// An element of a drawing.
function draw(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
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
const whole = (value) => Math.round(value).toLocaleString("en");
const short = (value) => Math.abs(value) >= 1000 ? whole(value) : String(Number(value.toPrecision(4)));
// Titles are [text, whether the column holds numbers].
function table(titles, rows) {
  const cell = (value, i) => make("td", {class: titles[i][1] ? "n" : ""}, String(value));
  return make("div", {class: "scroll"}, make("table", {},
    make("thead", {}, make("tr", {}, ...titles.map(([title, number]) => make("th", {class: number ? "n" : ""}, title)))),
    make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map(cell))))));
}

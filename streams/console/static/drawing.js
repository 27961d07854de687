// Elements, and drawing anew by changing as little as possible: what has the focus, is being clicked
// or is scrolled stays where it is.
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "class") made.className = value;
    else if (value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

export function svg(name, attributes = {}, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return made;
}

// Children of a list that moves carry a `data-key`, by which they are known again.
export function redraw(box, ...children) {
  const made = box.cloneNode(false);
  made.append(...children.filter((child) => child !== null));
  match(box, made);
}

const key = (node) => node.dataset?.key;

function match(old, made) {
  for (const { name } of [...old.attributes]) if (!made.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of [...made.attributes]) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  const wanted = [...made.childNodes], keys = new Set(wanted.map(key));
  const known = new Map([...old.childNodes].filter(key).map((node) => [key(node), node]));
  for (const [name, node] of known) if (!keys.has(name)) node.remove();
  wanted.forEach((child, i) => {
    const at = old.childNodes[i] ?? null;
    const there = key(child) ? known.get(key(child)) : at && !key(at) ? at : null;
    if (!there) old.insertBefore(child, at);
    else if (there.nodeName !== child.nodeName) there.replaceWith(child);
    else {
      if (there !== at) old.insertBefore(there, at);
      if (child.nodeType === Node.ELEMENT_NODE) match(there, child);
      else if (there.data !== child.data) there.data = child.data;
    }
  });
  while (old.childNodes.length > wanted.length) old.lastChild.remove();
}

// Turns what is on the page into what the server has drawn anew, and touches nothing else: focus,
// selection, scrolling and playing sounds stay.

/** Read HTML of our server; scripts in it never run. */
export function parse(html) {
  return new DOMParser().parseFromString(html, "text/html").body;
}

/** Make the children of an element those of another. */
export function morphChildren(old, wanted) {
  const byId = new Map();
  for (const child of old.children) if (child.id) byId.set(child.id, child);
  let place = old.firstChild;
  for (const node of [...wanted.childNodes]) {
    const match = find(node, place, byId);
    if (match) {
      if (match !== place) old.insertBefore(match, place);
      else place = place.nextSibling;
      morph(match, node);
    } else {
      old.insertBefore(document.importNode(node, true), place);
    }
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

/** Make an element equal to another of the same kind. */
export function morph(old, wanted) {
  if (old.isEqualNode(wanted)) return;
  // What a script shows by itself is not drawn by the server.
  if ("kept" in (old.dataset ?? {})) return;
  // Times are written in the reader's zone: only a time that has changed is written anew.
  if (old.nodeName === "TIME" && old.dateTime === wanted.dateTime) return;
  if (old.nodeType !== Node.ELEMENT_NODE) {
    old.nodeValue = wanted.nodeValue;
    return;
  }
  for (const { name } of [...old.attributes]) if (!wanted.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of wanted.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  if (old.matches("textarea, select, input") && old === document.activeElement) return;
  morphChildren(old, wanted);
}

/** The node on the page that a new one stands for. */
function find(node, place, byId) {
  if (node.id) return byId.get(node.id) ?? null;
  if (!place || place.nodeType !== node.nodeType || place.id) return null;
  return place.nodeName === node.nodeName ? place : null;
}

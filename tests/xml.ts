/** Whether a text is well-formed XML, as far as a drawing has it: elements, attributes, text, character references. */

const nameText = "[A-Za-z_][\\w.-]*";
const startTag = new RegExp(`^<(${nameText})((?:\\s+${nameText}="[^<"]*")*)\\s*(/?)>`);
const endTag = new RegExp(`^</(${nameText})\\s*>`);
const declaration = /^<\?xml version="1\.0" encoding="UTF-8"\?>\s*/;
const reference = /&(?:#\d+|amp|lt|gt|quot|apos);/g;

/** Names of all elements in their order; throws where the text is not well-formed. */
export function elementsOf(text: string): string[] {
  let rest = text.replace(declaration, "");
  const open: string[] = [];
  const names: string[] = [];
  while (rest.trim() !== "") {
    const at = text.length - rest.length;
    const start = startTag.exec(rest);
    const end = endTag.exec(rest);
    if (open.length === 0 && names.length > 0) throw new Error(`more than one root, at ${at}`);
    if (start !== null) {
      const [whole, name = "", attributes = "", empty] = start;
      checkCharacters(attributes, at);
      const keys = [...attributes.matchAll(/\s([\w.-]+)="/g)].map(([, key]) => key);
      if (new Set(keys).size < keys.length) throw new Error(`an attribute stands twice, at ${at}`);
      names.push(name);
      if (empty === "") open.push(name);
      rest = rest.slice(whole.length);
      // The root may be empty.
      if (open.length === 0 && rest.trim() === "") break;
    } else if (end !== null) {
      if (open.pop() !== end[1]) throw new Error(`</${end[1]}> ends nothing, at ${at}`);
      rest = rest.slice(end[0].length);
      if (open.length === 0 && rest.trim() === "") break;
    } else {
      const length = rest.indexOf("<");
      if (length <= 0) throw new Error(`no XML at ${at}: ${rest.slice(0, 40)}`);
      checkCharacters(rest.slice(0, length), at);
      rest = rest.slice(length);
    }
  }
  if (open.length > 0 || names.length === 0) throw new Error(`not closed: ${open.join(" ")}`);
  return names;
}

function checkCharacters(text: string, at: number): void {
  if (/[&]/.test(text.replace(reference, ""))) throw new Error(`a bare & in ${text}, at ${at}`);
  if (/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(text)) throw new Error(`a control character, at ${at}`);
}

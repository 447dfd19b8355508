/** Pieces of a drawing: SVG 1.1, text in the reader's own sans-serif. */

export type Attributes = Record<string, string | number>;

export function escapeXml(text: string): string {
  // Control characters stand in no XML, not even escaped.
  return text
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "?")
    .replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** An element; `inside` is XML already. */
export function element(name: string, attributes: Attributes, inside = ""): string {
  const words = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${typeof value === "number" ? Math.round(value * 10) / 10 : escapeXml(value)}"`,
  );
  return inside === "" ? `<${name}${words.join("")}/>` : `<${name}${words.join("")}>${inside}</${name}>`;
}

export function textAt(x: number, y: number, text: string, attributes: Attributes = {}): string {
  return element("text", { x, y, ...attributes }, escapeXml(text));
}

/** A whole file. */
export function drawing(width: number, height: number, parts: string[]): string {
  const attributes = {
    xmlns: "http://www.w3.org/2000/svg",
    width,
    height,
    viewBox: `0 0 ${Math.ceil(width)} ${Math.ceil(height)}`,
    "font-family": "sans-serif",
    "font-size": 13,
  };
  const background = element("rect", { width: "100%", height: "100%", fill: "#ffffff" });
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element("svg", attributes, `\n${[background, ...parts].join("\n")}\n`)}\n`;
}

/** What a text takes at most, in the drawing's font. */
export function widthOf(text: string): number {
  return text.length * 7.6;
}

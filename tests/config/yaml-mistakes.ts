/** Texts with mistakes: signs, lines and indentation put in, taken away, doubled and moved by chance. */
import fc from "fast-check";

const pieces = [
  ..." \t\n:-?#,[]{}&*!|>'\"%@`\\~<1a",
  ": ",
  "- ",
  " #",
  "\n\n",
  "\n ",
  "\n\t",
  "\r\n",
  "\r",
  "---\n",
  "\n---\n",
  "\n...\n",
  "&x ",
  "*x",
  "<<: *x\n",
  "!!str ",
  "!!int ",
  "|\n",
  ">-\n",
  "? ",
  "''",
  '"',
  "{}",
  "[]",
  "\ufeff",
  "\u0085",
  "\u2028",
  "\u{1f600}",
  "\u0000",
  "\ufffe",
];

interface Change {
  kind: "insert" | "delete" | "double" | "drop-line" | "double-line" | "swap-lines" | "indent" | "dedent";
  /** Where, as a part of the whole. */
  at: number;
  piece: string;
}

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom(
    "insert",
    "insert",
    "insert",
    "delete",
    "delete",
    "double",
    "drop-line",
    "double-line",
    "swap-lines",
    "indent",
    "dedent",
  ),
  at: fc.nat(9999),
  piece: fc.constantFrom(...pieces),
});

function changed(text: string, { kind, at, piece }: Change): string {
  const characters = [...text];
  const place = Math.floor((at / 10_000) * (characters.length + 1));
  const before = characters.slice(0, place).join("");
  const behind = characters.slice(place).join("");
  if (kind === "insert") return before + piece + behind;
  if (kind === "delete") return before + characters.slice(place + 1).join("");
  if (kind === "double") return before + (characters[place] ?? "") + behind;
  const lines = text.split("\n");
  const line = Math.floor((at / 10_000) * lines.length);
  const chosen = lines[line] as string;
  if (kind === "drop-line") lines.splice(line, 1);
  else if (kind === "double-line") lines.splice(line, 0, chosen);
  else if (kind === "swap-lines") lines.splice(line, 2, ...lines.slice(line, line + 2).reverse());
  else lines[line] = kind === "indent" ? `${" ".repeat(1 + (at % 3))}${chosen}` : chosen.replace(/^ {1,2}/, "");
  return lines.join("\n");
}

/** One of the texts with one to three changes. */
export function mutated(texts: readonly string[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...texts), fc.array(change, { minLength: 1, maxLength: 3 }))
    .map(([text, changes]) => changes.reduce(changed, text));
}

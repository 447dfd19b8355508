/**
 * YAML texts made by chance: documents written in every way that the grammar has, most of them correct, and correct
 * ones with a mistake put in.
 */
import fc from "fast-check";

/** What a writer may do with a value, decided by chance before it is written. */
type Part =
  | { kind: "scalar"; lines: string[] }
  | { kind: "list" | "map"; flow: boolean; items: [key: Part, value: Part, style: number][]; style: number }
  | { kind: "named"; name: string; value: Part }
  | { kind: "alias"; name: string };

const scalars =
  "a b x y k1 yes no on off null Null NULL ~ true True FALSE y n -1 0 00 010 0o17 0o8 0xFf 0x 0b11 1_000 1.50 1. .5 12e3 " +
  "1e3 -1.5E+3 +1 +.inf -.INF .inf .nan .NAN . .. a:b a::b http://x/y 1:30 2026-11-25 -a é a#b a-b ' \"x\" it's";
const wildScalars = "- ? : :: ?a :a ... --- -- ' \" @ % & * ! | > , [ ] { } # \t";
/** Characters that mean something in some place, and some of each length in UTF-8 and UTF-16. */
const signs = [..."ab1 \t:-?#,[]{}&*!|>'\"%@`\\/.=~<\u00e9\u00a0\u2028\u2029\u0085\ufeff\u{1f600}\u007f\u0007\r$"];
const escapes = [
  '\\0 \\a \\b \\t \\n \\v \\f \\r \\e \\" \\/ \\\\ \\N \\_ \\L \\P \\x41 \\u00e9 \\U0001F600',
  "\\  \\x \\uD800 \\q \\",
];
const blockLines = ["", "", "  more", " # no remark", "x ", "- a", "k: v", "a\u00a0b"];
const wildBlockLines = [" ", "\tx", "---", "...", "\t"];
const tags = "!!str !!str !!int !!float !!bool !!null !!map !!seq ! !x !<tag:yaml.org,2002:str>".split(" ");
const names = ["x", "y", "z1"];

const text = (...words: string[]) => fc.constantFrom(...words);
const lines = (one: string): Part => ({ kind: "scalar", lines: [one] });

/** Careful writers make few mistakes, wild ones many: in a careful document more is read to its end. */
function partsOf(isWild: boolean): { part: fc.Arbitrary<Part>; container: fc.Arbitrary<Part> } {
  const wild = isWild ? 1 : 0;
  const word = fc.oneof(
    { weight: 9, arbitrary: text(...scalars.split(" ")) },
    { weight: wild, arbitrary: text(...wildScalars.split(" ")) },
  );
  const piece = fc.oneof(
    { weight: 5, arbitrary: word },
    { weight: 3, arbitrary: fc.string({ unit: text(..."ab1 é"), minLength: 1, maxLength: 6 }).map((one) => `a${one}`) },
    { weight: wild * 2, arbitrary: fc.string({ unit: text(..."ab1 :-#,.'\"é"), minLength: 1, maxLength: 6 }) },
    { weight: wild, arbitrary: fc.string({ unit: text(...signs), maxLength: 6 }) },
  );
  const inner = fc
    .array(
      fc.oneof(
        { weight: 4, arbitrary: piece },
        { weight: 4, arbitrary: text(" ", ": ", " #", "- ", "[", "}", "''", "\t", "  ") },
        { weight: 4, arbitrary: text(...(escapes[0] as string).split(" ")) },
        { weight: wild, arbitrary: text(...(escapes[1] as string).split(" ")) },
      ),
      { maxLength: 4 },
    )
    .map((parts) => parts.join(""));
  /** One or more lines; the writer indents those behind the first. */
  const several = <Line>(line: fc.Arbitrary<Line>) =>
    fc
      .tuple(fc.array(line, { minLength: 3, maxLength: 3 }), text("1", "1", "1", "1", "2", "3"))
      .map(([all, count]) => all.slice(0, Number(count)));
  const quoted = fc.tuple(text("'", '"'), several(inner)).map(([quote, inside]) => {
    const closed = inside.map((line) => (quote === "'" ? line.replace(/'/g, "''") : line.replace(/(?<!\\)"/g, '\\"')));
    return `${quote}${closed.join("\n")}${quote}`.split("\n");
  });
  const blockLine = fc.oneof(
    { weight: 4, arbitrary: piece },
    { weight: 3, arbitrary: text(...blockLines) },
    { weight: wild, arbitrary: text(...wildBlockLines) },
  );
  const block = fc
    .tuple(
      text("|", ">"),
      text("", "", "", "-", "+", " # remark", ...(isWild ? ["1", "2", "2-", "+2", "9"] : ["1"])),
      fc.array(blockLine, { maxLength: 4 }),
    )
    .map(([sign, indicator, inside]) => [`${sign}${indicator}`, ...inside]);
  const scalar: fc.Arbitrary<Part> = fc
    .oneof(
      { weight: 5, arbitrary: several(piece) },
      { weight: 3, arbitrary: quoted },
      { weight: 2, arbitrary: block },
      { weight: 1, arbitrary: fc.constant<string[]>([""]) },
    )
    .map((written) => ({ kind: "scalar", lines: written }));
  const name = text(...names);
  return fc.letrec<{ part: Part; key: Part; container: Part }>((tie) => {
    const named = (sign: fc.Arbitrary<string>): fc.Arbitrary<Part> =>
      fc.record({ kind: fc.constant("named" as const), name: sign, value: tie("part") });
    return {
      container: fc.record({
        kind: fc.constantFrom("list" as const, "map" as const, "map" as const),
        flow: fc.boolean(),
        items: fc.array(fc.tuple(tie("key"), tie("part"), fc.nat(99)), { maxLength: 4 }),
        style: fc.nat(99),
      }),
      key: fc.oneof(
        { weight: 12, arbitrary: word.map(lines) },
        { weight: 4, arbitrary: text("k2", "k3", "k4").map(lines) },
        { weight: wild, arbitrary: text("<<").map(lines) },
        { weight: wild * 3, arbitrary: scalar },
        { weight: wild, arbitrary: tie("part") },
      ),
      part: fc.oneof(
        { depthSize: "small", maxDepth: 4 },
        { weight: 5, arbitrary: scalar },
        { weight: 4, arbitrary: tie("container") },
        { weight: 1, arbitrary: named(name.map((one) => `&${one}`)) },
        { weight: wild, arbitrary: named(text(...tags)) },
        { weight: 1, arbitrary: name.map((one): Part => ({ kind: "alias", name: one })) },
      ),
    };
  });
}

/** Behind a value, and lines between two. */
const ends = [
  "",
  "",
  "",
  "",
  "",
  "",
  " ",
  " # remark",
  "\t# remark",
  " #",
  "\n",
  "\n# remark",
  "\n  # remark",
  "\n \t",
  "\n\t",
];

function writeFlow(value: Part, indent: string): string {
  if (value.kind === "alias") return `*${value.name} `;
  if (value.kind === "named") return `${value.name} ${writeFlow(value.value, indent)}`;
  if (value.kind === "scalar") return value.lines.map((line, at) => (at === 0 ? line : `${indent}${line}`)).join("\n");
  const { items, style, kind } = value;
  const written = items.map(([key, item, look]) => {
    const inner = writeFlow(item, indent);
    if (kind === "list" && look % 5 > 0) return inner;
    const colon = look % 7 === 0 ? ":" : look % 11 === 0 ? " : " : ": ";
    return look % 13 === 0
      ? writeFlow(key, indent)
      : `${look % 17 === 0 ? "? " : ""}${writeFlow(key, indent)}${colon}${inner}`;
  });
  const comma =
    style % 3 === 0 ? "," : style % 7 === 0 ? `,\n${indent}` : style % 11 === 0 ? ` , # remark\n${indent}` : ", ";
  const [open, close] = kind === "list" ? ["[", "]"] : ["{", "}"];
  return `${open}${style % 5 === 0 ? " " : ""}${written.join(comma)}${style % 13 === 0 ? "," : ""}${close}`;
}

/** What stands behind `- ` or `key: `, with the lines that belong to it. */
function writeBehind(value: Part, indent: string, look: number): string {
  if (value.kind === "named") return ` ${value.name}${writeBehind(value.value, indent, look)}`;
  const inner = `${indent}${[" ", "  ", "  ", "    "][look % 4]}`;
  if (value.kind === "scalar" || value.kind === "alias" || value.flow || value.items.length === 0)
    return `${look % 19 === 0 ? "\t" : " "}${writeFlow(value, inner)}${ends[look % ends.length]}`;
  const isSameColumn = value.kind === "list" && look % 3 === 0;
  return `${ends[look % ends.length]}\n${writeBlock(value, isSameColumn ? indent : inner)}`;
}

function writeBlock(value: Part, indent: string): string {
  if (value.kind === "named") return `${indent}${value.name}\n${writeBlock(value.value, indent)}`;
  if (value.kind === "scalar" || value.kind === "alias" || value.flow || value.items.length === 0)
    return `${indent}${writeFlow(value, `${indent} `)}`;
  const lines = value.items.map(([key, item, look]) => {
    if (value.kind === "map") {
      const isOdd = look % 23 === 0;
      const before = isOdd ? `? ${writeFlow(key, `${indent}  `)}\n${indent}:` : `${writeFlow(key, `${indent} `)}:`;
      return `${indent}${before}${writeBehind(item, indent, look)}`;
    }
    // A list or map may begin on the line of its dash.
    const isCompact = (item.kind === "list" || item.kind === "map") && !item.flow && look % 2 === 0;
    if (isCompact) return `${indent}- ${writeBlock(item, `${indent}  `).trimStart()}`;
    return `${indent}-${writeBehind(item, indent, look)}`;
  });
  return lines.join("\n");
}

const heads = ["", "", "", "", "---\n", "# remark\n", "\n", "%YAML 1.2\n---\n", "\ufeff", "--- # remark\n"];
const wildHeads = ["--- ", "%YAML 1.1\n---\n", "%TAG ! tag:x,2000:\n---\n", "---\n---\n", "\ufeff\ufeff", "&x\n"];
const tails = ["\n", "\n", "\n", "", "\n...\n", "\n\n\n", "\n# remark", "\n...\n# remark\n", "\n...\n...", "\n \t\n"];
const wildTails = ["\n---\n", "\n...\nx: 1\n", "\n--- x\n", "\n- x\n", "\nx: 1\n", "\n: \n", "\n]"];
/** So that aliases have something to stand for. */
const anchors =
  'base: &x {a: 1, b: [2]}\n"base2": &y text\nbase3: &z1\n  b: |\n    line\n\nmerged: {<<: *x, c: 1}\nmerged2:\n  <<: [*z1, *x]\n  a: 2\n';

function ended(body: string, look: number): string {
  if (look % 10 === 0) return body.replaceAll("\n", "\r\n");
  return look === 1 ? body.replaceAll("\n", "\r") : body;
}

const careful = partsOf(false);
const wild = partsOf(true);
const look = fc.nat(99);

/** A map or a list, hardly ever with a mistake. */
const carefulDocument = fc
  .tuple(careful.container, text(...heads), text(...tails), look)
  .map(([part, head, tail, at]) => {
    const isBlockMap = part.kind === "map" && !part.flow && part.items.length > 0;
    return ended(`${head}${isBlockMap ? anchors : ""}${writeBlock(part, "")}${tail}`, at);
  });
const wildDocument = fc
  .tuple(
    fc.oneof({ weight: 5, arbitrary: wild.container }, wild.part),
    text(...heads, ...wildHeads),
    text(...tails, ...wildTails),
    look,
  )
  .map(([part, head, tail, at]) => ended(`${head}${writeBlock(part, "")}${tail}`, at));

/** Documents in all ways of writing, two thirds of them by careful writers. */
export const document: fc.Arbitrary<string> = fc.oneof({ weight: 2, arbitrary: carefulDocument }, wildDocument);

/** Text of services on a terminal: colours and the like stay, what could move the cursor or do worse is shown as it is written. */

/** SGR sequences of ECMA-48: colours, bold, underlined. */
const rendition = /^\x1b\[[0-9;:]*m/;

/** One or more lines. Where a line has colours they end with it. */
export function shownText(text: string): string {
  return text
    .split("\n")
    .map((line) => shownLine(line.replace(/\r$/, "")))
    .join("\n");
}

function shownLine(line: string): string {
  // The usual case.
  if (!/[\x00-\x08\x0b-\x1f\x7f-\x9f]/.test(line)) return line;
  let shown = "";
  let hasRendition = false;
  for (let at = 0; at < line.length; ) {
    const sequence = line[at] === "\x1b" ? rendition.exec(line.slice(at, at + 64))?.[0] : undefined;
    if (sequence !== undefined) {
      hasRendition = true;
      shown += sequence;
      at += sequence.length;
      continue;
    }
    shown += shownCharacter(line.charCodeAt(at), line[at] as string);
    at++;
  }
  return hasRendition ? `${shown}\x1b[0m` : shown;
}

/** Control characters as terminals echo them, ^[ for escape. */
function shownCharacter(code: number, character: string): string {
  if (code === 9) return character;
  if (code < 0x20 || code === 0x7f) return `^${String.fromCharCode(code ^ 0x40)}`;
  return code >= 0x80 && code < 0xa0 ? `\\x${code.toString(16)}` : character;
}

/** What an import tells people on standard error. */

import type { Note } from "./draft.ts";
import type { Imported } from "./import.ts";

/** A line for each thing that is not carried over, and what to do below it. */
export function notesText({ services, notes, notesMore, kind }: Imported): string {
  const lines: string[] = [];
  for (const note of notes) {
    lines.push(noteLine(note));
    if (note.fix !== "") lines.push(printable(`  fix: ${note.fix}`));
  }
  const count = notes.length + notesMore;
  const many = services.length === 1 ? "1 service" : `${services.length} services`;
  const left =
    count === 0 ? "everything is carried over" : `${count} ${count === 1 ? "thing is" : "things are"} not as there`;
  lines.push(`imported ${many} from ${kind}; ${left}`);
  return `${lines.join("\n")}\n`;
}

export function noteLine({ file, line, key, reason }: Note): string {
  const parts = [line > 0 ? `${file}:${line}` : file, key, reason];
  return printable(parts.filter((part) => part !== "").join(": "));
}

/** Control characters would move the cursor of the terminal that shows the note. */
function printable(text: string): string {
  return text.replace(/[\0-\x1f\x7f-\x9f]/g, "?");
}

/** What an import tells people on standard error. */

import type { Note } from "./draft.ts";
import type { Imported } from "./import.ts";

/** A line for each thing that is not carried over, and what to do below it. */
export function notesText({ services, notes, notesMore, kind }: Imported): string {
  const lines: string[] = [];
  for (const note of notes) {
    lines.push(noteLine(note));
    const { fix } = note;
    if (fix !== "") lines.push(`  fix: ${fix}`);
  }
  const count = notes.length + notesMore;
  const many = services.length === 1 ? "1 service" : `${services.length} services`;
  const left =
    count === 0 ? "everything is carried over" : `${count} ${count === 1 ? "thing is" : "things are"} not as there`;
  lines.push(`imported ${many} from ${kind}; ${left}`);
  return `${lines.join("\n")}\n`;
}

export function noteLine({ file, line, key, reason }: Note): string {
  return [line > 0 ? `${file}:${line}` : file, key, reason].filter((part) => part !== "").join(": ");
}

/**
 * Lines that a service has not ended, or that were cut at `line_limit`. In a text log the mark stands behind what was cut;
 * a text whose last line has no end has none behind it. In a JSON log such a line is several objects, all but the last one
 * with `partial`.
 */

/** host/logger-lines.c writes it where it cuts a line; `gonit logs` shows it where nothing more has come. */
export const partialMark = " [gonit: no line end]";

const partialObject = /^\{"time":".*,"partial":true\}$/;

/** Whether a line of a log goes on in the next one. */
export function isCut(line: string): boolean {
  return line.endsWith(partialMark) || partialObject.test(line);
}

/** What a service wrote, from lines of `format: json`: parts of a line are put together. The last one may be no whole object. */
export function messagesOf(lines: string[]): string[] {
  const messages: string[] = [];
  let begun: string | null = null;
  for (const line of lines) {
    const message: string = (begun ?? "") + messageOf(line);
    begun = isCut(line) ? message : null;
    if (begun === null) messages.push(message);
  }
  return begun === null ? messages : [...messages, begun];
}

function messageOf(line: string): string {
  for (const whole of [line, `${line}"}`]) {
    try {
      return String((JSON.parse(whole) as { message: unknown }).message);
    } catch {
      /* The other one, or what it is. */
    }
  }
  return line;
}

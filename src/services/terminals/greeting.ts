/** What stands on a terminal before the prompt. Pure. */

export interface GreetingFacts {
  title: string;
  version: string;
  host: string;
  /** /dev/console and the like. */
  terminal: string;
  /** Whether the terminal is relayed by `up --isolated`, which has keys of its own. */
  isRelayed: boolean;
}

/** `message`: what the configuration wants to stand there; null: nothing else than usual. */
export function greeting(facts: GreetingFacts, message: string | null): string {
  if (message !== null) return `\r\n${message.split("\n").map(plain).join("\r\n")}\r\n`;
  const name = [facts.title, facts.version].filter((text) => text !== "").join(" ");
  // A machine that nobody has named is (none) to the kernel.
  const host = facts.host === "(none)" ? "" : facts.host;
  const place = [host, facts.terminal.replace(/^\/dev\//, "")].filter((text) => text !== "").join(" ");
  const help = facts.isRelayed
    ? "gonit status shows what runs; poweroff, or Ctrl-] then q, ends the system."
    : "gonit status shows what runs; poweroff ends the system.";
  // In front of a line that a program left unfinished, and after the log lines that share the terminal.
  return `\r\n${plain(name === "" ? "gonit" : name)} (${plain(place)})\r\n${help}\r\n\r\n`;
}

/** A title is free text; on a terminal control characters would act. */
function plain(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "?");
}

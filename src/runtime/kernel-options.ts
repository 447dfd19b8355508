/**
 * What a machine's gonit is started with: words of the kernel's command line. The words that the kernel hands to
 * process 1 as arguments (those that it does not know itself, such as `splash`) mean nothing here.
 */

import { defaultOptions, type Options } from "./options.ts";

/** `word` gives a word's value, empty for one without, null for none. */
export function kernelOptions(word: (name: string) => string | null): Options {
  const options = defaultOptions("init");
  const file = word("gonit.config");
  if (file !== null && file !== "") options.file = file;
  const format = word("gonit.log_format");
  if (format === "text" || format === "logfmt" || format === "json") options.logFormat = format;
  options.rescue = word("gonit.rescue") !== null;
  return options;
}

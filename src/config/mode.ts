/** File modes are octal text whatever YAML would make of it: 0640, 640, "640" and 0o640 are the same. */

import { Refusal } from "./refusal.ts";

export function parseMode(text: string): number | Refusal {
  const digits = text.replace(/^0o/, "");
  const wrong = /[89]/.exec(digits);
  if (wrong !== null && /^\d+$/.test(digits))
    return new Refusal(`${wrong[0]} is no octal digit`, "write it as for chmod, such as 0640");
  if (!/^[0-7]{1,5}$/.test(digits)) return new Refusal("it is no octal number", "write it as for chmod, such as 0640");
  const mode = Number.parseInt(digits, 8);
  return mode > 0o7777 ? new Refusal("it is larger than 7777", "write it as for chmod, such as 0640") : mode;
}

export function formatMode(mode: number): string {
  return `0${mode.toString(8).padStart(3, "0")}`;
}

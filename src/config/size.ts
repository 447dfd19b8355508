/** Sizes: 64K 256M 1.5G, in powers of 1024; a bare number is bytes. */

import { sizeText } from "../engine/words.ts";
import { Refusal } from "./refusal.ts";

const units = ["", "K", "M", "G", "T"];
const fix = "write a number with K, M, G or T, such as 64K, 256M or 1.5G";

export function parseSize(text: string): number | Refusal {
  const found = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(text);
  if (found === null) return new Refusal("it is no size", fix);
  const [, amount, suffix = ""] = found;
  // 10MB and 10MiB are the same as 10M.
  const power = units.indexOf(suffix.toUpperCase().replace(/^([KMGT])I?B$|^B$/, "$1"));
  if (power < 0) return new Refusal(`there is no unit ${suffix}`, fix);
  const bytes = Number(amount) * 1024 ** power;
  if (!Number.isInteger(bytes)) return new Refusal("it is no whole number of bytes", fix);
  return bytes > Number.MAX_SAFE_INTEGER ? new Refusal("it is too large", fix) : bytes;
}

/** The shortest text that parseSize() reads as the same number. */
export const formatSize = sizeText;

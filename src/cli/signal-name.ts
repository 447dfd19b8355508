/** Number of a signal by its name (with or without SIG, RTMIN+n with RTMIN = 34) or number; null: there is none. */
export function signalNumber(written: string): number | null {
  if (/^\d+$/.test(written)) {
    const number = Number(written);
    return number >= 1 && number <= 64 ? number : null;
  }
  const wanted = written.toUpperCase().replace(/^SIG/, "");
  for (let number = 1; number <= 64; number++) {
    if (host.signalName(number) === `SIG${wanted}`) return number;
  }
  return null;
}

/** Times of a simulation as people read them: 0s, 250ms, 1.25s, 2m03.5s, 1h02m03s. */

export function timeText(ms: number): string {
  if (ms < 1000) return ms === 0 ? "0s" : `${ms}ms`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes === 0) return `${trimmed(ms / 1000, 3)}s`;
  const seconds = trimmed((ms % 60_000) / 1000, 1);
  const padded = seconds.replace(/^(\d)(?!\d)/, "0$1");
  if (minutes < 60) return padded === "00" ? `${minutes}m` : `${minutes}m${padded}s`;
  const hours = Math.floor(minutes / 60);
  const rest = `${String(minutes % 60).padStart(2, "0")}m${String(Math.floor((ms % 60_000) / 1000)).padStart(2, "0")}s`;
  return `${hours}h${rest}`.replace(/m00s$/, "m").replace(/h00m$/, "h");
}

/** Whole digits down, not up: 59.96 seconds are not 60. */
function trimmed(value: number, digits: number): string {
  const factor = 10 ** digits;
  return String(Math.floor(value * factor + 1e-6) / factor);
}

/** Texts of JSON read and written by the script engine, by way of bytes as journal and snapshots go. See script-runner.ts. */
import { answer } from "./script-data.ts";

export interface JsonOutcome {
  /** What it writes again; null: it refuses to read the text. */
  written: string | null;
}

function through(text: string): JsonOutcome {
  try {
    const value: unknown = JSON.parse(host.decodeUtf8(host.encodeUtf8(text)));
    return { written: host.decodeUtf8(host.encodeUtf8(JSON.stringify(value))) };
  } catch {
    return { written: null };
  }
}

answer((texts: string[]) => texts.map(through));

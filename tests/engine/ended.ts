import type { End } from "../../src/engine/state.ts";

/** The end of a run that was ready and exited with 0, but for `fields`. */
export function ended(fields: Partial<End> = {}): End {
  return {
    cause: "exited",
    wasReady: true,
    code: 0,
    signal: null,
    core: false,
    stage: 0,
    errno: 0,
    detail: "",
    killed: "",
    atBootMs: 0,
    lines: [],
    ...fields,
  };
}

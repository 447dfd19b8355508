/** The keys `tty` and `stdin`: what the plan holds of both, and what contradicts it. */

import type { TerminalPlan } from "../engine/plan.ts";
import { type CollectedService, ownKey } from "./collect.ts";
import type { Problems } from "./problems.ts";

interface InputPlan {
  tty: TerminalPlan | null;
  stdin: string;
  stdinFrom: string;
}

export function inputOf(service: CollectedService, problems: Problems): InputPlan {
  const { type, tty: terminal, stdin: source } = service.values;
  if (type === "group") return inputOfGroup(service, problems);
  const device = terminal === undefined || terminal === null || "none" in terminal ? null : terminal.device;
  const isTerminal = source === undefined || source === null || source.kind === "tty";
  const stdinAt = ownKey(service, "stdin");
  const ttyAt = ownKey(service, "tty");
  if (device === null && source?.kind === "tty" && stdinAt !== null)
    problems.at(stdinAt, "contradiction", "cannot read from a terminal: the service has none", {
      fix: "add tty: true",
    });
  if (device === "" && ttyAt !== null && service.values.logs?.stderr === "separate")
    problems.at(ttyAt, "contradiction", "cannot keep standard error apart: a terminal has one output", {
      fix: "write logs: {stderr: merge}, or leave tty out",
    });
  return {
    tty: device === null ? null : { device, stdin: isTerminal },
    stdin: source?.kind === "file" ? source.path : "",
    stdinFrom: source?.kind === "from" ? source.from.name : "",
  };
}

function inputOfGroup(service: CollectedService, problems: Problems): InputPlan {
  for (const key of ["tty", "stdin"] as const) {
    const at = ownKey(service, key);
    if (at !== null)
      problems.at(at, "contradiction", `cannot use ${key} here: a group has no process`, { fix: "leave it out" });
  }
  return { tty: null, stdin: "", stdinFrom: "" };
}

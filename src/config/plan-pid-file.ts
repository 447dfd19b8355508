/** The plan's pid file: which services can have one. */

import { type CollectedService, ownKey } from "./collect.ts";
import type { ServiceContext } from "./plan-service.ts";

/** Empty: it has none. One from `defaults` is left out where it makes no sense; its own is an error there. */
export function pidFileOf(service: CollectedService, context: ServiceContext): string {
  const { values } = service;
  const file = values.pid_file ?? "";
  const why = whyNot(service);
  if (file === "" || why === "") return file;
  const key = ownKey(service, "pid_file");
  if (key !== null)
    context.problems.at(key, "contradiction", `cannot use pid_file here: ${why}`, { fix: "leave pid_file out" });
  return "";
}

function whyNot({ values }: CollectedService): string {
  if (values.type === "group") return "a group has no process";
  if (isTask(values)) return "a task ends with its program, and leaves no daemon";
  if (values.sandbox?.namespaces?.includes("pid"))
    return "in a namespace of process numbers of its own all end with the program that was started";
  return "";
}

/** Also one that is made a task by how often it runs. */
export function isTask({ type, runs }: CollectedService["values"]): boolean {
  return type === "task" || runs === "once" || typeof runs === "number";
}

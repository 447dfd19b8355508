/** The key `sandbox` in the plan. */

import type { SandboxPlan } from "../engine/plan.ts";
import { type CollectedService, ownKey } from "./collect.ts";
import type { Problems } from "./problems.ts";

export function sandboxOf(service: CollectedService, problems: Problems): SandboxPlan | null {
  const values = service.values.sandbox;
  if (values === undefined) return null;
  const { namespaces = [], read_only: readOnly } = values;
  const net = values.private_network === true ? ["net" as const] : [];
  const userNamespace = values.user_namespace ?? false;
  if (userNamespace) refuseOthers(service, problems);
  return {
    namespaces: [...new Set([...namespaces, ...net])].sort(),
    userNamespace,
    root: values.root ?? "",
    readOnly: readOnly === true,
    readOnlyPaths: Array.isArray(readOnly) ? readOnly : [],
    writable: values.writable ?? [],
    privateTmp: values.private_tmp ?? false,
    capabilities: values.capabilities === undefined ? null : [...new Set(values.capabilities)].sort((a, b) => a - b),
    noNewPrivileges: values.no_new_privileges ?? false,
    seccomp: values.seccomp ?? "",
  };
}

/** A process without rights can map no user but itself (user_namespaces(7)). */
function refuseOthers(service: CollectedService, problems: Problems): void {
  for (const key of ["user", "group", "groups"]) {
    const node = ownKey(service, key);
    if (node === null) continue;
    problems.at(
      node,
      "contradiction",
      `cannot have ${key} beside user_namespace: in there is nobody but gonit's own user`,
      {
        fix: "keep one of the two",
      },
    );
  }
}

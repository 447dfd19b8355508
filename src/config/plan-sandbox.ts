/** The key `sandbox` in the plan. */

import type { SandboxPlan } from "../engine/plan.ts";
import type { SandboxValues } from "./sandbox-keys.ts";

export function sandboxOf(values: SandboxValues | undefined): SandboxPlan | null {
  if (values === undefined) return null;
  const { namespaces = [], read_only: readOnly } = values;
  const net = values.private_network === true ? ["net" as const] : [];
  return {
    namespaces: [...new Set([...namespaces, ...net])].sort(),
    userNamespace: values.user_namespace ?? false,
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

/** The key `sandbox` of a service: what stands between it and the machine. */

import { parseCapability } from "./capabilities.ts";
import { byKind, changed, described, listOf, type NodeSchema, type OutputOf, scalar } from "./schema-kit.ts";
import { keyed } from "./schema-maps.ts";
import { boolean, choice, path } from "./values.ts";

/** How many mounts a spawn request takes beside those of gonit's own (SPAWN_MOUNTS_MAX of host/spawn.h). */
const pathsMax = 32;

const paths = listOf(path("a path"), "paths");

const capability: NodeSchema<number> = scalar("a capability", { type: "string" }, parseCapability);

const root: NodeSchema<string> = changed(path("a directory"), (value, node, result) => {
  if (value === "/")
    result.refuse(node, "value", "cannot use / as another root: it is the root already", "leave it out");
  return value;
});

export const sandbox = changed(
  keyed(
    "a sandbox",
    {
      namespaces: described(
        listOf(choice("a namespace", ["pid", "mount", "net", "ipc", "uts", "cgroup", "time"]), "namespaces"),
        "What of the system it has for itself, each as in namespaces(7).",
      ),
      user_namespace: described(
        boolean,
        "true: a user namespace with its own user alone, for a gonit without privileges the way to the other parts. Default false.",
      ),
      root: described(root, "Directory that is / for it."),
      read_only: described(
        byKind("what is read only", { scalar: boolean, list: paths }),
        "true: the whole file system but /dev, /proc, /sys, its directories and writable; or a list of paths.",
      ),
      writable: described(paths, "Paths that stay as they are under read_only: true."),
      private_tmp: described(boolean, "true: an empty /tmp and /var/tmp of its own. Default false."),
      private_network: described(boolean, "true: no network but a loopback of its own. Default false."),
      capabilities: described(
        listOf(capability, "capabilities"),
        "All that it and its children may ever have, such as net_bind_service.",
      ),
      no_new_privileges: described(boolean, "true: no program gives it more rights than it has. Default false."),
      seccomp: described(
        choice("a profile", ["default", "no-network"]),
        "System calls that are refused: default, those that administer the machine; no-network, those and sockets but unix ones.",
      ),
    },
    {
      synonyms: { caps: "capabilities", readonly: "read_only", chroot: "root", no_new_privs: "no_new_privileges" },
      fixes: { scalar: "write sandbox: {no_new_privileges: true}" },
    },
  ),
  (values, node, result) => {
    const { read_only: readOnly, writable = [] } = values;
    if (writable.length > 0 && readOnly !== true) {
      const message = "cannot use writable without read_only: true: everything is as it was";
      result.refuse(node, "value", message, "add read_only: true, or leave writable out");
    }
    if (writable.length > pathsMax || (Array.isArray(readOnly) && readOnly.length > pathsMax))
      result.refuse(node, "value", `cannot use more than ${pathsMax} paths`);
    return values;
  },
);

export type SandboxValues = OutputOf<typeof sandbox>;

/** Directives of [Unit] and [Install]: description, order, requirement, and what starts the unit. */

import { type At, type DataMap, LeftOut, literal } from "./draft.ts";
import { nothing, type Rules } from "./rules.ts";
import { later, type SystemdContext, type SystemdRule } from "./systemd-context.ts";

const conditions = new LeftOut(
  "nothing is skipped by conditions",
  "pre_start: [test -e PATH] makes the start fail instead",
);
const propagation = new LeftOut(
  "it does not stop and restart with the other",
  "depends_on: [NAME] does, and starts the other as well",
);
const jobs = new LeftOut("requests have no such modes");

/**
 * Units that are there on each machine with systemd, and say how far its boot is. Services start after gonit's own part
 * of the boot, so that there is nothing to wait for.
 */
export const bootUnits =
  /^(?:(?:sysinit|basic|multi-user|default|graphical|local-fs|local-fs-pre|remote-fs|swap|shutdown|umount|final|paths|timers|sockets|slices|getty|syslog|rescue|emergency|time-set|nss-lookup|nss-user-lookup|cryptsetup)\.target|(?:systemd-[\w@-]+|syslog|rsyslog|dbus|dbus-broker)\.(?:service|socket)|-\.mount|tmp\.mount)$/;

/** Names of units to what is done with each that is imported; what is not is told. */
function references(use: (name: string, at: At, context: SystemdContext) => void): SystemdRule {
  return (value, at, context) => {
    for (const unit of value.split(/\s+/).filter((word) => word !== "")) {
      const name = context.serviceOf(unit);
      if (name !== null) {
        if (name !== context.service.name) use(name, at, context);
      } else if (/^network(?:-online|-pre)?\.target$/.test(unit)) {
        context.draft.note(at, `${unit} is not imported`, "on a machine: depends_on: [networking]");
      } else if (!bootUnits.test(unit))
        context.draft.note(at, `${unit} is not imported`, "import it as well, or leave it");
    }
  };
}

function dependency(required: boolean): SystemdRule {
  return references((name, at, { service }) => {
    const known = service.list("depends_on");
    const isKnown = known.some((item) => item === name || (item as DataMap).name === name);
    if (!isKnown) service.add("depends_on", required ? name : { name, required: false }, at);
  });
}

/** The rule of a directive: conditions and assertions have one for all. */
export function ruleKey(key: string): string {
  return key.replace(/^(Condition|Assert)[A-Z]\w*$/, "$1PathExists");
}

const limit: SystemdRule = later;

export const unitRules: Rules<SystemdContext, string> = {
  After: references((name, at, { service }) => service.add("after", name, at)),
  AllowIsolate: jobs,
  AssertPathExists: conditions,
  Before: references((name, at, { service }) => service.add("before", name, at)),
  BindsTo: dependency(true),
  CollectMode: nothing,
  ConditionPathExists: conditions,
  Conflicts: references((name, at, { service }) => service.add("conflicts", name, at)),
  DefaultDependencies: nothing,
  Description: (value, at, { service }) => {
    if (value !== "") service.set("description", literal(value), at);
  },
  Documentation: nothing,
  FailureAction: new LeftOut("a failure does not end the machine by itself", "critical: reboot, poweroff or exit"),
  IgnoreOnIsolate: jobs,
  JobTimeoutAction: jobs,
  JobTimeoutSec: new LeftOut("requests have no limit of their own", "timeout: {start: TIME}"),
  OnFailure: new LeftOut("no other service is started by a failure", "critical: exit, reboot or rescue"),
  OnFailureJobMode: jobs,
  OnSuccess: new LeftOut(
    "no other service is started by an end",
    "depends_on: [{name: NAME, wait: done}] of the other",
  ),
  PartOf: propagation,
  PropagatesReloadTo: propagation,
  RefuseManualStart: jobs,
  RefuseManualStop: jobs,
  Requires: dependency(true),
  RequiresMountsFor: new LeftOut("a mount is not waited for", "mounts: of a machine come before all services"),
  Requisite: dependency(true),
  StartLimitAction: new LeftOut("the limit does not end the machine by itself", "critical: reboot, poweroff or exit"),
  StartLimitBurst: limit,
  StartLimitInterval: limit,
  StartLimitIntervalSec: limit,
  StopWhenUnneeded: new LeftOut("nothing stops because nobody needs it any more"),
  SuccessAction: new LeftOut("a success does not end the machine by itself", "critical: poweroff or exit"),
  Upholds: dependency(false),
  Wants: dependency(false),
};

export const installRules: Rules<SystemdContext, string> = {
  Alias: new LeftOut("a service has one name"),
  Also: nothing,
  DefaultInstance: nothing,
  RequiredBy: nothing,
  UpheldBy: nothing,
  WantedBy: nothing,
};

/** After all is read: order that a requirement brings with it needs no saying; the limit of starts. */
export function finishUnit({ service, last }: SystemdContext): void {
  const needed = new Set(
    service.list("depends_on").map((item) => (typeof item === "string" ? item : (item as DataMap).name)),
  );
  const after = service.list("after").filter((name) => !needed.has(name as string));
  if (after.length === 0) service.remove("after");
  else service.values.after = after;
  const burst = last.get("StartLimitBurst");
  const interval = last.get("StartLimitIntervalSec") ?? last.get("StartLimitInterval");
  if (interval !== undefined && /^0\s*[a-z]*$/.test(interval.value))
    service.put("restart", "limit", "off", interval.at);
  else if (burst !== undefined || interval !== undefined) {
    // systemd counts starts, of which the first is none again.
    const count = Math.max(1, Number(burst?.value ?? 5) - 1);
    const at = (burst ?? interval)?.at as At;
    const written = interval?.value.replace(/\s+/g, "").replace(/min/g, "m").replace(/sec/g, "s") ?? "10s";
    const span = /^\d+$/.test(written) ? `${written}s` : written;
    if (count > 0 && /^(?:\d+(?:ms|s|m|h|d))+$/.test(span)) service.put("restart", "limit", `${count} in ${span}`, at);
  }
}

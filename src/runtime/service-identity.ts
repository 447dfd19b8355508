/** Who a service's processes run as: numbers from the files of users and groups, looked up at each start. */

import { Stage, type UserRecord } from "../contract.ts";
import type { ServicePlan } from "../engine/plan.ts";

const ENOENT = 2;

/** Who a service's processes run as; identity -errno and the stage where the account could not be had. */
export type Identity =
  | { kind: "own" }
  | { kind: "user"; user: UserRecord | null; uid: number | null; gid: number | null; groups: number[] | null }
  | { kind: "failed"; stage: number; errno: number; detail: string };

export function identityOf(service: ServicePlan): Identity {
  if (service.user === "" && service.group === "" && service.groups === null) return { kind: "own" };
  let user: UserRecord | null = null;
  if (service.user !== "") {
    const found = host.lookupUser(service.user);
    if (typeof found === "number") {
      const detail =
        found === -ENOENT ? `there is no user ${service.user}` : `cannot read the users: ${host.errnoText(-found)}`;
      return { kind: "failed", stage: Stage.lookupUser, errno: -found, detail };
    }
    user = found;
  }
  let gid = user === null ? null : user.gid;
  if (service.group !== "") {
    gid = host.lookupGroup(service.group);
    if (gid < 0) return groupFailure(service.group, -gid);
  }
  let groups = user === null ? null : user.groups;
  if (service.groups !== null) {
    groups = [];
    for (const name of service.groups) {
      const number = host.lookupGroup(name);
      if (number < 0) return groupFailure(name, -number);
      groups.push(number);
    }
  }
  return { kind: "user", user, uid: user === null ? null : user.uid, gid, groups };
}

function groupFailure(name: string, errno: number): Identity {
  const detail = errno === ENOENT ? `there is no group ${name}` : `cannot read the groups: ${host.errnoText(errno)}`;
  return { kind: "failed", stage: Stage.lookupGroup, errno, detail };
}

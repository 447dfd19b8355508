/** What a service's sandbox asks of the child on its way to the program (host/child-sandbox.c). */

import { SpawnMount, type SpawnRequest } from "../contract.ts";
import type { SandboxPlan, ServicePlan } from "../engine/plan.ts";
import { type DirectoryBases, spawnDirectories } from "./service-directories.ts";

/** CLONE_NEW* of linux/sched.h. */
const namespaceFlags: Record<SandboxPlan["namespaces"][number], number> = {
  time: 0x80,
  mount: 0x2_0000,
  cgroup: 0x200_0000,
  uts: 0x400_0000,
  ipc: 0x800_0000,
  pid: 0x2000_0000,
  net: 0x4000_0000,
};
const userFlag = 0x1000_0000;

/** Not read only where all else is: what lies there is no file of anybody. */
const kernelFolders = ["/dev", "/proc", "/sys"];
const temporaryFolders = ["/tmp", "/var/tmp"];

export function addSandbox(request: SpawnRequest, service: ServicePlan, bases: DirectoryBases): void {
  const { sandbox } = service;
  if (sandbox === null) return;
  const mounts = mountsOf(sandbox, service, bases);
  if (mounts.length > 0) request.mounts = mounts;
  request.namespaces = namespacesOf(sandbox, mounts.length > 0 || sandbox.root !== "");
  if (sandbox.readOnly) request.readOnly = true;
  if (sandbox.root !== "") request.root = sandbox.root;
  if (sandbox.capabilities !== null) request.capabilities = bitsOf(sandbox.capabilities);
  // Without privileges the kernel takes no filter from a process that could get some (seccomp(2)).
  if (sandbox.noNewPrivileges || sandbox.seccomp !== "") request.noNewPrivileges = true;
  if (sandbox.seccomp !== "") request.seccomp = host.seccompProfile(sandbox.seccomp);
}

function namespacesOf({ namespaces, userNamespace }: SandboxPlan, mounts: boolean): number {
  let flags = userNamespace ? userFlag : 0;
  for (const name of namespaces) flags |= namespaceFlags[name];
  return (mounts ? flags | namespaceFlags.mount : flags) >>> 0;
}

/** In the order in which they are made: a later one lies on top. */
function mountsOf(sandbox: SandboxPlan, service: ServicePlan, bases: DirectoryBases): [string, number][] {
  const mounts: [string, number][] = [];
  if (sandbox.readOnly) {
    for (const path of kernelFolders) mounts.push([path, SpawnMount.keepIfThere]);
    const own = service.directories === null ? [] : spawnDirectories(service.directories, bases);
    for (const [base, name] of own) mounts.push([`${base}/${name}`, SpawnMount.keep]);
    for (const path of sandbox.writable) mounts.push([path, SpawnMount.keep]);
  }
  for (const path of sandbox.readOnlyPaths) mounts.push([path, SpawnMount.readOnly]);
  if (sandbox.privateTmp) for (const path of temporaryFolders) mounts.push([path, SpawnMount.temporary]);
  if (sandbox.namespaces.includes("pid")) mounts.push(["/proc", SpawnMount.proc]);
  return mounts;
}

/** As two 32-bit numbers, of which JavaScript's bit operators make negative ones. */
function bitsOf(numbers: number[]): [low: number, high: number] {
  let low = 0;
  let high = 0;
  for (const number of numbers) {
    if (number < 32) low += 2 ** number;
    else high += 2 ** (number - 32);
  }
  return [low, high];
}

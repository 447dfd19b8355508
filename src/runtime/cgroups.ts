/**
 * The cgroups of services (cgroups(7), version 2): one for each service whose limits only a group can hold, and on a
 * machine, whose hierarchy is ours, for each service: what it starts cannot leave it, so a stop finds everything.
 *
 *   ROOT                      the group that gonit was started in
 *   ROOT/gonit.roles          gonit itself, and services without a group
 *   ROOT/gonit.INSTANCE.NAME  a service, from before its start until nothing of it lives
 *     …/gonit.commands        commands of a service whose group is its own to divide (limits.delegate)
 *     …/gonit.main            its main process, where one of an earlier run has divided it and something of that is left
 *
 * A group with processes of its own cannot give controllers to groups below it, so all that is in ROOT goes to
 * gonit.roles first. On a laptop that is done only when all of it is ours: a shell in there is not to be moved.
 */

import { ProcessKind, Role, type SpawnRequest } from "../contract.ts";
import { readLimitFacts, readText } from "../control/limit-facts.ts";
import {
  type Enforced,
  enforceLimits,
  isOwnUser,
  type LimitFacts,
  needsCgroup,
  noLimits,
  userCounts,
} from "../engine/enforce-limits.ts";
import { type InstanceId, instanceKey } from "../engine/instance.ts";
import type { LimitsPlace, Plan, ServicePlan } from "../engine/plan.ts";
import type { PressureFigures } from "../engine/view.ts";
import { sizeText } from "../engine/words.ts";
import { writeKernelFile } from "./kernel-file.ts";

const rolesGroup = "gonit.roles";
/** What a tree request takes (struct tree_request of host/tree.h). */
const pathBytesMax = 255;
const groupMode = 0o755;
/** What a user gets of a group that is delegated (Documentation/admin-guide/cgroup-v2.rst of Linux, "Delegation"). */
const delegatedFiles = ["", "/cgroup.procs", "/cgroup.threads", "/cgroup.subtree_control"];
/** Below a group that is delegated: for commands, whose presence in it would keep its controllers in. */
const commandsGroup = "gonit.commands";
const mainGroup = "gonit.main";
/** Processes may be made while those of a group are moved. */
const moveRounds = 10;

/** The manager. The instance's name keeps the groups of several gonits apart that were started in the same one. */
interface Owner {
  facts: { paths: { name: string } } | null;
  plan(): Plan;
}

export class Cgroups {
  private readonly owner: Owner;
  private readonly root: string;
  private facts: LimitFacts | null = null;
  private hasBegun = false;
  private usersOf: Plan | null = null;
  private users = new Map<string, number>();
  /** Instances that have a group now; null: not looked for yet. */
  private groups: Set<string> | null = null;
  /** Of an earlier gonit, emptied: removed when what was killed in them is gone. */
  private stale: string[] = [];
  /** Files that could not be written, with the reason, by instance. */
  private readonly refused = new Map<string, string[]>();

  constructor(owner: Owner) {
    const root = host.cgroupRoot();
    this.root = root.endsWith(`/${rolesGroup}`) ? root.slice(0, -rolesGroup.length - 1) : root;
    this.owner = owner;
  }

  /** Puts the service's limits into a request, and makes its group. */
  limit(request: SpawnRequest, service: ServicePlan, id: InstanceId): void {
    const { limits } = service;
    const enforced = limits === null ? null : this.enforced(service);
    if (enforced !== null) {
      if (enforced.rlimits.length > 0) request.rlimits = enforced.rlimits;
      if (enforced.nice !== null) request.nice = enforced.nice;
      if (enforced.oomScoreAdj !== null) request.oomScoreAdj = enforced.oomScoreAdj;
    }
    // A probe is asked about while its service runs, and is none of its processes.
    if (request.kind === ProcessKind.probe) return;
    const key = instanceKey(id);
    if (host.role() !== Role.vm && !needsCgroup(limits)) {
      this.leave(key);
      return;
    }
    const group = this.make(key, enforced?.files ?? []);
    if (group !== "") request.cgroup = limits?.delegate === true ? this.delegate(key, group, request) : group;
  }

  /**
   * Makes the group its user's, who may then make others below it and share out what it has; its limits stay gonit's.
   * Where the request's process starts: not in a group that gives controllers on, which what an earlier run has left may
   * have it do.
   */
  private delegate(key: string, group: string, request: Pick<SpawnRequest, "kind" | "uid" | "gid">): string {
    const { kind, uid, gid } = request;
    this.enable(readText(`${this.root}/cgroup.controllers`).trim().split(" "));
    for (const file of delegatedFiles) {
      const result = host.changeOwner(`${group}${file}`, uid ?? -1, gid ?? -1);
      if (result < 0) this.addNote(key, `limits.delegate is not applied: ${host.errnoText(result)}`);
    }
    if (kind !== ProcessKind.main) return `${group}/${commandsGroup}`;
    if (readText(`${group}/cgroup.subtree_control`).trim() === "") return group;
    const below = `${group}/${mainGroup}`;
    return host.makeDirectory(below, groupMode, -1, -1) < 0 ? group : this.delegate(key, below, request);
  }

  /** What is started now is in no group: one that could not be removed must not be taken for its. */
  private leave(key: string): void {
    if (this.known().delete(key)) host.removeGroup(this.path(key));
  }

  /** What can be done to limits of processes that run. */
  place(): LimitsPlace {
    const { controllers, mayRaise, mayHurry } = readLimitFacts(this.root);
    const groups = this.root === "" ? "none" : host.role() === Role.vm ? "all" : "where-needed";
    // Before the first service that needs one nobody knows which of them gonit may hand on.
    return { controllers: this.hasBegun ? (this.facts?.controllers ?? []) : controllers, groups, mayRaise, mayHurry };
  }

  /** The service's limits as they are now, in its group's files where it has one; what is left for its processes. */
  renew(service: ServicePlan, id: InstanceId): Enforced {
    const key = instanceKey(id);
    const enforced = this.enforced(service);
    this.refused.delete(key);
    if (this.known().has(key)) this.write(key, enforced.files);
    return enforced;
  }

  /** Processes of an instance's group, not of those below it. */
  processesOf(id: InstanceId): number[] {
    const group = this.groupOf(id);
    return group === "" ? [] : pidsOf(`${group}/cgroup.procs`);
  }

  /** Whether a process is in an instance's group, or in one below it. */
  holds(id: InstanceId, pid: number): boolean {
    if (this.groupOf(id) === "") return false;
    const root = cgroupOf("self").replace(/\/(gonit\.roles)?$/, "");
    return `${cgroupOf(String(pid))}/`.startsWith(`${root}/${this.groupName(instanceKey(id))}/`);
  }

  /** Shown by status until the next start. */
  refuse(id: InstanceId, note: string): void {
    this.addNote(instanceKey(id), note);
  }

  private addNote(key: string, note: string): void {
    this.refused.set(key, [...(this.refused.get(key) ?? []), note]);
  }

  /** The group in which all processes of an instance are; empty where it has none. */
  groupOf(id: InstanceId): string {
    const key = instanceKey(id);
    return this.known().has(key) ? this.path(key) : "";
  }

  /** Nothing of the instance lives: its group goes, and the kernel's counts with it. */
  release(id: InstanceId): void {
    const key = instanceKey(id);
    this.stale = this.stale.filter((path) => host.removeGroup(path) < 0);
    if (this.known().has(key) && host.removeGroup(this.path(key)) >= 0) this.known().delete(key);
  }

  /**
   * Why a process that has just ended was killed by the kernel, or an empty text. Where a service divides its group, kills
   * for the limits of groups below are its own affair: only what its own limit did is counted.
   */
  outOfMemory({ limits }: ServicePlan, id: InstanceId): string {
    const group = this.groupOf(id);
    const [file, count] =
      limits?.delegate === true ? ["memory.events.local", /^oom (\d+)$/m] : ["memory.events", /^oom_kill (\d+)$/m];
    if (group === "" || Number(count.exec(readText(`${group}/${file}`))?.[1] ?? 0) === 0) return "";
    const bytes = limits?.memoryBytes ?? null;
    return `out of memory${bytes === null ? "" : `, its limit is ${sizeText(bytes)}`}`;
  }

  /** Pressure stall information of an instance's group; null: it has none, or this kernel does not count it. */
  pressureOf(id: InstanceId): PressureFigures | null {
    const group = this.groupOf(id);
    const of = (name: string): number => Number(/^some avg10=(\S+)/.exec(readText(`${group}/${name}.pressure`))?.[1]);
    const figures = { cpu: of("cpu"), io: of("io"), memory: of("memory") };
    return group === "" || Object.values(figures).some(Number.isNaN) ? null : figures;
  }

  /** What is poorer here than the service's limits ask. */
  notesOf(service: ServicePlan, id: InstanceId): string[] {
    if (service.limits === null) return [];
    return [...this.enforced(service).notes, ...(this.refused.get(instanceKey(id)) ?? [])];
  }

  /**
   * At first those of an earlier manager: what runs of them is in them. What an earlier gonit of this name left in its
   * groups has lost who could end it, however well it hides.
   */
  private known(): Set<string> {
    if (this.groups !== null) return this.groups;
    this.groups = new Set();
    const names = this.root === "" ? [] : host.listDirectory(this.root);
    const prefix = this.groupName("");
    for (const name of typeof names === "number" ? [] : names) {
      if (!name.startsWith(prefix)) continue;
      const key = name.slice(prefix.length);
      if (host.life() > 1) this.groups.add(key);
      else {
        writeKernelFile(`${this.path(key)}/cgroup.kill`, "1");
        this.stale.push(this.path(key));
      }
    }
    return this.groups;
  }

  private enforced({ limits, user }: ServicePlan): Enforced {
    const asked = limits ?? noLimits;
    this.facts ??= { ...readLimitFacts(this.root), controllers: [] };
    if (needsCgroup(asked) && !this.hasBegun) {
      this.hasBegun = true;
      this.facts.controllers = this.enableControllers();
    }
    const plan = this.owner.plan();
    if (plan !== this.usersOf) this.users = userCounts(plan.services);
    this.usersOf = plan;
    return enforceLimits(asked, this.facts, isOwnUser(user, this.users));
  }

  private groupName(key: string): string {
    return `gonit.${this.owner.facts?.paths.name ?? ""}.${key}`;
  }

  private path(key: string): string {
    return `${this.root}/${this.groupName(key)}`;
  }

  /** Fresh for each start, so that what the kernel counts is of this run alone. Its path, or an empty text. */
  private make(key: string, files: Enforced["files"]): string {
    const path = this.path(key);
    if (this.root === "" || host.encodeUtf8(path).length > pathBytesMax) return "";
    // Looked for before: what is found in a fresh start was another gonit's.
    const groups = this.known();
    const made = host.makeDirectory(path, groupMode, -1, -1);
    this.refused.delete(key);
    if (made < 0) {
      this.refused.set(key, [`limits are not applied: cannot make the cgroup ${path}: ${host.errnoText(made)}`]);
      return "";
    }
    groups.add(key);
    this.stale = this.stale.filter((one) => one !== path);
    this.write(key, files);
    return path;
  }

  /**
   * A lower memory.max than what is used makes the kernel reclaim: since Linux 6.16 later, because files are opened
   * non-blocking, before that in this write(2).
   */
  private write(key: string, files: Enforced["files"]): void {
    const refused: string[] = [];
    for (const [name, text] of files) {
      const result = writeKernelFile(`${this.path(key)}/${name}`, text);
      if (result < 0) refused.push(`limits are not applied in full: cannot write ${name}: ${host.errnoText(result)}`);
    }
    if (refused.length > 0) this.refused.set(key, refused);
  }

  /** Has the controllers reach the services' groups, as far as this place allows: the names of those that do. */
  private enableControllers(): string[] {
    const { controllers } = readLimitFacts(this.root);
    if (controllers.length === 0) return [];
    this.emptyRoot();
    this.enable(controllers);
    const enabled = readText(`${this.root}/cgroup.subtree_control`).trim().split(" ");
    return controllers.filter((name) => enabled.includes(name));
  }

  private enable(controllers: string[]): void {
    for (const name of controllers) writeKernelFile(`${this.root}/cgroup.subtree_control`, `+${name}`);
  }

  private emptyRoot(): void {
    const procs = `${this.root}/cgroup.procs`;
    const leaf = `${this.root}/${rolesGroup}`;
    const isOurs = host.role() !== Role.laptop || pidsOf(procs).every(descendsFrom(host.roles().init.pid));
    if (!isOurs || host.makeDirectory(leaf, groupMode, -1, -1) < 0) return;
    for (let round = 0; round < moveRounds; round++) {
      const moved = pidsOf(procs).filter((pid) => writeKernelFile(`${leaf}/cgroup.procs`, String(pid)) >= 0);
      if (moved.length === 0) return;
    }
  }
}

/** 0 stands for a process of another namespace. */
function pidsOf(path: string): number[] {
  return readText(path)
    .split("\n")
    .map(Number)
    .filter((pid) => pid > 0);
}

/** Path of a process's group of cgroup v2, as we see it; empty: unknown. */
function cgroupOf(pid: string): string {
  return /^0::(.*)$/m.exec(readText(`/proc/${pid}/cgroup`))?.[1] ?? "";
}

function descendsFrom(ancestor: number): (pid: number) => boolean {
  return (pid) => {
    for (let at = pid; at > 1; ) {
      if (at === ancestor) return true;
      at = Number(
        readText(`/proc/${at}/stat`)
          .replace(/^.*\) /s, "")
          .split(" ")[1] ?? 0,
      );
    }
    return false;
  };
}

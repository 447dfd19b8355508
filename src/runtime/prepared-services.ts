/** What spawn requests of one service have in common: identity, environment, place. */

import type { SpawnRequest, UserRecord } from "../contract.ts";
import type { Effect } from "../engine/effect.ts";
import { instanceKey } from "../engine/instance.ts";
import type { ServicePlan } from "../engine/plan.ts";
import type { Shell } from "./performer.ts";
import { type DirectoryBases, directoryTexts } from "./service-directories.ts";
import { addConfigured, environmentTexts, ownTexts, sharedVariables } from "./service-environment.ts";
import { type Identity, identityOf } from "./service-identity.ts";

type SpawnEffect = Extract<Effect, { kind: "spawn" }>;

/** The environment that services share which say the same about it. */
interface SharedEnvironment {
  inherits: ServicePlan["inheritEnvironment"];
  environment: ServicePlan["environment"];
  variables: Map<string, string>;
  texts: string[];
}

/** A service's fixed share of a spawn request, kept until its plan changes. */
export interface Prepared {
  service: ServicePlan;
  shared: SharedEnvironment;
  own: string[];
  identity: Identity;
}

/** Services that start again and again are few; each one's environment costs some KiB. */
const preparedMax = 16;

export class PreparedServices {
  private readonly shell: Shell;
  private readonly bases: DirectoryBases;
  private readonly known = new Map<string, Prepared>();
  private lastShared: SharedEnvironment | null = null;

  constructor(shell: Shell, bases: DirectoryBases) {
    this.shell = shell;
    this.bases = bases;
  }

  forget({ name }: ServicePlan): void {
    this.known.delete(name);
  }

  of(service: ServicePlan): Prepared {
    const known = this.known.get(service.name);
    if (known !== undefined && known.service === service) return known;
    const identity = identityOf(service);
    const shared = this.sharedEnvironment(service, identity.kind === "user" ? identity.user : null);
    const own = [...ownTexts(service, this.shell.facts), ...directoryTexts(service, this.bases)];
    const prepared = { service, shared, own, identity };
    if (this.known.size >= preparedMax) this.known.clear();
    this.known.set(service.name, prepared);
    return prepared;
  }

  /** Of a thousand services that start one after the other most share one: the parts of a plan are shared (shareParts). */
  private sharedEnvironment(service: ServicePlan, user: UserRecord | null): SharedEnvironment {
    const { inheritEnvironment: inherits, environment } = service;
    const last = this.lastShared;
    if (user === null && last !== null && last.environment === environment && last.inherits === inherits) return last;
    const variables = sharedVariables(service, this.shell.inherited, user);
    const shared = { inherits, environment, variables, texts: environmentTexts(variables) };
    if (user === null) this.lastShared = shared;
    return shared;
  }
}

export function baseRequest(
  effect: Pick<SpawnEffect, "ticket" | "instance" | "processKind" | "command">,
  service: ServicePlan,
  prepared: Prepared,
  extra: Record<string, string> | null,
): SpawnRequest {
  const { shared, own } = prepared;
  const texts = extra === null ? shared.texts : environmentTexts(withExtra(shared.variables, extra));
  const request: SpawnRequest = {
    ticket: effect.ticket,
    instance: instanceKey(effect.instance),
    kind: effect.processKind,
    argv: effect.command.argv,
    searchPath: shared.variables.get("PATH") ?? "",
    environment: texts.concat(own),
    directory: service.directory,
    umask: service.umask,
    descriptors: [],
  };
  if (effect.command.builtin !== null) {
    request.ownBinary = true;
    request.argv = [`gonit: ${effect.command.builtin}`];
  }
  const identity = prepared.identity;
  if (identity.kind === "user") {
    if (identity.uid !== null) request.uid = identity.uid;
    if (identity.gid !== null) request.gid = identity.gid;
    if (identity.groups !== null) request.groups = identity.groups;
  }
  return request;
}

function withExtra(variables: Map<string, string>, extra: Record<string, string>): Map<string, string> {
  const both = new Map(variables);
  addConfigured(both, extra);
  return both;
}

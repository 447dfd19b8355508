/** systemd's units: services, what orders them, and the timers, sockets and targets that start them. */

import { Raw } from "../config/write-yaml.ts";
import type { Draft } from "./draft.ts";
import { applyRules, type Rules } from "./rules.ts";
import type { Sources } from "./sources.ts";
import type { SystemdContext } from "./systemd-context.ts";
import { execRules, finishExec } from "./systemd-exec-keys.ts";
import { addWanted, finishService, serviceRules } from "./systemd-service-keys.ts";
import { importSocket } from "./systemd-socket.ts";
import { importTimer } from "./systemd-timer.ts";
import { finishUnit, installRules, ruleKey, unitRules } from "./systemd-unit-keys.ts";
import { type Made, type Unit, UnitReader, wantedName } from "./systemd-units.ts";

const ownSection: Rules<SystemdContext, string> = { ...serviceRules, ...execRules };

export function importSystemd(paths: string[], sources: Sources, draft: Draft): void {
  const reader = new UnitReader(sources, draft);
  for (const path of paths) {
    if (sources.isFolder(path)) reader.addFolder(path);
    else reader.addPath(path);
  }
  reader.finish();
  draft.defaults.restart = "no";
  draft.defaults.stop = { timeout: new Raw("90s") };
  draft.defaultsRemark = "What systemd does when a unit does not say it.";
  new SystemdImport(reader, draft).run();
}

class SystemdImport {
  private readonly reader: UnitReader;
  private readonly draft: Draft;
  private readonly made = new Map<string, Made>();

  constructor(reader: UnitReader, draft: Draft) {
    this.reader = reader;
    this.draft = draft;
  }

  run(): void {
    const units = [...this.reader.units.values()];
    for (const unit of units) if (unit.type === "service") this.make(unit, wantedName(unit));
    for (const unit of units) {
      if (unit.type !== "target") continue;
      const name = wantedName(unit);
      this.make(unit, this.draft.services.has(name) ? `${name}-target` : name)?.service.set("type", "group", unit.at);
    }
    for (const { unit, service } of this.made.values()) this.readUnit(unit, service);
    for (const { unit, service } of this.made.values()) this.install(unit, service.name);
    for (const unit of units) {
      if (unit.type === "timer") this.timer(unit);
      else if (unit.type === "socket") this.socket(unit);
    }
    this.dropEmpty();
  }

  private make(unit: Unit, name: string): Made | null {
    const service = this.draft.service(name, unit.at);
    if (service === null) return null;
    const made = { unit, service };
    this.made.set(unit.name, made);
    return made;
  }

  private readUnit(unit: Unit, service: Made["service"]): void {
    const context: SystemdContext = {
      unit,
      service,
      draft: this.draft,
      serviceOf: (name) => this.made.get(name)?.service.name ?? null,
      commands: new Map(),
      last: new Map(),
    };
    this.apply(unit, "Unit", unitRules, context);
    this.apply(unit, "Install", installRules, context);
    if (unit.type === "service") {
      // Older units have the limit of starts here.
      const rules = { ...ownSection, ...startLimits };
      this.apply(unit, "Service", rules, context);
      finishExec(context);
      finishService(context);
    }
    finishUnit(context);
    this.unknownSections(unit);
  }

  private apply(unit: Unit, section: string, rules: Rules<SystemdContext, string>, context: SystemdContext): void {
    const entries = unit.entries.filter((one) => one.section === section && !/^X-/.test(one.key));
    const known = entries.map((one) => ({ ...one, key: ruleKey(one.key) }));
    applyRules(known, rules, context, this.draft);
  }

  private unknownSections(unit: Unit): void {
    for (const { section, at } of unit.entries) {
      if (!/^(?:Unit|Install|Service|Timer|Socket|X-.*)$/.test(section))
        this.draft.note({ ...at, key: `[${section}]` }, "there is no such section");
    }
  }

  /** Who wants the unit needs it; what nobody wants starts on request only. */
  private install(unit: Unit, name: string): void {
    const wanting = unit.entries
      .filter(({ section, key }) => section === "Install" && /^(?:WantedBy|RequiredBy|UpheldBy)$/.test(key))
      .flatMap(({ key, value }) => value.split(/\s+/).map((by) => ({ by, required: key === "RequiredBy" })));
    wanting.push(...(this.reader.wantedBy.get(unit.name) ?? []));
    for (const { by, required } of wanting) {
      const other = this.made.get(by);
      if (other !== undefined && other.service.name !== name) addWanted(other.service.values, name, required);
    }
    const isStarted = wanting.some(({ by }) => by !== "");
    if (!isStarted && unit.type === "service")
      this.made
        .get(unit.name)
        ?.service.set(
          "enabled",
          false,
          unit.at,
          "It has no [Install]: it starts on request, or when another service needs it.",
        );
  }

  /** The service that a timer or a socket starts: the one that it names, else that of its own name. Null, with a note: it is not here. */
  private startedBy(unit: Unit, ofSection: string, ofKey: string): Made["service"] | null {
    const named = unit.entries.findLast(({ section, key }) => section === ofSection && key === ofKey)?.value;
    const target = named ?? unit.name.replace(/\.[a-z]+$/, ".service");
    const service = this.made.get(target)?.service;
    if (service !== undefined) return service;
    this.draft.note(
      { ...unit.at, key: unit.name },
      `${target}, which it starts, is not imported`,
      "import both together",
    );
    return null;
  }

  private timer(unit: Unit): void {
    const service = this.startedBy(unit, "Timer", "Unit");
    if (service === null) return;
    service.remove("enabled");
    importTimer(unit, service, this.draft);
  }

  private socket(unit: Unit): void {
    const service = this.startedBy(unit, "Socket", "Service");
    if (service === null) return;
    // A task runs to its end, and has nothing to wait for.
    const isLazy = service.values.enabled === false && service.values.type !== "task";
    service.remove("enabled");
    const { sockets, at } = importSocket(unit, this.draft, isLazy);
    for (const socket of sockets) service.add("sockets", socket, at);
  }

  /** What has no command cannot run. */
  private dropEmpty(): void {
    for (const { unit, service } of this.made.values()) {
      if (service.values.command !== undefined || service.values.type === "group") continue;
      this.draft.note({ ...unit.at, key: unit.name }, "it has no ExecStart");
      this.draft.services.delete(service.name);
    }
  }
}

const startLimits: Rules<SystemdContext, string> = Object.fromEntries(
  ["StartLimitBurst", "StartLimitInterval", "StartLimitIntervalSec", "StartLimitAction"].map((key) => [
    key,
    unitRules[key],
  ]),
) as Rules<SystemdContext, string>;

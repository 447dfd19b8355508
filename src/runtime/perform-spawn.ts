/**
 * Starts the processes of services: the request that C gets, from the service's plan and the effect. What cannot be had
 * (a user, an environment file, a log pipe) is told as the stage at which the start failed, before a process is made.
 */

import { ProcessKind, type SpawnRequest, Stage } from "../contract.ts";
import type { Effect } from "../engine/effect.ts";
import { type InstanceId, instanceKey, type Ticket } from "../engine/instance.ts";
import { removeDirectories, type ServicePlan } from "../engine/plan.ts";
import { readEnvironmentFiles } from "./environment-files.ts";
import { Feeds } from "./feeds.ts";
import { type Shell, serviceOf } from "./performer.ts";
import { baseRequest, type Prepared, PreparedServices } from "./prepared-services.ts";
import { ReadyPipes } from "./ready-pipes.ts";
import {
  type DirectoryBases,
  directoryBases,
  directoryProblem,
  removalArguments,
  spawnDirectories,
} from "./service-directories.ts";
import { ownTexts } from "./service-environment.ts";
import { addFeeds, addInput } from "./service-input.ts";
import { type MainListener, type ProcessName, type ProcessSurroundings, ServiceProcess } from "./service-process.ts";
import { addSandbox } from "./service-sandbox.ts";
import { startProblem } from "./start-problem.ts";

const ENOENT = 2;
const EAGAIN = 11;

type SpawnEffect = Extract<Effect, { kind: "spawn" }>;

export class Spawner {
  readonly readyPipes: ReadyPipes;
  readonly feeds = new Feeds();
  private readonly shell: Shell;
  private readonly mains: MainListener;
  private readonly bases: DirectoryBases;
  private readonly prepared: PreparedServices;
  /** Spawns that wait for their environment files. */
  private readonly reading = new Set<Ticket>();
  private readonly surroundings: ProcessSurroundings;

  constructor(shell: Shell, mains: MainListener) {
    this.shell = shell;
    this.mains = mains;
    this.bases = directoryBases(host.uid(), shell.inherited);
    this.prepared = new PreparedServices(shell, this.bases);
    this.readyPipes = new ReadyPipes(shell.watches, (event) => shell.emit(event));
    this.surroundings = { shell, mains, readyPipes: this.readyPipes, problemOf: this.problemOf.bind(this) };
  }

  perform(effect: SpawnEffect): void {
    const service = serviceOf(this.shell, effect.instance);
    if (effect.command.builtin === removeDirectories) {
      this.removeDirectories(service, effect);
      return;
    }
    if (service.environmentProblem === null) {
      this.start(service, effect, null);
      return;
    }
    // The file was unreadable when the plan was made; it may have been mended since.
    this.reading.add(effect.ticket);
    readEnvironmentFiles(this.shell, service, (result) => {
      if (!this.reading.delete(effect.ticket)) return;
      if ("problem" in result)
        this.fail(effect.ticket, Stage.envFile, result.isPassing ? EAGAIN : ENOENT, result.problem);
      else this.start(service, effect, result.environment);
    });
  }

  /** A spawn that no process has come of is answered at once; one of an earlier manager may never have been begun. */
  cancel(ticket: Ticket): void {
    if (this.reading.delete(ticket) || !this.shell.processes.cancel(ticket))
      this.fail(ticket, Stage.timeLimit, 0, "was not begun");
  }

  private start(service: ServicePlan, effect: SpawnEffect, extra: Record<string, string> | null): void {
    const prepared = this.prepared.of(service);
    if (prepared.identity.kind === "failed") {
      const { stage, errno, detail } = prepared.identity;
      // Asked again at the next start: the account may be made meanwhile.
      this.prepared.forget(service);
      this.fail(effect.ticket, stage, errno, detail);
      return;
    }
    const missing = directoryProblem(service.directories, this.bases);
    if (missing !== "") {
      this.fail(effect.ticket, Stage.directories, ENOENT, missing);
      return;
    }
    const outputs = this.shell.logs.outputsOf(service, effect.instance);
    const hasPipes = service.logs.to === "file" || service.logs.to === "console" || service.tty?.device === "";
    const logError = !hasPipes ? 0 : Math.min(outputs.stdout, outputs.stderr);
    if (logError < 0) {
      const what = service.tty?.device === "" ? "its terminal" : "the log pipe";
      this.fail(effect.ticket, Stage.log, -logError, `cannot make ${what}: ${host.errnoText(logError)}`);
      return;
    }
    if (service.ready.kind === "log") this.shell.logs.markStart(service, effect.instance);
    this.shell.logs.markRun(effect.instance, effect.startTicket);
    const notifyPath = effect.notify ? this.shell.notify.pathFor(effect.instance) : "";
    if (typeof notifyPath === "number") {
      const detail = `cannot make the notify socket: ${host.errnoText(notifyPath)}`;
      this.fail(effect.ticket, Stage.descriptors, -notifyPath, detail);
      return;
    }
    this.submit(service, effect, prepared, outputs, notifyPath, extra);
  }

  /** As gonit itself, and with nothing of the service but its output. */
  private removeDirectories(service: ServicePlan, effect: SpawnEffect): void {
    const { stdout, stderr } = this.shell.logs.outputsOf(service, effect.instance);
    const descriptors: [number, number][] =
      stdout < 0 || stderr < 0
        ? []
        : [
            [1, stdout],
            [2, stderr],
          ];
    const environment = [...ownTexts(service, this.shell.facts), `GONIT_REPLICA=${effect.instance.replica}`];
    const request: SpawnRequest = {
      ticket: effect.ticket,
      instance: instanceKey(effect.instance),
      kind: effect.processKind,
      argv: removalArguments(effect.command.argv, this.bases, service.sandbox?.root ?? ""),
      ownBinary: true,
      environment,
      directory: "/",
      descriptors,
    };
    if (this.shell.parentDeathSignal !== 0) request.parentDeathSignal = this.shell.parentDeathSignal;
    this.shell.processes.spawn(request, this.listenerOf(effect, service));
  }

  private submit(
    service: ServicePlan,
    effect: SpawnEffect,
    prepared: Prepared,
    outputs: { stdout: number; stderr: number },
    notifyPath: string,
    extra: Record<string, string> | null,
  ): void {
    const request = baseRequest(effect, service, prepared, extra);
    this.shell.cgroups.limit(request, service, effect.instance);
    addSandbox(request, service, this.bases);
    const environment = request.environment;
    environment.push(`GONIT_REPLICA=${effect.instance.replica}`, `GONIT_RESTARTS=${effect.restarts}`);
    if (notifyPath !== "") environment.push(`NOTIFY_SOCKET=${notifyPath}`);
    if (service.watchdogMs !== null && effect.processKind === ProcessKind.main)
      environment.push(`WATCHDOG_USEC=${service.watchdogMs * 1000}`);
    if (effect.ended !== null) environment.push(...endedVariables(effect.ended));
    if (this.shell.parentDeathSignal !== 0) request.parentDeathSignal = this.shell.parentDeathSignal;
    if (service.directories !== null) request.directories = spawnDirectories(service.directories, this.bases);
    if (service.logs.to === "inherit") {
      request.descriptors.push([0, 0], [1, 1], [2, 2]);
      request.keepSession = true;
      delete request.umask;
      if (this.shell.plain) request.terminal = 0;
    }
    if (outputs.stdout >= 0) request.descriptors.push([1, outputs.stdout], [2, outputs.stderr]);
    if (service.sockets.length > 0 && effect.processKind === ProcessKind.main) {
      const opened = this.shell.sockets.descriptorsFor(service);
      if ("errno" in opened) {
        this.fail(effect.ticket, opened.stage, opened.errno, opened.detail);
        return;
      }
      handOver(request, service, opened.fds);
    }
    if (effect.processKind === ProcessKind.main) {
      const feedError = addFeeds(request, service, this.feeds, this.shell.plan());
      if (feedError < 0) {
        const detail = `cannot make a pipe between services: ${host.errnoText(feedError)}`;
        this.fail(effect.ticket, Stage.descriptors, -feedError, detail);
        return;
      }
      addInput(request, service, outputs.stdout);
    }
    if (effect.readyFd !== null) {
      const writeEnd = this.readyPipes.open(effect.ticket);
      if (writeEnd < 0) {
        const detail = `cannot make the readiness pipe: ${host.errnoText(writeEnd)}`;
        this.fail(effect.ticket, Stage.descriptors, -writeEnd, detail);
        return;
      }
      request.descriptors.push([effect.readyFd, writeEnd]);
    }
    if (service.pidFile !== "" && effect.processKind === ProcessKind.main)
      this.mains.pidFileBefore(effect.startTicket, service.pidFile);
    this.shell.processes.spawn(request, this.listenerOf(effect, service));
  }

  private listenerOf(effect: SpawnEffect, service: ServicePlan): ServiceProcess {
    return this.listener(effect, service.restart.success, effect.command.argv[0]);
  }

  /** For processes that an earlier manager started as well. */
  listener(process: ProcessName, success: number[], program = ""): ServiceProcess {
    return new ServiceProcess(this.surroundings, process, success, program);
  }

  private fail(ticket: Ticket, stage: number, errno: number, detail: string): void {
    this.shell.emit({ kind: "spawn-failed", ticket, stage, errno, detail });
  }

  /** Why a program of a service does not run, in words. */
  problemOf(stage: number, errno: number, program: string, service: ServicePlan): string {
    const { identity, shared } = this.prepared.of(service);
    const searchPath = shared.variables.get("PATH") ?? "";
    return startProblem(stage, errno, { program, service, identity, bases: this.bases, searchPath });
  }

  /** User number that a service's processes have. */
  uidOf(service: ServicePlan): number {
    const { identity } = this.prepared.of(service);
    return identity.kind === "user" && identity.uid !== null ? identity.uid : host.uid();
  }

  /** The same identity and environment for the service's probes. null with an account that cannot be had. */
  requestFor(service: ServicePlan, instance: InstanceId, ticket: Ticket, argv: string[]): SpawnRequest | null {
    const prepared = this.prepared.of(service);
    if (prepared.identity.kind === "failed") return null;
    const command = { argv, builtin: null };
    const request = baseRequest({ ticket, instance, processKind: ProcessKind.probe, command }, service, prepared, null);
    request.environment.push(`GONIT_REPLICA=${instance.replica}`);
    this.shell.cgroups.limit(request, service, instance);
    addSandbox(request, service, this.bases);
    return request;
  }
}

const firstListenFd = 3;

/** As sd_listen_fds(3) expects it; the number is the child's to fill in. */
function handOver(request: SpawnRequest, { sockets }: ServicePlan, fds: number[]): void {
  for (const [at, fd] of fds.entries()) request.descriptors.push([firstListenFd + at, fd]);
  const names = sockets.map(({ name }) => name).join(":");
  request.environment.push("LISTEN_PID=0000000000", `LISTEN_FDS=${fds.length}`, `LISTEN_FDNAMES=${names}`);
  request.listenPid = true;
}

/** EXIT_CODE and EXIT_STATUS as systemd.exec(5) names them, for post_stop. */
function endedVariables(ended: { code: number | null; signal: number | null }): string[] {
  if (ended.signal !== null)
    return ["EXIT_CODE=killed", `EXIT_STATUS=${host.signalName(ended.signal).replace(/^SIG/, "")}`];
  return ["EXIT_CODE=exited", `EXIT_STATUS=${ended.code ?? ""}`];
}

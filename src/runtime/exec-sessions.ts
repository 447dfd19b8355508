/**
 * `gonit exec`: programs that clients run beside a service's main process, as the service does: its user, environment,
 * directory, limits, and its own namespaces where it has some. They belong to the service's tree, so its stop ends them,
 * and to their client: when it goes away, they are hung up, then killed. What they print goes to the client, by pipes or a
 * terminal, never through the manager.
 *
 * A session outlives the manager: the next one finds it in its slot, and the client asks it for the end.
 */

import { Clock, type ExitRecord, ProcessKind, SignalScope, type SlotRecord, type SpawnRequest } from "../contract.ts";
import type { ExecListener } from "../control/control-host.ts";
import type { ExecRequest, ExecResult } from "../control/messages.ts";
import type { InstanceId, Ticket } from "../engine/instance.ts";
import type { ServicePlan } from "../engine/plan.ts";
import { readNow } from "./clock.ts";
import type { Spawner } from "./perform-spawn.ts";
import type { Shell } from "./performer.ts";

const SIGHUP = 1;
const SIGKILL = 9;
const SIGCONT = 18;
/** Variable by which all processes of a session are known. */
const markName = "GONIT_EXEC";
/** From the hang-up to SIGKILL. */
const hangUpMs = 2000;
/** So long a client has to ask a new manager for its session. */
const resumeMs = 15_000;

/** CLONE_NEWPID and CLONE_NEWTIME of linux/sched.h, which hold for children of who joins them only. */
const notJoined = 0x2000_0080;

interface Session {
  ticket: Ticket;
  listener: ExecListener | null;
  /** Its end, while no client has asked for it. */
  result: ExecResult | null;
}

/** The program's descriptors and the client's. */
interface Ends {
  own: number[];
  theirs: number[];
}

export class ExecSessions {
  private readonly shell: Shell;
  private readonly spawner: Spawner;
  private readonly sessions = new Map<Ticket, Session>();

  constructor(shell: Shell, spawner: Spawner) {
    this.shell = shell;
    this.spawner = spawner;
  }

  /** The session's ticket, or a text that says why there is none. `mainPid`: whose namespaces are joined. */
  begin(
    instance: InstanceId,
    service: ServicePlan,
    mainPid: number,
    { argv, terminal }: ExecRequest,
    listener: ExecListener,
  ): Ticket | string {
    const ticket = this.shell.tickets.take();
    const request = this.spawner.requestFor(service, instance, ticket, argv);
    if (request === null) return `its user ${service.user} cannot be had`;
    request.kind = ProcessKind.execSession;
    request.environment.push(`${markName}=${ticket}`);
    if (this.shell.parentDeathSignal !== 0) request.parentDeathSignal = this.shell.parentDeathSignal;
    joinSandbox(request, mainPid);
    const ends = terminal === null ? openPipes() : openTerminal(request, terminal);
    if (typeof ends === "number") return `no descriptors can be had: ${host.errnoText(ends)}`;
    request.descriptors = [0, 1, 2].map((number) => [number, ends.own[number] ?? (ends.own[0] as number)]);
    this.sessions.set(ticket, { ticket, listener, result: null });
    const isTold = listener.accepted(ticket, ends.theirs);
    for (const fd of ends.theirs) host.close(fd);
    if (isTold) this.spawn(request, service, ends);
    else {
      this.sessions.delete(ticket);
      for (const fd of ends.own) host.close(fd);
    }
    return ticket;
  }

  private spawn(request: SpawnRequest, service: ServicePlan, ends: Ends): void {
    const { ticket } = request;
    const closeOwn = () => {
      for (const fd of ends.own) host.close(fd);
    };
    this.shell.processes.spawn(request, {
      started: () => {
        closeOwn();
        // The client went away before there was anything to hang up.
        if (!this.sessions.has(ticket)) this.hangUp(ticket);
      },
      failed: (stage, errno) => {
        closeOwn();
        const session = this.sessions.get(ticket);
        this.sessions.delete(ticket);
        const text = this.spawner.problemOf(stage, errno, request.argv[0] ?? "", service);
        session?.listener?.failed(stage, errno, text);
      },
      exited: (exit) => this.exited(ticket, exit),
    });
  }

  private exited(ticket: Ticket, exit: ExitRecord): boolean {
    const session = this.sessions.get(ticket);
    if (session === undefined) return true;
    session.result = { code: exit.code, signal: exit.signal };
    this.tell(session);
    return true;
  }

  private tell(session: Session): void {
    if (session.listener === null || session.result === null) return;
    this.forget(session.ticket);
    session.listener.ended(session.result);
  }

  knows(ticket: Ticket): boolean {
    return this.sessions.has(ticket);
  }

  /** The client asks a manager that did not begin it. */
  resume(ticket: Ticket, listener: ExecListener): void {
    const session = this.sessions.get(ticket);
    if (session === undefined) return;
    this.shell.timers.cancel(ticket);
    session.listener = listener;
    this.tell(session);
  }

  /** -ESRCH when it has ended. */
  signal(ticket: Ticket, signal: number): number {
    return this.shell.processes.signal(ticket, signal, SignalScope.group);
  }

  /** Its client is gone. */
  close(ticket: Ticket): void {
    if (!this.sessions.has(ticket)) return;
    this.forget(ticket);
    this.hangUp(ticket);
  }

  /** What does not end by it is killed, also what has left its group. */
  private hangUp(ticket: Ticket): void {
    if (!this.shell.processes.knows(ticket)) return;
    this.signal(ticket, SIGHUP);
    this.signal(ticket, SIGCONT);
    this.shell.timers.arm(ticket, Clock.monotonic, readNow().monotonicMs + hangUpMs, () => {
      const mark = [`GONIT_INSTANCE=${this.shell.facts.id}`, `${markName}=${ticket}`];
      host.signalTree({ ticket: this.shell.tickets.take(), of: 0, slot: -1, pid: 0, cgroup: "", mark }, SIGKILL);
    });
  }

  private forget(ticket: Ticket): void {
    this.sessions.delete(ticket);
    this.shell.timers.cancel(ticket);
  }

  /** A session of an earlier manager: its client has some time to ask for it. */
  adopt({ ticket, slot, pid }: SlotRecord): void {
    this.sessions.set(ticket, { ticket, listener: null, result: null });
    const exited = (exit: ExitRecord) => this.exited(ticket, exit);
    this.shell.processes.adopt(ticket, slot, pid, { started: () => {}, failed: () => {}, exited });
    this.shell.timers.arm(ticket, Clock.monotonic, readNow().monotonicMs + resumeMs, () => this.close(ticket));
  }
}

/** In place of surroundings of its own, which the request has. */
function joinSandbox(request: SpawnRequest, mainPid: number): void {
  const { namespaces = 0, root } = request;
  if (namespaces === 0 && root === undefined) return;
  for (const field of ["namespaces", "root", "mounts", "readOnly"] as const) delete request[field];
  request.joinPid = mainPid;
  request.joinNamespaces = (namespaces & ~notJoined) >>> 0;
}

function openPipes(): Ends | number {
  const own: number[] = [];
  const theirs: number[] = [];
  for (const number of [0, 1, 2]) {
    const pipe = host.pipe();
    if (typeof pipe === "number") {
      for (const fd of [...own, ...theirs]) host.close(fd);
      return pipe;
    }
    const [readEnd, writeEnd] = pipe;
    own.push(number === 0 ? readEnd : writeEnd);
    theirs.push(number === 0 ? writeEnd : readEnd);
  }
  for (const fd of own) host.setBlocking(fd);
  return { own, theirs };
}

function openTerminal(request: SpawnRequest, term: string): Ends | number {
  const pty = host.openPty();
  if (typeof pty === "number") return pty;
  const [master, slave] = pty;
  host.resetPty(slave);
  request.terminal = slave;
  if (term !== "") {
    request.environment = request.environment.filter((text) => !text.startsWith("TERM="));
    request.environment.push(`TERM=${term}`);
  }
  return { own: [slave], theirs: [master] };
}

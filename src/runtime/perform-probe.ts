/**
 * Asks a probe's question until the answer is yes: at once, then `intervalMs` after each answer, never two at a time.
 * A try that takes longer than `timeoutMs` counts as no; an exec probe's processes are then killed as a group.
 */

import { Clock, Poll, SignalScope } from "../contract.ts";
import type { Effect } from "../engine/effect.ts";
import type { InstanceId, Ticket } from "../engine/instance.ts";
import type { ProbePlan } from "../engine/plan.ts";
import { readNow } from "./clock.ts";
import type { Spawner } from "./perform-spawn.ts";
import { type Shell, serviceOf } from "./performer.ts";

const SIGKILL = 9;
const EINPROGRESS = 115;

interface Probe {
  ticket: Ticket;
  instance: InstanceId;
  plan: ProbePlan;
  /** Key of the timer in use: the next try's begin, or this try's limit. */
  timer: number;
  /** Takes back what the running try holds; null between tries. */
  abandon: (() => void) | null;
}

export class Probes {
  private readonly shell: Shell;
  private readonly spawner: Spawner;
  private readonly probes = new Map<Ticket, Probe>();

  constructor(shell: Shell, spawner: Spawner) {
    this.shell = shell;
    this.spawner = spawner;
  }

  start(effect: Extract<Effect, { kind: "start-probe" }>): void {
    const { ticket, instance, probe } = effect;
    const begun: Probe = { ticket, instance, plan: probe, timer: this.shell.tickets.take(), abandon: null };
    this.probes.set(ticket, begun);
    this.tryOnce(begun);
  }

  stop(ticket: Ticket): void {
    const probe = this.probes.get(ticket);
    if (probe === undefined) return;
    this.probes.delete(ticket);
    this.shell.timers.cancel(probe.timer);
    probe.abandon?.();
  }

  private tryOnce(probe: Probe): void {
    const plan = probe.plan;
    this.arm(probe, plan.timeoutMs, () => {
      probe.abandon?.();
      this.answer(probe, `no answer within ${plan.timeoutMs} ms`);
    });
    if (plan.kind === "exec") this.tryExec(probe, plan.command.argv);
    else if (plan.kind === "file") this.tryFile(probe, plan.path);
    else if (plan.kind === "unix") this.tryConnect(probe, host.connectUnix(plan.path), plan.path);
    else this.tryTcp(probe, plan.host, plan.port);
  }

  /** null: yes. A text: no, and why. */
  private answer(probe: Probe, reason: string | null): void {
    probe.abandon = null;
    if (this.probes.get(probe.ticket) !== probe) return;
    this.shell.timers.cancel(probe.timer);
    if (reason === null) {
      this.probes.delete(probe.ticket);
      this.shell.emit({ kind: "probe-succeeded", ticket: probe.ticket });
      return;
    }
    this.shell.emit({ kind: "probe-failed", ticket: probe.ticket, reason });
    this.arm(probe, probe.plan.intervalMs, () => this.tryOnce(probe));
  }

  private arm(probe: Probe, inMs: number, fire: () => void): void {
    this.shell.timers.arm(probe.timer, Clock.monotonic, readNow().monotonicMs + inMs, fire);
  }

  private tryFile(probe: Probe, path: string): void {
    const found = host.stat(path);
    this.answer(probe, typeof found === "number" ? `${path}: ${host.errnoText(found)}` : null);
  }

  private tryTcp(probe: Probe, name: string, port: number): void {
    const address = isNumeric(name) ? name : host.localHosts(name)[0];
    if (address === undefined) this.answer(probe, `there is no address of ${name} in /etc/hosts`);
    else this.tryConnect(probe, host.connectTcp(address, port), `${name}:${port}`);
  }

  private tryConnect(probe: Probe, fd: number, to: string): void {
    if (fd < 0) {
      this.answer(probe, `${to}: ${host.errnoText(fd)}`);
      return;
    }
    const finish = () => {
      this.shell.watches.remove(fd);
      host.close(fd);
    };
    probe.abandon = finish;
    this.shell.watches.add(fd, Poll.out, () => {
      const error = host.socketError(fd);
      if (error === -EINPROGRESS) return;
      finish();
      this.answer(probe, error === 0 ? null : `${to}: ${host.errnoText(error)}`);
    });
  }

  private tryExec(probe: Probe, argv: string[]): void {
    const service = serviceOf(this.shell, probe.instance);
    const ticket = this.shell.tickets.take();
    const request = this.spawner.requestFor(service, probe.instance, ticket, argv);
    if (request === null) {
      this.answer(probe, "the service's user cannot be looked up");
      return;
    }
    // What a probe leaves behind is killed with it, before its number is free.
    request.killGroupAtDeath = true;
    let abandoned = false;
    probe.abandon = () => {
      abandoned = true;
      this.shell.processes.cancel(ticket);
      this.shell.processes.signal(ticket, SIGKILL, SignalScope.group);
    };
    const tell = (reason: string | null) => {
      if (!abandoned) this.answer(probe, reason);
    };
    this.shell.processes.spawn(request, {
      started: () => {},
      failed: (_stage, errno) => tell(`cannot run ${argv[0] ?? ""}: ${host.errnoText(errno)}`),
      exited: (exit) => {
        if (exit.signal !== null) tell(`${argv[0]} was ended by ${host.signalName(exit.signal)}`);
        else tell(exit.code === 0 ? null : `${argv[0]} exited with ${exit.code}`);
        return true;
      },
    });
  }
}

function isNumeric(name: string): boolean {
  return /^[\d.]+$/.test(name) || name.includes(":");
}

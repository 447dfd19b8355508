/**
 * Asks a probe's question until the answer is yes, or for ever: at once, then `intervalMs` after each answer (`steadyMs`
 * after a yes), never two at a time. A try that takes longer than `timeoutMs` counts as no. Whatever an exec probe has
 * started is killed when it has ended or its time is over, also what has left its group.
 */

import { Clock, Poll, SignalScope } from "../contract.ts";
import type { Effect } from "../engine/effect.ts";
import type { InstanceId, Ticket } from "../engine/instance.ts";
import type { HttpQuestion, ProbePlan } from "../engine/plan.ts";
import { readNow } from "./clock.ts";
import { HttpConversation } from "./http-probe.ts";
import type { Spawner } from "./perform-spawn.ts";
import { type Shell, serviceOf } from "./performer.ts";
import { treeMarks } from "./service-environment.ts";

const SIGKILL = 9;
const EINPROGRESS = 115;

interface Probe {
  ticket: Ticket;
  instance: InstanceId;
  plan: ProbePlan;
  /** Goes on after a yes, so often; null: the first yes is the end. */
  steadyMs: number | null;
  /** The last answer was a yes, and told. */
  isGood: boolean;
  /** There was a yes before the last answer. */
  hadYes: boolean;
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
    const { ticket, instance, probe: plan, steadyMs } = effect;
    const timer = this.shell.tickets.take();
    const begun: Probe = { ticket, instance, plan, steadyMs, isGood: false, hadYes: false, timer, abandon: null };
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
    else if (plan.kind === "unix") this.tryConnect(probe, host.connectUnix(plan.path), plan.path, null);
    else if (plan.kind === "tcp") this.tryTcp(probe, plan.host, plan.port, null);
    else this.tryTcp(probe, plan.host, plan.port, plan);
  }

  /** null: yes. A text: no, and why. */
  private answer(probe: Probe, reason: string | null): void {
    probe.abandon = null;
    if (this.probes.get(probe.ticket) !== probe) return;
    this.shell.timers.cancel(probe.timer);
    const { ticket, steadyMs } = probe;
    if (reason === null) {
      // A steady yes is no news, and must not wake anybody.
      if (!probe.isGood) this.shell.emit({ kind: "probe-succeeded", ticket });
      probe.isGood = true;
      if (steadyMs === null) this.probes.delete(ticket);
      else this.arm(probe, steadyMs, () => this.tryOnce(probe));
      return;
    }
    // After the first yes it is asked at its steady pace, also while it fails.
    probe.hadYes ||= probe.isGood;
    probe.isGood = false;
    this.shell.emit({ kind: "probe-failed", ticket, reason });
    const againMs = probe.hadYes && steadyMs !== null ? steadyMs : probe.plan.intervalMs;
    this.arm(probe, againMs, () => this.tryOnce(probe));
  }

  private arm(probe: Probe, inMs: number, fire: () => void): void {
    this.shell.timers.arm(probe.timer, Clock.monotonic, readNow().monotonicMs + inMs, fire);
  }

  private tryFile(probe: Probe, path: string): void {
    const found = host.stat(path);
    this.answer(probe, typeof found === "number" ? `${path}: ${host.errnoText(found)}` : null);
  }

  private tryTcp(probe: Probe, name: string, port: number, question: HttpQuestion | null): void {
    const address = isNumeric(name) ? name : host.localHosts(name)[0];
    if (address === undefined) this.answer(probe, `there is no address of ${name} in /etc/hosts`);
    else this.tryConnect(probe, host.connectTcp(address, port), `${name}:${port}`, question);
  }

  /** Connecting is the answer, or the beginning of an HTTP question. */
  private tryConnect(probe: Probe, fd: number, to: string, question: HttpQuestion | null): void {
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
      if (error === 0 && question !== null) {
        this.converse(probe, fd, to, new HttpConversation(fd, question));
        return;
      }
      finish();
      this.answer(probe, error === 0 ? null : `${to}: ${host.errnoText(error)}`);
    });
  }

  /** On a connection that `probe.abandon` closes. */
  private converse(probe: Probe, fd: number, to: string, conversation: HttpConversation): void {
    const result = conversation.go();
    if (result === null) {
      this.shell.watches.remove(fd);
      const events = conversation.isSending() ? Poll.out : Poll.in;
      this.shell.watches.add(fd, events, () => this.converse(probe, fd, to, conversation));
      return;
    }
    probe.abandon?.();
    this.answer(probe, result.reason === null ? null : `${to}: ${result.reason}`);
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
    request.environment.push(`GONIT_PROBE=${ticket}`);
    let abandoned = false;
    probe.abandon = () => {
      abandoned = true;
      this.shell.processes.cancel(ticket);
      this.shell.processes.signal(ticket, SIGKILL, SignalScope.group);
    };
    const endRest = () => this.endRest(probe.instance, ticket);
    const tell = (reason: string | null) => {
      if (!abandoned) this.answer(probe, reason);
    };
    this.shell.processes.spawn(request, {
      started: () => {},
      failed: (_stage, errno) => tell(`cannot run ${argv[0] ?? ""}: ${host.errnoText(errno)}`),
      exited: (exit) => {
        endRest();
        if (exit.signal !== null) tell(`${argv[0]} was ended by ${host.signalName(exit.signal)}`);
        else tell(exit.code === 0 ? null : `${argv[0]} exited with ${exit.code}`);
        return true;
      },
    });
  }

  /** What has left the probe's group is found by its mark. */
  private endRest(instance: InstanceId, probe: Ticket): void {
    const mark = [...treeMarks(instance, this.shell.facts), `GONIT_PROBE=${probe}`];
    const ticket = this.shell.tickets.take();
    host.signalTree({ ticket, of: 0, slot: -1, pid: 0, cgroup: "", mark }, SIGKILL);
  }
}

function isNumeric(name: string): boolean {
  return /^[\d.]+$/.test(name) || name.includes(":");
}

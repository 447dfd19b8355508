/**
 * The built-in service `terminals`: gives each terminal a session, and another one after each log-out. Told to end, it
 * hangs up, and kills what has not gone after a short time.
 */

import { Clock } from "../../contract.ts";
import type { TerminalSettings, TerminalsSettings } from "../../engine/builtin-settings.ts";
import { isEnd, settingsOf, stayUntilStopped, tellReady, variable, watchSignals } from "../service-life.ts";
import { textOf } from "../text-file.ts";
import { chooseConsoles } from "./consoles.ts";
import { greeting } from "./greeting.ts";
import { Line } from "./line.ts";
import { planLogin } from "./login.ts";

const child = 17;
const graceMs = 2000;

function isTerminal(path: string): boolean {
  const fd = host.open(path, "rw", 0);
  if (fd < 0) return false;
  const result = host.isTerminal(fd);
  host.close(fd);
  return result;
}

function kindOf(path: string): string {
  const status = host.stat(path);
  return typeof status === "number" ? "" : status.kind;
}

function isProgram(path: string): boolean {
  const status = host.stat(path);
  return typeof status !== "number" && status.kind === "file" && (status.mode & 0o111) !== 0;
}

function makeLine(settings: TerminalSettings): Line {
  const environment = host.environment();
  const { device, message } = settings;
  const facts = () => ({
    title: variable("GONIT_TITLE") ?? "",
    version: variable("GONIT_VERSION") ?? "",
    host: textOf("/proc/sys/kernel/hostname"),
    terminal: device,
    isRelayed: variable("GONIT_CONSOLE") !== null,
  });
  const isDirectory = (path: string): boolean => kindOf(path) === "directory";
  const shell = { environment, terminal: device, uid: host.uid(), isProgram, isDirectory };
  return new Line({ ...settings, greeting: () => greeting(facts(), message), plan: () => planLogin(settings, shell) });
}

/** Those of the configuration; but in the little system its own console, since others are the host's. */
function chooseTerminals(): TerminalSettings[] {
  const settings = settingsOf<TerminalsSettings>();
  const own = variable("GONIT_CONSOLE");
  if (own === null && settings?.terminals) return settings.terminals;
  const consoles = chooseConsoles({
    own,
    isMachine: settings?.isMachine === true,
    active: textOf("/sys/class/tty/console/active"),
    isTerminal,
  });
  return consoles.map((device) => ({ device, speed: null, login: "shell", user: "", message: null }));
}

function wait(lines: Line[], endMs: number): void {
  const dueMs = Math.min(endMs, ...lines.map((line) => line.dueMs));
  host.setTimer(Clock.monotonic, Number.isFinite(dueMs) ? dueMs : -1);
  host.poll(-1);
}

/** Reads all signals that came. Whether the end was asked for. */
function readSignals(fd: number): boolean {
  let ends = false;
  for (let signal = host.readSignal(fd); signal !== 0; signal = host.readSignal(fd)) ends ||= isEnd(signal);
  return ends;
}

function serve(lines: Line[], signals: number): void {
  for (;;) {
    const nowMs = host.now().monotonicMs;
    for (const line of lines) {
      line.reap(nowMs);
      if (line.dueMs <= nowMs) line.start(nowMs);
    }
    wait(lines, Number.POSITIVE_INFINITY);
    if (readSignals(signals)) return;
  }
}

function end(lines: Line[], signals: number): never {
  const endMs = host.now().monotonicMs + graceMs;
  for (const line of lines) line.hangUp();
  for (;;) {
    const nowMs = host.now().monotonicMs;
    for (const line of lines) line.reap(nowMs);
    const running = lines.filter((line) => line.isRunning);
    if (running.length === 0) host.exit(0);
    if (nowMs >= endMs) {
      for (const line of running) line.kill();
      host.exit(0);
    }
    wait(running, endMs);
    readSignals(signals);
  }
}

const terminals = chooseTerminals();
if (terminals.length === 0) {
  host.print(1, "there is no terminal here: no shell is started; gonit stays until it gets TERM or INT\n");
  tellReady();
  stayUntilStopped();
}
const signals = watchSignals([child]);
const lines = terminals.map(makeLine);
tellReady();
serve(lines, signals);
end(lines, signals);

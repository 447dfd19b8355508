/* A client of QEMU's monitor protocol (QMP): commands with answers, and events, one JSON object a line. */
import type { Duplex } from "node:stream";

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

interface Message {
  QMP?: object;
  id?: number;
  return?: unknown;
  error?: { class: string; desc: string };
  event?: string;
  data?: object;
}

/** What a command sends: its name and its arguments, as QEMU's QMP reference has them. */
export interface MonitorCommand {
  execute: string;
  arguments?: object;
}

export interface Monitor {
  /** Resolves when QEMU answers for the first time: the machine exists. Rejects when it ends before. */
  ready: Promise<void>;
  isReady(): boolean;
  /** Performs a QMP command; its return value, or an error in QEMU's words. */
  command(command: MonitorCommand): Promise<unknown>;
  /** Performs a line of the human monitor, such as `system_powerdown` or `sendkey ctrl-alt-delete`; what it printed. */
  line(text: string): Promise<string>;
}

/** Speaks QMP over a stream that is QEMU's monitor. */
export function openMonitor(stream: Duplex): Monitor {
  const waiting = new Map<number, Waiting>();
  let next = 0;
  let closed = false;
  let greeted = false;
  const send = (command: MonitorCommand): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (closed) return reject(new Error(`cannot ask QEMU for ${command.execute}: it has ended`));
      const id = next++;
      waiting.set(id, { resolve, reject });
      stream.write(`${JSON.stringify({ ...command, id })}\n`);
    });
  let greet: () => void = () => undefined;
  const greeting = new Promise<void>((resolve, reject) => {
    greet = resolve;
    stream.on("close", () => reject(new Error("QEMU ended before its monitor answered")));
  });
  const ready = greeting
    .then(() => send({ execute: "qmp_capabilities" }))
    .then(() => {
      greeted = true;
    });
  ready.catch(() => undefined);
  const take = (message: Message): void => {
    if (message.QMP !== undefined) greet();
    if (message.id === undefined) return;
    const one = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.error !== undefined) one?.reject(new Error(message.error.desc));
    else one?.resolve(message.return);
  };
  let rest = "";
  stream.on("data", (bytes: Buffer) => {
    const lines = (rest + bytes.toString()).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") take(JSON.parse(line) as Message);
  });
  stream.on("error", () => undefined);
  stream.on("close", () => {
    closed = true;
    for (const one of waiting.values()) one.reject(new Error("QEMU ended before it answered"));
    waiting.clear();
  });
  const command = async (order: MonitorCommand): Promise<unknown> => {
    await ready;
    return await send(order);
  };
  return {
    ready,
    isReady: () => greeted,
    command,
    line: async (text) =>
      `${await command({ execute: "human-monitor-command", arguments: { "command-line": text } })}`.trimEnd(),
  };
}

import { ExitCode } from "../contract.ts";
import { ClientEnd } from "./client-end.ts";
import type { Command, Context } from "./command.ts";
import { ask, Connection, connect } from "./connection.ts";
import { DetachKeys, parseDetachKeys } from "./detach-keys.ts";
import { printError } from "./output.ts";
import { type OwnTerminal, takeTerminal } from "./own-terminal.ts";
import { Relay } from "./relay.ts";

export const command: Command = {
  usage: "attach [--detach-keys KEYS] NAME",
  about:
    "Shows the terminal of a service (tty: true) on this one, and types into it, until the service is stopped or has " +
    "ended. ctrl-p ctrl-q leaves it and lets the service go on. Without a terminal standard input is typed, and what the " +
    "terminal shows from now on is printed.",
  options: [
    {
      name: "--detach-keys",
      short: "",
      value: "KEYS",
      help: "Keys that leave the terminal, as in ctrl-a,d; ctrl-p,ctrl-q when not given.",
    },
  ],
  examples: ["gonit attach game", "echo save-all | gonit attach game", "gonit attach game </dev/null | grep joined"],
  run,
};

function run(context: Context): number {
  const keys = parseDetachKeys(context.options.text("--detach-keys"));
  const name = context.words[0];
  if (name === undefined || context.words.length > 1) {
    printError("cannot attach: name one service, as in gonit attach game");
    return ExitCode.usage;
  }
  if (keys === null) {
    printError("cannot use these --detach-keys: ctrl-a to ctrl-z and single characters are known, as in ctrl-a,d");
    return ExitCode.usage;
  }
  return new Attached(context, name, keys).run();
}

class Attached {
  private readonly context: Context;
  private readonly name: string;
  private readonly keys: DetachKeys;
  private readonly relay = new Relay();
  private readonly connection: Connection;
  private terminal: OwnTerminal | null = null;
  /** Master of the service's terminal, and the socket on which it comes. */
  private master = -1;
  private view = -1;
  /** How often in a row what is shown ended before anything came. */
  private lost = 0;
  /** Its first byte has come. */
  private isGreeted = false;
  /** What is typed here goes to it. */
  private types = false;

  constructor(context: Context, name: string, keys: number[]) {
    this.context = context;
    this.name = name;
    this.keys = new DetachKeys(keys);
    this.connection = connect(context);
  }

  run(): number {
    this.take(this.connection);
    this.terminal = takeTerminal(
      this.relay,
      true,
      (signal) => this.leave(signalNote(signal), 128 + signal),
      this.resize,
    );
    this.connection.wait = (fd, events) => this.relay.until(fd, events);
    this.connection.pause = (ms) => this.relay.pause(ms);
    try {
      const { words } = this.context;
      const request = { verb: "wait", names: words, until: "stopped" } as const;
      ask(this.context, this.connection, "act", { request, timeoutMs: null, wait: true });
      this.relay.remove(0);
      this.relay.drain(lastWordsMs);
      this.note(`${this.name} has ended`);
      return ExitCode.ok;
    } finally {
      this.terminal.restore();
    }
  }

  private readonly resize = (columns: number, rows: number): void => {
    host.setWindowSize(this.master, columns, rows);
  };

  /** Asks for the descriptors, and passes on what comes from then on. */
  private take(connection: Connection): void {
    const descriptors: number[] = [];
    const usual = connection.receive;
    connection.receive = (fd) => {
      const got = host.receiveDescriptors(fd, 65_536);
      if (typeof got === "number") return got;
      descriptors.push(...got.descriptors);
      return got.data;
    };
    ask(this.context, connection, "attach", { name: this.name });
    connection.receive = usual;
    const [master = -1, view = -1] = descriptors;
    const earlier = this.master;
    this.master = master;
    this.view = view;
    this.isGreeted = false;
    this.relay.add({
      from: view,
      to: 1,
      change: (piece) => this.shown(piece),
      ended: () => this.again(),
      refused: () => this.leave("", ExitCode.ok),
    });
    if (earlier < 0) return;
    this.relay.redirect(earlier, master);
    this.relay.remove(earlier);
    host.close(earlier);
  }

  /** Nothing is typed before the first byte has said that what comes of it will be seen. */
  private shown(piece: Uint8Array): Uint8Array {
    if (this.isGreeted) return piece;
    this.isGreeted = true;
    if (this.lost > 0) this.note("what the terminal showed in this moment may be missing; its log has it");
    this.lost = 0;
    if (!this.types)
      this.relay.add({
        from: 0,
        to: this.master,
        change: (typed) => this.typed(typed),
        ended: () => this.inputEnded(),
      });
    this.types = true;
    return piece.subarray(1);
  }

  private typed(bytes: Uint8Array): Uint8Array {
    if (this.terminal?.isRaw !== true) return bytes;
    const { bytes: passed, detached } = this.keys.take(bytes);
    if (detached && passed.length > 0) host.write(this.master, passed);
    if (detached) this.leave(`detached from ${this.name}, which goes on`, ExitCode.ok);
    return passed;
  }

  /** A file or pipe has been typed to its end; a terminal that ends is gone. */
  private inputEnded(): void {
    if (this.terminal?.isRaw === true) this.leave("", ExitCode.ok);
  }

  /** The logger that showed it was replaced: the next one is asked. */
  private again(): void {
    this.relay.remove(this.view);
    host.close(this.view);
    if (this.lost++ > lostMax)
      this.leave(
        `cannot attach to ${this.name}: too many are attached, or the logger does not come back`,
        ExitCode.failed,
      );
    if (this.lost > 1) this.relay.pause(lostPauseMs);
    const connection = Connection.open([this.connection.path]);
    if (typeof connection === "number")
      this.leave(`detached from ${this.name}: gonit does not answer`, ExitCode.unreachable);
    else {
      this.take(connection);
      connection.close();
    }
  }

  private note(text: string): void {
    if (text !== "") host.print(2, this.terminal?.isRaw === true ? `\r\ngonit: ${text}\r\n` : `gonit: ${text}\n`);
  }

  private leave(text: string, code: number): never {
    this.note(text);
    throw new ClientEnd(code);
  }
}

/** A logger that was killed is back in milliseconds. */
const lostMax = 100;
const lostPauseMs = 20;

/** Output that is on its way when the service has ended. */
const lastWordsMs = 50;

function signalNote(signal: number): string {
  return `detached by ${host.signalName(signal)}`;
}

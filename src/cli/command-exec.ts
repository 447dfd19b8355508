import { ExitCode } from "../contract.ts";
import type { ExecResult } from "../control/messages.ts";
import type { Command, Context } from "./command.ts";
import { ask, Connection, connect } from "./connection.ts";
import { printError, variable } from "./output.ts";
import { type OwnTerminal, takeTerminal } from "./own-terminal.ts";
import { Relay } from "./relay.ts";

export const command: Command = {
  usage: "exec [-T] NAME -- COMMAND [ARGUMENT…]",
  about:
    "Runs a program as a running service does: its user, environment, directory, limits and sandbox. It belongs to the " +
    "service's processes, not to its main one, and ends with this client, whose exit code is the program's. On a terminal " +
    "it gets a terminal, else standard input, output and error as they are here.",
  options: [
    {
      name: "--no-terminal",
      short: "-T",
      value: "",
      help: "No terminal for the program, also where there is one here.",
    },
  ],
  examples: ["gonit exec db -- psql shop", "gonit exec web -- sh", "gonit exec -T db -- pg_dump shop >shop.sql"],
  run,
};

const usage = "name a service and, behind --, a program, as in gonit exec web -- ls";

function run(context: Context): number {
  const [name, ...argv] = context.words;
  if (name === undefined || argv.length === 0) {
    printError(`cannot exec: ${usage}`);
    return ExitCode.usage;
  }
  const isTerminal = !context.options.has("--no-terminal") && host.isTerminal(0) && host.isTerminal(1);
  return new Executed(context, { name, argv, terminal: isTerminal ? variable("TERM") : null }).run();
}

class Executed {
  private readonly context: Context;
  private readonly params: { name: string; argv: string[]; terminal: string | null };
  private readonly relay = new Relay();
  private readonly connection: Connection;
  private terminal: OwnTerminal | null = null;
  private descriptors: number[] = [];
  private ticket = 0;

  constructor(context: Context, params: { name: string; argv: string[]; terminal: string | null }) {
    this.context = context;
    this.params = params;
    this.connection = connect(context);
  }

  run(): number {
    this.connection.receive = (fd) => {
      const got = host.receiveDescriptors(fd, 65_536);
      if (typeof got === "number") return got;
      this.descriptors.push(...got.descriptors);
      return got.data;
    };
    this.connection.wait = (fd, events) => this.relay.until(fd, events);
    this.connection.pause = (ms) => this.relay.pause(ms);
    try {
      const result = ask(this.context, this.connection, "exec", this.params, (notification) => {
        if (notification.method === "accepted") this.begin(notification.params.request);
      });
      this.relay.remove(0);
      this.relay.drain(lastWordsMs);
      return exitCode(result);
    } finally {
      this.terminal?.restore();
    }
  }

  /** The program is about to run: from now on bytes are passed on. */
  private begin(ticket: number): void {
    this.ticket = ticket;
    const [first = -1, output = first, errors = -1] = this.descriptors;
    const isTerminal = this.params.terminal !== null;
    this.terminal = takeTerminal(
      this.relay,
      isTerminal,
      (signal) => this.forward(signal),
      (columns, rows) => {
        if (isTerminal) host.setWindowSize(first, columns, rows);
      },
    );
    const close = (fd: number) => {
      this.relay.remove(fd);
      host.close(fd);
    };
    // A terminal's master has both directions, and is kept to the end.
    const closeOne = isTerminal ? () => {} : close;
    this.relay.add({ from: 0, to: first, ended: () => closeOne(first), refused: () => closeOne(first) });
    this.relay.add({ from: output, to: 1, refused: () => close(output) });
    if (!isTerminal) this.relay.add({ from: errors, to: 2, refused: () => close(errors) });
  }

  /** On a connection of its own: the other one waits for the end. A program that is just ending needs none. */
  private forward(signal: number): void {
    const connection = Connection.open([this.connection.path]);
    if (typeof connection === "number") return;
    connection.request("execSignal", { request: this.ticket, signal });
    connection.close();
  }
}

/** Output that is on its way when the program has ended. */
const lastWordsMs = 50;

function exitCode({ code, signal }: ExecResult): number {
  return code ?? 128 + (signal ?? 0);
}

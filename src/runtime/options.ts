/**
 * What gonit itself was started with: `gonit up …`, `gonit init …`, or nothing at all as process 1.
 */

export interface Options {
  verb: "up" | "init";
  /** -f, --file, --config; null: found by role. */
  file: string | null;
  /** Services to start (and what they need); null: all that are enabled. */
  names: string[] | null;
  /** `init -- CMD`: the command of the plain init; null: a configuration is used. */
  command: string[] | null;
  /** `init -g`: signals go to the command's whole process group. */
  group: boolean;
  isolated: boolean;
  /** `up -d`: no terminal can be closed on it. */
  detached: boolean;
  instance: string | null;
  socket: string | null;
  logFormat: "text" | "logfmt" | "json" | null;
  /** A machine's: no service is started, the console gets a shell. */
  rescue: boolean;
}

export type ParsedOptions = { options: Options } | { error: string };

/** Options of `gonit up` and `gonit init`. As process 1 a container runtime's arguments are a command to run. */
export function parseOptions(args: string[], isProcessOne: boolean): ParsedOptions {
  const verb = args[0];
  if (verb === "up") return parseUp(args.slice(1));
  if (verb === "init") return parseInit(args.slice(1));
  if (!isProcessOne) return { error: "cannot start: `up` or `init` is expected" };
  const options = defaultOptions("init");
  // The kernel gives process 1 the words of its command line that it does not know itself; a container runtime gives
  // it the image's command. Only the latter is a command: it names a program.
  if (args.length > 0 && args[0] === "--") options.command = args.slice(1);
  else if (args.length > 0 && args[0]?.startsWith("-")) return parseInit(args);
  else if (args.length > 0) options.command = args;
  return { options };
}

export function defaultOptions(verb: "up" | "init"): Options {
  return {
    verb,
    file: null,
    names: null,
    command: null,
    group: false,
    isolated: false,
    detached: false,
    instance: null,
    socket: null,
    logFormat: null,
    rescue: false,
  };
}

/** Stores an option's value. The error, or null. */
type Setter = (options: Options, value: string) => string | null;

const valueOptions: Record<string, Setter> = {
  "--file": (options, value) => {
    options.file = value;
    return null;
  },
  "--instance": (options, value) => {
    options.instance = value;
    const isName = /^[A-Za-z0-9_.-]{1,64}$/.test(value);
    return isName ? null : `cannot use the instance name "${value}": letters, digits, _ . - are allowed, at most 64`;
  },
  "--socket": (options, value) => {
    options.socket = value;
    return null;
  },
  "--log-format": (options, value) => {
    if (value !== "text" && value !== "logfmt" && value !== "json") {
      return `cannot use the log format "${value}": text, logfmt or json`;
    }
    options.logFormat = value;
    return null;
  },
};

const optionAliases: Record<string, string> = { "-f": "--file", "--config": "--file", "-c": "--file" };

function parseUp(args: string[]): ParsedOptions {
  const options = defaultOptions("up");
  const names: string[] = [];
  const rest = takeOptions(args, options, ["--isolated", "-d", "--detach"], names);
  if (rest.error !== null) return { error: rest.error };
  options.names = names.length > 0 ? names : null;
  return { options };
}

function parseInit(args: string[]): ParsedOptions {
  const options = defaultOptions("init");
  const words: string[] = [];
  const rest = takeOptions(args, options, ["-g", "--group"], words);
  if (rest.error !== null) return { error: rest.error };
  if (words.length > 0 && rest.dashes === null) {
    return { error: `cannot use "${words[0]}": a command stands behind --, as in gonit init -- ${words.join(" ")}` };
  }
  if (rest.dashes !== null) {
    if (rest.dashes.length === 0) return { error: "cannot run a command: nothing stands behind --" };
    options.command = rest.dashes;
  }
  return { options };
}

function takeOptions(
  args: string[],
  options: Options,
  flags: string[],
  words: string[],
): { error: string | null; dashes: string[] | null } {
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] as string;
    if (arg === "--") return { error: null, dashes: args.slice(at + 1) };
    if (!arg.startsWith("-") || arg === "-") {
      words.push(arg);
      continue;
    }
    if (flags.includes(arg)) {
      if (arg === "--isolated") options.isolated = true;
      if (arg === "-d" || arg === "--detach") options.detached = true;
      if (arg === "-g" || arg === "--group") options.group = true;
      continue;
    }
    const equals = arg.startsWith("--") ? arg.indexOf("=") : -1;
    const written = equals > 0 ? arg.slice(0, equals) : arg;
    const name = optionAliases[written] ?? written;
    const set = valueOptions[name];
    if (set === undefined) return { error: `cannot use the option ${written}: there is no such option`, dashes: null };
    const value = equals > 0 ? arg.slice(equals + 1) : args[++at];
    if (value === undefined) return { error: `cannot use the option ${written}: it needs a value`, dashes: null };
    const error = set(options, value);
    if (error !== null) return { error, dashes: null };
  }
  return { error: null, dashes: null };
}

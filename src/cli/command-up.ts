import { ExitCode } from "../contract.ts";
import type { Command } from "./command.ts";
import { printError } from "./output.ts";

/** For `gonit help up`: the verb itself is init's (host/main.c), and its options are read by the manager. */
export const command: Command = {
  usage: "up [-f FILE] [--isolated] [NAME…] · gonit init [-g] [-- CMD…]",
  about:
    "up starts what a configuration describes and stays in the foreground; with names only these services and what they " +
    "need. Ctrl-C stops everything in order, a second one kills. --isolated gives it namespaces of its own, as if it " +
    "were a small machine. init is what process 1 of a container does; with a command it runs that one and ends with its " +
    "exit code.",
  options: [
    { name: "--file", short: "-f", value: "FILE", help: "The configuration; found by itself when not given." },
    { name: "--isolated", short: "", value: "", help: "In new PID, mount, UTS, IPC and network namespaces." },
    { name: "--detach", short: "-d", value: "", help: "In the background." },
    {
      name: "--log-format",
      short: "",
      value: "FORMAT",
      choices: ["text", "logfmt", "json"],
      help: "text, logfmt or json for gonit's own messages.",
    },
    { name: "--group", short: "-g", value: "", help: "init: send signals to the command's whole process group." },
  ],
  examples: ["gonit up", "gonit up -f examples/origin/config.yml --isolated", "gonit init -- postgres"],
  // Here is only who uses an option of another verb (is_misused() of host/main.c).
  run: ({ verb }) => {
    printError(`cannot ${verb} with these options; see gonit help ${verb}`);
    return ExitCode.usage;
  },
};

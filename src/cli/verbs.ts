/** All verbs: which module serves one, and the line that `gonit help` shows. */

export interface Verb {
  name: string;
  /** Other names of the same verb. */
  aliases: string[];
  /** Module of src/cli, without its path. */
  module: string;
  group: "run" | "act" | "look" | "configuration" | "system" | "other";
  summary: string;
}

export const groupTitles: Record<Verb["group"], string> = {
  run: "Run",
  act: "Act",
  look: "Look",
  configuration: "Configuration",
  system: "System",
  other: "Other",
};

export const verbs: Verb[] = [
  {
    name: "up",
    aliases: [],
    module: "command-up",
    group: "run",
    summary: "start a system or a stack in the foreground",
  },
  { name: "init", aliases: [], module: "command-up", group: "run", summary: "be the init of a container or machine" },
  { name: "start", aliases: [], module: "command-act", group: "act", summary: "start services" },
  { name: "stop", aliases: [], module: "command-act", group: "act", summary: "stop services" },
  { name: "restart", aliases: [], module: "command-act", group: "act", summary: "stop and start services" },
  { name: "reload", aliases: [], module: "command-act", group: "act", summary: "make services read their files again" },
  { name: "run-task", aliases: [], module: "command-run-task", group: "act", summary: "run tasks now" },
  {
    name: "enable",
    aliases: ["disable"],
    module: "command-enable",
    group: "act",
    summary: "keep what is started with the system",
  },
  { name: "scale", aliases: [], module: "command-scale", group: "act", summary: "run another number of replicas" },
  { name: "kill", aliases: [], module: "command-kill", group: "act", summary: "send a signal to services" },
  {
    name: "attach",
    aliases: [],
    module: "command-attach",
    group: "act",
    summary: "use the terminal of a service",
  },
  {
    name: "exec",
    aliases: [],
    module: "command-exec",
    group: "act",
    summary: "run a program as a service does",
  },
  {
    name: "wait",
    aliases: [],
    module: "command-wait",
    group: "act",
    summary: "wait until services are ready, done or stopped",
  },
  {
    name: "status",
    aliases: ["ps", "ls"],
    module: "command-status",
    group: "look",
    summary: "show services and their states",
  },
  { name: "why", aliases: [], module: "command-why", group: "look", summary: "explain a service's state" },
  { name: "logs", aliases: [], module: "command-logs", group: "look", summary: "show what services print" },
  { name: "events", aliases: [], module: "command-look", group: "look", summary: "tell what happened" },
  { name: "graph", aliases: [], module: "command-look", group: "look", summary: "show what depends on what" },
  { name: "analyze", aliases: [], module: "command-look", group: "look", summary: "show how long the start took" },
  { name: "top", aliases: [], module: "command-top", group: "look", summary: "watch services, and act on them" },
  { name: "health", aliases: [], module: "command-health", group: "look", summary: "tell whether all is well" },
  {
    name: "networking",
    aliases: [],
    module: "command-networking",
    group: "look",
    summary: "show interfaces, addresses and leases",
  },
  { name: "check", aliases: [], module: "command-check", group: "configuration", summary: "check a configuration" },
  {
    name: "config",
    aliases: [],
    module: "command-config",
    group: "configuration",
    summary: "print the merged configuration",
  },
  {
    name: "import",
    aliases: [],
    module: "command-import",
    group: "configuration",
    summary: "make a configuration of another manager's files",
  },
  {
    name: "schema",
    aliases: [],
    module: "command-schema",
    group: "configuration",
    summary: "print the JSON Schema of a configuration, or of what a verb prints",
  },
  {
    name: "simulate",
    aliases: [],
    module: "command-simulate",
    group: "configuration",
    summary: "run a configuration in virtual time, with faults",
  },
  {
    name: "plan",
    aliases: [],
    module: "command-plan",
    group: "configuration",
    summary: "show what an apply would change",
  },
  {
    name: "apply",
    aliases: [],
    module: "command-apply",
    group: "configuration",
    summary: "put a configuration in place",
  },
  {
    name: "shutdown",
    aliases: ["poweroff", "reboot", "halt", "down"],
    module: "command-shutdown",
    group: "system",
    summary: "end the system in order",
  },
  {
    name: "completion",
    aliases: [],
    module: "command-look",
    group: "other",
    summary: "print a script that lets a shell complete",
  },
  { name: "version", aliases: [], module: "command-version", group: "other", summary: "show versions" },
  { name: "help", aliases: [], module: "command-help", group: "other", summary: "explain a verb" },
];

export function findVerb(name: string): Verb | undefined {
  return verbs.find((verb) => verb.name === name || verb.aliases.includes(name));
}

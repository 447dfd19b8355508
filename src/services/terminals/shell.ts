/** The program that a terminal gets, and its environment. Pure. */

export interface ShellPlan {
  argv: string[];
  environment: string[];
  directory: string;
}

export interface ShellFacts {
  /** The service's own environment. */
  environment: string[];
  terminal: string;
  uid: number;
  isProgram: (path: string) => boolean;
  isDirectory: (path: string) => boolean;
}

const ownFolder = "/system/bin";
/** What an interactive shell reads (ENV, sh(1)). The image builder writes it where busybox is the shell. */
const startUpFile = "/etc/gonit/shell.sh";
const pathDefault = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** What gonit tells this service alone. GONIT_INSTANCE and its like stay: by them a stop finds all that was started. */
const notPassedOn = ["NOTIFY_SOCKET", "GONIT_TITLE", "GONIT_VERSION", "GONIT_CONSOLE", "GONIT_ROLE", "GONIT_SETTINGS"];

/** null: there is no shell. */
export function planShell(facts: ShellFacts): ShellPlan | null {
  const variables = new Map<string, string>();
  for (const text of facts.environment) {
    const equals = text.indexOf("=");
    if (equals > 0) variables.set(text.slice(0, equals), text.slice(equals + 1));
  }
  const shells = [variables.get("SHELL") ?? "", "/bin/bash", "/bin/sh"];
  const shell = shells.find((path) => path.startsWith("/") && facts.isProgram(path));
  if (shell === undefined) return null;
  for (const name of notPassedOn) variables.delete(name);
  const home = variables.get("HOME") ?? (facts.uid === 0 ? "/root" : "/");
  variables.set("HOME", home);
  if (facts.uid === 0) {
    variables.set("USER", "root");
    variables.set("LOGNAME", "root");
  }
  variables.set("SHELL", shell);
  variables.set("PATH", searchPath(variables.get("PATH"), facts));
  variables.set("TERM", terminalType(variables.get("TERM"), facts.terminal));
  if (!variables.has("ENV") && facts.isProgram(startUpFile)) variables.set("ENV", startUpFile);
  variables.set("PS1", facts.uid === 0 ? "gonit# " : "gonit$ ");
  return {
    argv: [shell, ...shellOptions(shell)],
    environment: [...variables].map(([name, value]) => `${name}=${value}`),
    directory: facts.isDirectory(home) ? home : "/",
  };
}

/** A distribution's start-up files would set PATH and PS1 anew, without our commands. */
function shellOptions(shell: string): string[] {
  return shell.endsWith("/bash") ? ["--noprofile", "--norc"] : [];
}

function searchPath(given: string | undefined, facts: ShellFacts): string {
  const folders = (given === undefined || given === "" ? pathDefault : given).split(":");
  if (!facts.isDirectory(ownFolder)) return folders.join(":");
  return [ownFolder, ...folders.filter((folder) => folder !== ownFolder)].join(":");
}

/** The little system's console is the user's own terminal, whose type the environment tells. */
function terminalType(given: string | undefined, terminal: string): string {
  if (given !== undefined && given !== "" && given !== "dumb") return given;
  return /^\/dev\/tty[0-9]+$/.test(terminal) ? "linux" : "vt220";
}

/** What a terminal gets: a shell, the program login, or login for a user who need not be asked. Pure. */

import type { TerminalSettings } from "../../engine/builtin-settings.ts";
import { planShell, type ShellFacts, type ShellPlan } from "./shell.ts";

/** util-linux's or shadow's, else busybox's. */
const logins = [["/bin/login"], ["/usr/bin/login"], ["/bin/busybox", "login"], ["/usr/bin/busybox", "login"]];
/** The account gives these. */
const accountVariables = ["HOME", "USER", "LOGNAME", "SHELL", "PS1"];

export type LoginPlan =
  /** `isLogin`: it writes its own records of who is logged in. */
  (ShellPlan & { isLogin: boolean }) | { missing: string };

export function planLogin(settings: Pick<TerminalSettings, "login" | "user">, facts: ShellFacts): LoginPlan {
  const shell = planShell(facts);
  if (settings.login === "shell")
    return shell === null ? { missing: "there is no shell in /bin" } : { ...shell, isLogin: false };
  const program = logins.find(([path]) => path !== undefined && facts.isProgram(path));
  if (program === undefined) return { missing: "there is no program login: install one, or choose login: shell" };
  const user = settings.login === "autologin" ? ["-f", settings.user] : [];
  const environment = (shell?.environment ?? facts.environment).filter(
    (text) => !accountVariables.includes(text.slice(0, text.indexOf("="))),
  );
  // -p: GONIT_INSTANCE and its like stay in the environment, by which a stop finds all that was started.
  return { argv: [...program, "-p", ...user], environment, directory: "/", isLogin: true };
}

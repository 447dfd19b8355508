/** The key `terminals` of the file. */

import type { TerminalSettings } from "../engine/builtin-settings.ts";
import { Refusal } from "./refusal.ts";
import { changed, described, listOf, type NodeSchema, scalar } from "./schema-kit.ts";
import { keyed } from "./schema-maps.ts";
import { path, text } from "./values.ts";

/** Those of termios(3) that serial lines really have. */
const speeds = [1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 500000, 921600, 1000000, 1500000];

const speed = scalar("a speed", { type: "integer", enum: speeds }, (value) => {
  const number = Number(value);
  return speeds.includes(number) ? number : new Refusal(`it is none of ${speeds.join(", ")}`);
});

type Login = Pick<TerminalSettings, "login" | "user">;

const login: NodeSchema<Login> = scalar("who gets the terminal", { type: "string" }, (value): Login | Refusal => {
  if (value === "login" || value === "shell") return { login: value, user: "" };
  const user = /^autologin\s+([A-Za-z0-9_][A-Za-z0-9_.-]*)$/.exec(value)?.[1];
  if (user !== undefined) return { login: "autologin", user };
  return new Refusal("it is none of login, shell, autologin USER", value === "autologin" ? "write autologin root" : "");
});

const terminalMap = keyed(
  "a terminal",
  {
    device: described(path("a device"), "Path of the terminal, such as /dev/tty1 or /dev/ttyS0."),
    speed: described(speed, "Bits a second of a serial line. Default: as the line is."),
    login: described(
      login,
      "login: the program login asks who it is. shell: a shell as root. autologin USER. Default: shell.",
    ),
    message: described(text("a message"), "What stands before the prompt. Default: title, version, host and device."),
  },
  { required: ["device"], fixes: { scalar: "write - device: /dev/ttyS0" } },
);

const terminal: NodeSchema<TerminalSettings> = changed(terminalMap, (values) => ({
  device: values.device ?? "",
  speed: values.speed ?? null,
  ...(values.login ?? { login: "shell", user: "" }),
  message: values.message ?? null,
}));

export const terminals = listOf(terminal, "terminals");

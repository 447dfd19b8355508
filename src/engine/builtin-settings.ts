/** What the configuration says to the built-in services: plain data in the plan, given to them as JSON (GONIT_SETTINGS). */

export interface NetworkingSettings {
  /** In the order of the configuration; the first one's default route and name servers come first. */
  interfaces: InterfaceSettings[];
  /** No interface is named: DHCP on the first Ethernet device. */
  automatic: boolean;
  /** Empty: left alone. */
  hostname: string;
  dns: string[];
  search: string[];
}

export interface InterfaceSettings {
  name: string;
  dhcp: boolean;
  addresses: { text: string; bytes: number[]; prefix: number }[];
  gateways: { text: string; bytes: number[] }[];
  dns: string[];
  /** null: left alone. */
  mtu: number | null;
  /** The service is ready without it. */
  optional: boolean;
}

export interface TerminalsSettings {
  /** null: the consoles of the kernel, where the machine is ours. */
  terminals: TerminalSettings[] | null;
  /** gonit is process 1 of a machine, whose consoles are ours to use. */
  isMachine: boolean;
}

export interface TerminalSettings {
  /** Absolute path. */
  device: string;
  /** Bits a second; null: as the line is. */
  speed: number | null;
  login: "login" | "shell" | "autologin";
  /** Who is logged in by autologin; else empty. */
  user: string;
  /** Before each prompt; null: title, version, host and device. */
  message: string | null;
}

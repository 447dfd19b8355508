/**
 * What the built-in service networking says of itself, for `gonit networking status`: a file beside the control socket,
 * which it replaces with each change.
 */

export interface NetworkingStatus {
  /** Of the service that wrote it: whoever reads it asks the manager whether that one still runs. */
  pid: number;
  interfaces: NetworkingInterface[];
  resolver: { dns: string[]; search: string[] };
  hostname: string;
}

export interface NetworkingInterface {
  name: string;
  isReady: boolean;
  optional: boolean;
  /** What cannot be done, in words; empty: nothing. */
  problem: string;
  /** null: there is no interface of this name. */
  link: { hardware: string; mtu: number; carrier: boolean } | null;
  /** Fixed ones. */
  addresses: string[];
  /** Phase of the DHCP client; null without one. */
  dhcp: string | null;
  lease: {
    address: string;
    server: string;
    gateway: string | null;
    /** null: never. */
    endWallMs: number | null;
  } | null;
  dns: string[];
  search: string[];
}

/** null: the socket has an abstract name, so there is no folder to write to. */
export function networkingStatusPath(socket: string): string | null {
  return socket.startsWith("/") ? `${socket.replace(/\.sock$/, "")}-networking.json` : null;
}

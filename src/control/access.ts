/** Who may do what: decided by the peer's credentials, which the kernel gives. */

import type { Peer } from "../engine/event.ts";
import type { MethodName } from "./messages.ts";

const readingMethods: MethodName[] = ["version", "status", "why", "pending", "history", "graph"];

/** Root and gonit's own user may do everything; others may look, but not at output, which can hold secrets. */
export function mayCall(method: MethodName, peer: Peer, ownUid: number): boolean {
  return isTrusted(peer, ownUid) || readingMethods.includes(method);
}

/** What services print is shown to nobody else. */
export function isTrusted(peer: Peer, ownUid: number): boolean {
  return peer.uid === 0 || peer.uid === ownUid;
}

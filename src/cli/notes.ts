import type { Notification } from "../control/messages.ts";
import { print } from "./output.ts";

/** What the server tells before it acts, such as which other services a restart will touch. */
export function showNote(notification: Notification): void {
  if (notification.method === "accepted" && notification.params.note !== "") print(notification.params.note);
}

/** Requests of clients between their acceptance and their reply, and the last replies for those who ask again. */

import type { Reply } from "../engine/effect.ts";
import type { Ticket } from "../engine/instance.ts";

const keptReplies = 64;

export class Requests {
  private readonly waiting = new Map<Ticket, (reply: Reply) => void>();
  private readonly replies = new Map<Ticket, Reply>();

  wait(ticket: Ticket, done: (reply: Reply) => void): void {
    this.waiting.set(ticket, done);
  }

  forget(ticket: Ticket): void {
    this.waiting.delete(ticket);
  }

  earlierReply(ticket: Ticket): Reply | undefined {
    return this.replies.get(ticket);
  }

  reply(ticket: Ticket, reply: Reply): void {
    this.replies.set(ticket, reply);
    if (this.replies.size > keptReplies) {
      for (const oldest of this.replies.keys()) {
        this.replies.delete(oldest);
        break;
      }
    }
    const done = this.waiting.get(ticket);
    this.waiting.delete(ticket);
    done?.(reply);
  }
}

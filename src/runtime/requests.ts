/**
 * Requests of clients between their acceptance and their reply, and the replies that no client has had yet: whoever
 * waited for one while managers died comes back for it. A client that found no reply would ask for the same thing again.
 */

import type { Reply } from "../engine/effect.ts";
import type { Now } from "../engine/event.ts";
import type { Ticket } from "../engine/instance.ts";

/** Longer than a client tries to reach the next manager (src/cli/connection.ts). */
const keptMs = 15_000;
/** As many as there can be clients (src/control/server.ts). */
const keptMax = 512;

export interface UnheardReply {
  request: Ticket;
  reply: Reply;
  sinceBootMs: number;
}

export class Requests {
  private readonly waiting = new Map<Ticket, (reply: Reply) => boolean>();
  private readonly unheard = new Map<Ticket, UnheardReply>();

  /** `done` tells whether the client has all of the reply. */
  wait(ticket: Ticket, done: (reply: Reply) => boolean): void {
    this.waiting.set(ticket, done);
  }

  forget(ticket: Ticket): void {
    this.waiting.delete(ticket);
  }

  /** The reply of a request that ended while nobody listened is given to `done`. false: there is none. */
  hearAgain(ticket: Ticket, done: (reply: Reply) => boolean): boolean {
    const kept = this.unheard.get(ticket);
    if (kept === undefined) return false;
    if (done(kept.reply)) this.unheard.delete(ticket);
    return true;
  }

  reply(ticket: Ticket, reply: Reply, now: Now): void {
    const done = this.waiting.get(ticket);
    this.waiting.delete(ticket);
    if (done?.(reply) !== true) this.keep({ request: ticket, reply, sinceBootMs: now.bootMs });
  }

  /** What an earlier manager replied, which may have been heard or not. */
  keep(one: UnheardReply): void {
    this.unheard.set(one.request, one);
    for (const oldest of this.unheard.keys()) {
      if (this.unheard.size <= keptMax) break;
      this.unheard.delete(oldest);
    }
  }

  /** For the next manager: those whose clients may still come back. */
  unheardReplies(now: Now): UnheardReply[] {
    for (const [ticket, { sinceBootMs }] of this.unheard) {
      if (sinceBootMs + keptMs < now.bootMs) this.unheard.delete(ticket);
    }
    return [...this.unheard.values()];
  }
}

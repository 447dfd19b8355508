/**
 * Tickets of the runtime's own processes (probes' tries, readers): the upper half of a life's numbers. The engine takes
 * the lower half, so that the two never meet and neither needs to journal for the other.
 */

import { TICKETS_PER_LIFE, type Ticket } from "../engine/instance.ts";

export class RuntimeTickets {
  private next: Ticket;

  constructor(life: number) {
    this.next = life * TICKETS_PER_LIFE + TICKETS_PER_LIFE / 2;
  }

  take(): Ticket {
    return this.next++;
  }
}

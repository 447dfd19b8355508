/** Virtual time and what is to happen in it; things due at the same time happen in the order in which they were asked for. */

interface Entry {
  atMs: number;
  sequence: number;
  action: () => void;
}

export class Schedule {
  nowMs = 1000;
  private readonly heap: Entry[] = [];
  private sequence = 0;

  at(atMs: number, action: () => void): void {
    const entry = { atMs: Math.max(atMs, this.nowMs), sequence: this.sequence++, action };
    let at = this.heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, this.heap[parent] as Entry)) break;
      this.heap[at] = this.heap[parent] as Entry;
      at = parent;
    }
    this.heap[at] = entry;
  }

  in(ms: number, action: () => void): void {
    this.at(this.nowMs + ms, action);
  }

  nextMs(): number | null {
    return this.heap[0]?.atMs ?? null;
  }

  /** Does what comes next, if it is due by then; time moves on to it. */
  runNext(untilMs: number): boolean {
    const first = this.heap[0];
    if (first === undefined || first.atMs > untilMs) return false;
    this.removeFirst();
    this.nowMs = first.atMs;
    first.action();
    return true;
  }

  private removeFirst(): void {
    const last = this.heap.pop() as Entry;
    if (this.heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.heap.length) break;
      if (child + 1 < this.heap.length && isBefore(this.heap[child + 1] as Entry, this.heap[child] as Entry)) child++;
      if (!isBefore(this.heap[child] as Entry, last)) break;
      this.heap[at] = this.heap[child] as Entry;
      at = child;
    }
    this.heap[at] = last;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.sequence < other.sequence);
}

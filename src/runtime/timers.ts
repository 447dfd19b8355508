/**
 * Any number of timers over the three that the host has, one for each clock. A timer is a key and an absolute time; a
 * key that is armed again moves. Timers that were cancelled stay in the heap until they come to its top.
 */

import { Clock, Ready } from "../contract.ts";

interface Entry {
  atMs: number;
  key: number;
  fire: () => void;
}

const readyOfClock: Record<number, number> = {
  [Ready.timerMonotonic]: Clock.monotonic,
  [Ready.timerBoot]: Clock.boot,
  [Ready.timerWall]: Clock.wall,
};

/** The clock behind a pseudo descriptor of host.poll(), or 0. */
export function clockOfReady(fd: number): number {
  return readyOfClock[fd] ?? 0;
}

export class Timers {
  private readonly heaps: Record<number, Entry[]> = { [Clock.monotonic]: [], [Clock.boot]: [], [Clock.wall]: [] };
  private readonly live = new Map<number, Entry>();
  private readonly armedMs: Record<number, number> = {};

  /** Calls `fire` once when the clock reaches atMs. */
  arm(key: number, clock: number, atMs: number, fire: () => void): void {
    const entry = { atMs, key, fire };
    this.live.set(key, entry);
    const heap = this.heapOf(clock);
    push(heap, entry);
    // A start limit of 90 s is cancelled after milliseconds: without this, a million restarts would pile up here.
    if (heap.length > 64 && heap.length > 4 * this.live.size) this.compact(clock);
    this.setHostTimer(clock);
  }

  cancel(key: number): void {
    this.live.delete(key);
  }

  /** Fires what is due, at most `bound` timers. Called when the host's timer of this clock went off. */
  fireDue(clock: number, nowMs: number, bound = 64): void {
    const heap = this.heapOf(clock);
    for (let fired = 0; fired < bound; ) {
      const top = heap[0];
      if (top === undefined || top.atMs > nowMs) break;
      pop(heap);
      if (this.live.get(top.key) !== top) continue;
      this.live.delete(top.key);
      fired++;
      top.fire();
    }
    this.armedMs[clock] = -1;
    this.setHostTimer(clock);
  }

  /** The wall clock was set: the host's timer was cancelled by that. `told` tells the engine. */
  clockStepped(told: () => void): void {
    this.armedMs[Clock.wall] = -1;
    this.setHostTimer(Clock.wall);
    told();
  }

  private compact(clock: number): void {
    const kept: Entry[] = [];
    for (const entry of this.heapOf(clock)) if (this.live.get(entry.key) === entry) push(kept, entry);
    this.heaps[clock] = kept;
  }

  private heapOf(clock: number): Entry[] {
    const heap = this.heaps[clock];
    if (heap === undefined) throw new Error(`there is no clock ${clock}`);
    return heap;
  }

  private setHostTimer(clock: number): void {
    const heap = this.heapOf(clock);
    let top = heap[0];
    while (top !== undefined && this.live.get(top.key) !== top) {
      pop(heap);
      top = heap[0];
    }
    const atMs = top === undefined ? -1 : top.atMs;
    if (this.armedMs[clock] === atMs) return;
    this.armedMs[clock] = atMs;
    host.setTimer(clock, atMs);
  }
}

function push(heap: Entry[], entry: Entry): void {
  let at = heap.length;
  heap.push(entry);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent] as Entry;
    if (above.atMs <= entry.atMs) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = entry;
}

function pop(heap: Entry[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = at * 2 + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && (heap[child + 1] as Entry).atMs < (heap[child] as Entry).atMs) child++;
    const below = heap[child] as Entry;
    if (below.atMs >= last.atMs) break;
    heap[at] = below;
    at = child;
  }
  heap[at] = last;
}

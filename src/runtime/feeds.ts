/**
 * `stdin: {from: NAME}`: pipes from one service's standard output to another's standard input. init holds both ends, so
 * what is between the two outlives both of them, and the manager; whoever finds the pipe full waits.
 *
 * A reader of a service never meets the end of its input. A task is done at some time: then its end of the pipe is closed,
 * and opened again when it runs again.
 */

import { engineOf } from "../engine/engine.ts";
import type { Plan } from "../engine/plan.ts";
import type { State } from "../engine/state.ts";

const heldPrefix = "feed:";

interface Feed {
  readEnd: number;
  /** -1: the writer is done. */
  writeEnd: number;
}

export class Feeds {
  /** By the name of the reader. */
  private readonly feeds = new Map<string, Feed>();
  private plan: Plan | null = null;
  /** Names of readers by those of their writers. */
  private readers = new Map<string, string>();

  /** Ends that init holds from an earlier manager. */
  adopt(held: { name: string; fd: number }[]): void {
    for (const { name, fd } of held) {
      if (!name.startsWith(heldPrefix)) continue;
      const reader = name.slice(heldPrefix.length + 2);
      const feed = this.feeds.get(reader) ?? { readEnd: -1, writeEnd: -1 };
      this.feeds.set(reader, feed);
      if (name.startsWith(`${heldPrefix}r:`)) feed.readEnd = fd;
      else feed.writeEnd = fd;
    }
  }

  /** Standard input of a reader: a descriptor or -errno. */
  inputOf(reader: string): number {
    const feed = this.feedOf(reader);
    return typeof feed === "number" ? feed : feed.readEnd;
  }

  /** Standard output of a writer; null: nobody reads it. -errno. */
  outputOf(plan: Plan, writer: string): number | null {
    this.use(plan);
    const reader = this.readers.get(writer);
    if (reader === undefined) return null;
    const feed = this.feedOf(reader);
    if (typeof feed === "number") return feed;
    if (feed.writeEnd < 0) this.setWriteEnd(reader, feed, host.open(`/proc/self/fd/${feed.readEnd}`, "w", 0));
    return feed.writeEnd;
  }

  private feedOf(reader: string): Feed | number {
    const known = this.feeds.get(reader);
    if (known !== undefined && known.readEnd >= 0) return known;
    const pipe = host.pipe();
    if (typeof pipe === "number") return pipe;
    const [readEnd, writeEnd] = pipe;
    const feed: Feed = { readEnd, writeEnd: -1 };
    this.feeds.set(reader, feed);
    host.setBlocking(readEnd);
    host.hold(`${heldPrefix}r:${reader}`, readEnd);
    this.setWriteEnd(reader, feed, writeEnd);
    return feed;
  }

  private setWriteEnd(reader: string, feed: Feed, writeEnd: number): void {
    feed.writeEnd = writeEnd;
    if (writeEnd < 0) return;
    host.setBlocking(writeEnd);
    host.hold(`${heldPrefix}w:${reader}`, writeEnd);
  }

  private use(plan: Plan): void {
    if (plan === this.plan) return;
    this.plan = plan;
    const reading = plan.services.filter(({ stdinFrom }) => stdinFrom !== "");
    this.readers = new Map(reading.map(({ name, stdinFrom }) => [stdinFrom, name]));
  }

  /** Ends the input of who reads a task that is done, and forgets readers that are no more. */
  afterTurn(state: State): void {
    if (this.feeds.size === 0 || state.plan === null) return;
    this.use(state.plan);
    const { byName } = engineOf(state);
    for (const [reader, feed] of this.feeds) {
      const writer = byName.get(byName.get(reader)?.plan.stdinFrom ?? "");
      if (writer === undefined) this.forget(reader, feed);
      else if (writer.plan.type === "task" && (writer.unit.state === "done" || writer.unit.state === "failed"))
        this.closeWriteEnd(reader, feed);
    }
  }

  private closeWriteEnd(reader: string, feed: Feed): void {
    if (feed.writeEnd < 0) return;
    host.close(feed.writeEnd);
    feed.writeEnd = -1;
    host.releaseHeld(`${heldPrefix}w:${reader}`);
  }

  private forget(reader: string, feed: Feed): void {
    this.closeWriteEnd(reader, feed);
    this.feeds.delete(reader);
    host.close(feed.readEnd);
    host.releaseHeld(`${heldPrefix}r:${reader}`);
  }
}

/** Clients of `logs -f`: each follows some services' output until it goes away. */

import type { LogFollower, LogPiece } from "../control/control-host.ts";
import { type InstanceId, instanceKey } from "../engine/instance.ts";
import type { ServicePlan } from "../engine/plan.ts";
import { LogReader } from "./log-reader.ts";
import type { LogSource, LogStore } from "./log-store.ts";

interface Follower {
  /** Asked at each look, so that services that are added later are followed as well. */
  services: () => { service: ServicePlan; instance: InstanceId }[];
  more: (piece: LogPiece) => void;
  /** Time stamps are left where they stand. */
  stamps: boolean;
  readers: Map<string, LogReader>;
  watched: Map<string, { service: ServicePlan; instance: InstanceId }>;
}

export class Followers {
  private readonly logs: LogStore;
  private readonly followers = new Set<Follower>();

  constructor(logs: LogStore) {
    this.logs = logs;
    logs.onLastWords = (instance) => this.lookAtLastWords(instanceKey(instance));
  }

  add(services: Follower["services"], more: Follower["more"], stamps: boolean): LogFollower {
    const follower: Follower = { services, more, stamps, readers: new Map(), watched: new Map() };
    // What is there now is no news; a source that comes later is from its beginning.
    this.look(follower, (source) => host.logCounters(source.slot).stored);
    this.followers.add(follower);
    return {
      look: () => this.look(follower, () => 0),
      end: () => {
        this.followers.delete(follower);
        for (const { service, instance } of follower.watched.values()) this.logs.unwatch(service, instance);
      },
    };
  }

  /** Called when the bell rang. */
  lookAll(): void {
    for (const follower of this.followers) this.look(follower, () => 0);
  }

  /** An instance's main process has ended: what it said last may have no line end. */
  private lookAtLastWords(key: string): void {
    for (const follower of this.followers) {
      const entry = follower.watched.get(key);
      // Its first bytes may not have been looked at yet.
      if (entry !== undefined) this.look(follower, () => 0);
      for (const source of entry === undefined ? [] : this.logs.sourcesOf(entry.instance)) {
        const text = follower.readers.get(source.name)?.readLast(source) ?? "";
        if (text !== "") follower.more({ service: key, text });
      }
    }
  }

  /** `begin`: where a source begins that was not seen before. */
  private look(follower: Follower, begin: (source: LogSource) => number): void {
    for (const entry of follower.services()) {
      const key = instanceKey(entry.instance);
      if (!follower.watched.has(key)) {
        follower.watched.set(key, entry);
        this.logs.watch(entry.service, entry.instance);
      }
      for (const source of this.logs.sourcesOf(entry.instance)) {
        let reader = follower.readers.get(source.name);
        if (reader === undefined) {
          reader = new LogReader(begin(source), follower);
          follower.readers.set(source.name, reader);
        }
        const text = reader.read(source);
        if (text !== "") follower.more({ service: key, text });
      }
    }
  }
}

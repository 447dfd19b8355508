/** Which events of the history the words on a command line mean. */

import type { History, HistoryEvent } from "../../control/history.ts";
import type { Context } from "../command.ts";
import { ask, type Connection } from "../connection.ts";

export class NameFilter {
  /** null: all. */
  private readonly names: Set<string> | null = null;
  /** Requests that were wanted: their ends are, too. */
  private readonly requests = new Set<number>();

  /**
   * The names may be globs and tag:NAME of services that there are; a service that is gone has to be called by its name.
   * Ends the client when a word means nothing.
   */
  constructor(context: Context, connection: Connection, history: History | null) {
    const { words } = context;
    if (words.length === 0) return;
    const known = history === null ? new Set<string>() : namesIn(history);
    const unknown = words.filter((word) => !known.has(word));
    this.names = new Set(words.filter((word) => known.has(word)));
    if (unknown.length === 0) return;
    for (const { name } of ask(context, connection, "status", { names: unknown }).services) this.names.add(name);
  }

  isWanted(event: HistoryEvent): boolean {
    if (this.names === null) return true;
    switch (event.event) {
      case "request-received":
        if (!this.hasAny(event.names)) return false;
        this.requests.add(event.id);
        return true;
      case "request-ended":
        return this.requests.delete(event.id);
      case "plan-loaded":
        return this.hasAny([...event.added, ...event.changed, ...event.removed]);
      default:
        return "service" in event && this.means(event.service);
    }
  }

  means(name: string): boolean {
    return this.names?.has(name) ?? true;
  }

  /** A request may name a glob or a tag: then it is told, for nobody knows any more what it meant. */
  private hasAny(names: string[]): boolean {
    return names.some((name) => this.means(name) || /[*?[]|^tag:/.test(name));
  }
}

function namesIn({ base, lines }: History): Set<string> {
  const names = new Set(Object.keys(base.past.services));
  for (const { events } of lines) for (const event of events) if ("service" in event) names.add(event.service);
  return names;
}

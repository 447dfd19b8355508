/** What the rules of compose.yaml work on, and how they write what several of them write. */

import type { MapNode } from "../config/node.ts";
import { Raw } from "../config/write-yaml.ts";
import type { At, Draft, ServiceDraft } from "./draft.ts";
import { duration, readDuration } from "./durations.ts";

export interface ComposeContext {
  name: string;
  node: MapNode;
  service: ServiceDraft;
  draft: Draft;
  /** A path of the file as the configuration has it. */
  pathOf: (path: string) => string;
}

export function putSize(service: ServiceDraft, entry: string, text: string | null, at: At): void {
  const found = /^(\d+(?:\.\d+)?)\s*([bkmgt]?)/i.exec(text ?? "");
  if (found !== null && Number(found[1]) > 0)
    service.put("limits", entry, new Raw(`${found[1]}${(found[2] ?? "").toUpperCase().replace("B", "")}`), at);
}

export function putDuration(service: ServiceDraft, key: string, entry: string, text: string | null, at: At): void {
  const ms = readDuration(text ?? "");
  if (ms !== null) service.put(key, entry, duration(ms), at);
}

export function replicas(text: string | null, at: At, service: ServiceDraft): void {
  if (text === "0") service.set("enabled", false, at);
  else if (Number(text) > 1) service.set("replicas", new Raw(text ?? ""), at);
}

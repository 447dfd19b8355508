/**
 * What the service has set up, for the next one: a configuration that is changed, or taken away, must not leave behind
 * what the old one brought. Only for this boot. Pure.
 */

import type { Interface } from "./interfaces.ts";
import { leftOver, type Setup } from "./setup.ts";

/** By the interface's name. */
export type SetupRecord = Map<string, Setup>;

export function setupRecordText(record: SetupRecord, boot: string): string {
  return `${JSON.stringify({ boot, interfaces: Object.fromEntries(record) })}\n`;
}

/** Nothing of a file that is damaged, or of another boot. */
export function readSetupRecord(text: string, boot: string): SetupRecord {
  const record: SetupRecord = new Map();
  try {
    const file = JSON.parse(text) as { boot: string; interfaces: Record<string, Setup> };
    if (boot === "" || file.boot !== boot) return record;
    for (const [name, { addresses, routes }] of Object.entries(file.interfaces)) {
      if (Array.isArray(addresses) && Array.isArray(routes)) record.set(name, { addresses, routes, mtu: 0 });
    }
  } catch {
    // It is as if there were none.
  }
  return record;
}

/** What an earlier run has set up and nobody wants any more. Another interface may have the name by now. */
export function staleSetups(record: SetupRecord, links: Interface[], wanted: (link: Interface) => Setup): Setup[] {
  return links.flatMap((link) => {
    const before = record.get(link.name);
    return before === undefined ? [] : leftOver(onLink(before, link.index), wanted(link));
  });
}

function onLink({ addresses, routes }: Setup, index: number): Setup {
  return {
    addresses: addresses.map((one) => ({ ...one, index })),
    routes: routes.map((one) => ({ ...one, index })),
    mtu: 0,
  };
}

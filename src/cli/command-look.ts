/** Verbs that look at a running system: rarely used, so in one module that packs better than one each would. */

import type { Command } from "./command.ts";
import { analyze } from "./look/command-analyze.ts";
import { completion } from "./look/command-completion.ts";
import { events } from "./look/command-events.ts";
import { graph } from "./look/command-graph.ts";

export { statusAt } from "./look/status-at.ts";

export const commands: Record<string, Command> = { analyze, completion, events, graph };

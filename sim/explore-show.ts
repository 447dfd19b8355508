/** What an exploration found wrong, in a form that people can read, with what is needed to see it again. */

import type { Effect } from "../src/engine/effect.ts";
import type { Event } from "../src/engine/event.ts";
import type { State } from "../src/engine/state.ts";
import type { Wrong } from "./explore.ts";
import { allowanceOf, type Budget } from "./explore-budget.ts";
import { choicesOf } from "./explore-choices.ts";
import { type Graph, graphText, planOf } from "./explore-graphs.ts";
import { type Choice, emptyPosition, firstEvents, happen, type Step, type Turn, takeLive } from "./explore-world.ts";

export function shownWrong(graph: Graph, budget: Budget, { message, path }: Wrong, step: Step): string {
  const left = Object.entries(allowanceOf(budget)).filter(([, count]) => count > 0);
  const allowance = left.map(([name, count]) => `${name}:${count}`);
  const lines = [
    message,
    `again: EXPLORE_GRAPH="${graphText(graph)}" EXPLORE_BUDGET=${allowance.join(",")} npm test -- sim/explore.test`,
  ];
  try {
    const position = emptyPosition(budget);
    for (const event of firstEvents(planOf(graph))) lines.push(...shownTurn(happen(position, event, step)));
    for (const { choice, lost } of path) {
      const taken = choicesOf(position)[choice] as Choice;
      lines.push(...shownTurn(takeLive(position, taken, step, lost)));
      if (lost >= 0) lines.push(`    the manager dies, signal ${lost + 1} of this turn is not sent`);
    }
  } catch (error) {
    lines.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  return lines.join("\n");
}

function shownTurn({ event, effects, position }: Turn): string[] {
  const shown = effects.map((effect) => shownEffect(effect)).filter((text) => text !== "");
  return [
    `  ${shownEvent(event, position.state)}`,
    ...shown.map((text) => `    ${text}`),
    `    -> ${shownUnits(position.state)}`,
  ];
}

function shownEvent(event: Event, state: State): string {
  if (event.kind === "request-received") {
    const { request } = event;
    const names = "names" in request ? ` ${request.names.join(" ")}` : "";
    return `request ${request.verb}${names}${"force" in request && request.force ? " --force" : ""}`;
  }
  if (!("ticket" in event)) return event.kind;
  const details = Object.entries(event).filter(([key]) => ["code", "signal", "stage", "errno"].includes(key));
  return [event.kind, ownerOf(state, event.ticket), ...details.map(([key, value]) => `${key}=${value}`)].join(" ");
}

/** Tickets stay in the text: what has been closed by the event has no owner any more. */
function ownerOf(state: State, ticket: number): string {
  const number = ticket % 2 ** 32;
  const unit = state.units.find(({ run, backoff }) => run?.start === ticket || backoff === ticket);
  return unit === undefined ? `#${number}` : `${unit.name} #${number}`;
}

function shownEffect(effect: Effect): string {
  if (effect.kind === "log" || effect.kind === "publish") return "";
  if (effect.kind === "reply") return `reply ${effect.reply.outcome}`;
  const unit = "instance" in effect && effect.instance !== null ? ` ${effect.instance.service}` : "";
  const ticket = "ticket" in effect ? ` #${effect.ticket % 2 ** 32}` : "";
  const kind = effect.kind === "spawn" ? ` kind ${effect.processKind}` : "";
  return `${effect.kind}${unit}${kind}${effect.kind === "signal" ? ` ${effect.signal}` : ""}${ticket}`;
}

function shownUnits({ units, shutdown }: State): string {
  const texts = units.map(({ name, state, wanted, stopWish, blockedBy, run }) => {
    const marks = [
      wanted === "down" ? "not wanted" : "",
      stopWish && `to stop: ${stopWish}`,
      blockedBy && `blocked by ${blockedBy}`,
      run?.phase ?? "",
    ];
    return `${name} ${state} (${marks.filter((mark) => mark !== "").join(", ")})`;
  });
  return texts.join("; ") + (shutdown === null ? "" : "; shutting down");
}

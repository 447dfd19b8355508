/** `gonit status --at T`: the states of all services at a moment, from the history. */

import { ExitCode } from "../../contract.ts";
import { pastAt, readHistory, type ServicePast } from "../../control/history.ts";
import { isoTime } from "../../control/iso-time.ts";
import type { Context } from "../command.ts";
import { ask, connect } from "../connection.ts";
import type { PastService, PastStatus } from "../json-shapes.ts";
import { type Moment, momentOption } from "../moment.ts";
import { painter, print, printError, printJson, shownDuration, table } from "../output.ts";
import { stateGroup } from "./graph-words.ts";
import { NameFilter } from "./named.ts";

export function statusAt(context: Context): number {
  const moment = momentOption(context, "--at") as Moment;
  const { agoMs } = moment;
  if (agoMs < 0) {
    printError("cannot tell states that are still to come; see gonit simulate");
    return ExitCode.usage;
  }
  const connection = connect(context);
  const { texts, rules, bootMs, wallMs } = ask(context, connection, "history", { follow: false });
  const history = readHistory(texts);
  // Events are told in whole milliseconds: what happened in this one has happened.
  const atBootMs = Math.ceil(moment.bootMs);
  const at = isoTime(moment.wallMs);
  if (history === null || atBootMs < history.base.bootMs) {
    const back = history === null ? "nothing is known" : `the history reaches back to ${reachOf(history.base.bootMs)}`;
    connection.close();
    printError(`cannot tell the states at ${at}: ${back}`);
    return ExitCode.failed;
  }
  const filter = new NameFilter(context, connection, history);
  connection.close();
  const from = history.base.bootMs;
  const { services } = pastAt(history, atBootMs);
  const rows = Object.entries(services).filter(([name]) => filter.means(name));
  if (context.options.json) {
    const reachesBackTo = reachOf(from);
    const status: PastStatus = { at, reachesBackTo, services: rows.map((row) => jsonOf(row, rules)) };
    printJson(status);
  } else {
    print(`${at}, ${shownDuration(agoMs)} ago; the history reaches back to ${reachOf(from)}`);
    print(shown(rows, atBootMs, rules, context));
  }
  return ExitCode.ok;

  /** By the clock as it is now: it may have been set since. */
  function reachOf(thenBootMs: number): string {
    return isoTime(wallMs - (bootMs - thenBootMs));
  }
}

function jsonOf([name, past]: [string, ServicePast], rules: Record<string, string>): PastService {
  const { state, shown, pid, sinceWallMs, rule, detail } = past;
  return { name, state, shown, pid, sinceWallMs, rule, cause: rules[rule] ?? rule, detail };
}

function shown(
  rows: [string, ServicePast][],
  atBootMs: number,
  rules: Record<string, string>,
  { options }: Context,
): string {
  if (rows.length === 0) return "no services";
  const paint = painter(options);
  const cells = rows.map(([name, past]) => {
    const because = past.detail === "" ? (rules[past.rule] ?? past.rule) : past.detail;
    const since = shownDuration(atBootMs - past.sinceBootMs);
    return [name, past.shown, past.pid === null ? "-" : String(past.pid), since, because];
  });
  return table([["SERVICE", "STATE", "PID", "SINCE", "BECAUSE"], ...cells], (cell, row, column) => {
    if (row === 0) return paint(cell, "dim");
    const past = rows[row - 1]?.[1];
    if (column !== 1 || past === undefined) return cell;
    return paint(cell, ({ up: "green", down: "dim", bad: "red", moving: "yellow" } as const)[stateGroup(past.state)]);
  });
}

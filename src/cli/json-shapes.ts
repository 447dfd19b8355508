/** What verbs print with `--json`, where that is no answer of the manager as it stands. Schemas are made from here. */

import type { HistoryEvent } from "../control/history.ts";
import type { VersionInfo } from "../control/messages.ts";
import type { Explanation, StateName } from "../engine/view.ts";
import type { BootAnalysis, StartAnalysis } from "./look/start-analysis.ts";

export interface HealthOutput {
  ok: boolean;
  troubles: Trouble[];
}

export interface Trouble {
  /** Empty: the system as a whole. */
  service: string;
  reason: string;
}

export interface VersionOutput {
  version: string;
  /** null: none answers. */
  running: VersionInfo | null;
}

/** Without a name a list: all that is under way. */
export type WhyOutput = Explanation | Explanation[];

/** With --since a line each, merged by time. */
export interface LogsOutput {
  logs: LogPieceOutput[] | LogLine[];
}

export interface LogPieceOutput {
  service: string;
  text: string;
  /** The last line of the text has no end: the service has not written one yet, or died before. */
  partial: boolean;
}

export interface LogLine {
  /** ISO 8601; empty: it is not known. */
  time: string;
  service: string;
  text: string;
  /** It goes on in the service's next line: it was cut there, or the service has not written its end yet. */
  partial: boolean;
}

export interface EventHead {
  /** Number of the event, without gaps. */
  seq: number;
  /** ISO 8601. */
  time: string;
  /** Since 1970, and since the kernel began with suspend counted. */
  wallMs: number;
  bootMs: number;
  /** Of a changed state: the one before, and the rule in words. */
  was?: string;
  cause?: string;
}

/** One line of `gonit events --json`. */
export type EventOutput = EventHead & HistoryEvent;

export type AnalyzeOutput = AnalyzeHead & StartAnalysis;

export interface AnalyzeHead {
  /** Of `analyze boot`. */
  boot?: BootAnalysis;
}

/** `gonit status --at`. */
export interface PastStatus {
  /** ISO 8601, as `reachesBackTo`, before which nothing is known. */
  at: string;
  reachesBackTo: string;
  services: PastService[];
}

export interface PastService {
  name: string;
  state: StateName;
  shown: string;
  pid: number | null;
  sinceWallMs: number;
  rule: string;
  /** The rule in words, and what it did. */
  cause: string;
  detail: string;
}

/**
 * Walks through everything that can happen to a small system, breadth first, until no new position is found (closure) or
 * a bound is reached, and checks every turn and every position on the way. The first thing that is wrong is therefore
 * reached by a shortest way.
 *
 * Two positions with the same key (explore-key.ts) are one, and a position is not gone on from when it has been seen with
 * at least as much that may still go wrong (explore-budget.ts): the one with more can do all that the other can. What is
 * checked does not look at what is left, so nothing is missed.
 *
 * That everything comes to rest needs no search for loops of its own: at the end the free choices, which are those that
 * need no fault and nobody's wish, must form no circle. Then every way of free choices ends, in a position that
 * checkRest() has looked at: there a shutdown is over, and what waits says what for.
 */

import type { Plan } from "../src/engine/plan.ts";
import { step as realStep } from "../src/engine/step.ts";
import { addBudget, type Budget, canPay, covers, noBudget, price } from "./explore-budget.ts";
import { beforeTurn, checkNewManager, checkPosition, checkRest, checkTurn, isToCheck } from "./explore-checks.ts";
import { choicesOf } from "./explore-choices.ts";
import { keyOf } from "./explore-key.ts";
import { keep } from "./explore-stage.ts";
import {
  type Choice,
  emptyPosition,
  firstEvents,
  happen,
  type Position,
  type Step,
  signalCount,
  take,
  takeBoth,
  takeLive,
} from "./explore-world.ts";

export interface ExploreOptions {
  budget: Budget;
  /** Steps from the beginning; Infinity: until nothing new is found. */
  depthMax?: number;
  /** Positions after which the exploration gives up. */
  positionsMax?: number;
  /** The engine, or one with a planted fault. */
  step?: Step;
  /** One of so many positions is reached again by one live engine from the beginning, and compared. */
  replayEvery?: number;
}

export interface Explored {
  positions: number;
  transitions: number;
  depth: number;
  /** No new position was left. */
  isClosed: boolean;
  failure: Wrong | null;
}

export interface Wrong {
  message: string;
  /** Which choice was taken at each position from the first on, and which signal was lost (-1: none). */
  path: Move[];
}

export interface Move {
  choice: number;
  lost: number;
}

const none = -1;
/*
 * What follows are claims about the engine and the exploration, not about one position: each is tried thousands of times
 * in a graph of three services, and in every graph.
 */
/** A new manager is tried at one of so many positions; what it would do again is compared at each. */
const newManagerEvery = 128;
/** The engine's look-up tables are compared with new ones at one of so many. */
const tablesEvery = 16;
/** The key is tried at one of so many positions. */
const twinEvery = 64;
/** Answers that come in one turn are compared with the same in two at one of so many. */
const batchEvery = 64;

/** The positions that are known, without themselves: how each was reached, and with what budget. */
class Known {
  private readonly first = new Map<string, number>();
  private readonly next: number[] = [];
  private readonly budgets: Budget[] = [];
  private readonly parents: number[] = [];
  private readonly moves: number[] = [];

  get count(): number {
    return this.parents.length;
  }

  /** A known position that can do all that this one can, or none. */
  find(key: string, budget: Budget): number {
    for (let at = this.first.get(key) ?? none; at !== none; at = this.next[at] as number) {
      if (covers(this.budgets[at] as Budget, budget)) return at;
    }
    return none;
  }

  add(key: string, budget: Budget, parent: number, { choice, lost }: Move): number {
    const at = this.count;
    this.next.push(this.first.get(key) ?? none);
    this.first.set(key, at);
    this.budgets.push(budget);
    this.parents.push(parent);
    this.moves.push((choice << 3) | (lost + 1));
    return at;
  }

  /** How the position was reached first. */
  pathTo(at: number): Move[] {
    const path: Move[] = [];
    for (let one = at; (this.parents[one] as number) !== none; one = this.parents[one] as number) {
      const move = this.moves[one] as number;
      path.push({ choice: move >> 3, lost: (move & 7) - 1 });
    }
    return path.reverse();
  }
}

interface Open {
  at: number;
  position: Position;
}

class Exploration {
  readonly known = new Known();
  transitions = 0;
  depth = 0;
  private readonly twins = new Map<number, Open>();
  private readonly step: Step;
  private readonly options: ExploreOptions;
  private frontier: Open[] = [];
  private nextFrontier: Open[] = [];
  /** Free choices, as pairs of positions. */
  private readonly freeFrom: number[] = [];
  private readonly freeTo: number[] = [];

  constructor(options: ExploreOptions) {
    this.options = options;
    this.step = options.step ?? realStep;
  }

  run(plan: Plan): Explored {
    let at = none;
    let move: Move = { choice: 0, lost: none };
    try {
      this.begin(plan, move);
      const { depthMax = Number.POSITIVE_INFINITY, positionsMax = Number.POSITIVE_INFINITY } = this.options;
      while (this.frontier.length > 0 || this.nextFrontier.length > 0) {
        if (this.frontier.length === 0) {
          if (this.depth >= depthMax) break;
          this.frontier = this.nextFrontier;
          this.nextFrontier = [];
          this.depth++;
        }
        if (this.known.count > positionsMax) break;
        const open = this.frontier.pop() as Open;
        at = open.at;
        move = { choice: none, lost: none };
        this.goOn(open, plan, move);
      }
      at = none;
      this.checkCircles();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const path = at === none ? [] : this.known.pathTo(at);
      if (at !== none && move.choice !== none) path.push({ ...move });
      return this.explored({ message, path: error instanceof Circle ? this.known.pathTo(error.at) : path });
    }
    return this.explored(null);
  }

  private begin(plan: Plan, move: Move): void {
    const position = emptyPosition(this.options.budget);
    for (const event of firstEvents(plan)) {
      const before = beforeTurn(position, event);
      checkTurn(before, happen(position, event, this.step));
    }
    this.arrive(position, none, move);
  }

  private explored(failure: Wrong | null): Explored {
    const { known, transitions, depth } = this;
    const isClosed = failure === null && this.frontier.length === 0 && this.nextFrontier.length === 0;
    return { positions: known.count, transitions, depth, isClosed, failure };
  }

  /** Takes every choice from a position. `move` always tells which one is being taken. */
  private goOn({ at, position }: Open, plan: Plan, move: Move): void {
    if (this.options.replayEvery !== undefined && at % this.options.replayEvery === 0)
      this.checkReplay(at, plan, position);
    const choices = choicesOf(position);
    if (!choices.some(({ isFree }) => isFree)) checkRest(position);
    if (at % batchEvery === 0) this.checkBatches(position, choices);
    for (let number = 0; number < choices.length; number++) {
      const choice = choices[number] as Choice;
      move.choice = number;
      move.lost = none;
      const signals = this.takeOne(at, position, choice, move);
      if (!canPay(position.budget, addBudget(choice.cost, price.crashes))) continue;
      for (let lost = 0; lost < signals; lost++) {
        move.lost = lost;
        this.takeOne(at, position, choice, move);
      }
    }
  }

  /** How many signals it sends. */
  private takeOne(at: number, position: Position, choice: Choice, move: Move): number {
    this.transitions++;
    const turn = take(position, choice, this.step, move.lost);
    if (isToCheck(position, turn)) checkTurn(beforeTurn(position, choice.event), turn);
    const to = this.arrive(turn.position, at, move);
    if (choice.isFree && move.lost === none) {
      this.freeFrom.push(at);
      this.freeTo.push(to);
    }
    return signalCount(turn.effects);
  }

  private arrive(position: Position, parent: number, move: Move): number {
    const key = keyOf(position);
    const seen = this.known.find(key, position.budget);
    if (seen !== none) {
      this.compareTwins(seen, position);
      return seen;
    }
    const at = this.known.add(key, position.budget, parent, move);
    checkPosition(position, { tables: at % tablesEvery === 0 });
    if (at % newManagerEvery === 0) checkNewManager(position, this.step);
    const open = { at, position: keep(position) };
    this.nextFrontier.push(open);
    if (at % twinEvery === twinEvery - 1) this.twins.set(at, open);
    return at;
  }

  /** Positions of one key, reached in two ways, must go on alike: what the key leaves out makes no difference. */
  private compareTwins(at: number, position: Position): void {
    const twin = this.twins.get(at)?.position;
    if (twin === undefined || twin.budget !== position.budget) return;
    this.twins.delete(at);
    keep(position);
    const [one, other] = [this.future(twin), this.future(position)];
    if (one !== other) throw new Error(`two positions of one key go on differently:\n${one}\n${other}`);
  }

  /** The keys of all that can follow, in no order. */
  private future(position: Position): string {
    const keys = choicesOf(position).map((choice) => {
      const { position: next } = take(position, choice, this.step);
      return `${choice.isFree} ${choice.cost} ${JSON.stringify(keyOf(next))}`;
    });
    return keys.sort().join("\n");
  }

  /** Whether the answers to two orders come in one turn of the manager or in two makes no difference. */
  private checkBatches(position: Position, choices: Choice[]): void {
    const answers = choices.filter(({ event, cost }) => "ticket" in event && cost === noBudget);
    for (const [at, first] of answers.entries()) {
      const middle = keep(take(position, first, this.step).position);
      const wanted = JSON.stringify(answers[(at + 1) % answers.length]?.event);
      const second = choicesOf(middle).find(({ event, cost }) => cost === noBudget && JSON.stringify(event) === wanted);
      if (second === undefined) continue;
      const inTwo = keyOf(take(middle, second, this.step).position);
      const inOne = keyOf(takeBoth(position, first, answers[(at + 1) % answers.length] as Choice, this.step));
      if (inOne !== inTwo)
        throw new Error(`${first.event.kind} and ${second.event.kind} in one turn make a difference`);
    }
  }

  /** One live engine that goes the whole way arrives where the exploration is, which has gone by copies. */
  private checkReplay(at: number, plan: Plan, position: Position): void {
    const live = emptyPosition(this.options.budget);
    for (const event of firstEvents(plan)) happen(live, event, this.step);
    for (const { choice, lost } of this.known.pathTo(at))
      takeLive(live, choicesOf(live)[choice] as Choice, this.step, lost);
    if (keyOf(live) !== keyOf(position)) throw new Error("a replay from the beginning arrives in another state");
  }

  private checkCircles(): void {
    const at = findCircle(this.known.count, this.freeFrom, this.freeTo);
    if (at !== none) throw new Circle(at);
  }
}

class Circle extends Error {
  readonly at: number;

  constructor(at: number) {
    super("what goes on by itself from here never comes to rest");
    this.at = at;
  }
}

/** A node that lies on a circle, or is led to by none but such; none where there is no circle. */
export function findCircle(count: number, from: number[], to: number[]): number {
  const degree = new Int32Array(count);
  for (const node of to) degree[node] = (degree[node] as number) + 1;
  const starts = new Int32Array(count + 1);
  for (const node of from) starts[node + 1] = (starts[node + 1] as number) + 1;
  for (let node = 0; node < count; node++) starts[node + 1] = (starts[node + 1] as number) + (starts[node] as number);
  const fill = starts.slice();
  const targets = new Int32Array(to.length);
  for (const [edge, node] of from.entries()) {
    targets[fill[node] as number] = to[edge] as number;
    fill[node] = (fill[node] as number) + 1;
  }
  const ready: number[] = [];
  for (let node = 0; node < count; node++) if (degree[node] === 0) ready.push(node);
  let left = count;
  for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
    left--;
    for (let edge = starts[node] as number; edge < (starts[node + 1] as number); edge++) {
      const target = targets[edge] as number;
      degree[target] = (degree[target] as number) - 1;
      if (degree[target] === 0) ready.push(target);
    }
  }
  return left === 0 ? none : degree.findIndex((one) => one > 0);
}

export function explore(plan: Plan, options: ExploreOptions): Explored {
  return new Exploration(options).run(plan);
}

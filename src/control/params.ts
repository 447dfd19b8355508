/** Reads the parameters of a request, one field at a time; a wrong one is an error that names it. */

import type { Request } from "../engine/event.ts";
import { ErrorCode, type RpcError } from "./messages.ts";

export class ParamError extends Error {
  readonly rpc: RpcError;

  constructor(message: string) {
    super(message);
    this.rpc = { code: ErrorCode.invalidParams, message: `cannot serve the request: ${message}` };
  }
}

type Params = Record<string, unknown>;

export function textParam(params: Params, name: string): string {
  const value = params[name];
  if (typeof value !== "string") throw new ParamError(`${name} must be a text`);
  return value;
}

export function optionalText(params: Params, name: string): string | null {
  return params[name] === undefined || params[name] === null ? null : textParam(params, name);
}

export function namesParam(params: Params, name: string): string[] {
  const value = params[name] ?? [];
  if (!Array.isArray(value) || value.length > 10_000 || value.some((item) => typeof item !== "string")) {
    throw new ParamError(`${name} must be a list of texts`);
  }
  return value as string[];
}

export function numberParam(params: Params, name: string, bounds: { min: number; max: number }): number {
  const value = params[name];
  if (typeof value !== "number" || !Number.isInteger(value) || value < bounds.min || value > bounds.max) {
    throw new ParamError(`${name} must be a whole number from ${bounds.min} to ${bounds.max}`);
  }
  return value;
}

export function optionalNumber(params: Params, name: string, bounds: { min: number; max: number }): number | null {
  return params[name] === undefined || params[name] === null ? null : numberParam(params, name, bounds);
}

export function flagParam(params: Params, name: string, otherwise: boolean): boolean {
  const value = params[name] ?? otherwise;
  if (typeof value !== "boolean") throw new ParamError(`${name} must be true or false`);
  return value;
}

function oneOf<Value extends string>(params: Params, name: string, values: readonly Value[]): Value {
  const value = params[name];
  const found = values.find((allowed) => allowed === value);
  if (found === undefined) throw new ParamError(`${name} must be one of ${values.join(", ")}`);
  return found;
}

/** The engine's request in `params.request`. */
export function requestParam(params: Params): Request {
  const value = params.request;
  if (typeof value !== "object" || value === null) throw new ParamError("request must be an object");
  const fields = value as Params;
  const verb = oneOf(fields, "verb", ["start", "stop", "restart", "reload", "run-task", "kill", "wait", "shutdown"]);
  if (verb === "shutdown") {
    return {
      verb,
      mode: numberParam(fields, "mode", { min: 1, max: 4 }),
      exitCode: optionalNumber(fields, "exitCode", { min: 0, max: 255 }),
      force: flagParam(fields, "force", false),
      reason: optionalText(fields, "reason") ?? "asked by a client",
    };
  }
  const names = namesParam(fields, "names");
  if (names.length === 0) throw new ParamError("names must not be empty");
  if (verb === "stop") return { verb, names, force: flagParam(fields, "force", false) };
  if (verb === "kill") {
    const signal = numberParam(fields, "signal", { min: 1, max: 64 });
    return { verb, names, signal, scope: oneOf(fields, "scope", ["process", "group", "tree"]) };
  }
  if (verb === "wait") return { verb, names, until: oneOf(fields, "until", ["ready", "healthy", "done", "stopped"]) };
  return { verb, names };
}

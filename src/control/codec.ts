/**
 * JSON-RPC lines. Bytes are collected until a newline and bounded; nothing is decoded before a line is whole.
 */

import { ErrorCode, type RpcError, type RpcRequest } from "./messages.ts";

export type Line = { text: string } | { tooLong: true };

const partsMax = 64;

/** Splits a stream of bytes into lines of at most `bytesMax`. */
export class LineSplitter {
  private readonly bytesMax: number;
  private parts: Uint8Array[] = [];
  private byteCount = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** Of the line that is not whole yet. */
  get bytes(): number {
    return this.byteCount;
  }

  push(data: Uint8Array): Line[] {
    const lines: Line[] = [];
    let from = 0;
    for (;;) {
      const newline = data.indexOf(10, from);
      const end = newline < 0 ? data.length : newline;
      this.byteCount += end - from;
      if (this.byteCount > this.bytesMax) {
        this.clear();
        lines.push({ tooLong: true });
        return lines;
      }
      if (end > from) this.parts.push(data.subarray(from, end));
      // Whoever sends byte by byte would have us keep an object for each.
      if (this.parts.length > partsMax) this.parts = [joinParts(this.parts, this.byteCount)];
      if (newline < 0) return lines;
      lines.push({ text: host.decodeUtf8(joinParts(this.parts, this.byteCount)) });
      this.clear();
      from = newline + 1;
    }
  }

  private clear(): void {
    this.parts = [];
    this.byteCount = 0;
  }
}

function joinParts(parts: Uint8Array[], bytes: number): Uint8Array {
  const first = parts[0];
  if (parts.length === 1 && first !== undefined) return first;
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export type ParsedRequest = { request: RpcRequest } | { error: RpcError; id: number | string | null };

/** One line to a request, or to the error that JSON-RPC 2.0 names for it. */
export function parseRequest(text: string): ParsedRequest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { error: { code: ErrorCode.parse, message: "cannot read the request: it is no JSON" }, id: null };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return {
      error: { code: ErrorCode.invalidRequest, message: "cannot serve the request: it is no object" },
      id: null,
    };
  }
  const { jsonrpc, id, method, params } = value as Record<string, unknown>;
  const shownId = typeof id === "number" || typeof id === "string" ? id : null;
  if (jsonrpc !== "2.0" || typeof method !== "string" || shownId === null) {
    const message = 'cannot serve the request: "jsonrpc": "2.0", "id" and "method" are needed';
    return { error: { code: ErrorCode.invalidRequest, message }, id: shownId };
  }
  if (params !== undefined && (typeof params !== "object" || params === null || Array.isArray(params))) {
    return {
      error: { code: ErrorCode.invalidParams, message: "cannot serve the request: params is no object" },
      id: shownId,
    };
  }
  return { request: { jsonrpc, id: shownId, method, params: (params ?? {}) as Record<string, unknown> } };
}

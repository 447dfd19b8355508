/**
 * One HTTP question, RFC 9112: a GET on a connection of its own, of whose answer only the status line is read. Nothing of
 * a body is kept: a server may send for ever.
 */

import type { HttpQuestion } from "../engine/plan.ts";

const headBytesMax = 8192;
const chunkBytes = 4096;

export function httpRequest({ host: name, port, target, headers }: HttpQuestion): string {
  const given = new Set(Object.keys(headers).map((header) => header.toLowerCase()));
  const own: Record<string, string> = {
    Host: `${name.includes(":") ? `[${name}]` : name}${port === 80 ? "" : `:${port}`}`,
    "User-Agent": "gonit",
    Accept: "*/*",
    Connection: "close",
  };
  const lines = [`GET ${target} HTTP/1.1`];
  for (const [header, value] of Object.entries(own))
    if (!given.has(header.toLowerCase())) lines.push(`${header}: ${value}`);
  for (const [header, value] of Object.entries(headers)) lines.push(`${header}: ${value}`);
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** What has come of an answer so far. `null`: the status line is not complete. */
export function judgeAnswer(text: string, { status }: Pick<HttpQuestion, "status">): { reason: string | null } | null {
  const end = text.indexOf("\n");
  if (end < 0) {
    if (text.length > headBytesMax || !"HTTP/1.".startsWith(text.slice(0, 7)))
      return { reason: "it is no HTTP answer" };
    return null;
  }
  const code = /^HTTP\/1\.\d (\d{3})\b/.exec(text)?.[1];
  if (code === undefined) return { reason: "it is no HTTP answer" };
  const number = Number(code);
  // 103 and the like: the answer itself follows.
  if (number < 200 && !status.includes(number)) return judgeRest(text, { status });
  const isGood = status.length === 0 ? number < 400 : status.includes(number);
  return { reason: isGood ? null : `it answered ${text.slice(0, end).trim().slice(9, 100)}` };
}

/** What follows an interim answer, which has no body. */
function judgeRest(text: string, question: Pick<HttpQuestion, "status">): { reason: string | null } | null {
  const end = /\r?\n\r?\n/.exec(text);
  if (end !== null) return judgeAnswer(text.slice(end.index + end[0].length), question);
  return text.length > headBytesMax ? { reason: "it is no HTTP answer" } : null;
}

/** The conversation on a connected socket, without waiting. */
export class HttpConversation {
  private readonly question: HttpQuestion;
  private readonly fd: number;
  private unsent: Uint8Array;
  private answer = "";

  constructor(fd: number, question: HttpQuestion) {
    this.fd = fd;
    this.question = question;
    this.unsent = host.encodeUtf8(httpRequest(question));
  }

  isSending(): boolean {
    return this.unsent.length > 0;
  }

  /** null: it goes on when the socket is ready again. */
  go(): { reason: string | null } | null {
    if (this.isSending()) {
      const sent = host.send(this.fd, this.unsent);
      if (sent < 0 && sent !== -EAGAIN) return { reason: host.errnoText(sent) };
      this.unsent = this.unsent.subarray(Math.max(0, sent));
      return null;
    }
    const data = host.receive(this.fd, chunkBytes);
    if (data === -EAGAIN) return null;
    if (typeof data === "number") return { reason: host.errnoText(data) };
    if (data.length === 0) return { reason: "it closed the connection without an answer" };
    this.answer += host.decodeUtf8(data);
    return judgeAnswer(this.answer, this.question);
  }
}

const EAGAIN = 11;

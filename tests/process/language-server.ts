/** yaml-language-server as an editor runs it: JSON-RPC over its standard streams (Language Server Protocol 3.17). */
import { spawn } from "node:child_process";
import type { TestContext } from "node:test";
import { afterwards } from "./gonit.ts";

interface Place {
  line: number;
  character: number;
}

export interface Diagnostic {
  message: string;
  /** Of the text, from 0. */
  line: number;
}

interface Message {
  id?: number;
  method?: string;
  params?: unknown;
  result?: unknown;
}

export class LanguageServer {
  private readonly child;
  private rest = Buffer.alloc(0);
  private nextId = 1;
  private readonly answers = new Map<number, (result: unknown) => void>();
  private diagnosed: (list: Diagnostic[]) => void = () => {};
  private version = 0;
  /** The line by which a configuration names its schema. */
  private head = "";

  constructor(context: TestContext) {
    const path = "node_modules/yaml-language-server/bin/yaml-language-server";
    this.child = spawn(process.execPath, [path, "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
    this.child.stdout.on("data", (data: Buffer) => this.read(data));
    const ended = new Promise((resolve) => this.child.on("close", resolve));
    afterwards(context, async () => {
      this.child.kill("SIGKILL");
      await ended;
    });
  }

  async begin(schemaPath: string): Promise<void> {
    await this.ask("initialize", { processId: process.pid, rootUri: null, capabilities: {}, workspaceFolders: null });
    this.tell("initialized", {});
    this.head = `# yaml-language-server: $schema=file://${schemaPath}\n`;
  }

  /** What it says about a text. */
  diagnose(text: string): Promise<Diagnostic[]> {
    const found = new Promise<Diagnostic[]>((resolve) => {
      this.diagnosed = resolve;
    });
    this.open(text);
    return found;
  }

  /** Labels that it offers at the place marked by `|`. */
  async complete(text: string): Promise<string[]> {
    const before = text.slice(0, text.indexOf("|")).split("\n");
    await this.diagnose(text.replace("|", ""));
    const position = { line: before.length, character: before[before.length - 1]?.length ?? 0 };
    const answer = (await this.ask("textDocument/completion", { textDocument: { uri: this.uri() }, position })) as {
      items: { label: string }[];
    };
    return answer.items.map(({ label }) => label);
  }

  private uri(): string {
    return `file:///editor/${this.version}/config.yml`;
  }

  private open(text: string): void {
    // A file of its own each time: of one that is closed it says that nothing is wrong with it.
    this.version++;
    const textDocument = { uri: this.uri(), languageId: "yaml", version: this.version, text: this.head + text };
    this.tell("textDocument/didOpen", { textDocument });
  }

  private ask(method: string, params: unknown): Promise<unknown> {
    const id = this.nextId++;
    const answer = new Promise((resolve) => this.answers.set(id, resolve));
    this.send({ id, method, params });
    return answer;
  }

  private tell(method: string, params: unknown): void {
    this.send({ method, params });
  }

  private send(message: Message): void {
    const text = JSON.stringify({ jsonrpc: "2.0", ...message });
    this.child.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }

  private read(data: Buffer): void {
    this.rest = Buffer.concat([this.rest, data]);
    for (;;) {
      const head = this.rest.indexOf("\r\n\r\n");
      if (head < 0) return;
      const length = Number(/Content-Length: (\d+)/i.exec(this.rest.subarray(0, head).toString())?.[1]);
      if (this.rest.length < head + 4 + length) return;
      const message = JSON.parse(this.rest.subarray(head + 4, head + 4 + length).toString()) as Message;
      this.rest = this.rest.subarray(head + 4 + length);
      this.take(message);
    }
  }

  private take({ id, method, params, result }: Message): void {
    if (method === "textDocument/publishDiagnostics") {
      const { diagnostics, uri } = params as {
        diagnostics: (Diagnostic & { range: { start: Place } })[];
        uri: string;
      };
      if (uri === this.uri())
        this.diagnosed(diagnostics.map((one) => ({ message: one.message, line: one.range.start.line - 1 })));
    } else if (method !== undefined && id !== undefined) this.send({ id, result: null });
    else if (id !== undefined) this.answers.get(id)?.(result);
  }
}

/** The script's side of script-runner.ts. */

/** Reads the input, and writes what `work` makes of it. */
export function answer<Input>(work: (input: Input) => unknown): void {
  const [from = "", to = ""] = host.args();
  const bytes = host.readFile(from, 256 * 1024 * 1024);
  if (typeof bytes === "number") throw new Error(`cannot read ${from}: ${host.errnoText(-bytes)}`);
  const output = work(JSON.parse(host.decodeUtf8(bytes)) as Input);
  const error = host.writeFile(to, JSON.stringify(output), 0o600);
  if (error < 0) throw new Error(`cannot write ${to}: ${host.errnoText(-error)}`);
}

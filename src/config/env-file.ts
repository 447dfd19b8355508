/**
 * Environment files: the assignments of a POSIX shell and nothing else of it, so that a file that a script sources means
 * the same here. What a shell would expand or run is an error that says how to quote it; no value is changed silently.
 */

export type EnvFile =
  | { variables: [name: string, value: string][] }
  /** Line and column count from 1. */
  | EnvFileError;

export interface EnvFileError {
  line: number;
  column: number;
  why: string;
  fix: string;
}

export function parseEnvFile(text: string): EnvFile {
  return new Parser(text.includes("\r\n") ? text.replaceAll("\r\n", "\n") : text).parse();
}

const nameFix = "names are letters, digits and _, as in a shell; others can be set under environment:";

class Parser {
  private readonly text: string;
  private at = 0;
  private readonly variables: [string, string][] = [];

  constructor(text: string) {
    this.text = text;
  }

  parse(): EnvFile {
    const { text } = this;
    while (this.at < text.length) {
      this.skipBlanks();
      const character = text[this.at];
      if (character === "#") this.skipLine();
      else if (character === "\n") this.at++;
      else if (character !== undefined) {
        const error = this.assignment();
        if (error !== null) return error;
      }
    }
    return { variables: this.variables };
  }

  private skipBlanks(): void {
    while (this.text[this.at] === " " || this.text[this.at] === "\t") this.at++;
  }

  private skipLine(): void {
    const end = this.text.indexOf("\n", this.at);
    this.at = end < 0 ? this.text.length : end;
  }

  private assignment(): EnvFileError | null {
    const exported = /export[ \t]+(?=[A-Za-z_][A-Za-z0-9_]*=)/y;
    exported.lastIndex = this.at;
    const prefix = exported.exec(this.text);
    if (prefix !== null) this.at += prefix[0].length;
    const name = /[A-Za-z_][A-Za-z0-9_]*(?==)/y;
    name.lastIndex = this.at;
    const found = name.exec(this.text);
    if (found === null) return this.noAssignment();
    this.at += found[0].length + 1;
    const value = this.value();
    if (typeof value !== "string") return value;
    this.variables.push([found[0], value]);
    return this.lineEnd();
  }

  private noAssignment(): EnvFileError {
    const end = this.text.indexOf("\n", this.at);
    const line = this.text.slice(this.at, end < 0 ? undefined : end);
    const equals = line.indexOf("=");
    if (equals < 0) return this.error(this.at, "the line is no assignment", "write NAME=VALUE, or # before a remark");
    const name = line.slice(0, equals);
    if (/\s$/.test(name))
      return this.error(
        this.at + name.trimEnd().length,
        "blanks stand before =",
        "write NAME=VALUE without blanks around =",
      );
    // The name is not repeated: where the file is another one by mistake, such as a key, everybody could read of it here.
    return this.error(
      this.at,
      name === "" ? "the name before = is missing" : "what stands before = is no name of a variable",
      nameFix,
    );
  }

  private value(): string | EnvFileError {
    const parts: string[] = [];
    while (this.at < this.text.length) {
      const character = this.text[this.at] as string;
      if (character === "\n" || character === " " || character === "\t") break;
      const error =
        character === "'"
          ? this.single(parts)
          : character === '"'
            ? this.double(parts)
            : this.unquoted(character, parts);
      if (error !== null) return error;
    }
    return parts.join("");
  }

  private single(parts: string[]): EnvFileError | null {
    const end = this.text.indexOf("'", this.at + 1);
    if (end < 0)
      return this.error(this.at, "the single quote is not closed", "close it, or write \\' for the character itself");
    parts.push(this.text.slice(this.at + 1, end));
    this.at = end + 1;
    return null;
  }

  private double(parts: string[]): EnvFileError | null {
    const { text } = this;
    const start = this.at++;
    while (this.at < text.length) {
      const character = text[this.at] as string;
      const next = text[this.at + 1] ?? "";
      if (character === '"') {
        this.at++;
        return null;
      }
      if (character === "\\" && next !== "" && '$`"\\\n'.includes(next)) {
        if (next !== "\n") parts.push(next);
        this.at += 2;
        continue;
      }
      const error = this.refuseExpansion(character);
      if (error !== null) return error;
      parts.push(character);
      this.at++;
    }
    return this.error(start, "the double quote is not closed", 'close it, or write \\" for the character itself');
  }

  private unquoted(character: string, parts: string[]): EnvFileError | null {
    const next = this.text[this.at + 1] ?? "";
    if (character === "\\") {
      if (next === "") return this.error(this.at, "nothing follows the backslash", "write \\\\ for a backslash");
      if (next !== "\n") parts.push(next);
      this.at += 2;
      return null;
    }
    if ("|&;<>()".includes(character)) {
      return this.error(this.at, `${character} means something to a shell`, "put the value in single quotes");
    }
    if (character === "~" && /[=:]/.test(this.text[this.beforeEscapedEnds()] ?? "")) {
      return this.error(
        this.at,
        "a shell would replace ~ by a folder",
        "write the whole path, or put the value in single quotes",
      );
    }
    const error = this.refuseExpansion(character);
    if (error !== null) return error;
    parts.push(character);
    this.at++;
    return null;
  }

  private refuseExpansion(character: string): EnvFileError | null {
    if (character === "\0") return this.error(this.at, "the text holds a zero byte", "remove it");
    if (character === "`")
      return this.error(this.at, "a shell would run what stands between `", "put the value in single quotes");
    if (character !== "$" || !/[A-Za-z0-9_{(*@#?$!-]/.test(this.text[this.behindEscapedEnds()] ?? "")) return null;
    return this.error(
      this.at,
      "a shell would replace what begins with $",
      "put the value in single quotes, or write \\$",
    );
  }

  /** What follows the character here for a shell, which takes escaped line ends out before it looks at anything else. */
  private behindEscapedEnds(): number {
    let at = this.at + 1;
    while (this.text.startsWith("\\\n", at)) at += 2;
    return at;
  }

  private beforeEscapedEnds(): number {
    let at = this.at;
    while (this.text.startsWith("\\\n", at - 2)) at -= 2;
    return at - 1;
  }

  /** Behind a value there is nothing but a remark. */
  private lineEnd(): EnvFileError | null {
    const begin = this.at;
    this.skipBlanks();
    const character = this.text[this.at];
    if (character === undefined || character === "\n") return null;
    if (character === "#" && this.at > begin) {
      this.skipLine();
      return null;
    }
    return this.error(
      this.at,
      "more words follow the value",
      "put a value with blanks in quotes, and each assignment on a line of its own",
    );
  }

  private error(at: number, why: string, fix: string): EnvFileError {
    const before = this.text.slice(0, at);
    const lineStart = before.lastIndexOf("\n") + 1;
    return { line: before.split("\n").length, column: [...before.slice(lineStart)].length + 1, why, fix };
  }
}

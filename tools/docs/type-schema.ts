/**
 * JSON Schemas (draft-07) of shapes that are declared as TypeScript interfaces and types: what `--json` prints is typed by
 * them, so the published schemas cannot say anything else. Of the language only what such shapes need is known; anything
 * else is an error.
 */

export type Schema = Record<string, unknown>;

/** A type before it is resolved: names of others are left as they stand. */
type Type =
  | { kind: "schema"; schema: Schema }
  | { kind: "object"; fields: Field[] }
  | { kind: "list"; of: Type }
  | { kind: "map"; of: Type }
  | { kind: "union" | "both"; of: Type[] }
  | { kind: "name"; name: string; field: string };

interface Field {
  name: string;
  optional: boolean;
  description: string;
  type: Type;
}

const tokenPattern =
  /\/\*\*([\s\S]*?)\*\/|\/\/[^\n]*|\/\*[\s\S]*?\*\/|"([^"]*)"|[A-Za-z_$][\w$]*|\d+|[{}[\]()<>|&;:?,=]|\S/g;
const builtIn: Record<string, Schema> = {
  string: { type: "string" },
  number: { type: "number" },
  boolean: { type: "boolean" },
  null: { type: "null" },
  true: { const: true },
  false: { const: false },
};

/** All declarations of some sources, by name. */
export class Declarations {
  private readonly types = new Map<string, Type>();

  add(source: string): void {
    const pattern = /^(?:export )?(?:interface (\w+) (?=\{)|type (\w+) =)/gm;
    for (let match = pattern.exec(source); match !== null; match = pattern.exec(source)) {
      const name = (match[1] ?? match[2]) as string;
      const reader = new Reader(source.slice(pattern.lastIndex), name);
      // Declarations that no shape needs may be beyond us.
      try {
        this.types.set(name, reader.type());
      } catch (error) {
        if (!(error instanceof UnknownSyntax)) throw error;
      }
    }
  }

  schema(name: string): Schema {
    return this.resolved(this.typeOf(name));
  }

  private typeOf(name: string): Type {
    const type = this.types.get(name);
    if (type === undefined) throw new Error(`there is no type ${name} that a schema can be made of`);
    return type;
  }

  private resolved(type: Type): Schema {
    switch (type.kind) {
      case "schema":
        return type.schema;
      case "list":
        return { type: "array", items: this.resolved(type.of) };
      case "map":
        return { type: "object", additionalProperties: this.resolved(type.of) };
      case "object":
        return this.objectSchema(type.fields);
      case "union":
        return unionOf(type.of.map((one) => this.resolved(one)));
      case "both": {
        const objects = this.variants(type).map((fields) => this.objectSchema(fields));
        return objects.length === 1 ? (objects[0] as Schema) : { anyOf: objects };
      }
      case "name":
        return this.resolved(this.named(type));
    }
  }

  private named({ name, field }: Extract<Type, { kind: "name" }>): Type {
    const type = this.typeOf(name);
    if (field === "") return type;
    const found = type.kind === "object" ? type.fields.find((one) => one.name === field) : undefined;
    if (found === undefined) throw new Error(`${name} has no field ${field}`);
    return found.type;
  }

  /** The fields of each object that a type can be. */
  private variants(type: Type): Field[][] {
    if (type.kind === "object") return [type.fields];
    if (type.kind === "name") return this.variants(this.named(type));
    if (type.kind === "union") return type.of.flatMap((one) => this.variants(one));
    if (type.kind !== "both") throw new Error(`a ${type.kind} is no object`);
    return type.of
      .map((one) => this.variants(one))
      .reduce((left, right) => left.flatMap((fields) => right.map((more) => [...fields, ...more])));
  }

  private objectSchema(fields: Field[]): Schema {
    const properties: Record<string, Schema> = {};
    for (const { name, type, description } of fields) {
      const schema = this.resolved(type);
      properties[name] = description === "" ? schema : { description, ...schema };
    }
    const required = fields.filter(({ optional }) => !optional).map(({ name }) => name);
    return { type: "object", properties, required, additionalProperties: false };
  }
}

/** Texts that are listed become one `enum`, plain types one `type`. */
function unionOf(schemas: Schema[]): Schema {
  const flat = schemas.flatMap((schema) =>
    Array.isArray(schema.enum) ? schema.enum.map((value) => ({ const: value })) : [schema],
  );
  if (flat.every((schema) => "const" in schema)) return { enum: flat.map((schema) => schema.const) };
  if (flat.every(({ type, ...rest }) => typeof type === "string" && Object.keys(rest).length === 0))
    return { type: flat.map(({ type }) => type) };
  return { anyOf: schemas };
}

class UnknownSyntax extends Error {}

/** Reads one type from the beginning of a source. */
class Reader {
  private readonly tokens: RegExpExecArray[];
  private readonly where: string;
  private at = 0;
  /** The comment before what is read next, and that before what was read last. */
  private comment = "";
  private lastComment = "";

  constructor(source: string, where: string) {
    this.tokens = [...source.matchAll(tokenPattern)] as RegExpExecArray[];
    this.where = where;
  }

  type(): Type {
    this.take("|");
    const of = [this.both()];
    while (this.take("|")) of.push(this.both());
    return of.length === 1 ? (of[0] as Type) : { kind: "union", of };
  }

  private both(): Type {
    const of = [this.listed()];
    while (this.take("&")) of.push(this.listed());
    return of.length === 1 ? (of[0] as Type) : { kind: "both", of };
  }

  private listed(): Type {
    let type = this.single();
    for (;;) {
      if (!this.take("[")) return type;
      const field = this.peek();
      if (field?.startsWith('"') === true && type.kind === "name") {
        type = { ...type, field: this.next().slice(1, -1) };
        this.want("]");
      } else {
        this.want("]");
        type = { kind: "list", of: type };
      }
    }
  }

  private single(): Type {
    const token = this.next();
    if (token === "{") return { kind: "object", fields: this.fields() };
    if (token === "(") {
      const type = this.type();
      this.want(")");
      return type;
    }
    if (token.startsWith('"')) return { kind: "schema", schema: { const: token.slice(1, -1) } };
    if (/^\d+$/.test(token)) return { kind: "schema", schema: { const: Number(token) } };
    const known = builtIn[token];
    if (known !== undefined) return { kind: "schema", schema: known };
    if (token === "Record") return this.map();
    if (!/^[A-Z]/.test(token) || this.peek() === "<") throw new UnknownSyntax(`${token} in ${this.where}`);
    return { kind: "name", name: token, field: "" };
  }

  private map(): Type {
    this.want("<");
    this.want("string");
    this.want(",");
    const of = this.type();
    this.want(">");
    return { kind: "map", of };
  }

  private fields(): Field[] {
    const fields: Field[] = [];
    while (!this.take("}")) {
      const name = this.next();
      const description = this.lastComment;
      const optional = this.take("?");
      this.want(":");
      fields.push({ name, optional, description, type: this.type() });
      if (!this.take(";")) this.take(",");
    }
    return fields;
  }

  private peek(): string | undefined {
    for (let match = this.tokens[this.at]; match !== undefined; match = this.tokens[++this.at]) {
      if (!match[0].startsWith("/")) return match[0];
      const text = match[1];
      if (text !== undefined) this.comment = text.replace(/\s*\n\s*\* ?/g, " ").trim();
    }
    return undefined;
  }

  private next(): string {
    const token = this.peek();
    if (token === undefined) throw new UnknownSyntax(`the end in ${this.where}`);
    this.step();
    return token;
  }

  private step(): void {
    this.at++;
    this.lastComment = this.comment;
    this.comment = "";
  }

  private take(wanted: string): boolean {
    if (this.peek() !== wanted) return false;
    this.step();
    return true;
  }

  private want(wanted: string): void {
    if (!this.take(wanted)) throw new UnknownSyntax(`${this.peek()} where ${wanted} belongs in ${this.where}`);
  }
}

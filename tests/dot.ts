/** Reads the part of Graphviz' language that `gonit graph` writes: a digraph of statements with quoted names. */

const token = /\s*(?:("(?:\\.|[^"\\])*")|([A-Za-z_]\w*)|(->|[{}[\];=,]))/y;

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < text.trimEnd().length) {
    const at = token.lastIndex;
    const match = token.exec(text);
    if (match === null) throw new Error(`no token at ${at}: ${text.slice(at, at + 40)}`);
    tokens.push(match[0].trim());
  }
  return tokens;
}

/** `from -> to` for each edge; throws where the text is no such graph. */
export function edgesOf(text: string): string[] {
  const tokens = tokensOf(text);
  const edges: string[] = [];
  const take = (wanted?: RegExp): string => {
    const next = tokens.shift() ?? "the end";
    if (wanted !== undefined && !wanted.test(next)) throw new Error(`${next} where ${wanted} belongs`);
    return next;
  };
  take(/^digraph$/);
  take(/^\w+$/);
  take(/^\{$/);
  while (tokens[0] !== "}") {
    const name = take(/^"|^\w+$/);
    if (tokens[0] === "->") {
      take();
      edges.push(`${unquoted(name)} -> ${unquoted(take(/^"/))}`);
    }
    if (tokens[0] === "=") {
      take();
      take(/^"|^\w+$/);
    } else if (tokens[0] === "[") {
      for (let next = take(); next !== "]"; next = take(/^[,\]]$/)) {
        take(/^\w+$/);
        take(/^=$/);
        take(/^"|^\w+$/);
      }
    }
    take(/^;$/);
  }
  take(/^\}$/);
  if (tokens.length > 0) throw new Error(`${tokens[0]} behind the end`);
  return edges;
}

function unquoted(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/g, "$1");
}

/** libyaml's complaints in the words of somebody who writes a configuration: what is wrong, and what to write. */

import type { YamlEvents } from "../contract.ts";
import { type Document, lineText, type Place } from "./node.ts";

export interface YamlError {
  place: Place;
  code: string;
  message: string;
  fix: string;
}

type LibyamlError = NonNullable<YamlEvents["error"]>;

export function yamlError(document: Document, error: LibyamlError): YamlError {
  const tab = tabBefore(document, error.line, error.column);
  if (tab !== null) {
    const message = "cannot read the text: a tab stands where the line is indented";
    return { place: tab, code: "tab", message, fix: "indent with spaces only" };
  }
  // What is not closed is best shown where it was opened.
  const isOpen = /^found unexpected end of stream|^found unexpected document indicator/.test(error.message);
  const line = (isOpen ? error.contextLine : undefined) ?? error.line;
  const column = (isOpen ? error.contextColumn : undefined) ?? error.column;
  const place = { document, line, column, endColumn: column };
  const known = meanings.find(({ says }) => says.test(error.message) || says.test(error.context));
  const why = known?.why ?? error.message;
  const isFlow = known?.why.includes("bracket") ?? false;
  const fix =
    isFlow && lineText(document, error.line).includes("${")
      ? "put ${…} in quotes: within { } and [ ] its braces are YAML's"
      : (known?.fix ?? "");
  return { place, code: "yaml", message: `cannot read the text: ${why}`, fix };
}

/** A tab among the blanks with which the line, or the last one that is not empty before it, begins. */
function tabBefore(document: Document, line: number, column: number): Place | null {
  for (let at = line; at >= 0 && at >= line - 1; at--) {
    const text = lineText(document, at);
    const indent = /^[ \t]*/.exec(text)?.[0] ?? "";
    const tab = indent.indexOf("\t");
    if (tab >= 0 && (at < line ? indent.length < text.length : tab <= column)) {
      return { document, line: at, column: tab, endColumn: tab + 1 };
    }
  }
  return null;
}

const meanings: { says: RegExp; why: string; fix: string }[] = [
  { says: /nested too deep/, why: "it is nested deeper than 64 levels", fix: "" },
  {
    says: /mapping values are not allowed/,
    why: "a colon stands where no value can follow",
    fix: 'indent the line as its neighbours are, or put a text that holds ": " in quotes',
  },
  {
    says: /could not find expected ':'/,
    why: "a colon and a value are missing after the key",
    fix: "write KEY: VALUE, with a blank behind the colon",
  },
  {
    says: /did not find expected '-' indicator/,
    why: "the list goes on with a line that does not begin with a dash",
    fix: 'begin each item with "- ", in the same column',
  },
  {
    says: /did not find expected key/,
    why: "the line is not indented as the keys before it are",
    fix: "put the keys that belong together in the same column",
  },
  {
    says: /did not find expected ',' or '[\]}]'/,
    why: "a bracket is not closed, or a comma is missing",
    fix: "separate with commas and close what was opened; texts that hold {, }, [, ] or , need quotes there",
  },
  {
    says: /found unexpected end of stream|found unexpected document indicator/,
    why: "this quote is not closed",
    fix: "close it, or write the quote within other quotes",
  },
  {
    says: /found unknown escape character|did not find expected hexdecimal number|invalid Unicode character/,
    why: "there is no such escape sequence",
    fix: "write \\\\ for a backslash, or use single quotes",
  },
  {
    says: /did not find expected node content/,
    why: "a value is missing before this character",
    fix: "write the value, or put a text that begins with this character in quotes",
  },
  {
    says: /found unexpected ':'/,
    why: "a colon stands within a text within brackets",
    fix: "put the text in quotes",
  },
  {
    says: /did not find expected comment or line break|found an indentation indicator equal to 0/,
    why: "behind | or > stand at most + or -, a number from 1 to 9, and a remark",
    fix: "begin the text on the next line",
  },
  {
    says: /mapping keys are not allowed/,
    why: "a key cannot begin with ? here",
    fix: "put a text that begins with ? in quotes",
  },
  {
    says: /found character that cannot start any token/,
    why: "no value can begin with this character",
    fix: "put the text in quotes",
  },
  {
    says: /control characters are not allowed/,
    why: "control characters are not allowed",
    fix: 'remove it, or write it as an escape within double quotes, such as "\\x1b"',
  },
  {
    says: /did not find expected <document start>/,
    why: "something stands behind the end of the document",
    fix: "one file holds one document: indent the line, or remove it",
  },
  {
    says: /block sequence entries are not allowed/,
    why: "a list cannot begin here",
    fix: "begin the list on a line of its own, below its key",
  },
  {
    says: /found incompatible YAML document|found duplicate %YAML|unknown directive|while scanning a directive/,
    why: "a line that begins with % is a directive of YAML, and this one cannot be used",
    fix: "remove it, or put the text in quotes",
  },
  {
    says: /found undefined tag handle|while scanning a tag|while parsing a tag/,
    why: "tags cannot be used",
    fix: "remove what begins with !, or put it in quotes",
  },
  {
    says: /while scanning an anchor|while scanning an alias/,
    why: "a name of letters and digits must follow & or *",
    fix: "put a text that begins with & or * in quotes",
  },
  {
    says: /found character '@'|found character '`'/,
    why: "no value can begin with @ or `",
    fix: "put the text in quotes",
  },
];

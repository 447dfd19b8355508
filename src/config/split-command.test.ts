import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { splitCommand } from "./split-command.ts";

const variables = (name: string): string | undefined => (name === "DIR" ? "/my files" : undefined);

function words(text: string): string[] | string {
  const result = splitCommand(text, variables);
  return "words" in result ? result.words : `${result.from}-${result.to}: ${result.error}`;
}

test("splitCommand() splits at blanks and removes quotes and backslashes", () => {
  assert.deepEqual(words("a  b\tc\nd"), ["a", "b", "c", "d"]);
  assert.deepEqual(words("nginx -g 'daemon off;'"), ["nginx", "-g", "daemon off;"]);
  assert.deepEqual(words('redis --save ""'), ["redis", "--save", ""]);
  assert.deepEqual(words('a\\ b "c\\"d" \'e\\f\' g"h"i'), ["a b", 'c"d', "e\\f", "ghi"]);
  assert.deepEqual(words("a \\\n  b # remark\nc"), ["a", "b", "c"]);
  assert.deepEqual(words("   "), []);
});

test("splitCommand() replaces its own references within a word", () => {
  assert.deepEqual(words("ls ${DIR}/x '${DIR}' \"${DIR}\""), ["ls", "/my files/x", "/my files", "/my files"]);
  assert.deepEqual(words("echo $$ $HOME '$$1' \\${DIR}"), ["echo", "$", "$HOME", "$1", "${DIR}"]);
  assert.deepEqual(words("echo ${NOPE:-a b}"), ["echo", "a b"]);
  assert.equal(words("echo ${NOPE}"), "5-12: the variable NOPE is not set");
});

test("splitCommand() tells where a quote begins that is not closed", () => {
  assert.equal(words("echo 'a b"), "5-6: the single quote is not closed");
  assert.equal(words('echo x"a b'), "6-7: the double quote is not closed");
  assert.equal(words("echo \\"), "5-6: nothing follows the backslash at the end");
});

test("splitCommand() refuses what only a shell can do, but not when it is quoted", () => {
  for (const operator of ["|", "&&", "||", ";", "&", ">", ">>", "2>", "2>&1", "<", "(", ")"]) {
    assert.match(words(`a ${operator} b`) as string, /means something to a shell/, operator);
    assert.deepEqual(words(`a '${operator}' b`), ["a", operator, "b"]);
  }
  assert.deepEqual(words("find . -exec rm {} \\;"), ["find", ".", "-exec", "rm", "{}", ";"]);
});

/** Words as /bin/sh sees them, for many texts in one process. */
function shellWords(texts: string[]): string[][] {
  const script = texts
    .map((text) => `set -- ${text}\nfor word in "$@"; do printf '%s\\0' "$word"; done; printf '\\1\\0'`)
    .join("\n");
  const { stdout, status } = spawnSync("/bin/sh", ["-f", "-c", script], { encoding: "utf8" });
  assert.equal(status, 0);
  const found: string[][] = [[]];
  for (const word of stdout.split("\0").slice(0, -1)) {
    if (word === "\x01") found.push([]);
    else (found[found.length - 1] as string[]).push(word);
  }
  return found.slice(0, -1);
}

const safe = fc.string({ unit: fc.constantFrom(..."abc-=/.,:%+@é"), maxLength: 4 });
const inSingle = fc
  .string({ unit: fc.constantFrom(...'ab \\"#*|;$\n'), maxLength: 4 })
  .map((text) => `'${text.replaceAll("$", "")}'`);
const inDouble = fc
  .array(fc.constantFrom("a", " ", "'", '\\"', "\\\\", "\\a", "#", ";", "\\\n", "*"), { maxLength: 4 })
  .map((parts) => `"${parts.join("")}"`);
const escaped = fc.constantFrom("\\ ", "\\'", '\\"', "\\\\", "\\a", "\\;", "\\|", "\\#", "\\\n");
const blanks = fc.constantFrom(" ", "  ", "\t");
const commandText = fc
  .array(fc.oneof(safe, inSingle, inDouble, escaped, blanks), { maxLength: 10 })
  .map((parts) => parts.join(""))
  .filter((text) => !/^\s*-/.test(text));

test("splitCommand() gives the words that /bin/sh gives", () => {
  fc.assert(
    fc.property(fc.array(commandText, { minLength: 50, maxLength: 50 }), (texts) => {
      // `set --` with nothing behind it clears the words, as wanted.
      const expected = shellWords(texts);
      for (const [index, text] of texts.entries()) assert.deepEqual(words(text), expected[index], JSON.stringify(text));
    }),
    { numRuns: 20 },
  );
});

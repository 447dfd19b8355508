/** Commands that are written reach the program as the words that they were, with a shell or without. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { planOf } from "../../tests/config/memory-files.ts";
import { assertProperty } from "../../tests/properties.ts";
import { writeYaml } from "../config/write-yaml.ts";
import { commandOf, shellWord, splitWords, withoutShell } from "./command-words.ts";
import { commandData, readCommands } from "./systemd-command.ts";

const letters = [..."abc-=/%+.,:@ \t\n'\"\\$`!#~*?[]{}()<>|&;é😀"];
const word = fc.array(fc.constantFrom(...letters), { minLength: 1, maxLength: 6 }).map((some) => some.join(""));
const words = fc.array(word, { minLength: 1, maxLength: 4 });

/** The words that gonit would start, of a command as it is written into a configuration. */
function argvOf(command: ReturnType<typeof commandOf>, isShell = false): string[] {
  const keys = { name: "a", command, ...(isShell ? { shell: true } : {}) };
  return planOf(writeYaml({ services: [keys] })).services[0]?.command?.argv ?? [];
}

test("commandOf() writes words that gonit reads back", () => {
  assertProperty(
    fc.property(words, (list) => assert.deepEqual(argvOf(commandOf(list)), list)),
    { runs: 400 },
  );
});

test("commandOf() writes texts that a shell splits into the same words", () => {
  assertProperty(
    fc.property(words, (list) => {
      const command = commandOf(list);
      if (typeof command !== "string") return;
      const [, , text = ""] = argvOf(command, true);
      assert.deepEqual(splitWords(text), list);
    }),
    { runs: 400 },
  );
});

test("shellWord() is one word for /bin/sh", () => {
  assertProperty(
    fc.property(words, (list) => {
      const text = `printf '%s\\0' ${list.map(shellWord).join(" ")}`;
      assert.deepEqual(execFileSync("/bin/sh", ["-c", text], { encoding: "utf8" }).split("\0").slice(0, -1), list);
    }),
    { runs: 100 },
  );
});

test("withoutShell() takes the shell away only where it changes nothing", () => {
  const plain = ["node server.js", "exec puma -C 'config/a b.rb'", 'run "a b" --x=y', "./bin/x  -v"];
  assert.deepEqual(plain.map(withoutShell), [
    "node server.js",
    "puma -C 'config/a b.rb'",
    'run "a b" --x=y',
    "./bin/x  -v",
  ]);
  const needed = [
    "a | b",
    "a && b",
    "cd x",
    "A=1 b",
    "a $B",
    "a > b",
    "a *",
    "~/x",
    "a `b`",
    'a "$B"',
    "a; b",
    "exec 3>x",
    "",
    "if x",
  ];
  for (const text of needed) assert.equal(withoutShell(text), null, text);
});

test("a command of systemd keeps its words, whatever its escapes", () => {
  const notes: string[] = [];
  const draft = { note: (_: unknown, reason: string) => notes.push(reason) } as never;
  const read = (text: string) =>
    (readCommands(text, { file: "", line: 1, key: "" }, draft) ?? []).map((one) => argvOf(commandData(one)));
  assert.deepEqual(read(`/bin/a "b c" 'd "e"' f\\x41\\tg $$h "" \\;`), [
    ["/bin/a", "b c", 'd "e"', "fA\tg", "$h", "", ";"],
  ]);
  assert.deepEqual(read("/bin/a 1 ; /bin/b 2"), [
    ["/bin/a", "1"],
    ["/bin/b", "2"],
  ]);
  assert.deepEqual(read("-/bin/a ${B} $C"), [["/bin/sh", "-c", '/bin/a "${B}" $C || :']]);
  assert.deepEqual(read(":/bin/a $B"), [["/bin/a", "$B"]]);
  assert.deepEqual(read('/bin/a "b'), []);
  assert.deepEqual(notes, ["the command cannot be split into words"]);
});

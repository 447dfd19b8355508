/** Stands in for node:test in the bundle of the mutants: the tests are collected, and run again for each mutant. */

export const collectedTests: { title: string; run: () => void }[] = [];

export function test(title: string, run: () => void): void {
  collectedTests.push({ title, run });
}

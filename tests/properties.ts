/** How the properties are run: always the same way, unless another seed or more runs are asked for. */
import fc from "fast-check";

const seed = Number(process.env.PROPERTY_SEED ?? 1);
/** 10 runs each property ten times as often. */
const times = Number(process.env.PROPERTY_TIMES ?? 1);

export function assertProperty<Values>(property: fc.IProperty<Values>, options: { runs: number }): void {
  try {
    fc.assert(property, { seed, numRuns: Math.ceil(options.runs * times) });
  } catch (error) {
    if (error instanceof Error) error.message = `PROPERTY_SEED=${seed} PROPERTY_TIMES=${times}: ${error.message}`;
    throw error;
  }
}

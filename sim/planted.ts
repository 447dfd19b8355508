/**
 * Faults put into the engine on purpose, one for each rule that the simulator checks. The simulator must find every one
 * of them.
 */

import type { Planted } from "./plant.ts";
import { effectFaults } from "./planted-effects.ts";
import { scheduleFaults } from "./planted-schedules.ts";
import { stateFaults } from "./planted-state.ts";
import { tableFaults } from "./planted-tables.ts";

export const plantedFaults: Planted[] = [...stateFaults, ...tableFaults, ...scheduleFaults, ...effectFaults];

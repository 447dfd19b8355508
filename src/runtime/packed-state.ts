/**
 * The state as a snapshot holds it: of units and runs only what a new one has otherwise. Of some seventy fields of a
 * service that runs, some twenty are so; a new manager reads the others with each of a thousand services.
 */

import { newRun, newUnit, type State, type Unit } from "../engine/state.ts";

type Part<Whole> = Partial<Record<keyof Whole, unknown>>;

export type PackedState = Omit<State, "units"> & { units: Part<Unit>[] };

const packUnit = packerOf(newUnit("", -1));
const packRun = packerOf(newRun(-1, -1));

export function packState(state: State): PackedState {
  const units = state.units.map((unit) => {
    const packed = packUnit(unit);
    if (unit.run !== null) packed.run = packRun(unit.run);
    return packed;
  });
  return { ...state, units };
}

export function unpackState(packed: PackedState): State {
  const units = packed.units.map((part) => {
    const unit = Object.assign(newUnit("", -1), part) as Unit;
    if (unit.run !== null) unit.run = Object.assign(newRun(-1, -1), unit.run);
    return unit;
  });
  return { ...packed, units };
}

/** Takes what differs from the template's plain values and empty lists. */
function packerOf<Whole extends object>(template: Whole): (whole: Whole) => Part<Whole> {
  const keys = Object.keys(template) as (keyof Whole)[];
  const usual = keys.map((key) => template[key]);
  const isEmptyList = (value: unknown) => Array.isArray(value) && value.length === 0;
  const lists = usual.map(isEmptyList);
  return (whole) => {
    const part: Part<Whole> = {};
    for (let at = 0; at < keys.length; at++) {
      const key = keys[at] as keyof Whole;
      const value = whole[key];
      if (value !== usual[at] && !(lists[at] && isEmptyList(value))) part[key] = value;
    }
    return part;
  };
}

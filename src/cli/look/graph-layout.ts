/**
 * Where things stand in a drawing of dependencies: in layers, what is needed before (left of) what needs it, and in each
 * layer so that lines cross little. A line over several layers gets a place in each of them, so it runs through no box.
 */

export interface Line {
  from: string;
  to: string;
}

export interface Layout {
  /** Names, and the places of lines that pass ("" for those), from top to bottom. */
  layers: Place[][];
  /** The places that each line goes through, from `to` (needed) to `from` (needs). */
  routes: Place[][];
}

export interface Place {
  name: string;
  layer: number;
  row: number;
}

const sweeps = 6;

export function layOut(names: string[], lines: Line[]): Layout {
  const layerOf = layersOf(names, lines);
  const layers: Place[][] = [];
  const add = (name: string, layer: number): Place => {
    while (layers.length <= layer) layers.push([]);
    const column = layers[layer] as Place[];
    const place = { name, layer, row: column.length };
    column.push(place);
    return place;
  };
  const places = new Map(names.map((name) => [name, add(name, layerOf.get(name) ?? 0)]));
  const routes = lines.map(({ from, to }) => {
    const begin = places.get(to) as Place;
    const end = places.get(from) as Place;
    const route = [begin];
    for (let layer = begin.layer + 1; layer < end.layer; layer++) route.push(add("", layer));
    return [...route, end];
  });
  straighten(layers, routes);
  return { layers, routes };
}

/** One more than the highest of what it needs. Lines that go round, which no plan has, end somewhere. */
function layersOf(names: string[], lines: Line[]): Map<string, number> {
  const needs = new Map<string, string[]>(names.map((name) => [name, []]));
  for (const { from, to } of lines) needs.get(from)?.push(to);
  const layers = new Map<string, number>();
  const find = (name: string): number => {
    const known = layers.get(name);
    if (known !== undefined) return known;
    layers.set(name, 0);
    const layer = Math.max(-1, ...(needs.get(name) ?? []).map(find)) + 1;
    layers.set(name, layer);
    return layer;
  };
  for (const name of names) find(name);
  return layers;
}

/** Each layer is sorted by where its neighbours are, several times from left to right and back. */
function straighten(layers: Place[][], routes: Place[][]): void {
  const before = new Map<Place, Place[]>();
  const behind = new Map<Place, Place[]>();
  const note = (map: Map<Place, Place[]>, key: Place, value: Place): void => {
    map.set(key, [...(map.get(key) ?? []), value]);
  };
  for (const route of routes) {
    for (let at = 1; at < route.length; at++) {
      note(before, route[at] as Place, route[at - 1] as Place);
      note(behind, route[at - 1] as Place, route[at] as Place);
    }
  }
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const neighbours = sweep % 2 === 0 ? before : behind;
    const order = sweep % 2 === 0 ? layers : layers.slice().reverse();
    for (const layer of order) {
      const weights = new Map(layer.map((place) => [place, meanRow(place, neighbours.get(place) ?? [])]));
      layer.sort((one, other) => (weights.get(one) as number) - (weights.get(other) as number));
      for (const [row, place] of layer.entries()) place.row = row;
    }
  }
}

function meanRow(place: Place, neighbours: Place[]): number {
  if (neighbours.length === 0) return place.row;
  return neighbours.reduce((sum, { row }) => sum + row, 0) / neighbours.length;
}

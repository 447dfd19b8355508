/**
 * Lists that are mostly empty. A thousand services had eight empty lists each, 0.9 MB: they share one that nobody changes,
 * and get one of their own with the first item. So what a field holds is replaced by what these functions give back.
 */

export const none: readonly never[] = Object.freeze([]);

/** The list with one item more at its end, which is the same list unless it was empty. */
export function withItem<Item>(list: readonly Item[], item: Item): readonly Item[] {
  if (list.length === 0) return [item];
  (list as Item[]).push(item);
  return list;
}

/** The list without the item at this place, which is the same list unless it is empty then. */
export function withoutItem<Item>(list: readonly Item[], at: number): readonly Item[] {
  if (list.length === 1) return none;
  (list as Item[]).splice(at, 1);
  return list;
}

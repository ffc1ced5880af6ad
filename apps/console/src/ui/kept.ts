import { useState } from 'react';

export interface Kept<T> {
  readonly value: T;
  /** Whether it was changed and not discarded. */
  readonly isChanged: boolean;
  set(value: T): void;
  discard(): void;
}

/** What is being edited, kept over a reload of the page until it is discarded. `key` says what of. */
export function useKept<T>(key: string, initial: T): Kept<T> {
  const place = `sundial-draft ${key}`;
  const [changed, setChanged] = useState<{ readonly value: T } | undefined>(() => read<T>(place));
  const discard = () => {
    sessionStorage.removeItem(place);
    setChanged(undefined);
  };
  const set = (value: T) => {
    if (JSON.stringify(value) === JSON.stringify(initial)) return discard();
    sessionStorage.setItem(place, JSON.stringify(value));
    setChanged({ value });
  };
  return { value: changed ? changed.value : initial, isChanged: changed !== undefined, set, discard };
}

function read<T>(place: string): { readonly value: T } | undefined {
  const kept = sessionStorage.getItem(place);
  return kept === null ? undefined : { value: JSON.parse(kept) as T };
}

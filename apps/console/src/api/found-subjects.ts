import { useSettled } from '../ui/settled.ts';
import { useRead } from './queries.ts';
import type { Schemas } from './types.ts';

const PAUSE_MS = 150;
const SHOWN = '20';

/** Counted subjects for which every word that is typed is right. */
export function useFoundSubjects(text: string, isOn: boolean) {
  const q = useSettled(text.trim(), PAUSE_MS);
  return useRead<Schemas['FoundSubjects']>('/admin/subjects/search', { query: { q, limit: SHOWN }, isOn });
}

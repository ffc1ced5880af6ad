import type { InputError } from '@sundial/contract';

const WINDOW = /^limits\.\d+\.window\b/;

/** A window that is neither a word nor an object is wrong for every form of it: one error says so. */
export function aboutWindows(errors: readonly InputError[]): readonly InputError[] {
  const seen = new Set<string>();
  return errors.flatMap((error) => {
    const [path] = WINDOW.exec(error.path) ?? [];
    if (path === undefined || error.message === 'is missing') return error;
    if (seen.has(path)) return [];
    seen.add(path);
    return { path, message: 'must be a window as the rule writes it' };
  });
}

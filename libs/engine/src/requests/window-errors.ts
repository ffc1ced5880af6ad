import { type InputError, said } from '@sundial/contract';

const WINDOW = /^limits\.\d+\.window\b/;

/** A window that is neither a word nor an object is wrong for every form of it: one error says so. */
export function aboutWindows(errors: readonly InputError[]): readonly InputError[] {
  const seen = new Set<string>();
  return errors.flatMap((error) => {
    const [path] = WINDOW.exec(error.path) ?? [];
    if (path === undefined || error.code === 'missing') return error;
    if (seen.has(path)) return [];
    seen.add(path);
    return { path, ...said('window-as-written') };
  });
}

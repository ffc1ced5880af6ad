import { readFileSync } from 'node:fs';

/** One Redis script: all that must be atomic of one operation. Its header in `lua/` is the contract. */
function load(name: string): string {
  return readFileSync(new URL(`../${name}.lua`, import.meta.url), 'utf8');
}

export const scripts = {
  take: load('take'),
  settle: load('settle'),
} as const;

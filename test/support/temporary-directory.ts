import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TemporaryDirectory {
  readonly path: string;
  remove(): Promise<void>;
}

const REMOVAL = { recursive: true, force: true, maxRetries: 3 } as const;
const open = new Set<string>();

/** An empty directory of its own; the caller removes it. */
export async function temporaryDirectory(): Promise<TemporaryDirectory> {
  const path = await mkdtemp(join(tmpdir(), 'sundial-'));
  open.add(path);
  return {
    path,
    remove: async () => {
      await rm(path, REMOVAL);
      open.delete(path);
    },
  };
}

/** Removes at once all that is still there: for a process that ends. */
export function removeTemporaryDirectories(): void {
  for (const path of open) rmSync(path, REMOVAL);
}

import type { ControlWritten } from '@sundial/contract';
import type { ControlKeeper } from './control-keeper.js';
import type { LastKnownControls } from './last-known-controls.js';

const NODES = { live: 1, applied: 1 } as const;

/** Keeps the controls of a process without Redis in its directory: there is no other node to tell. */
export class FileControlKeeper implements ControlKeeper {
  readonly node = 'embedded';
  readonly #file: Pick<LastKnownControls, 'save'>;

  constructor(file: Pick<LastKnownControls, 'save'>) {
    this.#file = file;
  }

  async keep(): Promise<ControlWritten> {
    return { nodes: NODES, stored: await this.#file.save() };
  }
}

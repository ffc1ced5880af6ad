import type { MessagePort } from 'node:worker_threads';
import type { Subject } from '@sundial/contract';
import type { Block } from '../blocks/block.js';
import type { LedgerStore } from '../recording/ledger-store.js';
import { Recorder } from '../recording/recorder.js';
import { answerCalls } from '../calls/thread-calls.js';
import { Attempts } from './attempts.js';
import type { ThreadSettings } from './thread-settings.js';
import type { WriterNotice } from './writer-notice.js';

const RETAIN_EVERY_MS = 60_000;
/** Minutes of refusals end also while nothing else happens. */
const TICK_MS = 5_000;

/** Writes what it is sent, one call after the other; each is tried until it succeeds. */
export function runWriter(port: MessagePort, settings: ThreadSettings, store: LedgerStore): void {
  const { node, days, maxBytes } = settings;
  const recorder = new Recorder(node, store);
  const attempts = new Attempts((notice) => port.postMessage({ notice }));
  const { inTurn } = attempts;

  const write = async (blocks: readonly Block[]): Promise<void> => {
    const { gaps } = await attempts.patiently(() => recorder.write(blocks, Date.now()));
    for (const gap of gaps) port.postMessage({ notice: { kind: 'gap', gap } satisfies WriterNotice });
  };
  const once = <T>(work: () => Promise<T>): Promise<T> => inTurn(() => attempts.once(work));
  const retain = () => once(() => recorder.retain({ days, maxBytes }, Date.now())).catch(() => undefined);

  const timers = [
    setInterval(() => void inTurn(() => write([])).catch(() => undefined), TICK_MS),
    setInterval(() => void retain(), RETAIN_EVERY_MS),
  ];
  answerCalls(port, {
    open: () => once(() => recorder.open(Date.now())),
    write: (blocks: readonly Block[]) => inTurn(() => write(blocks)),
    apply: () => once(() => recorder.apply()),
    retain,
    deleteSubject: (subject: Subject) => once(() => recorder.deleteSubject(subject)),
    giveUp: () => attempts.giveUp(),
    close: async (clean: boolean) => {
      for (const timer of timers) clearInterval(timer);
      await inTurn(async () => {
        recorder.endRefusals();
        if (clean) await write([]).catch(() => undefined);
        await recorder.close(clean).catch(() => undefined);
      });
      port.close();
    },
  });
}

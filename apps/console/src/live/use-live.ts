import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import { LiveConnection } from './live-connection.ts';
import { NOTHING, withFrame, withStatus, type LiveState } from './live-state.ts';

/** From one page that shows it to the next the stream goes on. */
const LINGER_MS = 200;

let state: LiveState = NOTHING;
let connection: LiveConnection | undefined;
let closing: ReturnType<typeof setTimeout> | undefined;
const readers = new Set<() => void>();

function become(next: LiveState): void {
  state = next;
  for (const reader of readers) reader();
}

function subscribe(reader: () => void): () => void {
  readers.add(reader);
  return () => readers.delete(reader);
}

/** What the nodes do, second by second, as long as a page that shows it is open. */
export function useLive(): LiveState {
  const client = useQueryClient();
  useEffect(() => {
    clearTimeout(closing);
    connection ??= new LiveConnection({
      frame: (frame) => become(withFrame(state, frame, Date.now())),
      lost: () => become(withStatus(state, 'lost', Date.now())),
      signedOut: () => void client.invalidateQueries({ queryKey: ['/admin/me'] }),
    });
    return () => {
      closing = setTimeout(() => {
        if (readers.size > 0) return;
        connection?.close();
        connection = undefined;
        become(withStatus(state, 'connecting', Date.now()));
      }, LINGER_MS);
    };
  }, [client]);
  return useSyncExternalStore(subscribe, () => state);
}

import { finished, type Readable } from 'node:stream';
import { StreamableFile } from '@nestjs/common';
import {
  catchError,
  concat,
  defer,
  ignoreElements,
  isObservable,
  type Observable,
  tap,
  throwError,
} from 'rxjs';

/**
 * Learns how a stream goes on and ends. `item` must not throw. The consumer learns the end when the others have resolved, but
 * for Node streams, which wait for no listener.
 */
export interface StreamWatch {
  item(item: unknown): void;
  completed(): Promise<void>;
  failed(error: unknown): Promise<void>;
  /** The consumer wants no more of it. */
  stopped(): Promise<void>;
}

/**
 * Watches what a method returned, where that is a stream: an RxJS Observable, a Node stream (also in a `StreamableFile`), a web
 * stream or any async iterable. Answers what is to be returned in its place, mostly the same object; undefined where
 * it is no stream. Nothing is read of it that its consumer does not read.
 */
export function watched(result: unknown, watch: StreamWatch): object | undefined {
  if (typeof result !== 'object' || result === null) return undefined;
  if (isObservable(result)) return watchedObservable(result, watch);
  if (isReadable(result)) return watchReadable(result, watch);
  if (result instanceof StreamableFile) {
    watchReadable(result.getStream(), watch);
    return result;
  }
  if (result instanceof ReadableStream) return result.locked ? undefined : watchedWebStream(result, watch);
  if (isAsyncIterable(result)) return watchedIterable(result, watch);
  return undefined;
}

function watchedObservable(source: Observable<unknown>, watch: StreamWatch): Observable<unknown> {
  const seen = source.pipe(
    tap({ next: (item) => watch.item(item), unsubscribe: () => void watch.stopped() }),
    catchError((error: unknown) =>
      concat(
        defer(() => watch.failed(error)).pipe(ignoreElements()),
        throwError(() => error),
      ),
    ),
  );
  return concat(seen, defer(() => watch.completed()).pipe(ignoreElements()));
}

/** What pipelines, servers and `destroy()` end a stream with whose reader has gone. */
const STOPPED = new Set(['ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED', 'ABORT_ERR']);

function watchReadable(stream: Readable, watch: StreamWatch): Readable {
  // A listener would make it flow before its reader is there. Whatever reads it, every chunk is emitted.
  const emit = stream.emit.bind(stream);
  stream.emit = ((event: string | symbol, ...args: unknown[]) => {
    if (event === 'data') watch.item(args[0]);
    return emit(event as 'data', ...(args as [unknown]));
  }) as typeof stream.emit;
  finished(stream, { writable: false }, (error) => {
    if (!error) return void watch.completed();
    void (STOPPED.has(error.code ?? '') ? watch.stopped() : watch.failed(error));
  });
  return stream;
}

function watchedWebStream(source: ReadableStream, watch: StreamWatch): ReadableStream {
  const reader = source.getReader();
  const pull = async (controller: ReadableStreamDefaultController): Promise<void> => {
    try {
      const { done, value } = await reader.read();
      if (!done) {
        watch.item(value);
        return controller.enqueue(value);
      }
      await watch.completed();
      controller.close();
    } catch (error) {
      await watch.failed(error);
      controller.error(error);
    }
  };
  const cancel = async (reason: unknown): Promise<void> => {
    try {
      await reader.cancel(reason);
    } finally {
      await watch.stopped();
    }
  };
  return new ReadableStream({ pull, cancel }, { highWaterMark: 0 });
}

/** An iterable is watched in its place, so that what else it can do it still can; one that cannot be changed, from outside. */
function watchedIterable(iterable: AsyncIterable<unknown>, watch: StreamWatch): AsyncIterable<unknown> {
  const isIterator = 'next' in iterable && typeof iterable.next === 'function';
  const iterator = isIterator
    ? watchedIterator(iterable as unknown as AsyncIterator<unknown>, watch)
    : undefined;
  const open = iterable[Symbol.asyncIterator].bind(iterable);
  const ways: AsyncIterable<unknown> = iterator
    ? {
        ...iterator,
        [Symbol.asyncIterator]: () => (isChanged ? iterable : ways) as unknown as AsyncIterator<unknown>,
      }
    : { [Symbol.asyncIterator]: () => watchedIterator(open(), watch) };
  const isChanged = Reflect.ownKeys(ways).every((key) =>
    Reflect.defineProperty(iterable, key, { value: ways[key as never], configurable: true, writable: true }),
  );
  return isChanged ? iterable : ways;
}

function watchedIterator(iterator: AsyncIterator<unknown>, watch: StreamWatch): AsyncIterator<unknown> {
  const next = iterator.next.bind(iterator);
  const end = iterator.return?.bind(iterator);
  const fail = iterator.throw?.bind(iterator);
  return {
    async next(...args) {
      try {
        const result = await next(...args);
        if (result.done) await watch.completed();
        else watch.item(result.value);
        return result;
      } catch (error) {
        await watch.failed(error);
        throw error;
      }
    },
    async return(value) {
      try {
        return end ? await end(value) : { done: true, value };
      } finally {
        await watch.stopped();
      }
    },
    async throw(error: unknown) {
      try {
        if (!fail) throw error;
        return await fail(error);
      } finally {
        await watch.stopped();
      }
    },
  };
}

function isReadable(value: object): value is Readable {
  const { pipe, on, readable } = value as { pipe?: unknown; on?: unknown; readable?: unknown };
  return typeof pipe === 'function' && typeof on === 'function' && typeof readable === 'boolean';
}

function isAsyncIterable(value: object): value is AsyncIterable<unknown> {
  return Symbol.asyncIterator in value;
}

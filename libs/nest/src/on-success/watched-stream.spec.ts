import { PassThrough, pipeline, Readable, Writable } from 'node:stream';
import { StreamableFile } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { firstValueFrom, from, lastValueFrom, NEVER, type Observable, take, throwError, toArray } from 'rxjs';
import { type StreamWatch, watched } from './watched-stream.js';

/** What was seen, in its order; an end is over a moment after it began. */
class Seen implements StreamWatch {
  readonly events: unknown[] = [];

  item(item: unknown): void {
    this.events.push(item);
  }

  completed = () => this.#end('completed');
  stopped = () => this.#end('stopped');
  failed = (error: unknown) => this.#end(`failed: ${(error as Error).message}`);

  async #end(event: string): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 5));
    this.events.push(event);
  }

  /** Where a consumer does not wait for the end. */
  async ended(): Promise<unknown[]> {
    for (let tries = 0; tries < 200 && typeof this.events.at(-1) === 'number'; tries++)
      await new Promise((resolve) => setTimeout(resolve, 5));
    return this.events;
  }
}

async function* numbers(fails = false): AsyncGenerator<number> {
  yield 1;
  yield 2;
  if (fails) throw new Error('torn');
  yield 3;
}

async function read(iterable: AsyncIterable<unknown>, most = Infinity): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const item of iterable) {
    items.push(item);
    if (items.length >= most) break;
  }
  return items;
}

/** Each way to stream numbers that may fail after two, and how one is read. */
const ITERABLES: [string, (fails: boolean) => object][] = [
  ['an async generator', (fails) => numbers(fails)],
  ['an iterable', (fails) => ({ [Symbol.asyncIterator]: () => numbers(fails) })],
  ['a frozen iterable', (fails) => Object.freeze({ [Symbol.asyncIterator]: () => numbers(fails) })],
  ['a frozen iterator', (fails) => Object.freeze(iteratorOf(fails))],
  ['a Node stream', (fails) => Readable.from(numbers(fails))],
  ['a web stream', (fails) => ReadableStream.from(numbers(fails))],
];

function iteratorOf(fails: boolean): AsyncIterableIterator<number> {
  const source = numbers(fails);
  return { next: () => source.next(), [Symbol.asyncIterator]: () => iteratorOf(fails) };
}

describe.each(ITERABLES)('%s', (_what, streamOf) => {
  const watch = (fails: boolean): { seen: Seen; stream: AsyncIterable<unknown> } => {
    const seen = new Seen();
    return { seen, stream: watched(streamOf(fails), seen) as AsyncIterable<unknown> };
  };

  it('completes when all of it was read', async () => {
    const { seen, stream } = watch(false);
    expect(await read(stream)).toEqual([1, 2, 3]);
    expect(await seen.ended()).toEqual([1, 2, 3, 'completed']);
  });

  it('fails with its error', async () => {
    const { seen, stream } = watch(true);
    await expect(read(stream)).rejects.toThrow('torn');
    expect(await seen.ended()).toEqual([1, 2, 'failed: torn']);
  });

  it('is stopped by its consumer', async () => {
    const { seen, stream } = watch(false);
    expect(await read(stream, 2)).toEqual([1, 2]);
    const [first, ...rest] = await seen.ended();
    // A Node stream reads ahead.
    expect([first, rest.at(-1)]).toEqual([1, 'stopped']);
  });

  it('reads nothing by itself', async () => {
    const { seen } = watch(false);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(seen.events).toEqual([]);
  });
});

describe('an async iterable', () => {
  it('stays the object that it was, with all that it can do', async () => {
    class Completion {
      #aborted = false;
      abort(): boolean {
        return (this.#aborted = !this.#aborted);
      }
      [Symbol.asyncIterator] = () => numbers();
    }
    const completion = new Completion();
    const stream = watched(completion, new Seen()) as Completion;
    expect(stream).toBe(completion);
    expect(stream.abort()).toBe(true);
    expect(await read(stream)).toEqual([1, 2, 3]);
  });

  it('tells the end before its consumer knows it', async () => {
    const seen = new Seen();
    const stream = watched(numbers(), seen) as AsyncGenerator<number>;
    for (let next = await stream.next(); !next.done; next = await stream.next()) continue;
    expect(seen.events).toEqual([1, 2, 3, 'completed']);
  });

  it('is stopped by return and by throw', async () => {
    for (const end of ['return', 'throw'] as const) {
      const seen = new Seen();
      const stream = watched(numbers(), seen) as AsyncGenerator<number>;
      await stream.next();
      await stream[end](new Error('enough')).catch(() => undefined);
      expect(seen.events).toEqual([1, 'stopped']);
    }
  });
});

describe('an Observable', () => {
  const watchedOf = (source: Observable<unknown>) => {
    const seen = new Seen();
    return { seen, stream: watched(source, seen) as Observable<unknown> };
  };

  it('completes after its end was reported', async () => {
    const { seen, stream } = watchedOf(from([1, 2]));
    expect(await lastValueFrom(stream.pipe(toArray()))).toEqual([1, 2]);
    expect(seen.events).toEqual([1, 2, 'completed']);
  });

  it('fails after its end was reported', async () => {
    const { seen, stream } = watchedOf(throwError(() => new Error('torn')));
    await expect(lastValueFrom(stream)).rejects.toThrow('torn');
    expect(seen.events).toEqual(['failed: torn']);
  });

  it('is stopped by a subscriber that takes no more', async () => {
    const { seen, stream } = watchedOf(from(numbers()));
    expect(await firstValueFrom(stream.pipe(take(1)))).toBe(1);
    expect(await seen.ended()).toEqual([1, 'stopped']);
    const never = watchedOf(NEVER);
    never.stream.subscribe().unsubscribe();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(never.seen.events).toEqual(['stopped']);
  });

  it('is nothing before it has a subscriber', async () => {
    const { seen } = watchedOf(from([1]));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(seen.events).toEqual([]);
  });
});

describe('a Node stream', () => {
  it('is watched inside a StreamableFile', async () => {
    const seen = new Seen();
    const file = new StreamableFile(Readable.from(numbers()));
    expect(watched(file, seen)).toBe(file);
    expect(await read(file.getStream())).toEqual([1, 2, 3]);
    expect(await seen.ended()).toEqual([1, 2, 3, 'completed']);
  });

  it('loses no chunk that was written before it is piped', async () => {
    const seen = new Seen();
    const source = new PassThrough({ objectMode: true });
    source.write(1);
    watched(source, seen);
    source.end(2);
    const received: unknown[] = [];
    const sink = new Writable({
      objectMode: true,
      write: (item, _encoding, done) => done(void received.push(item) as never),
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await new Promise((done) => pipeline(source, sink, done));
    expect(received).toEqual([1, 2]);
    expect(await seen.ended()).toEqual([1, 2, 'completed']);
  });

  it('is stopped where the other end of its pipeline goes away', async () => {
    const seen = new Seen();
    const source = Readable.from(
      (async function* () {
        for (let n = 1; ; n++) yield n;
      })(),
    );
    watched(source, seen);
    const sink = new Writable({
      objectMode: true,
      write: (item, _encoding, done) => (item > 3 ? sink.destroy() : done()),
    });
    await new Promise((done) => pipeline(source, sink, done));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(seen.events.at(-1)).toBe('stopped');
  });
});

describe('what is no stream', () => {
  it.each([
    [undefined],
    [null],
    [7],
    ['text'],
    [{}],
    [[1, 2]],
    [new Map()],
    [Buffer.from('a')],
    [new Date(0)],
  ])('is left alone: %p', (result) => {
    expect(watched(result, new Seen())).toBeUndefined();
  });
});

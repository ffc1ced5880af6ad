import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { temporaryDirectory, type TemporaryDirectory } from '../../../../test/support/temporary-directory.js';
import { ndjson } from './affected-operation.js';
import { Journal } from './journal.js';
import { JournalFile, type Write } from './journal-file.js';
import type { OperationRecord } from './journal-record.js';

let directory: TemporaryDirectory;
let file: string;
let failed: string[];

beforeEach(async () => {
  directory = await temporaryDirectory();
  file = join(directory.path, 'journal.ndjson');
  failed = [];
});
afterEach(() => directory.remove());

function open(maxOperations = 100, path: string | undefined = file): Journal {
  return new Journal({ maxOperations, file: path, onFailed: (problem) => failed.push(problem) });
}

function operation(operationId: string, held?: OperationRecord['held']): OperationRecord {
  const what = {
    operationId,
    resource: 'ocr',
    subject: { user: 'u1' },
    decidedAt: '2026-11-26T12:00:00.000Z',
  };
  const how = { allowed: true, policy: 'allow', attempted: false, cause: 'timeout' } as const;
  return { kind: 'operation', operation: { ...what, ...how }, ...(held && { held }) };
}

const idsOf = (journal: Journal) => [...journal.affected()].map(({ operationId }) => operationId);
const dueIn = (journal: Journal, now = Date.now()) => journal.due(now, 100).map(({ seq }) => seq);

describe.each([
  ['in memory', undefined],
  ['in a file', 'file'],
])('a journal %s', (_where, kind) => {
  const journalOf = (max?: number) => open(max, kind && file);

  it('reports no refusal of an operation that the service has allowed since', () => {
    const journal = journalOf();
    const refused = (id: string, resource = 'ocr'): OperationRecord => {
      const { kind, operation: what } = operation(id);
      return { kind, operation: { ...what, resource, allowed: false, policy: 'deny', attempted: true } };
    };
    for (const record of [refused('a'), operation('b'), refused('a', 'sms')]) journal.add(record);
    journal.allowed('ocr', 'b');
    journal.allowed('ocr', 'a');
    journal.allowed('ocr', 'a');
    expect(dueIn(journal)).toEqual([2, 3]);
    expect([...journal.affected()].map(({ outcome }) => outcome)).toEqual(['voided', null, null]);
    if (kind === undefined) return;
    journal.close();
    const reopened = journalOf();
    reopened.allowed('sms', 'a');
    expect(dueIn(reopened)).toEqual([2]);
  });

  it('gives what is pending, oldest first, and keeps what was delivered for analysis', () => {
    const journal = journalOf();
    for (const id of ['a', 'b', 'c']) journal.add(operation(id));
    journal.settle([[1, 'counted']]);
    expect(dueIn(journal)).toEqual([2, 3]);
    expect(journal.pending).toBe(2);
    expect([...journal.affected()].map(({ outcome }) => outcome)).toEqual(['counted', null, null]);
    journal.close();
  });

  it('makes room by forgetting what was delivered, and says when it has none', () => {
    const journal = journalOf(3);
    for (const id of ['a', 'b', 'c']) journal.add(operation(id));
    expect(failed).toEqual([]);
    journal.add(operation('d'));
    expect(failed).toEqual(['full']);
    journal.settle([
      [1, 'counted'],
      [2, 'counted'],
    ]);
    journal.add(operation('e'));
    expect(idsOf(journal)).toEqual(['b', 'c', 'e']);
    journal.close();
  });

  it('holds an operation back until its reservation expires, and forgets it where that ends before', () => {
    const journal = journalOf();
    journal.add(operation('a', { reservationId: 'r1', untilMs: 2_000 }));
    journal.add(operation('b', { reservationId: 'r2', untilMs: 2_000 }));
    expect(dueIn(journal, 1_999)).toEqual([]);
    journal.withdraw('r1');
    expect(dueIn(journal, 2_000)).toEqual([2]);
    journal.close();
  });
});

describe('a journal file', () => {
  it('is read by the next client: what is pending, what was delivered, and no more', () => {
    const first = open();
    for (const id of ['a', 'b', 'c']) first.add(operation(id));
    first.add({ kind: 'ending', id: 'r', verb: 'commit', body: '{}' });
    first.settle([[2, 'already-counted']]);
    first.close();
    const second = open();
    expect(dueIn(second)).toEqual([1, 3, 4]);
    expect(idsOf(second)).toEqual(['b', 'a', 'c']);
    second.add(operation('d'));
    expect(dueIn(second)).toEqual([1, 3, 4, 5]);
    second.close();
  });

  it('loses nothing but its cut line, wherever it is cut', () => {
    const journal = open();
    for (const id of ['a', 'b', 'c']) journal.add(operation(id));
    journal.close();
    const text = readFileSync(file, 'utf8');
    for (let length = 0; length <= text.length; length += 1) {
      writeFileSync(file, text.slice(0, length));
      const whole = text.slice(0, length).split('\n').length - 1;
      const cut = text.slice(0, length);
      // A line that lacks only its line feed is whole.
      const lacksLineFeed = text[length] === '\n' ? 1 : 0;
      const next = open();
      expect(idsOf(next)).toHaveLength(whole + (cut === '' ? 0 : lacksLineFeed));
      next.add(operation('z'));
      next.close();
      const last = open();
      expect(idsOf(last).at(-1)).toBe('z');
      last.close();
    }
  });

  it('passes over lines that are none', () => {
    writeFileSync(file, 'hello\n{"seq":"x"}\n\0\0\0\n');
    const journal = open();
    journal.add(operation('a'));
    expect(idsOf(journal)).toEqual(['a']);
    journal.close();
  });

  it('is readable by its user alone', () => {
    const journal = open();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    journal.close();
  });

  it('does not grow with what was delivered', () => {
    const journal = open(10);
    for (let seq = 1; seq <= 2_000; seq += 1) {
      journal.add(operation(String(seq)));
      journal.settle([[seq, 'counted']]);
    }
    expect(readFileSync(file, 'utf8').split('\n').length).toBeLessThan(60);
    journal.close();
    const next = open(10);
    expect(idsOf(next)).toHaveLength(10);
    next.close();
  });

  it('is taken over from a process that is gone, and from one that had this id before', () => {
    for (const pid of ['999999999', String(process.pid), 'nonsense']) {
      writeFileSync(`${file}.lock`, pid);
      open().close();
    }
  });

  it('is refused while a live process has it', () => {
    writeFileSync(`${file}.lock`, String(process.ppid));
    expect(() => open()).toThrow(/another client/);
  });

  it('is one under each of its names', () => {
    const journal = open();
    expect(() => open(100, `${directory.path}/./journal.ndjson`)).toThrow(/another client/);
    journal.close();
  });

  it('is taken over by one of several at once: not while another is about to, nor for good where that one was killed', () => {
    writeFileSync(`${file}.lock`, '999999999');
    writeFileSync(`${file}.lock.turn`, String(process.ppid));
    expect(() => open()).toThrow(/another client/);
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(`${file}.lock.turn`, longAgo, longAgo);
    open().close();
  });

  it('goes on in memory after it was closed, and writes to no other file that has its number by then', () => {
    const journal = open();
    journal.close();
    const other = join(directory.path, 'other');
    const fd = openSync(other, 'w');
    journal.add(operation('a'));
    closeSync(fd);
    expect(readFileSync(other, 'utf8')).toBe('');
    expect(failed).toEqual(['file']);
    expect(idsOf(journal)).toEqual(['a']);
  });

  it('on a full disk goes on in memory, says so, and loses nothing once there is room again', () => {
    let room = Infinity;
    /** As the system does it: a part of a line, then ENOSPC. */
    const write: Write = (fd, bytes, offset) => {
      const length = Math.min(bytes.length - offset, room);
      if (length === 0) throw new Error('ENOSPC: no space left on device, write');
      room -= length;
      return writeSync(fd, bytes, offset, length);
    };
    const onFailed = (problem: string) => failed.push(problem);
    const journal = new Journal({ maxOperations: 100, file, onFailed, write });
    journal.add(operation('a'));
    room = 30;
    journal.add(operation('b'));
    journal.add(operation('c'));
    expect(failed).toEqual(['file', 'file']);
    expect(idsOf(journal)).toEqual(['a', 'b', 'c']);
    room = Infinity;
    journal.add(operation('d'));
    expect(failed).toEqual(['file', 'file']);
    journal.close();
    const next = open();
    expect(idsOf(next)).toEqual(['a', 'b', 'c', 'd']);
    next.close();
  });

  it('has a line that follows half of one on its own', () => {
    let room = 20;
    const write: Write = (fd, bytes, offset) => {
      const length = Math.min(bytes.length - offset, room);
      if (length === 0) throw new Error('ENOSPC: no space left on device, write');
      room -= length;
      return writeSync(fd, bytes, offset, length);
    };
    const cut = new JournalFile(file, write);
    expect(() => cut.append({ withdrawn: 1_000_000 })).toThrow(/ENOSPC/);
    room = Infinity;
    cut.append({ withdrawn: 2 });
    cut.append({ withdrawn: 3 });
    expect(cut.read()).toEqual([{ withdrawn: 2 }, { withdrawn: 3 }]);
    cut.close();
  });

  it('whose disk is full while it is written afresh keeps the old one, and takes lines as before', () => {
    let isFull = false;
    const write: Write = (fd, bytes, offset) => {
      if (isFull && bytes.length > 1_000) throw new Error('ENOSPC: no space left on device, write');
      return writeSync(fd, bytes, offset);
    };
    const onFailed = (problem: string) => failed.push(problem);
    const journal = new Journal({ maxOperations: 10, file, onFailed, write });
    isFull = true;
    for (let seq = 1; seq <= 60; seq += 1) {
      journal.add(operation(String(seq)));
      if (seq > 5) journal.settle([[seq - 5, 'counted']]);
    }
    expect(failed).toEqual([]);
    expect(existsSync(`${file}.new`)).toBe(false);
    journal.close();
    const next = open(10);
    expect(idsOf(next)).toHaveLength(10);
    expect(next.pending).toBe(5);
    next.close();
  });
});

describe('what is gone through while some of it is delivered', () => {
  it('is neither missed nor seen twice', () => {
    const journal = open(10, undefined);
    for (const id of ['a', 'b', 'c']) journal.add(operation(id));
    const seen: string[] = [];
    for (const { operationId } of journal.affected()) {
      seen.push(operationId);
      journal.settle([[3, 'counted']]);
      journal.settle([[1, 'counted']]);
    }
    expect(seen).toEqual(['a', 'b', 'c']);
  });
});

describe('ndjson', () => {
  it('is a line for each operation', () => {
    const journal = open(10, undefined);
    journal.add(operation('a'));
    journal.add(operation('b'));
    const lines = [...ndjson(journal.affected())];
    expect(lines.map((line) => (JSON.parse(line) as { operationId: string }).operationId)).toEqual([
      'a',
      'b',
    ]);
    expect(lines.every((line) => line.endsWith('}\n'))).toBe(true);
  });
});

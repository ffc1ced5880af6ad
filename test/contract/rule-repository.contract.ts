import { MAX_RULES, type QuotaErrorCode, type Rule } from '@sundial/contract';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LiveRules, parseRule, type RuleBook, type RuleRepository, type RuleSeed } from '@sundial/engine';

/** A place where rules are kept, empty at first. Repositories opened on it one after the other find what the last left. */
export interface RuleRepositoryHome {
  open(seed: RuleSeed): RuleRepository;
  remove(): Promise<void>;
}

export function ruleNamed(id: string, max = 10, more: object = {}): Rule {
  return parseRule({ id, resource: 'ocr', per: ['user'], limits: [{ window: 'day', max }], ...more });
}

export function failsWith(code: QuotaErrorCode): object {
  return expect.objectContaining({ name: 'QuotaError', code });
}

const OCR = ruleNamed('ocr');
const LLM = ruleNamed('llm', 20, { resource: 'llm' });

/** What every repository of rules does, wherever it keeps them. */
export function describeRuleRepository(kind: string, newHome: () => Promise<RuleRepositoryHome>): void {
  describe(`rules kept in ${kind}`, () => {
    let home: RuleRepositoryHome;
    let opened: RuleRepository[];
    let books: RuleBook[];
    let live: LiveRules;

    beforeEach(async () => {
      home = await newHome();
      opened = [];
    });
    afterEach(async () => {
      await Promise.all(opened.map((repository) => repository.close()));
      await home.remove();
    });

    /** Starts a repository that feeds `live` and `books` from now on; one that was open before is closed. */
    const open = (seed: readonly Rule[] = [OCR, LLM]): Promise<RuleRepository> => openOn(() => seed);
    const openOn = async (seed: RuleSeed): Promise<RuleRepository> => {
      await Promise.all(opened.splice(0).map((repository) => repository.close()));
      const repository = home.open(seed);
      opened.push(repository);
      [books, live] = [[], new LiveRules()];
      await repository.start((book) => {
        books.push(book);
        live.apply(book);
      });
      return repository;
    };
    const ids = () => live.current.rules.map(({ id }) => id);

    it('begins with the seed, in order of id, as version 1', async () => {
      const repository = await open();
      expect(live.current).toMatchObject({ version: 1, rules: [LLM, OCR], provisional: false });
      expect([repository.revisionOf('ocr'), repository.revisionOf('none')]).toEqual([1, undefined]);
    });

    it('plants the seed only once, also an empty one', async () => {
      await open([]);
      expect(live.current.version).toBe(1);
      await open([OCR]);
      expect(live.current).toMatchObject({ version: 1, rules: [] });
    });

    // A rules file that nothing read any more kept a service from starting again.
    it('asks for the seed only where no rules are stored', async () => {
      const broken = () => {
        throw new Error('The seed is broken.');
      };
      expect((await open()).origin).toBe('seed');
      expect((await openOn(broken)).origin).toBe('stored');
      expect(live.current).toMatchObject({ version: 1, rules: [LLM, OCR] });
    });

    it('does not start where no rules are stored and the seed is broken', async () => {
      const broken = () => {
        throw new Error('The seed is broken.');
      };
      await expect(openOn(broken)).rejects.toThrow('The seed is broken.');
      expect((await open()).origin).toBe('seed');
    });

    it('has a created rule in force before the write resolves', async () => {
      const repository = await open();
      const written = await repository.write({ kind: 'create', rule: ruleNamed('asr') });
      expect(written).toEqual({
        ...{ version: 2, nodes: { live: 1, applied: 1 }, created: true, rule: ruleNamed('asr') },
      });
      expect(live.current).toMatchObject({ version: 2, rules: [ruleNamed('asr'), LLM, OCR] });
      expect([repository.revisionOf('asr'), repository.revisionOf('ocr')]).toEqual([2, 1]);
    });

    it('refuses a second rule of one id, and keeps the first', async () => {
      const repository = await open();
      const second = repository.write({ kind: 'create', rule: ruleNamed('ocr', 99) });
      await expect(second).rejects.toEqual(failsWith('rule-exists'));
      expect(live.current).toMatchObject({ version: 1, rules: [LLM, OCR] });
    });

    it('puts a rule in the place of the one with its id, or creates it', async () => {
      const repository = await open();
      const asr = ruleNamed('asr');
      expect(await repository.write({ kind: 'put', rule: asr })).toMatchObject({ version: 2, created: true });
      const next = ruleNamed('asr', 11);
      expect(await repository.write({ kind: 'put', rule: next })).toMatchObject({
        version: 3,
        created: false,
      });
      expect(live.current).toMatchObject({ version: 3, rules: [next, LLM, OCR] });
      expect(repository.revisionOf('asr')).toBe(3);
    });

    it('creates a rule once when many put it at once', async () => {
      const repository = await open();
      const puts = [1, 2, 3, 4, 5].map((max) =>
        repository.write({ kind: 'put', rule: ruleNamed('asr', max) }),
      );
      const written = await Promise.all(puts);
      expect(written.filter(({ created }) => created)).toHaveLength(1);
      expect(live.current.version).toBe(6);
    });

    // The first attribute names the Cluster slot of the counters: another order was another counter.
    it('keeps the order in which the attributes of a rule were first stored', async () => {
      const per = (...names: string[]) => ruleNamed('ocr', 10, { per: names });
      const repository = await open([per('user', 'grade'), LLM]);
      const turned = { ...per('grade', 'user'), description: 'turned' };
      const kept = { ...turned, per: ['user', 'grade'] };
      const change = { kind: 'replace', rule: turned } as const;
      expect(await repository.write(change)).toEqual({
        ...{ version: 2, nodes: { live: 1, applied: 1 }, created: false, rule: kept },
      });
      expect(live.current.byId('ocr')).toEqual(kept);
      const none = { created: [], changed: [], removed: [], version: 2, nodes: { live: 1, applied: 1 } };
      expect(await repository.replaceAll({ rules: [turned, LLM] })).toEqual(none);
      await repository.replaceAll({ rules: [per('grade', 'user'), LLM] });
      await repository.write({ kind: 'put', rule: per('grade', 'user') });
      await open([]);
      expect(live.current.byId('ocr')!.per).toEqual(['user', 'grade']);
    });

    it('says what a change does to counters and callers', async () => {
      const repository = await open();
      const restart = { kind: 'counters-restart', rule: 'ocr', windows: ['day'], changed: ['timeZone'] };
      const need = { kind: 'callers-need-attribute', rule: 'ocr', resource: 'ocr', attribute: 'grade' };
      const tokyo = ruleNamed('ocr', 10, { timeZone: 'Asia/Tokyo' });
      expect((await repository.write({ kind: 'replace', rule: tokyo })).effects).toEqual([restart]);
      expect(await repository.write({ kind: 'put', rule: { ...tokyo, mode: 'observe' } })).not.toHaveProperty(
        'effects',
      );
      const graded = { ...tokyo, per: ['user', 'grade'] };
      const { effects } = await repository.replaceAll({ rules: [graded, LLM] });
      expect(effects).toEqual([{ ...restart, changed: ['per'] }, need]);
      expect(await repository.write({ kind: 'delete', id: 'ocr' })).not.toHaveProperty('effects');
    });

    it('replaces a rule whose revision is the expected one, or when none is expected', async () => {
      const repository = await open();
      await repository.write({ kind: 'replace', rule: ruleNamed('ocr', 11), expectedRevision: 1 });
      expect([live.current.byId('ocr')?.limits[0]?.max, repository.revisionOf('ocr')]).toEqual([11, 2]);
      await repository.write({ kind: 'replace', rule: ruleNamed('ocr', 12) });
      expect([live.current.byId('ocr')?.limits[0]?.max, repository.revisionOf('ocr')]).toEqual([12, 3]);
      expect(live.current.version).toBe(3);
    });

    it('refuses a stale revision, and changes nothing', async () => {
      const repository = await open();
      await repository.write({ kind: 'replace', rule: ruleNamed('ocr', 11) });
      const stale = { expectedRevision: 1 } as const;
      const replace = repository.write({ kind: 'replace', rule: ruleNamed('ocr', 12), ...stale });
      await expect(replace).rejects.toEqual(failsWith('rule-changed'));
      const remove = repository.write({ kind: 'delete', id: 'ocr', ...stale });
      await expect(remove).rejects.toEqual(failsWith('rule-changed'));
      expect(live.current).toMatchObject({ version: 2, rules: [LLM, ruleNamed('ocr', 11)] });
    });

    it('refuses to replace or delete what is not there', async () => {
      const repository = await open();
      const replace = repository.write({ kind: 'replace', rule: ruleNamed('none'), expectedRevision: 1 });
      await expect(replace).rejects.toEqual(failsWith('rule-not-found'));
      await expect(repository.write({ kind: 'delete', id: 'none' })).rejects.toEqual(
        failsWith('rule-not-found'),
      );
      expect(live.current.version).toBe(1);
    });

    it('deletes a rule; one created again under its id has a revision of its own', async () => {
      const repository = await open();
      await repository.write({ kind: 'delete', id: 'ocr', expectedRevision: 1 });
      expect([ids(), repository.revisionOf('ocr')]).toEqual([['llm'], undefined]);
      await repository.write({ kind: 'create', rule: OCR });
      expect([ids(), repository.revisionOf('ocr')]).toEqual([['llm', 'ocr'], 3]);
      const stale = repository.write({ kind: 'delete', id: 'ocr', expectedRevision: 1 });
      await expect(stale).rejects.toEqual(failsWith('rule-changed'));
    });

    it('lets one of many writers of the same revision through', async () => {
      const repository = await open();
      const writers = Array.from({ length: 20 }, (_, max) =>
        repository.write({ kind: 'replace', rule: ruleNamed('ocr', max), expectedRevision: 1 }),
      );
      const results = await Promise.allSettled(writers);
      const winners = results.flatMap(({ status }, max) => (status === 'fulfilled' ? [max] : []));
      expect(winners).toHaveLength(1);
      expect(live.current.byId('ocr')?.limits[0]?.max).toBe(winners[0]);
      expect(live.current.version).toBe(2);
    });

    it('shows every listener versions that only grow, each with a whole book', async () => {
      const repository = await open();
      const names = Array.from({ length: 20 }, (_, index) => `r${index}`);
      await Promise.all(names.map((id) => repository.write({ kind: 'create', rule: ruleNamed(id) })));
      const versions = books.map(({ version }) => version);
      expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
      expect(books.map(({ version, rules }) => rules.length - version)).toEqual(books.map(() => 1));
      expect(live.current.version).toBe(21);
    });

    it('finds everything again when it is reopened', async () => {
      const odd = ruleNamed('odd', 2 ** 53 - 1, {
        timeZone: 'Asia/Shanghai',
        description: 'lone \ud800, 语音, "quotes", \u2028 and \\',
        onDeny: { code: 'X', params: { list: [], nested: { empty: {}, n: 1e-7 } } },
      });
      const first = await open();
      await first.write({ kind: 'create', rule: odd });
      await first.write({ kind: 'delete', id: 'llm' });
      const before = live.current;
      const second = await open([]);
      expect(live.current).toMatchObject({ version: 3, rules: [OCR, odd] });
      expect(live.current.rules).toEqual(before.rules);
      expect(second.revisionOf('odd')).toBe(2);
      await second.write({ kind: 'replace', rule: OCR, expectedRevision: 1 });
      expect(live.current.version).toBe(4);
    });

    it('keeps ten thousand rules and no more', async () => {
      const repository = await open(Array.from({ length: MAX_RULES }, (_, index) => ruleNamed(`r${index}`)));
      expect(live.current.rules).toHaveLength(MAX_RULES);
      for (const kind of ['create', 'put'] as const)
        await expect(repository.write({ kind, rule: OCR })).rejects.toEqual(failsWith('invalid-rule'));
      await expect(repository.write({ kind: 'put', rule: ruleNamed('r0') })).resolves.toMatchObject({
        created: false,
      });
      await repository.write({ kind: 'delete', id: 'r0' });
      await repository.write({ kind: 'create', rule: OCR });
      expect(live.current.version).toBe(4);
    });

    it('refuses changes beyond a hundred that wait', async () => {
      const repository = await open();
      const writes = Array.from({ length: 120 }, () => repository.write({ kind: 'replace', rule: OCR }));
      const results = await Promise.allSettled(writes);
      const refused = results.filter(({ status }) => status === 'rejected');
      expect(refused).toHaveLength(20);
      expect(refused[0]).toEqual({ status: 'rejected', reason: failsWith('store-unavailable') });
      expect(live.current.version).toBe(101);
    });

    it('makes a whole set the rules in one version, and says what that changed', async () => {
      const repository = await open();
      const set = [ruleNamed('asr'), ruleNamed('ocr', 11)];
      expect(await repository.replaceAll({ rules: set, expectedVersion: 1 })).toEqual({
        ...{ created: ['asr'], changed: ['ocr'], removed: ['llm'] },
        ...{ version: 2, nodes: { live: 1, applied: 1 } },
      });
      expect(live.current).toMatchObject({ version: 2, rules: set });
      expect([repository.revisionOf('asr'), repository.revisionOf('ocr')]).toEqual([2, 2]);
    });

    it('writes nothing for a set that is the rules already, however it is written down', async () => {
      const params = { a: 1, b: [2] };
      const repository = await open([OCR, ruleNamed('odd', 1, { onDeny: { code: 'X', params } })]);
      const turned = ruleNamed('odd', 1, { onDeny: { params: { b: [2], a: 1 }, code: 'X' } });
      const none = { created: [], changed: [], removed: [] };
      expect(await repository.replaceAll({ rules: [turned, OCR] })).toMatchObject({ ...none, version: 1 });
      expect(live.current.version).toBe(1);
    });

    it('keeps the revisions and the very objects of rules that a set does not change', async () => {
      const repository = await open();
      const before = live.current;
      await repository.replaceAll({ rules: [ruleNamed('ocr'), ruleNamed('llm', 21, { resource: 'llm' })] });
      expect([repository.revisionOf('ocr'), repository.revisionOf('llm')]).toEqual([1, 2]);
      expect(live.current.byId('ocr')).toBe(before.byId('ocr'));
      expect(live.current.forResource('ocr')).toBe(before.forResource('ocr'));
      expect(live.current.forResource('llm')).not.toBe(before.forResource('llm'));
    });

    it('refuses a set for a version that is no longer, and changes nothing', async () => {
      const repository = await open();
      await repository.write({ kind: 'replace', rule: ruleNamed('ocr', 11) });
      for (const expectedVersion of [1, 3]) {
        const write = repository.replaceAll({ rules: [], expectedVersion });
        await expect(write).rejects.toEqual(failsWith('rules-changed'));
      }
      expect(live.current).toMatchObject({ version: 2, rules: [LLM, ruleNamed('ocr', 11)] });
    });

    it('lets sets and single writes at once follow one another', async () => {
      const repository = await open();
      const set = (max: number) => repository.replaceAll({ rules: [ruleNamed('ocr', max), LLM] });
      const one = (max: number) => repository.write({ kind: 'replace', rule: ruleNamed('ocr', max) });
      const written = await Promise.all([0, 1, 2, 3, 4].flatMap((n) => [set(100 + n), one(200 + n)]));
      const versions = written.map(({ version }) => version).sort((a, b) => a - b);
      expect(versions).toEqual(Array.from({ length: 10 }, (_, at) => at + 2));
      expect(live.current.version).toBe(11);
    });

    it('takes away all rules, and puts ten thousand in their place', async () => {
      const repository = await open();
      expect(await repository.replaceAll({ rules: [] })).toMatchObject({ removed: ['llm', 'ocr'] });
      expect(live.current).toMatchObject({ version: 2, rules: [] });
      const rules = Array.from({ length: MAX_RULES }, (_, index) => ruleNamed(`r${index}`));
      const { created, version, nodes } = await repository.replaceAll({ rules });
      expect([created.length, version, nodes]).toEqual([MAX_RULES, 3, { live: 1, applied: 1 }]);
      expect(live.current.size).toBe(MAX_RULES);
      const again = await open([]);
      expect([live.current.size, again.revisionOf('r77')]).toEqual([MAX_RULES, 3]);
    });
  });
}

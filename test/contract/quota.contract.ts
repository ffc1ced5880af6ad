import { afterAll, beforeAll, describe } from '@jest/globals';
import type { CheckRequest, Decision, Quota, Report, ReportResult, Rule } from '@sundial/contract';
import { allowancesContract } from './quota-allowances.contract.js';
import { checkContract } from './quota-check.contract.js';
import { inputContract } from './quota-input.contract.js';
import { metersContract } from './quota-meters.contract.js';
import { operationContract } from './quota-operation.contract.js';
import { reportsContract } from './quota-reports.contract.js';
import { reservationsContract } from './quota-reservations.contract.js';
import { reversalsContract } from './quota-reversals.contract.js';
import { ruleContract } from './quota-rules.contract.js';
import { windowsContract } from './quota-windows.contract.js';

/** The verbs, and the rules that they go by. */
export interface QuotaUnderTest {
  readonly quota: Quota & {
    checkBatch(requests: readonly CheckRequest[]): Promise<(Decision | Error)[]>;
  };
  /** Puts these rules in force for the next call, and no others; answers their version. */
  applyRules(rules: readonly Rule[]): Promise<number>;
  /** No verb of `Quota`: it is for clients. */
  report(reports: readonly Report[]): Promise<ReportResult[]>;
  close(): Promise<void>;
}

export interface QuotaOptions {
  /** What the store's clock shows when it is opened. */
  readonly at: number;
  readonly unknownResource?: 'allow' | 'deny';
}

export type OpenQuota = (options: QuotaOptions) => Promise<QuotaUnderTest>;

/** 12:20 in Shanghai, on a Sunday; far from every boundary. */
export const TWENTY_PAST_NOON = Date.parse('2026-11-22T12:20:30+08:00');

/** What a chapter of the contract works with. */
interface QuotaScene extends Pick<QuotaUnderTest, 'quota' | 'applyRules' | 'report'> {
  /** A user that no test has asked for before. */
  readonly user: string;
}

let users = 0;

/** What callers may expect of the verbs from every implementation. One suite for all of them. */
export function quotaContract(name: string, open: OpenQuota): void {
  describe(name, () => {
    let tested: QuotaUnderTest;
    beforeAll(async () => {
      tested = await open({ at: TWENTY_PAST_NOON });
    }, 20_000);
    afterAll(() => tested.close());

    const scene = async (...rules: readonly Rule[]): Promise<QuotaScene> => {
      await tested.applyRules(rules);
      return { ...tested, user: `u${users++}` };
    };
    checkContract(scene, open);
    operationContract(scene);
    metersContract(scene);
    ruleContract(scene, open);
    allowancesContract(scene, open);
    inputContract(scene);
    reservationsContract(scene, open);
    reversalsContract(scene);
    reportsContract(scene);
    windowsContract(scene);
  });
}

/** Begins a test: puts the rules in force. */
export type BeginScene = (...rules: readonly Rule[]) => Promise<QuotaScene>;

import { Inject, Injectable } from '@nestjs/common';
import { DeliveryStore, LedgerUnavailableError } from '@sundial/ledger';
import { SETTINGS, type Settings } from '../config/settings.js';
import { Problem } from '../http/problems/problem.js';
import { NodeLedger } from '../ledger/recording/node-ledger.js';

/** The events for other systems, the webhooks and what is to be delivered to them: in the ledger's database, so there are none without it. */
@Injectable()
export class Deliveries {
  #store: DeliveryStore | undefined;

  constructor(
    private readonly node: NodeLedger,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  get isOn(): boolean {
    return this.node.isOn;
  }

  /** What this node is called where it claims. */
  get nodeName(): string {
    return this.node.node;
  }

  /** @throws Problem `ledger-off`, `ledger-unavailable` */
  get store(): DeliveryStore {
    this.#store ??= new DeliveryStore(this.node.database, this.settings.secretsKeys);
    return this.#store;
  }

  /** For routes. @throws Problem `ledger-off`, `ledger-unavailable` */
  async ask<T>(question: (store: DeliveryStore) => Promise<T>): Promise<T> {
    try {
      return await question(this.store);
    } catch (error) {
      if (!(error instanceof LedgerUnavailableError)) throw error;
      const detail = `The database of the ledger did not answer: ${error.message}. Nothing was changed; try again later.`;
      throw new Problem('ledger-unavailable', detail);
    }
  }
}

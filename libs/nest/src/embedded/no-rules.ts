import type { RuleAdmin } from '@sundial/contract';

const SENTENCE =
  'QuotaModule has no rules to read or change here: it asks another quota (a service, an engine of the application, or one ' +
  'that a test put in its place), which has them. @InjectRules() is for QuotaModule.forRoot({ directory, … }).';

/** Stands where rules would be in an application that asks a quota which `QuotaModule` did not open. */
export const NO_RULES: RuleAdmin = {
  get version(): number {
    throw new Error(SENTENCE);
  },
  list: refuse,
  get: refuse,
  create: refuseLater,
  replace: refuseLater,
  patch: refuseLater,
  delete: refuseLater,
  replaceAll: refuseLater,
};

function refuse(): never {
  throw new Error(SENTENCE);
}

async function refuseLater(): Promise<never> {
  throw new Error(SENTENCE);
}

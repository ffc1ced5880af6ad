import { QuotaError, type Rule } from '@sundial/contract';
import {
  differencesBetween,
  loadRuleFile,
  parseRules,
  type RuleBook,
  type RuleRepository,
} from '@sundial/engine';
import { QuotaSettingsError } from '../settings/quota-settings.error.js';
import type { Opening } from './opening.js';

/**
 * The rules to begin with: a file, which is read once, or a list that the program gave. Where rules are stored already
 * they are not used, and the file may be broken.
 */
export class StartUpRules {
  private constructor(
    /** Undefined where the program gave a list. */
    readonly path: string | undefined,
    private readonly read: { readonly rules: readonly Rule[] } | { readonly error: Error },
  ) {}

  /**
   * What is wrong with a file matters only where its rules are needed.
   * @throws QuotaSettingsError for a list with errors: they are the program's own.
   */
  static async load(source: Opening['settings']['rules']): Promise<StartUpRules> {
    if (typeof source !== 'string') return new StartUpRules(undefined, { rules: await parsed(source) });
    const read = await loadRuleFile(source).then(
      (rules) => ({ rules }),
      (error: Error) => ({ error }),
    );
    return new StartUpRules(source, read);
  }

  /** @throws Error that names the file and lists every error in it. */
  get rules(): readonly Rule[] {
    if ('error' in this.read) throw this.read.error;
    return this.read.rules;
  }

  get error(): Error | undefined {
    return 'error' in this.read ? this.read.error : undefined;
  }

  /** As sentences call them. */
  get name(): string {
    return this.path === undefined
      ? 'The list of rules that the program gave'
      : `The rules file ${this.path}`;
  }
}

function parsed(rules: Exclude<Opening['settings']['rules'], string>): Promise<readonly Rule[]> {
  return parseRules({ rules }).catch((error: unknown) => {
    if (!(error instanceof QuotaError)) throw error;
    throw new QuotaSettingsError(error.errors.map(({ path, message }) => ({ setting: path, message })));
  });
}

/** Which rules a process began with, as its log says it: where they come from, and what that makes of the rules file. */
export interface RulesInForce {
  readonly level: 'info' | 'warn';
  readonly fields: object;
  readonly sentence: string;
}

export async function rulesInForce(
  book: RuleBook,
  { origin }: Pick<RuleRepository, 'origin'>,
  startUp: StartUpRules,
): Promise<RulesInForce> {
  const { path, name, error } = startUp;
  const fields = {
    rules: book.size,
    version: book.version,
    origin,
    ...(path !== undefined && { file: path }),
  };
  const begins = `${book.size} rules are in force, version ${book.version}`;
  if (origin === 'seed') {
    const sentence = `${begins}: none were stored. ${name} is used`;
    return { level: 'info', fields: { ...fields, fileIs: 'used' }, sentence };
  }
  const stored = origin === 'stored' ? 'those that are stored' : 'those that this node knew last';
  if (error !== undefined) {
    const sentence = `${begins}: ${stored}. ${name} is not used, and is broken: ${error.message}`;
    return { level: 'warn', fields: { ...fields, fileIs: 'broken' }, sentence };
  }
  const { created, changed, removed } = await differencesBetween(book, startUp.rules);
  const [more, other, less] = [created.length, changed.length, removed.length];
  if (more + other + less === 0) {
    const sentence = `${begins}: ${stored}. ${name} says the same`;
    return { level: 'info', fields: { ...fields, fileIs: 'the same' }, sentence };
  }
  const sentence =
    `${begins}: ${stored}. ${name} is not used, and differs: ${more} of its rules are not in force, ` +
    `${other} are in force with other content, and ${less} rules in force are not in it. To use it, send its rules as JSON to ` +
    'PUT /admin/rules (?dryRun=true says what would change)';
  return { level: 'info', fields: { ...fields, fileIs: 'different', more, other, less }, sentence };
}
